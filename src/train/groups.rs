//! Which weights decay, and at what rate each learns; every weight is in exactly one group.

use super::config::{ClassWeights, Group, Optim, Strategy};
use super::optimizer::Rule;
use super::patterns::is_named;
use super::strategy::{may_train, may_train_weights};
use crate::model::{Block, Param};

/// Whether weight decay applies: to all that is learned but biases and norms, as transformers' Trainer decides.
pub fn decays(param: &Param) -> bool {
    let is_bias = param.name.rsplit('.').next() == Some("bias");
    !param.fixed && !is_bias && !param.name.contains("norm.")
}

/// The group of a block.
pub fn group_of(block: Block) -> Group {
    match block {
        Block::Embeddings => Group::Embeddings,
        Block::Layer(_) => Group::Encoder,
        Block::Head => Group::Head,
    }
}

/// The peak rate of a block: its group's, times the decay once for each layer from the top down. The head has the full
/// rate, the top layer one factor, the embeddings one more than the lowest layer.
pub fn rate(block: Block, optim: &Optim, layers: usize) -> f64 {
    let base = optim.lr_groups.get(group_of(block).name()).copied().unwrap_or(optim.lr);
    let factors = match block {
        Block::Head => 0,
        Block::Layer(layer) => layers.saturating_sub(layer),
        Block::Embeddings => layers + 1,
    };
    base * optim.layer_decay.powi(factors as i32)
}

/// The peak rate of a weight: its block's, unless a pattern gives it another.
pub fn rate_of(weight: &str, optim: &Optim, layers: usize) -> f64 {
    rate_in(Block::of(weight), weight, optim, layers)
}

fn rate_in(block: Block, weight: &str, optim: &Optim, layers: usize) -> f64 {
    let of_block = rate(block, optim, layers);
    let own = optim.rates.iter().rev().find(|own| is_named(&own.pattern, weight));
    own.map_or(of_block, |own| own.lr.unwrap_or(of_block * own.factor.unwrap_or(1.0)))
}

/// The highest peak rate among weights; none of none.
pub fn highest<Name: AsRef<str>>(weights: impl IntoIterator<Item = Name>, optim: &Optim, layers: usize) -> Option<f64> {
    weights.into_iter().map(|name| rate_of(name.as_ref(), optim, layers)).reduce(f64::max)
}

/// The peak rate of each group of blocks that are trained at any time, the highest first and none twice.
pub fn peaks(optim: &Optim, strategy: &Strategy, stored_layers: Option<usize>) -> Vec<f64> {
    let mut peaks: Vec<f64> =
        peaks_by_group(optim, strategy, stored_layers).into_iter().map(|(_, peak)| peak).collect();
    peaks.sort_by(|one, two| two.total_cmp(one));
    peaks.dedup();
    peaks
}

/// The same with the group of each: a group is told by the highest of its weights, as a step tells it. How many layers there
/// are decides only on the embeddings, which are left out where it is not known.
pub fn peaks_by_group(optim: &Optim, strategy: &Strategy, stored_layers: Option<usize>) -> Vec<(Group, f64)> {
    let layers = stored_layers.unwrap_or(1);
    // Only a rate by name tells the weights of a block apart.
    let mut rates: Vec<(Block, f64)> = if optim.rates.is_empty() {
        may_train(strategy, layers).into_iter().map(|block| (block, rate(block, optim, layers))).collect()
    } else {
        let of = |name: String| (Block::of(&name), rate_of(&name, optim, layers));
        may_train_weights(strategy, layers).map(of).collect()
    };
    rates.retain(|(block, _)| stored_layers.is_some() || *block != Block::Embeddings);
    let highest = |group: Group| {
        let own = rates.iter().filter(|(block, _)| group_of(*block) == group);
        own.map(|(_, rate)| (group, *rate)).reduce(|one, two| if two.1 > one.1 { two } else { one })
    };
    Group::ALL.into_iter().filter_map(highest).collect()
}

/// What each class weighs in the loss, from its examples; none where all weigh the same.
pub fn class_weights(choice: ClassWeights, counts: &[u64]) -> Vec<f64> {
    match choice {
        ClassWeights::None => Vec::new(),
        // A class weighs as much as all its examples together would if every class were equally frequent.
        // One without an example has nothing to weigh, and would outweigh all others where targets are smoothed.
        ClassWeights::Balanced => {
            let (total, present) = (counts.iter().sum::<u64>(), counts.iter().filter(|count| **count > 0).count());
            let weight = |count: u64| if count == 0 { 0.0 } else { total as f64 / (present as f64 * count as f64) };
            counts.iter().copied().map(weight).collect()
        }
    }
}

/// What the optimizer does with a weight.
pub fn rule(param: &Param, optim: &Optim, layers: usize) -> Rule {
    Rule {
        lr: rate_in(param.block, &param.name, optim, layers),
        group: group_of(param.block),
        weight_decay: if decays(param) { optim.weight_decay } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::config::{StrategyKind, WeightRate};

    #[test]
    fn the_peaks_are_those_of_what_is_trained() {
        let optim =
            Optim { lr: 1e-3, layer_decay: 0.5, lr_groups: [("encoder".to_owned(), 4e-3)].into(), ..Optim::default() };
        let of = |kind| peaks(&optim, &Strategy { kind, top_layers: 1, ..Strategy::default() }, Some(2));
        assert_eq!(of(StrategyKind::Full), [2e-3, 1e-3, 1.25e-4]);
        assert_eq!(of(StrategyKind::Gradual), of(StrategyKind::Full), "all join in time");
        assert_eq!(of(StrategyKind::Top), [2e-3, 1e-3]);
        assert_eq!(of(StrategyKind::Head), [1e-3]);
        // The rate that no part has is no peak.
        let own = ["embeddings", "encoder", "head"].map(|group| (group.to_owned(), 1e-5));
        let all_own = Optim { lr: 1.0, lr_groups: own.into(), ..Optim::default() };
        assert_eq!(peaks(&all_own, &Strategy::default(), Some(2)), [1e-5]);
        assert_eq!(peaks(&optim, &Strategy::default(), None), [2e-3, 1e-3]);
    }

    #[test]
    fn rates_fall_once_a_layer_from_the_top_down() {
        let optim =
            Optim { lr: 1.0, layer_decay: 0.5, lr_groups: [("embeddings".to_owned(), 0.8)].into(), ..Optim::default() };
        let rates = [Block::Head, Block::Layer(2), Block::Layer(0), Block::Embeddings].map(|b| rate(b, &optim, 3));
        assert_eq!(rates, [1.0, 0.5, 0.125, 0.05]);
    }
    #[test]
    fn a_pattern_gives_its_weights_a_rate_and_the_last_of_several_counts() {
        let of = |pattern: &str, lr, factor| WeightRate { pattern: pattern.to_owned(), lr, factor };
        let rates = vec![
            of("*.attention.*", None, Some(0.1)),
            of("layers.1.attention.query", Some(0.25), None),
            of("*.bias", Some(0.0), None),
        ];
        let optim = Optim { lr: 1.0, layer_decay: 0.5, rates, ..Optim::default() };
        let check = |name: &str, expected: f64| assert_eq!(rate_of(name, &optim, 2), expected, "{name}");
        check("layers.1.attention.key.weight", 0.5 * 0.1);
        check("layers.0.attention.key.weight", 0.25 * 0.1);
        check("layers.1.attention.query.weight", 0.25);
        check("layers.1.attention.query.bias", 0.0);
        check("layers.1.feed_forward.inner.weight", 0.5);
        check("head.sequence.weight", 1.0);
        check("head.sequence.bias", 0.0);
        assert_eq!(peaks(&optim, &Strategy::default(), Some(2)), [1.0, 0.5, 0.125]);
        let biases = Strategy { kind: StrategyKind::BitFit, ..Strategy::default() };
        assert_eq!(peaks(&optim, &biases, Some(2)), [1.0, 0.0], "no bias learns, and the head's weights do");
    }
}
