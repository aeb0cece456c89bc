//! A model folder, opened: configuration, weights and the heads that are wanted.

use std::path::Path;
use std::sync::Arc;

use candle_core::Device;

use super::adapter;
use super::build::Builder;
use super::card::{BlockSize, LoadReport, ModelCard};
use super::config::EncoderConfig;
use super::family::Naming;
use super::files::TensorFiles;
use super::kept;
use super::keys::Keys as FrozenKeys;
use super::kinds::{HeadKind, Outputs};
use super::prefixed::Prefixed;
use super::sentences;
use super::{Model, ModelError, Param, Source};
use crate::task::{Labels, Targets, Task};

/// Which heads a model is to have.
#[derive(Clone, Copy, Debug)]
pub enum Want<'a> {
    /// Those its own configuration names.
    AsSaved,
    /// The head of a task with outputs of these names: loaded where the folder has it for them, else new.
    Head { task: Task, labels: &'a [String] },
}

impl Source for TensorFiles {
    fn names(&self) -> Vec<String> {
        self.tensors().iter().map(|tensor| tensor.name.clone()).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.find(name).map(|tensor| tensor.shape.clone())
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        Ok(self.read_f32(name)?)
    }
}

/// Reads `config.json`, of an adapter that of the model which it makes of its base.
pub fn read_config(dir: &Path) -> Result<EncoderConfig, ModelError> {
    if adapter::is_one(dir) { adapter::config(dir) } else { EncoderConfig::read(&dir.join("config.json")) }
}

/// A folder's configuration and weights: those of a model, of a base with the adapter that the folder holds, or of a run's
/// model in a state that it passed through.
pub(super) struct Folder {
    pub(super) config: EncoderConfig,
    pub(super) source: Box<dyn Source>,
    pub(super) dtype: String,
    /// What a wrapper put before the names of the weights.
    wrapper: String,
}

impl Folder {
    pub(super) fn open(dir: &Path) -> Result<Self, ModelError> {
        if adapter::is_one(dir) {
            let adapter::Opened { config, source } = adapter::open(dir)?;
            let dtype = source.dtype();
            return Ok(Self { config, dtype, source: Box::new(source), wrapper: String::new() });
        }
        let config = EncoderConfig::read(&dir.join("config.json"))?;
        if kept::is_one(dir) {
            let (source, dtype) = kept::open(dir)?;
            return Ok(Self { config, source, dtype, wrapper: String::new() });
        }
        let files = TensorFiles::open(dir)?;
        let dtype = files.dtype();
        let naming = Naming { family: config.family, inner_group_num: config.inner_group_num };
        let source = Prefixed::new(files, naming.prefix());
        Ok(Self { config, dtype, wrapper: source.wrapper.clone(), source: Box::new(source) })
    }
}

/// Opens a Hugging Face folder, or an adapter with its base. New weights are a function of `seed`.
pub fn open(dir: &Path, want: Want<'_>, device: &Device, seed: u64) -> Result<(Model, LoadReport), ModelError> {
    let Folder { config, source, .. } = Folder::open(dir)?;
    build(config, Some(source.as_ref()), want, device, seed)
}

/// The same shape with new weights.
pub fn random(dir: &Path, want: Want<'_>, device: &Device, seed: u64) -> Result<(Model, LoadReport), ModelError> {
    build(read_config(dir)?, None, want, device, seed)
}

/// From a configuration and any source of weights; none for new ones.
pub fn build(
    mut config: EncoderConfig,
    source: Option<&dyn Source>,
    want: Want<'_>,
    device: &Device,
    seed: u64,
) -> Result<(Model, LoadReport), ModelError> {
    let never_trained = config.untrained_heads();
    let Wanted { kinds, beside, labels, keeps_outputs } = wanted(&mut config, want)?;
    let builder = Builder::new(&config, source, device, seed).keeping(beside.clone());
    let builder = if keeps_outputs { builder } else { builder.with_new_outputs() };
    let (mut model, mut report) = builder.build(&kinds, labels)?;
    for head in never_trained.iter().filter_map(|kind| model.heads.get(*kind)) {
        report.count_as_new(head);
    }
    if let Want::Head { .. } = want {
        // What is trained now is trained; what only stands beside it is as good as it was.
        let is_whole = |kind: &HeadKind| source.is_some() && report.is_whole(&model, *kind);
        let untrained: Vec<HeadKind> = beside.into_iter().filter(|kind| !is_whole(kind)).collect();
        model.config.set_untrained_heads(&untrained);
    }
    Ok((model, report))
}

/// A masked-word model that is trained together with another of the same vocabulary, under names that begin with
/// `generator.`. New weights, without a source, take the other's embeddings for their own, so that both are learned as
/// one; so do weights that were saved with the same embeddings.
pub fn generator(
    model: &Model,
    mut config: EncoderConfig,
    source: Option<&dyn Source>,
    seed: u64,
) -> Result<Model, ModelError> {
    let (found, expected) = (config.vocab_size, model.config.vocab_size);
    if found != expected {
        return Err(ModelError::OtherVocabulary { found, expected });
    }
    let Wanted { kinds, labels, .. } = wanted(&mut config, Want::Head { task: Task::Mlm, labels: &[] })?;
    let build = |shared| {
        let builder = Builder::new(&config, source, model.device(), seed).beside("generator.", shared);
        builder.build(&kinds, labels).map(|(built, _)| built)
    };
    let embeddings: Vec<Arc<Param>> = model.embeddings().cloned().collect();
    if source.is_none() {
        return build(embeddings);
    }
    let own = build(Vec::new())?;
    let are_same = {
        let mut both = own.embeddings().zip(&embeddings);
        own.embeddings().count() == embeddings.len()
            && both.try_fold(true, |same, (a, b)| Ok::<_, ModelError>(same && equal(a, b)?))?
    };
    if are_same { build(embeddings) } else { Ok(own) }
}

fn equal(a: &Param, b: &Param) -> Result<bool, ModelError> {
    let values = |param: &Param| param.var().flatten_all()?.to_vec1::<f32>();
    Ok(a.shape() == b.shape() && values(a)? == values(b)?)
}

/// What a model is built with.
struct Wanted {
    kinds: Vec<HeadKind>,
    /// Those of them that only stand beside the one that is wanted.
    beside: Vec<HeadKind>,
    /// The width of heads that have one of their own.
    labels: usize,
    /// Whether the outputs of the folder's head mean what is wanted of them.
    keeps_outputs: bool,
}

fn wanted(config: &mut EncoderConfig, want: Want<'_>) -> Result<Wanted, ModelError> {
    let mut keeps_outputs = true;
    let mut beside = Vec::new();
    let kinds = match want {
        Want::AsSaved => config.named_heads(),
        Want::Head { task, labels } => {
            let kind = HeadKind::for_task(task);
            if !config.family.has_head(kind) {
                return Err(ModelError::NoSuchHead { family: config.family.model_type(), task });
            }
            keeps_outputs = config.keeps_head(task, labels);
            if kind.outputs() == Outputs::Labels {
                config.labels = labels.to_vec();
                config.problem_type = problem_type(task).map(str::to_owned);
            }
            beside = config.family.heads_beside(kind);
            [vec![kind], beside.clone()].concat()
        }
    };
    // transformers makes two classes where a configuration names none.
    let labels = if config.labels.is_empty() { 2 } else { config.labels.len() };
    Ok(Wanted { kinds, beside, labels, keeps_outputs })
}

/// What transformers calls the problem of a sequence head; other heads have one alone.
fn problem_type(task: Task) -> Option<&'static str> {
    match task.targets() {
        Targets::Class => Some("single_label_classification"),
        Targets::Classes => Some("multi_label_classification"),
        Targets::Number => Some("regression"),
        Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => None,
    }
}

impl EncoderConfig {
    /// What the outputs of a task's head mean. transformers names them `LABEL_0` … where the configuration does not.
    pub fn output_names(&self, task: Task) -> Vec<String> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match (task.labels(), HeadKind::for_task(task).outputs()) {
            (Labels::Fixed(names), _) => owned(&names),
            (Labels::OfData | Labels::None, Outputs::Labels) if self.labels.is_empty() => {
                owned(&["LABEL_0", "LABEL_1"])
            }
            (Labels::OfData | Labels::None, Outputs::Labels) => self.labels.clone(),
            (Labels::OfData | Labels::None, Outputs::Count(_) | Outputs::Words) => Vec::new(),
        }
    }

    /// Whether a task can read what the head puts out: a number is one output.
    pub fn check_outputs(&self, task: Task) -> Result<(), ModelError> {
        if task.targets() == Targets::Number && self.labels.len() > 1 {
            return Err(ModelError::NotOneOutput { outputs: self.labels.len() });
        }
        Ok(())
    }

    /// The tasks whose heads a saved model's `architectures` name, in the order of [`Task::ALL`].
    pub fn tasks(&self) -> Vec<Task> {
        let kinds = self.named_heads();
        let own = self.task();
        let named = |task: &Task| kinds.contains(&HeadKind::for_task(*task));
        Task::ALL.into_iter().filter(|task| named(task) && (!task.is_sequence() || own == Some(*task))).collect()
    }

    /// The task that a saved model was trained for, as its `architectures` and `problem_type` say.
    pub fn task(&self) -> Option<Task> {
        let kinds = self.named_heads();
        let kind = HeadKind::ALL.into_iter().find(|kind| kinds.contains(kind))?;
        let problem = self.problem_type.as_deref();
        let is_number = problem == Some("regression") || (problem.is_none() && self.labels.len() == 1);
        let is_meant = |task: &Task| match task.targets() {
            Targets::Number => is_number,
            Targets::Classes => problem == Some("multi_label_classification"),
            Targets::Class | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => true,
        };
        // Of one head's tasks the one that is named by the problem, else its first.
        let mut of_head = Task::ALL.into_iter().filter(|task| HeadKind::for_task(*task) == kind);
        let first = of_head.clone().next();
        of_head.rfind(is_meant).or(first)
    }
}

/// What a folder holds, for a card. Opens its weights, as the report and the counts come from them.
pub fn card(dir: &Path) -> Result<ModelCard, ModelError> {
    let Folder { config, source, dtype, wrapper } = Folder::open(dir)?;
    let (model, report) = build(config, Some(source.as_ref()), Want::AsSaved, &Device::Cpu, 0)?;
    let config = &model.config;
    let kinds = model.heads.kinds();
    let own = Task::ALL.into_iter().filter(|task| {
        let is_meant = !task.is_sequence() || config.task() == Some(*task);
        is_meant && kinds.contains(&HeadKind::for_task(*task))
    });
    let (mut heads, mut refused) = (Vec::new(), Vec::new());
    for task in own {
        match config.check_outputs(task).and_then(|()| report.check_asked(&model, task)) {
            Ok(()) => heads.push(task),
            // Its class has such a head whether or not anybody trained it.
            Err(ModelError::HeadNeverTrained { .. }) => {}
            Err(error @ ModelError::HeadShape { .. }) => {
                refused.push(format!("{error}; it is not loaded and cannot be asked"));
            }
            Err(error) => refused.push(error.to_string()),
        }
    }
    let blocks = model.params.blocks().into_iter();
    let wrapped = (!wrapper.is_empty()).then(|| {
        format!(
            "the names of the weights begin with \"{wrapper}\", as a wrapper of the model saved them; it is left out"
        )
    });
    let other = report.layers_left_out(config).into_iter().chain(config.name_conflict());
    Ok(ModelCard {
        dir: dir.to_owned(),
        family: config.family.model_type(),
        architectures: config.architectures.clone(),
        heads,
        layers: config.num_hidden_layers,
        stored_layers: config.stored_layers(),
        hidden_size: config.hidden_size,
        embedding_size: config.embedding_size,
        num_attention_heads: config.num_attention_heads,
        intermediate_size: config.intermediate_size,
        vocab_size: config.vocab_size,
        max_tokens: config.max_tokens(),
        activation: config.activation_name.clone(),
        labels: config.labels.clone(),
        blocks: blocks.map(|(block, parameters)| BlockSize { name: block.to_string(), parameters }).collect(),
        parameters: model.params.count(),
        bytes_on_disk: crate::files::folder_bytes(dir),
        dtype,
        report,
        tokenizer: String::new(),
        cased: None,
        is_frozen: config.frozen.is_some(),
        notes: [
            config.frozen.as_ref().map(FrozenKeys::notes).unwrap_or_default(),
            sentences::notes(dir, config.max_tokens()),
        ]
        .concat(),
        problems: wrapped.into_iter().chain(refused).chain(other).collect(),
    })
}
