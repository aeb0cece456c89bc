//! A table → rows with a meaning: which column is what, what each row teaches, which rows are held out, and what is wrong
//! with them. Nothing here knows the format of a file or a tokenizer.

pub mod choices;
pub mod dataset;
pub mod entities;
pub mod folds;
pub mod health;
pub mod mend;
pub mod spellings;
pub mod split;
pub mod summary;
pub mod targets;

mod columns;
mod error;
mod folded;
mod guess;
mod labels;
mod moved;
mod oversample;
mod parts;
mod rejected;
mod relabel;
mod rows;

pub use choices::{Mend, Mended, Mends};
pub use columns::has_columns;
pub use dataset::Dataset;
pub use error::DataError;
pub use folded::composed;
pub use folds::Fold;
pub use guess::{further_flags, guess_task};
pub use health::{Finding, FindingKind, health, split_health};
pub use labels::sort_names;
pub use oversample::oversampled;
pub use parts::{HeldOut, PartName, Parts, Use};
pub use rows::{Example, LabelSet, Roles, Target};
pub use split::{Split, SplitRule};
pub use summary::Summary;
