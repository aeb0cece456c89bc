//! Models that people fine-tune and data sets that they learn from, listed inside the program: a place to begin that needs
//! no search and no network.
//!
//! The lists are `assets/hub/models.toml` and `data_sets.toml`. Of the models, those are shown that this program can use.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::json;

use crate::model::{EncoderConfig, Family};
use crate::task::Task;

/// A model that is known without asking.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggestion {
    /// Its name on the hub.
    pub name: String,
    /// `model_type` of its configuration.
    pub family: String,
    /// Weights, in millions.
    pub millions: f64,
    pub layers: usize,
    pub hidden: usize,
    /// Codes of ISO 639; empty where there are very many.
    #[serde(default)]
    pub languages: Vec<String>,
    /// As the hub writes it; `None` where its card names none.
    pub licence: Option<String>,
    /// What it is good for.
    pub good_for: String,
}

/// A data set that is known without asking.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSuggestion {
    pub name: String,
    pub task: Task,
    /// Rows to learn from; `None` where that depends on the part of it.
    pub rows: Option<u64>,
    /// Codes of ISO 639; empty where there are very many.
    #[serde(default)]
    pub languages: Vec<String>,
    pub licence: Option<String>,
    pub good_for: String,
}

#[derive(Deserialize)]
struct Models {
    model: Vec<Suggestion>,
}

#[derive(Deserialize)]
struct DataSets {
    data_set: Vec<DataSuggestion>,
}

static MODELS: LazyLock<Vec<Suggestion>> = LazyLock::new(|| {
    let list: Result<Models, _> = toml::from_str(include_str!("../../assets/hub/models.toml"));
    // A test reads the list; an empty one would be seen at once.
    list.map(|list| list.model).unwrap_or_default()
});

static DATA_SETS: LazyLock<Vec<DataSuggestion>> = LazyLock::new(|| {
    let list: Result<DataSets, _> = toml::from_str(include_str!("../../assets/hub/data_sets.toml"));
    list.map(|list| list.data_set).unwrap_or_default()
});

/// The models of the list that this program can use.
pub fn models() -> impl Iterator<Item = &'static Suggestion> {
    MODELS.iter().filter(|suggestion| suggestion.family().is_some())
}

pub fn data_sets() -> impl Iterator<Item = &'static DataSuggestion> {
    DATA_SETS.iter()
}

/// Rows of a usual position table, which are weights too.
const POSITIONS: usize = 514;

impl Suggestion {
    pub fn family(&self) -> Option<Family> {
        Family::from_model_type(&self.family)
    }

    /// The bytes of its weights, of four each.
    pub fn bytes(&self) -> u64 {
        (self.millions * 4e6) as u64
    }

    /// A configuration of its shape, as far as memory goes: so many words as make up its weights.
    pub fn config(&self) -> Option<EncoderConfig> {
        let family = self.family()?;
        let is_albert = family == Family::Albert;
        let hidden = self.hidden;
        // A gated layer has three matrices of this width instead of two.
        let inner = if family == Family::ModernBert { 8 * hidden / 3 } else { 4 * hidden };
        let stored = if is_albert { 1 } else { self.layers };
        let narrow = is_albert || family == Family::Electra && hidden < 512;
        let embedding = if narrow { 128 } else { hidden };
        let in_layers = stored * 12 * hidden * hidden + if narrow { embedding * hidden } else { 0 };
        let vocab = ((self.millions * 1e6) as usize).saturating_sub(in_layers) / embedding;
        let text = json!({
            "model_type": self.family, "vocab_size": vocab.saturating_sub(POSITIONS).clamp(1000, 1 << 19),
            "embedding_size": embedding,
            "max_position_embeddings": POSITIONS, "pad_token_id": 0,
            "hidden_size": hidden, "dim": hidden,
            "num_hidden_layers": self.layers, "n_layers": self.layers,
            "num_attention_heads": hidden.div_ceil(64), "n_heads": hidden.div_ceil(64),
            "intermediate_size": inner, "hidden_dim": inner,
        });
        EncoderConfig::parse(&text.to_string()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Repo, RepoKind};

    #[test]
    fn the_list_can_be_read_and_names_every_model_once() {
        assert!(MODELS.len() > 40 && models().count() > 30, "{} of {}", models().count(), MODELS.len());
        for (at, known) in MODELS.iter().enumerate() {
            assert!(Repo::new(RepoKind::Model, &known.name).is_ok(), "{}", known.name);
            assert!(!MODELS[..at].iter().any(|other| other.name == known.name), "{} stands twice", known.name);
            assert!(known.millions > 1.0 && known.millions < 2000.0 && !known.good_for.is_empty(), "{}", known.name);
            assert!(known.languages.iter().all(|code| (2..=3).contains(&code.len())), "{}", known.name);
        }
        for family in Family::ALL {
            assert!(models().any(|known| known.family() == Some(family)), "there is no {}", family.model_type());
        }
    }
    #[test]
    fn the_data_sets_can_be_read_and_there_is_one_for_each_usual_task() {
        for (at, known) in DATA_SETS.iter().enumerate() {
            assert!(Repo::new(RepoKind::DataSet, &known.name).is_ok(), "{}", known.name);
            assert!(!DATA_SETS[..at].iter().any(|other| other.name == known.name), "{} stands twice", known.name);
            assert!(!known.good_for.is_empty() && known.rows != Some(0), "{}", known.name);
        }
        for task in [Task::Classify, Task::MultiLabel, Task::Regress, Task::Ner, Task::Qa, Task::Mlm] {
            assert!(data_sets().any(|known| known.task == task), "there is none for {task:?}");
        }
    }
}
