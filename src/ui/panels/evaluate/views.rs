//! What Evaluate can show: each a file in this folder, which is named nowhere else but in the list below.

mod classes;
mod counted;
mod entities;
mod labels;
mod questions;
mod values;

use super::view::Kind;

/// For each task one.
pub const ALL: &[Kind] = &[classes::KIND, labels::KIND, values::KIND, entities::KIND, questions::KIND, counted::KIND];
