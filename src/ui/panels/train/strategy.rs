//! Which blocks of the model are trained: presets, and the cells of the freeze map as words of the configuration.

use crate::model::card::ModelCard;
use crate::train;
use crate::train::config::{Every, RunConfig, Strategy, StrategyKind};
use crate::train::plan::PlanSummary;
use crate::train::steps::StepCount;
use crate::ui::format;
use crate::ui::widgets::freeze_map::Block;

/// The blocks of a model as a configuration trains them. The rates are the plan's as soon as there is one.
pub fn blocks(config: &RunConfig, card: &ModelCard, plan: Option<&PlanSummary>) -> Vec<Block> {
    let layers = card.blocks.iter().filter(|block| block.name.starts_with("layers.")).count();
    let frozen = frozen(&config.strategy, layers);
    let mut blocks: Vec<Block> = card
        .blocks
        .iter()
        .map(|block| {
            let planned = plan.and_then(|plan| plan.blocks.iter().find(|planned| planned.name == block.name));
            // Which blocks join in time only the plan knows; a plan of another choice is on its way out.
            let joins =
                config.strategy.kind == StrategyKind::Gradual && planned.is_some_and(|planned| planned.trainable);
            let planned = planned.filter(|planned| planned.trainable).map(|planned| planned.lr);
            Block {
                name: block.name.clone(),
                parameters: block.parameters,
                trainable: joins || !frozen.contains(&block.name),
                lr: planned.unwrap_or_else(|| rate(config, &block.name, layers)),
            }
        })
        .collect();
    if !blocks.iter().any(|block| block.name == "head") {
        let planned = plan.and_then(|plan| plan.blocks.iter().find(|block| block.name == "head"));
        blocks.push(Block {
            name: "head".into(),
            parameters: planned.map_or(0, |block| block.parameters),
            trainable: !frozen.iter().any(|name| name == "head"),
            lr: rate(config, "head", layers),
        });
    }
    blocks
}

/// The names of the blocks that are not trained, as the engine decides it. A choice that it refuses is shown as it was
/// painted; the plan says what is wrong with it.
fn frozen(strategy: &Strategy, layers: usize) -> Vec<String> {
    if let Ok(blocks) = train::strategy::frozen(strategy, layers) {
        return blocks.iter().map(ToString::to_string).collect();
    }
    let names = ["embeddings", "head"].map(String::from).into_iter();
    let names = names.chain((0..layers).map(|layer| format!("layers.{layer}")));
    names.filter(|name| strategy.frozen.iter().any(|pattern| covers(pattern, name))).collect()
}

/// What the rate comes to before the plan has said it.
fn rate(config: &RunConfig, block: &str, layers: usize) -> f64 {
    let group = if layer_of(block).is_some() { "encoder" } else { block };
    let base = config.optim.lr_groups.get(group).copied().unwrap_or(config.optim.lr);
    let depth = match layer_of(block) {
        Some(layer) => layers.saturating_sub(layer + 1),
        None if block == "embeddings" => layers,
        None => 0,
    };
    base * config.optim.layer_decay.powf(depth as f64)
}

fn layer_of(block: &str) -> Option<usize> {
    block.strip_prefix("layers.").and_then(|number| number.parse().ok())
}

/// Whether `layers.0-5`, `layers.3` or a name means a block.
fn covers(pattern: &str, block: &str) -> bool {
    if pattern == block {
        return true;
    }
    let range = pattern.strip_prefix("layers.").and_then(|range| range.split_once('-'));
    let bounds = range.and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?)));
    matches!((bounds, layer_of(block)), (Some((from, to)), Some(layer)) if (from..=to).contains(&layer))
}

/// Makes a configuration train exactly the given blocks: under the preset's name where one says the same.
pub fn set_trained(strategy: &mut Strategy, blocks: &[Block], trained: &[bool]) {
    let frozen = blocks.iter().zip(trained).filter(|(_, trained)| !**trained).map(|(block, _)| block.name.as_str());
    strategy.frozen = in_ranges(frozen);
    strategy.kind = StrategyKind::Custom;
    if strategy.frozen.is_empty() {
        strategy.kind = StrategyKind::Full;
    }
}

/// Turns to a preset. `Custom` begins with the cells as they are.
pub fn choose(strategy: &mut Strategy, kind: StrategyKind, blocks: &[Block]) {
    if kind == StrategyKind::Custom {
        strategy.frozen = in_ranges(blocks.iter().filter(|block| !block.trainable).map(|block| block.name.as_str()));
    }
    let layers = blocks.iter().filter(|block| layer_of(&block.name).is_some()).count();
    if kind == StrategyKind::Top {
        strategy.top_layers = strategy.top_layers.clamp(1, layers.max(1));
    }
    strategy.kind = kind;
}

/// When which block joins, in words. `steps` are those of the run and of an epoch, where they are known.
pub fn timeline(config: &RunConfig, blocks: &[Block], steps: Option<(u64, u64)>) -> String {
    let layers = blocks.iter().filter(|block| layer_of(&block.name).is_some()).count();
    let order = train::strategy::thaw_order(&config.strategy, layers);
    let names: Vec<String> = order.iter().map(|block| title(&block.to_string())).collect();
    let every = match config.strategy.unfreeze_every {
        Every::Epoch => "epoch".to_owned(),
        Every::Steps(1) => "step".to_owned(),
        Every::Steps(steps) => format!("{} steps", format::count(steps)),
    };
    let Some((total, per_epoch)) = steps else {
        return format!("The head learns from the start; then one more every {every}: {}", names.join(", "));
    };
    let joined = train::strategy::joined_at_end(&config.strategy, StepCount { total, per_epoch }).min(names.len());
    let at = |place: usize| match config.strategy.unfreeze_every {
        Every::Epoch => format!("epoch {}", place + 2),
        Every::Steps(steps) => format!("step {}", format::count((place as u64 + 1) * steps + 1)),
    };
    let joins: Vec<String> =
        names[..joined].iter().enumerate().map(|(i, name)| format!("{name} from {}", at(i))).collect();
    let rest = &names[joined..];
    match (joins.is_empty(), rest.is_empty()) {
        (true, _) => format!("The run ends before the first block joins; one would every {every}"),
        (_, true) => format!("Head from the start, {}", joins.join(", ")),
        _ => format!("Head from the start, {}; never {}", joins.join(", "), rest.join(", ")),
    }
}

fn title(block: &str) -> String {
    layer_of(block).map_or_else(|| block.to_owned(), |layer| format!("layer {layer}"))
}

/// Neighbouring layers as one range: `embeddings`, `layers.0-5`, `layers.7`.
fn in_ranges<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    let mut run: Option<(usize, usize)> = None;
    let close = |run: Option<(usize, usize)>, patterns: &mut Vec<String>| match run {
        Some((from, to)) if from == to => patterns.push(format!("layers.{from}")),
        Some((from, to)) => patterns.push(format!("layers.{from}-{to}")),
        None => {}
    };
    for name in names {
        match (layer_of(name), run) {
            (Some(layer), Some((from, to))) if layer == to + 1 => run = Some((from, layer)),
            (Some(layer), _) => {
                close(run.take(), &mut patterns);
                run = Some((layer, layer));
            }
            (None, _) => {
                close(run.take(), &mut patterns);
                patterns.push(name.to_owned());
            }
        }
    }
    close(run, &mut patterns);
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(layers: usize) -> Vec<Block> {
        let block = |name: String| Block { name, parameters: 1, trainable: true, lr: 0.0 };
        let mut blocks = vec![block("embeddings".into())];
        blocks.extend((0..layers).map(|layer| block(format!("layers.{layer}"))));
        blocks.push(block("head".into()));
        blocks
    }

    fn trained(strategy: &Strategy, layers: usize) -> Vec<bool> {
        let frozen = frozen(strategy, layers);
        blocks_of(layers).iter().map(|block| !frozen.contains(&block.name)).collect()
    }

    #[test]
    fn presets_train_what_their_names_say() {
        let of = |kind, top_layers| Strategy { kind, top_layers, ..Strategy::default() };
        assert_eq!(trained(&of(StrategyKind::Full, 0), 2), [true; 4]);
        assert_eq!(trained(&of(StrategyKind::Head, 0), 2), [false, false, false, true]);
        assert_eq!(trained(&of(StrategyKind::Top, 1), 2), [false, false, true, true]);
        assert_eq!(trained(&of(StrategyKind::Top, 9), 2), [false, true, true, true]);
    }

    #[test]
    fn the_timeline_says_what_joins_when_and_what_never() {
        let mut config: RunConfig =
            serde_json::from_str(r#"{"task": "classify", "model": {}, "data": {}, "strategy": {"kind": "gradual"}}"#)
                .unwrap();
        let blocks = blocks_of(3);
        assert_eq!(
            timeline(&config, &blocks, Some((30, 10))),
            "Head from the start, layer 2 from epoch 2, layer 1 from epoch 3; never layer 0, embeddings"
        );
        config.strategy.unfreeze_every = Every::Steps(5);
        assert_eq!(
            timeline(&config, &blocks, Some((30, 10))),
            "Head from the start, layer 2 from step 6, layer 1 from step 11, layer 0 from step 16, embeddings from step 21"
        );
        assert!(timeline(&config, &blocks, Some((4, 2))).contains("ends before the first"));
        assert!(timeline(&config, &blocks, None).contains("every 5 steps: layer 2, layer 1"));
    }

    #[test]
    fn what_is_painted_is_what_is_written_and_read_again() {
        let blocks = blocks_of(6);
        let mut wanted = vec![false, false, false, false, true, false, true, true];
        let mut strategy = Strategy::default();
        set_trained(&mut strategy, &blocks, &wanted);
        assert_eq!(strategy.frozen, ["embeddings", "layers.0-2", "layers.4"]);
        assert_eq!(trained(&strategy, 6), wanted);
        wanted.fill(true);
        set_trained(&mut strategy, &blocks, &wanted);
        assert_eq!(strategy.kind, StrategyKind::Full);
        wanted.fill(false);
        set_trained(&mut strategy, &blocks, &wanted);
        assert_eq!(trained(&strategy, 6), wanted, "what the engine refuses is still shown as it was painted");
    }

    #[test]
    fn a_custom_choice_begins_with_the_cells_as_they_are() {
        let mut blocks = blocks_of(3);
        let mut strategy = Strategy { kind: StrategyKind::Head, ..Strategy::default() };
        let frozen = frozen(&strategy, 3);
        for block in &mut blocks {
            block.trainable = !frozen.contains(&block.name);
        }
        choose(&mut strategy, StrategyKind::Custom, &blocks);
        assert_eq!(strategy.frozen, ["embeddings", "layers.0-2"]);
        assert_eq!(trained(&strategy, 3), [false, false, false, false, true]);
    }
}
