//! The folder of a run before it trains: a new one, or that of a run which was stopped, killed or cut off and goes on.
//!
//! Nothing in a folder is touched before all checks have passed. Then the log ends where the checkpoint was written and
//! the model is the best up to there, so that what follows is told and kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::folder::{RunFolder, is_taken};
use super::lock::lock;
use super::log::Log;
use super::names::{CHECKPOINT, CONFIG, DATA, EVENTS};
use super::settings::settings;
use crate::data::Roles;
use crate::files;
use crate::model::Model;
use crate::train::checkpoint::{self, Checkpoint, DataSums};
use crate::train::config::{RunConfig, Strata};
use crate::train::data_files::DataFiles;
use crate::train::event::TrainEvent;
use crate::train::open::Open;
use crate::train::orders::{self, Followed};
use crate::train::recommend::Settings;
use crate::train::{Prepared, TrainError, companions};

/// Settings that may differ when a run goes on: where things lie, which is checked by their content, and what changes no
/// result.
const FREE: [&str; 16] = [
    "data.train",
    "data.eval",
    "model.path",
    "model.name",
    "model.embedded",
    "language.generator",
    "distill.teacher",
    "run.out",
    "run.checkpoint_minutes",
    "run.device",
    "run.log_every",
    "run.micro_batch",
    "run.probe_every",
    "run.probes",
    "run.tensorboard",
    "strategy.cache",
];

/// A folder ready to be written by a run.
pub struct Opened {
    pub folder: RunFolder,
    /// Where the run goes on; `None` from its beginning.
    pub checkpoint: Option<Checkpoint>,
    /// What the log tells up to there.
    pub history: Vec<TrainEvent>,
}

/// The configuration kept in a run's folder, which may have been moved since.
pub fn kept_config(dir: &Path) -> Result<RunConfig, TrainError> {
    let mut config = RunConfig::read(&dir.join(CONFIG))?;
    dir.clone_into(&mut config.run.out);
    if config.run.folds == 0 {
        // A run names the column that divided its rows. Where it names none, none did: an earlier version knew of no such
        // columns, and would be divided otherwise now.
        config.data.columns.split.get_or_insert_default();
    }
    // Nor did an earlier version say of what it made strata.
    if config.data.columns.split.as_ref().is_some_and(|name| !name.is_empty()) {
        config.data.strata.get_or_insert(Strata::All);
    }
    Ok(config)
}

/// The configuration with what it leaves open as it was when the run began: the columns that were read and the settings
/// that were recommended.
pub fn as_it_began(config: &RunConfig) -> Result<RunConfig, TrainError> {
    let kept = kept_config(&config.run.out)?;
    let mut config = filled_from(&kept, config);
    let columns = kept.data.columns;
    // A run of an earlier version did not keep what it had guessed.
    if (Roles { split: None, ..columns.clone() }) == Roles::default() {
        config.data.columns.split = columns.split;
    } else {
        config.data.columns = columns;
    }
    Ok(config)
}

fn filled_from(kept: &RunConfig, config: &RunConfig) -> RunConfig {
    let mut config = config.clone();
    Settings::of(kept).fill(&mut config);
    config.data.strata = kept.data.strata;
    // What was ordered by hand was written down with the run, and need not be in the file that it began with.
    if config.run.orders.iter().all(|order| kept.run.orders.contains(order)) {
        config.run.orders.clone_from(&kept.run.orders);
    }
    config.open = Open::default();
    config
}

/// Says before anything is read whether there is a run to go on with. A folder that is taken is refused to a new run,
/// and a run that is finished or was configured otherwise to one that goes on.
pub fn check_folder(config: &RunConfig, resume: bool) -> Result<bool, TrainError> {
    let dir = &config.run.out;
    if let Some(file) = dir.ancestors().find(|above| above.exists()).filter(|above| !above.is_dir()) {
        let expected = format!("a folder, and {} is a file", file.display());
        return Err(TrainError::setting("run.out", dir.display().to_string(), &expected));
    }
    if !resume {
        return if is_taken(dir) { Err(TrainError::FolderTaken { path: dir.clone() }) } else { Ok(false) };
    }
    // A run that was killed before it had a configuration had nothing else either.
    if !is_taken(dir) {
        return Ok(false);
    }
    let kept = kept_config(dir)?;
    if let Some((key, was, now)) = first_change(&kept, &filled_from(&kept, config)) {
        return Err(TrainError::SettingChanged { path: dir.clone(), key, was, now });
    }
    let log = read_log(dir)?;
    if log.events.iter().any(|event| matches!(event, TrainEvent::Finished(_))) {
        return Err(TrainError::AlreadyFinished { path: dir.clone() });
    }
    // To begin again would throw away what the person may still find.
    let tells_of_one =
        |event: &TrainEvent| matches!(event, TrainEvent::Checkpoint { path, .. } if checkpoint::is_one(path));
    if checkpoint::newest_step(&dir.join(CHECKPOINT)).is_none() && log.events.iter().any(tells_of_one) {
        return Err(TrainError::CheckpointsGone { path: dir.clone(), step: log.step() });
    }
    // Said now rather than when the data are read; the lock that counts is taken then.
    drop(lock(dir)?);
    Ok(true)
}

/// The log of a run, which may have been killed before it had one.
fn read_log(dir: &Path) -> Result<Log, TrainError> {
    if dir.join(EVENTS).exists() { Log::read(dir) } else { Ok(Log::default()) }
}

/// Opens the folder: anew, or where [`check_folder`] said that there is a run to go on with.
pub fn open(config: &RunConfig, goes_on: bool, data: &Prepared, model: &Model) -> Result<Opened, TrainError> {
    if !goes_on {
        let mut folder = RunFolder::create(config)?;
        let path = config.run.out.join(DATA);
        data.files.write(&path).map_err(|source| TrainError::Unwritable { path, source })?;
        if config.run.tensorboard {
            folder.show_scalars(0);
        }
        return Ok(Opened { folder, checkpoint: None, history: Vec::new() });
    }
    let dir = config.run.out.clone();
    // An earlier version kept no record.
    let changes = DataFiles::read(&dir.join(DATA)).map(|then| then.changes(&data.files)).unwrap_or_default();
    let lock = lock(&dir)?;
    let found = checkpoint::newest(&dir.join(CHECKPOINT))?;
    if let Some(found) = &found {
        let began = found.config().map(|began| with_later_orders(began, config, &found.progress().orders));
        if let Some((key, was, now)) = began.and_then(|began| first_change(&began, config)) {
            return Err(TrainError::SettingChanged { path: dir, key, was, now });
        }
        let companion = companions::sum_of(config, model)?;
        found.check(data, &DataSums::of(data)?, model, companion).map_err(|error| naming(error, &changes))?;
    }
    let reached = read_log(&dir)?.step();
    let mut folder = RunFolder::take_up(dir.clone(), lock)?;
    if found.is_none() && reached > 0 {
        folder
            .notes
            .push(format!("the run had come to step {reached} and had no checkpoint, so it starts from the beginning"));
    }
    if !changes.is_empty() {
        let files = changes.join(", ");
        // Only a checkpoint knows the examples that the run had.
        let examples = if found.is_some() { ", but their examples are" } else { "; it begins again with those of now" };
        folder.notes.push(format!("the files of the data are not those the run began with ({files}){examples}"));
    }
    folder.go_back_to(found.as_ref())?;
    set_aside(found.as_ref())?;
    if config.run.tensorboard {
        folder.show_scalars(found.as_ref().map_or(0, Checkpoint::step));
    }
    let log = Log::read(&dir)?;
    folder.notes.extend(log.problem());
    Ok(Opened { folder, checkpoint: found, history: log.events })
}

/// The configuration of a checkpoint with the orders of now, if those that it had followed are the same: what is ordered
/// for later may have been added since.
fn with_later_orders(mut began: RunConfig, now: &RunConfig, followed: &Followed) -> RunConfig {
    if orders::agree(&began.run.orders, &now.run.orders, followed) {
        began.run.orders.clone_from(&now.run.orders);
    }
    began
}

/// Says of data that have changed which files did.
fn naming(error: TrainError, changes: &[String]) -> TrainError {
    match error {
        TrainError::DataChanged { path, reason } if !changes.is_empty() => {
            TrainError::DataChanged { path, reason: format!("{reason}: {}", changes.join(", ")) }
        }
        error => error,
    }
}

/// Damaged checkpoints are not in the way of new ones, and not deleted either while the run is not finished.
fn set_aside(found: Option<&Checkpoint>) -> Result<(), TrainError> {
    for (path, _) in found.iter().flat_map(|found| &found.damaged) {
        let aside = path.with_file_name(format!("damaged-{}", files::name(path)));
        let unwritable = |source| TrainError::Unwritable { path: aside.clone(), source };
        files::remove_folder(&aside).map_err(unwritable)?;
        files::rename(path, &aside).map_err(unwritable)?;
    }
    Ok(())
}

/// The first setting that is not as it was, with both values.
fn first_change(was: &RunConfig, now: &RunConfig) -> Option<(String, String, String)> {
    let (was, now) = (settings(was), settings(now));
    let keys: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    let value = |of: &BTreeMap<String, Value>, key: &String| of.get(key).map_or("not set".to_owned(), Value::to_string);
    // What was guessed when the run began is kept with it, and need not be in the file that it began with. Other columns
    // are other data, which are compared by their content.
    let is_guessed =
        |key: &&String| key.starts_with("data.columns.") && !(was.contains_key(*key) && now.contains_key(*key));
    keys.into_iter()
        .filter(|key| !is_guessed(key))
        .filter(|key| was.get(*key) != now.get(*key) && !FREE.contains(&key.as_str()))
        .map(|key| (key.clone(), value(&was, key), value(&now, key)))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> RunConfig {
        toml::from_str(&format!("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n{more}"))
            .unwrap()
    }

    #[test]
    fn a_run_is_divided_as_it_began() {
        let folder = tempfile::tempdir().unwrap();
        let kept = |more: &str| {
            let text = format!("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n{more}");
            std::fs::write(folder.path().join(CONFIG), text).unwrap();
            kept_config(folder.path()).unwrap().data
        };
        assert_eq!(kept("").strata, None);
        let column = "columns = { split = \"kind\" }\n";
        assert!(kept(column).split_rule(1).strata_of_all);
        assert!(!kept(&format!("{column}strata = \"learned\"\n")).split_rule(1).strata_of_all);
    }

    #[test]
    fn only_settings_that_change_no_result_may_change() {
        let began = config("[optim]\nlr = 1e-4\n[run]\nout = \"a\"\n");
        let check = |more: &str, expected: Option<&str>| {
            let found = first_change(&began, &config(more)).map(|(key, was, now)| format!("{key} {was} {now}"));
            assert_eq!(found.as_deref(), expected);
        };
        check("[optim]\nlr = 1e-4\n[run]\nout = \"b\"\ncheckpoint_minutes = 1\nmicro_batch = 2\n", None);
        // The columns that were guessed are kept.
        let named = config("columns = { text = \"a\", label = \"b\" }\n");
        let open = config("");
        assert_eq!(first_change(&named, &open), None);
        assert_eq!(first_change(&open, &named), None);
        let other = config("columns = { text = \"c\" }\n");
        assert_eq!(first_change(&named, &other).map(|(key, ..)| key).as_deref(), Some("data.columns.text"));
        check("[optim]\nlr = 2e-4\n", Some("optim.lr 0.0001 0.0002"));
        check("[optim]\nlr = 1e-4\nlr_groups = { head = 0.5 }\n", Some("optim.lr_groups.head not set 0.5"));
        check("[optim]\nlr = 1e-4\n[run]\nmax_steps = 9\n", Some("run.max_steps not set 9"));
    }

    #[test]
    fn what_was_ordered_by_hand_need_not_be_in_the_file_that_a_run_began_with() {
        let [first, second] = ["{ step = 3, factor = 0.5 }", "{ step = 5, thaw = true }"];
        let of = |orders: &str| config(&format!("[run]\norders = [{orders}]\n"));
        let kept = of(&format!("{first}, {second}"));
        let change = |now: &str| first_change(&kept, &filled_from(&kept, &of(now))).map(|(key, ..)| key);
        assert_eq!((change(""), change(second)), (None, None));
        assert_eq!(change("{ step = 3, factor = 0.25 }").as_deref(), Some("run.orders"));
        // A checkpoint that had followed one of them knows nothing of what comes after it.
        let later = |count: usize, now: &str| {
            let followed = Followed { count, refused: Vec::new() };
            first_change(&with_later_orders(of(first), &of(now), &followed), &of(now)).is_none()
        };
        assert!(later(1, &format!("{second}, {first}")) && later(0, second) && later(0, ""));
        assert!(!later(1, second) && !later(1, ""));
    }
}
