//! Bytes → a table: columns of text, each row with the line that it came from, and every row that cannot be read with the
//! reason. What a cell means is decided in [`crate::data`]; how values, tags and answers are written in cells is here
//! ([`notation`]), because files write them in many ways and a table in one.

pub mod boundaries;
pub mod charset;
pub mod contents;
pub mod find;
pub mod mojibake;
pub mod notation;
pub mod readers;

mod error;
mod inputs;

pub use charset::Charset;
pub use contents::{ENDINGS, Format, LeftOut, Origin, Origins, Place, Reason, RowProblem, Table};
pub use error::{ReadError, name_list, no_row, shorten};
pub use find::{Part, files_named, names_files, to_judge, with_its_parts};
pub use inputs::Inputs;
pub use notation::answers::GoldAnswer;
pub use readers::{PlainText, has_entity, is_number, lines, note_beside_choice, plain_name, without_entities};
