//! Explore: one text through a model that stays open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::job::{Ended, Job};
use crate::files::{Stamp, stamp};
use crate::inspect::{AnyInquiry, OpenModel};
use crate::model::{Decisions, Precision};
use crate::train::columns::informed;
use crate::worker::protocol::Payload;
use crate::worker::work::Failure;

/// Models that stay open: two can be compared without reading either again.
const OPEN_MODELS: usize = 2;

/// A model that is open, and the files it was read from.
struct Open {
    dir: PathBuf,
    precision: Precision,
    files: Stamp,
    model: OpenModel,
}

/// The models this lane has open, the one used last at the end.
#[derive(Default)]
pub struct Shelf {
    open: Vec<Open>,
    /// What was told of a model last, by the files it was true of.
    told: BTreeMap<PathBuf, Stamp>,
}

impl Shelf {
    /// The model in a folder, read again if a file of it was written since, be it weights under whatever name,
    /// configuration or tokenizer; and whether something else was told of it before. What is decided is read each time.
    fn get(&mut self, (dir, precision): (&Path, Precision)) -> Result<(&mut OpenModel, bool), Failure> {
        let mut now = stamp(dir);
        now.retain(|(name, ..)| name != Decisions::FILE);
        let place =
            self.open.iter().position(|open| open.dir == dir && open.precision == precision && open.files == now);
        let mut entry = if let Some(place) = place {
            self.open.remove(place)
        } else {
            self.open.retain(|open| open.dir != dir);
            let model = informed(OpenModel::open_whole(dir)?.asked_in(precision)?);
            Open { dir: dir.to_owned(), precision, files: now.clone(), model }
        };
        entry.model.decisions = Decisions::read(dir)?;
        if self.open.len() >= OPEN_MODELS {
            self.open.remove(0);
        }
        let was_changed = self.told.insert(dir.to_owned(), now.clone()).is_some_and(|then| then != now);
        self.open.push(entry);
        match self.open.last_mut() {
            Some(open) => Ok((&mut open.model, was_changed)),
            None => Err("the model was closed while it was being opened".into()),
        }
    }
}

pub fn meet(job: &Job<'_>, shelf: &mut Shelf, model: (&Path, Precision)) -> Result<Ended, Failure> {
    let (predictor, _) = shelf.get(model)?;
    if job.go_on().is_break() {
        return Ok(Ended::Stopped);
    }
    job.payload(Payload::Subject(Arc::new(predictor.subject())));
    Ok(Ended::Done)
}

pub fn ask(
    job: &Job<'_>,
    shelf: &mut Shelf,
    model: (&Path, Precision),
    inquiry: &AnyInquiry,
) -> Result<Ended, Failure> {
    let begun = Instant::now();
    let (predictor, was_changed) = shelf.get(model)?;
    if was_changed {
        // It may have other heads now, and other labels.
        job.payload(Payload::Subject(Arc::new(predictor.subject())));
    }
    let mut go_on = |done: usize, total: usize| {
        // A text of one window is answered before anybody could read how far it is.
        if total > 1 { job.progress("reading", done as u64, total as u64) } else { job.go_on() }
    };
    let Some(reply) = inquiry.put_to(predictor, begun, &mut go_on)? else { return Ok(Ended::Stopped) };
    job.payload(Payload::Answer(Arc::new(reply)));
    Ok(Ended::Done)
}
