//! Features laid end to end: one run of tokens and the start of each sequence. There is no padding.

use super::{Features, Labels};

/// A batch without padding. `ids` and `types` have one entry a token, `starts` one a sequence and one for the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    pub ids: Vec<u32>,
    pub types: Vec<u32>,
    /// `sequences + 1` entries; sequence `i` is `starts[i]..starts[i + 1]`.
    pub starts: Vec<usize>,
    /// Place of each sequence in the update it belongs to, which addresses its dropout, so that cutting an update into
    /// micro-batches changes nothing.
    pub slots: Vec<u32>,
    pub labels: Vec<Labels>,
}

impl Batch {
    /// Lays features end to end; `first_slot` is the place of the first in its update.
    pub fn pack<'a>(features: impl IntoIterator<Item = &'a Features>, first_slot: u32) -> Self {
        let mut batch = Self { starts: vec![0], ..Self::default() };
        for (slot, one) in (first_slot..).zip(features) {
            batch.ids.extend_from_slice(&one.tokens.ids());
            batch.types.extend_from_slice(&one.tokens.types());
            batch.starts.push(batch.ids.len());
            batch.slots.push(slot);
            batch.labels.push(one.labels.clone());
        }
        batch
    }

    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    pub fn sequences(&self) -> usize {
        self.slots.len()
    }
}
