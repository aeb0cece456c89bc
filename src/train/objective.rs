//! What a task asks of a batch: the loss in training, and scores with the loss of each example in evaluation.

use candle_core::Tensor;

use super::TrainError;
use super::config::{ClassWeights, RunConfig};
use super::loss::{self, CrossEntropy};
use crate::data::{Batch, Features, Target};
use crate::model::probability::{sigmoid, softmax};
use crate::model::{Input, Model, Pass};
use crate::task::Task;

/// The loss of a run.
#[derive(Clone, Debug)]
pub struct Objective {
    pub task: Task,
    pub labels: usize,
    pub entropy: CrossEntropy,
}

/// The scores of one example and its own loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Probability of each class, or the value.
    pub scores: Vec<f32>,
    pub loss: f32,
}

impl Objective {
    /// `counts` are the examples of each class, for balanced class weights.
    pub fn new(config: &RunConfig, labels: usize, counts: &[u64]) -> Self {
        let total: u64 = counts.iter().sum();
        let class_weights = match config.optim.class_weights {
            ClassWeights::None => Vec::new(),
            // A class weighs as much as all its examples together would if every class were equally frequent.
            ClassWeights::Balanced => {
                counts.iter().map(|count| total as f64 / (counts.len() as f64 * (*count).max(1) as f64)).collect()
            }
        };
        let entropy = CrossEntropy { smoothing: config.optim.label_smoothing, class_weights };
        Self { task: config.task, labels, entropy }
    }

    /// Without smoothing or weights, for evaluation.
    pub fn unweighted(task: Task, labels: usize) -> Self {
        Self { task, labels, entropy: CrossEntropy::default() }
    }

    /// What the loss of an update is divided by: its valid labels.
    pub fn denominator<'a>(&self, update: impl IntoIterator<Item = &'a Features>) -> f64 {
        update.into_iter().map(|features| self.weight(&features.target)).sum()
    }

    fn weight(&self, target: &Target) -> f64 {
        match target {
            Target::Class(class) => self.entropy.weight(*class),
            Target::Classes(_) => self.labels as f64,
            Target::Value(_) => 1.0,
            _ => 0.0,
        }
    }

    /// The batch's share of the update's loss.
    pub fn loss(&self, logits: &Tensor, targets: &[Target], denominator: f64) -> Result<Tensor, TrainError> {
        Ok(match self.task {
            Task::Classify => self.entropy.loss(logits, &classes(targets), denominator)?,
            Task::MultiLabel => loss::binary(logits, &self.cells(targets), denominator)?,
            Task::Regress => loss::squared_error(logits, &values(targets), denominator)?,
            task => return Err(TrainError::TaskNotTrained { task }),
        })
    }

    /// Every labelled class of every example as a cell.
    fn cells(&self, targets: &[Target]) -> Vec<Option<f32>> {
        let mut cells = Vec::with_capacity(targets.len() * self.labels);
        for target in targets {
            match target {
                Target::Classes(present) => {
                    cells.extend(
                        (0..self.labels as u32).map(|label| Some(f32::from(u8::from(present.contains(&label))))),
                    );
                }
                _ => cells.extend(std::iter::repeat_n(None, self.labels)),
            }
        }
        cells
    }

    /// Scores and losses of a batch, without a graph.
    pub fn score(&self, model: &Model, batch: Batch) -> Result<Vec<Scored>, TrainError> {
        let targets = batch.targets.clone();
        let input = input(batch);
        let logits = model.run(self.task, &input, &Pass::default())?;
        self.scored(&logits, &targets)
    }

    /// Scores and losses from logits: (examples, outputs).
    pub fn scored(&self, logits: &Tensor, targets: &[Target]) -> Result<Vec<Scored>, TrainError> {
        let rows: Vec<Vec<f32>> = logits.to_vec2()?;
        Ok(rows.iter().zip(targets).map(|(row, target)| self.score_row(row, target)).collect())
    }

    fn score_row(&self, row: &[f32], target: &Target) -> Scored {
        match self.task {
            Task::Regress => {
                let loss = match target {
                    Target::Value(value) => (row[0] - value).powi(2),
                    _ => 0.0,
                };
                Scored { scores: row.to_vec(), loss }
            }
            Task::MultiLabel => {
                let scores = sigmoid(row);
                let loss = match target {
                    Target::Classes(present) => {
                        let each = row.iter().enumerate().map(|(label, logit)| {
                            let (x, y) = (f64::from(*logit), f64::from(u8::from(present.contains(&(label as u32)))));
                            x.max(0.0) - x * y + (-x.abs()).exp().ln_1p()
                        });
                        (each.sum::<f64>() / row.len() as f64) as f32
                    }
                    _ => 0.0,
                };
                Scored { scores, loss }
            }
            _ => {
                let scores = softmax(row);
                let loss = match target {
                    Target::Class(class) => cross_entropy(row, *class as usize),
                    _ => 0.0,
                };
                Scored { scores, loss }
            }
        }
    }
}

/// The batch as the model takes it.
pub fn input(batch: Batch) -> Input {
    Input { ids: batch.ids, types: batch.types, starts: batch.starts, slots: batch.slots, ..Input::default() }
}

fn classes(targets: &[Target]) -> Vec<Option<u32>> {
    let class = |target: &Target| match target {
        Target::Class(class) => Some(*class),
        _ => None,
    };
    targets.iter().map(class).collect()
}

fn values(targets: &[Target]) -> Vec<Option<f32>> {
    let value = |target: &Target| match target {
        Target::Value(value) => Some(*value),
        _ => None,
    };
    targets.iter().map(value).collect()
}

fn cross_entropy(row: &[f32], class: usize) -> f32 {
    let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = row.iter().map(|x| (f64::from(*x) - largest).exp()).sum();
    (largest + sum.ln() - f64::from(row[class])) as f32
}
