//! A download as the window knows it, from the press of a button to the end of the session.

use std::path::PathBuf;

use super::hub::Trouble;
use crate::hub::Progress;
use crate::worker::protocol::{JobId, Wanted};

#[derive(Clone, Debug, PartialEq)]
pub enum DownloadState {
    Running(JobId),
    /// It was asked to pause, and does as soon as it hears.
    Pausing,
    /// It was asked to end and leave nothing behind.
    Cancelling,
    Paused,
    Failed(Trouble),
    /// The folder of a model, or the first file of a data set.
    Done(PathBuf),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Download {
    pub wanted: Wanted,
    pub state: DownloadState,
    pub progress: Progress,
    /// It was begun before this session.
    pub is_earlier: bool,
}

impl Download {
    /// The share that is here, where it is known how much there is.
    pub fn share(&self) -> Option<f32> {
        (self.progress.bytes > 0).then(|| self.progress.bytes_done as f32 / self.progress.bytes as f32)
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state, DownloadState::Running(_) | DownloadState::Pausing | DownloadState::Cancelling)
    }

    pub fn job(&self) -> Option<JobId> {
        if let DownloadState::Running(job) = self.state { Some(job) } else { None }
    }
}
