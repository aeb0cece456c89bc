//! The outputs of a head as logistic regression, fitted as a whole: where rows are few, its one minimum is found at once,
//! and how strong the weights are held down is chosen by cross-validation on the rows that are learned from.
//!
//! The states that the head gives its outputs are standardised while they are fitted, so that a strength means the same for
//! every model; the scales are put into the weights, which so read the states as they are. It is scikit-learn's
//! `LogisticRegression` on standardised features, with `C = 1 / (strength * rows)`.

use rayon::prelude::*;

use crate::analysis::probe::lbfgs::Until;
use crate::analysis::probe::linear::{Kind, Linear, Matrix, Standard, Truth};
use crate::data::folds::folds;
use crate::stop::Stop;

/// Parts of the rows of which each is held out once to choose the strength.
const FOLDS: usize = 5;
/// How strong half the squared weights count beside the mean loss, from which one is chosen.
const STRENGTHS: [f64; 7] = [1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4];
/// Where nothing can be held out.
const USUAL_STRENGTH: f64 = 0.03;
/// Enough to tell strengths apart.
const ROUGH: Until = Until { gradient: 1e-3, steps: 100 };
const EXACT: Until = Until { gradient: 1e-6, steps: 1000 };
/// Passes over the rows that choosing and fitting are reckoned to take together.
const PASSES: f64 = 600.0;
/// The weights that are fitted, among all of a model.
const OUTPUTS: &str = "head.sequence.weight";

/// What is learned from.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// What the head gives its outputs of each text.
    pub states: Matrix,
    pub classes: Vec<u32>,
    /// Classes that there are, also those that no row has.
    pub outputs: usize,
    /// Which rows are held out together, such as repeated texts.
    pub groups: Vec<usize>,
    pub seed: u64,
}

/// What was fitted: weights (outputs, width) and a bias for each output.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    pub weights: Vec<f32>,
    pub biases: Vec<f32>,
    /// The one that was chosen.
    pub strength: f64,
    /// The mean loss of the rows, without that of the weights.
    pub loss: f64,
}

/// Chooses a strength and fits; may be left by `stop`.
pub fn fit(lesson: &Lesson, stop: &Stop) -> Fitted {
    let strength = strength(lesson, stop);
    fit_at(lesson, strength, stop)
}

/// Operations that it takes for so many rows, for estimates; `sizes` are those of a model's weights by name.
pub fn operations(sizes: &[(String, u64)], rows: usize) -> f64 {
    let outputs: u64 = sizes.iter().filter(|(name, _)| name == OUTPUTS).map(|(_, count)| count).sum();
    // Forward to the outputs and back to their weights.
    PASSES * 4.0 * rows as f64 * outputs as f64
}

/// Fits at a strength that is given.
fn fit_at(lesson: &Lesson, strength: f64, stop: &Stop) -> Fitted {
    let all: Vec<usize> = (0..lesson.classes.len()).collect();
    let mut states = lesson.states.clone();
    let standard = Standard::of(&states);
    standard.apply(&mut states);
    let truth = truth(lesson, &all);
    let zero = Linear::zero(lesson.outputs, states.cols);
    let linear = zero.fit(&states, &truth, strength, EXACT, stop);
    let loss = linear.loss(&states, &truth);
    let raw = standard.put_into(&linear);
    let (weights, biases) = raw.split_at(lesson.outputs * states.cols);
    let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect();
    Fitted { weights: narrow(weights), biases: narrow(biases), strength, loss }
}

/// The strength whose loss of rows that were held out is least, from the strongest on as long as weaker ones help.
fn strength(lesson: &Lesson, stop: &Stop) -> f64 {
    let apart = lesson.groups.iter().collect::<std::collections::BTreeSet<_>>().len();
    let count = FOLDS.min(apart);
    if count < 2 {
        return USUAL_STRENGTH;
    }
    let strata: Vec<usize> = lesson.classes.iter().map(|class| *class as usize).collect();
    let held_by = folds(&strata, &lesson.groups, count, lesson.seed);
    let mut parts: Vec<Part> = (0..count).map(|fold| Part::of(lesson, &held_by, fold)).collect();
    let mut best = (f64::INFINITY, USUAL_STRENGTH);
    for strength in STRENGTHS {
        let losses: Vec<(f64, usize)> = parts.par_iter_mut().map(|part| part.loss_at(strength, stop)).collect();
        let rows: usize = losses.iter().map(|(_, rows)| rows).sum();
        let loss = losses.iter().map(|(loss, _)| loss).sum::<f64>() / rows.max(1) as f64;
        if rows == 0 || loss >= best.0 {
            break;
        }
        best = (loss, strength);
    }
    best.1
}

/// One part of the rows with the others.
struct Part {
    seen: (Matrix, Truth),
    unseen: (Matrix, Truth),
    /// What was fitted at the strength before.
    linear: Linear,
}

impl Part {
    fn of(lesson: &Lesson, held_by: &[usize], fold: usize) -> Self {
        let (held, learned): (Vec<usize>, Vec<usize>) = (0..held_by.len()).partition(|row| held_by[*row] == fold);
        let known: std::collections::BTreeSet<u32> = learned.iter().map(|row| lesson.classes[*row]).collect();
        // What nobody taught cannot be told, at any strength.
        let held: Vec<usize> = held.into_iter().filter(|row| known.contains(&lesson.classes[*row])).collect();
        let (mut seen, mut unseen) = (lesson.states.of(&learned), lesson.states.of(&held));
        let standard = Standard::of(&seen);
        standard.apply(&mut seen);
        standard.apply(&mut unseen);
        let linear = Linear::zero(lesson.outputs, seen.cols);
        Self { seen: (seen, truth(lesson, &learned)), unseen: (unseen, truth(lesson, &held)), linear }
    }

    /// The loss of the rows that are held out, added up, and how many they are.
    fn loss_at(&mut self, strength: f64, stop: &Stop) -> (f64, usize) {
        let (seen, truth) = &self.seen;
        self.linear = self.linear.clone().fit(seen, truth, strength, ROUGH, stop);
        let (unseen, truth) = &self.unseen;
        if unseen.rows == 0 {
            return (0.0, 0);
        }
        (self.linear.loss(unseen, truth) * unseen.rows as f64, unseen.rows)
    }
}

fn truth(lesson: &Lesson, rows: &[usize]) -> Truth {
    let mut values = vec![0.0; rows.len() * lesson.outputs];
    for (values, row) in values.chunks_exact_mut(lesson.outputs.max(1)).zip(rows) {
        values[lesson.classes[*row] as usize] = 1.0;
    }
    Truth { kind: Kind::OneOf, outputs: lesson.outputs, values }
}

#[cfg(test)]
mod tests;
