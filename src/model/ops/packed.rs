//! Products of few rows with weights that lie as they are read.
//!
//! The `gemm` crate turns a weight into the layout that its kernel reads with every product, which for a sentence of
//! some ten tokens takes longer than the product. Of a model that is asked and not trained the weights are laid once.
//! Sums are added in the order in which that crate adds them, so that a text has the same bits here as among others;
//! which order that is on this machine is found by asking it (`order`), and where it is none of those known here its own
//! product is used.

pub mod kernel;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::matrix::{Blocks, Into, Mat, MatMut, Threads, matmul};
use kernel::{COLUMNS, Path, ROWS, Sums};

/// Rows up to which laying a weight once was found to pay; of more the `gemm` crate is as fast.
pub const FEW: usize = 512;
/// Inputs that are turned at once, so that what is written stays in the nearest cache.
const TURNED: usize = 64;
/// Rows that a task takes, so that they and its weights stay in the cache.
const BLOCK: usize = 8 * ROWS;
/// Blocks of columns that a task takes, of few rows and of many.
const OF_FEW: usize = 2;
const OF_MANY: usize = 4;

/// A weight (outputs, inputs) in blocks of columns, each input after input.
#[derive(Debug)]
pub struct Packed {
    inputs: usize,
    outputs: usize,
    values: Vec<f32>,
    /// How many inputs are added before their sum is.
    part: usize,
    path: Path,
}

impl Packed {
    /// Lays a weight; `None` where its sums would have other bits than those of the `gemm` crate, or come later.
    pub fn of(weight: &[f32], shape: (usize, usize)) -> Option<Self> {
        // Without optimisation what is compiled here is slower than that crate, which is always compiled with it.
        let path = Path::best().filter(|_| cfg!(not(debug_assertions)))?;
        Self::of_by(path, weight, shape)
    }

    fn of_by(path: Path, weight: &[f32], (inputs, outputs): (usize, usize)) -> Option<Self> {
        // A single column is a matrix times a vector there, which is added in an order of its own.
        let part = order(inputs, path).filter(|_| outputs > 1)?;
        Some(Self::with(weight, (inputs, outputs), part, path))
    }

    fn with(weight: &[f32], (inputs, outputs): (usize, usize), part: usize, path: Path) -> Self {
        let mut values = vec![0.0; outputs.div_ceil(COLUMNS) * COLUMNS * inputs];
        values.par_chunks_mut(COLUMNS * inputs).zip(weight.par_chunks(COLUMNS * inputs)).for_each(|(to, from)| {
            for first in (0..inputs).step_by(TURNED) {
                for (column, weight) in from.chunks(inputs).enumerate() {
                    let to = to[first * COLUMNS..].chunks_exact_mut(COLUMNS).take(TURNED);
                    to.zip(&weight[first..]).for_each(|(to, weight)| to[column] = *weight);
                }
            }
        });
        Self { inputs, outputs, values, part, path }
    }

    /// Writes `x Wᵀ + b` to `y`.
    pub fn product(&self, x: &[f32], bias: &[f32], y: &mut [f32]) {
        let rows = x.len() / self.inputs;
        let row_blocks = rows.div_ceil(BLOCK);
        let at_once = if row_blocks > 1 { OF_MANY } else { OF_FEW };
        let out = Blocks::new(y);
        (0..row_blocks * self.outputs.div_ceil(COLUMNS * at_once)).into_par_iter().for_each(|task| {
            let first_column = task / row_blocks * COLUMNS * at_once;
            let columns = first_column..self.outputs.min(first_column + COLUMNS * at_once);
            let first_row = task % row_blocks * BLOCK;
            self.block((x, first_row..rows.min(first_row + BLOCK)), columns, bias, &out);
        });
    }

    /// Some rows and columns of a product.
    fn block(&self, (x, rows): (&[f32], Range<usize>), columns: Range<usize>, bias: &[f32], out: &Blocks<'_>) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        let mut sums: Sums = [0.0; ROWS * COLUMNS];
        let in_tile = rows.len().div_ceil(rows.len().div_ceil(ROWS));
        for from in (0..inputs).step_by(self.part) {
            let to = inputs.min(from + self.part);
            for first in columns.clone().step_by(COLUMNS) {
                let columns = first..columns.end.min(first + COLUMNS);
                let (before, rest) = self.values.split_at(first * inputs + to * COLUMNS);
                let weights = &before[first * inputs + from * COLUMNS..];
                // The same inputs of the next columns.
                let next = rest.get((inputs - to + from) * COLUMNS..).unwrap_or(&[]);
                for top in rows.clone().step_by(in_tile) {
                    let count = in_tile.min(rows.end - top);
                    let next = if top + count == rows.end { next } else { &[] };
                    self.path.tile((&x[top * inputs + from..], inputs, count), weights, next, &mut sums);
                    #[expect(unsafe_code, reason = "each task writes its own rows and columns")]
                    // SAFETY: tasks differ in their rows or in their columns, and a task holds one block at a time.
                    let mut out = unsafe { out.block(top * outputs + first, count, columns.len(), outputs) };
                    for (row, sums) in sums.chunks_exact(COLUMNS).take(count).enumerate() {
                        let y = out.row_mut(row);
                        if from == 0 {
                            y.copy_from_slice(&bias[columns.clone()]);
                        }
                        y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum);
                    }
                }
            }
        }
    }
}

/// How many inputs of so many the `gemm` crate adds before it adds their sum to what is there; `None` where it is no
/// number of equal parts.
fn order(inputs: usize, path: Path) -> Option<usize> {
    static KNOWN: Mutex<BTreeMap<usize, Option<usize>>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(order) = known().get(&inputs) {
        return *order;
    }
    // Threads are asked for help meanwhile, which may come here as well; both find the same.
    let order = find_order(inputs, path);
    known().insert(inputs, order);
    order
}

fn find_order(inputs: usize, path: Path) -> Option<usize> {
    const SIDE: usize = 70;
    let numbers = |count: usize, step: f32| (0..count).map(|i| (i as f32 * step).sin()).collect::<Vec<_>>();
    let (x, weight) = (numbers(SIDE * inputs, 0.11), numbers(SIDE * inputs, 0.37));
    let bias = numbers(SIDE, 0.7);
    let mut theirs = bias.repeat(SIDE);
    let right = Mat::new(&weight, SIDE, inputs).transposed();
    matmul(MatMut::new(&mut theirs, SIDE, SIDE), Into::Add, Mat::new(&x, SIDE, inputs), right, Threads::One);
    (1..=inputs.div_ceil(256)).map(|parts| inputs.div_ceil(parts)).find(|part| {
        let mut ours = vec![0.0; SIDE * SIDE];
        Packed::with(&weight, (inputs, SIDE), *part, path).product(&x, &bias, &mut ours);
        ours.iter().zip(&theirs).all(|(a, b)| a.to_bits() == b.to_bits())
    })
}

#[cfg(test)]
mod tests {
    use super::super::rows::add_product;
    use super::*;

    #[test]
    fn products_have_the_bits_of_those_that_turn_the_weight_each_time() {
        let numbers = |count: usize, step: f32| (0..count).map(|i| (i as f32 * step).sin()).collect::<Vec<_>>();
        for shape in [(800, 5), (64, 256), (768, 70), (36, 4), (520, 1), (1, 3), (1600, 40)] {
            let (inputs, outputs) = shape;
            let (x, weight) = (numbers(66 * inputs, 0.11), numbers(inputs * outputs, 0.37));
            let bias = numbers(outputs, 0.7);
            for path in Path::all() {
                let Some(packed) = Packed::of_by(path, &weight, shape) else { continue };
                for rows in [1, 2, 7, 12, 13, 25, 66] {
                    let x = &x[..rows * inputs];
                    let mut expected = bias.repeat(rows);
                    add_product(x, &weight, &mut expected, shape);
                    let mut found = vec![f32::NAN; rows * outputs];
                    packed.product(x, &bias, &mut found);
                    let same = found.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{rows} rows of {inputs} to {outputs}, {path:?}");
                }
            }
        }
    }
}
