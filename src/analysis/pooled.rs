//! Pooled states of the texts of a data set, after every layer: what probes and maps are made of.
//!
//! A pass through the encoder is what costs, so a text goes through a model once, for both poolings, all layers and what
//! the head says of it, and what came of it is kept for as long as the model and the data stay the same. Who asks for more
//! texts has those computed alone. What is kept may take a bounded part of the memory: of a large set a sample is looked at
//! (`sample.rs`), or, where every row is wanted, fewer poolings and layers are kept.

mod held;
mod said;
mod words;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::points::Points;
use super::sample::{Sampling, request};
use crate::data::Dataset;
use crate::files::{Stamp, stamp};
use crate::inspect::predictor::Sequence;
use crate::inspect::{InspectError, OpenModel, Plane, Pooling};
use crate::model::{self, EncoderConfig};
use crate::text::TextError;
use held::{Held, Text};
pub use said::Said;
pub use words::{WordStates, words};

/// What the states of data sets may take of the memory, all of them together.
const MOST_BYTES: usize = 512 << 20;

/// Tells what is done, how much of it, and of how much; hears whether to go on.
pub type OnProgress<'a> = &'a mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>;

/// Which states are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// After every layer, in both poolings, of a sample where the memory does not hold all rows.
    All,
    /// Of every row, if only after one layer.
    Plane(Plane),
}

/// The states of the texts of some examples.
#[derive(Clone, Debug)]
pub struct Pooled {
    /// The examples, ascending; the states are in their order.
    pub examples: Vec<usize>,
    /// How many there were to choose from.
    pub among: usize,
    /// How many would have been too many for the memory.
    pub most: usize,
    /// What enters the first layer, and what comes out of each.
    pub layers: usize,
    /// What the head says of each; nothing where the model has none for the task.
    pub said: Vec<Said>,
    /// Texts that were cut, and how long they may be.
    pub cut: usize,
    pub max_tokens: usize,
    /// Layers of the model with weights of their own.
    pub stored_layers: usize,
    /// Whether the encoder is used as it is, so that nothing but a head can be trained.
    pub is_frozen: bool,
    planes: BTreeMap<Plane, Arc<Points>>,
    /// Where the examples stand in the planes; none where they are all that stands there.
    places: Option<Vec<usize>>,
}

impl Pooled {
    #[cfg(test)]
    pub fn of_planes(rows: usize, layers: usize, planes: BTreeMap<Plane, Arc<Points>>) -> Self {
        let (examples, most, said, max_tokens) = ((0..rows).collect(), 10_000, Vec::new(), 64);
        let (stored_layers, is_frozen) = (layers - 1, false);
        let among = rows;
        Self { examples, among, most, layers, said, cut: 0, max_tokens, stored_layers, is_frozen, planes, places: None }
    }

    /// Numbers of a state.
    pub fn width(&self) -> usize {
        self.planes.values().next().map_or(0, |states| states.width)
    }

    /// The state of a row.
    pub fn state(&self, plane: Plane, row: usize) -> &[f32] {
        let place = self.places.as_ref().map_or(row, |places| places[row]);
        self.planes.get(&plane).map_or(&[], |states| states.get(place))
    }

    /// The states of all rows after the layers that are there in one pooling.
    pub fn points(&self, pooling: Pooling) -> BTreeMap<usize, Arc<Points>> {
        let of = self.planes.iter().filter(|(plane, _)| plane.pooling == pooling);
        let own = |states: &Arc<Points>| match &self.places {
            None => states.clone(),
            Some(places) => Arc::new(states.of(places)),
        };
        of.map(|(plane, states)| (plane.layer, own(states))).collect()
    }
}

/// Sizes of a model's states.
#[derive(Clone, Copy, Debug)]
struct Shape {
    layers: usize,
    width: usize,
    stored_layers: usize,
    is_frozen: bool,
}

impl Shape {
    fn of(config: &EncoderConfig) -> Self {
        let (layers, width) = (config.num_hidden_layers + 1, config.hidden_size);
        Self { layers, width, stored_layers: config.stored_layers(), is_frozen: config.frozen.is_some() }
    }

    fn bytes(self, rows: usize, planes: usize) -> usize {
        rows.saturating_mul(planes).saturating_mul(self.width * size_of::<f32>())
    }

    /// The most texts whose states after every layer, in both poolings, fit into the memory.
    fn most_rows(self) -> usize {
        (MOST_BYTES / self.bytes(1, 2 * self.layers).max(1)).max(1)
    }

    fn sample(self, of: &Sampling, which: Which) -> Vec<usize> {
        match which {
            Which::All => Sampling { rows: of.rows.min(self.most_rows()), ..of.clone() }.examples(),
            Which::Plane(_) => of.examples(),
        }
    }

    fn planes(self, poolings: &[Pooling]) -> Vec<Plane> {
        let of = |pooling: &Pooling| {
            let pooling = *pooling;
            (0..self.layers).map(move |layer| Plane { pooling, layer })
        };
        poolings.iter().flat_map(of).collect()
    }

    /// The planes that are kept of so many rows: as many as fit, and those that are wanted in any case.
    fn kept(self, which: Which, rows: usize) -> Vec<Plane> {
        let all = self.planes(&[Pooling::First, Pooling::Mean]);
        let Which::Plane(wanted) = which else { return all };
        let fits = |planes: &Vec<Plane>| self.bytes(rows, planes.len()) <= MOST_BYTES;
        let choices = [all, self.planes(&[wanted.pooling])];
        choices.into_iter().find(fits).unwrap_or_else(|| vec![wanted])
    }
}

/// Keeps states, for everyone who has a clone of it.
#[derive(Clone, Debug, Default)]
pub struct StatesKept(Arc<Mutex<Vec<Kept>>>);

#[derive(Debug)]
struct Kept {
    of: Of,
    held: Held,
}

/// By what states are known to be those that are wanted.
#[derive(Debug)]
struct Of {
    model: PathBuf,
    stamp: Stamp,
    data: Weak<Dataset>,
}

impl Of {
    fn new(of: &Sampling) -> Self {
        let data = Arc::downgrade(&of.data);
        Self { model: of.model.clone(), stamp: stamp(&of.model), data }
    }

    fn is(&self, other: &Self) -> bool {
        self.data.ptr_eq(&other.data) && self.model == other.model && self.stamp == other.stamp
    }

    /// Whether nobody can ask for it any more.
    fn is_gone(&self, now: &Self) -> bool {
        self.data.strong_count() == 0 || self.model == now.model && self.stamp != now.stamp
    }
}

impl StatesKept {
    /// The states that are wanted, computed only where they are not kept; nothing where `tell` ended it.
    pub fn states(
        &self,
        wanted: &Sampling,
        which: Which,
        tell: OnProgress<'_>,
    ) -> Result<Option<Pooled>, InspectError> {
        let shape = Shape::of(&model::read_config(&wanted.model)?);
        let examples = shape.sample(wanted, which);
        let of = Of::new(wanted);
        if let Some(held) = self.take(&of, |held| held.serves(shape, wanted, which, &examples)) {
            let pooled = held.pooled(shape, wanted, examples);
            self.keep(of, held);
            return Ok(Some(pooled));
        }
        let before = self.take(&of, |held| held.planes_with(shape, which, &examples).is_some());
        // The memory of what is no longer wanted is needed for what is.
        self.make_room(shape.bytes(examples.len(), shape.kept(which, examples.len()).len()));
        let computed = compute(shape, wanted, which, &examples, before.as_ref(), tell);
        match (computed, before) {
            (Ok(Some(held)), _) => {
                let pooled = held.pooled(shape, wanted, examples);
                self.keep(of, held);
                Ok(Some(pooled))
            }
            (other, before) => {
                if let Some(held) = before {
                    self.keep(of, held);
                }
                other.map(|_| None)
            }
        }
    }

    /// Takes out what is kept of a model and its data and is of use, and lets go of what nobody can ask for.
    fn take(&self, of: &Of, is_of_use: impl Fn(&Held) -> bool) -> Option<Held> {
        let mut all = self.lock();
        all.retain(|kept| !kept.of.is_gone(of));
        let place = all.iter().position(|kept| kept.of.is(of) && is_of_use(&kept.held))?;
        Some(all.remove(place).held)
    }

    fn keep(&self, of: Of, held: Held) {
        self.make_room(held.bytes());
        self.lock().push(Kept { of, held });
    }

    /// Lets go of what was asked for longest ago, until so much more fits.
    fn make_room(&self, bytes: usize) {
        let mut all = self.lock();
        while !all.is_empty() && all.iter().map(|kept| kept.held.bytes()).sum::<usize>() + bytes > MOST_BYTES {
            all.remove(0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The states that a model which is open has; nothing of them is kept.
pub fn once(
    model: &mut OpenModel,
    wanted: &Sampling,
    which: Which,
    tell: OnProgress<'_>,
) -> Result<Option<Pooled>, InspectError> {
    let shape = Shape::of(&model.model.config);
    let examples = shape.sample(wanted, which);
    let planes = shape.kept(which, examples.len());
    let held = read(model, wanted, examples.clone(), planes, tell)?;
    Ok(held.map(|held| held.pooled(shape, wanted, examples)))
}

/// The states that are wanted, beside those that are there already where both fit; only what is not there is computed.
fn compute(
    shape: Shape,
    wanted: &Sampling,
    which: Which,
    examples: &[usize],
    before: Option<&Held>,
    tell: OnProgress<'_>,
) -> Result<Option<Held>, InspectError> {
    if tell("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let mut model = OpenModel::open_whole(&wanted.model)?;
    let limit = wanted.max_tokens.min(model.max_tokens);
    let joined = before.and_then(|held| Some((held, held.planes_with(shape, which, examples)?)));
    let (planes, missing) = match &joined {
        Some((held, planes)) => (planes.clone(), held.missing(examples, limit)),
        None => (shape.kept(which, examples.len()), examples.to_vec()),
    };
    let Some(read) = read(&mut model, wanted, missing, planes, tell)? else { return Ok(None) };
    Ok(Some(match joined {
        Some((held, _)) => held.joined(&read),
        None => read,
    }))
}

/// One pass over the texts of some examples.
fn read(
    model: &mut OpenModel,
    wanted: &Sampling,
    examples: Vec<usize>,
    planes: Vec<Plane>,
    tell: OnProgress<'_>,
) -> Result<Option<Held>, InspectError> {
    let says = said::says(model, wanted.data.task);
    if says {
        model.turn_to(wanted.data.task)?;
    }
    let limit = wanted.max_tokens.min(model.max_tokens);
    let total = examples.len() as u64;
    let mut texts = Vec::with_capacity(examples.len());
    let sequences = examples.iter().map(|example| {
        let asked = request(&wanted.data, *example);
        let encoded = model.tokenizer.encode_ids(&asked.text, asked.pair.as_deref(), limit);
        let encoded = encoded.map_err(|source| {
            let (path, line) = (wanted.data.table.path.clone(), wanted.data.line(*example));
            TextError::TokenizeRow { path, line, source }
        })?;
        texts.push(Text { tokens: encoded.ids.len(), is_cut: encoded.cut > 0, limit });
        Ok(Sequence { ids: encoded.ids, types: encoded.types, asked: None })
    });
    let go_on = &mut |done: usize| tell("reading the texts", done as u64, total);
    let Some(passed) = model.predictor().pass(sequences, &planes, says, go_on)? else { return Ok(None) };
    let points = |values: Vec<f32>| Arc::new(Points { width: passed.hidden_size, values });
    let states = planes.into_iter().zip(passed.planes.into_iter().map(points)).collect();
    let said = passed.said.iter().map(|row| said::said(model, row)).collect();
    Ok(Some(Held { examples, texts, planes: states, said, model_tokens: model.max_tokens }))
}

#[cfg(test)]
pub mod tests;
