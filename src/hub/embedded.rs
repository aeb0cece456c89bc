//! The models that ship inside the program, so that every task can be tried without a network: an encoder to fine-tune,
//! and small adapters of it that can be asked before anything was trained.
//!
//! Each is written to a folder before it is opened: from there on it is a model folder like any other, read by the same
//! code and open to other programs. An adapter's folder lies beside the encoder's, where its base is looked for. What lies
//! there is held against the program's copy each time it is asked for, so a damaged or changed folder is never trained
//! from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::HubError;
use crate::files::{data_folder, write_where_other};
use crate::model;
use crate::task::Task;

/// A model inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shipped {
    /// The encoder, from which every task is learned.
    Mini,
    /// An adapter of it that marks names in sentences.
    Names,
    /// An adapter of it that answers questions about a text.
    Answers,
}

/// What an adapter that ships can be asked without training, and how far to believe it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    pub task: Task,
    pub title: &'static str,
    pub does: &'static str,
    /// F1 on texts that it has not learned from, and which these are.
    pub f1: f64,
    pub on: &'static str,
    /// What it gets wrong.
    pub limits: &'static str,
}

impl Promise {
    /// How far to believe it.
    pub fn words(&self) -> String {
        format!("F1 {:.1} on {}. {}.", self.f1, self.on, self.limits)
    }
}

type File = (&'static str, &'static [u8]);

/// What stands for the encoder on the command line; an adapter's key follows a colon.
const WORD: &str = "embedded";

const MINI: [File; 8] = [
    ("config.json", include_bytes!("../../assets/attune-mini/config.json")),
    ("model.safetensors", include_bytes!("../../assets/attune-mini/model.safetensors")),
    ("tokenizer.json", include_bytes!("../../assets/attune-mini/tokenizer.json")),
    ("tokenizer_config.json", include_bytes!("../../assets/attune-mini/tokenizer_config.json")),
    ("special_tokens_map.json", include_bytes!("../../assets/attune-mini/special_tokens_map.json")),
    ("vocab.txt", include_bytes!("../../assets/attune-mini/vocab.txt")),
    ("README.md", include_bytes!("../../assets/attune-mini/README.md")),
    ("NOTICE", include_bytes!("../../assets/attune-mini/NOTICE")),
];

const NAMES: [File; 5] = [
    ("config.json", include_bytes!("../../assets/attune-mini/adapters/names/config.json")),
    ("adapter_config.json", include_bytes!("../../assets/attune-mini/adapters/names/adapter_config.json")),
    ("adapter_model.safetensors", include_bytes!("../../assets/attune-mini/adapters/names/adapter_model.safetensors")),
    ("README.md", include_bytes!("../../assets/attune-mini/adapters/names/README.md")),
    ("NOTICE", include_bytes!("../../assets/attune-mini/adapters/names/NOTICE")),
];

const ANSWERS: [File; 6] = [
    ("config.json", include_bytes!("../../assets/attune-mini/adapters/answers/config.json")),
    ("adapter_config.json", include_bytes!("../../assets/attune-mini/adapters/answers/adapter_config.json")),
    (
        "adapter_model.safetensors",
        include_bytes!("../../assets/attune-mini/adapters/answers/adapter_model.safetensors"),
    ),
    ("decisions.json", include_bytes!("../../assets/attune-mini/adapters/answers/decisions.json")),
    ("README.md", include_bytes!("../../assets/attune-mini/adapters/answers/README.md")),
    ("NOTICE", include_bytes!("../../assets/attune-mini/adapters/answers/NOTICE")),
];

impl Shipped {
    /// In the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Mini, Self::Names, Self::Answers];

    /// What it is called, and its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mini => "attune-mini",
            Self::Names => "attune-mini-names",
            Self::Answers => "attune-mini-answers",
        }
    }

    /// What an adapter is called in `RUN.toml`.
    fn key(self) -> Option<&'static str> {
        match self {
            Self::Mini => None,
            Self::Names => Some("names"),
            Self::Answers => Some("answers"),
        }
    }

    /// What stands for its folder on the command line.
    pub fn word(self) -> String {
        self.key().map_or_else(|| WORD.to_owned(), |key| format!("{WORD}:{key}"))
    }

    /// Which one a person names so.
    pub fn from_word(named: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|shipped| named == Path::new(&shipped.word()))
    }

    /// What can be asked of it before anything is trained; `None` of the encoder, which only fills in masks.
    pub fn promise(self) -> Option<Promise> {
        match self {
            Self::Mini => None,
            Self::Names => Some(Promise {
                task: Task::Ner,
                title: "Find names in a sentence",
                does: "Marks people, organisations, places and other names as you type",
                f1: 65.2,
                on: "424 held-out sentences, mostly from Wikipedia",
                limits: "It finds people (82) and places (75) better than organisations (46) and other names (48), reads \
                         English, and does not see capitals",
            }),
            Self::Answers => Some(Promise {
                task: Task::Qa,
                title: "Ask a question about a text",
                does: "Finds the answer in a text that you type or paste, or says that it has none",
                f1: 59.0,
                on: "900 questions about 10 other Wikipedia articles",
                limits: "It finds names, places, dates and numbers best, does not reason over several sentences, reads \
                         English, and notices only half of the questions that have no answer",
            }),
        }
    }

    fn files(self) -> &'static [File] {
        match self {
            Self::Mini => &MINI,
            Self::Names => &NAMES,
            Self::Answers => &ANSWERS,
        }
    }

    /// Where it lies once it was asked for.
    pub fn folder(self) -> PathBuf {
        data_folder().join("models").join(self.name())
    }

    /// Where it lies beside the encoder.
    pub fn beside(self, mini: &Path) -> PathBuf {
        if self == Self::Mini { mini.to_owned() } else { mini.with_file_name(self.name()) }
    }

    /// Its folder, written where it is not there or not what this program carries, and that of its base as well.
    pub fn unpacked(self) -> Result<PathBuf, HubError> {
        Self::Mini.unpack_to(&Self::Mini.folder())?;
        let dir = self.folder();
        if self != Self::Mini {
            self.unpack_to(&dir)?;
        }
        Ok(dir)
    }

    /// Writes what is missing of its folder or differs from this program's copy.
    pub fn unpack_to(self, dir: &Path) -> Result<(), HubError> {
        for (name, bytes) in self.files() {
            let path = dir.join(name);
            write_where_other(&path, bytes).map_err(|source| HubError::Disk { path, source })?;
        }
        Ok(())
    }
}

/// A model folder as a person names it: `embedded` and what begins with `embedded:` stand for models inside the program.
pub fn resolve(named: &Path) -> Result<PathBuf, HubError> {
    if let Some(shipped) = Shipped::from_word(named) {
        return shipped.unpacked();
    }
    let is_meant = named.to_str().and_then(|word| word.strip_prefix(WORD)).is_some_and(|rest| rest.starts_with(':'));
    if is_meant && !named.exists() {
        let expected = one_of(&Shipped::ALL.map(Shipped::word));
        return Err(HubError::NotInside { named: named.to_owned(), expected });
    }
    Ok(model::locate(named)?)
}

/// Several choices as a sentence has them.
fn one_of(choices: &[String]) -> String {
    match choices {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => choices.concat(),
    }
}

/// `[model] embedded` of a `RUN.toml`: `true` for the encoder, an adapter by its key, `false` for none of them.
pub mod key {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Shipped, one_of};
    use serde::de::Error;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Written {
        Any(bool),
        Key(String),
    }

    pub fn serialize<S: Serializer>(chosen: &Option<Shipped>, to: S) -> Result<S::Ok, S::Error> {
        let key = chosen.and_then(Shipped::key);
        key.map_or(Written::Any(chosen.is_some()), |key| Written::Key(key.to_owned())).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Shipped>, D::Error> {
        let keys = Shipped::ALL.into_iter().filter_map(Shipped::key).map(|key| format!("{key:?}"));
        let choices: Vec<String> = ["true", "false"].map(str::to_owned).into_iter().chain(keys).collect();
        let expected = format!("model.embedded is {}", one_of(&choices));
        let key = match Written::deserialize(from) {
            Ok(Written::Any(is_any)) => return Ok(is_any.then_some(Shipped::Mini)),
            Ok(Written::Key(key)) => key,
            Err(_) => return Err(D::Error::custom(expected)),
        };
        let known = Shipped::ALL.into_iter().find(|shipped| shipped.key() == Some(key.as_str()));
        known.map(Some).ok_or_else(|| D::Error::custom(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_inside_the_program_is_written_whole_and_mended_where_it_was_changed() {
        let home = tempfile::tempdir().unwrap();
        for shipped in Shipped::ALL {
            let dir = shipped.beside(&home.path().join(Shipped::Mini.name()));
            shipped.unpack_to(&dir).unwrap();
            let (weights, _) = shipped.files().iter().find(|(name, _)| name.ends_with("safetensors")).unwrap();
            let weights = dir.join(weights);
            let written = std::fs::metadata(&weights).unwrap().modified().unwrap();
            shipped.unpack_to(&dir).unwrap();
            let untouched = std::fs::metadata(&weights).unwrap().modified().unwrap();
            assert_eq!(untouched, written, "what is right stays untouched");
            let mut bytes = std::fs::read(&weights).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&weights, &bytes).unwrap();
            std::fs::remove_file(dir.join("config.json")).unwrap();
            shipped.unpack_to(&dir).unwrap();
            for (name, bytes) in shipped.files() {
                assert!(std::fs::read(dir.join(name)).unwrap() == *bytes, "{name} differs");
            }
        }
    }

    #[test]
    fn an_adapter_in_the_program_opens_beside_the_encoder_as_a_model_of_its_task() {
        let home = tempfile::tempdir().unwrap();
        let mini = home.path().join(Shipped::Mini.name());
        Shipped::Mini.unpack_to(&mini).unwrap();
        for (shipped, promise) in Shipped::ALL.into_iter().filter_map(|shipped| Some((shipped, shipped.promise()?))) {
            let dir = shipped.beside(&mini);
            shipped.unpack_to(&dir).unwrap();
            assert_eq!(model::read_config(&dir).unwrap().tasks(), [promise.task]);
            assert_eq!(
                std::fs::canonicalize(model::adapter::base_of(&dir).unwrap()).unwrap(),
                std::fs::canonicalize(&mini).unwrap()
            );
            let bytes: usize = shipped.files().iter().map(|(_, bytes)| bytes.len()).sum();
            assert!(bytes < 2 << 20, "{bytes} bytes");
        }
    }

    #[test]
    fn what_is_promised_of_an_adapter_stands_in_its_card() {
        for shipped in Shipped::ALL {
            let Some(promise) = shipped.promise() else { continue };
            let (_, card) = shipped.files().iter().find(|(name, _)| *name == "README.md").unwrap();
            let card = std::str::from_utf8(card).unwrap();
            let line = card.lines().find(|line| line.contains(promise.on)).unwrap_or_else(|| panic!("{}", promise.on));
            assert!(line.contains(&format!("{:.1}", promise.f1)), "{line}");
        }
    }

    #[test]
    fn only_the_words_themselves_mean_the_models_inside_the_program() {
        for path in ["./embedded", "models/embedded", "embedded/model", "Embedded", "embedded-names"] {
            assert_eq!(resolve(Path::new(path)).unwrap(), PathBuf::from(path));
        }
        let words = Shipped::ALL.map(Shipped::word);
        assert_eq!(words, ["embedded", "embedded:names", "embedded:answers"]);
        assert_eq!(words.each_ref().map(|word| Shipped::from_word(Path::new(word)).unwrap()), Shipped::ALL);
        let told = resolve(Path::new("embedded:name")).unwrap_err().to_string();
        assert_eq!(
            told,
            "\"embedded:name\" is none of the models inside the program, expected embedded, embedded:names or \
             embedded:answers"
        );
    }
}
