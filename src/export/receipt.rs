//! The receipt of an exported model: texts with their token ids, logits and answers, and a script that asks transformers
//! for the same. It is what shows that a tokenizer or a head means elsewhere what it means here.
//!
//! What is exported is opened and asked, and not the model it was made from. Texts are those of the run's evaluation, and
//! some of our own that tokenizers are known to differ over. Each is one sequence that fits the model, because how a
//! longer one is cut or laid in windows is told to transformers by its caller.

mod samples;

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::ExportError;
use super::outputs::names;
use super::source::Source;
use crate::files::write_atomically;
use crate::inspect::{InspectError, Logits, OpenModel, Options, Request};
use crate::model::HeadKind;
use crate::task::Targets;

const INPUTS: &str = "receipt.json";
const SCRIPT: &str = "receipt.py";
pub const FILES: [&str; 2] = [INPUTS, SCRIPT];

/// Texts of the run's evaluation.
const MOST_OF_RUN: usize = 12;
/// Tokens of a text; longer ones make the file large and prove no more.
const MOST_TOKENS: usize = 128;
/// Words whose logits are kept of a masked one; all of a vocabulary would be megabytes.
const WORDS: usize = 32;
/// How far logits may lie apart: sums of f32 are added in another order elsewhere.
const TOLERANCE: f64 = 1e-4;

/// What is asked of transformers.
#[expect(clippy::struct_field_names, reason = "the names that transformers has")]
#[derive(Serialize)]
struct Input {
    text: String,
    pair: Option<String>,
    input_ids: Vec<u32>,
    /// Where the model has segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type_ids: Option<Vec<u32>>,
    checks: Vec<Check>,
    /// As `attune predict` says it.
    answer: Value,
}

/// Numbers of an output of the model.
#[derive(Serialize)]
struct Check {
    output: &'static str,
    /// Where in the output of the text; empty for all of it.
    at: Vec<usize>,
    /// Which of the last dimension; none for all.
    columns: Option<Vec<usize>>,
    logits: Value,
    /// Place of the highest logit, or of that of each row, where that is the answer.
    best: Option<Value>,
    /// The same by name, where the configuration names the outputs.
    labels: Option<Vec<String>>,
}

/// Writes the receipt of the model in a folder.
pub fn write(source: &Source, dir: &Path) -> Result<Vec<String>, ExportError> {
    let task = source.run.as_ref().map(|run| run.config.task);
    let model = match OpenModel::open(dir, task) {
        Err(InspectError::NoTask { .. }) => return Err(ExportError::NoHead),
        opened => opened?,
    };
    let texts = texts(source, &model);
    let (mut inputs, mut reason) = (Vec::new(), "no text is short enough".to_owned());
    for text in texts {
        match input(&model, text) {
            Ok(found) => inputs.extend(found),
            // A text may have a token beyond the model's embeddings.
            Err(error) => reason = error.to_string(),
        }
    }
    if inputs.is_empty() {
        return Err(ExportError::NoInputs { reason });
    }
    let receipt = json!({
        "class": model.model.config.architectures.first(),
        "task": model.task.name(),
        "attune": env!("CARGO_PKG_VERSION"),
        "tolerance": TOLERANCE,
        "inputs": inputs,
    });
    put(dir, INPUTS, &format!("{receipt:#}\n"))?;
    put(dir, SCRIPT, include_str!("receipt.py"))?;
    Ok(vec![format!(
        "{} inputs are in the receipt; python {SCRIPT} in its folder checks them with transformers",
        inputs.len()
    )])
}

fn put(dir: &Path, name: &str, text: &str) -> Result<(), ExportError> {
    let path = dir.join(name);
    let written = write_atomically(&path, |file| file.write_all(text.as_bytes()));
    written.map_err(|source| ExportError::Write { path, source })
}

/// Texts of the evaluation, spread over it, and our own.
fn texts(source: &Source, model: &OpenModel) -> Vec<Request> {
    let kept = source.run.as_ref().and_then(|run| run.evaluation.as_deref()).map_or(&[][..], |kept| &kept.texts);
    let step = kept.len().div_ceil(MOST_OF_RUN).max(1);
    let of_run = kept.iter().step_by(step).map(|(text, pair)| Request { text: text.clone(), pair: pair.clone() });
    // A text of the evaluation has no mask.
    let of_run = of_run.filter(|_| model.task.targets() != Targets::Hidden);
    of_run.chain(samples::texts(model.task, model.tokenizer.mask_token())).collect()
}

/// One text as the model reads and answers it; nothing where it is too long.
fn input(model: &OpenModel, request: Request) -> Result<Option<Input>, ExportError> {
    let most = MOST_TOKENS.min(model.max_tokens);
    let encoded = model.tokenizer.encode(&request.text, request.pair.as_deref(), most)?;
    if encoded.cut > 0 {
        return Ok(None);
    }
    let options = Options { logits: true, ..Options::default() };
    let prepared = model.prepare(request.clone(), &options)?;
    let mut predicted = model.predict(&[&prepared], &options)?;
    let Some(predicted) = predicted.pop() else { return Ok(None) };
    let checks = predicted.logits.map_or_else(Vec::new, |logits| checks(model, logits, &encoded.ids));
    let has_types =
        model.model.params.find("embeddings.token_type").is_some() && !model.model.config.family.is_roberta();
    Ok(Some(Input {
        text: request.text,
        pair: request.pair,
        input_ids: encoded.ids,
        token_type_ids: has_types.then_some(encoded.types),
        checks,
        answer: serde_json::to_value(&predicted.output).unwrap_or_default(),
    }))
}

fn checks(model: &OpenModel, logits: Logits, ids: &[u32]) -> Vec<Check> {
    let kind = HeadKind::for_task(model.task);
    // Of a class with two heads each output has a name of its own, whether or not both were trained.
    let outputs = names(kind, model.model.config.named_heads().len() < 2);
    let whole = |output: &'static str, logits: Value| Check {
        output,
        at: Vec::new(),
        columns: None,
        logits,
        best: None,
        labels: None,
    };
    match logits {
        Logits::Spans { start, end } => outputs
            .iter()
            .zip([start, end])
            .flat_map(|(output, windows)| windows.into_iter().map(|row| (*output, row)))
            .map(|(output, row)| Check { best: Some(json!(best(&row))), ..whole(output, json!(row)) })
            .collect(),
        Logits::Rows(rows) if model.task.targets() == Targets::Hidden => masked(model, outputs[0], &rows, ids),
        Logits::Rows(rows) => {
            let best: Vec<usize> = rows.iter().map(|row| best(row)).collect();
            let labels = named(model, &best);
            vec![Check { best: Some(json!(best)), labels, ..whole(outputs[0], json!(rows)) }]
        }
        Logits::Row(row) => {
            let is_class = model.task.targets() == Targets::Class;
            let best = is_class.then(|| best(&row));
            let labels = best.and_then(|best| named(model, &[best]));
            vec![Check { best: best.map(|best| json!(best)), labels, ..whole(outputs[0], json!(row)) }]
        }
    }
}

/// Of each mask the words with the highest logits.
fn masked(model: &OpenModel, output: &'static str, rows: &[Vec<f32>], ids: &[u32]) -> Vec<Check> {
    let masks = (0..ids.len()).filter(|place| Some(ids[*place]) == model.tokenizer.mask_id());
    let check = |place: usize| {
        let row = rows.get(place)?;
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
        order.truncate(WORDS);
        let logits: Vec<f32> = order.iter().map(|word| row[*word]).collect();
        let best = Some(json!(order.first()?));
        Some(Check { output, at: vec![place], columns: Some(order), logits: json!(logits), best, labels: None })
    };
    masks.filter_map(check).collect()
}

/// Names that `config.json` has for outputs; the order of sentences has none.
fn named(model: &OpenModel, best: &[usize]) -> Option<Vec<String>> {
    let names = &model.model.config.labels;
    let is_named = model.task.has_classes_of_data() && names.len() == model.labels.len();
    if is_named { best.iter().map(|place| names.get(*place).cloned()).collect() } else { None }
}

fn best(row: &[f32]) -> usize {
    let highest = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    highest.map_or(0, |(place, _)| place)
}
