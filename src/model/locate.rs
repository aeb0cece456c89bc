//! A model folder that was named one level too high: the folder of a run, of a Trainer with its checkpoints, or of a model
//! in the hub's cache. Where one model lies below it is meant; of several none is, and they are named.

use std::fs;
use std::path::{Path, PathBuf};

use super::ModelError;
use super::adapter::{self, is_model_folder};
use super::kept;
use super::sentences;
use crate::files::read_note_text;
use crate::stop::heed;

/// Folders below that are looked into.
const DEPTH: usize = 3;
/// Models that are looked for at most.
const MOST: usize = 50;

/// The model folder that is meant by a folder: itself, or the one that lies below it; by a run with a step, `runs/first@120`,
/// that of the state. A folder without one is given back
/// as it is, so that whoever opens it says what is missing.
pub fn locate(dir: &Path) -> Result<PathBuf, ModelError> {
    if let Some(state) = kept::named(dir) {
        return state;
    }
    if is_model_folder(dir) || !dir.is_dir() {
        return Ok(dir.to_owned());
    }
    if let Some(known) = of_run(dir).or_else(|| of_cache(dir)).or_else(|| sentences::encoder_of(dir)) {
        return Ok(known);
    }
    let mut found = Vec::new();
    below(dir, DEPTH, &mut found);
    match found.as_slice() {
        [] => Ok(dir.to_owned()),
        [one] => Ok(one.clone()),
        _ => {
            found.sort();
            let names = found.iter().map(|path| path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned());
            Err(ModelError::SeveralBelow { path: dir.to_owned(), names: names.collect() })
        }
    }
}

/// The folder of a model's tokenizer, which an adapter may leave to its base, and a state of a run to the run's whole model.
pub fn tokenizer_folder(dir: &Path) -> PathBuf {
    let of_state = || kept::rest_of(dir).unwrap_or_else(|_| dir.to_owned());
    if kept::is_one(dir) { of_state() } else { adapter::tokenizer_folder(dir) }
}

/// The model of a run of ours, beside which its adapter and its checkpoints lie.
fn of_run(dir: &Path) -> Option<PathBuf> {
    let model = dir.join("model");
    (dir.join("run.toml").is_file() && is_whole(&model)).then_some(model)
}

/// The snapshot of a model in the cache that its main branch stands at.
fn of_cache(dir: &Path) -> Option<PathBuf> {
    let commit = read_note_text(&dir.join("refs/main")).ok()?;
    let commit = commit.trim();
    let is_name = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let snapshot = dir.join("snapshots").join(commit);
    (is_name && is_whole(&snapshot)).then_some(snapshot)
}

/// Whether a folder has weights beside its configuration: many a file is called `config.json`.
fn is_whole(dir: &Path) -> bool {
    let weights = ["model.safetensors", "pytorch_model.bin", "adapter_model.safetensors", "adapter_model.bin"];
    let has = |name: &str| dir.join(name).is_file() || dir.join(format!("{name}.index.json")).is_file();
    is_model_folder(dir) && weights.iter().any(|name| has(name))
}

fn below(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        heed();
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if is_hidden || !path.is_dir() || found.len() >= MOST {
            continue;
        }
        if let Some(known) = of_run(&path).or_else(|| of_cache(&path)).or_else(|| sentences::encoder_of(&path)) {
            found.push(known);
        } else if is_whole(&path) {
            found.push(path);
        } else if depth > 0 {
            below(&path, depth - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::folder_with;

    #[test]
    fn a_folder_above_one_model_means_that_model() {
        let check = |files: &[(&str, &str)], expected: &str| {
            let dir = folder_with(files);
            assert_eq!(locate(dir.path()).unwrap(), dir.path().join(expected), "{files:?}");
        };
        let whole = |place: &str| [format!("{place}config.json"), format!("{place}model.safetensors")];
        let [config, weights] = whole("");
        check(&[(&config, "{}"), (&weights, "")], "");
        let [config, weights] = whole("out/checkpoint-500/");
        check(&[(&config, "{}"), (&weights, ""), ("out/trainer_state.json", "{}")], "out/checkpoint-500");
        let [config, weights] = whole("models--a--b/snapshots/abc123/");
        let [old, old_weights] = whole("models--a--b/snapshots/def456/");
        let cache = [
            (config.as_str(), "{}"),
            (weights.as_str(), ""),
            (&old, "{}"),
            (&old_weights, ""),
            ("models--a--b/refs/main", "abc123"),
        ];
        check(&cache, "models--a--b/snapshots/abc123");
        let [config, weights] = whole("model/");
        let run = [
            (config.as_str(), "{}"),
            (weights.as_str(), ""),
            ("run.toml", ""),
            ("adapter/adapter_config.json", "{}"),
            ("adapter/adapter_model.safetensors", ""),
        ];
        check(&run, "model");
        check(&[("data/config.json", "{}"), ("data/train.csv", "")], "");
    }

    #[test]
    fn of_several_models_none_is_guessed() {
        let files = ["checkpoint-1000", "checkpoint-500"]
            .map(|name| [format!("{name}/config.json"), format!("{name}/pytorch_model.bin")]);
        let files: Vec<(&str, &str)> = files.iter().flatten().map(|name| (name.as_str(), "{}")).collect();
        let dir = folder_with(&files);
        let error = locate(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("is no model folder but holds 2: checkpoint-1000, checkpoint-500; name one of them"),
            "{error}"
        );
    }
}
