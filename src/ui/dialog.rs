//! The system's file dialog, on a thread of its own: where no portal runs it answers at once as if it were cancelled,
//! and where one dies it never answers. So the window goes on, waiting can be cancelled, and a path can always be typed.

use std::path::PathBuf;
use std::time::Instant;

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use super::saving::Saving;
use crate::table::{ENDINGS, Inputs};

/// A dialog that says nothing within this many seconds was never seen by anybody.
pub const NO_DIALOG: f64 = 0.4;

/// What the dialog is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Data,
    DataFolder,
    EvalData,
    /// Files whose rows are predicted.
    Predict,
    ModelFolder,
    RunsFolder,
    SweepFolder,
    /// Where a picture or a table is written.
    Save,
}

impl Purpose {
    fn is_folder(self) -> bool {
        matches!(self, Self::DataFolder | Self::ModelFolder | Self::RunsFolder | Self::SweepFolder)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Data => "Open data files",
            Self::DataFolder => "Open a folder of data",
            Self::EvalData => "Choose evaluation files",
            Self::Predict => "Choose files to predict",
            Self::ModelFolder => "Add a model folder",
            Self::RunsFolder => "Choose the runs folder",
            Self::SweepFolder => "Choose the folder of a sweep",
            Self::Save => "Save as",
        }
    }
}

#[derive(Debug)]
pub struct Dialog {
    pub purpose: Purpose,
    /// Seconds since the window opened.
    pub since: f64,
    answer: Receiver<Answer>,
}

/// What became of a dialog.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Waiting,
    Chosen(Inputs),
    /// Written there.
    Saved(PathBuf),
    /// Could not be written there, and why.
    NotSaved(PathBuf, String),
    /// Cancelled, or there is no dialog on this system.
    Nothing,
}

impl Dialog {
    /// Opens the dialog; `None` where no thread can be started.
    pub fn open(purpose: Purpose, now: f64, ctx: &egui::Context) -> Option<Self> {
        let (sender, answer) = bounded(1);
        let ctx = ctx.clone();
        let ask = move || {
            let dialog = rfd::FileDialog::new().set_title(purpose.title());
            let chosen = if purpose.is_folder() {
                dialog.pick_folder().map(Inputs::from)
            } else {
                let chosen = dialog.add_filter("Data", &ENDINGS).add_filter("All files", &["*"]).pick_files();
                chosen.filter(|paths| !paths.is_empty()).map(Inputs::from_iter)
            };
            // Nobody listens any more when waiting was cancelled.
            sender.send(chosen.map_or(Answer::Nothing, Answer::Chosen)).ok();
            ctx.request_repaint();
        };
        std::thread::Builder::new().name("dialog".into()).spawn(ask).ok()?;
        Some(Self { purpose, since: now, answer })
    }

    /// Asks where to save, and saves there; in `otherwise` where there is no dialog on this system.
    pub fn save(saving: Saving, otherwise: PathBuf, now: f64, ctx: &egui::Context) -> Option<Self> {
        let (sender, answer) = bounded(1);
        let ctx = ctx.clone();
        let ask = move || {
            let asked = Instant::now();
            let dialog = rfd::FileDialog::new().set_title(Purpose::Save.title()).set_file_name(&saving.name);
            let chosen = dialog.add_filter(saving.extension(), &[saving.extension()]).save_file();
            let path = match chosen {
                None if asked.elapsed().as_secs_f64() < NO_DIALOG => Some(saving.free_path(&otherwise)),
                chosen => chosen,
            };
            let written = path.map_or(Answer::Nothing, |path| match saving.write(&path) {
                Ok(()) => Answer::Saved(path),
                Err(error) => Answer::NotSaved(path, error.to_string()),
            });
            sender.send(written).ok();
            ctx.request_repaint();
        };
        std::thread::Builder::new().name("saving".into()).spawn(ask).ok()?;
        Some(Self { purpose: Purpose::Save, since: now, answer })
    }

    pub fn poll(&self) -> Answer {
        match self.answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Disconnected) => Answer::Nothing,
            Err(TryRecvError::Empty) => Answer::Waiting,
        }
    }
}
