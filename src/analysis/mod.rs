//! What is found out by looking at many texts, each through what `inspect` knows of one.

pub mod drift;

mod heads;

pub use heads::{HeadsOf, OverTexts};
