//! The trials of a sweep as a file for a scheduler of other machines: an array of Slurm, or a task of SkyPilot that is
//! asked once for each trial. Nothing is sent anywhere: a person gives the file to the scheduler, and what comes back is
//! collected ([`super::collect`]).
//!
//! A trial there is `attune train`, as it is here, in a folder that other machines see under the same path. It is sent the
//! signal by which it writes down what it learned before its time is over. All can be sent again: one that has finished
//! ends at once, and one that has not goes on where it was.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::file::Sweep;
use super::go::{check_folder, write_configs};
use super::process::FOLDER;
use super::{SweepError, Trial};
use crate::files;
use crate::table::files_named;

/// What sends trials to other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    Slurm,
    SkyPilot,
}

impl Scheduler {
    /// The name of its file in the folder of the sweep.
    pub fn file(self) -> &'static str {
        match self {
            Self::Slurm => "sweep.sbatch",
            Self::SkyPilot => "sweep.sky.yaml",
        }
    }
}

/// What was written, and what a person does with it.
pub struct ForScheduler {
    pub path: PathBuf,
    pub next: Vec<String>,
}

/// Writes the configurations of all trials and a file for a scheduler.
pub fn for_scheduler(
    sweep: &Sweep,
    scheduler: Scheduler,
    jobs: usize,
    resume: bool,
) -> Result<ForScheduler, SweepError> {
    check_folder(sweep, resume)?;
    write_configs(sweep)?;
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| SweepError::Unwritable { path, source }
    };
    let out = std::path::absolute(&sweep.out).map_err(unwritable(&sweep.out))?;
    let program = std::env::current_exe().map_err(unwritable(&sweep.out))?;
    let path = out.join(scheduler.file());
    let (text, next) = match scheduler {
        Scheduler::Slurm => (slurm(sweep, &out, &program, jobs), vec![format!("sbatch {}", quoted(&path))]),
        Scheduler::SkyPilot => (sky(sweep, &out, &program), sky_next(sweep, &out, &path)),
    };
    files::write_atomically(&path, |file| file.write_all(text.as_bytes())).map_err(unwritable(&path))?;
    Ok(ForScheduler { path, next })
}

/// A path as a shell reads it.
pub(super) fn quoted(path: &Path) -> String {
    word(&path.display().to_string())
}

/// A word as a shell reads it.
fn word(text: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "/._-+,:@%".contains(sign);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A name that both schedulers take: letters, digits and single signs between them.
fn task_name(out: &Path) -> String {
    let name = files::name(out);
    let parts = name.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("-");
    if name.is_empty() { "attune".to_owned() } else { name }
}

fn names(sweep: &Sweep) -> String {
    sweep.trials.iter().map(|trial| word(&trial.name)).collect::<Vec<_>>().join(" ")
}

/// What runs one trial, whose name is in `$trial`, and goes on with it where it was.
fn run_one(out: &Path, program: &Path) -> String {
    let (out, trials) = (quoted(out), quoted(&out.join(FOLDER)));
    format!(
        "out={out}\n\
         program={}\n\
         if grep -qs '\"event\": *\"finished\"' \"$out/$trial/events.jsonl\"; then exit 0; fi\n\
         set -- train {trials}/\"$trial.toml\"\n\
         if [ -e \"$out/$trial/run.toml\" ]; then set -- \"$@\" --resume; fi\n\
         exec \"${{ATTUNE:-$program}}\" \"$@\" >> {trials}/\"$trial.log\" 2>&1\n",
        quoted(program)
    )
}

fn slurm(sweep: &Sweep, out: &Path, program: &Path, jobs: usize) -> String {
    let last = sweep.trials.len().saturating_sub(1);
    let at_once = if jobs > 1 { format!("%{jobs}") } else { String::new() };
    let name = task_name(out);
    let mut text = String::new();
    let lines = [
        "#!/bin/bash".to_owned(),
        format!("#SBATCH --job-name={name}"),
        format!("#SBATCH --array=0-{last}{at_once}"),
        "#SBATCH --cpus-per-task=4".to_owned(),
        "#SBATCH --time=1-00:00:00".to_owned(),
        "#SBATCH --output=/dev/null".to_owned(),
        "# Two minutes before its time is over a trial writes down what it learned; sent again, it goes on from there."
            .to_owned(),
        "#SBATCH --signal=B:TERM@120".to_owned(),
        "#SBATCH --requeue".to_owned(),
        "#SBATCH --open-mode=append".to_owned(),
        String::new(),
        "# The folder of the sweep, the data and the models must be seen under the same paths from every node."
            .to_owned(),
        "# ATTUNE names the program where it lies elsewhere.".to_owned(),
        "set -eu".to_owned(),
        format!("trials=({})", names(sweep)),
        "trial=${trials[$SLURM_ARRAY_TASK_ID]}".to_owned(),
        "export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}".to_owned(),
    ];
    for line in lines {
        writeln!(text, "{line}").ok();
    }
    text + &run_one(out, program)
}

/// The files that the trials read, which a machine that sees no folder of this one is sent.
fn read_by(sweep: &Sweep) -> Vec<PathBuf> {
    let of_trial = |trial: &Trial| {
        let config = &trial.config;
        let teacher = config.distill.as_ref().map(|distill| &distill.teacher);
        let folders = [config.model.path.as_ref(), config.language.generator.as_ref(), teacher];
        let data = [Some(&config.data.train), config.data.eval.as_ref()].into_iter().flatten();
        let named = data.flat_map(|inputs| files_named(inputs).unwrap_or_else(|_| inputs.paths().to_vec()));
        let found: Vec<PathBuf> = folders.into_iter().flatten().cloned().chain(named).collect();
        found
    };
    let all = sweep.trials.iter().flat_map(of_trial).filter(|path| path.exists());
    let mut all: Vec<PathBuf> = all.filter_map(|path| std::path::absolute(path).ok()).collect();
    all.sort();
    all.dedup();
    all
}

fn sky(sweep: &Sweep, out: &Path, program: &Path) -> String {
    let yaml = |text: &str| serde_json::Value::from(text).to_string();
    let path = |path: &Path| yaml(&path.display().to_string());
    let mut text = String::from(
        "# A task of SkyPilot for one trial, which TRIAL names. What it needs is sent under the paths it has here.\n",
    );
    writeln!(text, "name: {}", yaml(&task_name(out))).ok();
    text += "resources:\n  cpus: 4+\nenvs:\n";
    writeln!(text, "  TRIAL: {}", yaml(sweep.trials.first().map_or("", |trial| &trial.name))).ok();
    text += "file_mounts:\n";
    let trials = out.join(FOLDER);
    for file in read_by(sweep).iter().map(PathBuf::as_path).chain([trials.as_path(), program]) {
        writeln!(text, "  {0}: {0}", path(file)).ok();
    }
    text += "run: |\n  set -eu\n  trial=$TRIAL\n";
    writeln!(text, "  mkdir -p {}", quoted(out)).ok();
    for line in run_one(out, program).lines() {
        writeln!(text, "  {line}").ok();
    }
    text
}

/// How the trials are sent and what came of them is fetched, with SkyPilot's own commands.
fn sky_next(sweep: &Sweep, out: &Path, path: &Path) -> Vec<String> {
    let cluster = "attune";
    let each: Vec<&Trial> = sweep.trials.iter().skip(1).collect();
    let first = sweep.trials.first().map_or("", |trial| trial.name.as_str());
    let mut next = vec![format!("sky launch -c {cluster} -d --env TRIAL={} {}", word(first), quoted(path))];
    if !each.is_empty() {
        let rest: Vec<String> = each.iter().map(|trial| word(&trial.name)).collect();
        let rest = rest.join(" ");
        next.push(format!("for trial in {rest}; do sky exec {cluster} -d --env TRIAL=$trial {}; done", quoted(path)));
    }
    next.push(format!("rsync -a {cluster}:{}/ {}/", quoted(out), quoted(out)));
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_every_word_as_it_is() {
        let check = |text: &str, expected: &str| assert_eq!(word(text), expected);
        check("/data/runs/first-1", "/data/runs/first-1");
        check("my runs", "'my runs'");
        check("it's", r"'it'\''s'");
        check("$(rm)", "'$(rm)'");
        check("", "''");
        assert_eq!(task_name(Path::new("/data/my runs, (2)")), "my-runs-2");
        assert_eq!(task_name(Path::new("/data/—")), "attune");
    }
}
