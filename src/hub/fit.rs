//! Whether this program can use a model, said before any of its weights are fetched.
//!
//! The answer is that of the rooms which will open the model: the configuration is read by `model`, and which tokenizer
//! is here is known by `text`.

use serde_json::Value;

use crate::model::adapter;
use crate::model::{EncoderConfig, Family, ModelError};
use crate::text::tokenizer::{self, Lack};

/// The files that weights are read from, the preferred first; an index stands for its shards.
pub(super) const WEIGHTS: [&str; 4] =
    ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

/// Weights of other programs, by the end of their names.
const OTHERS: [(&str, &str); 8] = [
    (".gguf", "GGUF"),
    (".onnx", "ONNX"),
    ("tf_model.h5", "TensorFlow"),
    (".msgpack", "Flax"),
    (".ckpt", "a checkpoint of TensorFlow or Lightning"),
    (".pkl", "a pickle"),
    (".pt", "a pickle of PyTorch"),
    (".ot", "Rust-bert"),
];

/// Why a model cannot be used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    #[error("it is of the family {family:?}, and Attune reads {}", families())]
    Family { family: String },
    /// The words are those of the room that reads the configuration.
    #[error("{reason}")]
    Config { reason: String },
    #[error("it has no config.json")]
    NoConfig,
    /// It is an adapter, and the words are those of the room that opens one.
    #[error("{reason}")]
    Adapter { reason: String },
    #[error("its base {name} cannot be used: {reason}")]
    Base { name: String, reason: String },
    #[error(
        "it is an adapter for a model that it calls \"{name}\", which is neither a name on the hub nor here; ask whoever made \
         it which model that is"
    )]
    BaseElsewhere { name: String },
    #[error("it is an adapter itself; a base has to be a whole model")]
    AdapterAsBase,
    #[error(
        "it has no model.safetensors or pytorch_model.bin{}",
        if others.is_empty() { String::new() } else { format!(", only {}", others.join(", ")) }
    )]
    Weights { others: Vec<&'static str> },
    #[error("its tokenizer {class} is not supported, and it has no tokenizer.json")]
    TokenizerClass { class: String },
    #[error("it has no tokenizer")]
    NoTokenizer,
}

/// Whether a model can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usable {
    Yes,
    /// What was told speaks for it, and not all of it was told.
    Perhaps,
    No(Vec<Obstacle>),
}

/// What is known of a model without its weights.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known<'a> {
    /// Its files; empty where they are not known.
    pub files: &'a [&'a str],
    /// `model_type` as the hub tells it.
    pub family: Option<&'a str>,
    pub tokenizer_class: Option<&'a str>,
    /// The text of its `config.json`.
    pub config: Option<&'a str>,
    /// What an adapter is trained for, as the hub tells it of its settings.
    pub peft_task: Option<&'a str>,
    /// It is wanted as the base of an adapter.
    pub is_base: bool,
    /// Its tokenizer comes from elsewhere.
    pub has_tokenizer: bool,
}

/// Whether files are those of an adapter and not of a whole model.
pub(super) fn is_adapter(has: &dyn Fn(&str) -> bool) -> bool {
    has(adapter::CONFIG) && !WEIGHTS.into_iter().any(has)
}

impl<'a> Known<'a> {
    /// What the server tells beside the files.
    pub fn of(told: &'a Value) -> Self {
        let config = &told["config"];
        let class = &config["tokenizer_config"]["tokenizer_class"];
        let peft_task = config["peft"]["task_type"].as_str();
        Self { family: config["model_type"].as_str(), tokenizer_class: class.as_str(), peft_task, ..Self::default() }
    }

    fn has(&self, name: &str) -> bool {
        self.files.contains(&name)
    }

    pub fn is_adapter(&self) -> bool {
        is_adapter(&|name| self.has(name))
    }

    pub fn brings_tokenizer(&self) -> bool {
        tokenizer::among(&|name| self.has(name), self.tokenizer_class).is_ok()
    }

    /// Weighs all that is known. Of an adapter that is what it lacks: what it is for is asked of its settings.
    pub fn usable(&self) -> Usable {
        let read = self.config.map(EncoderConfig::parse);
        let mut obstacles = Vec::new();
        match (&read, self.family) {
            (Some(Err(error)), _) => obstacles.push(Obstacle::of_config(error)),
            (None, Some(family)) if Family::from_model_type(family).is_none() => {
                obstacles.push(Obstacle::Family { family: family.to_owned() });
            }
            _ => {}
        }
        if !self.files.is_empty() {
            obstacles.extend(self.lacking());
        }
        match (obstacles.is_empty(), read.is_some() && !self.files.is_empty() && !self.is_adapter()) {
            (false, _) => Usable::No(obstacles),
            (true, true) => Usable::Yes,
            (true, false) => Usable::Perhaps,
        }
    }

    /// What the files lack.
    fn lacking(&self) -> Vec<Obstacle> {
        let has = |name: &str| self.has(name);
        if self.is_adapter() {
            return self.adapter_lacks();
        }
        let mut lacking = Vec::new();
        if !has("config.json") {
            lacking.push(Obstacle::NoConfig);
        }
        if !WEIGHTS.into_iter().any(has) {
            let is_there = |ending: &str| self.files.iter().any(|file| file.ends_with(ending));
            let others = OTHERS.into_iter().filter(|(ending, _)| is_there(ending)).map(|(_, name)| name).collect();
            lacking.push(Obstacle::Weights { others });
        }
        let lack = tokenizer::among(&has, self.tokenizer_class).err().filter(|_| !self.has_tokenizer);
        lacking.extend(lack.map(|lack| match lack {
            Lack::Class(class) => Obstacle::TokenizerClass { class },
            Lack::Files => Obstacle::NoTokenizer,
        }));
        lacking
    }

    /// A tokenizer and a configuration it may leave to its base.
    fn adapter_lacks(&self) -> Vec<Obstacle> {
        if self.is_base {
            return vec![Obstacle::AdapterAsBase];
        }
        let has_weights = adapter::WEIGHTS.into_iter().any(|name| self.has(name));
        let lack = (!has_weights).then_some(adapter::AdapterError::NoWeights);
        let other = self.peft_task.and_then(|task| adapter::check_task(task).err());
        lack.into_iter().chain(other).map(|error| Obstacle::Adapter { reason: error.to_string() }).collect()
    }
}

impl Obstacle {
    fn of_config(error: &ModelError) -> Self {
        match error {
            ModelError::UnknownFamily { model_type } => Self::Family { family: model_type.clone() },
            other => Self::Config { reason: other.to_string() },
        }
    }
}

fn families() -> String {
    Family::ALL.map(Family::model_type).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"model_type":"bert","vocab_size":100,"hidden_size":32,"num_hidden_layers":4,
        "num_attention_heads":4,"intermediate_size":64,"max_position_embeddings":64}"#;
    const FILES: [&str; 3] = ["config.json", "model.safetensors", "tokenizer.json"];

    #[test]
    fn a_model_is_judged_by_what_is_known_of_it() {
        let all = Known { files: &FILES, config: Some(CONFIG), family: Some("bert"), ..Known::default() };
        assert_eq!(all.usable(), Usable::Yes);
        assert_eq!(Known { config: None, ..all }.usable(), Usable::Perhaps);
        assert_eq!(Known { files: &[], config: None, ..all }.usable(), Usable::Perhaps);
        let old = Known { files: &["config.json", "pytorch_model.bin", "vocab.txt"], ..all };
        assert_eq!(old.usable(), Usable::Yes);
        let adapter = ["adapter_config.json", "adapter_model.safetensors"];
        let adapter = Known { files: &adapter, ..Known::default() };
        assert!(adapter.is_adapter() && adapter.usable() == Usable::Perhaps);
        assert_eq!(Known { is_base: true, ..adapter }.usable(), Usable::No(vec![Obstacle::AdapterAsBase]));
        assert_eq!(Known { files: &FILES[..2], has_tokenizer: true, ..all }.usable(), Usable::Yes);
    }

    #[test]
    fn every_obstacle_is_named() {
        let all = Known { files: &FILES, config: Some(CONFIG), ..Known::default() };
        let gpt2 = CONFIG.replace("\"bert\"", "\"gpt2\"");
        let relative = CONFIG.replacen('{', "{\"position_embedding_type\": \"relative_key\",", 1);
        let cases: [(Known<'_>, &[&str]); 9] = [
            (Known { config: Some(&gpt2), ..all }, &["\"gpt2\"", "bert", "electra"]),
            (Known { config: None, family: Some("t5"), ..all }, &["\"t5\""]),
            (Known { config: Some(&relative), ..all }, &["relative_key"]),
            (
                Known { files: &["config.json", "vocab.txt", "tf_model.h5", "onnx/model.onnx"], ..all },
                &["only ONNX, TensorFlow"],
            ),
            (Known { files: &["config.json", "vocab.txt"], ..all }, &["no model.safetensors or pytorch_model.bin"]),
            (Known { files: &["model.Q4.gguf"], config: None, ..all }, &["no config.json", "GGUF", "no tokenizer"]),
            (
                Known { files: &["adapter_config.json", "a.onnx"], config: None, ..all },
                &["no adapter_model.safetensors"],
            ),
            (Known { files: &FILES[..2], ..all }, &["no tokenizer"]),
            (
                Known {
                    files: &["config.json", "model.safetensors", "vocab.txt", "bpe.codes"],
                    tokenizer_class: Some("BertweetTokenizer"),
                    ..all
                },
                &["BertweetTokenizer"],
            ),
        ];
        for (known, said) in cases {
            let Usable::No(obstacles) = known.usable() else { panic!("{known:?} is usable") };
            let words = obstacles.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            assert!(said.iter().all(|said| words.contains(said)), "{words}");
        }
    }
}
