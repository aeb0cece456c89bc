//! How values are written in cells: lists as JSON or as Python prints them, tags in all their schemes, SQuAD's answers.

pub mod answers;
pub mod literal;
pub mod schemes;
pub mod tags;
