//! A model over a file, and a run's folder opened again.

use std::path::Path;
use std::sync::Arc;

use super::job::{Ended, Job};
use crate::data::Roles;
use crate::metrics::judged_at;
use crate::model::{Decisions, Precision};
use crate::table::Inputs;
use crate::train::assess::{Assessed, Assessment, assess, assess_held_out};
use crate::train::event::{TrainEvent, first_warnings};
use crate::train::kept::KeptEvaluation;
use crate::train::opened::is_of_a_new_head;
use crate::train::run;
use crate::words::plural;
use crate::worker::protocol::{EvaluatedData, EvaluatedOn, OpenedRun, Payload};
use crate::worker::work::Failure;

pub fn evaluate(
    job: &Job<'_>,
    (dir, precision): (&Path, Precision),
    inputs: &Inputs,
    roles: &Roles,
) -> Result<Ended, Failure> {
    let (model, data, roles) = (dir.to_owned(), inputs.clone(), roles.clone());
    let what = Assessed { model, data, roles, precision, ..Assessed::default() };
    let assessment = assess(&what, &mut |what, done, total| job.progress(what, done, total))?;
    let Some(assessment) = assessment else { return Ok(Ended::Stopped) };
    let (texts, told) = (assessment.texts(), assessment.warnings());
    let Assessment { evaluation, decisions, .. } = assessment;
    let on = Some(EvaluatedOn { data: inputs.clone(), is_part: false, is_held_out: false, folds: 0 });
    let data = EvaluatedData { model: dir.to_owned(), on, evaluation, decisions, precision, texts, told };
    job.payload(Payload::Evaluation(Arc::new(data)));
    Ok(Ended::Done)
}

/// A run's model, or a state of its course, over the rows that the run held out.
pub fn evaluate_held_out(job: &Job<'_>, (dir, precision): (&Path, Precision)) -> Result<Ended, Failure> {
    let mut on_progress = |what: &str, done, total| job.progress(what, done, total);
    let Some((assessment, config)) = assess_held_out(dir, precision, &mut on_progress)? else {
        return Ok(Ended::Stopped);
    };
    let (texts, told) = (assessment.texts(), assessment.warnings());
    let is_part = config.data.eval.is_none();
    let data = config.data.eval.unwrap_or(config.data.train);
    let on = Some(EvaluatedOn { data, is_part, is_held_out: true, folds: 0 });
    let Assessment { evaluation, decisions, .. } = assessment;
    let data = EvaluatedData { model: dir.to_owned(), on, evaluation, decisions, precision, texts, told };
    job.payload(Payload::Evaluation(Arc::new(data)));
    Ok(Ended::Done)
}

/// Writes what is decided; an evaluation of several labels is judged anew by it.
pub fn keep_decisions(
    job: &Job<'_>,
    dir: &Path,
    decisions: Decisions,
    shown: Option<&EvaluatedData>,
) -> Result<Ended, Failure> {
    decisions.write(dir)?;
    if let Some(shown) = shown {
        job.payload(Payload::Evaluation(Arc::new(decided(shown.clone(), decisions))));
    }
    Ok(Ended::Done)
}

fn decided(data: EvaluatedData, decisions: Decisions) -> EvaluatedData {
    let thresholds = decisions.thresholds(&data.evaluation.labels);
    EvaluatedData { evaluation: judged_at(&data.evaluation, &thresholds), decisions, ..data }
}

/// Texts of a run that were cut, where that is the event that tells it.
fn cut_in_run(event: &TrainEvent, max_tokens: usize) -> Option<String> {
    let TrainEvent::Started { truncated, .. } = event else { return None };
    let texts = plural(*truncated, "text of the run was", "texts of the run were");
    (*truncated > 0).then(|| format!("{texts} cut at {max_tokens} tokens"))
}

pub fn open_run(job: &Job<'_>, dir: &Path) -> Result<Ended, Failure> {
    let run = run::read(dir)?;
    let model = dir.join("model");
    let decisions = Decisions::read(&model)?;
    let choice = &run.config.data;
    let data = choice.eval.clone().unwrap_or_else(|| choice.train.clone());
    let (is_part, folds) = (choice.eval.is_none(), run.config.run.folds);
    let on = Some(EvaluatedOn { data, is_part, is_held_out: true, folds });
    let evaluation = run.evaluation.map(|kept| {
        let KeptEvaluation { evaluation, texts, .. } = Arc::unwrap_or_clone(kept);
        let (precision, undecided) = (Precision::F32, Decisions::default());
        let told = run.events.iter().find_map(|event| cut_in_run(event, run.config.data.max_tokens));
        // What is true of the beginning alone says nothing of the trained model.
        let is_new = |message: &String| !evaluation.notes.contains(message) && !is_of_a_new_head(message);
        let told = told.into_iter().chain(first_warnings(&run.events).into_iter().filter(is_new)).collect();
        let kept = EvaluatedData { model, on, evaluation, decisions: undecided, precision, texts, told };
        Arc::new(decided(kept, decisions))
    });
    let mut events = run.events;
    let step = run.summary.step;
    events.extend(run.problems.into_iter().map(|message| TrainEvent::Warning { step, message }));
    let opened = OpenedRun { summary: run.summary, config: run.config, events, evaluation };
    job.payload(Payload::Run(Arc::new(opened)));
    Ok(Ended::Done)
}
