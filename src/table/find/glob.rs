//! Patterns of paths, as shells have them: `*` and `?` within a name, `[a-c]` for one character, and `**` for any folders.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::stop::heed;

/// Folders that `**` goes down.
const DEPTH: usize = 8;

/// Whether a path is a pattern.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

/// The files that a pattern names, in no order.
pub(super) fn matching(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let parts: Vec<Component<'_>> = pattern.components().collect();
    let mut found = Vec::new();
    walk(PathBuf::new(), &parts, DEPTH, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn walk(place: PathBuf, parts: &[Component<'_>], depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    heed();
    let Some((part, rest)) = parts.split_first() else {
        if place.is_file() {
            found.push(place);
        }
        return Ok(());
    };
    let name = part.as_os_str();
    if !is_pattern(Path::new(name)) {
        return walk(place.join(name), rest, depth, found);
    }
    let is_any = name == OsStr::new("**");
    if is_any {
        walk(place.clone(), rest, depth, found)?;
    }
    if !place.as_os_str().is_empty() && !place.is_dir() {
        return Ok(());
    }
    let here = if place.as_os_str().is_empty() { Path::new(".") } else { &place };
    for entry in fs::read_dir(here)? {
        let entry = entry?.file_name();
        let text = entry.to_string_lossy();
        let is_hidden = text.starts_with('.') && !name.to_string_lossy().starts_with('.');
        if is_hidden {
            continue;
        }
        let next = place.join(&entry);
        if is_any && depth > 0 && next.is_dir() {
            walk(next, parts, depth - 1, found)?;
        } else if !is_any && fits(&name.to_string_lossy(), &text) {
            walk(next, rest, depth, found)?;
        }
    }
    Ok(())
}

/// Whether a name is one that a pattern describes.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where the last star stands, and up to where it has taken the name.
    let (mut at, mut of, mut star) = (0, 0, None);
    while of < name.len() {
        let taken = match pattern.get(at) {
            Some('*') => {
                star = Some((at + 1, of));
                at += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => one_of(&pattern[at..], name[of]),
            Some(letter) if *letter == name[of] => Some(1),
            _ => None,
        };
        match (taken, star) {
            (Some(width), _) => (at, of) = (at + width, of + 1),
            (None, Some((after, from))) => {
                star = Some((after, from + 1));
                (at, of) = (after, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

/// The width of a set of characters, where it has this one.
fn one_of(pattern: &[char], letter: char) -> Option<usize> {
    let end = 2 + pattern.get(2..)?.iter().position(|end| *end == ']')?;
    let inner = &pattern[1..end];
    let (inner, is_not) = match inner.split_first() {
        Some(('!' | '^', rest)) => (rest, true),
        _ => (inner, false),
    };
    let mut at = 0;
    let mut has = false;
    while at < inner.len() {
        if at + 2 < inner.len() && inner[at + 1] == '-' {
            has |= (inner[at]..=inner[at + 2]).contains(&letter);
            at += 3;
        } else {
            has |= inner[at] == letter;
            at += 1;
        }
    }
    (has != is_not).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns_as_in_a_shell() {
        let check =
            |pattern: &str, name: &str, expected: bool| assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        check("*.csv", "train.csv", true);
        check("*.csv", "train.csv.gz", false);
        check("train-*-of-?.csv", "train-0-of-2.csv", true);
        check("*a*b*", "xxaxxbxx", true);
        check("*a*b", "xxaxxbxx", false);
        check("part-[0-2].csv", "part-1.csv", true);
        check("part-[!0-2].csv", "part-1.csv", false);
        check("[ab]", "b", true);
        check("é?", "éü", true);
        check("", "", true);
        check("**", "anything", true);
        check("[a", "[a", false);
    }

    #[test]
    fn patterns_find_files_below_folders() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.csv", "b.csv", "c.txt", ".d.csv", "x/e.csv", "x/y/f.csv"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "a").unwrap();
        }
        let check = |pattern: &str, expected: &[&str]| {
            let expected: Vec<PathBuf> = expected.iter().map(|name| dir.path().join(name)).collect();
            assert_eq!(matching(&dir.path().join(pattern)).unwrap(), expected, "{pattern}");
        };
        check("*.csv", &["a.csv", "b.csv"]);
        check("*/*.csv", &["x/e.csv"]);
        check("**/*.csv", &["a.csv", "b.csv", "x/e.csv", "x/y/f.csv"]);
        check("x*", &[]);
        check("nowhere/*.csv", &[]);
        check("[ab].csv", &["a.csv", "b.csv"]);
    }
}
