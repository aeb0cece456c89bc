//! Classes that are one and are written in several ways: `Pos` and `pos`, `not spam` and `not_spam`, `1` and `1.0`, letters of
//! full width. They are found in the names alone and become the most frequent spelling where a person says so.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::choices::is_by_choice;
use super::folded::folded;
use super::labels::{Classes, flag};
use super::rejected::is_rejection;
use super::relabel::places_of;
use super::targets::Targets;
use super::{Dataset, Example, LabelSet};
use crate::table::is_number;
use crate::table::notation::tags;
use crate::task::{Annotation, Task};

/// A class with the ways in which it is written, the most frequent first, each with its examples, or its words.
pub type Spellings = Vec<(String, u64)>;

/// The names of a dataset's classes without letters before them, in the order of the labels.
fn units(labels: &LabelSet, task: Task) -> Vec<&str> {
    if task.annotation() == Annotation::Tags {
        return tags::split_names(&labels.names).into_iter().map(|(_, kind)| kind).collect();
    }
    labels.names.iter().map(String::as_str).collect()
}

/// All classes that are written in several ways.
pub fn spellings(dataset: &Dataset) -> Vec<Spellings> {
    if !dataset.task.has_classes_of_data() {
        return Vec::new();
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (unit, count) in units(&dataset.labels, dataset.task).into_iter().zip(dataset.counts()) {
        *counts.entry(unit).or_insert(0) += count;
    }
    // `True` and `1` say the same where all classes are yes or no.
    let is_yes_or_no = |unit: &&str| flag(unit).is_some();
    let are_flags = dataset.task.annotation() != Annotation::Tags
        && counts.keys().all(is_yes_or_no)
        && !counts.keys().all(|unit| is_number(unit));
    let key = |unit: &str| if are_flags { format!("{:?}", flag(unit)) } else { folded(unit) };
    // Of a million names few are written in several ways: only names whose sums agree are compared as texts.
    let counts: Vec<(&str, u64)> = counts.into_iter().collect();
    let mut sums: Vec<(u64, usize)> = counts.iter().map(|(unit, _)| sum(&key(unit))).zip(0..).collect();
    sums.sort_unstable();
    let mut by_fold: BTreeMap<String, Spellings> = BTreeMap::new();
    for alike in sums.chunk_by(|one, next| one.0 == next.0).filter(|alike| alike.len() > 1) {
        for (unit, count) in alike.iter().map(|(_, place)| counts[*place]) {
            by_fold.entry(key(unit)).or_default().push((unit.to_owned(), count));
        }
    }
    let mut found: Vec<Spellings> = by_fold.into_values().filter(|spellings| spellings.len() > 1).collect();
    for spellings in &mut found {
        spellings.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
    found
}

fn sum(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// For each label the one that it becomes when spellings are merged.
fn merged(dataset: &Dataset) -> Vec<u32> {
    let found = spellings(dataset);
    if found.is_empty() {
        return (0..dataset.labels.len() as u32).collect();
    }
    let main: BTreeMap<&str, &str> = found
        .iter()
        .flat_map(|spellings| spellings.iter().map(|(name, _)| (name.as_str(), spellings[0].0.as_str())))
        .collect();
    let names = &dataset.labels.names;
    let index_of: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let units = units(&dataset.labels, dataset.task);
    let becomes = |((name, unit), own): ((&String, &str), u32)| {
        let Some(main) = main.get(unit) else { return own };
        let other = format!("{}{main}", &name[..name.len() - unit.len()]);
        index_of.get(other.as_str()).copied().unwrap_or(own)
    };
    names.iter().zip(units).zip(0..).map(becomes).collect()
}

/// The examples whose label is a rarer spelling.
pub fn examples_misspelt(dataset: &Dataset) -> Vec<usize> {
    let merged = merged(dataset);
    let is_rarer = |class: &u32| merged.get(*class as usize).is_some_and(|main| main != class);
    let classes = |example: &usize| dataset.examples[*example].target.classes().iter().any(is_rarer);
    (0..dataset.examples.len()).filter(classes).collect()
}

/// Gives every class its most frequent spelling, also in rows that were left out because theirs is not known. Returns the
/// rows that were changed, ascending.
pub fn fix(dataset: &mut Dataset) -> Vec<usize> {
    let mut rows: Vec<usize> =
        examples_misspelt(dataset).into_iter().map(|example| dataset.examples[example].row).collect();
    let merged = merged(dataset);
    let kept: Vec<bool> = merged.iter().zip(0_u32..).map(|(main, own)| *main == own).collect();
    let places = places_of(&kept);
    for example in &mut dataset.examples {
        example.target.change_classes(|class| places[merged[class as usize] as usize]);
    }
    let mut kept = kept.into_iter();
    dataset.labels.names.retain(|_| kept.next().unwrap_or(true));
    rows.extend(read_again(dataset));
    rows.sort_unstable();
    rows
}

/// Rows that were left out and can be used when the case and the like of their labels do not matter become examples.
fn read_again(dataset: &mut Dataset) -> Vec<usize> {
    let left_out = dataset.rows_left_out();
    let usable = |(row, problem): (usize, &crate::table::RowProblem)| {
        let is_left = is_by_choice(&problem.reason) || is_rejection(&problem.reason);
        (!is_left && dataset.has_texts(row)).then_some(row)
    };
    let candidates: Vec<usize> = left_out.iter().copied().zip(&dataset.excluded).filter_map(usable).collect();
    let (task, labels) = (dataset.task, dataset.labels.clone());
    let targets = Targets::new(dataset.table.clone(), task, &dataset.roles, dataset.content, Some(&labels));
    let Some(targets) = targets.ok().filter(|_| !candidates.is_empty()).map(Targets::folding) else {
        return Vec::new();
    };
    let classes = Classes::new(&labels).folding();
    let read = |row: usize| Some(Example { row, target: targets.read(row, &classes).ok()? });
    let found: Vec<Example> = candidates.into_iter().filter_map(read).collect();
    let rows: Vec<usize> = found.iter().map(|example| example.row).collect();
    // One problem for each row that is no example, in their order.
    let mut stay = left_out.into_iter().map(|row| rows.binary_search(&row).is_err());
    dataset.excluded.retain(|_| stay.next().unwrap_or(true));
    dataset.examples.extend(found);
    dataset.examples.sort_by_key(|example| example.row);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::{roles, table};
    use crate::data::{Roles, Target};

    #[test]
    fn spellings_of_one_name_are_the_same() {
        let same = |names: &[&str]| {
            assert!(names.iter().all(|name| folded(name) == folded(names[0])), "{names:?}");
        };
        same(&["Positive", "positive", "POSITIVE", "positive ", "ｐｏｓｉｔｉｖｅ", "positive.", "\u{feff}positive"]);
        same(&["not spam", "not_spam", "Not-Spam", "not  spam"]);
        same(&["1", "1.0", "+1", " 1 "]);
        same(&["caf\u{e9}", "cafe\u{301}", "Caf\u{e9}"]);
        for (one, other) in [("A", "A-"), ("A+", "A-"), ("1", "-1"), ("+", "-"), ("C", "C++"), ("a b", "ab"), ("", ".")]
        {
            assert_ne!(folded(one), folded(other), "{one} and {other}");
        }
    }

    #[test]
    fn spellings_are_merged_into_the_most_frequent_here_and_in_the_evaluation_file() {
        let read = |text: &str, labels| {
            Dataset::new(table(text), Task::Classify, &roles("text", Some("label")), labels).unwrap()
        };
        let mut data = read("text,label\na,pos\nb,Pos\nc,neg\nd,pos\ne,POS\n", None);
        assert_eq!(data.labels.names, ["POS", "Pos", "neg", "pos"]);
        let found = spellings(&data);
        assert_eq!(found, [[("pos".to_owned(), 2), ("POS".to_owned(), 1), ("Pos".to_owned(), 1)]]);
        assert_eq!(fix(&mut data), [1, 4]);
        assert_eq!(
            (data.labels.names.as_slice(), data.counts()),
            (["neg".to_owned(), "pos".to_owned()].as_slice(), vec![1, 4])
        );
        assert!(spellings(&data).is_empty());
        let mut eval = read("text,label\na,Neg\nb,pos\nc,other\n", Some(&data.labels));
        assert_eq!(eval.examples.len(), 1);
        assert_eq!(fix(&mut eval), [0]);
        assert_eq!((eval.examples.len(), eval.excluded.len(), eval.excluded[0].line), (2, 1, 4));
        assert_eq!(eval.examples[0].target, Target::Class(0));
    }

    #[test]
    fn words_for_yes_and_no_are_spellings_where_all_classes_are_such() {
        let read = |labels: &[&str]| {
            let rows: String = labels.iter().enumerate().map(|(row, label)| format!("text {row},{label}\n")).collect();
            Dataset::new(table(&format!("text,label\n{rows}")), Task::Classify, &roles("text", Some("label")), None)
                .unwrap()
        };
        let mut data = read(&["True", "1", "0", "False", "0", "True"]);
        assert_eq!(spellings(&data).len(), 2);
        assert_eq!(fix(&mut data), [1, 3]);
        assert_eq!(data.labels.names, ["0", "True"]);
        assert!(spellings(&read(&["0", "1", "100"])).is_empty());
        assert!(spellings(&read(&["yes", "1", "maybe"])).is_empty());
    }

    #[test]
    fn several_labels_and_types_of_entities_are_merged_too() {
        let text = "text,label\na,joy|Fear\nb,fear\nc,Joy|joy|fear\n";
        let mut data = Dataset::new(table(text), Task::MultiLabel, &roles("text", Some("label")), None).unwrap();
        assert_eq!(fix(&mut data), [0, 2]);
        assert_eq!(data.labels.names, ["fear", "joy"]);
        let targets: Vec<&[u32]> = data.examples.iter().map(|example| example.target.classes()).collect();
        assert_eq!(targets, [&[0, 1][..], &[0], &[0, 1]]);
        let roles = Roles { tokens: Some("tokens".into()), tags: Some("tags".into()), ..Roles::default() };
        let tagged = "tokens\ttags\na b c\tB-PER I-PER O\na b\tB-Per I-Per\nd\tB-PER\n";
        let mut data = Dataset::new(table(tagged), Task::Ner, &roles, None).unwrap();
        assert_eq!(fix(&mut data), [1]);
        assert_eq!(data.labels.names, ["O", "B-PER", "I-PER"]);
        assert_eq!(data.examples[1].target, Target::Tags(vec![1, 2]));
    }
}
