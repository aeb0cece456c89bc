//! What an encoder was taught before somebody looks into it. What it knows of rows that a run taught it says nothing of what it
//! knew before, so a probe leaves these rows out where they can be told, other views mark them, and it is said where they
//! cannot be told.
//!
//! A row is known by its text: the files of the run are read again, as the run read and divided them. What was found out is
//! kept for as long as the run and its files are as they were.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use super::TrainError;
use super::columns::run_of;
use super::config::{RunConfig, StrategyKind};
use super::rows::{Sources, divide, fill_roles, open_to_judge};
use super::run::{self, model_title};
use crate::analysis::nearest::{self, Rows};
use crate::analysis::pooled::{OnProgress, StatesKept};
use crate::analysis::probe::{self, FineTuned, ProbeError, Probed, Question, Taught, labelled};
use crate::analysis::sample::Sampling;
use crate::analysis::training_set::TrainingSet;
use crate::analysis::words::{self, Words, WordsError};
use crate::data::Dataset;
use crate::inspect::InspectError;
use crate::table::{Inputs, Part, Table};

/// The run that trained a model with labels, where one did.
fn trained_by(model: &Path) -> Option<(PathBuf, RunConfig)> {
    let folder = run_of(model)?;
    let config = run::kept_config(&folder).ok()?;
    (!config.task.is_self_supervised()).then_some((folder, config))
}

/// The same where it trained the encoder, and not only a head.
fn tuned_by(model: &Path) -> Option<(PathBuf, RunConfig)> {
    trained_by(model).filter(|(_, config)| config.strategy.kind != StrategyKind::Head)
}

/// Training sets that were looked up.
const KEPT: usize = 8;

/// Which rows of data sets runs learned from, as far as it was found out.
#[derive(Clone, Debug, Default)]
pub struct LearnedKept(Arc<Mutex<Vec<Found>>>);

#[derive(Debug)]
struct Found {
    of: Of,
    data: Weak<Dataset>,
    learned: Arc<[bool]>,
}

/// Everything that decides what a run learned from.
#[derive(Clone, Debug, PartialEq)]
struct Of {
    config: String,
    /// The sizes and times of its files.
    files: Vec<Option<(u64, Option<SystemTime>)>>,
}

impl Of {
    fn new(config: &RunConfig) -> Self {
        let held_out = config.data.eval.iter().flat_map(Inputs::paths);
        let stamp = |path: &PathBuf| std::fs::metadata(path).ok().map(|known| (known.len(), known.modified().ok()));
        Self {
            config: serde_json::to_string(config).unwrap_or_default(),
            files: config.data.train.paths().iter().chain(held_out).map(stamp).collect(),
        }
    }
}

impl LearnedKept {
    /// The training set of the run that a model is of; nothing where it is of no run that learned from labels.
    pub fn training_set(&self, model: &Path, data: &Arc<Dataset>) -> Option<TrainingSet> {
        let (folder, config) = trained_by(model)?;
        let rows = self.learned(&config, data).map_err(|error| error.to_string());
        Some(TrainingSet { run: model_title(&folder.join(run::MODEL)), rows })
    }

    /// Which examples are rows that a run learned from.
    fn learned(&self, config: &RunConfig, data: &Arc<Dataset>) -> Result<Arc<[bool]>, TrainError> {
        let of = Of::new(config);
        let is_it = |found: &&Found| found.of == of && Weak::as_ptr(&found.data) == Arc::as_ptr(data);
        if let Some(found) = self.lock().iter().find(is_it) {
            return Ok(found.learned.clone());
        }
        let learned: Arc<[bool]> = learned(config, data)?.into();
        let mut kept = self.lock();
        kept.retain(|found| found.data.strong_count() > 0);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(Found { of, data: Arc::downgrade(data), learned: learned.clone() });
        Ok(learned)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which examples are rows that a run learned from, by their texts.
fn learned(config: &RunConfig, data: &Dataset) -> Result<Vec<bool>, TrainError> {
    let choice = &config.data;
    let table = Arc::new(Table::open_inputs(&choice.train, Part::Learn)?);
    let held_out = choice.held_out(table.origins.held_out.as_ref());
    let eval = held_out.as_ref().map(open_to_judge).transpose()?.map(Arc::new);
    let roles = fill_roles(&choice.columns, &table, config.task);
    let rule = choice.split_rule(config.run.seed);
    let Sources { train_data, split, .. } = divide(None, config.task, table, eval, &roles, &rule, &choice.mends())?;
    let state = RandomState::new();
    let key = |data: &Dataset, example: usize| {
        state.hash_one((data.readable(example).trim(), data.pair(example).map(str::trim)))
    };
    let known: HashSet<u64> = split.train.iter().map(|example| key(&train_data, *example)).collect();
    Ok((0..data.examples.len()).map(|example| known.contains(&key(data, example))).collect())
}

/// Rows that a text is held beside, with which of them the run of the model learned from.
pub fn rows(
    wanted: &Sampling,
    kept: &StatesKept,
    known: &LearnedKept,
    tell: OnProgress<'_>,
) -> Result<Option<Rows>, InspectError> {
    let found = nearest::rows(wanted, kept, tell)?;
    Ok(found.map(|rows| Rows { training: known.training_set(&wanted.model, &wanted.data), ..rows }))
}

/// The words of a data set, with how many of its rows the run of the model learned from.
pub fn words(
    question: &words::Question,
    known: &LearnedKept,
    tell: OnProgress<'_>,
) -> Result<Option<Words>, WordsError> {
    let Some(found) = words::words(question, tell)? else { return Ok(None) };
    let wanted = &question.wanted;
    let training = known.training_set(&wanted.model, &wanted.data);
    let training = training.map(|training| training.among(wanted.examples().into_iter()));
    Ok(Some(Words { training, ..found }))
}

/// Probes the layers of a model. Of one whose encoder a run has taught, on rows that it did not learn from, where there are
/// enough.
pub fn probe(
    question: &Question,
    kept: &StatesKept,
    known: &LearnedKept,
    tell: OnProgress<'_>,
) -> Result<Option<Probed>, ProbeError> {
    let Some((folder, config)) = tuned_by(&question.wanted.model) else { return probe::probe(question, kept, tell) };
    let of = &question.wanted;
    let (taught, unseen) = match known.learned(&config, &of.data) {
        Ok(learned) => {
            let all = labelled(&of.data, 0..of.data.examples.len());
            let (seen, unseen): (Vec<usize>, Vec<usize>) = all.into_iter().partition(|example| learned[*example]);
            let among = of.among.iter().filter(|example| learned[**example]).count();
            (Taught::Some { left_out: seen.len(), among }, Some(unseen))
        }
        Err(error) => (Taught::Unknown { why: error.to_string() }, None),
    };
    let base = config.model_dir().ok();
    let told = FineTuned {
        run: model_title(&folder.join(run::MODEL)),
        strategy: config.strategy.kind.name().to_owned(),
        base_title: base.as_deref().map_or_else(|| config.model_title(), model_title),
        base,
        taught,
    };
    if let Some(unseen) = unseen {
        let wanted = Sampling { among: unseen.into(), ..of.clone() };
        match probe::probe(&Question { wanted, folds: question.folds }, kept, tell) {
            Ok(probed) => return Ok(probed.map(|probed| probed.of_tuned(told))),
            // Too few are left; what the others say is told to be what was taught.
            Err(
                ProbeError::FewRows { .. }
                | ProbeError::NoLabels { .. }
                | ProbeError::OneClass { .. }
                | ProbeError::OneNumber { .. },
            ) => {}
            Err(error @ (ProbeError::NotOfTexts { .. } | ProbeError::FewFolds { .. } | ProbeError::Inspect(_))) => {
                return Err(error);
            }
        }
    }
    let taught = match told.taught {
        Taught::Some { among, .. } => Taught::Some { left_out: 0, among },
        unknown @ Taught::Unknown { .. } => unknown,
    };
    let told = FineTuned { taught, ..told };
    Ok(probe::probe(question, kept, tell)?.map(|probed| probed.of_tuned(told)))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::data::Roles;
    use crate::task::Task;

    fn go_on(_: &str, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A run over 60 texts, and the data that it was trained on.
    fn run(folder: &Path, strategy: &str) -> (PathBuf, Arc<Dataset>) {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify");
        let rows: String =
            (0..60).map(|row| format!("the jury believed witness number {row},c{}\n", row % 2)).collect();
        let data = folder.join("rows.csv");
        std::fs::write(&data, format!("text,label\n{rows}")).unwrap();
        let run = folder.join("first");
        std::fs::create_dir_all(run.join("model")).unwrap();
        for file in std::fs::read_dir(&golden).unwrap() {
            let path = file.unwrap().path();
            std::fs::copy(&path, run.join("model").join(path.file_name().unwrap())).unwrap();
        }
        let toml = format!(
            "task = \"classify\"\n[model]\npath = {golden:?}\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n\
             [strategy]\nkind = \"{strategy}\"\n[run]\nout = {run:?}\n"
        );
        std::fs::write(run.join("run.toml"), toml).unwrap();
        let table = Arc::new(Table::open(&data).unwrap());
        let data = Dataset::new(table.clone(), Task::Classify, &Roles::guess(&table, Task::Classify), None).unwrap();
        (run.join("model"), Arc::new(data))
    }

    fn probed(model: PathBuf, data: &Arc<Dataset>) -> Probed {
        let question = Question { wanted: Sampling::all(model, data.clone()), folds: 3 };
        probe(&question, &StatesKept::default(), &LearnedKept::default(), &mut go_on).unwrap().unwrap()
    }

    #[test]
    fn rows_that_a_run_learned_from_take_no_part_in_a_probe_of_its_encoder() {
        let folder = tempfile::tempdir().unwrap();
        let (model, data) = run(folder.path(), "full");
        let found = probed(model.clone(), &data);
        assert_eq!(found.rows, 15, "those that the run held out");
        let told = found.fine_tuned.clone().unwrap();
        assert_eq!((told.run.as_str(), told.strategy.as_str()), ("first", "full"));
        assert_eq!(told.base_title, "bert-classify");
        assert_eq!(told.taught, Taught::Some { left_out: 45, among: 45 });
        assert!(found.notes()[0].contains("45 rows that it learned from took no part"), "{:?}", found.notes());
        assert!(!found.proposes());

        // Of data that were all learned from it is said what the figures are.
        let held: HashSet<String> = (0..60).map(|row| data.readable(row).into_owned()).collect();
        assert_eq!(held.len(), 60);
        let learned = learned(&run::kept_config(&folder.path().join("first")).unwrap(), &data).unwrap();
        let rows: String =
            (0..60).filter(|row| learned[*row]).map(|row| format!("{},c{}\n", data.readable(row), row % 2)).collect();
        let table = Table::from_bytes(Path::new("part.csv"), format!("text,label\n{rows}").into_bytes()).unwrap();
        let table = Arc::new(table);
        let part = Dataset::new(table.clone(), Task::Classify, &Roles::guess(&table, Task::Classify), None).unwrap();
        let found = probed(model.clone(), &Arc::new(part));
        assert_eq!(found.rows, 45);
        let said = found.fine_tuned.unwrap().said();
        assert!(said.contains("45 of these rows were learned from, and the figures tell what is remembered"), "{said}");

        std::fs::remove_file(folder.path().join("rows.csv")).unwrap();
        let said = probed(model, &data).fine_tuned.unwrap().said();
        assert!(said.contains("which cannot be told: "), "{said}");
    }

    #[test]
    fn the_training_set_is_looked_up_once_while_the_run_and_its_files_are_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (model, data) = run(folder.path(), "head");
        let kept = LearnedKept::default();
        let found = kept.training_set(&model, &data).unwrap();
        let rows = found.rows.clone().unwrap();
        assert_eq!((found.run.as_str(), rows.iter().filter(|row| **row).count()), ("first", 45), "a head learns too");
        let again = || kept.training_set(&model, &data).unwrap().rows;
        assert!(Arc::ptr_eq(&again().unwrap(), &rows), "it is not read again");
        let csv = folder.path().join("rows.csv");
        let more = std::fs::read_to_string(&csv).unwrap() + "one more text,c0\n";
        std::fs::write(&csv, more).unwrap();
        assert!(!Arc::ptr_eq(&again().unwrap(), &rows), "the file is another");
        std::fs::remove_file(&csv).unwrap();
        assert!(again().unwrap_err().contains("rows.csv"));
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/bert-classify");
        assert_eq!(kept.training_set(&golden, &data), None, "a model of no run");
    }

    #[test]
    fn an_encoder_that_a_run_left_as_it_was_is_probed_on_all_rows() {
        let folder = tempfile::tempdir().unwrap();
        let (model, data) = run(folder.path(), "head");
        let found = probed(model, &data);
        assert_eq!((found.rows, found.fine_tuned.is_none(), found.proposes()), (60, true, true));
    }
}
