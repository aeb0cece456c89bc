//! A table with a meaning: which column is the text, which the label, and what each row teaches.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::name_list;
use super::labels::{Classes, Separator, count_names, decimal_comma, number, sort_names};
use super::{DataError, RowProblem, Table};
use crate::task::Task;

/// Which column plays which part, by column name. Also the `columns` table of `RUN.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pair: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// Labelled spans of characters in the text: a JSON list of `{"start", "end", "label"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans: Option<String>,
    /// Rows with the same value stay on one side of a split: a document, a customer, an article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// The names of the classes, in the order of their indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSet {
    pub names: Vec<String>,
}

impl LabelSet {
    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// What a row teaches.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// Nothing: the row is only to be predicted.
    None,
    /// One class.
    Class(u32),
    /// Any number of classes, as sorted indices.
    Classes(Vec<u32>),
    Value(f32),
    /// One tag for each word.
    Tags(Vec<u32>),
    /// Every answer that counts as right; none where the question has no answer in its context.
    Answers(Vec<GoldAnswer>),
    /// One class for each token of the features; `None` is ignored by the loss.
    Tokens(Vec<Option<u32>>),
    /// First and last token of the answer.
    Span {
        start: u32,
        end: u32,
    },
}

/// An answer as an annotator marked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldAnswer {
    pub text: String,
    /// Its first character in the context, in code points.
    pub start: usize,
}

/// A row as the task sees it. Its texts stay in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Row in the table, from 0.
    pub row: usize,
    pub target: Target,
}

/// A table read for one task.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub table: Arc<Table>,
    pub task: Task,
    pub roles: Roles,
    pub labels: LabelSet,
    pub examples: Vec<Example>,
    /// Rows of the table that are no examples (no text, no label, label not a number …), with the reason.
    pub excluded: Vec<RowProblem>,
    pub(super) text_column: usize,
    pub(super) pair_column: Option<usize>,
}

impl Dataset {
    /// Reads the table for a task. `labels` fixes the class order (an evaluation file must use the training file's);
    /// without it classes are sorted by name, numerically where all are numbers. Without a label column every row with
    /// a text is an example to be predicted.
    ///
    /// Names in a multi-label cell are separated by `|`, `;` or `,`, or are a JSON list; one way holds for the whole
    /// column: a list if all cells are lists, else the separator found in the most cells. An empty multi-label cell is a
    /// text to which no label applies.
    pub fn new(table: Arc<Table>, task: Task, roles: &Roles, labels: Option<&LabelSet>) -> Result<Self, DataError> {
        if !task.is_sequence() {
            return Err(DataError::TaskNotRead { task });
        }
        let text_column = column(&table, roles.text.as_deref(), "text")?.ok_or_else(|| no_role(&table, "text"))?;
        let pair_column = column(&table, roles.pair.as_deref(), "second text")?;
        let label_column = column(&table, roles.label.as_deref(), "label")?;
        let chosen = [(Some(text_column), "text"), (pair_column, "second text"), (label_column, "label")];
        different(&table, &chosen)?;

        let targets = Targets::new(Arc::clone(&table), task, label_column, labels);
        let mut dataset = Self {
            labels: targets.labels.clone(),
            task,
            roles: roles.clone(),
            examples: Vec::new(),
            excluded: Vec::new(),
            text_column,
            pair_column,
            table,
        };
        dataset.read_rows(&targets);
        match dataset.excluded.first() {
            Some(first) if dataset.examples.is_empty() => Err(DataError::NoExamples {
                path: dataset.table.path.clone(),
                rows: dataset.table.rows(),
                task,
                line: first.line,
                reason: first.reason.clone(),
            }),
            _ => Ok(dataset),
        }
    }

    fn read_rows(&mut self, targets: &Targets) {
        let classes = Classes::new(&targets.labels);
        for row in 0..self.table.rows() {
            let read = self.check_texts(row).and_then(|()| targets.read(row, &classes));
            match read {
                Ok(target) => self.examples.push(Example { row, target }),
                Err(reason) => self.excluded.push(RowProblem { line: self.table.line(row), reason }),
            }
        }
    }

    fn check_texts(&self, row: usize) -> Result<(), String> {
        let is_empty = |column| self.table.cell(row, column).trim().is_empty();
        if is_empty(self.text_column) {
            return Err("has no text".into());
        }
        if self.pair_column.is_some_and(is_empty) {
            return Err("has no second text".into());
        }
        Ok(())
    }

    /// Whether a row of the table has all texts that the task reads.
    pub(super) fn has_texts(&self, row: usize) -> bool {
        self.check_texts(row).is_ok()
    }

    pub fn text(&self, example: usize) -> &str {
        self.table.cell(self.examples[example].row, self.text_column)
    }

    pub fn pair(&self, example: usize) -> Option<&str> {
        self.pair_column.map(|column| self.table.cell(self.examples[example].row, column))
    }

    /// The line in the file that an example came from, from 1.
    pub fn line(&self, example: usize) -> usize {
        self.table.line(self.examples[example].row)
    }

    /// Whether the rows say what is to be learned.
    pub fn is_labelled(&self) -> bool {
        self.examples.iter().any(|example| example.target != Target::None)
    }

    /// Examples of each class; with several labels an example counts for each of them.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.labels.len()];
        for example in &self.examples {
            let classes = match &example.target {
                Target::Class(class) => std::slice::from_ref(class),
                Target::Classes(classes) => classes,
                _ => &[],
            };
            for &class in classes {
                counts[class as usize] += 1;
            }
        }
        counts
    }
}

/// What the label column says, and how it says it.
struct Targets {
    table: Arc<Table>,
    task: Task,
    column: Option<usize>,
    separator: Separator,
    decimal_comma: bool,
    labels: LabelSet,
}

impl Targets {
    fn new(table: Arc<Table>, task: Task, column: Option<usize>, labels: Option<&LabelSet>) -> Self {
        let cells = |column| {
            let table = &table;
            (0..table.rows()).map(move |row| table.cell(row, column))
        };
        let separator = match (task, column) {
            (Task::MultiLabel, Some(column)) => Separator::of_column(cells(column)),
            _ => Separator::Single,
        };
        let found = || match (task, column) {
            (Task::Classify, Some(column)) => count_names(cells(column), None),
            (Task::MultiLabel, Some(column)) => count_names(cells(column), Some(separator)),
            _ => BTreeMap::new(),
        };
        let labels = match labels {
            Some(labels) => labels.clone(),
            None => LabelSet { names: sort_names(found().into_keys().collect()) },
        };
        Self { decimal_comma: decimal_comma(&table), table, task, column, separator, labels }
    }

    /// What a row teaches, or why it cannot be used.
    fn read(&self, row: usize, classes: &Classes<'_>) -> Result<Target, String> {
        let Some(column) = self.column else { return Ok(Target::None) };
        let cell = self.table.cell(row, column).trim();
        if self.task == Task::MultiLabel {
            let names = self.separator.names(cell)?;
            let mut set = names.iter().map(|name| classes.find(name)).collect::<Result<Vec<u32>, String>>()?;
            set.sort_unstable();
            set.dedup();
            return Ok(Target::Classes(set));
        }
        if cell.is_empty() {
            return Err("has no label".into());
        }
        match self.task {
            Task::Regress => number(cell, self.decimal_comma).map(Target::Value),
            _ => classes.find(cell).map(Target::Class),
        }
    }
}

/// The column that a role names.
fn column(table: &Table, name: Option<&str>, role: &'static str) -> Result<Option<usize>, DataError> {
    let Some(name) = name else { return Ok(None) };
    match table.column(name) {
        Some(column) => Ok(Some(column)),
        None => Err(DataError::NoColumn {
            path: table.path.clone(),
            role,
            name: name.to_owned(),
            columns: name_list(&table.columns),
        }),
    }
}

fn no_role(table: &Table, role: &'static str) -> DataError {
    DataError::NoRole { path: table.path.clone(), role, columns: name_list(&table.columns) }
}

/// A column that is text and label at once would teach the model to read its own answer.
fn different(table: &Table, chosen: &[(Option<usize>, &'static str)]) -> Result<(), DataError> {
    for (index, &(column, second)) in chosen.iter().enumerate() {
        let same = chosen[..index].iter().find(|(earlier, _)| column.is_some() && *earlier == column);
        if let (Some(&(_, first)), Some(column)) = (same, column) {
            let name = table.columns[column].clone();
            return Err(DataError::SameColumn { path: table.path.clone(), name, first, second });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;

    pub(crate) fn table(text: &str) -> Arc<Table> {
        Arc::new(Table::from_bytes(Path::new("train.csv"), text.as_bytes().to_vec()).unwrap())
    }

    pub(crate) fn roles(text: &str, label: Option<&str>) -> Roles {
        Roles { text: Some(text.into()), label: label.map(Into::into), ..Roles::default() }
    }

    /// Examples with the given targets and texts that all differ.
    pub(crate) fn dataset_of_targets(targets: Vec<Target>) -> Dataset {
        let rows: Vec<String> = (0..targets.len().max(1)).map(|row| format!("text {row},x\n")).collect();
        let text = String::from("text,label\n") + &rows.concat();
        let mut dataset = Dataset::new(table(&text), Task::Classify, &roles("text", None), None).unwrap();
        dataset.examples = targets.into_iter().enumerate().map(|(row, target)| Example { row, target }).collect();
        dataset
    }

    fn read(text: &str, task: Task, labels: Option<&[&str]>) -> Dataset {
        let labels = labels.map(|names| LabelSet { names: names.iter().map(|&name| name.into()).collect() });
        Dataset::new(table(text), task, &roles("text", Some("label")), labels.as_ref()).unwrap()
    }

    fn targets(dataset: &Dataset) -> Vec<Target> {
        dataset.examples.iter().map(|example| example.target.clone()).collect()
    }

    fn excluded(dataset: &Dataset) -> Vec<(usize, &str)> {
        dataset.excluded.iter().map(|problem| (problem.line, problem.reason.as_str())).collect()
    }

    #[test]
    fn classes_are_sorted_and_rows_without_text_or_label_are_listed() {
        let dataset = read("text,label\na,pos\nb, neg \n ,pos\nc,\n", Task::Classify, None);
        assert_eq!(dataset.labels.names, ["neg", "pos"]);
        assert_eq!(targets(&dataset), [Target::Class(1), Target::Class(0)]);
        assert_eq!(excluded(&dataset), [(4, "has no text"), (5, "has no label")]);
        assert_eq!(dataset.counts(), [1, 1]);
        assert_eq!((dataset.text(1), dataset.line(1)), ("b", 3));
        let numbers = read("text,label\na,10\nb,9\nc,-1\n", Task::Classify, None);
        assert_eq!(numbers.labels.names, ["-1", "9", "10"]);
    }

    #[test]
    fn given_labels_keep_their_order_and_exclude_others_by_name() {
        let dataset = read("text,label\na,pos\nb,mixed\n", Task::Classify, Some(&["pos", "neg"]));
        assert_eq!(targets(&dataset), [Target::Class(0)]);
        assert_eq!(excluded(&dataset), [(3, r#"has the label "mixed", expected one of 2 known classes (pos, neg)"#)]);
    }

    #[test]
    fn several_labels_are_sorted_and_may_be_none() {
        let dataset = read("text\tlabel\na\tjoy, anger\nb\t\nc\tanger, anger\n", Task::MultiLabel, None);
        assert_eq!(dataset.labels.names, ["anger", "joy"]);
        let expected = [vec![0, 1], vec![], vec![0]].map(Target::Classes);
        assert_eq!(targets(&dataset), expected);
        assert_eq!(dataset.counts(), [2, 1]);
        let known = read("text;label\na;joy|fear\nb;joy\n", Task::MultiLabel, Some(&["joy"]));
        assert_eq!(targets(&known), [Target::Classes(vec![0])]);
        assert_eq!(excluded(&known), [(2, r#"has the label "fear", expected one of 1 known classes (joy)"#)]);
    }

    #[test]
    fn numbers_that_are_none_are_listed() {
        let dataset = read("text;label\na;3,5\nb;4\nc;good\nd;\ne;NaN\n", Task::Regress, None);
        assert_eq!(targets(&dataset), [Target::Value(3.5), Target::Value(4.0)]);
        assert_eq!(
            excluded(&dataset),
            [
                (4, r#"has the label "good", expected a number"#),
                (5, "has no label"),
                (6, r#"has the label "NaN", expected a number"#)
            ]
        );
        assert!(dataset.labels.is_empty());
    }

    #[test]
    fn without_a_label_column_rows_are_to_be_predicted() {
        let labels = LabelSet { names: vec!["no".into(), "yes".into()] };
        let dataset = Dataset::new(table("text\na\nb\n"), Task::Classify, &roles("text", None), Some(&labels)).unwrap();
        assert_eq!(targets(&dataset), [Target::None, Target::None]);
        assert_eq!(dataset.labels, labels);
        assert!(!dataset.is_labelled());
    }

    #[test]
    fn pairs_have_two_texts() {
        let roles = Roles { pair: Some("hypothesis".into()), ..roles("premise", Some("label")) };
        let table = table("premise,hypothesis,label\na,b,0\nc,,1\n");
        let dataset = Dataset::new(table, Task::Classify, &roles, None).unwrap();
        assert_eq!((dataset.text(0), dataset.pair(0)), ("a", Some("b")));
        assert_eq!(excluded(&dataset), [(3, "has no second text")]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let check = |text: &str, task: Task, roles: Roles, expected: &str| {
            assert_eq!(Dataset::new(table(text), task, &roles, None).unwrap_err().to_string(), expected);
        };
        let csv = "text,label\na,b\n";
        check(
            csv,
            Task::Ner,
            roles("text", None),
            "datasets are not read for ner yet, expected classify, multilabel or regress",
        );
        check(
            csv,
            Task::Classify,
            Roles::default(),
            r#"no column of "train.csv" is chosen as the text, expected one of text, label"#,
        );
        check(
            csv,
            Task::Classify,
            roles("text", Some("class")),
            r#""train.csv" has no column "class" for the label, expected one of text, label"#,
        );
        check(
            csv,
            Task::Classify,
            roles("text", Some("text")),
            r#"column "text" of "train.csv" is chosen as the text and the label, expected two columns"#,
        );
        check(
            csv,
            Task::Regress,
            roles("text", Some("label")),
            r#"none of the 1 rows of "train.csv" can be used for regress: line 2 has the label "b", expected a number"#,
        );
    }
}
