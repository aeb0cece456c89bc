//! A text of any size as blocks of tokens, with neither the text nor its tokens in memory.
//!
//! Lines are read one after the other, tokenized and laid into a temporary file; any block can then be read by its
//! number, so that epochs are shuffled exactly and a run that goes on finds the same blocks. Building it twice from the
//! same lines gives the same blocks.
//!
//! Blocks are filled as `run_mlm.py` fills them, but nothing is dropped at the end, special tokens stand around every
//! block instead of somewhere in it, and a block ends with its document unless less than half of it is filled; then the
//! next document follows behind a separator, as in RoBERTa (Liu et al., 2019).

pub mod masking;

mod error;
mod estimate;
mod feed;
mod rows;
mod segments;
mod store;

use std::ops::ControlFlow;

use crate::table::ReadError;
use crate::text::tokenizer::{Frame, Run};
use crate::text::{Tokenizer, TokenizerError};
pub use error::CorpusError;
pub use estimate::{block_lengths, chunk_lengths};
use feed::feed;
pub use rows::lines_of_rows;
pub use segments::{Pair, Segments};
use store::{Store, Token, Writer};

/// How lines become blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorpusOptions {
    /// Tokens of a block, special tokens included.
    pub max_tokens: usize,
    /// Whether the lines of a document follow each other in a block. Else each line is a text of its own, in several
    /// blocks where it is longer than one.
    pub join_lines: bool,
}

/// Blocks of token ids in a temporary file.
#[derive(Debug)]
pub struct Corpus {
    store: Store,
    /// Stored tokens before the end of each block.
    ends: Vec<u64>,
    frame: Frame,
    separator: Option<u32>,
    counts: Counts,
}

/// What went into a corpus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u64,
    pub documents: u64,
    /// Tokens of the texts, special tokens not included.
    pub tokens: u64,
    /// Of these, tokens that the vocabulary does not know.
    pub unknown: u64,
}

/// A block as a model reads it: one entry a token in every list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// With special tokens.
    pub ids: Vec<u32>,
    pub types: Vec<u32>,
    /// The word of each token, counted in the block; `None` for special tokens.
    pub words: Vec<Option<u32>>,
}

impl Corpus {
    /// Reads all lines. A blank line ends a document. `on_progress` hears how many lines are done and may stop the
    /// work, which gives `None`.
    pub fn build(
        lines: impl Iterator<Item = Result<(usize, String), ReadError>>,
        tokenizer: &Tokenizer,
        how: CorpusOptions,
        on_progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Self>, CorpusError> {
        let mut packer = Packer {
            room: room(tokenizer, how.max_tokens, false)?,
            join_lines: how.join_lines,
            separator: tokenizer.sep_id().filter(|_| how.join_lines),
            block: Vec::new(),
            writer: Writer::new()?,
            ends: Vec::new(),
            begins_document: true,
        };
        let unknown_id = tokenizer.unk_id();
        let mut counts = Counts::default();
        let mut take = |run: Option<Run>| {
            counts.add(run.as_ref(), unknown_id, packer.begins_document);
            packer.take(run.as_ref())
        };
        if feed(lines, |text| tokenizer.encode_run(text), on_progress, &mut take)?.is_break() {
            return Ok(None);
        }
        packer.end_block()?;
        if packer.ends.is_empty() {
            return Err(CorpusError::NoText { lines: counts.lines, expected: "a token" });
        }
        let frame = tokenizer.frame(false).clone();
        let Packer { writer, ends, separator, .. } = packer;
        Ok(Some(Self { store: writer.finish()?, ends, frame, separator, counts }))
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A corpus has at least one block.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Tokens of a block, special tokens included.
    pub fn tokens(&self, block: usize) -> usize {
        self.bounds(block).1 + self.frame.specials()
    }

    pub fn get(&self, block: usize) -> Result<Block, CorpusError> {
        let (first, count) = self.bounds(block);
        let tokens = self.store.read(first, count)?;
        let ids: Vec<u32> = tokens.iter().map(|token| token.id()).collect();
        let mut words = vec![None; self.frame.before.len()];
        let mut next = 0;
        for (place, token) in tokens.iter().enumerate() {
            if Some(token.id()) == self.separator {
                words.push(None);
                continue;
            }
            next += u32::from(token.begins() || place == 0);
            words.push(Some(next - 1));
        }
        let (ids, types) = self.frame.wrap(&ids, &[]);
        words.resize(ids.len(), None);
        Ok(Block { ids, types, words })
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn bounds(&self, block: usize) -> (u64, usize) {
        let first = block.checked_sub(1).map_or(0, |before| self.ends[before]);
        (first, (self.ends[block] - first) as usize)
    }
}

impl Counts {
    fn add(&mut self, run: Option<&Run>, unknown_id: Option<u32>, begins_document: bool) {
        self.lines += 1;
        let Some(run) = run else { return };
        self.documents += u64::from(begins_document);
        self.tokens += run.ids.len() as u64;
        self.unknown += run.ids.iter().filter(|id| Some(**id) == unknown_id).count() as u64;
    }
}

/// Tokens of texts that fit beside the special ones.
fn room(tokenizer: &Tokenizer, max_tokens: usize, is_pair: bool) -> Result<usize, CorpusError> {
    let special = tokenizer.special_tokens(is_pair);
    match max_tokens.checked_sub(special) {
        None | Some(0) => Err(TokenizerError::LimitTooSmall { max_tokens, special }.into()),
        Some(room) => Ok(room),
    }
}

/// Lays tokens into blocks.
struct Packer {
    room: usize,
    join_lines: bool,
    separator: Option<u32>,
    /// The block that is being filled.
    block: Vec<Token>,
    writer: Writer,
    ends: Vec<u64>,
    begins_document: bool,
}

impl Packer {
    /// Takes a line, or the end of a document.
    fn take(&mut self, run: Option<&Run>) -> Result<(), CorpusError> {
        let Some(run) = run else {
            self.begins_document = true;
            if 2 * self.block.len() >= self.room {
                self.end_block()?;
            }
            return Ok(());
        };
        if self.begins_document
            && !self.block.is_empty()
            && let Some(separator) = self.separator
        {
            self.push(Token::new(separator, true))?;
        }
        self.begins_document = false;
        for (id, begins) in run.ids.iter().zip(&run.starts_word) {
            self.push(Token::new(*id, *begins))?;
        }
        if !self.join_lines {
            self.end_block()?;
        }
        Ok(())
    }

    fn push(&mut self, token: Token) -> Result<(), CorpusError> {
        self.block.push(token);
        if self.block.len() == self.room { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), CorpusError> {
        if !self.block.is_empty() {
            self.ends.push(self.writer.append(&self.block)?);
            self.block.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    pub(super) fn tokenizer(family: &str) -> Tokenizer {
        Tokenizer::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{family}-classify"))).unwrap()
    }

    pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<(usize, String), ReadError>> + '_ {
        (1..).zip(text.lines()).map(|(number, line)| Ok((number, line.to_owned())))
    }

    fn build(text: &str, family: &str, max_tokens: usize, join_lines: bool) -> Corpus {
        let how = CorpusOptions { max_tokens, join_lines };
        let on_progress = &mut |_| ControlFlow::Continue(());
        Corpus::build(lines(text), &tokenizer(family), how, on_progress).unwrap().unwrap()
    }

    fn golden_text() -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/corpus.txt")).unwrap()
    }

    /// The ids of all blocks without what stands around and between texts.
    fn content(corpus: &Corpus) -> Vec<u32> {
        (0..corpus.len())
            .flat_map(|block| {
                let block = corpus.get(block).unwrap();
                let inner = block.ids.into_iter().zip(block.words).filter(|(_, word)| word.is_some());
                inner.map(|(id, _)| id).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn every_token_of_the_text_is_in_a_block_once_and_in_order() {
        let text =
            golden_text().lines().collect::<Vec<_>>().chunks(7).map(|lines| lines.join("\n")).collect::<Vec<_>>();
        let text = text.join("\n\n");
        for family in ["bert", "roberta", "albert"] {
            let tokenizer = tokenizer(family);
            let expected: Vec<u32> = text.lines().flat_map(|line| tokenizer.encode_run(line).unwrap().ids).collect();
            for join_lines in [true, false] {
                let corpus = build(&text, family, 32, join_lines);
                assert_eq!(content(&corpus), expected, "{family}, joined {join_lines}");
                assert_eq!(corpus.counts().tokens, expected.len() as u64);
                assert_eq!(corpus.counts().lines, text.lines().count() as u64);
                assert_eq!(corpus.counts().documents, text.split("\n\n").count() as u64);
                for block in 0..corpus.len() {
                    let found = corpus.get(block).unwrap();
                    assert_eq!(found.ids.len(), corpus.tokens(block));
                    assert_eq!((found.types.len(), found.words.len()), (found.ids.len(), found.ids.len()));
                    assert!(found.ids.len() <= 32);
                    assert!(found.words[0].is_none() && found.words[found.ids.len() - 1].is_none());
                }
            }
        }
    }

    #[test]
    fn blocks_are_full_but_at_the_end_of_a_document() {
        let document = "the old harbour leaves the island at seven\n".repeat(9);
        let corpus = build(&document, "bert", 16, true);
        let lengths: Vec<usize> = (0..corpus.len()).map(|block| corpus.tokens(block)).collect();
        assert!(lengths[..lengths.len() - 1].iter().all(|length| *length == 16), "{lengths:?}");
    }

    #[test]
    fn a_block_that_is_half_full_ends_with_its_document_and_an_emptier_one_goes_on_behind_a_separator() {
        let tokenizer = tokenizer("bert");
        let long = "the old harbour leaves";
        let tokens = tokenizer.encode_run(long).unwrap().ids.len();
        let max_tokens = 2 * tokens + 2;
        let corpus = build(&format!("{long}\n\nseven\n"), "bert", max_tokens, true);
        assert_eq!(corpus.len(), 2, "the first document fills half of a block");
        let corpus = build(&format!("{long}\n\n\nseven\n"), "bert", max_tokens + 2, true);
        assert_eq!(corpus.len(), 1);
        let block = corpus.get(0).unwrap();
        let separator = tokenizer.sep_id().unwrap();
        assert_eq!(block.ids[tokens + 1], separator);
        assert_eq!(block.words[tokens + 1], None);
        assert_eq!(block.ids[tokens + 2], tokenizer.encode_run("seven").unwrap().ids[0]);
        assert_eq!(corpus.counts().documents, 2);
    }

    #[test]
    fn words_are_those_of_the_tokenizer() {
        for family in ["bert", "roberta", "albert"] {
            let tokenizer = tokenizer(family);
            let text = "Northwind Labs believed the witness, unbelievably.";
            let encoded = tokenizer.encode(text, None, 64).unwrap();
            let block = build(text, family, 64, true).get(0).unwrap();
            assert_eq!(block.ids, encoded.ids, "{family}");
            let changes = |words: &[Option<u32>]| words.windows(2).map(|two| two[0] != two[1]).collect::<Vec<_>>();
            assert_eq!(changes(&block.words), changes(&encoded.words), "{family}");
        }
    }

    #[test]
    fn a_line_longer_than_a_block_has_several() {
        let corpus = build("the old harbour leaves the island at seven\nseven\n", "bert", 6, false);
        assert!(corpus.len() > 2);
        assert!((0..corpus.len()).all(|block| corpus.tokens(block) <= 6));
    }

    #[test]
    fn stopping_gives_nothing_and_a_text_without_tokens_is_an_error() {
        let how = CorpusOptions { max_tokens: 16, join_lines: true };
        let stopped = Corpus::build(lines("a\nb"), &tokenizer("bert"), how, &mut |_| ControlFlow::Break(())).unwrap();
        assert!(stopped.is_none());
        let go_on = &mut |_| ControlFlow::Continue(());
        let error = Corpus::build(lines("\n \n\t\n"), &tokenizer("bert"), how, go_on).unwrap_err();
        assert_eq!(error.to_string(), "none of the 3 lines has text that makes a token");
        let small = CorpusOptions { max_tokens: 2, join_lines: true };
        let error = Corpus::build(lines("a"), &tokenizer("bert"), small, go_on).unwrap_err();
        assert!(error.to_string().contains("leaves no room"), "{error}");
    }

    #[test]
    fn building_twice_gives_the_same_blocks() {
        let text = golden_text();
        let (a, b) = (build(&text, "roberta", 24, true), build(&text, "roberta", 24, true));
        assert_eq!(a.len(), b.len());
        assert!((0..a.len()).rev().all(|block| a.get(block).unwrap() == b.get(block).unwrap()));
    }

    #[test]
    fn unknown_tokens_are_counted() {
        let corpus = build("the ☃ harbour ☃", "bert", 16, true);
        assert_eq!(corpus.counts().unknown, 2);
    }
}
