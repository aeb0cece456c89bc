//! Dense layers in eight bits, for a model that is asked and not trained.
//!
//! The weights of each output are whole numbers from -127 to 127 times a scale of that output. The inputs become whole
//! numbers from 0 to 255 while the model runs, by the range of their own row and of no other (Jacob et al., 2018, where
//! the range is that of a tensor): so a text is answered alike alone and among others. Their products are added in 32
//! bits without rounding, whatever instructions there are and whatever the order (`int8/kernel.rs`). Everything else,
//! attention, norms, embeddings and heads, stays in f32, and so does the gradient, which is that of the weights before
//! they were rounded.

pub mod kernel;

use rayon::prelude::*;

use super::matrix::Blocks;
use super::simd::{max_of, max_of_each, sum_of, wide};
use kernel::{COLUMNS, GROUP, Path, ROWS, STRIP, Sums};

/// Rows that are multiplied with a block of columns before the next, so that both stay in the cache.
const BLOCK: usize = 16 * ROWS;
/// The largest weight.
const LARGEST: f32 = 127.0;
/// The largest input.
const TOP: f32 = 255.0;

/// The weights of a dense layer, laid as the kernel reads them.
#[derive(Debug)]
pub struct Weights8 {
    inputs: usize,
    outputs: usize,
    /// For each strip of columns, group of inputs and column the four weights of the group; zero beyond the matrix.
    packed: Vec<i8>,
    /// What a weight of each output is multiplied by.
    scales: Vec<f32>,
    /// The sum of each output's weights.
    sums: Vec<i32>,
}

impl Weights8 {
    /// Rounds a weight (outputs, inputs).
    pub fn of(weight: &[f32], (inputs, outputs): (usize, usize)) -> Self {
        let groups = inputs.div_ceil(GROUP);
        let step = groups * GROUP * COLUMNS;
        let blocks = outputs.div_ceil(COLUMNS);
        let mut packed = vec![0; blocks * step];
        let (mut scales, mut sums) = (vec![0.0; blocks * COLUMNS], vec![0; blocks * COLUMNS]);
        let of_blocks =
            packed.par_chunks_mut(step).zip(scales.par_chunks_mut(COLUMNS)).zip(sums.par_chunks_mut(COLUMNS));
        of_blocks.zip(weight.par_chunks(COLUMNS * inputs)).for_each(|(((packed, scales), sums), weight)| {
            for (column, weight) in weight.chunks(inputs).enumerate() {
                let largest = weight.iter().fold(0.0_f32, |largest, w| largest.max(w.abs()));
                let scale = largest / LARGEST;
                let turn = if scale > 0.0 { 1.0 / scale } else { 0.0 };
                for (input, weight) in weight.iter().enumerate() {
                    let whole = (weight * turn).round_ties_even().clamp(-LARGEST, LARGEST) as i8;
                    let line = column / STRIP * groups + input / GROUP;
                    packed[(line * STRIP + column % STRIP) * GROUP + input % GROUP] = whole;
                    sums[column] += i32::from(whole);
                }
                scales[column] = scale;
            }
        });
        Self { inputs, outputs, packed, scales, sums }
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.packed.len() + 4 * (self.scales.len() + self.sums.len())
    }

    /// Writes `x Wᵀ + b` to `y`: (rows, outputs).
    pub fn forward(&self, x: &Rows8, bias: &[f32], y: &mut [f32]) {
        self.forward_by(Path::best(), x, bias, y);
    }

    pub fn forward_by(&self, path: Path, x: &Rows8, bias: &[f32], y: &mut [f32]) {
        assert_eq!(x.width, self.inputs, "inputs of a dense layer in eight bits");
        let (rows, outputs) = (x.scales.len(), self.outputs);
        let row_blocks = rows.div_ceil(BLOCK);
        let out = Blocks::new(y);
        // Neighbouring tasks share their weights, which are the larger part.
        (0..row_blocks * outputs.div_ceil(COLUMNS)).into_par_iter().for_each(|task| {
            let (block, first_row) = (task / row_blocks, task % row_blocks * BLOCK);
            let columns = block * COLUMNS..outputs.min((block + 1) * COLUMNS);
            let mut sums: Sums = [0; ROWS * COLUMNS];
            for first in (first_row..rows.min(first_row + BLOCK)).step_by(ROWS) {
                let count = ROWS.min(rows - first);
                let step = x.stride * COLUMNS;
                let weights = &self.packed[block * step..][..step];
                path.tile(&x.values[first * x.stride..], x.stride, count, weights, &mut sums);
                #[expect(unsafe_code, reason = "each task writes its own rows and columns")]
                // SAFETY: tasks differ in their columns or in their rows, and a task holds one block at a time.
                let mut tile = unsafe { out.block(first * outputs + columns.start, count, columns.len(), outputs) };
                wide(
                    #[inline(always)]
                    || {
                        for (row, sums) in sums.chunks_exact(COLUMNS).take(count).enumerate() {
                            let (scale, zero) = (x.scales[first + row], x.zeros[first + row]);
                            let of_columns = sums.iter().zip(&self.sums[block * COLUMNS..]);
                            let with_scales =
                                of_columns.zip(&self.scales[block * COLUMNS..]).zip(&bias[columns.clone()]);
                            for (y, (((sum, of_weights), of_column), bias)) in
                                tile.row_mut(row).iter_mut().zip(with_scales)
                            {
                                *y = (sum - zero * of_weights) as f32 * (scale * of_column) + bias;
                            }
                        }
                    },
                );
            }
        });
    }
}

/// Rows of inputs as whole numbers, each by its own range.
#[derive(Debug)]
pub struct Rows8 {
    width: usize,
    /// Bytes from one row to the next: whole groups.
    stride: usize,
    values: Vec<u8>,
    /// What a number of each row is multiplied by.
    scales: Vec<f32>,
    /// The number that stands for zero.
    zeros: Vec<i32>,
}

impl Rows8 {
    /// Rounds rows of `width`.
    pub fn of(x: &[f32], width: usize) -> Self {
        let (rows, stride) = (x.len() / width, width.next_multiple_of(GROUP));
        let mut made =
            Self { width, stride, values: vec![0; rows * stride], scales: vec![0.0; rows], zeros: vec![0; rows] };
        let Self { values, scales, zeros, .. } = &mut made;
        let rows = values.par_chunks_mut(stride).zip(scales.par_iter_mut()).zip(zeros.par_iter_mut());
        rows.zip(x.par_chunks(width)).with_min_len(8).for_each(|(((values, scale), zero), x)| {
            (*scale, *zero) = round_row(x, values);
        });
        made
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
            let rounded = Weights8::of(&weight, (inputs, outputs));
            let mut all = vec![f32::NAN; 103 * outputs];
            rounded.forward(&Rows8::of(&x, inputs), &bias, &mut all);
            for path in Path::all() {
                for rows in [1, 5, 6, 7, 97] {
                    let mut some = vec![f32::NAN; rows * outputs];
                    rounded.forward_by(path, &Rows8::of(&x[..rows * inputs], inputs), &bias, &mut some);
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
