//! Sweeps that this window runs.

use std::path::{Path, PathBuf};

use super::draft::short_name;
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
    /// The job that runs the sweep in a folder, or waits to.
    pub fn sweeping(&self, dir: &Path) -> Option<&Job> {
        self.jobs.iter().find(|job| job.sweep() == Some(dir))
    }

    /// The folder of the next sweep: `<runs folder>/<data>-<model>-sweep-<n>`, with the first `n` that none has.
    pub fn next_sweep(&self) -> PathBuf {
        let data =
            self.data.table.as_ref().map_or_else(|| "data".into(), |table| short_name(&table.origins.inputs.place()));
        let model = self.model.as_ref().map_or_else(|| "model".into(), |card| short_name(&card.dir));
        let named = |number: u32| self.runs_folder.join(format!("{data}-{model}-sweep-{number}"));
        let is_taken = |dir: &PathBuf| {
            self.is_spoken_for(dir)
                || self.sweeping(dir).is_some()
                || self.runs.iter().any(|run| run.sweep.as_ref() == Some(dir))
        };
        (1..10_000).map(named).find(|dir| !is_taken(dir)).unwrap_or_else(|| named(10_000))
    }
}
