//! Which output is explained: the one a person names, and what the model says where none is named.

use super::saying::{read, shares};
use super::units::{Unit, units};
use super::{Place, Target};
use crate::inspect::entities::{OUTSIDE, best};
use crate::inspect::hiding::without_blank;
use crate::inspect::predictor::Rows;
use crate::inspect::request::{Options, Prepared};
use crate::inspect::{InspectError, OpenModel, answers};
use crate::task::{Targets, Task};

/// What is explained, with what could be instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    pub task: Task,
    /// The class, the tag, the word or the part of an answer; `value` of a number.
    pub label: String,
    /// The word it is said of, for heads that say something of each, and its letters.
    pub place: Option<Place>,
    pub word: String,
    /// Its logit; of an answer's start and end the sum of both.
    pub score: f64,
    /// Its probability; of a number the number.
    pub share: f64,
    /// What else is said there, likeliest first.
    pub choices: Vec<Choice>,
    /// Tokens that did not fit the model, and tokens that stand in other windows.
    pub cut: usize,
    pub elsewhere: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub label: String,
    pub share: f64,
}

/// Logits that are added up to what is explained: for each a token of the window, and the head's output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms(pub Vec<(usize, usize)>);

/// The parts of an answer that can be explained.
const PARTS: [&str; 3] = ["answer", "start", "end"];
/// What else is told.
const MOST_CHOICES: usize = 24;

pub(super) struct Chosen {
    pub window: usize,
    pub terms: Terms,
    pub label: String,
    pub place: Option<Place>,
    pub choices: Vec<Choice>,
}

/// What the head said of a text, window by window.
pub(super) struct Heard<'a> {
    pub model: &'a OpenModel,
    pub prepared: &'a Prepared,
    pub rows: &'a [Rows],
    pub letters: [&'a [char]; 2],
    /// The token whose mask is asked about.
    pub mask: Option<usize>,
}

impl Heard<'_> {
    pub fn choose(&self, target: &Target) -> Result<Chosen, InspectError> {
        match self.model.task.targets() {
            Targets::Class | Targets::Classes | Targets::Number => self.output(target, (0, 0), 0, None),
            Targets::Tags | Targets::Replaced => {
                let (place, token) = match target.place {
                    Some(place) => (place, self.token_at(place)?),
                    None => self.surest()?,
                };
                let (window, at) = self.seen(token).ok_or(InspectError::NoWords)?;
                self.output(target, (window, at), at, Some(place))
            }
            Targets::Hidden => {
                let token = self.mask.ok_or(InspectError::NoWords)?;
                let units = self.units(&self.prepared.windows[0]);
                let place = units.iter().find(|unit| unit.tokens.contains(&token)).map(|unit| unit.place);
                self.output(target, (0, 0), token, place)
            }
            Targets::Span => self.answer(target),
        }
    }

    /// One output of the row that a window has at some place, which is that of the token `at`.
    fn output(
        &self,
        target: &Target,
        (window, row): (usize, usize),
        at: usize,
        place: Option<Place>,
    ) -> Result<Chosen, InspectError> {
        let row = self.rows.get(window).and_then(|rows| rows.get(row)).ok_or(InspectError::NoWords)?;
        let targets = self.model.task.targets();
        let shares = shares(targets, row);
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
        order.truncate(MOST_CHOICES);
        let column = match &target.label {
            Some(label) => self.column(label, &order)?,
            None => best(row),
        };
        let choices = order.iter().map(|column| Choice { label: self.name(*column), share: shares[*column] }).collect();
        Ok(Chosen { window, terms: Terms(vec![(at, column)]), label: self.name(column), place, choices })
    }

    fn name(&self, column: usize) -> String {
        let model = self.model;
        match model.task.targets() {
            Targets::Number => "value".to_owned(),
            Targets::Replaced => "replaced".to_owned(),
            Targets::Hidden => word_of(model, column as u32),
            Targets::Class | Targets::Classes | Targets::Tags | Targets::Span => {
                model.labels.get(column).cloned().unwrap_or_else(|| format!("LABEL_{column}"))
            }
        }
    }

    fn column(&self, label: &str, likeliest: &[usize]) -> Result<usize, InspectError> {
        let unknown = || {
            let known = likeliest.iter().map(|column| self.name(*column)).collect();
            InspectError::NoTarget { target: label.to_owned(), known }
        };
        if self.model.task.targets() == Targets::Hidden {
            let ids = self.model.tokenizer.encode_ids_bare(label)?;
            let own = || ids.first().copied().filter(|id| ids.len() == 1 && Some(*id) != self.model.tokenizer.unk_id());
            let listed = || likeliest.iter().copied().find(|column| self.name(*column) == label);
            let by_token = || self.model.tokenizer.token_to_id(label).map(|id| id as usize);
            return listed().or_else(by_token).or_else(|| own().map(|id| id as usize)).ok_or_else(unknown);
        }
        let count = self.rows.first().and_then(|rows| rows.first()).map_or(0, Vec::len);
        (0..count).find(|column| self.name(*column) == label).ok_or_else(unknown)
    }

    /// The first token of the text that stands at some characters.
    fn token_at(&self, place: Place) -> Result<usize, InspectError> {
        let encoded = &self.prepared.encoded;
        let none = InspectError::NoWordThere { start: place.start, end: place.end };
        (0..encoded.ids.len()).find(|index| self.is_at(*index, place)).ok_or(none)
    }

    /// Whether a token stands at some characters; one that is only a blank, where just that is meant.
    fn is_at(&self, index: usize, place: Place) -> bool {
        let encoded = &self.prepared.encoded;
        let (start, end) = self.letters_of(index);
        let is_in = start < end && start < place.end && end > place.start;
        let is_it = encoded.offsets[index] == (place.start, place.end);
        !encoded.special[index] && encoded.sequence[index] == Some(place.sequence) && (is_in || is_it)
    }

    /// The characters of a token without the blanks before it.
    fn letters_of(&self, index: usize) -> (usize, usize) {
        let encoded = &self.prepared.encoded;
        let letters = self.letters[usize::from(encoded.sequence[index].unwrap_or(0).min(1))];
        without_blank(letters, encoded.offsets[index])
    }

    /// The window that shows most around a token, and its place there.
    fn seen(&self, token: usize) -> Option<(usize, usize)> {
        let windows = self.prepared.windows.iter().enumerate();
        let places = windows.filter_map(|(window, tokens)| {
            let place = tokens.iter().position(|index| *index == token)?;
            Some((place.min(tokens.len() - 1 - place), window, place))
        });
        let most = |a: (usize, usize, usize), b: (usize, usize, usize)| if b.0 > a.0 { b } else { a };
        places.reduce(most).map(|(_, window, place)| (window, place))
    }

    /// The word whose tag is surest, or that is held for replaced most; of tags such as mark an entity.
    fn surest(&self) -> Result<(Place, usize), InspectError> {
        let outside = self.model.labels.iter().position(|label| label == OUTSIDE);
        let tags = self.model.task.targets() == Targets::Tags;
        let mut surest: Option<((bool, f64), Place, usize)> = None;
        for (window, kept) in self.prepared.windows.iter().enumerate() {
            for unit in self.units(kept) {
                let (at, token) = (unit.tokens.start, kept[unit.tokens.start]);
                let Some(row) = self.rows[window].get(at) else { continue };
                if self.seen(token).is_none_or(|seen| seen != (window, at)) {
                    continue;
                }
                let shares = shares(self.model.task.targets(), row);
                let named = shares.iter().enumerate().filter(|(column, _)| !tags || Some(*column) != outside);
                let share = named.map(|(_, share)| *share).fold(0.0, f64::max);
                let rank = (tags && Some(best(row)) != outside, share);
                if surest.is_none_or(|(known, ..)| rank > known) {
                    surest = Some((rank, unit.place, token));
                }
            }
        }
        surest.map(|(_, place, token)| (place, token)).ok_or(InspectError::NoWords)
    }

    pub fn units(&self, kept: &[usize]) -> Vec<Unit> {
        units(&self.prepared.encoded, kept, self.letters)
    }

    /// Start and end of an answer: the likeliest, or that at the given characters.
    fn answer(&self, target: &Target) -> Result<Chosen, InspectError> {
        let (window, place) = match target.place {
            Some(place) => (self.seen(self.token_at(place)?).ok_or(InspectError::NoWords)?.0, place),
            None => self.likeliest_answer().ok_or(InspectError::NoWords)?,
        };
        let kept = &self.prepared.windows[window];
        let inside = |at: &usize| self.is_at(kept[*at], place);
        let none = || InspectError::NoWordThere { start: place.start, end: place.end };
        let first = (0..kept.len()).find(inside).ok_or_else(none)?;
        let last = (0..kept.len()).rfind(inside).ok_or_else(none)?;
        let terms_of = |part: &str| match part {
            "start" => Terms(vec![(first, 0)]),
            "end" => Terms(vec![(last, 1)]),
            _ => Terms(vec![(first, 0), (last, 1)]),
        };
        let label = target.label.clone().unwrap_or_else(|| PARTS[0].to_owned());
        if !PARTS.contains(&label.as_str()) {
            return Err(InspectError::NoTarget { target: label, known: PARTS.map(str::to_owned).to_vec() });
        }
        let (places, counts): (Vec<usize>, Vec<bool>) = ((0..kept.len()).collect(), self.counts(kept));
        let choices = PARTS.map(|part| {
            let said = read(self.model, &terms_of(part), &places, &self.rows[window], &counts);
            Choice { label: part.to_owned(), share: said.share }
        });
        Ok(Chosen { window, terms: terms_of(&label), label, place: Some(place), choices: choices.to_vec() })
    }

    /// The window and the characters of the likeliest answer.
    fn likeliest_answer(&self) -> Option<(usize, Place)> {
        let options = Options { top_k: Some(1), ..Options::default() };
        let seeing = answers::see(&self.model.tokenizer, self.prepared, self.rows, &options);
        let found = seeing.found.first()?;
        let (start, end) = found.place();
        let place = Place { sequence: 1, start, end };
        // Of the windows that gave it, the surest that shows this place: the words may stand in others too.
        let shows =
            |(window, _): &&(usize, f64)| self.prepared.windows[*window].iter().any(|index| self.is_at(*index, place));
        Some((found.windows.iter().find(shows).map_or(0, |known| known.0), place))
    }

    /// Which tokens of a window an answer may start and end at; the first stands for "no answer".
    pub fn counts(&self, kept: &[usize]) -> Vec<bool> {
        let encoded = &self.prepared.encoded;
        let cls = self.model.tokenizer.cls_id();
        kept.iter().map(|index| encoded.sequence[*index] == Some(1) || Some(encoded.ids[*index]) == cls).collect()
    }
}

/// A token as a word.
pub(super) fn word_of(model: &OpenModel, id: u32) -> String {
    let word = model.tokenizer.decode(&[id], false).unwrap_or_default();
    let word = word.trim();
    if word.is_empty() { model.tokenizer.id_to_token(id).unwrap_or_default() } else { word.to_owned() }
}
