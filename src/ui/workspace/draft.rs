//! The form of the next run follows the data and the model until the person says otherwise.

use std::path::{Path, PathBuf};

use super::{Level, Workspace};
use crate::hub::title_of;
use crate::metrics::Measure;
use crate::samples::Sample;
use crate::task::{Reads, Task};
use crate::text::windows::{QUESTION_TOKENS, SHARED_TOKENS};
use crate::train::config::{ClassWeights, DataChoice, Fit, ModelChoice, RunConfig, RunOptions, StrategyKind};
use crate::train::limits::FEWEST_TOKENS;
use crate::train::open::Open;
use crate::worker::protocol::{ModelEntry, Origin};

/// The form as it is at first.
pub fn empty() -> RunConfig {
    let run = RunOptions { keep_best: "accuracy".into(), ..RunOptions::default() };
    RunConfig { run, open: Open::ALL, ..RunConfig::of(Task::Classify) }
}

/// The form of a run on a sample that lies at a path.
pub fn of_sample(sample: Sample, path: &Path) -> RunConfig {
    let mut form = empty();
    form.task = sample.task();
    form.data.columns = sample.roles();
    form.data.eval = sample.dev_file().map(|name| path.with_file_name(name).into());
    form.data.train = path.into();
    fitted(form)
}

/// With the metric and the length that its task begins with, and rows that do not change with the seed.
fn fitted(mut form: RunConfig) -> RunConfig {
    Measure::main(form.task).clone_into(&mut form.run.keep_best);
    (form.data.max_tokens, form.data.stride) = usual_length(form.task);
    form.data.split_seed = form.data.split_seed.or(Some(form.run.seed));
    form
}

impl Workspace {
    /// The form of a run on the data that are open, with a part of them held out once.
    pub fn form_of_open_data(&self) -> RunConfig {
        let mut form = RunConfig { task: self.data.task, data: self.draft.data.clone(), ..empty() };
        form.data.fold = None;
        form.data.eval.clone_from(&self.data.eval);
        form.data.eval_fraction = form.data.eval.is_none().then_some(self.data.rule.eval_fraction);
        fitted(form)
    }

    /// Whether data and model are there, so that a run can be planned and started.
    pub fn is_ready(&self) -> bool {
        self.data.loaded.is_some() && self.model.is_some()
    }

    /// Whether the run is to learn from a teacher that nobody has chosen yet.
    pub fn needs_teacher(&self) -> bool {
        self.draft.distill.as_ref().is_some_and(|distill| distill.teacher.as_os_str().is_empty())
    }

    /// Copies data, model and task into the draft, names its output folder, and asks for a new plan.
    pub fn refresh_draft(&mut self) {
        let shipped = self.model.as_ref().and_then(|card| self.shipped_in(&card.dir));
        let draft = &mut self.draft;
        if (draft.data.max_tokens, draft.data.stride) == usual_length(draft.task) {
            (draft.data.max_tokens, draft.data.stride) = usual_length(self.data.task);
        }
        // Two tasks may have a metric of one name, and it need not be the one that the other is judged by.
        let is_other_task = std::mem::replace(&mut draft.task, self.data.task) != self.data.task;
        if is_other_task || !Measure::keys(draft.task).contains(&draft.run.keep_best.as_str()) {
            Measure::main(draft.task).clone_into(&mut draft.run.keep_best);
        }
        let were_pinned = !draft.run.probes.is_empty();
        if is_other_task {
            draft.run.probes.clear();
        }
        if !draft.task.takes_class_weights() {
            draft.optim.class_weights = ClassWeights::None;
        }
        if !draft.task.takes_label_smoothing() {
            draft.optim.label_smoothing = 0.0;
        }
        if !draft.task.has_one_class() {
            draft.strategy.fit = Fit::Gradient;
            draft.optim.focal = 0.0;
            draft.data.oversample = false;
        }
        if draft.task.is_self_supervised() {
            draft.data.hide_words = 0.0;
        }
        if let Some(table) = &self.data.table {
            draft.data.train.clone_from(&table.origins.inputs);
        }
        draft.data.columns = self.data.roles.clone();
        draft.data.eval = self.data.eval();
        (draft.run.folds, draft.data.fold) = (self.data.folds(), None);
        let is_share = self.data.eval.is_none() && draft.run.folds == 0;
        draft.data.eval_fraction = is_share.then_some(self.data.rule.eval_fraction);
        draft.data.split_seed = Some(self.data.rule.seed);
        draft.data.stratified = self.data.rule.stratified;
        draft.data.fix.clone_from(&self.data.mends.fix);
        draft.data.exclude.clone_from(&self.data.mends.exclude);
        if let Some(card) = &self.model {
            draft.model.embedded = shipped;
            draft.model.path = shipped.is_none().then(|| card.dir.clone());
            draft.model.name = None;
            draft.data.max_tokens = draft.data.max_tokens.min(card.max_tokens).max(FEWEST_TOKENS);
            if draft.data.stride >= draft.data.max_tokens {
                draft.data.stride = draft.data.max_tokens / 2;
            }
            let kind = &mut draft.strategy.kind;
            if card.is_frozen && *kind != StrategyKind::Head {
                self.set_aside = Some(std::mem::replace(kind, StrategyKind::Head));
            } else if !card.is_frozen
                && let Some(own) = self.set_aside.take()
                && *kind == StrategyKind::Head
            {
                *kind = own;
            }
        }
        if is_other_task && were_pinned {
            self.say(Level::Warning, "The pinned texts were for another task, and are no longer pinned", None);
        }
        if !self.out_is_own {
            self.draft.run.out = self.next_out();
        }
        self.wants.plan = self.is_ready();
    }

    /// The folder of the model that a configuration names, as far as it is known here.
    pub fn model_dir(&self, model: &ModelChoice) -> Option<PathBuf> {
        let listed = |is_it: &dyn Fn(&ModelEntry) -> bool| self.models.iter().find(|entry| is_it(entry));
        if let Some(shipped) = model.embedded {
            return listed(&|entry| entry.origin == Origin::Embedded(shipped)).map(|entry| entry.dir.clone());
        }
        let named = || listed(&|entry| Some(&entry.name) == model.name.as_ref()).map(|entry| entry.dir.clone());
        model.path.clone().or_else(named)
    }

    /// `<runs folder>/<data>-<model>-<n>`, with the first `n` that no known run has.
    pub fn next_out(&self) -> PathBuf {
        self.first_free("", |out| !self.is_spoken_for(out))
    }

    /// `<runs folder>/<data>-<model><what>-<n>`, with the first `n` that is free.
    pub fn first_free(&self, what: &str, is_free: impl Fn(&Path) -> bool) -> PathBuf {
        let data =
            self.data.table.as_ref().map_or_else(|| "data".into(), |table| short_name(&table.origins.inputs.place()));
        let model = self.model.as_ref().map_or_else(|| "model".into(), |card| short_name(&card.dir));
        let mut number = 1;
        loop {
            let out = self.runs_folder.join(format!("{data}-{model}{what}-{number}"));
            if is_free(&out) {
                return out;
            }
            number += 1;
        }
    }
}

/// Tokens of a sequence, and those that windows share, that a form for a task begins with. An answer is found in what
/// stands around it, so windows of documents are longer than most texts.
fn usual_length(task: Task) -> (usize, usize) {
    let usual = DataChoice::default();
    if task.reads() == Reads::Question { (QUESTION_TOKENS, SHARED_TOKENS) } else { (usual.max_tokens, usual.stride) }
}

/// A file's or folder's name without its ending, with nothing in it that a folder's name should not have.
pub fn short_name(path: &Path) -> String {
    // What was fetched from the hub is called by its own name, without that of its owner.
    let own = title_of(path).map(|title| title.rsplit('/').next().unwrap_or_default().to_owned());
    let stem = own.unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let plain: String =
        stem.chars().map(|letter| if letter.is_alphanumeric() || letter == '.' { letter } else { '-' }).collect();
    plain.trim_matches('-').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_for_questions_begins_with_longer_windows_unless_a_length_was_chosen() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        let mut length = |task, chosen: Option<usize>| {
            workspace.data.task = task;
            workspace.refresh_draft();
            let data = &mut workspace.draft.data;
            let length = (data.max_tokens, data.stride);
            data.max_tokens = chosen.unwrap_or(data.max_tokens);
            length
        };
        assert_eq!(length(Task::Ner, None), (128, 64));
        assert_eq!(length(Task::Qa, None), (384, 128));
        assert_eq!(length(Task::Classify, None), (128, 64));
        assert_eq!(length(Task::Qa, Some(200)), (384, 128));
        assert_eq!(length(Task::Ner, None), (200, 128), "what a person chose stays");
    }

    #[test]
    fn each_task_begins_with_the_metric_it_is_judged_by() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        let mut turn = |task, chosen: Option<&str>| {
            workspace.data.task = task;
            workspace.refresh_draft();
            let found = workspace.draft.run.keep_best.clone();
            if let Some(chosen) = chosen {
                chosen.clone_into(&mut workspace.draft.run.keep_best);
            }
            found
        };
        assert_eq!(turn(Task::Classify, Some("f1_macro")), "accuracy");
        assert_eq!(turn(Task::Classify, None), "f1_macro", "the choice for this task stays");
        assert_eq!(turn(Task::MultiLabel, Some("accuracy")), "f1_micro", "and is not that of another");
        assert_eq!(turn(Task::Classify, Some("eval_loss")), "accuracy");
        assert_eq!(turn(Task::Qa, None), "f1");
    }

    #[test]
    fn a_stride_that_fits_is_left_as_it_is() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        workspace.draft.data.max_tokens = 128;
        workspace.draft.data.stride = 100;
        workspace.refresh_draft();
        assert_eq!((workspace.draft.data.max_tokens, workspace.draft.data.stride), (128, 100));
    }

    #[test]
    fn a_name_for_a_folder_has_only_letters_digits_dots_and_dashes() {
        assert_eq!(short_name(Path::new("/data/My reviews (2).csv")), "my-reviews--2");
        assert_eq!(short_name(Path::new("bert_base")), "bert-base");
    }
}
