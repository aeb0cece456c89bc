//! The whole conversation between the window and the worker: one enum each way.
//!
//! A job is `Started (Progress | Train | payload)* (Done | Stopped | Failed)`. Plain data crosses, large results in
//! an `Arc`; models stay on the lane that made them.

pub mod hub;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::choices::{Mended, Mends};
use crate::data::health::{Finding, health, split_health};
use crate::data::{Dataset, HeldOut, Roles, Split, SplitRule, Summary};
use crate::hub::Hub;
use crate::hub::embedded::Shipped;
use crate::inspect::{AnyInquiry, Reply, Subject};
use crate::metrics::Evaluation;
use crate::model::card::ModelCard;
use crate::model::{Decisions, Precision};
use crate::table::{Inputs, Table};
use crate::task::Task;
use crate::text::Length;
use crate::text::xray::Xray;
use crate::train::config::{RunConfig, What};
use crate::train::event::TrainEvent;
use crate::train::make_fit::Offer;
use crate::train::plan::PlanSummary;
use crate::train::run::RunSummary;
use crate::worker::work::{AnyWork, Worked};

pub use hub::{HubAsk, HubTold, LookedModel, Setting, Wanted};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

#[derive(Clone, Debug)]
pub enum Command {
    /// Looks for model folders under the given ones and in the Hugging Face cache, and writes those inside the
    /// program to their places.
    FindModels {
        job: JobId,
        folders: Vec<PathBuf>,
        embedded: PathBuf,
        hub: Box<Hub>,
    },
    OpenModel {
        job: JobId,
        dir: PathBuf,
    },
    OpenTable {
        job: JobId,
        inputs: Inputs,
        /// A sample that is written to its place first, where it is not there yet.
        sample: Option<&'static str>,
    },
    /// A table read for a task, with its split; answers [`Payload::Dataset`].
    ReadDataset {
        job: JobId,
        request: DatasetRequest,
    },
    /// Token counts of every example for a model's tokenizer; answers [`Payload::Lengths`].
    MeasureLengths {
        job: JobId,
        dataset: Arc<Dataset>,
        model: PathBuf,
    },
    /// One example as a model reads it; the newest request replaces one that has not begun; answers [`Payload::Xray`].
    Xray {
        job: JobId,
        dataset: Arc<Dataset>,
        example: usize,
        model: PathBuf,
        length: Length,
    },
    /// What a configuration comes to, before it is started; answers [`Payload::Plan`] and [`Payload::Offers`].
    Plan {
        job: JobId,
        config: Box<RunConfig>,
        lengths: Option<Arc<Lengths>>,
        loaded: Option<Arc<LoadedDataset>>,
        /// Bytes that a run may take at most, where a person has said so.
        limit: Option<u64>,
    },
    Train {
        job: JobId,
        config: Box<RunConfig>,
    },
    /// Goes on with the run in a folder, which was stopped or cut off. What it had told until its checkpoint is told
    /// again first.
    Resume {
        job: JobId,
        dir: PathBuf,
    },
    /// A model folder over a file; answers [`Payload::Evaluation`].
    Evaluate {
        job: JobId,
        model: PathBuf,
        data: Inputs,
        roles: Roles,
        precision: Precision,
    },
    /// A run's model, or a state of its course, over the rows that the run held out; answers [`Payload::Evaluation`].
    EvaluateHeldOut {
        job: JobId,
        model: PathBuf,
        precision: Precision,
    },
    /// Writes beside a model's weights where the line is drawn between yes and no; from then on it counts in predictions
    /// and evaluations. An evaluation that is `shown` is judged anew; answers [`Payload::Evaluation`].
    KeepDecisions {
        job: JobId,
        model: PathBuf,
        decisions: Decisions,
        shown: Option<Arc<EvaluatedData>>,
    },
    /// Opens a model for Explore, so that the first answer is as fast as the next; answers [`Payload::Subject`].
    Meet {
        job: JobId,
        model: PathBuf,
        precision: Precision,
    },
    /// The newest request replaces one that has not begun, and ends one that reads a long document; answers
    /// [`Payload::Answer`].
    Ask {
        job: JobId,
        model: PathBuf,
        precision: Precision,
        inquiry: AnyInquiry,
    },
    /// Runs under a folder; answers [`Payload::Runs`].
    FindRuns {
        job: JobId,
        folder: PathBuf,
        /// Of sweeps that lie elsewhere.
        sweeps: Vec<PathBuf>,
    },
    /// All that a run's folder tells; answers [`Payload::Run`].
    OpenRun {
        job: JobId,
        dir: PathBuf,
    },
    /// Any other work; answers [`Payload::Worked`].
    Do {
        job: JobId,
        work: AnyWork,
    },
    /// Something of the hub or of its cache; answers [`Payload::Hub`].
    Hub {
        job: JobId,
        hub: Box<Hub>,
        ask: HubAsk,
    },
    Control {
        job: JobId,
        control: Control,
    },
    /// Whether runs that begin from now on have a process of their own. It is no job, and answers nothing.
    TrainApart {
        job: JobId,
        is_on: bool,
    },
}

#[derive(Clone, Debug)]
pub struct DatasetRequest {
    pub table: Arc<Table>,
    /// An evaluation file of one's own; otherwise `rule` splits the table.
    pub eval: Option<Inputs>,
    pub task: Task,
    pub roles: Roles,
    pub rule: SplitRule,
    pub mends: Mends,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    Pause,
    Resume,
    /// Stops a training and keeps its best weights; cancels any other job.
    Stop,
    /// What a training is to do between two updates; any other job passes it over.
    Order(What),
}

#[derive(Clone, Debug)]
pub struct Event {
    pub job: JobId,
    pub kind: EventKind,
}

#[derive(Clone, Debug)]
pub enum EventKind {
    Started,
    Progress {
        what: String,
        done: u64,
        total: u64,
    },
    Train(Box<TrainEvent>),
    Payload(Payload),
    Done,
    Stopped,
    /// What, where and what would be right, in one line; `detail` holds a backtrace where there is one.
    Failed {
        message: String,
        detail: Option<String>,
    },
}

#[derive(Clone, Debug)]
pub enum Payload {
    Models(Arc<Vec<ModelEntry>>),
    Model(Arc<ModelCard>),
    Table(Arc<Table>),
    Dataset(Arc<LoadedDataset>),
    Lengths(Arc<Lengths>),
    Xray(Arc<LookedAt>),
    Plan(Arc<PlanSummary>),
    /// What would make the planned run fit; empty where it does.
    Offers(Arc<Vec<Offer>>),
    Evaluation(Arc<EvaluatedData>),
    Subject(Arc<Subject>),
    Answer(Arc<Reply>),
    Runs(Arc<Vec<RunSummary>>),
    Run(Arc<OpenedRun>),
    Hub(HubTold),
    Worked(Worked),
}

/// A model folder that was found, with enough of its configuration for a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelEntry {
    pub dir: PathBuf,
    /// The folder's name, or the name on the hub.
    pub name: String,
    pub origin: Origin,
    pub family: String,
    pub layers: usize,
    pub hidden_size: usize,
    pub bytes_on_disk: u64,
    /// The tasks whose heads its configuration names.
    pub heads: Vec<Task>,
    /// Why it cannot be used, where it cannot.
    pub problem: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Inside the program.
    Embedded(Shipped),
    Folder,
    Cache,
    Run,
}

impl Origin {
    pub fn ships(self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}

#[derive(Clone, Debug)]
pub struct LoadedDataset {
    pub dataset: Arc<Dataset>,
    pub split: Split,
    /// The evaluation file, where it is one of its own; otherwise `split` has both parts.
    pub eval: Option<Arc<Dataset>>,
    /// What is wrong with the data and their split.
    pub findings: Vec<Finding>,
    /// What was put right and left out already.
    pub mended: Vec<Mended>,
    pub summary: Summary,
}

impl LoadedDataset {
    /// Looks for what is wrong and counts what is there. `eval` is an evaluation file of its own.
    pub fn new(dataset: Arc<Dataset>, split: Split, eval: Option<Arc<Dataset>>, mended: Vec<Mended>) -> Self {
        let mut findings = health(&dataset);
        findings.extend(split_health(&dataset, eval.as_deref().unwrap_or(&dataset), &split));
        let summary = Summary::new(&dataset, eval.as_deref(), &split);
        Self { dataset, split, eval, findings, mended, summary }
    }

    /// Where the rows are that a run is judged by.
    pub fn held_out(&self, is_in_folds: bool) -> HeldOut {
        match &self.eval {
            _ if is_in_folds => HeldOut::InFolds,
            Some(_) => HeldOut::OtherFile,
            None => HeldOut::Here,
        }
    }

    /// Of each example whether a run reads it, to learn from it or to be judged by it.
    pub fn is_read(&self) -> Vec<bool> {
        let mut is_read = vec![false; self.dataset.examples.len()];
        let judged = if self.eval.is_none() { &self.split.eval[..] } else { &[] };
        for example in self.split.train.iter().chain(judged) {
            if let Some(read) = is_read.get_mut(*example) {
                *read = true;
            }
        }
        is_read
    }
}

/// Tokens of each example before any limit, special tokens included.
#[derive(Clone, Debug, PartialEq)]
pub struct Lengths {
    pub model: PathBuf,
    pub tokens: Vec<u32>,
    /// Tokens of each example that would stand in each of its windows.
    pub fixed: Vec<u32>,
    /// Special tokens around an example, which are among both.
    pub specials: usize,
    /// Share of tokens that the vocabulary does not know.
    pub unknown_share: f64,
    /// The longest sequence by the tokenizer's own files, where they set a limit.
    pub allowed: Option<usize>,
}

impl Lengths {
    /// Those alone of the examples that a run reads.
    #[must_use]
    pub fn of_run(&self, loaded: &LoadedDataset) -> Self {
        let is_read = loaded.is_read();
        let of = |tokens: &[u32]| tokens.iter().zip(&is_read).filter(|(_, read)| **read).map(|(one, _)| *one).collect();
        Self { model: self.model.clone(), tokens: of(&self.tokens), fixed: of(&self.fixed), ..*self }
    }
}

/// An example as a model reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct LookedAt {
    pub model: PathBuf,
    pub xray: Xray,
    /// The position of the first token: some families begin higher than 0.
    pub first_position: usize,
}

/// What a model was evaluated over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluatedOn {
    pub data: Inputs,
    /// Only what was held out of it.
    pub is_part: bool,
    /// These are the rows that the run of the model held out.
    pub is_held_out: bool,
    /// All of it was, in so many runs; 0 of one run.
    pub folds: u32,
}

#[derive(Clone, Debug)]
pub struct EvaluatedData {
    pub model: PathBuf,
    /// None where it is not known.
    pub on: Option<EvaluatedOn>,
    pub evaluation: Evaluation,
    /// What is decided for the model now.
    pub decisions: Decisions,
    /// In which numbers the model was asked.
    pub precision: Precision,
    /// The texts, one for each prediction in its order: first text and pair.
    pub texts: Vec<(String, Option<String>)>,
    /// What a person should know beside the scores; of a finished run it stands with the run.
    pub told: Vec<String>,
}

/// A run's folder: its configuration, its whole history and its last evaluation.
#[derive(Clone, Debug)]
pub struct OpenedRun {
    pub summary: RunSummary,
    pub config: RunConfig,
    pub events: Vec<TrainEvent>,
    pub evaluation: Option<Arc<EvaluatedData>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use crate::task::Task;

    #[test]
    fn lengths_of_a_run_are_those_of_the_rows_that_it_reads() {
        let table = Table::from_bytes("a.csv".as_ref(), b"text,label\na,x\nb,y\nc,x\nd,y\n".to_vec()).unwrap();
        let roles = Roles { text: Some("text".into()), label: Some("label".into()), ..Roles::default() };
        let dataset = Arc::new(Dataset::new(Arc::new(table), Task::Classify, &roles, None).unwrap());
        let split = Split { train: vec![0, 3], eval: vec![1] };
        let loaded = LoadedDataset::new(dataset.clone(), split, None, Vec::new());
        let lengths = Lengths {
            model: PathBuf::from("m"),
            tokens: vec![5, 6, 7, 8],
            fixed: vec![1, 2, 3, 4],
            specials: 2,
            unknown_share: 0.0,
            allowed: None,
        };
        let of_run = lengths.of_run(&loaded);
        assert_eq!((of_run.tokens, of_run.fixed), (vec![5, 6, 8], vec![1, 2, 4]));
        assert_eq!(loaded.held_out(false), HeldOut::Here);
        // What is held out of another file is none of these rows.
        let own = LoadedDataset { eval: Some(dataset), ..loaded };
        assert_eq!(lengths.of_run(&own).tokens, [5, 8]);
        assert_eq!((own.held_out(false), own.held_out(true)), (HeldOut::OtherFile, HeldOut::InFolds));
    }
}
