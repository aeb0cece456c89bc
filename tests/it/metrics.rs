//! Metrics are those of scikit-learn, scipy, seqeval and the scripts of SQuAD, to 1e-12. `make_metrics.py`,
//! `make_entities.py`, `make_squad.py` and `make_calibration.py` in `tests/golden` wrote the cases.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

use std::collections::BTreeMap;

use attune::metrics::{
    AnsweredQuestion, Answers, CandidateAnswer, Evaluation, Outcome, Reliability, TaggedSentence, calibration,
    evaluate_answers, evaluate_classes, evaluate_entities, evaluate_multilabel, evaluate_multilabel_at,
    evaluate_values, label_scores, normalized,
};
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

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn cases() -> Cases {
    read("metrics.json")
}

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
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

#[derive(Deserialize)]
struct Tagged {
    labels: Vec<String>,
    gold: String,
    predicted: String,
    /// Precision, recall and F1 over all entities.
    lenient: [f64; 3],
    strict: Option<[f64; 3]>,
    #[serde(rename = "macro")]
    mean: f64,
    weighted: f64,
    accuracy: f64,
    /// Precision, recall, F1 and support of each type that occurs.
    types: BTreeMap<String, [f64; 4]>,
}

impl Tagged {
    fn evaluate(&self) -> Evaluation {
        let tags = |letters: &str| letters.bytes().map(|letter| u32::from(letter - b'A')).collect::<Vec<u32>>();
        let sentences = self.gold.split('|').zip(self.predicted.split('|')).enumerate();
        let sentences = sentences.map(|(example, (gold, predicted))| TaggedSentence {
            example,
            words: vec!["word".into(); gold.len()],
            gold: tags(gold),
            predicted: tags(predicted),
            scores: (0..gold.len()).map(|word| 1.0 / (word % 5 + 1) as f32).collect(),
        });
        evaluate_entities(&self.labels, sentences.collect(), 0.0)
    }
}

#[test]
fn entities_are_judged_as_seqeval_does() {
    let cases: Vec<Tagged> = read("entities.json");
    assert!(cases.len() >= 500 && cases.iter().filter(|case| case.strict.is_some()).count() >= 500);
    for (index, case) in cases.iter().enumerate() {
        let evaluation = case.evaluate();
        let check = |key: &str, expected: f64| {
            near(evaluation.metrics[key], expected, TOLERANCE, &format!("{key} of case {index}"));
        };
        let keys = ["precision", "recall", "f1"];
        keys.into_iter().zip(case.lenient).for_each(|(key, expected)| check(key, expected));
        for (key, expected) in keys.into_iter().zip(case.strict.into_iter().flatten()) {
            check(&format!("{key}_strict"), expected);
        }
        for (key, expected) in [("f1_macro", case.mean), ("f1_weighted", case.weighted), ("accuracy", case.accuracy)] {
            check(key, expected);
        }
        let counts = |label: &str| evaluation.entities.as_ref().unwrap().types.iter().position(|name| name == label);
        for class in &evaluation.per_class {
            let found = [class.precision, class.recall, class.f1, class.support as f64];
            let expected = case.types.get(&class.label).copied().unwrap_or_default();
            for (found, expected) in found.into_iter().zip(expected) {
                near(found, expected, TOLERANCE, &format!("{} of case {index}", class.label));
            }
        }
        assert!(case.types.keys().all(|label| counts(label).is_some()), "a type is missing in case {index}");
    }
}

#[test]
fn the_anatomy_of_errors_counts_every_entity_once() {
    for (index, case) in read::<Vec<Tagged>>("entities.json").iter().enumerate() {
        let evaluation = case.evaluate();
        let report = evaluation.entities.unwrap();
        let count = |outcome: fn(&attune::metrics::Prediction) -> &Outcome| -> u64 {
            let entities = evaluation.predictions.iter().map(|said| match outcome(said) {
                Outcome::Entities { entities } => entities.len() as u64,
                other => panic!("{other:?}"),
            });
            entities.sum()
        };
        let totals = report.totals;
        let paired = totals.correct + totals.wrong_type + totals.wrong_boundary + totals.wrong_type_and_boundary;
        assert_eq!(paired + totals.missed, count(|said| &said.gold), "true entities of case {index}");
        assert_eq!(paired + totals.spurious, count(|said| &said.predicted), "predicted entities of case {index}");
        assert_eq!(totals.errors(), report.errors.len() as u64, "case {index}");
        assert_eq!(totals.correct, report.per_type.iter().map(|counts| counts.correct).sum::<u64>());
        assert_eq!(totals.errors(), report.per_type.iter().map(attune::metrics::ErrorCounts::errors).sum::<u64>());
        let cells: u64 = report.confusion.iter().flatten().sum();
        assert_eq!(cells, totals.correct + totals.errors(), "case {index}");
        assert!(report.errors.windows(2).all(|pair| pair[0].score >= pair[1].score), "order of case {index}");
        // What seqeval counts as right is what is correct here.
        let support: u64 = evaluation.per_class.iter().map(|class| class.support).sum();
        near(totals.correct as f64, evaluation.metrics["recall"] * support as f64, 1e-9, "correct entities");
    }
}

#[derive(Deserialize)]
struct Squad {
    normalized: Vec<[String; 2]>,
    cases: Vec<SquadCase>,
}

#[derive(Deserialize)]
struct SquadCase {
    v2: bool,
    threshold: f64,
    questions: Vec<Asked>,
    metrics: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Asked {
    gold: Vec<String>,
    said: String,
    null: f64,
}

#[test]
fn answers_are_judged_as_the_scripts_of_squad_do() {
    let Squad { normalized: texts, cases } = read("squad.json");
    for [text, expected] in &texts {
        assert_eq!(&normalized(text), expected, "{text:?}");
    }
    for v2 in [false, true] {
        assert!(cases.iter().filter(|case| case.v2 == v2).count() >= 500);
    }
    for (index, case) in cases.iter().enumerate() {
        let questions = case.questions.iter().enumerate().map(|(example, asked)| {
            let candidate = CandidateAnswer { text: asked.said.clone(), score: 0.5, start: 0, end: 1, window: 0 };
            AnsweredQuestion {
                example,
                id: example.to_string(),
                gold: asked.gold.clone(),
                gold_starts: Vec::new(),
                candidates: if asked.said.is_empty() { Vec::new() } else { vec![candidate] },
                null_score: asked.null,
            }
        });
        let evaluation = evaluate_answers(questions.collect(), case.threshold, case.v2, 0.0);
        for (key, &expected) in &case.metrics {
            near(evaluation.metrics[key], expected, TOLERANCE, &format!("{key} of case {index}"));
        }
    }
}

#[derive(Deserialize)]
struct CalibrationCases {
    single: Vec<Calibrated>,
    multi: Vec<Thresholds>,
}

#[derive(Deserialize)]
struct Calibrated {
    gold: Vec<u32>,
    rows: Vec<Vec<f32>>,
    temperature: f64,
    before: Reliable,
    after: Reliable,
}

#[derive(Deserialize)]
struct Reliable {
    #[serde(default)]
    counts: Vec<u64>,
    /// Of the bins that are not empty.
    #[serde(default)]
    accuracy: Vec<f64>,
    #[serde(default)]
    confidence: Vec<f64>,
    ece: f64,
    mce: f64,
    brier: f64,
    nll: f64,
}

impl Reliable {
    fn check(&self, found: &Reliability, tolerance: f64, case: &str) {
        for (found, expected, what) in [
            (found.ece, self.ece, "ece"),
            (found.mce, self.mce, "mce"),
            (found.brier, self.brier, "brier"),
            (found.nll, self.nll, "nll"),
        ] {
            near(found, expected, tolerance, &format!("{what} {case}"));
        }
    }
}

#[test]
fn confidences_are_judged_as_scikit_learn_does() {
    let cases: Vec<Calibrated> = read::<CalibrationCases>("calibration.json").single;
    assert!(cases.len() >= 300);
    for (index, case) in cases.iter().enumerate() {
        let found = calibration(&case.gold, &case.rows);
        case.before.check(&found.before, TOLERANCE, &format!("of case {index}"));
        let counts: Vec<u64> = found.before.bins.iter().map(|bin| bin.count).collect();
        assert_eq!(counts, case.before.counts, "case {index}");
        let filled = found.before.bins.iter().filter(|bin| bin.count > 0);
        for (bin, (accuracy, confidence)) in filled.zip(case.before.accuracy.iter().zip(&case.before.confidence)) {
            near(bin.accuracy, *accuracy, TOLERANCE, &format!("accuracy of a bin of case {index}"));
            near(bin.confidence, *confidence, TOLERANCE, &format!("confidence of a bin of case {index}"));
        }
        // The temperature is found by a search, so what depends on it is as exact as the search.
        near(found.temperature, case.temperature, 1e-8, &format!("temperature of case {index}"));
        case.after.check(&found.after, 1e-8, &format!("after, of case {index}"));
        assert!(found.after.nll <= found.before.nll + 1e-6, "case {index}");
    }
}

#[expect(clippy::struct_field_names, reason = "the names of the fixture")]
#[derive(Deserialize)]
struct Thresholds {
    gold: Vec<Vec<u32>>,
    scores: Vec<Vec<f32>>,
    thresholds: Vec<f32>,
    /// The highest F1 of each label.
    label_f1: Vec<f64>,
    metrics: BTreeMap<String, f64>,
}

#[test]
fn thresholds_of_labels_are_the_best_there_are() {
    let cases: Vec<Thresholds> = read::<CalibrationCases>("calibration.json").multi;
    assert!(cases.len() >= 300);
    for (index, case) in cases.into_iter().enumerate() {
        let labels = names(case.thresholds.len());
        for (label, scores) in label_scores(&case.gold, &case.scores, labels.len()).iter().enumerate() {
            assert_eq!(scores.best(), case.thresholds[label], "label {label} of case {index}");
            near(
                scores.at(scores.best())[2],
                case.label_f1[label],
                TOLERANCE,
                &format!("label {label} of case {index}"),
            );
        }
        let examples: Vec<usize> = (0..case.gold.len()).collect();
        let losses = vec![0.0; case.gold.len()];
        let answers = Answers { examples: &examples, gold: &case.gold, scores: case.scores, losses: &losses };
        let evaluation = evaluate_multilabel_at(&labels, answers, &case.thresholds);
        assert_eq!(evaluation.best_thresholds, case.thresholds, "case {index}");
        for (key, &expected) in &case.metrics {
            near(evaluation.metrics[key], expected, TOLERANCE, &format!("{key} of case {index}"));
        }
    }
}
