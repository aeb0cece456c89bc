//! When the model is asked. A request goes out with a key, and the next one when the last is answered: the model sets the
//! pace, what is asked is always the newest, and an older answer can never take the place of a newer.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use egui::Ui;

use super::view::Mode;
use super::words::Words;
use crate::inspect::{AnyInquiry, Reply};
use crate::ui::panels::is_same;
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx};

/// Seconds after a key until the model is asked while a long document is being read, which the next request ends: only
/// what is done being written is worth that, unless the answer is as quick as the next key.
const LONG_PAUSE: f64 = 0.4;

#[derive(Debug, Default)]
pub struct Asker {
    /// When the first key was pressed that nothing was asked about yet.
    edited: Option<f64>,
    asked: Option<(PathBuf, AnyInquiry)>,
    /// What was looked at when it was asked, and the text of that.
    by: Option<(Mode, Words)>,
    seen: Option<Weak<Reply>>,
}

impl Asker {
    /// Something was typed.
    pub fn typed(&mut self, ui: &Ui) {
        self.edited.get_or_insert(ui.input(|input| input.time));
        ui.ctx().request_repaint();
    }

    /// Something was chosen: there is nothing to wait for.
    pub fn chosen(&mut self, ui: &Ui) {
        self.edited = Some(ui.input(|input| input.time) - LONG_PAUSE);
        ui.ctx().request_repaint();
    }

    /// Asks what is wanted, unless exactly this was asked last or the model is still busy with the one before.
    pub fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>, by: (Mode, Words), wanted: Option<AnyInquiry>) {
        let (Some(inquiry), Some(model)) = (wanted, cx.workspace.explore.model.clone()) else {
            // What is still being answered is not asked anew by who looks for it again.
            match cx.workspace.explore.pending {
                None => self.asked = None,
                Some(_) if self.is_left(by.0) => self.end(cx),
                Some(_) => {}
            }
            return;
        };
        let request = (model, inquiry);
        let pending = cx.workspace.explore.pending.and_then(|job| cx.workspace.job(job));
        let is_long = pending.and_then(|job| job.progress.as_ref()).is_some_and(|progress| progress.total > 1);
        let is_left = self.is_left(by.0);
        if self.asked.as_ref() == Some(&request) || (pending.is_some() && !is_long && !is_left) {
            // The answer to what is pending draws the window again.
            return;
        }
        let now = ui.input(|input| input.time);
        // Where nothing was typed the model or the task was changed.
        let waits = is_long && !is_left && !request.1.is_quick();
        let rest = self.edited.filter(|_| waits).map_or(0.0, |edited| edited + LONG_PAUSE - now);
        if rest > 0.001 {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(rest));
            return;
        }
        self.edited = None;
        cx.act(Action::Ask { model: request.0.clone(), inquiry: request.1.clone() });
        (self.asked, self.by) = (Some(request), Some(by));
    }

    /// Whether what was asked last was asked in another view, so that nobody waits for it any more.
    fn is_left(&self, mode: Mode) -> bool {
        self.by.as_ref().is_some_and(|(by, _)| *by != mode)
    }

    /// Ends what is being answered; whoever looks for it again asks it anew.
    pub fn end(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = cx.workspace.explore.pending.and_then(|job| cx.workspace.job(job)) else { return };
        self.forget();
        if !job.stopping {
            cx.act(Action::StopJob(job.id));
        }
    }

    /// An answer that was not seen before, and what was looked at when it was asked for.
    pub fn news(&mut self, workspace: &Workspace) -> Option<((Mode, Words), Arc<Reply>)> {
        let reply = workspace.explore.answer.as_ref().filter(|reply| !is_same(self.seen.as_ref(), reply))?;
        self.seen = Some(Arc::downgrade(reply));
        Some((self.by.clone()?, reply.clone()))
    }

    /// What was asked last, where it cannot be answered.
    pub fn failed<'a>(&'a self, workspace: &'a Workspace) -> Option<(Mode, &'a AnyInquiry, &'a str)> {
        let explore = &workspace.explore;
        let error = explore.error.as_ref().filter(|_| explore.pending.is_none())?;
        let (_, inquiry) = self.asked.as_ref()?;
        Some((self.by.as_ref()?.0, inquiry, error))
    }

    /// Asks again what was asked, such as of another model; what is still being answered is passed over.
    pub fn forget(&mut self) {
        (self.asked, self.by) = (None, None);
    }
}
