//! What differs between families, as data: keys of `config.json`, names of weights, and the shape of heads.

mod names;

use serde::Serialize;

use super::ops::activation::Activation;
use crate::task::Task;

pub use names::{Naming, StoredName};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Bert,
    Roberta,
    DistilBert,
    Albert,
    Electra,
}

/// What sits on the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeadKind {
    /// First token, dense layer, activation, dropout, linear layer.
    Sequence,
    /// Dropout and a linear layer over every token.
    Token,
    /// Two scores for each token: where an answer starts and where it ends.
    Span,
    /// Dense layer, activation, norm and the transposed word embeddings.
    Mask,
    /// BERT: does the second text follow?
    NextSentence,
    /// ALBERT: do the texts stand in their order?
    SentenceOrder,
    /// ELECTRA: was this token replaced?
    Replaced,
}

impl Family {
    pub const ALL: [Self; 5] = [Self::Bert, Self::Roberta, Self::DistilBert, Self::Albert, Self::Electra];

    pub fn from_model_type(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.model_type() == name)
    }

    /// The name in `config.json`, and on screen in lower case.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Roberta => "roberta",
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
            Self::DistilBert => "DistilBert",
            Self::Albert => "Albert",
            Self::Electra => "Electra",
        }
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
        u32::from(self == Self::Roberta)
    }

    /// Segments the position of a token can have, from what the configuration says.
    pub(super) fn segments(self, configured: Option<usize>) -> usize {
        if self == Self::DistilBert { 0 } else { configured.unwrap_or(2) }
    }

    /// Whether the sequence head begins with a pooler that is part of the pretrained encoder.
    pub fn has_pooler(self) -> bool {
        matches!(self, Self::Bert | Self::Albert)
    }

    /// Whether the sequence head drops before its dense layer too.
    pub fn drops_before_dense(self) -> bool {
        matches!(self, Self::Roberta | Self::Electra)
    }

    /// The activation after the sequence head's dense layer.
    pub fn sequence_activation(self) -> Activation {
        match self {
            Self::DistilBert => Activation::Relu,
            Self::Electra => Activation::Gelu,
            _ => Activation::Tanh,
        }
    }

    /// The activation in the masked-word head.
    pub fn mask_activation(self, configured: Activation) -> Activation {
        if matches!(self, Self::Roberta | Self::Electra) { Activation::Gelu } else { configured }
    }

    /// Whether a layer drops after its feed-forward part; ALBERT's code does not.
    pub fn drops_after_feed_forward(self) -> bool {
        self != Self::Albert
    }

    pub fn has_head(self, kind: HeadKind) -> bool {
        match kind {
            HeadKind::NextSentence => self == Self::Bert,
            HeadKind::SentenceOrder => self == Self::Albert,
            HeadKind::Replaced => self == Self::Electra,
            _ => true,
        }
    }

    /// transformers' class for an encoder with these heads.
    pub fn architecture(self, heads: &[HeadKind]) -> String {
        let has = |kind| heads.contains(&kind);
        let suffix = if has(HeadKind::Sequence) {
            "ForSequenceClassification"
        } else if has(HeadKind::Token) {
            "ForTokenClassification"
        } else if has(HeadKind::Span) {
            "ForQuestionAnswering"
        } else if has(HeadKind::Replaced)
            || has(HeadKind::SentenceOrder)
            || (has(HeadKind::Mask) && has(HeadKind::NextSentence))
        {
            "ForPreTraining"
        } else if has(HeadKind::NextSentence) {
            "ForNextSentencePrediction"
        } else if has(HeadKind::Mask) {
            "ForMaskedLM"
        } else {
            "Model"
        };
        format!("{}{suffix}", self.class_prefix())
    }

    /// transformers' class for an encoder that predicts the next token, where there is one.
    pub fn causal_architecture(self) -> Option<&'static str> {
        match self {
            Self::Bert => Some("BertLMHeadModel"),
            Self::Roberta => Some("RobertaForCausalLM"),
            Self::Electra => Some("ElectraForCausalLM"),
            Self::DistilBert | Self::Albert => None,
        }
    }

    /// The heads that a class of transformers has.
    pub fn heads_of(self, architecture: &str) -> Vec<HeadKind> {
        let suffix = architecture.strip_prefix(self.class_prefix()).unwrap_or_default();
        if self.causal_architecture() == Some(architecture) {
            return vec![HeadKind::Mask];
        }
        match (suffix, self) {
            ("ForSequenceClassification", _) => vec![HeadKind::Sequence],
            ("ForTokenClassification", _) => vec![HeadKind::Token],
            ("ForQuestionAnswering", _) => vec![HeadKind::Span],
            ("ForMaskedLM", _) => vec![HeadKind::Mask],
            ("ForNextSentencePrediction", Self::Bert) => vec![HeadKind::NextSentence],
            ("ForPreTraining", Self::Bert) => vec![HeadKind::Mask, HeadKind::NextSentence],
            ("ForPreTraining", Self::Albert) => vec![HeadKind::Mask, HeadKind::SentenceOrder],
            ("ForPreTraining", Self::Electra) => vec![HeadKind::Replaced],
            _ => Vec::new(),
        }
    }
}

impl HeadKind {
    /// The head that a task trains and asks.
    pub fn for_task(task: Task) -> Self {
        match task {
            Task::Classify | Task::MultiLabel | Task::Regress => Self::Sequence,
            Task::Ner => Self::Token,
            Task::Qa => Self::Span,
            Task::Mlm => Self::Mask,
            Task::Nsp => Self::NextSentence,
            Task::Sop => Self::SentenceOrder,
            Task::Rtd => Self::Replaced,
        }
    }
}
