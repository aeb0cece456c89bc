//! Texts that came damaged, whatever they say: misread and saved again, with characters that were lost, with control
//! characters, with what a program writes where there is nothing; and numbers that a spreadsheet has rounded.

use super::{Finding, FindingKind};
use crate::data::Dataset;
use crate::data::rows::Content;
use crate::table::mojibake::{Mojibake, without_controls};
use crate::table::shorten;

/// Words that may be a text and mostly stand for none; those that are never one leave their row out.
const MAY_BE_NOTHING: [&str; 11] = ["none", "null", "n/a", "na", "-", "--", "?", ".", "nil", "[deleted]", "[removed]"];

/// What came damaged of the texts of the examples, and of the numbers that rows are told by.
pub(super) fn damage(dataset: &Dataset) -> Vec<Finding> {
    let mut found = texts(dataset);
    found.extend(rounded(dataset));
    found
}

fn texts(dataset: &Dataset) -> Vec<Finding> {
    let known = Mojibake::default();
    let (mut misread, mut lost, mut controls, mut nothing) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut first, mut is_turned) = (None, false);
    let mut words: Vec<String> = Vec::new();
    let is_list = matches!(dataset.content, Content::Words { .. });
    for example in 0..dataset.examples.len() {
        let all = [Some(dataset.text(example)), dataset.pair(example)];
        let texts = all.into_iter().flatten();
        for text in texts.clone().filter(|text| !is_list && text.trim().len() < 10) {
            let word = text.trim();
            if MAY_BE_NOTHING.iter().any(|own| word.eq_ignore_ascii_case(own)) {
                nothing.push(example);
                if !words.iter().any(|known| known == word) {
                    words.push(word.to_owned());
                }
                break;
            }
        }
        if texts.clone().any(has_controls) {
            controls.push(example);
            is_turned = is_turned || texts.clone().any(|text| without_controls(text).is_some());
        }
        if texts.clone().all(str::is_ascii) {
            continue;
        }
        if texts.clone().any(|text| text.contains('\u{fffd}')) {
            lost.push(example);
        }
        if let Some((text, undone)) = texts.clone().find_map(|text| Some((text, known.undo(text)?))) {
            first.get_or_insert_with(|| (difference(text, &undone.text), undone.taken_for.name()));
            misread.push(example);
        }
    }
    let of = |kind, examples: &[usize]| Finding::of_examples(kind, dataset, examples);
    let can_turn = !dataset.roles.have_places(dataset.task);
    let mut findings = Vec::new();
    if let Some(((is, was), taken_for)) = first {
        findings.push(of(FindingKind::Mojibake { is, was, taken_for, can_turn }, &misread));
    }
    findings.push(of(FindingKind::LostCharacters, &lost));
    findings.push(of(FindingKind::ControlCharacters { can_turn: can_turn && is_turned }, &controls));
    findings.push(of(FindingKind::Placeholders { words }, &nothing));
    findings
}

/// Characters that no text has, but for those that lay it out.
fn has_controls(text: &str) -> bool {
    text.contains(|letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{85}'))
}

/// The words around the first place where two texts differ.
fn difference(is: &str, was: &str) -> (String, String) {
    let same = is.char_indices().zip(was.chars()).find(|((_, one), other)| one != other).map_or(0, |((at, _), _)| at);
    let start = is[..same].rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = |text: &str| shorten(text.get(start..).unwrap_or(text).split(' ').next().unwrap_or_default(), 30);
    (word(is), word(was))
}

/// Rows that are told by a number of which a spreadsheet has kept some digits alone: `1.23457E+17`.
fn rounded(dataset: &Dataset) -> Vec<Finding> {
    let table = &dataset.table;
    let group = dataset.roles.group.as_deref();
    let is_id = |name: &str| {
        let lowered = name.to_lowercase();
        Some(name) == group
            || lowered == "id"
            || ["_id", " id", "-id"].iter().any(|end| lowered.ends_with(end))
            || name.ends_with("Id")
    };
    let columns = (0..table.columns.len()).filter(|column| is_id(&table.columns[*column]));
    let finding = |column: usize| {
        let rows: Vec<usize> = (0..table.rows()).filter(|row| is_rounded(table.cell(*row, column))).collect();
        let example = table.cell(*rows.first()?, column).trim().to_owned();
        let kind = FindingKind::RoundedNumbers { column: table.columns[column].clone(), example };
        Some(Finding::new(kind, dataset, rows))
    };
    columns.filter_map(finding).collect()
}

fn is_rounded(cell: &str) -> bool {
    let Some((digits, power)) = cell.trim().split_once(['E', 'e']) else { return false };
    let is_decimal =
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    is_decimal && power.strip_prefix('+').is_some_and(|power| power.parse::<u32>().is_ok_and(|power| power > 9))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::data::Roles;
    use crate::data::health::health;
    use crate::table::Table;
    use crate::task::Task;

    fn check(text: &str, expected: &[(&str, &[usize])]) {
        let table = Arc::new(Table::from_bytes(Path::new("a.csv"), text.as_bytes().to_vec()).unwrap());
        let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
        let dataset = Dataset::new(table, Task::Classify, &roles, None).unwrap();
        let all = health(&dataset);
        for (message, rows) in expected {
            let found = all.iter().find(|finding| finding.message().contains(message));
            let messages: Vec<String> = all.iter().map(Finding::message).collect();
            assert_eq!(found.map(|finding| finding.rows.as_slice()), Some(*rows), "{message} in {messages:?}");
        }
    }

    #[test]
    fn texts_that_came_damaged_are_found() {
        check(
            "text,label\nvery good,x\nle cafÃ© est bon,y\nso so,x\nit was lost \u{fffd},y\ndon\u{92}t,x\nNone,y\n[removed],x\n",
            &[
                ("1 row with a text that was read in a wrong encoding and saved, such as \"cafÃ©\" for \"café\"", &[1]),
                ("1 row with characters that were lost", &[3]),
                ("1 row with control characters", &[4]),
                ("2 rows whose whole text is None or [removed]", &[5, 6]),
            ],
        );
    }

    #[test]
    fn what_is_never_a_text_is_none() {
        check(
            "text,label\nvery good,x\nNaN,y\n#N/A,x\n#REF!,y\nNULL,x\nbad,y\n\\N,x\ngood,\\N\n",
            &[("5 rows without a text", &[1, 2, 3, 4, 6]), ("1 row without a usable label", &[7])],
        );
    }

    #[test]
    fn numbers_that_a_spreadsheet_rounded_are_no_ids() {
        check(
            "tweet_id,text,label\n1.23457E+17,a b,x\n1.23457E+17,c d,y\n12,e f,x\n",
            &[("2 rows with a rounded number in \"tweet_id\", such as 1.23457E+17", &[0, 1])],
        );
    }
}
