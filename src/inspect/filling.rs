//! Words behind masks as a person plays with them: any word of a text can be hidden, several at once, and own words can
//! be scored against what the model would put there.
//!
//! Words are hidden among the token ids and not in the text, so that the same click works for every tokenizer.

use super::hiding::{Masked, words};
use super::open::OpenModel;
use super::output::Filled;
use super::predictor::GoOn;
use super::request::Options;
use super::scoring::{Scoring, logits};
use super::{InspectError, masks};
use crate::model::probability::softmax;
use crate::text::tokenizer::Encoded;

pub use super::hiding::Word;
pub use super::scoring::Candidate;

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

const BEST: usize = 10;
pub(super) fn fill(
    model: &OpenModel,
    text: &str,
    fill: &Fill,
    go_on: GoOn<'_>,
) -> Result<Option<Filling>, InspectError> {
    let tokenizer = &model.tokenizer;
    let (Some(mask), Some(mask_token)) = (tokenizer.mask_id(), tokenizer.mask_token()) else {
        return Err(InspectError::NoMaskToken { dir: model.dir.clone() });
    };
    let letters: Vec<char> = text.chars().collect();
    let encoded = tokenizer.encode(text, None, model.max_tokens)?;
    let masked = Masked::new(&encoded, &letters, mask, &fill.hidden, fill.one_mask);
    let Some(rows) = logits(model, vec![masked.row.clone()], go_on)? else { return Ok(None) };
    let mut blanks = read_masks(model, &encoded, &masked, &rows, fill)?;
    let scoring = Scoring { model, letters: &letters, masked: &masked, mask, one_mask: fill.one_mask };
    let Some(candidates) = scoring.candidates(&fill.candidates, rows, go_on)? else { return Ok(None) };
    for (place, candidate) in candidates {
        blanks[place].candidates.push(candidate);
    }
    for blank in &mut blanks {
        let better = |a: &Candidate, b: &Candidate| {
            a.problem.is_some().cmp(&b.problem.is_some()).then(b.score.total_cmp(&a.score))
        };
        blank.candidates.sort_by(better);
    }
    Ok(Some(Filling {
        mask_token: mask_token.to_owned(),
        words: words(&encoded, &letters, &masked.slots),
        blanks,
        tokens: masked.row.ids.len(),
        cut: encoded.cut,
        unknown: encoded.ids.iter().filter(|id| Some(**id) == tokenizer.unk_id()).count(),
    }))
}

fn read_masks(
    model: &OpenModel,
    encoded: &Encoded,
    masked: &Masked,
    rows: &[Vec<f32>],
    fill: &Fill,
) -> Result<Vec<Blank>, InspectError> {
    if masked.slots.is_empty() {
        return Ok(Vec::new());
    }
    let tokenizer = &model.tokenizer;
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
