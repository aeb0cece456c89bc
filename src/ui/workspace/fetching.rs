//! The downloads, wherever the person looks meanwhile: those that run, those that wait to go on, those that failed, and
//! those that are here now.

use std::path::PathBuf;
use std::sync::Arc;

use super::downloads::{Download, DownloadState};
use super::hub::Trouble;
use super::{Job, JobKind, Level, Workspace};
use crate::hub::{Progress, RepoKind, Shelf};
use crate::worker::protocol::{JobId, Wanted};

impl Workspace {
    pub fn download(&self, wanted: &Wanted) -> Option<&Download> {
        self.downloads.iter().find(|download| download.wanted == *wanted)
    }

    fn download_mut(&mut self, wanted: &Wanted) -> Option<&mut Download> {
        self.downloads.iter_mut().find(|download| download.wanted == *wanted)
    }

    /// Follows a download from its beginning or from where it was; `None` where it is under way already.
    pub fn begin_download(&mut self, wanted: &Wanted) -> Option<JobId> {
        if self.download(wanted).is_some_and(Download::is_running) {
            return None;
        }
        let job = self.follow(JobKind::Download { wanted: wanted.clone() }, format!("Downloading {}", wanted.title()));
        let state = DownloadState::Running(job);
        match self.download_mut(wanted) {
            // Once it goes on it is of this session.
            Some(known) => (known.state, known.is_earlier) = (state, false),
            None => self.downloads.push(Download {
                wanted: wanted.clone(),
                state,
                progress: Progress::default(),
                is_earlier: false,
            }),
        }
        Some(job)
    }

    /// The job to be ended, and what its download is until it hears.
    pub fn end_download(&mut self, wanted: &Wanted, until: DownloadState) -> Option<JobId> {
        let known = self.download_mut(wanted)?;
        let job = known.job()?;
        known.state = until;
        Some(job)
    }

    /// Shows a download no longer.
    pub fn drop_download(&mut self, wanted: &Wanted) {
        self.downloads.retain(|download| download.wanted != *wanted || download.is_running());
    }

    pub(super) fn take_progress(&mut self, kind: &JobKind, progress: Progress) {
        let JobKind::Download { wanted } = kind else { return };
        if let Some(known) = self.download_mut(wanted) {
            known.progress = progress;
        }
    }

    pub(super) fn take_downloaded(&mut self, kind: &JobKind, path: PathBuf) {
        let JobKind::Download { wanted } = kind else { return };
        if let Some(known) = self.download_mut(wanted) {
            known.state = DownloadState::Done(path);
        }
    }

    /// What was begun in an earlier session is there to be gone on with.
    pub(super) fn take_shelf(&mut self, shelf: Arc<Shelf>) {
        for unfinished in &shelf.unfinished {
            let is_known = self.downloads.iter().any(|download| download.wanted.is_of(unfinished));
            if !is_known {
                let (bytes_done, bytes) = (unfinished.bytes_done, unfinished.bytes);
                self.downloads.push(Download {
                    wanted: unfinished.into(),
                    state: DownloadState::Paused,
                    progress: Progress { bytes_done, bytes, ..Progress::default() },
                    is_earlier: true,
                });
            }
        }
        // What was removed since is not to be opened.
        let is_there = |wanted: &Wanted| shelf.repos.iter().any(|known| known.repo == wanted.repo);
        self.downloads.retain(|known| !matches!(known.state, DownloadState::Done(_)) || is_there(&known.wanted));
        self.hub.shelf = Some(shelf);
    }

    pub(super) fn download_finished(&mut self, wanted: &Wanted) {
        self.wants.models |= wanted.repo.kind == RepoKind::Model;
        self.wants.shelf = true;
        let words = format!("{} is on this machine now", wanted.title());
        self.toast(Level::Good, "Downloaded", words);
    }

    /// It ended because it was asked to, or because the window closes.
    pub(super) fn download_stopped(&mut self, job: &Job) {
        let JobKind::Download { wanted } = &job.kind else { return };
        let Some(known) = self.download_mut(wanted) else { return };
        if known.state == DownloadState::Cancelling {
            let wanted = wanted.clone();
            self.downloads.retain(|download| download.wanted != wanted);
        } else {
            known.state = DownloadState::Paused;
        }
        self.wants.shelf = true;
    }

    pub(super) fn download_failed(&mut self, wanted: &Wanted, trouble: Trouble) {
        if let Some(known) = self.download_mut(wanted) {
            known.state = DownloadState::Failed(trouble);
        }
    }
}
