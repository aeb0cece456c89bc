//! Batches → loss → gradients → new weights.

pub mod config;
pub mod event;
pub mod plan;
pub mod run;
pub mod loss;
pub mod optimizer;
pub mod schedule;
