//! What differs between families, as data: keys of `config.json`, names of weights.

mod names;

use serde::Serialize;

pub use names::{LAYER_SLOTS, Naming, Stored, StoredName};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Bert,
    Roberta,
    /// RoBERTa's encoder and heads over SentencePiece's pieces of a hundred languages.
    #[serde(rename = "xlm-roberta")]
    XlmRoberta,
    /// RoBERTa's encoder and heads over SentencePiece's pieces of French.
    Camembert,
    DistilBert,
    Albert,
    Electra,
    /// Used as it is: rotary positions, local attention, gated feed-forward layers.
    ModernBert,
    /// Used as it is: DeBERTa in its second and third version, with attention to relative positions.
    #[serde(rename = "deberta-v2")]
    DebertaV2,
}

impl Family {
    pub const ALL: [Self; 9] = [
        Self::Bert,
        Self::Roberta,
        Self::XlmRoberta,
        Self::Camembert,
        Self::DistilBert,
        Self::Albert,
        Self::Electra,
        Self::ModernBert,
        Self::DebertaV2,
    ];

    /// Whether the encoder is used as it is: heads are trained on its states, and nothing in it is (`model/frozen`).
    pub fn is_frozen(self) -> bool {
        match self {
            Self::ModernBert | Self::DebertaV2 => true,
            Self::Bert
            | Self::Roberta
            | Self::XlmRoberta
            | Self::Camembert
            | Self::DistilBert
            | Self::Albert
            | Self::Electra => false,
        }
    }

    pub fn from_model_type(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.model_type() == name)
    }

    /// The name in `config.json`, and on screen in lower case.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Roberta => "roberta",
            Self::XlmRoberta => "xlm-roberta",
            Self::Camembert => "camembert",
            Self::DistilBert => "distilbert",
            Self::Albert => "albert",
            Self::Electra => "electra",
            Self::ModernBert => "modernbert",
            Self::DebertaV2 => "deberta-v2",
        }
    }

    /// The beginning of transformers' class names.
    pub fn class_prefix(self) -> &'static str {
        match self {
            Self::Bert => "Bert",
            Self::Roberta => "Roberta",
            Self::XlmRoberta => "XLMRoberta",
            Self::Camembert => "Camembert",
            Self::DistilBert => "DistilBert",
            Self::Albert => "Albert",
            Self::Electra => "Electra",
            Self::ModernBert => "ModernBert",
            Self::DebertaV2 => "DebertaV2",
        }
    }

    /// Whether it is RoBERTa under this or another name: positions begin after that of padding, a pair is parted by two
    /// tokens, and the heads are RoBERTa's.
    pub fn is_roberta(self) -> bool {
        matches!(self, Self::Roberta | Self::XlmRoberta | Self::Camembert)
    }

    /// The family's own word for a key.
    pub(super) fn config_key(self, key: &'static str) -> &'static str {
        match self {
            Self::DistilBert => Self::distilbert_key(key),
            Self::ModernBert => Self::modernbert_key(key),
            _ => key,
        }
    }

    fn modernbert_key(key: &'static str) -> &'static str {
        match key {
            "hidden_act" => "hidden_activation",
            "layer_norm_eps" => "norm_eps",
            _ => key,
        }
    }

    fn distilbert_key(key: &'static str) -> &'static str {
        match key {
            "hidden_size" => "dim",
            "num_hidden_layers" => "n_layers",
            "num_attention_heads" => "n_heads",
            "intermediate_size" => "hidden_dim",
            "hidden_dropout_prob" => "dropout",
            "attention_probs_dropout_prob" => "attention_dropout",
            "hidden_act" => "activation",
            _ => key,
        }
    }

    pub(super) fn default_activation(self) -> &'static str {
        if self == Self::Albert { "gelu_new" } else { "gelu" }
    }

    /// What is added to the variance in norms where the configuration does not say.
    pub(super) fn default_eps(self) -> f64 {
        match self {
            Self::ModernBert => 1e-5,
            Self::DebertaV2 => 1e-7,
            _ => 1e-12,
        }
    }

    pub(super) fn default_padding(self) -> u32 {
        if self == Self::ModernBert { 50_283 } else { u32::from(self.is_roberta()) }
    }

    /// Segments the position of a token can have, from what the configuration says.
    pub(super) fn segments(self, configured: Option<usize>) -> usize {
        match self {
            Self::DistilBert | Self::ModernBert => 0,
            Self::DebertaV2 => configured.unwrap_or(0),
            _ => configured.unwrap_or(2),
        }
    }

    /// Whether a layer drops after its feed-forward part; ALBERT's code does not.
    pub fn drops_after_feed_forward(self) -> bool {
        self != Self::Albert
    }

    /// transformers' class for an encoder that predicts the next token, where there is one.
    pub fn causal_architecture(self) -> Option<&'static str> {
        match self {
            Self::Bert => Some("BertLMHeadModel"),
            Self::Roberta => Some("RobertaForCausalLM"),
            Self::XlmRoberta => Some("XLMRobertaForCausalLM"),
            Self::Camembert => Some("CamembertForCausalLM"),
            Self::Electra => Some("ElectraForCausalLM"),
            Self::DistilBert | Self::Albert | Self::ModernBert | Self::DebertaV2 => None,
        }
    }
}
