//! What `config.json` says of a DeBERTa of the second or third version beyond its sizes.

use serde_json::Value;

use super::{Reader, Sizes};
use crate::model::ModelError;
use crate::model::ops::activation::Activation;

/// What `config.json` says of a DeBERTa beyond its sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Keys {
    pub heads: usize,
    pub activation: Activation,
    /// Whether the place of a token in its text is added to its embedding, as in BERT.
    pub places: bool,
    /// Which products with relative positions are added; none where positions are not relative.
    pub relative: Option<Relative>,
    /// What the scores' scale counts: the contents and each kind of product that is named.
    pub terms: usize,
    pub pooler_activation: Activation,
    pub pooler_dropout: f64,
    pub sequence_dropout: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by the configuration for itself")]
pub struct Relative {
    /// Positions on either side that have an embedding.
    pub span: usize,
    /// How many of them are in buckets, or 0.
    pub buckets: usize,
    /// The farthest position that buckets tell apart.
    pub farthest: usize,
    /// The content of a token with the position of another.
    pub to_position: bool,
    /// The position of a token with the content of another.
    pub from_position: bool,
    /// Whether positions are projected as contents are.
    pub shared: bool,
    pub normed: bool,
}

impl Keys {
    pub(super) fn read(keys: &Reader<'_>, sizes: Sizes) -> Result<Self, ModelError> {
        if keys.integer("conv_kernel_size", 0)? > 0 {
            return keys.refuse("conv_kernel_size", "0, as there is no convolution here");
        }
        let size = sizes.hidden / sizes.heads;
        if keys.integer("attention_head_size", size as i64)? != size as i64 {
            return keys.refuse("attention_head_size", &size.to_string());
        }
        if keys.integer("pooler_hidden_size", sizes.hidden as i64)? != sizes.hidden as i64 {
            return keys.refuse("pooler_hidden_size", &sizes.hidden.to_string());
        }
        // transformers 4 ties the wrong layer of the other masked-word head to the word table.
        if !keys.flag("legacy", true)? {
            return keys.refuse("legacy", "true");
        }
        let [to_position, from_position] = kinds(keys)?;
        let is_relative = keys.flag("relative_attention", false)?;
        let hidden_dropout = keys.rate("hidden_dropout_prob", 0.1)?;
        Ok(Self {
            heads: sizes.heads,
            activation: keys.activation("hidden_act")?,
            places: keys.flag("position_biased_input", true)?,
            terms: 1 + usize::from(to_position) + usize::from(from_position),
            relative: is_relative.then(|| relative(keys, sizes, [to_position, from_position])).transpose()?,
            pooler_activation: keys.activation("pooler_hidden_act")?,
            pooler_dropout: keys.rate("pooler_dropout", 0.0)?,
            sequence_dropout: keys.rate("cls_dropout", hidden_dropout)?,
        })
    }
}

/// Whether contents are compared with positions, and positions with contents.
fn kinds(keys: &Reader<'_>) -> Result<[bool; 2], ModelError> {
    const KEY: &str = "pos_att_type";
    let named: Vec<String> = match keys.get(KEY) {
        None => Vec::new(),
        Some(Value::String(names)) => {
            let names = names.split('|').map(|name| name.trim().to_lowercase());
            names.filter(|name| !name.is_empty() && name != "none").collect()
        }
        Some(Value::Array(names)) => names.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect(),
        Some(_) => return keys.refuse(KEY, "c2p, p2c or both"),
    };
    if named.iter().any(|name| name != "c2p" && name != "p2c") {
        return keys.refuse(KEY, "c2p, p2c or both");
    }
    Ok(["c2p", "p2c"].map(|kind| named.iter().any(|name| name == kind)))
}

fn relative(keys: &Reader<'_>, sizes: Sizes, [to_position, from_position]: [bool; 2]) -> Result<Relative, ModelError> {
    const MOST: i64 = 1 << 16;
    let count = |key: &'static str| {
        let value = keys.integer(key, -1)?;
        if value > MOST {
            keys.refuse(key, &format!("{MOST} or fewer"))
        } else {
            Ok(usize::try_from(value).unwrap_or(0))
        }
    };
    let farthest = match count("max_relative_positions")? {
        0 => sizes.positions,
        farthest => farthest,
    };
    let buckets = count("position_buckets")?;
    if buckets > 0 && (buckets < 4 || farthest <= buckets / 2 + 1) {
        return keys.refuse("position_buckets", "four or more, and fewer than twice max_relative_positions");
    }
    let normed = match keys.get("norm_rel_ebd").map(Value::as_str) {
        None => false,
        Some(Some(name)) => match name.trim().to_lowercase().as_str() {
            "none" => false,
            "layer_norm" => true,
            _ => return keys.refuse("norm_rel_ebd", "none or layer_norm"),
        },
        Some(None) => return keys.refuse("norm_rel_ebd", "none or layer_norm"),
    };
    let span = if buckets > 0 { buckets } else { farthest };
    let shared = keys.flag("share_att_key", false)?;
    Ok(Relative { span, buckets, farthest, to_position, from_position, shared, normed })
}

impl Relative {
    /// The row of the position table for one token's place less another's.
    pub fn row(self, apart: i64) -> i64 {
        let bucket = if self.buckets > 0 { self.bucket(apart) } else { apart };
        (bucket + self.span as i64).clamp(0, 2 * self.span as i64 - 1)
    }

    /// Positions up to half of the buckets are their own; farther ones share buckets, by their logarithm.
    fn bucket(self, apart: i64) -> i64 {
        let near = self.buckets as i64 / 2;
        let distance = apart.abs();
        if distance <= near {
            return apart;
        }
        // In f32, as its authors compute it: a bucket begins where a rounded number does.
        let most = (self.farthest as f64 - 1.0) / near as f64;
        let grown = (distance as f32 / near as f32).ln() / (most as f32).ln();
        apart.signum() * ((grown * (near - 1) as f32).ceil() as i64 + near)
    }
}
