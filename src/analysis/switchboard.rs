//! How much each head and each feed-forward of a model matters for a task, and what becomes of the task without them.
//!
//! At once, by the gradient: how fast the loss of a text changes with a mask on what a head gives (Michel, Levy and Neubig,
//! 2019), without its sign and in the mean over the texts of a sample. That is what a very small change would do. Exactly, on
//! request: each is switched off alone, and the sample is predicted again, which takes as many passes as there are parts.
//! Both are of the same texts, which are read once and kept as tokens.

mod aim;
mod error;
mod found;
mod sample;
mod score;
mod table;

use std::sync::Arc;

use super::pooled::OnProgress;
use super::sample::Sampling;
use crate::inspect::predictor::Sequence;
use crate::inspect::switches::{Slope, Switches};
use crate::inspect::{GoOn, OpenModel};

pub use error::BoardError;
pub use found::{Board, WithoutEach};
use sample::Lesson;
pub use sample::Sample;
pub use score::{ScoreWith, Scored};

/// Rows of a sample where nothing else is said.
pub const ROWS: usize = 300;
/// Texts whose gradients are taken together: of hidden words there is a slope for every word of the vocabulary.
const AT_ONCE: usize = 16;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Question {
    pub wanted: Sampling,
    /// Whether each part is switched off by itself too.
    pub exact: bool,
}

/// Measures; nothing where `tell` ended it. What has no labels to lose by is refused before the model is opened.
pub fn board(question: &Question, tell: OnProgress<'_>) -> Result<Option<Board>, BoardError> {
    let Question { wanted, exact } = question;
    sample::check(&wanted.data, &wanted.among)?;
    if tell("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let mut model = OpenModel::open_whole(&wanted.model)?;
    model.turn_to(wanted.data.task)?;
    let Some(sample) = Sample::read(&model, wanted, tell)? else { return Ok(None) };
    let Some((of_heads, of_feed_forward)) = importance(&mut model, &sample, tell)? else { return Ok(None) };
    let (layers, heads) = model.board();
    let mut go_on = |done: usize, total: usize| tell("predicting the sample", done as u64, total as u64);
    let Some(whole) = score::score(&model, &sample, &mut go_on)? else { return Ok(None) };
    let mut without = None;
    if *exact {
        without = without_each(&mut model, &sample, tell)?;
        if without.is_none() {
            return Ok(None);
        }
    }
    let (task, sample) = (wanted.data.task, Arc::new(sample));
    Ok(Some(Board { task, sample, layers, heads, of_heads, of_feed_forward, whole, without }))
}

/// By layer and head, and by layer.
type ByPart = (Vec<f64>, Vec<f64>);

/// The mean sizes of the derivatives.
fn importance(model: &mut OpenModel, sample: &Sample, tell: OnProgress<'_>) -> Result<Option<ByPart>, BoardError> {
    let (layers, heads) = model.board();
    let (mut of_heads, mut of_feed_forward) = (vec![0.0; layers * heads], vec![0.0; layers]);
    let total = sample.lessons.len() as u64;
    for (place, lessons) in sample.lessons.chunks(AT_ONCE).enumerate() {
        let mut go_on = |_, _| tell("measuring the heads", (place * AT_ONCE) as u64, total);
        let Some(asked) = slopes(model, lessons, &mut go_on)? else { return Ok(None) };
        let Some(measured) = model.mask_derivatives(&asked, &mut go_on)? else { return Ok(None) };
        for (layer, measured) in measured.iter().flat_map(|of_text| of_text.iter().enumerate()) {
            let own = of_heads[layer * heads..].iter_mut().zip(&measured.heads);
            own.for_each(|(sum, value)| *sum += value.abs());
            of_feed_forward[layer] += measured.feed_forward.iter().map(|value| value.abs()).sum::<f64>();
        }
    }
    let count = sample.lessons.len().max(1) as f64;
    of_heads.iter_mut().chain(&mut of_feed_forward).for_each(|sum| *sum /= count);
    Ok(Some((of_heads, of_feed_forward)))
}

/// A text, and how its loss changes with each of its logits.
type Asked = (Sequence, Vec<Slope>);

/// What is asked of each text.
fn slopes(model: &OpenModel, lessons: &[Lesson], go_on: GoOn<'_>) -> Result<Option<Vec<Asked>>, BoardError> {
    let sequences: Vec<Sequence> = lessons.iter().map(Lesson::sequence).collect();
    let Some(rows) = model.predictor().rows(sequences.clone(), go_on)? else { return Ok(None) };
    let slopes = lessons.iter().zip(&rows).map(|(lesson, rows)| lesson.aim.slopes(rows));
    Ok(Some(sequences.into_iter().zip(slopes).collect()))
}

/// The score without each part alone.
fn without_each(
    model: &mut OpenModel,
    sample: &Sample,
    tell: OnProgress<'_>,
) -> Result<Option<WithoutEach>, BoardError> {
    let (layers, heads) = model.board();
    let all = (0..layers).flat_map(|layer| (0..heads).map(move |head| (layer, head)));
    let of_heads = all.map(|one| Switches { heads: [one].into(), ..Switches::default() });
    let of_feed_forward = (0..layers).map(|layer| Switches { feed_forward: [layer].into(), ..Switches::default() });
    let parts: Vec<Switches> = of_heads.chain(of_feed_forward).collect();
    let mut found = Vec::with_capacity(parts.len());
    for (done, part) in parts.iter().enumerate() {
        let mut go_on = |_, _| tell("switching each off", done as u64, parts.len() as u64);
        let scored = model.switched(part, |model| score::score(model, sample, &mut go_on))?;
        let Some(scored) = scored else { return Ok(None) };
        found.push(scored);
    }
    let feed_forward = found.split_off(layers * heads);
    Ok(Some(WithoutEach { heads: found, feed_forward }))
}

#[cfg(test)]
mod tests;
