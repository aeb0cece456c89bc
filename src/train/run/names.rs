//! What lies where in a run's folder.

use std::path::Path;

use crate::files;
use crate::model::kept;

pub(in crate::train) const CONFIG: &str = "run.toml";
pub(in crate::train) const EVENTS: &str = "events.jsonl";
pub(in crate::train) const EVALUATION: &str = "evaluation.json";
pub(in crate::train) const MODEL: &str = "model";
/// What was learned beside a base, where the model is whole.
pub(in crate::train) const ADAPTER: &str = "adapter";
pub(in crate::train) const CHECKPOINT: &str = "checkpoint";
/// Of a folder with the runs of a sweep: what became of each.
pub(in crate::train) const TRIALS: &str = "trials.jsonl";
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

/// What a model is called, for people, by its path alone: of a run as the run, since the folder of its weights has the same
/// name in each; of a state of its course with the step; any other as its folder.
pub fn model_title(dir: &Path) -> String {
    if let Some((run, step)) = kept::state_of(dir) {
        return format!("{} at step {step}", files::name(run));
    }
    let of_run = dir.parent().filter(|run| dir == run.join(MODEL));
    files::name(of_run.unwrap_or(dir)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_of_a_run_is_called_as_the_run() {
        let run = Path::new("/runs/reviews");
        assert_eq!(model_title(&run.join("model")), "reviews");
        assert_eq!(model_title(&kept::state_folder(run, 120)), "reviews at step 120");
        assert_eq!(model_title(Path::new("/models/minilm")), "minilm");
    }
}
