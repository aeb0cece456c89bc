//! The files that a Parquet file stands for: large data sets lie in several that are numbered from 0, and whoever opens the
//! first of them means them all.

use std::path::{Path, PathBuf};

/// Files that are looked for at most.
const MOST: usize = 10_000;

/// The files of a data set whose first is this one, in order, itself among them; any other file stands for itself alone.
/// `Err` has the first that is missing where the name says how many there are.
pub fn parts(first: &Path) -> Result<Vec<PathBuf>, String> {
    let alone = || Ok(vec![first.to_owned()]);
    let Some(name) = first.file_name().and_then(|name| name.to_str()) else { return alone() };
    let Some(names) = Numbered::read(name) else { return alone() };
    let mut found = vec![first.to_owned()];
    for number in 1..names.count.unwrap_or(MOST).min(MOST) {
        let next = first.with_file_name(names.name(number));
        if !next.is_file() {
            return if names.count.is_some() { Err(names.name(number)) } else { Ok(found) };
        }
        found.push(next);
    }
    Ok(found)
}

/// The name of the first of several files: `0000.parquet`, or `train-00000-of-00002.parquet`, which says how many.
struct Numbered<'a> {
    before: &'a str,
    digits: usize,
    behind: &'a str,
    count: Option<usize>,
}

impl<'a> Numbered<'a> {
    fn read(name: &'a str) -> Option<Self> {
        let stem = name.strip_suffix(".parquet")?;
        let is_zero = |digits: &str| digits.len() > 1 && digits.bytes().all(|byte| byte == b'0');
        if is_zero(stem) {
            return Some(Self { before: "", digits: stem.len(), behind: ".parquet", count: None });
        }
        let (counted, count) = stem.rsplit_once("-of-")?;
        let (before, digits) = counted.rsplit_once('-').filter(|(_, digits)| is_zero(digits))?;
        // A sum may stand behind the count, which is another for each file.
        let count = Some(count).filter(|count| count.len() == digits.len())?.parse().ok()?;
        Some(Self { before, digits: digits.len(), behind: &name[counted.len()..], count: Some(count) })
    }

    fn name(&self, number: usize) -> String {
        let (before, digits) = (self.before, self.digits);
        let dash = if self.count.is_some() { "-" } else { "" };
        format!("{before}{dash}{number:0digits$}{}", self.behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_stands_for_all() {
        let dir = tempfile::tempdir().unwrap();
        let make = |name: &str| std::fs::write(dir.path().join(name), "x").unwrap();
        for name in
            ["0000.parquet", "0001.parquet", "0003.parquet", "a-00000-of-00002.parquet", "a-00001-of-00002.parquet"]
        {
            make(name);
        }
        for name in
            ["b-00000-of-00002.parquet", "c.parquet", "d-00000-of-00001.parquet", "e-00000-of-00002-ab12.parquet"]
        {
            make(name);
        }
        let check = |name: &str, expected: Result<&[&str], &str>| {
            let found = parts(&dir.path().join(name));
            let expected =
                expected.map(|names| names.iter().map(|name| dir.path().join(name)).collect()).map_err(str::to_owned);
            assert_eq!(found, expected, "{name}");
        };
        check("0000.parquet", Ok(&["0000.parquet", "0001.parquet"]));
        check("0001.parquet", Ok(&["0001.parquet"]));
        check("a-00000-of-00002.parquet", Ok(&["a-00000-of-00002.parquet", "a-00001-of-00002.parquet"]));
        check("a-00001-of-00002.parquet", Ok(&["a-00001-of-00002.parquet"]));
        check("b-00000-of-00002.parquet", Err("b-00001-of-00002.parquet"));
        for name in ["c.parquet", "d-00000-of-00001.parquet", "e-00000-of-00002-ab12.parquet"] {
            check(name, Ok(&[name]));
        }
    }
}
