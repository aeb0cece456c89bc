//! What lies where in a run's folder.

use std::path::Path;

pub(in crate::train) const CONFIG: &str = "run.toml";
pub(in crate::train) const EVENTS: &str = "events.jsonl";
pub(in crate::train) const EVALUATION: &str = "evaluation.json";
pub(in crate::train) const MODEL: &str = "model";
/// What was learned beside a base, where the model is whole.
pub(in crate::train) const ADAPTER: &str = "adapter";
pub(in crate::train) const CHECKPOINT: &str = "checkpoint";
/// Of a folder with the runs of a sweep: what became of each.
pub(in crate::train) const TRIALS: &str = "trials.jsonl";
/// Orders that are left for whoever trains the run.
pub(in crate::train) const ORDERS: &str = "orders";
/// The files that the data were read from.
pub(in crate::train) const DATA: &str = "data.json";
/// Size and sum of every file that was kept, and the step it is of.
pub(in crate::train) const MANIFEST: &str = "manifest.json";
/// Of a run in folds: what was said of each row while it was held out.
pub(in crate::train) const HELD_OUT_LINES: &str = "held-out.jsonl";
pub(in crate::train) const HELD_OUT_TABLE: &str = "held-out.csv";
/// What a sweep or a run in folds was started from, and what its runs said.
pub(in crate::train) const STARTED_FROM: &str = "trials";

/// The folder of a fold, from 1, below that of all.
pub fn fold_folder(number: u32) -> String {
    format!("fold-{number}")
}

/// Of which folder such a one would be a fold, by its name, and which.
pub fn fold_in(dir: &Path) -> Option<(&Path, u32)> {
    let number = dir.file_name()?.to_str()?.strip_prefix("fold-")?.parse().ok()?;
    Some((dir.parent()?, number))
}
