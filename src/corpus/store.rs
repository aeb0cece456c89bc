//! Token ids in a temporary file, written once and read at any place. The file has no name and goes with its owner.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use super::CorpusError;

/// Set in a stored id where a unit of the text begins: a word, or a sentence. Ids are below 2^20.
const BEGINS: u32 = 1 << 31;
const ID_BYTES: usize = size_of::<u32>();

/// A token as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token(u32);

impl Token {
    pub fn new(id: u32, begins: bool) -> Self {
        Self(if begins { id | BEGINS } else { id })
    }

    pub fn id(self) -> u32 {
        self.0 & !BEGINS
    }

    pub fn begins(self) -> bool {
        self.0 & BEGINS != 0
    }

    pub fn beginning(self) -> Self {
        Self(self.0 | BEGINS)
    }
}

pub(super) struct Writer {
    out: BufWriter<File>,
    tokens: u64,
}

fn cannot(doing: &'static str) -> impl FnOnce(std::io::Error) -> CorpusError {
    move |source| CorpusError::TokenFile { doing, source }
}

impl Writer {
    pub fn new() -> Result<Self, CorpusError> {
        let file = tempfile::tempfile().map_err(cannot("create"))?;
        Ok(Self { out: BufWriter::with_capacity(1 << 18, file), tokens: 0 })
    }

    /// Appends tokens; returns how many there are now.
    pub fn append(&mut self, tokens: &[Token]) -> Result<u64, CorpusError> {
        for token in tokens {
            self.out.write_all(&token.0.to_le_bytes()).map_err(cannot("write"))?;
        }
        self.tokens += tokens.len() as u64;
        Ok(self.tokens)
    }

    pub fn finish(self) -> Result<Store, CorpusError> {
        let file = self.out.into_inner().map_err(|error| cannot("write")(error.into_error()))?;
        Ok(Store { file: Mutex::new(file) })
    }
}

/// The tokens that were written.
#[derive(Debug)]
pub(super) struct Store {
    file: Mutex<File>,
}

impl Store {
    pub fn read(&self, first: u64, count: usize) -> Result<Vec<Token>, CorpusError> {
        let mut bytes = vec![0; count * ID_BYTES];
        {
            // Place and reading belong together, so threads take turns; a block is read in microseconds.
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(first * ID_BYTES as u64))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(cannot("read"))?;
        }
        let tokens = bytes.chunks_exact(ID_BYTES);
        Ok(tokens.map(|four| Token(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))).collect())
    }
}
