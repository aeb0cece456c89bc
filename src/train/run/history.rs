//! The history of a run in bounded memory, for curves that lie over those of other runs: however long it was, of its
//! losses there are at most so many means of as many steps each.

use std::collections::BTreeMap;
use std::path::Path;

use super::log::{Line, each};
use crate::train::TrainError;
use crate::train::event::{Step, TrainEvent};

/// Means that are kept before every two are made one.
const MOST: usize = 2048;

/// A value of a run, and when it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub step: f64,
    /// Of training, evaluations and pauses left out.
    pub seconds: f64,
    pub value: f64,
}

/// The evaluation whose weights are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub step: u64,
    pub metrics: BTreeMap<String, f64>,
}

/// What a run has told, folded.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    loss: Vec<Point>,
    /// Steps in a mean, and those in the last one so far.
    stride: u32,
    filled: u32,
    /// Every metric of the evaluations, by key.
    pub metrics: BTreeMap<String, Vec<Point>>,
    pub best: Option<Kept>,
    pub train_examples: usize,
    pub eval_examples: usize,
    pub step: u64,
    seconds: f64,
}

impl Default for History {
    fn default() -> Self {
        Self {
            loss: Vec::new(),
            stride: 1,
            filled: 1,
            metrics: BTreeMap::new(),
            best: None,
            train_examples: 0,
            eval_examples: 0,
            step: 0,
            seconds: 0.0,
        }
    }
}

impl History {
    /// Of a run's folder. A log that is damaged tells what can be read of it.
    pub(super) fn read(dir: &Path) -> Result<Self, TrainError> {
        let mut history = Self::default();
        each(dir, |line| {
            if let Line::Event(event) = line {
                history.add(&event);
            }
        })?;
        Ok(history)
    }

    pub fn add(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Started { train_examples, eval_examples, .. } => {
                (self.train_examples, self.eval_examples) = (*train_examples, *eval_examples);
            }
            TrainEvent::Step(step) => self.add_step(step),
            TrainEvent::Eval { step, metrics, best, .. } => {
                let (at, seconds) = (*step as f64, self.seconds);
                for (key, value) in metrics {
                    self.metrics.entry(key.clone()).or_default().push(Point { step: at, seconds, value: *value });
                }
                if *best {
                    self.best = Some(Kept { step: *step, metrics: metrics.clone() });
                }
            }
            _ => {}
        }
        self.step = self.step.max(event.step());
    }

    /// Means of the losses, the last one of the steps so far.
    pub fn loss(&self) -> &[Point] {
        &self.loss
    }

    /// The value of a metric at the kept evaluation; without one, at the last.
    pub fn result(&self, key: &str) -> Option<f64> {
        let kept = self.best.as_ref().and_then(|best| best.metrics.get(key)).copied();
        kept.or_else(|| self.last(key))
    }

    /// The value of a metric at the last evaluation.
    pub fn last(&self, key: &str) -> Option<f64> {
        self.metrics.get(key).and_then(|points| points.last()).map(|point| point.value)
    }

    fn add_step(&mut self, step: &Step) {
        // Where not every step is told, those in between took as long.
        let told = step.step.saturating_sub(self.step).max(1) as f64;
        self.seconds += told * step.tokens as f64 / step.tokens_per_sec.max(1.0);
        if !step.loss.is_finite() {
            return;
        }
        let point = Point { step: step.step as f64, seconds: self.seconds, value: step.loss };
        if self.filled < self.stride
            && let Some(last) = self.loss.last_mut()
        {
            self.filled += 1;
            let value = last.value + (point.value - last.value) / f64::from(self.filled);
            *last = Point { value, ..point };
            return;
        }
        if self.loss.len() == MOST {
            self.halve();
        }
        self.loss.push(point);
        self.filled = 1;
    }

    /// Makes one of every two means, which are of as many steps.
    fn halve(&mut self) {
        let mean = |pair: &[Point]| {
            let value = pair.iter().map(|point| point.value).sum::<f64>() / pair.len() as f64;
            Point { value, ..pair.last().copied().unwrap_or_default() }
        };
        self.loss = self.loss.chunks(2).map(mean).collect();
        self.stride *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64, loss: f64) -> TrainEvent {
        TrainEvent::Step(Step {
            step,
            epoch: 0.0,
            loss,
            parts: BTreeMap::new(),
            lr: 1e-5,
            lrs: BTreeMap::new(),
            grad_norm: 1.0,
            tokens: 20,
            tokens_per_sec: 10.0,
            skipped: false,
        })
    }

    #[test]
    fn a_long_run_is_kept_as_means_of_equally_many_steps() {
        let mut history = History::default();
        let steps = 3 * MOST as u64;
        (1..=steps).for_each(|number| history.add(&step(number, number as f64)));
        assert!(history.loss().len() <= MOST);
        assert_eq!(history.loss()[0], Point { step: 4.0, seconds: 8.0, value: 2.5 });
        let last = history.loss().last().unwrap();
        assert_eq!(*last, Point { step: steps as f64, seconds: 2.0 * steps as f64, value: steps as f64 - 1.5 });
    }

    #[test]
    fn steps_that_are_not_told_take_time_and_a_loss_that_is_none_leaves_no_mark() {
        let mut history = History::default();
        for event in &[step(1, 1.0), step(11, f64::NAN), step(21, 3.0)] {
            history.add(event);
        }
        let seconds: Vec<f64> = history.loss().iter().map(|point| point.seconds).collect();
        assert_eq!(seconds, [2.0, 42.0]);
    }
}
