//! Tokenizers from before `tokenizer.json`: WordPiece from `vocab.txt`, byte-level BPE from `vocab.json` and
//! `merges.txt`.
//!
//! Each is written as the `tokenizer.json` transformers converts it to, and read like any other.

use serde_json::{Map, Value, json};
use std::path::Path;

use super::TokenizerError;
use super::source::{component, read};
use super::specials::{SideFiles, added};
use super::validate::id_of;

/// Which token plays which part in a family, and whether the mask swallows the space before it.
pub(super) struct Defaults {
    pub unk: &'static str,
    pub sep: &'static str,
    pub pad: &'static str,
    pub cls: &'static str,
    pub mask: &'static str,
    pub mask_lstrip: bool,
}

const BERT: Defaults =
    Defaults { unk: "[UNK]", sep: "[SEP]", pad: "[PAD]", cls: "[CLS]", mask: "[MASK]", mask_lstrip: false };
const ROBERTA: Defaults =
    Defaults { unk: "<unk>", sep: "</s>", pad: "<pad>", cls: "<s>", mask: "<mask>", mask_lstrip: true };

/// BERT's tokenizer, which DistilBERT and ELECTRA share.
pub(super) fn word_pieces(dir: &Path, side: &SideFiles) -> Result<String, TokenizerError> {
    let path = dir.join("vocab.txt");
    let text = text(&path)?.replace("\r\n", "\n").replace('\r', "\n");
    let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n');
    // A token that stands twice has its later number.
    let vocab: Map<String, Value> = lines.zip(0_u32..).map(|(token, id)| (token.to_owned(), id.into())).collect();
    let vocab = Value::Object(vocab);

    let specials = Specials::find(&BERT, &vocab, side).map_err(|token| lacks(&path, &token))?;
    // Without basic tokenization nothing of the text is changed before it is cut up.
    let basic = side.flag("do_basic_tokenize").unwrap_or(true);
    let strip_accents = if basic { side.flag("strip_accents").map_or(Value::Null, Value::Bool) } else { false.into() };
    let file = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": specials.added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": basic && side.flag("tokenize_chinese_chars").unwrap_or(true),
            "strip_accents": strip_accents,
            "lowercase": basic && side.flag("do_lower_case").unwrap_or(true),
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": specials.template(),
        "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
        "model": {
            "type": "WordPiece",
            "unk_token": specials.unk,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocab,
        },
    });
    Ok(file.to_string())
}

/// RoBERTa's tokenizer.
pub(super) fn byte_pairs(dir: &Path, side: &SideFiles) -> Result<String, TokenizerError> {
    let vocab_path = dir.join("vocab.json");
    let vocab: Value = serde_json::from_slice(&read(&vocab_path)?)
        .map_err(|source| TokenizerError::Json { path: vocab_path.clone(), source })?;
    if !vocab.is_object() {
        return Err(component(&vocab_path, "content", "it is not an object of tokens and their ids"));
    }
    // Pieces that end words with a mark of their own are those of a tokenizer that knows no bytes.
    let has = |is: fn(&str) -> bool| vocab.as_object().is_some_and(|vocab| vocab.keys().any(|token| is(token)));
    if has(|token| token.len() > 4 && token.ends_with("</w>")) && !has(|token| token.starts_with('Ġ')) {
        let reason = "its pieces are not of bytes, as RoBERTa's are; a folder with tokenizer.json can be read";
        return Err(component(&vocab_path, "vocabulary", reason));
    }
    let merges = merges(&dir.join("merges.txt"))?;
    let specials = Specials::find(&ROBERTA, &vocab, side).map_err(|token| lacks(&vocab_path, &token))?;
    let add_prefix_space = side.flag("add_prefix_space").unwrap_or(false);
    let file = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": specials.added,
        "normalizer": null,
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": add_prefix_space,
            "trim_offsets": true,
            "use_regex": true,
        },
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [specials.sep.0, specials.sep.1],
            "cls": [specials.cls.0, specials.cls.1],
            "trim_offsets": side.flag("trim_offsets").unwrap_or(true),
            "add_prefix_space": add_prefix_space,
        },
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": {
            "type": "BPE",
            "dropout": null,
            "unk_token": null,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": false,
            "byte_fallback": false,
            "ignore_merges": false,
            "vocab": vocab,
            "merges": merges,
        },
    });
    Ok(file.to_string())
}

/// The merges in order: two pieces a line, below a line with the version.
fn merges(path: &Path) -> Result<Vec<Value>, TokenizerError> {
    let text = text(path)?;
    let mut merges = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let is_version = index == 0 && line.starts_with("#version");
        if is_version || line.trim().is_empty() {
            continue;
        }
        match line.split_once(' ') {
            Some((left, right)) if !left.is_empty() && !right.is_empty() && !right.contains(' ') => {
                merges.push(json!([left, right]));
            }
            _ => {
                let reason = format!("line {} is not two pieces with a space between", index + 1);
                return Err(component(path, "list of merges", &reason));
            }
        }
    }
    Ok(merges)
}

/// The special tokens of a family as a vocabulary has them.
pub(super) struct Specials {
    pub unk: String,
    pub cls: (String, u32),
    pub sep: (String, u32),
    /// Entries of `added_tokens`, by id.
    pub added: Vec<Value>,
}

impl Specials {
    /// Looks the special tokens up: as the files beside the vocabulary name them, else by the family's habit. Fails
    /// with the token that is needed and not there. A missing mask or padding token is done without.
    pub fn find(defaults: &Defaults, vocab: &Value, side: &SideFiles) -> Result<Self, String> {
        let mut entries = side.added_tokens();
        let mut role = |role: &str, usual: &str, lstrip: bool| {
            let token = side.role(role).unwrap_or(usual).to_owned();
            let id = id_of(vocab, &token);
            if let Some(id) = id
                && !entries.iter().any(|entry| entry["content"] == token)
            {
                entries.push(added(id, &token, Some(&json!({ "special": true, "lstrip": lstrip }))));
            }
            id.map(|id| (token.clone(), id)).ok_or(token)
        };
        let unk = role("unk_token", defaults.unk, false)?.0;
        let sep = role("sep_token", defaults.sep, false)?;
        let cls = role("cls_token", defaults.cls, false)?;
        for (name, usual, lstrip) in
            [("pad_token", defaults.pad, false), ("mask_token", defaults.mask, defaults.mask_lstrip)]
        {
            // A missing one is done without.
            drop(role(name, usual, lstrip));
        }
        entries.sort_by_key(|entry| entry["id"].as_u64());
        Ok(Self { unk, cls, sep, added: entries })
    }

    /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`, the second text with the second segment.
    pub fn template(&self) -> Value {
        let special = |token: &str, kind: u32| json!({ "SpecialToken": { "id": token, "type_id": kind } });
        let (cls, sep) = (self.cls.0.as_str(), self.sep.0.as_str());
        let text = json!({ "Sequence": { "id": "A", "type_id": 0 } });
        let pair = json!({ "Sequence": { "id": "B", "type_id": 1 } });
        let single = [special(cls, 0), text, special(sep, 0)];
        let mut double = single.to_vec();
        double.extend([pair, special(sep, 1)]);
        let mut tokens = Map::new();
        for (token, id) in [&self.cls, &self.sep] {
            tokens.insert(token.clone(), json!({ "id": token, "ids": [id], "tokens": [token] }));
        }
        json!({ "type": "TemplateProcessing", "single": single, "pair": double, "special_tokens": tokens })
    }
}

pub(super) fn lacks(path: &Path, token: &str) -> TokenizerError {
    component(path, "vocabulary", &format!("it has no {token}"))
}

pub(super) fn text(path: &Path) -> Result<String, TokenizerError> {
    String::from_utf8(read(path)?).map_err(|error| component(path, "content", &format!("it is not UTF-8: {error}")))
}
