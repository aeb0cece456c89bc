//! The evaluation that is kept with a run, and the texts it speaks of.

use serde::{Deserialize, Serialize};

use super::Prepared;
use crate::data::Dataset;
use crate::metrics::Evaluation;

/// The evaluation kept with a run, with the texts it speaks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvaluation {
    pub step: u64,
    pub evaluation: Evaluation,
    /// First text and pair of every evaluated example, in the order of the predictions.
    pub texts: Vec<(String, Option<String>)>,
}

impl KeptEvaluation {
    pub fn of(data: &Prepared, step: u64, evaluation: &Evaluation) -> Self {
        match data.eval_data.as_deref() {
            Some(data) => Self::of_data(data, step, evaluation),
            None => Self { step, evaluation: evaluation.clone(), texts: Vec::new() },
        }
    }

    /// Of the rows of a data set.
    pub fn of_data(data: &Dataset, step: u64, evaluation: &Evaluation) -> Self {
        Self { step, evaluation: evaluation.clone(), texts: texts(data, evaluation) }
    }
}

/// The texts of an evaluation's predictions.
pub fn texts(data: &Dataset, evaluation: &Evaluation) -> Vec<(String, Option<String>)> {
    let text = |example: usize| (data.readable(example).into_owned(), data.pair(example).map(str::to_owned));
    evaluation.predictions.iter().map(|one| text(one.example)).collect()
}
