//! What a person must know to read a comparison, and what was left out of it and why.

use super::found::Drift;
use super::walk::{Reading, have_same_heads};
use crate::inspect::{OpenModel, Pooling};
use crate::words::{noun, plural};

/// Names that are told one by one.
const NAMED: usize = 3;

pub fn of(models: [&OpenModel; 2], reading: &Reading, found: &Drift) -> Vec<String> {
    let [before, after] = models.map(|model| &model.model.config);
    let mut notes = Vec::new();
    if !reading.agrees {
        notes.push(
            "the two models read these texts as different tokens: states are compared text by text, each the mean over \
             its tokens, and attention is not compared"
                .to_owned(),
        );
    }
    if before.num_hidden_layers != after.num_hidden_layers {
        notes.push(format!(
            "the first model has {} and the second {}: states are compared layer by layer from the embeddings up, as \
             far as both go",
            plural(before.num_hidden_layers, "layer", "layers"),
            after.num_hidden_layers
        ));
    }
    if reading.agrees && !have_same_heads(models) {
        notes.push(format!(
            "the first model has {} of {} and the second {} of {}: attention is not compared",
            plural(before.schedule().len(), "layer", "layers"),
            plural(before.num_attention_heads, "head", "heads"),
            after.schedule().len(),
            after.num_attention_heads
        ));
    }
    notes.extend(few(found, before.hidden_size.max(after.hidden_size)));
    if reading.cut > 0 {
        let were = noun(reading.cut, "was", "were");
        notes.push(format!("{} of {} texts {were} cut to {} tokens", reading.cut, found.texts, reading.limit));
    }
    let apart = &found.weights.apart;
    if apart.iter().all(|names| !names.is_empty() && names.iter().all(|name| name.starts_with("head."))) {
        notes.push("the two models have other heads on top, whose weights are not compared".to_owned());
    } else {
        let sides = ["the first", "the second"];
        notes.extend(sides.into_iter().zip(apart).filter_map(|(side, names)| left_out(side, names)));
    }
    if before.labels != after.labels && found.weights.both.iter().any(|weight| weight.name.starts_with("head.")) {
        notes.push(
            "the heads of the two models are for other classes: their weights are compared as they stand".to_owned(),
        );
    }
    notes
}

/// With fewer examples than features CKA says more likeness than there is (Murphy et al., 2024).
fn few(found: &Drift, width: usize) -> Option<String> {
    let examples = if found.pooled.is_none() { found.tokens } else { found.texts as u64 };
    let what = match found.pooled {
        None => "tokens",
        Some(Pooling::First | Pooling::Mean) => "texts",
    };
    (examples < width as u64).then(|| {
        format!(
            "CKA over {examples} {what} is too high for states of {width} numbers; take more texts for a fair value"
        )
    })
}

fn left_out(side: &str, names: &[String]) -> Option<String> {
    let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMED);
    let named = if more > 0 { format!("{named} and {more} more") } else { named };
    match names.len() {
        0 => None,
        1 => Some(format!("one weight of {side} model has no counterpart of its name and shape: {named}")),
        count => Some(format!("{count} weights of {side} model have no counterpart of their name and shape: {named}")),
    }
}
