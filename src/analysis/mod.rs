//! What is found out by looking at many texts, each through what `inspect` knows of one.

pub mod pooled;
pub mod probe;
pub mod map;
pub mod drift;

mod heads;

pub use heads::{HeadsOf, OverTexts};
