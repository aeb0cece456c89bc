//! Files → table → dataset → features → batches, as plain data. There are no tensors here.

pub mod batch;
pub mod dataset;
pub mod features;
pub mod sampler;
pub mod split;
pub mod table;
pub mod tokenizer;

mod error;
mod readers;

pub use batch::Batch;
pub use dataset::{Dataset, Example, LabelSet, Roles, Target};
pub use error::DataError;
pub use features::Features;
pub use split::{Split, SplitRule};
pub use table::{RowProblem, Table};
pub use tokenizer::Tokenizer;
