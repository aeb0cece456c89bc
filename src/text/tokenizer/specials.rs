//! The small files beside a tokenizer: which token plays which part, and how the text is to be prepared.

use serde_json::{Map, Value};
use std::path::Path;

use super::TokenizerError;
use super::read;
use crate::json::without_nan;

/// The parts special tokens play, under the names the files use, and the tokens known to play them.
pub(super) const ROLES: [(&str, &[&str]); 7] = [
    ("bos_token", &[]),
    ("eos_token", &[]),
    ("unk_token", &["[UNK]", "<unk>"]),
    ("sep_token", &["[SEP]", "</s>"]),
    ("pad_token", &["[PAD]", "<pad>"]),
    ("cls_token", &["[CLS]", "<s>"]),
    ("mask_token", &["[MASK]", "<mask>"]),
];

/// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`, each empty where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct SideFiles {
    pub config: Map<String, Value>,
    pub specials: Map<String, Value>,
    pub added: Map<String, Value>,
    /// The class of the tokenizer as `config.json` names it; of old folders it is the only one that does.
    model_says: Option<String>,
    /// `model_type` of `config.json`.
    model_type: Option<String>,
}

impl SideFiles {
    pub fn read(dir: &Path) -> Result<Self, TokenizerError> {
        // What is wrong with the model's configuration is said where the model is opened.
        let model = object(dir, "config.json").unwrap_or_default();
        let says = |key: &str| model.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            model_says: says("tokenizer_class"),
            model_type: says("model_type"),
            config: object(dir, "tokenizer_config.json")?,
            specials: object(dir, "special_tokens_map.json")?,
            added: object(dir, "added_tokens.json")?,
        })
    }

    /// The token that plays a part, as the files name it.
    pub fn role(&self, role: &str) -> Option<&str> {
        [&self.config, &self.specials].into_iter().filter_map(|file| file.get(role)).find_map(content)
    }

    /// A switch of `tokenizer_config.json`, where it is set.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.config.get(name).and_then(Value::as_bool)
    }

    /// The longest input the tokenizer's files allow. The number that means "no limit" there is left out.
    pub fn model_max_length(&self) -> Option<usize> {
        let length = self.config.get("model_max_length")?.as_u64()?;
        (1..=1_000_000).contains(&length).then(|| usize::try_from(length).ok()).flatten()
    }

    /// The class transformers would use, without the `Fast` that only says how it is implemented.
    pub fn class(&self) -> Option<&str> {
        let class = self.config.get("tokenizer_class")?.as_str()?;
        Some(class.strip_suffix("Fast").unwrap_or(class))
    }

    /// The class of the tokenizer, wherever it is named.
    pub fn named_class(&self) -> Option<&str> {
        let named = self.config.get("tokenizer_class").and_then(Value::as_str);
        named.or(self.model_says.as_deref()).filter(|class| !class.is_empty())
    }

    /// Whether the tokenizer is CamemBERT's: by the class that is named, else by the model.
    pub fn is_camembert(&self) -> bool {
        self.named_class()
            .map_or(self.model_type.as_deref() == Some("camembert"), |class| class.starts_with("Camembert"))
    }

    /// Tokens that `tokenizer_config.json` lists with their ids, by these.
    pub fn listed_tokens(&self) -> Vec<(u32, Value)> {
        let listed = self.config.get("added_tokens_decoder").and_then(Value::as_object);
        let one = |(id, token): (&String, &Value)| {
            let id = id.parse().ok()?;
            Some((id, added(id, content(token)?, Some(token))))
        };
        let mut tokens: Vec<(u32, Value)> = listed.into_iter().flatten().filter_map(one).collect();
        tokens.sort_by_key(|(id, _)| *id);
        tokens
    }

    /// Tokens added to the vocabulary, with their ids: what is in `added_tokens.json` and in the configuration.
    pub fn added_tokens(&self) -> Vec<Value> {
        let listed = self.config.get("added_tokens_decoder").and_then(Value::as_object);
        let mut tokens: Vec<Value> = listed
            .into_iter()
            .flatten()
            .filter_map(|(id, token)| Some(added(id.parse().ok()?, content(token)?, Some(token))))
            .collect();
        for (token, id) in &self.added {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
            if let Some(id) = id
                && !tokens.iter().any(|known| known["content"] == token.as_str())
            {
                tokens.push(added(id, token, None));
            }
        }
        tokens
    }
}

/// An entry of `added_tokens` in `tokenizer.json`. What `like` does not say is false, and a token nothing is known of
/// is not special.
pub(super) fn added(id: u32, content: &str, like: Option<&Value>) -> Value {
    let flag = |name: &str| like.and_then(|token| token.get(name)).and_then(Value::as_bool).unwrap_or(false);
    serde_json::json!({
        "id": id,
        "content": content,
        "single_word": flag("single_word"),
        "lstrip": flag("lstrip"),
        "rstrip": flag("rstrip"),
        "normalized": like.is_none() || flag("normalized"),
        "special": flag("special"),
    })
}

/// The text of a token that is written as a string or as an object.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content").and_then(Value::as_str))
}

fn object(dir: &Path, name: &str) -> Result<Map<String, Value>, TokenizerError> {
    let path = dir.join(name);
    if !path.is_file() {
        return Ok(Map::new());
    }
    let bytes = read(&path)?;
    serde_json::from_slice(&without_nan(String::from_utf8_lossy(&bytes).as_bytes()))
        .map_err(|source| TokenizerError::Json { path, source })
}
