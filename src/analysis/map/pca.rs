//! Principal components: the directions in which points differ most (Pearson 1901; Hotelling 1933).
//!
//! Exact for any number of points, from the covariance of their dimensions. A direction has no sign of its own: its
//! largest share is positive, as in scikit-learn, so that the same points have the same map.

use super::eigen::{Eigen, largest};
use crate::analysis::points::Points;
use crate::model::ops::matrix::{Into as Product, Mat, MatMut, Threads, matmul};
use crate::stop::heed;

/// The first components of some points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pca {
    pub mean: Vec<f64>,
    /// Directions of length 1, the most telling first.
    pub axes: Vec<Vec<f64>>,
    /// Variance along each.
    pub variances: Vec<f64>,
    /// Of all dimensions together.
    pub total_variance: f64,
}

/// Points whose products are summed in `f32`, before the sums are summed in `f64`.
const BLOCK: usize = 512;

impl Pca {
    pub fn of(points: &Points, count: usize) -> Self {
        let width = points.width;
        let mean = points.mean();
        let covariance = covariance(&points.centred(&mean));
        let apply = |vector: &[f64], image: &mut [f64]| {
            let rows = covariance.chunks_exact(width.max(1));
            let product = |row: &[f64]| row.iter().zip(vector).map(|(left, right)| left * right).sum();
            image.iter_mut().zip(rows).for_each(|(value, row)| *value = product(row));
        };
        let found = largest(width, count, apply);
        Self {
            variances: found.iter().map(|one| one.value.max(0.0)).collect(),
            axes: found.into_iter().map(signed).collect(),
            total_variance: (0..width).map(|place| covariance[place * width + place]).sum(),
            mean,
        }
    }

    /// Where a point lies along the components.
    pub fn project(&self, point: &[f32]) -> Vec<f64> {
        let along = |axis: &Vec<f64>| {
            let each = axis.iter().zip(point).zip(&self.mean);
            each.map(|((share, value), mean)| share * (f64::from(*value) - mean)).sum()
        };
        self.axes.iter().map(along).collect()
    }

    /// The share of the variance that each component tells.
    pub fn shares(&self) -> Vec<f64> {
        let total = self.total_variance.max(f64::MIN_POSITIVE);
        self.variances.iter().map(|variance| variance / total).collect()
    }

    /// Where points lie on the first two; those of one dimension lie on a line.
    pub fn plane(&self, points: &Points) -> Vec<[f32; 2]> {
        let place = |point: usize| {
            let along = self.project(points.get(point));
            [0, 1].map(|axis| along.get(axis).copied().unwrap_or(0.0) as f32)
        };
        (0..points.len()).map(place).collect()
    }
}

/// The direction whose largest share is positive.
fn signed(one: Eigen) -> Vec<f64> {
    let axis = one.vector;
    let most = axis.iter().copied().reduce(|most, share| if share.abs() > most.abs() { share } else { most });
    if most.is_some_and(|share| share < 0.0) {
        return axis.into_iter().map(|share| -share).collect();
    }
    axis
}

/// The covariance of the dimensions of centred points, (width, width), without the bias of a sample.
fn covariance(points: &Points) -> Vec<f64> {
    let width = points.width;
    let mut sums = vec![0.0; width * width];
    let mut block = vec![0.0_f32; width * width];
    for rows in points.values.chunks(BLOCK * width.max(1)) {
        heed();
        let matrix = Mat::new(rows, rows.len() / width, width);
        matmul(MatMut::new(&mut block, width, width), Product::Set, matrix.transposed(), matrix, Threads::All);
        sums.iter_mut().zip(&block).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let freedom = points.len().saturating_sub(1).max(1) as f64;
    sums.into_iter().map(|sum| sum / freedom).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_line_differ_along_it_and_nowhere_else() {
        let values = (0..50).flat_map(|step| [3.0 - step as f32, 1.0 + 2.0 * step as f32, 7.0]).collect();
        let points = Points { width: 3, values };
        let pca = Pca::of(&points, 2);
        let length = 5.0_f64.sqrt();
        for (found, expected) in pca.axes[0].iter().zip([-1.0 / length, 2.0 / length, 0.0]) {
            assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
        }
        assert!((pca.shares()[0] - 1.0).abs() < 1e-5 && pca.shares()[1] < 1e-5);
        let plane = pca.plane(&points);
        assert!((plane[49][0] - plane[0][0] - 49.0 * length as f32).abs() < 1e-3);
        assert!(plane.iter().all(|at| at[1].abs() < 1e-3));
    }

    #[test]
    fn points_that_do_not_differ_lie_on_one_place() {
        for points in [
            Points { width: 2, values: vec![4.0, 5.0] },
            Points { width: 1, values: vec![4.0, 4.0, 4.0] },
            Points { width: 4, values: [1.0, 2.0, 3.0, 4.0].repeat(3) },
        ] {
            let plane = Pca::of(&points, 2).plane(&points);
            assert!(plane.iter().all(|at| *at == [0.0, 0.0]), "{plane:?}");
        }
    }
}
