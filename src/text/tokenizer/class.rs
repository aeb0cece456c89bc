//! Which tokenizer a folder is for, from the class it names and the files it has.

use std::path::Path;

use super::TokenizerError;
use super::source::TokenizerKind;
use super::specials::SideFiles;

/// The older files in the order they are looked for, with the classes of transformers that cut texts by them as it is done
/// here. Most are BERT's or RoBERTa's under another name.
const OLDER: [(TokenizerKind, &[&str]); 5] = [
    (
        TokenizerKind::VocabTxt,
        &[
            "Bert",
            "DistilBert",
            "Electra",
            "MobileBert",
            "SqueezeBert",
            "ConvBert",
            "LayoutLM",
            "Lxmert",
            "RetriBert",
            "DPRContextEncoder",
            "DPRQuestionEncoder",
            "DPRReader",
        ],
    ),
    (TokenizerKind::VocabAndMerges, &["Roberta", "Longformer", "Bart", "LED"]),
    (TokenizerKind::SpieceModel, &["Albert"]),
    (TokenizerKind::SentencePieceBpe, &["XLMRoberta", "Camembert"]),
    (TokenizerKind::SpmModel, &["DebertaV2"]),
];

/// Why files are no tokenizer that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    Files,
    /// Files of a class that is not here.
    Class(String),
}

/// What the tokenizer of a folder is read from.
pub(super) fn kind(dir: &Path, side: &SideFiles) -> Result<TokenizerKind, TokenizerError> {
    let has = |name: &str| dir.join(name).is_file();
    among(&has, side.named_class().or_else(|| betrayed(side))).map_err(|lack| match lack {
        Lack::Class(class) => TokenizerError::Class { dir: dir.to_owned(), class },
        Lack::Files => TokenizerError::Missing { dir: dir.to_owned() },
    })
}

/// What a tokenizer is read from, by which files there are, in a folder or elsewhere, and the class that they name.
pub fn among(has: &dyn Fn(&str) -> bool, class: Option<&str>) -> Result<TokenizerKind, Lack> {
    let is_there = |kind: TokenizerKind| match kind {
        TokenizerKind::VocabAndMerges => has("vocab.json") && has("merges.txt"),
        other => has(other.file()),
    };
    if is_there(TokenizerKind::TokenizerJson) {
        return Ok(TokenizerKind::TokenizerJson);
    }
    let class = class.or_else(|| has("bpe.codes").then_some("PhobertTokenizer or BertweetTokenizer"));
    let is_of = |classes: &[&str]| class.is_none_or(|class| classes.contains(&bare(class)));
    let found = OLDER.iter().find(|(kind, classes)| is_of(classes) && is_there(*kind));
    match (found, class) {
        (Some((kind, _)), _) => Ok(*kind),
        (None, Some(class)) if !OLDER.iter().any(|(_, classes)| is_of(classes)) => Err(Lack::Class(class.to_owned())),
        (None, _) => Err(Lack::Files),
    }
}

/// `BertTokenizerFast` is `Bert`.
fn bare(class: &str) -> &str {
    let class = class.strip_suffix("Fast").unwrap_or(class);
    class.strip_suffix("Tokenizer").unwrap_or(class)
}

/// The class of a folder that names none, from what only its configuration has.
fn betrayed(side: &SideFiles) -> Option<&'static str> {
    let japanese =
        ["word_tokenizer_type", "subword_tokenizer_type", "mecab_kwargs", "sudachi_kwargs", "jumanpp_kwargs"];
    if japanese.iter().any(|key| side.config.contains_key(*key)) {
        return Some("BertJapaneseTokenizer");
    }
    if side.config.contains_key("do_lowercase_and_remove_accent") || side.config.contains_key("lang2id") {
        return Some("XLMTokenizer");
    }
    None
}
