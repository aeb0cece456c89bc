//! What is wrong with a dataset before anything is learned from it: rows with nothing to read, repeats, contradictions,
//! tags that cannot follow each other, answers that stand elsewhere, classes that are too large or too rare, and texts
//! that stand in both parts of a split.
//!
//! Two texts are the same if they differ only in case, in white space, in how accents are coded and in what cannot be seen,
//! and where words carry tags, if they are equal; of pairs, both texts are.

mod answers;
mod damage;
mod kinds;
mod markup;
mod repeats;

use super::choices::is_by_choice;
use super::entities::Kinds;
use super::labels::may_be_nothing;
use super::moved::moved_answers;
use super::rejected::is_rejection;
use super::rows::Content;
use super::spellings::{examples_misspelt, spellings};
use super::summary::{Count, Summary};
use super::targets::told_unanswered;
use super::{Dataset, Split, Target, guess};
use crate::stop::heed;
use crate::table::boundaries::cuts_word;
use crate::table::notation::tags;
use crate::table::notation::tags::Scheme;
use crate::table::{LeftOut, Place, RowProblem, plain_name};
use crate::task::{Annotation, Reads, Targets, Task};

pub use kinds::FindingKind;
pub use markup::Markup;
pub(super) use repeats::repeats;
pub use repeats::{Leaks, Part, firsts, leaks};

/// One kind of problem, with every row that has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    pub task: Task,
    /// Rows or, for [`FindingKind::RareClasses`], classes, and for [`FindingKind::CutWords`] spans.
    pub count: usize,
    /// Where they are, in the order of the rows. In some files many rows share a line.
    pub places: Vec<Place>,
    /// Rows of the table, ascending; none for rows that could not be read.
    pub rows: Vec<usize>,
}

/// Examples below which a class is rare.
pub const RARE: u64 = 8;
/// How many times the other classes' mean makes a class too large.
const TOO_LARGE: u64 = 4;

impl Finding {
    fn new(kind: FindingKind, dataset: &Dataset, rows: Vec<usize>) -> Self {
        let places = rows.iter().map(|&row| dataset.table.at(row)).collect();
        Self { kind, task: dataset.task, count: rows.len(), places, rows }
    }

    fn of_examples(kind: FindingKind, dataset: &Dataset, examples: &[usize]) -> Self {
        let mut rows: Vec<usize> = examples.iter().map(|&example| dataset.examples[example].row).collect();
        rows.sort_unstable();
        Self::new(kind, dataset, rows)
    }

    /// What was left out while reading.
    fn of_problems(kind: FindingKind, dataset: &Dataset, what: LeftOut) -> Self {
        let problems = || dataset.table.problems.iter().filter(|problem| problem.what == what);
        let places: Vec<Place> = problems().map(RowProblem::at).collect();
        // Only what others annotated stands behind a row of its own.
        let row_of = |problem: &RowProblem| problem.rows_before?.checked_sub(1);
        let rows = if what == LeftOut::Further { problems().filter_map(row_of).collect() } else { Vec::new() };
        Self { kind, task: dataset.task, count: places.len(), places, rows }
    }

    /// Rows that annotators threw away, also while the file was read.
    fn rejected(dataset: &Dataset, rows: Vec<usize>) -> Self {
        let read = Self::new(FindingKind::Rejected, dataset, rows);
        let unread = Self::of_problems(FindingKind::Rejected, dataset, LeftOut::Rejected);
        Self { count: read.count + unread.count, places: [unread.places, read.places].concat(), ..read }
    }
}

/// Looks for all problems of a dataset. Kinds that do not occur are absent.
pub fn health(dataset: &Dataset) -> Vec<Finding> {
    let mut findings = columns(dataset);
    findings.extend(left_out(dataset));
    findings.push(unanswered(dataset));
    findings.push(Finding::of_examples(FindingKind::PlacedFirst, dataset, &answers::placed_first(dataset)));
    findings.extend(damage::damage(dataset));
    let (duplicates, contradictions) = repeats(dataset);
    findings.push(Finding::of_examples(FindingKind::Duplicates, dataset, &duplicates));
    findings.push(Finding::of_examples(FindingKind::Contradictions, dataset, &contradictions));
    findings.push(label_in_text(dataset));
    findings.push(right_to_left(dataset));
    findings.extend(unapproved(dataset));
    findings.extend(annotators(dataset, || (duplicates, contradictions)));
    for (markup, examples) in markup::found(dataset) {
        let can_turn = markup == Markup::Entities && matches!(dataset.content, Content::Text { .. });
        findings.push(Finding::of_examples(FindingKind::Markup { markup, can_turn }, dataset, &examples));
    }
    findings.push(cut_words(dataset));
    findings.push(Finding::of_examples(FindingKind::ImpossibleTags, dataset, &impossible_tags(dataset)));
    let kind = FindingKind::Spellings { classes: spellings(dataset) };
    findings.push(Finding::of_examples(kind, dataset, &examples_misspelt(dataset)));
    findings.extend(classes(dataset));
    findings.extend(entity_types(dataset));
    findings.retain(|finding| finding.count > 0);
    findings
}

/// Looks for texts of the evaluated part that are learned from. Without an evaluation file of its own both parts are of
/// one dataset.
pub fn split_health(train: &Dataset, eval: &Dataset, split: &Split) -> Vec<Finding> {
    let (learned, evaluated) =
        (Part { dataset: train, examples: &split.train }, Part { dataset: eval, examples: &split.eval });
    let mut findings = vec![leaked(train, eval, split)];
    if train.task.reads() == Reads::Question && train.roles.group.is_none() && std::ptr::eq(train, eval) {
        let shared = repeats::shared_contexts(learned, evaluated);
        findings.push(Finding::of_examples(FindingKind::SharedContexts, eval, &shared));
    }
    // What holds for the whole file is found there.
    let is_new = |finding: &Finding| !matches!(finding.kind, FindingKind::OneClass { .. }) || has_several(train);
    findings.extend(unlearnable(train, eval, split).into_iter().filter(is_new));
    findings.retain(|finding| finding.count > 0);
    findings
}

/// Texts of the evaluated part that are learned from, with the rows that they are learned from.
pub fn leaked(train: &Dataset, eval: &Dataset, split: &Split) -> Finding {
    let (learned, evaluated) =
        (Part { dataset: train, examples: &split.train }, Part { dataset: eval, examples: &split.eval });
    let found = leaks(learned, evaluated);
    Finding { count: found.eval.len(), ..Finding::of_examples(FindingKind::Leaks, train, &found.train) }
}

/// Whether a dataset has examples of several classes, wherever they stand.
fn has_several(dataset: &Dataset) -> bool {
    dataset.counts().iter().filter(|count| **count > 0).count() > 1
}

/// What cannot be learned from the training part: there is nothing to tell apart, or some classes never occur. This is
/// what a person must know of a run before it begins, and of its result.
pub fn unlearnable(train: &Dataset, eval: &Dataset, split: &Split) -> Vec<Finding> {
    let examples = || split.train.iter().filter_map(|example| train.examples.get(*example));
    let all = examples().filter(|example| example.target != Target::None).count();
    if all == 0 || train.makes_its_own_labels() {
        return Vec::new();
    }
    let summary = Summary::new(train, Some(eval), split);
    let names_of = |test: &dyn Fn(&Count) -> bool| -> Vec<String> {
        summary.counts.iter().filter(|count| test(count)).map(|count| count.name.clone()).collect()
    };
    let learned = names_of(&|count| count.train > 0);
    let about = |kind, count| Finding { count, ..Finding::new(kind, train, Vec::new()) };
    let one_class = |label: &str| about(FindingKind::OneClass { label: label.to_owned() }, all);
    let mut findings = Vec::new();
    match train.task.targets() {
        Targets::Class => {
            findings.extend(learned.first().filter(|_| learned.len() == 1).map(|label| one_class(label)));
        }
        Targets::Tags if learned.is_empty() => findings.push(one_class("O")),
        Targets::Span => {
            let answered = summary.counts.first().is_some_and(|count| count.train > 0);
            findings.extend((!answered).then(|| one_class("")));
        }
        Targets::Number => {
            let mut values = examples().filter_map(|example| match example.target {
                Target::Value(value) => Some(value),
                _ => None,
            });
            let first = values.next();
            findings.extend(
                first.filter(|first| values.all(|value| value == *first)).map(|value| one_class(&value.to_string())),
            );
        }
        Targets::Classes => {
            let labels = names_of(&|count| count.train as usize == all);
            findings.push(about(FindingKind::Always { labels: labels.clone() }, labels.len()));
        }
        Targets::Tags | Targets::Hidden | Targets::Replaced => {}
    }
    if train.task.targets() != Targets::Span {
        let labels = names_of(&|count| count.train == 0);
        findings.push(about(FindingKind::NotLearned { labels: labels.clone() }, labels.len()));
    }
    findings.retain(|finding| finding.count > 0);
    findings
}

/// What is odd about the choice of columns.
pub fn columns(dataset: &Dataset) -> Vec<Finding> {
    let (table, roles) = (&dataset.table, &dataset.roles);
    let about = |kind, count| Finding { count, ..Finding::new(kind, dataset, Vec::new()) };
    let strange = guess::no_text(table, roles).into_iter();
    let mut findings: Vec<Finding> =
        strange.map(|(column, holds)| about(FindingKind::NoText { column, holds }, 1)).collect();
    if dataset.task.is_sequence() {
        let columns = guess::unused_texts(table, roles);
        let count = columns.len();
        findings.extend((count > 0).then(|| about(FindingKind::UnusedTexts { columns }, count)));
        let columns = guess::other_labels(table, roles, dataset.task);
        findings.push(about(FindingKind::OtherLabels { columns: columns.clone() }, columns.len()));
        let column = guess::tags_as_label(table, roles);
        findings.extend(column.map(|column| about(FindingKind::TagsAsLabel { column }, 1)));
        findings.extend(several_labels(dataset).map(|label| about(FindingKind::SeveralLabels { label }, 1)));
    }
    if dataset.task.targets() == Targets::Tags {
        let columns = guess::other_tags(table, roles);
        findings.push(about(FindingKind::OtherTags { columns: columns.clone() }, columns.len()));
        let are_pairs = dataset.notation.scheme == Scheme::NumberedPairs;
        let is_unnamed = dataset.roles.tags.is_some() && dataset.notation.scheme.is_numbered();
        findings.push(about(FindingKind::NumberedTags { are_pairs }, usize::from(is_unnamed)));
    }
    findings.extend(no_label_names(dataset).map(|labels| about(FindingKind::MayBeNoLabel { labels }, 1)));
    findings.retain(|finding| finding.count > 0);
    findings
}

/// A label of one class that plainly is several.
fn several_labels(dataset: &Dataset) -> Option<String> {
    let column = dataset.roles.label.as_deref().and_then(|name| dataset.table.column(name));
    let column = column.filter(|_| dataset.task.annotation() == Annotation::Label)?;
    guess::joined_labels(&dataset.table, column)
}

/// Classes that are called what stands for a missing value.
fn no_label_names(dataset: &Dataset) -> Option<Vec<String>> {
    let is_of_classes = dataset.task.annotation().is_named() && dataset.labels.len() > 2;
    let names = dataset.labels.names.iter().filter(|name| is_of_classes && may_be_nothing(name));
    Some(names.cloned().collect::<Vec<String>>()).filter(|names| !names.is_empty())
}

/// Rows that are no examples, by what is missing.
fn left_out(dataset: &Dataset) -> Vec<Finding> {
    let (mut empty, mut misplaced, mut unlabelled, mut rejected) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (row, problem) in dataset.rows_left_out().into_iter().zip(&dataset.excluded) {
        if is_by_choice(&problem.reason) {
            // Left out because somebody said so, which is no finding.
        } else if is_rejection(&problem.reason) {
            rejected.push(row);
        } else if !dataset.has_texts(row) {
            empty.push(row);
        } else if moved_answers(dataset, row).is_some() {
            misplaced.push(row);
        } else {
            unlabelled.push(row);
        }
    }
    vec![
        Finding::of_problems(FindingKind::Unreadable, dataset, LeftOut::Unread),
        Finding::rejected(dataset, rejected),
        Finding::of_problems(FindingKind::SeveralAnnotations, dataset, LeftOut::Further),
        Finding::new(FindingKind::EmptyText, dataset, empty),
        Finding::new(FindingKind::MisplacedAnswers, dataset, misplaced),
        Finding::new(FindingKind::NoUsableLabel, dataset, unlabelled),
    ]
}

/// Texts that several annotators labelled, a row each, where a column tells the annotators and nothing keeps the copies of a
/// text together. `repeats` are the examples that stand there more than once, with the same label and with another.
fn annotators(dataset: &Dataset, repeats: impl FnOnce() -> (Vec<usize>, Vec<usize>)) -> Option<Finding> {
    const OFTEN: usize = 10;
    let text = dataset.roles.text.clone().filter(|_| dataset.roles.group.is_none())?;
    let column = guess::annotators(&dataset.table, &dataset.roles)?;
    let (duplicates, contradictions) = repeats();
    let mut repeated = [duplicates, contradictions].concat();
    if repeated.is_empty() || repeated.len() * OFTEN < dataset.examples.len() {
        return None;
    }
    repeated.sort_unstable();
    repeated.dedup();
    Some(Finding::of_examples(FindingKind::Annotators { column, text }, dataset, &repeated))
}

/// The same where nothing is known of repeats yet.
pub fn annotated_by_several(dataset: &Dataset) -> Option<Finding> {
    annotators(dataset, || repeats(dataset))
}

/// Texts in Hebrew, Arabic and the other scripts of the blocks that Unicode keeps for such.
fn right_to_left(dataset: &Dataset) -> Finding {
    let is_such = |letter: char| {
        matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
            || matches!(letter, '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    };
    let has_such = |text: &str| !text.is_ascii() && text.contains(is_such);
    let is_found = |example: &usize| has_such(dataset.text(*example)) || dataset.pair(*example).is_some_and(has_such);
    let found: Vec<usize> = (0..dataset.examples.len()).inspect(|_| heed()).filter(is_found).collect();
    Finding::of_examples(FindingKind::RightToLeft, dataset, &found)
}

/// Texts that begin with the name of their class, where nearly all do: a file that was made for another program, say.
fn label_in_text(dataset: &Dataset) -> Finding {
    const FEWEST: usize = 8;
    let begins = |example: &usize| {
        let Target::Class(class) = dataset.examples[*example].target else { return false };
        let name = dataset.labels.names[class as usize].as_str();
        let is_word = name.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
        let text = dataset.text(*example).trim_start();
        let text = text.strip_prefix("__label__").unwrap_or(text);
        let head = text.get(..name.len()).filter(|_| is_word);
        let ends = || !text[name.len()..].starts_with(char::is_alphanumeric);
        head.is_some_and(|head| head.to_lowercase() == name.to_lowercase()) && ends()
    };
    let all = dataset.examples.len();
    let found: Vec<usize> = (0..all).filter(begins).collect();
    let is_made = all >= FEWEST && dataset.labels.len() > 1 && found.len() * 10 >= all * 9;
    Finding::of_examples(FindingKind::LabelInText, dataset, if is_made { &found[..] } else { &[] })
}

/// Rows that nobody approved, where a column tells who approved others, as in what doccano exports.
fn unapproved(dataset: &Dataset) -> Option<Finding> {
    let (table, roles) = (&dataset.table, &dataset.roles);
    let is_one = |name: &&String| ["annotationapprover", "approver", "approvedby"].contains(&plain_name(name).as_str());
    let column = table.columns.iter().find(is_one)?;
    let place = table.column(column).filter(|_| roles.named().all(|(_, used)| used != column))?;
    let is_empty = |row: usize| table.cell(row, place).trim().is_empty();
    let rows: Vec<usize> = dataset.examples.iter().map(|example| example.row).filter(|row| is_empty(*row)).collect();
    let some_are = dataset.examples.iter().any(|example| !is_empty(example.row));
    (some_are && !rows.is_empty())
        .then(|| Finding::new(FindingKind::Unapproved { column: column.clone() }, dataset, rows))
}

/// Questions that are said to have no answer. They are meant where a column says so of each, as SQuAD 2.0 does, or where
/// they are many; a few empty lists of answers among others may have been forgotten.
fn unanswered(dataset: &Dataset) -> Finding {
    const MANY: usize = 20;
    let found = examples_of(dataset, &|target| matches!(target, Target::Answers(answers) if answers.is_empty()));
    let are_many = found.len() * MANY >= dataset.examples.len();
    let of_row = told_unanswered(&dataset.table, &dataset.roles);
    let is_told = |example: &usize| of_row(dataset.examples[*example].row);
    let is_meant = !found.is_empty() && (are_many || found.iter().all(is_told));
    Finding::of_examples(FindingKind::Unanswered { is_meant }, dataset, &found)
}

/// The examples whose target is of a kind.
pub(super) fn examples_of(dataset: &Dataset, wanted: &dyn Fn(&Target) -> bool) -> Vec<usize> {
    (0..dataset.examples.len()).filter(|&example| wanted(&dataset.examples[example].target)).collect()
}

/// The sentences with an `I-` that goes on with nothing.
pub(super) fn impossible_tags(dataset: &Dataset) -> Vec<usize> {
    if dataset.task.targets() != Targets::Tags {
        return Vec::new();
    }
    let kinds = Kinds::of(&dataset.labels);
    examples_of(dataset, &|target| matches!(target, Target::Tags(tags) if kinds.impossible(tags).next().is_some()))
}

/// Spans that begin or end inside a word, of the rows that are learned from.
fn cut_words(dataset: &Dataset) -> Finding {
    let (mut count, mut examples) = (0, Vec::new());
    if let Content::Spans { text, spans: Some(spans) } = dataset.content {
        for (index, example) in dataset.examples.iter().enumerate() {
            let found = tags::spans(dataset.table.cell(example.row, spans)).unwrap_or_default();
            let letters: Vec<char> = match found.as_slice() {
                [] => continue,
                _ => dataset.table.cell(example.row, text).chars().collect(),
            };
            let is_inside =
                |place: usize| place > 0 && place < letters.len() && cuts_word(letters[place - 1], letters[place]);
            let cut = found.iter().filter(|span| is_inside(span.start) || is_inside(span.end)).count();
            count += cut;
            examples.extend((cut > 0).then_some(index));
        }
    }
    Finding { count, ..Finding::of_examples(FindingKind::CutWords, dataset, &examples) }
}

impl Dataset {
    /// What a person should know of the data before something is learned from them: what was settled for a file as a
    /// whole, what annotators threw away, answers that may stand elsewhere, and spans that cut words.
    pub fn remarks(&self) -> Vec<String> {
        let name = self.table.origins.inputs.title();
        let notes = self.table.notes.iter().map(|note| format!("{name}: {note}"));
        let cut = cut_words(self);
        let first =
            cut.rows.first().map(|row| format!("{name}: {}; the first, {}", cut.message(), self.table.place(*row)));
        let decided = self.decided().map(|decided| format!("{name}: {decided}"));
        let told = self.told_apart().into_iter().map(|finding| format!("{name}: {}", finding.message()));
        notes.chain(decided).chain(told).chain(first).collect()
    }

    /// What is to be known of rows besides those that cannot be used.
    fn told_apart(&self) -> Vec<Finding> {
        let is_thrown_away = |(_, problem): &(usize, &RowProblem)| is_rejection(&problem.reason);
        let excluded = self.rows_left_out().into_iter().zip(&self.excluded).filter(is_thrown_away);
        let mut told = vec![
            Finding::rejected(self, excluded.map(|(row, _)| row).collect()),
            Finding::of_problems(FindingKind::SeveralAnnotations, self, LeftOut::Further),
            Finding::of_examples(FindingKind::PlacedFirst, self, &answers::placed_first(self)),
        ];
        told.retain(|finding| finding.count > 0);
        told
    }
}

fn classes(dataset: &Dataset) -> Vec<Finding> {
    let of_classes = |target: &Target| matches!(target, Target::Class(_) | Target::Classes(_));
    if dataset.labels.is_empty() || !dataset.examples.iter().any(|example| of_classes(&example.target)) {
        return Vec::new();
    }
    let counts = dataset.counts();
    let names = &dataset.labels.names;
    let finding =
        |kind, wanted: &dyn Fn(&Target) -> bool| Finding::of_examples(kind, dataset, &examples_of(dataset, wanted));
    let mut findings = Vec::new();
    let total: u64 = counts.iter().sum();
    let single = dataset.examples.iter().all(|example| matches!(example.target, Target::Class(_)));
    let largest = counts.iter().zip(0_u32..).max_by_key(|&(count, class)| (count, std::cmp::Reverse(class)));
    if let Some((&most, class)) = largest.filter(|_| single) {
        let label = names[class as usize].clone();
        let is_largest = |target: &Target| *target == Target::Class(class);
        let others = counts.len() as u64 - 1;
        if most == total {
            findings.push(finding(FindingKind::OneClass { label }, &is_largest));
        } else if most * others >= TOO_LARGE * (total - most) {
            let share = most as f64 / total as f64;
            findings.push(finding(FindingKind::Imbalance { label, share }, &is_largest));
        }
    }
    let is_rare = |class: &u32| counts[*class as usize] < RARE;
    let labels: Vec<String> =
        (0..names.len() as u32).filter(is_rare).map(|class| names[class as usize].clone()).collect();
    let can_leave_out = single && names.len() >= labels.len() + 2;
    let count = labels.len();
    let rare = finding(FindingKind::RareClasses { labels, can_leave_out }, &|target| match target {
        Target::Class(class) => is_rare(class),
        Target::Classes(set) => set.iter().any(is_rare),
        _ => false,
    });
    findings.push(Finding { count, ..rare });
    findings
        .push(finding(FindingKind::WithoutLabels, &|target| matches!(target, Target::Classes(set) if set.is_empty())));
    findings
}

/// Types of entities that are too rare, and sentences where no type occurs at all.
fn entity_types(dataset: &Dataset) -> Vec<Finding> {
    if dataset.task.targets() != Targets::Tags || !dataset.is_labelled() {
        return Vec::new();
    }
    let kinds = Kinds::of(&dataset.labels);
    let mut counts = vec![0_u64; kinds.names.len()];
    let entities_of = |target: &Target| match target {
        Target::Tags(tags) => kinds.entities(tags),
        _ => Vec::new(),
    };
    for example in &dataset.examples {
        for entity in entities_of(&example.target) {
            counts[entity.kind] += 1;
        }
    }
    let labels: Vec<String> =
        kinds.names.iter().zip(&counts).filter(|(_, count)| **count < RARE).map(|(name, _)| name.clone()).collect();
    let is_rare = |target: &Target| entities_of(target).iter().any(|entity| counts[entity.kind] < RARE);
    let count = labels.len();
    let rare = FindingKind::RareClasses { labels, can_leave_out: false };
    vec![Finding { count, ..Finding::of_examples(rare, dataset, &examples_of(dataset, &is_rare)) }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Roles;
    use crate::data::choices::{Fix, Mend};
    use crate::data::dataset::tests::{roles, table};

    fn found(text: &str, task: Task) -> Vec<Finding> {
        health(&Dataset::new(table(text), task, &roles("text", Some("label")), None).unwrap())
    }

    fn check(text: &str, task: Task, kind: &FindingKind, lines: &[usize]) {
        let findings = found(text, task);
        let places = findings.iter().filter(|finding| finding.kind == *kind).flat_map(|finding| &finding.places);
        assert_eq!(places.map(|place| place.line).collect::<Vec<_>>(), lines, "{kind:?} in {findings:?}");
    }

    #[test]
    fn texts_that_the_window_shows_in_another_order_are_told_and_are_no_problem() {
        let rows = "text\tlabel\nكان الفندق نظيفا\tx\nthe hotel\ty\nthe word שלום\tx\nдом 部屋 ταβέρνα\ty\n";
        check(rows, Task::Classify, &FindingKind::RightToLeft, &[2, 4]);
        assert!(FindingKind::RightToLeft.is_note());
        let told: Vec<String> = found(rows, Task::Classify).iter().map(Finding::message).collect();
        let expected = "2 rows have text written from right to left; the window shows its words in reversed order";
        assert!(told.iter().any(|words| words.starts_with(expected)), "{told:?}");
    }

    #[test]
    fn questions_without_answers_are_a_problem_only_where_they_may_have_been_forgotten() {
        let context = "Ada wrote notes in London";
        let row = |place: usize, answers: &str, more: &str| format!("Who is {place}?\t{context}\t{answers}{more}\n");
        let answer = r#"{"text": ["Ada"], "answer_start": [0]}"#;
        let none = r#"{"text": [], "answer_start": []}"#;
        let answered: String = (0..40).map(|place| row(place, answer, "")).collect();
        let told: String = (0..40).map(|place| row(place, answer, "\tFalse")).collect();
        let check = |text: &str, expected: Option<(bool, usize)>| {
            let roles = Roles {
                question: Some("question".into()),
                context: Some("context".into()),
                answers: Some("answers".into()),
                ..Roles::default()
            };
            let found = health(&Dataset::new(table(text), Task::Qa, &roles, None).unwrap());
            let is_it = |finding: &&Finding| matches!(finding.kind, FindingKind::Unanswered { .. });
            let found = found.iter().find(is_it).map(|finding| (finding.kind.is_note(), finding.count));
            assert_eq!(found, expected, "{text}");
        };
        let head = "question\tcontext\tanswers";
        check(&format!("{head}\n{answered}"), None);
        check(&format!("{head}\n{answered}{}", row(40, none, "")), Some((false, 1)));
        let many: String = (40..60).map(|place| row(place, none, "")).collect();
        check(&format!("{head}\n{answered}{many}"), Some((true, 20)));
        check(&format!("{head}\tis_impossible\n{told}{}", row(40, none, "\tTrue")), Some((true, 1)));
        check(&format!("{head}\tis_impossible\n{told}{}", row(40, none, "\tFalse")), Some((false, 1)));
    }

    #[test]
    fn texts_that_tell_their_label_and_rows_that_nobody_approved_are_told() {
        let row = |row: usize, head: &str, approver: &str| {
            format!("{head}the soup of table {row},{},{approver}\n", ["good", "bad"][row % 2])
        };
        let rows = |head: fn(usize) -> String| -> String {
            (0..12).map(|place| row(place, &head(place), if place < 3 { "" } else { "admin" })).collect()
        };
        let of = |rows: &str, kind: &FindingKind| {
            let found = found(&format!("text,label,annotation_approver\n{rows}"), Task::Classify);
            found.into_iter().find(|finding| finding.kind == *kind).map(|finding| finding.count)
        };
        let told = rows(|row| format!("{}: ", ["Good", "Bad"][row % 2]));
        assert_eq!(of(&told, &FindingKind::LabelInText), Some(12));
        assert_eq!(of(&told.replace(": the", "the"), &FindingKind::LabelInText), None);
        assert_eq!(of(&rows(|_| String::new()), &FindingKind::LabelInText), None);
        let unapproved = FindingKind::Unapproved { column: "annotation_approver".into() };
        assert_eq!(of(&told, &unapproved), Some(3));
        assert_eq!(of(&told.replace("admin", ""), &unapproved), None);
    }

    #[test]
    fn tags_that_are_read_as_a_label_are_told() {
        let kind = FindingKind::TagsAsLabel { column: "label".into() };
        let is_told = |text: &str| found(text, Task::Classify).iter().any(|finding| finding.kind == kind);
        assert!(is_told("text,label\nAda went,B-PER O O\nto Rome,O B-LOC\n"));
        assert!(!is_told("text,label\nAda went,B-PER\nto Rome,O\n"));
        assert!(!is_told("text,label\nAda went,very good\nto Rome,so bad\n"));
    }

    #[test]
    fn texts_that_several_annotators_labelled_are_told() {
        let rows: String =
            (0..12).map(|row| format!("text {},{},{}\n", row / 3, row % 2, ["ann", "bo", "cy"][row % 3])).collect();
        let text = format!("text,label,annotator\n{rows}");
        let kind = FindingKind::Annotators { column: "annotator".into(), text: "text".into() };
        let of = |text: &str, roles: &Roles| {
            let found = health(&Dataset::new(table(text), Task::Classify, roles, None).unwrap());
            found.into_iter().find(|finding| finding.kind == kind).map(|finding| finding.count)
        };
        assert_eq!(of(&text, &roles("text", Some("label"))), Some(12));
        let grouped = Roles { group: Some("text".into()), ..roles("text", Some("label")) };
        assert_eq!(of(&text, &grouped), None);
        assert_eq!(of(&text.replace("annotator", "author"), &roles("text", Some("label"))), None);
        assert_eq!(of("text,label,annotator\na,x,ann\nb,y,bo\n", &roles("text", Some("label"))), None);
    }

    #[test]
    fn one_text_in_two_codings_stands_there_twice_and_one_label_in_two_is_told() {
        let text = "text,label\ncaf\u{e9} noir,caf\u{e9}\ncafe\u{301} noir,cafe\u{301}\nthe\u{200b} vert,th\u{e9}\nthe vert,the \u{a0}\n";
        check(text, Task::Classify, &FindingKind::Contradictions, &[2, 3, 4, 5]);
        let kind = FindingKind::Spellings { classes: vec![vec![("cafe\u{301}".into(), 1), ("caf\u{e9}".into(), 1)]] };
        assert_eq!(kind.remedy(), Some(Mend::Fix(Fix::Spellings)));
        check(text, Task::Classify, &kind, &[2]);
    }

    #[test]
    fn rows_that_teach_nothing_are_found() {
        let text = "text,label\na,x\n ,x\nb,\nc\nd,y\n";
        check(text, Task::Classify, &FindingKind::EmptyText, &[3]);
        check(text, Task::Classify, &FindingKind::NoUsableLabel, &[4]);
        check(text, Task::Classify, &FindingKind::Unreadable, &[5]);
    }

    #[test]
    fn the_same_text_is_found_whatever_its_case_and_spaces() {
        let text = "text,label\nGood film,x\ngood  FILM ,x\nbad film,y\nBad Film,x\nÉtoile,x\nétoile,x\nother,x\n";
        check(text, Task::Classify, &FindingKind::Duplicates, &[3, 7]);
        check(text, Task::Classify, &FindingKind::Contradictions, &[4, 5]);
    }

    #[test]
    fn pairs_are_the_same_only_with_both_texts() {
        let roles = Roles { pair: Some("text2".into()), ..roles("text", Some("label")) };
        let table = table("text,text2,label\na,b,x\na,c,x\nab,,x\nA,B,y\n");
        let findings = health(&Dataset::new(table, Task::Classify, &roles, None).unwrap());
        assert!(findings.iter().all(|finding| finding.kind != FindingKind::Duplicates));
        let contradictions = findings.iter().find(|finding| finding.kind == FindingKind::Contradictions).unwrap();
        assert_eq!(contradictions.rows, [0, 3]);
    }

    #[test]
    fn sentences_with_tags_are_the_same_only_letter_by_letter() {
        let row = |words: &str, tags: &str| {
            let list = |cell: &str| cell.split(' ').map(str::to_owned).collect::<Vec<_>>();
            serde_json::json!({ "tokens": list(words), "tags": list(tags) }).to_string() + "\n"
        };
        let text = row("May came", "B-PER O")
            + &row("may came", "O O")
            + &row("May came", "O O")
            + &row("May came", "B-PER O");
        let roles = Roles { tokens: Some("tokens".into()), tags: Some("tags".into()), ..Roles::default() };
        let findings = health(&Dataset::new(table(&text), Task::Ner, &roles, None).unwrap());
        let rows = |kind| findings.iter().find(|finding| finding.kind == kind).map(|finding| finding.rows.clone());
        assert_eq!(rows(FindingKind::Duplicates), Some(vec![3]));
        assert_eq!(rows(FindingKind::Contradictions), Some(vec![0, 2, 3]));
        let rare = FindingKind::RareClasses { labels: vec!["PER".into()], can_leave_out: false };
        assert_eq!(rows(rare), Some(vec![0, 3]));
    }

    #[test]
    fn spans_that_cut_words_are_found() {
        let line = |text: &str, spans: &str| format!("{{\"text\":\"{text}\",\"spans\":{spans}}}\n");
        let text = line("Ines Kaya ran", r#"[{"start":0,"end":9,"label":"PER"}]"#).repeat(4)
            + &line("Ines Kaya ran", r#"[{"start":1,"end":4,"label":"PER"},{"start":5,"end":8,"label":"PER"}]"#)
            + &line("我在北京", r#"[{"start":2,"end":3,"label":"LOC"}]"#)
            + &line("Bobby", r#"[{"start":0,"end":3,"label":"PER"}]"#);
        let roles = Roles { text: Some("text".into()), spans: Some("spans".into()), ..Roles::default() };
        let dataset = Dataset::new(table(&text), Task::Ner, &roles, None).unwrap();
        let findings = health(&dataset);
        let finding = findings.iter().find(|finding| finding.kind == FindingKind::CutWords).unwrap();
        assert_eq!((finding.count, finding.rows.as_slice()), (3, &[4, 6][..]));
        assert_eq!(finding.message(), "3 spans begin or end inside a word");
        let remarks = dataset.remarks();
        assert_eq!(remarks, ["train.csv: 3 spans begin or end inside a word; the first, line 5"]);
    }

    #[test]
    fn classes_out_of_proportion_are_found() {
        let rows = |label: &str, range: std::ops::Range<usize>| -> String {
            range.map(|i| format!("text {label} {i},{label}\n")).collect::<Vec<_>>().concat()
        };
        let rare = |label: &str| FindingKind::RareClasses { labels: vec![label.into()], can_leave_out: false };
        let text = format!("text,label\n{}{}", rows("x", 0..40), rows("y", 0..10));
        let imbalance = FindingKind::Imbalance { label: "x".into(), share: 0.8 };
        check(&text, Task::Classify, &imbalance, &(2..42).collect::<Vec<_>>());
        let text = format!("text,label\n{}{}", rows("x", 0..39), rows("y", 0..10));
        assert_eq!(found(&text, Task::Classify), []);
        let text = format!("text,label\n{}{}", rows("x", 0..9), rows("y", 0..7));
        check(&text, Task::Classify, &rare("y"), &(11..18).collect::<Vec<_>>());
        let text = format!("text,label\n{}{}{}", rows("x", 0..9), rows("y", 0..7), rows("z", 0..9));
        let can_leave_out = FindingKind::RareClasses { labels: vec!["y".into()], can_leave_out: true };
        check(&text, Task::Classify, &can_leave_out, &(11..18).collect::<Vec<_>>());
        let text = format!("text,label\n{}", rows("x", 0..9));
        check(&text, Task::Classify, &FindingKind::OneClass { label: "x".into() }, &(2..11).collect::<Vec<_>>());
        let text = format!("text,label\n{}none,\n{}", rows("x", 0..9), rows("y;x", 0..9));
        check(&text, Task::MultiLabel, &FindingKind::WithoutLabels, &[11]);
    }

    #[test]
    fn findings_are_told_in_words() {
        let findings = found("text,label\na,x\na,x\nb,y\n", Task::Classify);
        let messages: Vec<String> = findings.iter().map(Finding::message).collect();
        assert_eq!(
            messages,
            ["1 row with the text and label of an earlier row", "2 classes have fewer than 8 examples: x, y"]
        );
    }

    #[test]
    fn texts_in_both_parts_are_found() {
        let read = |text| Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        let one = read("text,label\na,x\nb,y\nA ,y\nc,x\na,y\n");
        let leaks_within =
            leaks(Part { dataset: &one, examples: &[0, 1, 4] }, Part { dataset: &one, examples: &[2, 3] });
        assert_eq!(leaks_within, Leaks { train: vec![0, 4], eval: vec![2] });
        let split = Split { train: vec![0, 1, 4], eval: vec![2, 3] };
        let findings = split_health(&one, &one, &split);
        assert_eq!((findings[0].count, &findings[0].rows), (1, &vec![0, 4]));
        assert_eq!(findings[0].message(), "1 evaluation text also occurs in the training set");
        let other = read("text,label\nC,x\nd,y\nb,y\n");
        let between =
            leaks(Part { dataset: &one, examples: &[0, 1, 2, 3] }, Part { dataset: &other, examples: &[0, 1, 2] });
        assert_eq!(between, Leaks { train: vec![1, 3], eval: vec![0, 2] });
    }

    #[test]
    fn what_the_training_part_cannot_teach_is_found() {
        let told = |text: &str, task, train: &[usize], eval: &[usize]| {
            let data = Dataset::new(table(text), task, &roles("text", Some("label")), None).unwrap();
            let split = Split { train: train.to_vec(), eval: eval.to_vec() };
            unlearnable(&data, &data, &split).iter().map(Finding::message).collect::<Vec<_>>()
        };
        let text = "text,label\na,x\nb,x\nc,y\n";
        assert!(told(text, Task::Classify, &[0, 2], &[1]).is_empty());
        let never = "1 class is never learned, as no training row has it: y";
        let one = "every row has the label \"x\", so there is nothing to learn";
        assert_eq!(told(text, Task::Classify, &[0, 1], &[2]), [one, never]);
        let flags = Roles::guess(&table("text,toxic,rude,threat\na b,1,0,0\nc d,0,1,0\n"), Task::MultiLabel);
        let data = table("text,toxic,rude,threat\na b,1,0,0\nc d,0,1,0\n");
        let data = Dataset::new(data, Task::MultiLabel, &flags, None).unwrap();
        let told_of_flags = unlearnable(&data, &data, &Split { train: vec![0, 1], eval: vec![] });
        assert_eq!(told_of_flags[0].message(), "1 label is never learned, as no training row has it: threat");
        assert_eq!(told("text,label\na,2\nb,2\n", Task::Regress, &[0, 1], &[]).len(), 1);
        assert!(told("text,label\na,2\nb,3\n", Task::Regress, &[0, 1], &[]).is_empty());
    }

    #[test]
    fn spellings_of_one_class_are_found_with_the_rows_of_the_rarer() {
        let text = "text,label\na,pos\nb,Pos\nc,neg\nd,pos\n";
        let findings = found(text, Task::Classify);
        let finding = findings.iter().find(|finding| finding.kind.short() == "spelling variants").unwrap();
        assert_eq!((finding.count, &finding.rows), (1, &vec![1]));
        assert_eq!(finding.message(), "1 row with a different spelling of a class: \"pos\" also as \"Pos\" (1)");
        assert_eq!(finding.kind.remedy(), Some(Mend::Fix(Fix::Spellings)));
    }

    #[test]
    fn contexts_in_both_parts_are_found_until_they_are_a_group() {
        let rows: String = (0..8).map(|row| format!("what {row} ?\tcontext {}\tcontext\n", row / 4)).collect();
        let text = format!("question\tcontext\tanswers\n{rows}");
        let mut roles = Roles {
            question: Some("question".into()),
            context: Some("context".into()),
            answers: Some("answers".into()),
            ..Roles::default()
        };
        let split = Split { train: vec![0, 1, 2, 4, 5, 6], eval: vec![3, 7] };
        let read = |roles: &Roles| Dataset::new(table(&text), Task::Qa, roles, None).unwrap();
        let dataset = read(&roles);
        let findings = split_health(&dataset, &dataset, &split);
        assert_eq!(findings[0].kind, FindingKind::SharedContexts);
        assert_eq!(findings[0].rows, [3, 7]);
        roles.group = Some("context".into());
        let dataset = read(&roles);
        assert_eq!(split_health(&dataset, &dataset, &split), []);
    }
}
