//! What the parts of a sweep have in common to say.

use std::path::Path;

use serde_json::Value;

use crate::metrics::Measure;
use crate::sweep::{Axis, Over, Spread, Study, Tried};
use crate::train::run::RunSummary;
use crate::ui::panels::runs::compare;
use crate::ui::panels::train::KNOWN;
use crate::ui::{Cx, format};

/// The run in a folder, as the list has it.
pub fn listed<'a>(cx: &Cx<'a>, dir: &Path) -> Option<&'a RunSummary> {
    cx.workspace.runs.iter().find(|run| run.dir == dir)
}

/// The metric as it is called.
pub fn metric_title(study: &Study) -> String {
    let measure = Measure::find(&study.asked.metric);
    measure.map_or_else(|| study.asked.metric.clone(), |measure| compare::title(&measure).to_owned())
}

/// From the lowest to the highest seed.
pub fn spread_words(study: &Study, spread: Spread) -> String {
    let of = |value: f64| format::metric(&study.asked.metric, value);
    format!("{} to {}", of(spread.smallest), of(spread.largest))
}

/// A key as the form calls it.
pub fn key_words(key: &str) -> &str {
    KNOWN.iter().find(|(known, _)| *known == key).map_or(key, |(_, title)| title)
}

/// Settings as they are read, in the order of the axes.
pub fn settings_words(study: &Study, tried: &Tried) -> String {
    let words = |axis: &Axis| {
        let value = tried.settings.get(&axis.key)?;
        Some(format!("{} {}", key_words(&axis.key), value_words(axis, value)))
    };
    study.axes.iter().filter_map(words).collect::<Vec<_>>().join(", ")
}

/// A setting as it is read. All numbers of an axis are written alike: with an exponent where one of them needs it.
pub fn value_words(axis: &Axis, value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Number(number) if number.is_f64() => number_words(axis, number.as_f64().unwrap_or(f64::NAN)),
        other => other.to_string(),
    }
}

pub fn number_words(axis: &Axis, number: f64) -> String {
    /// What is smaller is written with an exponent.
    const SMALL: f64 = 0.01;
    let is_small = |number: f64| number != 0.0 && number.abs() < SMALL;
    let has_small = match &axis.over {
        Over::List(values) => values.iter().filter_map(Value::as_f64).any(is_small),
        Over::Range { low, high, .. } => is_small(*low) || is_small(*high),
    };
    if !has_small || number == 0.0 || is_small(number) {
        return format::rate(number);
    }
    let words = format!("{number:.2e}");
    let (digits, exponent) = words.split_once('e').unwrap_or((&words, "0"));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}e{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::testing;

    #[test]
    fn settings_have_the_words_of_the_form_and_numbers_of_an_axis_one_notation() {
        let study = testing::study(1);
        let rate = &study.axes[0];
        assert_eq!(key_words(&rate.key), "Learning rate");
        assert_eq!(
            ["0.0187", "0.00286", "0.0"].map(|number| number_words(rate, number.parse().unwrap())),
            ["1.87e-2", "2.86e-3", "0"]
        );
        let (best, _) = study.best().unwrap();
        assert_eq!(settings_words(&study, best), "Learning rate 1e-3, Batch size 16");
        assert_eq!(key_words("optim.clip"), "optim.clip", "what the form does not name");
    }
}
