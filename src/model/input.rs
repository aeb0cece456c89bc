//! What goes into an encoder: sequences laid end to end, without padding.

use std::sync::Arc;

/// A batch of token ids. `ids` and `types` have one entry a token, `starts` one a sequence and one for the end.
#[derive(Clone, Debug, Default)]
pub struct Input {
    pub ids: Vec<u32>,
    pub types: Vec<u32>,
    pub starts: Vec<usize>,
    /// Place of each sequence in its update, which addresses its dropout.
    pub slots: Vec<u32>,
    /// Tokens of each sequence that can be attended to, from its first; all of them unless padding is to be computed
    /// as other programs do.
    pub visible: Option<Vec<usize>>,
    /// Position of each token, counted from 0, where they are not simply counted in each sequence: they begin anew in
    /// the second language of translation language modelling. What a family adds to a position is added to these too.
    pub positions: Option<Vec<u32>>,
    /// Whether a token attends only to itself and to earlier tokens of its sequence, also in a model that was not
    /// trained so.
    pub causal: bool,
}

impl Input {
    /// One sequence.
    pub fn single(ids: Vec<u32>, types: Vec<u32>) -> Self {
        Self { starts: vec![0, ids.len()], slots: vec![0], ids, types, ..Self::default() }
    }

    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    pub fn sequences(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Token index of the first token of each sequence.
    pub fn first_tokens(&self) -> Vec<u32> {
        self.starts[..self.sequences()].iter().map(|start| *start as u32).collect()
    }

    pub fn layout(&self) -> Layout {
        let lengths = self.starts.windows(2).map(|bounds| bounds[1] - bounds[0]);
        Layout {
            starts: self.starts.clone(),
            visible: self.visible.clone().unwrap_or_else(|| lengths.collect()),
            causal: self.causal,
            rows: None,
            row_starts: self.starts.clone(),
        }
    }
}

/// Where sequences begin, and which tokens a layer has to compute.
#[derive(Clone, Debug)]
pub struct Layout {
    /// First token of each sequence, and the end.
    pub starts: Vec<usize>,
    /// Tokens of each sequence that can be attended to.
    pub visible: Vec<usize>,
    /// Whether a token attends to none that come after it.
    pub causal: bool,
    /// The tokens whose output is wanted, ascending; `None` for all.
    pub rows: Option<Arc<[u32]>>,
    /// First wanted row of each sequence, and the end.
    pub row_starts: Vec<usize>,
}

impl Layout {
    pub fn sequences(&self) -> usize {
        self.visible.len()
    }

    pub fn tokens(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    pub fn rows(&self) -> usize {
        self.row_starts.last().copied().unwrap_or(0)
    }

    pub fn token_of_row(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row, |rows| rows[row] as usize)
    }

    /// How many tokens of its sequence, from the first, a token attends to; `place` is the token's place in it.
    pub fn seen(&self, sequence: usize, place: usize) -> usize {
        let visible = self.visible[sequence];
        if self.causal { visible.min(place + 1) } else { visible }
    }

    /// The same sequences with only some tokens wanted, in ascending order.
    #[must_use]
    pub fn wanting(&self, rows: &[u32]) -> Self {
        let row_starts = self.starts.iter().map(|start| rows.partition_point(|row| (*row as usize) < *start)).collect();
        Self { rows: Some(rows.into()), row_starts, ..self.clone() }
    }
}
