//! A run with several seeds: as many runs in the queue, set side by side when all have ended.

use std::path::{Path, PathBuf};

use super::App;
use crate::train::config::RunConfig;
use crate::train::run::{RunStatus, RunSummary};
use crate::ui::format;
use crate::ui::workspace::queue::{Course, CourseRun, Of, Outcome};
use crate::ui::workspace::{Level, Screen};
use crate::worker::works::again::Again;

impl App {
    /// Puts the run of the form into the queue with each of its seeds.
    pub(super) fn add_seeds(&mut self, config: &RunConfig) {
        let own = self.workspace.out_is_own.then(|| config.run.out.clone());
        let base = own.unwrap_or_else(|| self.free_base());
        let seconds = self.workspace.plan.as_ref().map_or(0.0, |plan| plan.seconds);
        self.begin_seeds(config, &base, &config.run.seeds, seconds, Vec::new());
        // The next run has a folder of its own.
        self.workspace.out_is_own = false;
        self.workspace.refresh_draft();
    }

    /// Repeats a run with other seeds, so that there are so many of it in all.
    pub(super) fn again(&mut self, dir: &Path, count: usize) {
        let known = self.workspace.worked::<Again>().filter(|(work, _)| work.dir == dir);
        let config = match known.map(|(_, config)| config.clone()) {
            None => return,
            Some(Ok(config)) => config,
            Some(Err(error)) => {
                self.workspace.toast(Level::Error, "It cannot be repeated", error);
                return;
            }
        };
        let summary = self.workspace.runs.iter().find(|run| run.dir == dir);
        let name = summary.map_or_else(|| format::file_name(dir), |run| run.name.replace('/', "-"));
        let base = self.workspace.runs_folder.join(without_seed(&name));
        let finished = summary.filter(|run| run.status == RunStatus::Finished).cloned();
        let first = finished.iter().map(|run| done(run, config.run.seed)).collect::<Vec<_>>();
        let seconds = finished.as_ref().map_or(0.0, |run| run.seconds);
        // Seeds whose folders are there were trained with before.
        let is_free = |seed: &u64| !self.workspace.is_spoken_for(&of_seed(&base, *seed));
        let own = (first.is_empty() && is_free(&config.run.seed)).then_some(config.run.seed);
        let others = (1..).filter(|seed| *seed != config.run.seed && is_free(seed));
        let wanted = count.saturating_sub(first.len());
        let seeds: Vec<u64> = own.into_iter().chain(others).take(wanted).collect();
        self.begin_seeds(&config, &base, &seeds, seconds, first);
    }

    fn begin_seeds(&mut self, config: &RunConfig, base: &Path, seeds: &[u64], seconds: f64, mut runs: Vec<CourseRun>) {
        let name = format::file_name(base);
        let mut wait = Vec::new();
        for seed in seeds {
            let mut config = config.clone();
            config.data.split_seed = config.data.split_seed.or(Some(config.run.seed));
            config.run.seeds.clear();
            (config.run.seed, config.run.out) = (*seed, of_seed(base, *seed));
            runs.push(CourseRun { dir: config.run.out.clone(), place: 0, seed: *seed, outcome: Outcome::Waiting });
            wait.push(config);
        }
        let all = runs.len() as u64;
        let data = format::inputs(&config.data.train);
        let course = Course {
            recipe: format!("seeds of {name}"),
            of: Of::Seeds(name.clone()),
            data,
            share: 1.0,
            runs,
            is_over: false,
        };
        let queue = &mut self.workspace.queue;
        queue.begin_course(course);
        for config in wait {
            queue.add(config, seconds);
        }
        let words = format!("{} in all, compared when they have ended", format::plural(all, "seed", "seeds"));
        self.workspace.toast(Level::Info, format!("{name} is repeated"), words);
        self.tell_if_held();
        self.workspace.screen = Screen::Train;
    }

    /// A run that learns from another one is set beside it when it has ended.
    pub(super) fn expect_student(&mut self, config: &RunConfig) {
        let Some(distill) = &config.distill else { return };
        let is_teacher = |run: &&RunSummary| run.dir == distill.teacher && run.status == RunStatus::Finished;
        let Some(teacher) = self.workspace.runs.iter().find(is_teacher) else { return };
        let (dir, name) = (config.run.out.clone(), format::file_name(&config.run.out));
        let student = CourseRun { dir, place: 1, seed: config.run.seed, outcome: Outcome::Waiting };
        let course = Course {
            recipe: format!("student {name}"),
            of: Of::Student(name),
            data: format::inputs(&config.data.train),
            share: 1.0,
            runs: vec![done(teacher, 0), student],
            is_over: false,
        };
        self.workspace.queue.begin_course(course);
    }

    /// The folder of the next run, where none of its seeds has one.
    fn free_base(&self) -> PathBuf {
        let workspace = &self.workspace;
        let seeds = &workspace.draft.run.seeds;
        let is_taken = |base: &Path, seed: &u64| workspace.is_spoken_for(&of_seed(base, *seed));
        workspace
            .first_free("", |base| !workspace.is_spoken_for(base) && !seeds.iter().any(|seed| is_taken(base, seed)))
    }
}

fn of_seed(base: &Path, seed: u64) -> PathBuf {
    base.with_file_name(format!("{}-seed-{seed}", format::file_name(base)))
}

/// What all seeds of a run are called.
fn without_seed(name: &str) -> &str {
    let is_number = |seed: &str| !seed.is_empty() && seed.bytes().all(|digit| digit.is_ascii_digit());
    name.rsplit_once("-seed-").filter(|(_, seed)| is_number(seed)).map_or(name, |(stem, _)| stem)
}

fn done(run: &RunSummary, seed: u64) -> CourseRun {
    CourseRun { dir: run.dir.clone(), place: 0, seed, outcome: Outcome::Finished }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_seeds_of_a_run_have_one_name() {
        let check = |name, expected| assert_eq!(without_seed(name), expected);
        check("reviews-mini-1-seed-42", "reviews-mini-1");
        check("reviews-mini-1", "reviews-mini-1");
        check("sun-seed-oil", "sun-seed-oil");
        assert_eq!(of_seed(Path::new("/runs/a"), 7), Path::new("/runs/a-seed-7"));
    }
}
