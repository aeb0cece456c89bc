//! A model folder over a file: the evaluation without a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;

use super::columns::{self, Learned, run_of, trained_by};
use super::config::{DataChoice, Language, LanguageObjective, ModelChoice, RunConfig};
use super::evaluate::{Judge, Scores, evaluation, score_all};
use super::examples::Examples;
use super::kept::texts;
use super::objective::Objective;
use super::prepare::prepare;
use super::prepared::{OnProgress, Progress};
use super::rows::{tokenized, why_no_examples};
use super::scales::Scale;
use super::source::Source;
use super::{TrainError, companions, corpus, outputs, run};
use crate::data::{Dataset, LabelSet, Roles, further_flags};
use crate::metrics::{Evaluation, Outcome, Prediction};
use crate::model::{self, Decisions, Precision, Want};
use crate::table::{Inputs, Part, PlainText, Table, name_list, to_judge};
use crate::task::{Reads, Targets, Task};
use crate::text::windows::{QUESTION_TOKENS, SHARED_TOKENS};
use crate::text::{Length, Tokenizer};
use crate::words::plural;

/// What is evaluated on what.
#[derive(Clone, Debug, Default)]
pub struct Assessed {
    pub model: PathBuf,
    /// Without one, the model's `architectures` decide.
    pub task: Option<Task>,
    pub data: Inputs,
    pub roles: Roles,
    /// Tokens of a sequence, at most the model's.
    pub max_tokens: Option<usize>,
    /// Tokens that neighbouring windows share.
    pub stride: Option<usize>,
    /// In which numbers the encoder is computed.
    pub precision: Precision,
}

/// An evaluation with what it is of.
#[derive(Clone, Debug)]
pub struct Assessment {
    pub evaluation: Evaluation,
    /// What was decided for the model, by which it was evaluated.
    pub decisions: Decisions,
    /// The rows of the file, where they are rows.
    pub data: Option<Arc<Dataset>>,
    /// Sequences that were evaluated, windows counted one by one.
    pub sequences: usize,
    /// Rows that could not be read or used.
    pub excluded: usize,
    /// The same in words, with the first of them.
    pub unusable: Option<String>,
    /// What a person should know of how the data were read.
    pub remarks: Vec<String>,
    /// Texts that were cut, and at how many tokens.
    pub truncated: usize,
    pub max_tokens: usize,
    /// Tokens that the model itself takes.
    pub most_tokens: usize,
    /// Which columns were read, in words; none of text that is no table, and of rows that a run held out.
    pub columns: Option<String>,
}

impl Assessment {
    /// What a person should know beside the scores: how the data were read, which rows are missing, and what was cut.
    pub fn warnings(&self) -> Vec<String> {
        let cut = (self.truncated > 0).then(|| {
            let texts = plural(self.truncated, "text was", "texts were");
            let most = if self.most_tokens > self.max_tokens {
                format!(", although the model takes {}", self.most_tokens)
            } else {
                String::new()
            };
            format!("{texts} cut at {} tokens{most}", self.max_tokens)
        });
        self.remarks.iter().chain(&self.unusable).cloned().chain(cut).collect()
    }

    /// The texts that the predictions speak of, in their order: first text and pair.
    pub fn texts(&self) -> Vec<(String, Option<String>)> {
        self.data.as_deref().map_or_else(Vec::new, |data| texts(data, &self.evaluation))
    }
}

/// The thresholds with the highest F1 in an evaluation; none where it knows no thresholds.
pub fn best_decisions(evaluation: &Evaluation) -> Option<Decisions> {
    let mut best =
        Decisions { no_answer: evaluation.metrics.get("best_f1_threshold").copied(), ..Decisions::default() };
    best.set_thresholds(evaluation.labels.iter().zip(evaluation.best_thresholds.iter().copied()));
    let knows_any = best.no_answer.is_some() || !evaluation.best_thresholds.is_empty();
    knows_any.then_some(best)
}

/// Evaluates; `None` when `on_progress` said to stop.
pub fn assess(what: &Assessed, on_progress: OnProgress<'_>) -> Result<Option<Assessment>, TrainError> {
    let dir = &what.model;
    if on_progress("opening the model", 0, 0).is_break() {
        return Ok(None);
    }
    let known = model::read_config(dir)?;
    let task = what.task.or_else(|| known.task()).ok_or_else(|| TrainError::NoTask { dir: dir.clone() })?;
    let named = known.architectures.iter().flat_map(|name| known.family.heads_of(name)).next().is_some();
    known.check_outputs(task)?;
    let labels = LabelSet { names: known.output_names(task) };
    let want = if named { Want::AsSaved } else { Want::Head { task, labels: &labels.names } };
    let (model, report) = model::open(dir, want, &Device::Cpu, 0)?;
    report.check_asked(&model, task).map_err(|error| TrainError::unasked(dir, error))?;
    let tokenizer = Tokenizer::open(&model::tokenizer_folder(dir))?.for_embeddings(model.config.vocab_size)?;
    let decisions = Decisions::read(dir)?;
    let limit = tokenizer.most_tokens(model.config.max_tokens());
    let run = trained_by(dir).filter(|run| run.task == task);
    let length = length(what, task, run.as_ref(), limit)?;
    let mut config = configuration(what, task);
    config.language = run.map_or_else(Language::default, |run| run.language);
    if model.config.causal && task.targets() == Targets::Hidden {
        config.language.objective = LanguageObjective::Causal;
    }
    let companion = companions::kept_with(task, dir, &model)?;
    let model = model.asked_in(what.precision)?;
    let objective = Objective::unweighted(task, labels.len().max(1), &config.language, &tokenizer)?;
    let (inputs, chosen) = to_judge(&what.data)?;
    config.data.train = inputs;
    let of_data = read((config, Learned::of(dir)), &labels, &tokenizer, length, on_progress)?;
    let Some(Read { examples, data, columns, notes }) = of_data else {
        return Ok(None);
    };
    let total = examples.len() as u64;
    let judge = Judge { model: &model, objective: &objective, companion: companion.as_deref() };
    let scored = score_all(judge, &examples, None, &mut |done| on_progress("evaluating", done as u64, total))?;
    let Some(scored) = scored else { return Ok(None) };
    let of = Scores {
        task,
        labels: data
            .as_deref()
            .filter(|data| task.targets() == Targets::Tags && !data.labels.is_empty())
            .map_or(&labels, |data| &data.labels),
        data: data.as_deref(),
        examples: &examples,
        tokenizer: &tokenizer,
        decisions: &decisions,
    };
    let evaluation = evaluation(of, scored);
    let notes = notes.into_iter().chain(other_scale(dir, &evaluation)).collect();
    Ok(Some(Assessment {
        evaluation: Evaluation { notes, ..evaluation },
        decisions,
        remarks: chosen.into_iter().chain(data.iter().flat_map(|data| data.remarks())).collect(),
        unusable: data.as_ref().and_then(|data| data.unusable_words()),
        excluded: data.as_ref().map_or(0, |data| data.excluded.len() + data.table.rows_missing().count()),
        sequences: examples.len(),
        truncated: examples.truncated(),
        max_tokens: length.max_tokens,
        most_tokens: limit,
        columns,
        data,
    }))
}

/// A run's model, or a state of its course, over the rows that the run held out, read as the run read them; `None` when
/// `on_progress` said to stop.
pub fn assess_held_out(
    dir: &Path,
    precision: Precision,
    on_progress: OnProgress<'_>,
) -> Result<Option<(Assessment, RunConfig)>, TrainError> {
    let folder = run_of(dir).ok_or_else(|| TrainError::NoRun { dir: dir.to_owned() })?;
    let config = run::kept_config(&folder)?;
    let Some(prepared) = prepare(&config, on_progress)? else { return Ok(None) };
    if prepared.eval.is_empty() {
        let (path, reason) = (config.data.train.place().into_owned(), "the run held no rows out".to_owned());
        return Err(TrainError::NothingToJudge { path, reason });
    }
    let (model, report) = model::open(dir, Want::AsSaved, &Device::Cpu, 0)?;
    report.check_asked(&model, config.task)?;
    let companion = companions::kept_with(config.task, &folder.join(run::MODEL), &model)?;
    let model = model.asked_in(precision)?;
    let classes = prepared.labels.len().max(1);
    let objective = Objective::new(&config, classes, &prepared.counts, &prepared.tokenizer)?.for_evaluation();
    let judge = Judge { model: &model, objective: &objective, companion: companion.as_deref() };
    let total = prepared.eval.len() as u64;
    let scored = score_all(judge, &prepared.eval, None, &mut |done| on_progress("evaluating", done as u64, total))?;
    let Some(scored) = scored else { return Ok(None) };
    let decisions = Decisions::read(dir)?;
    let of = Scores {
        task: config.task,
        labels: &prepared.labels,
        data: prepared.eval_data.as_deref(),
        examples: &prepared.eval,
        tokenizer: &prepared.tokenizer,
        decisions: &decisions,
    };
    let assessment = Assessment {
        evaluation: evaluation(of, scored),
        decisions,
        sequences: prepared.eval.len(),
        excluded: 0,
        unusable: None,
        remarks: Vec::new(),
        truncated: prepared.eval.truncated(),
        max_tokens: prepared.max_tokens,
        most_tokens: prepared.tokenizer.most_tokens(model.config.max_tokens()),
        columns: None,
        data: prepared.eval_data,
    };
    Ok(Some((assessment, config)))
}

/// That numbers are of another scale than those that the model's run was evaluated on.
fn other_scale(dir: &Path, evaluation: &Evaluation) -> Option<String> {
    let scale = |evaluation: &Evaluation| {
        let value = |prediction: &Prediction| match prediction.gold {
            Outcome::Value(value) => Some(value as f32),
            _ => None,
        };
        Scale::of(evaluation.predictions.iter().filter_map(value))
    };
    let judged = scale(evaluation)?;
    let of_run = run::kept_evaluation(&run_of(dir)?).ok()??;
    scale(&of_run.evaluation)?.apart(judged, "those that its run was evaluated on")
}

/// How long sequences are: as asked, else as the run had them, else as predictions have them.
fn length(what: &Assessed, task: Task, run: Option<&RunConfig>, limit: usize) -> Result<Length, TrainError> {
    let usual =
        if task.reads() == Reads::Question { (QUESTION_TOKENS, SHARED_TOKENS) } else { (usize::MAX, usize::MAX) };
    let (own_tokens, own_stride) = run.map_or(usual, |run| (run.data.max_tokens, run.data.stride));
    let max_tokens = what.max_tokens.unwrap_or(own_tokens).min(limit);
    let wrong = |key, value: usize, expected: &str| Err(TrainError::setting(key, value.to_string(), expected));
    match (what.max_tokens, what.stride) {
        (Some(asked), _) if asked < 3 => wrong("--max-tokens", asked, "3 or more"),
        (_, Some(asked)) if asked >= max_tokens => {
            wrong("--stride", asked, &format!("fewer than the {max_tokens} tokens of a window"))
        }
        (_, asked) => Ok(Length { max_tokens, stride: asked.unwrap_or(own_stride).min(max_tokens / 2) }),
    }
}

/// The configuration of a run that would only evaluate.
fn configuration(what: &Assessed, task: Task) -> RunConfig {
    RunConfig {
        model: ModelChoice { path: Some(what.model.clone()), ..ModelChoice::default() },
        data: DataChoice {
            train: what.data.clone(),
            eval_fraction: Some(0.0),
            columns: what.roles.clone(),
            ..DataChoice::default()
        },
        ..RunConfig::of(task)
    }
}

/// What was read to be evaluated on.
struct Read {
    examples: Examples,
    /// The rows that they are from, where they are from rows.
    data: Option<Arc<Dataset>>,
    /// Which columns were read, in words.
    columns: Option<String>,
    /// What a person should know of how the rows were read.
    notes: Vec<String>,
}

/// What is to be known of columns of labels that the model does not have: rows to which they apply count as right without
/// them.
fn unknown_labels(data: &Dataset) -> Option<String> {
    if data.task.targets() != Targets::Classes {
        return None;
    }
    let unknown = further_flags(&data.table, &data.roles);
    let (columns, labels) = match unknown.len() {
        0 => return None,
        1 => ("the column", "looks like a label that the model does not know, and is not judged"),
        _ => ("the columns", "look like labels that the model does not know, and are not judged"),
    };
    Some(format!("{columns} {} {labels}", name_list(&unknown)))
}

fn read(
    (mut config, learned): (RunConfig, Option<Learned>),
    labels: &LabelSet,
    tokenizer: &Tokenizer,
    length: Length,
    on_progress: OnProgress<'_>,
) -> Result<Option<Read>, TrainError> {
    let task = config.task;
    let inputs = config.data.train.clone();
    // Which columns are read is settled before they are read as a running text.
    let is_text = task.is_self_supervised() && PlainText::of(&inputs)?.is_some();
    let open = || Ok::<_, TrainError>(Arc::new(Table::open_inputs(&inputs, Part::All)?));
    let given = config.data.columns.clone();
    let known_by = |table: &Arc<Table>| columns::columns(learned.as_ref(), &given, table, task);
    let table = if is_text { None } else { Some(open()?) };
    let read = table.as_ref().map(known_by);
    if let Some(read) = read.as_ref().filter(|_| learned.is_some()) {
        config.data.columns = read.roles.clone();
    }
    if let Some(text) = corpus::of_opened(&config, table.clone(), tokenizer, &mut Progress(on_progress))? {
        let watch = &mut Progress(on_progress);
        let prepared = Box::new(text).sequences(&config, tokenizer.clone(), length, watch)?;
        let notes = read.map_or_else(Vec::new, |read| read.missing);
        let read = |examples| Read { examples, data: None, columns: None, notes };
        return Ok(prepared.map(|prepared| read(prepared.train)));
    }
    let table = table.map_or_else(open, Ok)?;
    let read = read.unwrap_or_else(|| known_by(&table));
    let words = read.words(task);
    let (data, notes) = outputs::under_model(table, task, &read.roles, labels)?;
    let data = Arc::new(data);
    let all: Vec<usize> = (0..data.examples.len()).collect();
    let total = all.len() as u64;
    let mut heard = |done: usize| on_progress("tokenizing", done as u64, total);
    let Some(made) = tokenized(&data, &all, tokenizer, length, &mut heard)? else { return Ok(None) };
    if made.is_empty() {
        return Err(TrainError::NothingToJudge { path: inputs.place().into_owned(), reason: why_no_examples(&data) });
    }
    let notes = read.missing.into_iter().chain(unknown_labels(&data)).chain(notes).collect();
    Ok(Some(Read { examples: made.into(), data: Some(data), columns: Some(words), notes }))
}
