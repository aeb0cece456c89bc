//! A model over a file, and a run's folder opened again.

use std::path::Path;
use std::sync::Arc;

use candle_core::Device;

use super::{Ended, Failure, Job};
use crate::data::LabelSet;
use crate::data::{Dataset, Features, Roles, Table, Target, Tokenizer, features};
use crate::model::{self, Want};
use crate::task::Task;
use crate::train::TrainError;
use crate::train::evaluate::{evaluation, score_all};
use crate::train::objective::Objective;
use crate::train::prepare::fill_roles;
use crate::train::run::{self, KeptEvaluation};
use crate::worker::protocol::{EvaluatedData, OpenedRun, Payload};

pub fn evaluate(job: &Job<'_>, dir: &Path, path: &Path, roles: &Roles) -> Result<Ended, Failure> {
    let (model, _) = model::open(dir, Want::AsSaved, &Device::Cpu, 0)?;
    let task = model.config.task().filter(|task| task.is_sequence());
    let task = task.ok_or_else(|| TrainError::TaskNotTrained { task: model.config.task().unwrap_or(Task::Mlm) })?;
    let labels = LabelSet { names: model.config.labels.clone() };
    let table = Arc::new(Table::open(path)?);
    let roles = fill_roles(roles, &table, task);
    let known = (task != Task::Regress).then_some(&labels);
    let dataset = Dataset::new(table, task, &roles, known)?;
    let tokenizer = Tokenizer::open(dir)?;
    let all: Vec<usize> = (0..dataset.examples.len()).collect();
    let total = all.len() as u64;
    let limit = model.config.max_tokens();
    let read = features(&dataset, &all, &tokenizer, limit, &mut |done| job.progress("tokenizing", done as u64, total))?;
    let Some(read) = read else { return Ok(Ended::Stopped) };
    let labelled: Vec<Features> = read.into_iter().filter(|one| one.target != Target::None).collect();
    if labelled.is_empty() {
        let reason = "no row has a label that this model knows".to_owned();
        return Err(TrainError::NoExamples { path: path.to_owned(), reason }.into());
    }
    let objective = Objective::unweighted(task, labels.len().max(1));
    let scored = score_all(&model, &objective, &labelled, None, &mut |done| {
        job.progress("evaluating", done as u64, labelled.len() as u64)
    })?;
    let Some(scored) = scored else { return Ok(Ended::Stopped) };
    let evaluation = evaluation(task, &labels, &labelled, scored);
    let texts = evaluation
        .predictions
        .iter()
        .map(|one| (dataset.text(one.example).to_owned(), dataset.pair(one.example).map(str::to_owned)));
    let texts = texts.collect();
    job.payload(Payload::Evaluation(Arc::new(EvaluatedData { model: dir.to_owned(), evaluation, texts })));
    Ok(Ended::Done)
}

pub fn open_run(job: &Job<'_>, dir: &Path) -> Result<Ended, Failure> {
    let run = run::read(dir)?;
    let evaluation = run.evaluation.map(|kept| {
        let KeptEvaluation { evaluation, texts, .. } = Arc::unwrap_or_clone(kept);
        Arc::new(EvaluatedData { model: dir.join("model"), evaluation, texts })
    });
    let opened = OpenedRun { summary: run.summary, config: run.config, events: run.events, evaluation };
    job.payload(Payload::Run(Arc::new(opened)));
    Ok(Ended::Done)
}
