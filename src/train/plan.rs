//! What a configuration comes to for this model and this dataset, before anything is computed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

use super::companion::Expected;
use super::config::{LanguageObjective, RunConfig, StrategyKind};
use super::corpus::divide;
use super::recommend::Settings;
use super::steps::{count_steps, kept_count};
use super::{Prepared, TrainError, as_it_is, companions, groups, logistic, orders, patterns, precision, strategy};
use crate::corpus::{block_lengths, chunk_lengths};
use crate::inspect::predictor::TOKENS_AT_ONCE;
use crate::memory;
use crate::model::ops::matrix::{Into, Mat, MatMut, Threads, matmul};
use crate::model::params::Block;
use crate::model::{EncoderConfig, Family, HeadInput, HeadKind, Model, Outputs, Products, kept};
use crate::table::PlainText;
use crate::task::{Reads, Targets};

/// The estimate at the foot of the form, and the freeze map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanSummary {
    /// The settings it is of that could be left open, with what is recommended for those that were.
    pub settings: Settings,
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

/// The states that a run keeps to look back at, in bytes of the numbers in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptStates {
    pub count: u64,
    pub each: u64,
    /// Of all runs, where it is in folds.
    pub all: u64,
}

impl PlanSummary {
    /// What is kept to look back at; none where nothing is.
    pub fn kept_states(&self, config: &RunConfig) -> Option<KeptStates> {
        let (count, each) = (kept_count(config, self.steps), kept::bytes_of(self.trainable));
        let runs = u64::from(config.run.folds.max(1));
        (count > 0).then_some(KeptStates { count: count * runs, each, all: count * runs * each })
    }

    /// Seconds that all runs take, where it is in folds or with several seeds.
    pub fn all_seconds(&self, config: &RunConfig) -> f64 {
        self.seconds * f64::from(config.run.folds.max(1)) * config.run.seeds.len().max(1) as f64
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedBlock {
    pub name: String,
    pub parameters: u64,
    /// Those of them that are trained in the end.
    pub trained: u64,
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
    /// The program with its tokenizer and data, and a copy of the largest weight while it is written.
    pub program: u64,
    /// Physical memory of this machine that is free now.
    pub available: u64,
}

impl MemoryEstimate {
    pub fn total(&self) -> u64 {
        self.weights + self.gradients + self.optimizer + self.activations + self.program
    }
}

/// What is known of the model and the data.
pub struct Facts<'a> {
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
    as_it_is::check(config, encoder)?;
    let limit = config.data.max_tokens.min(encoder.max_tokens()) as u32;
    let (train, eval) = sequences(config, facts, limit);
    let all = facts.train_tokens.iter().chain(facts.eval_tokens);
    let truncated = if Shape::of(config) == Shape::Cut { all.filter(|tokens| **tokens > limit).count() } else { 0 };
    let mut sizes = encoder.weights(HeadKind::for_task(config.task), facts.labels.max(1));
    sizes.extend(config.strategy.adapters().iter().flat_map(|spec| encoder.adapter_weights(spec)));
    let plan = of_sequences(config, encoder, &sizes, (&train, &eval), facts.flops_per_sec)?;
    Ok(PlanSummary { truncated, ..plan })
}

/// The plan of a run whose model is open and whose data are prepared.
pub fn of_prepared(config: &RunConfig, data: &Prepared, model: &Model) -> Result<PlanSummary, TrainError> {
    let (train, eval) = (data.train.lengths(), data.eval.lengths());
    let sizes: Vec<_> = model.params.iter().map(|param| (param.name.clone(), param.count() as u64)).collect();
    let plan = of_sequences(config, &model.config, &sizes, (&train, &eval), flops_per_sec())?;
    Ok(PlanSummary { truncated: data.truncated(), ..plan })
}

/// `sizes` are the parameters of each weight, and `train` and `eval` the tokens of each sequence.
fn of_sequences(
    config: &RunConfig,
    encoder: &EncoderConfig,
    sizes: &[(String, u64)],
    (train, eval): (&[u32], &[u32]),
    flops_per_sec: f64,
) -> Result<PlanSummary, TrainError> {
    let steps = count_steps(config, train);
    let layers = encoder.stored_layers();
    let names: Vec<&str> = sizes.iter().map(|(name, _)| name.as_str()).collect();
    let rule = strategy::trained_at_end(
        &config.strategy,
        layers,
        names.iter().copied(),
        orders::joined_at_end(config, steps),
    )?;
    patterns::check("optim.rates", config.optim.patterns(), &names)?;
    let blocks = planned_blocks(config, layers, sizes, |name| {
        let is_fixed = encoder.sinusoidal_positions && name == "embeddings.position";
        rule.contains(name) && !is_fixed
    });
    let frozen: Vec<Block> =
        blocks.iter().filter(|block| !block.trainable).filter_map(|block| Block::named(&block.name)).collect();
    let parameters = blocks.iter().map(|block| block.parameters).sum();
    let trainable = blocks.iter().map(|block| block.trained).sum();
    let sum = |tokens: &[u32]| tokens.iter().map(|tokens| u64::from(*tokens)).sum::<u64>();
    let (tokens_per_epoch, eval_tokens) = (sum(train), sum(eval));
    let epochs = steps.total as f64 / steps.per_epoch.max(1) as f64;
    let cost = Cost::new(config, encoder, &frozen);
    let judged = cost.forward(eval_tokens as f64) * epochs.max(1.0);
    let fit = config.strategy.fit;
    let mut work = cost.training((fit.texts() as u64 * tokens_per_epoch) as f64, epochs) + judged;
    if fit.fits_outputs() {
        let read = if cost.graph > 0.0 { cost.forward(tokens_per_epoch as f64) } else { 0.0 };
        work += epochs.max(1.0) * (read + logistic::operations(sizes, train.len()));
    }
    let companion = companions::expected(config, encoder)?;
    if let Some(companion) = &companion {
        let passes = if companion.learns { 3.0 } else { 1.0 };
        let times = if companion.is_kept { epochs.min(1.0) } else { epochs };
        // What learns nothing is asked of what is held out once, when the run ends.
        let judged = if companion.learns { epochs.max(1.0) } else { 1.0 };
        let tokens = times * passes * tokens_per_epoch as f64 + judged * eval_tokens as f64;
        work += epochs * tokens_per_epoch as f64 * companion.operations;
        let layers = companion.config.schedule().len() as f64;
        work += tokens * (layers * of_layer(&companion.config) + companion.words * of_words(&companion.config));
    }
    let learning = trainable + companion.as_ref().map_or(0, |companion| companion.trained);
    let weights = (parameters, trainable);
    Ok(PlanSummary {
        settings: Settings::of(config),
        steps: steps.total,
        steps_per_epoch: steps.per_epoch,
        train_examples: train.len(),
        eval_examples: eval.len(),
        parameters,
        trainable,
        truncated: 0,
        windowed: 0,
        tokens_per_epoch,
        memory: memory_estimate(config, encoder, (train, eval), weights, &cost, companion.as_ref()),
        seconds: work / flops_per_sec.max(1.0) + steps.total as f64 * learning as f64 * OPTIMIZER_SECS,
        blocks,
    })
}

/// The blocks from the bottom up, with what of them is trained.
fn planned_blocks(
    config: &RunConfig,
    layers: usize,
    sizes: &[(String, u64)],
    is_trained: impl Fn(&str) -> bool,
) -> Vec<PlannedBlock> {
    let mut blocks: BTreeMap<Block, Vec<&(String, u64)>> = BTreeMap::new();
    for weight in sizes {
        blocks.entry(Block::of(&weight.0)).or_default().push(weight);
    }
    let planned = |(block, weights): (Block, Vec<&(String, u64)>)| {
        let trained = || weights.iter().filter(|(name, _)| is_trained(name));
        let peak = groups::highest(trained().map(|(name, _)| name), &config.optim, layers);
        PlannedBlock {
            name: block.to_string(),
            parameters: weights.iter().map(|(_, count)| count).sum(),
            trained: trained().map(|(_, count)| count).sum(),
            trainable: peak.is_some(),
            lr: peak.unwrap_or_else(|| groups::rate(block, &config.optim, layers)),
        }
    };
    blocks.into_iter().map(planned).collect()
}

/// What a training step reaches of what a product alone does, as measured with `attune bench`.
const REACHED: f64 = 0.7;

/// Operations a second of this machine in a product of training's shape, measured once.
pub fn flops_per_sec() -> f64 {
    static MEASURED: LazyLock<f64> = LazyLock::new(|| {
        const N: usize = 512;
        let (a, b) = (vec![0.5_f32; N * N], vec![0.25_f32; N * N]);
        let mut c = vec![0.0_f32; N * N];
        REACHED
            * precision::measured(N, || {
                matmul(MatMut::new(&mut c, N, N), Into::Set, Mat::new(&a, N, N), Mat::new(&b, N, N), Threads::All);
            })
    });
    *MEASURED
}

/// What a pass through layers takes whose products are in bfloat16, of the same in f32: what is no product stays.
fn share_in_bf16() -> f64 {
    if precision::has_bf16() { 1.0 - REACHED + flops_per_sec() / precision::flops_per_sec() } else { 1.0 }
}

/// What training makes of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A sequence of each, which loses its end where it is longer than the limit.
    Cut,
    /// Windows over each.
    Windows,
    /// Blocks of each, or of all laid end to end.
    Blocks,
    /// Chunks of sentences, to be paired.
    Chunks,
}

impl Shape {
    pub fn of(config: &RunConfig) -> Self {
        match config.task.reads() {
            Reads::Words | Reads::Question => Self::Windows,
            Reads::Running if !config.is_translation() => Self::Blocks,
            Reads::Neighbours(_) if config.data.columns.pair.is_none() => Self::Chunks,
            Reads::Texts | Reads::Running | Reads::Neighbours(_) => Self::Cut,
        }
    }
}

/// Tokens of each sequence that is learned from, and of each that is held out. Of a text that is its own lesson blocks
/// and chunks are divided, and not its lines, as training does it.
fn sequences(config: &RunConfig, facts: &Facts<'_>, limit: u32) -> (Vec<u32>, Vec<u32>) {
    let made = |tokens: &[u32]| made(config, facts.encoder.family, tokens, limit.max(1));
    let divides = matches!(Shape::of(config), Shape::Blocks | Shape::Chunks) && config.data.eval.is_none();
    if !divides {
        return (made(facts.train_tokens), made(facts.eval_tokens));
    }
    let all = made(&[facts.train_tokens, facts.eval_tokens].concat());
    let places: Vec<u32> = (0..all.len() as u32).collect();
    let (train, eval) = divide(&places, &config.data.split_rule(config.run.seed));
    let lengths = |places: &[u32]| -> Vec<u32> { places.iter().map(|place| all[*place as usize]).collect() };
    (lengths(&train), lengths(&eval))
}

/// Tokens of each sequence that texts of these lengths become. It is an estimate where only the texts would tell: of
/// blocks that end with a document in a plain text, and of chunks, whose sentences and documents have no known length.
fn made(config: &RunConfig, family: Family, tokens: &[u32], limit: u32) -> Vec<u32> {
    let bare = || -> Vec<u32> { tokens.iter().map(|tokens| tokens.saturating_sub(AROUND_TEXT)).collect() };
    let framed =
        |laid: Vec<u32>, special: u32| -> Vec<u32> { laid.into_iter().map(|tokens| tokens + special).collect() };
    let room = |special: u32| limit.saturating_sub(special).max(1);
    match Shape::of(config) {
        Shape::Cut => tokens.iter().map(|tokens| (*tokens).min(limit)).collect(),
        Shape::Windows => {
            let step = limit.saturating_sub(config.data.stride as u32).max(1);
            let windows = |tokens: u32| (tokens.saturating_sub(limit)).div_ceil(step) + 1;
            tokens.iter().flat_map(|&all| std::iter::repeat_n(all.min(limit), windows(all) as usize)).collect()
        }
        Shape::Blocks => {
            let blocks = block_lengths(&bare(), room(AROUND_TEXT), config.language.join_lines);
            framed(blocks, AROUND_TEXT)
        }
        Shape::Chunks => {
            let data = &config.data;
            let is_plain = PlainText::of(&data.train).is_ok_and(|text| text.is_some());
            let are_rows = data.columns.group.is_none() && !is_plain;
            let special = around_pair(family);
            framed(chunk_lengths(&bare(), room(special), are_rows), special)
        }
    }
}

/// Special tokens around a text, in every family.
const AROUND_TEXT: u32 = 2;

/// Special tokens around and between two texts.
fn around_pair(family: Family) -> u32 {
    if family.is_roberta() { 4 } else { 3 }
}

/// Share of the tokens that the model has to predict.
fn asked(config: &RunConfig) -> f64 {
    if config.language.objective == LanguageObjective::Causal { 1.0 } else { config.language.share }
}

/// Seconds the optimizer takes for one weight.
const OPTIMIZER_SECS: f64 = 1.2e-9;

/// Floating-point operations for one token in a layer.
fn of_layer(encoder: &EncoderConfig) -> f64 {
    let (hidden, inner) = (encoder.hidden_size as f64, encoder.intermediate_size as f64);
    // A gated layer has a third matrix.
    let matrices = if encoder.is_gated() { 3.0 } else { 2.0 };
    2.0 * (4.0 * hidden * hidden + matrices * hidden * inner)
}

/// The same for the logits of all words.
fn of_words(encoder: &EncoderConfig) -> f64 {
    2.0 * encoder.embedding_size as f64 * encoder.vocab_size as f64
}

/// Floating-point operations for one token.
struct Cost {
    /// Forward through layers that are computed once for all epochs.
    cached: f64,
    /// Forward through frozen layers that are computed in every epoch.
    frozen: f64,
    /// Forward through the layers in the graph.
    graph: f64,
    /// What that takes in the numbers in which it is trained, where it is 1 in f32.
    share: f64,
    /// Forward to the logits of all words.
    decoder: f64,
    /// Times the forward pass that a backward pass through the graph takes.
    backward: f64,
    /// Layers in the graph.
    graph_layers: usize,
    /// Whether nothing is in the graph but a head that reads the first token alone.
    first_tokens: bool,
}

impl Cost {
    fn new(config: &RunConfig, encoder: &EncoderConfig, frozen: &[Block]) -> Self {
        let kind = HeadKind::for_task(config.task);
        // What is drawn anew each time is not kept.
        let is_drawn =
            config.task.reads() == Reads::Running || Shape::of(config) == Shape::Chunks || config.data.hide_words > 0.0;
        // A teacher's layers are compared with all of the student's, each time.
        let compares = config.compares_layers();
        let cache = config.strategy.cache && !is_drawn && !compares;
        let hidden = encoder.hidden_size as f64;
        let layer = of_layer(encoder);
        let schedule = encoder.schedule();
        let is_frozen = |stored: usize| frozen.contains(&Block::Layer(stored));
        let below = if frozen.contains(&Block::Embeddings) {
            schedule.iter().take_while(|step| is_frozen(step.stored)).count()
        } else {
            0
        };
        let rest = schedule.len() - below;
        // Of the last layer only keys and values are computed for every token where the head reads the first alone.
        let reads_first = kind.input() == HeadInput::FirstToken && !compares;
        let spared = if rest > 0 && reads_first { layer - 4.0 * hidden * hidden } else { 0.0 };
        let decoder = if kind.outputs() == Outputs::Words { asked(config) * of_words(encoder) } else { 0.0 };
        let prefix = layer * below as f64;
        Self {
            cached: if cache { prefix } else { 0.0 },
            frozen: if cache { 0.0 } else { prefix },
            graph: layer * rest as f64 - spared,
            share: if config.run.precision == Products::Bf16 { share_in_bf16() } else { 1.0 },
            decoder,
            // A matrix that is not trained costs the gradient of its input alone.
            backward: if matches!(config.strategy.kind, StrategyKind::Lora | StrategyKind::BitFit) { 1.0 } else { 2.0 },
            graph_layers: rest,
            first_tokens: rest == 0 && reads_first,
        }
    }

    /// Bytes of what the frozen layers compute of all sequences, where it is kept.
    fn kept_prefix(&self, encoder: &EncoderConfig, train: &[u32], eval: &[u32]) -> u64 {
        if self.cached == 0.0 {
            return 0;
        }
        let rows = |tokens: &u32| if self.first_tokens { 1 } else { u64::from(*tokens) };
        train.iter().chain(eval).map(rows).sum::<u64>() * encoder.hidden_size as u64 * 4
    }

    fn forward(&self, tokens: f64) -> f64 {
        tokens * (self.cached + self.frozen + self.graph + self.decoder)
    }

    fn training(&self, tokens: f64, epochs: f64) -> f64 {
        let learned = (1.0 + self.backward) * (self.share * self.graph + self.decoder);
        tokens * (self.cached * epochs.min(1.0) + epochs * (self.frozen + learned))
    }
}

/// Seconds beyond which a run is said to be long before it starts.
pub const HOUR: f64 = 3600.0;

/// What the smallest of runs takes.
const PROGRAM: u64 = 50_000_000;
/// A token in the tables of a tokenizer.
const BYTES_OF_TOKEN: u64 = 1000;
/// A sequence beside its tokens: its target, and its text in the table.
const BYTES_OF_SEQUENCE: u64 = 500;

/// Bytes that a model computes of so many tokens in a micro-batch and of so many in an evaluation. `layers` of it are in the
/// graph, and `words` is the share of the tokens that have as many logits as there are words.
fn computed(encoder: &EncoderConfig, layers: usize, words: f64, tokens: u64, judged: u64) -> u64 {
    let (hidden, inner) = (encoder.hidden_size as u64, encoder.intermediate_size as u64);
    // Kept for each layer: input, query, key, value, context, both sums, attended, and the inner layer.
    let kept = tokens * (8 * hidden + inner) * 4 * layers as u64;
    // Of one layer at a time: all these, the activated inner layer and what comes out. Buffers are kept for the next
    // batch of about the same size, and an evaluation has batches of a size of its own.
    // A gated layer has both halves of what is inside it, each once more where they are parted, and their product.
    let inside = if encoder.is_gated() { 5 } else { 2 };
    let layer = (9 * hidden + inside * inner) * 4;
    // Logits, their gradient and a copy, for each token that is asked for.
    let logits = |tokens: u64| (words * tokens as f64) as u64 * encoder.vocab_size as u64 * 4;
    kept + (tokens + judged) * layer + 3 * logits(tokens) + 2 * logits(judged)
}

/// Bytes of what is rounded to bfloat16: each matrix of the layers in the graph as both passes read it, and the rows of
/// one layer at a time.
fn rounded(encoder: &EncoderConfig, layers: usize, tokens: u64) -> u64 {
    const BYTES: u64 = 2;
    let (hidden, inner) = (encoder.hidden_size as u64, encoder.intermediate_size as u64);
    // A layer that is gone through several times is rounded once.
    let matrices = of_layer(encoder) as u64 / 2 * layers.min(encoder.stored_layers()) as u64;
    BYTES * (2 * matrices + tokens * (4 * hidden + 3 * inner))
}

fn memory_estimate(
    config: &RunConfig,
    encoder: &EncoderConfig,
    (train, eval): (&[u32], &[u32]),
    (parameters, trainable): (u64, u64),
    cost: &Cost,
    companion: Option<&Expected>,
) -> MemoryEstimate {
    let sum = |tokens: &[u32]| tokens.iter().map(|tokens| u64::from(*tokens)).sum::<u64>();
    // The longest micro-batch that can come together.
    let at_once = config.run.micro_batch.unwrap_or(config.run.batch).min(config.run.batch);
    let mut longest = train.to_vec();
    longest.sort_unstable_by(|a, b| b.cmp(a));
    let by_count = sum(&longest[..at_once.min(longest.len())]);
    let tokens = config.run.batch_tokens.map_or(by_count, |limit| by_count.min(limit as u64))
        * config.strategy.fit.texts() as u64;
    // What is left over for the last of them is another size, of a half at most or it finds those of the others.
    let most = eval.iter().copied().max().unwrap_or(0).max(TOKENS_AT_ONCE as u32).into();
    let judged = if sum(eval) > most { most + most / 2 } else { sum(eval) };
    let words = if config.task.targets() == Targets::Hidden { asked(config) } else { 0.0 };
    let mut activations = computed(encoder, cost.graph_layers, words, tokens, judged);
    let rounded = if config.run.precision == Products::Bf16 { rounded(encoder, cost.graph_layers, tokens) } else { 0 };
    let (mut held, mut learning) = (parameters, trainable);
    if let Some(companion) = companion {
        let layers = if companion.learns { companion.config.schedule().len() } else { 0 };
        activations += computed(&companion.config, layers, companion.words, tokens, judged);
        activations += 4 * companion.numbers * tokens;
        held += companion.held;
        learning += companion.trained;
    }
    let available = memory::available();
    let table = encoder.vocab_size as u64 * encoder.embedding_size as u64 * 4;
    let data = (sum(train) + sum(eval)) * 8 + (train.len() + eval.len()) as u64 * BYTES_OF_SEQUENCE;
    // The best weights are kept beside the current ones.
    MemoryEstimate {
        weights: 4 * (held + learning) + rounded,
        gradients: 4 * learning,
        optimizer: 8 * learning,
        activations: activations + cost.kept_prefix(encoder, train, eval).min(available / 2),
        program: PROGRAM + encoder.vocab_size as u64 * BYTES_OF_TOKEN + data + table,
        available,
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use super::super::corpus::tests::{config, prepared};
    use super::super::rows::fill_roles;
    use super::*;
    use crate::data::{Dataset, Split};
    use crate::model;
    use crate::table::Table;
    use crate::task::Task;
    use crate::text::{Tokenizer, measure};

    /// A file in a folder of its own, which goes with it.
    fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    /// The plan from the lengths of a file's rows, as the window has them.
    fn planned(config: &RunConfig) -> PlanSummary {
        let dir = config.model_dir().unwrap();
        let table = Arc::new(Table::open(&config.data.train.place()).unwrap());
        let roles = fill_roles(&config.data.columns, &table, config.task);
        let dataset = Dataset::new(table, config.task, &roles, None).unwrap();
        let tokenizer = Tokenizer::open(&dir).unwrap();
        let split = Split::new(&dataset, &config.data.split_rule(config.run.seed));
        let learned = crate::train::rows::learned(config, &dataset, &split.train);
        let lengths = |which: &[usize]| -> Vec<u32> {
            which.iter().map(|example| measure(&dataset, *example, &tokenizer).unwrap().tokens as u32).collect()
        };
        let facts = Facts {
            encoder: &model::read_config(&dir).unwrap(),
            train_tokens: &lengths(&learned),
            eval_tokens: &lengths(&split.eval),
            labels: 2,
            flops_per_sec: 1e9,
        };
        plan(config, &facts).unwrap()
    }

    /// Compares a plan with what training makes; gives the sequences learned from and those held out.
    fn check(config: &RunConfig) -> (usize, usize) {
        let (plan, data) = (planned(config), prepared(config));
        let made = (data.train.len(), data.eval.len());
        assert_eq!((plan.train_examples, plan.eval_examples), made);
        assert_eq!(plan.truncated, data.truncated());
        assert_eq!(plan.steps, count_steps(config, &data.train.lengths()).total);
        made
    }

    #[test]
    fn words_are_masked_in_as_many_blocks_as_were_planned() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/corpus.txt");
        let lines = std::fs::read_to_string(&corpus).unwrap().lines().count();
        for (task, model) in [(Task::Mlm, "bert-mlm"), (Task::Mlm, "roberta-mlm"), (Task::Rtd, "electra-rtd")] {
            for join_lines in [true, false] {
                let mut config = config(task, model, corpus.clone());
                config.data.max_tokens = 16;
                config.data.eval_fraction = Some(0.25);
                config.language.join_lines = join_lines;
                let (train, eval) = check(&config);
                assert!(train + eval > lines, "most lines are longer than a block");
            }
        }
    }

    #[test]
    fn documents_do_not_matter_to_lines_that_are_not_joined() {
        let prose = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples/prose.txt");
        let mut config = config(Task::Mlm, "bert-mlm", prose);
        config.language.join_lines = false;
        check(&config);
    }

    #[test]
    fn a_text_and_its_translation_are_one_sequence_and_may_be_cut() {
        let rows = "The old harbour leaves the island at seven.,Le vieux port.\nRain.,Pluie.\n".repeat(8);
        let (_folder, path) = file("pairs.csv", &format!("sentence1,sentence2\n{rows}"));
        let mut config = config(Task::Mlm, "bert-mlm", path);
        config.language.objective = LanguageObjective::Translation;
        config.data.columns.text = Some("sentence1".into());
        config.data.columns.pair = Some("sentence2".into());
        config.data.max_tokens = 14;
        let (train, eval) = check(&config);
        assert_eq!(train + eval, 16);
        assert!(planned(&config).truncated >= 8);
    }

    #[test]
    fn rows_of_rare_classes_are_planned_as_often_as_they_are_repeated() {
        let rows = |class: &str, count: usize| -> String {
            (0..count).map(|row| format!("Rain fell {row} times.,{class}\n")).collect()
        };
        let (_folder, path) = file("rows.csv", &format!("text,label\n{}{}", rows("a", 40), rows("b", 8)));
        let mut config = config(Task::Classify, "bert-classify", path);
        config.data.eval_fraction = Some(0.25);
        assert_eq!(check(&config), (36, 12));
        config.data.oversample = true;
        assert_eq!(check(&config), (60, 12), "what is held out stays as it is");
        let data = prepared(&config);
        assert_eq!(data.counts, [30, 30]);
        let told = "rows of rare classes are repeated: an epoch has 60 rows instead of 36";
        assert!(data.warnings.iter().any(|warning| warning == told), "{:?}", data.warnings);
    }

    /// A weight of each block.
    fn sizes(encoder: &EncoderConfig) -> Vec<(String, u64)> {
        let layer = |layer: usize| (format!("layers.{layer}.attention.query.weight"), 14_000);
        let mut sizes = vec![("embeddings.word".to_owned(), 24_576), ("head.pooler.bias".to_owned(), 1_122)];
        sizes.extend((0..encoder.stored_layers()).map(layer));
        sizes
    }

    #[test]
    fn memory_counts_what_an_evaluation_computes_at_once_and_a_copy_of_the_largest_weight() {
        let (_folder, path) =
            file("rows.csv", &("text,label\n".to_owned() + &"Heavy rain closed it,a\nRain,b\n".repeat(4)));
        let mut config = config(Task::Classify, "bert-classify", path);
        config.strategy.kind = StrategyKind::Head;
        config.run.batch = 2;
        let encoder = model::read_config(&config.model_dir().unwrap()).unwrap();
        let sizes = sizes(&encoder);
        let memory =
            |train: &[u32], eval: &[u32]| of_sequences(&config, &encoder, &sizes, (train, eval), 1e9).unwrap().memory;
        let (layer, row) = (4 * (9 * 32 + 2 * 72), 4 * 32);
        let alone = memory(&[10; 6], &[]);
        assert_eq!(alone.activations, 20 * layer + 6 * row);
        assert_eq!(memory(&[10; 6], &[50; 4]).activations, 220 * layer + 10 * row, "the held-out texts at once");
        let many = memory(&[10; 6], &[50; 400]).activations;
        let together = TOKENS_AT_ONCE as u64;
        assert_eq!(many, (20 + together + together / 2) * layer + 406 * row, "as many as go together, and the rest");
        let long = memory(&[10; 6], &[5000; 4]).activations;
        assert_eq!(long, (20 + 5000 + 2500) * layer + 10 * row, "a text that is longer goes alone");
        assert!(alone.program >= PROGRAM + 700 * 32 * 4);
        assert_eq!(alone.gradients, 4 * 1_122);
    }

    #[test]
    fn products_in_bf16_need_room_for_what_is_rounded() {
        let (_folder, path) = file("rows.csv", &("text,label\n".to_owned() + &"Rain,a\nSun,b\n".repeat(4)));
        let mut config = config(Task::Classify, "bert-classify", path);
        config.run.batch = 2;
        let encoder = model::read_config(&config.model_dir().unwrap()).unwrap();
        let sizes = sizes(&encoder);
        let mut plan = |precision| {
            config.run.precision = precision;
            of_sequences(&config, &encoder, &sizes, (&[10; 6], &[]), 1e9).unwrap()
        };
        let (exact, rounded) = (plan(Products::F32), plan(Products::Bf16));
        let matrices = encoder.stored_layers() as u64 * (4 * 32 * 32 + 2 * 32 * 72);
        let rows = 20 * (4 * 32 + 3 * 72);
        assert_eq!(rounded.memory.weights - exact.memory.weights, 2 * (2 * matrices + rows));
    }

    #[test]
    fn what_learns_along_is_part_of_the_estimate() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/corpus.txt");
        let config = config(Task::Rtd, "electra-rtd", path);
        let encoder = model::read_config(&config.model_dir().unwrap()).unwrap();
        let beside = companions::expected(&config, &encoder).unwrap().unwrap();
        let sizes = sizes(&encoder);
        let plan = |config: &RunConfig| of_sequences(config, &encoder, &sizes, (&[30; 8], &[30; 8]), 1e9).unwrap();
        let (plan, alone) = (plan(&config), plan(&RunConfig { task: Task::Sop, ..config.clone() }));
        let more = |part: fn(&MemoryEstimate) -> u64| part(&plan.memory) - part(&alone.memory);
        assert_eq!(more(|memory| memory.weights), 8 * beside.trained);
        assert_eq!(more(|memory| memory.gradients), 4 * beside.trained);
        assert_eq!(more(|memory| memory.optimizer), 8 * beside.trained);
        let logits = (0.15 * 240.0) as u64 * encoder.vocab_size as u64 * 4;
        assert!(more(|memory| memory.activations) > 5 * logits, "its own layers, and the logits of the masked words");
        assert!(plan.seconds > alone.seconds);
    }

    #[test]
    fn pairs_are_made_of_as_many_chunks_as_were_planned() {
        let sentences =
            ["The old harbour leaves the island at seven.", "Heavy rain closed the mountain road.", "Rain."];
        let text = format!("{}\n", sentences.join("\n")).repeat(9);
        let (_folder, path) = file("story.txt", &text);
        for (task, model) in [(Task::Nsp, "bert-nsp"), (Task::Sop, "albert-sop")] {
            let mut config = config(task, model, path.clone());
            config.data.eval_fraction = Some(0.0);
            let (train, eval) = check(&config);
            assert!(train < 27 && eval == 0, "a chunk has several lines");
            assert_eq!(planned(&config).truncated, 0);
        }
    }

    #[test]
    fn rows_of_several_sentences_are_chunks_of_their_own() {
        let sentence = "Heavy rain closed the mountain road.";
        let table = |sentences: usize, rows: usize| {
            let row = |row: usize| format!("{row},{}\n", vec![sentence; sentences].join(" "));
            file("rows.csv", &(String::from("id,text\n") + &(0..rows).map(row).collect::<String>()))
        };
        for (sentences, rows, chunks) in [(7, 12, 24), (1, 36, 6)] {
            let (_folder, path) = table(sentences, rows);
            let mut config = config(Task::Nsp, "bert-nsp", path);
            config.data.columns.text = Some("text".into());
            config.data.max_tokens = 60;
            config.data.eval_fraction = Some(0.25);
            let (train, eval) = check(&config);
            assert_eq!(train + eval, chunks);
        }
    }
}
