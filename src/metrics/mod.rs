//! Predictions and labels → numbers, with the unit and direction of each. All sums are in `f64`, in the order of the
//! examples.

mod anatomy;
mod answers;
pub mod bootstrap;
mod calibration;
mod classification;
mod contest;
mod entities;
mod evaluation;
mod masked;
mod measure;
mod merged;
mod numbers;
mod regression;
mod reports;
mod rows;
mod squad;
mod standing;
mod tally;
mod thresholds;

pub use answers::{AnsweredQuestion, ThresholdPoint, evaluate_answers, threshold_curve};
pub use bootstrap::{Interval, Intervals, difference, intervals};
pub use calibration::{Calibration, FEWEST, Reliability, ReliabilityBin, calibration};
pub use classification::{
    Answers, confusion, evaluate_classes, evaluate_multilabel, evaluate_multilabel_at, judged_at,
};
pub use contest::{Basis, Contest};
pub use entities::{EntityCounter, TaggedSentence, evaluate_entities};
pub use evaluation::{ClassScore, Evaluation, Outcome, Prediction};
pub use masked::{MaskedTally, ReplacedTally, TokenTally, evaluate_masked, evaluate_replaced};
pub use measure::Measure;
pub use merged::{confidence, merged, right};
pub use regression::{evaluate_values, pearson, ranks};
pub use reports::{
    AnswerReport, CandidateAnswer, Entity, EntityError, EntityErrorKind, EntityReport, ErrorCounts, JudgedQuestion,
    MaskedReport, MaskedWord,
};
pub use rows::{Rows, why_none};
pub use squad::normalized;
pub use standing::Standing;
pub use tally::{Tally, best_class};
pub use thresholds::{LabelScores, best_thresholds, label_scores};
