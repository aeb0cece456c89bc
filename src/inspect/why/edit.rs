//! A text with some of its words taken out or changed, and which of its tokens are which of the text before: what is found
//! here can be put into the text box as it stands.

use super::saying::{Said, read};
use super::scene::Scene;
use super::{Asked, Place};
use crate::inspect::InspectError;
use crate::inspect::predictor::{GoOn, Sequence};
use crate::task::Reads;
use crate::text::tokenizer::Encoded;

/// Stretches of a text with what stands there instead.
pub(super) type Edit = Vec<(Place, String)>;

/// A text with the character that each of its characters was; of what is new the first of what it stands for.
#[derive(Clone, Debug, Default)]
struct Edited {
    text: String,
    was: Vec<usize>,
}

/// One of the texts with what is said of it in an edit, and no blanks where words were taken out.
fn edited(text: &str, sequence: u8, edit: &Edit) -> Edited {
    let letters: Vec<char> = text.chars().collect();
    let mut stretches: Vec<&(Place, String)> = edit.iter().filter(|(place, _)| place.sequence == sequence).collect();
    stretches.sort_by_key(|(place, _)| place.start);
    let mut made = Edited::default();
    let mut at = 0;
    let push = |made: &mut Edited, letter: char, was: usize| {
        made.text.push(letter);
        made.was.push(was);
    };
    for (place, instead) in stretches {
        for (was, letter) in letters.iter().enumerate().take(place.start).skip(at) {
            push(&mut made, *letter, was);
        }
        instead.chars().for_each(|letter| push(&mut made, letter, place.start));
        at = place.end.max(at);
        if instead.is_empty() && made.text.chars().last().is_none_or(char::is_whitespace) {
            at += letters.get(at..).unwrap_or_default().iter().take_while(|letter| letter.is_whitespace()).count();
        }
    }
    for (was, letter) in letters.iter().enumerate().skip(at) {
        push(&mut made, *letter, was);
    }
    let length = made.text.trim_end().len();
    made.text.truncate(length);
    made.was.truncate(made.text.chars().count());
    made
}

/// Both texts after an edit.
pub(super) fn texts(asked: &Asked, edit: &Edit) -> (String, Option<String>) {
    let pair = asked.pair.as_ref().map(|pair| edited(pair, 1, edit).text);
    (edited(&asked.text, 0, edit).text, pair)
}

impl Scene<'_> {
    /// What is said of the text after each of some edits; where what is asked about is gone, or no longer fits, nothing.
    /// Nothing at all where `go_on` ended it.
    pub(super) fn after(
        &self,
        asked: &Asked,
        edits: &[Edit],
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Option<Said>>>, InspectError> {
        let mut made = Vec::with_capacity(edits.len());
        for edit in edits {
            made.push(self.sequence_after(asked, edit)?);
        }
        let sequences = made.iter().flatten().map(|(sequence, _)| sequence.clone()).collect();
        let Some(rows) = self.model.predictor().rows(sequences, go_on)? else { return Ok(None) };
        let mut rows = rows.iter();
        let mut said = |(sequence, places): &(Sequence, Vec<usize>)| {
            let asked = sequence.asked.as_ref().map(|asked| asked.iter().map(|place| places[*place]).collect());
            let places: Vec<usize> = asked.unwrap_or_else(|| places.clone());
            rows.next().map(|rows| read(self.model, &self.terms, &places, rows, &self.counts))
        };
        Ok(Some(made.iter().map(|made| made.as_ref().and_then(&mut said)).collect()))
    }

    fn sequence_after(&self, asked: &Asked, edit: &Edit) -> Result<Option<(Sequence, Vec<usize>)>, InspectError> {
        let tokenizer = &self.model.tokenizer;
        let texts = [edited(&asked.text, 0, edit), edited(asked.pair.as_deref().unwrap_or_default(), 1, edit)];
        let pair = asked.pair.is_some().then_some(texts[1].text.as_str());
        let encoded = tokenizer.encode(&texts[0].text, pair, self.model.max_tokens)?;
        let places = self.places_before(&encoded, &texts);
        let is_asked = |place: &usize| self.terms.0.iter().any(|(known, _)| known == place);
        let first = |place: usize| places.iter().position(|known| *known == place);
        if encoded.cut > 0 || self.terms.0.iter().any(|(place, _)| first(*place).is_none()) {
            return Ok(None);
        }
        let mut ids = encoded.ids;
        for (id, place) in ids.iter_mut().zip(&places) {
            if self.fixed.get(*place).copied().unwrap_or(false) && is_asked(place) {
                *id = self.ids[*place];
            }
        }
        let mut sequence = Sequence { ids, types: encoded.types, asked: None };
        if self.model.task.reads() != Reads::Question {
            let mut wanted: Vec<usize> = self.terms.0.iter().filter_map(|(place, _)| first(*place)).collect();
            wanted.sort_unstable();
            wanted.dedup();
            sequence.asked = Some(wanted);
        }
        Ok(Some((sequence, places)))
    }

    /// For each token of the new text the token of the text before that stands for the same; those that stand for none
    /// have the place after the last.
    fn places_before(&self, encoded: &Encoded, texts: &[Edited; 2]) -> Vec<usize> {
        let mut around = self.around.iter().copied();
        let none = self.ids.len();
        let place = |index: usize| {
            if encoded.special[index] {
                return around.next().unwrap_or(none);
            }
            let sequence = encoded.sequence[index].unwrap_or(0).min(1);
            let was = &texts[usize::from(sequence)].was;
            let (start, end) = encoded.offsets[index];
            // The last letter stands in the token also where the first is the blank before it.
            let Some(was) = was.get(end.max(start + 1) - 1) else { return none };
            self.token_of_letter(sequence, *was).unwrap_or(none)
        };
        (0..encoded.ids.len()).map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_with_the_blank_beside_them_and_letters_know_where_they_were() {
        let check = |edit: &[(usize, usize, &str)], expected: &str| {
            let text = "Not a bad film.";
            let edit: Edit = edit
                .iter()
                .map(|(start, end, instead)| (Place { sequence: 0, start: *start, end: *end }, (*instead).to_owned()))
                .collect();
            let made = edited(text, 0, &edit);
            assert_eq!(made.text, expected);
            let letters: Vec<char> = text.chars().collect();
            for (letter, was) in made.text.chars().zip(&made.was) {
                let is_new = edit.iter().any(|(place, instead)| place.start == *was && !instead.is_empty());
                assert!(is_new || letters[*was] == letter, "{expected}");
            }
        };
        check(&[], "Not a bad film.");
        check(&[(6, 9, "")], "Not a film.");
        check(&[(0, 3, "")], "a bad film.");
        check(&[(10, 14, ""), (14, 15, "")], "Not a bad");
        check(&[(6, 9, "good"), (0, 3, "Surely")], "Surely a good film.");
    }
}
