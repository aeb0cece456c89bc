//! Files → table → dataset → features → batches, as plain data. There are no tensors here.

pub mod batch;
pub mod boundaries;
pub mod corpus;
pub mod dataset;
pub mod entities;
pub mod features;
pub mod gold;
pub mod health;
pub mod masking;
pub mod mend;
pub mod sampler;
pub mod spellings;
pub mod split;
pub mod summary;
pub mod table;
pub mod tags;
pub mod targets;
pub mod tokenizer;
pub mod windows;
pub mod xray;

mod error;
mod guess;
mod labels;
mod readers;
mod relabel;

pub use batch::Batch;
pub use dataset::{Dataset, Example, GoldAnswer, LabelSet, Roles, Target};
pub use error::{DataError, name_list};
pub use features::{Alignment, Features, Length, Measured, Tokens, features, measure, measure_all};
pub use guess::guess_task;
pub use health::{Finding, FindingKind, health, split_health};
pub use mend::{Mend, Mended, Mends};
pub use readers::{Lines, is_plain_text, lines};
pub use sampler::{UpdateRule, UpdateSize, bucket_key, epoch_order, micro_batches, updates};
pub use split::{Split, SplitRule};
pub use summary::Summary;
pub use table::{RowProblem, Table};
pub use tokenizer::{Tokenizer, TokenizerError};
