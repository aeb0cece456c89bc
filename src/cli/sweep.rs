//! `attune sweep`: several runs from one description; and a run with several seeds.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use serde_json::{Map, Value, json};

use super::output::{bytes, duration, plural, print_json, print_lines};
use crate::signals::AskedToEnd;
use crate::sweep::{Need, Outcome, Record, Row, Spread, Status, Sweep, Table, Trial, Watch, check_folder, go};

#[derive(Debug, Args)]
pub struct SweepRuns {
    /// What is tried: a run, a folder for all, and the keys that vary
    #[arg(value_name = "SWEEP.toml")]
    sweep: PathBuf,
    /// Trials at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Run what is missing or failed, and resume what was interrupted
    #[arg(long)]
    resume: bool,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Not there yet: trials on a Ray cluster
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "auto")]
    ray: Option<String>,
    /// Not there yet: trials on other machines
    #[arg(long, value_name = "HOST", num_args = 0..)]
    ssh: Option<Vec<String>>,
}

impl SweepRuns {
    pub fn run(self) -> anyhow::Result<()> {
        let elsewhere = [("--ray", self.ray.is_some()), ("--ssh", self.ssh.is_some())];
        if let Some((option, _)) = elsewhere.iter().find(|(_, is_asked)| *is_asked) {
            bail!("{option} is not there yet: trials run on this machine alone, several at once with --jobs N");
        }
        let sweep = Sweep::read(&self.sweep)?;
        check_folder(&sweep, self.resume)?;
        let jobs = usize::from(self.jobs);
        if jobs.min(sweep.trials.len()) > 1 {
            tell_memory(&sweep, jobs.min(sweep.trials.len()));
        }
        let outcome = run_trials(&sweep, jobs, self.resume, &mut Telling::default())?;
        let table = Table::of(&outcome.records, &sweep.metric);
        if self.json {
            print_json(&facts(&table, &sweep.out))?;
        } else {
            print_lines(&told(&table))?;
        }
        ended(&sweep, &outcome)
    }
}

/// `attune train` of a configuration with several seeds.
pub(super) fn run_seeds(config: &Path, resume: bool) -> anyhow::Result<()> {
    let sweep = Sweep::of_seeds(config)?;
    check_folder(&sweep, resume)?;
    let outcome = run_trials(&sweep, 1, resume, &mut Telling { follows: true, ..Telling::default() })?;
    let table = Table::of(&outcome.records, &sweep.metric);
    let mut lines = vec![format!("runs in {}", sweep.out.display())];
    lines.extend(table.rows.first().map(over_seeds).unwrap_or_default());
    print_lines(&lines)?;
    ended(&sweep, &outcome)
}

fn run_trials(sweep: &Sweep, jobs: usize, resume: bool, telling: &mut Telling) -> anyhow::Result<Outcome> {
    if sweep.divides_by_seed() {
        eprintln!("each seed holds out rows of its own; data.split_seed = N holds out the same for all");
    }
    telling.all = sweep.trials.len();
    telling.asked = crate::signals::heed();
    Ok(go(sweep, jobs, resume, telling)?)
}

/// Fails where not all was done that could be.
fn ended(sweep: &Sweep, outcome: &Outcome) -> anyhow::Result<()> {
    let (all, finished) = (sweep.trials.len(), outcome.count(Status::Finished));
    if outcome.stopped {
        bail!("stopped with {finished} of {all} trials finished and nothing lost; --resume continues them");
    }
    let failed = outcome.records.iter().find(|record| record.status != Status::Finished);
    let Some(failed) = failed else { return Ok(()) };
    let reason = failed.reason.as_deref().unwrap_or_default();
    let words = format!("{} of {all} trials did not finish, the first is {}: {reason}", all - finished, failed.trial);
    if finished == 0 {
        bail!("{words}");
    }
    eprintln!("warning: {words}");
    Ok(())
}

fn tell_memory(sweep: &Sweep, jobs: usize) {
    match Need::of(sweep) {
        Ok(Some(need)) if need.fits() < jobs => {
            let all = bytes(need.trial * jobs as u64);
            let (free, fits) = (bytes(need.free), need.fits().max(1));
            eprintln!(
                "warning: {jobs} trials at once need about {all} of memory, and {free} are free; --jobs {fits} fits"
            );
        }
        Ok(_) => {}
        Err(error) => eprintln!("warning: the memory that trials need is unknown: {error}"),
    }
}

#[derive(Default)]
struct Telling {
    all: usize,
    done: usize,
    /// Tells what the trials say.
    follows: bool,
    asked: AskedToEnd,
}

impl Watch for Telling {
    fn begins(&mut self, trial: &Trial, is_left: bool) {
        let settings: Vec<String> = trial.settings.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let settings = if settings.is_empty() { String::new() } else { format!(": {}", settings.join(", ")) };
        let what = if is_left { "still runs from before and is waited for" } else { "starts" };
        eprintln!("{} {what}{settings}", trial.name);
    }

    fn says(&mut self, trial: &Trial, line: &str) {
        if self.follows {
            eprintln!("{}: {line}", trial.name);
        }
    }

    fn ended(&mut self, record: &Record) {
        self.done += 1;
        let words = match (record.status, &record.reason) {
            (Status::Finished, _) => format!("finished after {}", duration(record.seconds)),
            (Status::Stopped, _) => format!("stopped after step {}", record.step),
            (Status::Failed, reason) => format!("failed: {}", reason.as_deref().unwrap_or("no reason is known")),
        };
        eprintln!("{} {words} ({} of {})", record.trial, self.done, self.all);
    }

    fn is_asked_to_end(&mut self) -> bool {
        self.asked.is_set()
    }
}

fn told(table: &Table<'_>) -> Vec<String> {
    let better = if table.higher_is_better { "higher" } else { "lower" };
    let mut lines = vec![format!("{}, {better} is better, best first", table.metric)];
    for (place, row) in table.rows.iter().enumerate() {
        let settings: Vec<String> = row.settings.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let value = row.spread.map_or_else(|| "none".to_owned(), |spread| format!("{:.4}", spread.mean));
        let seeds = row.spread.filter(|spread| spread.runs > 1).map(range).unwrap_or_default();
        let runs: Vec<&str> = row.runs.iter().map(|run| run.trial.as_str()).collect();
        lines.push(format!("{:>3}  {value:>8}{seeds}  {}  ({})", place + 1, settings.join(", "), runs.join(", ")));
        let unfinished = row.runs.iter().filter(|run| run.status != Status::Finished);
        lines.extend(unfinished.map(|run| format!("     {} {}", run.trial, run.reason.as_deref().unwrap_or_default())));
    }
    let close = table.as_good_as_the_first();
    if close > 0 {
        let rows = if close == 1 { "one other row".to_owned() } else { format!("{close} other rows") };
        lines.push(format!("the seeds of {rows} reach into those of the first, so seeds do not tell them apart"));
    }
    lines
}

fn range(spread: Spread) -> String {
    format!("  {:.4} to {:.4} over {}", spread.smallest, spread.largest, plural(spread.runs, "seed", "seeds"))
}

/// Every metric over the seeds.
fn over_seeds(row: &Row<'_>) -> Vec<String> {
    let line = |key: &str| {
        let spread = row.spread_of(key)?;
        Some(format!("{key:<20} {:.4}{}", spread.mean, range(spread)))
    };
    row.metrics().into_iter().filter_map(line).collect()
}

fn facts(table: &Table<'_>, out: &Path) -> Value {
    let rows: Vec<Value> = table.rows.iter().map(|row| of_row(row, out)).collect();
    json!({ "metric": table.metric, "higher_is_better": table.higher_is_better, "trials": rows })
}

fn of_row(row: &Row<'_>, out: &Path) -> Value {
    let spread = |spread: Spread| json!({ "mean": spread.mean, "smallest": spread.smallest, "largest": spread.largest, "runs": spread.runs });
    let metrics: Map<String, Value> =
        row.metrics().into_iter().map(|key| (key.to_owned(), json!(row.spread_of(key).map(spread)))).collect();
    let run = |run: &&Record| {
        json!({
            "trial": run.trial,
            "dir": out.join(&run.trial),
            "seed": run.seed,
            "status": run.status,
            "metrics": run.metrics,
            "best_step": run.best_step,
            "seconds": run.seconds,
            "reason": run.reason,
        })
    };
    json!({
        "settings": row.settings,
        "value": row.spread.map(|spread| spread.mean),
        "metrics": metrics,
        "runs": row.runs.iter().map(run).collect::<Vec<_>>(),
    })
}
