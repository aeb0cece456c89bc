//! DeBERTa in its second and third version (He et al., 2021, arXiv 2006.03654 and 2111.09543): attention that adds to the
//! products of contents those of contents with relative positions, near ones one by one and far ones in buckets that grow.
//!
//! What positions are projected to never changes, as nothing here is trained, and is computed once for each layer.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use candle_core::{Result as Computed, Tensor};

use super::attend::{Scores, mixed};
use super::{Begins, List, Weights, With, by_head, rows_of};
use crate::model::ModelError;
use crate::model::input::Layout;
use crate::model::keys::{DebertaKeys as Keys, Relative};
use crate::model::ops::attention::Heads;
use crate::model::ops::embedding::Places;
use crate::model::ops::weights::{Dense, Norm};
use crate::model::params::Param;

/// The weights in the order of the forward pass.
pub(super) fn list(keys: &Keys, list: &mut List<'_>) {
    let config = list.config;
    let (hidden, inner, width) = (config.hidden_size, config.intermediate_size, config.embedding_size);
    let mut table = |name: &str, stored: &str, rows: usize, width: usize| {
        list.weight(format!("embeddings.{name}"), &format!("{stored}.weight"), &[rows, width], Begins::Normal);
    };
    table("word", "embeddings.word_embeddings", config.vocab_size, width);
    if keys.places {
        table("position", "embeddings.position_embeddings", config.max_position_embeddings, width);
    }
    if config.type_vocab_size > 0 {
        table("token_type", "embeddings.token_type_embeddings", config.type_vocab_size, width);
    }
    if let Some(relative) = keys.relative {
        table("relative", "encoder.rel_embeddings", 2 * relative.span, hidden);
    }
    if width != hidden {
        list.dense("embeddings.projection", "embeddings.embed_proj", [width, hidden], false);
    }
    list.norm("embeddings.norm", "embeddings.LayerNorm", true);
    if keys.relative.is_some_and(|relative| relative.normed) {
        list.norm("embeddings.relative_norm", "encoder.LayerNorm", true);
    }
    let own_projections = keys.relative.filter(|relative| !relative.shared);
    for layer in 0..config.num_hidden_layers {
        let mut dense = |slot: &str, stored: &str, widths: [usize; 2]| {
            list.dense(&format!("layers.{layer}.{slot}"), &format!("encoder.layer.{layer}.{stored}"), widths, true);
        };
        dense("attention.query", "attention.self.query_proj", [hidden, hidden]);
        dense("attention.key", "attention.self.key_proj", [hidden, hidden]);
        dense("attention.value", "attention.self.value_proj", [hidden, hidden]);
        if own_projections.is_some_and(|relative| relative.to_position) {
            dense("attention.position_key", "attention.self.pos_key_proj", [hidden, hidden]);
        }
        if own_projections.is_some_and(|relative| relative.from_position) {
            dense("attention.position_query", "attention.self.pos_query_proj", [hidden, hidden]);
        }
        dense("attention.output", "attention.output.dense", [hidden, hidden]);
        dense("feed_forward.inner", "intermediate.dense", [hidden, inner]);
        dense("feed_forward.output", "output.dense", [inner, hidden]);
        for (slot, stored) in [("attention", "attention.output"), ("feed_forward", "output")] {
            let stored = format!("encoder.layer.{layer}.{stored}.LayerNorm");
            list.norm(&format!("layers.{layer}.{slot}.norm"), &stored, true);
        }
    }
}

#[derive(Debug)]
struct Layer {
    query: Dense,
    key: Dense,
    value: Dense,
    /// What positions are projected by, where they are compared with queries and with keys.
    position_key: Option<Dense>,
    position_query: Option<Dense>,
    output: Dense,
    attention_norm: Norm,
    inner: Dense,
    outer: Dense,
    feed_forward_norm: Norm,
    /// The positions as keys and as queries: (heads, size, positions) each. Known once they were needed.
    positions: OnceLock<[Option<Tensor>; 2]>,
}

#[derive(Debug)]
pub struct Deberta {
    keys: Keys,
    heads: Heads,
    word: Arc<Param>,
    position: Option<Arc<Param>>,
    token_type: Option<Arc<Param>>,
    projection: Option<Dense>,
    norm: Norm,
    relative: Option<Arc<Param>>,
    relative_norm: Option<Norm>,
    layers: Vec<Layer>,
}

impl Deberta {
    pub(super) fn new(weights: &Weights<'_>, keys: &Keys) -> Result<Self, ModelError> {
        let config = weights.config;
        let table = |name: &str, is_there: bool| is_there.then(|| weights.get(name)).transpose();
        let narrow = config.embedding_size != config.hidden_size;
        let normed = keys.relative.is_some_and(|relative| relative.normed);
        Ok(Self {
            keys: keys.clone(),
            heads: Heads { count: keys.heads, size: config.hidden_size / keys.heads },
            word: weights.get("embeddings.word")?,
            position: table("embeddings.position", keys.places)?,
            token_type: table("embeddings.token_type", config.type_vocab_size > 0)?,
            projection: narrow.then(|| weights.dense("embeddings.projection")).transpose()?,
            norm: weights.norm("embeddings.norm")?,
            relative: table("embeddings.relative", keys.relative.is_some())?,
            relative_norm: normed.then(|| weights.norm("embeddings.relative_norm")).transpose()?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| Layer::new(weights, keys, layer))
                .collect::<Result<_, _>>()?,
        })
    }

    pub fn word(&self) -> &Arc<Param> {
        &self.word
    }

    pub(super) fn embed(&self, with: With<'_>, words: &Tensor, places: &Places) -> Computed<Tensor> {
        let mut sum = words.clone();
        if let Some(position) = &self.position {
            sum = (sum + rows_of(position, &places.positions)?)?;
        }
        if let Some(token_type) = &self.token_type {
            sum = (sum + rows_of(token_type, &places.types)?)?;
        }
        if let Some(projection) = &self.projection {
            sum = with.dense(projection, &sum)?;
        }
        with.norm(&self.norm, &sum)
    }

    pub(super) fn layer(&self, with: With<'_>, index: usize, x: &Tensor, layout: &Layout) -> Computed<Tensor> {
        let layer = &self.layers[index];
        let mixed = mixed(&self.sequences(with, index, x, layout)?)?;
        let attended = with.dense(&layer.output, &mixed)?;
        let x = with.norm(&layer.attention_norm, &(attended + x)?)?;
        let inner = with.activate(self.keys.activation, &with.dense(&layer.inner, &x)?)?;
        with.norm(&layer.feed_forward_norm, &(with.dense(&layer.outer, &inner)? + &x)?)
    }

    /// Queries and keys of each sequence, with its values.
    pub(super) fn sequences(
        &self,
        with: With<'_>,
        index: usize,
        x: &Tensor,
        layout: &Layout,
    ) -> Computed<Vec<(Sequence<'_>, Tensor)>> {
        let layer = &self.layers[index];
        let positions = self.positions(with, layer)?;
        let [query, key, value] = [&layer.query, &layer.key, &layer.value];
        let [query, key, value] = [with.dense(query, x)?, with.dense(key, x)?, with.dense(value, x)?];
        let scale = 1.0 / ((self.heads.size * self.keys.terms) as f64).sqrt();
        let of_sequence = |bounds: &[usize]| {
            let own = |x: &Tensor| by_head(&x.narrow(0, bounds[0], bounds[1] - bounds[0])?, self.heads);
            let sequence = Sequence {
                query: own(&query)?,
                key: own(&key)?,
                scale,
                relative: self.keys.relative,
                positions: [positions[0].as_ref(), positions[1].as_ref()],
            };
            Ok((sequence, own(&value)?))
        };
        layout.starts.windows(2).map(of_sequence).collect()
    }

    /// The positions as a layer projects them, where they are relative.
    fn positions<'a>(&self, with: With<'_>, layer: &'a Layer) -> Computed<&'a [Option<Tensor>; 2]> {
        if let Some(known) = layer.positions.get() {
            return Ok(known);
        }
        let Some((keys, table)) = self.keys.relative.zip(self.relative.as_ref()) else {
            return Ok(layer.positions.get_or_init(|| [None, None]));
        };
        let table = table.var().as_detached_tensor();
        let table = match &self.relative_norm {
            Some(norm) => with.norm(norm, &table)?,
            None => table,
        };
        let projected = |own: Option<&Dense>, shared: &Dense, wanted: bool| {
            let dense = own.unwrap_or(shared);
            let of_heads = || by_head(&with.dense(dense, &table)?, self.heads)?.transpose(1, 2)?.contiguous();
            wanted.then(of_heads).transpose()
        };
        let known = [
            projected(layer.position_key.as_ref(), &layer.key, keys.to_position)?,
            projected(layer.position_query.as_ref(), &layer.query, keys.from_position)?,
        ];
        Ok(layer.positions.get_or_init(|| known))
    }
}

impl Layer {
    fn new(weights: &Weights<'_>, keys: &Keys, layer: usize) -> Result<Self, ModelError> {
        let own = keys.relative.filter(|relative| !relative.shared);
        let dense = |slot: &str| weights.dense(&format!("layers.{layer}.{slot}"));
        let norm = |slot: &str| weights.norm(&format!("layers.{layer}.{slot}"));
        let position_key = own.is_some_and(|relative| relative.to_position);
        let position_query = own.is_some_and(|relative| relative.from_position);
        Ok(Self {
            query: dense("attention.query")?,
            key: dense("attention.key")?,
            value: dense("attention.value")?,
            position_key: position_key.then(|| dense("attention.position_key")).transpose()?,
            position_query: position_query.then(|| dense("attention.position_query")).transpose()?,
            output: dense("attention.output")?,
            attention_norm: norm("attention.norm")?,
            inner: dense("feed_forward.inner")?,
            outer: dense("feed_forward.output")?,
            feed_forward_norm: norm("feed_forward.norm")?,
            positions: OnceLock::new(),
        })
    }
}

/// One sequence: queries and keys (heads, tokens, size), and the positions that they are compared with.
pub(super) struct Sequence<'a> {
    query: Tensor,
    key: Tensor,
    scale: f64,
    relative: Option<Relative>,
    /// As keys and as queries, (heads, size, positions) each.
    positions: [Option<&'a Tensor>; 2],
}

impl Scores for Sequence<'_> {
    fn tokens(&self) -> usize {
        self.query.dims()[1]
    }

    fn seen(&self, _rows: &Range<usize>) -> Range<usize> {
        0..self.tokens()
    }

    fn of(&self, rows: &Range<usize>, seen: &Range<usize>) -> Computed<Tensor> {
        let query = self.query.narrow(1, rows.start, rows.len())?.contiguous()?;
        let mut scores = query.matmul(&self.key.transpose(1, 2)?.contiguous()?)?;
        let Some(relative) = self.relative else { return scores * self.scale };
        // Of the positions only those that lie between these tokens.
        let row = |token: usize, other: usize| relative.row(token as i64 - other as i64);
        let lowest = row(rows.start, seen.end - 1);
        let count = (row(rows.end - 1, seen.start) - lowest + 1) as usize;
        let near = |positions: &Tensor| positions.narrow(2, lowest as usize, count)?.contiguous();
        let heads = query.dims()[0];
        let places = |first: &Range<usize>, second: &Range<usize>, turned: bool| {
            let of = |one: usize, two: usize| if turned { row(two, one) } else { row(one, two) };
            let places: Vec<u32> =
                first.clone().flat_map(|one| second.clone().map(move |two| (of(one, two) - lowest) as u32)).collect();
            let shape = (first.len(), second.len());
            Tensor::from_vec(places, shape, query.device())?.broadcast_left(heads)?.contiguous()
        };
        if let Some(keys) = self.positions[0] {
            scores = (scores + query.matmul(&near(keys)?)?.gather(&places(rows, seen, false)?, 2)?)?;
        }
        if let Some(queries) = self.positions[1] {
            let of_keys = self.key.matmul(&near(queries)?)?.gather(&places(seen, rows, true)?, 2)?;
            scores = (scores + of_keys.transpose(1, 2)?)?;
        }
        scores * self.scale
    }
}
