//! A run that is trained on another machine, seen and kept here: its log while it grows there, and its folder when it was
//! fetched.
//!
//! What a run reads lies elsewhere there, so paths are put right in all that is read again. The log stays to the byte as it
//! was written: a checkpoint knows how long it was.

use std::path::Path;

use serde_json::Value;

use super::adapter::KeptAdapter;
use super::folder::{at, refreshed_sum};
use super::lock::{Lock, lock};
use super::names::{ADAPTER, CONFIG, DATA, EVENTS, MODEL};
use crate::files::{self, LineLog};
use crate::model::adapter::CONFIG as ADAPTER_CONFIG;
use crate::train::TrainError;
use crate::train::config::RunConfig;
use crate::train::data_files::DataFiles;

/// The folder of a run that trains elsewhere. Nobody else trains in it meanwhile.
pub struct Followed {
    log: LineLog,
    _lock: Option<Lock>,
}

impl Followed {
    /// Begins to follow a run from its start; what an earlier attempt told goes.
    pub fn begin(config: &RunConfig) -> Result<Self, TrainError> {
        let dir = &config.run.out;
        files::create_folders(dir).map_err(at(dir))?;
        let lock = lock(dir)?;
        write_config(dir, config)?;
        let path = dir.join(EVENTS);
        let mut log = LineLog::open(&path).map_err(at(&path))?;
        log.truncate(0).map_err(at(&path))?;
        Ok(Self { log, _lock: lock })
    }

    /// Takes up a line of its log. What cannot be written goes before the next.
    pub fn line(&mut self, line: &str) {
        self.log.append(line).ok();
    }
}

/// Puts right what a folder says that was fetched from where its run was trained: `own` is the run's configuration as it is
/// here, and `place` says where a path of there is here.
pub fn settle(dir: &Path, own: &RunConfig, place: &dyn Fn(&Path) -> std::path::PathBuf) -> Result<(), TrainError> {
    let mut kept = RunConfig::read(&dir.join(CONFIG))?;
    kept.each_path(&|path| *path = place(path));
    write_config(dir, &kept)?;
    if let Some(mut data) = DataFiles::read(&dir.join(DATA)) {
        data.train.iter_mut().chain(&mut data.eval).for_each(|file| file.path = place(&file.path));
        let path = dir.join(DATA);
        data.write(&path).map_err(at(&path))?;
    }
    let Some(adapter) = KeptAdapter::of(own) else { return Ok(()) };
    for name in [MODEL, ADAPTER].map(|folder| format!("{folder}/{ADAPTER_CONFIG}")) {
        let path = dir.join(&name);
        if path.is_file() {
            name_base(&path, adapter.base())?;
            refreshed_sum(dir, &name)?;
        }
    }
    Ok(())
}

fn name_base(path: &Path, base: &str) -> Result<(), TrainError> {
    let unreadable = |source| TrainError::Unreadable { path: path.to_owned(), source };
    let text = files::read_note(path).map_err(unreadable)?;
    let mut settings: Value = serde_json::from_slice(&text).map_err(|error| unreadable(error.into()))?;
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("base_model_name_or_path".to_owned(), base.into());
    }
    files::write_atomically(path, |file| serde_json::to_writer_pretty(file, &settings).map_err(Into::into))
        .map_err(at(path))
}

fn write_config(dir: &Path, config: &RunConfig) -> Result<(), TrainError> {
    let path = dir.join(CONFIG);
    let text = toml::to_string_pretty(config)
        .map_err(|error| TrainError::ConfigSyntax { path: path.clone(), reason: error.to_string() })?;
    files::write_atomically(&path, |file| file.write_all(text.as_bytes())).map_err(at(&path))
}
