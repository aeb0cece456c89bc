//! Why a text could not be made into blocks of tokens.

use crate::table::ReadError;
use crate::text::TokenizerError;

#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    #[error("cannot tokenize line {line}: {source}")]
    TokenizeLine { line: usize, source: TokenizerError },
    #[error("none of the {lines} lines has text that makes {expected}")]
    NoText { lines: u64, expected: &'static str },
    /// Token ids lie in a temporary file, as they may be more than the memory holds.
    #[error("cannot {doing} the temporary file of token ids: {source}")]
    TokenFile { doing: &'static str, source: std::io::Error },
}
