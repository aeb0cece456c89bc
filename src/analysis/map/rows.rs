//! What the data say of the rows of a map, in words, and whether a model says the same.

use std::collections::HashMap;

use super::{Map, Read};
use crate::analysis::pooled::Said;
use crate::analysis::training_set::TrainingSet;
use crate::data::{Dataset, Target};
use crate::inspect::tagging::kind;
use crate::model::outputs::class_key;
use crate::task::Targets;

/// What the data say of an example; nothing where they say nothing.
pub fn label(data: &Dataset, example: usize) -> Option<String> {
    let name = |class: &u32| data.labels.names.get(*class as usize).cloned().unwrap_or_default();
    Some(match &data.examples[example].target {
        Target::Class(class) => name(class),
        Target::Classes(classes) => classes.iter().map(name).collect::<Vec<_>>().join(", "),
        Target::Value(value) => value.to_string(),
        Target::Tags(tags) => {
            let named: Vec<String> = tags.iter().map(name).filter(|tag| tag != "O").collect();
            let mut kinds: Vec<&str> = named.iter().map(|tag| kind(tag)).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.join(", ")
        }
        Target::Answers(answers) => answers.first().map_or_else(String::new, |answer| answer.text.clone()),
        Target::None => return None,
    })
}

/// Whether an answer is that of the data, in whatever spelling and order of several labels; for numbers there is only how
/// far it is off, so nothing is said.
pub fn agrees(data: &Dataset, example: usize, answer: &str) -> Option<bool> {
    let keys = |words: &str| {
        let mut keys: Vec<String> = words.split(", ").filter(|word| !word.is_empty()).map(class_key).collect();
        keys.sort_unstable();
        keys
    };
    match &data.examples[example].target {
        Target::Class(_) => Some(class_key(&label(data, example)?) == class_key(answer)),
        Target::Classes(_) => Some(keys(&label(data, example)?) == keys(answer)),
        Target::Value(_) | Target::Tags(_) | Target::Answers(_) | Target::None => None,
    }
}

/// Rows by what is said of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    pub names: Vec<String>,
    /// For each row the place of its name; [`Groups::NONE`] where nothing is said.
    pub of: Vec<u32>,
}

impl Groups {
    pub const NONE: u32 = u32::MAX;

    /// `known` names come first, in their order; others follow as they come.
    fn new(known: &[String], said: impl Iterator<Item = Option<String>>) -> Self {
        let mut places: HashMap<String, u32> = (0..).zip(known).map(|(place, name)| (name.clone(), place)).collect();
        let mut groups = Self { names: known.to_vec(), of: Vec::new() };
        for said in said {
            let place = said.map(|name| {
                *places.entry(name).or_insert_with_key(|name| {
                    groups.names.push(name.clone());
                    groups.names.len() as u32 - 1
                })
            });
            groups.of.push(place.unwrap_or(Self::NONE));
        }
        groups
    }

    /// What is said of a row.
    pub fn name(&self, row: usize) -> Option<&str> {
        self.names.get(*self.of.get(row)? as usize).map(String::as_str)
    }
}

/// What is known of the rows of a map.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub labels: Groups,
    /// The numbers of the data, where they are numbers.
    pub values: Option<Vec<f32>>,
    /// What the model says; without names where it has no head for the task.
    pub said: Groups,
    /// Whether the model says the same as the data; nothing where that cannot be told.
    pub agrees: Vec<Option<bool>>,
    /// Which rows the run of the model learned from, where it is of one.
    pub training: Option<TrainingSet>,
}

impl Facts {
    pub fn of(data: &Dataset, read: &Read) -> Self {
        let all = 0..data.examples.len();
        // Sets of labels are names of their own, of which there may be many.
        let known = if data.task.targets().are_exclusive() { data.labels.names.as_slice() } else { &[] };
        let value = |example: usize| match data.examples[example].target {
            Target::Value(value) => Some(value),
            _ => None,
        };
        let said = |example: usize| read.said.get(example).map(|said| spelled(known, &said.answer));
        let is_tags = data.task.targets() == Targets::Tags;
        Self {
            labels: Groups::new(if is_tags { &[] } else { known }, all.clone().map(|example| label(data, example))),
            values: all.clone().map(value).collect(),
            said: Groups::new(if read.said.is_empty() { &[] } else { known }, all.clone().map(said)),
            agrees: all.map(|example| agrees(data, example, &read.said.get(example)?.answer)).collect(),
            training: None,
        }
    }
}

/// A class as the data spell it, where they know it.
fn spelled(known: &[String], answer: &str) -> String {
    let key = class_key(answer);
    known.iter().find(|name| class_key(name) == key).map_or_else(|| answer.to_owned(), Clone::clone)
}

/// The map as a table with a head: where each row stands in the file, where it lies, what the data and the model say of
/// it, whether the model learned from it, the words that tell its cluster, and its texts. Columns that no row fills are left
/// out.
pub fn table(map: &Map, data: &Dataset, training: Option<&TrainingSet>) -> Vec<Vec<String>> {
    let training = training.filter(|training| training.rows.is_ok());
    let labelled = data.is_labelled();
    let said = &map.read.said;
    let is_sure = said.iter().any(|said| said.confidence.is_some());
    let named = map.clusters.iter().any(|cluster| !cluster.words.is_empty());
    let paired = (0..data.examples.len()).any(|example| data.pair(example).is_some());
    let mut head = vec!["line", "x", "y"];
    head.extend(labelled.then_some("label"));
    head.extend((!said.is_empty()).then_some("predicted"));
    head.extend(is_sure.then_some("confidence"));
    head.extend(training.map(|_| "in_training"));
    head.extend(named.then_some("cluster"));
    head.push("text");
    head.extend(paired.then_some("pair"));
    let row = |example: usize| {
        let [x, y] = map.points[example];
        let mut row = vec![data.line(example).to_string(), x.to_string(), y.to_string()];
        row.extend(labelled.then(|| label(data, example).unwrap_or_default()));
        row.extend(said.get(example).map(|said| said.answer.clone()));
        let confidence = |said: &Said| said.confidence.map_or_else(String::new, |share| share.to_string());
        row.extend(is_sure.then(|| said.get(example).map_or_else(String::new, confidence)));
        row.extend(training.map(|training| (training.has(example) == Some(true)).to_string()));
        row.extend(named.then(|| map.clusters[map.cluster_of[example] as usize].words.join(" ")));
        row.push(data.readable(example).into_owned());
        row.extend(paired.then(|| data.pair(example).unwrap_or_default().to_owned()));
        row
    };
    let head = head.into_iter().map(str::to_owned).collect();
    std::iter::once(head).chain((0..data.examples.len()).map(row)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::analysis::map::{About, Method, Place, Trust};
    use crate::analysis::sample::request;
    use crate::data::Roles;
    use crate::inspect::Request;
    use crate::table::Table;
    use crate::task::Task;

    fn data(csv: &str, task: Task) -> Dataset {
        let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.as_bytes().to_vec()).unwrap());
        let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
        Dataset::new(table, task, &roles, None).unwrap()
    }

    #[test]
    fn rows_are_grouped_by_the_names_of_the_data_whoever_speaks() {
        let data = data("text,label\nfine,Good\npoor,bad\nso,Good\n", Task::Classify);
        let said = ["GOOD", "GOOD", "other"].map(|answer| Said { answer: answer.to_owned(), confidence: Some(0.9) });
        let read = Read { said: said.to_vec(), ..Read::default() };
        let facts = Facts::of(&data, &read);
        assert_eq!((facts.labels.names.join(" "), facts.labels.of), ("Good bad".to_owned(), vec![0, 1, 0]));
        assert_eq!((facts.said.names.join(" "), facts.said.of), ("Good bad other".to_owned(), vec![0, 0, 2]));
        assert_eq!(facts.agrees, [Some(true), Some(false), Some(false)]);
        assert_eq!(facts.values, None);
        assert!(Facts::of(&data, &Read::default()).said.names.is_empty());
    }

    #[test]
    fn the_table_says_of_each_row_whether_the_run_learned_from_it_where_that_is_known() {
        let data = data("text,label\nfine,Good\npoor,bad\n", Task::Classify);
        let map = Map {
            read: Arc::new(Read::default()),
            about: About { layer: 0, method: Method::Pca, neighbors: 2, seed: 1 },
            points: Arc::new([[0.0, 1.0], [2.0, 3.0]]),
            place: Place::Neighbors,
            trust: Trust::default(),
            clusters: Vec::new(),
            cluster_of: vec![0; 2],
        };
        let set = |rows| TrainingSet { run: "first".into(), rows };
        let known = set(Ok([false, true].into()));
        let rows = table(&map, &data, Some(&known));
        assert_eq!(rows[0], ["line", "x", "y", "label", "in_training", "text"]);
        assert_eq!((rows[1][4].as_str(), rows[2][4].as_str()), ("false", "true"));
        for unknown in [None, Some(&set(Err("no such file".into())))] {
            assert!(!table(&map, &data, unknown)[0].contains(&"in_training".to_owned()));
        }
    }

    #[test]
    fn a_label_is_in_words_and_compared_whatever_its_spelling() {
        let one = data("text,label\nfine,Good\npoor,bad\n", Task::Classify);
        assert_eq!(label(&one, 0).as_deref(), Some("Good"));
        assert_eq!((agrees(&one, 0, "GOOD"), agrees(&one, 1, "Good")), (Some(true), Some(false)));
        let several = data("text,label\nfine,a|b\npoor,b\nnone,\n", Task::MultiLabel);
        assert_eq!(label(&several, 0).as_deref(), Some("a, b"));
        assert_eq!(
            (agrees(&several, 0, "b, A"), agrees(&several, 1, ""), agrees(&several, 2, "")),
            (Some(true), Some(false), Some(true))
        );
        let number = data("text,label\nfine,2.5\npoor,-1\n", Task::Regress);
        assert_eq!((label(&number, 0).as_deref(), agrees(&number, 0, "2.5")), (Some("2.5"), None));
        assert_eq!(request(&number, 1), Request { text: "poor".into(), pair: None });
    }
}
