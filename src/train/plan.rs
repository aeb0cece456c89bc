//! What a configuration comes to for this model and this dataset, before anything is computed.

use serde::Serialize;

use super::config::{LanguageObjective, RunConfig};
use super::steps::count_steps;
use super::{TrainError, groups, memory, strategy};
use crate::model::card::ModelCard;
use crate::model::params::Block;
use crate::model::{EncoderConfig, HeadKind};
use crate::task::Task;

/// The estimate at the foot of the form, and the freeze map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanSummary {
    pub steps: u64,
    pub steps_per_epoch: u64,
    pub train_examples: usize,
    pub eval_examples: usize,
    pub parameters: u64,
    pub trainable: u64,
    /// `embeddings`, `layers.0` …, `head`, from the bottom up.
    pub blocks: Vec<PlannedBlock>,
    /// Examples whose text is longer than the limit.
    pub truncated: usize,
    /// Examples that are longer and therefore laid in several windows.
    pub windowed: usize,
    pub tokens_per_epoch: u64,
    pub memory: MemoryEstimate,
    /// Seconds for the whole run on this machine.
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedBlock {
    pub name: String,
    pub parameters: u64,
    pub trainable: bool,
    /// Highest rate the block reaches.
    pub lr: f64,
}

/// Bytes, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryEstimate {
    pub weights: u64,
    pub gradients: u64,
    pub optimizer: u64,
    pub activations: u64,
    /// Physical memory of this machine that is free now.
    pub available: u64,
}

impl MemoryEstimate {
    pub fn total(&self) -> u64 {
        self.weights + self.gradients + self.optimizer + self.activations
    }
}

/// What is known of the model and the data.
pub struct Facts<'a> {
    pub card: &'a ModelCard,
    pub encoder: &'a EncoderConfig,
    /// Tokens of each example that is learned from and held out, before any limit.
    pub train_tokens: &'a [u32],
    pub eval_tokens: &'a [u32],
    pub labels: usize,
    /// Multiplications and additions a second of this machine in large products.
    pub flops_per_sec: f64,
}

/// Computes the plan.
pub fn plan(config: &RunConfig, facts: &Facts<'_>) -> Result<PlanSummary, TrainError> {
    let encoder = facts.encoder;
    let limit = config.data.max_tokens.min(encoder.max_tokens()) as u32;
    let train = sequences(config, facts.train_tokens, limit);
    let eval = sequences(config, facts.eval_tokens, limit);
    let all = facts.train_tokens.iter().chain(facts.eval_tokens);
    let truncated = if cuts(config) { all.filter(|tokens| **tokens > limit).count() } else { 0 };
    let steps = count_steps(config, &train);
    let layers = encoder.stored_layers();
    let frozen = strategy::frozen_at_end(&config.strategy, layers, steps)?;
    let sizes = block_sizes(config, facts, layers);
    let blocks: Vec<PlannedBlock> = sizes
        .iter()
        .map(|(block, parameters)| PlannedBlock {
            name: block.to_string(),
            parameters: *parameters,
            trainable: !frozen.contains(block),
            lr: groups::rate(*block, &config.optim, layers),
        })
        .collect();
    let parameters = blocks.iter().map(|block| block.parameters).sum();
    let trainable = blocks.iter().filter(|block| block.trainable).map(|block| block.parameters).sum();
    let tokens_per_epoch: u64 = train.iter().map(|tokens| u64::from(*tokens)).sum();
    let eval_tokens: u64 = eval.iter().map(|tokens| u64::from(*tokens)).sum();
    let epochs = steps.total as f64 / steps.per_epoch.max(1) as f64;
    let cost = Cost::new(config, encoder, &frozen);
    let work = cost.training(tokens_per_epoch as f64, epochs) + cost.forward(eval_tokens as f64) * epochs.max(1.0);
    Ok(PlanSummary {
        steps: steps.total,
        steps_per_epoch: steps.per_epoch,
        train_examples: train.len(),
        eval_examples: facts.eval_tokens.len(),
        parameters,
        trainable,
        truncated,
        windowed: 0,
        tokens_per_epoch,
        memory: memory_estimate(config, encoder, &train, parameters, trainable, &cost),
        seconds: work / facts.flops_per_sec.max(1.0) + steps.total as f64 * trainable as f64 * OPTIMIZER_SECS,
        blocks,
    })
}

/// Whether a text longer than the limit loses its end, and is not read in windows or blocks.
fn cuts(config: &RunConfig) -> bool {
    !matches!(config.task, Task::Ner | Task::Qa | Task::Mlm | Task::Rtd)
}

/// Tokens of each sequence that texts of these lengths become.
fn sequences(config: &RunConfig, tokens: &[u32], limit: u32) -> Vec<u32> {
    let limit = limit.max(1);
    match config.task {
        Task::Ner | Task::Qa => {
            let step = limit.saturating_sub(config.data.stride as u32).max(1);
            let windows = |tokens: u32| (tokens.saturating_sub(limit)).div_ceil(step) + 1;
            tokens.iter().flat_map(|&all| std::iter::repeat_n(all.min(limit), windows(all) as usize)).collect()
        }
        Task::Mlm | Task::Rtd if config.language.join_lines => {
            let all: u64 = tokens.iter().map(|tokens| u64::from(*tokens)).sum();
            vec![limit; all.div_ceil(u64::from(limit)) as usize]
        }
        _ => tokens.iter().map(|tokens| (*tokens).min(limit)).collect(),
    }
}

/// Share of the tokens that the model is asked for.
fn asked(config: &RunConfig) -> f64 {
    if config.language.objective == LanguageObjective::Causal { 1.0 } else { config.language.share }
}

/// Seconds the optimizer takes for one weight.
const OPTIMIZER_SECS: f64 = 1.2e-9;

/// The encoder's blocks as stored, and the head as it will be for these labels.
fn block_sizes(config: &RunConfig, facts: &Facts<'_>, layers: usize) -> Vec<(Block, u64)> {
    let stored = |block: Block| {
        let name = block.to_string();
        facts.card.blocks.iter().find(|size| size.name == name).map_or(0, |size| size.parameters)
    };
    let hidden = facts.encoder.hidden_size as u64;
    let dense = hidden * hidden + hidden;
    let head = match HeadKind::for_task(config.task) {
        HeadKind::Sequence | HeadKind::NextSentence | HeadKind::SentenceOrder => {
            dense + (hidden + 1) * facts.labels.max(1) as u64
        }
        HeadKind::Token => (hidden + 1) * facts.labels.max(1) as u64,
        HeadKind::Span => 2 * (hidden + 1),
        // The decoder is the word table; its bias and a norm are the head's own.
        HeadKind::Mask => dense + 2 * hidden + facts.encoder.vocab_size as u64,
        HeadKind::Replaced => dense + hidden + 1,
    };
    let mut sizes = vec![(Block::Embeddings, stored(Block::Embeddings))];
    sizes.extend((0..layers).map(|layer| (Block::Layer(layer), stored(Block::Layer(layer)))));
    sizes.push((Block::Head, head));
    sizes
}

/// Floating-point operations for one token.
struct Cost {
    /// Forward through layers that are computed once for all epochs.
    cached: f64,
    /// Forward through frozen layers that are computed in every epoch.
    frozen: f64,
    /// Forward through what is in the graph.
    graph: f64,
    /// Layers in the graph.
    graph_layers: usize,
}

impl Cost {
    fn new(config: &RunConfig, encoder: &EncoderConfig, frozen: &[Block]) -> Self {
        let kind = HeadKind::for_task(config.task);
        // What is drawn anew each time is not kept.
        let cache = config.strategy.cache && !matches!(config.task, Task::Mlm | Task::Rtd);
        let (hidden, inner) = (encoder.hidden_size as f64, encoder.intermediate_size as f64);
        let layer = 2.0 * (4.0 * hidden * hidden + 2.0 * hidden * inner);
        let schedule = encoder.schedule();
        let is_frozen = |stored: usize| frozen.contains(&Block::Layer(stored));
        let below = if frozen.contains(&Block::Embeddings) {
            schedule.iter().take_while(|step| is_frozen(step.stored)).count()
        } else {
            0
        };
        let rest = schedule.len() - below;
        // Of the last layer only keys and values are computed for every token where the head reads the first alone.
        let spared = if rest > 0 && kind.reads_first_token() { layer - 4.0 * hidden * hidden } else { 0.0 };
        let decoder =
            if kind == HeadKind::Mask { asked(config) * 2.0 * hidden * encoder.vocab_size as f64 } else { 0.0 };
        let prefix = layer * below as f64;
        Self {
            cached: if cache { prefix } else { 0.0 },
            frozen: if cache { 0.0 } else { prefix },
            graph: layer * rest as f64 - spared + decoder,
            graph_layers: rest,
        }
    }

    fn forward(&self, tokens: f64) -> f64 {
        tokens * (self.cached + self.frozen + self.graph)
    }

    fn training(&self, tokens: f64, epochs: f64) -> f64 {
        tokens * (self.cached * epochs.min(1.0) + epochs * (self.frozen + 3.0 * self.graph))
    }
}

fn memory_estimate(
    config: &RunConfig,
    encoder: &EncoderConfig,
    train: &[u32],
    parameters: u64,
    trainable: u64,
    cost: &Cost,
) -> MemoryEstimate {
    // The longest micro-batch that can come together.
    let at_once = config.run.micro_batch.unwrap_or(config.run.batch).min(config.run.batch);
    let mut longest = train.to_vec();
    longest.sort_unstable_by(|a, b| b.cmp(a));
    let by_count: u64 = longest.iter().take(at_once).map(|tokens| u64::from(*tokens)).sum();
    let tokens = config.run.batch_tokens.map_or(by_count, |limit| by_count.min(limit as u64));
    let (hidden, inner) = (encoder.hidden_size as u64, encoder.intermediate_size as u64);
    // Kept for each layer: input, query, key, value, context, both sums, attended, and the inner layer.
    let kept = tokens * (8 * hidden + inner) * 4 * cost.graph_layers as u64;
    let mut scratch = tokens * (6 * hidden + 2 * inner) * 4;
    if config.task == Task::Mlm {
        // Logits, their gradient and a copy, for each token that is asked for.
        scratch += (asked(config) * tokens as f64) as u64 * encoder.vocab_size as u64 * 12;
    }
    // The best weights are kept beside the current ones.
    MemoryEstimate {
        weights: 4 * (parameters + trainable),
        gradients: 4 * trainable,
        optimizer: 8 * trainable,
        activations: kept + scratch,
        available: memory::available(),
    }
}
