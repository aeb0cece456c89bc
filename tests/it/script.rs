//! A worker that follows a script: it reads tables as the real one does, and makes up models, runs and numbers. Window
//! tests answer with it at once; nothing in it waits.
#![expect(clippy::unwrap_used, reason = "a broken script is a broken test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune::data::Dataset;
use attune::inspect::{Answer, Prediction as Said, Question, Script, Subject};
use attune::metrics::{Evaluation, Outcome, Prediction};
use attune::model::card::{BlockSize, LoadReport, ModelCard};
use attune::model::{Decisions, Precision};
use attune::table::Table;
use attune::task::Task;
use attune::text::xray::xray;
use attune::text::{Length, Tokenizer};
use attune::train::config::{RunConfig, StrategyKind};
use attune::train::event::{Ending, Step, TrainEvent};
use attune::train::plan::{MemoryEstimate, PlanSummary, PlannedBlock};
use attune::train::recommend::Settings;
use attune::train::rows::{Sources, divide};
use attune::train::run::{RunStatus, RunSummary};
use attune::ui::{fonts, theme};
use attune::worker::protocol::{
    Command, DatasetRequest, EvaluatedData, EvaluatedOn, EventKind, Lengths, LoadedDataset, LookedAt, ModelEntry,
    OpenedRun, Origin, Payload,
};

use crate::models_match_the_reference::golden;

/// All that a window is drawn with, where nobody waits for glyphs that are found later.
pub fn dress(ctx: &egui::Context) {
    theme::install(ctx);
    std::mem::forget(fonts::install(ctx));
}

/// What a job answers between `Started` and its ending, or why it fails.
pub type Reply = Result<Vec<EventKind>, String>;

pub fn answer(command: &Command) -> Reply {
    let one = |payload| Ok(vec![EventKind::Payload(payload)]);
    match command {
        Command::FindModels { .. } => one(Payload::Models(Arc::new(models()))),
        Command::OpenModel { dir, .. } if dir.ends_with("gpt2") => {
            Err(format!("\"{}\" is a gpt2 model, expected bert, roberta, distilbert, albert or electra", dir.display()))
        }
        Command::OpenModel { dir, .. } => one(Payload::Model(Arc::new(card(dir)))),
        Command::OpenTable { inputs, .. } => Table::open(&inputs.place())
            .map(|table| vec![EventKind::Payload(Payload::Table(Arc::new(table)))])
            .map_err(|e| e.to_string()),
        Command::ReadDataset { request, .. } => {
            dataset(request).map(|loaded| vec![EventKind::Payload(Payload::Dataset(Arc::new(loaded)))])
        }
        Command::MeasureLengths { dataset, model, .. } => one(Payload::Lengths(Arc::new(lengths(dataset, model)))),
        Command::Xray { dataset, example, model, length, .. } => {
            one(Payload::Xray(Arc::new(look(dataset, *example, model, *length))))
        }
        Command::Plan { config, lengths, loaded, .. } => one(Payload::Plan(Arc::new(plan(
            config,
            lengths.as_deref(),
            loaded.as_ref().map(|loaded| &*loaded.dataset),
        )))),
        Command::Train { config, .. } => {
            Ok(training(config, 60).into_iter().map(|event| EventKind::Train(Box::new(event))).collect())
        }
        Command::Resume { dir, .. } => {
            let mut events = training(&config(dir), 93);
            events.insert(20, TrainEvent::Resumed { step: 19, seconds: 4.0 });
            Ok(events.into_iter().map(|event| EventKind::Train(Box::new(event))).collect())
        }
        Command::EvaluateHeldOut { model, .. } => {
            one(Payload::Evaluation(Arc::new(evaluation(model, Path::new("/data/reviews.csv")))))
        }
        Command::Evaluate { model, data, .. } => one(Payload::Evaluation(Arc::new(evaluation(model, &data.place())))),
        Command::Meet { model, .. } => one(Payload::Subject(Arc::new(subject(model)))),
        Command::Ask { model, inquiry, .. } => {
            let question = inquiry.get::<Question>().unwrap();
            let answer = say(model, question);
            one(Payload::Answer(Arc::new(attune::inspect::Reply::new(model.clone(), question.clone(), answer, 6.4))))
        }
        Command::FindRuns { folder, .. } => one(Payload::Runs(Arc::new(runs(folder)))),
        Command::OpenRun { dir, .. } => one(Payload::Run(Arc::new(opened(dir)))),
        Command::KeepDecisions { .. }
        | Command::Do { .. }
        | Command::Hub { .. }
        | Command::Control { .. }
        | Command::TrainApart { .. } => Ok(Vec::new()),
    }
}

pub fn models() -> Vec<ModelEntry> {
    let entry = |dir: &str, name: &str, origin, family: &str, layers, hidden_size, bytes_on_disk| ModelEntry {
        dir: PathBuf::from(dir),
        name: name.into(),
        origin,
        family: family.into(),
        layers,
        hidden_size,
        bytes_on_disk,
        heads: if origin == Origin::Run { vec![Task::Classify] } else { Vec::new() },
        problem: None,
    };
    let mut models = vec![
        entry("/models/roberta-tiny", "roberta-tiny", Origin::Folder, "roberta", 4, 256, 42_300_000),
        entry("/cache/minilm", "nreimers/MiniLM-L6-H384-uncased", Origin::Cache, "bert", 6, 384, 90_900_000),
        entry("/cache/distilbert", "distilbert-base-uncased", Origin::Cache, "distilbert", 6, 768, 267_900_000),
        entry("/cache/albert", "albert-base-v2", Origin::Cache, "albert", 12, 768, 47_400_000),
        entry("/models/gpt2", "gpt2", Origin::Folder, "gpt2", 12, 768, 548_100_000),
        entry("/runs/reviews-minilm-1/model", "reviews-minilm-1", Origin::Run, "bert", 6, 384, 91_200_000),
    ];
    models[4].problem = Some("a gpt2 model, expected bert, roberta, distilbert, albert or electra".into());
    models
}

pub fn card(dir: &Path) -> ModelCard {
    let layers = if dir.ends_with("albert") { 12 } else { 6 };
    let mut blocks = vec![BlockSize { name: "embeddings".into(), parameters: 11_917_440 }];
    blocks.extend((0..layers).map(|layer| BlockSize { name: format!("layers.{layer}"), parameters: 1_774_464 }));
    blocks.push(BlockSize { name: "head".into(), parameters: 148_995 });
    let parameters = blocks.iter().map(|block| block.parameters).sum();
    let loaded = (0..layers)
        .flat_map(|layer| {
            [
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
                "intermediate.dense",
                "output.dense",
            ]
            .into_iter()
            .flat_map(move |part| ["weight", "bias"].map(|kind| format!("bert.encoder.layer.{layer}.{part}.{kind}")))
        })
        .collect();
    ModelCard {
        dir: dir.to_path_buf(),
        family: "bert",
        architectures: vec!["BertModel".into()],
        heads: Vec::new(),
        layers,
        stored_layers: layers,
        hidden_size: 384,
        embedding_size: 384,
        num_attention_heads: 12,
        intermediate_size: 1536,
        vocab_size: 30_522,
        max_tokens: 512,
        activation: "gelu".into(),
        labels: Vec::new(),
        blocks,
        parameters,
        bytes_on_disk: 90_900_000,
        dtype: "f32".into(),
        report: LoadReport {
            loaded,
            new: vec!["classifier.weight".into(), "classifier.bias".into()],
            left_over: vec!["embeddings.position_ids".into()],
            unfit: Vec::new(),
        },
        tokenizer: "tokenizer.json".into(),
        cased: Some(false),
        is_frozen: false,
        notes: Vec::new(),
        problems: Vec::new(),
    }
}

fn dataset(request: &DatasetRequest) -> Result<LoadedDataset, String> {
    let DatasetRequest { table, task, roles, rule, mends, .. } = request;
    let Sources { train_data, split, mended, .. } =
        divide(None, *task, table.clone(), None, roles, rule, mends).map_err(|e| e.to_string())?;
    Ok(LoadedDataset::new(train_data, split, None, mended))
}

fn lengths(dataset: &Dataset, model: &Path) -> Lengths {
    let words = |text: &str| text.split_whitespace().count() as u32;
    let count = |example| {
        let text = words(&dataset.readable(example)) + dataset.pair(example).map_or(0, words);
        text * 5 / 4 + 2
    };
    let tokens: Vec<u32> = (0..dataset.examples.len()).map(count).collect();
    Lengths {
        model: model.to_path_buf(),
        fixed: vec![2; tokens.len()],
        tokens,
        specials: 2,
        unknown_share: 0.0004,
        allowed: None,
    }
}

/// As the tokenizer of one of the small models reads it.
fn look(dataset: &Dataset, example: usize, model: &Path, length: Length) -> LookedAt {
    let tokenizer = Tokenizer::open(&golden().join("bert-classify")).unwrap();
    LookedAt { model: model.into(), xray: xray(dataset, example, &tokenizer, length).unwrap(), first_position: 0 }
}

fn plan(config: &RunConfig, lengths: Option<&Lengths>, dataset: Option<&Dataset>) -> PlanSummary {
    let examples = dataset.map_or(0, |dataset| dataset.examples.len());
    let eval_examples = (examples as f64 * config.data.eval_fraction.unwrap_or(0.0)) as usize;
    let train_examples = examples - eval_examples;
    let steps_per_epoch = train_examples.div_ceil(config.run.batch.max(1)) as u64;
    let steps = (steps_per_epoch as f64 * config.run.epochs) as u64;
    let card = card(config.model.path.as_deref().unwrap_or(Path::new("/none")));
    let is_trained = |block: &BlockSize| block.name == "head" || !config.strategy.frozen.contains(&block.name);
    let blocks: Vec<PlannedBlock> = card
        .blocks
        .iter()
        .map(|block| PlannedBlock {
            name: block.name.clone(),
            parameters: block.parameters,
            trained: if is_trained(block) { block.parameters } else { 0 },
            trainable: is_trained(block),
            lr: config.optim.lr,
        })
        .collect();
    let truncated = lengths
        .map_or(0, |lengths| lengths.tokens.iter().filter(|tokens| **tokens as usize > config.data.max_tokens).count());
    PlanSummary {
        settings: Settings::of(config),
        steps,
        steps_per_epoch,
        train_examples,
        eval_examples,
        parameters: card.parameters,
        trainable: blocks.iter().filter(|block| block.trainable).map(|block| block.parameters).sum(),
        blocks,
        truncated,
        windowed: 0,
        tokens_per_epoch: lengths.map_or(0, |lengths| lengths.tokens.iter().map(|tokens| u64::from(*tokens)).sum()),
        memory: MemoryEstimate {
            weights: 91_000_000,
            gradients: 91_000_000,
            optimizer: 182_000_000,
            activations: 240_000_000,
            program: 80_000_000,
            available: 12_000_000_000,
        },
        seconds: steps as f64 * 0.21,
    }
}

/// A number from 0 to 1 that looks random and is always the same.
pub fn noise(seed: u64) -> f64 {
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

pub fn training(config: &RunConfig, steps: u64) -> Vec<TrainEvent> {
    let mut events = vec![TrainEvent::Started {
        config: Box::new(config.clone()),
        parameters: 22_713_216,
        trainable: 22_713_216,
        steps,
        steps_per_epoch: steps / 3,
        train_examples: 490,
        eval_examples: 122,
        truncated: 3,
        frozen: Vec::new(),
    }];
    for step in 1..=steps {
        events.push(TrainEvent::Step(train_step(config, step, steps)));
        if step % (steps / 3).max(1) == 0 {
            events.push(eval(step, steps));
        }
    }
    events.push(TrainEvent::Finished(Ending {
        reason: "all steps done".into(),
        best_step: Some(steps),
        metrics: metrics(0.91),
        seconds: steps as f64 * 0.21,
        peak_memory_bytes: 640_000_000,
        step: steps,
        caveats: Vec::new(),
        teacher: None,
    }));
    events
}

pub fn train_step(config: &RunConfig, step: u64, steps: u64) -> Step {
    let done = step as f64 / steps as f64;
    let warmup = (done / 0.1).min(1.0);
    let lr = config.optim.lr * warmup * (1.0 - done).max(0.0);
    Step {
        step,
        epoch: done * 3.0,
        loss: 0.25 + 0.85 * (-4.0 * done).exp() + 0.16 * (noise(step) - 0.5),
        parts: BTreeMap::new(),
        lr,
        lrs: BTreeMap::from([("embeddings".into(), lr), ("encoder".into(), lr), ("head".into(), lr)]),
        grad_norm: 1.2 + noise(step + 7000) * 1.4,
        tokens: 380,
        tokens_per_sec: 1800.0 + 200.0 * noise(step + 9000),
        skipped: false,
    }
}

pub fn eval(step: u64, steps: u64) -> TrainEvent {
    let done = step as f64 / steps as f64;
    let baseline = BTreeMap::from([("accuracy".into(), 0.41), ("eval_loss".into(), 1.08), ("f1_macro".into(), 0.19)]);
    TrainEvent::Eval { step, metrics: metrics(0.5 + 0.41 * done.sqrt()), baseline, best: true }
}

fn metrics(accuracy: f64) -> BTreeMap<String, f64> {
    BTreeMap::from([
        ("accuracy".into(), accuracy),
        ("eval_loss".into(), 1.3 - accuracy),
        ("f1_macro".into(), accuracy - 0.012),
    ])
}

pub fn runs(folder: &Path) -> Vec<RunSummary> {
    let run = |name: &str, model: &str, status, step, steps, accuracy: Option<f64>, hours: u64, trainable| RunSummary {
        dir: folder.join(name),
        name: name.into(),
        task: Task::Classify,
        model: model.into(),
        data: "reviews.csv".into(),
        strategy: StrategyKind::Full,
        folds: 0,
        sweep: None,
        held: false,
        status,
        step,
        steps,
        trainable,
        parameters: 22_713_216,
        metric: accuracy.map(|accuracy| ("accuracy".into(), accuracy)),
        seconds: step as f64 * 0.21,
        bytes_on_disk: 91_200_000,
        started: 1_790_000_000u64.saturating_sub(hours * 3600),
        losses: (0..40)
            .map(|place| (0.25 + 0.9 * (-f64::from(place) / 9.0).exp() + 0.1 * noise(place as u64 + hours)) as f32)
            .collect(),
        checkpoint: (status != RunStatus::Finished && step > 4).then_some(step - 1),
        states: Vec::new(),
    };
    vec![
        run("reviews-minilm-3", "MiniLM-L6-H384", RunStatus::Finished, 93, 93, Some(0.926), 2, 22_713_216),
        run("reviews-minilm-2", "MiniLM-L6-H384", RunStatus::Stopped, 51, 93, Some(0.871), 5, 3_697_923),
        run("reviews-albert-1", "albert-base-v2", RunStatus::Open, 20, 93, None, 27, 148_995),
        run("reviews-minilm-1", "MiniLM-L6-H384", RunStatus::Failed, 4, 93, None, 50, 22_713_216),
    ]
}

fn opened(dir: &Path) -> OpenedRun {
    let name = dir.file_name().unwrap().to_string_lossy().into_owned();
    let folder = dir.parent().unwrap();
    let known = runs(folder).into_iter().find(|run| run.name == name);
    let summary = known.unwrap_or_else(|| RunSummary { dir: dir.into(), name, ..runs(folder).swap_remove(0) });
    let config = config(dir);
    let events = training(&config, 93);
    OpenedRun {
        summary,
        config,
        events,
        evaluation: Some(Arc::new(evaluation(&dir.join("model"), Path::new("reviews.csv")))),
    }
}

pub fn config(out: &Path) -> RunConfig {
    let mut config: RunConfig = serde_json::from_str(
        r#"{"task": "classify", "model": {"path": "/cache/minilm"}, "data": {"train": "reviews.csv"}}"#,
    )
    .unwrap();
    config.run.out = out.into();
    config
}

pub fn evaluation(model: &Path, data: &Path) -> EvaluatedData {
    let labels: Vec<String> = ["mixed", "negative", "positive"].map(String::from).to_vec();
    let texts: Vec<(String, Option<String>)> = (0..122)
        .map(|place| {
            let text = [
                "The battery lasts two days and charges quickly",
                "Stopped working after a week",
                "Fine for the price, nothing more",
            ][place % 3];
            (format!("{text} ({place})"), None)
        })
        .collect();
    let predictions: Vec<Prediction> = (0..texts.len())
        .map(|example| {
            let gold = [2, 1, 0][example % 3];
            let predicted = if noise(example as u64 + 3) < 0.87 { gold } else { (gold + 1) % 3 };
            let sure = (0.5 + 0.5 * noise(example as u64 + 90)) as f32;
            let scores: Vec<f32> =
                (0..3).map(|class| if class == predicted { sure } else { (1.0 - sure) / 2.0 }).collect();
            let loss = -scores[gold].ln();
            Prediction { example, gold: Outcome::Class(gold), predicted: Outcome::Class(predicted), scores, loss }
        })
        .collect();
    let evaluation: Evaluation = made(labels, predictions);
    EvaluatedData {
        model: model.into(),
        on: Some(EvaluatedOn { data: data.into(), is_part: false, is_held_out: true, folds: 0 }),
        evaluation,
        decisions: Decisions::default(),
        precision: Precision::F32,
        texts,
        told: Vec::new(),
    }
}

fn made(labels: Vec<String>, predictions: Vec<Prediction>) -> Evaluation {
    let class = |outcome: &Outcome| if let Outcome::Class(class) = outcome { *class } else { 0 };
    let mut confusion = vec![vec![0u64; labels.len()]; labels.len()];
    for one in &predictions {
        confusion[class(&one.gold)][class(&one.predicted)] += 1;
    }
    let right: u64 = (0..labels.len()).map(|place| confusion[place][place]).sum();
    let all = predictions.len() as f64;
    let per_class = labels
        .iter()
        .enumerate()
        .map(|(place, label)| {
            let gold: u64 = confusion[place].iter().sum();
            let said: u64 = confusion.iter().map(|row| row[place]).sum();
            let hit = confusion[place][place] as f64;
            let (precision, recall) = (hit / said as f64, hit / gold as f64);
            attune::metrics::ClassScore {
                label: label.clone(),
                precision,
                recall,
                f1: 2.0 * precision * recall / (precision + recall),
                support: gold,
            }
        })
        .collect();
    Evaluation {
        metrics: BTreeMap::from([
            ("accuracy".into(), right as f64 / all),
            ("eval_loss".into(), 0.341),
            ("f1_macro".into(), 0.879),
            ("matthews".into(), 0.83),
        ]),
        baseline: BTreeMap::from([
            ("accuracy".into(), 0.336),
            ("eval_loss".into(), 1.0986),
            ("f1_macro".into(), 0.167),
            ("matthews".into(), 0.0),
        ]),
        labels,
        confusion,
        per_class,
        predictions,
        ..Evaluation::empty(Task::Classify)
    }
}

pub fn subject(model: &Path) -> Subject {
    Subject {
        files: Vec::new(),
        dir: model.into(),
        family: "bert",
        is_frozen: false,
        heads: vec![Task::Classify],
        labels: ["mixed", "negative", "positive"].map(String::from).to_vec(),
        reads_pairs: None,
        mask_token: Some("[MASK]".into()),
        max_tokens: 512,
        decisions: Decisions::default(),
        refused: None,
        script: Script::Words,
        course: None,
    }
}

fn say(model: &Path, question: &Question) -> Answer {
    let text = &question.text;
    let lean = if text.contains("not") || text.contains("bad") { 0.12 } else { 0.9 };
    let mut classes = vec![("positive".into(), lean), ("negative".into(), 0.96 - lean), ("mixed".into(), 0.04)];
    classes.sort_by(|a: &(String, f64), b: &(String, f64)| b.1.total_cmp(&a.1));
    let mut tokens = vec!["[CLS]".to_owned()];
    tokens.extend(text.split_whitespace().map(str::to_lowercase));
    tokens.push("[SEP]".into());
    Answer {
        model: model.into(),
        question: question.clone(),
        task: Task::Classify,
        result: Said::Classes(classes),
        tokens,
        cut: 0,
    }
}
