//! Sweeps that this window runs.

use std::path::{Path, PathBuf};

use super::{Job, JobKind, Workspace};
use crate::worker::works::sweep::RunSweep;

impl Job {
    /// The folder of the sweep that it runs.
    pub fn sweep(&self) -> Option<&Path> {
        match &self.kind {
            JobKind::Work(work) => work.get::<RunSweep>().map(|sweep| sweep.out.as_path()),
            _ => None,
        }
    }
}

impl Workspace {
    /// The jobs that run sweeps, or wait to.
    pub fn sweeps(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.sweep().is_some())
    }

    /// The job that runs the sweep in a folder, or waits to.
    pub fn sweeping(&self, dir: &Path) -> Option<&Job> {
        self.jobs.iter().find(|job| job.sweep() == Some(dir))
    }

    /// The folder of the next sweep: `<runs folder>/<data>-<model>-sweep-<n>`, with the first `n` that none has.
    pub fn next_sweep(&self) -> PathBuf {
        self.first_free("-sweep", |dir| {
            !self.is_spoken_for(dir)
                && self.sweeping(dir).is_none()
                && !self.runs.iter().any(|run| run.sweep.as_deref() == Some(dir))
        })
    }
}
