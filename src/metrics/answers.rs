//! Answers against answers, as the official scripts of SQuAD v1.1 and v2.0 count them.
//!
//! A question is answered with its best span unless its null score exceeds the threshold. The scripts' `na_prob` is the
//! null score here, their prediction the best span whatever the null score is, so that the threshold alone decides.

use std::collections::BTreeMap;

use super::evaluation::{Evaluation, Outcome, Prediction};
use super::reports::{AnswerReport, CandidateAnswer, JudgedQuestion};
use super::squad::{self, Rules};
use super::tally::ratio;
use crate::task::Task;

/// A question with what annotators and the model say.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredQuestion {
    /// Index into the dataset's examples.
    pub example: usize,
    pub id: String,
    /// Every answer that counts as right; none where the context has no answer.
    pub gold: Vec<String>,
    /// First character of each of them in the context, where that is known.
    pub gold_starts: Vec<usize>,
    /// The best first; without empty answers.
    pub candidates: Vec<CandidateAnswer>,
    /// How much the score of "no answer" exceeds that of the best span; hugely negative where only spans are answers.
    pub null_score: f64,
}

impl JudgedQuestion {
    /// Exact match and F1 at a threshold.
    fn at(&self, threshold: f64) -> [f64; 2] {
        if self.null_score > threshold {
            [f64::from(u8::from(!self.has_answer)); 2]
        } else {
            [self.span_exact, self.span_f1]
        }
    }
}

/// Metrics: `exact_match` and `f1`, as shares. Where "no answer" is an answer also the highest of both over all thresholds
/// with these thresholds (`best_f1`, `best_f1_threshold` …), and with questions that have no answer `has_answer_f1`,
/// `has_answer_exact_match` and `no_answer_accuracy`. The baseline never answers.
///
/// Without `allow_no_answer` the rules are those of v1.1, every question is answered with its best span, and a question
/// without a right answer is wrong.
pub fn evaluate_answers(
    questions: Vec<AnsweredQuestion>,
    threshold: f64,
    allow_no_answer: bool,
    eval_loss: f64,
) -> Evaluation {
    let rules = if allow_no_answer { Rules::V2 } else { Rules::V1 };
    let mut report = AnswerReport { threshold, allow_no_answer, questions: Vec::with_capacity(questions.len()) };
    let mut predictions = Vec::with_capacity(questions.len());
    for question in questions {
        // JSON has no infinity. What is no number is never answered.
        let null_score = if question.null_score.is_nan() { LIMIT } else { question.null_score.clamp(-LIMIT, LIMIT) };
        let best = question.candidates.first();
        let text = best.map_or("", |candidate| candidate.text.as_str());
        let [span_exact, span_f1] = squad::score(rules, &question.gold, text);
        let silent = text.is_empty() || (allow_no_answer && null_score > threshold);
        predictions.push(Prediction {
            example: question.example,
            predicted: Outcome::Answers { answers: if silent { Vec::new() } else { vec![text.to_owned()] } },
            scores: best.map(|candidate| candidate.score).into_iter().collect(),
            loss: 0.0,
            gold: Outcome::Answers { answers: question.gold.clone() },
        });
        let mut judged = JudgedQuestion {
            id: question.id,
            has_answer: !question.gold.is_empty(),
            span_exact,
            span_f1,
            exact: span_exact,
            f1: span_f1,
            null_score,
            candidates: question.candidates,
            gold_starts: question.gold_starts,
        };
        if allow_no_answer {
            [judged.exact, judged.f1] = judged.at(threshold);
        }
        report.questions.push(judged);
    }
    let mut metrics = metrics(&report.questions, allow_no_answer);
    metrics.insert("eval_loss".into(), eval_loss);
    Evaluation {
        metrics,
        baseline: baseline(&report.questions, allow_no_answer),
        predictions,
        answers: Some(report),
        ..Evaluation::empty(Task::Qa)
    }
}

/// Beyond any sum of logits.
const LIMIT: f64 = 1e30;

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    ratio(values.sum(), count)
}

pub(super) fn metrics(questions: &[JudgedQuestion], allow_no_answer: bool) -> BTreeMap<String, f64> {
    let mut metrics: BTreeMap<String, f64> = BTreeMap::new();
    let mut insert = |key: &str, value: f64| metrics.insert(key.to_owned(), value);
    insert("exact_match", mean(questions.iter().map(|question| question.exact)));
    insert("f1", mean(questions.iter().map(|question| question.f1)));
    if !allow_no_answer {
        return metrics;
    }
    let (with, without): (Vec<&JudgedQuestion>, Vec<_>) = questions.iter().partition(|question| question.has_answer);
    if !without.is_empty() {
        insert("has_answer_exact_match", mean(with.iter().map(|question| question.exact)));
        insert("has_answer_f1", mean(with.iter().map(|question| question.f1)));
        insert("no_answer_accuracy", mean(without.iter().map(|question| question.exact)));
    }
    for (key, span) in [
        ("best_exact_match", (|question| question.span_exact) as fn(&JudgedQuestion) -> f64),
        ("best_f1", |question| question.span_f1),
    ] {
        let (best, threshold) = best_threshold(questions, span);
        insert(key, best);
        insert(&format!("{key}_threshold"), threshold);
    }
    metrics
}

/// Never answering.
pub(super) fn baseline(questions: &[JudgedQuestion], allow_no_answer: bool) -> BTreeMap<String, f64> {
    let without = questions.iter().filter(|question| !question.has_answer).count();
    let right = if allow_no_answer { ratio(without as f64, questions.len() as f64) } else { 0.0 };
    let mut baseline = BTreeMap::from([("exact_match".to_owned(), right), ("f1".to_owned(), right)]);
    if allow_no_answer && without > 0 {
        let split = [("has_answer_exact_match", 0.0), ("has_answer_f1", 0.0), ("no_answer_accuracy", 1.0)];
        baseline.extend(split.map(|(key, value)| (key.to_owned(), value)));
    }
    baseline
}

/// Questions from the one most surely answered on.
fn by_null_score(questions: &[JudgedQuestion]) -> Vec<&JudgedQuestion> {
    let mut order: Vec<&JudgedQuestion> = questions.iter().collect();
    order.sort_by(|one, two| one.null_score.partial_cmp(&two.null_score).unwrap_or(std::cmp::Ordering::Equal));
    order
}

/// The official `find_best_thresh`: the highest mean score and the null score up to which questions are then answered, 0
/// if none should be.
fn best_threshold(questions: &[JudgedQuestion], span: fn(&JudgedQuestion) -> f64) -> (f64, f64) {
    let mut score = questions.iter().filter(|question| !question.has_answer).count() as f64;
    let (mut best, mut threshold) = (score, 0.0);
    for question in by_null_score(questions) {
        score += if question.has_answer {
            span(question)
        } else if question.candidates.is_empty() {
            0.0
        } else {
            -1.0
        };
        if score > best {
            (best, threshold) = (score, question.null_score);
        }
    }
    (ratio(best, questions.len() as f64), threshold)
}

/// What a threshold would give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdPoint {
    pub threshold: f64,
    pub exact_match: f64,
    pub f1: f64,
    /// Of the questions that have an answer, and the share of the others that is left unanswered.
    pub has_answer_f1: f64,
    pub no_answer_accuracy: f64,
    /// Share of questions that are answered.
    pub answered: f64,
}

/// One point for each null score, rising: from it on, up to the next, these are the scores. The first stands just below
/// the lowest null score, where nothing is answered.
pub fn threshold_curve(questions: &[JudgedQuestion]) -> Vec<ThresholdPoint> {
    let order = by_null_score(questions);
    let total = order.len() as f64;
    let with = order.iter().filter(|question| question.has_answer).count() as f64;
    let without = total - with;
    let (mut exact, mut with_f1, mut unanswered, mut answered) = (without, 0.0, without, 0.0);
    let point = |threshold: f64, exact: f64, with_f1: f64, unanswered: f64, answered: f64| ThresholdPoint {
        threshold,
        exact_match: ratio(exact, total),
        f1: ratio(with_f1 + unanswered, total),
        has_answer_f1: ratio(with_f1, with),
        no_answer_accuracy: ratio(unanswered, without),
        answered: ratio(answered, total),
    };
    let mut points = Vec::new();
    if let Some(lowest) = order.first() {
        points.push(point(lowest.null_score.next_down(), exact, with_f1, unanswered, answered));
    }
    for same in order.chunk_by(|one, two| one.null_score == two.null_score) {
        for question in same {
            answered += 1.0;
            if question.has_answer {
                exact += question.span_exact;
                with_f1 += question.span_f1;
            } else {
                exact += question.span_exact - 1.0;
                unanswered += question.span_f1 - 1.0;
            }
        }
        points.push(point(same[0].null_score, exact, with_f1, unanswered, answered));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(gold: &[&str], answer: &str, null_score: f64) -> AnsweredQuestion {
        let candidate = CandidateAnswer { text: answer.into(), score: 0.5, start: 0, end: answer.len(), window: 0 };
        AnsweredQuestion {
            example: 0,
            id: answer.into(),
            gold: gold.iter().map(|&gold| gold.into()).collect(),
            gold_starts: Vec::new(),
            candidates: if answer.is_empty() { Vec::new() } else { vec![candidate] },
            null_score,
        }
    }

    #[test]
    fn a_threshold_decides_what_is_left_unanswered() {
        let questions = vec![
            question(&["Rome"], "rome", -3.0),
            question(&[], "Paris", 1.0),
            question(&["blue whale"], "whale", 0.5),
            question(&[], "", 2.0),
        ];
        let evaluation = evaluate_answers(questions.clone(), 0.0, true, 0.25);
        let check = |key: &str, expected: f64| {
            assert!((evaluation.metrics[key] - expected).abs() < 1e-15, "{key}: {}", evaluation.metrics[key]);
        };
        check("exact_match", 0.75);
        check("f1", 0.75);
        check("has_answer_f1", 0.5);
        check("no_answer_accuracy", 1.0);
        check("best_f1", (3.0 + 2.0 / 3.0) / 4.0);
        check("best_f1_threshold", 0.5);
        check("best_exact_match_threshold", -3.0);
        check("eval_loss", 0.25);
        assert!((evaluation.baseline["f1"] - 0.5).abs() < 1e-15);
        assert_eq!(evaluation.predictions[2].predicted, Outcome::Answers { answers: vec![] });
        assert_eq!(evaluation.predictions[0].predicted, Outcome::Answers { answers: vec!["rome".into()] });
    }

    #[test]
    fn the_curve_is_what_each_threshold_gives() {
        let questions: Vec<AnsweredQuestion> = (0..40_u32)
            .map(|index| {
                let null_score = f64::from(index * 7 % 12) - 5.0;
                match index % 4 {
                    0 => question(&["green hill"], "a hill", null_score),
                    1 => question(&[], "hill", null_score),
                    2 => question(&[], "", null_score),
                    _ => question(&["hill", "hills"], "hills", null_score),
                }
            })
            .collect();
        let curve = threshold_curve(&evaluate_answers(questions.clone(), 0.0, true, 0.0).answers.unwrap().questions);
        assert_eq!(curve.len(), 13);
        for point in curve {
            let evaluation = evaluate_answers(questions.clone(), point.threshold, true, 0.0);
            for (key, found) in [
                ("f1", point.f1),
                ("exact_match", point.exact_match),
                ("has_answer_f1", point.has_answer_f1),
                ("no_answer_accuracy", point.no_answer_accuracy),
            ] {
                assert!((evaluation.metrics[key] - found).abs() < 1e-12, "{key} at {}", point.threshold);
            }
        }
    }

    #[test]
    fn without_no_answer_every_question_is_answered() {
        let evaluation = evaluate_answers(vec![question(&["x"], "x", 9.0), question(&[], "y", 9.0)], 0.0, false, 0.0);
        assert!((evaluation.metrics["f1"] - 0.5).abs() < 1e-15);
        assert_eq!(evaluation.metrics.len(), 3);
        assert!(evaluate_answers(Vec::new(), 0.0, true, 0.0).metrics.values().all(|value| value.abs() < f64::EPSILON));
    }
}
