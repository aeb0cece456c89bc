//! Products in bfloat16, for training: both factors rounded to eight bits of mantissa, sums in f32 (Kalamkar et al.,
//! 2019, "A Study of BFLOAT16 for Deep Learning Training").
//!
//! Weights, gradients and moments stay f32; of what is multiplied there are rounded copies, laid in tiles as the
//! instructions read them (`bf16/tiles.rs`). Those of a weight are made once for each of its changes and serve the
//! forward pass, the backward pass and all micro-batches of an update. What computes a block of a product is
//! `bf16/kernel.rs`. Every number is summed by one thread over the whole depth in one order, so that it depends neither
//! on how many threads there are nor on the other rows; another processor may have another order, as in f32.

mod kernel;
mod tiles;

use rayon::prelude::*;

use super::matrix::{Blocks, Into};
use super::simd::wide;
pub use kernel::Tile;
use kernel::{BLOCK, Path, Sums};
pub use tiles::{Left, Right};

/// Blocks that a task takes in each direction, so that what it reads stays in the cache.
const AT_ONCE: usize = 4;

/// The processor's own instructions for products in bfloat16, by a name that a person may know, where it has any.
pub fn instructions() -> Option<&'static str> {
    let best = Path::best();
    (best != Path::Portable).then(|| best.name())
}

/// What becomes of the destination of a product.
#[derive(Clone, Copy, Debug)]
pub enum Then<'a> {
    Set,
    Add,
    /// It is overwritten, with a number added to each column.
    SetWith(&'a [f32]),
}

impl From<Into> for Then<'_> {
    fn from(into: Into) -> Self {
        match into {
            Into::Set => Self::Set,
            Into::Add => Self::Add,
        }
    }
}

/// A weight (outputs, inputs) as both passes multiply by it.
#[derive(Debug)]
pub struct Weight16 {
    /// `x Wᵀ`
    pub forward: Right,
    /// `grad W`
    pub backward: Right,
}

impl Weight16 {
    pub fn of(weight: &[f32], inputs: usize) -> Self {
        Self { forward: Right::along(weight, inputs), backward: Right::across(weight, inputs) }
    }
}

/// Writes the product of two matrices: (rows of the left, columns of the right).
pub fn product(left: &Left, right: &Right, then: Then<'_>, out: &mut [f32]) {
    product_by(Path::best(), left, right, then, out);
}

fn product_by(path: Path, left: &Left, right: &Right, then: Then<'_>, out: &mut [f32]) {
    let (rows, columns) = (left.rows(), right.columns());
    assert_eq!(left.depth(), right.depth(), "inner dimension of a product");
    assert_eq!(out.len(), rows * columns, "shape of a product");
    let (row_blocks, column_blocks) = (rows.div_ceil(BLOCK), columns.div_ceil(BLOCK));
    let row_tasks = row_blocks.div_ceil(AT_ONCE);
    let out = Blocks::new(out);
    // Neighbouring tasks share their columns, which are the larger part where the right one is a weight.
    (0..row_tasks * column_blocks.div_ceil(AT_ONCE)).into_par_iter().for_each(|task| {
        let (first_row, first_column) = (task % row_tasks * AT_ONCE, task / row_tasks * AT_ONCE);
        let ready = path.begin();
        let mut sums = Sums::default();
        for row in first_row..row_blocks.min(first_row + AT_ONCE) {
            for column in first_column..column_blocks.min(first_column + AT_ONCE) {
                ready.block(left.block(row), right.block(column), &mut sums);
                let (row, column) = (row * BLOCK, column * BLOCK);
                let count = (BLOCK.min(rows - row), BLOCK.min(columns - column));
                #[expect(unsafe_code, reason = "each task writes its own rows and columns")]
                // SAFETY: tasks differ in their rows or in their columns, and a task holds one block at a time.
                let mut block = unsafe { out.block(row * columns + column, count.0, count.1, columns) };
                wide(
                    #[inline(always)]
                    || {
                        for (row, sums) in sums.0.chunks_exact(BLOCK).take(count.0).enumerate() {
                            write(block.row_mut(row), sums, then, column);
                        }
                    },
                );
            }
        }
    });
}

#[inline(always)]
fn write(y: &mut [f32], sums: &[f32], then: Then<'_>, column: usize) {
    let sums = &sums[..y.len()];
    match then {
        Then::Set => y.copy_from_slice(sums),
        Then::Add => y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum),
        Then::SetWith(bias) => {
            let bias = &bias[column..][..y.len()];
            y.iter_mut().zip(sums).zip(bias).for_each(|((y, sum), bias)| *y = sum + bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * step).sin()).collect()
    }

    fn turned(x: &[f32], width: usize) -> Vec<f32> {
        (0..x.len()).map(|at| x[at % (x.len() / width) * width + at / (x.len() / width)]).collect()
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// The nearest bfloat16, by its definition.
    fn rounded(x: f32) -> f64 {
        let (low, rest) = (x.to_bits() & 0xffff_0000, x.to_bits() & 0xffff);
        let up = rest > 0x8000 || rest == 0x8000 && low & 0x1_0000 != 0;
        f64::from(f32::from_bits(low.wrapping_add(if up { 0x1_0000 } else { 0 })))
    }

    const SHAPES: [(usize, usize, usize); 9] = [
        (1, 1, 1),
        (3, 5, 2),
        (16, 32, 16),
        (31, 33, 65),
        (32, 64, 32),
        (33, 70, 47),
        (130, 333, 65),
        (7, 768, 140),
        (260, 96, 131),
    ];

    #[test]
    fn every_path_is_within_the_bound_of_the_textbook_sum_of_rounded_factors() {
        for (rows, depth, columns) in SHAPES {
            let (x, weight) = (numbers(rows * depth, 0.37), numbers(columns * depth, 0.71));
            let (left, right) = (Left::along(&x, depth), Right::along(&weight, depth));
            for path in Path::all() {
                let mut y = vec![f32::NAN; rows * columns];
                product_by(path, &left, &right, Then::Set, &mut y);
                for (at, y) in y.iter().enumerate() {
                    let (x, weight) = (&x[at / columns * depth..][..depth], &weight[at % columns * depth..][..depth]);
                    let products = x.iter().zip(weight).map(|(x, w)| rounded(*x) * rounded(*w));
                    let (sum, size) = products.fold((0.0, 0.0), |(sum, size), one| (sum + one, size + one.abs()));
                    // Each of the additions rounds by half a unit in the last place of what is summed so far.
                    let bound = (depth + 2) as f64 * f64::from(f32::EPSILON) / 2.0 * size;
                    assert!((f64::from(*y) - sum).abs() <= bound, "{path:?}: {y} and {sum}, {rows}x{depth}x{columns}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_is_laid_alike_from_itself_and_from_its_transpose() {
        for (rows, depth, columns) in SHAPES {
            let (x, weight) = (numbers(rows * depth, 0.37), numbers(columns * depth, 0.71));
            let product = |left: &Left, right: &Right| {
                let mut y = vec![f32::NAN; rows * columns];
                product(left, right, Then::Set, &mut y);
                bits(&y)
            };
            let expected = product(&Left::along(&x, depth), &Right::along(&weight, depth));
            let (x_turned, weight_turned) = (turned(&x, depth), turned(&weight, depth));
            assert_eq!(product(&Left::across(&x_turned, rows), &Right::along(&weight, depth)), expected);
            assert_eq!(product(&Left::along(&x, depth), &Right::across(&weight_turned, columns)), expected);
        }
    }

    #[test]
    fn a_product_is_set_or_added_and_takes_a_bias() {
        let (rows, depth, columns) = (33, 40, 35);
        let (left, right) = (numbers(rows * depth, 0.37), numbers(columns * depth, 0.71));
        let (left, right) = (Left::along(&left, depth), Right::along(&right, depth));
        let (before, bias) = (numbers(rows * columns, 0.5), numbers(columns, 0.9));
        let [mut set, mut added, mut with] = [(); 3].map(|()| before.clone());
        product(&left, &right, Then::Set, &mut set);
        product(&left, &right, Then::Add, &mut added);
        product(&left, &right, Then::SetWith(&bias), &mut with);
        for at in 0..rows * columns {
            assert_eq!(added[at].to_bits(), (before[at] + set[at]).to_bits());
            assert_eq!(with[at].to_bits(), (set[at] + bias[at % columns]).to_bits());
        }
    }

    #[test]
    fn neither_the_other_rows_nor_the_threads_change_a_row() {
        let (depth, columns) = (100, 150);
        let (x, weight) = (numbers(300 * depth, 0.37), numbers(columns * depth, 0.71));
        let right = Right::along(&weight, depth);
        let product = |rows: usize, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut y = vec![f32::NAN; rows * columns];
            pool.install(|| product(&Left::along(&x[..rows * depth], depth), &right, Then::Set, &mut y));
            bits(&y)
        };
        let all = product(300, 1);
        for rows in [1, 2, 15, 16, 17, 31, 33, 129, 300] {
            assert_eq!(product(rows, 2), all[..rows * columns], "{rows} rows");
        }
    }

    #[test]
    fn what_is_no_number_and_what_has_no_end_stay_so() {
        let weight = numbers(20 * 40, 0.71);
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0x7f80_0001), f32::MAX] {
            let mut x = numbers(3 * 40, 0.37);
            x[50] = odd;
            for path in Path::all() {
                let mut y = vec![0.0; 60];
                product_by(path, &Left::along(&x, 40), &Right::along(&weight, 40), Then::Set, &mut y);
                assert!(y[..20].iter().chain(&y[40..]).all(|y| y.is_finite()), "{path:?} {odd}");
                assert!(y[20..40].iter().all(|y| !y.is_finite()), "{path:?} {odd}");
            }
        }
    }
}
