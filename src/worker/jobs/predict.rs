//! Explore: one text through a model that stays open.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::{Ended, Failure, Job};
use crate::inspect::{self, Predictor, Question};
use crate::model::Decisions;
use crate::worker::protocol::Payload;

/// Models that stay open: two can be compared without reading either again.
const OPEN_MODELS: usize = 2;

/// The models this lane has open, the one used last at the end.
#[derive(Default)]
pub struct Shelf {
    open: Vec<(PathBuf, Option<SystemTime>, Predictor)>,
}

impl Shelf {
    /// The model in a folder, read again if its weights were written since.
    fn get(&mut self, dir: &Path) -> Result<&mut Predictor, Failure> {
        let written = std::fs::metadata(dir.join("model.safetensors")).and_then(|file| file.modified()).ok();
        let place = self.open.iter().position(|(path, at, _)| path == dir && *at == written);
        let entry = if let Some(place) = place {
            self.open.remove(place)
        } else {
            self.open.retain(|(path, ..)| path != dir);
            (dir.to_owned(), written, Predictor::open_whole(dir)?)
        };
        if self.open.len() >= OPEN_MODELS {
            self.open.remove(0);
        }
        self.open.push(entry);
        match self.open.last_mut() {
            Some((_, _, predictor)) => Ok(predictor),
            None => Err("the model was closed while it was being opened".into()),
        }
    }
}

pub fn meet(job: &Job<'_>, shelf: &mut Shelf, dir: &Path) -> Result<Ended, Failure> {
    let predictor = shelf.get(dir)?;
    predictor.decisions = Decisions::read(dir)?;
    let subject = predictor.subject();
    job.payload(Payload::Subject(Arc::new(subject)));
    Ok(Ended::Done)
}

pub fn ask(job: &Job<'_>, shelf: &mut Shelf, dir: &Path, question: &Question) -> Result<Ended, Failure> {
    let begun = Instant::now();
    let predictor = shelf.get(dir)?;
    let mut go_on = |done: usize, total: usize| {
        // A text of one window is answered before anybody could read how far it is.
        if total > 1 { job.progress("reading", done as u64, total as u64) } else { job.go_on() }
    };
    let Some(mut answer) = inspect::explore(predictor, question, &mut go_on)? else { return Ok(Ended::Stopped) };
    answer.millis = begun.elapsed().as_secs_f64() * 1000.0;
    job.payload(Payload::Answer(Arc::new(answer)));
    Ok(Ended::Done)
}
