//! The names of columns: what people call those of labelled texts, how a name is compared, and how each becomes a name of
//! its own.

use std::collections::{BTreeMap, BTreeSet};

/// Names that columns of labelled texts go by, in lower case without `_`, `-` and spaces.
const KNOWN_NAMES: &str = "\
    id idx index text texts sentence sentence1 sentence2 review reviews reviewtext comment comments content \
    body message tweet utterance query document headline title premise hypothesis question question1 question2 \
    text1 text2 texta textb answer answers context label labels class classes category categories sentiment \
    intent target score rating stars emotion emotions topic tag tags tokens labeltext labelname polarity \
    language lang split description";

pub(super) fn is_known_name(cell: &str) -> bool {
    let name = plain_name(cell);
    KNOWN_NAMES.split(' ').any(|known| known == name)
}

/// A column name in lower case without what people put between words.
pub fn plain_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

/// The names of columns, each different: a column without a name is called by its place, and a repeated name gets a
/// number.
pub(super) fn unique_names(given: &[String]) -> Vec<String> {
    let mut taken: BTreeSet<String> = given.iter().map(|name| name.trim().to_owned()).collect();
    let mut used = BTreeSet::new();
    // Where the search for a free number goes on, so that a thousand columns of one name are not a million looks.
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = Vec::with_capacity(given.len());
    for (index, name) in given.iter().enumerate() {
        let name = name.trim();
        let wanted = if name.is_empty() { format!("column {}", index + 1) } else { name.to_owned() };
        // A name's first bearer keeps it; one made up here must not be anybody's.
        let free = if name.is_empty() { !taken.contains(&wanted) } else { !used.contains(&wanted) };
        let unique = if free {
            wanted
        } else {
            let number = numbers.entry(wanted.clone()).or_insert(1);
            loop {
                *number += 1;
                let candidate = format!("{wanted} ({number})");
                if !taken.contains(&candidate) {
                    break candidate;
                }
            }
        };
        taken.insert(unique.clone());
        used.insert(unique.clone());
        names.push(unique);
    }
    names
}

pub fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    cell.parse::<f64>().is_ok() && cell.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_unique() {
        let check = |given: &[&str], expected: &[&str]| {
            assert_eq!(unique_names(&given.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()), expected);
        };
        check(&["text", "text", "text"], &["text", "text (2)", "text (3)"]);
        check(&["", " label ", ""], &["column 1", "label", "column 3"]);
        check(&["column 2", ""], &["column 2", "column 2 (2)"]);
        check(&["a", "a (2)", "a"], &["a", "a (2)", "a (3)"]);
        check(&["", "column 1"], &["column 1 (2)", "column 1"]);
    }
}
