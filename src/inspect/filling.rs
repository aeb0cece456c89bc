//! Words behind masks as a person plays with them: any word of a text can be hidden, several at once, and own words can
//! be scored against what the model would put there.
//!
//! Words are hidden among the token ids and not in the text, so that the same click works for every tokenizer.

use std::collections::{HashMap, HashSet};

use super::masks::{self, Filled};
use super::{InspectError, Options, Predictor};
use crate::model::probability::softmax;
use crate::model::{Input, Pass};
use crate::task::Task;
use crate::text::tokenizer::Encoded;

/// What is hidden, and what is asked of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fill {
    /// Characters of the text that are hidden besides the masks that are written in it.
    pub hidden: Vec<(usize, usize)>,
    /// One mask for a hidden word, however many pieces it has, instead of one for each piece.
    pub one_mask: bool,
    /// Words to be scored at every blank.
    pub candidates: Vec<String>,
    /// Words told for each mask; ten where it is 0.
    pub top_k: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Filling {
    pub mask_token: String,
    /// The words of the text, in order.
    pub words: Vec<Word>,
    /// What is hidden, in order.
    pub blanks: Vec<Blank>,
    /// Tokens the model was given, special ones included.
    pub tokens: usize,
    /// Tokens that did not fit.
    pub cut: usize,
    /// Tokens that the vocabulary does not have.
    pub unknown: usize,
}

/// A word as the tokenizer splits the text, or a mask that is written in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Characters of the text.
    pub start: usize,
    pub end: usize,
    pub pieces: usize,
    /// Its place among the blanks, where it is hidden.
    pub blank: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Blank {
    /// Characters of the text.
    pub start: usize,
    pub end: usize,
    /// One or more, in order.
    pub masks: Vec<Mask>,
    /// The words that were to be scored, best first; those that cannot be at the end.
    pub candidates: Vec<Candidate>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Best first.
    pub best: Vec<Filled>,
    /// What stood there, where exactly one token did.
    pub was: Option<Was>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Was {
    pub token: String,
    pub score: f64,
    /// From 1.
    pub rank: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub word: String,
    pub pieces: Vec<String>,
    /// Product of the pieces' probabilities, each given those before it, with masks for those after it.
    pub score: f64,
    /// Why it has no score, where it has none.
    pub problem: Option<String>,
}

const BEST: usize = 10;
/// Pieces of a word that is scored.
const MOST_PIECES: usize = 8;
/// Words that are scored.
const MOST_CANDIDATES: usize = 24;
/// Tokens that are computed at once.
const TOKENS_AT_ONCE: usize = 2048;

pub(super) fn fill(predictor: &Predictor, text: &str, fill: &Fill) -> Result<Filling, InspectError> {
    let tokenizer = &predictor.tokenizer;
    let (Some(mask), Some(mask_token)) = (tokenizer.mask_id(), tokenizer.mask_token()) else {
        return Err(InspectError::NoMaskToken { dir: predictor.dir.clone() });
    };
    let letters: Vec<char> = text.chars().collect();
    let encoded = tokenizer.encode(text, None, predictor.max_tokens)?;
    let masked = Masked::new(&encoded, &letters, mask, fill);
    let rows = logits(predictor, std::slice::from_ref(&masked.row))?;
    let mut blanks = read_masks(predictor, &encoded, &masked, &rows, fill)?;
    let mut wanted = Vec::new();
    for place in 0..blanks.len() {
        wanted.extend(candidates(predictor, &letters, &masked, place, mask, fill)?);
    }
    let known = masked.row.asked.iter().copied().zip(rows).map(|(place, row)| ((masked.row.ids.clone(), place), row));
    for (place, candidate) in chained(predictor, wanted, mask, known.collect())? {
        blanks[place].candidates.push(candidate);
    }
    for blank in &mut blanks {
        let better = |a: &Candidate, b: &Candidate| {
            a.problem.is_some().cmp(&b.problem.is_some()).then(b.score.total_cmp(&a.score))
        };
        blank.candidates.sort_by(better);
    }
    Ok(Filling {
        mask_token: mask_token.to_owned(),
        words: words(&encoded, &letters, &masked.slots),
        blanks,
        tokens: masked.row.ids.len(),
        cut: encoded.cut,
        unknown: encoded.ids.iter().filter(|id| Some(**id) == tokenizer.unk_id()).count(),
    })
}

/// Token ids with masks, and which of them are asked about.
#[derive(Default)]
struct Row {
    ids: Vec<u32>,
    types: Vec<u32>,
    /// Ascending.
    asked: Vec<usize>,
}

/// A stretch of the text behind masks: its characters, its tokens, and how many masks stand for them.
struct Slot {
    start: usize,
    end: usize,
    tokens: Vec<usize>,
    masks: usize,
}

struct Masked {
    row: Row,
    slots: Vec<Slot>,
}

impl Masked {
    fn new(encoded: &Encoded, letters: &[char], mask: u32, fill: &Fill) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        let mut ranges = fill.hidden.clone();
        ranges.sort_unstable();
        let mut row = Row::default();
        for (index, &id) in encoded.ids.iter().enumerate() {
            if encoded.special[index] {
                row.feed(id, encoded.types[index], false);
                continue;
            }
            // Some tokenizers let a mask swallow the blank before it.
            let (start, end) = without_blank(letters, encoded.offsets[index]);
            let range = if id == mask { Some((start, end)) } else { range_of(encoded, letters, index, &ranges) };
            let Some(range) = range else {
                row.feed(id, encoded.types[index], false);
                continue;
            };
            let goes_on = slots.last_mut().filter(|slot| id != mask && (slot.start, slot.end) == range);
            if let Some(slot) = goes_on {
                slot.tokens.push(index);
                if fill.one_mask {
                    continue;
                }
                slot.masks += 1;
            } else {
                slots.push(Slot { start: range.0, end: range.1, tokens: vec![index], masks: 1 });
            }
            row.feed(mask, encoded.types[index], true);
        }
        Self { row, slots }
    }
}

impl Row {
    fn feed(&mut self, id: u32, kind: u32, asked: bool) {
        if asked {
            self.asked.push(self.ids.len());
        }
        self.ids.push(id);
        self.types.push(kind);
    }
}

/// Characters without the blanks before them.
fn without_blank(letters: &[char], (start, end): (usize, usize)) -> (usize, usize) {
    let inside = letters.get(start..end).unwrap_or_default();
    (start + inside.iter().take_while(|letter| letter.is_whitespace()).count(), end)
}

/// The hidden stretch that a token is part of. A token that is only the blank before a word is hidden with the word.
fn range_of(encoded: &Encoded, letters: &[char], index: usize, ranges: &[(usize, usize)]) -> Option<(usize, usize)> {
    let (start, end) = without_blank(letters, encoded.offsets[index]);
    if start < end {
        return ranges.iter().find(|range| start < range.1 && end > range.0).copied();
    }
    let next = index + 1;
    let same_word = encoded.words.get(next).is_some_and(|word| word.is_some() && *word == encoded.words[index]);
    if same_word { range_of(encoded, letters, next, ranges) } else { None }
}

/// The words that can be pressed. One of very many pieces, such as a protein, is pressed piece by piece.
fn words(encoded: &Encoded, letters: &[char], slots: &[Slot]) -> Vec<Word> {
    let own: Vec<usize> = (0..encoded.ids.len()).filter(|index| !encoded.special[*index]).collect();
    let same = |a: &usize, b: &usize| {
        encoded.words[*a].is_some()
            && encoded.words[*a] == encoded.words[*b]
            && encoded.offsets[*b] >= encoded.offsets[*a]
    };
    let mut words = Vec::new();
    for pieces in own.chunk_by(same) {
        for word in pieces.chunks(if pieces.len() > MOST_PIECES { 1 } else { pieces.len() }) {
            let places = word.iter().map(|index| without_blank(letters, encoded.offsets[*index]));
            let places: Vec<(usize, usize)> = places.filter(|(start, end)| start < end).collect();
            let (Some(start), Some(end)) =
                (places.iter().map(|place| place.0).min(), places.iter().map(|place| place.1).max())
            else {
                continue;
            };
            let blank = slots.iter().position(|slot| word.iter().any(|index| slot.tokens.contains(index)));
            words.push(Word { start, end, pieces: word.len(), blank });
        }
    }
    words
}

fn read_masks(
    predictor: &Predictor,
    encoded: &Encoded,
    masked: &Masked,
    rows: &[Vec<f32>],
    fill: &Fill,
) -> Result<Vec<Blank>, InspectError> {
    if masked.slots.is_empty() {
        return Ok(Vec::new());
    }
    let tokenizer = &predictor.tokenizer;
    let options = Options { top_k: Some(if fill.top_k == 0 { BEST } else { fill.top_k }), ..Options::default() };
    let shown = Encoded { ids: masked.row.ids.clone(), ..Encoded::default() };
    let mut filled = masks::fill(tokenizer, &shown, Some(rows), &options)?.into_iter();
    let mut rows = rows.iter();
    let mut blanks = Vec::with_capacity(masked.slots.len());
    for slot in &masked.slots {
        let mut masks = Vec::with_capacity(slot.masks);
        for place in 0..slot.masks {
            let (best, row) = (filled.next().unwrap_or_default(), rows.next());
            let original = encoded.ids[slot.tokens[place]];
            let alone = slot.masks == slot.tokens.len() && Some(original) != tokenizer.mask_id();
            let was = row.filter(|_| alone).map(|row| was(row, original, &encoded.tokens[slot.tokens[place]]));
            masks.push(Mask { best, was });
        }
        blanks.push(Blank { start: slot.start, end: slot.end, masks, candidates: Vec::new() });
    }
    Ok(blanks)
}

fn was(row: &[f32], id: u32, token: &str) -> Was {
    let scores = softmax(row);
    let score = scores.get(id as usize).copied().unwrap_or(0.0);
    let rank = 1 + scores.iter().filter(|other| **other > score).count();
    Was { token: token.to_owned(), score: f64::from(score), rank }
}

/// The logits of every asked token, row after row.
fn logits(predictor: &Predictor, rows: &[Row]) -> Result<Vec<Vec<f32>>, InspectError> {
    let mut all = Vec::new();
    let mut rest = rows;
    while !rest.is_empty() {
        let mut tokens = 0;
        let fits = rest.iter().take_while(|row| {
            tokens += row.ids.len();
            tokens <= TOKENS_AT_ONCE
        });
        let (chunk, after) = rest.split_at(fits.count().max(1));
        rest = after;
        let mut input = Input { starts: vec![0], ..Input::default() };
        let mut asked = Vec::new();
        for (slot, row) in (0..).zip(chunk) {
            let start = input.ids.len();
            input.ids.extend(&row.ids);
            input.types.extend(&row.types);
            input.starts.push(input.ids.len());
            input.slots.push(slot);
            asked.extend(row.asked.iter().map(|place| (start + place) as u32));
        }
        if asked.is_empty() {
            continue;
        }
        let pass = Pass { rows: Some(asked.into()), ..Pass::default() };
        all.extend(predictor.model.run(Task::Mlm, &input, &pass)?.to_vec2::<f32>()?);
    }
    Ok(all)
}

/// Own words at one blank, the others staying hidden.
fn candidates<'a>(
    predictor: &Predictor,
    letters: &[char],
    masked: &Masked,
    place: usize,
    mask: u32,
    fill: &'a Fill,
) -> Result<Vec<Wanted<'a>>, InspectError> {
    let slot = &masked.slots[place];
    let words = fill.candidates.iter().map(|word| word.trim()).filter(|word| !word.is_empty());
    let mut wanted = Vec::new();
    for word in words.take(MOST_CANDIDATES) {
        let length = word.chars().count();
        let text: Vec<char> = letters[..slot.start]
            .iter()
            .copied()
            .chain(word.chars())
            .chain(letters[slot.end.min(letters.len())..].iter().copied())
            .collect();
        let encoded = predictor.tokenizer.encode(&text.iter().collect::<String>(), None, predictor.max_tokens)?;
        let moved = |at: usize| if at >= slot.end { at + length - (slot.end - slot.start) } else { at };
        let others = masked.slots.iter().enumerate().filter(|(other, _)| *other != place);
        let hidden = others.map(|(_, slot)| (moved(slot.start), moved(slot.end))).collect();
        let own = [(slot.start, slot.start + length)];
        let pieces: Vec<usize> = (0..encoded.ids.len())
            .filter(|index| !encoded.special[*index] && range_of(&encoded, &text, *index, &own).is_some())
            .collect();
        wanted.push(Wanted {
            word,
            place,
            problem: problem(predictor, &encoded, &pieces),
            rest: Masked::new(&encoded, &text, mask, &Fill { hidden, ..fill.clone() }),
            encoded,
            pieces,
        });
    }
    Ok(wanted)
}

/// A word in its place in the text.
struct Wanted<'a> {
    word: &'a str,
    /// The blank it is for.
    place: usize,
    encoded: Encoded,
    /// Indices of its tokens.
    pieces: Vec<usize>,
    /// The text with the other blanks hidden.
    rest: Masked,
    problem: Option<String>,
}

impl Wanted<'_> {
    /// For each piece the ids with those before it in place and masks from it on, and where it stands.
    fn questions(&self, mask: u32) -> Vec<(Vec<u32>, usize)> {
        if self.problem.is_some() {
            return Vec::new();
        }
        // Tokens before the word may have become fewer, where words of several pieces are hidden by one mask.
        let dropped = |index: usize| {
            let slots = self.rest.slots.iter().filter(|slot| slot.masks < slot.tokens.len());
            slots.flat_map(|slot| &slot.tokens[1..]).filter(|token| **token < index).count()
        };
        let places: Vec<usize> = self.pieces.iter().map(|index| index - dropped(*index)).collect();
        let one = |piece: usize| {
            let mut ids = self.rest.row.ids.clone();
            for place in &places[piece..] {
                ids[*place] = mask;
            }
            (ids, places[piece])
        };
        (0..places.len()).map(one).collect()
    }
}

fn problem(predictor: &Predictor, encoded: &Encoded, pieces: &[usize]) -> Option<String> {
    let unknown = |index: &usize| Some(encoded.ids[*index]) == predictor.tokenizer.unk_id();
    if pieces.is_empty() {
        Some("did not fit, or the tokenizer drops it".into())
    } else if pieces.iter().any(unknown) {
        Some("not in the vocabulary".into())
    } else if pieces.len() > MOST_PIECES {
        Some(format!("{} pieces, at most {MOST_PIECES} are scored", pieces.len()))
    } else {
        None
    }
}

/// Logits by the ids that were fed and the place that was asked.
type Known = HashMap<(Vec<u32>, usize), Vec<f32>>;

/// The product over the pieces of each word, with its blank. What was computed before is not computed again: the first
/// piece of every word of as many pieces is asked of the same ids.
fn chained(
    predictor: &Predictor,
    wanted: Vec<Wanted<'_>>,
    mask: u32,
    mut known: Known,
) -> Result<Vec<(usize, Candidate)>, InspectError> {
    let mut rows: Vec<Row> = Vec::new();
    let mut asked: HashSet<(Vec<u32>, usize)> = HashSet::new();
    for one in &wanted {
        for question in one.questions(mask) {
            if !known.contains_key(&question) && asked.insert(question.clone()) {
                let (ids, place) = question;
                rows.push(Row { ids, types: one.rest.row.types.clone(), asked: vec![place] });
            }
        }
    }
    let said = logits(predictor, &rows)?;
    known.extend(rows.into_iter().zip(said).map(|(row, said)| ((row.ids, row.asked[0]), said)));
    let candidates = wanted.into_iter().map(|one| {
        let mut score = if one.problem.is_some() { 0.0 } else { 1.0 };
        for (question, index) in one.questions(mask).iter().zip(&one.pieces) {
            let scores = softmax(known.get(question).map_or(&[], Vec::as_slice));
            score *= scores.get(one.encoded.ids[*index] as usize).map_or(0.0, |score| f64::from(*score));
        }
        let pieces = one.pieces.iter().map(|index| one.encoded.tokens[*index].clone()).collect();
        (one.place, Candidate { word: one.word.to_owned(), pieces, score, problem: one.problem })
    });
    Ok(candidates.collect())
}
