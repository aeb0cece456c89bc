//! Why a row could not be made into token ids.

use std::path::PathBuf;

use super::TokenizerError;
use super::windows::NoRoom;

#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    #[error("the row at line {line} of {path:?} does not fit: {source}")]
    NoRoom { path: PathBuf, line: usize, source: NoRoom },
    #[error("cannot tokenize the row at line {line} of {path:?}: {source}")]
    TokenizeRow { path: PathBuf, line: usize, source: TokenizerError },
}
