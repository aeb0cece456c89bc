//! Layer normalisation over the last dimension (Ba et al., 2016), row by row.

use rayon::prelude::*;

use super::simd::{sum_of, sum_of_pairs, wide};

/// Rows that one task takes.
const ROWS: usize = 16;
/// Columns that one task sums.
const COLUMNS: usize = 256;

/// Mean and reciprocal standard deviation of a row.
pub type Moments = (f32, f32);

/// `y = (x - mean) / sqrt(variance + eps) * weight + bias`; returns the moments of each row.
/// `x`, `y`: (rows, width); `weight`, `bias`: (width).
pub fn forward(x: &[f32], y: &mut [f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<Moments> {
    let width = weight.len();
    let mut moments = vec![(0.0, 0.0); x.len() / width];
    y.par_chunks_mut(ROWS * width).zip(x.par_chunks(ROWS * width)).zip(moments.par_chunks_mut(ROWS)).for_each(
        |((y, x), moments)| {
            wide(
                #[inline(always)]
                || {
                    for ((y, x), moments) in y.chunks_mut(width).zip(x.chunks(width)).zip(moments) {
                        let mean = sum_of(x, |x| x) / width as f32;
                        let variance = sum_of(x, |x| (x - mean) * (x - mean)) / width as f32;
                        let scale = 1.0 / (variance + eps).sqrt();
                        *moments = (mean, scale);
                        for (((y, x), w), b) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                            *y = (x - mean) * scale * w + b;
                        }
                    }
                },
            );
        },
    );
    moments
}

/// Turns the gradient of the output, in `grad`, into that of the input.
pub fn backward(x: &[f32], grad: &mut [f32], weight: &[f32], moments: &[Moments]) {
    let width = weight.len();
    grad.par_chunks_mut(ROWS * width).zip(x.par_chunks(ROWS * width)).zip(moments.par_chunks(ROWS)).for_each(
        |((grad, x), moments)| {
            wide(
                #[inline(always)]
                || {
                    for ((grad, x), &(mean, scale)) in grad.chunks_mut(width).zip(x.chunks(width)).zip(moments) {
                        for (g, w) in grad.iter_mut().zip(weight) {
                            *g *= w;
                        }
                        let mean_grad = sum_of(grad, |g| g) / width as f32;
                        let along = sum_of_pairs(grad, x, |g, x| g * (x - mean) * scale) / width as f32;
                        for (g, x) in grad.iter_mut().zip(x) {
                            *g = scale * (*g - mean_grad - (x - mean) * scale * along);
                        }
                    }
                },
            );
        },
    );
}

/// The gradient of the weight: the sum over rows of output gradient times normalised input, added to `out`.
pub fn add_weight_gradient(x: &[f32], grad: &[f32], moments: &[Moments], out: &mut [f32]) {
    let width = out.len();
    out.par_chunks_mut(COLUMNS).enumerate().for_each(|(block, out)| {
        let columns = block * COLUMNS..block * COLUMNS + out.len();
        wide(
            #[inline(always)]
            || {
                for ((x, grad), &(mean, scale)) in x.chunks(width).zip(grad.chunks(width)).zip(moments) {
                    let (x, grad) = (&x[columns.clone()], &grad[columns.clone()]);
                    for ((out, x), g) in out.iter_mut().zip(x).zip(grad) {
                        *out += g * (x - mean) * scale;
                    }
                }
            },
        );
    });
}

/// Adds the sum over rows to `out`: the gradient of a bias.
pub fn add_column_sums(rows: &[f32], out: &mut [f32]) {
    let width = out.len();
    out.par_chunks_mut(COLUMNS).enumerate().for_each(|(block, out)| {
        let columns = block * COLUMNS..block * COLUMNS + out.len();
        wide(
            #[inline(always)]
            || {
                for row in rows.chunks(width) {
                    for (out, x) in out.iter_mut().zip(&row[columns.clone()]) {
                        *out += x;
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_equals_central_differences() {
        let (rows, width) = (3, 37);
        let x: Vec<f32> = (0..rows * width).map(|i| (i as f32 * 0.7).sin() * 2.0 + 0.3).collect();
        let weight: Vec<f32> = (0..width).map(|i| 1.0 + (i as f32 * 0.3).cos() * 0.4).collect();
        let bias = vec![0.1; width];
        let pull: Vec<f32> = (0..rows * width).map(|i| (i as f32 * 1.3).cos()).collect();
        let loss = |x: &[f32], weight: &[f32]| {
            let mut y = vec![0.0; x.len()];
            forward(x, &mut y, weight, &bias, 1e-5);
            y.iter().zip(&pull).map(|(y, p)| f64::from(y * p)).sum::<f64>()
        };
        let mut y = vec![0.0; x.len()];
        let moments = forward(&x, &mut y, &weight, &bias, 1e-5);
        let mut grad = pull.clone();
        backward(&x, &mut grad, &weight, &moments);
        let mut weight_grad = vec![0.0; width];
        add_weight_gradient(&x, &pull, &moments, &mut weight_grad);
        for i in 0..x.len() {
            let (mut above, mut below) = (x.clone(), x.clone());
            above[i] += 1e-2;
            below[i] -= 1e-2;
            let difference = (loss(&above, &weight) - loss(&below, &weight)) / 2e-2;
            assert!((f64::from(grad[i]) - difference).abs() < 2e-3, "x[{i}]: {} against {difference}", grad[i]);
        }
        for i in 0..width {
            let (mut above, mut below) = (weight.clone(), weight.clone());
            above[i] += 1e-2;
            below[i] -= 1e-2;
            let difference = (loss(&x, &above) - loss(&x, &below)) / 2e-2;
            assert!((f64::from(weight_grad[i]) - difference).abs() < 2e-3, "weight[{i}]");
        }
    }
}
