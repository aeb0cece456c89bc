//! From a configuration to everything a run needs: files read, split, tokenized, and the model opened with its head.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;

use super::config::{DataChoice, DeviceChoice, Dropout, Init, LanguageObjective, RunConfig};
use super::recommend::{Open, Settings};
use super::{Examples, TrainError, corpus, outputs, recommend};
use crate::data::health::{self, unlearnable};
use crate::data::mend::{Exclude, Mend, Mended, Mends, leave_out_leaks};
use crate::data::{Dataset, Finding, LabelSet, Roles, Split, SplitRule, Target};
use crate::hub::embedded;
use crate::model::card::LoadReport;
use crate::model::{self, EncoderConfig, HeadKind, Model, ModelError, Want};
use crate::table::Table;
use crate::table::notation::tags::Scheme;
use crate::task::Task;
use crate::text::{Features, Length, Tokenizer, features, measure};

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
    /// What a person should know before the run begins, such as rows that cannot be used.
    pub warnings: Vec<String>,
    /// Those of them without which the result is misread: there is nothing to tell apart, or a class is never learned.
    pub caveats: Vec<String>,
    /// The columns that are read, also those that were guessed.
    pub columns: Roles,
}

impl Prepared {
    /// The configuration with all that was left open filled in with what is used.
    pub fn settled(&self, config: &RunConfig) -> Result<RunConfig, TrainError> {
        let mut config = config.clone();
        config.data.columns = self.columns.clone();
        if config.open.any() {
            let encoder = model::read_config(&config.model_dir()?)?;
            let recommended = recommend::settings(&config, self.train.len(), encoder.hidden_size);
            Settings { max_tokens: self.max_tokens, ..recommended }.fill(&mut config);
            config.open = Open::default();
        }
        Ok(config)
    }

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
        let wrong = |reason: String| TrainError::ConfigSyntax { path: path.to_owned(), reason };
        let mut config: Self = toml::from_str(&text)
            .map_err(|error| wrong(format!("{}{}", error.to_string().trim_end(), backslash_advice(&text, &error))))?;
        if let Some(path) = config.paths().find(|path| path.to_string_lossy().contains(char::is_control)) {
            return Err(wrong(format!("the path {path:?} has a character that no path has{BACKSLASHES}")));
        }
        config.open = Open::of(&toml::from_str(&text).map_err(|error| wrong(error.to_string()))?);
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

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let data = std::iter::once(&self.data.train).chain(&self.data.eval);
        data.chain(&self.model.path).chain(&self.language.generator).chain(std::iter::once(&self.run.out))
    }

    /// The folder of the model.
    pub fn model_dir(&self) -> Result<PathBuf, TrainError> {
        if self.model.embedded {
            return Ok(embedded::unpacked()?);
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

/// How the paths of Windows are written.
const BACKSLASHES: &str =
    "; between double quotes a \\ begins a special character, so write the path with / or between single quotes";

/// What to do about a line that does not read because of the backslashes of a path.
fn backslash_advice(text: &str, error: &toml::de::Error) -> &'static str {
    let Some(at) = error.span().map(|span| span.start.min(text.len())) else { return "" };
    let begin = text[..text.floor_char_boundary(at)].rfind('\n').map_or(0, |end| end + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    let quoted = line.split('"').nth(1).unwrap_or_default();
    if quoted.contains('\\') { BACKSLASHES } else { "" }
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
    /// How the classes were found among those of the model, where that is not plain.
    pub notes: Vec<String>,
}

/// Reads the files that a configuration names. With a model that goes on with its head, the classes are in its order.
pub fn read_sources(
    task: Task,
    data: &DataChoice,
    seed: u64,
    model: Option<&EncoderConfig>,
) -> Result<Sources, TrainError> {
    let table = Arc::new(Table::open(&data.train)?);
    let eval = data.eval.as_deref().map(Table::open).transpose()?.map(Arc::new);
    let roles = fill_roles(&data.columns, &table, task);
    divide_for(model, task, table, eval, &roles, &data.split_rule(seed), &data.mends())
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
    divide_for(None, task, table, eval, roles, rule, mends)
}

fn divide_for(
    model: Option<&EncoderConfig>,
    task: Task,
    table: Arc<Table>,
    eval: Option<Arc<Table>>,
    roles: &Roles,
    rule: &SplitRule,
    mends: &Mends,
) -> Result<Sources, TrainError> {
    Dataset::check_group(&table, roles)?;
    let (mut train_data, mut mended) = Dataset::new(table, task, roles, None)?.mended(mends);
    let mut notes = Vec::new();
    if let Some(met) = model.and_then(|model| outputs::meet(model, &train_data)) {
        train_data = train_data.under(met.labels, &met.places);
        notes = met.notes;
    }
    let train_data = Arc::new(train_data);
    let (eval_data, mut split) = match eval {
        Some(table) => {
            let roles = fill_roles(roles, &table, task);
            let (eval_data, said) = outputs::under_learned(table, task, &roles, &train_data.labels)?;
            notes.extend(said);
            let (eval_data, fixed) = eval_data.mended(&mends.fixes());
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
    Ok(Sources { train_data, eval_data, split, mended, notes })
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
    let unused = config.unused(encoder.stored_layers());
    let tokenizer = Tokenizer::open(&dir)?.for_embeddings(encoder.vocab_size)?;
    let misfits = tokenizer.misfits(encoder.vocab_size);
    let length_for = |tokens: Vec<u32>| {
        let mut config = config.clone();
        let max_tokens = recommend::length(config.task, tokens, encoder.max_tokens());
        Settings { max_tokens, ..Settings::of(&config) }.fill(&mut config);
        Length { max_tokens: config.data.max_tokens.min(encoder.max_tokens()), stride: config.data.stride }
    };
    if let Some(text) = corpus::of(config, &tokenizer)? {
        let length = length_for(Vec::new());
        if !config.data.mends().is_empty() {
            let expected = "neither for a text that is its own lesson, which is learned from as it stands";
            let value = format!("{:?} and {:?}", config.data.fix, config.data.exclude);
            return Err(TrainError::setting("data.fix and data.exclude", value, expected));
        }
        segments_fit(&encoder, &tokenizer, matches!(config.task, Task::Nsp | Task::Sop))?;
        let prepared = corpus::prepare(config, &text, tokenizer, length.max_tokens, on_progress)?;
        return Ok(
            prepared.map(|prepared| Prepared { warnings: [unused, misfits, prepared.warnings].concat(), ..prepared })
        );
    }
    let known = (config.model.init == Init::Pretrained).then_some(&encoder);
    let sources = read_sources(config.task, &config.data, config.run.seed, known)?;
    if config.is_translation() && sources.train_data.roles.pair.is_none() {
        let expected = "the column with the translation";
        return Err(TrainError::setting("data.columns.pair", "not set".into(), expected));
    }
    let is_pair = !sources.train_data.examples.is_empty() && sources.train_data.pair(0).is_some();
    segments_fit(&encoder, &tokenizer, is_pair)?;
    let sample = if config.open.max_tokens { sample_lengths(&sources, &tokenizer)? } else { Vec::new() };
    let length = length_for(sample);
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
        let reason = why_no_examples(&sources.train_data);
        return Err(TrainError::NoExamples { path: config.data.train.clone(), reason });
    }
    let caveats = caveats(&sources.train_data, &sources.eval_data, &sources.split);
    let mut warnings = [unused, misfits, sources.notes, caveats.clone()].concat();
    warnings.extend(data_warnings(&config.data, &sources.train_data, &sources.eval_data));
    let labels = sources.train_data.labels.clone();
    let counts = count(&train, labels.len());
    Ok(Some(Prepared {
        tokenizer,
        labels,
        caveats,
        columns: sources.train_data.roles.clone(),
        train_data: Some(sources.train_data),
        eval_data: Some(sources.eval_data),
        train: train.into(),
        eval: eval.into(),
        counts,
        max_tokens: length.max_tokens,
        mended,
        warnings,
    }))
}

fn data_warnings(choice: &DataChoice, train: &Dataset, eval: &Dataset) -> Vec<String> {
    let mut warnings: Vec<String> = health::columns(train).iter().map(Finding::message).collect();
    warnings.extend(train.remarks(&choice.train).into_iter().chain(train.unusable_words(&choice.train)));
    if let Some(path) = &choice.eval {
        warnings.extend(eval.remarks(path).into_iter().chain(eval.unusable_words(path)));
    }
    warnings.extend(unnamed_tags_words(train).into_iter().chain(word_a_row_words(train)));
    warnings
}

/// Tokens of some of the texts to learn from, spread over all of them.
fn sample_lengths(sources: &Sources, tokenizer: &Tokenizer) -> Result<Vec<u32>, TrainError> {
    const SAMPLE: usize = 2000;
    let step = sources.split.train.len().div_ceil(SAMPLE).max(1);
    let chosen = sources.split.train.iter().step_by(step);
    let measured = chosen.map(|&example| Ok(measure(&sources.train_data, example, tokenizer)?.tokens as u32));
    measured.collect()
}

/// Refuses a tokenizer that puts a text into a segment for which the model has no embedding.
fn segments_fit(encoder: &EncoderConfig, tokenizer: &Tokenizer, is_pair: bool) -> Result<(), TrainError> {
    let (count, segment) = (encoder.type_vocab_size, tokenizer.frame(is_pair).last_segment());
    // With one segment or none there is nothing to tell apart.
    if count > 1 && segment as usize >= count {
        return Err(TrainError::NoSegment { segment, count });
    }
    Ok(())
}

/// What cannot be learned, and labels of an evaluation file that are not known.
fn caveats(train: &Dataset, eval: &Dataset, split: &Split) -> Vec<String> {
    let mut caveats: Vec<String> = unlearnable(train, eval, split).iter().map(Finding::message).collect();
    let unknown = if std::ptr::eq(train, eval) { Vec::new() } else { eval.unknown_labels() };
    if !unknown.is_empty() {
        caveats.push(format!(
            "rows of the evaluation file are left out, as their labels are not among those that are learned: {}",
            unknown.join(", ")
        ));
    }
    caveats
}

/// What it means that a file's tags are numbers.
fn unnamed_tags_words(data: &Dataset) -> Option<String> {
    (data.task == Task::Ner && data.notation.scheme == Scheme::Numbered).then(|| {
        "the tags are numbers without names: 0 is read as outside, and each other one as a type of entity; where some \
         begin an entity and others go on with it, put names such as B-PER and I-PER in their place"
            .to_owned()
    })
}

/// What it means that every row of a table holds a single word.
fn word_a_row_words(data: &Dataset) -> Option<String> {
    let first = data.examples.len().min(200);
    (data.task == Task::Ner && first > 8 && (0..first).all(|example| data.words(example).len() < 2)).then(|| {
        "every row is a sentence of one word; a file with one word a row is read as CoNLL: the word, a blank, its tag, \
         and an empty line between sentences"
            .to_owned()
    })
}

/// What is missing in a file of which no row says what is right.
pub fn why_no_examples(data: &Dataset) -> String {
    if let Some(first) = data.excluded.first() {
        let count = data.excluded.len();
        return format!("{count} rows were left out, the first in line {}: {}", first.line, first.reason);
    }
    if let Some(words) = word_a_row_words(data) {
        return words;
    }
    let Roles { label, tags, spans, answers, .. } = &data.roles;
    let (role, named) = match data.task {
        Task::Ner => ("tags or spans", tags.as_ref().or(spans.as_ref())),
        Task::Qa => ("answers", answers.as_ref()),
        _ => ("label", label.as_ref()),
    };
    match named {
        Some(column) => format!("the column \"{column}\" is empty in every row"),
        None => format!(
            "no column was recognised as {role}, so name it in [data] columns; there are {}",
            data.table.columns.join(", ")
        ),
    }
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

/// What is new in the head of a model that was opened, in words, where something is.
pub fn new_head_words(
    config: &RunConfig,
    labels: &LabelSet,
    report: &LoadReport,
) -> Result<Option<String>, TrainError> {
    Ok(outputs::new_head(&model::read_config(&config.model_dir()?)?, config.task, labels, report))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_windows_between_double_quotes_says_how_to_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.toml");
        let read = |model: &str| {
            let text = format!("task = \"classify\"\n[model]\npath = {model}\n[data]\ntrain = \"a.csv\"\n");
            std::fs::write(&file, text).unwrap();
            RunConfig::read(&file).map(|config| config.model.path).map_err(|error| error.to_string())
        };
        // The first is no TOML; the second reads as a tabulator and a backspace.
        for wrong in [r#""C:\Users\me\bert""#, r#""C:\temp\bert""#, r#""D:\x\model""#] {
            let told = read(wrong).unwrap_err();
            assert!(told.contains("write the path with / or between single quotes"), "{told}");
        }
        for (right, path) in
            [(r"'C:\Users\me\bert'", r"C:\Users\me\bert"), (r#""C:\\temp""#, r"C:\temp"), (r#""C:/temp""#, "C:/temp")]
        {
            assert_eq!(read(right).unwrap(), Some(PathBuf::from(path)));
        }
        let told = read("bert").unwrap_err();
        assert!(!told.contains("single quotes"), "{told}");
    }
}
