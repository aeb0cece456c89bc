//! What a model folder holds, without its weights: the card in the window and `attune inspect`.

use std::path::PathBuf;

use serde::Serialize;

use crate::task::Task;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCard {
    pub dir: PathBuf,
    /// `bert`, `roberta`, `distilbert`, `albert` or `electra`.
    pub family: &'static str,
    pub architectures: Vec<String>,
    /// Tasks whose head the folder holds, trained.
    pub heads: Vec<Task>,
    pub layers: usize,
    /// Layers with weights of their own; fewer than `layers` in ALBERT.
    pub stored_layers: usize,
    pub hidden_size: usize,
    pub embedding_size: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub vocab_size: usize,
    pub max_tokens: usize,
    pub activation: String,
    pub labels: Vec<String>,
    /// Parameters of each block, computed from the weights: `embeddings`, `layers.0` …, `head`.
    pub blocks: Vec<BlockSize>,
    /// Sum over the blocks.
    pub parameters: u64,
    pub bytes_on_disk: u64,
    /// Stored number format, such as `f32`, `f16`, `bf16`.
    pub dtype: String,
    pub report: LoadReport,
    /// `tokenizer.json`, `vocab.txt` …; what the tokenizer was read from.
    pub tokenizer: String,
    /// Whether the tokenizer keeps upper case, where it says so.
    pub cased: Option<bool>,
    /// Whether the encoder is used as it is, so that nothing but a head can be trained.
    pub is_frozen: bool,
    /// What is to be known of it before it is trained.
    pub notes: Vec<String>,
    /// What of the folder does not fit together.
    pub problems: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BlockSize {
    pub name: String,
    pub parameters: u64,
}

/// What became of every tensor, by the name in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LoadReport {
    pub loaded: Vec<String>,
    /// Weights that the file does not have; they start untrained.
    pub new: Vec<String>,
    /// Tensors in the file that this model does not use.
    pub left_over: Vec<String>,
    /// Tensors of a head that the file has in another shape than the configuration implies. They are new as well.
    pub unfit: Vec<Unfit>,
}

/// A tensor of another shape than it should have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfit {
    pub name: String,
    pub found: Vec<usize>,
    pub expected: Vec<usize>,
}
