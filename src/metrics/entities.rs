//! Entities against entities, as seqeval counts them.
//!
//! There are two ways to read entities from tags. The lenient one is seqeval's default, that of the `conlleval` script:
//! an `I-` after `O` or after another type begins an entity. The strict one is seqeval's IOB2 scheme: only `B-` begins
//! an entity, and an `I-` that follows nothing of its type belongs to none. A mean over types is over those that occur
//! in the truth or among the predictions; of nothing it is 0, where seqeval says NaN.

use std::collections::{BTreeMap, BTreeSet};

use super::anatomy;
use super::evaluation::{ClassScore, Evaluation, Outcome, Prediction};
use super::reports::{Entity, EntityReport};
use super::tally::{Tally, ratio};
use crate::task::Task;

/// A sentence with the tags it has and the tags it was given, one each a word, as indices into the labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggedSentence {
    /// Index into the dataset's examples.
    pub example: usize,
    pub words: Vec<String>,
    pub gold: Vec<u32>,
    /// A word without a prediction counts as outside.
    pub predicted: Vec<u32>,
    /// Probability of the predicted tag.
    pub scores: Vec<f32>,
}

/// Tags against tags. `labels` are the names of the tags.
///
/// Metrics: `f1`, `precision` and `recall` over all entities (micro), `f1_macro`, `f1_weighted`, the strict three, and
/// `accuracy`, the share of words with the right tag. The baseline says of every word that it is outside.
pub fn evaluate_entities(labels: &[String], sentences: Vec<TaggedSentence>, eval_loss: f64) -> Evaluation {
    let reader = TagReader::new(labels);
    let mut counts = TypeCounts::new(reader.types.len());
    let mut strict = TypeCounts::new(reader.types.len());
    let (mut words, mut right, mut outside) = (0, 0, 0);
    let mut report = EntityReport { types: reader.types.clone(), ..EntityReport::default() };
    let mut predictions = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let predicted_tag = |word: usize| sentence.predicted.get(word).copied();
        words += sentence.gold.len() as u64;
        for (word, &gold) in sentence.gold.iter().enumerate() {
            let said = predicted_tag(word);
            right += u64::from(said == Some(gold) || (said.is_none() && reader.is_outside(gold)));
            outside += u64::from(reader.is_outside(gold));
        }
        let mut predicted = sentence.predicted;
        predicted.resize(sentence.gold.len(), u32::MAX);
        report.stray_tags += reader.stray(&predicted);
        strict.add(&reader.strict(&sentence.gold), &reader.strict(&predicted));
        let scored = |mut entities: Vec<Entity>| {
            for entity in &mut entities {
                entity.score = mean_score(&sentence.scores, entity);
            }
            entities
        };
        let (gold, predicted) = (scored(reader.lenient(&sentence.gold)), scored(reader.lenient(&predicted)));
        counts.add(&gold, &predicted);
        predictions.push(Prediction {
            example: sentence.example,
            gold: Outcome::Entities { entities: gold },
            predicted: Outcome::Entities { entities: predicted },
            scores: sentence.scores,
            loss: 0.0,
        });
        report.words.push(sentence.words);
    }
    anatomy::judge(&mut report, &predictions);
    let mut metrics = counts.metrics();
    let [precision, recall, f1] = strict.micro();
    for (key, value) in [
        ("precision_strict", precision),
        ("recall_strict", recall),
        ("f1_strict", f1),
        ("accuracy", ratio(right as f64, words as f64)),
        ("eval_loss", eval_loss),
    ] {
        metrics.insert(key.into(), value);
    }
    let mut baseline: BTreeMap<String, f64> = metrics.keys().map(|key| (key.clone(), 0.0)).collect();
    baseline.remove("eval_loss");
    baseline.insert("accuracy".into(), ratio(outside as f64, words as f64));
    Evaluation {
        metrics,
        baseline,
        labels: labels.to_vec(),
        per_class: counts.per_class(&report.types),
        predictions,
        entities: Some(report),
        ..Evaluation::empty(Task::Ner)
    }
}

fn mean_score(scores: &[f32], entity: &Entity) -> f32 {
    let own = scores.get(entity.start..entity.end.min(scores.len())).unwrap_or_default();
    let sum: f64 = own.iter().map(|&score| f64::from(score)).sum();
    ratio(sum, own.len() as f64) as f32
}

/// Counts entities of single sentences, for whoever sums them otherwise.
pub struct EntityCounter(TagReader);

impl EntityCounter {
    pub fn new(labels: &[String]) -> Self {
        Self(TagReader::new(labels))
    }

    /// Entities that are right, that were predicted and that there are, by the lenient reading.
    pub fn count(&self, gold: &[u32], predicted: &[u32]) -> [u64; 3] {
        let mut counts = TypeCounts::new(self.0.types.len());
        counts.add(&self.0.lenient(gold), &self.0.lenient(predicted));
        let sum = |part: fn(&Tally) -> u64| counts.0.iter().map(part).sum::<u64>();
        [sum(|tally| tally.right), sum(|tally| tally.predicted), sum(|tally| tally.support)]
    }
}

impl std::fmt::Debug for EntityCounter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EntityCounter").field(&self.0.types).finish()
    }
}

/// A tag taken apart as seqeval does: its first character, and what follows the first hyphen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tag {
    prefix: char,
    /// The type by the lenient reading. seqeval calls the type of a bare `O` or `B` `_`; `None` where no entity can
    /// have it.
    class: Option<usize>,
    /// The type by the strict reading, which strips further hyphens.
    strict: Option<usize>,
}

/// What stands before the first word.
const BEFORE_ALL: Tag = Tag { prefix: 'O', class: None, strict: None };

/// Reads entities from tags.
struct TagReader {
    tags: Vec<Tag>,
    outside: Tag,
    types: Vec<String>,
}

impl TagReader {
    fn new(labels: &[String]) -> Self {
        let parts: Vec<(char, String, String)> = labels.iter().map(|label| take_apart(label)).collect();
        let named = parts.iter().filter(|(prefix, ..)| *prefix != 'O');
        let types: BTreeSet<&str> =
            named.flat_map(|(_, lenient, strict)| [lenient.as_str(), strict.as_str()]).collect();
        let types: Vec<String> = types.into_iter().map(str::to_owned).collect();
        let class = |name: &String| types.binary_search(name).ok();
        let tags = parts
            .iter()
            .map(|(prefix, lenient, strict)| Tag { prefix: *prefix, class: class(lenient), strict: class(strict) })
            .collect();
        let outside = Tag { class: types.binary_search(&"_".to_owned()).ok(), ..BEFORE_ALL };
        Self { tags, outside, types }
    }

    fn tag(&self, index: u32) -> Tag {
        self.tags.get(index as usize).copied().unwrap_or(self.outside)
    }

    fn is_outside(&self, index: u32) -> bool {
        self.tag(index).prefix == 'O'
    }

    /// seqeval's `get_entities`, with the end exclusive.
    fn lenient(&self, tags: &[u32]) -> Vec<Entity> {
        let mut entities = Vec::new();
        let mut start = 0;
        let mut before = BEFORE_ALL;
        let ending = std::iter::once(self.outside);
        for (word, tag) in tags.iter().map(|&tag| self.tag(tag)).chain(ending).enumerate() {
            if ends(before, tag)
                && let Some(class) = before.class
            {
                entities.push(Entity { class, start, end: word, score: 0.0 });
            }
            if starts(before, tag) {
                start = word;
            }
            before = tag;
        }
        entities
    }

    /// seqeval's IOB2 scheme: a `B-` and the `I-` of its type that follow it.
    fn strict(&self, tags: &[u32]) -> Vec<Entity> {
        let mut entities: Vec<Entity> = Vec::new();
        let mut open = None;
        for (word, tag) in tags.iter().map(|&tag| self.tag(tag)).enumerate() {
            match (tag.prefix, tag.strict) {
                ('B', Some(class)) => {
                    entities.push(Entity { class, start: word, end: word + 1, score: 0.0 });
                    open = Some(class);
                }
                ('I', Some(class)) if open == Some(class) => {
                    if let Some(last) = entities.last_mut() {
                        last.end = word + 1;
                    }
                }
                _ => open = None,
            }
        }
        entities
    }

    /// `I-` tags that follow neither `B-` nor `I-` of their type.
    fn stray(&self, tags: &[u32]) -> u64 {
        let mut before = BEFORE_ALL;
        let mut stray = 0;
        for tag in tags.iter().map(|&tag| self.tag(tag)) {
            let follows = matches!(before.prefix, 'B' | 'I') && before.class == tag.class;
            stray += u64::from(tag.prefix == 'I' && !follows);
            before = tag;
        }
        stray
    }
}

/// First character, type by the lenient and type by the strict reading.
fn take_apart(label: &str) -> (char, String, String) {
    let mut characters = label.chars();
    let prefix = characters.next().unwrap_or('O');
    let rest = characters.as_str();
    let lenient = rest.split_once('-').map_or(rest, |(_, after)| after);
    let or_blank = |name: &str| if name.is_empty() { "_".to_owned() } else { name.to_owned() };
    (prefix, or_blank(lenient), or_blank(rest.trim_matches('-')))
}

/// Whether an entity ended between two words.
fn ends(before: Tag, tag: Tag) -> bool {
    matches!((before.prefix, tag.prefix), ('E' | 'S', _) | ('B' | 'I', 'B' | 'S' | 'O'))
        || (!matches!(before.prefix, 'O' | '.') && before.class != tag.class)
}

/// Whether an entity starts with the second word.
fn starts(before: Tag, tag: Tag) -> bool {
    matches!((before.prefix, tag.prefix), (_, 'B' | 'S') | ('E' | 'S' | 'O', 'E' | 'I'))
        || (!matches!(tag.prefix, 'O' | '.') && before.class != tag.class)
}

/// What precision and recall of each type are made of.
pub(super) struct TypeCounts(pub(super) Vec<Tally>);

impl TypeCounts {
    pub(super) fn new(types: usize) -> Self {
        Self(vec![Tally::default(); types])
    }

    pub(super) fn add(&mut self, gold: &[Entity], predicted: &[Entity]) {
        let key = |entity: &Entity| (entity.class, entity.start, entity.end);
        let known: BTreeSet<_> = gold.iter().map(key).collect();
        for entity in gold {
            self.0[entity.class].support += 1;
        }
        for entity in predicted {
            self.0[entity.class].predicted += 1;
            self.0[entity.class].right += u64::from(known.contains(&key(entity)));
        }
    }

    /// Precision, recall and F1 over all types together.
    fn micro(&self) -> [f64; 3] {
        let sum = |part: fn(&Tally) -> u64| self.0.iter().map(part).sum::<u64>();
        let all = Tally { right: sum(|t| t.right), predicted: sum(|t| t.predicted), support: sum(|t| t.support) };
        [all.precision(), all.recall(), all.f1()]
    }

    pub(super) fn metrics(&self) -> BTreeMap<String, f64> {
        let [precision, recall, f1] = self.micro();
        let occurring: Vec<Tally> = self.0.iter().copied().filter(|tally| tally.occurs()).collect();
        let macro_f1: f64 = occurring.iter().map(|tally| tally.f1()).sum();
        let weighted: f64 = occurring.iter().map(|tally| tally.f1() * tally.support as f64).sum();
        let support: u64 = occurring.iter().map(|tally| tally.support).sum();
        [
            ("precision", precision),
            ("recall", recall),
            ("f1", f1),
            ("f1_macro", ratio(macro_f1, occurring.len() as f64)),
            ("f1_weighted", ratio(weighted, support as f64)),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
    }

    pub(super) fn per_class(&self, types: &[String]) -> Vec<ClassScore> {
        types.iter().zip(&self.0).map(|(label, tally)| ClassScore::new(label, *tally)).collect()
    }
}
