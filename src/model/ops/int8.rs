//! Dense layers in eight bits, for a model that is asked and not trained.
//!
//! The weights of each output are whole numbers from -127 to 127 times a scale of that output. The inputs become whole
//! numbers from 0 to 255 while the model runs, by the range of their own row and of no other (Jacob et al., 2018, where
//! the range is that of a tensor): so a text is answered alike alone and among others. Their products are added in 32
//! bits without rounding, whatever instructions there are and whatever the order (`int8/kernel.rs`). Everything else,
//! attention, norms, embeddings and heads, stays in f32, and so does the gradient, which is that of the weights before
//! they were rounded.

pub mod kernel;
mod remainders;

use std::sync::OnceLock;

use rayon::prelude::*;

use super::buffer::Buffer;
use super::matrix::{Blocks, MatMut};
use super::simd::{max_of, max_of_each, sum_of, wide};
use kernel::{COLUMNS, GROUP, MOST_ROWS, Path, STRIP, Sums};
use remainders::Remainders;

/// The largest weight.
const LARGEST: f32 = 127.0;
/// The largest input.
const TOP: f32 = 255.0;

/// The weights of a dense layer, laid as the kernel reads them.
#[derive(Debug)]
pub struct Weights8 {
    inputs: usize,
    outputs: usize,
    path: Path,
    /// For each strip of columns, group of inputs and column the four weights of the group; zero beyond the matrix.
    packed: Vec<i8>,
    /// What was taken from the weights of each block of columns, where they are bounded.
    beyond: Vec<Remainders>,
    /// What a weight of each output is multiplied by.
    scales: Vec<f32>,
    /// The sum of each output's weights.
    sums: Vec<i32>,
}

impl Weights8 {
    /// Rounds a weight (outputs, inputs).
    pub fn of(weight: &[f32], shape: (usize, usize)) -> Self {
        Self::of_by(Path::best(), weight, shape)
    }

    fn of_by(path: Path, weight: &[f32], (inputs, outputs): (usize, usize)) -> Self {
        let padded = inputs.next_multiple_of(remainders::EIGHT);
        let step = padded * COLUMNS;
        let blocks = outputs.div_ceil(COLUMNS);
        let mut packed = vec![0; blocks * step];
        let (mut scales, mut sums) = (vec![0.0; blocks * COLUMNS], vec![0; blocks * COLUMNS]);
        let of_blocks =
            packed.par_chunks_mut(step).zip(scales.par_chunks_mut(COLUMNS)).zip(sums.par_chunks_mut(COLUMNS));
        let of_blocks = of_blocks.zip(weight.par_chunks(COLUMNS * inputs));
        let beyond = of_blocks.map(|(((packed, scales), sums), weight)| {
            let mut whole = vec![0; step];
            for (column, (weight, whole)) in weight.chunks(inputs).zip(whole.chunks_mut(padded)).enumerate() {
                scales[column] = round_column(weight, whole);
                sums[column] = whole.iter().map(|whole| i32::from(*whole)).sum();
            }
            let beyond = path.bounds().then(|| Remainders::take(&mut whole, padded));
            for (column, whole) in whole.chunks(padded).enumerate() {
                for (group, four) in whole.chunks_exact(GROUP).enumerate() {
                    let line = column / STRIP * (padded / GROUP) + group;
                    packed[(line * STRIP + column % STRIP) * GROUP..][..GROUP].copy_from_slice(four);
                }
            }
            beyond
        });
        let beyond = beyond.collect::<Vec<_>>().into_iter().flatten().collect();
        Self { inputs, outputs, path, packed, beyond, scales, sums }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        let beyond: usize = self.beyond.iter().map(Remainders::bytes).sum();
        self.packed.len() + beyond + 4 * (self.scales.len() + self.sums.len())
    }

    /// Writes `x Wᵀ + b` to `y`: (rows, outputs).
    pub fn forward(&self, x: &Rows8, bias: &[f32], y: &mut [f32]) {
        assert_eq!(x.width, self.inputs, "inputs of a dense layer in eight bits");
        let (rows, outputs) = (x.scales.len(), self.outputs);
        let at_once = self.path.rows_at_once(self.inputs);
        let (row_blocks, column_blocks) = (rows.div_ceil(at_once), outputs.div_ceil(COLUMNS));
        let across = if self.beyond.iter().all(Remainders::is_empty) { &[][..] } else { x.across() };
        let out = Blocks::new(y);
        (0..row_blocks * column_blocks).into_par_iter().for_each(|task| {
            // Neighbouring tasks share their inputs where those are read twice, else their weights, the larger part.
            let (block, row_block) = if self.path.bounds() {
                (task % column_blocks, task / column_blocks)
            } else {
                (task / row_blocks, task % row_blocks)
            };
            let columns = block * COLUMNS..outputs.min((block + 1) * COLUMNS);
            let step = self.packed.len() / column_blocks;
            let weights = &self.packed[block * step..][..step];
            let mut sums: Sums = [0; MOST_ROWS * COLUMNS];
            let end = rows.min((row_block + 1) * at_once);
            for first in (row_block * at_once..end).step_by(self.path.rows()) {
                let count = self.path.rows().min(end - first);
                self.path.tile(&x.values[first * x.stride..], x.stride, count, weights, &mut sums);
                if let Some(beyond) = self.beyond.get(block).filter(|beyond| !beyond.is_empty()) {
                    beyond.add(&across[first * x.stride..], x.stride, count, &mut sums);
                }
                #[expect(unsafe_code, reason = "each task writes its own rows and columns")]
                // SAFETY: tasks differ in their columns or in their rows, and a task holds one block at a time.
                let tile = unsafe { out.block(first * outputs + columns.start, count, columns.len(), outputs) };
                self.finish((x, first), block, &sums, &bias[columns.clone()], tile);
            }
        });
    }

    /// Writes rows of a block of columns from their sums.
    fn finish(&self, (x, first): (&Rows8, usize), block: usize, sums: &Sums, bias: &[f32], mut y: MatMut<'_>) {
        let of_weights = &self.sums[block * COLUMNS..];
        let of_columns = &self.scales[block * COLUMNS..];
        wide(
            #[inline(always)]
            || {
                let rows = x.scales[first..].iter().zip(&x.zeros[first..]);
                for (row, (sums, (scale, zero))) in sums.chunks_exact(COLUMNS).zip(rows).enumerate().take(y.rows()) {
                    let with_scales = sums.iter().zip(of_weights).zip(of_columns).zip(bias);
                    for (y, (((sum, of_weights), of_column), bias)) in y.row_mut(row).iter_mut().zip(with_scales) {
                        *y = (sum - zero * of_weights) as f32 * (scale * of_column) + bias;
                    }
                }
            },
        );
    }
}

/// Writes a column of weights as whole numbers; returns their scale.
fn round_column(weight: &[f32], whole: &mut [i8]) -> f32 {
    let largest = weight.iter().fold(0.0_f32, |largest, w| largest.max(w.abs()));
    let scale = largest / LARGEST;
    let turn = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    for (whole, weight) in whole.iter_mut().zip(weight) {
        *whole = (weight * turn).round_ties_even().clamp(-LARGEST, LARGEST) as i8;
    }
    scale
}

/// Rows of inputs as whole numbers, each by its own range.
#[derive(Debug)]
pub struct Rows8 {
    width: usize,
    /// Bytes from one row to the next. What is between rows, and rows up to whole groups, may hold anything.
    stride: usize,
    values: Buffer<u8>,
    /// The same, laid across when it is first needed.
    across: OnceLock<Buffer<u8>>,
    /// What a number of each row is multiplied by.
    scales: Vec<f32>,
    /// The number that stands for zero.
    zeros: Vec<i32>,
}

impl Rows8 {
    /// Rounds rows of `width`.
    pub fn of(x: &[f32], width: usize) -> Self {
        let (rows, stride) = (x.len() / width, width.next_multiple_of(remainders::LAID));
        let values = Buffer::of(rows.next_multiple_of(remainders::ROWS) * stride);
        let (scales, zeros) = (vec![0.0; rows], vec![0; rows]);
        let mut made = Self { width, stride, values, across: OnceLock::new(), scales, zeros };
        let Self { values, scales, zeros, .. } = &mut made;
        let rows = values.par_chunks_mut(stride).zip(scales.par_iter_mut()).zip(zeros.par_iter_mut());
        rows.zip(x.par_chunks(width)).with_min_len(8).for_each(|(((values, scale), zero), x)| {
            (*scale, *zero) = round_row(x, values);
        });
        made
    }

    fn across(&self) -> &[u8] {
        self.across.get_or_init(|| remainders::across(&self.values, self.stride))
    }
}

/// Writes a row as numbers from 0 to 255; returns the scale and the number that stands for zero, which is exact. A row
/// that has a number which is none, or no end, has a scale that is none, so that this stays visible in what is made of it.
fn round_row(x: &[f32], values: &mut [u8]) -> (f32, i32) {
    /// Adding it rounds to a whole number, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    wide(
        #[inline(always)]
        || {
            let highest = max_of(x).max(0.0);
            let lowest = max_of_each(x, |x| -x).max(0.0);
            let odd = sum_of(x, |x| x * 0.0);
            let scale = (highest + lowest) / TOP;
            // Where there is nothing but zeros, or next to nothing, there is nothing to scale by.
            let (scale, turn) = if scale >= f32::MIN_POSITIVE { (scale, 1.0 / scale) } else { (0.0, 0.0) };
            let zero = (lowest * turn + ROUND) - ROUND;
            for (value, x) in values.iter_mut().zip(x) {
                let whole = (x * turn + (zero + ROUND)).to_bits().wrapping_sub(ROUND.to_bits()) as i32;
                *value = whole.clamp(0, 255) as u8;
            }
            (scale + odd, zero as i32)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, step: f32, shift: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * step).sin() * (1.0 + (i % 7) as f32) + shift).collect()
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// What a layer should give, from its definition: every product by itself, in whole numbers.
    fn textbook(x: &[f32], weight: &[f32], bias: &[f32], (inputs, outputs): (usize, usize)) -> Vec<f32> {
        let largest = |values: &[f32], sign: f32| values.iter().fold(0.0_f32, |largest, x| largest.max(x * sign));
        let mut y = Vec::new();
        for x in x.chunks(inputs) {
            let scale = (largest(x, 1.0) + largest(x, -1.0)) / 255.0;
            let zero = f64::from(largest(x, -1.0) * (1.0 / scale)).round_ties_even();
            let turned = |x: &f32| (f64::from(x * (1.0 / scale)) + zero).round_ties_even().clamp(0.0, 255.0) as i64;
            for (weight, bias) in weight.chunks(inputs).zip(&bias[..outputs]) {
                let of_weight = largest(weight, 1.0).max(largest(weight, -1.0)) / 127.0;
                let whole = |w: &f32| (w * (1.0 / of_weight)).round_ties_even() as i64;
                let sum: i64 = x.iter().zip(weight).map(|(x, w)| (turned(x) - zero as i64) * whole(w)).sum();
                y.push(sum as f32 * (scale * of_weight) + bias);
            }
        }
        y
    }

    const SHAPES: [(usize, usize); 7] = [(1, 1), (3, 5), (32, 64), (36, 65), (130, 63), (773, 70), (1600, 30)];

    #[test]
    fn a_layer_gives_what_its_definition_says() {
        for (inputs, outputs) in SHAPES {
            let (x, weight) = (numbers(13 * inputs, 0.37, 0.4), numbers(inputs * outputs, 0.71, 0.0));
            let bias = numbers(outputs, 0.3, 0.0);
            let mut y = vec![f32::NAN; 13 * outputs];
            Weights8::of(&weight, (inputs, outputs)).forward(&Rows8::of(&x, inputs), &bias, &mut y);
            assert_eq!(bits(&y), bits(&textbook(&x, &weight, &bias, (inputs, outputs))), "{inputs} to {outputs}");
        }
    }

    #[test]
    fn no_number_is_further_off_than_its_rounding_allows() {
        for (inputs, outputs) in SHAPES {
            let (x, weight) = (numbers(9 * inputs, 0.11, -0.2), numbers(inputs * outputs, 0.53, 0.0));
            let bias = vec![0.5; outputs];
            let mut y = vec![f32::NAN; 9 * outputs];
            let rounded = Weights8::of(&weight, (inputs, outputs));
            rounded.forward(&Rows8::of(&x, inputs), &bias, &mut y);
            for (row, (x, y)) in x.chunks(inputs).zip(y.chunks(outputs)).enumerate() {
                let range = x.iter().copied().fold(0.0, f32::max) + x.iter().map(|x| -x).fold(0.0, f32::max);
                // Half a step, and half a step by which the zero may have been moved.
                let of_x = f64::from(range) / 255.0;
                for (output, weight) in weight.chunks(inputs).enumerate() {
                    let of_w = f64::from(rounded.scales[output]) / 2.0;
                    let exact: f64 = x.iter().zip(weight).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                    let allowed: f64 = x
                        .iter()
                        .zip(weight)
                        .map(|(x, w)| f64::from(w.abs()) * of_x + f64::from(x.abs()) * of_w + of_x * of_w)
                        .sum();
                    let off = (f64::from(y[output]) - 0.5 - exact).abs();
                    assert!(off <= allowed * 1.001 + 1e-5, "row {row} of {inputs} to {outputs}: {off} of {allowed}");
                }
            }
        }
    }

    #[test]
    fn a_row_depends_on_neither_the_others_nor_the_instructions() {
        for (inputs, outputs) in SHAPES {
            let (x, weight) = (numbers(103 * inputs, 0.13, 0.1), numbers(inputs * outputs, 0.29, 0.0));
            let bias = numbers(outputs, 0.7, 0.0);
            let mut all = vec![f32::NAN; 103 * outputs];
            Weights8::of(&weight, (inputs, outputs)).forward(&Rows8::of(&x, inputs), &bias, &mut all);
            for path in Path::all() {
                let rounded = Weights8::of_by(path, &weight, (inputs, outputs));
                for rows in [1, 5, 6, 7, 33, 97] {
                    let mut some = vec![f32::NAN; rows * outputs];
                    rounded.forward(&Rows8::of(&x[..rows * inputs], inputs), &bias, &mut some);
                    let same = bits(&some) == bits(&all[..rows * outputs]);
                    assert!(same, "{rows} rows of {inputs} to {outputs}, {}", path.name());
                }
            }
        }
    }

    #[test]
    fn rows_of_zeros_give_the_bias_and_what_is_no_number_stays_visible() {
        let (inputs, outputs) = (70, 9);
        let weight = numbers(inputs * outputs, 0.7, 0.0);
        let bias = numbers(outputs, 0.9, 0.0);
        let mut x = vec![0.0; 5 * inputs];
        x[inputs + 3] = f32::NAN;
        x[2 * inputs + 60] = f32::INFINITY;
        x[3 * inputs + 69] = f32::NEG_INFINITY;
        x[4 * inputs..].fill(1e-42);
        let mut y = vec![0.0; 5 * outputs];
        Weights8::of(&weight, (inputs, outputs)).forward(&Rows8::of(&x, inputs), &bias, &mut y);
        assert_eq!(bits(&y[..outputs]), bits(&bias));
        assert!(y[outputs..4 * outputs].iter().all(|y| y.is_nan()), "{y:?}");
        assert_eq!(bits(&y[4 * outputs..]), bits(&bias), "next to nothing");
        let nothing = Weights8::of(&vec![0.0; inputs * outputs], (inputs, outputs));
        nothing.forward(&Rows8::of(&numbers(inputs, 0.3, 2.0), inputs), &bias, &mut y[..outputs]);
        assert_eq!(bits(&y[..outputs]), bits(&bias), "weights of zeros");
    }
}
