//! What the actions on the queue do, and how it goes on by itself when the run before has ended.

use std::sync::Arc;

use super::App;
use crate::train::config::RunConfig;
use crate::train::open::Open;
use crate::ui::action::QueueAction;
use crate::ui::format;
use crate::ui::workspace::{JobKind, Level, RunView, Screen};
use crate::worker::protocol::Command;

impl App {
    pub(super) fn change_queue(&mut self, action: &QueueAction) {
        let queue = &mut self.workspace.queue;
        match action {
            QueueAction::Add => self.add_to_queue(),
            QueueAction::Again { dir, seeds } => self.again(dir, *seeds),
            QueueAction::Rise(id) => queue.rise(*id),
            QueueAction::Remove(id) => queue.remove(*id),
            QueueAction::Clear => queue.clear(),
            QueueAction::GoOn => queue.held = None,
            QueueAction::Toggle => {
                self.queue_is_open = !self.queue_is_open;
                self.downloads_are_open = false;
            }
        }
    }

    /// What is shown is what is trained with, also where it was recommended.
    pub(super) fn shown_config(&self) -> RunConfig {
        RunConfig { open: Open::default(), ..self.workspace.draft.clone().with_student() }
    }

    /// Whether the form describes a run; says what is wrong with it where it does not.
    pub(super) fn is_readable(&mut self, deed: &str) -> bool {
        let Some(wrong) = self.workspace.all_unread().next().cloned() else { return true };
        self.workspace.screen = Screen::Train;
        self.workspace.toast(Level::Warning, format!("{deed}: fix {} first", wrong.field), wrong.why);
        false
    }

    fn add_to_queue(&mut self) {
        if self.workspace.why_not_add().is_some() || !self.is_readable("Not added") {
            return;
        }
        let mut config = self.shown_config();
        if config.run.seeds.len() > 1 {
            self.add_seeds(&config);
            return;
        }
        if !self.workspace.out_is_own {
            config.run.out = self.workspace.next_out();
        }
        let seconds = self.workspace.plan.as_ref().map_or(0.0, |plan| plan.all_seconds(&config));
        let name = format::file_name(&config.run.out);
        self.expect_student(&config);
        self.workspace.queue.add(config, seconds);
        let waiting = format::plural(self.workspace.queue.waiting().len() as u64, "run waits", "runs wait");
        self.workspace.toast(Level::Info, format!("{name} is in the queue"), waiting);
        self.tell_if_held();
        // The next run has a folder of its own.
        self.workspace.out_is_own = false;
        self.workspace.refresh_draft();
    }

    /// What was added does not begin by itself where the queue is held.
    pub(super) fn tell_if_held(&mut self) {
        if self.workspace.queue.held.is_some() {
            let words = "Open it above the activity bar to let it go on";
            self.workspace.toast(Level::Warning, "The queue is held", words);
        }
    }

    /// Begins the next run that waits, unless the window is about to close.
    pub(super) fn go_on_with_queue(&mut self) {
        if self.workspace.training.is_none() && !self.close_when_done && !self.worker_is_gone {
            if let Some(next) = self.workspace.queue.begin() {
                self.train(*next.config);
            }
            self.show_what_is_over();
        }
    }

    /// Starts a training and follows it.
    pub(super) fn train(&mut self, config: RunConfig) {
        let out = config.run.out.clone();
        let title = format!("Training {}", format::file_name(&out));
        let mut run = RunView::new(out.clone(), config.clone());
        // Those of other texts say nothing of this run.
        let is_open =
            self.workspace.draft.data.train == config.data.train && self.workspace.draft.model == config.model;
        let data = &self.workspace.data;
        let known = data.lengths.as_ref().zip(data.loaded.as_ref()).filter(|_| is_open);
        run.lengths = known.map(|(lengths, loaded)| Arc::new(lengths.of_run(loaded)));
        self.workspace.follow_run(run);
        let job = self.workspace.follow(JobKind::Train { out }, title);
        self.send(Command::Train { job, config: Box::new(config) });
    }
}
