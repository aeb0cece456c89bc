//! What sits on an encoder: the heads that a model has, and their weights.

use super::family::HeadKind;
use super::ops::weights::{Dense, Norm};

/// The heads a model has. The pooler, or the dense layer of a sequence head, serves all heads that read the first token.
#[derive(Clone, Debug, Default)]
pub struct HeadSet {
    pub pooler: Option<Dense>,
    pub sequence: Option<Dense>,
    pub token: Option<Dense>,
    pub span: Option<Dense>,
    pub mask: Option<MaskHead>,
    pub next_sentence: Option<Dense>,
    pub sentence_order: Option<Dense>,
    pub replaced: Option<(Dense, Dense)>,
}

/// Dense layer, activation, norm, and the decoder, whose weight is the word table where it is tied.
#[derive(Clone, Debug)]
pub struct MaskHead {
    pub dense: Dense,
    pub norm: Norm,
    pub decoder: Dense,
}

impl HeadSet {
    /// The heads that are there, in a fixed order.
    pub fn kinds(&self) -> Vec<HeadKind> {
        let all = [
            (HeadKind::Sequence, self.sequence.is_some()),
            (HeadKind::Token, self.token.is_some()),
            (HeadKind::Span, self.span.is_some()),
            (HeadKind::Mask, self.mask.is_some()),
            (HeadKind::NextSentence, self.next_sentence.is_some()),
            (HeadKind::SentenceOrder, self.sentence_order.is_some()),
            (HeadKind::Replaced, self.replaced.is_some()),
        ];
        all.into_iter().filter_map(|(kind, there)| there.then_some(kind)).collect()
    }
}
