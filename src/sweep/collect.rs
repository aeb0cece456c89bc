//! What trials came to that ran elsewhere: a run that has finished is a trial that has, wherever it was trained.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::file::Sweep;
use super::go::{Outcome, Watch, check_folder, lock, unwritable, write_configs};
use super::record::{Record, Records};
use super::{SweepError, Trial};
use crate::files;
use crate::train::run::{self, RunStatus};

/// Notes down the trials that have finished, and starts none. From another folder the runs of those are copied first, each
/// whole or not at all.
pub fn collect(sweep: &Sweep, from: Option<&Path>, watch: &mut dyn Watch) -> Result<Outcome, SweepError> {
    if let Some(from) = from.filter(|from| !from.is_dir()) {
        let expected = "a folder that holds the folders of the trials".to_owned();
        return Err(SweepError::Setting { key: "--from".to_owned(), value: from.display().to_string(), expected });
    }
    check_folder(sweep, true)?;
    write_configs(sweep)?;
    let _lock = lock(&sweep.out)?;
    let mut records = Records::open(&sweep.out)?;
    for trial in &sweep.trials {
        let own = &trial.config.run.out;
        let found = from.map(|from| from.join(&trial.name)).filter(|found| is_finished(found) && !is_finished(own));
        if let Some(found) = found {
            check_same(trial, &found)?;
            take(&found, own).map_err(unwritable(own))?;
        }
        if is_finished(own) && !records.is_finished(trial) {
            check_same(trial, own)?;
            let record = Record::of(trial, false, String::new());
            watch.ended(&record);
            records.add(record).map_err(unwritable(&sweep.out))?;
        }
    }
    let known = |trial: &Trial| records.last.get(&trial.name).cloned();
    Ok(Outcome { records: sweep.trials.iter().filter_map(known).collect(), stopped: false })
}

fn is_finished(dir: &Path) -> bool {
    run::status(dir) == Some(RunStatus::Finished)
}

/// Refuses a run that has other settings than the trial of its name.
fn check_same(trial: &Trial, dir: &Path) -> Result<(), SweepError> {
    let path = dir.join("run.toml");
    let text = files::read_note_text(&path).map_err(|source| SweepError::Unreadable { path, source })?;
    let table = toml::from_str::<Table>(&text).unwrap_or_default();
    let seed = ("run.seed".to_owned(), Value::Integer(trial.seed as i64));
    for (key, wanted) in trial.settings.iter().chain([&seed]) {
        let found = value_of(&table, key);
        if !found.is_some_and(|found| is_equal(found, wanted)) {
            let is = found.map_or("not set".to_owned(), ToString::to_string);
            let (path, key, wanted) = (dir.to_owned(), key.clone(), wanted.to_string());
            return Err(SweepError::OtherTrial { path, key, is, wanted });
        }
    }
    Ok(())
}

fn value_of<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((section, rest)) => value_of(table.get(section)?.as_table()?, rest),
    }
}

/// A whole number and the same as a float are one setting.
fn is_equal(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    match (number(one), number(other)) {
        // What was read from a file and written again may differ in the last digit of an `f32`.
        (Some(one), Some(other)) => one == other || (one as f32) == (other as f32),
        _ => one == other,
    }
}

/// Copies a folder, which has its name when all of it is there. What did not finish makes way.
fn take(from: &Path, to: &Path) -> io::Result<()> {
    let part = beside(to);
    files::remove_folder(&part)?;
    copy(from, &part)?;
    files::remove_folder(to)?;
    files::rename(&part, to)
}

fn beside(to: &Path) -> PathBuf {
    to.with_file_name(format!(".{}.part", files::name(to)))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    files::create_folders(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            let mut source = files::open(&entry.path())?;
            files::write_atomically(&target, |file| io::copy(&mut source, file).map(drop))?;
        }
    }
    Ok(())
}
