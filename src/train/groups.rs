//! Which weights decay, and at what rate each learns; every weight is in exactly one group.

use crate::model::{Block, Param};

/// Whether weight decay applies: to all but biases and norms, as transformers' Trainer decides.
pub fn decays(param: &Param) -> bool {
    !param.name.ends_with(".bias") && !param.name.contains("norm.")
}

/// The group of a block, by the names that `lr_groups` uses.
pub fn group_of(block: Block) -> &'static str {
    match block {
        Block::Embeddings => "embeddings",
        Block::Layer(_) => "encoder",
        Block::Head => "head",
    }
}
