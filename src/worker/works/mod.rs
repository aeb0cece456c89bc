//! The kinds of [work](super::work) that there are, a file for what belongs together.

pub mod again;
pub mod compare;
pub mod course;
pub mod drift;
pub mod export;
pub mod map;
pub mod nearest;
pub mod predict;
pub mod probe;
pub mod rate;
pub mod recipe;
pub mod runs;
pub mod speed;
pub mod sweep;
pub mod switchboard;
pub mod teachers;
pub mod times;
pub mod unseen;
pub mod words;
