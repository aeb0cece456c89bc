//! Batches → loss → gradients → new weights.

pub mod answers;
pub mod assess;
pub mod audit;
pub mod checkpoint;
pub mod companion;
pub mod companions;
pub mod config;
mod corpus;
pub mod evaluate;
pub mod event;
pub mod examples;
pub mod fits;
pub mod generator;
pub mod groups;
pub mod kept;
pub mod limits;
pub mod loss;
pub mod objective;
pub mod open;
pub mod optimizer;
pub mod patterns;
pub mod plan;
pub mod prefix;
pub mod prepare;
pub mod prepared;
pub mod recommend;
pub mod rows;
pub mod run;
mod run_file;
pub mod schedule;
pub mod source;
pub mod steps;
pub mod strategy;

mod check;
mod error;
mod hiding;
mod outputs;
mod preflight;
mod trainer;

pub use error::TrainError;
pub use examples::Examples;
pub use preflight::preflight;
pub use prepare::{prepare, prepare_watched};
pub use prepared::Prepared;
pub use trainer::{Listener, Models, Outcome, train, train_from};
