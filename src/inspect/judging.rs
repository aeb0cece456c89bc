//! Which tokens a detector of replaced tokens (ELECTRA) holds for put there by somebody else.

use super::InspectError;
use super::open::OpenModel;
use super::predictor::GoOn;
use super::request::{Options, Request};
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

/// Every token of the text, without those around it, and how many did not fit; nothing where `go_on` ended it.
pub(super) fn judge(
    model: &OpenModel,
    request: Request,
    go_on: GoOn<'_>,
) -> Result<Option<(Vec<Judged>, usize)>, InspectError> {
    let options = Options::default();
    let prepared = model.prepare(request, &options)?;
    let Some(rows) = model.rows(&[&prepared], &options, go_on)? else { return Ok(None) };
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
    Ok(Some((judged, encoded.cut)))
}
