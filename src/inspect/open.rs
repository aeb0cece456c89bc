//! A model folder opened to be asked: the head of one task, and the tokenizer.

use std::path::{Path, PathBuf};

use candle_core::Device;

use super::InspectError;
use super::pairs;
use super::predictor::Predictor;
use super::request::Request;
use crate::files::{Stamp, stamp};
use crate::model::card::LoadReport;
use crate::model::kept::{self, Course};
use crate::model::{self, Decisions, EncoderConfig, HeadKind, Model, ModelError, Precision, Want};
use crate::task::Task;
use crate::text::Tokenizer;

/// An opened model. Asking it again costs no more than the computation.
#[derive(Debug)]
pub struct OpenModel {
    pub dir: PathBuf,
    pub task: Task,
    pub model: Model,
    pub tokenizer: Tokenizer,
    /// Names of the head's outputs, where they have names.
    pub labels: Vec<String>,
    /// Tokens a sequence may have, by the model and by its tokenizer's files.
    pub max_tokens: usize,
    /// Weights that the folder lacks. Heads with such are not asked.
    pub untrained: Vec<String>,
    /// Why a head is not asked, where one was not loaded whole.
    pub refused: Option<String>,
    /// Layers of the files that the configuration leaves out, in words.
    pub left_out: Option<String>,
    /// Where the line is drawn between yes and no.
    pub decisions: Decisions,
    /// Whether it learned from pairs of texts, where that is known.
    pub reads_pairs: Option<bool>,
    /// The tasks whose heads are open, in the order of [`Task::ALL`].
    pub heads: Vec<Task>,
    /// A model with a masked-word head, opened when words had to be proposed for one that has none.
    pub(super) proposer: Option<Box<Self>>,
}

impl OpenModel {
    /// Opens a folder. Without a task, the model's `architectures` decide.
    pub fn open(dir: &Path, task: Option<Task>) -> Result<Self, InspectError> {
        let config = model::read_config(dir)?;
        let no_task = || InspectError::NoTask { dir: dir.to_owned(), architectures: config.architectures.clone() };
        let task = task.or_else(|| config.task()).ok_or_else(no_task)?;
        let (model, report) = open_head(dir, &config, task).map_err(|error| error.within(dir))?;
        report.check_asked(&model, task).map_err(|error| error.within(dir))?;
        Self::with(dir, model, report, Some(task))
    }

    /// Opens a folder with every head that it names, to be turned to any of them. A folder without a head opens too:
    /// there is still its tokenizer to look through, and asking it is an error; so is asking a head that was not loaded whole.
    pub fn open_whole(dir: &Path) -> Result<Self, InspectError> {
        let opened = model::open(dir, Want::AsSaved, &Device::Cpu, 0);
        let (model, report) = opened.map_err(|error| error.within(dir))?;
        Self::with(dir, model, report, None)
    }

    fn with(dir: &Path, mut model: Model, report: LoadReport, task: Option<Task>) -> Result<Self, InspectError> {
        let tokenizer = Tokenizer::open(&model::tokenizer_folder(dir))?.for_embeddings(model.config.vocab_size)?;
        let max_tokens = tokenizer.most_tokens(model.config.max_tokens());
        let refused = report.check_all(&model).err().map(|error| error.to_string());
        let mut heads = heads(&model, task);
        heads.retain(|task| report.check_asked(&model, *task).is_ok());
        let never_trained = model.config.untrained_heads();
        let whole: Vec<HeadKind> = heads.iter().map(|task| HeadKind::for_task(*task)).collect();
        let is_asked = |kind: &HeadKind| !never_trained.contains(kind) && (refused.is_none() || whole.contains(kind));
        model.heads.0.retain(|head| is_asked(&head.spec.kind));
        let task = task.or_else(|| model.config.task()).or_else(|| heads.first().copied()).unwrap_or(Task::Mlm);
        let labels = model.config.output_names(task);
        let left_out = report.layers_left_out(&model.config);
        let decisions = Decisions::read(dir)?;
        // It is asked and never trained: a backward pass computes no gradient of a weight.
        let model = model.asked_in(Precision::F32)?;
        Ok(Self {
            dir: dir.to_owned(),
            task,
            model,
            tokenizer,
            reads_pairs: pairs::by_labels(task, &labels),
            labels,
            max_tokens,
            untrained: report.new,
            refused,
            left_out,
            decisions,
            heads,
            proposer: None,
        })
    }

    /// The same, to be asked in this precision.
    pub fn asked_in(self, precision: Precision) -> Result<Self, InspectError> {
        Ok(Self { model: self.model.asked_in(precision)?, ..self })
    }

    /// Asks another of the heads from now on.
    pub fn turn_to(&mut self, task: Task) -> Result<(), InspectError> {
        if !self.heads.contains(&task) {
            if let Some(reason) = &self.refused {
                return Err(InspectError::Refused { dir: self.dir.clone(), reason: reason.clone() });
            }
            let architectures = self.model.config.architectures.clone();
            return Err(ModelError::HeadMissing { task, architectures }.into());
        }
        if self.task != task {
            self.task = task;
            self.labels = self.model.config.output_names(task);
        }
        Ok(())
    }

    /// The model's head, to be asked about token ids.
    pub fn predictor(&self) -> Predictor<'_> {
        Predictor::new(&self.model, self.task)
    }

    /// What a person has to know of the model before asking it.
    pub fn subject(&self) -> Subject {
        Subject {
            dir: self.dir.clone(),
            files: stamp(&self.dir),
            family: self.model.config.family.model_type(),
            is_frozen: self.model.config.frozen.is_some(),
            heads: self.heads.clone(),
            labels: self.model.config.labels.clone(),
            reads_pairs: self.reads_pairs,
            mask_token: self.tokenizer.mask_token().map(str::to_owned),
            max_tokens: self.max_tokens,
            refused: self.refused.clone(),
            decisions: self.decisions.clone(),
            script: self.script(),
            course: Course::of(&self.dir),
        }
    }

    /// Which kind of text the tokenizer knows best.
    fn script(&self) -> Script {
        let known = |text: &str| {
            let (all, unknown) = self.tokenizer.count(text, None).unwrap_or((1, 1));
            1.0 - unknown as f64 / all.max(1) as f64
        };
        let tried = [
            (Script::Words, known("the river was so clear that we could see every stone")),
            (Script::Proteins, known("EVQLVESGGGLVQPGGSLRLS")),
            (Script::Molecules, known("CC(=O)Oc1ccccc1C(=O)O")),
        ];
        // The first of equals: most tokenizers can spell anything.
        let best = tried.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(Script::Words, |(script, _)| script)
    }
}

/// What a model's texts are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Script {
    #[default]
    Words,
    /// Amino acids.
    Proteins,
    /// Molecules and reactions as SMILES.
    Molecules,
}

/// What a model that was opened can be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub dir: PathBuf,
    /// Its files when it was met.
    pub files: Stamp,
    pub family: &'static str,
    /// Whether its encoder is used as it is: what a score is made of is not told.
    pub is_frozen: bool,
    /// The tasks whose heads the folder names.
    pub heads: Vec<Task>,
    pub labels: Vec<String>,
    /// Whether it learned from pairs of texts, where that is known.
    pub reads_pairs: Option<bool>,
    pub mask_token: Option<String>,
    pub max_tokens: usize,
    /// Why a head is not asked, where one was not loaded whole.
    pub refused: Option<String>,
    /// Where the line is drawn between yes and no.
    pub decisions: Decisions,
    pub script: Script,
    /// The course of the run that it is of, where that kept states to look back at.
    pub course: Option<Course>,
}

impl Subject {
    /// What is odd about asking one of its heads this, where that learned from the other kind of request.
    pub fn misfit(&self, head: Task, request: &Request) -> Option<&'static str> {
        pairs::misfit(head, self.reads_pairs, request)
    }

    /// The same model in a state of its run's course. What was decided for the run's model is not decided for that.
    #[must_use]
    pub fn in_state(&self, dir: &Path) -> Self {
        let at = kept::state_of(dir).map(|(_, step)| step);
        let course = self.course.clone().map(|course| Course { at, ..course });
        Self { dir: dir.to_owned(), decisions: Decisions::default(), course, ..self.clone() }
    }
}

/// The tasks that a model's heads are for. A sequence head is for one of three, as the configuration says.
fn heads(model: &Model, asked: Option<Task>) -> Vec<Task> {
    let kinds = model.heads.kinds();
    let own = asked.filter(|task| task.is_sequence()).or_else(|| model.config.task());
    let meant = |task: &Task| !task.is_sequence() || own == Some(*task);
    Task::ALL.into_iter().filter(|task| kinds.contains(&HeadKind::for_task(*task)) && meant(task)).collect()
}

/// Opens the model as its configuration says, or, where that names no head at all, with the head if its weights are there.
fn open_head(dir: &Path, config: &EncoderConfig, task: Task) -> Result<(Model, LoadReport), ModelError> {
    config.check_outputs(task)?;
    let kind = HeadKind::for_task(task);
    let named: Vec<HeadKind> = config.architectures.iter().flat_map(|name| config.family.heads_of(name)).collect();
    let missing = || ModelError::HeadMissing { task, architectures: config.architectures.clone() };
    if named.contains(&kind) {
        return model::open(dir, Want::AsSaved, &Device::Cpu, 0);
    }
    if !named.is_empty() {
        return Err(missing());
    }
    let names = config.output_names(task);
    let (model, report) = model::open(dir, Want::Head { task, labels: &names }, &Device::Cpu, 0)?;
    report.check_asked(&model, task).map_err(|error| match error {
        ModelError::HeadUntrained { .. } => missing(),
        error => error,
    })?;
    Ok((model, report))
}
