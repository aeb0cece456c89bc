//! A table with a meaning: which column is the text, which the label, and what each row teaches.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::DataError;
use super::columns::content;
use super::labels::{Classes, Numerals, Separator, flag_columns};
use super::rejected::Rejected;
use super::rows::{Content, Example, LabelSet, Roles, Target};
use super::targets::Targets;
use crate::table::notation::tags;
use crate::table::notation::tags::Notation;
use crate::table::{RowProblem, Table};
use crate::task::{Annotation, Reads, Task};

/// What spreadsheets and libraries write where there is nothing, and what is never a text.
const NO_TEXT: [&str; 14] = [
    "NaN", "nan", "<NA>", "NaT", "NULL", "\\N", "#N/A", "#NV", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!",
    "#NULL!",
];

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
    /// How the file writes its tags, which are kept in IOB2.
    pub notation: Notation,
    /// How the file writes several labels of a row, where it has such.
    pub(super) separator: Separator,
    /// Whether columns of labels are ticked where one applies, and empty where not.
    are_ticked: bool,
    /// How the file writes numbers, where these are its labels.
    numerals: Numerals,
    pub(super) content: Content,
}

impl Dataset {
    /// Whether it is the same table, read in the same way to the same examples.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table)
            && (self.task, &self.roles) == (other.task, &other.roles)
            && self.labels.names == other.labels.names
            && self.examples == other.examples
    }

    /// Reads the table for a task. `labels` fixes the class order (an evaluation file must use the training file's);
    /// without it classes are sorted by name, numerically where all are numbers. Without a label column every row with
    /// a text is an example to be predicted.
    ///
    /// Names in a multi-label cell are separated by `|`, `;` or `,`, or are a JSON list; one way holds for the whole
    /// column: a list if all cells are lists, else the separator found in the most cells. An empty multi-label cell is a
    /// text to which no label applies.
    ///
    /// Tags of words are turned into IOB2, whose names are `O` and then `B-` and `I-` of each type. A question that says
    /// nothing of its answers is left out, unless none does.
    pub fn new(table: Arc<Table>, task: Task, roles: &Roles, labels: Option<&LabelSet>) -> Result<Self, DataError> {
        let content = content(&table, task, roles)?;
        let targets = Targets::new(Arc::clone(&table), task, roles, content, labels)?;
        let mut dataset = Self {
            labels: targets.labels.clone(),
            notation: targets.notation.clone(),
            separator: targets.separator,
            are_ticked: targets.are_ticked,
            numerals: targets.numerals.clone(),
            task,
            roles: roles.clone(),
            examples: Vec::new(),
            excluded: Vec::new(),
            content,
            table,
        };
        dataset.read_rows(&targets);
        match dataset.excluded.first() {
            Some(first) if dataset.examples.is_empty() => Err(DataError::NoExamples {
                path: first.file.as_ref().map_or_else(|| dataset.table.path.clone(), |file| file.as_ref().into()),
                rows: dataset.table.rows(),
                task,
                line: first.line,
                reason: first.reason.to_string(),
            }),
            _ => Ok(dataset),
        }
    }

    fn read_rows(&mut self, targets: &Targets) {
        let classes = Classes::new(&targets.labels);
        let rejected = Rejected::of(&self.table, &self.roles).filter(|_| targets.has_column());
        for row in 0..self.table.rows() {
            let thrown_away = rejected.and_then(|rejected| rejected.reason(&self.table, row));
            let kept = thrown_away.map_or(Ok(()), Err).and_then(|()| self.check_texts(row));
            let read = kept.and_then(|()| targets.read(row, &classes));
            match read {
                Ok(target) => self.examples.push(Example { row, target }),
                Err(reason) => self.excluded.push(self.table.problem(row, reason)),
            }
        }
    }

    fn check_texts(&self, row: usize) -> Result<(), String> {
        let cell = |column| self.table.cell(row, column).trim();
        let is_empty = |column| cell(column).is_empty();
        let said = match self.content {
            Content::Text { text, pair } => [Some(text), pair],
            Content::Spans { text, .. } => [Some(text), None],
            Content::Question { question, context, .. } => [Some(question), Some(context)],
            Content::Words { .. } => [None, None],
        };
        if let Some(word) = said.into_iter().flatten().map(cell).find(|word| NO_TEXT.contains(word)) {
            return Err(format!("has {word:?} in place of a text"));
        }
        let missing = match self.content {
            Content::Text { text, .. } | Content::Spans { text, .. } if is_empty(text) => "has no text",
            Content::Text { pair: Some(pair), .. } if is_empty(pair) => "has no second text",
            Content::Words { tokens } if matches!(self.table.cell(row, tokens).trim(), "" | "[]") => "has no words",
            Content::Question { question, .. } if is_empty(question) => "has no question",
            Content::Question { context, .. } if is_empty(context) => "has no context",
            _ => return Ok(()),
        };
        Err(missing.into())
    }

    /// Whether a row of the table has all texts that the task reads.
    pub(super) fn has_texts(&self, row: usize) -> bool {
        self.check_texts(row).is_ok()
    }

    /// The text of an example; its question where there is one, and its list of words as the file has it.
    pub fn text(&self, example: usize) -> &str {
        let column = match self.content {
            Content::Text { text, .. } | Content::Spans { text, .. } => text,
            Content::Words { tokens } => tokens,
            Content::Question { question, .. } => question,
        };
        self.table.cell(self.examples[example].row, column)
    }

    /// The second text of an example; the context of a question.
    pub fn pair(&self, example: usize) -> Option<&str> {
        let column = match self.content {
            Content::Text { pair, .. } => pair?,
            Content::Question { context, .. } => context,
            Content::Words { .. } | Content::Spans { .. } => return None,
        };
        Some(self.table.cell(self.examples[example].row, column))
    }

    /// The text of an example as a person reads it: words joined by blanks.
    pub fn readable(&self, example: usize) -> Cow<'_, str> {
        match self.content {
            Content::Words { .. } => Cow::Owned(self.words(example).join(" ")),
            _ => Cow::Borrowed(self.text(example)),
        }
    }

    /// The words of an example, one for each of its tags.
    pub fn words(&self, example: usize) -> Vec<String> {
        match self.content {
            Content::Words { .. } => tags::list(self.text(example)).unwrap_or_default(),
            Content::Spans { text, spans } => {
                let row = self.examples[example].row;
                let text = self.table.cell(row, text);
                let spans =
                    spans.map_or_else(Vec::new, |spans| tags::spans(self.table.cell(row, spans)).unwrap_or_default());
                let words = tags::tag_text(text, &spans).unwrap_or_default();
                words.into_iter().map(|(range, _)| text[range].to_owned()).collect()
            }
            Content::Text { .. } | Content::Question { .. } => {
                self.text(example).split_whitespace().map(str::to_owned).collect()
            }
        }
    }

    /// The line in the file that an example came from, from 1.
    pub fn line(&self, example: usize) -> usize {
        self.table.line(self.examples[example].row)
    }

    /// What an example shares with those that must stay on its side of a split.
    pub fn group(&self, example: usize) -> Option<&str> {
        let column = self.table.column(self.roles.group.as_deref()?)?;
        Some(self.table.cell(self.examples[example].row, column))
    }

    /// How labels or tags are written, where that is for the whole column to tell.
    pub fn reading(&self) -> Option<String> {
        let annotation = self.task.annotation();
        let flags = flag_columns(&self.table, self.roles.label.as_deref()).filter(|_| annotation.is_named());
        let gaps = if self.are_ticked { "; an empty cell says that it does not apply" } else { "" };
        let labels = match (annotation, flags) {
            (Annotation::Label, Some(columns)) => {
                Some(format!("as {} columns, one for each class, of which one applies to a row{gaps}", columns.len()))
            }
            (Annotation::Labels, Some(columns)) => {
                Some(format!("as {} columns, one for each label{gaps}", columns.len()))
            }
            (Annotation::Label | Annotation::Labels, None) => self.separator.words(),
            (Annotation::Tags, _) => {
                let has_tags = self.roles.tags.is_some() && self.is_labelled();
                return has_tags.then(|| format!("the tags are read as {} and kept as IOB2", self.notation.title()));
            }
            (Annotation::Number, _) => return self.numerals.words(),
            (Annotation::Answers | Annotation::Order(_) | Annotation::Nothing, _) => None,
        };
        labels.map(|labels| format!("the labels are read {labels}"))
    }

    /// How numbers are read, where that was decided for the column as a whole and another could have decided otherwise.
    pub(super) fn decided(&self) -> Option<String> {
        self.numerals.words().filter(|_| self.numerals.is_decided())
    }

    /// The labels of rows that are left out because nothing else has them, in a file whose labels come from elsewhere.
    pub fn unknown_labels(&self) -> Vec<String> {
        let column = self.roles.label.as_deref().and_then(|name| self.table.column(name));
        let is_one = self.task.annotation() == Annotation::Label;
        let Some(column) = column.filter(|_| is_one && self.separator == Separator::Single) else {
            return Vec::new();
        };
        let cells = self.rows_left_out().into_iter().map(|row| self.table.cell(row, column).trim());
        let known: HashSet<&str> = self.labels.names.iter().map(String::as_str).collect();
        let unknown = cells.filter(|cell| !cell.is_empty() && !known.contains(cell));
        let unknown: std::collections::BTreeSet<&str> = unknown.collect();
        unknown.into_iter().map(str::to_owned).collect()
    }

    /// Whether the rows say what is to be learned.
    pub fn is_labelled(&self) -> bool {
        self.examples.iter().any(|example| example.target != Target::None)
    }

    /// Whether what is learned is made from the texts themselves: masked words, replaced tokens, and the order of
    /// sentences where no second text is given.
    pub fn makes_its_own_labels(&self) -> bool {
        match self.task.reads() {
            Reads::Running => true,
            Reads::Neighbours(_) => matches!(self.content, Content::Text { pair: None, .. }),
            Reads::Texts | Reads::Words | Reads::Question => false,
        }
    }

    /// Examples of each class; with several labels an example counts for each of them, and with tags each word.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.labels.len()];
        for example in &self.examples {
            for &class in example.target.classes() {
                counts[class as usize] += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;
    use crate::table::GoldAnswer;

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
    fn numbers_of_tags_are_read_alike_in_a_file_that_has_others() {
        let lines = |tags: &[&str]| -> String {
            tags.iter().map(|tags| format!("{{\"tokens\":[\"a\",\"b\",\"c\"],\"tags\":{tags}}}\n")).collect()
        };
        let roles = Roles { tokens: Some("tokens".into()), tags: Some("tags".into()), ..Roles::default() };
        let of = |text: &str, labels: Option<&LabelSet>| Dataset::new(table(text), Task::Ner, &roles, labels).unwrap();
        let pairs = of(&lines(&["[1,2,0]", "[0,3,4]"]), None);
        assert_eq!(pairs.labels.names, ["O", "B-1", "I-1", "B-3", "I-3"]);
        // 5 is no place among the tags that are known.
        let eval = of(&lines(&["[1,2,0]", "[5,0,0]", "[0,0,3]"]), Some(&pairs.labels));
        assert_eq!(targets(&eval), [vec![1, 2, 0], vec![0, 0, 3]].map(Target::Tags));
        assert_eq!(excluded(&eval), [(2, "has the tag \"B-5\", expected one of 5 known tags (O, B-1, I-1, B-3, I-3)")]);
        // A few rows may seem to be the other.
        let types = of(&lines(&["[1,1,0]", "[0,2,2]"]), None);
        assert_eq!(types.labels.names, ["O", "B-1", "I-1", "B-2", "I-2"]);
        assert_eq!(targets(&of(&lines(&["[1,2,2]"]), Some(&types.labels))), [Target::Tags(vec![1, 3, 4])]);
        // Among names they are places.
        let named = LabelSet { names: ["O", "B-PER", "I-PER"].map(str::to_owned).to_vec() };
        assert_eq!(targets(&of(&lines(&["[1,2,0]"]), Some(&named))), [Target::Tags(vec![1, 2, 0])]);
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
    fn several_labels_may_have_a_column_each() {
        let csv = "comment_text,toxic,mild,threat\na,0,1,0\nb,1,0,true\nc,0,0,0\nd,-1,0,0\n";
        let roles = Roles { label: Some("toxic, threat".into()), ..roles("comment_text", None) };
        let dataset = of_columns(Task::MultiLabel, csv, &roles, None);
        assert_eq!(dataset.labels.names, ["toxic", "threat"]);
        assert_eq!(targets(&dataset), [vec![], vec![0, 1], vec![]].map(Target::Classes));
        assert_eq!(excluded(&dataset), [(5, "has -1 in the column \"toxic\", which stands for no label")]);
        let known = of_columns(Task::MultiLabel, csv, &roles, Some(&["threat", "other", "toxic"]));
        assert_eq!(targets(&known)[1], Target::Classes(vec![0, 2]));
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
            Roles::default(),
            r#"no column of "train.csv" is chosen as the words, expected one of text, label"#,
        );
        check(
            csv,
            Task::Qa,
            Roles { question: Some("text".into()), ..Roles::default() },
            r#"no column of "train.csv" is chosen as the context, expected one of text, label"#,
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
            r#"the only row of "train.csv" cannot be used for regress: line 2 has the label "b", expected a number"#,
        );
    }

    fn of_columns(task: Task, text: &str, roles: &Roles, labels: Option<&[&str]>) -> Dataset {
        let labels = labels.map(|names| LabelSet { names: names.iter().map(|&name| name.into()).collect() });
        Dataset::new(table(text), task, roles, labels.as_ref()).unwrap()
    }

    fn words_and_tags() -> Roles {
        Roles { tokens: Some("tokens".into()), tags: Some("tags".into()), ..Roles::default() }
    }

    const TAGGED: &str = "tokens\ttags\nAda flew\tI-PER O\nnew york city\tI-LOC I-LOC\nin rome\tO I-LOC\n";

    #[test]
    fn tags_are_kept_in_iob2_and_must_be_as_many_as_words() {
        let dataset = of_columns(Task::Ner, TAGGED, &words_and_tags(), None);
        assert_eq!(dataset.labels.names, ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
        assert_eq!(dataset.notation.scheme, tags::Scheme::Inside);
        assert_eq!(targets(&dataset), [vec![3, 0], vec![0, 1]].map(Target::Tags));
        assert_eq!(excluded(&dataset), [(3, "has 3 words and 2 tags, expected one tag for each word")]);
        assert_eq!((dataset.words(1), &*dataset.readable(1)), (vec!["in".into(), "rome".into()], "in rome"));
        assert_eq!(dataset.counts(), [2, 1, 0, 1, 0]);
    }

    #[test]
    fn a_model_that_knows_the_inside_alone_is_still_asked_for_all_entities() {
        let dataset = of_columns(Task::Ner, TAGGED, &words_and_tags(), Some(&["I-LOC", "I-PER", "O"]));
        assert_eq!(targets(&dataset), [vec![1, 2], vec![2, 0]].map(Target::Tags));
        let unknown = of_columns(Task::Ner, TAGGED, &words_and_tags(), Some(&["O", "B-PER", "I-PER"]));
        assert_eq!(unknown.examples.len(), 1);
        let reason = r#"has the tag "B-LOC", expected one of 3 known tags (O, B-PER, I-PER)"#;
        assert_eq!(excluded(&unknown)[1], (4, reason));
    }

    #[test]
    fn numbered_tags_are_places_among_known_labels_and_else_types_of_their_own() {
        let numbered = "tokens\ttags\nAda flew\t1 0\nnew york city\t3 4 -100\nin rome\t0 9\n";
        let unnamed = of_columns(Task::Ner, numbered, &words_and_tags(), None);
        assert_eq!(unnamed.labels.names[..3], ["O", "B-1", "I-1"]);
        assert_eq!(targets(&unnamed)[0], Target::Tags(vec![1, 0]));
        let known = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
        let named = of_columns(Task::Ner, numbered, &words_and_tags(), Some(&known));
        assert_eq!(targets(&named), [vec![1, 0], vec![3, 4, 0]].map(Target::Tags));
        assert_eq!(excluded(&named), [(4, "has the tag 9, expected 0 to 4, the places of the 5 known tags")]);
    }

    #[test]
    fn lists_of_zeros_and_ones_have_a_label_for_each_place() {
        let check = |cells: [&str; 4], expected: [&[u32]; 4]| {
            let rows: String = cells.iter().zip('a'..).map(|(cell, text)| format!("{text}\t{cell}\n")).collect();
            let text = format!("text\tlabels\n{rows}");
            let data = of_columns(Task::MultiLabel, &text, &roles("text", Some("labels")), None);
            assert_eq!(data.labels.names, ["LABEL_0", "LABEL_1", "LABEL_2"], "{cells:?}");
            assert_eq!(targets(&data), expected.map(|set| Target::Classes(set.to_vec())), "{cells:?}");
            let known = ["joy", "fear", "anger"];
            let named = of_columns(Task::MultiLabel, &text, &roles("text", Some("labels")), Some(&known));
            assert_eq!(
                (named.labels.names.as_slice(), targets(&named)),
                (&known.map(str::to_owned)[..], targets(&data))
            );
            let other = Dataset::new(
                table(&text),
                Task::MultiLabel,
                &roles("text", Some("labels")),
                Some(&LabelSet { names: vec!["joy".into()] }),
            );
            assert!(
                other
                    .unwrap_err()
                    .to_string()
                    .contains("has 3 places of 0 and 1, expected one for each of the 1 known")
            );
        };
        let expected: [&[u32]; 4] = [&[0, 1], &[], &[2], &[0]];
        check(["[1.0, 1.0, 0.0]", "[0.0, 0.0, 0.0]", "[0.0, 0.0, 1.0]", "[1.0, 0.0, 0.0]"], expected);
        check(["[1, 1, 0]", "[0, 0, 0]", "[0, 0, 1]", "[1, 0, 0]"], expected);
        check(
            ["[true, true, false]", "[false, false, false]", "[false, false, true]", "[true, false, false]"],
            expected,
        );
        check(
            ["[True, True, False]", "[False, False, False]", "[False, False, True]", "[True, False, False]"],
            expected,
        );
        check(["[1 1 0]", "[0 0 0]", "[0 0 1]", "[1 0 0]"], expected);
        check(["[1. 1. 0.]", "[0. 0. 0.]", "[0. 0. 1.]", "[1. 0. 0.]"], expected);
        check(["[ True  True False]", "[False False False]", "[False False  True]", "[ True False False]"], expected);
        check(["(1, 1, 0)", "(0, 0, 0)", "(0, 0, 1)", "(1, 0, 0)"], expected);
        check(["['1', '1', '0']", "['0', '0', '0']", "['0', '0', '1']", "['1', '0', '0']"], expected);
        check(["1,1,0", "0,0,0", "0,0,1", "1,0,0"], expected);
        check(["1 1 0", "0 0 0", "0 0 1", "1 0 0"], expected);
        check(["1;1;0", "0;0;0", "0;0;1", "1;0;0"], expected);
        check(
            ["tensor([1., 1., 0.])", "tensor([0., 0., 0.])", "tensor([0., 0., 1.])", "tensor([1., 0., 0.])"],
            expected,
        );
    }

    #[test]
    fn a_row_of_one_class_has_one_label_in_its_list() {
        let csv = "text\tlabel\na\t['x']\nb\t['y']\nc\t['x', 'y']\nd\t[]\n";
        let data = of_columns(Task::Classify, csv, &roles("text", Some("label")), None);
        assert_eq!(data.labels.names, ["x", "y"]);
        assert_eq!(targets(&data), [Target::Class(0), Target::Class(1)]);
        let reasons = excluded(&data);
        assert_eq!(reasons[0], (4, r#"has the labels "['x', 'y']", expected one; the task multilabel takes several"#));
        assert_eq!(reasons[1], (5, "has no label"));
        let csv = "text\tlabel\na\t[0, 1, 0]\nb\t[1, 0, 0]\nc\t[1, 0, 1]\n";
        let data = of_columns(Task::Classify, csv, &roles("text", Some("label")), None);
        assert_eq!((targets(&data), data.excluded.len()), (vec![Target::Class(1), Target::Class(0)], 1));
        let brackets = "text\tlabel\na\t[spam]\nb\t[ham]\n";
        assert_eq!(
            of_columns(Task::Classify, brackets, &roles("text", Some("label")), None).labels.names,
            ["[ham]", "[spam]"]
        );
    }

    #[test]
    fn hidden_labels_are_no_class_and_are_told() {
        let csv = "text,label\na,0\nb,1\nc,0\nd,1\ne,0\nf,-1\ng,-1\n";
        let data = of_columns(Task::Classify, csv, &roles("text", Some("label")), None);
        assert_eq!(
            (data.labels.names.as_slice(), data.examples.len()),
            (["0".to_owned(), "1".to_owned()].as_slice(), 5)
        );
        assert_eq!(excluded(&data)[0], (7, "has the label \"-1\", which stands for no label here"));
        let all = Dataset::new(table("text,label\na,-1\nb,-1\n"), Task::Classify, &roles("text", Some("label")), None);
        assert!(all.unwrap_err().to_string().contains("stands for no label here"));
    }

    #[test]
    fn a_model_without_types_reads_tags_without_types() {
        let tagged = "tokens\ttags\nAda flew on\tB I O\n";
        let check = |known: &[&str], expected: Vec<u32>| {
            let data = of_columns(Task::Ner, tagged, &words_and_tags(), Some(known));
            assert_eq!(targets(&data), [Target::Tags(expected)], "{known:?}");
        };
        check(&["B", "I", "O"], vec![0, 1, 2]);
        check(&["O", "B-entity", "I-entity"], vec![1, 2, 0]);
        check(&["O", "B-Disease", "I-Disease"], vec![1, 2, 0]);
    }

    #[test]
    fn labelled_spans_of_a_text_are_tags_of_its_words() {
        let csv = "text,spans\nAda saw Rome.,\"[{\"\"start\"\":8,\"\"end\"\":12,\"\"label\"\":\"\"LOC\"\"}]\"\nnothing here,\n";
        let roles = Roles { text: Some("text".into()), spans: Some("spans".into()), ..Roles::default() };
        let dataset = of_columns(Task::Ner, csv, &roles, None);
        assert_eq!(dataset.words(0), ["Ada", "saw", "Rome", "."]);
        assert_eq!(targets(&dataset), [vec![0, 0, 1, 0], vec![0, 0]].map(Target::Tags));
    }

    #[test]
    fn a_question_has_answers_or_none_or_is_not_labelled() {
        let roles = Roles {
            question: Some("question".into()),
            context: Some("context".into()),
            answers: Some("answers".into()),
            ..Roles::default()
        };
        let untold = "has no answers, and does not say that there is none; expected an answer, or an empty list (with answers \
                      in a column of their own, is_impossible or the start -1)";
        let tsv = "question\tcontext\tanswers\nwho?\tAda ran.\t{\"text\":[\"Ada\"],\"answer_start\":[0]}\n\
                   why?\tAda ran.\t{\"text\":[],\"answer_start\":[]}\nwhen?\tAda ran.\t\nhow?\t\t\n";
        let dataset = of_columns(Task::Qa, tsv, &roles, None);
        let ada = || Target::Answers(vec![GoldAnswer { text: "Ada".into(), start: 0 }]);
        let none = || Target::Answers(Vec::new());
        assert_eq!(targets(&dataset), [ada(), none()]);
        assert_eq!((dataset.text(0), dataset.pair(0)), ("who?", Some("Ada ran.")));
        assert_eq!(excluded(&dataset), [(4, untold), (5, "has no context")]);
        let check = |rows: &[&str], expected: &[Option<Target>]| {
            let csv = format!("question,context,answers,answer_start,is_impossible\n{}\n", rows.join("\n"));
            let dataset = of_columns(Task::Qa, &csv, &roles, None);
            let found: Vec<Option<Target>> = (0..rows.len())
                .map(|row| dataset.examples.iter().find(|one| one.row == row).map(|one| one.target.clone()))
                .collect();
            assert_eq!(found, expected, "{rows:?}: {:?}", dataset.excluded);
        };
        // What says nothing is no answer that is said to be missing.
        for cell in ["", "NaN", "None", "null", "N/A"] {
            check(&["who?,Ada ran.,Ada,,", &format!("why?,Ada ran.,{cell},,")], &[Some(ada()), None]);
            check(&["who?,Ada ran.,Ada,0,", &format!("why?,Ada ran.,{cell},-1,")], &[Some(ada()), Some(none())]);
            check(&["who?,Ada ran.,Ada,,False", &format!("why?,Ada ran.,{cell},,True")], &[Some(ada()), Some(none())]);
            check(&["who?,Ada ran.,Ada,,False", &format!("why?,Ada ran.,{cell},,False")], &[Some(ada()), None]);
            check(&[&format!("why?,Ada ran.,{cell},,")], &[Some(Target::None)]);
        }
        check(&["who?,Ada ran.,Ada,,", "why?,Ada ran.,[],,"], &[Some(ada()), Some(none())]);
        check(&["who?,Ada ran.,Ada,,", "why?,Ada ran.,ran,,True"], &[Some(ada()), None]);
    }

    #[test]
    fn the_order_of_sentences_has_names_and_numbers() {
        let roles = Roles { pair: Some("pair".into()), ..roles("text", Some("label")) };
        let csv = "text,pair,label\na,b,0\nc,d,not_next\ne,f,maybe\n";
        let dataset = of_columns(Task::Nsp, csv, &roles, None);
        assert_eq!(targets(&dataset), [Target::Class(0), Target::Class(1)]);
        assert_eq!(excluded(&dataset), [(4, r#"has the label "maybe", expected 0 or is_next, 1 or not_next"#)]);
        assert!(!dataset.makes_its_own_labels());
    }
}
