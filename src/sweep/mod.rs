//! Several runs from one description: a grid or a random search over settings, or the same run with several seeds.
//!
//! What is to be tried is known before the first run starts (`file.rs`, `vary.rs`, `trial.rs`), and all of it was checked
//! as a run checks it. Each trial is a process of its own (`process.rs`), so that none can take the others with it, and
//! writes a folder that is a run like any other. What became of each is a line of `trials.jsonl` (`record.rs`). Which
//! process runs when is decided in one place (`go.rs`); a scheduler of other machines is given a file (`scheduler.rs`), and what
//! came of its trials is noted down as theirs (`collect.rs`); and `results.rs` alone says which settings came out best.
//! What a folder holds of a sweep, whoever ran it, is read by `study.rs`, with how much each setting matters
//! (`importance.rs`).

mod asked;
mod collect;
mod errand;
mod error;
mod file;
mod forest;
mod go;
mod halving;
mod importance;
mod memory;
mod process;
mod ray;
mod record;
mod results;
mod scheduler;
mod ssh;
mod study;
#[cfg(test)]
pub mod testing;
mod trial;
mod vary;

pub use asked::{Asked, Axis, Over};
pub use collect::collect;
pub use error::SweepError;
pub use file::Sweep;
pub use go::{Begins, Outcome, Watch, check_folder, go};
pub use halving::{Halving, Next};
pub use importance::{Importance, METHOD, Share, TOGETHER, Unknown};
pub use memory::Need;
pub use ray::{Ray, go_on_ray};
pub use record::{Record, Status};
pub use results::{Row, Spread, Table};
pub use scheduler::{ForScheduler, Scheduler, for_scheduler};
pub use ssh::{Host, Hosts, SSH_FOLDER, go_over_ssh};
pub use study::{DESCRIPTION, Study, Tried, importance};
pub use trial::Trial;
