//! Pooled states of the texts of a data set, after every layer: what probes and maps are made of.
//!
//! A pass through the encoder is what costs, so it is taken once, of the first token and of the mean together, and kept for
//! as long as the model, the data and what is asked of them stay the same. What is kept may take a bounded part of the
//! memory, so of a large set a sample is looked at, with the share of every class that it has among all; how many there
//! were, and how many texts were cut, is told with it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::data::{Dataset, Target};
use crate::files::{Stamp, stamp};
use crate::inspect::predictor::Sequence;
use crate::inspect::{InspectError, OpenModel, Pooling, States};
use crate::model::{self, EncoderConfig};
use crate::random::{Purpose, key};
use crate::text::{TextError, Tokenizer};

/// What the states of a data set may take of the memory.
const MOST_BYTES: usize = 512 << 20;

/// Tells what is done, how much of it, and of how much; hears whether to go on.
pub type OnProgress<'a> = &'a mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>;

/// Whose states are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub model: PathBuf,
    pub data: Arc<Dataset>,
    /// The examples that may be looked at, ascending.
    pub among: Arc<[usize]>,
    /// How many of them are looked at, at most.
    pub rows: usize,
    pub seed: u64,
    /// Tokens of a text, at most the model's.
    pub max_tokens: usize,
}

/// The states of the texts of some examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// The examples, ascending; the states are in their order.
    pub examples: Vec<usize>,
    /// How many there were to choose from.
    pub among: usize,
    /// How many would have been too many for the memory.
    pub most: usize,
    pub first: States,
    pub mean: States,
    /// Texts that were cut, and how long they may be.
    pub cut: usize,
    pub max_tokens: usize,
    /// Layers of the model with weights of their own.
    pub stored_layers: usize,
}

impl Pooled {
    pub fn by(&self, pooling: Pooling) -> &States {
        match pooling {
            Pooling::First => &self.first,
            Pooling::Mean => &self.mean,
        }
    }
}

/// By what states are known to be those that are wanted.
#[derive(Debug)]
struct Of {
    model: PathBuf,
    stamp: Stamp,
    data: Weak<Dataset>,
    max_tokens: usize,
}

impl Of {
    fn is(&self, wanted: &Wanted, now: &Stamp) -> bool {
        let is_same = Weak::as_ptr(&self.data) == Arc::as_ptr(&wanted.data);
        is_same && self.model == wanted.model && self.max_tokens == wanted.max_tokens && self.stamp == *now
    }
}

/// Keeps the states that were computed last, for everyone who has a clone of it.
#[derive(Clone, Debug, Default)]
pub struct StatesKept(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    of: Of,
    pooled: Arc<Pooled>,
}

impl StatesKept {
    /// The states that are wanted, computed only where they are not kept; nothing where `tell` ended it.
    pub fn states(&self, wanted: &Wanted, tell: OnProgress<'_>) -> Result<Option<Arc<Pooled>>, InspectError> {
        let config = model::read_config(&wanted.model)?;
        let examples = sample(&wanted.data, &wanted.among, wanted.rows.min(most_rows(&config)), wanted.seed);
        let now = stamp(&wanted.model);
        if let Some(kept) = self.kept(wanted, &now, &examples) {
            return Ok(Some(kept));
        }
        // The memory of what is no longer wanted is needed for what is.
        *self.lock() = None;
        let Some(pooled) = compute(wanted, examples, tell)? else { return Ok(None) };
        let pooled = Arc::new(pooled);
        let data = Arc::downgrade(&wanted.data);
        let of = Of { model: wanted.model.clone(), stamp: now, data, max_tokens: wanted.max_tokens };
        *self.lock() = Some(Kept { of, pooled: pooled.clone() });
        Ok(Some(pooled))
    }

    fn kept(&self, wanted: &Wanted, now: &Stamp, examples: &[usize]) -> Option<Arc<Pooled>> {
        let kept = self.lock();
        let Kept { of, pooled } = kept.as_ref()?;
        (of.is(wanted, now) && pooled.examples == examples).then(|| pooled.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most texts whose states fit into what they may take.
fn most_rows(config: &EncoderConfig) -> usize {
    let values = 2 * (config.num_hidden_layers + 1) * config.hidden_size;
    (MOST_BYTES / (values * size_of::<f32>()).max(1)).max(1)
}

/// Examples spread evenly over the classes, as many of each as its share: ordered by class, and by chance within one,
/// every so-many-th is taken. Numbers are ordered by size.
pub(super) fn sample(data: &Dataset, among: &[usize], rows: usize, seed: u64) -> Vec<usize> {
    if among.len() <= rows {
        return among.to_vec();
    }
    let stratum = |example: usize| match &data.examples[example].target {
        Target::Class(class) => (vec![*class], 0),
        Target::Classes(classes) => (classes.clone(), 0),
        Target::Value(value) => (Vec::new(), ascending(*value)),
        Target::None | Target::Tags(_) | Target::Answers(_) => (Vec::new(), 0),
    };
    let draw = |example: usize| key(seed, Purpose::Sample, &[example as u64]);
    let mut in_order: Vec<_> = among.iter().map(|one| (stratum(*one), draw(*one), *one)).collect();
    in_order.sort_unstable();
    let count = in_order.len();
    let mut taken: Vec<usize> = (0..rows).map(|place| in_order[(2 * place + 1) * count / (2 * rows)].2).collect();
    taken.sort_unstable();
    taken
}

/// Bits of a number that are ordered as the number is.
fn ascending(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn compute(wanted: &Wanted, examples: Vec<usize>, tell: OnProgress<'_>) -> Result<Option<Pooled>, InspectError> {
    if tell("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let model = OpenModel::open_whole(&wanted.model)?;
    let max_tokens = wanted.max_tokens.min(model.max_tokens);
    let (total, mut cut) = (examples.len(), 0);
    let sequences = examples.iter().map(|example| {
        let (sequence, is_cut) = sequence(&wanted.data, *example, &model.tokenizer, max_tokens)?;
        cut += usize::from(is_cut);
        Ok(sequence)
    });
    let mut go_on = |done: usize| tell("computing states", done as u64, total as u64);
    let both = model.predictor().states_of_each(sequences, [Pooling::First, Pooling::Mean], &mut go_on)?;
    let among = wanted.among.len();
    let config = &model.model.config;
    let (most, stored_layers) = (most_rows(config), config.stored_layers());
    Ok(both.map(|[first, mean]| Pooled { examples, among, most, first, mean, cut, max_tokens, stored_layers }))
}

/// An example as a model reads its texts, and whether they were cut.
fn sequence(
    data: &Dataset,
    example: usize,
    tokenizer: &Tokenizer,
    max_tokens: usize,
) -> Result<(Sequence, bool), TextError> {
    let encoded = tokenizer.encode_ids(&data.readable(example), data.pair(example), max_tokens);
    let in_row = |source| {
        let (path, line) = (data.table.path.clone(), data.line(example));
        TextError::TokenizeRow { path, line, source }
    };
    let encoded = encoded.map_err(in_row)?;
    Ok((Sequence { ids: encoded.ids, types: encoded.types, asked: None }, encoded.cut > 0))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::Roles;
    use crate::table::Table;
    use crate::task::Task;

    fn model() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify")
    }

    fn data(rows: usize) -> Arc<Dataset> {
        let rows: Vec<String> = (0..rows).map(|row| format!("the film {},{}\n", row % 9, row % 3 % 2)).collect();
        let csv = String::from("text,label\n") + &rows.concat();
        let table = Arc::new(Table::from_bytes(Path::new("films.csv"), csv.into_bytes()).unwrap());
        let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
        Arc::new(Dataset::new(table, Task::Classify, &roles, None).unwrap())
    }

    fn wanted(data: &Arc<Dataset>, rows: usize, max_tokens: usize) -> Wanted {
        let among = (0..data.examples.len()).collect();
        Wanted { model: model(), data: data.clone(), among, rows, seed: 1, max_tokens }
    }

    fn states(kept: &StatesKept, wanted: &Wanted) -> (Arc<Pooled>, bool) {
        let mut computed = false;
        let pooled = kept.states(wanted, &mut |_, _, _| {
            computed = true;
            ControlFlow::Continue(())
        });
        (pooled.unwrap().unwrap(), computed)
    }

    #[test]
    fn states_are_computed_once_while_model_data_and_question_stay() {
        let (one, two) = (data(30), data(30));
        let kept = StatesKept::default();
        let (first, computed) = states(&kept, &wanted(&one, 20, 64));
        assert!(computed && first.examples.len() == 20 && first.among == 30);
        let (again, computed) = states(&kept.clone(), &wanted(&one, 20, 64));
        assert!(!computed && Arc::ptr_eq(&first, &again));
        for other in [wanted(&one, 21, 64), wanted(&one, 20, 5), wanted(&two, 20, 5)] {
            assert!(states(&kept, &other).1, "{other:?}");
        }
        assert!(states(&kept, &wanted(&one, 20, 64)).1, "only the last are kept");
    }

    #[test]
    fn both_poolings_of_a_pass_are_those_of_a_pass_each() {
        let data = data(12);
        let (pooled, _) = states(&StatesKept::default(), &wanted(&data, 100, 4));
        let model = OpenModel::open_whole(&model()).unwrap();
        let sequences = || {
            let sequence = |example| Ok(sequence(&data, example, &model.tokenizer, 4)?.0);
            (0..12).map(sequence)
        };
        for pooling in [Pooling::First, Pooling::Mean] {
            let alone = model.predictor().states(sequences(), pooling, &mut |_| ControlFlow::Continue(()));
            assert_eq!(*pooled.by(pooling), alone.unwrap().unwrap(), "{pooling:?}");
        }
        assert_eq!((pooled.cut, pooled.max_tokens), (12, 4));
    }

    #[test]
    fn a_sample_has_the_share_of_every_class_and_is_drawn_by_its_seed() {
        let data = data(999);
        let all: Vec<usize> = (0..999).collect();
        let found = sample(&data, &all, 120, 1);
        let of_one = found.iter().filter(|example| data.examples[**example].target == Target::Class(1)).count();
        assert_eq!((found.len(), of_one), (120, 40));
        assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(found, sample(&data, &all, 120, 1));
        assert_ne!(found, sample(&data, &all, 120, 2));
        assert_eq!(sample(&data, &all[..7], 120, 1), all[..7]);
        let numbers = [-2.5_f32, -0.0, 0.0, 0.5, 30.0];
        assert!(numbers.map(ascending).is_sorted());
    }

    #[test]
    fn who_is_to_stop_gets_no_states_and_keeps_none() {
        let (kept, data) = (StatesKept::default(), data(60));
        let mut heard = 0;
        let stopped = kept.states(&wanted(&data, 60, 64), &mut |_, done, _| {
            heard += 1;
            if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(stopped.unwrap().is_none() && heard > 1);
        assert!(states(&kept, &wanted(&data, 60, 64)).1);
    }
}
