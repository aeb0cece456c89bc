//! The rows of an evaluation, each with what the metrics are made of, so that they can be computed of any of them, also of
//! one several times. What an evaluation does not keep of its rows (strict entities, tags of words) cannot be.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use super::classification::{averages, class_metrics, tallies};
use super::entities::TypeCounts;
use super::evaluation::{Evaluation, Outcome, Prediction};
use super::regression::value_metrics;
use super::reports::{Entity, JudgedQuestion};
use super::tally::{Tally, ratio};
use crate::task::Targets;

#[derive(Clone, Debug)]
pub struct Rows {
    parts: Parts,
    /// Where the loss is one of single rows.
    losses: Option<Vec<f32>>,
    /// Whether each is wholly right, where that is a matter of yes and no.
    right: Option<Vec<bool>>,
    /// A sum of what was predicted for each, by names and not by their numbers; none of values.
    said: Option<Vec<u64>>,
    count: usize,
}

/// A part of a row's tallies: of which class.
type Tallied = Vec<(usize, Tally)>;

#[derive(Clone, Debug)]
enum Parts {
    /// The class it has and the one that was predicted, of so many.
    Classes(Vec<[u32; 2]>, usize),
    Sets(Vec<Tallied>, usize),
    Values(Vec<[f64; 2]>),
    Entities(Vec<Tallied>, usize),
    Answers(Vec<Answered>, Refusal),
}

/// A question: exact match and F1 of what was answered.
#[derive(Clone, Copy, Debug)]
struct Answered {
    has_answer: bool,
    exact: f64,
    f1: f64,
}

/// Whether questions may be left unanswered, and some should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Allowed,
    Never,
}

impl Rows {
    /// None where an evaluation keeps nothing of single rows.
    pub fn of(evaluation: &Evaluation) -> Option<Self> {
        let predictions = &evaluation.predictions;
        if predictions.is_empty() {
            return None;
        }
        let parts = Parts::of(evaluation)?;
        let keeps_losses = !matches!(parts, Parts::Entities(..) | Parts::Answers(..));
        let is_value = matches!(parts, Parts::Values(_));
        Some(Self {
            losses: keeps_losses.then(|| predictions.iter().map(|one| one.loss).collect()),
            right: (!is_value).then(|| (0..predictions.len()).map(|row| is_right(evaluation, row)).collect()),
            said: (!is_value).then(|| predictions.iter().map(|one| said(evaluation, &one.predicted)).collect()),
            count: predictions.len(),
            parts,
        })
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Some of them, by their places.
    #[must_use]
    pub fn only(&self, places: &[usize]) -> Self {
        Self {
            parts: self.parts.only(places),
            losses: self.losses.as_deref().map(|losses| taken(losses, places)),
            right: self.right.as_deref().map(|right| taken(right, places)),
            said: self.said.as_deref().map(|said| taken(said, places)),
            count: places.len(),
        }
    }

    pub fn right(&self) -> Option<&[bool]> {
        self.right.as_deref()
    }

    /// Rows for which two predicted something else; none where that says nothing, as of numbers.
    pub fn disagreements(&self, other: &Self) -> Option<u64> {
        let (own, other) = (self.said.as_ref()?, other.said.as_ref()?);
        Some(own.iter().zip(other).filter(|(own, other)| own != other).count() as u64)
    }

    /// The metrics of all rows.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        let all: Vec<u32> = (0..self.count as u32).collect();
        self.metrics_of(&all)
    }

    /// The metrics of some rows, by their places.
    pub fn metrics_of(&self, rows: &[u32]) -> BTreeMap<String, f64> {
        let mut metrics = self.parts.metrics(rows);
        if let (Parts::Sets(..), Some(right)) = (&self.parts, &self.right) {
            let exact = rows.iter().filter(|row| right[**row as usize]).count();
            metrics.insert("accuracy".into(), ratio(exact as f64, rows.len() as f64));
            metrics.insert("f1".into(), metrics["f1_macro"]);
        }
        if let Some(losses) = &self.losses {
            let sum: f64 = rows.iter().map(|row| f64::from(losses[*row as usize])).sum();
            metrics.insert("eval_loss".into(), ratio(sum, rows.len() as f64));
        }
        metrics
    }
}

/// Why a metric of an evaluation has no interval.
pub fn why_none(evaluation: &Evaluation, key: &str) -> &'static str {
    match evaluation.task.targets() {
        _ if evaluation.predictions.is_empty() => "the evaluation keeps no single rows",
        Targets::Span if key.starts_with("best_") => "its threshold was chosen on these very rows",
        Targets::Tags | Targets::Span if key == "eval_loss" => "the loss of single rows is not kept",
        Targets::Tags => "the tags of single words are not kept",
        _ => "what it is made of is not kept for single rows",
    }
}

fn taken<T: Clone>(all: &[T], places: &[usize]) -> Vec<T> {
    places.iter().filter_map(|place| all.get(*place).cloned()).collect()
}

impl Parts {
    fn only(&self, places: &[usize]) -> Self {
        match self {
            Self::Classes(rows, labels) => Self::Classes(taken(rows, places), *labels),
            Self::Sets(rows, labels) => Self::Sets(taken(rows, places), *labels),
            Self::Values(rows) => Self::Values(taken(rows, places)),
            Self::Entities(rows, types) => Self::Entities(taken(rows, places), *types),
            Self::Answers(rows, refusal) => Self::Answers(taken(rows, places), *refusal),
        }
    }

    fn of(evaluation: &Evaluation) -> Option<Self> {
        let predictions = &evaluation.predictions;
        let labels = evaluation.labels.len();
        Some(match evaluation.task.targets() {
            Targets::Class => Self::Classes(predictions.iter().map(classes).collect::<Option<_>>()?, labels),
            Targets::Classes => Self::Sets(predictions.iter().map(sets).collect(), labels),
            Targets::Number => Self::Values(predictions.iter().map(values).collect::<Option<_>>()?),
            Targets::Tags => {
                let types = evaluation.entities.as_ref()?.types.len();
                Self::Entities(predictions.iter().map(|one| tallied(one, types)).collect::<Option<_>>()?, types)
            }
            Targets::Span => {
                let report = evaluation.answers.as_ref()?;
                let may_refuse = report.allow_no_answer && report.questions.iter().any(|one| !one.has_answer);
                let refusal = if may_refuse { Refusal::Allowed } else { Refusal::Never };
                Self::Answers(report.questions.iter().map(answered).collect(), refusal)
            }
            Targets::Hidden | Targets::Replaced => return None,
        })
    }

    fn metrics(&self, rows: &[u32]) -> BTreeMap<String, f64> {
        match self {
            Self::Classes(each, classes) => {
                let mut confusion = vec![vec![0; *classes]; *classes];
                for row in rows {
                    let [gold, predicted] = each[*row as usize];
                    if let Some(count) = confusion
                        .get_mut(gold as usize)
                        .and_then(|line: &mut Vec<u64>| line.get_mut(predicted as usize))
                    {
                        *count += 1;
                    }
                }
                class_metrics(&confusion, &tallies(&confusion))
            }
            Self::Sets(each, classes) => averages(&added(each, *classes, rows)),
            Self::Values(each) => {
                let (gold, predicted): (Vec<f64>, Vec<f64>) =
                    rows.iter().map(|row| (each[*row as usize][0], each[*row as usize][1])).unzip();
                value_metrics(&gold, &predicted)
            }
            Self::Entities(each, types) => TypeCounts(added(each, *types, rows)).metrics(),
            Self::Answers(each, refusal) => answer_metrics(each, *refusal, rows),
        }
    }
}

fn added(each: &[Tallied], classes: usize, rows: &[u32]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); classes];
    for (class, tally) in rows.iter().flat_map(|row| &each[*row as usize]) {
        if let Some(sum) = tallies.get_mut(*class) {
            *sum = [*sum, *tally].into_iter().sum();
        }
    }
    tallies
}

fn answer_metrics(each: &[Answered], refusal: Refusal, rows: &[u32]) -> BTreeMap<String, f64> {
    type Part = fn(&Answered) -> f64;
    type Counts = fn(&Answered) -> bool;
    let (exact, f1): (Part, Part) = (|one| one.exact, |one| one.f1);
    let (all, with, without): (Counts, Counts, Counts) = (|_| true, |one| one.has_answer, |one| !one.has_answer);
    let mean = |of: Part, counts: Counts| {
        let counted = rows.iter().map(|row| &each[*row as usize]).filter(|one| counts(one));
        let (sum, count) = counted.fold((0.0, 0), |(sum, count), one| (sum + of(one), count + 1));
        ratio(sum, f64::from(count))
    };
    let mut metrics = vec![("exact_match", mean(exact, all)), ("f1", mean(f1, all))];
    if refusal == Refusal::Allowed {
        metrics.extend([
            ("has_answer_exact_match", mean(exact, with)),
            ("has_answer_f1", mean(f1, with)),
            ("no_answer_accuracy", mean(exact, without)),
        ]);
    }
    metrics.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn classes(one: &Prediction) -> Option<[u32; 2]> {
    match (&one.gold, &one.predicted) {
        (Outcome::Class(gold), Outcome::Class(predicted)) => Some([*gold as u32, *predicted as u32]),
        _ => None,
    }
}

fn values(one: &Prediction) -> Option<[f64; 2]> {
    match (&one.gold, &one.predicted) {
        (Outcome::Value(gold), Outcome::Value(predicted)) => Some([*gold, *predicted]),
        _ => None,
    }
}

fn sets(one: &Prediction) -> Tallied {
    let (gold, predicted) = (one.gold.labels(), one.predicted.labels());
    let support = gold.iter().map(|class| (*class as usize, Tally { support: 1, ..Tally::default() }));
    let said = predicted.iter().map(|class| {
        let right = u64::from(gold.contains(class));
        (*class as usize, Tally { right, predicted: 1, support: 0 })
    });
    support.chain(said).collect()
}

fn tallied(one: &Prediction, types: usize) -> Option<Tallied> {
    let (gold, predicted) = (entities(&one.gold)?, entities(&one.predicted)?);
    let mut counts = TypeCounts::new(types);
    let is_known = |entity: &&Entity| entity.class < types;
    let known = |entities: &[Entity]| entities.iter().filter(is_known).copied().collect::<Vec<_>>();
    counts.add(&known(gold), &known(predicted));
    Some(counts.0.into_iter().enumerate().filter(|(_, tally)| tally.occurs()).collect())
}

fn entities(outcome: &Outcome) -> Option<&[Entity]> {
    match outcome {
        Outcome::Entities { entities } => Some(entities),
        _ => None,
    }
}

fn answered(one: &JudgedQuestion) -> Answered {
    Answered { has_answer: one.has_answer, exact: one.exact, f1: one.f1 }
}

fn is_right(evaluation: &Evaluation, row: usize) -> bool {
    let one = &evaluation.predictions[row];
    match (&one.gold, &one.predicted) {
        (Outcome::Answers { .. }, _) => {
            let judged = evaluation.answers.as_ref().and_then(|report| report.questions.get(row));
            judged.is_some_and(|question| question.exact >= 1.0)
        }
        (Outcome::Entities { entities: gold }, Outcome::Entities { entities: predicted }) => {
            let place = |entity: &Entity| (entity.class, entity.start, entity.end);
            gold.iter().map(place).eq(predicted.iter().map(place))
        }
        (gold, predicted) => gold == predicted,
    }
}

/// A sum of an outcome in which classes have their names: two runs may number them otherwise.
fn said(evaluation: &Evaluation, outcome: &Outcome) -> u64 {
    let mut sum = DefaultHasher::new();
    match outcome {
        Outcome::Class(class) => evaluation.labels.get(*class).hash(&mut sum),
        Outcome::Classes(classes) => {
            let mut names: Vec<_> = classes.iter().map(|class| evaluation.labels.get(*class)).collect();
            names.sort();
            names.hash(&mut sum);
        }
        Outcome::Entities { entities } => {
            let types = evaluation.entities.as_ref().map(|report| &report.types);
            for entity in entities {
                (types.and_then(|types| types.get(entity.class)), entity.start, entity.end).hash(&mut sum);
            }
        }
        Outcome::Answers { answers } => answers.hash(&mut sum),
        Outcome::Value(value) => value.to_bits().hash(&mut sum),
    }
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::super::{
        AnsweredQuestion, Answers, CandidateAnswer, TaggedSentence, evaluate_answers, evaluate_classes,
        evaluate_entities, evaluate_multilabel, evaluate_values,
    };
    use super::*;
    use crate::task::Task;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Every metric that is computed of the rows is that of the evaluation; returns which are not.
    fn missing(evaluation: &Evaluation) -> Vec<String> {
        let found = Rows::of(evaluation).unwrap().metrics();
        for (key, value) in &found {
            let expected = evaluation.metrics[key];
            assert!((value - expected).abs() < 1e-12, "{key} of {}: {value}, expected {expected}", evaluation.task);
        }
        evaluation.metrics.keys().filter(|key| !found.contains_key(*key)).cloned().collect()
    }

    #[test]
    fn the_metrics_of_all_rows_are_those_of_the_evaluation() {
        let examples: Vec<usize> = (0..40).collect();
        let losses: Vec<f32> = (0..40).map(|row| row as f32 / 10.0).collect();
        let scores = |width: usize| -> Vec<Vec<f32>> {
            (0..40).map(|row| (0..width).map(|class| ((row * 7 + class * 5) % 11) as f32 / 11.0).collect()).collect()
        };
        let gold: Vec<u32> = (0..40).map(|row| row * row % 3).collect();
        let answers = Answers { examples: &examples, gold: &gold, scores: scores(3), losses: &losses };
        assert!(missing(&evaluate_classes(Task::Classify, &names(&["a", "b", "c"]), answers)).is_empty());
        let gold: Vec<Vec<u32>> = (0..40).map(|row| (0..3).filter(|class| (row + class) % 4 == 0).collect()).collect();
        let answers = Answers { examples: &examples, gold: &gold, scores: scores(3), losses: &losses };
        assert!(missing(&evaluate_multilabel(&names(&["a", "b", "c"]), answers)).is_empty());
        let gold: Vec<f32> = (0..40).map(|row| (row % 9) as f32).collect();
        let answers = Answers { examples: &examples, gold: &gold, scores: scores(1), losses: &losses };
        assert!(missing(&evaluate_values(answers)).is_empty());
    }

    #[test]
    fn what_is_not_kept_of_rows_has_a_reason() {
        let labels = names(&["O", "B-PER", "I-PER", "B-ORG"]);
        let tagged = |gold: &[u32], predicted: &[u32]| TaggedSentence {
            example: 0,
            words: names(&["Ada", "Lovelace", "left"]),
            gold: gold.to_vec(),
            predicted: predicted.to_vec(),
            scores: vec![0.5; 3],
        };
        let sentences =
            vec![tagged(&[1, 2, 0], &[1, 2, 0]), tagged(&[0, 3, 0], &[0, 1, 0]), tagged(&[3, 0, 0], &[0; 3])];
        let entities = evaluate_entities(&labels, sentences, 0.5);
        let unknown = ["accuracy", "eval_loss", "f1_strict", "precision_strict", "recall_strict"];
        assert_eq!(missing(&entities), unknown);
        assert_eq!(why_none(&entities, "eval_loss"), "the loss of single rows is not kept");
        assert_eq!(why_none(&entities, "f1_strict"), "the tags of single words are not kept");
        assert_eq!(Rows::of(&entities).unwrap().right(), Some(&[true, false, false][..]));

        let question = |gold: &[&str], answer: &str, null_score| AnsweredQuestion {
            example: 0,
            id: "q".into(),
            gold: names(gold),
            gold_starts: Vec::new(),
            candidates: vec![CandidateAnswer { text: answer.into(), score: 0.5, start: 0, end: 4, window: 0 }],
            null_score,
        };
        let questions = vec![
            question(&["Rome"], "Rome", -1.0),
            question(&["in old Rome"], "Rome", -1.0),
            question(&[], "Rome", 1.0),
            question(&["Rome"], "Rome", 1.0),
        ];
        let answers = evaluate_answers(questions, 0.0, true, 0.5);
        let unknown = missing(&answers);
        assert!(unknown.iter().all(|key| key.starts_with("best_") || key == "eval_loss"), "{unknown:?}");
        assert_eq!(why_none(&answers, "best_f1"), "its threshold was chosen on these very rows");
        assert!(Rows::of(&Evaluation::empty(Task::Mlm)).is_none());
        assert_eq!(why_none(&Evaluation::empty(Task::Mlm), "eval_loss"), "the evaluation keeps no single rows");
    }

    #[test]
    fn classes_that_are_numbered_otherwise_agree_by_their_names() {
        let evaluate = |labels: &[&str], scores: Vec<Vec<f32>>| {
            let answers = Answers { examples: &[0, 1], gold: &[0, 1], scores, losses: &[0.5; 2] };
            Rows::of(&evaluate_classes(Task::Classify, &names(labels), answers)).unwrap()
        };
        let one = evaluate(&["bad", "good"], vec![vec![0.9, 0.1], vec![0.2, 0.8]]);
        let other = evaluate(&["good", "bad"], vec![vec![0.1, 0.9], vec![0.2, 0.8]]);
        assert_eq!((one.disagreements(&one), one.disagreements(&other)), (Some(0), Some(1)));
    }
}
