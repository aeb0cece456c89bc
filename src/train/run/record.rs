//! What a run tells and learns, written into its folder while it goes on.

use std::ops::ControlFlow;

use super::folder::RunFolder;
use crate::model::{Model, Param};
use crate::stop::Stop;
use crate::train::checkpoint::{Best, Snapshot};
use crate::train::config::{Order, What};
use crate::train::event::TrainEvent;
use crate::train::trainer::{Listener, Models};
use crate::train::{Prepared, TrainError};

/// A listener that writes the run's folder and passes everything on.
pub struct Recorder<'a> {
    pub folder: RunFolder,
    pub data: &'a Prepared,
    pub on_event: &'a mut dyn FnMut(TrainEvent),
    pub on_pause: &'a mut dyn FnMut() -> ControlFlow<()>,
    /// Whether `on_pause` will wait.
    pub is_paused: &'a dyn Fn() -> bool,
    /// What was ordered since this was asked last; what is left in the run's folder comes after it.
    pub orders: &'a mut dyn FnMut() -> Vec<What>,
    /// What is asked as soon as `on_pause` will wait or end the run.
    pub interrupt: &'a dyn Fn() -> Stop,
}

impl Recorder<'_> {
    /// Tells what is odd about the folder, each once.
    fn tell(&mut self, step: u64, failed: Option<&TrainError>) {
        for message in self.folder.news(failed) {
            let warning = TrainEvent::Warning { step, message };
            // What cannot be written waits, and that was told.
            self.folder.append(&warning).ok();
            (self.on_event)(warning);
        }
    }
}

impl Listener for Recorder<'_> {
    fn hear(&mut self, event: TrainEvent) {
        let step = event.step();
        let failed = self.folder.append(&event).err();
        (self.on_event)(event);
        self.tell(step, failed.as_ref());
    }

    fn go_on(&mut self) -> ControlFlow<()> {
        (self.on_pause)()
    }

    fn holds(&mut self) -> bool {
        (self.is_paused)()
    }

    fn interrupt(&self) -> Stop {
        (self.interrupt)()
    }

    fn checkpoint(&mut self, snapshot: &Snapshot<'_>) -> bool {
        let step = snapshot.progress.step;
        match self.folder.save(snapshot) {
            Ok(path) => {
                self.hear(TrainEvent::Checkpoint { step, path });
                true
            }
            // The run is not worse off than before; it is tried again when the next one is due.
            Err(error) => {
                self.hear(TrainEvent::Warning { step, message: format!("could not write a checkpoint: {error}") });
                false
            }
        }
    }

    fn orders(&mut self) -> Vec<What> {
        let mut orders = (self.orders)();
        orders.extend(self.folder.left_orders());
        orders
    }

    fn record(&mut self, orders: &[Order]) -> Result<(), TrainError> {
        self.folder.record(orders)
    }

    fn keep(&mut self, models: Models<'_>, step: u64, best: Option<&Best>) -> Result<(), TrainError> {
        self.folder.keep(models, self.data, step, best)?;
        self.hear(TrainEvent::Checkpoint { step, path: self.folder.model_dir() });
        Ok(())
    }

    fn keep_state(&mut self, model: &Model, step: u64, is_trained: &dyn Fn(&Param) -> bool) {
        match self.folder.keep_state(model, step, is_trained) {
            Ok(path) => self.hear(TrainEvent::Checkpoint { step, path }),
            // The run needs none of them.
            Err(error) => {
                let message = format!("the state of step {step} could not be kept and will be missing: {error}");
                self.hear(TrainEvent::Warning { step, message });
            }
        }
    }

    fn complete_states(&mut self, model: &Model, step: u64, has_joined: &dyn Fn(&Param) -> bool) {
        for message in self.folder.complete_states(model, has_joined) {
            self.hear(TrainEvent::Warning { step, message });
        }
    }

    fn has_kept(&mut self, step: u64) -> bool {
        self.folder.has_kept(step)
    }

    fn read_back(&mut self, step: u64) -> Result<(), TrainError> {
        self.folder.read_back(step)
    }

    fn finish(&mut self, event: TrainEvent) -> Result<(), TrainError> {
        let step = event.step();
        self.folder.append_last(&event)?;
        (self.on_event)(event);
        let failed = self.folder.discard_checkpoints().err();
        self.tell(step, failed.as_ref());
        Ok(())
    }
}
