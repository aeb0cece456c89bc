//! One file a screen: its view state and how it is drawn. Two panels never hold the same fact; what both need is in the
//! workspace.

pub mod data;
pub mod evaluate;
pub mod explore;
pub mod home;
pub mod hub;
pub mod log;
pub mod model;
mod precision;
mod progress_line;
pub mod recent;
pub mod runs;
pub mod samples;
pub mod settings;
pub mod train;

use std::sync::{Arc, Weak};

/// Whether this is the very thing that is known already.
fn is_same<T>(known: Option<&Weak<T>>, now: &Arc<T>) -> bool {
    known.is_some_and(|known| Weak::as_ptr(known) == Arc::as_ptr(now))
}
