//! A run as it is drawn: its series and status, folded from its events.

use std::path::PathBuf;

use crate::train::event::TrainEvent;

#[derive(Clone, Debug)]
pub struct RunView {
    pub dir: PathBuf,
    pub events: Vec<TrainEvent>,
}

impl RunView {
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, events: Vec::new() }
    }

    pub fn apply(&mut self, event: &TrainEvent) {
        self.events.push(event.clone());
    }
}
