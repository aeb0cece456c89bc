//! Which rows are held out together: every labelled row once, each class spread evenly, and rows that belong together on
//! one side, because a row whose double was learned from tells nothing.
//!
//! Together belong the same texts (as [`mod@super::health`] compares them), rows of one group, and of questions those about one
//! context; what is linked by any of these, also over others, is one group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::health::{Part, firsts};
use super::{DataError, Dataset, Split, SplitRule, Target};
use crate::random::{Purpose, key};
use crate::task::Reads;

/// One of several parts of the rows, which is held out while the others are learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// From 1.
    pub number: u32,
    pub of: u32,
}

impl std::fmt::Display for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.number, self.of)
    }
}

impl Split {
    /// Holds one fold out. Rows without a label are on no side, and so are those that a column leaves for a last test or
    /// gives no part.
    pub fn of_fold(dataset: &Dataset, fold: Fold, rule: &SplitRule) -> Result<Self, DataError> {
        let is_dealt = dataset.is_dealt();
        let is_divided = |example: &usize| dataset.examples[*example].target != Target::None && is_dealt(*example);
        let labelled: Vec<usize> = (0..dataset.examples.len()).filter(is_divided).collect();
        let path = || dataset.table.path.clone();
        if labelled.is_empty() {
            return Err(DataError::NoLabels { path: path() });
        }
        let groups = groups(dataset, &labelled);
        let apart = groups.iter().collect::<std::collections::BTreeSet<_>>().len();
        let count = fold.of as usize;
        if apart < count {
            return Err(DataError::FewApart { path: path(), apart, folds: count });
        }
        let strata = if rule.stratified { strata(dataset, &labelled) } else { vec![0; labelled.len()] };
        let held_by = folds(&strata, &groups, count, rule.seed);
        let is_held = |place: &usize| held_by[*place] + 1 == fold.number as usize;
        let (held, learned): (Vec<usize>, Vec<usize>) = (0..labelled.len()).partition(is_held);
        let examples = |places: Vec<usize>| places.into_iter().map(|place| labelled[place]).collect();
        Ok(Self { train: examples(learned), eval: examples(held) })
    }
}

/// What of some examples belongs together, as the number of its first.
pub fn groups(data: &Dataset, examples: &[usize]) -> Vec<usize> {
    let mut first = firsts(Part { dataset: data, examples });
    link(&mut first, examples.iter().map(|example| data.group(*example).map(str::trim)));
    if data.task.reads() == Reads::Question {
        link(&mut first, examples.iter().map(|example| data.pair(*example)));
    }
    (0..first.len()).map(|place| root(&first, place)).collect()
}

/// Joins what has the same name to one group. An empty name is none.
fn link<'a>(first: &mut [usize], names: impl Iterator<Item = Option<&'a str>>) {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, name) in names.enumerate() {
        let Some(name) = name.filter(|name| !name.is_empty()) else { continue };
        let (one, other) = (root(first, *known.entry(name).or_insert(place)), root(first, place));
        first[one.max(other)] = one.min(other);
        // So that no chain becomes long.
        first[place] = one.min(other);
    }
}

/// The first of a group: each place points at an earlier one, and the first at itself.
fn root(first: &[usize], mut place: usize) -> usize {
    while first[place] != place {
        place = first[place];
    }
    place
}

/// What some examples are to be spread evenly by: their class, their set of labels or of types of entities, whether there is
/// an answer, and of numbers the tenth that they lie in.
pub fn strata(data: &Dataset, examples: &[usize]) -> Vec<usize> {
    let mut ranked: Vec<(f32, usize)> = Vec::new();
    let mut sets: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    let mut strata = vec![0; examples.len()];
    for (place, example) in examples.iter().enumerate() {
        let set = match &data.examples[*example].target {
            Target::Value(value) => {
                ranked.push((*value, place));
                continue;
            }
            Target::Class(class) => vec![*class],
            Target::Classes(classes) => classes.clone(),
            Target::Tags(tags) => begun(data, tags),
            Target::Answers(answers) => vec![u32::from(answers.is_empty())],
            Target::None => Vec::new(),
        };
        let next = sets.len();
        strata[place] = *sets.entry(set).or_insert(next);
    }
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (rank, (_, place)) in ranked.iter().enumerate() {
        strata[*place] = rank * 10 / ranked.len();
    }
    strata
}

/// The tags of a sentence that begin an entity, each once.
fn begun(data: &Dataset, tags: &[u32]) -> Vec<u32> {
    let begins = |tag: &u32| data.labels.names.get(*tag as usize).is_some_and(|name| name.starts_with("B-"));
    let mut begun: Vec<u32> = tags.iter().copied().filter(begins).collect();
    begun.sort_unstable();
    begun.dedup();
    begun
}

/// The fold that holds out each row. `strata` are the classes of the rows, and `groups` what of them belongs together.
///
/// Larger groups come first, and otherwise chance decides; each goes where its classes are fewest, and of equal folds into
/// the smallest. Where every row is a group, two folds differ in a class by no more than one row.
pub fn folds(strata: &[usize], groups: &[usize], count: usize, seed: u64) -> Vec<usize> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(row);
    }
    let mut order: Vec<Vec<usize>> = members.into_values().collect();
    order.sort_by_cached_key(|rows| {
        (std::cmp::Reverse(rows.len()), key(seed, Purpose::Folds, &[rows[0] as u64]), rows[0])
    });
    let classes = strata.iter().max().map_or(0, |most| most + 1);
    let mut held = vec![vec![0_usize; classes]; count];
    let mut sizes = vec![0_usize; count];
    let mut found = vec![0; strata.len()];
    for rows in order {
        let like_it = |fold: usize| rows.iter().map(|row| held[fold][strata[*row]]).sum::<usize>();
        let fold = (0..count).min_by_key(|fold| (like_it(*fold), sizes[*fold], *fold)).unwrap_or(0);
        for row in rows {
            found[row] = fold;
            held[fold][strata[row]] += 1;
            sizes[fold] += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Roles;
    use crate::data::dataset::tests::{roles, table};
    use crate::task::Task;

    #[test]
    fn every_class_is_spread_evenly_over_the_folds() {
        let strata: Vec<usize> = (0..103).map(|row| [0, 0, 0, 1, 1, 2][row % 6]).collect();
        let alone: Vec<usize> = (0..103).collect();
        let found = folds(&strata, &alone, 5, 7);
        let count = |fold: usize, class: Option<usize>| {
            found
                .iter()
                .zip(&strata)
                .filter(|(own, of)| **own == fold && class.is_none_or(|class| class == **of))
                .count()
        };
        for class in [Some(0), Some(1), Some(2), None] {
            let counts: Vec<usize> = (0..5).map(|fold| count(fold, class)).collect();
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 1 + usize::from(class.is_none()), "{class:?}: {counts:?}");
        }
        assert_eq!(found, folds(&strata, &alone, 5, 7));
        assert_ne!(found, folds(&strata, &alone, 5, 8));
    }

    #[test]
    fn what_belongs_together_is_held_out_together() {
        let strata: Vec<usize> = (0..90).map(|row| row % 2).collect();
        let groups: Vec<usize> = (0..90).map(|row| if row < 40 { row / 8 } else { row }).collect();
        let found = folds(&strata, &groups, 5, 1);
        for rows in (0..40).collect::<Vec<usize>>().chunks(8) {
            assert!(rows.iter().all(|row| found[*row] == found[rows[0]]), "{rows:?}");
        }
        for fold in 0..5 {
            let held = found.iter().filter(|own| **own == fold).count();
            assert!((16..=20).contains(&held), "{held}");
        }
    }

    fn dataset(text: &str, task: Task, roles: &Roles) -> Dataset {
        Dataset::new(table(text), task, roles, None).unwrap()
    }

    fn rule() -> SplitRule {
        SplitRule { eval_fraction: 0.0, seed: 3, stratified: true, fold: None, strata_of_all: false }
    }

    #[test]
    fn copies_of_a_text_are_one_group_with_those_of_their_documents() {
        let text = "text,label,document\nA fine film,1,x\nother,0,x\na  FINE film,0,y\nalone,1,\nlast,0,y\n";
        let named = Roles { group: Some("document".into()), ..roles("text", Some("label")) };
        let of = |roles: Roles| groups(&dataset(text, Task::Classify, &roles), &[0, 1, 2, 3, 4]);
        assert_eq!(of(roles("text", Some("label"))), [0, 1, 0, 3, 4]);
        assert_eq!(of(named), [0, 0, 0, 3, 0], "a copy links two documents");
    }

    #[test]
    fn every_labelled_row_is_held_out_once_and_never_beside_its_copy() {
        let rows: String = (0..50).map(|row| format!("text {},{}\n", row % 40, row % 40 % 3)).collect();
        let data = dataset(&format!("text,label\n{rows}"), Task::Classify, &roles("text", Some("label")));
        let mut held = Vec::new();
        for number in 1..=5 {
            let split = Split::of_fold(&data, Fold { number, of: 5 }, &rule()).unwrap();
            assert_eq!(split.train.len() + split.eval.len(), 50);
            let texts = |part: &[usize]| -> std::collections::BTreeSet<String> {
                part.iter().map(|example| data.text(*example).to_owned()).collect()
            };
            assert!(texts(&split.train).is_disjoint(&texts(&split.eval)), "fold {number}");
            for class in 0..3 {
                let of_class =
                    split.eval.iter().filter(|example| data.examples[**example].target == Target::Class(class));
                assert!((2..=5).contains(&of_class.count()), "class {class} in fold {number}");
            }
            held.extend(split.eval);
        }
        held.sort_unstable();
        assert_eq!(held, (0..50).collect::<Vec<_>>());
        let error = Split::of_fold(&data, Fold { number: 1, of: 41 }, &rule()).unwrap_err().to_string();
        assert!(error.contains("40 texts") && error.contains("expected at most 40 folds"), "{error}");
    }

    #[test]
    fn questions_about_one_context_are_held_out_together() {
        let row = |question: usize| {
            let context = format!("The river {} is long.", question / 4);
            let answers = format!("{{\"\"text\"\": [\"\"long\"\"], \"\"answer_start\"\": [{}]}}", 15);
            format!("\"how is it {question}\",\"{context}\",\"{answers}\"\n")
        };
        let text = format!("question,context,answers\n{}", (0..24).map(row).collect::<String>());
        let named = Roles {
            question: Some("question".into()),
            context: Some("context".into()),
            answers: Some("answers".into()),
            ..Roles::default()
        };
        let data = dataset(&text, Task::Qa, &named);
        let split = Split::of_fold(&data, Fold { number: 2, of: 3 }, &rule()).unwrap();
        assert_eq!(split.eval.len(), 8);
        for four in (0..24).collect::<Vec<usize>>().chunks(4) {
            assert!(four.iter().all(|one| split.eval.contains(one) == split.eval.contains(&four[0])));
        }
    }
}
