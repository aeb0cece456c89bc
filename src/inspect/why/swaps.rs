//! Single words that turn the answer when another stands in their place: a masked-word head proposes what may stand there,
//! so that the text stays one that somebody could have written, and the model is asked about each.
//!
//! The model's own head proposes where it has one; otherwise the model inside the program does, whatever tokenizer the
//! two have: what they share is the text.

use super::edit::{Edit, texts};
use super::saying::Said;
use super::scene::Scene;
use super::turning::about_the_answer;
use super::{Asked, Unit};
use crate::hub::embedded::Shipped;
use crate::inspect::hiding::Masked;
use crate::inspect::masks::best;
use crate::inspect::predictor::{GoOn, Predictor};
use crate::inspect::{Inquiry, InspectError, OpenModel};
use crate::model::probability::softmax;
use crate::task::{Targets, Task};

/// Asks for swaps.
#[derive(Clone, Debug, PartialEq)]
pub struct SwapsOf {
    pub asked: Asked,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Swaps {
    /// What the model says of the text as it stands, and how likely it holds it.
    pub says: String,
    pub share: f64,
    /// Those that turn the answer, likeliest to stand there first; then those that move it most.
    pub swaps: Vec<Swap>,
    /// Texts that were tried.
    pub tried: usize,
    /// Whether another model proposed.
    pub by_other: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Swap {
    pub word: String,
    pub becomes: String,
    /// How likely the proposer holds the new word there.
    pub chance: f64,
    pub turns: bool,
    /// What is said then, and how likely what was said before still is.
    pub says: String,
    pub share: f64,
    pub text: String,
    pub pair: Option<String>,
}

/// Words of a text that are tried.
const MOST_WORDS: usize = 48;
/// Words tried in the place of one.
const PROPOSED: usize = 8;
/// Swaps told, and those of them that turn nothing.
const TOLD: usize = 24;
const TOLD_STILL: usize = 4;

impl Inquiry for SwapsOf {
    type Answer = Swaps;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Swaps>, InspectError> {
        let asked = about_the_answer(&self.asked);
        if model.heads.contains(&Task::Mlm) {
            let Some(scene) = Scene::open(model, &asked, go_on)? else { return Ok(None) };
            return scene.swaps(&asked, scene.model, false, go_on);
        }
        let proposer = match model.proposer.take() {
            Some(proposer) => proposer,
            None => Box::new(OpenModel::open(&Shipped::Mini.unpacked()?, Some(Task::Mlm))?),
        };
        let swaps = Scene::open(model, &asked, go_on).and_then(|scene| match scene {
            Some(scene) => scene.swaps(&asked, &proposer, true, go_on),
            None => Ok(None),
        });
        model.proposer = Some(proposer);
        swaps
    }
}

/// A word that may stand in the place of another.
struct Proposal {
    unit: usize,
    word: String,
    chance: f64,
}

impl Scene<'_> {
    /// Tries what `proposer` would put in the place of each word.
    pub fn swaps(
        &self,
        asked: &Asked,
        proposer: &OpenModel,
        by_other: bool,
        go_on: GoOn<'_>,
    ) -> Result<Option<Swaps>, InspectError> {
        if self.explained.elsewhere > 0 {
            return Err(InspectError::InWindows);
        }
        let Some(proposals) = self.proposals(asked, proposer, go_on)? else { return Ok(None) };
        let edit = |one: &Proposal| vec![(self.units[one.unit].place, one.word.clone())];
        let edits: Vec<Edit> = proposals.iter().map(edit).collect();
        let Some(said) = self.after(asked, &edits, go_on)? else { return Ok(None) };
        let tried = said.iter().flatten().count();
        let each = proposals.into_iter().zip(&edits).zip(said);
        let mut swaps: Vec<Swap> =
            each.filter_map(|((one, edit), said)| Some(self.swap(asked, one, edit, said?))).collect();
        // A number may be moved to either side; of an answer less is left the closer it is to turning.
        let is_number = self.model.task.targets() == Targets::Number;
        let left = |swap: &Swap| if is_number { -(swap.share - self.said.share).abs() } else { swap.share };
        swaps.sort_by(|a, b| {
            let next = if a.turns { b.chance.total_cmp(&a.chance) } else { left(a).total_cmp(&left(b)) };
            b.turns.cmp(&a.turns).then(next)
        });
        let turning = swaps.iter().filter(|swap| swap.turns).count();
        swaps.truncate(turning.min(TOLD) + if turning == 0 { 2 * TOLD_STILL } else { 0 });
        let says = self.name(self.said.verdict, asked);
        Ok(Some(Swaps { says, share: self.said.share, swaps, tried, by_other }))
    }

    fn swap(&self, asked: &Asked, one: Proposal, edit: &Edit, said: Said) -> Swap {
        let (text, pair) = texts(asked, edit);
        let number = self.model.task.targets() == Targets::Number;
        Swap {
            word: self.units[one.unit].word.clone(),
            becomes: one.word,
            chance: one.chance,
            turns: said.verdict != self.said.verdict,
            says: if number { format!("{:.3}", said.share) } else { self.name(said.verdict, asked) },
            share: said.share,
            text,
            pair,
        }
    }

    /// What may stand in the place of each word, by the text that it is part of.
    fn proposals(
        &self,
        asked: &Asked,
        proposer: &OpenModel,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Proposal>>, InspectError> {
        let Some(mask) = proposer.tokenizer.mask_id() else {
            return Err(InspectError::NoMaskToken { dir: proposer.dir.clone() });
        };
        let is_word = |unit: &&usize| self.units[**unit].word.chars().all(char::is_alphabetic);
        let words: Vec<usize> = self.removable().iter().filter(is_word).take(MOST_WORDS).copied().collect();
        let (mut rows, mut of) = (Vec::new(), Vec::new());
        for sequence in 0..=1_u8 {
            let text = if sequence == 0 { Some(&asked.text) } else { asked.pair.as_ref() };
            let Some(text) = text else { continue };
            let letters: Vec<char> = text.chars().collect();
            let encoded = proposer.tokenizer.encode(text, None, proposer.max_tokens)?;
            for unit in words.iter().filter(|unit| self.units[**unit].place.sequence == sequence) {
                let place = self.units[*unit].place;
                let masked = Masked::new(&encoded, &letters, mask, &[(place.start, place.end)], true);
                // A text may have masks of its own.
                let slot = masked.slots.iter().position(|slot| (slot.start, slot.end) == (place.start, place.end));
                if let Some(slot) = slot {
                    rows.push(masked.row);
                    of.push((*unit, slot));
                }
            }
        }
        let Some(said) = Predictor::new(&proposer.model, Task::Mlm).rows(rows, go_on)? else { return Ok(None) };
        let mut proposals = Vec::new();
        for ((unit, slot), rows) in of.into_iter().zip(said) {
            if let Some(row) = rows.get(slot) {
                proposals.extend(
                    likeliest(proposer, &self.units[unit], row).into_iter().map(|(word, chance)| Proposal {
                        unit,
                        word,
                        chance,
                    }),
                );
            }
        }
        Ok(Some(proposals))
    }
}

/// The likeliest whole words of a row, written as the word that they are to stand for.
fn likeliest(proposer: &OpenModel, unit: &Unit, row: &[f32]) -> Vec<(String, f64)> {
    let shares = softmax(row);
    let own = unit.word.to_lowercase();
    let mut found: Vec<(String, f64)> = Vec::new();
    for id in best(&shares, PROPOSED * 8) {
        let begins = proposer.tokenizer.id_to_token(id).is_some_and(|token| !token.starts_with("##"));
        let Ok(word) = proposer.tokenizer.decode(&[id], true) else { continue };
        let word = word.trim();
        let is_word = begins && !word.is_empty() && word.chars().all(char::is_alphabetic);
        let word = like(&unit.word, word);
        let is_new = word.to_lowercase() != own && found.iter().all(|(known, _)| *known != word);
        if is_word && is_new {
            found.push((word, f64::from(shares[id as usize])));
        }
        if found.len() == PROPOSED {
            break;
        }
    }
    found
}

/// A word with a capital where the one before had one.
fn like(before: &str, word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if before.chars().next().is_some_and(char::is_uppercase) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => word.to_owned(),
    }
}
