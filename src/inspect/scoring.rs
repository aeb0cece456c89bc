//! A person's own words at the blanks of a text: how likely the model holds each, piece by piece.

use std::collections::{HashMap, HashSet};

use super::InspectError;
use super::hiding::{MOST_PIECES, Masked, range_of};
use super::open::OpenModel;
use super::predictor::{GoOn, Predictor, Sequence};
use crate::model::probability::softmax;
use crate::task::Task;
use crate::text::tokenizer::Encoded;

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub word: String,
    pub pieces: Vec<String>,
    /// Product of the pieces' probabilities, each given those before it, with masks for those after it.
    pub score: f64,
    /// Why it has no score, where it has none.
    pub problem: Option<String>,
}

/// Words that are scored.
const MOST_CANDIDATES: usize = 24;

/// A text with blanks, in which words are scored.
pub(super) struct Scoring<'a> {
    pub model: &'a OpenModel,
    pub letters: &'a [char],
    pub masked: &'a Masked,
    pub mask: u32,
    pub one_mask: bool,
}

impl Scoring<'_> {
    /// Own words at every blank, the others staying hidden, each with the place of its blank. `rows` are the logits of the
    /// text's masks. Nothing where `go_on` ended it.
    pub fn candidates(
        &self,
        words: &[String],
        rows: Vec<Vec<f32>>,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<(usize, Candidate)>>, InspectError> {
        let words = || words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()).take(MOST_CANDIDATES);
        let places = (0..self.masked.slots.len()).flat_map(|place| words().map(move |word| (place, word)));
        let wanted = places.map(|(place, word)| self.wanted(place, word)).collect::<Result<Vec<_>, _>>()?;
        self.chained(wanted, rows, go_on)
    }

    fn wanted<'w>(&self, place: usize, word: &'w str) -> Result<Wanted<'w>, InspectError> {
        let slot = &self.masked.slots[place];
        let length = word.chars().count();
        let (before, after) = (&self.letters[..slot.start], &self.letters[slot.end.min(self.letters.len())..]);
        let text: Vec<char> = before.iter().copied().chain(word.chars()).chain(after.iter().copied()).collect();
        let encoded = self.model.tokenizer.encode(&text.iter().collect::<String>(), None, self.model.max_tokens)?;
        let moved = |at: usize| if at >= slot.end { at + length - (slot.end - slot.start) } else { at };
        let others = self.masked.slots.iter().enumerate().filter(|(other, _)| *other != place);
        let hidden: Vec<(usize, usize)> = others.map(|(_, slot)| (moved(slot.start), moved(slot.end))).collect();
        let own = [(slot.start, slot.start + length)];
        let pieces: Vec<usize> = (0..encoded.ids.len())
            .filter(|index| !encoded.special[*index] && range_of(&encoded, &text, *index, &own).is_some())
            .collect();
        Ok(Wanted {
            word,
            place,
            problem: problem(self.model, &encoded, &pieces),
            rest: Masked::new(&encoded, &text, self.mask, &hidden, self.one_mask),
            encoded,
            pieces,
        })
    }

    /// The product over the pieces of each word, with its blank. What was computed before is not computed again: the first
    /// piece of every word of as many pieces is asked of the same ids.
    fn chained(
        &self,
        wanted: Vec<Wanted<'_>>,
        rows: Vec<Vec<f32>>,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<(usize, Candidate)>>, InspectError> {
        let asked = self.masked.row.asked.iter().flatten().copied();
        let mut known: Known =
            asked.zip(rows).map(|(place, row)| ((self.masked.row.ids.clone(), place), row)).collect();
        let (mut questions, mut asked, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for one in &wanted {
            for question in one.questions(self.mask) {
                if !known.contains_key(&question) && seen.insert(question.clone()) {
                    let types = one.rest.row.types.clone();
                    asked.push(Sequence { ids: question.0.clone(), types, asked: Some(vec![question.1]) });
                    questions.push(question);
                }
            }
        }
        let Some(said) = logits(self.model, asked, go_on)? else { return Ok(None) };
        known.extend(questions.into_iter().zip(said));
        Ok(Some(wanted.into_iter().map(|one| (one.place, one.scored(self.mask, &known))).collect()))
    }
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
    fn questions(&self, mask: u32) -> Vec<Question> {
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
    fn scored(self, mask: u32, known: &Known) -> Candidate {
        let mut score = if self.problem.is_some() { 0.0 } else { 1.0 };
        for (question, index) in self.questions(mask).iter().zip(&self.pieces) {
            let scores = softmax(known.get(question).map_or(&[], Vec::as_slice));
            score *= scores.get(self.encoded.ids[*index] as usize).map_or(0.0, |score| f64::from(*score));
        }
        let pieces = self.pieces.iter().map(|index| self.encoded.tokens[*index].clone()).collect();
        Candidate { word: self.word.to_owned(), pieces, score, problem: self.problem }
    }
}

fn problem(model: &OpenModel, encoded: &Encoded, pieces: &[usize]) -> Option<String> {
    let unknown = |index: &usize| Some(encoded.ids[*index]) == model.tokenizer.unk_id();
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

/// The ids that are fed, and the place among them that is asked.
type Question = (Vec<u32>, usize);

/// Logits by what was asked.
type Known = HashMap<Question, Vec<f32>>;

/// The logits of every asked token, row after row; nothing where `go_on` ended it.
pub(super) fn logits(
    model: &OpenModel,
    rows: Vec<Sequence>,
    go_on: GoOn<'_>,
) -> Result<Option<Vec<Vec<f32>>>, InspectError> {
    let said = Predictor::new(&model.model, Task::Mlm).rows(rows, go_on)?;
    Ok(said.map(|said| said.concat()))
}
