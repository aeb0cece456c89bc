//! The files a tokenizer is read from, and how they are read.

use std::path::{Path, PathBuf};

use super::TokenizerError;

/// No file of a tokenizer is read beyond this size; the largest in use have a fifth of it.
const MAX_FILE_BYTES: u64 = 128 << 20;

/// Which file a tokenizer was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenizerKind {
    TokenizerJson,
    VocabTxt,
    VocabAndMerges,
    SpieceModel,
    SentencePieceBpe,
}

impl TokenizerKind {
    pub fn file(self) -> &'static str {
        match self {
            Self::TokenizerJson => "tokenizer.json",
            Self::VocabTxt => "vocab.txt",
            Self::VocabAndMerges => "vocab.json",
            Self::SpieceModel => "spiece.model",
            Self::SentencePieceBpe => "sentencepiece.bpe.model",
        }
    }
}

/// Reads a file whole, if it has the size of a tokenizer's file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, TokenizerError> {
    let failed = |source| TokenizerError::Read { path: path.to_owned(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(TokenizerError::TooLarge { path: path.to_owned(), bytes, limit: MAX_FILE_BYTES });
    }
    std::fs::read(path).map_err(failed)
}

pub(super) fn component(path: &Path, component: &str, reason: &str) -> TokenizerError {
    TokenizerError::Component { path: PathBuf::from(path), component: component.to_owned(), reason: reason.to_owned() }
}
