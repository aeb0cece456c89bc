//! The forward pass: embeddings, then the layers in the order of the schedule.

use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::Tensor;

use super::frozen::With;
use super::input::{Input, Layout};
use super::kinds::HeadKind;
use super::ops::dropout::{Noise, TokenKeys};
use super::ops::embedding::{FusedEmbedding, Places};
use super::ops::layer::{FusedLayer, LayerNoise};
use super::ops::low_rank::Dropped;
use super::ops::scores::Scores;
use super::ops::weights::{Dense, LayerWeights, Slot};
use super::ops::{Backend, Products, attention, parts, plain};
use super::params::{Param, host};
use super::{Body, Model, ModelError};
use crate::memory;
use crate::stop::heed;
use crate::task::Task;

/// How a forward pass is run.
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// Whether a backward pass will come.
    pub graph: bool,
    /// In which numbers layers multiply that a backward pass comes to.
    pub products: Products,
    /// Dropout, in training.
    pub dropout: Option<PassDropout>,
    /// The tokens whose last hidden states are wanted, ascending; `None` for all.
    pub rows: Option<Arc<[u32]>>,
    pub keep_hidden: bool,
    pub keep_attention: bool,
    /// Whether what each layer's attention scores are made of is kept, with its graph.
    pub keep_scores: bool,
}

/// The dropout of one step.
#[derive(Clone, Copy, Debug)]
pub struct PassDropout {
    /// The key of the run's seed and the step.
    pub key: u64,
    /// One rate for all sites, instead of the configuration's.
    pub rate: Option<f64>,
}

/// What an encoder computed.
pub struct Encoded {
    /// Last hidden states of the wanted tokens: (rows, hidden).
    pub last: Tensor,
    /// If kept: what entered the first layer, then each layer's output, (tokens, hidden) each.
    pub hidden: Vec<Tensor>,
    /// If kept: for each layer and sequence, (heads, tokens, visible tokens).
    pub attentions: Vec<Vec<Vec<f32>>>,
    /// If kept: for each layer, of every token.
    pub scores: Vec<Scores>,
}

/// Dropout sites: one number for each place in the model.
mod site {
    pub const EMBEDDINGS: u64 = 1;
    pub const LAYERS: u64 = 1000;
    pub const A_LAYER: u64 = 4;
    /// Beyond all layers; one for each dense layer of each step of the schedule.
    pub const ADAPTERS: u64 = 1 << 32;
    pub const A_LAYERS_ADAPTERS: u64 = 8;
}

impl Model {
    /// Runs the encoder. Layers that are frozen run without dropout, and without a graph where nothing below them is
    /// trained.
    pub fn encode(&self, input: &Input, pass: &Pass) -> Result<Encoded, ModelError> {
        let x = self.embed(input, pass)?;
        self.encode_from(0, x, input, pass)
    }

    /// Encodes what a task's head reads: the states of `pass.rows`, or the mean of each sequence's.
    pub fn states(&self, task: Task, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        if !self.config.reads_mean(HeadKind::for_task(task)) {
            return Ok(self.encode(input, pass)?.last);
        }
        let all = self.encode(input, &Pass { rows: None, ..pass.clone() })?;
        self.means(&all.last, input)
    }

    /// What a task's head reads of the last states of all tokens: those of `rows`, or the mean of each sequence's.
    pub fn read(&self, task: Task, last: &Tensor, input: &Input, rows: Option<&[u32]>) -> Result<Tensor, ModelError> {
        match rows {
            _ if self.config.reads_mean(HeadKind::for_task(task)) => self.means(last, input),
            Some(rows) => Ok(last.index_select(&Tensor::from_slice(rows, rows.len(), &self.device)?, 0)?),
            None => Ok(last.clone()),
        }
    }

    /// The mean of each sequence's states: (sequences, hidden). Where it is to be derived, it is a product.
    pub fn means(&self, states: &Tensor, input: &Input) -> Result<Tensor, ModelError> {
        let width = states.dim(1)?;
        if states.track_op() {
            let mut shares = vec![0.0_f32; input.sequences() * input.tokens()];
            for (row, bounds) in shares.chunks_mut(input.tokens().max(1)).zip(input.starts.windows(2)) {
                row[bounds[0]..bounds[1]].fill(1.0 / (bounds[1] - bounds[0]) as f32);
            }
            let shares = Tensor::from_vec(shares, (input.sequences(), input.tokens()), &self.device)?;
            return Ok(shares.matmul(states)?);
        }
        let values: Vec<f32> = states.flatten_all()?.to_vec1()?;
        let of_sequence = |bounds: &[usize]| mean(&values[bounds[0] * width..bounds[1] * width], width);
        let means: Vec<f32> = input.starts.windows(2).flat_map(of_sequence).collect();
        Ok(Tensor::from_vec(means, (input.sequences(), width), &self.device)?)
    }

    /// Leading steps of the schedule that are frozen together with the embeddings, so that what they compute for a text
    /// never changes; `None` where the embeddings are trained.
    pub fn frozen_prefix(&self) -> Option<usize> {
        let schedule = self.config.schedule();
        let Body::Shared(shared) = &self.body else { return Some(schedule.len()) };
        let below = shared.embeddings.params().chain(shared.projection.iter().flat_map(Dense::params));
        if below.into_iter().any(|param| param.trainable()) {
            return None;
        }
        Some(schedule.iter().take_while(|step| !shared.layers[step.stored].trainable()).count())
    }

    /// The output of the first `steps` steps of the schedule, without a graph: (tokens, hidden).
    pub fn encode_prefix(&self, steps: usize, input: &Input) -> Result<Tensor, ModelError> {
        let pass = Pass::default();
        let mut x = self.embed(input, &pass)?;
        let layout = Arc::new(self.layout(input));
        for (index, _) in self.config.schedule().iter().enumerate().take(steps) {
            x = self.layer(index, &x, &layout, None, &pass)?;
        }
        Ok(x)
    }

    /// Goes through the steps of the schedule, showing what enters each before it is computed, and at last what comes out:
    /// (tokens, hidden). Who has seen enough ends it.
    pub fn walk<E: From<ModelError>>(
        &self,
        input: &Input,
        mut visit: impl FnMut(usize, &Tensor) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let pass = Pass::default();
        let mut x = self.embed(input, &pass)?;
        let layout = Arc::new(self.layout(input));
        let steps = self.config.schedule().len();
        for step in 0..steps {
            if visit(step, &x)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            x = self.layer(step, &x, &layout, None, &pass)?;
        }
        visit(steps, &x)
    }

    /// What the tokens of one sequence attend to in a step, from what enters it: (heads, tokens, tokens).
    pub fn attention_at(&self, step: usize, x: &Tensor, input: &Input) -> Result<Vec<f32>, ModelError> {
        let stored = self.config.schedule()[step].stored;
        Ok(self.attention_of(stored, x, &self.layout(input))?.concat())
    }

    /// What the tokens of a step ask for and offer, from what enters it: (tokens, hidden) each, head beside head.
    pub fn queries_and_keys_at(&self, step: usize, x: &Tensor) -> Result<[Vec<f32>; 2], ModelError> {
        self.queries_and_keys(self.config.schedule()[step].stored, x)
    }

    /// The same as what its scores are made of, without a graph.
    pub fn scores_at(&self, step: usize, x: &Tensor) -> Result<Scores, ModelError> {
        self.scores_of(step, x, None, &Pass::default())
    }

    /// Runs the steps of the schedule from `first` on; `x` is what enters them.
    pub fn encode_from(&self, first: usize, x: Tensor, input: &Input, pass: &Pass) -> Result<Encoded, ModelError> {
        let keys = pass.dropout.map(|dropout| TokenKeys::new(dropout.key, &input.starts, &input.slots));
        let all = Arc::new(self.layout(input));
        let schedule = self.config.schedule();
        // Only the encoder that most families share computes fewer tokens in its last layer.
        let keeps = pass.keep_hidden || pass.keep_attention || pass.keep_scores;
        let wanted = pass.rows.clone().filter(|_| matches!(self.body, Body::Shared(_)) && !keeps);
        let (mut hidden, mut attentions, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        let mut x = x;
        if pass.keep_hidden {
            hidden.push(x.clone());
        }
        for (index, step) in schedule.iter().enumerate().skip(first) {
            let last = index + 1 == schedule.len();
            let layout = match wanted.as_deref().filter(|_| last) {
                Some(rows) => Arc::new(all.wanting(rows)),
                None => all.clone(),
            };
            if pass.keep_attention {
                attentions.push(self.attention_of(step.stored, &x, &all)?);
            }
            if pass.keep_scores && step.ends_layer {
                scores.push(self.scores_of(index, &x, keys.as_ref(), pass)?);
            }
            x = self.layer(index, &x, &layout, keys.as_ref(), pass)?;
            if pass.keep_hidden && step.ends_layer {
                hidden.push(x.clone());
            }
        }
        let cut_in_layer = wanted.is_some() && first < schedule.len();
        let last = match pass.rows.as_deref().filter(|_| !cut_in_layer) {
            Some(rows) => x.index_select(&Tensor::from_slice(rows, rows.len(), &self.device)?, 0)?,
            None => x,
        };
        Ok(Encoded { last, hidden, attentions, scores })
    }

    /// Where each token of an input stands, and which it attends to.
    pub fn layout(&self, input: &Input) -> Layout {
        Layout { causal: input.causal || self.config.causal, ..input.layout() }
    }

    fn embed(&self, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let places = self.places(input)?;
        let shared = match &self.body {
            Body::Shared(shared) => shared,
            Body::Frozen(frozen) => {
                self.can_read(input)?;
                return frozen.embed(self.with(), &self.rows_of(frozen.word(), &places.ids)?, &places);
            }
        };
        let trained = shared.embeddings.params().any(|param| param.trainable());
        let keys = pass.dropout.map(|dropout| TokenKeys::new(dropout.key, &input.starts, &input.slots));
        let rate = rate(pass, self.config.hidden_dropout);
        let noise = Noise::new(keys.as_ref().filter(|_| trained), site::EMBEDDINGS, rate);
        let x = match self.backend {
            Backend::Fused => {
                let op = FusedEmbedding::new(shared.embeddings.clone(), Arc::new(places), noise, pass.graph && trained);
                self.trigger(pass, shared.embeddings.params()).apply_op1(op)?
            }
            Backend::Plain => maybe_detached(pass, plain::embed(&shared.embeddings, &places, noise.as_ref())?),
        };
        match &shared.projection {
            Some(projection) => {
                let x = parts::dense(self.backend, &self.params, projection, &x)?;
                Ok(maybe_detached(pass, x))
            }
            None => Ok(x),
        }
    }

    /// How an encoder that is used as it is runs the operations that all share.
    pub(super) fn with(&self) -> With<'_> {
        With { backend: self.backend, params: &self.params }
    }

    /// Refuses what an encoder that is used as it is does not compute.
    pub(super) fn can_read(&self, input: &Input) -> Result<(), ModelError> {
        let all = || input.starts.windows(2).map(|bounds| bounds[1] - bounds[0]);
        let refused = [
            (input.causal || self.config.causal, "reading from left to right"),
            (input.positions.is_some(), "positions that begin anew"),
            (!self.gates.is_empty(), "heads that are switched off"),
            (input.visible.as_ref().is_some_and(|visible| !all().eq(visible.iter().copied())), "padding"),
        ];
        let family = self.config.family.model_type();
        let refused = refused.into_iter().find(|(is_so, _)| *is_so);
        refused.map_or(Ok(()), |(_, what)| Err(ModelError::UsedAsItIs { family, what }))
    }

    fn layer(
        &self,
        index: usize,
        x: &Tensor,
        layout: &Arc<Layout>,
        keys: Option<&TokenKeys>,
        pass: &Pass,
    ) -> Result<Tensor, ModelError> {
        heed();
        let weights = match &self.body {
            Body::Shared(shared) => &shared.layers[self.config.schedule()[index].stored],
            Body::Frozen(frozen) => return frozen.layer(self.with(), index, x, layout),
        };
        let trained = weights.trainable();
        let keys = keys.filter(|_| trained);
        let place = site::LAYERS + index as u64 * site::A_LAYER;
        let hidden_rate = rate(pass, self.config.hidden_dropout);
        let after_rate = if self.config.family.drops_after_feed_forward() { hidden_rate } else { 0.0 };
        let noise = LayerNoise {
            probabilities: Noise::new(keys, place, rate(pass, self.config.attention_dropout)),
            after_attention: Noise::new(keys, place + 1, hidden_rate),
            after_feed_forward: Noise::new(keys, place + 2, after_rate),
            adapters: Slot::ALL.map(|slot| before_adapter(weights, slot, index, keys)),
        };
        let gate = self.gates.get(index);
        Ok(match self.backend {
            Backend::Fused => {
                let keep = pass.graph && (trained || x.track_op());
                // What no gradient comes to is the same whether it was kept from an earlier epoch or not.
                let products = if keep { pass.products } else { Products::F32 };
                let op =
                    FusedLayer::new(weights.clone(), layout.clone(), noise, keep).by(products).gated(gate.cloned());
                x.contiguous()?.apply_op2(self.trigger(pass, weights.params()), op)?
            }
            Backend::Plain => maybe_detached(pass, plain::layer(weights, layout, &noise, gate.map(Arc::as_ref), x)?),
        })
    }

    /// What a step's scores are made of, from what enters it: the same numbers that the step computes for itself.
    fn scores_of(&self, index: usize, x: &Tensor, keys: Option<&TokenKeys>, pass: &Pass) -> Result<Scores, ModelError> {
        heed();
        let weights = &self.shared("its attention scores")?.layers[self.config.schedule()[index].stored];
        let trained = weights.trainable();
        let keys = keys.filter(|_| trained);
        let keep = pass.graph && (trained || x.track_op());
        let of = |dense: &Dense, slot| -> Result<Tensor, ModelError> {
            let products = if keep { pass.products } else { Products::F32 };
            let way = parts::Way { noise: before_adapter(weights, slot, index, keys), products };
            Ok(maybe_detached(pass, parts::dense_as(self.backend, &self.params, dense, x, &way)?))
        };
        Ok(Scores { query: of(&weights.query, Slot::Query)?, key: of(&weights.key, Slot::Key)?, heads: weights.heads })
    }

    fn queries_and_keys(&self, stored: usize, x: &Tensor) -> Result<[Vec<f32>; 2], ModelError> {
        let weights = &self.shared("the parts of its scores")?.layers[stored];
        if self.backend == Backend::Plain {
            let of = |dense: &Dense| dense.plain(x, Dropped::default())?.flatten_all()?.to_vec1();
            return Ok([of(&weights.query)?, of(&weights.key)?]);
        }
        let x = x.contiguous()?;
        let x = host(&x)?;
        let (mut query, mut key) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        weights.query.forward(&x, &mut query, Dropped::default())?;
        weights.key.forward(&x, &mut key, Dropped::default())?;
        Ok([query, key])
    }

    fn attention_of(&self, stored: usize, x: &Tensor, layout: &Layout) -> Result<Vec<Vec<f32>>, ModelError> {
        let weights = match &self.body {
            Body::Shared(shared) => &shared.layers[stored],
            Body::Frozen(frozen) => {
                self.afford_attention(layout)?;
                return frozen.attention(self.with(), stored, x, layout);
            }
        };
        if self.backend == Backend::Fused {
            let [query, key] = self.queries_and_keys(stored, x)?;
            return Ok(attention::probabilities(&query, &key, layout, weights.heads));
        }
        let (probabilities, _) = plain::attention_probabilities(weights, layout, &LayerNoise::default(), x)?;
        let each = (0..layout.sequences())
            .map(|sequence| plain::Padded::cut(&probabilities, layout, sequence)?.flatten_all()?.to_vec1())
            .collect::<candle_core::Result<_>>()?;
        Ok(each)
    }

    /// Refuses squares of texts so long that the memory does not hold them. Encoders that read so long ones are those that
    /// are used as they are.
    fn afford_attention(&self, layout: &Layout) -> Result<(), ModelError> {
        const ALWAYS: u64 = 256 << 20;
        let squares = layout.starts.windows(2).map(|bounds| (bounds[1] - bounds[0]).pow(2) as u64).sum::<u64>();
        let bytes = 4 * squares * self.config.num_attention_heads as u64;
        if bytes <= ALWAYS {
            return Ok(());
        }
        // What computes them has a few of their size at once.
        let free = memory::available() / 4;
        if bytes > free { Err(ModelError::AttentionTooLarge { tokens: layout.tokens(), bytes, free }) } else { Ok(()) }
    }

    fn trigger<'a>(&'a self, pass: &Pass, weights: impl IntoIterator<Item = &'a Arc<Param>>) -> &'a Tensor {
        if pass.graph { self.params.trigger(weights) } else { self.params.trigger([]) }
    }

    /// Table rows of each token, checked against the tables.
    pub(super) fn places(&self, input: &Input) -> Result<Places, ModelError> {
        let config = &self.config;
        let positions = self.positions(input)?;
        if let Some(position) = input.ids.iter().position(|id| *id as usize >= config.vocab_size) {
            let (id, vocab_size) = (input.ids[position], config.vocab_size);
            return Err(ModelError::TokenOutOfRange { id, position, vocab_size });
        }
        let count = config.type_vocab_size;
        let types = match count {
            0 => Vec::new(),
            1 => vec![0; input.tokens()],
            _ => input.types.clone(),
        };
        if let Some(segment) = types.iter().copied().find(|segment| *segment as usize >= count) {
            return Err(ModelError::SegmentOutOfRange { segment, count });
        }
        Ok(Places { ids: input.ids.clone(), positions, types })
    }

    /// Rows of the position table: counted in each sequence, or as given, from the family's first position on.
    fn positions(&self, input: &Input) -> Result<Vec<u32>, ModelError> {
        let (first, limit) = (self.config.first_position() as u32, self.config.max_tokens());
        // RoBERTa does not count padding, and gives it the padding's position.
        let is_padding = |id: u32| first > 0 && id == self.config.pad_token_id;
        if let Some(given) = &input.positions {
            if given.len() != input.tokens() {
                return Err(ModelError::PositionsMissing { positions: given.len(), tokens: input.tokens() });
            }
            if let Some(position) = given.iter().copied().find(|position| *position as usize >= limit) {
                return Err(ModelError::PositionOutOfRange { position, limit });
            }
            let of_token = |(id, position): (&u32, &u32)| if is_padding(*id) { *id } else { first + position };
            return Ok(input.ids.iter().zip(given).map(of_token).collect());
        }
        let mut positions = Vec::with_capacity(input.tokens());
        for bounds in input.starts.windows(2) {
            let ids = &input.ids[bounds[0]..bounds[1]];
            if ids.len() > limit {
                return Err(ModelError::TooLong { tokens: ids.len(), limit });
            }
            let mut next = first;
            for id in ids {
                let padding = is_padding(*id);
                positions.push(if padding { *id } else { next });
                next += u32::from(!padding);
            }
        }
        Ok(positions)
    }
}

/// The mean of (tokens, width) states, summed in `f64` in the order of the tokens.
pub fn mean(states: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for state in states.chunks(width) {
        sums.iter_mut().zip(state).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let tokens = (states.len() / width.max(1)) as f64;
    sums.into_iter().map(|sum| (sum / tokens) as f32).collect()
}

/// What is dropped before the adapter of a dense layer of a step, where it has one.
fn before_adapter(weights: &LayerWeights, slot: Slot, index: usize, keys: Option<&TokenKeys>) -> Option<Noise> {
    let adapter = weights.dense()[slot as usize].adapter.as_ref()?;
    let site = site::ADAPTERS + index as u64 * site::A_LAYERS_ADAPTERS + slot as u64;
    Noise::new(keys, site, adapter.dropout)
}

fn rate(pass: &Pass, configured: f64) -> f64 {
    pass.dropout.map_or(0.0, |dropout| dropout.rate.unwrap_or(configured))
}

/// Without a graph nothing may hold on to intermediate results.
fn maybe_detached(pass: &Pass, x: Tensor) -> Tensor {
    if pass.graph { x } else { x.detach() }
}
