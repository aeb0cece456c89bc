//! Rows → token ids: the tokenizer, the windows long texts are laid in, the features of each row with its targets by
//! token, the batches they are packed in, and which come next. There are no tensors here.

pub mod batch;
pub mod features;
pub mod labels;
pub mod sampler;
pub mod tokenizer;
pub mod windows;
pub mod xray;

mod error;

pub use batch::Batch;
pub use error::TextError;
pub use features::{Alignment, Features, Length, Measured, Tokens, features, measure, measure_all};
pub use labels::Labels;
pub use sampler::{UpdateRule, UpdateSize, bucket_key, epoch_order, micro_batches, updates};
pub use tokenizer::{CutSide, Tokenizer, TokenizerError};
