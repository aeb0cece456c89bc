//! Training data of Rasa NLU, as Markdown (`## intent:greet` above `- hey there`) and as YAML (`- intent: greet` with
//! `examples: |`): a row for each example, with its intent as the label and its entities, `[Berlin](city)`, as labelled
//! spans of the text that is left without the marks. Of YAML only this form is read, which is the one that Rasa writes;
//! synonyms, patterns and look-up tables are no examples, and told.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::elements::Place;
use super::encoding::Decoded;
use super::finish::finish_export;
use super::lines::numbered;
use super::marks::{self, Mark, Object};
use super::objects::Rows;
use crate::stop::heed;
use crate::table::{Format, ReadError, Table, shorten};
use crate::words::noun;

/// What stands under a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Section {
    Intent(String),
    /// A kind that has no examples.
    Other(&'static str),
}

/// A line of such a file.
enum Line<'a> {
    Heading(Section),
    Example(&'a str),
    /// A line that belongs to neither, as comments and keys do.
    Passed,
    /// What no such file has.
    Strange,
}

const OTHERS: [&str; 3] = ["synonym", "regex", "lookup"];

/// Whether a text is such data: all of its first lines are lines of it, and some are headings of intents.
pub(super) fn is_one(text: &str) -> bool {
    const LOOKED_AT: usize = 200;
    // Most files have no heading at all.
    if !text.contains("intent:") {
        return false;
    }
    let is_yaml = is_yaml(text);
    let (mut intents, mut examples) = (0, 0);
    for (_, line) in numbered(text).take(LOOKED_AT) {
        match what_is(line, is_yaml) {
            Line::Heading(Section::Intent(_)) => intents += 1,
            Line::Heading(Section::Other(_)) | Line::Passed => {}
            Line::Example(_) => examples += 1,
            Line::Strange => return false,
        }
    }
    intents > 0 && examples > 0
}

fn is_yaml(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == "nlu:")
}

fn what_is(line: &str, is_yaml: bool) -> Line<'_> {
    let trimmed = line.trim();
    let named = |heading: &str| {
        let (kind, name) = heading.split_once(':')?;
        let name = name.trim().trim_matches(['"', '\'']).to_owned();
        match kind.trim() {
            "intent" if !name.is_empty() => Some(Section::Intent(name)),
            kind => OTHERS.into_iter().find(|other| *other == kind).map(Section::Other),
        }
    };
    let item = ["- ", "* ", "+ "].iter().find_map(|sign| trimmed.strip_prefix(sign)).map(str::trim);
    if trimmed.is_empty() || trimmed.starts_with("<!--") || trimmed == "-" {
        return Line::Passed;
    }
    if is_yaml {
        const KEYS: [&str; 7] = ["version:", "nlu:", "examples:", "metadata:", "---", "sentiment:", "#"];
        return match (item.and_then(named), item) {
            (Some(section), _) => Line::Heading(section),
            (None, Some(example)) if line.starts_with(' ') => Line::Example(example),
            _ if KEYS.iter().any(|key| trimmed.starts_with(key)) => Line::Passed,
            _ => Line::Strange,
        };
    }
    match (trimmed.strip_prefix("##").map(str::trim).and_then(named), item) {
        (Some(section), _) => Line::Heading(section),
        (None, Some(example)) => Line::Example(example),
        // A look-up table may name its file.
        _ if trimmed.starts_with('#') || !trimmed.contains(' ') => Line::Passed,
        _ => Line::Strange,
    }
}

pub(super) fn read(path: &Path, decoded: &Decoded, text: &str) -> Result<Table, ReadError> {
    let is_yaml = is_yaml(text);
    let mut rows = Rows::default();
    let mut section = None;
    let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, line) in numbered(text) {
        heed();
        let place = Place::of_line(number);
        match (what_is(line, is_yaml), &section) {
            (Line::Heading(next), _) => {
                if let Section::Other(kind) = next {
                    *passed.entry(kind).or_default() += 1;
                }
                section = Some(next);
            }
            (Line::Example(example), Some(Section::Intent(intent))) => match marked(example) {
                Ok((text, marks)) => {
                    let label = Object::from_iter([("label".to_owned(), Value::String(intent.clone()))]);
                    rows.add_object(marks::row(text, &marks, label), place);
                }
                Err(reason) => rows.problem(place, reason),
            },
            (Line::Example(_), Some(Section::Other(_))) | (Line::Passed, _) => {}
            (Line::Example(example), None) => {
                rows.problem(place, format!("stands under no intent: {:?}", shorten(example, 60)));
            }
            (Line::Strange, _) => {
                let expected = if is_yaml { "examples under `examples: |`" } else { "a heading or an example" };
                rows.problem(place, format!("cannot be read, expected {expected}: {:?}", shorten(line.trim(), 60)));
            }
        }
    }
    let mut table = rows.into_table(path, Format::Rasa, decoded);
    let told = |(kind, count): (&&str, &usize)| format!("{count} {}", noun(*count, kind, plural_of(kind)));
    let told: Vec<String> = passed.iter().map(told).collect();
    if !told.is_empty() {
        table.notes.push(format!("not read, as they are no examples: {}", told.join(", ")));
    }
    finish_export(table, &[])
}

fn plural_of(kind: &str) -> &'static str {
    match kind {
        "synonym" => "synonyms",
        "regex" => "regexes",
        _ => "lookups",
    }
}

/// The text of an example without its marks, and the entities in it, counted in characters.
fn marked(example: &str) -> Result<(String, Vec<Mark>), String> {
    let (mut text, mut marks) = (String::new(), Vec::new());
    let mut rest = example;
    while let Some(open) = rest.find('[') {
        let Some((words, kind, behind)) = entity(&rest[open..])? else {
            text.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
            continue;
        };
        text.push_str(&rest[..open]);
        let start = text.chars().count();
        text.push_str(words);
        let label = kind.split(['#', ':']).next().unwrap_or_default().trim().to_owned();
        marks.push(Mark { start, end: start + words.chars().count(), label, text: None });
        rest = behind;
    }
    text.push_str(rest);
    Ok((text, marks))
}

/// `[Berlin](city)` or `[Berlin]{"entity": "city"}` → the words, the name of the entity, and what stands behind.
fn entity(rest: &str) -> Result<Option<(&str, String, &str)>, String> {
    let Some((words, behind)) = rest[1..].split_once(']') else { return Ok(None) };
    if let Some((kind, behind)) = behind.strip_prefix('(').and_then(|behind| behind.split_once(')')) {
        return Ok(Some((words, kind.to_owned(), behind)));
    }
    let Some((object, after)) = behind.starts_with('{').then(|| behind.split_once('}')).flatten() else {
        return Ok(None);
    };
    let told = serde_json::from_str::<Object>(&format!("{object}}}"));
    let kind = told.ok().and_then(|told| Some(told.get("entity")?.as_str()?.to_owned()));
    let kind = kind.ok_or_else(|| {
        let shown = shorten(behind, 60);
        format!("has an entity that cannot be read, expected one such as {{\"entity\": \"city\"}}: {shown}")
    })?;
    Ok(Some((words, kind, after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, text: &str) -> Table {
        Table::from_bytes(Path::new(name), text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn intents_are_labels_and_entities_are_spans_in_both_forms() {
        let markdown = "<!-- ours -->\n## intent:greet\n- hey\n- good morning, all\n\n## intent:book\n\
            - to [Zürich](city) by [train]{\"entity\": \"way\"}\n* [1] ticket to [NY](city:New York)\n\
            ## synonym:train\n- rail\n## regex:zip\n- [0-9]{5}\n";
        let yaml = "version: \"3.1\"\n\nnlu:\n- intent: greet\n  examples: |\n    - hey\n    - good morning, all\n\
            - intent: book\n  examples: |\n    - to [Zürich](city) by [train]{\"entity\": \"way\"}\n\
            \x20   - [1] ticket to [NY](city:New York)\n- synonym: train\n  examples: |\n    - rail\n- regex: zip\n  examples: |\n    - [0-9]{5}\n";
        for (name, text) in [("nlu.md", markdown), ("nlu.yml", yaml)] {
            let table = open(name, text);
            assert_eq!((table.format, &table.problems), (Format::Rasa, &Vec::new()), "{name}");
            let cell = |row, column: &str| table.cell(row, table.column(column).unwrap()).to_owned();
            let rows: Vec<(String, String)> =
                (0..table.rows()).map(|row| (cell(row, "text"), cell(row, "label"))).collect();
            let expected = [
                ("hey", "greet"),
                ("good morning, all", "greet"),
                ("to Zürich by train", "book"),
                ("[1] ticket to NY", "book"),
            ];
            assert_eq!(rows, expected.map(|(text, label)| (text.to_owned(), label.to_owned())), "{name}");
            let spans = cell(2, "spans");
            assert!(spans.contains(r#""start":3,"end":9,"label":"city""#), "{spans}");
            assert!(spans.contains(r#""start":13,"end":18,"label":"way""#), "{spans}");
            assert!(cell(3, "spans").contains(r#""start":14,"end":16,"label":"city""#));
            assert_eq!(table.notes, ["not read, as they are no examples: 1 regex, 1 synonym"]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_line() {
        let table = open("nlu.md", "## intent:a\n- to [x]{\"entity\" 3} now\n- fine\n");
        assert_eq!((table.rows(), table.problems[0].line), (1, 2));
        assert!(table.problems[0].reason.contains("has an entity that cannot be read"));
    }

    #[test]
    fn other_lists_are_no_intents() {
        for text in ["# Shopping\n- milk\n- intent: to buy\n", "## intent: what we want\nWe want it all.\n- first\n"] {
            assert_eq!(open("a.md", text).format, Format::PlainText, "{text}");
        }
    }
}
