//! The rows of the loaded data as points of the plane.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::analysis::map::rows::{self, Facts};
use crate::analysis::map::{About, Map, Method, Read, Watch, lay_out, read};
use crate::files::{self, Stamp, stamp};
use crate::inspect::{OpenModel, Pooling};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Reads the rows with a model and lays them out.
#[derive(Debug)]
pub struct MapRows {
    pub data: Arc<LoadedDataset>,
    pub model: PathBuf,
    pub wish: Wish,
    /// What was read of these rows with this model before.
    pub known: Option<Known>,
    /// Gets the points on their way; the newest are missed where nobody looks.
    pub on_the_way: Sender<OnTheWay>,
}

/// How rows are to be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub pooling: Pooling,
    /// The last where none is named.
    pub layer: Option<usize>,
    pub method: Method,
    pub neighbors: usize,
    pub seed: u64,
}

/// Rows that were read, and what is said of them.
#[derive(Clone, Debug)]
pub struct Known {
    pub read: Arc<Read>,
    pub facts: Arc<Facts>,
    /// The files of the model that read them.
    pub files: Stamp,
}

/// Points that are not yet where they belong.
#[derive(Clone, Debug)]
pub struct OnTheWay {
    pub known: Known,
    pub points: Arc<[[f32; 2]]>,
}

/// Rows on the plane, and what is known of them.
#[derive(Clone, Debug)]
pub struct Mapped {
    pub map: Arc<Map>,
    pub facts: Arc<Facts>,
    pub files: Stamp,
}

impl Mapped {
    pub fn known(&self) -> Known {
        Known { read: self.map.read.clone(), facts: self.facts.clone(), files: self.files.clone() }
    }
}

impl Work for MapRows {
    type Answer = Mapped;

    fn title(&self) -> String {
        format!("Map of {}", files::name(&self.data.dataset.table.path))
    }

    fn queue(&self) -> Queue {
        Queue::Compute
    }

    fn is_logged(&self) -> bool {
        true
    }

    fn perform(&self, tell: Tell<'_>) -> Result<Option<Mapped>, Failure> {
        let Some(known) = self.known(tell)? else { return Ok(None) };
        let Wish { layer, method, neighbors, seed, .. } = self.wish;
        let about = About { layer: layer.unwrap_or(known.read.layers - 1), method, neighbors, seed };
        let data = &self.data.dataset;
        let texts: Vec<_> = (0..data.examples.len()).map(|example| data.readable(example)).collect();
        let mut watch = Told { tell, known: &known, on_the_way: &self.on_the_way };
        let map = lay_out(&known.read, about, texts.iter().map(|text| &**text), &mut watch);
        Ok(map.map(|map| Mapped { map: Arc::new(map), facts: known.facts.clone(), files: known.files.clone() }))
    }
}

impl MapRows {
    /// What was read before, where it has the layer; otherwise it is read.
    fn known(&self, tell: Tell<'_>) -> Result<Option<Known>, Failure> {
        let has = |known: &&Known| {
            let layer = self.wish.layer.unwrap_or(known.read.layers - 1);
            known.read.pooling == self.wish.pooling && known.read.states.contains_key(&layer)
        };
        if let Some(known) = self.known.as_ref().filter(has) {
            return Ok(Some(known.clone()));
        }
        if tell("opening the model", 0, 0).is_break() {
            return Ok(None);
        }
        let files = stamp(&self.model);
        let mut model = OpenModel::open_whole(&self.model)?;
        let layer = self.wish.layer.unwrap_or(model.model.config.num_hidden_layers);
        let data = &self.data.dataset;
        let texts = rows::requests(data);
        let go_on = &mut |done: usize, total: usize| tell("reading the rows", done as u64, total as u64);
        let read = read(&mut model, &texts, Some(data.task), self.wish.pooling, layer, go_on)?;
        Ok(read.map(|read| Known { facts: Arc::new(Facts::of(data, &read)), read: Arc::new(read), files }))
    }
}

/// Tells how far the layout is, and sends the points along.
struct Told<'a, 'b> {
    tell: Tell<'a>,
    known: &'b Known,
    on_the_way: &'b Sender<OnTheWay>,
}

impl Watch for Told<'_, '_> {
    fn go_on(&mut self, what: &'static str, done: usize, total: usize) -> ControlFlow<()> {
        (self.tell)(what, done as u64, total as u64)
    }

    fn moved(&mut self, points: &[[f32; 2]]) {
        if !self.on_the_way.is_full() {
            // A window that is gone needs no picture.
            self.on_the_way.try_send(OnTheWay { known: self.known.clone(), points: points.into() }).ok();
        }
    }
}
