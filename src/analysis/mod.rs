//! What is found out by looking at many texts, each through what `inspect` knows of one.

pub mod drift;
pub mod map;
pub mod nearest;
pub mod points;
pub mod pooled;
pub mod probe;
pub mod sample;
pub mod switchboard;
pub mod training_set;
pub mod words;

mod heads;

pub use heads::{HeadsOf, OverTexts};
