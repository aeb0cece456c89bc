//! What one layer lets through of what it computes, for looking inside: heads that are switched off give nothing to the
//! attention's output layer, and a feed-forward that is switched off nothing to its own, so that of both only the bias
//! stays. That is to the bit the layer whose output weights have zeros in those columns. A layer where nothing is off
//! computes what it computes without a gate.
//!
//! Where it is measured, the backward pass tells what a loss would gain by letting through a little less: the derivative by
//! a mask on each head's output (Michel, Levy and Neubig, 2019), of each sequence by itself. A head that is off has no
//! output to derive by, so its derivative is 0. Only the fused layer measures; training knows no gate.

use std::sync::{Mutex, PoisonError};

use super::attention::Heads;

#[derive(Debug, Default)]
pub struct Gate {
    /// By head; one that is not there is on.
    pub heads_off: Vec<bool>,
    pub feed_forward_off: bool,
    pub measured: Option<Mutex<Measured>>,
}

/// Derivatives by the masks, by sequence of the last pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// (sequences, heads)
    pub heads: Vec<f64>,
    pub feed_forward: Vec<f64>,
}

impl Gate {
    pub fn is_off(&self, head: usize) -> bool {
        self.heads_off.get(head).copied().unwrap_or(false)
    }

    /// Takes away what closed heads would give; `context` has the heads beside each other.
    pub(super) fn close_heads(&self, context: &mut [f32], heads: Heads) {
        for head in (0..heads.count).filter(|head| self.is_off(*head)) {
            let columns = head * heads.size..(head + 1) * heads.size;
            context.chunks_mut(heads.count * heads.size).for_each(|row| row[columns.clone()].fill(0.0));
        }
    }

    pub(super) fn close_feed_forward(&self, active: &mut [f32]) {
        if self.feed_forward_off {
            active.fill(0.0);
        }
    }

    /// Notes the derivative by each head's mask: what it gave, times the gradient of that.
    pub(super) fn measure_heads(&self, context: &[f32], gradient: &[f32], row_starts: &[usize], heads: Heads) {
        let Some(measured) = &self.measured else { return };
        let width = heads.count * heads.size;
        let of = |bounds: &[usize], head: usize| -> f64 {
            let columns = head * heads.size..(head + 1) * heads.size;
            (bounds[0]..bounds[1])
                .map(|row| {
                    products(&context[row * width..][columns.clone()], &gradient[row * width..][columns.clone()])
                })
                .sum()
        };
        let all =
            row_starts.windows(2).flat_map(|bounds| (0..heads.count).map(|head| of(bounds, head)).collect::<Vec<_>>());
        measured.lock().unwrap_or_else(PoisonError::into_inner).heads = all.collect();
    }

    pub(super) fn measure_feed_forward(&self, active: &[f32], gradient: &[f32], row_starts: &[usize], width: usize) {
        let Some(measured) = &self.measured else { return };
        let of = |bounds: &[usize]| {
            let all = bounds[0] * width..bounds[1] * width;
            products(&active[all.clone()], &gradient[all])
        };
        measured.lock().unwrap_or_else(PoisonError::into_inner).feed_forward = row_starts.windows(2).map(of).collect();
    }
}

fn products(one: &[f32], other: &[f32]) -> f64 {
    one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
}
