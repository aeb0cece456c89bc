//! `attune sweep`: several runs from one description; and a run with several seeds.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::output::{bytes, duration, plural, print_json, print_lines};
use crate::metrics::{Rows, intervals};
use crate::signals::AskedToEnd;
use crate::sweep::{
    self, Begins, Host, Hosts, Importance, Need, Outcome, Ray, Record, Row, SSH_FOLDER, Scheduler, Spread, Status,
    Sweep, Table, Trial, Unknown, Watch, check_folder, collect, for_scheduler, go, go_on_ray, go_over_ssh,
};
use crate::train::folds::{self, Gathered};
use crate::train::run::RESAMPLING_SEED;

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
    /// Train nothing; write a file for a scheduler of other machines: an array of Slurm (slurm), with at most --jobs at
    /// once, or a task of SkyPilot (skypilot)
    #[arg(long, value_enum, value_name = "SCHEDULER", conflicts_with = "collect")]
    write: Option<SchedulerName>,
    /// Train nothing; take up what has finished elsewhere
    #[arg(long)]
    collect: bool,
    /// With --collect, a folder that the runs of trials were brought to
    #[arg(long, value_name = "FOLDER", requires = "collect")]
    from: Option<PathBuf>,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

/// Other machines that the trials may train on.
#[derive(Debug, Args)]
struct Elsewhere {
    /// Train on a Ray cluster whose nodes see the same folders, with at most --jobs submitted at once
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "auto")]
    #[arg(conflicts_with_all = ["write", "collect"])]
    ray: Option<String>,
    /// With --ray, processors that each trial reserves
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    ray_cpus: u16,
    /// Train on other machines that ssh reaches without a password, N trials at once on each, or else --jobs
    #[arg(long, value_name = "HOST[:N]", num_args = 1.., conflicts_with_all = ["write", "collect", "ray"])]
    ssh: Vec<String>,
    /// With --ssh, the folder there for what is sent, from the home folder or from the root
    #[arg(long, value_name = "FOLDER", default_value = SSH_FOLDER)]
    ssh_folder: String,
    /// With --ssh, send this program where there is none of its version and the system is the same
    #[arg(long, requires = "ssh")]
    send_program: bool,
}

impl SweepRuns {
    pub fn run(self) -> anyhow::Result<()> {
        let sweep = Sweep::read(&self.sweep)?;
        if sweep.halving.is_some() && (self.write.is_some() || self.collect) {
            bail!(
                "method = \"halving\" decides from round to round what is trained; run it here, or with --ssh or --ray"
            );
        }
        if let Some(scheduler) = self.write {
            return self.write(&sweep, scheduler);
        }
        if self.collect {
            return self.collect(&sweep);
        }
        check_folder(&sweep, self.resume)?;
        self.train(sweep)
    }

    /// Trains what there is, and round after round where one decides of the next.
    fn train(&self, mut sweep: Sweep) -> anyhow::Result<()> {
        let jobs = usize::from(self.jobs);
        let is_here = self.elsewhere.ssh.is_empty() && self.elsewhere.ray.is_none();
        if is_here && jobs.min(sweep.trials.len()) > 1 {
            tell_memory(&sweep, jobs.min(sweep.trials.len()));
        }
        let mut telling = Telling::new(&sweep);
        let mut resume = self.resume;
        loop {
            (telling.all, telling.done) = (sweep.trials.len(), 0);
            let outcome = if is_here {
                go(&sweep, jobs, resume, &mut telling)?
            } else {
                self.send(&sweep, jobs, resume, &mut telling)?
            };
            let next = if outcome.stopped { None } else { sweep.next(&outcome.records)? };
            let Some(next) = next else {
                self.tell(&sweep, &outcome)?;
                return ended(&sweep, &outcome);
            };
            eprintln!("{}", next.told);
            // It is of the same folder.
            (sweep, resume) = (next.sweep, true);
        }
    }

    fn tell(&self, sweep: &Sweep, outcome: &Outcome) -> anyhow::Result<()> {
        let table = Table::of(&outcome.records, &sweep.asked.metric);
        let importance = sweep::importance(&sweep.asked, &table);
        if self.json {
            return print_json(&facts(&table, &sweep.out, &importance));
        }
        let mut lines = told(&table);
        lines.extend(what_matters(&importance));
        print_lines(&lines)
    }

    fn send(&self, sweep: &Sweep, jobs: usize, resume: bool, telling: &mut Telling) -> anyhow::Result<Outcome> {
        let Elsewhere { ray, ray_cpus, ssh, ssh_folder, send_program } = &self.elsewhere;
        if let Some(address) = ray {
            let ray = Ray { address: address.clone(), cpus: *ray_cpus };
            return Ok(go_on_ray(sweep, &ray, jobs, resume, telling)?);
        }
        let hosts = Host::read(ssh, jobs)?;
        let to = Hosts { hosts, folder: ssh_folder.clone(), send_program: *send_program };
        Ok(go_over_ssh(sweep, &to, resume, telling)?)
    }

    fn write(&self, sweep: &Sweep, scheduler: SchedulerName) -> anyhow::Result<()> {
        let scheduler = match scheduler {
            SchedulerName::Slurm => Scheduler::Slurm,
            SchedulerName::Skypilot => Scheduler::SkyPilot,
        };
        let written = for_scheduler(sweep, scheduler, usize::from(self.jobs), self.resume)?;
        let trials = plural(sweep.trials.len(), "trial", "trials");
        eprintln!("{trials} written to {}; send them with", written.path.display());
        let collects = format!("attune sweep {} --collect", self.sweep.display());
        print_lines(&written.next.into_iter().chain([collects]).collect::<Vec<_>>())
    }

    fn collect(&self, sweep: &Sweep) -> anyhow::Result<()> {
        let mut telling = Telling { all: sweep.trials.len(), ..Telling::default() };
        let outcome = collect(sweep, self.from.as_deref(), &mut telling)?;
        let (all, finished) = (sweep.trials.len(), outcome.count(Status::Finished));
        if finished < all {
            eprintln!("{finished} of {all} trials have finished; what is missing runs here with --resume");
        }
        if outcome.records.is_empty() { Ok(()) } else { self.tell(sweep, &outcome) }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchedulerName {
    Slurm,
    Skypilot,
}

/// `attune train` of a configuration with several seeds.
pub(super) fn run_seeds(config: &Path, resume: bool) -> anyhow::Result<()> {
    let sweep = Sweep::of_seeds(config)?;
    check_folder(&sweep, resume)?;
    let outcome = run_trials(&sweep, 1, resume, &mut Telling { follows: true, ..Telling::default() })?;
    let table = Table::of(&outcome.records, &sweep.asked.metric);
    let mut lines = vec![format!("runs in {}", sweep.out.display())];
    lines.extend(table.rows.first().map(over_seeds).unwrap_or_default());
    print_lines(&lines)?;
    ended(&sweep, &outcome)
}

/// `attune train` of a configuration in folds.
pub(super) fn run_folds(config: &Path, resume: bool) -> anyhow::Result<()> {
    let sweep = Sweep::of_folds(config)?;
    check_folder(&sweep, resume)?;
    let outcome = run_trials(&sweep, 1, resume, &mut Telling { follows: true, ..Telling::default() })?;
    if !outcome.stopped && outcome.count(Status::Finished) < sweep.trials.len() {
        let failed = outcome.records.iter().find(|record| record.status != Status::Finished);
        let reason = failed.and_then(|record| record.reason.clone()).unwrap_or_default();
        let name = failed.map(|record| record.trial.clone()).unwrap_or_default();
        bail!("there is no result over all rows, as {name} did not finish: {reason}; --resume tries again");
    }
    ended(&sweep, &outcome)?;
    let Some(config) = &sweep.folds else { return Ok(()) };
    print_lines(&over_folds(&folds::gather(config)?, &sweep.out))
}

/// Every metric over all rows with its interval, and how far the folds lie apart.
fn over_folds(gathered: &Gathered, out: &Path) -> Vec<String> {
    let evaluation = &gathered.evaluation;
    let mut lines = vec![format!("run in {}", out.display())];
    let intervals = Rows::of(evaluation).map(|rows| intervals(&rows, RESAMPLING_SEED)).unwrap_or_default();
    for (key, value) in &evaluation.metrics {
        let interval = intervals.of.get(key);
        let interval = interval.map_or(String::new(), |of| format!("  {:.4} to {:.4}", of.low, of.high));
        let folds = gathered.spread(key).map_or(String::new(), |(low, high)| format!("  folds {low:.4} to {high:.4}"));
        lines.push(format!("{key:<20} {value:.4}{interval}{folds}"));
    }
    if !intervals.of.is_empty() {
        let wilson = if intervals.is_wilson { "; that of the accuracy is Wilson's" } else { "" };
        lines.push(format!(
            "the first two numbers behind a metric are its 95 % interval, by bootstrap, {} draws of all {} rows{wilson}",
            intervals.resamples, intervals.rows
        ));
    }
    lines.extend(evaluation.notes.iter().map(|note| format!("note: {note}")));
    lines.push(format!("held-out predictions in {}", gathered.table.display()));
    lines
}

fn run_trials(sweep: &Sweep, jobs: usize, resume: bool, telling: &mut Telling) -> anyhow::Result<Outcome> {
    *telling = Telling { follows: telling.follows, ..Telling::new(sweep) };
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

impl Telling {
    /// Of a sweep that begins, which may be asked to end from now on.
    fn new(sweep: &Sweep) -> Self {
        if sweep.divides_by_seed() {
            eprintln!("each seed holds out rows of its own; data.split_seed = N holds out the same for all");
        }
        Self { all: sweep.trials.len(), asked: crate::signals::heed(), ..Self::default() }
    }
}

impl Watch for Telling {
    fn begins(&mut self, trial: &Trial, how: Begins<'_>) {
        let settings: Vec<String> = trial.settings.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let settings = if settings.is_empty() { String::new() } else { format!(": {}", settings.join(", ")) };
        let what = match how {
            Begins::Here => "starts".to_owned(),
            Begins::Left => "still runs from before and is waited for".to_owned(),
            Begins::On(host) => format!("starts on {host}"),
        };
        eprintln!("{} {what}{settings}", trial.name);
    }

    fn tells(&mut self, words: &str) {
        eprintln!("{words}");
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

/// How much each setting matters, the largest share first.
fn what_matters(importance: &Result<Importance, Unknown>) -> Vec<String> {
    let found = match importance {
        Ok(found) => found,
        // A run with several seeds varies nothing.
        Err(Unknown::OneSetting) => return Vec::new(),
        Err(unknown) => return vec![format!("What matters is not known. {}", unknown.words())],
    };
    let mut of: Vec<_> = found.of.iter().collect();
    of.sort_by(|one, two| two.share.total_cmp(&one.share));
    let mut lines = vec![sweep::METHOD.to_owned()];
    lines.extend(of.into_iter().map(|one| {
        let chance = format!("by chance up to {:.0} %", one.chance * 100.0);
        let more = if one.is_more_than_chance() { "" } else { ", so no more than chance" };
        format!("{:>3.0} %  {:<24} {chance}{more}", one.share * 100.0, one.key)
    }));
    lines.push(format!("{:>3.0} %  {}", found.together * 100.0, sweep::TOGETHER));
    lines.extend(found.doubt().map(|doubt| format!("note: {doubt}")));
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

fn facts(table: &Table<'_>, out: &Path, importance: &Result<Importance, Unknown>) -> Value {
    let rows: Vec<Value> = table.rows.iter().map(|row| of_row(row, out)).collect();
    json!({
        "metric": table.metric,
        "higher_is_better": table.higher_is_better,
        "trials": rows,
        "importance": of_importance(importance),
    })
}

/// By key; a reason where nothing is said.
fn of_importance(importance: &Result<Importance, Unknown>) -> Value {
    let found = match importance {
        Ok(found) => found,
        Err(unknown) => return json!({ "unknown": unknown.words() }),
    };
    let of = found.of.iter().map(|one| {
        let facts = json!({
            "share": one.share,
            "by_chance": one.chance,
            "p": one.p,
            "more_than_chance": one.is_more_than_chance(),
        });
        (one.key.clone(), facts)
    });
    json!({
        "method": sweep::METHOD,
        "settings": of.collect::<Map<String, Value>>(),
        "together": found.together,
        "rows": found.settings,
        "predicted": found.predicted,
        "doubt": found.doubt(),
    })
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
            "host": run.host,
        })
    };
    json!({
        "settings": row.settings,
        "value": row.spread.map(|spread| spread.mean),
        "metrics": metrics,
        "runs": row.runs.iter().map(run).collect::<Vec<_>>(),
    })
}
