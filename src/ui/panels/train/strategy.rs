//! Which blocks of the model are trained: presets, and the cells of the freeze map as words of the configuration.

use crate::model;
use crate::model::card::{BlockSize, ModelCard};
use crate::train;
use crate::train::config::{Every, RunConfig, Strategy, StrategyKind};
use crate::train::plan::{PlanSummary, PlannedBlock};
use crate::train::steps::StepCount;
use crate::ui::format;
use crate::ui::widgets::freeze_map::Block;
use crate::words;

/// The blocks of a model as a configuration trains them. How many parameters a new head has only the plan knows, and
/// which blocks join in time; a plan of another choice is on its way out.
pub fn blocks(config: &RunConfig, card: &ModelCard, plan: Option<&PlanSummary>) -> Vec<Block> {
    let adapters = config.strategy.adapters().map(|spec| spec.of_layer(card.hidden_size, card.intermediate_size));
    let mut blocks = from_sizes(config, &card.blocks, plan);
    // Beside each layer, whose own weights stay as they are.
    if let (Some(adapters), None) = (adapters, plan) {
        for block in blocks.iter_mut().filter(|block| layer_of(&block.name).is_some()) {
            block.parameters += adapters;
            block.trained = adapters;
        }
    }
    blocks
}

/// The same of a model that is not there yet.
pub fn planned_blocks(config: &RunConfig, plan: &PlanSummary) -> Vec<Block> {
    let size = |block: &PlannedBlock| BlockSize { name: block.name.clone(), parameters: block.parameters };
    let sizes: Vec<BlockSize> = plan.blocks.iter().map(size).collect();
    from_sizes(config, &sizes, Some(plan))
}

fn from_sizes(config: &RunConfig, sizes: &[BlockSize], plan: Option<&PlanSummary>) -> Vec<Block> {
    let layers = sizes.iter().filter(|block| layer_of(&block.name).is_some()).count();
    let frozen = train::strategy::painted(&config.strategy, layers);
    let has_head = sizes.iter().any(|block| block.name == "head");
    let stored = sizes.iter().map(|block| (block.name.as_str(), block.parameters));
    let named = stored.chain((!has_head).then_some(("head", 0)));
    named
        .filter_map(|(name, parameters)| {
            let block = model::Block::named(name)?;
            let planned = plan.and_then(|plan| plan.blocks.iter().find(|planned| planned.name == name));
            let joins =
                config.strategy.kind == StrategyKind::Gradual && planned.is_some_and(|planned| planned.trainable);
            let trainable = joins || !frozen.contains(&block);
            let parameters = planned.map_or(parameters, |planned| planned.parameters);
            let known = planned.filter(|planned| planned.trainable == trainable).map(|planned| planned.trained);
            Some(Block {
                name: name.to_owned(),
                parameters,
                trained: known.unwrap_or(if trainable { parameters } else { 0 }),
                trainable,
                lr: peaks(config, block, layers),
            })
        })
        .collect()
}

/// The highest rate of a block's weights.
fn peaks(config: &RunConfig, block: model::Block, layers: usize) -> f64 {
    if config.optim.rates.is_empty() {
        return train::groups::rate(block, &config.optim, layers);
    }
    let weights = train::patterns::weights_of(block);
    train::groups::highest(weights, &config.optim, layers).unwrap_or_default()
}

fn layer_of(block: &str) -> Option<usize> {
    match model::Block::named(block)? {
        model::Block::Layer(layer) => Some(layer),
        _ => None,
    }
}

/// Makes a configuration train exactly the given blocks: under the preset's name where one says the same.
pub fn set_trained(strategy: &mut Strategy, blocks: &[Block], trained: &[bool]) {
    let frozen = blocks.iter().zip(trained).filter(|(_, trained)| !**trained).map(|(block, _)| block.name.as_str());
    strategy.frozen = in_ranges(frozen);
    // A cell is a whole block.
    strategy.train.clear();
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
    let names: Vec<String> = order.iter().map(|block| words::block(&block.to_string())).collect();
    let every = match config.strategy.unfreeze_every {
        Every::Epoch => "epoch".to_owned(),
        Every::Steps(1) => "step".to_owned(),
        Every::Steps(steps) => format!("{} steps", format::count(steps)),
    };
    let Some((total, per_epoch)) = steps else {
        return format!("The head learns from the start; then one more layer every {every}: {}", names.join(", "));
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
        (true, _) => format!("The run ends before the first layer is unfrozen, which would happen every {every}"),
        (_, true) => format!("Head from the start, {}", joins.join(", ")),
        _ => format!("Head from the start, {}; never {}", joins.join(", "), rest.join(", ")),
    }
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
        let block = |name: String| Block { name, parameters: 1, trained: 1, trainable: true, lr: 0.0 };
        let mut blocks = vec![block("embeddings".into())];
        blocks.extend((0..layers).map(|layer| block(format!("layers.{layer}"))));
        blocks.push(block("head".into()));
        blocks
    }

    fn trained(strategy: &Strategy, layers: usize) -> Vec<bool> {
        let frozen: Vec<String> = train::strategy::painted(strategy, layers).iter().map(ToString::to_string).collect();
        blocks_of(layers).iter().map(|block| !frozen.contains(&block.name)).collect()
    }

    fn sizes(layers: usize) -> Vec<BlockSize> {
        let names = ["embeddings".to_owned()].into_iter().chain((0..layers).map(|layer| format!("layers.{layer}")));
        names.map(|name| BlockSize { name, parameters: 10 }).collect()
    }

    #[test]
    fn the_rates_on_the_map_are_those_the_weights_are_trained_at() {
        let mut config: RunConfig = serde_json::from_str(r#"{"task": "classify", "model": {}, "data": {}}"#).unwrap();
        config.optim.lr = 1e-3;
        config.optim.layer_decay = 0.5;
        config.optim.lr_groups.insert("encoder".into(), 4e-3);
        let shown: Vec<f64> = from_sizes(&config, &sizes(2), None).iter().map(|block| block.lr).collect();
        assert_eq!(shown, [1.25e-4, 1e-3, 2e-3, 1e-3], "embeddings, both layers and a head that is not there yet");
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
            "Head from the start, layer 3 from epoch 2, layer 2 from epoch 3; never layer 1, embeddings"
        );
        config.strategy.unfreeze_every = Every::Steps(5);
        assert_eq!(
            timeline(&config, &blocks, Some((30, 10))),
            "Head from the start, layer 3 from step 6, layer 2 from step 11, layer 1 from step 16, embeddings from step 21"
        );
        assert!(timeline(&config, &blocks, Some((4, 2))).contains("ends before the first"));
        assert!(timeline(&config, &blocks, None).contains("every 5 steps: layer 3, layer 2"));
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
        for (block, trained) in blocks.iter_mut().zip(trained(&strategy, 3)) {
            block.trainable = trained;
        }
        choose(&mut strategy, StrategyKind::Custom, &blocks);
        assert_eq!(strategy.frozen, ["embeddings", "layers.0-2"]);
        assert_eq!(trained(&strategy, 3), [false, false, false, false, true]);
    }
}
