//! Which weights decay, and at what rate each learns; every weight is in exactly one group.

use super::config::Optim;
use super::optimizer::Rule;
use crate::model::{Block, Param};

/// Whether weight decay applies: to all that is learned but biases and norms, as transformers' Trainer decides.
pub fn decays(param: &Param) -> bool {
    let is_bias = param.name.rsplit('.').next() == Some("bias");
    !param.fixed && !is_bias && !param.name.contains("norm.")
}

/// The group of a block, by the names that `lr_groups` uses.
pub fn group_of(block: Block) -> &'static str {
    match block {
        Block::Embeddings => "embeddings",
        Block::Layer(_) => "encoder",
        Block::Head => "head",
    }
}

/// The peak rate of a block: its group's, times the decay once for each layer from the top down. The head has the full
/// rate, the top layer one factor, the embeddings one more than the lowest layer.
pub fn rate(block: Block, optim: &Optim, layers: usize) -> f64 {
    let base = optim.lr_groups.get(group_of(block)).copied().unwrap_or(optim.lr);
    let factors = match block {
        Block::Head => 0,
        Block::Layer(layer) => layers - layer,
        Block::Embeddings => layers + 1,
    };
    base * optim.layer_decay.powi(factors as i32)
}

/// What the optimizer does with a weight.
pub fn rule(param: &Param, optim: &Optim, layers: usize) -> Rule {
    Rule {
        lr: rate(param.block, optim, layers),
        group: group_of(param.block),
        weight_decay: if decays(param) { optim.weight_decay } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_fall_once_a_layer_from_the_top_down() {
        let optim =
            Optim { lr: 1.0, layer_decay: 0.5, lr_groups: [("embeddings".to_owned(), 0.8)].into(), ..Optim::default() };
        let rates = [Block::Head, Block::Layer(2), Block::Layer(0), Block::Embeddings].map(|b| rate(b, &optim, 3));
        assert_eq!(rates, [1.0, 0.5, 0.125, 0.05]);
    }
}
