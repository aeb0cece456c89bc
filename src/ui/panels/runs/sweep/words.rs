//! What the parts of a sweep have in common to say.

use std::path::Path;

use crate::metrics::Measure;
use crate::sweep::{Spread, Study};
use crate::train::run::RunSummary;
use crate::ui::panels::runs::compare;
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

/// A setting as it is read.
pub fn value_words(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(word) => word.clone(),
        serde_json::Value::Number(number) if number.is_f64() => format::rate(number.as_f64().unwrap_or(f64::NAN)),
        other => other.to_string(),
    }
}
