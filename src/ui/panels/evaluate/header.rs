//! The metrics, each against what costs nothing.

use std::collections::BTreeMap;

use egui::Ui;

use crate::metrics::{Evaluation, Measure, Standing};
use crate::task::{Targets, Task};
use crate::ui::widgets::stat::{Stat, card};
use crate::ui::{Palette, format};

pub fn cards_ui(ui: &mut Ui, evaluation: &Evaluation, palette: &Palette) {
    let main = Measure::main(evaluation.task);
    let metrics = &evaluation.metrics;
    let mut measures = told(metrics, main);
    let (room, gap) = (ui.available_width(), 8.0);
    // Narrower cards would cut what they say of the baseline.
    let most = (((room + gap) / (172.0 + gap)) as usize).max(2);
    measures.truncate(most.min(7));
    let width = (room + gap) / measures.len().max(1) as f32 - gap;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for measure in &measures {
            let value = metrics[measure.key];
            let baseline = evaluation.baseline.get(measure.key).copied();
            let standing = baseline.map(|baseline| {
                let rows = evaluation.predictions.len();
                Standing::of(measure, value, baseline, (rows > 0).then_some(rows))
            });
            card_ui(ui, measure, value, baseline.zip(standing), evaluation.task, width, palette);
        }
    });
}

/// What there is a card for, in its order.
fn told(metrics: &BTreeMap<String, f64>, main: &str) -> Vec<Measure> {
    // "f1" is another name for the mean of the classes where there are more than two.
    let is_said_twice = |key: &str| key == "f1" && key != main && metrics.get("f1") == metrics.get("f1_macro");
    let is_told = |measure: &Measure| metrics.contains_key(measure.key) && !is_said_twice(measure.key);
    let mut measures: Vec<Measure> = Measure::ALL.into_iter().filter(is_told).collect();
    measures.sort_by_key(|measure| rank(measure.key, main));
    measures
}

/// The most telling first: what rare classes can still move before what repeats the accuracy.
fn rank(key: &str, main: &str) -> usize {
    let order = [
        "perplexity",
        "exact_match",
        "has_answer_f1",
        "no_answer_accuracy",
        "best_f1",
        "precision",
        "recall",
        "f1_macro",
        "f1",
        "spearman",
        "matthews",
        "mse",
        "eval_loss",
        "f1_strict",
        "accuracy",
        "f1_weighted",
        "precision_macro",
        "recall_macro",
    ];
    if key == main { 0 } else { 1 + order.iter().position(|known| *known == key).unwrap_or(order.len()) }
}

fn card_ui(
    ui: &mut Ui,
    measure: &Measure,
    value: f64,
    baseline: Option<(f64, Standing)>,
    task: Task,
    width: f32,
    palette: &Palette,
) {
    let note = baseline.map_or_else(String::new, |(baseline, _)| {
        let gain = value - baseline;
        let size = if measure.percent { format!("{:+.1}", gain * 100.0) } else { format!("{gain:+.3}") };
        let baseline = if measure.percent { format::percent(baseline) } else { format!("{baseline:.3}") };
        format!("{size} vs baseline {baseline}").replace('-', "−")
    });
    // As at the end of a run: what was not gained is no failure.
    let color = match (baseline.map(|(_, standing)| standing), measure.key == Measure::main(task)) {
        (Some(Standing::Worse), _) => Some(palette.warn),
        (Some(Standing::Equal), _) => Some(palette.text_dim),
        (Some(Standing::Better) | None, true) => Some(palette.accent),
        _ => None,
    };
    // Only what lies between 0 and 1 can be drawn as a share of a bar.
    let share = |value: f64| (0.0..=1.0).contains(&value).then_some(value as f32);
    let bar = measure
        .higher_is_better
        .then(|| share(value))
        .flatten()
        .map(|value| (value, baseline.and_then(|(baseline, _)| share(baseline))));
    let shown = format::metric(measure.key, value);
    let spec = Stat { title: measure.title, value: &shown, note: &note, color };
    card(ui, &spec, bar, width, palette)
        .on_hover_text(format!("{}; the mark is the baseline", explain(task, measure.key)));
}

fn explain(task: Task, key: &str) -> &'static str {
    match key {
        "f1" if task.targets() == Targets::Tags => "Over all entities; one is right if both its words and its type are",
        "f1" if task.targets() == Targets::Span => "Mean overlap of the words with those of the nearest right answer",
        "f1" if task.targets() == Targets::Replaced => "Of the tokens that were replaced",
        "accuracy" => "Share of texts that are right; of words or tokens where these are labelled",
        "precision" => "Share of the predicted ones that are right",
        "recall" => "Share of the true ones that were found",
        "f1_strict" => "Only entities that begin with B- count",
        "exact_match" => "Share of answers that match exactly, apart from case, punctuation and articles",
        "has_answer_f1" => "Mean overlap of words, where there is an answer",
        "no_answer_accuracy" => "Share of the questions without an answer that are left unanswered",
        "best_f1" => "What the best threshold for no answer would give",
        "perplexity" => "How many equally likely words the model hesitates between, on average",
        "f1" => "F1 of the second of two classes; otherwise the mean over the classes",
        "f1_macro" => "Mean of the classes' F1; rare classes count as much as frequent ones",
        "f1_weighted" => "Mean of the classes' F1 by their number of texts",
        "f1_micro" => "F1 over all decisions together",
        "precision_macro" => "Mean precision over the classes",
        "recall_macro" => "Mean recall over the classes",
        "matthews" => "Correlation between true and predicted classes; 0 is chance, 1 is perfect",
        "pearson" => "Linear correlation between true and predicted values",
        "spearman" => "Correlation between the two rankings",
        "mse" => "Mean squared distance",
        "eval_loss" => "What training minimises, on texts it has not seen",
        _ => "Higher is better",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_metric_is_told_although_another_has_its_value() {
        let metrics = ["accuracy", "f1", "f1_macro"].map(|key| (key.to_owned(), 0.0)).into();
        let keys = |main: &str| told(&metrics, main).iter().map(|measure| measure.key).collect::<Vec<_>>();
        assert_eq!(keys("f1"), ["f1", "f1_macro", "accuracy"]);
        assert_eq!(keys("f1_macro"), ["f1_macro", "accuracy"], "and nothing is told twice");
    }
}
