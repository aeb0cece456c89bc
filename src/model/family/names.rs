//! The names of weights: ours, which all families share, and those in a family's Hugging Face files.
//!
//! One table, used forwards to read and backwards to write.

use super::{Family, HeadKind};

/// A weight's name in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredName {
    /// With the family's prefix where it has one; what is written.
    pub name: String,
    /// Other names under which older or other programs' files hold the same weight, in the order they are tried.
    pub others: Vec<String>,
}

/// The naming of one family.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    pub family: Family,
    /// ALBERT: layers in a group.
    pub inner_group_num: usize,
}

impl Naming {
    fn prefix(self) -> &'static str {
        match self.family {
            Family::Bert => "bert.",
            Family::Roberta => "roberta.",
            Family::DistilBert => "distilbert.",
            Family::Albert => "albert.",
            Family::Electra => "electra.",
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

    /// A weight of a head; `slot` is `dense`, `output`, `norm` or `decoder`.
    pub fn head(self, kind: HeadKind, slot: &str, part: &str) -> StoredName {
        use Family::{Albert, Bert, DistilBert, Electra, Roberta};
        let pooler = matches!(kind, HeadKind::Sequence | HeadKind::NextSentence | HeadKind::SentenceOrder);
        let place = match (kind, slot, self.family) {
            (_, "dense", Bert) if pooler => return self.in_encoder(&format!("pooler.dense.{part}")),
            (_, "dense", Albert) if pooler => return self.in_encoder(&format!("pooler.{part}")),
            (HeadKind::Sequence, "dense", DistilBert) => "pre_classifier",
            (HeadKind::Sequence, "dense", _) => "classifier.dense",
            (HeadKind::Sequence, _, Roberta | Electra) => "classifier.out_proj",
            (HeadKind::Sequence | HeadKind::Token, ..) => "classifier",
            (HeadKind::Span, ..) => "qa_outputs",
            (HeadKind::NextSentence, ..) => "cls.seq_relationship",
            (HeadKind::SentenceOrder, ..) => "sop_classifier.classifier",
            (HeadKind::Replaced, "dense", _) => "discriminator_predictions.dense",
            (HeadKind::Replaced, ..) => "discriminator_predictions.dense_prediction",
            (HeadKind::Mask, "dense", Bert) => "cls.predictions.transform.dense",
            (HeadKind::Mask, "norm", Bert) => "cls.predictions.transform.LayerNorm",
            (HeadKind::Mask, "dense", Roberta) => "lm_head.dense",
            (HeadKind::Mask, "norm", Roberta) => "lm_head.layer_norm",
            (HeadKind::Mask, "dense", DistilBert) => "vocab_transform",
            (HeadKind::Mask, "norm", DistilBert) => "vocab_layer_norm",
            (HeadKind::Mask, "dense", Albert) => "predictions.dense",
            (HeadKind::Mask, "norm", Albert) => "predictions.LayerNorm",
            (HeadKind::Mask, "dense", Electra) => "generator_predictions.dense",
            (HeadKind::Mask, "norm", Electra) => "generator_predictions.LayerNorm",
            (HeadKind::Mask, ..) => return self.decoder(part),
        };
        StoredName { name: format!("{place}.{part}"), others: old_norm_name(place, part) }
    }

    /// The masked-word decoder: its own bias, and its own weight where it is not tied to the word embeddings.
    fn decoder(self, part: &str) -> StoredName {
        let (own, tied) = match self.family {
            Family::Bert => ("cls.predictions", "cls.predictions.decoder"),
            Family::Roberta => ("lm_head", "lm_head.decoder"),
            Family::Albert => ("predictions", "predictions.decoder"),
            Family::DistilBert => ("vocab_projector", "vocab_projector"),
            Family::Electra => ("generator_lm_head", "generator_lm_head"),
        };
        if part == "weight" || own == tied {
            return StoredName { name: format!("{tied}.{part}"), others: Vec::new() };
        }
        StoredName { name: format!("{own}.{part}"), others: vec![format!("{tied}.{part}")] }
    }

    fn in_encoder(self, bare: &str) -> StoredName {
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
