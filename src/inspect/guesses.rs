//! What the masked-word head would say after each layer (the logit lens: nostalgebraist, 2020), and what a mask looks at
//! on the way.
//!
//! The head was trained on the last layer's states alone, so what it says of earlier ones is only a view of how the answer
//! comes about. After the last layer it is what the model says, to the bit.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::Tensor;

use super::InspectError;
use super::hiding::Masked;
use super::inquiry::Inquiry;
use super::masks::best;
use super::open::OpenModel;
use super::predictor::GoOn;
use crate::model::probability::softmax;
use crate::model::{Input, ModelError, Pass};
use crate::task::Task;

/// A text with masks, asked layer by layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guessing {
    pub text: String,
    /// Characters that are hidden besides the masks that are written in the text.
    pub hidden: Vec<(usize, usize)>,
    pub one_mask: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Guesses {
    /// Each token as the model reads it.
    pub tokens: Vec<String>,
    /// Whether a token was put around the text.
    pub special: Vec<bool>,
    pub masks: Vec<Way>,
}

/// How the answer behind one mask comes about. Layer 0 is what enters the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Its place among the tokens.
    pub place: usize,
    /// For each layer the tokens the head holds likeliest, best first.
    pub best: Vec<Vec<u32>>,
    /// Every token among them, and what stood there.
    pub words: Vec<Word>,
    /// What stood there, where exactly one token did.
    pub was: Option<u32>,
    /// What the mask looks at in each layer, as the mean over its heads: (layers, tokens).
    pub looks: Vec<Vec<f32>>,
}

/// A token and how likely it is held after each layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub token: u32,
    pub word: String,
    pub shares: Vec<f32>,
    /// From 1.
    pub ranks: Vec<usize>,
}

/// Tokens told of each layer.
const BEST: usize = 5;
/// Masks that are gone through.
const MOST: usize = 8;

impl Way {
    pub fn word(&self, token: u32) -> Option<&Word> {
        self.words.iter().find(|word| word.token == token)
    }

    /// What the mask looks at in a layer, or as the mean over all.
    pub fn looks_at(&self, layer: Option<usize>) -> Vec<f32> {
        if let Some(looks) = layer.and_then(|layer| self.looks.get(layer)) {
            return looks.clone();
        }
        let tokens = self.looks.first().map_or(0, Vec::len);
        let sum = |token: usize| self.looks.iter().map(|looks| f64::from(looks[token])).sum::<f64>();
        (0..tokens).map(|token| (sum(token) / self.looks.len() as f64) as f32).collect()
    }
}

impl Inquiry for Guessing {
    type Answer = Arc<Guesses>;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        model.turn_to(Task::Mlm)?;
        let tokenizer = &model.tokenizer;
        let Some(mask) = tokenizer.mask_id() else {
            return Err(InspectError::NoMaskToken { dir: model.dir.clone() });
        };
        let letters: Vec<char> = self.text.chars().collect();
        let encoded = tokenizer.encode(&self.text, None, model.max_tokens)?;
        let masked = Masked::new(&encoded, &letters, mask, &self.hidden, self.one_mask);
        let ids = &masked.row.ids;
        let places: Vec<usize> = masked.row.asked.iter().flatten().copied().take(MOST).collect();
        let input = Input::single(ids.clone(), masked.row.types.clone());
        let Some(seen) = see(model, &input, &places, go_on)? else { return Ok(None) };
        let name = |id: &u32| tokenizer.id_to_token(*id).unwrap_or_else(|| format!("#{id}"));
        let specials: BTreeSet<u32> = tokenizer.special_ids().filter(|id| *id != mask).collect();
        let originals = masked.slots.iter().flat_map(|slot| {
            let alone = slot.masks == slot.tokens.len();
            (0..slot.masks).map(move |mask| slot.tokens.get(mask).filter(|_| alone).copied())
        });
        let originals = originals.map(|token| token.map(|token| encoded.ids[token]).filter(|id| *id != mask));
        let ways = places.iter().zip(seen).zip(originals);
        let ways = ways.map(|((place, seen), was)| seen.way(model, *place, was)).collect::<Result<_, _>>()?;
        Ok(Some(Arc::new(Guesses {
            tokens: ids.iter().map(name).collect(),
            special: ids.iter().map(|id| specials.contains(id)).collect(),
            masks: ways,
        })))
    }
}

/// What was seen of one mask.
struct SeenMask {
    /// Probabilities of all tokens, layer by layer.
    shares: Vec<Vec<f32>>,
    looks: Vec<Vec<f32>>,
}

/// Goes through the layers; nothing where `go_on` ended it.
fn see(
    model: &OpenModel,
    input: &Input,
    places: &[usize],
    go_on: GoOn<'_>,
) -> Result<Option<Vec<SeenMask>>, InspectError> {
    let model = &model.model;
    let (layers, tokens) = (model.config.schedule().len(), input.tokens());
    let rows: Vec<u32> = places.iter().map(|place| *place as u32).collect();
    let index = Tensor::from_slice(&rows, rows.len(), model.device())?;
    let pass = Pass { rows: Some(rows.into()), ..Pass::default() };
    let empty = || SeenMask { shares: Vec::new(), looks: Vec::new() };
    let mut seen: Vec<SeenMask> = places.iter().map(|_| empty()).collect();
    if seen.is_empty() {
        return Ok(Some(seen));
    }
    let ended = model.walk(input, |step, x| {
        if go_on(step, layers).is_break() {
            return Ok::<_, InspectError>(ControlFlow::Break(()));
        }
        let states = x.index_select(&index, 0)?;
        let logits: Vec<Vec<f32>> =
            model.logits(Task::Mlm, &states, input, &pass)?.to_vec2().map_err(ModelError::from)?;
        seen.iter_mut().zip(&logits).for_each(|(seen, row)| seen.shares.push(softmax(row)));
        if step < layers {
            let attention = model.attention_at(step, x, input)?;
            for (seen, place) in seen.iter_mut().zip(places) {
                seen.looks.push(mean_row(&attention, tokens, *place));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(ended.is_continue().then_some(seen))
}

/// What one token gives each other, as the mean over the heads: `attention` is (heads, tokens, tokens).
fn mean_row(attention: &[f32], tokens: usize, place: usize) -> Vec<f32> {
    let heads = attention.len() / (tokens * tokens).max(1);
    let given = |head: usize, to: usize| f64::from(attention[(head * tokens + place) * tokens + to]);
    (0..tokens).map(|to| ((0..heads).map(|head| given(head, to)).sum::<f64>() / heads as f64) as f32).collect()
}

impl SeenMask {
    fn way(self, model: &OpenModel, place: usize, was: Option<u32>) -> Result<Way, InspectError> {
        let best: Vec<Vec<u32>> = self.shares.iter().map(|shares| best(shares, BEST)).collect();
        let tokens: BTreeSet<u32> = best.iter().flatten().copied().chain(was).collect();
        let word = |token: u32| {
            let share = |shares: &Vec<f32>| shares.get(token as usize).copied().unwrap_or(0.0);
            let rank = |shares: &Vec<f32>| 1 + shares.iter().filter(|other| **other > share(shares)).count();
            Ok::<_, InspectError>(Word {
                token,
                word: model.tokenizer.decode(&[token], false)?,
                shares: self.shares.iter().map(share).collect(),
                ranks: self.shares.iter().map(rank).collect(),
            })
        };
        let words = tokens.into_iter().map(word).collect::<Result<_, _>>()?;
        Ok(Way { place, best, words, was, looks: self.looks })
    }
}
