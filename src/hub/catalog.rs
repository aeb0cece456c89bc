//! Models that people fine-tune, listed inside the program: a place to begin that needs no search.
//!
//! The list is `assets/hub/models.toml`. Of it, those are shown that this program can use.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::Family;

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
    /// Codes of ISO 639; empty where there are very many.
    #[serde(default)]
    pub languages: Vec<String>,
    /// As the hub writes it; `None` where its card names none.
    pub licence: Option<String>,
    /// What it is good for.
    pub good_for: String,
}

#[derive(Deserialize)]
struct List {
    model: Vec<Suggestion>,
}

static LIST: LazyLock<Vec<Suggestion>> = LazyLock::new(|| {
    let list: Result<List, _> = toml::from_str(include_str!("../../assets/hub/models.toml"));
    // A test reads the list; an empty one would be seen at once.
    list.map(|list| list.model).unwrap_or_default()
});

/// The models of the list that this program can use.
pub fn models() -> impl Iterator<Item = &'static Suggestion> {
    LIST.iter().filter(|suggestion| suggestion.family().is_some())
}

impl Suggestion {
    pub fn family(&self) -> Option<Family> {
        Family::from_model_type(&self.family)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Repo, RepoKind};

    #[test]
    fn the_list_can_be_read_and_names_every_model_once() {
        assert!(LIST.len() > 40 && models().count() > 30, "{} of {}", models().count(), LIST.len());
        for (at, known) in LIST.iter().enumerate() {
            assert!(Repo::new(RepoKind::Model, &known.name).is_ok(), "{}", known.name);
            assert!(!LIST[..at].iter().any(|other| other.name == known.name), "{} stands twice", known.name);
            assert!(known.millions > 1.0 && known.millions < 2000.0 && !known.good_for.is_empty(), "{}", known.name);
            assert!(known.languages.iter().all(|code| (2..=3).contains(&code.len())), "{}", known.name);
        }
        for family in Family::ALL {
            assert!(models().any(|known| known.family() == Some(family)), "there is no {}", family.model_type());
        }
    }
}
