//! The kinds of [work](super::work) that there are, a file for what belongs together.

pub mod compare;
pub mod probe;
pub mod map;
pub mod drift;
pub mod rate;
pub mod runs;
