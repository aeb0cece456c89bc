//! Whether a model that says 80 % is right in four of five cases, and the temperature that would make it so.
//!
//! Confidences fall into bins of equal width, closed above, as in Guo et al. (2017). The temperature divides the logits; it
//! makes the mean negative log-likelihood smallest, which is a convex function of its inverse. It is fitted on the
//! examples it is then judged on, one number on all of them.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::numbers;
use super::tally::{best_class, ratio};

/// Bins of the reliability diagram.
const BINS: usize = 15;

/// Temperatures that are looked at. A model that is always right would have its logits multiplied without end.
const COLDEST: f64 = 1e-2;
const HOTTEST: f64 = 1e2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub before: Reliability,
    /// What logits are to be divided by.
    #[serde(deserialize_with = "numbers::double")]
    pub temperature: f64,
    /// With the logits divided.
    pub after: Reliability,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Of equal width, from 0 to 1.
    pub bins: Vec<ReliabilityBin>,
    /// Mean distance of accuracy and confidence, by bin (expected calibration error).
    #[serde(deserialize_with = "numbers::double")]
    pub ece: f64,
    /// The largest of these distances.
    #[serde(deserialize_with = "numbers::double")]
    pub mce: f64,
    /// Mean over examples of the squared distance of the probabilities from the truth, summed over classes.
    #[serde(deserialize_with = "numbers::double")]
    pub brier: f64,
    /// Mean negative logarithm of the true class's probability.
    #[serde(deserialize_with = "numbers::double")]
    pub nll: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    pub count: u64,
    /// Share of its examples that are right; 0 of none.
    #[serde(deserialize_with = "numbers::double")]
    pub accuracy: f64,
    /// Mean probability of the predicted class; 0 of none.
    #[serde(deserialize_with = "numbers::double")]
    pub confidence: f64,
}

/// From the probabilities of each class, one row an example.
pub fn calibration(gold: &[u32], probabilities: &[Vec<f32>]) -> Calibration {
    let logs: Vec<Vec<f64>> = probabilities.iter().map(|row| row.iter().map(|&p| log(p)).collect()).collect();
    let temperature = temperature(gold, &logs);
    let best: Vec<usize> = probabilities.iter().map(|row| best_class(row)).collect();
    let as_given = probabilities.iter().map(|row| row.iter().map(|&p| f64::from(p)).collect());
    Calibration {
        before: reliability(gold, &best, as_given),
        temperature,
        after: reliability(gold, &best, logs.iter().map(|logs| sharpened(logs, 1.0 / temperature))),
    }
}

/// The logarithm of a probability, that of the smallest normal one where rounding left nothing.
fn log(probability: f32) -> f64 {
    f64::from(probability).max(f64::from(f32::MIN_POSITIVE)).ln()
}

/// Probabilities whose logits were multiplied.
fn sharpened(logs: &[f64], by: f64) -> Vec<f64> {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logs.iter().map(|log| ((log - most) * by).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| ratio(power, sum)).collect()
}

fn reliability(gold: &[u32], best: &[usize], rows: impl Iterator<Item = Vec<f64>>) -> Reliability {
    let mut bins = vec![ReliabilityBin::default(); BINS];
    let (mut brier, mut nll) = (0.0, 0.0);
    for ((&gold, &best), row) in gold.iter().zip(best).zip(rows) {
        let confidence = row.get(best).copied().unwrap_or(0.0);
        // `ceil` puts what lies on a boundary into the bin below.
        let bin = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        bins[bin].count += 1;
        bins[bin].confidence += confidence;
        bins[bin].accuracy += f64::from(u8::from(best == gold as usize));
        let truth = |class: usize| f64::from(u8::from(class == gold as usize));
        brier += row.iter().enumerate().map(|(class, p)| (p - truth(class)).powi(2)).sum::<f64>();
        nll -= row.get(gold as usize).map_or(0.0, |p| p.max(f64::MIN_POSITIVE).ln());
    }
    let total = gold.len() as f64;
    let (mut ece, mut mce) = (0.0, 0.0_f64);
    for bin in &mut bins {
        bin.accuracy = ratio(bin.accuracy, bin.count as f64);
        bin.confidence = ratio(bin.confidence, bin.count as f64);
        let gap = (bin.accuracy - bin.confidence).abs();
        ece += gap * ratio(bin.count as f64, total);
        mce = mce.max(gap);
    }
    Reliability { bins, ece, mce, brier: ratio(brier, total), nll: ratio(nll, total) }
}

/// The derivative of the mean negative log-likelihood with respect to the inverse temperature: how much higher the expected
/// logit is than the true one.
fn derivative(gold: &[u32], logs: &[Vec<f64>], by: f64) -> f64 {
    // In parts of one size, so that the sum is the same on any number of threads.
    let parts = gold.par_chunks(ROWS).zip(logs.par_chunks(ROWS)).map(|(gold, logs)| {
        gold.iter().zip(logs).filter_map(|(&gold, logs)| Some(expected(logs, by) - logs.get(gold as usize)?)).sum()
    });
    let parts: Vec<f64> = parts.collect();
    ratio(parts.into_iter().sum(), gold.len() as f64)
}

/// Rows that are added up in one go.
const ROWS: usize = 256;

/// The mean of a row's logits under the probabilities that they have when multiplied.
fn expected(logs: &[f64], by: f64) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut powers, mut sum) = (0.0, 0.0);
    for log in logs {
        let power = ((log - most) * by).exp();
        powers += power;
        sum += power * log;
    }
    ratio(sum, powers)
}

/// Halvings of the logarithm of the temperature, which leave less than rounding does.
const HALVINGS: u32 = 60;

/// The zero of the derivative.
fn temperature(gold: &[u32], logs: &[Vec<f64>]) -> f64 {
    let (mut low, mut high) = (1.0 / HOTTEST, 1.0 / COLDEST);
    let at = |by: f64| derivative(gold, logs, by);
    // Rows that say the same of all classes say it at every temperature.
    let spread = |row: &Vec<f64>| {
        let (low, high) =
            row.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        high - low
    };
    if logs.iter().all(|row| row.len() < 2 || spread(row) < 1e-9) {
        return 1.0;
    }
    if at(low) >= 0.0 {
        return HOTTEST;
    }
    if at(high) <= 0.0 {
        return COLDEST;
    }
    // The derivative rises, so halving is sure; Newton's steps are not where the loss is flat.
    for _ in 0..HALVINGS {
        let by = (low * high).sqrt();
        if at(by) > 0.0 {
            high = by;
        } else {
            low = by;
        }
    }
    1.0 / (low * high).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boaster_is_cooled_down() {
        // Right in three of four cases, sure in all.
        let gold = [0, 0, 0, 1];
        let calibration = calibration(&gold, &vec![vec![0.99, 0.01]; 4]);
        let last = calibration.before.bins[BINS - 1];
        assert_eq!(last.count, 4);
        assert!((last.accuracy - 0.75).abs() < 1e-15);
        assert!((calibration.before.ece - 0.24).abs() < 1e-7);
        // The best temperature makes the confidence 0.75: ln 99 / T = ln 3.
        assert!((calibration.temperature - 99_f64.ln() / 3_f64.ln()).abs() < 1e-6, "{}", calibration.temperature);
        assert!(calibration.after.ece < 1e-6);
        assert!(calibration.after.nll < calibration.before.nll);
    }

    #[test]
    fn nothing_to_be_learned_leaves_a_finite_temperature() {
        let check = |gold: &[u32], rows: &[Vec<f32>], expected: f64| {
            let calibration = calibration(gold, rows);
            assert!((calibration.temperature - expected).abs() < 1e-12, "{gold:?}: {}", calibration.temperature);
            for reliability in [calibration.before, calibration.after] {
                assert!(
                    [reliability.ece, reliability.mce, reliability.brier, reliability.nll]
                        .iter()
                        .all(|v| v.is_finite())
                );
            }
        };
        check(&[0, 1], &[vec![0.9, 0.1], vec![0.1, 0.9]], COLDEST);
        check(&[1, 0], &[vec![0.9, 0.1], vec![0.1, 0.9]], HOTTEST);
        check(&[0, 1], &[vec![0.5, 0.5], vec![0.5, 0.5]], 1.0);
        check(&[0], &[vec![1.0, 0.0]], COLDEST);
        check(&[1], &[vec![1.0, 0.0]], HOTTEST);
        check(&[], &[], 1.0);
        check(&[5], &[vec![0.5, 0.5]], 1.0);
        check(&[0], &[vec![]], 1.0);
    }
}
