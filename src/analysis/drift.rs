//! What lies between two models: before and after fine-tuning, or two runs. Both are walked through the same texts side by
//! side, a batch and a layer at a time, and of the texts only sums are kept, so that a million rows take no more memory
//! than ten.
//!
//! States are compared by their CKA (`drift/cka.rs`), heads by the divergence of their attention (`drift/divergence.rs`),
//! weights by how far they moved (`drift/weights.rs`). An example of CKA is a token, as it stands in its text: what an
//! encoder computes is a state for each token, and pooling first would hide what changed in all but one of them or in none.
//! Models that read other tokens out of the same text have no tokens in common, and there a text is one example.
//!
//! What cannot be compared is not guessed: it is left out, and [`Drift::notes`] says why.

mod both;
mod cka;
mod divergence;
mod found;
mod notes;
mod walk;
mod weights;
mod words;

use crate::inspect::{GoOn, InspectError, OpenModel, Pooling};

pub use both::{Both, side_by_side};
pub use divergence::Divergence;
pub use found::{Drift, Heads, Sample};
pub use weights::{Weight, Weights};
pub use words::{Called, SLOTS, percent};

/// Compares two models; nothing where `go_on`, which hears how many texts are done, ended it.
pub fn drift(
    before: &OpenModel,
    after: &OpenModel,
    sample: &Sample,
    go_on: GoOn<'_>,
) -> Result<Option<Drift>, InspectError> {
    let reading = walk::read([before, after], sample)?;
    let pooled = sample.pooled.or_else(|| (!reading.agrees).then_some(Pooling::Mean));
    let Some(walked) = walk::walk([before, after], sample, &reading, pooled, go_on)? else { return Ok(None) };
    let weights = weights::compare(&before.model.params, &after.model.params)?;
    let stored = before.model.config.schedule().iter().map(|step| step.stored).collect();
    let mut found = Drift {
        texts: sample.texts.len(),
        tokens: reading.tokens,
        pooled,
        layers: walked.layers,
        heads: walked.heads,
        weights,
        stored,
        notes: Vec::new(),
    };
    found.notes = notes::of([before, after], &reading, &found);
    Ok(Some(found))
}

#[cfg(test)]
mod tests;
