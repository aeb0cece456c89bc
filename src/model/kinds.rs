//! The kinds of heads, as data: what each reads, what it computes, and how a family's files call its weights.
//!
//! A kind is one function here, which says all of it for a configuration. Building, computing, saving, planning and freezing
//! follow from the specification and name no kind.

use super::config::EncoderConfig;
use super::family::{Family, Stored};
use super::keys::Keys as FrozenKeys;
use super::ops::activation::Activation;
use crate::task::{Mismatch, Reads, Targets, Task};

/// What sits on the encoder. Of the heads that a folder has, it was trained for the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeadKind {
    /// First token, dense layer, activation, dropout, linear layer.
    Sequence,
    /// Dropout and a linear layer over every token.
    Token,
    /// Two scores for each token: where an answer starts and where it ends.
    Span,
    /// BERT: does the second text follow?
    NextSentence,
    /// ALBERT: do the texts stand in their order?
    SentenceOrder,
    /// ELECTRA: was this token replaced?
    Replaced,
    /// Dense layer, activation, norm and the transposed word embeddings.
    Mask,
}

/// The tokens of a sequence that a head reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadInput {
    FirstToken,
    AllTokens,
}

/// What the outputs of a head are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// One for each class, or one for a number: as many as are wanted.
    Labels,
    /// Always as many.
    Count(usize),
    /// One for each word of the vocabulary: the decoder's weight is the word table where the configuration ties them.
    Words,
}

/// A head from hidden states to logits: dropout, a dense layer with its activation and norm, dropout, and the outputs. What a
/// head does not have is `None`.
#[derive(Clone, Debug)]
pub struct HeadSpec {
    pub kind: HeadKind,
    /// Rate of the dropout before the dense layer.
    pub drop_before: Option<f64>,
    pub dense: Option<DenseSpec>,
    /// Rate of the dropout before the outputs.
    pub drop: Option<f64>,
    /// Canonical name of the outputs' weights, and that in a file.
    pub name: &'static str,
    pub stored: Stored,
}

/// The dense layer between the hidden states and the outputs.
#[derive(Clone, Debug)]
pub struct DenseSpec {
    /// Canonical name: heads with the same one share the layer.
    pub name: &'static str,
    pub stored: Stored,
    /// Its width, which is that of the outputs' input.
    pub width: usize,
    pub activation: Activation,
    /// Canonical name of a norm after the activation, and that in a file.
    pub norm: Option<(&'static str, Stored)>,
    /// Whether the layer, and the norm, have a bias.
    pub bias: bool,
    pub norm_bias: bool,
}

/// The classes of transformers by the end of their names, the families that have them, and the heads that they have.
const ARCHITECTURES: [(&str, &[Family], &[HeadKind]); 9] = [
    ("ForSequenceClassification", &Family::ALL, &[HeadKind::Sequence]),
    ("ForTokenClassification", &Family::ALL, &[HeadKind::Token]),
    ("ForQuestionAnswering", &Family::ALL, &[HeadKind::Span]),
    ("ForPreTraining", &[Family::Electra], &[HeadKind::Replaced]),
    ("ForNextSentencePrediction", &[Family::Bert], &[HeadKind::NextSentence]),
    ("ForMaskedLM", &Family::ALL, &[HeadKind::Mask]),
    ("ForPreTraining", &[Family::Bert], &[HeadKind::Mask, HeadKind::NextSentence]),
    ("ForPreTraining", &[Family::Albert], &[HeadKind::Mask, HeadKind::SentenceOrder]),
    ("Model", &Family::ALL, &[]),
];

impl Family {
    /// transformers' class for an encoder with these heads: the first that has them all, else one that has any.
    pub fn architecture(self, heads: &[HeadKind]) -> String {
        let own = || ARCHITECTURES.iter().filter(|(_, families, _)| families.contains(&self));
        let all = own()
            .find(|(.., kinds)| kinds.is_empty() == heads.is_empty() && heads.iter().all(|head| kinds.contains(head)));
        let any = || own().find(|(.., kinds)| kinds.iter().any(|kind| heads.contains(kind)));
        let suffix = all.or_else(any).map_or("Model", |(suffix, ..)| suffix);
        format!("{}{suffix}", self.class_prefix())
    }

    /// The heads that a class of transformers has.
    pub fn heads_of(self, architecture: &str) -> Vec<HeadKind> {
        if self.causal_architecture() == Some(architecture) {
            return vec![HeadKind::Mask];
        }
        let suffix = architecture.strip_prefix(self.class_prefix()).unwrap_or_default();
        let found = ARCHITECTURES.iter().find(|(own, families, _)| *own == suffix && families.contains(&self));
        found.map_or_else(Vec::new, |(.., kinds)| kinds.to_vec())
    }

    /// The heads that transformers' class for a head has beside it, which a folder with the one must have too.
    pub fn heads_beside(self, kind: HeadKind) -> Vec<HeadKind> {
        let all = self.heads_of(&self.architecture(&[kind]));
        all.into_iter().filter(|other| *other != kind).collect()
    }

    pub fn has_head(self, kind: HeadKind) -> bool {
        ARCHITECTURES.iter().any(|(_, families, kinds)| families.contains(&self) && kinds.contains(&kind))
    }
}

/// The layers of all kinds of heads, below `head`.
pub const HEAD_SLOTS: [&str; 13] = [
    "pooler",
    "dense",
    "norm",
    "sequence",
    "token",
    "span",
    "next_sentence",
    "sentence_order",
    "replaced.dense",
    "replaced.output",
    "mask.dense",
    "mask.norm",
    "mask.decoder",
];

impl HeadKind {
    pub const ALL: [Self; 7] =
        [Self::Sequence, Self::Token, Self::Span, Self::NextSentence, Self::SentenceOrder, Self::Replaced, Self::Mask];

    /// The head that a task trains and asks.
    pub fn for_task(task: Task) -> Self {
        match task.targets() {
            Targets::Tags => Self::Token,
            Targets::Span => Self::Span,
            Targets::Hidden => Self::Mask,
            Targets::Replaced => Self::Replaced,
            Targets::Class | Targets::Classes | Targets::Number => match task.reads() {
                Reads::Neighbours(Mismatch::Elsewhere) => Self::NextSentence,
                Reads::Neighbours(Mismatch::Swapped) => Self::SentenceOrder,
                Reads::Texts | Reads::Words | Reads::Question | Reads::Running => Self::Sequence,
            },
        }
    }

    /// What it is that a head says, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Sequence => "classes or values of texts",
            Self::Token => "tags of words",
            Self::Span => "answers to questions",
            Self::NextSentence => "the next sentence",
            Self::SentenceOrder => "the order of sentences",
            Self::Replaced => "replaced tokens",
            Self::Mask => "masked words",
        }
    }

    /// transformers' class that opens a folder with this head, whatever its family.
    pub fn auto_class(self) -> String {
        let suffix = ARCHITECTURES.iter().find(|(.., kinds)| kinds.contains(&self)).map_or("", |(suffix, ..)| suffix);
        format!("AutoModel{suffix}")
    }

    /// The tokens that a head of this kind reads.
    pub fn input(self) -> HeadInput {
        match self {
            Self::Sequence | Self::NextSentence | Self::SentenceOrder => HeadInput::FirstToken,
            Self::Token | Self::Span | Self::Replaced | Self::Mask => HeadInput::AllTokens,
        }
    }

    /// What the outputs of a head of this kind are.
    pub fn outputs(self) -> Outputs {
        match self {
            Self::Sequence | Self::Token => Outputs::Labels,
            Self::Span | Self::NextSentence | Self::SentenceOrder => Outputs::Count(2),
            Self::Replaced => Outputs::Count(1),
            Self::Mask => Outputs::Words,
        }
    }

    /// All that a head of this kind is in a model.
    pub fn spec(self, config: &EncoderConfig) -> HeadSpec {
        match self {
            Self::Sequence => sequence(config),
            Self::Token => token(config),
            Self::Span => span(config),
            Self::NextSentence => next_sentence(config),
            Self::SentenceOrder => sentence_order(config),
            Self::Replaced => replaced(config),
            Self::Mask => mask(config),
        }
    }
}

impl EncoderConfig {
    /// Whether a head of this kind reads the mean of a text's states.
    pub fn reads_mean(&self, kind: HeadKind) -> bool {
        let takes_mean = match &self.frozen {
            Some(FrozenKeys::ModernBert(keys)) => keys.mean,
            Some(FrozenKeys::Deberta(_)) | None => false,
        };
        takes_mean && kind == HeadKind::Sequence
    }
}

impl HeadSpec {
    /// How many outputs there are, where `labels` are wanted.
    pub fn width(&self, config: &EncoderConfig, labels: usize) -> usize {
        match self.kind.outputs() {
            Outputs::Labels => labels,
            Outputs::Count(count) => count,
            Outputs::Words => config.vocab_size,
        }
    }

    /// Canonical name and size of each weight of its own.
    pub fn weights(&self, config: &EncoderConfig, labels: usize) -> Vec<(String, u64)> {
        let mut sizes = Vec::new();
        let mut pair = |name: &str, weight: usize, bias: usize| {
            let parts = [("weight", weight), ("bias", bias)].into_iter().filter(|(_, size)| *size > 0);
            sizes.extend(parts.map(|(part, size)| (format!("{name}.{part}"), size as u64)));
        };
        let mut inputs = config.hidden_size;
        if let Some(dense) = &self.dense {
            pair(dense.name, inputs * dense.width, if dense.bias { dense.width } else { 0 });
            inputs = dense.width;
            if let Some((name, _)) = dense.norm {
                pair(name, inputs, if dense.norm_bias { inputs } else { 0 });
            }
        }
        let outputs = self.width(config, labels);
        pair(self.name, inputs * outputs, outputs);
        if self.is_tied(config) {
            sizes.retain(|(name, _)| *name != format!("{}.weight", self.name));
        }
        sizes
    }

    /// Whether the weight of the outputs is the word table.
    pub fn is_tied(&self, config: &EncoderConfig) -> bool {
        self.kind.outputs() == Outputs::Words && config.tie_word_embeddings
    }
}

/// The dense layer that all heads share which read the first token. In BERT and ALBERT it is part of the pretrained encoder.
fn pooler(config: &EncoderConfig, activation: Activation) -> DenseSpec {
    let stored = match config.family {
        Family::Bert => Stored::InEncoder("pooler.dense"),
        Family::Albert => Stored::InEncoder("pooler"),
        Family::DistilBert => Stored::At("pre_classifier"),
        Family::Roberta | Family::XlmRoberta | Family::Camembert | Family::Electra => Stored::At("classifier.dense"),
        Family::DebertaV2 => Stored::At("pooler.dense"),
        Family::ModernBert => Stored::At("head.dense"),
    };
    let width = config.hidden_size;
    DenseSpec { name: "head.pooler", stored, width, activation, norm: None, bias: true, norm_bias: true }
}

/// ModernBERT has a dense layer and a norm before the outputs of every head.
fn modern(config: &EncoderConfig, [name, norm]: [&'static str; 2]) -> Option<DenseSpec> {
    let Some(FrozenKeys::ModernBert(keys)) = &config.frozen else { return None };
    Some(DenseSpec {
        name,
        stored: Stored::At("head.dense"),
        width: config.hidden_size,
        activation: keys.head_activation,
        norm: Some((norm, Stored::At("head.norm"))),
        bias: keys.head_bias,
        norm_bias: keys.head_norm_bias,
    })
}

const MODERN: [&str; 2] = ["head.dense", "head.norm"];

fn sequence(config: &EncoderConfig) -> HeadSpec {
    let (activation, drop_before, stored) = match config.family {
        Family::Bert | Family::Albert => (Activation::Tanh, None, "classifier"),
        Family::DistilBert => (Activation::Relu, None, "classifier"),
        Family::Roberta | Family::XlmRoberta | Family::Camembert => {
            (Activation::Tanh, Some(config.sequence_dropout), "classifier.out_proj")
        }
        Family::Electra => (Activation::Gelu, Some(config.sequence_dropout), "classifier.out_proj"),
        Family::ModernBert => (Activation::Gelu, None, "classifier"),
        Family::DebertaV2 => match &config.frozen {
            Some(FrozenKeys::Deberta(keys)) => (keys.pooler_activation, Some(keys.pooler_dropout), "classifier"),
            Some(FrozenKeys::ModernBert(_)) | None => (Activation::Gelu, None, "classifier"),
        },
    };
    HeadSpec {
        kind: HeadKind::Sequence,
        drop_before,
        dense: Some(modern(config, MODERN).unwrap_or_else(|| pooler(config, activation))),
        drop: Some(config.sequence_dropout),
        name: "head.sequence",
        stored: Stored::At(stored),
    }
}

fn token(config: &EncoderConfig) -> HeadSpec {
    HeadSpec {
        kind: HeadKind::Token,
        drop_before: None,
        dense: modern(config, MODERN),
        drop: Some(config.token_dropout),
        name: "head.token",
        stored: Stored::At("classifier"),
    }
}

fn span(config: &EncoderConfig) -> HeadSpec {
    HeadSpec {
        kind: HeadKind::Span,
        drop_before: None,
        dense: modern(config, MODERN),
        drop: matches!(config.family, Family::DistilBert | Family::ModernBert).then_some(config.span_dropout),
        name: "head.span",
        stored: Stored::At(if config.family == Family::ModernBert { "classifier" } else { "qa_outputs" }),
    }
}

fn next_sentence(config: &EncoderConfig) -> HeadSpec {
    HeadSpec {
        kind: HeadKind::NextSentence,
        drop_before: None,
        dense: Some(pooler(config, Activation::Tanh)),
        drop: None,
        name: "head.next_sentence",
        stored: Stored::At("cls.seq_relationship"),
    }
}

fn sentence_order(config: &EncoderConfig) -> HeadSpec {
    HeadSpec {
        kind: HeadKind::SentenceOrder,
        drop_before: None,
        dense: Some(pooler(config, Activation::Tanh)),
        drop: Some(config.sequence_dropout),
        name: "head.sentence_order",
        stored: Stored::At("sop_classifier.classifier"),
    }
}

fn replaced(config: &EncoderConfig) -> HeadSpec {
    let dense = DenseSpec {
        name: "head.replaced.dense",
        stored: Stored::At("discriminator_predictions.dense"),
        width: config.hidden_size,
        activation: config.activation,
        norm: None,
        bias: true,
        norm_bias: true,
    };
    HeadSpec {
        kind: HeadKind::Replaced,
        drop_before: None,
        dense: Some(dense),
        drop: None,
        name: "head.replaced.output",
        stored: Stored::At("discriminator_predictions.dense_prediction"),
    }
}

fn mask(config: &EncoderConfig) -> HeadSpec {
    let own = config.activation;
    let apart = |weight, bias| Stored::Apart { weight, bias };
    let (dense, norm, decoder, activation) = match config.family {
        Family::Bert | Family::DebertaV2 => (
            "cls.predictions.transform.dense",
            "cls.predictions.transform.LayerNorm",
            apart("cls.predictions.decoder", "cls.predictions"),
            own,
        ),
        Family::Roberta | Family::XlmRoberta | Family::Camembert => {
            ("lm_head.dense", "lm_head.layer_norm", apart("lm_head.decoder", "lm_head"), Activation::Gelu)
        }
        Family::DistilBert => ("vocab_transform", "vocab_layer_norm", Stored::At("vocab_projector"), own),
        Family::Albert => {
            ("predictions.dense", "predictions.LayerNorm", apart("predictions.decoder", "predictions"), own)
        }
        Family::Electra => (
            "generator_predictions.dense",
            "generator_predictions.LayerNorm",
            Stored::At("generator_lm_head"),
            Activation::Gelu,
        ),
        Family::ModernBert => ("head.dense", "head.norm", Stored::At("decoder"), own),
    };
    let dense = modern(config, ["head.mask.dense", "head.mask.norm"]).unwrap_or(DenseSpec {
        name: "head.mask.dense",
        stored: Stored::At(dense),
        width: config.embedding_size,
        activation,
        norm: Some(("head.mask.norm", Stored::At(norm))),
        bias: true,
        norm_bias: true,
    });
    HeadSpec {
        kind: HeadKind::Mask,
        drop_before: None,
        dense: Some(dense),
        drop: None,
        name: "head.mask.decoder",
        stored: decoder,
    }
}
