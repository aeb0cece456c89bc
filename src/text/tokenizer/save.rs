//! A tokenizer written into a model folder so that other programs open the same one.

use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::path::Path;

use super::cut::{self, CutSide};
use super::source::{TokenizerKind, read};
use super::specials::ROLES;
use super::{Tokenizer, TokenizerError};
use crate::files::write_atomically;

/// What a folder may have beside `tokenizer.json`, or in its place.
pub const COMPANIONS: [&str; 9] = [
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
];

/// The files beside a tokenizer. They are kept in memory, because the folder may be gone when a run ends.
pub(super) fn companions(dir: &Path) -> Result<Vec<(String, Vec<u8>)>, TokenizerError> {
    let present = COMPANIONS.into_iter().filter(|name| dir.join(name).is_file());
    present.map(|name| Ok((name.to_owned(), read(&dir.join(name))?))).collect()
}

impl Tokenizer {
    /// Writes `tokenizer.json`, without padding or truncation, and the files transformers wants beside it.
    pub fn save(&self, dir: &Path) -> Result<(), TokenizerError> {
        for (name, bytes) in self.files() {
            let path = dir.join(name);
            write_atomically(&path, |file| file.write_all(&bytes))
                .map_err(|source| TokenizerError::Write { path: path.clone(), source })?;
        }
        Ok(())
    }

    /// What [`Self::save`] writes: every file by its name.
    pub fn files(&self) -> Vec<(&str, Cow<'_, [u8]>)> {
        let mut files = vec![("tokenizer.json", Cow::Borrowed(self.json.as_bytes()))];
        let companions = self.companions.iter().filter(|(name, _)| name != "tokenizer_config.json");
        files.extend(companions.map(|(name, bytes)| (name.as_str(), Cow::Borrowed(bytes.as_slice()))));
        files.push(("tokenizer_config.json", pretty(&self.config()).into_bytes().into()));
        if !self.companions.iter().any(|(name, _)| name == "special_tokens_map.json") {
            files.push(("special_tokens_map.json", pretty(&self.role_tokens()).into_bytes().into()));
        }
        files
    }

    /// `tokenizer_config.json`: what was read, with what transformers would otherwise fill in by guessing.
    fn config(&self) -> Map<String, Value> {
        let mut config = self.side.config.clone();
        // Would have another program look for code in the folder.
        config.shift_remove("auto_map");
        let mut fill = |name: &str, value: Value| {
            if !config.contains_key(name) {
                config.insert(name.to_owned(), value);
            }
        };
        let class = match self.kind {
            TokenizerKind::VocabTxt => "BertTokenizerFast",
            TokenizerKind::VocabAndMerges => "RobertaTokenizerFast",
            TokenizerKind::SpieceModel => "AlbertTokenizerFast",
            TokenizerKind::SentencePieceBpe if self.side.is_camembert() => "CamembertTokenizerFast",
            TokenizerKind::SentencePieceBpe => "XLMRobertaTokenizerFast",
            TokenizerKind::SpmModel => "DebertaV2TokenizerFast",
            TokenizerKind::TokenizerJson => "PreTrainedTokenizerFast",
        };
        fill("tokenizer_class", class.into());
        if self.cut != CutSide::default() {
            // It may have stood in the truncation of tokenizer.json, which is not written.
            fill(cut::KEY, self.cut.name().into());
        }
        let json: Value = serde_json::from_str(&self.json).unwrap_or_default();
        for (place, kind, name, switch) in [
            ("normalizer", "BertNormalizer", "lowercase", "do_lower_case"),
            ("normalizer", "BertNormalizer", "strip_accents", "strip_accents"),
            ("normalizer", "BertNormalizer", "handle_chinese_chars", "tokenize_chinese_chars"),
            ("pre_tokenizer", "ByteLevel", "add_prefix_space", "add_prefix_space"),
            ("post_processor", "RobertaProcessing", "trim_offsets", "trim_offsets"),
        ] {
            let component = &json[place];
            if component["type"] == kind && component.get(name).is_some() {
                fill(switch, component[name].clone());
            }
        }
        for (role, token) in self.role_tokens() {
            fill(&role, token);
        }
        config
    }

    fn role_tokens(&self) -> Map<String, Value> {
        let roles = ROLES.iter().zip(&self.roles);
        roles.filter_map(|((role, _), token)| Some(((*role).to_owned(), json!(token.as_ref()?.0)))).collect()
    }
}

fn pretty(object: &Map<String, Value>) -> String {
    serde_json::to_string_pretty(object).unwrap_or_default() + "\n"
}
