//! A model over a split → metrics.

use std::ops::ControlFlow;

use super::TrainError;
use super::objective::{Objective, Scored, input};
use super::prefix::PrefixCache;
use crate::data::{Batch, Features, LabelSet, Target};
use crate::metrics::{Answers, Evaluation, evaluate_classes, evaluate_multilabel, evaluate_values};
use crate::model::{HeadKind, Model, Pass};
use crate::task::Task;

/// Tokens that are computed at once. Their number changes nothing but speed.
const TOKENS_AT_ONCE: usize = 2048;

/// Scores every example, in order. Texts of similar length are not put together, as there is no padding to save.
/// `None` when `on_progress`, which hears how many are done, said to stop.
pub fn score_all(
    model: &Model,
    objective: &Objective,
    features: &[Features],
    mut prefix: Option<&mut PrefixCache>,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Scored>>, TrainError> {
    let mut scored = Vec::with_capacity(features.len());
    let mut first = 0;
    while first < features.len() {
        let mut tokens = 0;
        let fits = features[first..].iter().take_while(|one| {
            tokens += one.ids.len();
            tokens <= TOKENS_AT_ONCE
        });
        let end = first + fits.count().max(1);
        let chunk = &features[first..end];
        match prefix.as_deref_mut() {
            Some(cache) => {
                let which: Vec<u32> = (first as u32..end as u32).collect();
                scored.extend(score_from_prefix(model, objective, chunk, cache, &which)?);
            }
            None => scored.extend(objective.score(model, Batch::pack(chunk, 0))?),
        }
        first = end;
        if on_progress(first).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(scored))
}

fn score_from_prefix(
    model: &Model,
    objective: &Objective,
    chunk: &[Features],
    cache: &mut PrefixCache,
    which: &[u32],
) -> Result<Vec<Scored>, TrainError> {
    let batch = Batch::pack(chunk, 0);
    let targets = batch.targets.clone();
    let input = input(batch);
    let (x, first_tokens) = cache.get(model, which, &chunk.iter().collect::<Vec<_>>())?;
    let rows = HeadKind::for_task(objective.task).rows(&input).map(Into::into);
    let pass = Pass { rows, ..Pass::default() };
    let last = if first_tokens { x } else { model.encode_from(cache.steps(), x, &input, &pass)?.last };
    let logits = model.logits(objective.task, &last, &input, &pass)?;
    objective.scored(&logits, &targets)
}

/// Metrics from scores.
pub fn evaluation(task: Task, labels: &LabelSet, features: &[Features], scored: Vec<Scored>) -> Evaluation {
    let examples: Vec<usize> = features.iter().map(|features| features.example).collect();
    let losses: Vec<f32> = scored.iter().map(|scored| scored.loss).collect();
    let scores: Vec<Vec<f32>> = scored.into_iter().map(|scored| scored.scores).collect();
    match task {
        Task::Regress => {
            let gold: Vec<f32> = features.iter().map(|features| value(&features.target)).collect();
            evaluate_values(Answers { examples: &examples, gold: &gold, scores, losses: &losses })
        }
        Task::MultiLabel => {
            let gold: Vec<Vec<u32>> = features.iter().map(|features| set(&features.target)).collect();
            evaluate_multilabel(&labels.names, Answers { examples: &examples, gold: &gold, scores, losses: &losses })
        }
        _ => {
            let gold: Vec<u32> = features.iter().map(|features| class(&features.target)).collect();
            evaluate_classes(task, &labels.names, Answers { examples: &examples, gold: &gold, scores, losses: &losses })
        }
    }
}

fn value(target: &Target) -> f32 {
    if let Target::Value(value) = target { *value } else { f32::NAN }
}

fn set(target: &Target) -> Vec<u32> {
    if let Target::Classes(classes) = target { classes.clone() } else { Vec::new() }
}

fn class(target: &Target) -> u32 {
    if let Target::Class(class) = target { *class } else { 0 }
}
