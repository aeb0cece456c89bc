//! Attune: fine-tune pretrained encoder language models and look inside them.
//!
//! The modules stand in the order the data flows: files, dataset, features, batches, encoder, head, loss, optimizer,
//! events, window. ARCHITECTURE.md is the map.

mod guard;
pub mod memory;
mod protobuf;
pub mod random;
pub mod samples;
pub mod signals;
pub mod stop;
pub mod task;
pub mod words;

pub mod files;
pub mod table;

pub mod data;
pub mod text;

pub mod corpus;
pub mod hub;
pub mod metrics;
pub mod model;

pub mod analysis;
pub mod inspect;
pub mod json;
pub mod train;

pub mod batch;
pub mod bench;
pub mod export;
pub mod serve;
pub mod sweep;

pub mod recipes;

pub mod worker;

pub mod cli;
pub mod ui;
