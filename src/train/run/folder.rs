//! The folder of a run while it is written.
//!
//! What is kept of a model is written whole into a folder beside the places it is meant for, brought to the disk, and only
//! then renamed into them, so that a full disk leaves weights and report of one step. A manifest has the sums of all of
//! it, and by these it is read back.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::adapter::{self, KeptAdapter};
use super::inbox::Inbox;
use super::lock::{Lock, lock};
use super::names::{CHECKPOINT, CONFIG, EVALUATION, EVENTS, MANIFEST, MODEL};
use super::scalars::Scalars;
use super::summary;
use crate::files::{self, LineLog, Sums};
use crate::model::{Decisions, Param};
use crate::train::checkpoint::{self, Beside, Best, Checkpoint, Snapshot};
use crate::train::config::{Order, RunConfig, What};
use crate::train::event::TrainEvent;
use crate::train::kept::KeptEvaluation;
use crate::train::trainer::Models;
use crate::train::{Prepared, TrainError};

/// Raised when the manifest changes its meaning.
const FORMAT: u32 = 1;
/// Where what is kept is written before it takes its places.
pub(super) const STAGE: &str = ".keeping";
const WEIGHTS: [&str; 2] = ["model/model.safetensors", "model/adapter_model.safetensors"];

/// What the folder holds of a model, as it was written.
#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    step: u64,
    files: Sums,
}

/// A folder being written by a run.
pub struct RunFolder {
    pub(super) dir: PathBuf,
    /// The text of its `run.toml`.
    config: String,
    pub(super) adapter: Option<KeptAdapter>,
    pub(super) log: LineLog,
    kept: Option<Manifest>,
    inbox: Inbox,
    /// What TensorBoard reads, where that is asked for.
    scalars: Option<Scalars>,
    /// What a person should know, and was not told yet.
    pub(super) notes: Vec<String>,
    /// It was told that the log cannot be written.
    is_behind: bool,
    lock: Option<Lock>,
}

impl RunFolder {
    /// Makes the folder; one that already holds a run is refused.
    pub fn create(config: &RunConfig) -> Result<Self, TrainError> {
        let dir = config.run.out.clone();
        if is_taken(&dir) {
            return Err(TrainError::FolderTaken { path: dir });
        }
        let model = dir.join(MODEL);
        files::create_folders(&model).map_err(|source| TrainError::Unwritable { path: model, source })?;
        let lock = lock(&dir)?;
        let mut kept = config.clone();
        kept.anchor();
        let text = toml::to_string_pretty(&kept)
            .map_err(|error| TrainError::ConfigSyntax { path: dir.join(CONFIG), reason: error.to_string() })?;
        write_text(&dir.join(CONFIG), &text)?;
        Self::with(dir, text, lock)
    }

    /// Takes up the folder of a run that goes on.
    pub(super) fn take_up(dir: PathBuf, lock: Option<Lock>) -> Result<Self, TrainError> {
        let path = dir.join(CONFIG);
        let text = files::read_note_text(&path).map_err(|source| TrainError::Unreadable { path, source })?;
        let model = dir.join(MODEL);
        files::remove_begun(&dir);
        files::remove_begun(&model);
        files::create_folders(&model).map_err(|source| TrainError::Unwritable { path: model, source })?;
        Self::with(dir, text, lock)
    }

    fn with(dir: PathBuf, config: String, lock: Option<Lock>) -> Result<Self, TrainError> {
        let path = dir.join(EVENTS);
        let log = LineLog::open(&path).map_err(|source| TrainError::Unwritable { path, source })?;
        let adapter = toml::from_str(&config).ok().and_then(|config: RunConfig| KeptAdapter::of(&config));
        let inbox = Inbox::of(&dir);
        let (kept, scalars, notes, is_behind) = (None, None, Vec::new(), false);
        Ok(Self { dir, config, adapter, log, kept, inbox, scalars, notes, is_behind, lock })
    }

    pub fn model_dir(&self) -> PathBuf {
        self.dir.join(MODEL)
    }

    /// Appends an event. What cannot be written goes before the next one; it must not end a run, so the caller tells the
    /// person and goes on.
    pub fn append(&mut self, event: &TrainEvent) -> Result<(), TrainError> {
        let minded = self.mind();
        let line = serde_json::to_string(event);
        let appended = line.map_err(Into::into).and_then(|line| self.log.append(&line));
        self.tell_scalars(event);
        minded.and(appended.map_err(at(self.log.path())))
    }

    /// What was left in the folder to be done. What is no order is told.
    pub(super) fn left_orders(&mut self) -> Vec<What> {
        let (orders, notes) = self.inbox.take();
        self.notes.extend(notes);
        orders
    }

    /// Writes all orders of the run into its configuration.
    pub(super) fn record(&mut self, orders: &[Order]) -> Result<(), TrainError> {
        self.mind()?;
        let path = self.dir.join(CONFIG);
        let text = with_orders(&self.config, orders)
            .map_err(|reason| TrainError::ConfigSyntax { path: path.clone(), reason })?;
        // When a run began is told by the time of this file.
        let begun = std::fs::metadata(&path).and_then(|file| file.modified());
        write_text(&path, &text)?;
        begun.and_then(|begun| files::set_modified(&path, begun)).ok();
        self.config = text;
        Ok(())
    }

    /// Writes for TensorBoard as well, from a step on.
    pub(super) fn show_scalars(&mut self, step: u64) {
        match Scalars::create(&self.dir, step) {
            Ok(scalars) => self.scalars = Some(scalars),
            Err(error) => self.notes.push(format!("there will be no curves for TensorBoard: {error}")),
        }
    }

    fn tell_scalars(&mut self, event: &TrainEvent) {
        let Some(scalars) = &mut self.scalars else { return };
        if let Err(error) = scalars.tell(event) {
            let path = scalars.path.display();
            self.notes.push(format!("{path} cannot be written any more ({error}), so TensorBoard's curves end here"));
            self.scalars = None;
        }
    }

    /// Appends the last event, or leaves it and fails.
    pub(super) fn append_last(&mut self, event: &TrainEvent) -> Result<(), TrainError> {
        self.mind()?;
        self.append(event).inspect_err(|_| self.log.take_back())?;
        // A list can be made from the log all the same.
        summary::make(&self.dir).ok();
        Ok(())
    }

    /// Sees to it that log and configuration are where they were. A folder that a person moved or removed while the run
    /// writes it is made again, and that is told.
    fn mind(&mut self) -> Result<(), TrainError> {
        let config = self.dir.join(CONFIG);
        if !config.is_file() {
            files::create_folders(&self.dir).map_err(at(&self.dir))?;
            self.lock = None;
            self.lock = lock(&self.dir)?;
            write_text(&config, &self.config)?;
            self.notes.push(missed(&config));
        }
        if !self.log.is_in_place() {
            self.log.put_back().map_err(at(self.log.path()))?;
            self.notes.push(missed(self.log.path()));
        }
        Ok(())
    }

    /// What a person should know of the folder; that the log cannot be written is told when it begins.
    pub(super) fn news(&mut self, failed: Option<&TrainError>) -> Vec<String> {
        let mut news = std::mem::take(&mut self.notes);
        if let Some(error) = failed.filter(|_| !self.is_behind) {
            news.push(format!("{error}; it is kept in memory and tried again"));
        }
        self.is_behind = failed.is_some();
        news
    }

    /// Writes weights, configuration and tokenizer, and the evaluation that made them the best. Without `best` the
    /// weights are those of now.
    pub(super) fn keep(
        &mut self,
        models: Models<'_>,
        data: &Prepared,
        step: u64,
        best: Option<&Best>,
    ) -> Result<(), TrainError> {
        if let Some(before) = self.kept.as_ref().map(|kept| kept.step) {
            // If it is not there any more, that is told.
            self.has_kept(before);
        }
        let stage = self.dir.join(STAGE);
        let kept = write_stage(&stage, models, data, best, self.adapter.as_ref()).and_then(|files| {
            self.kept = None;
            self.put_in_place(&stage, &files)?;
            let (manifest, path) = (Manifest { format: FORMAT, step, files }, self.dir.join(MANIFEST));
            files::write_atomically(&path, |file| serde_json::to_writer(file, &manifest).map_err(Into::into))
                .map_err(at(&path))?;
            self.kept = Some(manifest);
            Ok(())
        });
        // What is left of it only takes room.
        files::remove_folder(&stage).ok();
        kept
    }

    /// Renames what was written into its places. What was decided and told of other weights goes.
    fn put_in_place(&self, stage: &Path, sums: &Sums) -> Result<(), TrainError> {
        for name in WEIGHTS.iter().filter(|name| stage.join(name).is_file()) {
            self.drop_other_decisions(&stage.join(name), &self.dir.join(name))?;
        }
        let report = self.dir.join(EVALUATION);
        if !sums.0.contains_key(EVALUATION) {
            files::remove_file(&report).map_err(at(&report))?;
        }
        let mut folders = vec![self.dir.clone()];
        for name in sums.0.keys() {
            let to = self.dir.join(name);
            if let Some(folder) = to.parent().filter(|folder| !folders.iter().any(|known| known == folder)) {
                files::create_folders(folder).map_err(at(folder))?;
                folders.push(folder.to_owned());
            }
            files::rename(&stage.join(name), &to).map_err(at(&to))?;
        }
        folders.iter().try_for_each(|folder| files::sync_folder(folder).map_err(at(folder)))
    }

    /// What was decided for the folder's weights goes where these are not they.
    fn drop_other_decisions(&self, weights: &Path, place: &Path) -> Result<(), TrainError> {
        let dir = self.model_dir();
        if Decisions::read(&dir).is_ok_and(|decisions| decisions == Decisions::default()) {
            return Ok(());
        }
        if !files::hold_the_same(weights, place).map_err(at(place))? {
            Decisions::default().write(&dir)?;
        }
        Ok(())
    }

    /// Whether the folder has the weights of a step, by the sizes of the files. If they were there and are not, that is
    /// told.
    pub(super) fn has_kept(&mut self, step: u64) -> bool {
        let Some(kept) = self.kept.as_ref().filter(|kept| kept.step == step) else { return false };
        let is_there = kept.files.are_there(&self.dir);
        if !is_there {
            self.notes.push(missed(&self.model_dir()));
            self.kept = None;
        }
        is_there
    }

    /// Reads what was kept of a step, and forgets that it was if it is not as it was written.
    pub(super) fn read_back(&mut self, step: u64) -> Result<(), TrainError> {
        let path = self.dir.clone();
        let Some(kept) = self.kept.take_if(|kept| kept.step == step) else {
            let (name, reason) = (MODEL.to_owned(), "has other weights".to_owned());
            return Err(TrainError::KeptChanged { path, name, reason });
        };
        if let Some((name, reason)) = kept.files.differences(&self.dir).into_iter().next() {
            return Err(TrainError::KeptChanged { path, name, reason });
        }
        self.kept = Some(kept);
        Ok(())
    }

    /// Compares what an earlier process kept with its manifest, for a run that goes on with these weights as its best.
    /// What is damaged will be written again, and that is told; what is of another step is only that.
    pub(super) fn look_at_kept(&mut self, best: Option<u64>) {
        let Some(manifest) = read_manifest(&self.dir).filter(|manifest| Some(manifest.step) == best) else { return };
        let damaged = manifest.files.differences(&self.dir);
        for (name, reason) in &damaged {
            self.notes.push(format!("{} {reason}; it is written again", self.dir.join(name).display()));
        }
        self.kept = damaged.is_empty().then_some(manifest);
    }

    /// Writes all that the run needs to go on from here.
    pub(super) fn save(&mut self, snapshot: &Snapshot<'_>) -> Result<PathBuf, TrainError> {
        self.mind()?;
        self.log.flush().and_then(|()| self.log.sync()).map_err(at(self.log.path()))?;
        let beside = Beside { config: &self.config, log_bytes: self.log.length() };
        checkpoint::write(&self.dir.join(CHECKPOINT), snapshot, beside, |best| {
            KeptEvaluation::of(snapshot.data, best.step, &best.evaluation)
        })
    }

    /// Cuts the log where a checkpoint was written, and forgets a report of which it does not tell.
    pub(super) fn go_back_to(&mut self, checkpoint: Option<&Checkpoint>) -> Result<(), TrainError> {
        let length = checkpoint.map_or(0, Checkpoint::log_bytes);
        if self.log.length() < length {
            let path = self.log.path().display();
            self.notes.push(format!("{path} is shorter than it was; what is missing is not repeated"));
        }
        self.log.truncate(length).map_err(at(self.log.path()))?;
        // What it tells is of what was cut off, and another log may come to be as long. It is missed by nobody.
        files::remove_file(&self.dir.join(summary::SUMMARY)).ok();
        self.forget_states_after(checkpoint.map(Checkpoint::step))?;
        let best = checkpoint.and_then(Checkpoint::best_step);
        if best.is_none() {
            let report = self.dir.join(EVALUATION);
            files::remove_file(&report).map_err(at(&report))?;
        }
        self.look_at_kept(best);
        Ok(())
    }

    /// A finished run needs no checkpoint.
    pub(super) fn discard_checkpoints(&self) -> Result<(), TrainError> {
        self.log.sync().map_err(at(self.log.path()))?;
        let path = self.dir.join(CHECKPOINT);
        files::remove_folder(&path).map_err(at(&path))
    }
}

/// Writes all that is kept of a model into a folder, and says what it is.
fn write_stage(
    stage: &Path,
    models: Models<'_>,
    data: &Prepared,
    best: Option<&Best>,
    adapter: Option<&KeptAdapter>,
) -> Result<Sums, TrainError> {
    let model = stage.join(MODEL);
    files::remove_folder(stage).map_err(at(stage))?;
    files::create_folders(&model).map_err(at(&model))?;
    let weight = |param: &Param| best.and_then(|best| best.weights.get(&param.name)).cloned();
    adapter::write(stage, models, &data.tokenizer, adapter, &weight)?;
    if let Some(companion) = models.companion
        && let Some(folder) = companion.save(&model, &weight)?
    {
        data.tokenizer.save(&folder)?;
    }
    if let Some(best) = best {
        let report = |best: &Best| KeptEvaluation::of(data, best.step, &best.evaluation);
        checkpoint::write_report(&stage.join(EVALUATION), best, report)?;
    }
    Sums::of(stage).map_err(|source| TrainError::Unreadable { path: stage.to_owned(), source })
}

/// The files of what was kept in a run's folder that are not as they were written, with the reason.
pub fn damage(dir: &Path) -> Vec<String> {
    let path = dir.join(MANIFEST);
    let Some(manifest) = read_manifest(dir) else {
        // An earlier version wrote none.
        let unread =
            format!("{} cannot be read, so it is unknown whether the model is as it was written", path.display());
        return path.exists().then_some(unread).into_iter().collect();
    };
    manifest
        .files
        .differences(dir)
        .into_iter()
        .map(|(name, reason)| format!("{} {reason}", dir.join(name).display()))
        .collect()
}

/// Keeps a file of what was kept as it is now, after it was put right on purpose.
pub(super) fn refreshed_sum(dir: &Path, name: &str) -> Result<(), TrainError> {
    let path = dir.join(MANIFEST);
    let Some(mut manifest) = read_manifest(dir) else { return Ok(()) };
    let Some(sum) = manifest.files.0.get_mut(name) else { return Ok(()) };
    *sum = files::sum_of(&dir.join(name)).map_err(|source| TrainError::Unreadable { path: dir.join(name), source })?;
    files::write_atomically(&path, |file| serde_json::to_writer(file, &manifest).map_err(Into::into)).map_err(at(&path))
}

fn read_manifest(dir: &Path) -> Option<Manifest> {
    let manifest: Manifest = serde_json::from_slice(&files::read_note(&dir.join(MANIFEST)).ok()?).ok()?;
    (manifest.format == FORMAT).then_some(manifest)
}

pub(super) fn is_taken(dir: &Path) -> bool {
    dir.join(EVENTS).exists() || dir.join(CONFIG).exists()
}

/// The text of a configuration with other orders.
fn with_orders(config: &str, orders: &[Order]) -> Result<String, String> {
    let mut table: toml::Table = toml::from_str(config).map_err(|error| error.to_string())?;
    let orders = toml::Value::try_from(orders).map_err(|error| error.to_string())?;
    match table.entry("run").or_insert_with(|| toml::Table::new().into()) {
        toml::Value::Table(run) => drop(run.insert("orders".to_owned(), orders)),
        _ => return Err("run is no table".to_owned()),
    }
    toml::to_string_pretty(&table).map_err(|error| error.to_string())
}

/// What a person should know of something that was there.
fn missed(path: &Path) -> String {
    format!("{} was removed or changed while the run went on; it is written again", path.display())
}

pub(super) fn at(path: &Path) -> impl Fn(std::io::Error) -> TrainError + use<> {
    let path = path.to_owned();
    move |source| TrainError::Unwritable { path: path.clone(), source }
}

fn write_text(path: &Path, text: &str) -> Result<(), TrainError> {
    files::write_atomically(path, |file| file.write_all(text.as_bytes())).map_err(at(path))
}
