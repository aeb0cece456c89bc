//! What a run has come to against what costs nothing, in words: for the end of a run and whoever else tells it.

use super::{RunView, Workspace, model_of};
use crate::metrics::{Evaluation, Measure, Standing};
use crate::task::{Reads, Targets, Task};
use crate::ui::format;
use crate::ui::widgets::text::short_name;

/// Fewer held-out rows than this are counted, for a percentage of them sounds surer than it is.
const FEW: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub standing: Standing,
    pub words: String,
    /// What to try next, where nothing was gained.
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
        Some(verdict(run.config.task, key, [value, baseline], rows, class))
    }
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
    let advice = matches!(standing, Standing::Equal | Standing::Worse)
        .then_some("Raise the rate, train longer or unfreeze more");
    Verdict { standing, words, advice }
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
            assert_eq!(verdict.advice.is_some(), expected.starts_with("No better"), "{expected}");
        }
    }
}
