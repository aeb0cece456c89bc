//! Values against values. A correlation of something constant, which does not exist, is 0.

use std::collections::BTreeMap;

use super::classification::Answers;
use super::evaluation::{Evaluation, Outcome};
use super::tally::ratio;
use crate::task::Task;

/// A number for each example; the scores of an answer hold the value alone.
pub fn evaluate_values(answers: Answers<'_, f32>) -> Evaluation {
    let value = |scores: &[f32]| scores.first().map_or(f64::NAN, |&value| f64::from(value));
    let predicted: Vec<f64> = answers.scores.iter().map(|scores| value(scores)).collect();
    let gold: Vec<f64> = answers.gold.iter().map(|&gold| f64::from(gold)).collect();
    let mut metrics = value_metrics(&gold, &predicted);
    metrics.insert("eval_loss".into(), answers.mean_loss());
    let mut baseline = value_metrics(&gold, &vec![mean(&gold); gold.len()]);
    baseline.insert("eval_loss".into(), baseline["mse"]);
    Evaluation {
        metrics,
        baseline,
        predictions: answers
            .predictions(|&gold, scores| (Outcome::Value(f64::from(gold)), Outcome::Value(value(scores)))),
        ..Evaluation::empty(Task::Regress)
    }
}

pub(super) fn value_metrics(gold: &[f64], predicted: &[f64]) -> BTreeMap<String, f64> {
    let squares = gold.iter().zip(predicted).map(|(gold, predicted)| (gold - predicted).powi(2)).sum();
    [
        ("mse", ratio(squares, gold.len() as f64)),
        ("pearson", pearson(gold, predicted)),
        ("spearman", pearson(&ranks(gold), &ranks(predicted))),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

fn mean(values: &[f64]) -> f64 {
    ratio(values.iter().sum(), values.len() as f64)
}

/// Pearson's correlation, from the deviations from the means, each scaled to length 1 before they are multiplied.
pub fn pearson(a: &[f64], b: &[f64]) -> f64 {
    if is_constant(a) || is_constant(b) {
        return 0.0;
    }
    let (a, b) = (unit_deviations(a), unit_deviations(b));
    let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    product.clamp(-1.0, 1.0)
}

/// Asked of the values and not of their deviations, which rounding keeps from being exactly zero.
#[expect(clippy::float_cmp, reason = "only values that are equal to the bit are constant")]
fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

fn unit_deviations(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    let norm = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
    values.iter().map(|value| ratio(value - mean, norm)).collect()
}

/// The rank of each value from 1; equal values share the mean of their ranks.
#[expect(clippy::float_cmp, reason = "only equal values are tied, however near others are")]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let shared = first as f64 + f64::midpoint(tied.len() as f64, 1.0);
        for &index in tied {
            ranks[index] = shared;
        }
        first += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(gold: &[f32], predicted: &[f32]) -> Evaluation {
        let examples: Vec<usize> = (0..gold.len()).collect();
        let losses = vec![0.25; gold.len()];
        let scores = predicted.iter().map(|&value| vec![value]).collect();
        evaluate_values(Answers { examples: &examples, gold, scores, losses: &losses })
    }

    #[test]
    fn equal_values_share_their_rank() {
        let check = |values: &[f64], expected: &[f64]| assert_eq!(ranks(values), expected);
        check(&[3.0, 1.0, 2.0], &[3.0, 1.0, 2.0]);
        check(&[1.0, 1.0, 5.0, 1.0], &[2.0, 2.0, 4.0, 2.0]);
        check(&[0.0, -0.0], &[1.5, 1.5]);
        check(&[], &[]);
    }

    #[test]
    fn a_line_correlates_fully() {
        let evaluation = evaluate(&[1.0, 2.0, 4.0], &[-1.0, -2.0, -4.0]);
        assert!((evaluation.metrics["pearson"] + 1.0).abs() < 1e-15);
        assert!((evaluation.metrics["spearman"] + 1.0).abs() < 1e-15);
        assert!((evaluation.metrics["mse"] - 28.0).abs() < 1e-12);
        assert!((evaluation.baseline["mse"] - 14.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        let check = |gold: &[f32], predicted: &[f32]| {
            let evaluation = evaluate(gold, predicted);
            for key in ["pearson", "spearman"] {
                assert!(evaluation.metrics[key].abs() < f64::EPSILON, "{key} of {gold:?} {predicted:?}");
            }
            assert!(evaluation.metrics.values().all(|value| value.is_finite()));
        };
        check(&[1.0, 2.0], &[0.1, 0.1]);
        check(&[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]);
        check(&[1.0], &[2.0]);
        check(&[], &[]);
    }
}
