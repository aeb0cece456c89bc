//! The activations of the feed-forward layers and heads, with their derivatives.

use rayon::prelude::*;

use super::simd::{erf, exp, sigmoid, tanh, wide};

/// An activation, by its name in `config.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x Φ(x)`: `gelu`, `gelu_python` (Hendrycks and Gimpel, 2016).
    Gelu,
    /// Its approximation by `tanh`: `gelu_new`, `gelu_fast`, `gelu_pytorch_tanh`, `gelu_accurate`.
    GeluTanh,
    /// `x σ(1.702 x)`.
    QuickGelu,
    Relu,
    /// `x σ(x)`: `silu`, `swish`.
    Silu,
    Tanh,
    Sigmoid,
    /// `linear`.
    Identity,
}

const FRAC_1_SQRT_2: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// `sqrt(2 / π)`
const TANH_SCALE: f32 = 0.797_884_6;
const TANH_CUBE: f32 = 0.044_715;
/// `1 / sqrt(2 π)`
const NORMAL_PEAK: f32 = 0.398_942_3;
const CHUNK: usize = 8192;

impl Activation {
    pub const NAMES: [(&'static str, Self); 13] = [
        ("gelu", Self::Gelu),
        ("gelu_python", Self::Gelu),
        ("gelu_new", Self::GeluTanh),
        ("gelu_fast", Self::GeluTanh),
        ("gelu_pytorch_tanh", Self::GeluTanh),
        ("gelu_accurate", Self::GeluTanh),
        ("quick_gelu", Self::QuickGelu),
        ("relu", Self::Relu),
        ("silu", Self::Silu),
        ("swish", Self::Silu),
        ("tanh", Self::Tanh),
        ("sigmoid", Self::Sigmoid),
        ("linear", Self::Identity),
    ];

    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, activation)| activation)
    }

    /// Writes the activation of `x` to `y`.
    pub fn forward(self, x: &[f32], y: &mut [f32]) {
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| match self {
            Self::Gelu => each(x, y, |x| gelu(x).0),
            Self::GeluTanh => each(x, y, |x| gelu_tanh(x).0),
            Self::QuickGelu => each(x, y, |x| quick_gelu(x).0),
            Self::Relu => each(x, y, |x| relu(x).0),
            Self::Silu => each(x, y, |x| silu(x).0),
            Self::Tanh => each(x, y, tanh),
            Self::Sigmoid => each(x, y, sigmoid),
            Self::Identity => y.copy_from_slice(x),
        });
    }

    /// Turns the gradient of the output, in `grad`, into that of the input `x`, and writes the activation itself to `y`,
    /// which the caller needs again and would otherwise have to keep.
    pub fn backward(self, x: &[f32], grad: &mut [f32], y: &mut [f32]) {
        grad.par_chunks_mut(CHUNK).zip(y.par_chunks_mut(CHUNK)).zip(x.par_chunks(CHUNK)).for_each(|((g, y), x)| {
            match self {
                Self::Gelu => each_grad(x, g, y, gelu),
                Self::GeluTanh => each_grad(x, g, y, gelu_tanh),
                Self::QuickGelu => each_grad(x, g, y, quick_gelu),
                Self::Relu => each_grad(x, g, y, relu),
                Self::Silu => each_grad(x, g, y, silu),
                Self::Tanh => each_grad(x, g, y, |x| {
                    let t = tanh(x);
                    (t, 1.0 - t * t)
                }),
                Self::Sigmoid => each_grad(x, g, y, |x| {
                    let s = sigmoid(x);
                    (s, s * (1.0 - s))
                }),
                Self::Identity => y.copy_from_slice(x),
            }
        });
    }
}

#[inline(always)]
fn each(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32) {
    wide(
        #[inline(always)]
        || {
            for (y, x) in y.iter_mut().zip(x) {
                *y = f(*x);
            }
        },
    );
}

#[inline(always)]
fn each_grad(x: &[f32], grad: &mut [f32], y: &mut [f32], f: impl Fn(f32) -> (f32, f32)) {
    wide(
        #[inline(always)]
        || {
            for ((g, y), x) in grad.iter_mut().zip(y).zip(x) {
                let (value, slope) = f(*x);
                *y = value;
                *g *= slope;
            }
        },
    );
}

#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    let below = 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2));
    (x * below, below + x * NORMAL_PEAK * exp(-0.5 * x * x))
}

#[inline(always)]
fn gelu_tanh(x: f32) -> (f32, f32) {
    let t = tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x));
    let inner_slope = TANH_SCALE * (1.0 + 3.0 * TANH_CUBE * x * x);
    (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner_slope)
}

#[inline(always)]
fn quick_gelu(x: f32) -> (f32, f32) {
    let s = sigmoid(1.702 * x);
    (x * s, s + 1.702 * x * s * (1.0 - s))
}

#[inline(always)]
fn silu(x: f32) -> (f32, f32) {
    let s = sigmoid(x);
    (x * s, s + x * s * (1.0 - s))
}

/// The slope at exactly 0 is 0, as in PyTorch.
#[inline(always)]
fn relu(x: f32) -> (f32, f32) {
    // Written so that a number that is not one stays visible.
    if x <= 0.0 { (0.0, 0.0) } else { (x, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_equal_central_differences() {
        let x: Vec<f32> = (-40..=40).map(|i| i as f32 / 8.0 + 0.013).collect();
        for (name, activation) in Activation::NAMES {
            let at = |shift: f32| {
                let moved: Vec<f32> = x.iter().map(|x| x + shift).collect();
                let mut y = vec![0.0; x.len()];
                activation.forward(&moved, &mut y);
                y
            };
            let (above, below, here) = (at(1e-2), at(-1e-2), at(0.0));
            let mut grad = vec![1.0; x.len()];
            let mut value = vec![0.0; x.len()];
            activation.backward(&x, &mut grad, &mut value);
            for i in 0..x.len() {
                let difference = (above[i] - below[i]) / 2e-2;
                assert!((grad[i] - difference).abs() < 1e-3, "{name} at {}: {} against {difference}", x[i], grad[i]);
                assert_eq!(value[i], here[i], "{name} at {}", x[i]);
            }
        }
    }
}
