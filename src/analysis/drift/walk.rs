//! Two models through the same texts, side by side. The first leaves what enters its layers, the second meets it there.

use std::ops::ControlFlow;

use candle_core::Tensor;

use super::cka::Alignment;
use super::divergence::{self, Divergence};
use super::found::{Heads, Sample};
use crate::inspect::predictor::{Sequence, TOKENS_AT_ONCE, in_batches, packed};
use crate::inspect::{GoOn, InspectError, OpenModel, Pooling, Request, pool};
use crate::model::{EncoderConfig, Input};
use crate::stop::heed;
use crate::text::tokenizer::Encoded;

/// How two models read the texts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// Tokens of a text at most.
    pub limit: usize,
    /// Whether they are the same tokens to both.
    pub agrees: bool,
    pub tokens: u64,
    /// Texts that were cut.
    pub cut: usize,
}

pub struct Walked {
    pub layers: Vec<Option<f64>>,
    pub heads: Option<Heads>,
}

/// Reads all texts as both models do, and keeps nothing of them.
pub fn read(models: [&OpenModel; 2], sample: &Sample) -> Result<Reading, InspectError> {
    let limit = limit(models, sample.max_tokens);
    let mut reading = Reading { limit, agrees: true, ..Reading::default() };
    for text in sample.texts.iter() {
        heed();
        let [before, after] = encoded(models, text, limit)?;
        reading.agrees &= before.tokens == after.tokens;
        reading.tokens += before.tokens.len() as u64;
        reading.cut += usize::from(before.cut + after.cut > 0);
    }
    Ok(reading)
}

/// As many tokens as were asked for, and both models take.
pub fn limit(models: [&OpenModel; 2], asked: Option<usize>) -> usize {
    let [before, after] = models.map(|model| model.max_tokens);
    before.min(after).min(asked.unwrap_or(usize::MAX))
}

pub fn encoded(models: [&OpenModel; 2], text: &Request, limit: usize) -> Result<[Encoded; 2], InspectError> {
    let [before, after] = models.map(|model| model.tokenizer.encode(&text.text, text.pair.as_deref(), limit));
    Ok([before?, after?])
}

/// Whether the attention of two models can be laid over each other.
pub fn have_same_heads(models: [&OpenModel; 2]) -> bool {
    let [before, after] = models.map(|model| {
        let config = &model.model.config;
        (config.schedule().len(), config.num_attention_heads)
    });
    before == after
}

pub fn walk(
    models: [&OpenModel; 2],
    sample: &Sample,
    reading: &Reading,
    pooled: Option<Pooling>,
    go_on: GoOn<'_>,
) -> Result<Option<Walked>, InspectError> {
    let places = models.map(|model| places(&model.model.config));
    let layers = places[0].len().min(places[1].len());
    let config = &models[0].model.config;
    let steps = if reading.agrees && have_same_heads(models) { config.schedule().len() } else { 0 };
    let mut pair = Pair {
        models,
        places,
        pooled,
        alignments: (0..layers).map(|_| Alignment::default()).collect(),
        heads: vec![vec![Divergence::default(); config.num_attention_heads]; steps],
    };
    let total = sample.texts.len();
    let sequences = sample.texts.iter().map(|text| {
        let [before, after] = encoded(models, text, reading.limit)?;
        Ok([Sequence::from(&before), Sequence::from(&after)])
    });
    let tokens = |both: &[Sequence; 2]| both[0].ids.len().max(both[1].ids.len());
    let heard = &mut |done| go_on(done, total);
    let done = in_batches(TOKENS_AT_ONCE, sequences, tokens, heard, |first, batch| {
        pair.batch(first, batch)?;
        Ok::<_, InspectError>(vec![(); batch.len()])
    })?;
    if done.is_none() {
        return Ok(None);
    }
    let layers = pair.alignments.iter().map(Alignment::cka).collect::<candle_core::Result<_>>()?;
    let heads = config.num_attention_heads;
    let heads = (steps > 0 && total > 0).then(|| Heads { layers: steps, heads, each: pair.heads.concat() });
    Ok(Some(Walked { layers, heads }))
}

/// The step of the schedule that each layer's states enter: the embeddings the first, and what comes out of a layer the
/// one after its last.
fn places(config: &EncoderConfig) -> Vec<usize> {
    let ends = config.schedule().into_iter().enumerate().filter(|(_, step)| step.ends_layer);
    std::iter::once(0).chain(ends.map(|(step, _)| step + 1)).collect()
}

struct Pair<'a> {
    models: [&'a OpenModel; 2],
    places: [Vec<usize>; 2],
    pooled: Option<Pooling>,
    alignments: Vec<Alignment>,
    /// For each step, where heads can be compared.
    heads: Vec<Vec<Divergence>>,
}

impl Pair<'_> {
    fn batch(&mut self, first: usize, batch: &[[Sequence; 2]]) -> Result<(), InspectError> {
        let (one, two): (Vec<Sequence>, Vec<Sequence>) =
            batch.iter().map(|[one, two]| (one.clone(), two.clone())).unzip();
        let inputs = [packed(&one), packed(&two)];
        let lengths: Vec<usize> = one.iter().map(|sequence| sequence.ids.len()).collect();
        let [before, after] = self.models;
        let mut entered = Vec::new();
        let keep = |_, x: &Tensor| {
            entered.push(x.detach());
            Ok::<_, InspectError>(ControlFlow::Continue(()))
        };
        _ = before.model.walk(&inputs[0], keep)?;
        _ = after.model.walk(&inputs[1], |step, x| {
            self.align(step, &entered, x, &inputs)?;
            if let Some(heads) = self.heads.get_mut(step) {
                let own = before.model.attention_at(step, &entered[step], &inputs[0])?;
                let other = after.model.attention_at(step, x, &inputs[1])?;
                divergence::add(heads, [&own, &other], &lengths, first);
            }
            Ok::<_, InspectError>(ControlFlow::Continue(()))
        })?;
        Ok(())
    }

    /// Adds the states of a layer, where one begins here.
    fn align(&mut self, step: usize, entered: &[Tensor], x: &Tensor, inputs: &[Input; 2]) -> Result<(), InspectError> {
        let layer = self.places[1].iter().position(|place| *place == step);
        let Some((layer, alignment)) = layer.and_then(|layer| Some((layer, self.alignments.get_mut(layer)?))) else {
            return Ok(());
        };
        let other = &entered[self.places[0][layer]];
        match self.pooled {
            None => alignment.add([other, x])?,
            Some(pooling) => {
                alignment.add([&by_text(other, &inputs[0], pooling)?, &by_text(x, &inputs[1], pooling)?])?;
            }
        }
        Ok(())
    }
}

/// One state for each text: (texts, hidden).
fn by_text(states: &Tensor, input: &Input, pooling: Pooling) -> candle_core::Result<Tensor> {
    let width = states.dim(1)?;
    let values: Vec<f32> = states.flatten_all()?.to_vec1()?;
    let texts = input.starts.windows(2);
    let pooled: Vec<f32> =
        texts.flat_map(|text| pool(&values[text[0] * width..text[1] * width], width, None, pooling)).collect();
    Tensor::from_vec(pooled, (input.sequences(), width), states.device())
}
