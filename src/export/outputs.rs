//! What transformers and optimum call the outputs of a model's heads.

use crate::model::HeadKind;

/// The outputs of a head. A model with one head calls it `logits`; one with two has a name for each.
pub fn names(kind: HeadKind, is_alone: bool) -> &'static [&'static str] {
    match kind {
        HeadKind::Span => &["start_logits", "end_logits"],
        _ if is_alone => &["logits"],
        HeadKind::Mask => &["prediction_logits"],
        HeadKind::NextSentence => &["seq_relationship_logits"],
        HeadKind::SentenceOrder => &["sop_logits"],
        HeadKind::Sequence | HeadKind::Token | HeadKind::Replaced => &["logits"],
    }
}
