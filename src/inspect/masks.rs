//! Words for masks, as transformers' fill-mask pipeline gives them.

use super::InspectError;
use super::output::Filled;
use super::request::Options;
use crate::model::probability::softmax;
use crate::text::Tokenizer;
use crate::text::tokenizer::Encoded;

/// Words shown where it is not said how many.
const USUAL: usize = 5;

/// The best words for each mask. `rows` are the logits of the masks, or of all tokens.
pub(super) fn fill(
    tokenizer: &Tokenizer,
    encoded: &Encoded,
    rows: Option<&[Vec<f32>]>,
    options: &Options,
) -> Result<Vec<Vec<Filled>>, InspectError> {
    let places = (0..encoded.ids.len()).filter(|place| Some(encoded.ids[*place]) == tokenizer.mask_id());
    let places: Vec<usize> = places.collect();
    // The special tokens are left out of a text with one mask; with more, the other masks are to stay visible.
    let skip_special = places.len() == 1;
    let mut filled = Vec::with_capacity(places.len());
    for (index, &place) in places.iter().enumerate() {
        let row = rows.and_then(|rows| rows.get(if rows.len() == encoded.ids.len() { place } else { index }));
        let scores = softmax(row.map_or(&[], Vec::as_slice));
        let words = best(&scores, options.top_k.unwrap_or(USUAL)).into_iter().map(|token| {
            let mut ids = encoded.ids.clone();
            ids[place] = token;
            ids.retain(|id| Some(*id) != tokenizer.pad_id());
            Ok(Filled {
                token,
                token_str: tokenizer.decode(&[token], false)?,
                score: f64::from(scores[token as usize]),
                sequence: tokenizer.decode(&ids, skip_special)?,
            })
        });
        filled.push(words.collect::<Result<Vec<Filled>, InspectError>>()?);
    }
    Ok(filled)
}

/// The places of the highest scores, best first; of equal ones the first.
pub(super) fn best(scores: &[f32], count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    let better = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    if count < order.len() {
        order.select_nth_unstable_by(count, better);
        order.truncate(count);
    }
    order.sort_unstable_by(better);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first_and_the_first_of_equals() {
        assert_eq!(best(&[0.1, 0.4, 0.1, 0.4, 0.0], 3), [1, 3, 0]);
        assert_eq!(best(&[0.5], 3), [0]);
    }
}
