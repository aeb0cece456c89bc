//! What can be wrong with the description of a sweep, and what can stop it.

use std::io;
use std::path::PathBuf;

use crate::train::TrainError;

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("cannot read {path}: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot write {path}: {source}")]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{path} holds no sweep, expected a folder with trials.jsonl, as attune sweep writes it")]
    NoSweep { path: PathBuf },
    #[error("{path} does not describe a sweep: {reason}")]
    Syntax { path: PathBuf, reason: String },
    #[error("{key} is {value}, expected {expected}")]
    Setting { key: String, value: String, expected: String },
    #[error("vary.{key} has {value}, which a run refuses: {reason}")]
    Refused { key: String, value: String, reason: String },
    #[error("{settings} is refused by a run: {source}")]
    RefusedTogether { settings: String, source: Box<TrainError> },
    #[error(
        "{path} already holds a run or a sweep; --resume goes on with a sweep that was interrupted, and another needs \
         another out"
    )]
    Taken { path: PathBuf },
    #[error(
        "{key} is {now} but was {was} for {trial} when the sweep in {path} started; set it back, or start another sweep \
         with another out"
    )]
    Changed { path: PathBuf, trial: String, key: String, was: String, now: String },
    #[error("{key} is {is} in {path}, expected {wanted} as in the trial of its name; it is a run of another sweep")]
    OtherTrial { path: PathBuf, key: String, is: String, wanted: String },
    #[error("another Attune is running the sweep in {path}; stop it there first")]
    Busy { path: PathBuf },
    #[error(
        "no trial of round {round} has finished, so nothing is known of what to train longer; --resume tries again"
    )]
    NoneFinished { round: usize },
    #[error("{program} cannot be started: {source}; --ssh uses the system's ssh and tar")]
    NoProgram { program: &'static str, source: io::Error },
    #[error("no host is left for {open} of {all} trials: {reasons}; what has finished is kept, and --resume goes on")]
    NoHosts { open: usize, all: usize, reasons: String },
    #[error(
        "the cluster at {address} cannot be asked, with {open} of {all} trials open: {reason}; what has finished is kept, \
         and --resume goes on"
    )]
    NoCluster { address: String, reason: String, open: usize, all: usize },
    #[error(transparent)]
    Train(#[from] TrainError),
}

impl SweepError {
    #[expect(clippy::needless_pass_by_value, reason = "a number or a word is given as it is")]
    pub(super) fn setting(key: &str, value: impl ToString, expected: &str) -> Self {
        Self::Setting { key: key.to_owned(), value: value.to_string(), expected: expected.to_owned() }
    }
}
