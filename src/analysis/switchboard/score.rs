//! How well a model does on a sample, whole or with parts switched off: its loss, and the metric that its task is judged by.

use std::sync::Arc;

use super::aim::{Aim, cross_entropy};
use super::sample::{Lesson, Sample};
use crate::data::Target;
use crate::inspect::predictor::{Rows, Sequence};
use crate::inspect::switches::Switches;
use crate::inspect::{GoOn, Inquiry, InspectError, OpenModel, squad};
use crate::metrics::{
    Answers, Evaluation, MaskedTally, Measure, TaggedSentence, best_class, evaluate_answers, evaluate_classes,
    evaluate_entities, evaluate_masked, evaluate_multilabel_at, evaluate_values,
};
use crate::model::outputs::class_key;
use crate::model::probability::{sigmoid, softmax};
use crate::table::notation::tags::is_outside;
use crate::task::Targets;
use crate::text::Alignment;

/// A score of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The metric by which the task is judged first.
    pub metric: f64,
    pub loss: f64,
}

/// Asks how a model does with parts switched off.
#[derive(Clone, Debug)]
pub struct ScoreWith {
    pub sample: Arc<Sample>,
    pub switches: Switches,
}

/// Two of one sample are the same question where the same is off.
impl PartialEq for ScoreWith {
    fn eq(&self, other: &Self) -> bool {
        self.switches == other.switches && Arc::ptr_eq(&self.sample, &other.sample)
    }
}

impl Inquiry for ScoreWith {
    type Answer = Scored;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Scored>, InspectError> {
        model.turn_to(self.sample.task)?;
        model.switched(&self.switches, |model| score(model, &self.sample, go_on))
    }
}

/// Texts that are predicted together: of hidden words there is a number for every word of the vocabulary.
const AT_ONCE: usize = 32;

/// What was said of a text, or of a window of it.
#[derive(Debug)]
struct Said {
    loss: f32,
    /// Probabilities, a number, or the logits of starts and ends; none of hidden words.
    scores: Vec<f32>,
}

/// Predicts a sample; nothing where `go_on` ended it.
pub(super) fn score(model: &OpenModel, sample: &Sample, go_on: GoOn<'_>) -> Result<Option<Scored>, InspectError> {
    let mut said = Vec::with_capacity(sample.lessons.len());
    let mut tally = MaskedTally::default();
    let total = sample.lessons.len();
    for lessons in sample.lessons.chunks(AT_ONCE) {
        let before = said.len();
        let sequences: Vec<Sequence> = lessons.iter().map(Lesson::sequence).collect();
        let mut heard = |done: usize, _: usize| go_on(before + done, total);
        let Some(rows) = model.predictor().rows(sequences, &mut heard)? else { return Ok(None) };
        for (lesson, rows) in lessons.iter().zip(&rows) {
            let (loss, scores) = (lesson.aim.loss(rows) as f32, scores(sample, lesson, rows, &mut tally));
            said.push(Said { loss, scores });
        }
    }
    let loss = said.iter().map(|said| f64::from(said.loss)).sum::<f64>() / said.len().max(1) as f64;
    let found = evaluation(model, sample, said, &tally, loss);
    let metric = found.metrics.get(Measure::main(sample.task)).copied().unwrap_or(f64::NAN);
    Ok(Some(Scored { metric, loss }))
}

/// What of the logits the metric is made of.
fn scores(sample: &Sample, lesson: &Lesson, rows: &Rows, tally: &mut MaskedTally) -> Vec<f32> {
    let first = || rows.first().cloned().unwrap_or_default();
    match sample.task.targets() {
        Targets::Class => softmax(&first()),
        Targets::Classes => sigmoid(&first()),
        Targets::Number => first(),
        Targets::Tags => rows.iter().flat_map(|row| softmax(row)).collect(),
        Targets::Span => {
            let column = |side: usize| rows.iter().map(move |row| row.get(side).copied().unwrap_or(f32::NAN));
            column(0).chain(column(1)).collect()
        }
        Targets::Hidden => {
            if let Aim::Tokens(tokens) = &lesson.aim {
                for ((_, gold), row) in tokens.iter().zip(rows) {
                    tally.add(*gold as u32, cross_entropy(row, *gold), best_class(row) == *gold);
                }
            }
            Vec::new()
        }
        Targets::Replaced => Vec::new(),
    }
}

fn evaluation(model: &OpenModel, sample: &Sample, said: Vec<Said>, tally: &MaskedTally, loss: f64) -> Evaluation {
    let labels = &sample.labels;
    let aims = || sample.lessons.iter().map(|lesson| &lesson.aim);
    let examples: Vec<usize> = sample.lessons.iter().map(|lesson| lesson.features.example).collect();
    let losses: Vec<f32> = said.iter().map(|said| said.loss).collect();
    match sample.task.targets() {
        Targets::Class => {
            let gold: Vec<u32> =
                aims().map(|aim| if let Aim::Class(class) = aim { *class as u32 } else { 0 }).collect();
            let scores = said.into_iter().map(|said| said.scores).collect();
            evaluate_classes(sample.task, labels, Answers { examples: &examples, gold: &gold, scores, losses: &losses })
        }
        Targets::Classes => {
            let classes = |aim: &Aim| match aim {
                Aim::Classes(classes) => classes.iter().map(|class| *class as u32).collect(),
                Aim::Class(_) | Aim::Value(_) | Aim::Tokens(_) | Aim::Span(..) => Vec::new(),
            };
            let gold: Vec<Vec<u32>> = aims().map(classes).collect();
            let scores = said.into_iter().map(|said| said.scores).collect();
            let thresholds: Vec<f32> = labels.iter().map(|label| model.decisions.threshold(label)).collect();
            let answers = Answers { examples: &examples, gold: &gold, scores, losses: &losses };
            evaluate_multilabel_at(labels, answers, &thresholds)
        }
        Targets::Number => {
            let gold: Vec<f32> = aims().map(|aim| if let Aim::Value(value) = aim { *value } else { 0.0 }).collect();
            let scores = said.into_iter().map(|said| said.scores).collect();
            evaluate_values(Answers { examples: &examples, gold: &gold, scores, losses: &losses })
        }
        Targets::Tags => evaluate_entities(labels, sentences(sample, &said), loss),
        Targets::Span => {
            let data = &*sample.data;
            let windows = sample.lessons.iter().map(|lesson| &lesson.features);
            let questions = squad::questions(data, windows.zip(said.iter().map(|said| said.scores.as_slice())));
            let unanswerable = data.examples.iter().any(|one| one.target == Target::Answers(Vec::new()));
            let threshold = model.decisions.no_answer;
            evaluate_answers(questions, threshold.unwrap_or(0.0), unanswerable || threshold.is_some(), loss)
        }
        Targets::Hidden | Targets::Replaced => evaluate_masked(tally),
    }
}

/// The windows of each sentence put together again. A word that the tokenizer makes nothing of is said to be outside, as by
/// evaluations.
fn sentences(sample: &Sample, said: &[Said]) -> Vec<TaggedSentence> {
    let outside = sample.labels.iter().position(|label| is_outside(label)).unwrap_or(0) as u32;
    let output_of = |class: u32| {
        let name = sample.data.labels.names.get(class as usize)?;
        sample.labels.iter().position(|label| class_key(label) == class_key(name))
    };
    let mut sentences: Vec<TaggedSentence> = Vec::new();
    for (lesson, said) in sample.lessons.iter().zip(said) {
        let example = lesson.features.example;
        if sentences.last().is_none_or(|sentence| sentence.example != example) {
            let Target::Tags(tags) = &sample.data.examples[example].target else { continue };
            let gold: Vec<u32> = tags.iter().map(|tag| output_of(*tag).map_or(outside, |place| place as u32)).collect();
            let (predicted, scores) = (vec![outside; gold.len()], vec![1.0; gold.len()]);
            let words = sample.data.words(example);
            sentences.push(TaggedSentence { example, words, gold, predicted, scores });
        }
        let Alignment::Words(places) = &lesson.features.alignment else { continue };
        let Some(sentence) = sentences.last_mut() else { continue };
        for ((_, word), row) in places.iter().zip(said.scores.chunks(sample.labels.len().max(1))) {
            let best = best_class(row);
            sentence.predicted[*word as usize] = best as u32;
            sentence.scores[*word as usize] = row[best];
        }
    }
    sentences
}
