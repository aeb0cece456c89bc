//! Parts of a model that are switched off while it is asked: single heads, and the feed-forward of a layer. Whatever is asked
//! of it meanwhile is answered by what is left; afterwards the model is whole again, however the asking ended.
//!
//! A layer here is a step of the forward pass, counted as attention counts them, so where ALBERT goes through the same
//! weights again each time is a layer of its own.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Tensor, Var};

use super::predictor::{GoOn, Sequence, in_batches, packed};
use super::why::{Asked, Explained, Scene, Target};
use super::{Inquiry, InspectError, OpenModel};
use crate::model::{Gate, Measured, Pass};

/// What is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Switches {
    /// Layer and head.
    pub heads: BTreeSet<(usize, usize)>,
    pub feed_forward: BTreeSet<usize>,
}

impl Switches {
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty() && self.feed_forward.is_empty()
    }

    pub fn turn_head(&mut self, layer: usize, head: usize) {
        if !self.heads.remove(&(layer, head)) {
            self.heads.insert((layer, head));
        }
    }

    pub fn turn_feed_forward(&mut self, layer: usize) {
        if !self.feed_forward.remove(&layer) {
            self.feed_forward.insert(layer);
        }
    }

    /// All heads of a layer: on where all are off, and otherwise off.
    pub fn turn_attention(&mut self, layer: usize, heads: usize) {
        let all = || (0..heads).map(|head| (layer, head));
        if self.has_no_attention(layer, heads) {
            all().for_each(|one| _ = self.heads.remove(&one));
        } else {
            self.heads.extend(all());
        }
    }

    pub fn has_no_attention(&self, layer: usize, heads: usize) -> bool {
        (0..heads).all(|head| self.heads.contains(&(layer, head)))
    }

    fn gates(&self, layers: usize, heads: usize) -> Vec<Arc<Gate>> {
        if self.is_empty() {
            return Vec::new();
        }
        let gate = |layer: usize| Gate {
            heads_off: (0..heads).map(|head| self.heads.contains(&(layer, head))).collect(),
            feed_forward_off: self.feed_forward.contains(&layer),
            measured: None,
        };
        (0..layers).map(|layer| Arc::new(gate(layer))).collect()
    }
}

/// Opens all gates again, also where what is asked is left by unwinding.
struct Gated<'a>(&'a mut OpenModel);

impl Drop for Gated<'_> {
    fn drop(&mut self) {
        self.0.model.gates = Vec::new();
    }
}

/// What a loss gains by a row of logits: the token whose row it is, and the derivative by each output.
pub type Slope = (usize, Vec<f32>);

impl OpenModel {
    /// Layers as they are switched, and the heads of each.
    pub fn board(&self) -> (usize, usize) {
        (self.model.config.schedule().len(), self.model.config.num_attention_heads)
    }

    /// Asks with parts switched off.
    pub fn switched<R>(&mut self, switches: &Switches, ask: impl FnOnce(&mut Self) -> R) -> R {
        let (layers, heads) = self.board();
        self.model.gates = switches.gates(layers, heads);
        let gated = Gated(self);
        ask(&mut *gated.0)
    }

    /// What a loss gains by each mask, of each sequence: for every layer the derivatives by its heads and by its feed-forward.
    /// Nothing where `go_on` ended it.
    pub fn mask_derivatives(
        &mut self,
        texts: &[(Sequence, Vec<Slope>)],
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Vec<Measured>>>, InspectError> {
        let (layers, _) = self.board();
        let measured = || Some(Mutex::default());
        let gates: Vec<Arc<Gate>> =
            (0..layers).map(|_| Arc::new(Gate { measured: measured(), ..Gate::default() })).collect();
        self.model.gates.clone_from(&gates);
        let gated = Gated(self);
        let model = &*gated.0;
        let (at_once, total) = (model.predictor().tokens_at_once, texts.len());
        let tokens = |(text, _): &&(Sequence, Vec<Slope>)| text.ids.len();
        in_batches(at_once, texts.iter().map(Ok), tokens, &mut |done| go_on(done, total), |_, batch| {
            // What was measured of the texts before is nothing to these.
            for gate in &gates {
                forget(gate);
            }
            model.slide(batch)?;
            Ok((0..batch.len())
                .map(|text| gates.iter().map(|gate| of_text(gate, text, batch.len())).collect())
                .collect())
        })
    }

    /// One pass forward and back.
    fn slide(&self, batch: &[&(Sequence, Vec<Slope>)]) -> Result<(), InspectError> {
        let input = packed(&batch.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>());
        let ids: Vec<u32> = batch.iter().flat_map(|(text, _)| text.ids.iter().copied()).collect();
        let (mut rows, mut slopes) = (Vec::new(), Vec::new());
        for (start, (_, own)) in input.starts.iter().zip(batch) {
            for (place, slope) in own {
                rows.push((start + place) as u32);
                slopes.extend_from_slice(slope);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let shape = (input.tokens(), self.model.embedding_size());
        // The graph begins at the words, so that it goes through every layer.
        let words = Var::from_tensor(&Tensor::from_vec(self.model.word_vectors(&ids)?, shape, self.model.device())?)?;
        let outputs = slopes.len() / rows.len();
        let slopes = Tensor::from_vec(slopes, (rows.len(), outputs), self.model.device())?;
        let rows = (rows.len() < input.tokens()).then(|| rows.into());
        let pass = Pass { graph: true, rows, ..Pass::default() };
        let logits = self.model.run_on(self.task, words.as_tensor(), &input, &pass)?;
        (logits * slopes)?.sum_all()?.backward()?;
        Ok(())
    }
}

fn forget(gate: &Gate) {
    if let Some(measured) = &gate.measured {
        *measured.lock().unwrap_or_else(PoisonError::into_inner) = Measured::default();
    }
}

/// What a gate measured of one of some texts.
fn of_text(gate: &Gate, text: usize, texts: usize) -> Measured {
    let Some(all) = &gate.measured else { return Measured::default() };
    let all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let heads = all.heads.len() / texts.max(1);
    Measured {
        heads: all.heads.get(text * heads..(text + 1) * heads).unwrap_or_default().to_vec(),
        feed_forward: all.feed_forward.get(text).copied().into_iter().collect(),
    }
}

/// Anything asked with parts switched off.
#[derive(Clone, Debug, PartialEq)]
pub struct Switched<Q> {
    pub switches: Switches,
    pub inquiry: Q,
}

impl<Q: Inquiry> Inquiry for Switched<Q> {
    type Answer = Q::Answer;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        model.switched(&self.switches, |model| self.inquiry.put_to(model, go_on))
    }

    fn is_quick(&self) -> bool {
        self.inquiry.is_quick()
    }
}

/// Asks what the model says of a text as it is and with parts switched off.
#[derive(Clone, Debug, PartialEq)]
pub struct Without {
    pub asked: Asked,
    pub switches: Switches,
}

/// The same output both times: where it is of a word, of that word.
#[derive(Clone, Debug, PartialEq)]
pub struct Both {
    pub whole: Explained,
    pub without: Explained,
}

impl Inquiry for Without {
    type Answer = Both;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Both>, InspectError> {
        let Some(whole) = says(model, &self.asked, &mut *go_on)? else { return Ok(None) };
        let target = Target { place: whole.place, label: None };
        let asked = Asked { target, ..self.asked.clone() };
        let without = model.switched(&self.switches, |model| says(model, &asked, go_on))?;
        Ok(without.map(|without| Both { whole, without }))
    }

    fn is_quick(&self) -> bool {
        true
    }
}

fn says(model: &mut OpenModel, asked: &Asked, go_on: GoOn<'_>) -> Result<Option<Explained>, InspectError> {
    Ok(Scene::open(model, asked, go_on)?.map(|scene| scene.explained))
}
