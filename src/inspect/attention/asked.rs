//! What the window asks about attention. A text is gone through once: of every head a small picture and its figures are
//! kept, and of every layer only what enters it, a twentieth of what all attention of a long text would take. From that
//! the attention of any layer is computed again when it is looked at, by the same operations, so to the same bits.

use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::Tensor;

use super::flow::{MOST_TOKENS, Rollout, flow};
use super::heads::{Figures, Gaze};
use super::map::mean;
use super::tokens::Tokens;
use crate::inspect::InspectError;
use crate::inspect::inquiry::Inquiry;
use crate::inspect::open::OpenModel;
use crate::inspect::predictor::GoOn;
use crate::inspect::request::Request;
use crate::model::Input;

/// One text or pair, all layers and heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attend(pub Request);

/// What was seen of a text.
#[derive(Debug)]
pub struct Seen {
    pub tokens: Tokens,
    pub layers: usize,
    pub heads: usize,
    pub small: Small,
    /// Of every head, layer by layer.
    pub figures: Vec<Figures>,
    input: Input,
    /// What enters each layer.
    pub(super) states: Vec<Tensor>,
}

/// A small picture of every head, layer by layer: of each stretch of rows and columns the most that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Small {
    /// Rows and columns of one picture.
    pub side: usize,
    /// (layers, heads, side, side), see [`quantized`].
    pub values: Vec<u8>,
}

/// Rows and columns of a small picture at most.
const SIDE: usize = 48;

/// A share of the attention as a byte. Its root, because what is looked at weakly matters too.
pub fn quantized(share: f32) -> u8 {
    (share.clamp(0.0, 1.0).sqrt() * 255.0).round() as u8
}

impl Seen {
    pub fn figures_of(&self, layer: usize, head: usize) -> &Figures {
        &self.figures[layer * self.heads + head]
    }
}

impl Small {
    fn add(&mut self, square: &[f32], tokens: usize) {
        let side = self.side;
        let start = self.values.len();
        let mut most = vec![0.0_f32; side * side];
        for (row, values) in square.chunks(tokens.max(1)).enumerate() {
            let line = &mut most[row * side / tokens * side..][..side];
            for (column, value) in values.iter().enumerate() {
                let cell = &mut line[column * side / tokens];
                *cell = cell.max(*value);
            }
        }
        self.values.extend(most.into_iter().map(quantized));
        debug_assert_eq!(self.values.len(), start + side * side, "a picture is whole");
    }
}

/// A text, tokenized.
fn read(model: &OpenModel, request: &Request) -> Result<(Tokens, Input), InspectError> {
    let pair = request.pair.as_deref();
    let encoded = model.tokenizer.encode(&request.text, pair, model.max_tokens)?;
    let tokens = Tokens::of(&encoded, &model.tokenizer, &request.text, pair);
    Ok((tokens, Input::single(encoded.ids, encoded.types)))
}

/// The figures of every head over one text, layer by layer; nothing where `go_on` ended it.
pub fn figures(model: &OpenModel, request: &Request, go_on: GoOn<'_>) -> Result<Option<Vec<Figures>>, InspectError> {
    let (tokens, input) = read(model, request)?;
    let (gaze, size) = (Gaze::of(&tokens), tokens.count() * tokens.count());
    let mut figures = Vec::new();
    let is_whole = each_layer(model, &input, go_on, |_, attention| {
        figures.extend(attention.chunks(size.max(1)).map(|square| gaze.figures(square)));
    })?;
    Ok(is_whole.then_some(figures))
}

/// Goes through the layers, with what enters each and its attention. Returns whether `go_on` let it come to the end.
fn each_layer(
    model: &OpenModel,
    input: &Input,
    go_on: GoOn<'_>,
    mut each: impl FnMut(&Tensor, &[f32]),
) -> Result<bool, InspectError> {
    let layers = model.model.config.schedule().len();
    let ended = model.model.walk(input, |step, x| {
        if go_on(step, layers).is_break() {
            return Ok::<_, InspectError>(ControlFlow::Break(()));
        }
        if step < layers {
            each(x, &model.model.attention_at(step, x, input)?);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(ended.is_continue())
}

impl Inquiry for Attend {
    type Answer = Arc<Seen>;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        let (tokens, input) = read(model, &self.0)?;
        let count = tokens.count();
        let gaze = Gaze::of(&tokens);
        let layers = model.model.config.schedule().len();
        let mut small = Small { side: count.min(SIDE), values: Vec::new() };
        let (mut figures, mut states) = (Vec::new(), Vec::with_capacity(layers));
        let is_whole = each_layer(model, &input, go_on, |x, attention| {
            for square in attention.chunks((count * count).max(1)) {
                small.add(square, count);
                figures.push(gaze.figures(square));
            }
            states.push(x.detach());
        })?;
        let heads = model.model.config.num_attention_heads;
        let seen = Seen { tokens, layers, heads, small, figures, input, states };
        Ok(is_whole.then(|| Arc::new(seen)))
    }
}

/// Which attention of a text is wanted in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// All heads of a layer.
    Layer(usize),
    /// The mean over all heads of all layers.
    All,
    /// Through all layers up to one, which is the last.
    Rollout(usize),
    Flow(usize),
}

/// Attention in full of a text that was gone through.
#[derive(Clone, Debug)]
pub struct Look {
    pub seen: Arc<Seen>,
    pub what: What,
}

impl PartialEq for Look {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.seen, &other.seen) && self.what == other.what
    }
}

/// Squares of (tokens, tokens): one for each head of a layer and then their mean, or the one that was wanted.
#[derive(Debug)]
pub struct Squares {
    pub what: What,
    pub values: Vec<Arc<[f32]>>,
}

impl Inquiry for Look {
    type Answer = Arc<Squares>;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        let Some(values) = self.squares(model, go_on)? else { return Ok(None) };
        Ok(Some(Arc::new(Squares { what: self.what, values })))
    }
}

impl Look {
    fn squares(&self, model: &OpenModel, go_on: GoOn<'_>) -> Result<Option<Vec<Arc<[f32]>>>, InspectError> {
        let seen = &*self.seen;
        let count = seen.tokens.count();
        match self.what {
            What::Layer(layer) => {
                let attention = self.layer(model, layer)?;
                let mut squares: Vec<Arc<[f32]>> = attention.chunks((count * count).max(1)).map(Arc::from).collect();
                squares.push(mean(&attention, seen.heads).into());
                Ok(Some(squares))
            }
            What::All => {
                let Some(means) = self.means(model, seen.layers - 1, go_on)? else { return Ok(None) };
                Ok(Some(vec![mean(&means.concat(), seen.layers).into()]))
            }
            What::Rollout(layer) => {
                let Some(means) = self.means(model, layer, go_on)? else { return Ok(None) };
                let mut rollout = Rollout::new(count);
                means.iter().try_for_each(|mean| rollout.pass(mean))?;
                Ok(Some(vec![rollout.square()?.into()]))
            }
            What::Flow(_) if count > MOST_TOKENS => {
                Err(InspectError::TooLongForFlow { tokens: count, most: MOST_TOKENS })
            }
            What::Flow(layer) => {
                let means = self.means(model, layer, go_on)?;
                Ok(means.map(|means| vec![flow(&means, count).into()]))
            }
        }
    }

    fn layer(&self, model: &OpenModel, layer: usize) -> Result<Vec<f32>, InspectError> {
        Ok(model.model.attention_at(layer, &self.seen.states[layer], &self.seen.input)?)
    }

    /// The mean attention of each layer up to one.
    fn means(&self, model: &OpenModel, last: usize, go_on: GoOn<'_>) -> Result<Option<Vec<Vec<f32>>>, InspectError> {
        let mut means = Vec::with_capacity(last + 1);
        for layer in 0..=last {
            if go_on(layer, last + 1).is_break() {
                return Ok(None);
            }
            means.push(mean(&self.layer(model, layer)?, self.seen.heads));
        }
        Ok(Some(means))
    }
}
