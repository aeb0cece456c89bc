//! The fewest words whose removal turns the answer.
//!
//! Words are taken out of the text from the most supporting one on until the answer turns, and those that were not needed
//! are put back. Smaller sets are then tried one by one as long as there are not too many: where all were, nothing smaller
//! exists, and that is said.

use std::ops::ControlFlow;

use super::edit::{Edit, texts};
use super::saying::{Said, Verdict};
use super::scene::Scene;
use super::target::word_of;
use super::{Asked, Target};
use crate::inspect::predictor::GoOn;
use crate::inspect::{Inquiry, InspectError, OpenModel};
use crate::task::Targets;

/// Asks for the fewest words.
#[derive(Clone, Debug, PartialEq)]
pub struct TurningOf {
    pub asked: Asked,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Turning {
    /// What the model says of the whole text, and how likely it holds it.
    pub says: String,
    pub share: f64,
    /// Nothing where the answer stays, whatever is removed.
    pub turn: Option<Turn>,
    /// Whether every smaller set was tried.
    pub is_fewest: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The words that are removed, in the order of the text.
    pub words: Vec<String>,
    /// What is said without them, and how likely what was said before still is.
    pub says: String,
    pub share: f64,
    pub text: String,
    pub pair: Option<String>,
}

/// Tokens that may go through the model to try all sets of one size.
const MOST_TOKENS: usize = 40_000;

impl Inquiry for TurningOf {
    type Answer = Turning;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Turning>, InspectError> {
        let asked = about_the_answer(&self.asked);
        let Some(scene) = Scene::open(model, &asked, go_on)? else { return Ok(None) };
        scene.turning(&asked, go_on)
    }
}

/// The answer is what the model says, whatever is explained; of labels that apply or not it is the one.
pub(super) fn about_the_answer(asked: &Asked) -> Asked {
    let label = asked.target.label.clone().filter(|_| asked.task.is_none_or(|task| task.targets() == Targets::Classes));
    Asked { target: Target { label, ..asked.target.clone() }, ..asked.clone() }
}

impl Scene<'_> {
    pub fn turning(&self, asked: &Asked, go_on: GoOn<'_>) -> Result<Option<Turning>, InspectError> {
        self.check_turning()?;
        let words = self.removable();
        let search = Search { scene: self, asked };
        let alone: Vec<Vec<usize>> = words.iter().map(|word| vec![*word]).collect();
        let Some(singles) = search.said(&alone, go_on)? else { return Ok(None) };
        let ControlFlow::Continue(mut best) = search.greedy(&words, &singles, go_on)? else { return Ok(None) };
        let mut is_fewest = true;
        let most = best.as_ref().map_or(words.len(), |(set, _)| set.len());
        for size in 1..most {
            let found = if size == 1 {
                turned_of(self.said.verdict, alone.iter().cloned().zip(singles.clone()))
            } else if count_sets(words.len(), size).is_some_and(|sets| sets * self.ids.len() <= MOST_TOKENS) {
                let sets = sets_of(&words, size);
                let Some(said) = search.said(&sets, go_on)? else { return Ok(None) };
                turned_of(self.said.verdict, sets.into_iter().zip(said))
            } else {
                is_fewest = false;
                break;
            };
            if found.is_some() {
                best = found;
                break;
            }
        }
        let turn = best.map(|(mut set, said)| {
            set.sort_unstable();
            let (text, pair) = texts(asked, &self.removal(&set));
            let words = set.iter().map(|unit| self.units[*unit].word.clone()).collect();
            Turn { words, says: self.name(said.verdict, asked), share: said.share, text, pair }
        });
        let says = self.name(self.said.verdict, asked);
        Ok(Some(Turning { says, share: self.said.share, turn, is_fewest }))
    }

    pub(super) fn check_turning(&self) -> Result<(), InspectError> {
        if self.explained.elsewhere > 0 {
            return Err(InspectError::InWindows);
        }
        if self.model.task.targets() == Targets::Number {
            return Err(InspectError::NothingToTurn);
        }
        Ok(())
    }

    /// Words that can be taken out: not those that are asked about.
    pub(super) fn removable(&self) -> Vec<usize> {
        let is_asked = |unit: &usize| {
            let tokens = self.units[*unit].tokens.clone();
            self.terms.0.iter().any(|(place, _)| tokens.contains(place))
        };
        self.hideable().into_iter().filter(|unit| !is_asked(unit)).collect()
    }

    fn removal(&self, set: &[usize]) -> Edit {
        set.iter().map(|unit| (self.units[*unit].place, String::new())).collect()
    }

    /// What the model says, in words.
    pub(super) fn name(&self, verdict: Verdict, asked: &Asked) -> String {
        let model = self.model;
        match model.task.targets() {
            Targets::Class | Targets::Tags => model.labels.get(verdict.0).cloned().unwrap_or_default(),
            Targets::Classes if verdict.0 == 1 => self.explained.label.clone(),
            Targets::Classes => format!("not {}", self.explained.label),
            Targets::Number => format!("{:.3}", self.said.share),
            Targets::Hidden => word_of(model, verdict.0 as u32),
            Targets::Replaced => if verdict.0 == 1 { "replaced" } else { "real" }.to_owned(),
            Targets::Span => self.stretch(verdict, asked),
        }
    }

    /// The words from one token to another.
    fn stretch(&self, Verdict(first, last): Verdict, asked: &Asked) -> String {
        let of = |token: usize| self.units.iter().find(|unit| unit.tokens.contains(&token)).map(|unit| unit.place);
        match (of(first), of(last)) {
            (Some(from), Some(to)) if from.start < to.end => {
                let letters = asked.pair.iter().flat_map(|pair| pair.chars());
                letters.skip(from.start).take(to.end - from.start).collect()
            }
            _ => "no answer".to_owned(),
        }
    }
}

/// A set of words, and what is said without them.
type Found = (Vec<usize>, Said);

struct Search<'s, 'a> {
    scene: &'s Scene<'a>,
    asked: &'s Asked,
}

impl Search<'_, '_> {
    fn said(&self, sets: &[Vec<usize>], go_on: GoOn<'_>) -> Result<Option<Vec<Option<Said>>>, InspectError> {
        let edits: Vec<Edit> = sets.iter().map(|set| self.scene.removal(set)).collect();
        self.scene.after(self.asked, &edits, go_on)
    }

    /// The first words in the order of what each alone takes away that turn the answer, without those that are not needed;
    /// nothing where none do. Breaks off where `go_on` ended it.
    fn greedy(
        &self,
        words: &[usize],
        singles: &[Option<Said>],
        go_on: GoOn<'_>,
    ) -> Result<ControlFlow<(), Option<Found>>, InspectError> {
        let score = |said: &Option<Said>| said.map_or(f64::INFINITY, |said| said.score);
        let mut order: Vec<usize> = (0..words.len()).collect();
        order.sort_by(|a, b| score(&singles[*a]).total_cmp(&score(&singles[*b])).then(a.cmp(b)));
        let order: Vec<usize> = order.into_iter().map(|place| words[place]).collect();
        // Without any word there is no text.
        let prefixes: Vec<Vec<usize>> = (1..order.len()).map(|count| order[..count].to_vec()).collect();
        let verdict = self.scene.said.verdict;
        let Some(said) = self.said(&prefixes, go_on)? else { return Ok(ControlFlow::Break(())) };
        let turned = |said: &Option<Said>| said.is_some_and(|said| said.verdict != verdict);
        let Some(first) = said.iter().position(turned) else {
            return Ok(ControlFlow::Continue(None));
        };
        let mut found = said[first].map(|said| (prefixes[first].clone(), said));
        while let Some((set, _)) = found.clone().filter(|(set, _)| set.len() > 1) {
            let smaller: Vec<Vec<usize>> =
                set.iter().map(|word| set.iter().copied().filter(|other| other != word).collect()).collect();
            let Some(said) = self.said(&smaller, go_on)? else { return Ok(ControlFlow::Break(())) };
            match turned_of(verdict, smaller.into_iter().zip(said)) {
                Some(next) => found = Some(next),
                None => break,
            }
        }
        Ok(ControlFlow::Continue(found))
    }
}

/// Of sets that turn the answer the one that leaves least of it.
fn turned_of(verdict: Verdict, sets: impl Iterator<Item = (Vec<usize>, Option<Said>)>) -> Option<Found> {
    let turned = sets.filter_map(|(set, said)| said.filter(|said| said.verdict != verdict).map(|said| (set, said)));
    turned.reduce(|a, b| if b.1.share < a.1.share { b } else { a })
}

/// How many sets of a size there are, if they can be counted.
fn count_sets(words: usize, size: usize) -> Option<usize> {
    (0..size).try_fold(1_usize, |count, place| Some(count.checked_mul(words - place)? / (place + 1)))
}

/// All sets of a size, in order.
fn sets_of(words: &[usize], size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let with = |first: usize| {
        sets_of(&words[first + 1..], size - 1).into_iter().map(move |rest| [vec![words[first]], rest].concat())
    };
    (0..words.len()).flat_map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_of_a_size_is_there_once() {
        assert_eq!(sets_of(&[4, 7, 9], 2), [vec![4, 7], vec![4, 9], vec![7, 9]]);
        for (words, size) in [(5, 1), (6, 3), (7, 5), (4, 4)] {
            let all: Vec<usize> = (0..words).collect();
            assert_eq!(Some(sets_of(&all, size).len()), count_sets(words, size), "{size} of {words}");
        }
        assert_eq!(count_sets(200, 100), None, "more than can be counted");
    }
}
