//! Pairs of segments for next sentence prediction (BERT) and sentence order prediction (ALBERT), from a text of any
//! size.
//!
//! The text is cut into chunks: sentences of one document that fit a pair of texts together. A pair is drawn from a
//! chunk by a key: where the chunk is divided in two, and whether its second part gives way to a segment of another
//! document, or the parts change places. What a chunk loses in one draw comes in another, so nothing is lost for good.

use std::ops::ControlFlow;

use super::CorpusError;
use super::feed::feed;
use super::store::{Store, Token, Writer};
use super::{Counts, room};
use crate::random::Stream;
use crate::table::ReadError;
use crate::task::Mismatch;
use crate::text::tokenizer::{Frame, Run};
use crate::text::{Tokenizer, TokenizerError};

/// How often a pair is shorter than it could be, so that a model meets short pairs too (BERT's `short_seq_prob`).
const SHORT: f64 = 0.1;
/// Draws of another document before any other chunk will do.
const TRIES: usize = 32;

/// Chunks of consecutive sentences in a temporary file.
#[derive(Debug)]
pub struct Segments {
    store: Store,
    chunks: Vec<Chunk>,
    frame: Frame,
    counts: Counts,
    left_out: u64,
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    first: u64,
    tokens: u32,
    document: u32,
}

/// A drawn pair with special tokens: one entry a token in both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    pub ids: Vec<u32>,
    pub types: Vec<u32>,
    /// 0 where the second text follows the first, or both stand in their order; 1 where it is from elsewhere, or they
    /// changed places.
    pub class: u32,
}

impl Segments {
    /// Reads all lines. A blank line ends a document. `on_progress` hears how many lines are done and may stop the
    /// work, which gives `None`.
    pub fn build(
        lines: impl Iterator<Item = Result<(usize, String), ReadError>>,
        tokenizer: &Tokenizer,
        max_tokens: usize,
        on_progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Option<Self>, CorpusError> {
        let room = room(tokenizer, max_tokens, true)?;
        if room < 2 {
            return Err(TokenizerError::LimitTooSmall { max_tokens, special: max_tokens - room }.into());
        }
        let mut cutter = Cutter {
            room,
            chunk: Vec::new(),
            writer: Writer::new()?,
            written: 0,
            chunks: Vec::new(),
            document: 0,
            begins_document: true,
            left_out: 0,
        };
        let unknown_id = tokenizer.unk_id();
        let mut counts = Counts::default();
        let mut take = |run: Option<Run>| {
            counts.add(run.as_ref(), unknown_id, cutter.begins_document);
            cutter.take(run.as_ref())
        };
        if feed(lines, |text| by_sentence(tokenizer, text), on_progress, &mut take)?.is_break() {
            return Ok(None);
        }
        cutter.end_chunk()?;
        if cutter.chunks.is_empty() {
            return Err(CorpusError::NoText { lines: counts.lines, expected: "two segments" });
        }
        let Cutter { writer, chunks, left_out, .. } = cutter;
        let frame = tokenizer.frame(true).clone();
        Ok(Some(Self { store: writer.finish()?, chunks, frame, counts, left_out }))
    }

    /// Number of chunks, each of which gives a pair.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// There is at least one chunk.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The most tokens a pair drawn from a chunk has, special tokens included.
    pub fn tokens(&self, chunk: usize) -> usize {
        self.chunks[chunk].tokens as usize + self.frame.specials()
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Tokens that stand alone in their document, so that nothing can be paired with them.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The pair of a chunk: its two parts in some order, or its first part before the second or before a segment of
    /// another document. Both classes are equally likely, where there is more than one chunk.
    pub fn get(&self, mismatch: Mismatch, chunk: usize, key: u64) -> Result<Pair, CorpusError> {
        let mut lots = Stream::new(key);
        let place = self.chunks[chunk];
        let mut tokens = self.store.read(place.first, place.tokens as usize)?;
        if lots.unit() < SHORT {
            tokens.truncate(2 + lots.below(tokens.len() as u64 - 1) as usize);
        }
        let (first, second) = tokens.split_at(divide(&tokens, &mut lots));
        let is_other = lots.unit() < 0.5;
        let (mut first, mut second) = (first.to_vec(), second.to_vec());
        let mut class = u32::from(is_other);
        match mismatch {
            Mismatch::Swapped if is_other => std::mem::swap(&mut first, &mut second),
            Mismatch::Elsewhere if is_other => match self.elsewhere(chunk, second.len(), &mut lots)? {
                Some(other) => second = other,
                None => class = 0,
            },
            Mismatch::Swapped | Mismatch::Elsewhere => {}
        }
        let ids = |tokens: &[Token]| tokens.iter().map(|token| token.id()).collect::<Vec<_>>();
        let (ids, types) = self.frame.wrap(&ids(&first), &ids(&second));
        Ok(Pair { ids, types, class })
    }

    /// Up to `most` tokens from some sentence of another document on; of another chunk where all is one document.
    fn elsewhere(&self, chunk: usize, most: usize, lots: &mut Stream) -> Result<Option<Vec<Token>>, CorpusError> {
        let count = self.chunks.len() as u64;
        if count < 2 {
            return Ok(None);
        }
        // Any chunk but this one, and of another document if a few draws find one.
        let mut draw = || (chunk + 1 + lots.below(count - 1) as usize) % self.chunks.len();
        let mut other = draw();
        for _ in 0..TRIES {
            if self.chunks[other].document != self.chunks[chunk].document {
                break;
            }
            other = draw();
        }
        let Chunk { first, tokens, .. } = self.chunks[other];
        let tokens = self.store.read(first, tokens as usize)?;
        let starts: Vec<usize> = (0..tokens.len()).filter(|place| *place == 0 || tokens[*place].begins()).collect();
        let from = starts[lots.below(starts.len() as u64) as usize];
        Ok(Some(tokens[from..].iter().take(most).copied().collect()))
    }
}

/// Where a chunk is divided: before one of its sentences, or before any token where it is a single one.
fn divide(tokens: &[Token], lots: &mut Stream) -> usize {
    let borders: Vec<usize> = (1..tokens.len()).filter(|place| tokens[*place].begins()).collect();
    match borders.len() {
        0 => 1 + lots.below(tokens.len() as u64 - 1) as usize,
        count => borders[lots.below(count as u64) as usize],
    }
}

/// The tokens of a text, marked where a sentence begins.
fn by_sentence(tokenizer: &Tokenizer, text: &str) -> Result<Run, TokenizerError> {
    let mut whole = Run::default();
    for sentence in sentences(text) {
        let ids = tokenizer.encode_ids_bare(sentence)?;
        whole.starts_word.extend((0..ids.len()).map(|place| place == 0));
        whole.ids.extend(ids);
    }
    Ok(whole)
}

/// A text cut after marks that end a sentence, with the quotes and brackets that close behind them, before a space. It
/// cuts after some abbreviations too, which does no harm here.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let (mut sentences, mut begin) = (Vec::new(), 0);
    let (mut ended, mut wide) = (false, false);
    for (at, character) in text.char_indices() {
        if ended && (wide || character.is_whitespace()) && !closes(character) {
            sentences.push(&text[begin..at]);
            begin = at;
            ended = false;
        }
        match character {
            '.' | '!' | '?' | '…' => (ended, wide) = (true, false),
            '。' | '！' | '？' => (ended, wide) = (true, true),
            _ if closes(character) => {}
            _ => ended = false,
        }
    }
    sentences.push(&text[begin..]);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

fn closes(character: char) -> bool {
    matches!(character, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」' | '』' | '）')
}

/// Cuts sentences into chunks.
struct Cutter {
    room: usize,
    chunk: Vec<Token>,
    writer: Writer,
    written: u64,
    chunks: Vec<Chunk>,
    document: u32,
    begins_document: bool,
    left_out: u64,
}

impl Cutter {
    /// Takes a line, or the end of a document.
    fn take(&mut self, run: Option<&Run>) -> Result<(), CorpusError> {
        let Some(run) = run else {
            if !self.begins_document {
                self.end_chunk()?;
                self.document += 1;
            }
            self.begins_document = true;
            return Ok(());
        };
        self.begins_document = false;
        let starts = run.starts_word.iter().enumerate().filter(|(_, starts)| **starts).map(|(place, _)| place);
        let starts: Vec<usize> = starts.chain([run.ids.len()]).collect();
        for bounds in starts.windows(2) {
            for part in run.ids[bounds[0]..bounds[1]].chunks(self.room) {
                if self.chunk.len() + part.len() > self.room {
                    self.end_chunk()?;
                }
                self.chunk.extend(part.iter().map(|id| Token::new(*id, false)));
                let begin = self.chunk.len() - part.len();
                self.chunk[begin] = self.chunk[begin].beginning();
            }
        }
        Ok(())
    }

    fn end_chunk(&mut self) -> Result<(), CorpusError> {
        if self.chunk.len() >= 2 {
            let tokens = self.chunk.len() as u32;
            self.chunks.push(Chunk { first: self.written, tokens, document: self.document });
            self.written = self.writer.append(&self.chunk)?;
        } else {
            self.left_out += self.chunk.len() as u64;
        }
        self.chunk.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{lines, tokenizer};
    use super::*;
    use crate::random::{Purpose, key};

    /// Documents whose every sentence names its document and place in words that the vocabulary cuts in its own way.
    fn text(documents: usize, sentences: usize) -> String {
        let document = |document: usize| {
            let sentence = |place: usize| format!("the {place} harbour of {document} is old.");
            (0..sentences)
                .map(sentence)
                .collect::<Vec<_>>()
                .chunks(3)
                .map(|line| line.join(" ") + "\n")
                .collect::<String>()
        };
        (0..documents).map(document).collect::<Vec<_>>().join("\n")
    }

    fn build(text: &str, max_tokens: usize) -> Segments {
        let on_progress = &mut |_| ControlFlow::Continue(());
        Segments::build(lines(text), &tokenizer("bert"), max_tokens, on_progress).unwrap().unwrap()
    }

    fn parts(pair: &Pair) -> (Vec<u32>, Vec<u32>) {
        let second = pair.types.iter().position(|kind| *kind == 1).unwrap();
        let end = pair.ids.len() - 1;
        (pair.ids[1..second - 1].to_vec(), pair.ids[second..end].to_vec())
    }

    fn whole(text: &str) -> Vec<u32> {
        let tokenizer = tokenizer("bert");
        text.lines().flat_map(|line| by_sentence(&tokenizer, line).unwrap().ids).collect()
    }

    fn holds(text: &[u32], part: &[u32]) -> bool {
        text.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn sentences_end_with_their_mark_and_what_closes_behind_it() {
        let check = |text: &str, expected: &[&str]| assert_eq!(sentences(text), expected, "{text}");
        check("One. Two!  Three?", &["One.", " Two!", "  Three?"]);
        check("“Go.” She went. (So did he.) Then…", &["“Go.”", " She went.", " (So did he.)", " Then…"]);
        check("3.14 is pi at example.org", &["3.14 is pi at example.org"]);
        check("一。二！三", &["一。", "二！", "三"]);
        check("no mark", &["no mark"]);
        check("  ", &[]);
    }

    #[test]
    fn chunks_hold_every_token_once_and_never_two_documents() {
        let text = text(5, 20);
        let segments = build(&text, 48);
        let mut all = Vec::new();
        for chunk in &segments.chunks {
            all.extend(segments.store.read(chunk.first, chunk.tokens as usize).unwrap().iter().map(|token| token.id()));
            assert!(chunk.tokens <= 45);
        }
        assert_eq!(all, whole(&text));
        assert_eq!(segments.counts().documents, 5);
        assert_eq!(segments.counts().tokens, all.len() as u64);
        assert_eq!(segments.left_out(), 0);
        let mut documents: Vec<u32> = segments.chunks.iter().map(|chunk| chunk.document).collect();
        documents.dedup();
        assert_eq!(documents, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_next_segment_follows_and_another_is_from_another_document() {
        let text = text(6, 20);
        let ids: Vec<Vec<u32>> = text.split("\n\n").map(whole).collect();
        let segments = build(&text, 48);
        let mut ones = 0;
        for draw in 0..2000_u64 {
            let chunk = draw as usize % segments.len();
            let pair = segments.get(Mismatch::Elsewhere, chunk, key(3, Purpose::Pairing, &[draw])).unwrap();
            assert!(pair.ids.len() <= segments.tokens(chunk) && pair.ids.len() <= 48);
            let (first, second) = parts(&pair);
            let document = &ids[segments.chunks[chunk].document as usize];
            assert!(!first.is_empty() && !second.is_empty() && holds(document, &first));
            ones += pair.class;
            // A few tokens do not tell where they are from.
            if pair.class == 1 && second.len() < 8 {
                continue;
            }
            let together = [&first[..], &second].concat();
            assert_eq!(holds(document, &together), pair.class == 0, "draw {draw}");
        }
        assert!((890..1110).contains(&ones), "{ones} of 2000 are from elsewhere");
    }

    #[test]
    fn segments_stand_in_order_or_changed_places() {
        let text = text(3, 20);
        let ids = whole(&text);
        let segments = build(&text, 48);
        let (mut ones, mut short) = (0, 0);
        for draw in 0..2000_u64 {
            let chunk = draw as usize % segments.len();
            let pair = segments.get(Mismatch::Swapped, chunk, key(3, Purpose::Pairing, &[draw])).unwrap();
            let (first, second) = parts(&pair);
            let (before, after) = if pair.class == 0 { (first, second) } else { (second, first) };
            assert!(holds(&ids, &[before, after].concat()), "draw {draw}");
            ones += pair.class;
            short += usize::from(pair.ids.len() < segments.tokens(chunk));
        }
        assert!((890..1110).contains(&ones), "{ones} of 2000 changed places");
        assert!((130..270).contains(&short), "{short} of 2000 are short");
    }

    #[test]
    fn the_same_key_draws_the_same_pair() {
        let segments = build(&text(4, 12), 32);
        for mismatch in [Mismatch::Elsewhere, Mismatch::Swapped] {
            let pair = |key: u64| segments.get(mismatch, 1, key).unwrap();
            assert_eq!(pair(5), pair(5));
            assert!((0..20).any(|key| pair(key) != pair(5)));
        }
    }

    #[test]
    fn a_sentence_alone_is_divided_and_a_token_alone_is_left_out_and_counted() {
        let segments = build("the\n\nthe old harbour leaves the island\n", 32);
        assert_eq!(segments.len(), 1);
        assert_eq!(segments.left_out() as usize, whole("the").len());
        for draw in 0..50 {
            let pair = segments.get(Mismatch::Elsewhere, 0, draw).unwrap();
            assert_eq!(pair.class, 0, "there is nothing else to follow");
            let (first, second) = parts(&pair);
            assert!(!first.is_empty() && !second.is_empty());
        }
    }

    #[test]
    fn a_text_of_single_tokens_is_an_error() {
        let on_progress = &mut |_| ControlFlow::Continue(());
        let error = Segments::build(lines("the\n\nof\n"), &tokenizer("bert"), 16, on_progress).unwrap_err();
        assert_eq!(error.to_string(), "none of the 3 lines has text that makes two segments");
    }
}
