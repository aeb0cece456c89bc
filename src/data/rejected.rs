//! Rows that an annotator discarded, skipped or rejected, as a column of an annotation tool's export says in whatever file it
//! was written to: what somebody threw away is not learned from. They are left out and listed.

use super::Roles;
use super::labels::{flag, is_missing};
use crate::table::{Table, plain_name, shorten};

/// What such columns are called, the words that reject a row, and the others that one may hold, in lower case.
const WORDS: [(&str, &str, &str); 3] = [
    // Argilla.
    ("status recordstatus", "discarded", "validated default edited pending completed submitted draft"),
    // Prodigy.
    ("answer", "reject ignore", "accept"),
    (
        "annotationstatus labelstatus labelingstatus reviewstatus",
        "rejected reject discarded discard skipped skip ignored ignore cancelled canceled invalid",
        "accepted accept approved validated valid submitted completed complete done default pending draft open reviewed \
         labeled labelled annotated new",
    ),
];
/// Columns that say of a row whether it was thrown away.
const FLAGS: &str = "wascancelled wascanceled wasskipped isskipped isdiscarded isrejected skipped discarded";

fn is_in(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// A column that says which rows were thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    column: usize,
    /// The words that do, or none where it says true.
    words: Option<&'static str>,
}

impl Rejected {
    /// The column of a table, where it has one that plays no other part; it says so of some rows and not of all.
    pub fn of(table: &Table, roles: &Roles) -> Option<Self> {
        let is_free = |found: &Self| roles.named().all(|(_, used)| used != table.columns[found.column]);
        (0..table.columns.len()).filter_map(|column| Self::in_column(table, column)).find(is_free)
    }

    fn in_column(table: &Table, column: usize) -> Option<Self> {
        let name = plain_name(&table.columns[column]);
        let known = WORDS.iter().find(|(names, ..)| is_in(names, &name));
        let words = known.map(|(_, rejecting, _)| *rejecting);
        if words.is_none() && !is_in(FLAGS, &name) {
            return None;
        }
        let found = Self { column, words };
        let cells = || (0..table.rows()).map(|row| table.cell(row, column).trim());
        let is_usual = |cell: &str| match known {
            Some((_, rejecting, others)) => {
                let word = cell.to_lowercase();
                cell.is_empty() || is_in(rejecting, &word) || is_in(others, &word)
            }
            None => is_missing(cell) || flag(cell).is_some(),
        };
        let rejected = cells().filter(|cell| found.is_rejected(cell)).count();
        (rejected > 0 && rejected < table.rows() && cells().all(is_usual)).then_some(found)
    }

    fn is_rejected(self, cell: &str) -> bool {
        match self.words {
            Some(words) => is_in(words, &cell.to_lowercase()),
            None => flag(cell) == Some(true),
        }
    }

    /// Why a row is left out, where it was thrown away.
    pub fn reason(self, table: &Table, row: usize) -> Option<String> {
        let cell = table.cell(row, self.column).trim();
        let name = &table.columns[self.column];
        self.is_rejected(cell).then(|| format!("{LEFT_OUT}\"{name}\" is \"{}\"", shorten(cell, 40)))
    }
}

/// How the reason begins.
const LEFT_OUT: &str = "was thrown away by its annotator: ";

/// Whether a row was left out because of such a column.
pub(super) fn is_rejection(reason: &str) -> bool {
    reason.starts_with(LEFT_OUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::{roles, table};
    use crate::data::{Dataset, FindingKind, health};
    use crate::task::Task;

    fn kept(text: &str, roles: &Roles) -> Vec<usize> {
        let data = Dataset::new(table(text), Task::Classify, roles, None).unwrap();
        data.examples.iter().map(|example| example.row).collect()
    }

    #[test]
    fn what_annotators_threw_away_is_not_learned_from_whatever_file_says_it() {
        let check = |name: &str, words: [&str; 3], expected: &[usize]| {
            let rows: String =
                ["a", "b", "c"].iter().zip(words).map(|(text, word)| format!("{text} x,pos,{word}\n")).collect();
            assert_eq!(
                kept(&format!("text,label,{name}\n{rows}"), &roles("text", Some("label"))),
                expected,
                "{name} {words:?}"
            );
        };
        check("status", ["Validated", "Discarded", "Default"], &[0, 2]);
        check("answer", ["accept", "reject", "ignore"], &[0]);
        check("was_cancelled", ["False", "True", "False"], &[0, 2]);
        check("review_status", ["approved", "approved", "REJECTED"], &[0, 1]);
        // What says something else, or the same of all, throws nothing away.
        check("status", ["shipped", "cancelled", "discarded"], &[0, 1, 2]);
        check("status", ["completed", "cancelled", "completed"], &[0, 1, 2]);
        check("status", ["Discarded", "Discarded", "Discarded"], &[0, 1, 2]);
        check("answer", ["yes", "no", "ignore"], &[0, 1, 2]);
        check("decision", ["accept", "reject", "accept"], &[0, 1, 2]);
        check("skipped", ["3", "0", "1"], &[0, 1, 2]);
    }

    #[test]
    fn they_are_counted_and_listed_and_a_column_that_is_learned_is_none() {
        let text = "text,label,answer\na b,pos,accept\nc d,neg,reject\ne f,neg,accept\n";
        let data = Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        assert_eq!(data.excluded[0].reason, "was thrown away by its annotator: \"answer\" is \"reject\"");
        let found = health(&data);
        let of =
            |wanted: &FindingKind| found.iter().find(|finding| finding.kind == *wanted).map(|one| one.rows.clone());
        assert_eq!((of(&FindingKind::Rejected), of(&FindingKind::NoUsableLabel)), (Some(vec![1]), None));
        assert_eq!(kept(text, &roles("text", Some("answer"))), [0, 1, 2]);
    }

    #[test]
    fn what_readers_leave_out_on_purpose_is_not_called_unreadable() {
        let dir = tempfile::tempdir().unwrap();
        let check = |name: &str, text: String, roles: &Roles, task: Task, expected: &[(FindingKind, usize)]| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            let data = Dataset::new(Table::open(&path).unwrap().into(), task, roles, None).unwrap();
            let kinds = [FindingKind::Unreadable, FindingKind::Rejected, FindingKind::SeveralAnnotations];
            let found = health(&data).into_iter().filter(|finding| kinds.contains(&finding.kind));
            let told: Vec<_> = found.map(|finding| (finding.kind.clone(), finding.count)).collect();
            assert_eq!(told, expected, "{name}");
            assert_eq!(data.unusable_words(), None, "{name}");
            let remarks = data.remarks().join("\n");
            assert!(
                remarks.contains("by the annotators and") || remarks.contains("have several annotations"),
                "{remarks}"
            );
        };
        let spans = Roles { text: Some("text".into()), spans: Some("spans".into()), ..Roles::default() };
        let line = |at: usize| {
            let answer = ["accept", "reject", "ignore"][at % 3];
            format!(
                r#"{{"text":"Ann ran {at}","_input_hash":{at},"spans":[{{"start":0,"end":3,"label":"PER"}}],"answer":"{answer}"}}"#
            ) + "\n"
        };
        let lines: String = (0..9).map(line).collect();
        check("a.jsonl", lines, &spans, Task::Ner, &[(FindingKind::Rejected, 6)]);
        let annotation = |skipped: bool| {
            format!(
                r#"{{"was_cancelled":{skipped},"result":[{{"type":"labels","value":{{"start":0,"end":3,"text":"Ann","labels":["PER"]}}}}]}}"#
            )
        };
        let task = |at: usize, skipped: &[bool]| {
            let all: Vec<String> = skipped.iter().map(|skipped| annotation(*skipped)).collect();
            format!(r#"{{"id":{at},"data":{{"text":"Ann ran {at}"}},"annotations":[{}]}}"#, all.join(","))
        };
        let tasks = [
            task(0, &[false]),
            task(1, &[false, false, false]),
            task(2, &[true, false]),
            task(3, &[true, true]),
            task(4, &[false, true]),
        ];
        let expected = [(FindingKind::Rejected, 1), (FindingKind::SeveralAnnotations, 3)];
        check("b.json", format!("[{}]", tasks.join(",\n")), &spans, Task::Ner, &expected);
    }
}
