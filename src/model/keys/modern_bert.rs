//! What `config.json` says of a ModernBERT beyond its sizes, under the keys of transformers 4 and 5.

use serde_json::Value;

use super::{Reader, Sizes};
use crate::model::ModelError;
use crate::model::ops::activation::Activation;

/// What `config.json` says of a ModernBERT beyond its sizes.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of config.json, and any of them may be set")]
pub struct Keys {
    pub heads: usize,
    pub activation: Activation,
    /// Which layers attend to all tokens.
    pub global: Vec<bool>,
    /// How far the tokens lie that a local layer attends to, on either side.
    pub reach: usize,
    /// The base of the rotary positions in global and in local layers.
    pub bases: [f64; 2],
    pub norm_bias: bool,
    pub attention_bias: bool,
    pub feed_forward_bias: bool,
    /// Of the dense layer and the norm before the outputs of every head.
    pub head_bias: bool,
    pub head_norm_bias: bool,
    pub head_activation: Activation,
    pub head_dropout: f64,
    /// Whether a head for texts reads the mean of all states, and not the first one.
    pub mean: bool,
}

impl Keys {
    pub(super) fn read(keys: &Reader<'_>, sizes: Sizes) -> Result<Self, ModelError> {
        if !(sizes.hidden / sizes.heads).is_multiple_of(2) {
            let expected = "an even number of columns a head, for rotary positions".to_owned();
            let value = sizes.heads.to_string();
            return Err(ModelError::NotComputed { key: "num_attention_heads", value, expected });
        }
        if keys.get("rope_scaling").is_some() {
            return keys.refuse("rope_scaling", "rotary positions that are not scaled");
        }
        if !keys.flag("decoder_bias", true)? {
            return keys.refuse("decoder_bias", "true");
        }
        let mean = match keys.get("classifier_pooling").map(Value::as_str) {
            None | Some(Some("cls")) => false,
            Some(Some("mean")) => true,
            Some(_) => return keys.refuse("classifier_pooling", "cls or mean"),
        };
        let window = keys.integer("local_attention", 128)?;
        if window < 2 {
            return keys.refuse("local_attention", "two tokens or more");
        }
        let norm_bias = keys.flag("norm_bias", false)?;
        Ok(Self {
            heads: sizes.heads,
            activation: keys.activation("hidden_activation")?,
            global: global(keys, sizes.layers)?,
            reach: window as usize / 2,
            bases: bases(keys)?,
            norm_bias,
            attention_bias: keys.flag("attention_bias", false)?,
            feed_forward_bias: keys.flag("mlp_bias", false)?,
            head_bias: keys.flag("classifier_bias", false)?,
            head_norm_bias: norm_bias,
            head_activation: keys.activation("classifier_activation")?,
            head_dropout: keys.rate("classifier_dropout", 0.0)?,
            mean,
        })
    }
}

/// Which layers attend to all tokens: named one by one, or every few.
fn global(keys: &Reader<'_>, layers: usize) -> Result<Vec<bool>, ModelError> {
    const KEY: &str = "layer_types";
    if let Some(named) = keys.get(KEY) {
        let kind = |kind: &Value| match kind.as_str() {
            Some("full_attention") => Some(true),
            Some("sliding_attention") => Some(false),
            _ => None,
        };
        let named: Option<Vec<bool>> = named.as_array().and_then(|kinds| kinds.iter().map(kind).collect());
        let expected = format!("full_attention or sliding_attention for each of {layers} layers");
        return match named.filter(|kinds| kinds.len() == layers) {
            Some(kinds) => Ok(kinds),
            None => keys.refuse(KEY, &expected),
        };
    }
    let every = keys.integer("global_attn_every_n_layers", 3)?;
    if every < 1 {
        return keys.refuse("global_attn_every_n_layers", "one or more");
    }
    Ok((0..layers).map(|layer| layer.is_multiple_of(every as usize)).collect())
}

/// The bases of the rotary positions in global and in local layers, under the keys of transformers 4 or 5.
fn bases(keys: &Reader<'_>) -> Result<[f64; 2], ModelError> {
    const KEY: &str = "rope_parameters";
    let found = if let Some(named) = keys.get(KEY) {
        let base = |kind: &str| {
            let of_kind = named.get(kind)?;
            let is_plain = of_kind.get("rope_type").is_none_or(|kind| kind == "default");
            of_kind.get("rope_theta").and_then(Value::as_f64).filter(|_| is_plain)
        };
        match (base("full_attention"), base("sliding_attention")) {
            (Some(global), Some(local)) => [global, local],
            _ => return keys.refuse(KEY, "a rope_theta of the default type for full_attention and sliding_attention"),
        }
    } else {
        let global = keys.number("global_rope_theta", 160_000.0)?;
        let usual = if keys.raw.contains_key("local_rope_theta") { global } else { 10_000.0 };
        [global, keys.number("local_rope_theta", usual)?]
    };
    match found.into_iter().find(|base| !(*base > 1.0 && base.is_finite())) {
        Some(value) => Err(ModelError::NumberOutOfRange { key: "rope_theta", value }),
        None => Ok(found),
    }
}
