//! A model over a split → metrics.

use std::ops::ControlFlow;

use super::TrainError;
use super::companion::Companion;
use super::examples::Examples;
use super::objective::{Objective, Scored, evaluation_chance, evaluation_draws};
use super::prefix::{PrefixCache, last_states};
use crate::data::{Dataset, LabelSet, Target};
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::inspect::squad;
use crate::metrics::{
    Answers, Evaluation, MaskedTally, ReplacedTally, TaggedSentence, best_class, evaluate_answers, evaluate_classes,
    evaluate_entities, evaluate_masked, evaluate_multilabel_at, evaluate_replaced, evaluate_values,
};
use crate::model::{Decisions, Model, Pass};
use crate::table::notation::tags::is_outside;
use crate::task::{Targets, Task};
use crate::text::{Alignment, Batch, Features, Labels, Tokenizer};

/// Who evaluates: the model, what it is asked, and the companion that has a part in that.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    pub model: &'a Model,
    pub objective: &'a Objective,
    pub companion: Option<&'a dyn Companion>,
}

/// Scores every sequence, in order. Texts of similar length are not put together, as there is no padding to save.
/// `None` when `on_progress`, which hears how many are done, said to stop.
pub fn score_all(
    judge: Judge<'_>,
    examples: &Examples,
    prefix: Option<&mut PrefixCache>,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Scored>>, TrainError> {
    score_in_batches(TOKENS_AT_ONCE, judge, examples, prefix, on_progress)
}

fn score_in_batches(
    at_once: usize,
    judge: Judge<'_>,
    examples: &Examples,
    mut prefix: Option<&mut PrefixCache>,
    on_progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<Vec<Scored>>, TrainError> {
    let drawn = (0..examples.len()).map(|index| {
        let chance = evaluation_chance(index);
        Ok(judge.objective.draw(examples.get(index, chance)?, chance).into_owned())
    });
    let tokens = |one: &Features| one.tokens.len();
    in_batches(at_once, drawn, tokens, on_progress, |first, batch| {
        score_batch(judge, batch, first as u32, prefix.as_deref_mut())
    })
}

fn score_batch(
    judge: Judge<'_>,
    batch: &[Features],
    first: u32,
    prefix: Option<&mut PrefixCache>,
) -> Result<Vec<Scored>, TrainError> {
    let Judge { model, objective, companion } = judge;
    // A sequence has the slot of its place in the evaluation, so that what is drawn for it hangs on no batch.
    let mut work = objective.work(Batch::pack(batch, first));
    if let Some(companion) = companion {
        companion.judge(&mut work, &batch.iter().collect::<Vec<_>>(), evaluation_draws())?;
    }
    if work.is_empty() {
        return Ok(vec![Scored::default(); batch.len()]);
    }
    let pass = Pass { rows: work.rows.clone(), ..Pass::default() };
    let which: Vec<u32> = (first..).take(batch.len()).collect();
    let last = last_states(model, objective.task, prefix, &which, batch, &work.input, &pass)?;
    let logits = model.logits(objective.task, &last, &work.input, &pass)?;
    objective.scored(&logits, &work)
}

/// What the scores are of.
#[derive(Clone, Copy)]
pub struct Scores<'a> {
    pub task: Task,
    pub labels: &'a LabelSet,
    /// The rows that were evaluated, where they are rows.
    pub data: Option<&'a Dataset>,
    pub examples: &'a Examples,
    pub tokenizer: &'a Tokenizer,
    /// Where the line is drawn between yes and no.
    pub decisions: &'a Decisions,
}

/// Metrics from scores.
pub fn evaluation(of: Scores<'_>, scored: Vec<Scored>) -> Evaluation {
    let Scores { task, labels, data, examples, tokenizer, decisions } = of;
    match (task.targets(), data, examples) {
        (Targets::Hidden, ..) => {
            let mut tally = MaskedTally::default();
            for token in scored.iter().flat_map(|scored| &scored.tokens) {
                tally.add(token.gold, token.loss, token.right);
            }
            let mut evaluation = evaluate_masked(&tally);
            evaluation.masked = Some(tally.report(|id| tokenizer.id_to_token(id).unwrap_or_else(|| id.to_string())));
            evaluation
        }
        (Targets::Replaced, ..) => {
            let mut tally = ReplacedTally::default();
            for token in scored.iter().flat_map(|scored| &scored.tokens) {
                tally.add(token.gold == 1, (token.gold == 1) == token.right, token.loss);
            }
            evaluate_replaced(&tally)
        }
        (Targets::Tags, Some(data), Examples::Features(features)) => {
            evaluate_entities(&labels.names, sentences(data, features, &scored, labels), mean_loss(&scored))
        }
        (Targets::Span, Some(data), Examples::Features(features)) => {
            let logits = scored.iter().map(|scored| scored.scores.as_slice());
            let questions = squad::questions(data, features.iter().zip(logits));
            let unanswerable = data.examples.iter().any(|one| one.target == Target::Answers(Vec::new()));
            let threshold = decisions.no_answer;
            let may_refuse = unanswerable || threshold.is_some();
            evaluate_answers(questions, threshold.unwrap_or(0.0), may_refuse, mean_loss(&scored))
        }
        (Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span, ..) => {
            of_texts(of, scored)
        }
    }
}

/// The mean over everything that was asked; 0 of nothing.
fn mean_loss(scored: &[Scored]) -> f64 {
    let weight: f64 = scored.iter().map(|scored| scored.weight).sum();
    if weight > 0.0 { scored.iter().map(|scored| scored.loss).sum::<f64>() / weight } else { 0.0 }
}

/// Metrics of tasks with one answer for a whole text.
fn of_texts(of: Scores<'_>, scored: Vec<Scored>) -> Evaluation {
    let Scores { task, labels, examples, decisions, .. } = of;
    let targets: Vec<(usize, Labels)> = (0..examples.len())
        .filter_map(|index| examples.get(index, evaluation_chance(index)).ok())
        .map(|features| (features.example, features.labels.clone()))
        .collect();
    let places: Vec<usize> = targets.iter().map(|(example, _)| *example).collect();
    let losses: Vec<f32> = scored.iter().map(|scored| scored.loss as f32).collect();
    let scores: Vec<Vec<f32>> = scored.into_iter().map(|scored| scored.scores).collect();
    let targets = targets.iter().map(|(_, target)| target);
    match task.targets() {
        Targets::Number => {
            let gold: Vec<f32> = targets.map(value).collect();
            evaluate_values(Answers { examples: &places, gold: &gold, scores, losses: &losses })
        }
        Targets::Classes => {
            let gold: Vec<Vec<u32>> = targets.map(set).collect();
            let answers = Answers { examples: &places, gold: &gold, scores, losses: &losses };
            evaluate_multilabel_at(&labels.names, answers, &decisions.thresholds(&labels.names))
        }
        Targets::Class | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
            let gold: Vec<u32> = targets.map(class).collect();
            evaluate_classes(task, &labels.names, Answers { examples: &places, gold: &gold, scores, losses: &losses })
        }
    }
}

/// The windows of each sentence put together again. A word that the tokenizer makes nothing of is outside.
fn sentences(data: &Dataset, features: &[Features], scored: &[Scored], labels: &LabelSet) -> Vec<TaggedSentence> {
    let mut sentences: Vec<TaggedSentence> = Vec::new();
    let outside = labels.names.iter().position(|name| is_outside(name)).unwrap_or(0) as u32;
    for (features, scored) in features.iter().zip(scored) {
        if sentences.last().is_none_or(|sentence| sentence.example != features.example) {
            let Target::Tags(gold) = &data.examples[features.example].target else { continue };
            let words = data.words(features.example);
            let (predicted, scores) = (vec![outside; gold.len()], vec![0.0; gold.len()]);
            let gold = gold.clone();
            sentences.push(TaggedSentence { example: features.example, words, gold, predicted, scores });
        }
        let (Some(sentence), Alignment::Words(places)) = (sentences.last_mut(), &features.alignment) else { continue };
        for ((_, word), row) in places.iter().zip(scored.scores.chunks(labels.len().max(1))) {
            let best = best_class(row);
            sentence.predicted[*word as usize] = best as u32;
            sentence.scores[*word as usize] = row[best];
        }
    }
    sentences
}

fn value(labels: &Labels) -> f32 {
    if let Labels::Value(value) = labels { *value } else { f32::NAN }
}

fn set(labels: &Labels) -> Vec<u32> {
    if let Labels::Classes(classes) = labels { classes.clone() } else { Vec::new() }
}

fn class(labels: &Labels) -> u32 {
    if let Labels::Class(class) = labels { *class } else { 0 }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use candle_core::Device;

    use super::super::config::Language;
    use super::super::corpus::tests::{config, prepared};
    use super::super::generator::Generator;
    use super::*;
    use crate::model::{self, Want};

    #[test]
    fn what_is_drawn_of_an_evaluation_hangs_on_no_batch() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut config = config(Task::Rtd, "electra-rtd", folder.join("tests/golden/corpus.txt"));
        config.data.eval_fraction = Some(0.5);
        let data = prepared(&config);
        let model = model::open(&config.model_dir().unwrap(), Want::AsSaved, &Device::Cpu, 0).unwrap().0;
        let generator = Generator::new(&model, None, 1).unwrap();
        let objective = Objective::unweighted(Task::Rtd, 1, &Language::default(), &data.tokenizer).unwrap();
        let judge = Judge { model: &model, objective: &objective, companion: Some(&generator) };
        let scored = |at_once: usize| {
            let go_on = &mut |_: usize| ControlFlow::Continue(());
            score_in_batches(at_once, judge, &data.eval, None, go_on).unwrap().unwrap()
        };
        let whole = scored(TOKENS_AT_ONCE);
        assert!(whole.len() > 4 && whole.iter().any(|one| one.tokens.iter().any(|token| token.gold == 1)));
        for at_once in [1, 100] {
            assert_eq!(scored(at_once), whole, "{at_once} tokens at once");
        }
    }
}
