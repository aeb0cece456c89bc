//! Checkpoints as Attune wrote them before there was a manifest (format 1): each tensor and each file had a sum of its
//! own, the best weights were the model's file under another name, and what the data taught was summed as Rust printed it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::read::{Checkpoint, KeptBest};
use super::sum::{of_data, sum, sum_bytes};
use super::{BEST, BestState, EVALUATION, Fingerprint, Progress, STATE, State, TENSORS, Updates};
use crate::files::read_note;
use crate::model::Param;
use crate::model::files::{ModelFilesError, TensorFiles};
use crate::text::Labels;
use crate::train::{Prepared, TrainError};

pub(super) const FORMAT: u32 = 1;
/// The generator that stood beside the best weights.
const GENERATOR: &str = "best-generator.safetensors";
/// How the names of its weights begin.
const OF_GENERATOR: &str = "generator.";

type TensorSums = BTreeMap<String, u64>;

/// What this format says in another way.
pub(super) struct Earlier {
    /// The weights of the best file that count, by the names of the model's file; the others never changed.
    best: BTreeSet<String>,
    generator: Option<TensorFiles>,
}

#[derive(Deserialize)]
struct State1 {
    progress: Progress,
    fingerprint: Fingerprint1,
    log_bytes: u64,
    updates: Updates,
    sums: TensorSums,
    best: Option<Best1>,
}

#[derive(Deserialize)]
struct Fingerprint1 {
    train: usize,
    eval: usize,
    data: u64,
    frozen: u64,
}

#[derive(Deserialize)]
struct Best1 {
    step: u64,
    value: u64,
    metrics: BTreeMap<String, u64>,
    sums: TensorSums,
    evaluation: u64,
    #[serde(default)]
    generator: Option<u64>,
}

/// Reads a checkpoint whose state is this text: a line, and its sum in a second one.
pub(super) fn open(dir: &Path, text: &str) -> Result<Checkpoint, String> {
    let (first, rest) = text.split_once('\n').ok_or_else(|| format!("{STATE} is cut off"))?;
    if rest.trim_end() != format!("{:016x}", sum_bytes(first.as_bytes())) {
        return Err(format!("{STATE} has changed since it was written"));
    }
    let state: State1 = serde_json::from_str(first).map_err(|error| format!("{STATE}: {error}"))?;
    let tensors = open_tensors(&dir.join(TENSORS), &state.sums)?;
    let mut earlier = Earlier { best: BTreeSet::new(), generator: None };
    let mut kept = None;
    if let Some(best) = &state.best {
        if let Some(sum) = best.generator {
            read_unchanged(dir, GENERATOR, sum).map_err(|reason| format!("{GENERATOR} {reason}"))?;
            let files = TensorFiles::open_file(&dir.join(GENERATOR)).map_err(|error| error.to_string())?;
            earlier.generator = Some(files);
        }
        earlier.best = best.sums.keys().cloned().collect();
        let files = open_tensors(&dir.join(BEST), &best.sums)?;
        kept = Some(KeptBest { files, report: read_unchanged(dir, EVALUATION, best.evaluation) });
    }
    let Fingerprint1 { train, eval, data, frozen } = state.fingerprint;
    let (tokenizer, config) = (String::new(), String::new());
    let state = State {
        format: FORMAT,
        progress: state.progress,
        config: String::new(),
        fingerprint: Fingerprint { train, eval, data, frozen, tokenizer, config, companions: BTreeMap::new() },
        log_bytes: state.log_bytes,
        updates: state.updates,
        best: state.best.map(|Best1 { step, value, metrics, .. }| BestState { step, value, metrics }),
    };
    Ok(Checkpoint { dir: dir.to_owned(), state, tensors, best: kept, earlier: Some(earlier), damaged: Vec::new() })
}

impl Earlier {
    /// The best numbers of a weight; none of one that never changed.
    pub(super) fn best_of(&self, param: &Param, model: &TensorFiles) -> Option<Result<Vec<f32>, ModelFilesError>> {
        if param.name.starts_with(OF_GENERATOR) {
            return Some(self.generator.as_ref()?.read_f32(&param.stored_name));
        }
        self.best.contains(&param.stored_name).then(|| model.read_f32(&param.stored_name))
    }
}

/// A file that adds up to what it did when it was written.
fn read_unchanged(dir: &Path, name: &str, sum: u64) -> Result<Vec<u8>, String> {
    let bytes = read_note(&dir.join(name)).map_err(|error| format!("cannot be read ({error})"))?;
    if sum_bytes(&bytes) == sum { Ok(bytes) } else { Err("has changed since it was written".to_owned()) }
}

/// Tensors that add up to what they did when they were written.
fn open_tensors(path: &Path, sums: &TensorSums) -> Result<TensorFiles, String> {
    let tensors = TensorFiles::open_file(path).map_err(|error| error.to_string())?;
    for (name, expected) in sums {
        if sum(&tensors.read_f32(name).map_err(|error| error.to_string())?) != *expected {
            return Err(format!("{name} has changed since it was written"));
        }
    }
    Ok(tensors)
}

/// The sum of the data as it was then.
pub(super) fn fingerprint(data: &Prepared) -> Result<u64, TrainError> {
    of_data(data, &|labels| sum_bytes(printed(labels).as_bytes()))
}

/// Labels as Rust printed them then.
fn printed(labels: &Labels) -> String {
    match labels {
        Labels::None => "None".to_owned(),
        Labels::Class(class) => format!("Class({class})"),
        Labels::Classes(classes) => format!("Classes({classes:?})"),
        Labels::Value(value) => format!("Value({value:?})"),
        Labels::Tokens(classes) => format!("Tokens({classes:?})"),
        Labels::Span { start, end } => format!("Span {{ start: {start}, end: {end} }}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taught_is_printed_as_it_was_then() {
        for (labels, expected) in [
            (Labels::None, "None"),
            (Labels::Class(3), "Class(3)"),
            (Labels::Classes(vec![0, 2]), "Classes([0, 2])"),
            (Labels::Value(1.0), "Value(1.0)"),
            (Labels::Value(0.1), "Value(0.1)"),
            (Labels::Tokens(vec![None, Some(4)]), "Tokens([None, Some(4)])"),
            (Labels::Span { start: 2, end: 9 }, "Span { start: 2, end: 9 }"),
        ] {
            assert_eq!(printed(&labels), expected);
        }
    }
}
