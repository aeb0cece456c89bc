//! What a person chooses for a run: one struct for the form in the window, `RUN.toml` and the copy kept with the run.
//!
//! Every key is optional but `task`, `[model]` and `[data]`; an unknown key is an error, because a misspelt one would
//! otherwise be ignored in silence.

mod distill;
mod dropout;
mod encoding;
mod every;
mod fit;
mod lora;
mod optim;
mod order;
mod probe;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use distill::Distill;
pub use dropout::Dropout;
pub use every::Every;
pub use fit::Fit;
pub use lora::{ALL_TARGETS, Lora};
pub use optim::{ClassWeights, Optim, ScheduleKind, WeightRate};
pub use order::{Group, LastEpoch, Order, What};
pub use probe::Probe;

use super::open::Open;
use crate::corpus::masking::MaskStyle;
use crate::data::choices::{Exclude, Fix, Mends};
use crate::data::{Fold, Roles, SplitRule};
use crate::files;
use crate::hub::embedded::{self, Shipped};
use crate::model::{LoraSpec, Products};
use crate::table::{Charset, Inputs};
use crate::task::{Targets, Task};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    pub task: Task,
    /// May be left out where the student is cut from a teacher.
    #[serde(default)]
    pub model: ModelChoice,
    pub data: DataChoice,
    #[serde(default)]
    pub strategy: Strategy,
    #[serde(default)]
    pub optim: Optim,
    #[serde(default)]
    pub run: RunOptions,
    /// How masked words, and what is like them, are asked for.
    #[serde(default, skip_serializing_if = "Language::is_default")]
    pub language: Language,
    /// What is learned from another model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distill: Option<Distill>,
    /// What the text of the configuration leaves to be recommended.
    #[serde(skip)]
    pub open: Open,
}

impl RunConfig {
    /// A run of no model and no data yet, with what is usual for all else and nothing left open.
    pub fn of(task: Task) -> Self {
        Self {
            task,
            model: ModelChoice::default(),
            data: DataChoice::default(),
            strategy: Strategy::default(),
            optim: Optim::default(),
            run: RunOptions::default(),
            language: Language::default(),
            distill: None,
            open: Open::default(),
        }
    }

    /// What the model is called, for people; empty where none is chosen.
    pub fn model_title(&self) -> String {
        let cut = self.distill.as_ref().and_then(|distill| Some((distill.layers?, files::name(&distill.teacher))));
        match cut {
            Some((1, teacher)) => format!("1 layer of {teacher}"),
            Some((layers, teacher)) => format!("{layers} layers of {teacher}"),
            None => self.model.title(),
        }
    }

    /// As it is trained with: a student that is cut from its teacher is no other model, whatever is chosen.
    #[must_use]
    pub fn with_student(mut self) -> Self {
        if self.distill.as_ref().is_some_and(|distill| distill.layers.is_some()) {
            self.model = ModelChoice::default();
        }
        self
    }

    /// Whether the layers of a student are compared with its teacher's.
    pub fn compares_layers(&self) -> bool {
        self.distill.as_ref().is_some_and(Distill::compares)
    }

    /// Whether each text is read together with its translation.
    pub fn is_translation(&self) -> bool {
        self.task.targets() == Targets::Hidden && self.language.objective == LanguageObjective::Translation
    }
}

/// What a text is turned into where it is its own lesson: `mlm`, `rtd`, and `nsp` and `sop` without pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Language {
    pub objective: LanguageObjective,
    /// What is masked together.
    pub masking: MaskStyle,
    /// Share of the tokens that are asked for.
    pub share: f64,
    /// Whether the lines of a document are laid end to end into sequences of the full length, or each is one.
    pub join_lines: bool,
    /// `rtd`: a folder with a generator; without it a small new one is trained along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<PathBuf>,
    /// `rtd`: what the discriminator's loss counts beside the generator's.
    pub discriminator_weight: f64,
}

impl Default for Language {
    fn default() -> Self {
        Self {
            objective: LanguageObjective::Masked,
            masking: MaskStyle::Tokens,
            share: 0.15,
            join_lines: true,
            generator: None,
            discriminator_weight: 50.0,
        }
    }
}

impl Language {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What is asked of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LanguageObjective {
    /// The tokens behind masks, from both sides (Devlin et al., 2019).
    Masked,
    /// The next token, from the left.
    Causal,
    /// The tokens behind masks in a text and its translation, each with positions of its own (Conneau and Lample, 2019).
    Translation,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelChoice {
    /// A Hugging Face folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// A name on the hub, found in the shared cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A model that ships inside the program.
    #[serde(with = "embedded::key")]
    pub embedded: Option<Shipped>,
    pub init: Init,
}

impl ModelChoice {
    /// What the model is called, for people; empty where none is chosen.
    pub fn title(&self) -> String {
        if let Some(shipped) = self.embedded {
            return shipped.name().to_owned();
        }
        let folder = || self.path.as_deref().map(|path| files::name(path).into_owned());
        self.name.clone().or_else(folder).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    #[default]
    Pretrained,
    /// The same shape with new weights.
    Random,
}

/// Which examples are divided into strata before a share of each is held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strata {
    /// All of the file, as earlier versions did.
    All,
    /// Those that are to be learned from.
    Learned,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct DataChoice {
    pub train: Inputs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval: Option<Inputs>,
    /// The encoding of all files as a configuration says it. In memory the inputs themselves know theirs, and this is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Charset>,
    /// Share of the training file that is held out when there is no evaluation file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval_fraction: Option<f64>,
    pub columns: Roles,
    /// Seed of the division into parts; without it the run's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Hold out the same share of each class.
    pub stratified: bool,
    /// What the strata of the share are made of, where a column says which rows are to learn from: nobody sets it, and a run
    /// keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strata: Option<Strata>,
    /// Hold out one of several parts of the training file, and not a share: a run of `run.folds`. Its rows are predicted once,
    /// by the last weights, and decide nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// What is put right in the labels before they are used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<Fix>,
    /// Rows that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Exclude>,
    /// Tokens a sequence may have, special tokens included.
    pub max_tokens: usize,
    /// Tokens that neighbouring windows of a long document share.
    pub stride: usize,
    /// Share of the words that is hidden at random while a label is learned, in the mean; 0 hides none.
    #[serde(skip_serializing_if = "is_nothing")]
    pub hide_words: f64,
    /// Repeat examples of rare classes until each class is learned from as often as the most frequent one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub oversample: bool,
}

fn is_nothing<N: PartialEq + Default>(number: &N) -> bool {
    *number == N::default()
}

impl Default for DataChoice {
    fn default() -> Self {
        Self {
            train: Inputs::default(),
            eval: None,
            encoding: None,
            eval_fraction: None,
            columns: Roles::default(),
            split_seed: None,
            stratified: true,
            strata: None,
            fold: None,
            fix: Vec::new(),
            exclude: Vec::new(),
            max_tokens: 128,
            stride: 64,
            hide_words: 0.0,
            oversample: false,
        }
    }
}

/// The share held out where a configuration names no evaluation data.
pub const DEFAULT_EVAL_FRACTION: f64 = 0.1;

impl DataChoice {
    /// How the training file is divided, for a run's seed.
    pub fn split_rule(&self, seed: u64) -> SplitRule {
        SplitRule {
            eval_fraction: self.eval_fraction.unwrap_or(DEFAULT_EVAL_FRACTION),
            seed: self.split_seed.unwrap_or(seed),
            stratified: self.stratified,
            fold: self.fold,
            strata_of_all: self.strata == Some(Strata::All),
        }
    }

    /// What is evaluated on, where it is no share of what is learned from: what is named, or else, unless a share is
    /// asked for, what lies beside and is meant for it by its name. Where parts of what is learned from are held out in turn,
    /// nothing else is.
    pub fn held_out(&self, beside: Option<&Inputs>) -> Option<Inputs> {
        if self.fold.is_some() {
            return None;
        }
        let proposed = beside.filter(|_| self.eval_fraction.is_none());
        self.eval.as_ref().or(proposed).cloned()
    }

    pub fn mends(&self) -> Mends {
        Mends { fix: self.fix.clone(), exclude: self.exclude.clone() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Strategy {
    pub kind: StrategyKind,
    /// By what it is learned.
    #[serde(skip_serializing_if = "is_nothing")]
    pub fit: Fit,
    /// `top`: how many layers are trained, counted from the top.
    pub top_layers: usize,
    /// `custom`: blocks that are frozen, such as `embeddings`, `layers.3`, `layers.0-5`, `head`.
    pub frozen: Vec<String>,
    /// `custom`: the weights that are trained, such as `layers.5.attention.*`, `*.bias`, `head.*`; none named are all but
    /// those that are frozen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub train: Vec<String>,
    /// `gradual`: when the next block is unfrozen, from the top down.
    pub unfreeze_every: Every,
    pub lora: Lora,
    /// Reuse what a frozen prefix of the encoder computes.
    pub cache: bool,
}

impl Strategy {
    /// The adapters that are trained, where they are.
    pub fn adapters(&self) -> Option<LoraSpec> {
        (self.kind == StrategyKind::Lora).then(|| self.lora.spec())
    }
}

impl Default for Strategy {
    fn default() -> Self {
        Self {
            kind: StrategyKind::Full,
            fit: Fit::Gradient,
            top_layers: 6,
            frozen: Vec::new(),
            train: Vec::new(),
            unfreeze_every: Every::Epoch,
            lora: Lora::default(),
            cache: true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StrategyKind {
    Full,
    Head,
    Top,
    Gradual,
    /// Every bias and the head (Ben Zaken et al., 2022).
    BitFit,
    /// Low-rank adapters and the head (Hu et al., 2021).
    Lora,
    Custom,
}

impl StrategyKind {
    pub fn title(self) -> &'static str {
        match self {
            Self::Full => "Full",
            Self::Head => "Head only",
            Self::Top => "Top layers",
            Self::Gradual => "Gradual",
            Self::BitFit => "Biases",
            Self::Lora => "LoRA",
            Self::Custom => "Custom",
        }
    }

    /// The name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Head => "head",
            Self::Top => "top",
            Self::Gradual => "gradual",
            Self::BitFit => "bitfit",
            Self::Lora => "lora",
            Self::Custom => "custom",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunOptions {
    pub epochs: f64,
    /// Overrides `epochs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
    /// Sequences an update.
    pub batch: usize,
    /// Tokens an update, instead of `batch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_tokens: Option<usize>,
    /// Sequences computed at once; the gradients of an update are added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_batch: Option<usize>,
    pub seed: u64,
    /// A run for each of these seeds, in a folder of its own below `out`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub seeds: Vec<u64>,
    pub shuffle: bool,
    /// Put texts of similar length together.
    pub bucket: bool,
    pub dropout: Dropout,
    pub log_every: u64,
    pub eval_every: Every,
    /// The metric that decides which weights are kept: `eval_loss`, `accuracy`, `f1` …
    pub keep_best: String,
    /// Evaluations without improvement before the run stops; 0 never stops.
    pub patience: u32,
    pub checkpoint_minutes: f64,
    /// Write event files for TensorBoard beside the log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tensorboard: bool,
    /// Hold out every labelled row once, in so many runs below `out`; 0 is one run that holds out a share or a file.
    #[serde(skip_serializing_if = "is_nothing")]
    pub folds: u32,
    /// How many states of what is trained are kept to look back at: from before the first update to after the last, evenly
    /// spaced; 0 keeps none.
    #[serde(skip_serializing_if = "is_nothing")]
    pub keep_checkpoints: u32,
    /// Texts that are predicted again and again while it trains, to see what becomes of the answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
    /// Steps from one answer to the next; 0 asks some forty times in the run.
    #[serde(skip_serializing_if = "is_nothing")]
    pub probe_every: u64,
    /// What is ordered in mid-run, at which step; orders that are given by hand are added as they are followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    pub device: DeviceChoice,
    /// In which numbers the layers that learn are multiplied; the rest, and every evaluation, is in f32.
    pub precision: Products,
    pub out: PathBuf,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            epochs: 3.0,
            max_steps: None,
            batch: 16,
            batch_tokens: None,
            micro_batch: None,
            seed: 42,
            seeds: Vec::new(),
            shuffle: true,
            bucket: false,
            dropout: Dropout::Config,
            log_every: 1,
            eval_every: Every::Epoch,
            keep_best: "eval_loss".into(),
            patience: 0,
            checkpoint_minutes: 5.0,
            tensorboard: false,
            folds: 0,
            keep_checkpoints: 0,
            probes: Vec::new(),
            probe_every: 0,
            orders: Vec::new(),
            device: DeviceChoice::Auto,
            precision: Products::F32,
            out: PathBuf::from("runs/run"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    Auto,
    Cpu,
    Cuda,
    Metal,
}
