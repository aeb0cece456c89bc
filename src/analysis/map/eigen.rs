//! The largest eigenvalues of a symmetric matrix, with their vectors, by Lanczos' method with full reorthogonalisation
//! (Lanczos 1950; Golub and Van Loan, Matrix Computations, section 10.1): of some hundred dimensions the first two are
//! wanted, and a full decomposition would cost a hundred times as much.

use crate::random::Stream;
use crate::stop::heed;

/// An eigenvalue and its vector, which has length 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigen {
    pub value: f64,
    pub vector: Vec<f64>,
}

/// How far a vector may be from being one, as a share of the largest eigenvalue.
const TOLERANCE: f64 = 1e-11;

/// The `count` largest eigenvalues of a symmetric matrix of `size` rows, largest first; `apply` writes its product with a
/// vector. The vectors that it begins with are drawn from a fixed key, so the same matrix has the same answer.
pub fn largest(size: usize, count: usize, mut apply: impl FnMut(&[f64], &mut [f64])) -> Vec<Eigen> {
    let count = count.min(size);
    if count == 0 {
        return Vec::new();
    }
    let mut chance = Stream::new(0);
    let mut basis = Basis::default();
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut next = basis.fresh(size, &mut chance);
    let mut check_at = count.max(24).min(size);
    loop {
        heed();
        let mut image = vec![0.0; size];
        apply(&next, &mut image);
        diagonal.push(dot(&image, &next));
        basis.0.push(next);
        basis.leave(&mut image);
        let scale = diagonal.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let mut length = norm(&image);
        // The space that was reached is closed: another part of it begins with a vector of its own.
        let is_closed = length <= 1e-13 * scale.max(f64::MIN_POSITIVE);
        next = if is_closed {
            length = 0.0;
            basis.fresh(size, &mut chance)
        } else {
            image.iter().map(|value| value / length).collect()
        };
        let steps = basis.0.len();
        if steps >= check_at {
            let small = Tridiagonal { diagonal: &diagonal, beside: &beside };
            let pairs = small.largest(count);
            let is_exact = pairs.iter().all(|pair| length * pair.vector[steps - 1].abs() <= TOLERANCE * scale);
            if is_exact || steps == size {
                return pairs.into_iter().map(|pair| basis.whole(&pair)).collect();
            }
            check_at = (steps * 3 / 2).min(size);
        }
        beside.push(length);
    }
}

/// Vectors of length 1, each at right angles to all others.
#[derive(Default)]
struct Basis(Vec<Vec<f64>>);

impl Basis {
    /// Takes out of a vector what lies in the space of these, twice: rounding leaves something the first time.
    fn leave(&self, vector: &mut [f64]) {
        for _ in 0..2 {
            for own in &self.0 {
                let share = dot(own, vector);
                vector.iter_mut().zip(own).for_each(|(value, own)| *value -= share * own);
            }
        }
    }

    /// A vector outside of their space, by chance.
    fn fresh(&self, size: usize, chance: &mut Stream) -> Vec<f64> {
        for _ in 0..8 {
            let mut vector: Vec<f64> = (0..size).map(|_| chance.unit() - 0.5).collect();
            self.leave(&mut vector);
            let length = norm(&vector);
            if length > 1e-6 {
                return vector.into_iter().map(|value| value / length).collect();
            }
        }
        vec![0.0; size]
    }

    /// What a vector of the small matrix is in the whole space.
    fn whole(&self, small: &Eigen) -> Eigen {
        let mut vector = vec![0.0; self.0.first().map_or(0, Vec::len)];
        for (own, share) in self.0.iter().zip(&small.vector) {
            vector.iter_mut().zip(own).for_each(|(value, own)| *value += share * own);
        }
        let length = norm(&vector).max(f64::MIN_POSITIVE);
        Eigen { value: small.value, vector: vector.into_iter().map(|value| value / length).collect() }
    }
}

/// A symmetric matrix with nothing but its diagonal and what stands beside it.
struct Tridiagonal<'a> {
    diagonal: &'a [f64],
    beside: &'a [f64],
}

impl Tridiagonal<'_> {
    fn largest(&self, count: usize) -> Vec<Eigen> {
        let mut found: Vec<Eigen> = Vec::with_capacity(count);
        for place in 0..count {
            let value = self.value(place);
            let vector = self.vector(value, place, &found);
            found.push(Eigen { value, vector });
        }
        found
    }

    /// How many eigenvalues are above a number: by the signs of the pivots (Sylvester's law of inertia).
    fn above(&self, number: f64) -> usize {
        let (mut pivot, mut above) = (1.0, 0);
        for (place, own) in self.diagonal.iter().enumerate() {
            let beside = if place == 0 { 0.0 } else { self.beside[place - 1] };
            pivot = own - number - beside * beside / pivot;
            if pivot == 0.0 {
                pivot = f64::EPSILON * (own.abs() + beside.abs()).max(f64::MIN_POSITIVE);
            }
            above += usize::from(pivot > 0.0);
        }
        above
    }

    /// The eigenvalue at a place in descending order, by halving the interval in which it lies.
    fn value(&self, place: usize) -> f64 {
        let reach = |row: usize| {
            let left = row.checked_sub(1).map_or(0.0, |left| self.beside[left].abs());
            left + self.beside.get(row).map_or(0.0, |right| right.abs())
        };
        let rows = || self.diagonal.iter().enumerate();
        let mut low = rows().fold(f64::INFINITY, |least, (row, own)| least.min(own - reach(row)));
        let mut high = rows().fold(f64::NEG_INFINITY, |most, (row, own)| most.max(own + reach(row)));
        for _ in 0..120 {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if self.above(middle) > place { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    }

    /// The vector of an eigenvalue, at right angles to those that were found, by inverse iteration.
    fn vector(&self, value: f64, place: usize, found: &[Eigen]) -> Vec<f64> {
        let mut chance = Stream::new(place as u64 + 1);
        let mut vector: Vec<f64> = self.diagonal.iter().map(|_| chance.unit() - 0.5).collect();
        for _ in 0..4 {
            self.solve(value, &mut vector);
            for other in found {
                let share = dot(&other.vector, &vector);
                vector.iter_mut().zip(&other.vector).for_each(|(own, other)| *own -= share * other);
            }
            let length = norm(&vector).max(f64::MIN_POSITIVE);
            for own in &mut vector {
                *own /= length;
            }
        }
        vector
    }

    /// Solves (matrix - value) x = right by elimination with a choice of pivots; `right` becomes x.
    fn solve(&self, value: f64, right: &mut [f64]) {
        let size = right.len();
        let scale = self.diagonal.iter().fold(0.0_f64, |most, own| most.max(own.abs()));
        // Of a matrix of nothing any vector is one.
        let least = if scale > 1e-100 { f64::EPSILON * scale } else { 1.0 };
        // Each row of what is left: the pivot and the two to its right.
        let mut rows = vec![[0.0; 3]; size];
        let beside = |row: usize| self.beside.get(row).copied().filter(|_| row + 1 < size).unwrap_or(0.0);
        let mut current = [self.diagonal[0] - value, beside(0), 0.0];
        for row in 0..size - 1 {
            let below = [beside(row), self.diagonal[row + 1] - value, beside(row + 1)];
            let (mut upper, mut lower) = (current, below);
            if lower[0].abs() > upper[0].abs() {
                std::mem::swap(&mut upper, &mut lower);
                right.swap(row, row + 1);
            }
            if upper[0].abs() < least {
                upper[0] = least;
            }
            let factor = lower[0] / upper[0];
            right[row + 1] -= factor * right[row];
            current = [lower[1] - factor * upper[1], lower[2] - factor * upper[2], 0.0];
            rows[row] = upper;
        }
        if current[0].abs() < least {
            current[0] = least;
        }
        rows[size - 1] = current;
        for row in (0..size).rev() {
            let next = |by: usize| right.get(row + by).copied().unwrap_or(0.0);
            right[row] = (right[row] - rows[row][1] * next(1) - rows[row][2] * next(2)) / rows[row][0];
        }
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest eigenvalues of a matrix, with the error of each as an eigenvector.
    fn of(matrix: &[Vec<f64>], count: usize) -> Vec<(f64, f64)> {
        let apply = |vector: &[f64], image: &mut [f64]| {
            image.iter_mut().zip(matrix).for_each(|(value, row)| *value = dot(row, vector));
        };
        let found = largest(matrix.len(), count, apply);
        for (place, one) in found.iter().enumerate() {
            for other in &found[..place] {
                assert!(dot(&one.vector, &other.vector).abs() < 1e-9);
            }
        }
        let error = |one: &Eigen| {
            let off = |row: &Vec<f64>, own: f64| (dot(row, &one.vector) - one.value * own).abs();
            matrix.iter().zip(&one.vector).map(|(row, own)| off(row, *own)).fold(0.0, f64::max)
        };
        found.iter().map(|one| (one.value, error(one))).collect()
    }

    #[test]
    fn a_matrix_whose_eigenvalues_are_known_has_them() {
        // The second differences of a line: 2 - 2 cos(pi k / (n + 1)).
        let size = 150;
        let entry = |row: usize, column: usize| match row.abs_diff(column) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        };
        let matrix: Vec<Vec<f64>> = (0..size).map(|row| (0..size).map(|column| entry(row, column)).collect()).collect();
        for (place, (value, error)) in of(&matrix, 3).into_iter().enumerate() {
            let angle = std::f64::consts::PI * (size - place) as f64 / (size + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-9, "eigenvalue {place}: {value}");
            assert!(error < 1e-9, "vector {place}: {error}");
        }
    }

    #[test]
    fn equal_eigenvalues_and_none_at_all_have_vectors_too() {
        let diagonal = |values: &[f64]| -> Vec<Vec<f64>> {
            let row =
                |place: usize| (0..values.len()).map(|at| if at == place { values[place] } else { 0.0 }).collect();
            (0..values.len()).map(row).collect()
        };
        let close = |found: Vec<(f64, f64)>, expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            for ((value, error), expected) in found.into_iter().zip(expected) {
                assert!((value - expected).abs() < 1e-12 && error < 1e-9, "{value} for {expected}, {error}");
            }
        };
        close(of(&diagonal(&[3.0, 3.0, 1.0]), 2), &[3.0, 3.0]);
        close(of(&diagonal(&[0.0, 0.0, 0.0, 0.0]), 2), &[0.0, 0.0]);
        close(of(&diagonal(&[5.0]), 2), &[5.0]);
        assert!(of(&[], 2).is_empty());
    }
}
