//! What a person can do about sweeps.

use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq)]
pub enum SweepAction {
    /// Asks for the folder of a sweep with the system's dialog.
    Choose,
    /// Shows what came of the sweep in a folder.
    Show(PathBuf),
    /// Lists the runs of a sweep that lies elsewhere from now on.
    Keep(PathBuf),
    /// Takes those out of the list again; the folder stays.
    Forget(PathBuf),
    /// Runs a sweep in a folder, by what stands in its file.
    Start { out: PathBuf, description: String },
    /// Goes on with one that was stopped or cut off.
    GoOn(PathBuf),
}

impl SweepAction {
    pub fn title(&self) -> &'static str {
        match self {
            Self::Choose => "Add the folder of a sweep…",
            Self::Show(_) => "Show the sweep",
            Self::Keep(_) => "List the runs of the sweep",
            Self::Forget(_) => "Take the sweep out of the list",
            Self::Start { .. } => "Start the sweep",
            Self::GoOn(_) => "Go on with the sweep",
        }
    }

    pub fn tooltip(&self) -> &'static str {
        match self {
            Self::Choose => {
                "A sweep that was run on the command line or on another machine: a folder with trials.jsonl"
            }
            Self::Forget(_) => "The folder and its runs stay where they are",
            Self::GoOn(_) => "Trains what is missing or failed, and resumes what was interrupted",
            Self::Show(_) | Self::Keep(_) | Self::Start { .. } => "",
        }
    }
}
