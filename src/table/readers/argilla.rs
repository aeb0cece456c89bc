//! What Argilla exports: a column of responses for each question, beside what a model suggested. A question has the answer
//! that its annotators submitted; what was discarded or is a draft is none. Of several answers the most frequent is taken, and
//! where none is, the row has none; that is told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::settled;
use crate::table::Table;
use crate::table::notation::literal;
use crate::words::plural;

const RESPONSES: &str = ".responses";

/// A response, and whether it was submitted.
type Response = (Value, bool);

/// What became of the responses of a question.
#[derive(Default)]
struct Counted {
    several: usize,
    unsure: usize,
    set_aside: usize,
}

/// Puts one answer in the place of the responses to each question.
pub(super) fn answered(table: &mut Table) {
    for column in 0..table.columns.len() {
        let name = table.columns[column].clone();
        let flat = name.strip_suffix(RESPONSES).filter(|question| !question.is_empty());
        // Among thousands of columns few are looked for.
        let beside = |what: &str| flat.and_then(|_| table.column(&format!("{name}.{what}")));
        let status = beside("status");
        let is_flat = status.is_some() || beside("users").is_some();
        if !is_flat && !holds_responses(table, column) {
            continue;
        }
        let mut counted = Counted::default();
        let mut cells = Vec::with_capacity(table.rows());
        for row in 0..table.rows() {
            let cell = table.cell(row, column);
            let status = status.map(|status| table.cell(row, status));
            cells.push(responses(cell, status).map(|responses| counted.answer(&responses)));
        }
        let gone = vec![false; table.rows()];
        settled::rewrite(table, &BTreeMap::from([(column, cells)]), &gone);
        let question = flat.unwrap_or(&name).to_owned();
        table.notes.extend(counted.words(&question));
        if table.column(&question).is_none() {
            table.columns[column] = question;
        }
    }
}

/// Whether the cells of a column are lists of `{"user_id": …, "value": …, "status": …}`.
fn holds_responses(table: &Table, column: usize) -> bool {
    const SAMPLE: usize = 200;
    let cells = (0..table.rows()).map(|row| table.cell(row, column).trim()).filter(|cell| !cell.is_empty());
    let mut found = false;
    for cell in cells.take(SAMPLE) {
        if !cell.starts_with("[{") && cell != "[]" {
            return false;
        }
        let Some(Value::Array(list)) = literal::value(cell) else { return false };
        let is_one = |one: &Value| ["user_id", "value", "status"].iter().all(|key| one.get(key).is_some());
        if !list.iter().all(is_one) {
            return false;
        }
        found |= !list.is_empty();
    }
    found
}

/// The responses of a cell; nothing where it holds something else.
fn responses(cell: &str, status: Option<&str>) -> Option<Vec<Response>> {
    let Some(Value::Array(list)) = literal::value(cell) else { return None };
    let status = match status.and_then(literal::value) {
        Some(Value::Array(status)) => status,
        _ => Vec::new(),
    };
    let is_submitted = |status: Option<&Value>| status.and_then(Value::as_str).is_none_or(|word| word == "submitted");
    let response = |(place, one): (usize, Value)| match one {
        Value::Object(mut one) if one.contains_key("value") => {
            let told = is_submitted(one.get("status"));
            (one.remove("value").unwrap_or_default(), told)
        }
        other => (other, is_submitted(status.get(place))),
    };
    Some(list.into_iter().enumerate().map(response).collect())
}

impl Counted {
    /// The answer that most gave, as a cell; empty where there is none.
    fn answer(&mut self, responses: &[Response]) -> String {
        let submitted = responses.iter().filter(|(value, is_submitted)| *is_submitted && !value.is_null());
        let mut counts: Vec<(&Value, usize)> = Vec::new();
        for (value, _) in submitted {
            match counts.iter_mut().find(|(known, _)| *known == value) {
                Some((_, count)) => *count += 1,
                None => counts.push((value, 1)),
            }
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        self.several += usize::from(counts.len() > 1);
        self.set_aside += usize::from(counts.is_empty() && !responses.is_empty());
        match counts.as_slice() {
            [(_, most), (_, next), ..] if most == next => {
                self.unsure += 1;
                String::new()
            }
            [(first, _), ..] => match first {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            [] => String::new(),
        }
    }

    fn words(&self, question: &str) -> Option<String> {
        let rows = |count: usize| plural(count, "row", "rows");
        let most = self.several - self.unsure;
        let told = [
            (most, format!("the most frequent answer for {} with several", rows(most))),
            (self.unsure, format!("none for {} with as many of each", rows(self.unsure))),
            (self.set_aside, format!("none for {} with only discarded answers or drafts", rows(self.set_aside))),
        ];
        let told: Vec<String> = told.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
        (!told.is_empty()).then(|| format!("{question:?} is what annotators submitted: {}", told.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use crate::table::Table;
    use crate::table::readers::read_bytes;

    fn open(rows: &[serde_json::Value]) -> Table {
        let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
        read_bytes(Path::new("train.jsonl"), lines.into_bytes()).unwrap()
    }

    fn column(table: &Table, name: &str) -> Vec<String> {
        let column = table.column(name).unwrap();
        (0..table.rows()).map(|row| table.cell(row, column).to_owned()).collect()
    }

    #[test]
    fn what_was_submitted_is_the_answer_and_what_was_discarded_is_none() {
        let row = |text: &str, said: &[&str], status: &[&str]| {
            json!({
                "id": text, "status": "completed", "text": text, "label.responses": said,
                "label.responses.users": vec!["u"; said.len()], "label.responses.status": status,
                "label.suggestion": "neg", "label.suggestion.score": 0.9,
            })
        };
        let table = open(&[
            row("a", &["pos"], &["submitted"]),
            row("b", &["pos", "neg", "pos"], &["submitted", "submitted", "submitted"]),
            row("c", &["pos", "neg"], &["submitted", "submitted"]),
            row("d", &["neg"], &["discarded"]),
            row("e", &["neg", "pos"], &["draft", "submitted"]),
        ]);
        assert_eq!(column(&table, "label"), ["pos", "pos", "", "", "pos"]);
        let told = "\"label\" is what annotators submitted: the most frequent answer for 1 row with several, none for 1 row with \
                    as many of each, none for 1 row with only discarded answers or drafts";
        assert!(table.notes.iter().any(|note| note == told), "{:?}", table.notes);
    }

    #[test]
    fn responses_may_be_objects_and_other_lists_stay_as_they_are() {
        let one = |value: &str, status: &str| json!({ "user_id": "1", "value": value, "status": status });
        let table = open(&[
            json!({ "text": "a b", "sentiment": [one("pos", "submitted")], "tags": ["x"] }),
            json!({ "text": "c d", "sentiment": [one("neg", "discarded")], "tags": ["y", "z"] }),
            json!({ "text": "e f", "sentiment": [], "tags": [] }),
        ]);
        assert_eq!(column(&table, "sentiment"), ["pos", "", ""]);
        assert_eq!(column(&table, "tags"), ["[\"x\"]", "[\"y\",\"z\"]", "[]"]);
    }
}
