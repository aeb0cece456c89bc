//! Dropout whose every decision is addressed, not drawn: by the run's seed, the step, the sequence's place in its
//! update, the token, the site in the model and the column.
//!
//! Nothing has to be kept for the backward pass or replayed on resume, and the decisions do not depend on threads, on
//! how an update is cut into micro-batches, or on what else is in the batch.

use std::sync::Arc;

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::simd::wide;
use crate::random::mix;

/// One key for each token of a pass.
#[derive(Clone, Debug)]
pub struct TokenKeys(Arc<[u64]>);

impl TokenKeys {
    /// `step_key` is the key of the run's seed and step; `slots` the place of each sequence in its update.
    pub fn new(step_key: u64, starts: &[usize], slots: &[u32]) -> Self {
        let mut keys = Vec::with_capacity(starts.last().copied().unwrap_or(0));
        for (bounds, slot) in starts.windows(2).zip(slots) {
            let sequence = mix(step_key ^ mix(u64::from(*slot) + 1));
            keys.extend((0..bounds[1] - bounds[0]).map(|position| mix(sequence.wrapping_add(position as u64))));
        }
        Self(keys.into())
    }
}

/// Dropout at one site of the model.
#[derive(Clone, Debug)]
pub struct Noise {
    keys: TokenKeys,
    site: u64,
    rate: f32,
}

impl Noise {
    /// `None` where nothing is dropped.
    pub fn new(keys: Option<&TokenKeys>, site: u64, rate: f64) -> Option<Self> {
        let keys = keys.filter(|_| rate > 0.0)?;
        Some(Self { keys: keys.clone(), site: mix(site), rate: rate as f32 })
    }

    /// Drops from one row. `part` tells several rows of one token apart, such as attention heads.
    #[inline(always)]
    pub fn apply_row(&self, token: usize, part: usize, row: &mut [f32]) {
        let key = mix(self.keys.0[token] ^ self.site.wrapping_add(part as u64));
        let (low, high) = (key as u32, (key >> 32) as u32);
        let threshold = (f64::from(self.rate) * 4_294_967_296.0) as u32;
        let scale = 1.0 / (1.0 - self.rate);
        for (column, value) in (0_u32..).zip(row) {
            *value *= if hash(column, low, high) >= threshold { scale } else { 0.0 };
        }
    }

    /// Drops from rows of `width`; `rows` names the token of each where they are not all of them. The same call turns
    /// the gradient of the result into that of the input.
    pub fn apply(&self, values: &mut [f32], width: usize, rows: Option<&[u32]>) {
        values.par_chunks_mut(width).enumerate().for_each(|(row, values)| {
            let token = rows.map_or(row, |rows| rows[row] as usize);
            wide(
                #[inline(always)]
                || self.apply_row(token, 0, values),
            );
        });
    }

    /// The same of (rows, width) in candle's own operations, by the same decisions.
    pub fn plain(&self, rows: Option<&[u32]>, x: &Tensor) -> Result<Tensor> {
        let (count, width) = x.dims2()?;
        let mut mask = vec![1.0_f32; count * width];
        self.apply(&mut mask, width, rows);
        x * Tensor::from_vec(mask, (count, width), x.device())?
    }
}

/// A 32-bit finaliser with a 64-bit key (the constants of Wellons' lowbias32).
#[inline(always)]
fn hash(column: u32, low: u32, high: u32) -> u32 {
    let mut h = column.wrapping_mul(0x9E37_79B1) ^ low;
    h ^= h >> 16;
    h = h.wrapping_mul(0x7FEB_352D);
    h ^= h >> 15;
    h = h.wrapping_add(high);
    h = h.wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_dropped_is_the_rate_and_the_mean_stays() {
        let keys = TokenKeys::new(7, &[0, 40, 100], &[0, 1]);
        let noise = Noise::new(Some(&keys), 3, 0.1).unwrap();
        let mut values = vec![1.0; 100 * 768];
        noise.apply(&mut values, 768, None);
        let dropped = values.iter().filter(|v| **v == 0.0).count() as f64 / values.len() as f64;
        assert!((dropped - 0.1).abs() < 0.004, "{dropped}");
        let columns_alike = (0..768).filter(|c| values[*c] == values[768 + c]).count();
        assert!(columns_alike < 700, "two tokens drop the same columns");
    }

    #[test]
    fn a_sequence_drops_the_same_wherever_it_stands() {
        let together = TokenKeys::new(7, &[0, 5, 9], &[0, 1]);
        let alone = TokenKeys::new(7, &[0, 4], &[1]);
        let (a, b) = (Noise::new(Some(&together), 3, 0.5).unwrap(), Noise::new(Some(&alone), 3, 0.5).unwrap());
        let (mut left, mut right) = (vec![1.0; 9 * 16], vec![1.0; 4 * 16]);
        a.apply(&mut left, 16, None);
        b.apply(&mut right, 16, None);
        assert_eq!(left[5 * 16..], right[..]);
        let mut chosen = vec![1.0; 16];
        a.apply(&mut chosen, 16, Some(&[7]));
        assert_eq!(chosen, right[2 * 16..3 * 16]);
    }
}
