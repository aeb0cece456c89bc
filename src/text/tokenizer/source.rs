//! The files a tokenizer is read from, and how they are read.

use std::path::{Path, PathBuf};

use super::TokenizerError;
use crate::files::read_whole;

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
    SpmModel,
}

impl TokenizerKind {
    pub fn file(self) -> &'static str {
        match self {
            Self::TokenizerJson => "tokenizer.json",
            Self::VocabTxt => "vocab.txt",
            Self::VocabAndMerges => "vocab.json",
            Self::SpieceModel => "spiece.model",
            Self::SentencePieceBpe => "sentencepiece.bpe.model",
            Self::SpmModel => "spm.model",
        }
    }
}

/// Reads a file whole, if it has the size of a tokenizer's file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, TokenizerError> {
    let failed = |source| TokenizerError::Read { path: path.to_owned(), source };
    read_whole(path, MAX_FILE_BYTES).map_err(failed)
}

pub(super) fn component(path: &Path, component: &str, reason: &str) -> TokenizerError {
    TokenizerError::Component { path: PathBuf::from(path), component: component.to_owned(), reason: reason.to_owned() }
}
