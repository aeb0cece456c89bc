//! What is looked at before the first step: whether memory and disk are enough for the run.

use super::config::RunConfig;
use super::plan::{self, PlanSummary};
use super::{Prepared, TrainError, memory};
use crate::files::folder_bytes;
use crate::model::Model;
use crate::task::Task;

/// A weight on the disk.
const WEIGHT: u64 = 4;
/// A trained weight in a checkpoint: the weight, its two moments, and the best so far.
const CHECKPOINTED: u64 = 16;
/// Checkpoints that a folder has at once: the newest and one more.
const CHECKPOINTS: u64 = 2;

/// Estimates the run. What is tight is added to the warnings; a disk that cannot hold what the run writes is refused.
pub fn preflight(
    config: &RunConfig,
    goes_on: bool,
    data: &mut Prepared,
    model: &Model,
) -> Result<PlanSummary, TrainError> {
    let mut plan = plan::of_prepared(config, data, model)?;
    // Model and data are in memory already, and part of the estimate.
    plan.memory.available += memory::resident();
    let (needed, free) = (plan.memory.total(), plan.memory.available);
    if needed > free {
        data.warnings.push(format!(
            "the run needs about {} of memory, and {} are free; make data.max_tokens or run.micro_batch smaller, or freeze \
             more of the model",
            size(needed),
            size(free)
        ));
    }
    let there = if goes_on { folder_bytes(&config.run.out) } else { 0 };
    let disk = Disk::of(config, &plan);
    if let Some(free) = memory::free_disk(&config.run.out) {
        disk.check(config, free + there)?;
    }
    Ok(plan)
}

/// Bytes that a run writes.
struct Disk {
    model: u64,
    /// One of them; 0 where none is written.
    checkpoint: u64,
}

impl Disk {
    fn of(config: &RunConfig, plan: &PlanSummary) -> Self {
        // A generator that is trained along has at most the weights of the model.
        let models = if config.task == Task::Rtd { 2 } else { 1 };
        let checkpoint = if config.run.checkpoint_minutes > 0.0 { CHECKPOINTED * plan.trainable * models } else { 0 };
        Self { model: WEIGHT * plan.parameters * models, checkpoint }
    }

    fn check(&self, config: &RunConfig, free: u64) -> Result<(), TrainError> {
        let needed = self.model + CHECKPOINTS * self.checkpoint;
        if needed <= free {
            return Ok(());
        }
        let advice = if self.checkpoint > 0 && self.model <= free {
            ", or do without checkpoints by run.checkpoint_minutes = 0"
        } else {
            ""
        };
        Err(TrainError::NoRoomOnDisk {
            path: config.run.out.clone(),
            free: size(free),
            needed: size(needed),
            model: size(self.model),
            checkpoint: size(self.checkpoint),
            advice,
        })
    }
}

/// Bytes as a person reads them.
fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes >= 1e9 { format!("{:.1} GB", bytes / 1e9) } else { format!("{:.1} MB", bytes / 1e6) }
}
