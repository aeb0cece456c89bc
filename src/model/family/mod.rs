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
}

impl Family {
    pub const ALL: [Self; 7] =
        [Self::Bert, Self::Roberta, Self::XlmRoberta, Self::Camembert, Self::DistilBert, Self::Albert, Self::Electra];

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
        }
    }

    /// Whether it is RoBERTa under this or another name: positions begin after that of padding, a pair is parted by two
    /// tokens, and the heads are RoBERTa's.
    pub fn is_roberta(self) -> bool {
        matches!(self, Self::Roberta | Self::XlmRoberta | Self::Camembert)
    }

    /// The family's own word for a key.
    pub(super) fn config_key(self, key: &'static str) -> &'static str {
        if self != Self::DistilBert {
            return key;
        }
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

    pub(super) fn default_padding(self) -> u32 {
        u32::from(self.is_roberta())
    }

    /// Segments the position of a token can have, from what the configuration says.
    pub(super) fn segments(self, configured: Option<usize>) -> usize {
        if self == Self::DistilBert { 0 } else { configured.unwrap_or(2) }
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
            Self::DistilBert | Self::Albert => None,
        }
    }
}
