//! Classes against classes, as scikit-learn counts them: a quotient whose denominator is zero is 0.
//!
//! Means over classes (macro, weighted) are over the classes that occur in the evaluated split or among the predictions,
//! which is scikit-learn's own choice; with several labels, over all labels.

use std::collections::BTreeMap;

use super::calibration::calibration;
use super::evaluation::{ClassScore, Evaluation, Outcome, Prediction};
use super::tally::{Tally, best_class, ratio};
use super::thresholds::best_thresholds;
use crate::task::{THRESHOLD, Targets, Task};

/// What a model said of some examples, one entry each in the same order.
#[derive(Clone, Debug)]
pub struct Answers<'a, Gold> {
    /// Indices into the dataset's examples.
    pub examples: &'a [usize],
    pub gold: &'a [Gold],
    /// Probability of each class, or the value.
    pub scores: Vec<Vec<f32>>,
    pub losses: &'a [f32],
}

impl<Gold> Answers<'_, Gold> {
    /// The mean loss; 0 of nothing.
    pub(super) fn mean_loss(&self) -> f64 {
        ratio(self.losses.iter().map(|&loss| f64::from(loss)).sum(), self.losses.len() as f64)
    }

    /// One prediction for each example, each score row used up.
    pub(super) fn predictions(self, mut outcomes: impl FnMut(&Gold, &[f32]) -> (Outcome, Outcome)) -> Vec<Prediction> {
        let rows = self.examples.iter().zip(self.gold).zip(self.scores).zip(self.losses);
        let predictions = rows.map(|(((&example, gold), scores), &loss)| {
            let (gold, predicted) = outcomes(gold, &scores);
            Prediction { example, gold, predicted, scores, loss }
        });
        predictions.collect()
    }
}

/// `confusion[gold][predicted]`; classes from `classes` on are not counted.
pub fn confusion(gold: &[u32], predicted: &[u32], classes: usize) -> Vec<Vec<u64>> {
    let mut matrix = vec![vec![0; classes]; classes];
    for (&gold, &predicted) in gold.iter().zip(predicted) {
        if let Some(count) = matrix.get_mut(gold as usize).and_then(|row| row.get_mut(predicted as usize)) {
            *count += 1;
        }
    }
    matrix
}

/// One class for each example. `f1` is that of the second class where there are two, else the macro F1.
pub fn evaluate_classes(task: Task, labels: &[String], answers: Answers<'_, u32>) -> Evaluation {
    let predicted: Vec<u32> = answers.scores.iter().map(|scores| best_class(scores) as u32).collect();
    let matrix = confusion(answers.gold, &predicted, labels.len());
    let tallies = tallies(&matrix);
    let mut metrics = class_metrics(&matrix, &tallies);
    metrics.insert("eval_loss".into(), answers.mean_loss());
    let calibration = (!answers.gold.is_empty()).then(|| calibration(answers.gold, &answers.scores));
    Evaluation {
        calibration,
        metrics,
        baseline: majority(&tallies),
        labels: labels.to_vec(),
        per_class: per_class(labels, &tallies),
        confusion: matrix,
        predictions: answers
            .predictions(|&gold, scores| (Outcome::Class(gold as usize), Outcome::Class(best_class(scores)))),
        ..Evaluation::empty(task)
    }
}

/// Any number of classes for each example: those with a probability from [`THRESHOLD`] on. `accuracy` is the share of
/// examples with exactly the right set, `f1` the macro F1.
pub fn evaluate_multilabel(labels: &[String], answers: Answers<'_, Vec<u32>>) -> Evaluation {
    evaluate_multilabel_at(labels, answers, &vec![THRESHOLD; labels.len()])
}

/// The same with a threshold for each label; labels without one have [`THRESHOLD`].
pub fn evaluate_multilabel_at(labels: &[String], answers: Answers<'_, Vec<u32>>, thresholds: &[f32]) -> Evaluation {
    let mut thresholds = thresholds.to_vec();
    thresholds.resize(labels.len(), THRESHOLD);
    let chosen = |scores: &[f32]| -> Vec<u32> {
        let applies = |class: usize, score: f32| score >= thresholds.get(class).copied().unwrap_or(THRESHOLD);
        (0_u32..)
            .zip(scores)
            .filter(|&(class, &score)| applies(class as usize, score))
            .map(|(class, _)| class)
            .collect()
    };
    let predicted: Vec<Vec<u32>> = answers.scores.iter().map(|scores| chosen(scores)).collect();
    let mut metrics = set_metrics(answers.gold, &predicted, labels.len());
    metrics.insert("eval_loss".into(), answers.mean_loss());
    let none = vec![Vec::new(); answers.gold.len()];
    Evaluation {
        metrics,
        baseline: set_metrics(answers.gold, &none, labels.len()),
        labels: labels.to_vec(),
        per_class: per_class(labels, &set_tallies(answers.gold, &predicted, labels.len())),
        best_thresholds: best_thresholds(answers.gold, &answers.scores, labels.len()),
        predictions: answers.predictions(|gold, scores| {
            let indices = |classes: &[u32]| classes.iter().map(|&class| class as usize).collect();
            (Outcome::Classes(indices(gold)), Outcome::Classes(indices(&chosen(scores))))
        }),
        thresholds: thresholds.clone(),
        ..Evaluation::empty(Task::MultiLabel)
    }
}

/// The same evaluation with other thresholds. One that is not of several labels stays as it is.
pub fn judged_at(evaluation: &Evaluation, thresholds: &[f32]) -> Evaluation {
    if evaluation.task.targets() != Targets::Classes {
        return evaluation.clone();
    }
    let predictions = &evaluation.predictions;
    let examples: Vec<usize> = predictions.iter().map(|said| said.example).collect();
    let gold: Vec<Vec<u32>> = predictions.iter().map(|said| said.gold.labels()).collect();
    let scores = predictions.iter().map(|said| said.scores.clone()).collect();
    let losses: Vec<f32> = predictions.iter().map(|said| said.loss).collect();
    let answers = Answers { examples: &examples, gold: &gold, scores, losses: &losses };
    evaluate_multilabel_at(&evaluation.labels, answers, thresholds)
}

pub(super) fn tallies(confusion: &[Vec<u64>]) -> Vec<Tally> {
    let tally = |class: usize| Tally {
        right: confusion[class][class],
        predicted: confusion.iter().map(|row| row[class]).sum(),
        support: confusion[class].iter().sum(),
    };
    (0..confusion.len()).map(tally).collect()
}

fn set_tallies(gold: &[Vec<u32>], predicted: &[Vec<u32>], classes: usize) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); classes];
    for (gold, predicted) in gold.iter().zip(predicted) {
        for &class in gold {
            if let Some(tally) = tallies.get_mut(class as usize) {
                tally.support += 1;
            }
        }
        for class in predicted {
            if let Some(tally) = tallies.get_mut(*class as usize) {
                tally.predicted += 1;
                tally.right += u64::from(gold.contains(class));
            }
        }
    }
    tallies
}

fn per_class(labels: &[String], tallies: &[Tally]) -> Vec<ClassScore> {
    labels.iter().zip(tallies).map(|(label, tally)| ClassScore::new(label, *tally)).collect()
}

/// The means over classes that single labels and sets of labels have in common.
pub(super) fn averages(tallies: &[Tally]) -> BTreeMap<String, f64> {
    let macro_mean =
        |value: fn(Tally) -> f64| ratio(tallies.iter().map(|&tally| value(tally)).sum(), tallies.len() as f64);
    let all: Tally = tallies.iter().copied().sum();
    let weighted = tallies.iter().map(|tally| tally.f1() * tally.support as f64).sum();
    [
        ("f1_macro", macro_mean(Tally::f1)),
        ("f1_micro", all.f1()),
        ("f1_weighted", ratio(weighted, all.support as f64)),
        ("precision_macro", macro_mean(Tally::precision)),
        ("recall_macro", macro_mean(Tally::recall)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

pub(super) fn class_metrics(confusion: &[Vec<u64>], tallies: &[Tally]) -> BTreeMap<String, f64> {
    let occurring: Vec<Tally> = tallies.iter().copied().filter(|tally| tally.occurs()).collect();
    let mut metrics = averages(&occurring);
    let right: u64 = tallies.iter().map(|tally| tally.right).sum();
    let total: u64 = confusion.iter().flatten().sum();
    let f1 = if let [_, second] = tallies { second.f1() } else { metrics["f1_macro"] };
    metrics.insert("accuracy".into(), ratio(right as f64, total as f64));
    metrics.insert("f1".into(), f1);
    metrics.insert("matthews".into(), matthews(tallies, right, total));
    metrics
}

/// Matthews' coefficient for any number of classes (Gorodkin 2004). The sums are whole numbers and exact.
fn matthews(tallies: &[Tally], right: u64, total: u64) -> f64 {
    let sum = |product: fn(&Tally) -> u128| tallies.iter().map(product).sum::<u128>();
    let both = sum(|tally| u128::from(tally.predicted) * u128::from(tally.support));
    let of_predicted = sum(|tally| u128::from(tally.predicted).pow(2));
    let of_gold = sum(|tally| u128::from(tally.support).pow(2));
    let all = u128::from(total).pow(2);
    let agreement = (u128::from(right) * u128::from(total)) as f64 - both as f64;
    ratio(agreement, ((all - of_predicted) as f64).sqrt() * ((all - of_gold) as f64).sqrt())
}

/// Always saying the most frequent class, the first of equally frequent ones.
fn majority(tallies: &[Tally]) -> BTreeMap<String, f64> {
    let most = tallies.iter().map(|tally| tally.support).max().unwrap_or(0);
    let class = tallies.iter().position(|tally| tally.support == most).unwrap_or(0);
    let mut matrix = vec![vec![0; tallies.len()]; tallies.len()];
    for (row, tally) in matrix.iter_mut().zip(tallies) {
        row[class] = tally.support;
    }
    class_metrics(&matrix, &self::tallies(&matrix))
}

fn set_metrics(gold: &[Vec<u32>], predicted: &[Vec<u32>], classes: usize) -> BTreeMap<String, f64> {
    let mut metrics = averages(&set_tallies(gold, predicted, classes));
    let exact = gold.iter().zip(predicted).filter(|(gold, predicted)| gold == predicted).count();
    metrics.insert("accuracy".into(), ratio(exact as f64, gold.len() as f64));
    metrics.insert("f1".into(), metrics["f1_macro"]);
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_judged_at_other_thresholds_is_the_one_made_with_them() {
        let gold = [vec![0], vec![0, 1], vec![], vec![1]];
        let scores = vec![vec![0.9, 0.1], vec![0.4, 0.8], vec![0.2, 0.3], vec![0.3, 0.45]];
        let losses = [0.1, 0.2, 0.3, 0.4];
        let answers = || Answers { examples: &[4, 5, 7, 9], gold: &gold, scores: scores.clone(), losses: &losses };
        let (before, after) = (evaluate_multilabel(&names(2), answers()), [0.35, 0.4]);
        let expected = evaluate_multilabel_at(&names(2), answers(), &after);
        assert_ne!(before, expected);
        assert_eq!(judged_at(&before, &after), expected);
        assert_eq!(judged_at(&expected, &[0.5, 0.5]), before);
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    fn one_hot(predicted: &[u32], classes: usize) -> Vec<Vec<f32>> {
        let row = |&class: &u32| (0..classes).map(|other| if other == class as usize { 0.9 } else { 0.1 }).collect();
        predicted.iter().map(row).collect()
    }

    fn evaluate(gold: &[u32], predicted: &[u32], classes: usize) -> Evaluation {
        let examples: Vec<usize> = (0..gold.len()).collect();
        let losses = vec![0.5; gold.len()];
        let answers = Answers { examples: &examples, gold, scores: one_hot(predicted, classes), losses: &losses };
        evaluate_classes(Task::Classify, &names(classes), answers)
    }

    #[test]
    fn a_small_table_is_counted_by_hand() {
        let evaluation = evaluate(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 0], 2);
        assert_eq!(evaluation.confusion, [[1, 1], [1, 2]]);
        let check = |key: &str, expected: f64| assert!((evaluation.metrics[key] - expected).abs() < 1e-15, "{key}");
        check("accuracy", 0.6);
        check("f1", 2.0 / 3.0);
        check("f1_macro", 7.0 / 12.0);
        check("eval_loss", 0.5);
        check("matthews", (1.0 * 2.0 - 1.0) / 6.0);
        assert!((evaluation.baseline["accuracy"] - 0.6).abs() < 1e-15);
        assert!(evaluation.baseline["matthews"].abs() < 1e-15);
        assert_eq!(evaluation.per_class[1].support, 3);
        assert_eq!(evaluation.predictions[4].predicted, Outcome::Class(0));
    }

    #[test]
    fn nothing_evaluated_is_zero_and_no_crash() {
        for classes in [0, 1, 3] {
            let evaluation = evaluate(&[], &[], classes);
            assert!(evaluation.metrics.values().chain(evaluation.baseline.values()).all(|&value| value == 0.0));
        }
        let nothing = Answers { examples: &[], gold: &[], scores: Vec::new(), losses: &[] };
        assert!(evaluate_multilabel(&names(2), nothing).metrics.values().all(|&value| value == 0.0));
    }

    #[test]
    fn the_first_of_equal_scores_wins_and_what_is_no_number_never_does() {
        let check = |scores: &[f32], expected: usize| assert_eq!(best_class(scores), expected, "{scores:?}");
        check(&[0.2, 0.4, 0.4], 1);
        check(&[f32::NAN, 0.1, 0.2], 2);
        check(&[0.3, f32::NAN], 0);
        check(&[f32::NAN, f32::NAN], 0);
        check(&[], 0);
    }

    #[test]
    fn every_metric_has_a_measure() {
        let evaluation = evaluate(&[0, 1], &[0, 1], 2);
        for key in evaluation.metrics.keys() {
            assert!(super::super::Measure::find(key).is_some(), "{key}");
        }
    }

    #[test]
    fn a_label_applies_from_one_half_on() {
        let gold = [vec![0], vec![], vec![0, 1]];
        let scores = vec![vec![0.5, 0.49], vec![0.1, 0.2], vec![0.9, 0.3]];
        let answers = Answers { examples: &[4, 5, 6], gold: &gold, scores, losses: &[1.0, 2.0, 3.0] };
        let evaluation = evaluate_multilabel(&names(2), answers);
        assert_eq!(evaluation.predictions[0].predicted, Outcome::Classes(vec![0]));
        assert_eq!(evaluation.predictions[2].example, 6);
        assert!((evaluation.metrics["accuracy"] - 2.0 / 3.0).abs() < 1e-15);
        assert!((evaluation.metrics["f1_micro"] - 0.8).abs() < 1e-15);
        assert!((evaluation.baseline["accuracy"] - 1.0 / 3.0).abs() < 1e-15);
    }
}
