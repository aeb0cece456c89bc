//! One text before a model, with one output that is explained: what is said of it with words hidden.

use std::collections::HashMap;

use super::saying::{Said, read};
use super::target::{Chosen, Explained, Heard, Terms, word_of};
use super::units::{Unit, units};
use super::{Asked, Hide, Place, Target};
use crate::inspect::predictor::{GoOn, Rows, Sequence};
use crate::inspect::request::{Options, Prepared, Request};
use crate::inspect::{InspectError, OpenModel};
use crate::task::{Reads, Targets};
use crate::text::tokenizer::Encoded;

/// What the model is given, and what is asked of it. Of a long text it is the window that the output stands in.
#[derive(Debug)]
pub struct Scene<'a> {
    pub(super) model: &'a OpenModel,
    pub(super) ids: Vec<u32>,
    pub(super) types: Vec<u32>,
    pub tokens: Vec<String>,
    /// Whether a token is never hidden: it stands around the text, or its mask is what is asked about.
    pub(super) fixed: Vec<bool>,
    pub units: Vec<Unit>,
    pub explained: Explained,
    pub(super) terms: Terms,
    pub(super) said: Said,
    pub(super) counts: Vec<bool>,
    /// The tokens around the text, and the characters of those in it.
    pub(super) around: Vec<usize>,
    letters: Vec<Option<Place>>,
}

impl<'a> Scene<'a> {
    /// Asks the model; nothing where `go_on` ended it.
    pub fn open(model: &'a mut OpenModel, asked: &Asked, go_on: GoOn<'_>) -> Result<Option<Self>, InspectError> {
        model.turn_to(asked.task.unwrap_or(model.task))?;
        let model = &*model;
        let text: Vec<char> = asked.text.chars().collect();
        let pair: Vec<char> = asked.pair.iter().flat_map(|pair| pair.chars()).collect();
        let letters = [text.as_slice(), pair.as_slice()];
        let mut prepared = prepare(model, asked)?;
        let mask = match model.task.targets() {
            Targets::Hidden => Some(put_masks(model, &mut prepared, letters, &asked.target)?),
            Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span | Targets::Replaced => {
                None
            }
        };
        let sequence = |kept: &Vec<usize>| Sequence {
            ids: kept.iter().map(|index| prepared.encoded.ids[*index]).collect(),
            types: kept.iter().map(|index| prepared.encoded.types[*index]).collect(),
            asked: mask.map(|place| vec![place]),
        };
        let sequences = prepared.windows.iter().map(sequence).collect();
        let Some(rows) = model.predictor().rows(sequences, go_on)? else { return Ok(None) };
        let heard = Heard { model, prepared: &prepared, rows: &rows, letters, mask };
        let chosen = heard.choose(&asked.target)?;
        Self::of(model, &heard, chosen).map(Some)
    }

    fn of(model: &'a OpenModel, heard: &Heard<'_>, chosen: Chosen) -> Result<Self, InspectError> {
        let prepared = heard.prepared;
        let (kept, encoded) = (&prepared.windows[chosen.window], &prepared.encoded);
        let units = heard.units(kept);
        if units.is_empty() {
            return Err(InspectError::NoWords);
        }
        let masks = model.tokenizer.mask_id().filter(|_| heard.mask.is_some());
        let is_fixed = |index: &usize| encoded.special[*index] || Some(encoded.ids[*index]) == masks;
        let rows = &heard.rows[chosen.window];
        let places: Vec<usize> = match heard.mask {
            Some(place) => vec![place],
            None => (0..rows.len()).collect(),
        };
        let counts = heard.counts(kept);
        let said = read(model, &chosen.terms, &places, rows, &counts);
        let in_text = encoded.special.iter().filter(|special| !**special).count();
        let shown = kept.iter().filter(|index| !encoded.special[**index]).count();
        let word = chosen.place.map(|place| slice(heard.letters, place)).unwrap_or_default();
        Ok(Self {
            model,
            ids: kept.iter().map(|index| encoded.ids[*index]).collect(),
            types: kept.iter().map(|index| encoded.types[*index]).collect(),
            tokens: kept.iter().map(|index| token_of(model, encoded.ids[*index], &encoded.tokens[*index])).collect(),
            fixed: kept.iter().map(is_fixed).collect(),
            units,
            explained: Explained {
                task: model.task,
                label: chosen.label,
                place: chosen.place,
                word,
                score: said.score,
                share: said.share,
                choices: chosen.choices,
                cut: encoded.cut,
                elsewhere: in_text - shown,
            },
            terms: chosen.terms,
            said,
            counts,
            around: (0..kept.len()).filter(|token| encoded.special[kept[*token]]).collect(),
            letters: kept.iter().map(|index| place_of(encoded, *index)).collect(),
        })
    }

    /// The token that a character stands in.
    pub(super) fn token_of_letter(&self, sequence: u8, letter: usize) -> Option<usize> {
        let is_in = |place: &Option<Place>| {
            place.is_some_and(|place| place.sequence == sequence && (place.start..place.end).contains(&letter))
        };
        self.letters.iter().position(is_in)
    }

    /// Whether a word can be hidden: what is asked about a mask cannot.
    pub fn can_hide(&self, unit: usize) -> bool {
        self.units[unit].tokens.clone().any(|token| !self.fixed[token])
    }

    /// The words that can be hidden.
    pub fn hideable(&self) -> Vec<usize> {
        (0..self.units.len()).filter(|unit| self.can_hide(*unit)).collect()
    }

    /// The tokens of some words.
    pub(super) fn tokens_of(&self, units: &[usize]) -> Vec<usize> {
        let tokens = units.iter().flat_map(|unit| self.units[*unit].tokens.clone());
        let mut tokens: Vec<usize> = tokens.filter(|token| !self.fixed[*token]).collect();
        tokens.sort_unstable();
        tokens
    }

    /// What is said with each of some sets of tokens, ascending, hidden; equal sets are asked about once. Nothing where
    /// `go_on` ended it.
    pub(super) fn without(
        &self,
        sets: &[Vec<usize>],
        hide: Hide,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Said>>, InspectError> {
        let (mut place_of, mut different) = (HashMap::new(), Vec::new());
        let places: Vec<Option<usize>> = sets
            .iter()
            .map(|set| {
                (!set.is_empty()).then(|| {
                    *place_of.entry(set.as_slice()).or_insert_with(|| {
                        different.push(set);
                        different.len() - 1
                    })
                })
            })
            .collect();
        let made = different.iter().map(|set| self.hidden(set, hide)).collect::<Result<Vec<_>, _>>()?;
        let (sequences, kept): (Vec<Sequence>, Vec<Vec<usize>>) = made.into_iter().unzip();
        let Some(rows) = self.model.predictor().rows(sequences, go_on)? else { return Ok(None) };
        let said = |(rows, asked): (&Rows, &Vec<usize>)| read(self.model, &self.terms, asked, rows, &self.counts);
        let each: Vec<Said> = rows.iter().zip(&kept).map(said).collect();
        Ok(Some(places.into_iter().map(|place| place.map_or(self.said, |place| each[place])).collect()))
    }

    /// The sequence with some tokens hidden, and which of the tokens its rows are of.
    fn hidden(&self, set: &[usize], hide: Hide) -> Result<(Sequence, Vec<usize>), InspectError> {
        let mask = self.model.tokenizer.mask_id();
        let is_asked = |token: usize| self.terms.0.iter().any(|(place, _)| *place == token);
        let (mut sequence, mut kept) = (Sequence::default(), Vec::new());
        for token in 0..self.ids.len() {
            let is_hidden = set.binary_search(&token).is_ok();
            if is_hidden && hide == Hide::Remove && !is_asked(token) {
                continue;
            }
            let id = if is_hidden { mask.ok_or_else(|| self.no_mask())? } else { self.ids[token] };
            sequence.push(id, self.types[token]);
            kept.push(token);
        }
        if self.model.task.reads() == Reads::Question {
            return Ok((sequence, kept));
        }
        let mut asked: Vec<usize> = (0..kept.len()).filter(|place| is_asked(kept[*place])).collect();
        asked.dedup();
        let places = asked.iter().map(|place| kept[*place]).collect();
        sequence.asked = Some(asked);
        Ok((sequence, places))
    }

    pub(super) fn no_mask(&self) -> InspectError {
        InspectError::NoMaskToken { dir: self.model.dir.clone() }
    }
}

/// Letters of a word that is worth asking about.
const LONG: usize = 4;

fn prepare(model: &OpenModel, asked: &Asked) -> Result<Prepared, InspectError> {
    let request = Request { text: asked.text.clone(), pair: asked.pair.clone() };
    match model.task.reads() {
        Reads::Running if model.task.targets() == Targets::Hidden => {
            let encoded = model.tokenizer.encode(&request.text, request.pair.as_deref(), model.max_tokens)?;
            let windows = vec![(0..encoded.ids.len()).collect()];
            Ok(Prepared { request, encoded, windows, listed: None })
        }
        _ => model.prepare(request, &Options::default()),
    }
}

/// Hides the word that is asked about, if no mask is, and returns the token whose mask it is. Where nothing is said, it is
/// the first mask of the text, or else its longest word of one piece.
fn put_masks(
    model: &OpenModel,
    prepared: &mut Prepared,
    letters: [&[char]; 2],
    target: &Target,
) -> Result<usize, InspectError> {
    let Some(mask) = model.tokenizer.mask_id() else {
        return Err(InspectError::NoMaskToken { dir: model.dir.clone() });
    };
    let encoded = &mut prepared.encoded;
    let written = encoded.ids.iter().position(|id| *id == mask);
    let all: Vec<usize> = (0..encoded.ids.len()).collect();
    let words = units(encoded, &all, letters);
    let found = match (target.place, written) {
        (None, Some(token)) => return Ok(token),
        (Some(place), _) => {
            let is_there = |unit: &&Unit| {
                let known = unit.place;
                known.sequence == place.sequence && known.start < place.end && known.end > place.start
            };
            words.iter().find(is_there).ok_or(InspectError::NoWordThere { start: place.start, end: place.end })?
        }
        (None, None) => {
            let letters = |unit: &Unit| unit.word.chars().filter(|letter| letter.is_alphabetic()).count();
            let long = |unit: &&Unit| (unit.tokens.len() == 1 && letters(unit) >= LONG, letters(unit));
            words.iter().rev().max_by_key(long).ok_or(InspectError::NoWords)?
        }
    };
    for token in found.tokens.clone() {
        encoded.ids[token] = mask;
    }
    Ok(found.tokens.start)
}

/// A token as the model is given it: a hidden word is its mask.
fn token_of(model: &OpenModel, id: u32, token: &str) -> String {
    if Some(id) == model.tokenizer.mask_id() { word_of(model, id) } else { token.to_owned() }
}

fn place_of(encoded: &Encoded, index: usize) -> Option<Place> {
    let (start, end) = encoded.offsets[index];
    encoded.sequence[index].map(|sequence| Place { sequence, start, end })
}

fn slice(letters: [&[char]; 2], place: Place) -> String {
    letters[usize::from(place.sequence.min(1))].get(place.start..place.end).unwrap_or_default().iter().collect()
}
