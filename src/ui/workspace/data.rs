//! The data of the next run: what was opened, what it means, and what is done to it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Workspace;
use crate::data::{Length, Mends, Roles, SplitRule, Table, guess_task};
use crate::samples::Sample;
use crate::task::Task;
use crate::worker::protocol::{Lengths, LoadedDataset, LookedAt};

/// What was opened and what the person said of it.
#[derive(Clone, Debug)]
pub struct DataState {
    pub table: Option<Arc<Table>>,
    pub roles: Roles,
    pub task: Task,
    pub rule: SplitRule,
    /// What is put right and left out.
    pub mends: Mends,
    /// An evaluation file of one's own.
    pub eval_path: Option<PathBuf>,
    pub loaded: Option<Arc<LoadedDataset>>,
    pub lengths: Option<Arc<Lengths>>,
    /// The example that was looked at last, as the model reads it.
    pub looked_at: Option<Arc<LookedAt>>,
    /// Why the newest one cannot be shown, where it cannot.
    pub look_error: Option<String>,
    pub error: Option<String>,
}

impl Default for DataState {
    fn default() -> Self {
        Self {
            table: None,
            roles: Roles::default(),
            task: Task::Classify,
            rule: SplitRule { eval_fraction: 0.2, seed: 42, stratified: true },
            mends: Mends::default(),
            eval_path: None,
            loaded: None,
            lengths: None,
            looked_at: None,
            look_error: None,
            error: None,
        }
    }
}

impl DataState {
    /// Whether rows can be left out and put right: a text that is its own lesson is learned from as it stands.
    pub fn can_be_mended(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| !loaded.dataset.makes_its_own_labels())
    }

    /// Another task reads other columns, unless both label whole texts.
    pub fn set_task(&mut self, task: Task) {
        let both = |test: fn(Task) -> bool| test(self.task) && test(task);
        if let Some(table) = self.table.as_ref().filter(|_| !both(reads_texts_with_labels)) {
            let group = self.roles.group.take();
            self.roles = Roles { group, ..Roles::guess(table, task) };
        }
        if task != self.task {
            self.mends = Mends::default();
        }
        self.task = task;
    }
}

fn reads_texts_with_labels(task: Task) -> bool {
    task.is_sequence()
}

impl Workspace {
    /// How long what the model reads may be, as the form says. A text that is its own lesson becomes as many sequences
    /// as it needs and is never cut, but with its translation it is one.
    pub fn length(&self) -> Length {
        let own = self.data.loaded.as_ref().is_some_and(|loaded| loaded.dataset.makes_its_own_labels());
        let is_whole = own && !self.draft.is_translation();
        let max_tokens = if is_whole { usize::MAX } else { self.draft.data.max_tokens };
        Length { max_tokens, stride: self.draft.data.stride }
    }

    pub(super) fn take_table(&mut self, table: &Arc<Table>) {
        let mut data = DataState { table: Some(table.clone()), rule: self.data.rule.clone(), ..DataState::default() };
        data.roles = Roles::guess(table, Task::Classify);
        data.task = guess_task(table, &data.roles);
        if data.task != Task::Classify {
            data.roles = Roles::guess(table, data.task);
        }
        // The parts of a sample are known.
        let of_sample = |sample: &mut Sample| table.path.file_name().is_some_and(|name| name == sample.file());
        if let Some(sample) = self.sample.take_if(of_sample) {
            data.task = sample.task();
            data.roles = sample.roles();
            data.eval_path = sample.dev_file().map(|name| table.path.with_file_name(name));
        }
        // The data of a run that is used again mean what they meant there.
        if let Some(config) = self.restoring.take_if(|config| config.data.train == table.path) {
            let rule = config.data.split_rule(config.run.seed);
            data.rule =
                SplitRule { eval_fraction: config.data.eval_fraction.unwrap_or(data.rule.eval_fraction), ..rule };
            data.mends = config.data.mends();
            data.task = config.task;
            data.roles = config.data.columns;
            data.eval_path = config.data.eval;
        }
        self.data = data;
        self.plan = None;
        self.wants.dataset = true;
        self.refresh_draft();
    }

    pub(super) fn take_dataset(&mut self, loaded: Arc<LoadedDataset>) {
        // Roles that were left open come back as they were guessed.
        self.data.roles = loaded.dataset.roles.clone();
        self.data.task = loaded.dataset.task;
        self.data.loaded = Some(loaded);
        self.data.error = None;
        self.data.lengths = None;
        self.data.looked_at = None;
        self.wants.lengths = true;
        self.refresh_draft();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::{Dataset, Split};
    use crate::train::config::LanguageObjective;

    fn loaded(task: Task, pair: Option<&str>) -> LoadedDataset {
        let csv = b"text,other\nRain fell.,Il pleuvait.\nIt was cold.,Il faisait froid.\n";
        let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.to_vec()).unwrap());
        let roles = Roles { text: Some("text".into()), pair: pair.map(Into::into), ..Roles::default() };
        let dataset = Arc::new(Dataset::new(table, task, &roles, None).unwrap());
        LoadedDataset::new(dataset, Split { train: vec![0, 1], eval: Vec::new() }, None, Vec::new())
    }

    #[test]
    fn only_what_training_cuts_has_a_limit() {
        use LanguageObjective::{Causal, Masked, Translation};
        let cases = [
            (Task::Classify, None, Masked, true),
            (Task::Mlm, None, Masked, false),
            (Task::Mlm, None, Causal, false),
            (Task::Mlm, Some("other"), Translation, true),
            (Task::Rtd, None, Translation, false),
            (Task::Nsp, None, Masked, false),
            (Task::Nsp, Some("other"), Masked, true),
            (Task::Sop, None, Masked, false),
        ];
        for (task, pair, objective, is_cut) in cases {
            let mut workspace = Workspace::new(Vec::new(), "/runs".into());
            workspace.data.loaded = Some(Arc::new(loaded(task, pair)));
            workspace.draft.task = task;
            workspace.draft.language.objective = objective;
            for join_lines in [true, false] {
                workspace.draft.language.join_lines = join_lines;
                let expected = if is_cut { workspace.draft.data.max_tokens } else { usize::MAX };
                assert_eq!(workspace.length().max_tokens, expected, "{task}, {objective:?}");
            }
        }
    }
}
