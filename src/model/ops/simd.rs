//! Vector arithmetic that the compiler turns into the widest instructions this processor has.
//!
//! [`wide`] runs a closure compiled for the detected instruction set; everything called in it must be
//! `#[inline(always)]`. Sums run over sixteen lanes in a fixed order, so that they do not depend on that set. `exp` and
//! `erf` are the usual single-precision approximations (Cephes; the rational form used by Eigen and XLA), within some
//! 1e-7 of the true value and without a branch.

use std::sync::LazyLock;

use pulp::Arch;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs a closure with the widest vector instructions there are.
#[inline(always)]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    ARCH.dispatch(work)
}

const LANES: usize = 16;

#[inline(always)]
fn fold_lanes(lanes: [f32; LANES]) -> f32 {
    let mut width = LANES / 2;
    let mut lanes = lanes;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Sum of a function of each element.
#[inline(always)]
pub fn sum_of(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] += f(chunk[i]);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += f(*value);
    }
    fold_lanes(lanes)
}

/// Sum of a function of two elements at the same place.
#[inline(always)]
pub fn sum_of_pairs(left: &[f32], right: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (left_chunks, right_chunks) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let (left_rest, right_rest) = (left_chunks.remainder(), right_chunks.remainder());
    for (a, b) in left_chunks.zip(right_chunks) {
        for i in 0..LANES {
            lanes[i] += f(a[i], b[i]);
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(left_rest).zip(right_rest) {
        *lane += f(*a, *b);
    }
    fold_lanes(lanes)
}

#[inline(always)]
pub fn max_of(values: &[f32]) -> f32 {
    max_of_each(values, |x| x)
}

/// The largest of a function of each element; what is not a number is passed over.
#[inline(always)]
pub fn max_of_each(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..LANES {
            let value = f(chunk[i]);
            lanes[i] = if value > lanes[i] { value } else { lanes[i] };
        }
    }
    let largest = lanes.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    rest.iter().fold(largest, |a, b| a.max(f(*b)))
}

/// `e^x`, between the smallest and the largest finite normal number.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    /// Adding and subtracting it rounds to a whole number, which then stands in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 5e-1;
    let fraction = p * r * r + r + 1.0;
    let exponent = (shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127)) << 23;
    fraction * f32::from_bits(exponent)
}

/// The error function.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let x2 = x * x;
    let mut p = -2.726_142_4e-10;
    p = p * x2 + 2.770_681_4e-8;
    p = p * x2 - 2.101_024e-6;
    p = p * x2 - 5.692_506_4e-5;
    p = p * x2 - 7.349_906_3e-4;
    p = p * x2 - 2.954_6e-3;
    p = p * x2 - 1.609_603_3e-2;
    let mut q = -1.456_607_2e-5;
    q = q * x2 - 2.133_740_6e-4;
    q = q * x2 - 1.682_827e-3;
    q = q * x2 - 7.373_329e-3;
    q = q * x2 - 1.426_474e-2;
    x * p / q
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exp(2.0 * x))
}

/// The logistic function.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `erf` by its series, in `f64`.
    fn erf_series(x: f64) -> f64 {
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term.abs() > 1e-18 {
            n += 1.0;
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn approximations_stay_within_a_few_units_in_the_last_place() {
        for i in -4000..=4000 {
            let x = i as f32 / 1000.0;
            let wide_x = f64::from(x);
            assert!((f64::from(erf(x)) - erf_series(wide_x)).abs() < 4e-7, "erf({x})");
            assert!((f64::from(exp(x)) / wide_x.exp() - 1.0).abs() < 3e-7, "exp({x})");
            assert!((f64::from(tanh(x)) - wide_x.tanh()).abs() < 3e-7, "tanh({x})");
        }
        assert!(exp(-500.0) < 1e-37 && exp(500.0).is_finite());
        assert!(exp(f32::NAN).is_nan() && erf(f32::NAN).is_nan());
    }

    #[test]
    fn sums_cover_every_element_whatever_the_length() {
        for n in 0..70 {
            let values: Vec<f32> = (1..=n).map(|i| i as f32).collect();
            let expected = (n * (n + 1) / 2) as f32;
            assert_eq!(sum_of(&values, |x| x), expected);
            assert_eq!(sum_of_pairs(&values, &values, |a, _| a), expected);
            assert_eq!(max_of(&values), if n == 0 { f32::NEG_INFINITY } else { n as f32 });
        }
    }
}
