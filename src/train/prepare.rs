//! From a configuration to everything a run needs: files read, split, tokenized, and the model opened with its head.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;

use super::config::{DataChoice, DeviceChoice, Dropout, Init, LanguageObjective, RunConfig};
use super::{Examples, TrainError, corpus};
use crate::data::mend::{Exclude, Mend, Mended, Mends, leave_out_leaks};
use crate::data::{Dataset, Features, LabelSet, Length, Roles, Split, SplitRule, Table, Target, Tokenizer, features};
use crate::metrics::Measure;
use crate::model::card::LoadReport;
use crate::model::{self, HeadKind, Model, ModelError, Want};
use crate::task::Task;

/// Data ready to be learned from.
pub struct Prepared {
    pub tokenizer: Tokenizer,
    pub labels: LabelSet,
    /// The rows learned from and those held out; none where a text is its own lesson.
    pub train_data: Option<Arc<Dataset>>,
    pub eval_data: Option<Arc<Dataset>>,
    pub train: Examples,
    pub eval: Examples,
    /// Examples, or words, of each class among those learned from.
    pub counts: Vec<u64>,
    pub max_tokens: usize,
    /// What was put right and left out, as the configuration asks.
    pub mended: Vec<Mended>,
}

impl Prepared {
    /// Sequences, learned from or held out, that were cut to the length limit.
    pub fn truncated(&self) -> usize {
        self.train.truncated() + self.eval.truncated()
    }
}

/// What happens while a run is prepared: a name, how much is done, and of how much.
pub type OnProgress<'a> = &'a mut dyn FnMut(&str, u64, u64) -> ControlFlow<()>;

impl RunConfig {
    /// Reads a `RUN.toml`. Paths that do not exist from here are looked for beside the file.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| TrainError::Unreadable { path: path.to_owned(), source })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| TrainError::ConfigSyntax { path: path.to_owned(), reason: error.to_string() })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let find = |given: &mut PathBuf| {
            if !given.exists() && beside.join(&*given).exists() {
                *given = beside.join(&*given);
            }
        };
        find(&mut config.data.train);
        config.data.eval.iter_mut().for_each(find);
        config.model.path.iter_mut().for_each(find);
        Ok(config)
    }

    /// Refuses settings that make no sense, before anything is read.
    pub fn check(&self) -> Result<(), TrainError> {
        let wrong =
            |key, value: String, expected: &str| Err(TrainError::Setting { key, value, expected: expected.to_owned() });
        let optim = &self.optim;
        let rates = std::iter::once(optim.lr).chain(optim.lr_groups.values().copied());
        for rate in rates {
            if !(0.0..=1.0).contains(&rate) {
                return wrong("optim.lr", rate.to_string(), "a rate from 0 to 1");
            }
        }
        if let Some(group) =
            optim.lr_groups.keys().find(|key| !["embeddings", "encoder", "head"].contains(&key.as_str()))
        {
            return wrong("optim.lr_groups", group.clone(), "embeddings, encoder or head");
        }
        let run = &self.run;
        let checks: [(bool, &'static str, String, &str); 12] = [
            ((0.0..=1.0).contains(&optim.weight_decay), "optim.weight_decay", optim.weight_decay.to_string(), "0 to 1"),
            (
                optim.betas.iter().all(|beta| (0.0..1.0).contains(beta)),
                "optim.betas",
                format!("{:?}", optim.betas),
                "two numbers from 0 to below 1",
            ),
            (optim.eps > 0.0, "optim.eps", optim.eps.to_string(), "a number above 0"),
            (optim.clip >= 0.0, "optim.clip", optim.clip.to_string(), "0 or more"),
            (optim.warmup >= 0.0, "optim.warmup", optim.warmup.to_string(), "0 or more"),
            (
                (0.0..1.0).contains(&optim.label_smoothing),
                "optim.label_smoothing",
                optim.label_smoothing.to_string(),
                "0 to below 1",
            ),
            (
                (0.0..=1.0).contains(&optim.layer_decay) && optim.layer_decay > 0.0,
                "optim.layer_decay",
                optim.layer_decay.to_string(),
                "above 0, up to 1",
            ),
            (run.epochs > 0.0 || run.max_steps.is_some(), "run.epochs", run.epochs.to_string(), "a number above 0"),
            (run.batch > 0, "run.batch", run.batch.to_string(), "1 or more"),
            (run.batch_tokens != Some(0) && run.micro_batch != Some(0), "run.micro_batch", "0".into(), "1 or more"),
            (run.log_every > 0, "run.log_every", run.log_every.to_string(), "1 or more"),
            (
                self.data.eval_fraction.is_none_or(|share| (0.0..1.0).contains(&share)),
                "data.eval_fraction",
                format!("{:?}", self.data.eval_fraction),
                "0 to below 1",
            ),
        ];
        for (fine, key, value, expected) in checks {
            if !fine {
                return wrong(key, value, expected);
            }
        }
        if Measure::find(&run.keep_best).is_none() {
            let known: Vec<&str> = Measure::ALL.iter().map(|measure| measure.key).collect();
            return wrong("run.keep_best", run.keep_best.clone(), &known.join(", "));
        }
        let data = &self.data;
        if data.max_tokens < 3 {
            return wrong("data.max_tokens", data.max_tokens.to_string(), "3 or more");
        }
        if matches!(self.task, Task::Ner | Task::Qa) && data.stride >= data.max_tokens {
            return wrong("data.stride", data.stride.to_string(), "fewer tokens than data.max_tokens");
        }
        let share = self.language.share;
        if !(share > 0.0 && share < 1.0) {
            return wrong("language.share", share.to_string(), "above 0, below 1");
        }
        Ok(())
    }

    /// The folder of the model.
    pub fn model_dir(&self) -> Result<PathBuf, TrainError> {
        if self.model.embedded {
            return Err(TrainError::NoEmbeddedModel);
        }
        if let Some(path) = &self.model.path {
            return Ok(path.clone());
        }
        let name = self.model.name.as_ref().ok_or(TrainError::NoModel)?;
        crate::hub::find_cached(name, None).ok_or_else(|| TrainError::NotDownloaded { name: name.clone() })
    }

    /// One dropout rate for all sites, or `None` for the configuration's.
    pub fn dropout_rate(&self) -> Option<f64> {
        match self.run.dropout {
            Dropout::Config => None,
            Dropout::Rate(rate) => Some(rate),
        }
    }
}

/// The device a choice means in this build.
pub fn device(choice: DeviceChoice) -> Result<Device, TrainError> {
    let built = |device: &'static str, there: bool| if there { Ok(()) } else { Err(TrainError::NoDevice { device }) };
    match choice {
        DeviceChoice::Cuda => {
            built("cuda", cfg!(feature = "cuda"))?;
            Ok(Device::new_cuda(0)?)
        }
        DeviceChoice::Metal => {
            built("metal", cfg!(feature = "metal"))?;
            Ok(Device::new_metal(0)?)
        }
        DeviceChoice::Auto if cfg!(feature = "cuda") => Ok(Device::cuda_if_available(0)?),
        DeviceChoice::Auto if cfg!(feature = "metal") => Ok(Device::metal_if_available(0)?),
        DeviceChoice::Auto | DeviceChoice::Cpu => Ok(Device::Cpu),
    }
}

/// The training data of a choice, read for a task, with what is held out.
pub struct Sources {
    pub train_data: Arc<Dataset>,
    /// The same one where there is no evaluation file.
    pub eval_data: Arc<Dataset>,
    pub split: Split,
    /// What the decisions about the data came to.
    pub mended: Vec<Mended>,
}

/// Reads the files that a configuration names.
pub fn read_sources(task: Task, data: &DataChoice, seed: u64) -> Result<Sources, TrainError> {
    let table = Arc::new(Table::open(&data.train)?);
    let eval = data.eval.as_deref().map(Table::open).transpose()?.map(Arc::new);
    let roles = fill_roles(&data.columns, &table, task);
    divide(task, table, eval, &roles, &data.split_rule(seed), &data.mends())
}

/// Reads tables for a task, does with them what was decided, and divides them. Of an evaluation file nothing is left out.
pub fn divide(
    task: Task,
    table: Arc<Table>,
    eval: Option<Arc<Table>>,
    roles: &Roles,
    rule: &SplitRule,
    mends: &Mends,
) -> Result<Sources, TrainError> {
    let (train_data, mut mended) = Dataset::new(table, task, roles, None)?.mended(mends);
    let train_data = Arc::new(train_data);
    let (eval_data, mut split) = match eval {
        Some(table) => {
            let roles = fill_roles(roles, &table, task);
            let (eval_data, fixed) =
                Dataset::new(table, task, &roles, Some(&train_data.labels))?.mended(&mends.fixes());
            let whole = |dataset: &Dataset| (0..dataset.examples.len()).collect();
            let split = Split { train: whole(&train_data), eval: whole(&eval_data) };
            mended.extend(fixed.into_iter().map(|fixed| Mended { in_eval_file: true, ..fixed }));
            (Arc::new(eval_data), split)
        }
        None => (train_data.clone(), Split::new(&train_data, rule)),
    };
    if mends.has(Mend::Exclude(Exclude::Leaks)) {
        mended.push(leave_out_leaks(&train_data, &eval_data, &mut split));
    }
    Ok(Sources { train_data, eval_data, split, mended })
}

/// Roles a configuration leaves open are guessed.
pub fn fill_roles(given: &Roles, table: &Table, task: Task) -> Roles {
    let guess = Roles::guess(table, task);
    let explicit = given.text.is_some();
    // Words in a list and words in a text are two ways to say the same; the one that was named holds.
    let words = given.tokens.is_some() || (given.text.is_none() && given.spans.is_none());
    let or = |given: &Option<String>, guess: Option<String>| given.clone().or(guess);
    Roles {
        tokens: or(&given.tokens, guess.tokens.filter(|_| words)),
        text: or(&given.text, guess.text),
        // A second text changes the task, so it is not guessed beside a text that was named.
        pair: or(&given.pair, guess.pair.filter(|_| !explicit)),
        label: or(&given.label, guess.label),
        tags: or(&given.tags, guess.tags),
        spans: or(&given.spans, guess.spans),
        question: or(&given.question, guess.question),
        context: or(&given.context, guess.context),
        answers: or(&given.answers, guess.answers),
        // Which rows belong together is never guessed: it changes what is held out.
        group: given.group.clone(),
    }
}

/// Reads, splits and tokenizes; `None` when `on_progress` said to stop.
pub fn prepare(config: &RunConfig, on_progress: OnProgress<'_>) -> Result<Option<Prepared>, TrainError> {
    config.check()?;
    let dir = config.model_dir()?;
    let encoder = model::read_config(&dir)?;
    if on_progress("reading data", 0, 0).is_break() {
        return Ok(None);
    }
    if !encoder.family.has_head(HeadKind::for_task(config.task)) {
        return Err(ModelError::NoSuchHead { family: encoder.family.model_type(), task: config.task }.into());
    }
    let tokenizer = Tokenizer::open(&dir)?;
    let length = Length { max_tokens: config.data.max_tokens.min(encoder.max_tokens()), stride: config.data.stride };
    if let Some(text) = corpus::of(config, &tokenizer)? {
        if !config.data.mends().is_empty() {
            let expected = "neither for a text that is its own lesson, which is learned from as it stands".to_owned();
            let value = format!("{:?} and {:?}", config.data.fix, config.data.exclude);
            return Err(TrainError::Setting { key: "data.fix and data.exclude", value, expected });
        }
        return corpus::prepare(config, &text, tokenizer, length.max_tokens, on_progress);
    }
    let sources = read_sources(config.task, &config.data, config.run.seed)?;
    let total = (sources.split.train.len() + sources.split.eval.len()) as u64;
    let mut tokenize = |data: &Dataset, which: &[usize], before: u64| {
        features(data, which, &tokenizer, length, &mut |done| on_progress("tokenizing", before + done as u64, total))
    };
    let Some(train) = tokenize(&sources.train_data, &sources.split.train, 0)? else { return Ok(None) };
    let before = sources.split.train.len() as u64;
    let Some(eval) = tokenize(&sources.eval_data, &sources.split.eval, before)? else { return Ok(None) };
    let asks = |features: &Features| features.target != Target::None || sources.train_data.makes_its_own_labels();
    let mut train: Vec<Features> = train.into_iter().filter(asks).collect();
    let mut eval: Vec<Features> = eval.into_iter().filter(asks).collect();
    let mut mended = sources.mended;
    if config.data.exclude.contains(&Exclude::OverLong) {
        let held_out = if config.data.eval.is_none() { Some(&mut eval) } else { None };
        mended.push(leave_out_cut(&sources.train_data, &mut train, held_out));
    }
    if train.is_empty() {
        let reason = sources.train_data.excluded.first().map_or_else(
            || "the file has no labelled rows".to_owned(),
            |problem| {
                format!(
                    "{} rows were left out, the first in line {}: {}",
                    sources.train_data.excluded.len(),
                    problem.line,
                    problem.reason
                )
            },
        );
        return Err(TrainError::NoExamples { path: config.data.train.clone(), reason });
    }
    let labels = sources.train_data.labels.clone();
    let counts = count(&train, labels.len());
    Ok(Some(Prepared {
        tokenizer,
        labels,
        train_data: Some(sources.train_data),
        eval_data: Some(sources.eval_data),
        train: train.into(),
        eval: eval.into(),
        counts,
        max_tokens: length.max_tokens,
        mended,
    }))
}

/// Leaves out what the length limit has cut.
fn leave_out_cut(dataset: &Dataset, train: &mut Vec<Features>, held_out: Option<&mut Vec<Features>>) -> Mended {
    let mut rows = Vec::new();
    for features in std::iter::once(train).chain(held_out) {
        features.retain(|one| {
            if one.cut > 0 {
                rows.push(dataset.examples[one.example].row);
            }
            one.cut == 0
        });
    }
    rows.sort_unstable();
    rows.dedup();
    Mended { mend: Mend::Exclude(Exclude::OverLong), rows, in_eval_file: false }
}

fn count(features: &[Features], labels: usize) -> Vec<u64> {
    let mut counts = vec![0; labels];
    for features in features {
        match &features.target {
            Target::Class(class) => counts[*class as usize] += 1,
            Target::Tokens(classes) => classes.iter().flatten().for_each(|class| counts[*class as usize] += 1),
            _ => {}
        }
    }
    counts
}

/// Names of the outputs of a task's head; a number has one.
pub fn output_names(task: Task, labels: &LabelSet) -> Vec<String> {
    if task == Task::Regress { vec!["LABEL_0".to_owned()] } else { labels.names.clone() }
}

/// Opens the model with the head for the prepared data, and freezes what the strategy says.
pub fn open_model(config: &RunConfig, labels: &LabelSet, device: &Device) -> Result<(Model, LoadReport), TrainError> {
    let dir = config.model_dir()?;
    let names = output_names(config.task, labels);
    let want = Want::Head { task: config.task, labels: &names };
    let (mut model, report) = match config.model.init {
        Init::Pretrained => model::open(&dir, want, device, config.run.seed)?,
        Init::Random => model::random(&dir, want, device, config.run.seed)?,
    };
    if config.task == Task::Mlm && config.language.objective == LanguageObjective::Causal {
        model.config.causal = true;
    }
    let frozen = super::strategy::frozen(&config.strategy, model.config.stored_layers())?;
    model.freeze(|block| frozen.contains(&block));
    Ok((model, report))
}
