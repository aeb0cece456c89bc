//! Products whose rows do not depend on how many rows there are.

use super::buffer::Buffer;
use super::matrix::{Into, Mat, MatMut, Threads, matmul};

/// Adds `x Wᵀ` to `y`, row by row; the weight is (outputs, inputs).
pub fn add_product(x: &[f32], weight: &[f32], y: &mut [f32], (inputs, outputs): (usize, usize)) {
    let rows = x.len() / inputs;
    let least = rows_for_one_order(inputs, outputs);
    if rows >= least {
        product(x, weight, y, (rows, inputs, outputs));
        return;
    }
    let (mut longer_x, mut longer_y) = (Buffer::take(least * inputs), Buffer::take(least * outputs));
    longer_x[..x.len()].copy_from_slice(x);
    longer_x[x.len()..].fill(0.0);
    longer_y[..y.len()].copy_from_slice(y);
    longer_y[y.len()..].fill(0.0);
    product(&longer_x, weight, &mut longer_y, (least, inputs, outputs));
    y.copy_from_slice(&longer_y[..y.len()]);
}

fn product(x: &[f32], weight: &[f32], y: &mut [f32], (rows, inputs, outputs): (usize, usize, usize)) {
    let right = Mat::new(weight, outputs, inputs).transposed();
    matmul(MatMut::new(y, rows, outputs), Into::Add, Mat::new(x, rows, inputs), right, Threads::All);
}

/// From how many rows on the `gemm` crate adds in one and the same order. Below it takes short cuts (a matrix times a
/// vector, at most 256 results, at most 64 rows and columns) that add in another, and a text alone would differ in its
/// last bits from the same text in a batch.
fn rows_for_one_order(inputs: usize, outputs: usize) -> usize {
    let beyond_small = 256 / outputs.max(1) + 1;
    let beyond_blocks = if outputs <= 64 && inputs > 512 { 65 } else { 2 };
    beyond_small.max(beyond_blocks)
}
