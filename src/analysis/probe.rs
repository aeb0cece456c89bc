//! How much of a task each layer of an encoder already knows: a linear probe on the pooled states of each layer, judged on
//! rows that were held out from it (Alain and Bengio, 2016; for layers of BERT, Tenney et al., 2019).
//!
//! Where words have tags, the states are those of words, and the sentences of a score are held out whole: it is the F1 of
//! their entities.
//!
//! Every labelled row is held out once in k stratified folds, in which rows of one group and repeated texts stay together.
//! In each fold the states are standardised by the rows that are learned from, and a fifth of these chooses how strong the
//! weights are held down, so that no held-out row has a say in how it is predicted. Which pooling is shown first, and which
//! layer is best, is chosen by the held-out rows; the intervals say how much such a choice can mean.

mod advice;
mod error;
pub mod lbfgs;
mod lesson;
pub mod linear;
mod scores;

use std::path::PathBuf;

use rayon::prelude::*;

use super::pooled::{self, OnProgress, Pooled, StatesKept, Which, WordStates};
use super::sample::Sampling;
use crate::data::Dataset;
use crate::data::folds::folds;
use crate::inspect::{Plane, Pooling};
use crate::stop::{self, Stop};
use crate::task::{Targets, Task};
use crate::words::{noun, plural};

pub use advice::{Advice, Because, Train};
pub use error::ProbeError;
use lbfgs::Until;
use lesson::Lesson;
use linear::{Linear, Matrix, Standard, Truth};
use scores::Counts;
pub use scores::{Judged, Score};

pub const FOLDS: usize = 5;
/// Rows that are looked at where nothing else is said.
pub const ROWS: usize = 3000;

/// What is probed.
#[derive(Clone, Debug)]
pub struct Question {
    /// The rows that may be looked at have something to teach ([`labelled`]).
    pub wanted: Sampling,
    pub folds: usize,
}

/// What a run taught the encoder before it was probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FineTuned {
    pub run: String,
    pub strategy: String,
    /// What the run began from, where that is here, and what it is called.
    pub base: Option<PathBuf>,
    pub base_title: String,
    pub taught: Taught,
}

/// What is known of the rows that it was taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taught {
    /// So many of the data were left out, or, where none could be, so many are among those that were probed.
    Some {
        left_out: usize,
        among: usize,
    },
    Unknown {
        why: String,
    },
}

impl FineTuned {
    /// What that means for what is shown, in a sentence or two.
    pub fn said(&self) -> String {
        let Self { run, strategy, taught, .. } = self;
        let begin = format!(
            "this encoder was fine-tuned with labels by the run {run} ({strategy}), so that its layers tell what they were taught"
        );
        match taught {
            Taught::Some { left_out: 0, among: 0 } => format!("{begin}; none of these rows was learned from"),
            Taught::Some { left_out: 0, among } => {
                format!(
                    "{begin}; {} learned from, and the figures tell what is remembered",
                    plural(*among, "of these rows was", "of these rows were")
                )
            }
            Taught::Some { left_out, .. } => {
                format!("{begin}; {} that it learned from took no part", plural(*left_out, "row", "rows"))
            }
            Taught::Unknown { why } => {
                format!("{begin}; these rows may be among those that it learned from, which cannot be told: {why}")
            }
        }
    }
}

/// What the probes of all layers came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    pub task: Task,
    pub judged: Judged,
    pub rows: usize,
    /// Their words, where each has a tag.
    pub words: Option<usize>,
    /// Labelled rows that there were to choose from, and how many the memory would have held.
    pub among: usize,
    pub most: usize,
    pub folds: usize,
    /// Classes or labels; none of numbers.
    pub classes: usize,
    /// Of the embeddings, then of each layer.
    pub first: Vec<Score>,
    pub mean: Vec<Score>,
    /// The pooling whose best layer is better.
    pub pooling: Pooling,
    /// What costs nothing comes to.
    pub majority: f64,
    /// Texts that were cut, and how long they may be.
    pub cut: usize,
    pub max_tokens: usize,
    /// Classes with fewer rows than folds.
    pub rare: Vec<(String, usize)>,
    /// Layers of the model with weights of their own.
    stored_layers: usize,
    /// Whether nothing but a head can be trained.
    is_frozen: bool,
    /// Where a run taught the encoder before. How far to freeze is then to be asked of what the run began from.
    pub fine_tuned: Option<FineTuned>,
}

impl Probed {
    pub fn by(&self, pooling: Pooling) -> &[Score] {
        if pooling == Pooling::First { &self.first } else { &self.mean }
    }

    /// Layers after the embeddings.
    pub fn layers(&self) -> usize {
        self.mean.len().saturating_sub(1)
    }

    /// How far the encoder can be frozen, by a pooling.
    pub fn advice(&self, pooling: Pooling) -> Advice {
        let advice = advice::advice(self.judged, self.by(pooling), self.majority, self.stored_layers);
        if self.is_frozen { Advice { train: Train::OnlyHead, ..advice } } else { advice }
    }

    /// The same of an encoder that a run has taught.
    #[must_use]
    pub fn of_tuned(self, told: FineTuned) -> Self {
        Self { fine_tuned: Some(told), ..self }
    }

    /// Whether it is of any use to say how far to freeze.
    pub fn proposes(&self) -> bool {
        self.fine_tuned.is_none()
    }

    /// What a person should know of the rows, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.fine_tuned.iter().map(FineTuned::said).collect();
        if self.rows < self.among {
            let why = if self.rows == self.most { ", as many as the memory for states holds" } else { "" };
            notes.push(format!(
                "{} of {} labelled rows {} looked at{why}, each class with its share",
                self.rows,
                self.among,
                noun(self.rows, "was", "were")
            ));
        }
        if self.cut > 0 {
            let texts = plural(self.cut, "text was", "texts were");
            notes.push(format!("{texts} cut at {} tokens", self.max_tokens));
        }
        if !self.rare.is_empty() {
            notes.push(rare_words(&self.rare, self.folds));
        }
        notes
    }
}

fn rare_words(rare: &[(String, usize)], folds: usize) -> String {
    const NAMED: usize = 5;
    let named: Vec<String> = rare.iter().take(NAMED).map(|(name, rows)| format!("\"{name}\" ({rows})")).collect();
    let more = rare.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (classes, them) = (plural(rare.len(), "class has", "classes have"), noun(rare.len(), "it", "them"));
    let named = named.join(", ");
    format!("{classes} fewer rows than the {folds} folds, so that some folds hold none of {them} out: {named}{rest}")
}

/// The examples that have something to teach.
pub fn labelled(data: &Dataset, among: impl IntoIterator<Item = usize>) -> Vec<usize> {
    among.into_iter().filter(|example| lesson::is_labelled(data, *example)).collect()
}

/// Probes all layers; nothing where `tell` ended it. What cannot be probed for is refused before the encoder is asked.
pub fn probe(question: &Question, kept: &StatesKept, tell: OnProgress<'_>) -> Result<Option<Probed>, ProbeError> {
    let Question { wanted, folds } = question;
    let (pooled, lesson) = if wanted.data.task.targets() == Targets::Tags {
        let Some(WordStates { pooled, words }) = pooled::words(wanted, tell)? else { return Ok(None) };
        let lesson = Lesson::of_words(&wanted.data, &pooled.examples, &words, *folds)?;
        (pooled, lesson)
    } else {
        Lesson::of(&wanted.data, &wanted.among, *folds)?;
        let Some(pooled) = kept.states(wanted, Which::All, tell)? else { return Ok(None) };
        let lesson = Lesson::of(&wanted.data, &pooled.examples, *folds)?;
        (pooled, lesson)
    };
    let judge = Judge { lesson: &lesson, folds: *folds, seed: wanted.seed, stop: stop::here() };
    let Some((first, mean)) = judge.all(&pooled, tell) else { return Ok(None) };
    let name = |(class, rows): (usize, usize)| (wanted.data.labels.names.get(class).cloned().unwrap_or_default(), rows);
    Ok(Some(Probed {
        task: wanted.data.task,
        judged: lesson.judged,
        rows: lesson.judged_rows(),
        words: (lesson.judged == Judged::Entities).then(|| lesson.rows()),
        among: pooled.among,
        most: pooled.most,
        folds: *folds,
        classes: lesson.classes(),
        pooling: better(&first, &mean),
        first,
        mean,
        majority: scores::value(lesson.judged, &lesson.majority()),
        cut: pooled.cut,
        max_tokens: pooled.max_tokens,
        rare: lesson.rare(*folds).into_iter().map(name).collect(),
        stored_layers: pooled.stored_layers,
        is_frozen: pooled.is_frozen,
        fine_tuned: None,
    }))
}

/// The pooling whose best layer is better, and of equal ones the one that is better in the mean over the layers.
fn better(first: &[Score], mean: &[Score]) -> Pooling {
    let rank = |scores: &[Score]| {
        let best = scores.iter().map(|score| score.value).fold(f64::NEG_INFINITY, f64::max);
        (best, scores.iter().map(|score| score.value).sum::<f64>())
    };
    let (first, mean) = (rank(first), rank(mean));
    if first.0.total_cmp(&mean.0).then(first.1.total_cmp(&mean.1)).is_gt() { Pooling::First } else { Pooling::Mean }
}

/// Judges layers on the same folds.
struct Judge<'a> {
    lesson: &'a Lesson,
    folds: usize,
    seed: u64,
    stop: Stop,
}

impl Judge<'_> {
    fn all(&self, pooled: &Pooled, tell: OnProgress<'_>) -> Option<(Vec<Score>, Vec<Score>)> {
        let held_by = folds(&self.lesson.strata, &self.lesson.groups, self.folds, self.seed);
        let layers = pooled.layers;
        let (mut first, mut mean) = (Vec::new(), Vec::new());
        for layer in 0..layers {
            if tell("probing the layers", layer as u64, layers as u64).is_break() {
                return None;
            }
            first.push(Score::default());
            mean.push(Score::default());
            let both = [(Pooling::First, &mut first[layer]), (Pooling::Mean, &mut mean[layer])];
            both.into_par_iter()
                .for_each(|(pooling, score)| *score = self.layer(pooled, Plane { pooling, layer }, &held_by));
        }
        tell("probing the layers", layers as u64, layers as u64).is_continue().then_some((first, mean))
    }

    /// The score of one layer over all rows, each held out once.
    fn layer(&self, states: &Pooled, plane: Plane, held_by: &[usize]) -> Score {
        let folds: Vec<Vec<(usize, Counts)>> =
            (0..self.folds).into_par_iter().map(|fold| self.fold(states, plane, held_by, fold)).collect();
        let mut rows = vec![[0.0; 3]; held_by.len()];
        for (row, counts) in folds.into_iter().flatten() {
            rows[row] = counts;
        }
        scores::score(self.lesson.judged, &self.lesson.gathered(rows), self.seed)
    }

    fn fold(&self, states: &Pooled, plane: Plane, held_by: &[usize], fold: usize) -> Vec<(usize, Counts)> {
        let (held, learned): (Vec<usize>, Vec<usize>) = (0..held_by.len()).partition(|row| held_by[*row] == fold);
        let mut features = matrix(states, plane, &learned);
        let standard = Standard::of(&features);
        standard.apply(&mut features);
        let learner = self.lesson.learner(&learned);
        let linear = self.chosen(&features, &learner.truth, &learned);
        let mut unseen = matrix(states, plane, &held);
        standard.apply(&mut unseen);
        let said = linear.say(&unseen);
        let rows = held.into_iter().zip(said.chunks_exact(linear.outputs));
        rows.map(|(row, said)| (row, self.lesson.judge(&learner, row, said))).collect()
    }

    /// Fits with the strength that a part of the rows, held out from the rest, finds best. Each fit goes on from the one
    /// before, from the strongest on, as long as it helps.
    fn chosen(&self, features: &Matrix, truth: &Truth, rows: &[usize]) -> Linear {
        let of = |all: &[usize]| rows.iter().map(|row| all[*row]).collect::<Vec<usize>>();
        let inner = folds(&of(&self.lesson.strata), &of(&self.lesson.groups), INNER, self.seed ^ INNER as u64);
        let (check, learn): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|row| inner[*row] == 0);
        let (unseen, unseen_truth) = (features.of(&check), truth.of(&check));
        let (seen, seen_truth) = (features.of(&learn), truth.of(&learn));
        let mut linear = Linear::zero(truth.outputs, features.cols);
        let mut best = (f64::INFINITY, STRENGTHS[0], linear.clone());
        for strength in STRENGTHS {
            linear = linear.fit(&seen, &seen_truth, strength, ROUGH, &self.stop);
            let loss = linear.loss(&unseen, &unseen_truth);
            if loss >= best.0 {
                break;
            }
            best = (loss, strength, linear.clone());
        }
        best.2.fit(features, truth, best.1, TOLERANCE, &self.stop)
    }
}

/// Parts of the rows that are learned from, of which one chooses the strength.
const INNER: usize = 5;
/// How strong the squared weights count beside the mean loss, from which one is chosen.
const STRENGTHS: [f64; 5] = [1.0, 0.1, 0.01, 1e-3, 1e-4];
/// Enough to tell strengths apart.
const ROUGH: Until = Until { gradient: 1e-3, steps: 100 };
/// As scikit-learn ends a fit.
const TOLERANCE: Until = Until { gradient: 1e-4, steps: 300 };

/// The states of some rows after a layer.
fn matrix(states: &Pooled, plane: Plane, rows: &[usize]) -> Matrix {
    let values = rows.iter().flat_map(|row| states.state(plane, *row).iter().copied()).collect();
    Matrix { rows: rows.len(), cols: states.width(), values }
}

#[cfg(test)]
mod tests;
