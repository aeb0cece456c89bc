//! The names of weights: ours, which all families share, and those in a family's Hugging Face files.
//!
//! One table, used forwards to read and backwards to write.

use super::Family;

/// The weights of a layer, each of which has a `weight` and a `bias`.
pub const LAYER_SLOTS: [&str; 8] = [
    "attention.query",
    "attention.key",
    "attention.value",
    "attention.output",
    "attention.norm",
    "feed_forward.inner",
    "feed_forward.output",
    "feed_forward.norm",
];

/// A weight's name in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredName {
    /// With the family's prefix where it has one; what is written.
    pub name: String,
    /// Other names under which older or other programs' files hold the same weight, in the order they are tried.
    pub others: Vec<String>,
}

/// Where a family's files have a pair of weight and bias.
#[derive(Clone, Copy, Debug)]
pub enum Stored {
    /// Under this name.
    At(&'static str),
    /// Under this name in the encoder, whose prefix it takes.
    InEncoder(&'static str),
    /// The bias has a name of its own, and may be under that of the weight too.
    Apart { weight: &'static str, bias: &'static str },
}

/// The naming of one family.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    pub family: Family,
    /// ALBERT: layers in a group.
    pub inner_group_num: usize,
}

impl Naming {
    /// What stands before the names of the encoder's weights.
    pub fn prefix(self) -> &'static str {
        match self.family {
            Family::Bert => "bert.",
            Family::Roberta | Family::XlmRoberta | Family::Camembert => "roberta.",
            Family::DistilBert => "distilbert.",
            Family::Albert => "albert.",
            Family::Electra => "electra.",
            Family::ModernBert => "model.",
            Family::DebertaV2 => "deberta.",
        }
    }

    /// A weight of the embeddings; `slot` is `word`, `position`, `token_type`, `norm` or `projection`.
    pub fn embeddings(self, slot: &str, part: &str) -> StoredName {
        let middle = match (slot, self.family) {
            ("projection", Family::Albert) => "encoder.embedding_hidden_mapping_in".to_owned(),
            ("projection", _) => "embeddings_project".to_owned(),
            ("norm", _) => "embeddings.LayerNorm".to_owned(),
            _ => format!("embeddings.{slot}_embeddings"),
        };
        self.in_encoder(&format!("{middle}.{part}"))
    }

    /// What stands before the number of a layer, or of a group of them, in a name without the encoder's prefix.
    pub fn layers(self) -> &'static str {
        match self.family {
            Family::DistilBert => "transformer.layer.",
            Family::Albert => "encoder.albert_layer_groups.",
            Family::ModernBert => "layers.",
            Family::Bert
            | Family::Roberta
            | Family::XlmRoberta
            | Family::Camembert
            | Family::Electra
            | Family::DebertaV2 => "encoder.layer.",
        }
    }

    /// A weight of a stored layer; `slot` is `attention.query` … `feed_forward.norm`.
    pub fn layer(self, layer: usize, slot: &str, part: &str) -> StoredName {
        let place = match self.family {
            Family::DistilBert => format!("transformer.layer.{layer}.{}", distilbert_slot(slot)),
            Family::Albert => {
                let (group, inner) = (layer / self.inner_group_num, layer % self.inner_group_num);
                format!("encoder.albert_layer_groups.{group}.albert_layers.{inner}.{}", albert_slot(slot))
            }
            _ => format!("encoder.layer.{layer}.{}", bert_slot(slot)),
        };
        self.in_encoder(&format!("{place}.{part}"))
    }

    /// A weight of a head; `part` is `weight` or `bias`.
    pub fn head(self, stored: Stored, part: &str) -> StoredName {
        match stored {
            Stored::At(place) => StoredName { name: format!("{place}.{part}"), others: old_norm_name(place, part) },
            Stored::InEncoder(place) => self.in_encoder(&format!("{place}.{part}")),
            Stored::Apart { weight, .. } if part == "weight" => {
                StoredName { name: format!("{weight}.{part}"), others: Vec::new() }
            }
            Stored::Apart { weight, bias } => {
                StoredName { name: format!("{bias}.{part}"), others: vec![format!("{weight}.{part}")] }
            }
        }
    }

    /// A name without the encoder's prefix.
    pub fn bare(self, name: &str) -> &str {
        name.strip_prefix(self.prefix()).unwrap_or(name)
    }

    /// A weight of the encoder, by its name without the prefix.
    pub fn in_encoder(self, bare: &str) -> StoredName {
        let mut others = vec![bare.to_owned()];
        let (place, part) = bare.rsplit_once('.').unwrap_or((bare, ""));
        for old in old_norm_name(place, part) {
            others.push(format!("{}{old}", self.prefix()));
            others.push(old);
        }
        StoredName { name: format!("{}{bare}", self.prefix()), others }
    }
}

/// Files converted from TensorFlow call a norm's weight `gamma` and its bias `beta`.
fn old_norm_name(place: &str, part: &str) -> Vec<String> {
    if !place.to_ascii_lowercase().replace('_', "").ends_with("layernorm") {
        return Vec::new();
    }
    vec![format!("{place}.{}", if part == "weight" { "gamma" } else { "beta" })]
}

fn bert_slot(slot: &str) -> &str {
    match slot {
        "attention.query" => "attention.self.query",
        "attention.key" => "attention.self.key",
        "attention.value" => "attention.self.value",
        "attention.output" => "attention.output.dense",
        "attention.norm" => "attention.output.LayerNorm",
        "feed_forward.inner" => "intermediate.dense",
        "feed_forward.output" => "output.dense",
        "feed_forward.norm" => "output.LayerNorm",
        other => other,
    }
}

fn distilbert_slot(slot: &str) -> &str {
    match slot {
        "attention.query" => "attention.q_lin",
        "attention.key" => "attention.k_lin",
        "attention.value" => "attention.v_lin",
        "attention.output" => "attention.out_lin",
        "attention.norm" => "sa_layer_norm",
        "feed_forward.inner" => "ffn.lin1",
        "feed_forward.output" => "ffn.lin2",
        "feed_forward.norm" => "output_layer_norm",
        other => other,
    }
}

fn albert_slot(slot: &str) -> &str {
    match slot {
        "attention.output" => "attention.dense",
        "attention.norm" => "attention.LayerNorm",
        "feed_forward.inner" => "ffn",
        "feed_forward.output" => "ffn_output",
        "feed_forward.norm" => "full_layer_layer_norm",
        other => other,
    }
}
