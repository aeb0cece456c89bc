//! Jobs that read: models, tables, datasets, lengths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job::{Ended, Job};
use super::kept::{Card, Last, read_card};
use crate::data::Dataset;
use crate::hub::Hub;
use crate::hub::embedded::Shipped;
use crate::model::{self, kept};
use crate::stop::heed;
use crate::table::{Inputs, Part, Table};
use crate::task::Reads;
use crate::text::xray::xray;
use crate::text::{Length, Tokenizer, measure_all};
use crate::train::rows::{Sources, divide, open_to_judge};
use crate::train::run;
use crate::worker::protocol::{DatasetRequest, Lengths, LoadedDataset, LookedAt, ModelEntry, Origin, Payload};
use crate::worker::work::Failure;
use crate::{files, samples};

/// Folders below a chosen one that are looked into.
const DEPTH: usize = 3;

pub fn find_models(job: &Job<'_>, folders: &[PathBuf], embedded: &Path, hub: &Hub) -> Ended {
    let mut dirs = BTreeSet::new();
    for folder in folders {
        collect(folder, DEPTH, &mut dirs);
    }
    let name = |dir: &Path| files::name(dir).into_owned();
    let mut entries = in_the_program(embedded);
    entries.extend(dirs.iter().map(|dir| match run_of(dir) {
        Some(run) => entry(dir, run::title(run), Origin::Run),
        None => entry(dir, name(dir), Origin::Folder),
    }));
    entries.extend(hub.cached_models().into_iter().map(|cached| entry(&cached.dir, cached.name, Origin::Cache)));
    job.payload(Payload::Models(Arc::new(entries)));
    Ended::Done
}

/// The models that ship with Attune, written to their places. One that cannot be written is listed with the reason.
fn in_the_program(mini: &Path) -> Vec<ModelEntry> {
    let listed = |shipped: Shipped| {
        let dir = shipped.beside(mini);
        let written = shipped.unpack_to(&dir);
        let found = entry(&dir, shipped.name().to_owned(), Origin::Embedded(shipped));
        match written {
            Ok(()) => found,
            Err(error) => ModelEntry { problem: Some(error.to_string()), ..found },
        }
    };
    Shipped::ALL.map(listed).into()
}

/// The run a model folder belongs to, where it is the `model` of one.
fn run_of(dir: &Path) -> Option<&Path> {
    dir.parent().filter(|run| dir.ends_with("model") && run.join("run.toml").is_file())
}

/// Whether a folder holds only what belongs to the model of a run beside it: an adapter with the same weights in it, or the
/// states of the run's course.
fn is_beside_model_of_run(dir: &Path) -> bool {
    let has_model = |run: &Path| run.join("run.toml").is_file() && model::is_model_folder(&run.join("model"));
    dir.parent().is_some_and(|run| has_model(run) && (dir.ends_with("adapter") || dir == kept::states_folder(run)))
}

fn collect(dir: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    heed();
    if model::is_model_folder(dir) {
        found.insert(dir.to_owned());
        return;
    }
    if depth == 0 {
        return;
    }
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // Links are followed too; how deep is bounded.
        if !hidden && entry.path().is_dir() && !is_beside_model_of_run(&entry.path()) {
            collect(&entry.path(), depth - 1, found);
        }
    }
}

fn entry(dir: &Path, name: String, origin: Origin) -> ModelEntry {
    heed();
    let empty = ModelEntry {
        dir: dir.to_owned(),
        name,
        origin,
        family: String::new(),
        layers: 0,
        hidden_size: 0,
        bytes_on_disk: files::folder_bytes(dir),
        heads: Vec::new(),
        problem: None,
    };
    match model::read_config(dir) {
        Ok(config) => ModelEntry {
            family: config.family.model_type().to_owned(),
            layers: config.num_hidden_layers,
            hidden_size: config.hidden_size,
            heads: config.tasks(),
            ..empty
        },
        Err(error) => ModelEntry { problem: Some(error.to_string()), ..empty },
    }
}

pub fn open_model(job: &Job<'_>, cards: &mut Last<Card>, dir: &Path) -> Result<Ended, Failure> {
    let (card, config) = read_card(cards, dir)?;
    let (mut card, special) = (card.clone(), config.special_ids());
    let tokenizer = Tokenizer::open(&model::tokenizer_folder(dir))?;
    tokenizer.kind().file().clone_into(&mut card.tokenizer);
    card.cased = tokenizer.cased();
    card.problems.extend(tokenizer.misfits(card.vocab_size, &special));
    job.payload(Payload::Model(Arc::new(card)));
    Ok(Ended::Done)
}

pub fn open_table(job: &Job<'_>, inputs: &Inputs, sample: Option<&str>) -> Result<Ended, Failure> {
    match (inputs.one(), sample) {
        (Some(path), Some(name)) => samples::write(name, path)?,
        (Some(path), None) => samples::ensure(path)?,
        (None, _) => {}
    }
    let table = Table::open_inputs(inputs, Part::Learn)?;
    if job.go_on().is_break() {
        return Ok(Ended::Stopped);
    }
    job.payload(Payload::Table(Arc::new(table)));
    Ok(Ended::Done)
}

pub fn read_dataset(job: &Job<'_>, request: DatasetRequest) -> Result<Ended, Failure> {
    let DatasetRequest { table, eval, task, roles, rule, mends } = request;
    let eval = eval.as_ref().map(open_to_judge).transpose()?.map(Arc::new);
    let own = eval.is_some();
    if job.go_on().is_break() {
        return Ok(Ended::Stopped);
    }
    let Sources { train_data, eval_data, split, mended, .. } = divide(None, task, table, eval, &roles, &rule, &mends)?;
    if job.go_on().is_break() {
        return Ok(Ended::Stopped);
    }
    let loaded = LoadedDataset::new(train_data, split, own.then_some(eval_data), mended);
    if job.go_on().is_break() {
        return Ok(Ended::Stopped);
    }
    job.payload(Payload::Dataset(Arc::new(loaded)));
    Ok(Ended::Done)
}

/// One example as a model reads it.
pub fn look_at(
    job: &Job<'_>,
    tokenizers: &mut Last<Tokenizer>,
    dataset: &Dataset,
    example: usize,
    dir: &Path,
    length: Length,
) -> Result<Ended, Failure> {
    let first_position = model::read_config(dir)?.first_position();
    let tokenizer = tokenizers.get(dir, |dir| Ok(Tokenizer::open(&model::tokenizer_folder(dir))?))?;
    let xray = xray(dataset, example, tokenizer, length)?;
    job.payload(Payload::Xray(Arc::new(LookedAt { model: dir.to_owned(), xray, first_position })));
    Ok(Ended::Done)
}

pub fn measure_lengths(
    job: &Job<'_>,
    tokenizers: &mut Last<Tokenizer>,
    dataset: &Dataset,
    dir: &Path,
) -> Result<Ended, Failure> {
    let tokenizer = tokenizers.get(dir, |dir| Ok(Tokenizer::open(&model::tokenizer_folder(dir))?))?;
    let total = dataset.examples.len() as u64;
    let on_progress = &mut |done: usize| job.progress("counting tokens", done as u64, total);
    let Some(measured) = measure_all(dataset, tokenizer, on_progress)? else { return Ok(Ended::Stopped) };
    let tokens: Vec<u32> = measured.iter().map(|one| one.tokens as u32).collect();
    let fixed: Vec<u32> = measured.iter().map(|one| one.fixed as u32).collect();
    let all: usize = measured.iter().map(|one| one.tokens).sum();
    let unknown: usize = measured.iter().map(|one| one.unknown).sum();
    let unknown_share = unknown as f64 / all.max(1) as f64;
    let specials = tokenizer.special_tokens(dataset.task.reads() == Reads::Question);
    let allowed = tokenizer.model_max_length();
    let lengths = Lengths { model: dir.to_owned(), tokens, fixed, specials, unknown_share, allowed };
    job.payload(Payload::Lengths(Arc::new(lengths)));
    Ok(Ended::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::choices::Mends;
    use crate::data::{Roles, SplitRule};
    use crate::stop::Stop;
    use crate::task::Task;

    #[test]
    fn a_data_set_can_be_left_at_any_part_of_its_reading() {
        let rows = (0..1000).map(|row| format!("the soup {row} was good,{}\n", row % 3)).collect::<String>();
        let table = Table::from_bytes(Path::new("a.csv"), format!("text,label\n{rows}").into_bytes());
        let table = Arc::new(table.unwrap());
        let name = |name: &str| Some(name.to_owned());
        let roles = Roles { text: name("text"), label: name("label"), ..Roles::default() };
        let rule = SplitRule { eval_fraction: 0.2, seed: 1, stratified: true, fold: None, strata_of_all: false };
        let read = |stop: &Stop| {
            stop.heeding(|| {
                let read = divide(None, Task::Classify, table.clone(), None, &roles, &rule, &Mends::default()).unwrap();
                LoadedDataset::new(read.train_data, read.split, None, read.mended)
            })
        };
        let all = Stop::after(u64::MAX);
        assert_eq!(read(&all).unwrap().dataset.examples.len(), 1000);
        for tenth in 1..10 {
            assert!(read(&Stop::after(all.looks() * tenth / 10)).is_err(), "{tenth} of {}", all.looks());
        }
    }

    #[test]
    fn the_adapter_of_a_run_is_no_model_beside_that_of_the_run() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        };
        write("run/run.toml");
        write("run/model/config.json");
        write("run/adapter/adapter_config.json");
        write("other/adapter/adapter_config.json");
        let mut found = BTreeSet::new();
        collect(dir.path(), DEPTH, &mut found);
        let expected = ["other/adapter", "run/model"].map(|name| dir.path().join(name));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }
}
