//! Texts in a file → predictions in a file, for the command line and the window alike.
//!
//! The texts of any file that Attune reads (`texts.rs`), answered in order and in batches (`answer.rs`), written in one of
//! a few formats (`sheet.rs`), with the columns that were read beside them; never over what is read (`destination.rs`).
//! The file grows under another name and gets its own when it is whole; what was interrupted goes on where it was and
//! comes to the same bytes (`job.rs`), because a row's answer depends on no other row. What a file seems to be, and what is
//! said of its first rows, is seen before anything is written (`survey.rs`).
//!
//! Of the rows only what was read is held in memory, and nothing of what is said of them.

pub mod destination;
pub mod texts;

mod answer;
mod error;
mod job;
mod pace;
mod sheet;
mod survey;
mod tagged;

pub use answer::answer;
pub use error::{BatchError, LineError};
pub use job::{Kept, Outcome, Place, Plan, Progress, Reading, Written, discard, look_at, write};
pub use sheet::{Counts, Kind, has_probabilities};
pub use survey::{Answered, FirstAnswers, FirstRow, Survey, survey};
pub use texts::{By, Chosen, How, Item, Texts};
