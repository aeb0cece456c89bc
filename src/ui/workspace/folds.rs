//! A run in folds as the window tells it: how far all of its runs are together, and what each of them came to. None of
//! them has learned from all rows, so the run has no model of its own that could be opened.

use std::path::Path;

use super::{Level, RunView, Workspace, model_of};
use crate::data::Fold;
use crate::train::config::RunConfig;
use crate::train::run::{RunStatus, RunSummary, fold_in};
use crate::ui::format;

/// Why a run in folds cannot be asked anything.
pub const NO_MODEL: &str = "Its folds have models, the run itself has none: choose one of its folds";

impl RunView {
    /// Which of how many folds is trained, where the run is in folds.
    pub fn fold(&self) -> Option<Fold> {
        self.config.data.fold.filter(|_| self.status.is_live())
    }

    /// What the run was started with, of which a fold has a part.
    pub fn whole_config(&self) -> RunConfig {
        let mut config = self.config.clone();
        if let Some(fold) = self.fold() {
            (config.run.folds, config.data.fold) = (fold.of, None);
        }
        config
    }

    /// Whether this is all folds of a run together, which have no steps of their own.
    pub fn is_all_folds(&self) -> bool {
        self.config.run.folds > 0 && self.config.data.fold.is_none() && !self.status.is_live()
    }

    /// From 0 to 1, over all folds.
    pub fn progress(&self) -> f32 {
        let last = self.last_step();
        let own = if last == 0 { 0.0 } else { (self.step as f32 / last as f32).min(1.0) };
        self.fold().map_or(own, |fold| (fold.number.saturating_sub(1) as f32 + own) / fold.of.max(1) as f32)
    }

    /// Seconds to the end of the last fold at the pace of the last steps.
    pub fn remaining(&self) -> Option<f64> {
        let later = self.fold().map_or(0, |fold| u64::from(fold.of.saturating_sub(fold.number)) * self.steps);
        let left = self.last_step().saturating_sub(self.step) + later;
        (self.status.is_live() && left > 0).then(|| self.step_seconds().map(|step| step * left as f64)).flatten()
    }
}

impl Workspace {
    /// The run in folds whose model this would be, if it had one.
    pub fn without_model(&self, model: &Path) -> Option<&RunSummary> {
        self.runs.iter().find(|run| run.folds > 0 && model_of(&run.dir) == model)
    }

    pub fn is_in_folds(&self, run: &Path) -> bool {
        self.runs.iter().any(|known| known.dir == run && known.folds > 0)
    }

    /// The runs of the folds of a run that are there, in their order, with their numbers.
    pub fn folds_of<'a>(&'a self, run: &'a Path) -> Vec<(u32, &'a RunSummary)> {
        let of_it = |known: &'a RunSummary| fold_in(&known.dir).filter(|(whole, _)| *whole == run);
        let mut folds: Vec<_> = self.runs.iter().filter_map(|known| Some((of_it(known)?.1, known))).collect();
        folds.sort_by_key(|(number, _)| *number);
        folds
    }

    /// How a run ended: of one in folds that has not ended itself, how the last of its folds was stopped.
    pub fn status_in_folds(&self, run: &RunSummary) -> RunStatus {
        let folds = self.folds_of(&run.dir);
        match folds.last() {
            Some((_, last)) if run.status == RunStatus::Open && last.status == RunStatus::Stopped => last.status,
            _ => run.status,
        }
    }

    /// The runs without those that are a fold of another one that is listed: what a person counts.
    pub fn whole_runs(&self) -> impl Iterator<Item = &RunSummary> {
        self.runs.iter().filter(|run| fold_in(&run.dir).is_none_or(|(whole, _)| !self.is_in_folds(whole)))
    }

    /// A run by its name, a fold by that of its run.
    pub fn run_name(&self, run: &Path) -> String {
        match fold_in(run).filter(|(whole, _)| self.is_in_folds(whole)) {
            Some((whole, number)) => format!("{} · fold {number}", format::file_name(whole)),
            None => match self.runs.iter().find(|known| known.dir == run).and_then(|known| known.sweep.as_ref()) {
                // Every sweep has a first trial.
                Some(sweep) => format!("{} · {}", format::file_name(sweep), format::file_name(run)),
                None => format::file_name(run),
            },
        }
    }

    /// Says why a run in folds cannot be asked, where a model is that of one. Returns whether it is.
    pub(super) fn refuses(&mut self, model: &Path) -> bool {
        let Some(name) = self.without_model(model).map(|run| run.name.clone()) else { return false };
        self.toast(Level::Info, format!("{name} has no model"), NO_MODEL);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;
    use crate::train::event::{Ending, Step, TrainEvent};
    use crate::ui::workspace::run::Status;

    fn view() -> RunView {
        let mut config = Workspace::new(Vec::new(), "/runs".into()).draft;
        config.run.folds = 5;
        RunView::new("/runs/a".into(), config)
    }

    fn started(run: &RunView, fold: Option<Fold>) -> TrainEvent {
        let mut config = run.config.clone();
        config.data.fold = fold;
        config.run.folds = if fold.is_some() { 0 } else { 5 };
        let steps = if fold.is_some() { 10 } else { 50 };
        TrainEvent::Started {
            config: Box::new(config),
            parameters: 1,
            trainable: 1,
            steps,
            steps_per_epoch: 10,
            train_examples: 8,
            eval_examples: 2,
            truncated: 0,
            frozen: Vec::new(),
        }
    }

    fn step(step: u64) -> TrainEvent {
        TrainEvent::Step(Step {
            step,
            epoch: 0.1,
            loss: 1.0,
            parts: BTreeMap::new(),
            lr: 1e-3,
            lrs: BTreeMap::new(),
            grad_norm: 1.0,
            tokens: 100,
            tokens_per_sec: 50.0,
            skipped: false,
        })
    }

    #[test]
    fn progress_and_what_is_left_are_of_all_folds() {
        let mut run = view();
        run.apply(&started(&run, Some(Fold { number: 1, of: 5 })), 0.0);
        (1..=5).for_each(|number| run.apply(&step(number), 0.0));
        assert!((run.progress() - 0.1).abs() < 1e-6, "{}", run.progress());
        assert_eq!(run.remaining(), Some(90.0), "45 steps of 2 seconds");
        run.apply(&started(&run, Some(Fold { number: 4, of: 5 })), 0.0);
        assert!((run.progress() - 0.6).abs() < 1e-6);
        assert_eq!(run.remaining(), Some(40.0), "the pace is that of the folds before");
        assert!(!run.is_all_folds());
        assert_eq!((run.whole_config().run.folds, run.whole_config().data.fold), (5, None), "as it was started");
        run.apply(&started(&run, None), 0.0);
        run.apply(&TrainEvent::Finished(Ending { step: 50, ..Ending::default() }), 0.0);
        assert!(run.status == Status::Finished && run.is_all_folds());
    }

    #[test]
    fn a_run_in_folds_is_never_opened_as_a_model_and_its_folds_bear_its_name() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        let config = workspace.draft.clone();
        let listed = |dir: &str, folds| RunSummary { folds, ..RunSummary::begun(Path::new(dir), &config) };
        workspace.runs = vec![
            listed("/runs/a/fold-10", 0),
            listed("/runs/a", 10),
            listed("/runs/a/fold-2", 0),
            listed("/runs/b", 0),
        ];
        assert_eq!(workspace.runs[1].status, RunStatus::Open);
        assert_eq!(workspace.status_in_folds(&workspace.runs[1]), RunStatus::Open);
        workspace.runs[0].status = RunStatus::Stopped;
        assert_eq!(workspace.status_in_folds(&workspace.runs[1]), RunStatus::Stopped, "as its last fold");
        let mine = PathBuf::from("/models/mine");
        workspace.explore_with(mine.clone());
        workspace.explore_with(model_of(Path::new("/runs/a")));
        assert_eq!(workspace.explore.model.as_ref(), Some(&mine), "the model in use stays");
        assert_eq!(workspace.toasts.last().unwrap().text, NO_MODEL);
        let fold = model_of(Path::new("/runs/a/fold-2"));
        assert_eq!(workspace.model_name(&fold), "a · fold 2");
        workspace.explore_with(fold.clone());
        assert_eq!(workspace.explore.model, Some(fold));
        assert_eq!(workspace.folds_of(Path::new("/runs/a")).iter().map(|fold| fold.0).collect::<Vec<_>>(), [2, 10]);
        let trial = Path::new("/runs/rates/trial-001");
        workspace.runs.push(RunSummary { sweep: Some("/runs/rates".into()), ..listed("/runs/rates/trial-001", 0) });
        assert_eq!(workspace.run_name(trial), "rates · trial-001");
        assert_eq!(workspace.model_name(&model_of(trial)), "rates · trial-001");
        workspace.runs.pop();
        assert_eq!(workspace.run_name(Path::new("/runs/fold-3")), "fold-3", "a run may be called so");
        assert_eq!(workspace.whole_runs().count(), 2, "a fold is no run more");
    }
}
