//! One description for every encoder family, read from `config.json`.
//!
//! Sizes that are missing are reported all at once; nothing is silently replaced: an activation or a kind of position
//! embedding that does not exist here is an error. Rates and the like that older files leave out have the defaults of
//! transformers.

use std::io::{Error, ErrorKind};
use std::path::Path;

use serde_json::{Map, Value};

use super::ModelError;
use super::classes;
use super::family::Family;
use super::keys::{Keys as FrozenKeys, Sizes};
use super::ops::activation::Activation;
use crate::files::read_whole;
use crate::json::without_nan;

/// What an encoder of any family is made of.
#[derive(Clone, Debug)]
pub struct EncoderConfig {
    pub family: Family,
    pub vocab_size: usize,
    pub hidden_size: usize,
    /// Width of the embedding tables; smaller than `hidden_size` in ALBERT and small ELECTRA.
    pub embedding_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// Segments; 0 in DistilBERT.
    pub type_vocab_size: usize,
    /// ALBERT: groups of layers that share their weights.
    pub num_hidden_groups: usize,
    /// ALBERT: layers in a group.
    pub inner_group_num: usize,
    pub activation: Activation,
    pub activation_name: String,
    pub norm_eps: f64,
    pub hidden_dropout: f64,
    pub attention_dropout: f64,
    /// Before the output layer of the sequence head.
    pub sequence_dropout: f64,
    /// Before the output layer of the token head.
    pub token_dropout: f64,
    /// Before the output layer of the span head.
    pub span_dropout: f64,
    pub pad_token_id: u32,
    pub initializer_range: f64,
    pub tie_word_embeddings: bool,
    /// Whether a token attends only to itself and to earlier ones, as in a model trained to predict the next token.
    /// transformers has such classes for BERT, RoBERTa and ELECTRA; for the other families it ignores this key.
    pub causal: bool,
    /// DistilBERT: positions are sines, and are not learned.
    pub sinusoidal_positions: bool,
    /// Names of the classes, in order; empty where the file has none.
    pub labels: Vec<String>,
    pub problem_type: Option<String>,
    /// What more there is to an encoder that is used as it is.
    pub frozen: Option<FrozenKeys>,
    pub architectures: Vec<String>,
    /// The file as it was read, so that writing it back loses nothing.
    pub raw: Map<String, Value>,
}

/// One step of the forward pass: which stored layer it uses, and whether a layer in the sense of the field ends here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledLayer {
    pub stored: usize,
    /// The layer a person counts, from 0.
    pub depth: usize,
    pub ends_layer: bool,
}

/// A configuration is read up to this size; the largest in use, with the names of tens of thousands of classes, have a
/// tenth of it.
pub const MAX_CONFIG_BYTES: u64 = 32 << 20;

/// Limits that keep a damaged or hostile file from asking for absurd amounts of memory.
const LIMITS: [(&str, usize); 7] = [
    ("vocab_size", 1 << 20),
    ("hidden_size", 8192),
    ("embedding_size", 8192),
    ("num_hidden_layers", 128),
    ("num_attention_heads", 256),
    ("intermediate_size", 65_536),
    ("max_position_embeddings", 65_536),
];

/// Segments, and classes of a head: five times the most labels that a benchmark of extreme classification gives a
/// dense layer.
pub(super) const MAX_CLASSES: usize = 100_000;

impl EncoderConfig {
    /// Reads a `config.json`.
    pub fn read(path: &Path) -> Result<Self, ModelError> {
        let text = read_whole(path, MAX_CONFIG_BYTES).and_then(|bytes| String::from_utf8(bytes).map_err(Error::other));
        let text = text.map_err(|source| match source.kind() {
            ErrorKind::NotFound => ModelError::NoConfig { path: path.parent().unwrap_or(path).to_owned() },
            _ => ModelError::Unreadable { path: path.to_owned(), source },
        })?;
        Self::parse(&text).map_err(|source| ModelError::In { path: path.to_owned(), source: Box::new(source) })
    }

    /// Reads the text of a `config.json`.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let raw: Map<String, Value> = serde_json::from_slice(&without_nan(text.as_bytes()))
            .map_err(|source| ModelError::ConfigSyntax { source })?;
        let kind = raw.get("model_type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(family) = Family::from_model_type(&kind) else {
            return Err(ModelError::UnknownFamily { model_type: kind });
        };
        let mut keys = Keys { raw: &raw, family, missing: Vec::new() };
        let hidden_size = keys.size("hidden_size");
        let layers = keys.size("num_hidden_layers");
        let sizes = [
            keys.size("vocab_size"),
            keys.size("num_attention_heads"),
            keys.size("intermediate_size"),
            keys.size("max_position_embeddings"),
        ];
        if !keys.missing.is_empty() {
            return Err(ModelError::MissingKeys { keys: keys.missing });
        }
        let hidden_dropout = keys.number("hidden_dropout_prob", 0.1);
        let activation_name = keys.text("hidden_act").unwrap_or(family.default_activation()).to_owned();
        let classifier_dropout = keys.optional("classifier_dropout");
        let albert = family == Family::Albert;
        let config = Self {
            family,
            vocab_size: sizes[0],
            hidden_size,
            embedding_size: keys.own_size("embedding_size").unwrap_or(if albert { 128 } else { hidden_size }),
            num_hidden_layers: layers,
            num_attention_heads: sizes[1],
            intermediate_size: sizes[2],
            max_position_embeddings: sizes[3],
            type_vocab_size: family.segments(keys.own_size("type_vocab_size")),
            num_hidden_groups: if albert { keys.own_size("num_hidden_groups").unwrap_or(1) } else { layers },
            inner_group_num: if albert { keys.own_size("inner_group_num").unwrap_or(1) } else { 1 },
            activation: Activation::from_name(&activation_name)
                .ok_or_else(|| ModelError::UnknownActivation { name: activation_name.clone() })?,
            activation_name,
            norm_eps: if family == Family::DistilBert {
                1e-12
            } else {
                keys.number("layer_norm_eps", family.default_eps())
            },
            hidden_dropout,
            attention_dropout: keys.number("attention_probs_dropout_prob", 0.1),
            sequence_dropout: match family {
                Family::DistilBert => keys.number("seq_classif_dropout", 0.2),
                Family::Albert => keys.number("classifier_dropout_prob", 0.1),
                _ => classifier_dropout.unwrap_or(hidden_dropout),
            },
            token_dropout: match family {
                Family::DistilBert => hidden_dropout,
                Family::Albert => keys.optional("classifier_dropout_prob").unwrap_or(hidden_dropout),
                _ => classifier_dropout.unwrap_or(hidden_dropout),
            },
            span_dropout: if family == Family::DistilBert { keys.number("qa_dropout", 0.1) } else { 0.0 },
            pad_token_id: keys.own_size("pad_token_id").map_or(family.default_padding(), |id| id as u32),
            initializer_range: keys.number("initializer_range", 0.02),
            tie_word_embeddings: raw.get("tie_word_embeddings").and_then(Value::as_bool).unwrap_or(true),
            causal: raw.get("is_decoder").and_then(Value::as_bool).unwrap_or(false),
            sinusoidal_positions: raw.get("sinusoidal_pos_embds").and_then(Value::as_bool).unwrap_or(false),
            labels: classes::names(&raw)?,
            problem_type: raw.get("problem_type").and_then(Value::as_str).map(str::to_owned),
            frozen: None,
            architectures: strings(raw.get("architectures")),
            raw: raw.clone(),
        };
        config.check()?;
        config.with_frozen_keys()
    }

    /// Reads what more there is to an encoder that is used as it is, of sizes that were checked.
    fn with_frozen_keys(mut self) -> Result<Self, ModelError> {
        let sizes = Sizes {
            hidden: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            positions: self.max_position_embeddings,
        };
        let Some(keys) = FrozenKeys::read(&self.raw, self.family, sizes)? else { return Ok(self) };
        self.causal = false;
        match &keys {
            FrozenKeys::ModernBert(keys) => {
                let rate = keys.head_dropout;
                (self.sequence_dropout, self.token_dropout, self.span_dropout) = (rate, rate, rate);
            }
            FrozenKeys::Deberta(keys) => {
                (self.sequence_dropout, self.token_dropout) = (keys.sequence_dropout, self.hidden_dropout);
            }
        }
        self.frozen = Some(keys);
        Ok(self)
    }

    fn check(&self) -> Result<(), ModelError> {
        let values = [
            self.vocab_size,
            self.hidden_size,
            self.embedding_size,
            self.num_hidden_layers,
            self.num_attention_heads,
            self.intermediate_size,
            self.max_position_embeddings,
        ];
        for ((key, limit), value) in LIMITS.into_iter().zip(values) {
            if value == 0 || value > limit {
                return Err(ModelError::SizeOutOfRange { key, value, limit });
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(ModelError::HeadsDoNotDivide { hidden: self.hidden_size, heads: self.num_attention_heads });
        }
        if self.num_hidden_groups == 0 || self.num_hidden_groups > self.num_hidden_layers {
            return Err(ModelError::SizeOutOfRange {
                key: "num_hidden_groups",
                value: self.num_hidden_groups,
                limit: self.num_hidden_layers,
            });
        }
        let counts = [("type_vocab_size", self.type_vocab_size), ("num_labels", self.labels.len())];
        for (key, value) in counts {
            if value > MAX_CLASSES {
                return Err(ModelError::SizeOutOfRange { key, value, limit: MAX_CLASSES });
            }
        }
        if self.inner_group_num == 0 || self.inner_group_num > 16 {
            return Err(ModelError::SizeOutOfRange { key: "inner_group_num", value: self.inner_group_num, limit: 16 });
        }
        if self.pad_token_id as usize >= self.vocab_size {
            return Err(ModelError::SizeOutOfRange {
                key: "pad_token_id",
                value: self.pad_token_id as usize,
                limit: self.vocab_size - 1,
            });
        }
        if let Some(kind) = self.raw.get("position_embedding_type").and_then(Value::as_str)
            && kind != "absolute"
        {
            return Err(ModelError::UnknownPositions { kind: kind.to_owned() });
        }
        let rates = [
            ("hidden_dropout_prob", self.hidden_dropout),
            ("attention_probs_dropout_prob", self.attention_dropout),
            ("classifier_dropout", self.sequence_dropout),
            ("classifier_dropout", self.token_dropout),
            ("qa_dropout", self.span_dropout),
        ];
        for (key, rate) in rates {
            if !(0.0..1.0).contains(&rate) {
                return Err(ModelError::NumberOutOfRange { key, value: rate });
            }
        }
        if !(self.norm_eps > 0.0 && self.norm_eps < 1.0) {
            return Err(ModelError::NumberOutOfRange { key: "layer_norm_eps", value: self.norm_eps });
        }
        Ok(())
    }

    /// The ids of special tokens that the file has, by its keys.
    pub fn special_ids(&self) -> Vec<(&'static str, u32)> {
        // Those of the beginning and the end are what transformers assumes in many a file, whatever the tokenizer has.
        const KEYS: [&str; 4] = ["pad_token_id", "cls_token_id", "sep_token_id", "mask_token_id"];
        let id = |key: &'static str| Some((key, u32::try_from(self.raw.get(key)?.as_u64()?).ok()?));
        KEYS.into_iter().filter_map(id).collect()
    }

    /// Layers with weights of their own.
    pub fn stored_layers(&self) -> usize {
        if self.family == Family::Albert {
            self.num_hidden_groups * self.inner_group_num
        } else {
            self.num_hidden_layers
        }
    }

    /// Which stored layer each step of the forward pass uses: `0, 1, 2, …`, or `0, 0, 0, …` where ALBERT shares.
    pub fn schedule(&self) -> Vec<ScheduledLayer> {
        let mut steps = Vec::new();
        for depth in 0..self.num_hidden_layers {
            let group = depth * self.num_hidden_groups / self.num_hidden_layers;
            for inner in 0..self.inner_group_num {
                let stored = group * self.inner_group_num + inner;
                steps.push(ScheduledLayer { stored, depth, ends_layer: inner + 1 == self.inner_group_num });
            }
        }
        steps
    }

    /// Whether a linear layer stands between the embeddings and the first layer.
    pub fn has_projection(&self) -> bool {
        match self.family {
            Family::Albert => true,
            Family::Electra => self.embedding_size != self.hidden_size,
            _ => false,
        }
    }

    /// Tokens a sequence may have.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position())
    }

    /// Whether what is inside a feed-forward layer is multiplied by a gate, for which it is twice as wide.
    pub fn is_gated(&self) -> bool {
        matches!(self.frozen, Some(FrozenKeys::ModernBert(_)))
    }

    /// The position of the first token.
    pub fn first_position(&self) -> usize {
        if self.family.is_roberta() { self.pad_token_id as usize + 1 } else { 0 }
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.map_or_else(Vec::new, |list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

struct Keys<'a> {
    raw: &'a Map<String, Value>,
    family: Family,
    missing: Vec<String>,
}

impl Keys<'_> {
    /// A size under the family's own key; noted where it is missing.
    fn size(&mut self, key: &'static str) -> usize {
        let own = self.family.config_key(key);
        self.own_size(own).unwrap_or_else(|| {
            self.missing.push(own.to_owned());
            0
        })
    }

    fn own_size(&self, key: &str) -> Option<usize> {
        self.raw.get(key).and_then(Value::as_u64).map(|value| value as usize)
    }

    fn optional(&self, key: &'static str) -> Option<f64> {
        self.raw.get(self.family.config_key(key)).and_then(Value::as_f64)
    }

    fn number(&self, key: &'static str, default: f64) -> f64 {
        let default = match (self.family, key) {
            (Family::Albert, "hidden_dropout_prob" | "attention_probs_dropout_prob") => 0.0,
            _ => default,
        };
        self.optional(key).unwrap_or(default)
    }

    fn text(&self, key: &'static str) -> Option<&str> {
        self.raw.get(self.family.config_key(key)).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERT: &str = r#"{"model_type":"bert","vocab_size":100,"hidden_size":32,"num_hidden_layers":4,
        "num_attention_heads":4,"intermediate_size":64,"max_position_embeddings":64}"#;

    fn with(change: &str) -> Result<EncoderConfig, ModelError> {
        EncoderConfig::parse(&BERT.replacen('{', &format!("{{{change},"), 1))
    }

    #[test]
    fn all_missing_keys_are_named_at_once() {
        let error = EncoderConfig::parse(r#"{"model_type":"distilbert","dim":32}"#).unwrap_err().to_string();
        for key in ["n_layers", "n_heads", "hidden_dim", "vocab_size", "max_position_embeddings"] {
            assert!(error.contains(key), "{error}");
        }
        assert!(!error.contains(" dim"), "{error}");
    }

    #[test]
    fn what_does_not_exist_here_is_an_error_and_not_replaced() {
        for (change, part) in [
            (r#""hidden_act":"mish""#, "mish"),
            (r#""position_embedding_type":"relative_key""#, "relative_key"),
            (r#""hidden_dropout_prob":1.5"#, "hidden_dropout_prob"),
            (r#""layer_norm_eps":0"#, "layer_norm_eps"),
        ] {
            let error = with(change).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(EncoderConfig::parse(r#"{"model_type":"gpt2"}"#).unwrap_err().to_string().contains("gpt2"));
    }

    #[test]
    fn a_number_that_is_none_where_transformers_writes_one_is_no_mistake() {
        let config = with(r#""best_metric": NaN, "loss": -Infinity, "high": Infinity"#).unwrap();
        assert!(config.raw["best_metric"].is_null());
        assert!(with(r#""hidden_dropout_prob": 0.0, "vocab_size2": NaNa"#).is_err());
    }

    #[test]
    fn segments_and_classes_that_no_model_has_are_refused() {
        for (key, rest) in
            [("type_vocab_size", r#""type_vocab_size": 9007199254740991"#), ("num_labels", r#""num_labels": 3000000"#)]
        {
            let message = with(rest).unwrap_err().to_string();
            assert!(message.contains(key) && message.contains("expected 1 to 100000"), "{message}");
        }
    }

    #[test]
    fn albert_groups_are_scheduled_in_order() {
        let text = r#"{"model_type":"albert","vocab_size":100,"hidden_size":32,"embedding_size":16,
            "num_hidden_layers":4,"num_hidden_groups":2,"inner_group_num":2,"num_attention_heads":4,
            "intermediate_size":64,"max_position_embeddings":64}"#;
        let config = EncoderConfig::parse(text).unwrap();
        let stored: Vec<usize> = config.schedule().iter().map(|step| step.stored).collect();
        assert_eq!(stored, [0, 1, 0, 1, 2, 3, 2, 3]);
        assert_eq!(config.hidden_dropout, 0.0);
        assert_eq!(config.activation, Activation::GeluTanh);
    }
}
