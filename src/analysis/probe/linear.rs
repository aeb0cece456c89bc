//! A linear model on states: logistic regression for one class of several, or for labels of which any may apply, and ridge
//! regression for numbers. The mean loss over the rows, and half the squared weights times their strength; the bias is
//! free. Between two classes one output tells them apart.
//!
//! It is what scikit-learn calls `LogisticRegression` and `Ridge`: a strength of `s` over `n` rows is its `C = 1 / (s n)`,
//! and its `alpha = s n`. Products are taken in `f32`, sums of rows and steps in `f64`.

use super::lbfgs::{Until, minimum};
use crate::model::ops::matrix::{Into, Mat, MatMut, Threads, matmul};
use crate::stop::Stop;

/// Rows of features.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    pub rows: usize,
    pub cols: usize,
    pub values: Vec<f32>,
}

impl Matrix {
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.cols..(row + 1) * self.cols]
    }

    /// Some of the rows.
    #[must_use]
    pub fn of(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|row| self.row(*row).iter().copied()).collect();
        Self { rows: rows.len(), cols: self.cols, values }
    }
}

/// What is learned of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the outputs is right.
    OneOf,
    /// Any of the outputs are right.
    AnyOf,
    Number,
}

/// What is right, (rows, outputs).
#[derive(Clone, Debug)]
pub struct Truth {
    pub kind: Kind,
    pub outputs: usize,
    pub values: Vec<f32>,
}

impl Truth {
    /// Of some of the rows.
    #[must_use]
    pub fn of(&self, rows: &[usize]) -> Self {
        let row = |row: &usize| self.values[row * self.outputs..(row + 1) * self.outputs].iter().copied();
        Self { values: rows.iter().flat_map(row).collect(), ..*self }
    }

    /// Turns what is said of a row into how it is to change, each divided by `rows`; returns the loss of the row.
    fn judge(&self, row: usize, said: &mut [f32], rows: f64) -> f64 {
        let right = &self.values[row * self.outputs..(row + 1) * self.outputs];
        match self.kind {
            Kind::OneOf => {
                let most = said.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f64 = said.iter().map(|said| f64::from(said - most).exp()).sum();
                let all = sum.ln() + f64::from(most);
                let mut loss = 0.0;
                for (said, right) in said.iter_mut().zip(right) {
                    let log = f64::from(*said) - all;
                    loss -= f64::from(*right) * log;
                    *said = ((log.exp() - f64::from(*right)) / rows) as f32;
                }
                loss
            }
            Kind::AnyOf => said
                .iter_mut()
                .zip(right)
                .map(|(said, right)| {
                    let (value, right) = (f64::from(*said), f64::from(*right));
                    let rest = (-value.abs()).exp();
                    let share = if value >= 0.0 { 1.0 / (1.0 + rest) } else { rest / (1.0 + rest) };
                    *said = ((share - right) / rows) as f32;
                    value.max(0.0) - value * right + rest.ln_1p()
                })
                .sum(),
            Kind::Number => said
                .iter_mut()
                .zip(right)
                .map(|(said, right)| {
                    let off = f64::from(*said) - f64::from(*right);
                    *said = (off / rows) as f32;
                    0.5 * off * off
                })
                .sum(),
        }
    }
}

/// What was fitted: a row of weights for each output, then a bias for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    pub outputs: usize,
    pub values: Vec<f64>,
}

impl Linear {
    /// Says nothing of anything.
    pub fn zero(outputs: usize, cols: usize) -> Self {
        Self { outputs, values: vec![0.0; outputs * (cols + 1)] }
    }

    /// Learns rows, from what it says of them now.
    #[must_use]
    pub fn fit(self, features: &Matrix, truth: &Truth, strength: f64, until: Until, stop: &Stop) -> Self {
        let weights = self.outputs * features.cols;
        let mut said = vec![0.0; features.rows * self.outputs];
        let mut down = vec![0.0; weights];
        let outputs = self.outputs;
        let values = minimum(self.values, until, |values, gradient| {
            stop.heed();
            say(values, outputs, features, &mut said);
            let mut loss = judged(truth, &mut said, features.rows);
            let changes = Mat::new(&said, features.rows, outputs).transposed();
            let rows = Mat::new(&features.values, features.rows, features.cols);
            matmul(MatMut::new(&mut down, outputs, features.cols), Into::Set, changes, rows, Threads::One);
            for ((gradient, down), weight) in gradient.iter_mut().zip(&down).zip(values).take(weights) {
                *gradient = f64::from(*down) + strength * weight;
                loss += 0.5 * strength * weight * weight;
            }
            for (output, bias) in gradient[weights..].iter_mut().enumerate() {
                *bias = said.iter().skip(output).step_by(outputs).map(|change| f64::from(*change)).sum();
            }
            loss
        });
        Self { outputs, values }
    }

    /// What it says of rows, (rows, outputs).
    pub fn say(&self, features: &Matrix) -> Vec<f32> {
        let mut said = vec![0.0; features.rows * self.outputs];
        say(&self.values, self.outputs, features, &mut said);
        said
    }

    /// The mean loss of rows, without that of its weights.
    pub fn loss(&self, features: &Matrix, truth: &Truth) -> f64 {
        judged(truth, &mut self.say(features), features.rows)
    }
}

fn say(values: &[f64], outputs: usize, features: &Matrix, said: &mut [f32]) {
    let (weights, biases) = values.split_at(outputs * features.cols);
    let weights: Vec<f32> = weights.iter().map(|weight| *weight as f32).collect();
    for row in said.chunks_exact_mut(outputs) {
        row.iter_mut().zip(biases).for_each(|(said, bias)| *said = *bias as f32);
    }
    let rows = Mat::new(&features.values, features.rows, features.cols);
    let weights = Mat::new(&weights, outputs, features.cols).transposed();
    matmul(MatMut::new(said, features.rows, outputs), Into::Add, rows, weights, Threads::One);
}

fn judged(truth: &Truth, said: &mut [f32], rows: usize) -> f64 {
    let of_rows = said.chunks_exact_mut(truth.outputs).enumerate();
    let sum: f64 = of_rows.map(|(row, said)| truth.judge(row, said, rows as f64)).sum();
    sum / rows.max(1) as f64
}

/// Moves features to a mean of 0 and a spread of 1, by those they are learned from. What never changes stays at 0.
#[derive(Clone, Debug)]
pub struct Standard {
    means: Vec<f64>,
    spreads: Vec<f64>,
}

impl Standard {
    pub fn of(features: &Matrix) -> Self {
        let count = features.rows.max(1) as f64;
        let mut means = vec![0.0; features.cols];
        let mut squares = vec![0.0; features.cols];
        for row in features.values.chunks_exact(features.cols.max(1)) {
            means.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / count);
        }
        for row in features.values.chunks_exact(features.cols.max(1)) {
            for ((square, value), mean) in squares.iter_mut().zip(row).zip(&means) {
                *square += (f64::from(*value) - mean).powi(2) / count;
            }
        }
        let spread = |(square, mean): (&f64, &f64)| {
            // What is left of equal numbers after rounding is no spread.
            let rounding = (count * f64::EPSILON * mean).powi(2) + count * f64::EPSILON * square;
            if *square <= rounding { 1.0 } else { square.sqrt() }
        };
        let spreads = squares.iter().zip(&means).map(spread).collect();
        Self { means, spreads }
    }

    /// A model of features that were moved so as one of them as they were: its weights, then its biases.
    pub fn put_into(&self, linear: &Linear) -> Vec<f64> {
        let cols = self.means.len();
        let (weights, biases) = linear.values.split_at(linear.outputs * cols);
        let scaled = weights.iter().zip(self.spreads.iter().cycle()).map(|(weight, spread)| weight / spread);
        let mut values: Vec<f64> = scaled.collect();
        for (output, bias) in biases.iter().enumerate() {
            let own = &values[output * cols..(output + 1) * cols];
            let moved: f64 = own.iter().zip(&self.means).map(|(weight, mean)| weight * mean).sum();
            values.push(bias - moved);
        }
        values
    }

    pub fn apply(&self, features: &mut Matrix) {
        for row in features.values.chunks_exact_mut(features.cols.max(1)) {
            for ((value, mean), spread) in row.iter_mut().zip(&self.means).zip(&self.spreads) {
                *value = ((f64::from(*value) - mean) / spread) as f32;
            }
        }
    }
}
