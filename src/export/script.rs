//! A run as one file of Python that trains the same with transformers' Trainer, with the rows it was trained on beside it.
//!
//! The file is the same for every run but for its settings. Rows are written as the run used them, because how they were
//! read, divided and corrected is Attune's and would have to be written a second time. What is trained is listed by
//! weight, which holds for every strategy.

mod literal;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use serde_json::{Map, Value, json};

use super::ExportError;
use super::source::Source;
use crate::data::{Dataset, LabelSet, Target};
use crate::files::write_atomically;
use crate::metrics::Measure;
use crate::model::{Block, Family, HeadKind, Model, Products};
use crate::task::{Reads, Targets, Task};
use crate::train::config::{Every, Init, RunConfig, StrategyKind};
use crate::train::event::TrainEvent;
use crate::train::prepare::{open_model, output_names};
use crate::train::run::ReadRun;
use crate::train::{Examples, Prepared, groups, prepare, schedule};

const SCRIPT: &str = "train.py";
const TRAIN: &str = "train.jsonl";
const EVAL: &str = "eval.jsonl";
const TEMPLATE: &str = include_str!("script/train.py");

/// Whether a run can be written so.
pub fn check(source: &Source) -> Result<&ReadRun, ExportError> {
    let Some(run) = &source.run else { return Err(ExportError::NoRun { run: source.named.clone() }) };
    let config = &run.config;
    let refuse = |reason: &str| Err(ExportError::NoScript { reason: reason.to_owned() });
    if config.task.is_self_supervised() {
        return refuse("its texts are their own lesson, and what is asked of them is drawn by Attune");
    }
    if config.strategy.kind == StrategyKind::Gradual {
        return refuse("its layers were unfrozen one after the other");
    }
    if config.strategy.fit.fits_outputs() {
        return refuse("its outputs were fitted as logistic regression, which transformers' Trainer does not do");
    }
    if config.run.orders.iter().any(|order| order.what.changes_training()) {
        return refuse("its training was changed in mid-run");
    }
    if config.run.batch_tokens.is_some() {
        return refuse("its updates were as many tokens and not as many sequences");
    }
    if config.data.hide_words > 0.0 {
        return refuse("words were hidden at random while it was trained");
    }
    if config.optim.schedule.in_transformers().is_none() {
        return refuse("its rate went through one cycle, which transformers' Trainer has no name for");
    }
    if config.data.oversample {
        return refuse("rows of rare classes were repeated while it was trained");
    }
    if config.distill.is_some() {
        return refuse("it learned from a teacher, which transformers' Trainer does not know");
    }
    if config.optim.focal > 0.0 {
        return refuse("it was trained with focal loss, which transformers does not have");
    }
    Ok(run)
}

/// Writes the script and its rows.
pub fn write(source: &Source, to: &Path) -> Result<Vec<String>, ExportError> {
    let run = check(source)?;
    let prepared = prepare(&run.config, &mut |_, _, _| ControlFlow::Continue(()))?;
    let no_rows = || ExportError::NoScript { reason: "its data have no rows".to_owned() };
    let Prepared { labels, counts, train_data, eval_data, train, eval, .. } = prepared.ok_or_else(no_rows)?;
    // Of one file both are all its rows, and what is made of them says which are learned from.
    let learned = write_rows(train_data.as_deref().ok_or_else(no_rows)?, &train, &to.join(TRAIN))?;
    let held_out = write_rows(eval_data.as_deref().ok_or_else(no_rows)?, &eval, &to.join(EVAL))?;
    let (settings, differs) = settings(run, &labels, &counts)?;
    let differs: String = differs.iter().map(|one| format!("\n{one}")).collect();
    let text = TEMPLATE
        .replace("@DEPENDENCIES@", &dependencies(&run.config))
        .replace("@NAME@", &one_line(&run.summary.name))
        .replace("@DIFFERS@", &differs)
        .replace("@SETTINGS@", &literal::python(&settings));
    let path = to.join(SCRIPT);
    put(&path, |file| file.write_all(text.as_bytes()))?;
    Ok(vec![format!(
        "{SCRIPT} trains the same with transformers; {TRAIN} and {EVAL} hold the {learned} and {held_out} rows it reads"
    )])
}

fn put(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), ExportError> {
    write_atomically(path, write).map_err(|source| ExportError::Write { path: path.to_owned(), source })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(['\\', '"'], "'")
}

fn dependencies(config: &RunConfig) -> String {
    let mut all = vec!["torch>=2.4", "transformers>=4.57", "accelerate>=1.1", "numpy"];
    all.extend(match config.task.targets() {
        Targets::Class | Targets::Classes => Some("scikit-learn"),
        Targets::Tags => Some("seqeval"),
        _ => None,
    });
    all.extend((config.strategy.kind == StrategyKind::Lora).then_some("peft>=0.17"));
    all.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// The rows that sequences were made of, as JSON Lines with labels by name; says how many there are.
fn write_rows(data: &Dataset, made: &Examples, path: &Path) -> Result<usize, ExportError> {
    let name = |class: &u32| data.labels.names.get(*class as usize).cloned().unwrap_or_default();
    let Examples::Features(features) = made else { return Ok(0) };
    let mut used: Vec<usize> = features.iter().map(|one| one.example).collect();
    used.dedup();
    put(path, |file| {
        for index in used.iter().copied() {
            let example = &data.examples[index];
            let mut row = Map::new();
            let mut set = |key: &str, value: Value| drop(row.insert(key.to_owned(), value));
            let keys = match data.task.reads() {
                Reads::Words => None,
                Reads::Question => Some(["question", "context"]),
                Reads::Texts | Reads::Running | Reads::Neighbours(_) => Some(["text", "pair"]),
            };
            if let Some([first, second]) = keys {
                set(first, json!(data.text(index)));
                if let Some(pair) = data.pair(index) {
                    set(second, json!(pair));
                }
            } else {
                set("words", json!(data.words(index)));
            }
            match &example.target {
                Target::None => {}
                Target::Class(class) => set("label", json!(name(class))),
                Target::Classes(classes) => set("labels", json!(classes.iter().map(name).collect::<Vec<_>>())),
                Target::Value(value) => set("value", json!(value)),
                Target::Tags(tags) => set("tags", json!(tags.iter().map(name).collect::<Vec<_>>())),
                Target::Answers(answers) => {
                    let all = answers.iter().map(|one| json!({ "text": one.text, "start": one.start }));
                    set("answers", all.collect());
                }
            }
            writeln!(file, "{}", Value::Object(row))?;
        }
        Ok(())
    })?;
    Ok(used.len())
}

/// The settings, and in words what of the run they cannot say.
fn settings(run: &ReadRun, labels: &LabelSet, counts: &[u64]) -> Result<(Value, Vec<String>), ExportError> {
    let config = &run.config;
    let (model, _) = open_model(config, labels, &Device::Cpu)?;
    let steps = run.events.iter().find_map(|event| match event {
        TrainEvent::Started { steps, .. } => Some(*steps),
        _ => None,
    });
    let steps =
        steps.ok_or_else(|| ExportError::NoScript { reason: "its log does not say how long it was".to_owned() })?;
    let (keep_best, differs) = keep_best(config);
    let (strategy, every) = match config.run.eval_every {
        Every::Epoch => ("epoch", None),
        Every::Steps(steps) => ("steps", Some(steps)),
    };
    let kind = HeadKind::for_task(config.task);
    let mut settings = json!({
        "task": config.task.name(),
        "base": base(config)?,
        "class": model.config.family.architecture(&[kind]),
        "init": if config.model.init == Init::Random { "random" } else { "pretrained" },
        "labels": output_names(config.task, labels),
        "problem_type": model.config.problem_type,
        "tokenizer": tokenizer(config.task, model.config.family),
        "max_tokens": config.data.max_tokens,
        "stride": config.data.stride,
        "steps": steps,
        "batch": config.run.batch,
        "bucket": config.run.bucket,
        "bf16": (config.run.precision == Products::Bf16).then_some(true),
        "schedule": config.optim.schedule.in_transformers(),
        "warmup_steps": schedule::warmup_steps(config.optim.warmup, steps),
        "betas": config.optim.betas,
        "eps": config.optim.eps,
        "weight_decay": config.optim.weight_decay,
        "clip": config.optim.clip,
        "label_smoothing": config.optim.label_smoothing,
        "class_weights": class_weights(config, counts),
        "dropout": config.dropout_rate(),
        "seed": config.run.seed,
        "log_every": config.run.log_every,
        "eval_strategy": strategy,
        "eval_steps": every,
        "keep_best": keep_best,
        "higher_is_better": Measure::find(keep_best).is_some_and(|measure| measure.higher_is_better),
        "patience": config.run.patience,
    });
    let (lora, groups) = trained(config, &model);
    settings["lora"] = lora;
    settings["adapter_lr"] = json!(rate_of(config, &model, "layers.0."));
    settings["head_lr"] = json!(rate_of(config, &model, "head."));
    settings["groups"] = groups;
    Ok((settings, differs))
}

/// What loads the base model: its name on the hub, or its folder.
fn base(config: &RunConfig) -> Result<Value, ExportError> {
    if let Some(name) = &config.model.name {
        return Ok(json!(name));
    }
    let dir: PathBuf = config.model_dir()?;
    Ok(json!(std::path::absolute(&dir).unwrap_or(dir).to_string_lossy()))
}

/// RoBERTa's words begin with a blank, which a list of words does not have.
fn tokenizer(task: Task, family: Family) -> Value {
    if task.reads() == Reads::Words && family == Family::Roberta {
        json!({ "add_prefix_space": true })
    } else {
        json!({})
    }
}

/// The metric that decides which weights are kept, of those that the script computes.
fn keep_best(config: &RunConfig) -> (&str, Vec<String>) {
    let known: &[&str] = match config.task.targets() {
        Targets::Class => &["accuracy", "f1_macro", "f1_micro", "f1_weighted", "matthews"],
        Targets::Classes => &["accuracy", "f1_macro", "f1_micro", "f1_weighted"],
        Targets::Number => &["pearson", "spearman", "mse"],
        Targets::Tags => &["f1", "precision", "recall", "accuracy"],
        Targets::Span | Targets::Hidden | Targets::Replaced => &[],
    };
    let own = config.run.keep_best.as_str();
    if own == "eval_loss" || known.contains(&own) {
        return (own, Vec::new());
    }
    (
        "eval_loss",
        vec![format!("The run kept the weights that were best by {own}; here those with the least loss are kept.")],
    )
}

fn class_weights(config: &RunConfig, counts: &[u64]) -> Value {
    let weights = groups::class_weights(config.optim.class_weights, counts);
    if weights.is_empty() { Value::Null } else { json!(weights) }
}

fn rate_of(config: &RunConfig, model: &Model, place: &str) -> f64 {
    let layers = model.config.stored_layers();
    let found = model.params.iter().find(|param| param.name.starts_with(place) && param.trainable());
    found.map_or(config.optim.lr, |param| groups::rule(param, &config.optim, layers).lr)
}

/// The adapters as PEFT has them, and what is trained by weight, those with one rate and decay together.
fn trained(config: &RunConfig, model: &Model) -> (Value, Value) {
    let layers = model.config.stored_layers();
    let module = |name: &str| name.rsplit_once('.').map_or(name, |(module, _)| module).to_owned();
    if let Some(spec) = config.strategy.adapters() {
        let adapted = |name: &str| {
            let base = name.rsplit_once(".lora_").map(|(base, _)| format!("{base}.weight"));
            base.and_then(|base| model.params.find(&base)).map(|param| module(&param.stored_name))
        };
        let mut targets: Vec<String> = model.params.iter().filter_map(|param| adapted(&param.name)).collect();
        targets.dedup();
        let is_head = |name: &str| Block::of(name) == Block::Head && !name.contains(".lora_");
        let heads = model.params.iter().filter(|param| param.trainable() && is_head(&param.name));
        let mut saved: Vec<String> = heads.map(|param| module(&param.stored_name)).collect();
        saved.dedup();
        let lora = json!({
            "r": spec.rank,
            "lora_alpha": spec.alpha,
            "lora_dropout": spec.dropout,
            "use_rslora": spec.rank_stabilized,
            "target_modules": targets,
            "modules_to_save": saved,
            "bias": "none",
        });
        return (lora, json!([]));
    }
    let mut groups: BTreeMap<(String, String), (f64, f64, Vec<&str>)> = BTreeMap::new();
    for param in model.params.iter().filter(|param| param.trainable()) {
        let rule = groups::rule(param, &config.optim, layers);
        let key = (format!("{:e}", rule.lr), format!("{:e}", rule.weight_decay));
        groups.entry(key).or_insert((rule.lr, rule.weight_decay, Vec::new())).2.push(&param.stored_name);
    }
    let groups =
        groups.into_values().map(|(lr, decay, names)| json!({ "lr": lr, "weight_decay": decay, "names": names }));
    (Value::Null, groups.collect())
}
