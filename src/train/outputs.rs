//! Where the classes of the data meet the outputs of a model's head.
//!
//! Where the model has all classes of the data, its order holds, its head is kept, and the data are mapped to it. Where
//! it has not, the classes have the order of the data and the head is new, which is said before the run begins.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use crate::data::DataError;
use crate::data::targets::are_of_numbers;
use crate::data::{Dataset, LabelSet, Roles, composed};
use crate::model::outputs::{self, unnamed_place};
use crate::model::{EncoderConfig, HeadKind};
use crate::table::notation::tags;
use crate::table::notation::tags::Scheme;
use crate::table::{Table, name_list};
use crate::task::{Targets, Task};

/// The classes of the data as outputs of the model's head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Met {
    /// The outputs, in the model's order; a class that the data spell otherwise has the data's spelling.
    pub labels: LabelSet,
    /// The output of each class of the data.
    pub places: Vec<u32>,
    /// What of this a person should know.
    pub notes: Vec<String>,
}

/// How the names of the data were found among those of the model.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Exact,
    Spelling,
    /// By the type of entity alone, as neither the file nor the model says where one begins.
    Kind,
}

/// The outputs of a head that a run goes on with; `None` where the head will be new.
pub(super) fn meet(encoder: &EncoderConfig, data: &Dataset) -> Option<Met> {
    let task = data.task;
    if !task.has_classes_of_data() || data.labels.is_empty() {
        return None;
    }
    let named = !encoder.named_heads().is_empty();
    let own = encoder.output_names(task);
    let unnamed = own.iter().all(|name| unnamed_place(name).is_some());
    if named && !encoder.names_head(task) || !named && unnamed {
        return None;
    }
    let (way, places) = find(&own, data)?;
    // A run has the classes of its data: an output that none of them is for would only be unlearned. Of a type of entity
    // the data need not have both tags, unless tags would be left that are written in another notation.
    let is_whole =
        covers(&places, &own) || task.targets() == Targets::Tags && way != Way::Spelling && covers_types(&places, &own);
    if !is_whole {
        return None;
    }
    let names = if way == Way::Spelling { respelled(&own, &data.labels.names, &places) } else { own.clone() };
    let notes = notes(encoder, data, &own, way);
    let places = places.into_iter().map(Option::unwrap_or_default).collect();
    Some(Met { labels: LabelSet { names }, places, notes })
}

/// The output of each class of the data, none for a class of which there is no example; nothing where one has no output.
fn find(own: &[String], data: &Dataset) -> Option<(Way, Vec<Option<u32>>)> {
    let names = &data.labels.names;
    if data.task.targets() != Targets::Tags {
        let all = used(data);
        let exact = matched(own, names, &all, str::to_owned).map(|places| (Way::Exact, places));
        return exact.or_else(|| Some((Way::Spelling, matched(own, names, &all, class_key)?)));
    }
    let used = used(data);
    let own_tags: Vec<Tag> = own.iter().map(|name| Tag::of(name)).collect();
    // In other schemes the same prefix means something else.
    if own_tags.iter().any(|tag| !matches!(tag.prefix, None | Some('b' | 'i'))) {
        return None;
    }
    if let Some(places) = matched(own, names, &used, str::to_owned) {
        return Some((Way::Exact, places));
    }
    if let Some(places) = matched(own, names, &used, Tag::of) {
        return Some((Way::Spelling, places));
    }
    let entities = || own_tags.iter().filter(|tag| !tag.is_outside());
    let mut kinds: Vec<String> =
        names.iter().map(|name| Tag::of(name)).filter(|tag| !tag.is_outside()).map(|tag| tag.kind).collect();
    kinds.dedup();
    if kinds.len() == 1 && entities().all(|tag| tag.kind.is_empty()) {
        // One type of entity, which the model leaves without a name.
        let places = matched(own, names, &used, |name| Tag::of(name).without_kind())?;
        return Some((Way::Spelling, places));
    }
    let says_no_beginning = matches!(data.notation.scheme, Scheme::Inside | Scheme::Plain);
    if says_no_beginning && entities().all(|tag| tag.prefix != Some('b')) {
        let by_kind: HashMap<String, u32> = own_tags.into_iter().map(|tag| tag.kind).zip(0..).collect();
        let place = |(name, used): (&String, &bool)| {
            let place = by_kind.get(&Tag::of(name).kind).copied();
            (place.is_some() || !used).then_some(place)
        };
        return Some((Way::Kind, names.iter().zip(&used).map(place).collect::<Option<_>>()?));
    }
    None
}

/// What is the same for all spellings of a class, also where its accents are letters of their own.
fn class_key(name: &str) -> String {
    outputs::class_key(&composed(name))
}

/// The classes that must have an output. Tags are completed to pairs of `B-` and `I-`, of which a file need not have both.
fn used(data: &Dataset) -> Vec<bool> {
    data.counts().iter().map(|count| data.task.targets() != Targets::Tags || *count > 0).collect()
}

/// The place of each name by a key, which must be one for each name; nothing where a name that is used has none.
fn matched<K: Hash + Eq>(
    own: &[String],
    names: &[String],
    used: &[bool],
    key: impl Fn(&str) -> K,
) -> Option<Vec<Option<u32>>> {
    let mut by_key = HashMap::new();
    for (name, place) in own.iter().zip(0_u32..) {
        if by_key.insert(key(name), place).is_some() {
            return None;
        }
    }
    let mut taken = vec![false; own.len()];
    let mut places = Vec::with_capacity(names.len());
    for (name, used) in names.iter().zip(used) {
        let place = by_key.get(&key(name)).copied();
        match place {
            None if *used => return None,
            Some(place) if std::mem::replace(&mut taken[place as usize], true) => return None,
            place => places.push(place),
        }
    }
    Some(places)
}

/// A tag whatever the notation: `B-PER`, `b_per`, `PER-B` and `B:PER` are one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Tag {
    prefix: Option<char>,
    kind: String,
}

impl Tag {
    fn of(name: &str) -> Self {
        let name = name.trim().to_lowercase();
        let prefix = |part: &str| {
            let mut letters = part.chars();
            let letter = letters.next().filter(|letter| "bieslum".contains(*letter))?;
            letters.next().is_none().then_some(letter)
        };
        if tags::is_outside(&name) {
            return Self { prefix: None, kind: "o".to_owned() };
        }
        if let Some(letter) = prefix(&name) {
            return Self { prefix: Some(letter), kind: String::new() };
        }
        for separator in ['-', '_', ':'] {
            for (part, kind) in
                [name.split_once(separator), name.rsplit_once(separator).map(|(kind, part)| (part, kind))]
                    .into_iter()
                    .flatten()
            {
                if let Some(letter) = prefix(part) {
                    return Self { prefix: Some(letter), kind: kind.to_owned() };
                }
            }
        }
        Self { prefix: None, kind: name }
    }

    fn without_kind(self) -> Self {
        if self.is_outside() { self } else { Self { kind: String::new(), ..self } }
    }

    fn is_outside(&self) -> bool {
        self.prefix.is_none() && self.kind == "o"
    }
}

/// The rows of a file under the classes of a model that is asked for them, and what of that a person should know. Rows of
/// other classes are left out with their reason.
pub(super) fn under_model(
    table: Arc<Table>,
    task: Task,
    roles: &Roles,
    own: &LabelSet,
) -> Result<(Dataset, Vec<String>), DataError> {
    let known = (!own.is_empty() && task.targets() != Targets::Number).then_some(own);
    if !task.has_classes_of_data() {
        return Ok((Dataset::new(table, task, roles, known)?, Vec::new()));
    }
    let found = Dataset::new(table.clone(), task, roles, None)?;
    let names = &found.labels.names;
    let is_unknown = |(name, used): (&String, &bool)| *used && !own.names.contains(name);
    if !names.iter().zip(&used(&found)).any(is_unknown) {
        return Ok((Dataset::new(table, task, roles, known)?, Vec::new()));
    }
    if found.notation.scheme.is_numbered() && !are_of_numbers(own) {
        let tags = name_list(&own.names);
        let said = format!("the tags of the data are numbers, read as the places of the model's tags, from 0: {tags}");
        return Ok((Dataset::new(table, task, roles, known)?, vec![said]));
    }
    let places = match task.targets() {
        Targets::Tags => find(&own.names, &found)
            .filter(|(way, places)| *way == Way::Spelling && covers(places, &own.names))
            .map(|(_, places)| places),
        Targets::Class | Targets::Classes | Targets::Number | Targets::Span | Targets::Hidden | Targets::Replaced => {
            spelled(&own.names, names)
        }
    };
    let Some(places) = places else { return Ok((Dataset::new(table, task, roles, known)?, Vec::new())) };
    let read: Vec<String> = places.iter().flatten().map(|place| own.names[*place as usize].clone()).collect();
    let said = format!("the labels {} of the data are read as the model's {}", name_list(names), name_list(&read));
    // The measures of entities read tags in the notation of the data.
    let labels =
        if task.targets() == Targets::Tags { respelled(&own.names, names, &places) } else { own.names.clone() };
    let places: Vec<u32> = places.into_iter().map(Option::unwrap_or_default).collect();
    Ok((found.under(LabelSet { names: labels }, &places), vec![said]))
}

/// The rows of an evaluation file under the classes that are learned, which it may spell otherwise, and what of that a
/// person should know.
pub(super) fn under_learned(
    table: Arc<Table>,
    task: Task,
    roles: &Roles,
    own: &LabelSet,
) -> Result<(Dataset, Option<String>), DataError> {
    if task.has_classes_of_data() && !own.is_empty() {
        let found = Dataset::new(table.clone(), task, roles, None)?;
        let (names, used) = (&found.labels.names, used(&found));
        let unknown = names.iter().zip(&used).any(|(name, used)| *used && !own.names.contains(name));
        let is_settled = !unknown || found.notation.scheme.is_numbered();
        let places = match task.targets() {
            _ if is_settled => None,
            Targets::Tags => matched(&own.names, names, &used, Tag::of),
            Targets::Class
            | Targets::Classes
            | Targets::Number
            | Targets::Span
            | Targets::Hidden
            | Targets::Replaced => matched(&own.names, names, &used, class_key),
        };
        if let Some(places) = places {
            let read: Vec<String> = places.iter().flatten().map(|place| own.names[*place as usize].clone()).collect();
            let (theirs, ours) = (name_list(names), name_list(&read));
            let said = format!("the labels {theirs} of the evaluation file are read as {ours} of the training file");
            let places: Vec<u32> = places.into_iter().map(Option::unwrap_or_default).collect();
            return Ok((found.under(own.clone(), &places), Some(said)));
        }
    }
    Ok((Dataset::new(table, task, roles, Some(own))?, None))
}

/// Classes of a model that a file spells otherwise, or writes as their places. Numbers are places only where all places
/// are there: some of them may as well be something else.
fn spelled(own: &[String], names: &[String]) -> Option<Vec<Option<u32>>> {
    let all = vec![true; names.len()];
    let are_numbers = |names: &[String]| names.iter().all(|name| name.trim().parse::<f64>().is_ok());
    let whole = |places: &Vec<Option<u32>>| !are_numbers(names) || covers(places, own);
    // Numbers among which is 0 count from there, and so do outputs that are called by their places.
    let from_zero =
        own.iter().all(|name| unnamed_place(name).is_some()) && names.iter().any(|name| class_key(name) == "0");
    let by_key = matched(own, names, &all, class_key).filter(|places| are_numbers(own) || from_zero || whole(places));
    by_key.or_else(|| {
        let places: Vec<String> = (0..own.len()).map(|place| place.to_string()).collect();
        let by_place = !own.iter().any(|name| name.trim().parse::<f64>().is_ok()) && are_numbers(names);
        by_place.then(|| matched(&places, names, &all, class_key)).flatten().filter(whole)
    })
}

/// Whether every output is that of some class of the data.
fn covers(places: &[Option<u32>], own: &[String]) -> bool {
    (0..own.len() as u32).all(|place| places.contains(&Some(place)))
}

/// Whether each type of entity that has an output is one of the data.
fn covers_types(places: &[Option<u32>], own: &[String]) -> bool {
    let found: HashSet<String> = places.iter().flatten().map(|place| Tag::of(&own[*place as usize]).kind).collect();
    own.iter().map(|name| Tag::of(name)).all(|tag| tag.is_outside() || found.contains(&tag.kind))
}

/// The names of outputs, spelled as the data spell them.
fn respelled(own: &[String], names: &[String], places: &[Option<u32>]) -> Vec<String> {
    let mut spelled = own.to_vec();
    for (name, place) in names.iter().zip(places) {
        if let Some(place) = place {
            spelled[*place as usize].clone_from(name);
        }
    }
    spelled
}

fn notes(encoder: &EncoderConfig, data: &Dataset, own: &[String], way: Way) -> Vec<String> {
    let mut notes = Vec::new();
    let task = data.task;
    match way {
        Way::Exact => {}
        Way::Spelling => notes.push(format!(
            "the labels {} are taken for the outputs {} of the model, whose head is kept",
            name_list(&data.labels.names),
            name_list(own)
        )),
        Way::Kind => notes.push(
            "the model's tags are kept, which say which words are of an entity and not where one begins; neither do the \
             tags of the data"
                .to_owned(),
        ),
    }
    if let Some(own) = encoder.task().filter(|own| task.is_sequence() && *own != task) {
        notes.push(format!(
            "the model's head was trained for {own} with these labels, and is trained further for {task}"
        ));
    }
    notes
}

/// Whether a warning is of a new head, which says what is true before the first update and no longer after it.
pub fn is_of_a_new_head(warning: &str) -> bool {
    warning.contains(", so a new one is trained from random weights") || warning.contains(", so a new head is trained")
}

/// What is new in a head that is trained, where something is: the classes are others, or there was none.
/// `missing` are the weights of it that no file has.
pub(super) fn new_head(encoder: &EncoderConfig, task: Task, labels: &LabelSet, missing: &[String]) -> Option<String> {
    if missing.is_empty() {
        return None;
    }
    if !encoder.names_head(task) || !task.has_classes_of_data() || encoder.keeps_head(task, &labels.names) {
        let head = HeadKind::for_task(task).words();
        return Some(format!(
            "there is no trained head for {head} to begin with, so a new one is trained from random weights"
        ));
    }
    let own = encoder.output_names(task);
    let (ours, theirs) = (name_list(&own), name_list(&labels.names));
    if own.iter().all(|name| unnamed_place(name).is_some()) {
        return Some(format!(
            "the model does not say what its {} outputs mean, and the data have {theirs}, so a new head is trained; to \
             keep the model's head, name its outputs in id2label of its config.json",
            own.len()
        ));
    }
    let advice = if labels.names.iter().all(|name| name.parse::<f64>().is_ok()) {
        "; numbers do not say which class each one is: to keep the model's head, put its names in their place"
    } else {
        ""
    };
    Some(format!(
        "the model's head is for the classes {ours}, and the data have {theirs}, so a new head is trained{advice}"
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn encoder(task: Task, labels: &[&str]) -> EncoderConfig {
        let class = if task == Task::Ner { "BertForTokenClassification" } else { "BertForSequenceClassification" };
        let by_place: serde_json::Map<String, serde_json::Value> =
            labels.iter().enumerate().map(|(place, name)| (place.to_string(), (*name).into())).collect();
        let problem =
            if task == Task::MultiLabel { "multi_label_classification" } else { "single_label_classification" };
        let raw = serde_json::json!({
            "model_type": "bert", "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4,
            "intermediate_size": 64, "max_position_embeddings": 64, "architectures": [class], "id2label": by_place,
            "problem_type": problem,
        });
        EncoderConfig::parse(&raw.to_string()).unwrap()
    }

    fn read(task: Task, text: &str) -> (Arc<Table>, Roles) {
        let table = Arc::new(Table::from_bytes(Path::new("data.tsv"), text.as_bytes().to_vec()).unwrap());
        let name = |name: &str| table.column(name).map(|_| name.to_owned());
        let roles = Roles {
            text: name("text"),
            label: name("label"),
            tokens: name("tokens"),
            tags: name("tags"),
            ..Roles::default()
        };
        assert!(roles.label.is_some() || task == Task::Ner && roles.tags.is_some());
        (table, roles)
    }

    fn labelled(labels: &[&str]) -> String {
        String::from("text\tlabel\n") + &labels.iter().map(|label| format!("a b\t{label}\n")).collect::<String>()
    }

    fn tagged(tags: &str) -> String {
        let words = tags.split(' ').map(|_| "w").collect::<Vec<_>>().join(" ");
        format!("tokens\ttags\n{words}\t{tags}\n")
    }

    /// The outputs of a run, their notes, and what each row teaches by name.
    fn met(task: Task, own: &[&str], text: &str) -> Option<(Vec<String>, String, Vec<String>)> {
        let (table, roles) = read(task, text);
        let data = Dataset::new(table, task, &roles, None).unwrap();
        let met = meet(&encoder(task, own), &data)?;
        let data = data.under(met.labels, &met.places);
        Some((data.labels.names.clone(), met.notes.join("; "), taught(&data)))
    }

    fn taught(data: &Dataset) -> Vec<String> {
        let name = |class: &u32| data.labels.names[*class as usize].clone();
        let names = |classes: &[u32]| classes.iter().map(name).collect::<Vec<_>>().join(" ");
        let one = |example: &crate::data::Example| match &example.target {
            crate::data::Target::Class(class) => name(class),
            crate::data::Target::Classes(classes) | crate::data::Target::Tags(classes) => names(classes),
            other => panic!("{other:?}"),
        };
        data.examples.iter().map(one).collect()
    }

    #[test]
    fn a_head_that_has_all_classes_is_kept_in_its_order_with_the_rows_under_their_names() {
        let check = |task, own: &[&str], data: &str, names: &[&str], said: &[&str], rows: &[&str]| {
            let (found, notes, taught) = met(task, own, data).unwrap_or_else(|| panic!("{own:?} for {data}"));
            assert_eq!(found, names);
            assert!(said.iter().all(|part| notes.contains(part)) && notes.is_empty() == said.is_empty(), "{notes}");
            assert_eq!(taught, rows);
        };
        let text = labelled(&["neg", "pos"]);
        check(Task::Classify, &["pos", "neg"], &text, &["pos", "neg"], &[], &["neg", "pos"]);
        let said = ["the labels neg, pos are taken for the outputs POS, Neg"];
        check(Task::Classify, &["POS", "Neg"], &text, &["pos", "neg"], &said, &["neg", "pos"]);
        let numbers = labelled(&["1", "0", "2"]);
        let said = ["the labels 0, 1, 2 are taken for the outputs LABEL_0, LABEL_1, LABEL_2"];
        let unnamed = ["LABEL_0", "LABEL_1", "LABEL_2"];
        check(Task::Classify, &unnamed, &numbers, &["0", "1", "2"], &said, &["1", "0", "2"]);
        check(Task::Classify, &["2", "0", "1"], &numbers, &["2", "0", "1"], &[], &["1", "0", "2"]);
        let several = labelled(&["b|a", "", "c"]);
        check(Task::MultiLabel, &["c", "b", "a"], &several, &["c", "b", "a"], &[], &["b a", "", "c"]);
        let tags = tagged("B-PER I-PER O B-LOC");
        let own = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
        check(Task::Ner, &own, &tags, &own, &[], &["B-PER I-PER O B-LOC"]);
        let own = ["B-LOC", "B-PER", "I-PER", "O"];
        check(Task::Ner, &own, &tags, &own, &[], &["B-PER I-PER O B-LOC"]);
        let said = ["are taken for the outputs"];
        let own = ["O", "B_LOC", "B_PER", "I_PER"];
        check(Task::Ner, &own, &tags, &["O", "B-LOC", "B-PER", "I-PER"], &said, &["B-PER I-PER O B-LOC"]);
        let said = ["not where one begins"];
        let own = ["LOC", "PER", "O"];
        check(Task::Ner, &own, &tagged("PER PER O LOC"), &own, &said, &["PER PER O LOC"]);
        let own = ["I-LOC", "O", "I-PER"];
        check(Task::Ner, &own, &tagged("I-PER I-PER O I-LOC"), &own, &said, &["I-PER I-PER O I-LOC"]);
    }

    #[test]
    fn a_head_of_other_classes_is_not_kept() {
        let check = |task, own: &[&str], data: &str| assert_eq!(met(task, own, data), None, "{own:?} for {data}");
        let text = labelled(&["neg", "pos"]);
        check(Task::Classify, &["cat", "dog"], &text);
        check(Task::Classify, &["neg", "neutral"], &text);
        check(Task::Classify, &["neg", "neutral", "pos"], &text);
        check(Task::MultiLabel, &["neg", "neutral", "pos"], &text);
        check(Task::Ner, &["O", "B-PER", "I-PER", "B-LOC"], &tagged("B-PER O"));
        check(Task::Classify, &["LABEL_0", "LABEL_1"], &text);
        // Which class a number means is nowhere said.
        check(Task::Classify, &["neg", "pos"], &labelled(&["0", "1"]));
        check(Task::Classify, &["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"], &labelled(&["1", "2", "3"]));
        check(Task::Classify, &["POS", "pos"], &labelled(&["Pos", "neg"]));
        check(Task::Ner, &["O", "B-PER", "I-PER"], &tagged("B-PER O B-LOC"));
        check(Task::Ner, &["LOC", "PER", "O"], &tagged("B-PER B-PER O B-LOC"));
        check(Task::Ner, &["O", "B-PER", "I-PER", "E-PER", "S-PER"], &tagged("B-PER I-PER O"));
        check(Task::Ner, &["O", "B-PER", "I-PER", "B-LOC"], &tagged("1 2 0 3"));
    }

    #[test]
    fn what_is_new_in_a_head_says_why() {
        let missing = ["classifier.weight".to_owned()];
        let said = |task, own: &[&str], names: &[&str]| {
            let labels = LabelSet { names: names.iter().map(|&name| name.to_owned()).collect() };
            let told = new_head(&encoder(Task::Classify, own), task, &labels, &missing).unwrap();
            assert!(is_of_a_new_head(&told), "{told}");
            told
        };
        let other = said(Task::Classify, &["cat", "dog"], &["neg", "pos"]);
        assert_eq!(
            other,
            "the model's head is for the classes cat, dog, and the data have neg, pos, so a new head is trained"
        );
        assert!(said(Task::Classify, &["neg", "pos"], &["0", "1"]).ends_with("put its names in their place"));
        assert!(
            said(Task::Classify, &["LABEL_0", "LABEL_1"], &["neg", "pos"]).contains("name its outputs in id2label")
        );
        assert!(said(Task::Mlm, &["neg", "pos"], &[]).contains("no trained head for masked words"));
        assert!(said(Task::Ner, &["neg", "pos"], &["O"]).contains("no trained head for tags of words"));
        let labels = LabelSet::default();
        assert_eq!(new_head(&encoder(Task::Classify, &["a"]), Task::Mlm, &labels, &[]), None);
    }

    #[test]
    fn an_evaluation_file_may_spell_the_classes_otherwise() {
        let check = |task, own: &[&str], text: &str, rows: &[&str]| {
            let (table, roles) = read(task, text);
            let own = LabelSet { names: own.iter().map(|&name| name.to_owned()).collect() };
            let (data, said) = under_learned(table, task, &roles, &own).unwrap();
            assert_eq!(data.labels, own);
            assert_eq!(taught(&data), rows);
            said.is_some()
        };
        assert!(check(Task::Classify, &["neg", "pos"], &labelled(&["Pos", "NEG"]), &["pos", "neg"]));
        assert!(check(Task::Classify, &["0", "1"], &labelled(&["1.0", "0.0"]), &["1", "0"]));
        let tags = ["O", "B-PER", "I-PER"];
        assert!(check(Task::Ner, &tags, &tagged("b-per i-per O"), &["B-PER I-PER O"]));
        assert!(!check(Task::Classify, &["neg", "pos"], &labelled(&["pos", "neg", "new"]), &["pos", "neg"]));
        assert!(!check(Task::Classify, &["neg", "pos"], &labelled(&["pos"]), &["pos"]));
    }

    #[test]
    fn a_model_is_asked_for_the_labels_of_a_file_however_they_are_spelled() {
        let check = |task, own: &[&str], text: &str, said: &str, rows: &[&str]| {
            let (table, roles) = read(task, text);
            let own = LabelSet { names: own.iter().map(|&name| name.to_owned()).collect() };
            let (data, notes) = under_model(table, task, &roles, &own).unwrap();
            assert!(notes.join("; ").contains(said) && notes.is_empty() == said.is_empty(), "{notes:?}");
            assert_eq!(taught(&data), rows);
        };
        let text = labelled(&["neg", "pos"]);
        check(Task::Classify, &["pos", "neg", "other"], &text, "", &["neg", "pos"]);
        check(
            Task::Classify,
            &["POS", "NEG"],
            &text,
            "labels neg, pos of the data are read as the model's NEG, POS",
            &["NEG", "POS"],
        );
        let numbers = labelled(&["1", "0"]);
        check(
            Task::Classify,
            &["neg", "pos"],
            &numbers,
            "labels 0, 1 of the data are read as the model's neg, pos",
            &["pos", "neg"],
        );
        check(
            Task::Classify,
            &["LABEL_0", "LABEL_1"],
            &numbers,
            "read as the model's LABEL_0, LABEL_1",
            &["LABEL_1", "LABEL_0"],
        );
        // Some of the places may mean something else, and other classes are left out.
        check(Task::Classify, &["0", "1", "2"], &numbers, "", &["1", "0"]);
        check(Task::Classify, &["pos", "cat"], &text, "", &["pos"]);
        check(
            Task::Ner,
            &["O", "B-PER", "I-PER"],
            &tagged("1 2 0"),
            "places of the model's tags, from 0: O, B-PER",
            &["B-PER I-PER O"],
        );
        check(
            Task::Ner,
            &["O", "B_PER", "I_PER"],
            &tagged("B-PER I-PER O"),
            "are read as the model's",
            &["B-PER I-PER O"],
        );
        check(Task::Ner, &["PER", "O"], &tagged("B-PER I-PER O"), "", &["PER PER O"]);
        let (table, roles) = read(Task::Classify, &labelled(&["1", "2"]));
        let own = LabelSet { names: ["a", "b", "c"].map(str::to_owned).to_vec() };
        let refused = under_model(table, Task::Classify, &roles, &own).unwrap_err().to_string();
        assert!(refused.contains(r#"has the label "1", expected one of 3 known classes (a, b, c)"#), "{refused}");
    }
}
