//! The system's file dialog, on a thread of its own: where no portal runs it answers at once as if it were cancelled,
//! and where one dies it never answers. So the window goes on, waiting can be cancelled, and a path can always be typed.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use crate::table::ENDINGS;

/// What the dialog is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Data,
    EvalData,
    ModelFolder,
    RunsFolder,
}

impl Purpose {
    fn is_folder(self) -> bool {
        matches!(self, Self::ModelFolder | Self::RunsFolder)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Data => "Open a data file",
            Self::EvalData => "Choose an evaluation file",
            Self::ModelFolder => "Add a model folder",
            Self::RunsFolder => "Choose the runs folder",
        }
    }
}

#[derive(Debug)]
pub struct Dialog {
    pub purpose: Purpose,
    /// Seconds since the window opened.
    pub since: f64,
    answer: Receiver<Option<PathBuf>>,
}

/// What became of a dialog.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Waiting,
    Chosen(PathBuf),
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
                dialog.pick_folder()
            } else {
                dialog.add_filter("Data", &ENDINGS).add_filter("All files", &["*"]).pick_file()
            };
            // Nobody listens any more when waiting was cancelled.
            sender.send(chosen).ok();
            ctx.request_repaint();
        };
        std::thread::Builder::new().name("dialog".into()).spawn(ask).ok()?;
        Some(Self { purpose, since: now, answer })
    }

    pub fn poll(&self) -> Answer {
        match self.answer.try_recv() {
            Ok(Some(path)) => Answer::Chosen(path),
            Ok(None) | Err(TryRecvError::Disconnected) => Answer::Nothing,
            Err(TryRecvError::Empty) => Answer::Waiting,
        }
    }
}
