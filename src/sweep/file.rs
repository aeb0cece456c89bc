//! `SWEEP.toml`: a run, and what of it varies.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Table;

use super::SweepError;
use super::asked::Asked;
use super::halving::{Full, Halving};
use super::trial::{Base, Trial};
use super::vary::{self, Varied};
use crate::data::Fold;
use crate::files::read_whole;
use crate::metrics::Measure;
use crate::train::TrainError;
use crate::train::config::RunConfig;
use crate::train::run::fold_folder;
use crate::train::run_file::told;

/// Of so many settings one goes on in a search by halving, unless a person says otherwise.
const KEEP: usize = 3;
/// No description is longer.
const MAX_BYTES: u64 = 16 << 20;

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    run: Option<PathBuf>,
    run_file: Option<Table>,
    out: PathBuf,
    #[serde(default)]
    method: Method,
    trials: Option<usize>,
    keep: Option<usize>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    vary: Table,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    #[default]
    Grid,
    Random,
    /// Many settings a little, and the best of them longer.
    Halving,
}

/// All that is to be tried, checked.
#[derive(Debug)]
pub struct Sweep {
    /// Below which each trial has its folder.
    pub out: PathBuf,
    pub trials: Vec<Trial>,
    /// What is varied, and the metric that settings are judged by.
    pub asked: Asked,
    /// The run whose folds the trials are, where they are.
    pub folds: Option<Box<RunConfig>>,
    /// Where a search by halving stands.
    pub halving: Option<Halving>,
    /// The program that trains; none is this one.
    pub program: Option<PathBuf>,
}

impl Sweep {
    /// Reads a description. A run that does not exist from here is looked for beside the file.
    pub fn read(path: &Path) -> Result<Self, SweepError> {
        let bytes =
            read_whole(path, MAX_BYTES).map_err(|source| SweepError::Unreadable { path: path.to_owned(), source })?;
        let wrong = |reason: &str| syntax(path, reason);
        let text = String::from_utf8(bytes).map_err(|error| wrong(&format!("it is not UTF-8: {error}")))?;
        Self::of_text(&text, path)
    }

    /// The description that a text is.
    pub fn of_text(text: &str, path: &Path) -> Result<Self, SweepError> {
        let wrong = |reason: &str| syntax(path, reason);
        let written: Written = toml::from_str(text).map_err(|error| wrong(&told(text, &error)))?;
        let base = match (&written.run, &written.run_file) {
            (Some(run), None) => base_of(&find(run, path))?,
            (None, Some(table)) => Base { table: table.clone(), path: path.to_owned() },
            _ => return Err(wrong("it has neither or both of run and [run_file], expected one of them")),
        };
        written.sweep(base)
    }

    /// The same run with each of the seeds that it names.
    pub fn of_seeds(path: &Path) -> Result<Self, SweepError> {
        let base = base_of(path)?;
        let config = RunConfig::of_text(&base.table.to_string(), path)?;
        config.check()?;
        let written = Written {
            run: None,
            run_file: None,
            out: config.run.out,
            method: Method::Grid,
            trials: None,
            keep: None,
            seed: 0,
            seeds: Vec::new(),
            vary: Table::new(),
        };
        written.sweep(base)
    }

    /// A run for each of the folds that it names.
    pub fn of_folds(path: &Path) -> Result<Self, SweepError> {
        let base = base_of(path)?;
        let config = RunConfig::of_text(&base.table.to_string(), path)?;
        config.check()?;
        let (out, of) = (config.run.out.clone(), config.run.folds);
        let trial = |number: u32| {
            let fold = Fold { number, of };
            base.without("run", "folds").with("data.fold", fold)?.trial(fold_folder(number), &out, &[], None)
        };
        let trials = (1..=of).map(trial).collect::<Result<_, _>>()?;
        let metric = Measure::main(config.task).to_owned();
        let asked = Asked::new(&metric, &[], None);
        Ok(Self {
            out: config.run.out.clone(),
            trials,
            asked,
            folds: Some(Box::new(config)),
            halving: None,
            program: None,
        })
    }

    /// All runs that it comes to, with those of later rounds.
    pub fn runs(&self) -> usize {
        self.halving.as_ref().map_or(self.trials.len(), Halving::runs)
    }

    /// How many times as long as its first round it takes.
    pub fn times_of_first(&self) -> f64 {
        self.halving.as_ref().map_or(1.0, Halving::times_of_first)
    }

    /// Whether each seed holds out rows of its own, so that the spread is also that of the rows.
    pub fn divides_by_seed(&self) -> bool {
        let divides = |trial: &Trial| {
            let data = &trial.config.data;
            data.eval.is_none() && data.eval_fraction.is_some_and(|share| share > 0.0) && data.split_seed.is_none()
        };
        self.trials.iter().any(|trial| divides(trial) && trial.seed != self.trials[0].seed)
    }
}

impl Written {
    fn sweep(self, mut base: Base) -> Result<Sweep, SweepError> {
        let run = RunConfig::of_text(&base.table.to_string(), &base.path)?;
        base = base.without("run", "seeds");
        let seeds = if self.seeds.is_empty() { run.run.seeds.clone() } else { self.seeds.clone() };
        if let Some(twice) = seeds.iter().enumerate().find(|(at, seed)| seeds[..*at].contains(seed)) {
            return Err(SweepError::setting("seeds", format!("a list with {} twice", twice.1), "each seed once"));
        }
        let varied = vary::read(&self.vary)?;
        if varied.is_empty() && seeds.is_empty() {
            return Err(SweepError::setting("vary", "empty", "keys of a run with their values, or seeds"));
        }
        base.check(&varied, !seeds.is_empty())?;
        if let (Some(keep), Method::Grid | Method::Random) = (self.keep, self.method) {
            return Err(SweepError::setting("keep", keep, "none, or method = \"halving\""));
        }
        let all = match (self.method, self.trials) {
            (Method::Grid, None) => vary::grid(&varied)?,
            (Method::Grid, Some(trials)) => {
                return Err(SweepError::setting("trials", trials, "none in a grid, which tries every combination"));
            }
            (Method::Random | Method::Halving, Some(trials)) => vary::random(&varied, trials, self.seed)?,
            (Method::Random | Method::Halving, None) => {
                return Err(SweepError::setting("trials", "not named", "a number of trials for a random search"));
            }
        };
        // Trials that are kept by other metrics are judged by the one that they have in common.
        let is_varied = varied.iter().any(|one| one.key == "run.keep_best");
        let metric = if is_varied { Measure::main(run.task).to_owned() } else { run.run.keep_best.clone() };
        let each: Vec<Option<u64>> =
            if seeds.is_empty() { vec![None] } else { seeds.iter().copied().map(Some).collect() };
        if self.method == Method::Halving {
            let full = full(&run, &varied)?;
            let asked = Asked::new(&metric, &varied, Some(full.key()));
            let halving = Halving::new(base, self.keep.unwrap_or(KEEP), full, each, all)?;
            let trials = halving.trials(&self.out)?;
            return Ok(Sweep { out: self.out, trials, asked, folds: None, halving: Some(halving), program: None });
        }
        let mut trials = Vec::new();
        for (place, settings) in all.iter().enumerate() {
            let name = |seed: Option<u64>| match (varied.is_empty(), seed) {
                (true, Some(seed)) => format!("seed-{seed}"),
                (false, Some(seed)) => format!("trial-{:03}-seed-{seed}", place + 1),
                (_, None) => format!("trial-{:03}", place + 1),
            };
            for seed in &each {
                trials.push(base.trial(name(*seed), &self.out, settings, *seed)?);
            }
        }
        let asked = Asked::new(&metric, &varied, None);
        Ok(Sweep { out: self.out, trials, asked, folds: None, halving: None, program: None })
    }
}

/// How long the run trains, which a search by halving has to know and to divide.
fn full(run: &RunConfig, varied: &[Varied]) -> Result<Full, SweepError> {
    if let Some(one) = varied.iter().find(|one| ["run.epochs", "run.max_steps"].contains(&one.key.as_str())) {
        let expected = "no length in [vary], as method = \"halving\" trains the rounds as long as they need";
        return Err(SweepError::setting(&format!("vary.{}", one.key), "named", expected));
    }
    match run.run.max_steps {
        Some(steps) => Ok(Full::Steps(steps)),
        None if run.open.epochs => {
            let expected = "named in the run, for the last round of method = \"halving\"";
            Err(SweepError::setting("run.epochs", "not named", expected))
        }
        None => Ok(Full::Epochs(run.run.epochs)),
    }
}

fn syntax(path: &Path, reason: &str) -> SweepError {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    SweepError::Syntax { path: path.to_owned(), reason }
}

fn base_of(path: &Path) -> Result<Base, SweepError> {
    let text = RunConfig::text(path)?;
    // What is wrong with it is said as a run says it.
    RunConfig::of_text(&text, path)?;
    let table = toml::from_str(&text)
        .map_err(|error| TrainError::ConfigSyntax { path: path.to_owned(), reason: error.to_string() })?;
    Ok(Base { table, path: path.to_owned() })
}

fn find(run: &Path, sweep: &Path) -> PathBuf {
    let beside = sweep.parent().unwrap_or(Path::new("")).join(run);
    if !run.exists() && beside.exists() { beside } else { run.to_owned() }
}
