//! Metrics are those of scikit-learn and scipy, to 1e-12. `tests/golden/make_metrics.py` wrote the cases.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

use std::collections::BTreeMap;

use attune::metrics::{Answers, Evaluation, evaluate_classes, evaluate_multilabel, evaluate_values};
use attune::task::Task;
use serde::Deserialize;

const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Cases {
    classify: Vec<Single>,
    multilabel: Vec<Multi>,
    regress: Vec<Values>,
}

#[derive(Deserialize)]
struct Single {
    classes: usize,
    gold: Vec<u32>,
    predicted: Vec<usize>,
    losses: Vec<f32>,
    confusion: Vec<Vec<u64>>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
struct Multi {
    classes: usize,
    gold: Vec<Vec<u32>>,
    scores: Vec<Vec<f32>>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
struct Values {
    gold: Vec<f32>,
    predicted: Vec<f32>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    metrics: BTreeMap<String, f64>,
    baseline: BTreeMap<String, f64>,
    /// Precision, recall, F1 and support of each class.
    #[serde(default)]
    per_class: Vec<[f64; 4]>,
}

impl Expected {
    fn check(&self, evaluation: &Evaluation, case: &str) {
        for (found, expected, what) in
            [(&evaluation.metrics, &self.metrics, "metrics"), (&evaluation.baseline, &self.baseline, "baseline")]
        {
            for (key, expected) in expected {
                let found = found[key];
                assert!(
                    (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0),
                    "{key} of {case} {what}: {found}, expected {expected}"
                );
            }
        }
        let per_class: Vec<[f64; 4]> = evaluation
            .per_class
            .iter()
            .map(|class| [class.precision, class.recall, class.f1, class.support as f64])
            .collect();
        assert_eq!(per_class.len(), self.per_class.len(), "{case}");
        for (found, expected) in per_class.iter().flatten().zip(self.per_class.iter().flatten()) {
            assert!((found - expected).abs() <= TOLERANCE, "a class of {case}: {found}, expected {expected}");
        }
    }
}

fn cases() -> Cases {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/metrics.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

#[test]
fn classes_are_judged_as_scikit_learn_does() {
    let cases = cases().classify;
    assert!(cases.len() >= 300);
    for (index, case) in cases.iter().enumerate() {
        let examples: Vec<usize> = (0..case.gold.len()).collect();
        let row = |&best: &usize| (0..case.classes).map(|class| if class == best { 0.6 } else { 0.1 }).collect();
        let scores = case.predicted.iter().map(row).collect();
        let answers = Answers { examples: &examples, gold: &case.gold, scores, losses: &case.losses };
        let evaluation = evaluate_classes(Task::Classify, &names(case.classes), answers);
        case.expected.check(&evaluation, &format!("classify {index}"));
        assert_eq!(evaluation.confusion, case.confusion, "classify {index}");
    }
}

#[test]
fn sets_of_labels_are_judged_as_scikit_learn_does() {
    let cases = cases().multilabel;
    assert!(cases.len() >= 100);
    for (index, case) in cases.into_iter().enumerate() {
        let examples: Vec<usize> = (0..case.gold.len()).collect();
        let losses = vec![0.0; case.gold.len()];
        let answers = Answers { examples: &examples, gold: &case.gold, scores: case.scores, losses: &losses };
        let evaluation = evaluate_multilabel(&names(case.classes), answers);
        case.expected.check(&evaluation, &format!("multilabel {index}"));
    }
}

#[test]
fn values_are_judged_as_scipy_does() {
    let cases = cases().regress;
    assert!(cases.len() >= 100);
    for (index, case) in cases.iter().enumerate() {
        let examples: Vec<usize> = (0..case.gold.len()).collect();
        let losses = vec![0.0; case.gold.len()];
        let scores = case.predicted.iter().map(|&value| vec![value]).collect();
        let answers = Answers { examples: &examples, gold: &case.gold, scores, losses: &losses };
        case.expected.check(&evaluate_values(answers), &format!("regress {index}"));
    }
}
