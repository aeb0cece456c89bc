//! When a run is saved, and how it goes on from a checkpoint.
//!
//! Weights and moments change only inside an update, so what is saved between two micro-batches is the run as it was
//! after the last whole update.

use std::time::{Duration, Instant};

use super::Trainer;
use crate::memory;
use crate::metrics::Evaluation;
use crate::train::checkpoint::{Best, Checkpoint, DataSums, Progress, ReadBest, Snapshot, Told, Weights};
use crate::train::config::RunConfig;
use crate::train::event::TrainEvent;
use crate::train::{TrainError, steps};

/// An evaluation is followed by a checkpoint where writing one takes less than this share of the time since the last.
const CHEAP: f64 = 0.05;
/// Bytes a second that a disk is trusted to write before it was measured.
const DISK: f64 = 300e6;
/// Weight, two moments, and the weight when it was best.
const BYTES_PER_WEIGHT: f64 = 16.0;

/// When the run was saved, and how long that took.
pub(super) struct Saving {
    /// `None` never saves.
    every: Option<Duration>,
    last: Instant,
    cost: Option<Duration>,
    /// The step of the last checkpoint that was written.
    step: u64,
    /// The sums of the data, once they were asked for.
    sums: Option<DataSums>,
    /// Seconds and memory of the run before it went on.
    seconds: f64,
    peak_memory: u64,
}

impl Saving {
    pub(super) fn new(config: &RunConfig) -> Self {
        let minutes = config.run.checkpoint_minutes;
        Self {
            every: Duration::try_from_secs_f64(minutes * 60.0).ok().filter(|_| minutes > 0.0),
            last: Instant::now(),
            cost: None,
            step: 0,
            sums: None,
            seconds: 0.0,
            peak_memory: 0,
        }
    }
}

impl Trainer<'_> {
    /// Puts everything back as it was.
    pub(super) fn go_on_from(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let sums = self.sums()?;
        let companion = self.companion.as_ref().map(|companion| (companion.name(), companion.sum()));
        checkpoint.check(self.data, &sums, self.model, companion)?;
        checkpoint.restore(&mut self.optimizer)?;
        let best = checkpoint.best(&self.params)?;
        let progress = checkpoint.progress();
        self.thaw_to(progress.thawed)?;
        let epoch_of = |step| steps::epoch_of(self.config, &self.lengths, step);
        self.orders.go_on_from(&progress.orders, epoch_of);
        self.take_rates();
        self.step = progress.step;
        self.probed_at = Some(progress.step);
        self.audited = progress.audited;
        self.not_finite = progress.not_finite;
        self.without_gain = progress.without_gain;
        self.evaluated_at = progress.evaluated_at;
        self.saving.step = progress.step;
        self.saving.seconds = progress.seconds;
        self.saving.peak_memory = progress.peak_memory_bytes;
        for (path, reason) in &checkpoint.damaged {
            let path = path.display();
            let message =
                format!("the checkpoint {path} is damaged ({reason}); the run resumes from the one before it");
            self.listener.hear(TrainEvent::Warning { step: self.step, message });
        }
        self.best = best.map(|best| self.found(best)).transpose()?;
        self.listener.hear(TrainEvent::Resumed { step: progress.step, seconds: progress.seconds });
        // Weights that were kept after the checkpoint are computed again; until then the folder has those that the log
        // tells of.
        self.keep_if_missing();
        Ok(())
    }

    /// The best weights of a checkpoint with what is told of them, which is found out again where it was damaged.
    fn found(&mut self, best: ReadBest) -> Result<Best, TrainError> {
        let ReadBest { step, value, weights, told } = best;
        let (evaluation, report) = match told {
            Told::Whole { evaluation, report } => (*evaluation, Some(report)),
            Told::Damaged(reason) => {
                let message = format!("{reason}; the best weights are evaluated again");
                self.listener.hear(TrainEvent::Warning { step: self.step, message });
                (self.judge_again(&weights)?, None)
            }
        };
        Ok(Best { step, value, weights, evaluation, report })
    }

    fn judge_again(&mut self, weights: &Weights) -> Result<Evaluation, TrainError> {
        let now = self.snapshot()?;
        self.restore(weights)?;
        // A stop is heeded as soon as the run goes on.
        let judged = self.judge(false)?;
        self.restore(&now)?;
        Ok(judged.unwrap_or_else(|| Evaluation::empty(self.config.task)))
    }

    pub(super) fn save_if_due(&mut self) {
        let since = self.saving.last.elapsed();
        let just_evaluated = self.step > 0 && self.evaluated_at == Some(self.step);
        if self.saving.every.is_some_and(|every| since >= every || just_evaluated && self.is_cheap(since)) {
            self.save();
        }
    }

    fn is_cheap(&self, since: Duration) -> bool {
        let guess = || self.params.trainable_count() as f64 * BYTES_PER_WEIGHT / DISK;
        let cost = self.saving.cost.map_or_else(guess, |cost| cost.as_secs_f64());
        cost <= CHEAP * since.as_secs_f64()
    }

    /// Writes a checkpoint, unless this step has one or there is nothing to lose yet.
    pub(super) fn save(&mut self) {
        if self.saving.every.is_some() {
            self.save_now();
        }
    }

    /// The same of a run that is not saved by itself.
    pub(super) fn save_now(&mut self) {
        if self.saving.step == self.step {
            return;
        }
        let begun = Instant::now();
        self.keep_if_missing();
        let sums = match self.sums() {
            Ok(sums) => sums,
            Err(error) => {
                let message = format!("could not write a checkpoint: {error}");
                self.listener.hear(TrainEvent::Warning { step: self.step, message });
                return;
            }
        };
        let snapshot = Snapshot {
            progress: Progress {
                step: self.step,
                audited: self.audited,
                not_finite: self.not_finite,
                without_gain: self.without_gain,
                thawed: self.thawed,
                orders: self.orders.followed().clone(),
                evaluated_at: self.evaluated_at,
                seconds: self.seconds(),
                peak_memory_bytes: self.peak_memory(),
            },
            model: self.model,
            companion: self.companion.as_deref(),
            optimizer: &self.optimizer,
            best: self.best.as_ref(),
            data: self.data,
            sums: &sums,
        };
        if self.listener.checkpoint(&snapshot) {
            self.saving.step = self.step;
        }
        self.saving.last = Instant::now();
        self.saving.cost = Some(begun.elapsed());
    }

    fn sums(&mut self) -> Result<DataSums, TrainError> {
        if let Some(known) = &self.saving.sums {
            return Ok(known.clone());
        }
        let sums = DataSums::of(self.data)?;
        self.saving.sums = Some(sums.clone());
        Ok(sums)
    }

    /// Seconds the run has taken, without the time it was held.
    pub(super) fn seconds(&self) -> f64 {
        self.saving.seconds + self.started.elapsed().saturating_sub(self.held).as_secs_f64()
    }

    pub(super) fn peak_memory(&self) -> u64 {
        self.saving.peak_memory.max(memory::peak())
    }
}
