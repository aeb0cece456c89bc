//! Texts that are their own lesson: from a file's lines to blocks to be masked, or to segments to be paired.

use std::path::Path;
use std::sync::Arc;

use super::TrainError;
use super::config::DEFAULT_EVAL_FRACTION;
use super::config::{LanguageObjective, RunConfig};
use super::examples::Examples;
use super::prepare::{OnProgress, Prepared, fill_roles};
use crate::data::corpus::{Corpus, CorpusOptions, Segments};
use crate::data::targets::sentence_labels;
use crate::data::{DataError, Dataset, LabelSet, Table, Tokenizer, is_plain_text, lines};
use crate::random::{Purpose, key};
use crate::task::Task;

/// Where the lines of a corpus come from.
#[derive(Debug)]
pub enum Text {
    /// The lines of a plain text, never in memory as a whole.
    Lines,
    /// A column of a table.
    Rows(Arc<Dataset>),
}

/// The text of a run's data, where it is its own lesson; `None` where rows have labels.
pub fn of(config: &RunConfig, tokenizer: &Tokenizer) -> Result<Option<Text>, TrainError> {
    if !matches!(config.task, Task::Mlm | Task::Rtd | Task::Nsp | Task::Sop) {
        return Ok(None);
    }
    if config.task == Task::Mlm && config.language.objective == LanguageObjective::Translation {
        // A pair is a sequence of its own, so there is nothing to join.
        return Ok(None);
    }
    if matches!(config.task, Task::Mlm | Task::Rtd) && tokenizer.mask_id().is_none() {
        return Err(TrainError::NoMaskToken);
    }
    if is_plain_text(&config.data.train)? {
        return Ok(Some(Text::Lines));
    }
    let rows = rows(config, &config.data.train)?;
    Ok(rows.makes_its_own_labels().then_some(Text::Rows(rows)))
}

fn rows(config: &RunConfig, path: &Path) -> Result<Arc<Dataset>, TrainError> {
    let table = Arc::new(Table::open(path)?);
    let roles = fill_roles(&config.data.columns, &table, config.task);
    Ok(Arc::new(Dataset::new(table, config.task, &roles, None)?))
}

/// The lines of a file as a corpus is made of them: their number and their text.
type Lines<'a> = Box<dyn Iterator<Item = Result<(usize, String), DataError>> + 'a>;

fn lines_of<'a>(path: &Path, text: &'a Text) -> Result<Lines<'a>, TrainError> {
    Ok(match text {
        Text::Lines => Box::new(lines(path)?),
        Text::Rows(data) => {
            Box::new((0..data.examples.len()).map(|example| Ok((data.line(example), data.text(example).to_owned()))))
        }
    })
}

/// Tokenizes a corpus and holds some of it out; `None` when `on_progress` said to stop.
pub fn prepare(
    config: &RunConfig,
    text: &Text,
    tokenizer: Tokenizer,
    max_tokens: usize,
    on_progress: OnProgress<'_>,
) -> Result<Option<Prepared>, TrainError> {
    let mut make = |path: &Path, text: &Text| made(config, path, text, &tokenizer, max_tokens, on_progress);
    let Some(train) = make(&config.data.train, text)? else { return Ok(None) };
    let (train, eval) = match &config.data.eval {
        Some(path) => {
            let own = if is_plain_text(path)? { Text::Lines } else { Text::Rows(rows(config, path)?) };
            let Some(eval) = make(path, &own)? else { return Ok(None) };
            (train, eval)
        }
        None => held_out(train, config.data.eval_fraction.unwrap_or(DEFAULT_EVAL_FRACTION), config.run.seed),
    };
    if train.is_empty() {
        let reason = "no line of it has any tokens".to_owned();
        return Err(TrainError::NoExamples { path: config.data.train.clone(), reason });
    }
    let names = match config.task {
        Task::Nsp | Task::Sop => sentence_labels(config.task).map(str::to_owned).to_vec(),
        _ => Vec::new(),
    };
    Ok(Some(Prepared {
        warnings: Vec::new(),
        tokenizer,
        labels: LabelSet { names },
        train_data: None,
        eval_data: None,
        train,
        eval,
        counts: Vec::new(),
        max_tokens,
        mended: Vec::new(),
    }))
}

fn made(
    config: &RunConfig,
    path: &Path,
    text: &Text,
    tokenizer: &Tokenizer,
    max_tokens: usize,
    on_progress: OnProgress<'_>,
) -> Result<Option<Examples>, TrainError> {
    let lines = lines_of(path, text)?;
    let mut heard = |done: u64| on_progress("tokenizing", done, 0);
    if matches!(config.task, Task::Nsp | Task::Sop) {
        let segments = Segments::build(lines, tokenizer, max_tokens, &mut heard)?;
        return Ok(segments.map(|segments| {
            let which = (0..segments.len() as u32).collect();
            Examples::Pairs { segments: Arc::new(segments), which, task: config.task }
        }));
    }
    let how = CorpusOptions { max_tokens, join_lines: config.language.join_lines };
    let corpus = Corpus::build(lines, tokenizer, how, &mut heard)?;
    Ok(corpus.map(|corpus| {
        let which = (0..corpus.len() as u32).collect();
        Examples::Blocks { corpus: Arc::new(corpus), which }
    }))
}

/// Divides a corpus by lot, each place for itself, but always leaves something to learn from.
fn held_out(all: Examples, fraction: f64, seed: u64) -> (Examples, Examples) {
    let divide = |which: Vec<u32>| {
        let mut drawn: Vec<(u64, u32)> =
            which.iter().map(|place| (key(seed, Purpose::Split, &[u64::from(*place)]), *place)).collect();
        drawn.sort_unstable();
        let held = ((which.len() as f64 * fraction).round() as usize).min(which.len().saturating_sub(1));
        let mut eval: Vec<u32> = drawn[..held].iter().map(|(_, place)| *place).collect();
        let mut train: Vec<u32> = drawn[held..].iter().map(|(_, place)| *place).collect();
        eval.sort_unstable();
        train.sort_unstable();
        (train, eval)
    };
    match all {
        Examples::Blocks { corpus, which } => {
            let (train, eval) = divide(which);
            (Examples::Blocks { corpus: corpus.clone(), which: train }, Examples::Blocks { corpus, which: eval })
        }
        Examples::Pairs { segments, which, task } => {
            let (train, eval) = divide(which);
            (
                Examples::Pairs { segments: segments.clone(), which: train, task },
                Examples::Pairs { segments, which: eval, task },
            )
        }
        features @ Examples::Features(_) => (features, Examples::default()),
    }
}
