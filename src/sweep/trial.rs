//! A trial: a run's configuration with some of its keys set.

use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::{Table, Value};

use super::SweepError;
use super::vary::{Setting, Varied};
use crate::train::config::RunConfig;

/// What every trial starts from.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub table: Table,
    /// The file that the table is of, beside which its paths may lie.
    pub path: PathBuf,
}

/// One run of a sweep.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Of its folder: `trial-001`, `trial-001-seed-7`, or `seed-7`.
    pub name: String,
    /// What is varied.
    pub settings: Vec<Setting>,
    pub seed: u64,
    pub config: RunConfig,
    /// Of its configuration, with what is open left open.
    pub(super) table: Table,
}

/// Keys that a sweep sets itself.
const OWN: [(&str, &str); 2] =
    [("run.out", "out at the top, below which each trial has a folder of its own"), ("run.seeds", "seeds at the top")];

impl Base {
    /// The same without a key of a section.
    #[must_use]
    pub fn without(&self, section: &str, key: &str) -> Self {
        let mut table = self.table.clone();
        if let Some(section) = table.get_mut(section).and_then(Value::as_table_mut) {
            section.remove(key);
        }
        Self { table, path: self.path.clone() }
    }

    /// The same with a key set.
    pub fn with(self, key: &str, value: impl Serialize) -> Result<Self, SweepError> {
        let Self { mut table, path } = self;
        let refused = |reason: String| SweepError::Syntax { path: path.clone(), reason };
        let value = Value::try_from(value).map_err(|error| refused(error.to_string()))?;
        set(&mut table, key, value).map_err(refused)?;
        Ok(Self { table, path })
    }

    /// Refuses a key that a run does not know, and values that it cannot read.
    pub fn check(&self, varied: &[Varied], has_seeds: bool) -> Result<(), SweepError> {
        for one in varied {
            if let Some((key, instead)) = OWN.iter().find(|(key, _)| *key == one.key) {
                return Err(SweepError::setting(&format!("vary.{key}"), "named", instead));
            }
            if one.key == "run.seed" && has_seeds {
                return Err(SweepError::setting("vary.run.seed", "named", "either it or seeds"));
            }
            for value in one.values.samples() {
                let refused = |reason: String| SweepError::Refused {
                    key: one.key.clone(),
                    value: value.to_string(),
                    reason: reason.split_whitespace().collect::<Vec<_>>().join(" "),
                };
                let mut table = self.table.clone();
                set(&mut table, &one.key, value.clone()).map_err(&refused)?;
                table.try_into::<RunConfig>().map_err(|error| refused(error.message().to_owned()))?;
            }
        }
        Ok(())
    }

    /// The run with these settings, as a run would check it.
    pub fn trial(
        &self,
        name: String,
        out: &Path,
        settings: &[Setting],
        seed: Option<u64>,
    ) -> Result<Trial, SweepError> {
        let mut table = self.table.clone();
        let own = [("run.out", Value::String(out.join(&name).to_string_lossy().into_owned()))];
        let seed = seed.map(|seed| ("run.seed", Value::Integer(seed as i64)));
        let named = settings.iter().map(|(key, value)| (key.as_str(), value.clone()));
        for (key, value) in named.chain(own).chain(seed) {
            set(&mut table, key, value.clone()).map_err(|reason| SweepError::Refused {
                key: key.to_owned(),
                value: value.to_string(),
                reason,
            })?;
        }
        let refused =
            |source| SweepError::RefusedTogether { settings: words(settings, &name), source: Box::new(source) };
        let mut config = RunConfig::of_text(&table.to_string(), &self.path)?;
        config.check().map_err(refused)?;
        config.anchor();
        anchor(&mut table, &config);
        Ok(Trial { name, settings: settings.to_vec(), seed: config.run.seed, config, table })
    }
}

impl Trial {
    /// The text of its configuration under other paths.
    pub(super) fn text_with(&self, change: &dyn Fn(&mut PathBuf)) -> String {
        let (mut config, mut table) = (self.config.clone(), self.table.clone());
        config.each_path(change);
        anchor(&mut table, &config);
        table.to_string()
    }

    /// The text of its configuration.
    pub(super) fn text(&self) -> String {
        self.table.to_string()
    }
}

/// Settings as a person reads them; what has none is called by its name.
pub(super) fn words(settings: &[Setting], name: &str) -> String {
    if settings.is_empty() {
        return name.to_owned();
    }
    settings.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}

/// Sets a key by its dotted name.
fn set(table: &mut Table, key: &str, value: Value) -> Result<(), String> {
    let Some((section, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return Ok(());
    };
    let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    match inner {
        Value::Table(inner) => set(inner, rest, value),
        other => Err(format!("{section} is {other} and has no keys below it")),
    }
}

/// Puts the paths of a configuration, which mean the same from everywhere, where they were named.
fn anchor(table: &mut Table, config: &RunConfig) {
    let Ok(whole) = Table::try_from(config) else { return };
    for (section, key) in [
        ("data", "train"),
        ("data", "eval"),
        ("model", "path"),
        ("language", "generator"),
        ("distill", "teacher"),
        ("run", "out"),
    ] {
        let path = whole.get(section).and_then(|section| section.get(key));
        let named = table.get_mut(section).and_then(|section| section.get_mut(key));
        if let (Some(path), Some(named)) = (path, named) {
            path.clone_into(named);
        }
    }
}
