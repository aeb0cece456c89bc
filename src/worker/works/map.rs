//! The rows of the loaded data as points of the plane.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::analysis::map::rows::Facts;
use crate::analysis::map::{About, Map, Method, Read, Watch, lay_out};
use crate::analysis::pooled::{StatesKept, Which};
use crate::analysis::sample::Sampling;
use crate::files::{self, Stamp, stamp};
use crate::inspect::{Plane, Pooling};
use crate::model;
use crate::train::learned::LearnedKept;
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::{Failure, Queue, Tell, Work};

/// Reads the rows with a model and lays them out.
#[derive(Debug)]
pub struct MapRows {
    pub data: Arc<LoadedDataset>,
    pub model: PathBuf,
    pub wish: Wish,
    pub kept: StatesKept,
    pub learned: LearnedKept,
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
        let Wish { pooling, method, neighbors, seed, .. } = self.wish;
        let layer = match self.wish.layer {
            Some(layer) => layer,
            None => model::read_config(&self.model)?.num_hidden_layers,
        };
        let data = &self.data.dataset;
        let files = stamp(&self.model);
        let wanted = Sampling::all(self.model.clone(), data.clone());
        let which = Which::Plane(Plane { pooling, layer });
        let Some(pooled) = self.kept.states(&wanted, which, tell)? else { return Ok(None) };
        let read = Arc::new(Read::of(pooled, pooling));
        let training = self.learned.training_set(&self.model, data);
        let known = Known { facts: Arc::new(Facts { training, ..Facts::of(data, &read) }), read, files };
        let about = About { layer, method, neighbors, seed };
        let texts: Vec<_> = (0..data.examples.len()).map(|example| data.readable(example)).collect();
        let mut watch = Told { tell, known: &known, on_the_way: &self.on_the_way };
        let map = lay_out(&known.read, about, texts.iter().map(|text| &**text), &mut watch);
        Ok(map.map(|map| Mapped { map: Arc::new(map), facts: known.facts.clone(), files: known.files.clone() }))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crossbeam_channel::bounded;

    use super::*;
    use crate::analysis::pooled::tests::films;
    use crate::analysis::probe::{Question, labelled};
    use crate::data::Split;
    use crate::worker::works::probe::ProbeLayers;

    /// The texts that went through the model for some work; none where it was not opened.
    fn read(work: &impl Work) -> Option<u64> {
        let mut read = None;
        let done = work.perform(&mut |what, _, total| {
            if what == "reading the texts" {
                read = Some(total);
            }
            ControlFlow::Continue(())
        });
        assert!(done.unwrap().is_some());
        read
    }

    #[test]
    fn a_map_of_rows_that_were_probed_reads_only_those_that_were_not() {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify");
        let dataset = films(40);
        let split = Split { train: (0..30).collect(), eval: (30..40).collect() };
        let kept = StatesKept::default();
        let wanted = Sampling {
            model: model.clone(),
            among: labelled(&dataset, split.train.iter().copied()).into(),
            data: dataset.clone(),
            rows: 3000,
            seed: 1,
            max_tokens: 64,
        };
        let learned = LearnedKept::default();
        let probe =
            ProbeLayers { question: Question { wanted, folds: 3 }, kept: kept.clone(), learned: learned.clone() };
        assert_eq!(read(&probe), Some(30));

        let data = Arc::new(LoadedDataset::new(dataset, split, None, Vec::new()));
        let map = |pooling, layer, method| {
            let wish = Wish { pooling, layer, method, neighbors: 5, seed: 1 };
            let (on_the_way, _pictures) = bounded(1);
            let (kept, learned) = (kept.clone(), learned.clone());
            MapRows { data: data.clone(), model: model.clone(), wish, kept, learned, on_the_way }
        };
        assert_eq!(read(&map(Pooling::Mean, None, Method::Pca)), Some(10), "what is held out was not probed");
        assert_eq!(read(&map(Pooling::First, Some(1), Method::Umap)), None);
        assert_eq!(read(&probe), None);
    }
}
