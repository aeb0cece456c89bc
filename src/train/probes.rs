//! Texts that are predicted again and again while a run trains, so that one can see it learn.
//!
//! They are read and answered as any text is that the run's model is asked about, by the functions of `inspect`. Asking them
//! changes nothing of the training: it is a pass without a graph, without dropout and without chance. One is asked right after
//! an update and before any checkpoint of it, so that a run that goes on has all answers that it passed.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::config::{Probe, RunConfig};
use super::{Prepared, TrainError};
use crate::data::Dataset;
use crate::inspect::{Aggregation, Asked, Filled, InspectError, Options, Output, Prepared as Read, Request};
use crate::model::{Decisions, Model};
use crate::task::{THRESHOLD, Targets, Task};

/// Of a probe that is asked so often that nobody said how often: about as many answers as a strip has room for.
const USUAL: u64 = 40;
/// Outputs that are told of each answer.
const MOST: usize = 8;

/// What is said of a probe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeSaid {
    /// The label, all labels that apply, the number, the names found, the words of the answer, or those behind masks.
    pub answer: String,
    /// How probable that is, or the number itself; none where it is made of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// The likeliest outputs, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<(String, f32)>,
}

/// The probes of a run, tokenized.
pub(super) struct Probes {
    read: Vec<Read>,
    options: Options,
    every: u64,
    decisions: Decisions,
    dir: PathBuf,
    max_tokens: usize,
}

/// Whether and how the texts of a task can be probed; otherwise why not.
pub(super) fn why_not(task: Task) -> Option<&'static str> {
    match task.targets() {
        Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span | Targets::Hidden => None,
        Targets::Replaced => Some("whose texts have a generator's words in them"),
    }
}

/// Refuses probes that cannot be asked, before anything of a run is begun.
pub(super) fn check(config: &RunConfig, model: &Model, data: &Prepared) -> Result<(), TrainError> {
    Probes::of_run(config, model, data, 1).map(|_| ())
}

impl Probes {
    /// Those of a run of so many steps; none where it has none.
    pub fn of_run(config: &RunConfig, model: &Model, data: &Prepared, steps: u64) -> Result<Option<Self>, TrainError> {
        if config.run.probes.is_empty() {
            return Ok(None);
        }
        let every = if config.run.probe_every > 0 { config.run.probe_every } else { steps.div_ceil(USUAL).max(1) };
        let mut probes = Self {
            read: Vec::new(),
            options: options(config),
            every,
            decisions: Decisions::default(),
            dir: config.model_dir()?,
            max_tokens: data.max_tokens,
        };
        for (place, probe) in config.run.probes.iter().enumerate() {
            let request = request(place, probe, data)?;
            let asked = probes.asked(config.task, model, data);
            let read = asked.prepare(request, &probes.options);
            let read = read.map_err(|error| wrong(place, probe, &error.to_string()))?;
            probes.read.push(read);
        }
        Ok(Some(probes))
    }

    /// Whether it is their turn after this step: before the first, every so many, and after the last.
    pub fn are_due(&self, step: u64, steps: u64) -> bool {
        step.is_multiple_of(self.every) || step == steps
    }

    /// What the model says of each now.
    pub fn said(&self, task: Task, model: &Model, data: &Prepared) -> Result<Vec<ProbeSaid>, InspectError> {
        let read: Vec<&Read> = self.read.iter().collect();
        let said = self.asked(task, model, data).predict(&read, &self.options)?;
        Ok(said.into_iter().map(|one| told(task, one.output)).collect())
    }

    fn asked<'a>(&'a self, task: Task, model: &'a Model, data: &'a Prepared) -> Asked<'a> {
        Asked {
            model,
            task,
            tokenizer: &data.tokenizer,
            labels: &data.labels.names,
            max_tokens: self.max_tokens,
            decisions: &self.decisions,
            reads_pairs: None,
            dir: &self.dir,
        }
    }
}

/// As the run reads its texts.
fn options(config: &RunConfig) -> Options {
    let stride = config.task.has_windows().then_some(config.data.stride);
    Options {
        top_k: (config.task.targets() == Targets::Hidden).then_some(MOST),
        aggregation: Aggregation::Simple,
        stride,
        max_tokens: Some(config.data.max_tokens),
        allow_no_answer: true,
        ..Options::default()
    }
}

fn wrong(place: usize, probe: &Probe, reason: &str) -> TrainError {
    let value = format!("\"{}\" (probe {})", probe.words().chars().take(60).collect::<String>(), place + 1);
    TrainError::setting("run.probes", value, &format!("a text that can be asked: {reason}"))
}

/// Puts the words of rows in their places, so that a run keeps what it was asked.
pub(super) fn name_rows(config: &mut RunConfig, data: &Prepared) -> Result<(), TrainError> {
    for (place, probe) in config.run.probes.iter_mut().enumerate() {
        let Request { text, pair } = request(place, probe, data)?;
        *probe = Probe::Text { text, pair };
    }
    Ok(())
}

/// What is asked, with the words of a row where it is one.
fn request(place: usize, probe: &Probe, data: &Prepared) -> Result<Request, TrainError> {
    match probe {
        Probe::Text { text, pair } => Ok(Request { text: text.clone(), pair: pair.clone() }),
        Probe::Row(row) => {
            let Some(rows) = data.train_data.as_deref() else {
                return Err(wrong(place, probe, "rows can be named only where the data are a table"));
            };
            of_row(rows, *row)
                .ok_or_else(|| wrong(place, probe, &format!("the data have no row {row} that can be used")))
        }
    }
}

/// The words of a row, counted from 1.
fn of_row(data: &Dataset, row: usize) -> Option<Request> {
    let example = data.examples.iter().position(|example| example.row + 1 == row)?;
    Some(Request { text: data.readable(example).into_owned(), pair: data.pair(example).map(str::to_owned) })
}

fn told(task: Task, output: Output) -> ProbeSaid {
    match output {
        Output::Labels(labels) => {
            of_labels(task, labels.into_iter().map(|one| (one.label, one.score as f32)).collect())
        }
        Output::Value { value } => {
            ProbeSaid { answer: format!("{value:.4}"), score: finite(value), scores: Vec::new() }
        }
        Output::Entities(entities) => {
            let names: Vec<String> = entities.iter().map(|one| format!("{} {}", one.word, one.entity_group)).collect();
            let answer = if names.is_empty() { "no names".to_owned() } else { names.join(" · ") };
            let score = if let [one] = entities.as_slice() { finite(one.score) } else { None };
            ProbeSaid { answer, score, scores: Vec::new() }
        }
        Output::Answers(answers) => answers.into_iter().next().map_or_else(ProbeSaid::default, |best| {
            let answer = if best.answer.is_empty() { "no answer".to_owned() } else { best.answer };
            ProbeSaid { answer, score: finite(best.score), scores: Vec::new() }
        }),
        Output::Masks(masks) => of_masks(&masks),
        Output::Tokens(_) | Output::Words(_) | Output::Replaced(_) => ProbeSaid::default(),
    }
}

/// As it is kept: JSON has no word for what is no number.
fn finite(value: f64) -> Option<f32> {
    value.is_finite().then_some(value as f32)
}

/// Of one label the best, of several all that apply.
fn of_labels(task: Task, mut scores: Vec<(String, f32)>) -> ProbeSaid {
    let (answer, score) = if task.targets() == Targets::Classes {
        let applies = scores.iter().filter(|(_, score)| *score >= THRESHOLD);
        let labels: Vec<&str> = applies.map(|(label, _)| label.as_str()).collect();
        (if labels.is_empty() { "no label".to_owned() } else { labels.join(", ") }, None)
    } else {
        scores.first().map_or_else(Default::default, |(label, score)| (label.clone(), Some(*score)))
    };
    scores.truncate(MOST);
    scores.retain(|(_, score)| score.is_finite());
    let score = score.filter(|score| score.is_finite());
    ProbeSaid { answer, score, scores }
}

/// The best word behind each mask, and of a single mask all that are told.
fn of_masks(masks: &[Vec<Filled>]) -> ProbeSaid {
    let best: Vec<&Filled> = masks.iter().filter_map(|words| words.first()).collect();
    let answer = best.iter().map(|word| word.token_str.trim()).collect::<Vec<_>>().join(", ");
    let [words] = masks else { return ProbeSaid { answer, ..ProbeSaid::default() } };
    let told = words.iter().filter(|word| word.score.is_finite());
    let scores: Vec<_> = told.map(|word| (word.token_str.trim().to_owned(), word.score as f32)).collect();
    ProbeSaid { answer, score: scores.first().map(|(_, score)| *score), scores }
}
