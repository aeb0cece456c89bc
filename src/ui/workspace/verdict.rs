//! What a run has come to against what costs nothing, in words: for the end of a run and whoever else tells it.

use super::run::Status;
use super::{RunView, Workspace, model_of};
use crate::metrics::{Evaluation, Measure, Standing};
use crate::task::{Reads, Targets, Task};
use crate::train::config::StrategyKind;
use crate::ui::format;
use crate::ui::widgets::text::short_name;

/// Fewer held-out rows than this are counted, for a percentage of them sounds surer than it is.
const FEW: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub standing: Standing,
    pub words: String,
    /// What to try next, where nothing was gained or more is to be had.
    pub advice: Option<&'static str>,
}

impl Workspace {
    /// The verdict on the metric that a run is judged by; none before its first evaluation.
    pub fn verdict(&self, run: &RunView) -> Option<Verdict> {
        let key = run.main_metric();
        let (value, baseline) = (run.result(key)?, *run.baseline.get(key)?);
        let of_run = self.evaluation.as_ref().filter(|evaluated| evaluated.model == model_of(&run.dir));
        let class = of_run.and_then(|evaluated| largest_class(&evaluated.evaluation));
        // A run counts the windows of its questions.
        let counted = if run.config.task.reads() == Reads::Question { 0 } else { run.eval_examples };
        let rows = of_run.map_or(counted, |evaluated| evaluated.evaluation.predictions.len());
        let verdict = verdict(run.config.task, key, [value, baseline], rows, class);
        let advice = match verdict.standing {
            Standing::Equal | Standing::Worse => Some(when_nothing_was_gained(run.config.strategy.kind)),
            Standing::Better | Standing::Unclear => is_improving(run, key, rows).then_some(STILL_IMPROVING),
        };
        Some(Verdict { advice, ..verdict })
    }
}

const STILL_IMPROVING: &str = "Still improving when it ended: train longer";

/// What lies nearest where nothing was learned. A whole model has nothing left to unfreeze, and forgets at too high a rate.
fn when_nothing_was_gained(kind: StrategyKind) -> &'static str {
    if kind == StrategyKind::Full {
        "Raise the rate or train longer; if the loss jumped at the start, lower the rate"
    } else {
        "Raise the rate, train longer or unfreeze more"
    }
}

/// Whether a run that did all its steps was better at its end than after two thirds of them, by more than a row or two.
fn is_improving(run: &RunView, key: &str, rows: usize) -> bool {
    let Some((measure, metric)) = Measure::find(key).zip(run.metrics.get(key)) else { return false };
    let points = metric.points();
    let (Some(last), two_thirds) = (points.last(), run.steps as f64 * 2.0 / 3.0) else { return false };
    let earlier = points.iter().rev().find(|point| point[0] <= two_thirds);
    run.status == Status::Finished
        && run.steps > 0
        && last[0] >= run.steps as f64
        && earlier.is_some_and(|earlier| {
            Standing::of(&measure, last[1], earlier[1], (rows > 0).then_some(rows)) == Standing::Better
        })
}

/// The class that the baseline always answers.
fn largest_class(evaluation: &Evaluation) -> Option<&str> {
    let count = |row: &Vec<u64>| row.iter().sum::<u64>();
    // The first of equal ones, as the baseline has it.
    let (place, _) = evaluation.confusion.iter().map(count).enumerate().rev().max_by_key(|(_, count)| *count)?;
    evaluation.labels.get(place).map(String::as_str)
}

fn verdict(task: Task, key: &str, [value, baseline]: [f64; 2], rows: usize, class: Option<&str>) -> Verdict {
    let Some(measure) = Measure::find(key) else {
        return Verdict { standing: Standing::Unclear, words: String::new(), advice: None };
    };
    let standing = Standing::of(&measure, value, baseline, (rows > 0).then_some(rows));
    let is_of_classes = task.targets() == Targets::Class;
    let costs_nothing = match class.filter(|_| is_of_classes) {
        Some(class) => format!("always answering \"{}\"", short_name(class, 24)),
        None if is_of_classes => "always answering the most frequent class".into(),
        None => Measure::baseline(task).to_owned(),
    };
    let shown = format::metric(key, baseline);
    let counted = (key == "accuracy" && is_of_classes && (1..FEW).contains(&rows)).then(|| {
        let right = |share: f64| (share * rows as f64).round() as u64;
        format!("{} of {rows} right, baseline {} of {rows}", right(value), right(baseline))
    });
    let words = match standing {
        Standing::Equal | Standing::Worse => format!("No better than {costs_nothing} ({shown})"),
        Standing::Unclear => match counted {
            Some(counted) => format!("{counted}: too few rows to tell a difference"),
            None => format!("{} is too close to {costs_nothing} ({shown}) to tell", format::metric(key, value)),
        },
        Standing::Better => counted.unwrap_or_else(|| {
            let gain = (value - baseline).abs();
            let size = if measure.percent { format!("{:.1} points", gain * 100.0) } else { format::value(gain) };
            let side = if measure.higher_is_better { "above" } else { "below" };
            format!("{size} {side} {}, {shown}", Measure::baseline(task))
        }),
    };
    Verdict { standing, words, advice: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_held_against_what_costs_nothing() {
        let cases = [
            (Task::Classify, "accuracy", [0.913, 0.5], 500, "41.3 points above the majority baseline, 50.0 %"),
            (Task::Classify, "accuracy", [0.5, 0.5], 12, "No better than always answering \"neg\" (50.0 %)"),
            (Task::Classify, "accuracy", [0.4, 0.5], 500, "No better than always answering \"neg\" (50.0 %)"),
            (
                Task::Classify,
                "accuracy",
                [0.5, 5.0 / 12.0],
                12,
                "6 of 12 right, baseline 5 of 12: too few rows to tell a difference",
            ),
            (Task::Classify, "accuracy", [11.0 / 12.0, 0.5], 12, "11 of 12 right, baseline 6 of 12"),
            (Task::Nsp, "matthews", [0.1, 0.25], 9, "No better than always answering \"neg\" (0.2500)"),
            (Task::Ner, "f1", [0.5, 0.0], 50, "50.0 points above finding no entity, 0.0 %"),
            (Task::Regress, "mse", [1.0, 2.0], 50, "1.0000 below always predicting the mean, 2.0000"),
        ];
        for (task, key, values, rows, expected) in cases {
            let verdict = verdict(task, key, values, rows, Some("neg"));
            assert_eq!(verdict.words, expected);
        }
    }

    #[test]
    fn the_next_step_follows_from_how_the_run_went() {
        let advice = |kind, values: [f64; 3], last: f64| {
            let mut workspace = Workspace::new(Vec::new(), "/runs".into());
            workspace.draft.strategy.kind = kind;
            let mut run = RunView::new("/runs/a".into(), workspace.draft.clone());
            (run.steps, run.eval_examples, run.status) = (30, 200, Status::Finished);
            run.baseline.insert("accuracy".into(), 0.5);
            let steps = [10.0, 20.0, last];
            for (step, value) in steps.into_iter().zip(values) {
                run.metrics.entry("accuracy".into()).or_default().push(step, value);
            }
            workspace.verdict(&run).unwrap().advice.unwrap_or_default()
        };
        for (kind, values, last, expected) in [
            (StrategyKind::Full, [0.6, 0.7, 0.8], 30.0, STILL_IMPROVING),
            (StrategyKind::Head, [0.6, 0.7, 0.705], 30.0, ""),
            (StrategyKind::Head, [0.6, 0.8, 0.7], 30.0, ""),
            (StrategyKind::Full, [0.6, 0.7, 0.8], 25.0, ""),
            (StrategyKind::Head, [0.5, 0.5, 0.5], 30.0, "Raise the rate, train longer or unfreeze more"),
            (StrategyKind::Full, [0.5, 0.5, 0.5], 30.0, "Raise the rate or train longer"),
        ] {
            let found = advice(kind, values, last);
            assert!(found.starts_with(expected) && found.is_empty() == expected.is_empty(), "{values:?}: {found}");
        }
    }
}
