//! The kinds of [work](super::work) that there are, a file for what belongs together.

pub mod compare;
pub mod export;
pub mod runs;
