//! A run in folds: as many runs as there are folds, in each of which other rows are held out, until every labelled row was
//! predicted once by a run that had not learned from it (Stone, 1974, Cross-validatory choice and assessment of statistical
//! predictions).
//!
//! The rows that are held out decide nothing: no best weights are chosen by them and no patience ends by them, because a
//! result on rows that chose the weights is too good. Each fold is a run of its own below the folder of all. What they come to
//! together is kept there as the evaluation of a run, so that whoever reads, lists and compares runs knows it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::config::RunConfig;
use super::event::{Ending, TrainEvent, first_warnings};
use super::kept::KeptEvaluation;
use super::prepared::Progress;
use super::run::names::{CONFIG, EVALUATION, EVENTS, HELD_OUT_LINES, HELD_OUT_TABLE, TRIALS, fold_folder};
use super::run::{self, RunStatus};
use super::{TrainError, rows};
use crate::data::choices::Exclude;
use crate::data::{Dataset, Fold, HeldOut, Target};
use crate::files::{self, LineLog};
use crate::metrics::{Evaluation, Measure, Outcome, Rows, confidence, intervals, merged, right};
use crate::words::{noun, plural};

/// What the folds came to together.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// Over all held-out rows.
    pub evaluation: Evaluation,
    /// The same metrics in each fold.
    pub folds: Vec<Ending>,
    /// The table of all held-out predictions.
    pub table: PathBuf,
}

impl Gathered {
    /// The least and the most that a metric is in a fold.
    pub fn spread(&self, key: &str) -> Option<(f64, f64)> {
        spread(&self.folds, key)
    }
}

fn spread(folds: &[Ending], key: &str) -> Option<(f64, f64)> {
    let values: Option<Vec<f64>> = folds.iter().map(|fold| fold.metrics.get(key).copied()).collect();
    let values = values?;
    Some((values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?))
}

/// The run of one fold, from 1: the same but for what it holds out and where it lies. Its columns are those that the first
/// fold read, where that was begun, so that all divide the same rows.
pub fn of_fold(config: &RunConfig, number: u32) -> RunConfig {
    let mut own = config.clone();
    let first = config.run.out.join(fold_folder(1));
    if let Some(first) = run::kept_config(&first).ok().filter(|_| number > 1) {
        own.data.columns = first.data.columns;
    }
    own.data.fold = Some(Fold { number, of: config.run.folds });
    own.run.folds = 0;
    own.run.out = config.run.out.join(fold_folder(number));
    own
}

/// Makes the folder of all folds, which tells from then on that there is a run in folds, with what is left open left open.
pub fn begin(config: &RunConfig) -> Result<(), TrainError> {
    let dir = &config.run.out;
    let (path, trials) = (dir.join(CONFIG), dir.join(TRIALS));
    files::create_folders(dir).map_err(at(dir))?;
    LineLog::open(&trials).map(drop).map_err(at(&trials))?;
    if path.exists() {
        return Ok(());
    }
    let mut kept = config.clone();
    kept.anchor();
    let wrong = |reason: String| TrainError::ConfigSyntax { path: path.clone(), reason };
    let mut table = toml::Table::try_from(&kept).map_err(|error| wrong(error.to_string()))?;
    config.open.leave_out(&mut table);
    write_text(&path, &table.to_string())
}

/// A fold that is done.
struct Part {
    config: RunConfig,
    kept: Arc<KeptEvaluation>,
    started: Option<TrainEvent>,
    /// What was said before it began.
    warnings: Vec<String>,
    ending: Ending,
}

impl Part {
    fn read(dir: &Path) -> Result<Self, TrainError> {
        let unfinished = || TrainError::FoldUnfinished { path: dir.to_owned() };
        let run = run::read(dir)?;
        let kept = run.evaluation.filter(|_| run.summary.status == RunStatus::Finished).ok_or_else(unfinished)?;
        let mut events = run.events;
        let ending = events.iter().rev().find_map(|event| match event {
            TrainEvent::Finished(ending) => Some(ending.clone()),
            _ => None,
        });
        let warnings = first_warnings(&events);
        let is_start = |event: &TrainEvent| matches!(event, TrainEvent::Started { .. });
        let started = events.iter().position(is_start).map(|place| events.swap_remove(place));
        Ok(Self { config: run.config, kept, started, warnings, ending: ending.ok_or_else(unfinished)? })
    }

    /// Texts that were cut, learned from or held out.
    fn truncated(&self) -> Option<usize> {
        match self.started.as_ref()? {
            TrainEvent::Started { truncated, .. } => Some(*truncated),
            _ => None,
        }
    }
}

/// Which fold held an example out, and the place of its prediction there; none of an example without a prediction.
type HeldBy = Option<(usize, usize)>;

/// Puts the predictions of all folds together, judges them as one evaluation and keeps it in the folder of all.
pub fn gather(config: &RunConfig) -> Result<Gathered, TrainError> {
    let dir = &config.run.out;
    let parts = (1..=config.run.folds).map(|number| Part::read(&dir.join(fold_folder(number))));
    let parts: Vec<Part> = parts.collect::<Result<_, _>>()?;
    let apart = |reason: String| TrainError::FoldsApart { path: dir.clone(), reason };
    let first = parts.first().ok_or_else(|| apart("there are none".to_owned()))?;
    let evaluations: Vec<&Evaluation> = parts.iter().map(|part| &part.kept.evaluation).collect();
    let of_all = merged(&evaluations).ok_or_else(|| apart("their classes are not the same".to_owned()))?;
    let data = rows::read(&first.config, None, &mut Progress(&mut |_, _, _| ControlFlow::Continue(())))?.train_data;
    let held_by = held_by(&data, &parts).map_err(apart)?;
    let folds: Vec<Ending> = parts.iter().map(|part| part.ending.clone()).collect();
    let leaves_out_long = first.config.data.exclude.contains(&Exclude::OverLong);
    let notes = notes(&data, &of_all, &held_by, &folds, leaves_out_long);
    let evaluation = Evaluation { notes, ..of_all };
    let step = folds.iter().map(|fold| fold.step).sum();
    let kept = KeptEvaluation::of_data(&data, step, &evaluation);
    write_held_out(dir, &data, &parts, &held_by)?;
    let path = dir.join(EVALUATION);
    files::write_atomically(&path, |file| serde_json::to_writer(file, &kept).map_err(Into::into)).map_err(at(&path))?;
    let mut whole = first.config.clone();
    whole.data.fold = None;
    (whole.run.folds, whole.run.out) = (config.run.folds, dir.clone());
    whole.anchor();
    let path = dir.join(CONFIG);
    let text = toml::to_string_pretty(&whole)
        .map_err(|error| TrainError::ConfigSyntax { path: path.clone(), reason: error.to_string() })?;
    write_text(&path, &text)?;
    // That it is finished is said last.
    write_events(dir, &whole, &parts, &folds, &evaluation)?;
    Ok(Gathered { evaluation, folds, table: dir.join(HELD_OUT_TABLE) })
}

/// Finds the prediction of every example, of which no two are of one.
fn held_by(data: &Dataset, parts: &[Part]) -> Result<Vec<HeldBy>, String> {
    let mut held: Vec<HeldBy> = vec![None; data.examples.len()];
    for (fold, part) in parts.iter().enumerate() {
        for (place, one) in part.kept.evaluation.predictions.iter().enumerate() {
            let now = data
                .examples
                .get(one.example)
                .map(|_| (data.readable(one.example).into_owned(), data.pair(one.example).map(str::to_owned)));
            if now.as_ref() != part.kept.texts.get(place) {
                return Err(format!("the data are others than those that fold {} was trained on", fold + 1));
            }
            if let Some((other, _)) = held[one.example].replace((fold, place)) {
                let row = data.table.place(data.examples[one.example].row);
                return Err(format!("the folds {} and {} both hold {row} out", other + 1, fold + 1));
            }
        }
    }
    Ok(held)
}

/// What a person must know to read the result.
fn notes(
    data: &Dataset,
    of_all: &Evaluation,
    held_by: &[HeldBy],
    folds: &[Ending],
    leaves_out_long: bool,
) -> Vec<String> {
    let (count, rows) = (folds.len(), of_all.predictions.len());
    let mut notes = vec![format!(
        "each of the {rows} rows was predicted by the one of {count} runs that had not learned from it; every run learned from \
         about {:.0} % of the rows, so a model of all of them should do a little better",
        100.0 * (count - 1) as f64 / count as f64
    )];
    notes.extend(Measure::find(Measure::main(of_all.task)).and_then(|measure| main_words(&measure, of_all, folds)));
    notes.extend(missing_words(data, held_by, leaves_out_long));
    notes
}

/// Which of the labelled rows have no prediction, and why.
fn missing_words(data: &Dataset, held_by: &[HeldBy], leaves_out_long: bool) -> Vec<String> {
    let is_missing =
        |example: usize| data.examples[example].target != Target::None && held_by.get(example) == Some(&None);
    let missing = (0..data.examples.len()).filter(|example| is_missing(*example)).count();
    let parts = data.parts_of(is_missing).map_or_else(Vec::new, |parts| parts.left_out(HeldOut::InFolds));
    let others = missing - parts.iter().map(|(_, count)| count).sum::<usize>();
    let has = |count: usize| noun(count, "has", "have");
    let column = data.roles.split.as_deref().unwrap_or_default();
    let of_part = |(part, count): (&str, usize)| {
        let rows = plural(count, "labelled row", "labelled rows");
        format!("{rows} of {part}, as the column {column:?} says, {} no prediction: no fold has them", has(count))
    };
    let mut words: Vec<String> = parts.into_iter().map(of_part).collect();
    if others > 0 {
        let rows = plural(others, "other labelled row", "other labelled rows");
        let rows = if words.is_empty() { plural(others, "labelled row", "labelled rows") } else { rows };
        let long = if leaves_out_long { "what is longer than the limit is left out, or " } else { "" };
        let of_it = noun(others, "it", "them");
        words.push(format!("{rows} {} no prediction, as {long}nothing of {of_it} is read", has(others)));
    }
    words
}

/// How far the main metric could lie elsewhere on other rows, and how far it lies apart in the folds.
fn main_words(measure: &Measure, of_all: &Evaluation, folds: &[Ending]) -> Option<String> {
    let told = |[low, high]: [f64; 2]| {
        if measure.percent {
            format!("{:.1} to {:.1} %", low * 100.0, high * 100.0)
        } else {
            format!("{low:.4} to {high:.4}")
        }
    };
    let (low, high) = spread(folds, measure.key)?;
    let rows = intervals(&Rows::of(of_all)?, run::RESAMPLING_SEED);
    let interval = rows.of.get(measure.key).map_or(String::new(), |of| {
        let by = if rows.is_wilson && measure.key == "accuracy" { "after Wilson" } else { "by bootstrap" };
        format!("; over all rows its 95 % interval is {}, {by}", told([of.low, of.high]))
    });
    let count = folds.len();
    Some(format!("{} in the {count} folds: {}{interval}", measure.title, told([low, high])))
}

/// What was said before every fold began, so that it is of the whole run.
fn warnings_of_all(parts: &[Part]) -> Vec<TrainEvent> {
    let Some((first, others)) = parts.split_first() else { return Vec::new() };
    let is_of_all = |message: &&String| others.iter().all(|part| part.warnings.contains(message));
    let of_all = first.warnings.iter().filter(is_of_all);
    of_all.map(|message| TrainEvent::Warning { step: 0, message: message.clone() }).collect()
}

/// The log of all folds: one run that was evaluated once.
fn write_events(
    dir: &Path,
    config: &RunConfig,
    parts: &[Part],
    folds: &[Ending],
    evaluation: &Evaluation,
) -> Result<(), TrainError> {
    let step = folds.iter().map(|fold| fold.step).sum();
    let caveats: BTreeSet<String> = folds.iter().flat_map(|fold| fold.caveats.iter().cloned()).collect();
    // Every fold reads all rows, and all cut the same ones.
    let truncated = parts.iter().filter_map(Part::truncated).max().unwrap_or_default();
    let warnings = warnings_of_all(parts);
    let started = parts.iter().find_map(|part| part.started.clone()).map(|event| match event {
        TrainEvent::Started { parameters, trainable, steps_per_epoch, train_examples, .. } => TrainEvent::Started {
            config: Box::new(config.clone()),
            parameters,
            trainable,
            steps: step,
            steps_per_epoch,
            train_examples,
            eval_examples: evaluation.predictions.len(),
            truncated,
            frozen: Vec::new(),
        },
        other => other,
    });
    let (metrics, baseline) = (evaluation.metrics.clone(), evaluation.baseline.clone());
    let ending = Ending {
        reason: format!("all {} folds done", folds.len()),
        best_step: Some(step),
        metrics: metrics.clone(),
        seconds: folds.iter().map(|fold| fold.seconds).sum(),
        peak_memory_bytes: folds.iter().map(|fold| fold.peak_memory_bytes).max().unwrap_or_default(),
        step,
        caveats: caveats.into_iter().collect(),
        teacher: None,
    };
    let eval = TrainEvent::Eval { step, metrics, baseline, best: true };
    let events = started.into_iter().chain(warnings).chain([eval, TrainEvent::Finished(ending)]);
    let path = dir.join(EVENTS);
    files::write_atomically(&path, |file| {
        for event in events {
            writeln!(file, "{}", serde_json::to_string(&event)?)?;
        }
        Ok(())
    })
    .map_err(at(&path))
}

/// A row with what was said of it while it was held out.
#[derive(Serialize)]
struct Held<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Arc<str>>,
    line: usize,
    fold: usize,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<&'a str>,
    label: Value,
    prediction: Value,
    /// None of a number.
    confidence: Option<f32>,
    right: Option<bool>,
}

/// Writes the prediction of each row, in the order of the data, as JSON Lines and for spreadsheets.
fn write_held_out(dir: &Path, data: &Dataset, parts: &[Part], held_by: &[HeldBy]) -> Result<(), TrainError> {
    let right: Vec<Option<Vec<bool>>> = parts.iter().map(|part| right(&part.kept.evaluation)).collect();
    let rows = held_by.iter().enumerate().filter_map(|(example, held)| {
        let (fold, place) = (*held)?;
        let kept = &parts[fold].kept;
        let (one, (text, pair)) = (kept.evaluation.predictions.get(place)?, kept.texts.get(place)?);
        let at = data.table.at(data.examples[example].row);
        Some(Held {
            file: at.file,
            line: at.line,
            fold: fold + 1,
            text,
            pair: pair.as_deref(),
            label: words(&kept.evaluation, &one.gold, place),
            prediction: words(&kept.evaluation, &one.predicted, place),
            confidence: confidence(&kept.evaluation, one),
            right: right[fold].as_ref().and_then(|right| right.get(place).copied()),
        })
    });
    let rows: Vec<Held<'_>> = rows.collect();
    let path = dir.join(HELD_OUT_LINES);
    files::write_atomically(&path, |file| {
        for row in &rows {
            writeln!(file, "{}", serde_json::to_string(row)?)?;
        }
        Ok(())
    })
    .map_err(at(&path))?;
    write_text(&dir.join(HELD_OUT_TABLE), &files::csv::csv(&cells(&rows)))
}

/// The same as the rows of a table, below its head.
fn cells(rows: &[Held<'_>]) -> Vec<Vec<String>> {
    let has_file = rows.iter().any(|row| row.file.is_some());
    let has_pair = rows.iter().any(|row| row.pair.is_some());
    let told = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let head = [("file", has_file), ("line", true), ("fold", true), ("text", true), ("pair", has_pair)]
        .into_iter()
        .chain(["label", "prediction", "confidence", "right"].map(|name| (name, true)));
    let kept = |cells: Vec<(String, bool)>| -> Vec<String> {
        cells.into_iter().filter(|(_, is_there)| *is_there).map(|(cell, _)| cell).collect()
    };
    let mut table = vec![kept(head.map(|(name, is_there)| (name.to_owned(), is_there)).collect())];
    table.extend(rows.iter().map(|row| {
        kept(vec![
            (row.file.as_deref().unwrap_or_default().to_owned(), has_file),
            (row.line.to_string(), true),
            (row.fold.to_string(), true),
            (row.text.to_owned(), true),
            (row.pair.unwrap_or_default().to_owned(), has_pair),
            (told(&row.label), true),
            (told(&row.prediction), true),
            (row.confidence.map(|sure| sure.to_string()).unwrap_or_default(), true),
            (row.right.map(|right| right.to_string()).unwrap_or_default(), true),
        ])
    }));
    table
}

/// An outcome by its names.
fn words(evaluation: &Evaluation, outcome: &Outcome, place: usize) -> Value {
    let name = |class: usize| evaluation.labels.get(class).cloned().unwrap_or_default();
    match outcome {
        Outcome::Class(class) => json!(name(*class)),
        Outcome::Value(value) => json!(value),
        Outcome::Classes(classes) => json!(classes.iter().map(|class| name(*class)).collect::<Vec<_>>()),
        Outcome::Answers { answers } => json!(answers),
        Outcome::Entities { entities } => {
            let report = evaluation.entities.as_ref();
            let words = report.and_then(|report| report.words.get(place));
            let entity = |entity: &crate::metrics::Entity| {
                let own = words.and_then(|words| words.get(entity.start..entity.end)).unwrap_or_default();
                let class = report.and_then(|report| report.types.get(entity.class));
                json!({ "entity": class, "words": own.join(" "), "start": entity.start, "end": entity.end })
            };
            json!(entities.iter().map(entity).collect::<Vec<_>>())
        }
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> TrainError + use<> {
    let path = path.to_owned();
    move |source| TrainError::Unwritable { path: path.clone(), source }
}

fn write_text(path: &Path, text: &str) -> Result<(), TrainError> {
    files::write_atomically(path, |file| file.write_all(text.as_bytes())).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Roles;
    use crate::table::Table;
    use crate::task::Task;

    #[test]
    fn rows_without_a_prediction_are_told_with_why() {
        let row = |row: usize| format!("a text {row},{},{}\n", row % 2, ["train", "dev", "test", "unsup"][row % 4]);
        let text = format!("text,label,split\n{}", (0..12).map(row).collect::<String>());
        let table = Arc::new(Table::from_bytes("a.csv".as_ref(), text.into_bytes()).unwrap());
        let read = |split: Option<&str>| {
            let roles = Roles {
                text: Some("text".into()),
                label: Some("label".into()),
                split: split.map(Into::into),
                ..Roles::default()
            };
            Dataset::new(table.clone(), Task::Classify, &roles, None).unwrap()
        };
        let mut held_by: Vec<HeldBy> = (0..12).map(|row| (row % 4 < 2).then_some((0, row))).collect();
        held_by[0] = None;
        let words = missing_words(&read(Some("split")), &held_by, false);
        assert_eq!(
            words,
            [
                "3 labelled rows of test, as the column \"split\" says, have no prediction: no fold has them",
                "3 labelled rows of no part, as the column \"split\" says, have no prediction: no fold has them",
                "1 other labelled row has no prediction, as nothing of it is read",
            ]
        );
        let words = missing_words(&read(Some("")), &held_by, true);
        let long = "7 labelled rows have no prediction, as what is longer than the limit is left out, or nothing of them \
                    is read";
        assert_eq!(words, [long]);
        assert_eq!(missing_words(&read(None), &[Some((0, 0)); 12], false), [""; 0]);
    }
}
