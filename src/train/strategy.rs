//! Which blocks are frozen.

use super::TrainError;
use super::config::{Strategy, StrategyKind};
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
        StrategyKind::Head => Ok(below(layers)),
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
        StrategyKind::Gradual => Err(TrainError::StrategyNotThere { kind: "gradual" }),
        StrategyKind::Lora => Err(TrainError::StrategyNotThere { kind: "lora" }),
    }
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
    fn a_block_that_does_not_exist_is_named() {
        for name in ["layers.4", "layers.3-1", "layers.x", "pooler", "layers.0-9"] {
            let error = names(StrategyKind::Custom, 0, &[name]).unwrap_err();
            assert!(error.contains(name) && error.contains("layers.3"), "{error}");
        }
        assert!(names(StrategyKind::Custom, 0, &["embeddings", "layers.0-3", "head"]).is_err());
    }
}
