//! Evaluations of different rows as one: those of the folds of a data set, in each of which other rows are held out.
//!
//! What is kept of single rows is judged anew over all of them, so that the result is the evaluation that one model would have
//! had that said all this. What is not kept of them (strict entities, the loss of tags and answers) is left out.

use std::collections::BTreeMap;

use super::answers::{baseline, metrics};
use super::classification::Answers;
use super::entities::TypeCounts;
use super::evaluation::{Evaluation, Outcome, Prediction};
use super::reports::{AnswerReport, EntityReport, JudgedQuestion};
use super::rows::Rows;
use super::tally::ratio;
use super::{anatomy, evaluate_classes, evaluate_multilabel_at, evaluate_values};
use crate::task::Targets;

/// One evaluation of all rows, in the order of their examples; none where there are none, where they are of other classes,
/// or where nothing is kept of single rows.
pub fn merged(parts: &[&Evaluation]) -> Option<Evaluation> {
    let first = parts.first()?;
    if parts.iter().any(|part| (part.task, &part.labels) != (first.task, &first.labels)) {
        return None;
    }
    let all = || parts.iter().flat_map(|part| &part.predictions);
    let merged = match first.task.targets() {
        Targets::Class => {
            let gold = sorted(all()).into_iter().map(class).collect::<Option<Vec<u32>>>()?;
            with_answers(all(), &gold, |answers| evaluate_classes(first.task, &first.labels, answers))
        }
        Targets::Classes => {
            let gold: Vec<Vec<u32>> = sorted(all()).into_iter().map(|one| one.gold.labels()).collect();
            with_answers(all(), &gold, |answers| evaluate_multilabel_at(&first.labels, answers, &first.thresholds))
        }
        Targets::Number => {
            let gold = sorted(all()).into_iter().map(value).collect::<Option<Vec<f32>>>()?;
            with_answers(all(), &gold, evaluate_values)
        }
        Targets::Tags => entities(parts)?,
        Targets::Span => answers(parts)?,
        Targets::Hidden | Targets::Replaced => return None,
    };
    (!merged.predictions.is_empty()).then_some(merged)
}

fn sorted<'a>(all: impl Iterator<Item = &'a Prediction>) -> Vec<&'a Prediction> {
    let mut all: Vec<&Prediction> = all.collect();
    all.sort_by_key(|one| one.example);
    all
}

fn with_answers<'a, Gold>(
    all: impl Iterator<Item = &'a Prediction>,
    gold: &[Gold],
    evaluate: impl FnOnce(Answers<'_, Gold>) -> Evaluation,
) -> Evaluation {
    let all = sorted(all);
    let examples: Vec<usize> = all.iter().map(|one| one.example).collect();
    let losses: Vec<f32> = all.iter().map(|one| one.loss).collect();
    let scores = all.iter().map(|one| one.scores.clone()).collect();
    evaluate(Answers { examples: &examples, gold, scores, losses: &losses })
}

fn class(one: &Prediction) -> Option<u32> {
    if let Outcome::Class(class) = one.gold { Some(class as u32) } else { None }
}

fn value(one: &Prediction) -> Option<f32> {
    if let Outcome::Value(value) = one.gold { Some(value as f32) } else { None }
}

/// Entities of all sentences, and the share of words with the right tag, which is a whole number of each part's words.
fn entities(parts: &[&Evaluation]) -> Option<Evaluation> {
    let reports: Vec<&EntityReport> = parts.iter().map(|part| part.entities.as_ref()).collect::<Option<_>>()?;
    let types = reports.first()?.types.clone();
    let mut rows: Vec<(&Prediction, &Vec<String>)> = Vec::new();
    let shares = |of: fn(&Evaluation) -> Option<&f64>| -> Option<f64> {
        let words = |report: &EntityReport| report.words.iter().map(Vec::len).sum::<usize>() as f64;
        let right: Option<Vec<f64>> =
            parts.iter().zip(&reports).map(|(part, report)| Some((of(part)? * words(report)).round())).collect();
        Some(ratio(right?.iter().sum(), reports.iter().map(|report| words(report)).sum()))
    };
    for (part, report) in parts.iter().zip(&reports) {
        if report.types != types || report.words.len() != part.predictions.len() {
            return None;
        }
        rows.extend(part.predictions.iter().zip(&report.words));
    }
    rows.sort_by_key(|(one, _)| one.example);
    let (predictions, words): (Vec<Prediction>, Vec<Vec<String>>) =
        rows.into_iter().map(|(one, words)| (one.clone(), words.clone())).unzip();
    let mut report = EntityReport {
        types,
        words,
        stray_tags: reports.iter().map(|report| report.stray_tags).sum(),
        ..EntityReport::default()
    };
    anatomy::judge(&mut report, &predictions);
    let mut counts = TypeCounts::new(report.types.len());
    for one in &predictions {
        if let (Outcome::Entities { entities: gold }, Outcome::Entities { entities: said }) =
            (&one.gold, &one.predicted)
        {
            counts.add(gold, said);
        }
    }
    let mut metrics = counts.metrics();
    let mut baseline: BTreeMap<String, f64> = metrics.keys().map(|key| (key.clone(), 0.0)).collect();
    metrics.insert("accuracy".into(), shares(|part| part.metrics.get("accuracy"))?);
    baseline.insert("accuracy".into(), shares(|part| part.baseline.get("accuracy"))?);
    Some(Evaluation {
        metrics,
        baseline,
        labels: parts[0].labels.clone(),
        per_class: counts.per_class(&report.types),
        predictions,
        entities: Some(report),
        ..Evaluation::empty(parts[0].task)
    })
}

fn answers(parts: &[&Evaluation]) -> Option<Evaluation> {
    let reports: Vec<&AnswerReport> = parts.iter().map(|part| part.answers.as_ref()).collect::<Option<_>>()?;
    let first = *reports.first()?;
    let mut rows: Vec<(&Prediction, &JudgedQuestion)> = Vec::new();
    for (part, report) in parts.iter().zip(&reports) {
        let is_other =
            (report.threshold.to_bits(), report.allow_no_answer) != (first.threshold.to_bits(), first.allow_no_answer);
        if is_other || report.questions.len() != part.predictions.len() {
            return None;
        }
        rows.extend(part.predictions.iter().zip(&report.questions));
    }
    rows.sort_by_key(|(one, _)| one.example);
    let (predictions, questions): (Vec<Prediction>, Vec<JudgedQuestion>) =
        rows.into_iter().map(|(one, question)| (one.clone(), question.clone())).unzip();
    let report = AnswerReport { questions, ..*first };
    Some(Evaluation {
        metrics: metrics(&report.questions, report.allow_no_answer),
        baseline: baseline(&report.questions, report.allow_no_answer),
        predictions,
        answers: Some(report),
        ..Evaluation::empty(parts[0].task)
    })
}

/// How sure a model was of what it said of a row, from 0 to 1: the probability of the class, of the least sure of several
/// labels, of the least sure tag of a sentence or of the answer; none of a number.
pub fn confidence(evaluation: &Evaluation, one: &Prediction) -> Option<f32> {
    let least = |sure: &mut dyn Iterator<Item = f32>| sure.reduce(f32::min);
    match (&one.predicted, evaluation.task.targets()) {
        (Outcome::Class(class), _) => one.scores.get(*class).copied(),
        (Outcome::Classes(_), _) => least(&mut one.scores.iter().map(|score| score.max(1.0 - score))),
        (Outcome::Entities { .. }, _) => least(&mut one.scores.iter().copied()),
        (Outcome::Answers { .. }, _) => one.scores.first().copied(),
        (Outcome::Value(_), _) => None,
    }
}

/// Whether what was said of each row is what its label says; none of numbers, which are near or far.
pub fn right(evaluation: &Evaluation) -> Option<Vec<bool>> {
    Rows::of(evaluation)?.right().map(<[bool]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::super::{
        AnsweredQuestion, CandidateAnswer, TaggedSentence, evaluate_answers, evaluate_entities, evaluate_multilabel,
    };
    use super::*;
    use crate::task::Task;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Rows of an evaluation in parts that are dealt out in turn.
    fn check(of: &dyn Fn(&[usize]) -> Evaluation, left_out: &[&str]) {
        let dealt = |part: usize| (0..30).filter(|row| row % 3 == part).collect::<Vec<usize>>();
        let parts: Vec<Evaluation> = (0..3).map(|part| of(&dealt(part))).collect();
        let mut whole = of(&(0..30).collect::<Vec<_>>());
        for key in left_out {
            assert!(whole.metrics.remove(*key).is_some(), "{key}");
            whole.baseline.remove(*key);
        }
        assert_eq!(merged(&parts.iter().collect::<Vec<_>>()).unwrap(), whole);
    }

    #[test]
    fn parts_come_to_the_evaluation_of_all_rows() {
        let losses = |rows: &[usize]| rows.iter().map(|row| *row as f32 / 8.0).collect::<Vec<f32>>();
        let scores = |rows: &[usize], width: usize| -> Vec<Vec<f32>> {
            let row = |row: &usize| (0..width).map(|class| ((row * 7 + class * 5) % 11) as f32 / 11.0).collect();
            rows.iter().map(row).collect()
        };
        check(
            &|rows| {
                let gold: Vec<u32> = rows.iter().map(|row| (row * row % 3) as u32).collect();
                let (scores, losses) = (scores(rows, 3), losses(rows));
                let answers = Answers { examples: rows, gold: &gold, scores, losses: &losses };
                evaluate_classes(Task::Classify, &names(&["a", "b", "c"]), answers)
            },
            &[],
        );
        check(
            &|rows| {
                let gold: Vec<Vec<u32>> = rows.iter().map(|row| vec![(*row % 3) as u32]).collect();
                let (scores, losses) = (scores(rows, 3), losses(rows));
                let answers = Answers { examples: rows, gold: &gold, scores, losses: &losses };
                evaluate_multilabel(&names(&["a", "b", "c"]), answers)
            },
            &[],
        );
        check(
            &|rows| {
                let gold: Vec<f32> = rows.iter().map(|row| (*row % 9) as f32).collect();
                let (scores, losses) = (scores(rows, 1), losses(rows));
                evaluate_values(Answers { examples: rows, gold: &gold, scores, losses: &losses })
            },
            &[],
        );
    }

    #[test]
    fn parts_with_entities_and_answers_come_to_the_same_as_all_rows() {
        let tags = names(&["O", "B-PER", "I-PER", "B-ORG"]);
        let sentence = |row: &usize| TaggedSentence {
            example: *row,
            words: names(&["Ada", "Lovelace", "left"]),
            gold: vec![1, 2, 0],
            predicted: [vec![1, 2, 0], vec![1, 0, 2], vec![0, 3, 0], vec![3, 3, 0]][row % 4].clone(),
            scores: vec![0.5, 0.25, 0.75],
        };
        let of_tags = |rows: &[usize]| evaluate_entities(&tags, rows.iter().map(sentence).collect(), 0.5);
        check(&of_tags, &["eval_loss", "f1_strict", "precision_strict", "recall_strict"]);
        let question = |row: &usize| AnsweredQuestion {
            example: *row,
            id: row.to_string(),
            gold: if row.is_multiple_of(5) { Vec::new() } else { names(&["old Rome"]) },
            gold_starts: Vec::new(),
            candidates: vec![CandidateAnswer {
                text: ["Rome", "old Rome", "Ostia"][row % 3].into(),
                score: 0.5,
                start: 0,
                end: 4,
                window: 0,
            }],
            null_score: (row * 5 % 7) as f64 - 3.0,
        };
        let of_answers = |rows: &[usize]| evaluate_answers(rows.iter().map(question).collect(), 0.0, true, 0.5);
        check(&of_answers, &["eval_loss"]);
    }
}
