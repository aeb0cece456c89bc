//! What is looked at before the first step: whether memory and disk are enough for the run, and its probes can be asked.

use super::companion::Expected;
use super::config::{RunConfig, RunOptions, ScheduleKind};
use super::plan::{self, PlanSummary};
use super::schedule::warmup_steps;
use super::{Prepared, TrainError, companions, orders, precision, probes};
use crate::files::{folder_bytes, free_disk};
use crate::memory;
use crate::model::Model;
use crate::words::{noun, plural};

/// A weight on the disk.
const WEIGHT: u64 = 4;
/// A trained weight in a checkpoint: the weight, its two moments, and the best so far.
const CHECKPOINTED: u64 = 16;
/// Checkpoints that a folder has at once: the newest and one more.
const CHECKPOINTS: u64 = 2;

/// Asks whether the probes can be asked, and estimates the run. What is tight is added to the warnings; a disk that cannot hold what the run writes is refused.
pub fn preflight(
    config: &RunConfig,
    goes_on: bool,
    data: &mut Prepared,
    model: &Model,
) -> Result<PlanSummary, TrainError> {
    precision::check(config)?;
    precision::check_model(config, model)?;
    probes::check(config, model, data)?;
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
    data.warnings.extend(orders::beyond(config, plan.steps));
    data.warnings.extend(never_at_peak(config, plan.steps));
    data.warnings.extend(without_judge(config, data));
    let there = if goes_on { folder_bytes(&config.run.out) } else { 0 };
    let disk = Disk::of(config, &plan, companions::expected(config, &model.config)?.as_ref());
    match free_disk(&config.run.out).and_then(|free| disk.lacks(free + there)) {
        Some(reason) => Err(TrainError::NoRoomOnDisk { path: config.run.out.clone(), reason }),
        None => Ok(plan),
    }
}

/// A warm-up that does not end before the run does.
fn never_at_peak(config: &RunConfig, steps: u64) -> Option<String> {
    let warmup = warmup_steps(config.optim.warmup, steps);
    if warmup < steps || !config.strategy.fit.has_rate() || config.optim.schedule == ScheduleKind::OneCycle {
        return None;
    }
    let run = plural(steps as usize, "step", "steps");
    Some(if steps == 1 {
        "the one step of the run is its warm-up, at a rate of 0: nothing is learned; set optim.warmup = 0".to_owned()
    } else {
        format!(
            "the warm-up is {warmup} of the {run} of the run, which so never comes to its rate; make optim.warmup less"
        )
    })
}

/// What would judge the weights, where nothing is held out to judge them by.
fn without_judge(config: &RunConfig, data: &Prepared) -> Option<String> {
    let standard = RunOptions::default();
    if !data.eval.is_empty() || config.data.fold.is_some() {
        return None;
    }
    let keys =
        [("run.patience", config.run.patience > 0), ("run.keep_best", config.run.keep_best != standard.keep_best)];
    let set: Vec<&str> = keys.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect();
    let verb = noun(set.len(), "is", "are");
    (!set.is_empty()).then(|| format!("{} {verb} not used, as no rows are held out", set.join(" and ")))
}

/// Bytes that a run writes.
struct Disk {
    model: u64,
    /// One of them; 0 where none is written.
    checkpoint: u64,
    /// States that are kept to look back at.
    states: u64,
}

impl Disk {
    fn of(config: &RunConfig, plan: &PlanSummary, companion: Option<&Expected>) -> Self {
        let (kept, trained) = companion.map_or((0, 0), |companion| (companion.kept, companion.trained));
        let is_written = config.run.checkpoint_minutes > 0.0;
        let checkpoint = if is_written { CHECKPOINTED * (plan.trainable + trained) } else { 0 };
        let states = plan.kept_states(config).map_or(0, |states| states.all);
        Self { model: WEIGHT * (plan.parameters + kept), checkpoint, states }
    }

    /// What is wrong with so many free bytes, if they are too few.
    fn lacks(&self, free: u64) -> Option<String> {
        let needed = self.model + CHECKPOINTS * self.checkpoint + self.states;
        if needed <= free {
            return None;
        }
        let (free_size, needed, model) = (size(free), size(needed), size(self.model));
        let of_checkpoints = match self.checkpoint {
            0 => String::new(),
            checkpoint => format!(" and {} for each of two checkpoints", size(checkpoint)),
        };
        let of_states = match self.states {
            0 => String::new(),
            states => format!(", with {} for the states that run.keep_checkpoints asks for", size(states)),
        };
        let advice = if self.checkpoint > 0 && self.model <= free {
            ", or do without checkpoints by run.checkpoint_minutes = 0"
        } else {
            ""
        };
        Some(format!(
            "has {free_size} free, and the run may need {needed}: {model} for the model{of_checkpoints}{of_states}; make room, or choose \
             another [run] out{advice}"
        ))
    }
}

/// Bytes as a person reads them.
fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    if bytes >= 1e9 { format!("{:.1} GB", bytes / 1e9) } else { format!("{:.1} MB", bytes / 1e6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_is_never_reached_is_told() {
        let told = |warmup: &str, steps: u64| {
            let text =
                format!("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a\"\n[optim]\n{warmup}\n");
            never_at_peak(&toml::from_str(&text).unwrap(), steps)
        };
        assert!(told("warmup = 50", 3).unwrap().contains("50 of the 3 steps"));
        assert!(told("warmup = 0.06", 1).unwrap().contains("nothing is learned"));
        for (warmup, steps) in [("warmup = 2", 3), ("warmup = 0.06", 2), ("warmup = 0", 1)] {
            assert_eq!(told(warmup, steps), None, "{warmup}");
        }
        assert_eq!(told("warmup = 9\nschedule = \"one_cycle\"", 3), None);
    }

    #[test]
    fn a_disk_that_is_too_small_is_told_with_its_numbers() {
        let disk = Disk { model: 400_000_000, checkpoint: 1_600_000_000, states: 0 };
        assert_eq!(disk.lacks(3_600_000_000), None);
        let told = disk.lacks(3_599_999_999).unwrap();
        for part in
            ["has 3.6 GB free", "may need 3.6 GB", "400.0 MB for the model", "1.6 GB for each of two", "minutes = 0"]
        {
            assert!(told.contains(part), "{told}");
        }
        assert!(!disk.lacks(1_000).unwrap().contains("minutes"), "the model alone has no room");
        let alone = Disk { model: 400_000_000, checkpoint: 0, states: 0 }.lacks(0).unwrap();
        assert!(alone.contains("400.0 MB for the model; make room") && !alone.contains("minutes"), "{alone}");
    }

    #[test]
    fn the_free_space_of_a_folder_that_is_not_there_yet_is_that_of_its_disk() {
        let folder = tempfile::tempdir().unwrap();
        let free = free_disk(folder.path());
        let later = free_disk(&folder.path().join("runs/first"));
        assert_eq!(free.is_some(), later.is_some());
        if let (Some(free), Some(later)) = (free, later) {
            assert!(free.abs_diff(later) < free / 2 + 1_000_000_000, "{free} and {later}");
        }
    }
}
