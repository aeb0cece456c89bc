//! Which blocks are frozen.

use super::TrainError;
use super::config::{Every, Strategy, StrategyKind};
use super::steps::StepCount;
use crate::model::Block;

/// The blocks a strategy freezes, for an encoder with `layers` stored layers.
pub fn frozen(strategy: &Strategy, layers: usize) -> Result<Vec<Block>, TrainError> {
    let below = |first_trained: usize| {
        let mut blocks = vec![Block::Embeddings];
        blocks.extend((0..first_trained).map(Block::Layer));
        blocks
    };
    match strategy.kind {
        StrategyKind::Full => Ok(Vec::new()),
        StrategyKind::Head | StrategyKind::Gradual => Ok(below(layers)),
        StrategyKind::Top if strategy.top_layers >= layers => Ok(vec![Block::Embeddings]),
        StrategyKind::Top => Ok(below(layers - strategy.top_layers)),
        StrategyKind::Custom => {
            let mut blocks = Vec::new();
            for name in &strategy.frozen {
                blocks.extend(parse(name, layers)?);
            }
            blocks.sort_unstable();
            blocks.dedup();
            if blocks.len() == layers + 2 {
                return Err(TrainError::NothingToTrain);
            }
            Ok(blocks)
        }
        StrategyKind::Lora => Err(TrainError::StrategyNotThere { kind: "lora" }),
    }
}

/// The same for whoever shows a choice that is still being made: what names no block freezes nothing, and all may be
/// frozen.
pub fn painted(strategy: &Strategy, layers: usize) -> Vec<Block> {
    match strategy.kind {
        StrategyKind::Custom => strategy.frozen.iter().filter_map(|name| parse(name, layers).ok()).flatten().collect(),
        _ => frozen(strategy, layers).unwrap_or_default(),
    }
}

/// The blocks that are trained at any time of a run that is long enough.
pub fn may_train(strategy: &Strategy, layers: usize) -> Vec<Block> {
    let (frozen, joining) = (painted(strategy, layers), thaw_order(strategy, layers));
    let all = [Block::Embeddings].into_iter().chain((0..layers).map(Block::Layer)).chain([Block::Head]);
    all.filter(|block| !frozen.contains(block) || joining.contains(block)).collect()
}

/// The blocks that join the head one after the other, from the top down; none in other strategies than `gradual`.
pub fn thaw_order(strategy: &Strategy, layers: usize) -> Vec<Block> {
    if strategy.kind != StrategyKind::Gradual {
        return Vec::new();
    }
    (0..layers).rev().map(Block::Layer).chain([Block::Embeddings]).collect()
}

/// How many blocks have joined before the update that follows `step` ones and is of an epoch, from 0.
pub fn thawed(strategy: &Strategy, step: u64, epoch: u64) -> usize {
    match strategy.unfreeze_every {
        Every::Epoch => epoch as usize,
        Every::Steps(steps) => (step / steps.max(1)) as usize,
    }
}

/// How many blocks have joined before the last update of a run.
pub fn joined_at_end(strategy: &Strategy, steps: StepCount) -> usize {
    let last = steps.total.saturating_sub(1);
    thawed(strategy, last, last / steps.per_epoch.max(1))
}

/// The blocks that are never trained in a run.
pub fn frozen_at_end(strategy: &Strategy, layers: usize, steps: StepCount) -> Result<Vec<Block>, TrainError> {
    let mut frozen = frozen(strategy, layers)?;
    let joined = joined_at_end(strategy, steps);
    let joined: Vec<Block> = thaw_order(strategy, layers).into_iter().take(joined).collect();
    frozen.retain(|block| !joined.contains(block));
    Ok(frozen)
}

/// `embeddings`, `head`, `layers.3` or `layers.0-5`.
fn parse(name: &str, layers: usize) -> Result<Vec<Block>, TrainError> {
    let unknown = || TrainError::UnknownBlock { name: name.to_owned(), last: layers.saturating_sub(1) };
    match name {
        "embeddings" => return Ok(vec![Block::Embeddings]),
        "head" => return Ok(vec![Block::Head]),
        _ => {}
    }
    let range = name.strip_prefix("layers.").ok_or_else(unknown)?;
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.parse::<usize>().ok().filter(|layer| *layer < layers).ok_or_else(unknown);
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(unknown());
    }
    Ok((first..=last).map(Block::Layer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kind: StrategyKind, top_layers: usize, frozen_blocks: &[&str]) -> Result<String, String> {
        let frozen_blocks = frozen_blocks.iter().map(ToString::to_string).collect();
        let strategy = Strategy { kind, top_layers, frozen: frozen_blocks, ..Strategy::default() };
        let blocks = frozen(&strategy, 4).map_err(|error| error.to_string())?;
        Ok(blocks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn strategies_freeze_from_the_bottom_up() {
        let check = |kind, top, listed: &[&str], expected: &str| {
            assert_eq!(names(kind, top, listed).unwrap(), expected);
        };
        check(StrategyKind::Full, 0, &[], "");
        check(StrategyKind::Head, 0, &[], "embeddings layers.0 layers.1 layers.2 layers.3");
        check(StrategyKind::Top, 3, &[], "embeddings layers.0");
        check(StrategyKind::Top, 9, &[], "embeddings");
        check(StrategyKind::Custom, 0, &["layers.1-2", "embeddings", "layers.2"], "embeddings layers.1 layers.2");
    }

    #[test]
    fn blocks_join_from_the_top_down_as_often_as_the_run_is_long() {
        let at_end = |unfreeze_every, total| {
            let strategy = Strategy { kind: StrategyKind::Gradual, unfreeze_every, ..Strategy::default() };
            let frozen = frozen_at_end(&strategy, 3, StepCount { total, per_epoch: 10 }).unwrap();
            frozen.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(at_end(Every::Epoch, 10), "embeddings layers.0 layers.1 layers.2");
        assert_eq!(at_end(Every::Epoch, 30), "embeddings layers.0");
        assert_eq!(at_end(Every::Epoch, 99), "");
        // The block that would join after the last update does not.
        assert_eq!(at_end(Every::Steps(4), 12), "embeddings layers.0");
        assert_eq!(at_end(Every::Steps(4), 13), "embeddings");
    }

    #[test]
    fn a_block_that_does_not_exist_is_named() {
        for name in ["layers.4", "layers.3-1", "layers.x", "pooler", "layers.0-9"] {
            let error = names(StrategyKind::Custom, 0, &[name]).unwrap_err();
            assert!(error.contains(name) && error.contains("layers.3"), "{error}");
        }
        assert!(names(StrategyKind::Custom, 0, &["embeddings", "layers.0-3", "head"]).is_err());
    }
}
