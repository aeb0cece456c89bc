//! What is wrong with a dataset before anything is learned from it: empty rows, duplicates, contradictions, classes that
//! are too large or too rare, and texts that stand in both parts of a split.
//!
//! Two texts are the same if they differ only in case and in white space; of pairs, both texts are.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::{Dataset, Target};

/// One kind of problem, with every row that has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    /// Rows or, for [`FindingKind::RareClasses`], classes.
    pub count: usize,
    /// Lines in the file, ascending.
    pub lines: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FindingKind {
    /// Rows that could not be read from the file.
    Unreadable,
    /// Rows without a text.
    EmptyText,
    /// Rows whose label is missing, unknown or not a number.
    NoUsableLabel,
    /// Rows that repeat an earlier text with the same label.
    Duplicates,
    /// Rows whose text stands elsewhere with another label.
    Contradictions,
    /// There is only one class, so that nothing can be told apart.
    OneClass { label: String },
    /// One class has many times as many examples as the others have on average.
    Imbalance { label: String, share: f64 },
    /// Classes with too few examples to learn from.
    RareClasses { labels: Vec<String> },
    /// Texts to which none of several labels applies, which may mean that they were not labelled.
    WithoutLabels,
}

/// Examples below which a class is rare.
pub const RARE: u64 = 8;
/// How many times the other classes' mean makes a class too large.
const TOO_LARGE: u64 = 4;

impl Finding {
    fn new(kind: FindingKind, mut lines: Vec<usize>) -> Self {
        lines.sort_unstable();
        Self { kind, count: lines.len(), lines }
    }

    /// The finding in words.
    pub fn message(&self) -> String {
        let count = self.count;
        let rows = if count == 1 { "row" } else { "rows" };
        match &self.kind {
            FindingKind::Unreadable => format!("{count} {rows} could not be read"),
            FindingKind::EmptyText => format!("{count} {rows} without a text"),
            FindingKind::NoUsableLabel => format!("{count} {rows} without a usable label"),
            FindingKind::Duplicates => format!("{count} {rows} with an earlier text and the same label"),
            FindingKind::Contradictions => format!("{count} {rows} with a text that also stands under another label"),
            FindingKind::OneClass { label } => {
                format!("every row has the label {label:?}, so there is nothing to tell apart")
            }
            FindingKind::Imbalance { label, share } => {
                format!("{:.0} % of the examples are {label:?}", share * 100.0)
            }
            FindingKind::RareClasses { labels } => {
                let noun = if count == 1 { "class has" } else { "classes have" };
                format!("{count} {noun} fewer than {RARE} examples: {}", super::error::name_list(labels))
            }
            FindingKind::WithoutLabels => format!("{count} {rows} to which no label applies"),
        }
    }
}

/// Looks for all problems of a dataset. Kinds that do not occur are absent.
pub fn health(dataset: &Dataset) -> Vec<Finding> {
    let mut findings = left_out(dataset).to_vec();
    findings.extend(repeated(dataset));
    findings.extend(classes(dataset));
    findings.retain(|finding| finding.count > 0);
    findings
}

fn left_out(dataset: &Dataset) -> [Finding; 3] {
    let table = &dataset.table;
    let unreadable = table.problems.iter().map(|problem| problem.line).collect();
    // Rows are in the order of their lines, so one walk tells which are examples.
    let mut examples = dataset.examples.iter().map(|example| example.row).peekable();
    let (mut empty, mut unlabelled) = (Vec::new(), Vec::new());
    for row in 0..table.rows() {
        if examples.next_if_eq(&row).is_some() {
            continue;
        }
        if dataset.has_texts(row) { unlabelled.push(table.line(row)) } else { empty.push(table.line(row)) }
    }
    [
        Finding::new(FindingKind::Unreadable, unreadable),
        Finding::new(FindingKind::EmptyText, empty),
        Finding::new(FindingKind::NoUsableLabel, unlabelled),
    ]
}

/// A text as it is compared: lower case, with single spaces.
fn compared(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace().flat_map(|word| word.chars().flat_map(char::to_lowercase).chain([' ']))
}

fn hash(dataset: &Dataset, example: usize) -> u64 {
    // Made without random keys, so that it is the same in every run.
    let mut hasher = DefaultHasher::new();
    let mut buffer = String::new();
    for text in [Some(dataset.text(example)), dataset.pair(example)].into_iter().flatten() {
        buffer.clear();
        if text.is_ascii() {
            for word in text.split_ascii_whitespace() {
                buffer.push_str(word);
                buffer.push(' ');
            }
            buffer.make_ascii_lowercase();
        } else {
            buffer.extend(compared(text));
        }
        buffer.hash(&mut hasher);
    }
    hasher.finish()
}

fn hashes(part: Part<'_>) -> Vec<u64> {
    part.examples.par_iter().map(|&example| hash(part.dataset, example)).collect()
}

fn same_text(a: (&Dataset, usize), b: (&Dataset, usize)) -> bool {
    let same = |a: &str, b: &str| a == b || compared(a).eq(compared(b));
    same(a.0.text(a.1), b.0.text(b.1))
        && match (a.0.pair(a.1), b.0.pair(b.1)) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            _ => false,
        }
}

/// Duplicates and contradictions.
fn repeated(dataset: &Dataset) -> [Finding; 2] {
    let all: Vec<usize> = (0..dataset.examples.len()).collect();
    let hashes = hashes(Part { dataset, examples: &all });
    let mut by_text: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut first: HashMap<u64, u32> = HashMap::with_capacity(all.len());
    for (example, &hash) in (0_u32..).zip(&hashes) {
        // Only texts that come again need a list.
        if let Some(&earlier) = first.get(&hash) {
            by_text.entry(hash).or_insert_with(|| vec![earlier]).push(example);
        } else {
            first.insert(hash, example);
        }
    }
    let (mut duplicates, mut contradictions) = (Vec::new(), Vec::new());
    let mut groups: Vec<Vec<u32>> = by_text.into_values().collect();
    groups.sort_unstable();
    for mut group in groups {
        let head = group[0] as usize;
        // Two texts with one hash are all but impossible, and would be a wrong accusation.
        group.retain(|&example| same_text((dataset, head), (dataset, example as usize)));
        let target = |example: &u32| &dataset.examples[*example as usize].target;
        let mut seen: Vec<&Target> = Vec::new();
        for example in &group {
            if seen.contains(&target(example)) {
                duplicates.push(dataset.line(*example as usize));
            } else {
                seen.push(target(example));
            }
        }
        if seen.len() > 1 {
            contradictions.extend(group.iter().map(|&example| dataset.line(example as usize)));
        }
    }
    [Finding::new(FindingKind::Duplicates, duplicates), Finding::new(FindingKind::Contradictions, contradictions)]
}

fn classes(dataset: &Dataset) -> Vec<Finding> {
    if !dataset.is_labelled() || dataset.labels.is_empty() {
        return Vec::new();
    }
    let counts = dataset.counts();
    let names = &dataset.labels.names;
    let lines_of = |wanted: &dyn Fn(&Target) -> bool| -> Vec<usize> {
        let with_target = dataset.examples.iter().filter(|example| wanted(&example.target));
        with_target.map(|example| dataset.table.line(example.row)).collect()
    };
    let mut findings = Vec::new();
    let total: u64 = counts.iter().sum();
    let single = dataset.examples.iter().all(|example| matches!(example.target, Target::Class(_)));
    let largest = counts.iter().zip(0_u32..).max_by_key(|&(count, class)| (count, std::cmp::Reverse(class)));
    if let Some((&most, class)) = largest.filter(|_| single) {
        let label = names[class as usize].clone();
        let of_class = || lines_of(&|target| *target == Target::Class(class));
        let others = counts.len() as u64 - 1;
        if most == total {
            findings.push(Finding::new(FindingKind::OneClass { label }, of_class()));
        } else if most * others >= TOO_LARGE * (total - most) {
            let share = most as f64 / total as f64;
            findings.push(Finding::new(FindingKind::Imbalance { label, share }, of_class()));
        }
    }
    let is_rare = |class: &u32| counts[*class as usize] < RARE;
    let labels: Vec<String> =
        (0..names.len() as u32).filter(is_rare).map(|class| names[class as usize].clone()).collect();
    let lines = lines_of(&|target| match target {
        Target::Class(class) => is_rare(class),
        Target::Classes(set) => set.iter().any(is_rare),
        _ => false,
    });
    findings.push(Finding { count: labels.len(), kind: FindingKind::RareClasses { labels }, lines });
    let without = lines_of(&|target| matches!(target, Target::Classes(set) if set.is_empty()));
    findings.push(Finding::new(FindingKind::WithoutLabels, without));
    findings
}

/// Some examples of a dataset.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub dataset: &'a Dataset,
    pub examples: &'a [usize],
}

/// A text that is evaluated although it was learned from, as the indices of its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    pub train: usize,
    pub eval: usize,
}

/// Texts of the evaluated part that also stand in the training part, in the order of the evaluated examples. The parts
/// may come from one table or from two.
pub fn leaks(train: Part<'_>, eval: Part<'_>) -> Vec<Leak> {
    let mut learned: HashMap<u64, usize> = HashMap::with_capacity(train.examples.len());
    for (hash, &example) in hashes(train).into_iter().zip(train.examples) {
        learned.entry(hash).or_insert(example);
    }
    let of_eval = hashes(eval);
    let evaluated = of_eval.iter().zip(eval.examples);
    let found = evaluated.filter_map(|(hash, &example)| {
        let leak = Leak { train: *learned.get(hash)?, eval: example };
        same_text((train.dataset, leak.train), (eval.dataset, example)).then_some(leak)
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::{roles, table};
    use crate::task::Task;

    fn found(text: &str, task: Task) -> Vec<Finding> {
        health(&Dataset::new(table(text), task, &roles("text", Some("label")), None).unwrap())
    }

    fn check(text: &str, task: Task, kind: &FindingKind, lines: &[usize]) {
        let findings = found(text, task);
        let finding = findings.iter().find(|finding| finding.kind == *kind);
        assert_eq!(finding.map_or(&[][..], |finding| &finding.lines), lines, "{kind:?} in {findings:?}");
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
        let roles = super::super::Roles { pair: Some("text2".into()), ..roles("text", Some("label")) };
        let table = table("text,text2,label\na,b,x\na,c,x\nab,,x\nA,B,y\n");
        let findings = health(&Dataset::new(table, Task::Classify, &roles, None).unwrap());
        assert!(findings.iter().all(|finding| finding.kind != FindingKind::Duplicates));
        let contradictions = findings.iter().find(|finding| finding.kind == FindingKind::Contradictions).unwrap();
        assert_eq!(contradictions.lines, [2, 5]);
    }

    #[test]
    fn classes_out_of_proportion_are_found() {
        let rows = |label: &str, range: std::ops::Range<usize>| -> String {
            range.map(|i| format!("text {label} {i},{label}\n")).collect::<Vec<_>>().concat()
        };
        let text = format!("text,label\n{}{}", rows("x", 0..40), rows("y", 0..10));
        let imbalance = FindingKind::Imbalance { label: "x".into(), share: 0.8 };
        check(&text, Task::Classify, &imbalance, &(2..42).collect::<Vec<_>>());
        let text = format!("text,label\n{}{}", rows("x", 0..39), rows("y", 0..10));
        assert_eq!(found(&text, Task::Classify), []);
        let text = format!("text,label\n{}{}", rows("x", 0..9), rows("y", 0..7));
        check(
            &text,
            Task::Classify,
            &FindingKind::RareClasses { labels: vec!["y".into()] },
            &(11..18).collect::<Vec<_>>(),
        );
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
            ["1 row with an earlier text and the same label", "2 classes have fewer than 8 examples: x, y"]
        );
    }

    #[test]
    fn texts_in_both_parts_are_found() {
        let read = |text| Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), None).unwrap();
        let one = read("text,label\na,x\nb,y\nA ,y\nc,x\n");
        let leaks_within = leaks(Part { dataset: &one, examples: &[0, 1] }, Part { dataset: &one, examples: &[2, 3] });
        assert_eq!(leaks_within, [Leak { train: 0, eval: 2 }]);
        let other = read("text,label\nC,x\nd,y\nb,y\n");
        let between =
            leaks(Part { dataset: &one, examples: &[0, 1, 2, 3] }, Part { dataset: &other, examples: &[0, 1, 2] });
        assert_eq!(between, [Leak { train: 3, eval: 0 }, Leak { train: 1, eval: 2 }]);
    }
}
