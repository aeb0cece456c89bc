//! `trainer_state.json`: what transformers' Trainer leaves beside a model of how it was trained, from the events of a run.
//!
//! The keys are those of `TrainerState` in transformers 4.57. Evaluations are told as the Trainer tells them, each metric
//! with `eval_` before it. A number that is none is null.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::ExportError;
use crate::files::write_atomically;
use crate::train::config::Every;
use crate::train::event::{Step, TrainEvent};
use crate::train::run::ReadRun;

pub const FILE: &str = "trainer_state.json";

/// Writes what the run told into the folder of its model.
pub fn write(run: &ReadRun, to: &Path) -> Result<(), ExportError> {
    let path = to.join(FILE);
    let text = format!("{:#}\n", state(run));
    let written = write_atomically(&path, |file| file.write_all(text.as_bytes()));
    written.map_err(|source| ExportError::Write { path, source })
}

fn state(run: &ReadRun) -> Value {
    let (mut steps, mut each_epoch) = (run.summary.steps, 0);
    let mut best = None;
    for event in &run.events {
        match event {
            TrainEvent::Started { steps: all, steps_per_epoch, .. } => (steps, each_epoch) = (*all, *steps_per_epoch),
            TrainEvent::Eval { step, metrics, best: true, .. } => best = Some((*step, metrics)),
            _ => {}
        }
    }
    let settings = &run.config.run;
    let log = log(run, each_epoch);
    json!({
        "best_global_step": best.map(|(step, _)| step),
        "best_metric": best.and_then(|(_, metrics)| metrics.get(&settings.keep_best)),
        "best_model_checkpoint": null,
        "epoch": epoch(run.summary.step, each_epoch),
        "eval_steps": match settings.eval_every {
            Every::Epoch => each_epoch,
            Every::Steps(steps) => steps,
        },
        "global_step": run.summary.step,
        "is_hyper_param_search": false,
        "is_local_process_zero": true,
        "is_world_process_zero": true,
        "log_history": log,
        "logging_steps": settings.log_every,
        "max_steps": steps,
        "num_input_tokens_seen": 0,
        // A whole number in the Trainer's.
        "num_train_epochs": epoch(steps, each_epoch).map(f64::ceil).map(|epochs| epochs as u64),
        "save_steps": 500,
        "stateful_callbacks": {},
        "total_flos": 0.0,
        "train_batch_size": settings.batch,
        "trial_name": null,
        "trial_params": null,
    })
}

/// How many passes over the data so many updates are.
fn epoch(step: u64, each_epoch: u64) -> Option<f64> {
    (each_epoch > 0).then(|| step as f64 / each_epoch as f64)
}

/// Losses and evaluations in their order, and at the end what training took.
fn log(run: &ReadRun, each_epoch: u64) -> Vec<Value> {
    let (mut log, mut losses) = (Vec::new(), Vec::new());
    for event in &run.events {
        match event {
            TrainEvent::Step(Step { step, epoch, loss, lr, grad_norm, .. }) => {
                losses.extend(loss.is_finite().then_some(*loss));
                log.push(json!({
                    "epoch": epoch, "grad_norm": grad_norm, "learning_rate": lr, "loss": loss, "step": step,
                }));
            }
            TrainEvent::Eval { step, metrics, .. } => {
                let told = metrics.iter().map(|(key, value)| (named(key), json!(value)));
                let mut entry: Map<String, Value> = told.collect();
                entry.insert("epoch".into(), json!(epoch(*step, each_epoch)));
                entry.insert("step".into(), json!(step));
                log.push(Value::Object(entry));
            }
            TrainEvent::Finished(ending) | TrainEvent::Stopped(ending) => log.push(json!({
                "epoch": epoch(ending.step, each_epoch),
                "step": ending.step,
                "train_loss": losses.iter().sum::<f64>() / losses.len() as f64,
                "train_runtime": ending.seconds,
            })),
            _ => {}
        }
    }
    log
}

/// A metric of an evaluation as the Trainer calls it.
fn named(key: &str) -> String {
    if key.starts_with("eval_") { key.to_owned() } else { format!("eval_{key}") }
}
