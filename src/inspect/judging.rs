//! Which tokens a detector of replaced tokens (ELECTRA) holds for put there by somebody else.

use super::{InspectError, Options, Predictor, Request};
use crate::model::probability::sigmoid;

#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub token: String,
    /// Characters of the text.
    pub start: usize,
    pub end: usize,
    /// Whether it goes on with the word before it.
    pub continues: bool,
    /// Probability that the token was replaced.
    pub replaced: f64,
}

/// Every token of the text, without those around it, and how many did not fit.
pub(super) fn judge(predictor: &Predictor, request: Request) -> Result<(Vec<Judged>, usize), InspectError> {
    let options = Options::default();
    let prepared = predictor.prepare(request, &options)?;
    let go_on = &mut |_: usize, _: usize| std::ops::ControlFlow::Continue(());
    let rows = predictor.rows(&[&prepared], usize::MAX, &options, go_on)?.unwrap_or_default();
    let logits: Vec<f32> = rows.iter().flatten().map(|row| row[0]).collect();
    let chances = sigmoid(&logits);
    let encoded = &prepared.encoded;
    let mut before = None;
    let mut judged = Vec::with_capacity(chances.len());
    for (index, chance) in chances.into_iter().enumerate() {
        if encoded.special[index] {
            before = None;
            continue;
        }
        let word = encoded.words[index];
        let (start, end) = encoded.offsets[index];
        judged.push(Judged {
            token: encoded.tokens[index].clone(),
            start,
            end,
            continues: word.is_some() && word == before,
            replaced: f64::from(chance),
        });
        before = word;
    }
    Ok((judged, encoded.cut))
}
