//! The data of the next run: what was opened, what it means, and what is done to it.

use std::sync::Arc;

use super::{JobKind, RunView, Workspace};
use crate::analysis::pooled::StatesKept;
use crate::data::{Fold, Mends, Roles, SplitRule, guess_task};
use crate::samples::Sample;
use crate::table::{Inputs, Table};
use crate::task::Task;
use crate::text::Length;
use crate::train::learned::LearnedKept;
use crate::ui::widgets::number::Wrong;
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
    /// Data of its own to evaluate on: those that were chosen, or that lie beside and are meant for it by their name.
    pub eval: Option<Inputs>,
    pub loaded: Option<Arc<LoadedDataset>>,
    pub lengths: Option<Arc<Lengths>>,
    /// The example that was looked at last, as the model reads it.
    pub looked_at: Option<Arc<LookedAt>>,
    /// Why the newest one cannot be shown, where it cannot.
    pub look_error: Option<String>,
    pub error: Option<String>,
    /// The states of its texts in the model that was asked about all of them last.
    pub states: StatesKept,
    /// Which of its rows runs learned from, as far as it was looked up.
    pub learned: LearnedKept,
    /// What is typed into the fields of the split and cannot be read.
    pub unread: Vec<Wrong>,
}

impl Default for DataState {
    fn default() -> Self {
        Self {
            table: None,
            roles: Roles::default(),
            task: Task::Classify,
            rule: SplitRule { eval_fraction: 0.2, seed: 42, stratified: true, fold: None, strata_of_all: false },
            mends: Mends::default(),
            eval: None,
            loaded: None,
            lengths: None,
            looked_at: None,
            look_error: None,
            error: None,
            states: StatesKept::default(),
            learned: LearnedKept::default(),
            unread: Vec::new(),
        }
    }
}

impl DataState {
    /// Whether rows can be left out and put right: a text that is its own lesson is learned from as it stands.
    pub fn can_be_mended(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| !loaded.dataset.makes_its_own_labels())
    }

    /// Into how many parts the rows are divided that are held out in turn; 0 where one part alone is held out.
    pub fn folds(&self) -> u32 {
        self.rule.fold.filter(|_| !self.task.is_self_supervised()).map_or(0, |fold| fold.of)
    }

    /// How the rows are divided. Texts that are their own lesson have no folds.
    pub fn rule(&self) -> SplitRule {
        SplitRule { fold: self.rule.fold.filter(|_| self.folds() > 0), ..self.rule.clone() }
    }

    /// Data of their own to evaluate on, which folds have no use for. They are in the encoding that was chosen for the others.
    pub fn eval(&self) -> Option<Inputs> {
        let chosen = self.table.as_ref().and_then(|table| table.origins.inputs.charset());
        let eval = self.eval.clone().filter(|_| self.folds() == 0)?;
        Some(if chosen.is_some() { eval.read_as(chosen) } else { eval })
    }

    /// What was said of a row or a length belongs to a model's tokens.
    pub fn forget_tokens(&mut self) {
        self.lengths = None;
        self.looked_at = None;
        self.look_error = None;
    }

    /// The roles that are other than would be guessed, which somebody chose.
    pub fn roles_said(&self) -> Roles {
        let mut said = self.roles.clone();
        if let Some(table) = &self.table {
            let guess = Roles::guess(table, self.task);
            for (place, (_, guessed)) in said.columns_mut().into_iter().zip(guess.parts()) {
                place.take_if(|column| guessed.as_ref() == Some(column));
            }
            // That there is no second text is said by naming the first alone.
            if self.roles.pair.is_none() && guess.pair.is_some() {
                said.text.clone_from(&self.roles.text);
            }
        }
        said
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
        let mut data = DataState { table: Some(table.clone()), ..DataState::default() };
        // What is held out of a file, and the name of its run, belong to that file.
        let is_same = self.data.table.as_ref().is_some_and(|before| before.origins.inputs == table.origins.inputs);
        if is_same {
            data.rule = self.data.rule.clone();
        } else {
            self.out_is_own = false;
        }
        let first = data.task;
        data.roles = Roles::guess(table, first);
        data.task = guess_task(table, &data.roles);
        if data.task != first {
            data.roles = Roles::guess(table, data.task);
        }
        data.eval.clone_from(&table.origins.held_out);
        // The parts of a sample are known.
        let of_sample = |sample: &mut Sample| table.path.file_name().is_some_and(|name| name == sample.file());
        if let Some(sample) = self.sample.take_if(of_sample) {
            data.task = sample.task();
            data.roles = sample.roles();
            data.eval = sample.dev_file().map(|name| table.path.with_file_name(name).into());
        }
        // The data of a run that is used again mean what they meant there.
        if let Some(config) = self.restoring.take_if(|config| config.data.train == table.origins.inputs) {
            let rule = config.data.split_rule(config.run.seed);
            let eval_fraction = config.data.eval_fraction.unwrap_or(data.rule.eval_fraction);
            // Of a fold the whole run is used again, as one of them alone says nothing.
            let folds = config.data.fold.map_or(config.run.folds, |fold| fold.of);
            let fold = (folds > 0).then_some(Fold { number: 1, of: folds });
            data.rule = SplitRule { eval_fraction, fold, ..rule };
            data.mends = config.data.mends();
            data.task = config.task;
            data.roles = config.data.columns.clone();
            data.eval.clone_from(&config.data.eval);
            // The form was fitted to the data that were open; now it is the run's own again.
            let out = std::mem::take(&mut self.draft.run.out);
            self.draft = *config;
            self.draft.run.out = out;
        }
        // The charts of a run that has ended are not those of other data.
        let is_over = |run: &RunView| !run.status.is_live() && run.config.data.train != table.origins.inputs;
        if self.run.as_ref().is_some_and(is_over) {
            self.run = None;
        }
        self.begin_data(data);
        self.wants.dataset = true;
        self.refresh_draft();
    }

    /// Puts other data in the place of those that are open. What is still being found out about those is nothing to these.
    pub fn begin_data(&mut self, data: DataState) {
        self.drop_jobs(|kind| {
            matches!(kind, JobKind::ReadDataset | JobKind::MeasureLengths | JobKind::Look | JobKind::Plan)
        });
        self.data = data;
        self.forget_plan();
    }

    /// A plan speaks of the data and the model that it was made for.
    pub(super) fn forget_plan(&mut self) {
        self.plan = None;
        self.offers = Arc::default();
        self.plan_error = None;
    }

    pub(super) fn take_dataset(&mut self, loaded: Arc<LoadedDataset>) {
        // Roles that were left open come back as they were guessed.
        self.data.roles = loaded.dataset.roles.clone();
        self.data.task = loaded.dataset.task;
        // What was found out about the rows holds as long as these do, however they are divided.
        let before = self.data.loaded.as_ref().map(|before| before.dataset.clone());
        let loaded = match before.filter(|before| before.is_same_as(&loaded.dataset)) {
            Some(dataset) => Arc::new(LoadedDataset { dataset, ..Arc::unwrap_or_clone(loaded) }),
            None => loaded,
        };
        self.drop_jobs(|kind| matches!(kind, JobKind::MeasureLengths | JobKind::Look | JobKind::Plan));
        self.data.loaded = Some(loaded);
        self.data.error = None;
        self.data.forget_tokens();
        self.forget_plan();
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
    use crate::worker::protocol::{Event, EventKind, Payload};

    fn loaded(task: Task, pair: Option<&str>) -> LoadedDataset {
        let csv = b"text,other\nRain fell.,Il pleuvait.\nIt was cold.,Il faisait froid.\n";
        let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.to_vec()).unwrap());
        let roles = Roles { text: Some("text".into()), pair: pair.map(Into::into), ..Roles::default() };
        let dataset = Arc::new(Dataset::new(table, task, &roles, None).unwrap());
        LoadedDataset::new(dataset, Split { train: vec![0, 1], eval: Vec::new() }, None, Vec::new())
    }

    fn opened(workspace: &mut Workspace, name: &str) {
        let table = Table::from_bytes(Path::new(name), b"text,label\na,x\nb,y\n".to_vec()).unwrap();
        workspace.take_table(&Arc::new(table));
    }

    #[test]
    fn what_was_said_of_a_file_is_not_said_of_the_next() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        opened(&mut workspace, "one.csv");
        workspace.data.eval = Some("dev.csv".into());
        workspace.data.rule =
            SplitRule { eval_fraction: 0.0, seed: 7, stratified: false, fold: None, strata_of_all: false };
        workspace.plan_error = Some("one cannot be trained".into());
        workspace.out_is_own = true;
        let mut run = RunView::new("/runs/one".into(), workspace.draft.clone());
        run.fail("it ended", 0.0);
        workspace.run = Some(run);
        let before = workspace.data.rule.clone();
        opened(&mut workspace, "one.csv");
        assert_eq!(workspace.data.rule, before, "the same file, read again");
        assert!(workspace.run.is_some());
        opened(&mut workspace, "two.csv");
        assert_eq!(workspace.data.rule, DataState::default().rule);
        assert_eq!((workspace.data.eval.clone(), workspace.draft.data.eval.clone()), (None, None));
        assert_eq!(workspace.plan_error, None);
        assert!(workspace.run.is_none(), "its charts would stand beside other data");
        assert_eq!(workspace.draft.run.out, Path::new("/runs/two-model-1"));
    }

    #[test]
    fn columns_mean_what_was_said_of_their_own_file() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        opened(&mut workspace, "one.csv");
        assert_eq!(workspace.data.roles.label.as_deref(), Some("label"));
        assert_eq!(workspace.roles_of(&"one.csv".into()), Roles::default(), "guessed, which is nobody's word");
        workspace.data.roles.text = Some("body".into());
        let said = Roles { text: Some("body".into()), ..Roles::default() };
        assert_eq!(workspace.roles_of(&"one.csv".into()), said);
        assert_eq!(workspace.roles_of(&"two.csv".into()), Roles::default());
        // What the run that is shown was trained on is not said of another file: what that lacks would be refused.
        let mut run = RunView::new("/runs/one".into(), workspace.draft.clone());
        run.config.data.columns.text = Some("review".into());
        workspace.run = Some(run);
        assert_eq!(workspace.roles_of(&"two.csv".into()), Roles::default());
    }

    #[test]
    fn an_answer_about_other_data_is_not_taken() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        opened(&mut workspace, "one.csv");
        let reading = workspace.follow(JobKind::ReadDataset, "Reading the examples");
        let counting = workspace.follow(JobKind::MeasureLengths, "Measuring lengths");
        workspace.wants.stop.clear();
        opened(&mut workspace, "two.csv");
        assert_eq!(workspace.wants.stop, [reading, counting], "nobody waits for them");
        let late = Payload::Dataset(Arc::new(loaded(Task::Classify, None)));
        workspace.apply(Event { job: reading, kind: EventKind::Payload(late) });
        assert!(workspace.data.loaded.is_none());
        workspace.begin_data(DataState::default());
        assert!(workspace.data.table.is_none() && workspace.plan.is_none());
    }

    #[test]
    fn reading_that_was_stopped_leaves_no_examples_and_says_so() {
        let mut workspace = Workspace::new(Vec::new(), "/runs".into());
        opened(&mut workspace, "one.csv");
        workspace.data.loaded = Some(Arc::new(loaded(Task::Classify, None)));
        let job = workspace.follow(JobKind::ReadDataset, "Reading the examples");
        workspace.apply(Event { job, kind: EventKind::Stopped });
        assert!(workspace.data.loaded.is_none());
        assert!(workspace.data.error.as_ref().is_some_and(|error| error.contains("stopped")));
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
