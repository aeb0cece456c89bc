//! Losses against what the layers of a teacher make of a text: the mean squared error of hidden states and of attention
//! scores (Jiao et al., 2020, "`TinyBERT`", arXiv 1909.10351), and the angle between the last states (Sanh et al., 2019,
//! "DistilBERT", arXiv 1910.01108).
//!
//! Each is a mean over the real tokens of the whole update, as there is no padding; of several layers it is the sum, as in
//! `TinyBERT`.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::model::ops::parts;
use crate::model::ops::scores::apart;
use crate::model::ops::weights::Dense;
use crate::model::params::{host, slice};
use crate::model::{Encoded, Input, Model, Scores};

/// A part of a loss, and its name.
pub type Part = (&'static str, Tensor);

/// What the layers of a teacher make of a batch, and how much that counts.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The teacher's states, (tokens, its width) each: what enters its first layer, then one for each layer of the student.
    /// None where they are not compared.
    pub hidden: Vec<Tensor>,
    /// One for each layer of the student; none where they are not compared.
    pub scores: Vec<Scores>,
    /// The teacher's last states, where their angle counts.
    pub last: Option<Tensor>,
    pub counts: Counts,
    /// Makes the student's states as wide as the teacher's, where they are not.
    pub projection: Option<Dense>,
    /// What the losses are divided by: the tokens of the update.
    pub tokens: f64,
}

/// What each comparison counts in the loss.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub hidden: f64,
    pub attention: f64,
    pub cosine: f64,
}

impl Compared {
    /// Whether the student's states are needed.
    pub fn wants_states(&self) -> bool {
        !self.hidden.is_empty() || self.last.is_some()
    }

    /// Whether the student's attention scores are needed.
    pub fn wants_scores(&self) -> bool {
        !self.scores.is_empty()
    }

    /// The parts of the loss, each times what it counts. `encoded` is what the student made of `input`, all states and scores
    /// with it.
    pub fn losses(&self, student: &Model, input: &Input, encoded: &Encoded) -> Result<Vec<Part>> {
        let mut losses = Vec::new();
        let states = encoded.hidden.iter().zip(&self.hidden);
        let hidden = states.map(|(own, of_teacher)| squares(&self.widened(student, own)?, of_teacher, self.tokens));
        if let Some(loss) = sum(&hidden.collect::<Result<Vec<_>>>()?)? {
            losses.push(("hidden", (loss * self.counts.hidden)?));
        }
        let layout = Arc::new(student.layout(input));
        let scores = encoded.scores.iter().zip(&self.scores);
        let attention = scores.map(|(own, of_teacher)| apart(own, of_teacher, &layout, self.tokens));
        if let Some(loss) = sum(&attention.collect::<Result<Vec<_>>>()?)? {
            losses.push(("attention", (loss * self.counts.attention)?));
        }
        if let (Some(own), Some(of_teacher)) = (encoded.hidden.last(), &self.last) {
            losses.push(("cosine", (cosine(own, of_teacher, self.tokens)? * self.counts.cosine)?));
        }
        Ok(losses)
    }

    /// The student's states, as wide as the teacher's.
    fn widened(&self, student: &Model, states: &Tensor) -> Result<Tensor> {
        match &self.projection {
            Some(dense) => parts::dense(student.backend, &student.params, dense, states),
            None => Ok(states.clone()),
        }
    }
}

/// The sum of losses; none of none.
pub fn sum<'a>(losses: impl IntoIterator<Item = &'a Tensor>) -> Result<Option<Tensor>> {
    let mut losses = losses.into_iter();
    let Some(first) = losses.next() else { return Ok(None) };
    losses.try_fold(first.clone(), |sum, loss| sum + loss).map(Some)
}

/// The sum over tokens of the mean squared error of their states, divided by `denominator`. Both are (tokens, width).
pub fn squares(states: &Tensor, teacher: &Tensor, denominator: f64) -> Result<Tensor> {
    against(states, teacher, denominator, Kind::Squares)
}

/// The sum over tokens of one minus the cosine of the angle between their states, divided by `denominator`: what PyTorch
/// calls the cosine embedding loss of alike pairs.
pub fn cosine(states: &Tensor, teacher: &Tensor, denominator: f64) -> Result<Tensor> {
    against(states, teacher, denominator, Kind::Cosine)
}

fn against(states: &Tensor, teacher: &Tensor, denominator: f64, kind: Kind) -> Result<Tensor> {
    if states.dims2()? != teacher.dims2()? {
        bail!("the states are {:?} and the teacher's {:?}", states.dims(), teacher.dims());
    }
    let teacher = teacher.detach().contiguous()?;
    if states.device().is_cpu() {
        return states.contiguous()?.apply_op1(Against { teacher, denominator, kind });
    }
    kind.plain(states, &teacher)?.sum_all()? * (1.0 / denominator)
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Squares,
    Cosine,
}

/// Added to the squared length of a state, as PyTorch does, so that one of zeros has an angle.
const EPSILON: f64 = 1e-12;

/// Product, and squared lengths.
fn angle(state: &[f32], teacher: &[f32]) -> [f64; 3] {
    state.iter().zip(teacher).fold([0.0, EPSILON, EPSILON], |[product, own, other], (a, b)| {
        let (a, b) = (f64::from(*a), f64::from(*b));
        [product + a * b, own + a * a, other + b * b]
    })
}

impl Kind {
    /// The loss of one token.
    fn value(self, state: &[f32], teacher: &[f32]) -> f64 {
        match self {
            Self::Squares => {
                let squares = state.iter().zip(teacher).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
                squares.sum::<f64>() / state.len() as f64
            }
            Self::Cosine => {
                let [product, own, other] = angle(state, teacher);
                1.0 - product / (own * other).sqrt()
            }
        }
    }

    /// Its slope at each number of the state, times `scale`.
    fn slopes(self, state: &[f32], teacher: &[f32], scale: f64, out: &mut [f32]) {
        let pairs = state.iter().zip(teacher).map(|(a, b)| (f64::from(*a), f64::from(*b)));
        match self {
            Self::Squares => {
                let factor = 2.0 * scale / state.len() as f64;
                out.iter_mut().zip(pairs).for_each(|(out, (a, b))| *out = ((a - b) * factor) as f32);
            }
            Self::Cosine => {
                let [product, own, other] = angle(state, teacher);
                let lengths = (own * other).sqrt();
                out.iter_mut().zip(pairs).for_each(|(out, (a, b))| {
                    *out = ((product * a / own - b) / lengths * scale) as f32;
                });
            }
        }
    }

    /// The losses of all tokens in candle's own operations.
    fn plain(self, states: &Tensor, teacher: &Tensor) -> Result<Tensor> {
        match self {
            Self::Squares => (states - teacher)?.sqr()?.mean(1),
            Self::Cosine => {
                let length = |all: &Tensor| all.sqr()?.sum(1)? + EPSILON;
                let lengths = (length(states)? * length(teacher)?)?.sqrt()?;
                1.0 - (states * teacher)?.sum(1)?.div(&lengths)?
            }
        }
    }
}

/// A loss of states as one operation of candle's graph, in `f64` and in the order of the tokens.
struct Against {
    teacher: Tensor,
    denominator: f64,
    kind: Kind,
}

impl CustomOp1 for Against {
    fn name(&self) -> &'static str {
        "states against a teacher's"
    }

    fn cpu_fwd(&self, states: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let width = layout.shape().dims2()?.1.max(1);
        let teacher = host(&self.teacher)?;
        let tokens = slice(states, layout)?.par_chunks(width).zip(teacher.par_chunks(width));
        let each: Vec<f64> = tokens.map(|(state, teacher)| self.kind.value(state, teacher)).collect();
        let sum = each.iter().sum::<f64>() / self.denominator;
        Ok((CpuStorage::F32(vec![sum as f32]), Shape::from(())))
    }

    fn bwd(&self, states: &Tensor, _loss: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let width = states.dim(1)?.max(1);
        let scale = f64::from(grad.to_scalar::<f32>()?) / self.denominator;
        let (values, teacher) = (host(states)?, host(&self.teacher)?);
        let mut slopes = vec![0.0; values.len()];
        let tokens = slopes.par_chunks_mut(width).zip(values.par_chunks(width)).zip(teacher.par_chunks(width));
        tokens.for_each(|((out, state), teacher)| self.kind.slopes(state, teacher, scale, out));
        Ok(Some(Tensor::from_vec(slopes, states.shape(), states.device())?))
    }
}

#[cfg(test)]
mod tests;
