//! Whether a model that says 80 % is right in four of five cases, and the temperature that would make it so.
//!
//! Confidences fall into bins of equal width, closed above, as in Guo et al. (2017). The temperature divides the logits; it
//! makes the mean negative log-likelihood smallest, which is a convex function of its inverse. What is told of it is judged
//! on examples that it was not fitted on: each half of them by the temperature of the other half. `after` is judged on the
//! very examples that it was fitted on, as other programs have it, and is too good.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::numbers;
use super::tally::{best_class, ratio};

/// Bins of the reliability diagram.
const BINS: usize = 15;
/// Of fewer examples a temperature would be told of noise.
pub const FEWEST: usize = 30;

/// Temperatures that are looked at. A model that is always right would have its logits multiplied without end.
const COLDEST: f64 = 1e-2;
const HOTTEST: f64 = 1e2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub before: Reliability,
    /// What logits are to be divided by.
    #[serde(deserialize_with = "numbers::double")]
    pub temperature: f64,
    /// With the logits divided, on the examples that the temperature was fitted on.
    pub after: Reliability,
    /// With the logits of each half divided by the temperature of the other half; none of few examples, of halves that do
    /// not both have two classes, and where an earlier version kept it.
    #[serde(default)]
    pub held: Option<Reliability>,
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
    let held = halves(gold).map(|is_second| {
        let of_half = |half: bool| {
            let places: Vec<usize> = (0..gold.len()).filter(|place| is_second[*place] == half).collect();
            let own: Vec<u32> = places.iter().map(|place| gold[*place]).collect();
            let rows: Vec<Vec<f64>> = places.iter().map(|place| logs[*place].clone()).collect();
            self::temperature(&own, &rows)
        };
        let of_other = [of_half(true), of_half(false)];
        let by = |place: usize| 1.0 / of_other[usize::from(is_second[place])];
        reliability(gold, &best, logs.iter().enumerate().map(|(place, logs)| sharpened(logs, by(place))))
    });
    Calibration {
        held,
        before: reliability(gold, &best, as_given),
        temperature,
        after: reliability(gold, &best, logs.iter().map(|logs| sharpened(logs, 1.0 / temperature))),
    }
}

/// Which examples are of the second half: every other one of each class. None where a temperature would mean nothing.
fn halves(gold: &[u32]) -> Option<Vec<bool>> {
    if gold.len() < FEWEST {
        return None;
    }
    let mut met: BTreeMap<u32, usize> = BTreeMap::new();
    let is_second = gold.iter().map(|class| {
        let count = met.entry(*class).or_default();
        *count += 1;
        (*count).is_multiple_of(2)
    });
    let is_second: Vec<bool> = is_second.collect();
    // One in each half is what a class needs to be met in both.
    (met.values().filter(|count| **count >= 2).count() >= 2).then_some(is_second)
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
    fn a_temperature_is_judged_on_what_it_was_not_fitted_on_and_not_told_of_few() {
        // The two halves of each class are as unlike as can be: one is always right, the other one never.
        let gold: Vec<u32> = (0..40).map(|place| place / 20).collect();
        let row = |place: usize| {
            let says = if place.is_multiple_of(2) { gold[place] } else { 1 - gold[place] };
            if says == 0 { vec![0.9, 0.1] } else { vec![0.1, 0.9] }
        };
        let rows: Vec<Vec<f32>> = (0..40).map(row).collect();
        let found = calibration(&gold, &rows);
        assert!(found.after.nll < found.before.nll, "on its own rows it always helps");
        assert!(found.held.unwrap().nll > found.before.nll, "and on others it need not");
        // What holds in both halves helps on both.
        let boasts: Vec<Vec<f32>> = (0..40)
            .map(|place| {
                let says = if place % 8 < 6 { gold[place] } else { 1 - gold[place] };
                if says == 0 { vec![0.99, 0.01] } else { vec![0.01, 0.99] }
            })
            .collect();
        let found = calibration(&gold, &boasts);
        let held = found.held.unwrap();
        assert!(held.nll < found.before.nll && held.ece < found.before.ece, "{held:?}");
        assert_eq!(held.bins.iter().map(|bin| bin.count).sum::<u64>(), 40, "every row is judged once");
        for few in [&gold[..29], &[0; 40][..]] {
            assert!(calibration(few, &vec![vec![0.9, 0.1]; few.len()]).held.is_none());
        }
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
