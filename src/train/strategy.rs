//! Which weights are frozen: whole blocks, and of the blocks that are left all weights or those that patterns name.

use super::TrainError;
use super::config::{Every, Fit, Lora, Strategy, StrategyKind};
use super::patterns::{check, is_named, weights_of};
use super::steps::StepCount;
use crate::model::Block;

/// Says of every weight, by its canonical name, whether it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    frozen: Vec<Block>,
    patterns: Vec<String>,
    /// Patterns of those that are not trained all the same.
    but: Vec<String>,
}

impl Trained {
    /// From the start of a run, for an encoder with `layers` stored layers. A pattern that is of none of these weights is an
    /// error, and so is that none is trained.
    pub fn of<'a>(
        strategy: &Strategy,
        layers: usize,
        weights: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, TrainError> {
        let rule = Self { frozen: frozen(strategy, layers)?, patterns: patterns(strategy), but: but(strategy) };
        let weights: Vec<&str> = weights.into_iter().collect();
        check("strategy.train", &rule.patterns, &weights)?;
        if weights.iter().any(|name| rule.contains(name)) { Ok(rule) } else { Err(TrainError::NothingToTrain) }
    }

    pub fn contains(&self, weight: &str) -> bool {
        !self.frozen.contains(&Block::of(weight)) && self.names(weight)
    }

    /// The same at the end of a run, when these blocks have joined.
    #[must_use]
    pub fn joined_by(mut self, blocks: &[Block]) -> Self {
        self.frozen.retain(|block| !blocks.contains(block));
        self
    }

    fn names(&self, weight: &str) -> bool {
        let is_of = |patterns: &[String]| patterns.iter().any(|pattern| is_named(pattern, weight));
        (self.patterns.is_empty() || is_of(&self.patterns)) && !is_of(&self.but)
    }

    /// Whether any weight of a block can be trained.
    fn touches(&self, block: Block) -> bool {
        !self.frozen.contains(&block) && weights_of(block).iter().any(|name| self.names(name))
    }
}

/// What is trained, in words.
pub fn words(strategy: &Strategy) -> String {
    let trained = trained_words(strategy);
    match strategy.fit {
        Fit::Gradient => trained,
        Fit::Logistic => "the outputs of the head, as logistic regression".to_owned(),
        Fit::Contrastive => format!("{trained}, from pairs of texts, with logistic regression as the outputs"),
    }
}

fn trained_words(strategy: &Strategy) -> String {
    match strategy.kind {
        StrategyKind::Full => "all".to_owned(),
        StrategyKind::Head => "the head alone".to_owned(),
        StrategyKind::Top => match strategy.top_layers {
            1 => "the top layer and the head".to_owned(),
            layers => format!("the top {layers} layers and the head"),
        },
        StrategyKind::Gradual => "all, unfrozen from the top down".to_owned(),
        StrategyKind::BitFit => "biases and the head".to_owned(),
        StrategyKind::Lora => {
            let Lora { rank, alpha, targets, .. } = &strategy.lora;
            format!("LoRA of rank {rank}, alpha {alpha}, at {}, and the head", targets.join(", "))
        }
        StrategyKind::Custom => "chosen by hand".to_owned(),
    }
}

/// The patterns of which a weight that is trained has one; none where all weights of the blocks are trained.
fn patterns(strategy: &Strategy) -> Vec<String> {
    if strategy.fit == Fit::Logistic {
        return vec![OUTPUTS.to_owned()];
    }
    match strategy.kind {
        StrategyKind::BitFit => vec!["*.bias".to_owned(), "head".to_owned()],
        StrategyKind::Custom => strategy.train.clone(),
        StrategyKind::Lora => ["*.lora_A", "*.lora_B", "head"].map(str::to_owned).to_vec(),
        StrategyKind::Full | StrategyKind::Head | StrategyKind::Top | StrategyKind::Gradual => Vec::new(),
    }
}

/// The outputs of the head for classes of texts.
const OUTPUTS: &str = "head.sequence";

/// The patterns of weights that are never trained. An adapter holds whole modules of the head, and the outputs over all words
/// are the word table with a bias that is in none.
fn but(strategy: &Strategy) -> Vec<String> {
    if strategy.kind == StrategyKind::Lora { vec!["head.mask.decoder".to_owned()] } else { Vec::new() }
}

/// The blocks a strategy freezes, for an encoder with `layers` stored layers.
fn frozen(strategy: &Strategy, layers: usize) -> Result<Vec<Block>, TrainError> {
    let below = |first_trained: usize| {
        let mut blocks = vec![Block::Embeddings];
        blocks.extend((0..first_trained).map(Block::Layer));
        blocks
    };
    match strategy.kind {
        StrategyKind::Full | StrategyKind::BitFit | StrategyKind::Lora => Ok(Vec::new()),
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
    }
}

/// The blocks of which nothing is trained at first, for whoever shows a choice that is still being made: what names no block
/// freezes nothing, and all may be frozen.
pub fn painted(strategy: &Strategy, layers: usize) -> Vec<Block> {
    let frozen = match strategy.kind {
        StrategyKind::Custom => strategy.frozen.iter().filter_map(|name| parse(name, layers).ok()).flatten().collect(),
        _ => frozen(strategy, layers).unwrap_or_default(),
    };
    let rule = Trained { frozen, patterns: patterns(strategy), but: but(strategy) };
    all(layers).filter(|block| !rule.touches(*block)).collect()
}

fn all(layers: usize) -> impl Iterator<Item = Block> {
    [Block::Embeddings].into_iter().chain((0..layers).map(Block::Layer)).chain([Block::Head])
}

/// The blocks of which something is trained at any time of a run that is long enough.
pub fn may_train(strategy: &Strategy, layers: usize) -> Vec<Block> {
    let (frozen, joining) = (painted(strategy, layers), thaw_order(strategy, layers));
    all(layers).filter(|block| !frozen.contains(block) || joining.contains(block)).collect()
}

/// The weights that are trained at any time of a run that is long enough.
pub fn may_train_weights(strategy: &Strategy, layers: usize) -> impl Iterator<Item = String> {
    let rule = unfrozen(strategy);
    may_train(strategy, layers).into_iter().flat_map(weights_of).filter(move |name| rule.names(name))
}

/// The blocks that join the head one after the other, from the top down; none in other strategies than `gradual`.
pub fn thaw_order(strategy: &Strategy, layers: usize) -> Vec<Block> {
    if strategy.kind == StrategyKind::Gradual { frozen_from_top(strategy, layers) } else { Vec::new() }
}

/// The blocks that are frozen at first and of which something would learn if they were not, from the top down: those that
/// join in `gradual`, and in other strategies those that may be ordered to.
pub fn frozen_from_top(strategy: &Strategy, layers: usize) -> Vec<Block> {
    let frozen = frozen(strategy, layers).unwrap_or_default();
    let rule = unfrozen(strategy);
    let mut blocks: Vec<Block> = frozen.into_iter().filter(|block| rule.touches(*block)).collect();
    blocks.sort_unstable_by(|one, two| two.cmp(one));
    blocks
}

/// What is trained where no block is frozen.
pub fn unfrozen(strategy: &Strategy) -> Trained {
    Trained { frozen: Vec::new(), patterns: patterns(strategy), but: but(strategy) }
}

/// How many blocks have joined by themselves before the update that follows `step` ones and is of an epoch, from 0.
pub fn thawed(strategy: &Strategy, step: u64, epoch: u64) -> usize {
    if strategy.kind != StrategyKind::Gradual {
        return 0;
    }
    match strategy.unfreeze_every {
        Every::Epoch => epoch as usize,
        Every::Steps(steps) => (step / steps.max(1)) as usize,
    }
}

/// How many blocks have joined by themselves before the last update of a run.
pub fn joined_at_end(strategy: &Strategy, steps: StepCount) -> usize {
    let last = steps.total.saturating_sub(1);
    thawed(strategy, last, last / steps.per_epoch.max(1))
}

/// What is trained when a run ends in which so many blocks join.
pub fn trained_at_end<'a>(
    strategy: &Strategy,
    layers: usize,
    weights: impl IntoIterator<Item = &'a str>,
    joined: usize,
) -> Result<Trained, TrainError> {
    let order = frozen_from_top(strategy, layers);
    let joined = joined.min(order.len());
    Ok(Trained::of(strategy, layers, weights)?.joined_by(&order[..joined]))
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
    use crate::train::patterns::tests::WEIGHTS;

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
            let joined = joined_at_end(&strategy, StepCount { total, per_epoch: 10 });
            let rule = trained_at_end(&strategy, 3, ["head.token.bias"], joined).unwrap();
            rule.frozen.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(at_end(Every::Epoch, 10), "embeddings layers.0 layers.1 layers.2");
        assert_eq!(at_end(Every::Epoch, 30), "embeddings layers.0");
        assert_eq!(at_end(Every::Epoch, 99), "");
        // The block that would join after the last update does not.
        assert_eq!(at_end(Every::Steps(4), 12), "embeddings layers.0");
        assert_eq!(at_end(Every::Steps(4), 13), "embeddings");
    }

    #[test]
    fn what_is_frozen_and_would_learn_may_be_thawed_from_the_top_down() {
        let of = |kind, train: &[&str], frozen: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let (train, frozen) = (owned(train), owned(frozen));
            let strategy = Strategy { kind, top_layers: 1, train, frozen, ..Strategy::default() };
            let blocks = frozen_from_top(&strategy, 3);
            blocks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(StrategyKind::Head, &[], &[]), "layers.2 layers.1 layers.0 embeddings");
        assert_eq!(of(StrategyKind::Gradual, &[], &[]), "layers.2 layers.1 layers.0 embeddings");
        assert_eq!(of(StrategyKind::Top, &[], &[]), "layers.1 layers.0 embeddings");
        assert_eq!(of(StrategyKind::Custom, &[], &["layers.0", "head", "embeddings"]), "head layers.0 embeddings");
        let attention = of(StrategyKind::Custom, &["*.attention.*"], &["layers.0-1", "embeddings"]);
        assert_eq!(attention, "layers.1 layers.0", "the embeddings have no attention");
        for kind in [StrategyKind::Full, StrategyKind::BitFit, StrategyKind::Lora] {
            assert_eq!(of(kind, &[], &[]), "", "{kind:?}");
        }
    }

    #[test]
    fn where_only_outputs_are_fitted_nothing_else_is_trained() {
        let strategy = Strategy { kind: StrategyKind::Head, fit: Fit::Logistic, ..Strategy::default() };
        let weights =
            ["layers.0.attention.query.weight", "head.pooler.weight", "head.sequence.weight", "head.sequence.bias"];
        let rule = Trained::of(&strategy, 1, weights).unwrap();
        assert_eq!(weights.map(|name| rule.contains(name)), [false, false, true, true]);
        assert_eq!(frozen_from_top(&strategy, 2), [], "nothing that is thawed would learn");
        assert_eq!(words(&strategy), "the outputs of the head, as logistic regression");
        let pairs = Strategy { kind: StrategyKind::Top, top_layers: 1, fit: Fit::Contrastive, ..Strategy::default() };
        assert!(words(&pairs).starts_with("the top layer and the head, from pairs"), "{}", words(&pairs));
    }

    #[test]
    fn a_block_that_does_not_exist_is_named() {
        for name in ["layers.4", "layers.3-1", "layers.x", "pooler", "layers.0-9"] {
            let error = names(StrategyKind::Custom, 0, &[name]).unwrap_err();
            assert!(error.contains(name) && error.contains("layers.3"), "{error}");
        }
        assert!(names(StrategyKind::Custom, 0, &["embeddings", "layers.0-3", "head"]).is_err());
    }

    #[test]
    fn what_patterns_name_is_trained_where_no_block_is_frozen() {
        let of = |train: &[&str], frozen: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let (train, frozen) = (owned(train), owned(frozen));
            Strategy { kind: StrategyKind::Custom, train, frozen, ..Strategy::default() }
        };
        let trained = |strategy: &Strategy| {
            let rule = Trained::of(strategy, 11, WEIGHTS).map_err(|error| error.to_string())?;
            Ok::<_, String>((0..WEIGHTS.len()).filter(|place| rule.contains(WEIGHTS[*place])).collect::<Vec<_>>())
        };
        assert_eq!(trained(&of(&["*.bias", "head.*"], &[])), Ok(vec![1, 3, 6]));
        assert_eq!(trained(&of(&["*.bias", "head.*"], &["embeddings", "layers.0-3"])), Ok(vec![6]));
        let bitfit = Strategy { kind: StrategyKind::BitFit, ..Strategy::default() };
        assert_eq!(trained(&bitfit), Ok(vec![1, 3, 6]));
        assert!(painted(&bitfit, 2).is_empty(), "every block has a bias");
        let lora = Strategy { kind: StrategyKind::Lora, ..Strategy::default() };
        assert_eq!(painted(&lora, 2), [Block::Embeddings], "there is an adapter in each layer");
        let matrices = ["layers.0.attention.query.weight", "layers.0.attention.query.lora_A.weight"];
        let beside = ["layers.0.attention.query.lora_B.weight", "head.mask.norm.bias", "head.mask.decoder.bias"];
        let rule = Trained::of(&lora, 1, matrices.into_iter().chain(beside)).unwrap();
        assert_eq!(matrices.map(|name| rule.contains(name)), [false, true]);
        assert_eq!(beside.map(|name| rule.contains(name)), [true, true, false]);
        let one = of(&["layers.1.attention.*"], &[]);
        assert_eq!(painted(&one, 2), [Block::Embeddings, Block::Layer(0), Block::Head]);
        let error = trained(&of(&["*.bias", "layers.3.wrong"], &[])).unwrap_err();
        assert!(error.contains("layers.3.wrong") && error.contains("layers.*.attention.query.weight"), "{error}");
        assert!(trained(&of(&["embeddings.*"], &["embeddings"])).unwrap_err().contains("everything is frozen"));
    }
}
