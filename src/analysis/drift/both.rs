//! One layer of two models over one text, to be looked at side by side.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::divergence;
use super::walk::{encoded, have_same_heads, limit};
use crate::inspect::attention::Tokens;
use crate::inspect::{InspectError, OpenModel, Request};
use crate::model::Input;
use crate::text::tokenizer::Encoded;

#[derive(Clone, Debug)]
pub struct Both {
    pub tokens: Tokens,
    /// For each head its attention before and after, (tokens, tokens) each.
    pub squares: Vec<[Arc<[f32]>; 2]>,
    /// For each head the mean over the tokens of this text, in bits.
    pub divergence: Vec<f64>,
}

/// The attention of a layer's heads; nothing where the two models have other heads, or read other tokens out of the text.
pub fn side_by_side(
    [before, after]: [&OpenModel; 2],
    text: &Request,
    layer: usize,
    max_tokens: Option<usize>,
) -> Result<Option<Both>, InspectError> {
    let models = [before, after];
    let read = encoded(models, text, limit(models, max_tokens))?;
    if !have_same_heads(models) || read[0].tokens != read[1].tokens {
        return Ok(None);
    }
    let tokens = Tokens::of(&read[0], &before.tokenizer, &text.text, text.pair.as_deref());
    let attention = [squares(before, &read[0], layer)?, squares(after, &read[1], layer)?];
    let count = tokens.count();
    let cells = (count * count).max(1);
    let squares: Vec<[Arc<[f32]>; 2]> = attention[0]
        .chunks(cells)
        .zip(attention[1].chunks(cells))
        .map(|(own, other)| [own.into(), other.into()])
        .collect();
    let mean = |[own, other]: &[Arc<[f32]>; 2]| divergence::of_square(own, other, count) / count.max(1) as f64;
    let divergence = squares.iter().map(mean).collect();
    Ok(Some(Both { tokens, squares, divergence }))
}

/// All heads of a layer, one after another.
fn squares(model: &OpenModel, read: &Encoded, layer: usize) -> Result<Vec<f32>, InspectError> {
    let input = Input::single(read.ids.clone(), read.types.clone());
    let mut squares = Vec::new();
    _ = model.model.walk(&input, |step, x| {
        if step < layer {
            return Ok::<_, InspectError>(ControlFlow::Continue(()));
        }
        if step < model.model.config.schedule().len() {
            squares = model.model.attention_at(step, x, &input)?;
        }
        Ok(ControlFlow::Break(()))
    })?;
    Ok(squares)
}
