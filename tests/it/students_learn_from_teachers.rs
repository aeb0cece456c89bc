//! A student learns what a teacher says beside the labels: of any family, of every task whose outputs can be matched, to the
//! bit however the run is cut, and of no teacher that does not fit.

use std::fs;
use std::path::{Path, PathBuf};

use attune::model::{Want, open, read_config};
use attune::task::Task;
use attune::train::TrainError;
use attune::train::config::{Distill, Dropout, ModelChoice, RunConfig};
use attune::train::event::{Ending, TrainEvent};
use candle_core::Device;

use crate::every_task_learns::{config, conll, prose, squad, write};
use crate::models_match_the_reference::golden;
use crate::runs_resume_exactly::{self, go};

fn short(folder: &Path, name: &str) -> RunConfig {
    let mut config = runs_resume_exactly::config(folder);
    config.run.out = folder.join(name);
    config
}

/// A run's folder with a teacher of a family, trained on the same rows.
fn teacher(folder: &Path, family: &str) -> PathBuf {
    let mut config = short(folder, &format!("teacher-{family}"));
    config.model.path = Some(golden().join(format!("{family}-classify")));
    config.run.epochs = 4.0;
    go(&config, false, &mut || true, &mut |_| {}).unwrap();
    config.run.out
}

fn taught(folder: &Path, name: &str, teacher: &Path) -> RunConfig {
    let mut config = short(folder, name);
    config.distill = Some(Distill { teacher: teacher.to_owned(), ..Distill::default() });
    config
}

/// Every loss and the end of a run.
fn heard(config: &RunConfig, resume: bool, steps: u64) -> (Vec<f64>, Option<Ending>) {
    let (mut losses, mut end) = (Vec::new(), None);
    let mut asked = 0;
    let outcome = go(
        config,
        resume,
        &mut || {
            asked += 1;
            asked <= steps
        },
        &mut |event| match event {
            TrainEvent::Step(step) => losses.push(step.loss),
            TrainEvent::Finished(ending) => end = Some(ending.clone()),
            _ => {}
        },
    );
    outcome.unwrap();
    (losses, end)
}

fn weights(config: &RunConfig) -> Vec<u8> {
    fs::read(config.run.out.join("model/model.safetensors")).unwrap()
}

fn refused(config: &RunConfig) -> String {
    let error: TrainError = go(config, false, &mut || true, &mut |_| {}).unwrap_err();
    error.to_string()
}

#[test]
fn a_student_is_cut_from_its_teacher_and_stands_beside_it_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(folder.path(), "bert");
    let mut config = taught(folder.path(), "student", &teacher);
    config.model = ModelChoice::default();
    config.distill.as_mut().unwrap().layers = Some(2);
    let mut warnings = Vec::new();
    let mut end = None;
    go(&config, false, &mut || true, &mut |event| match event {
        TrainEvent::Warning { message, .. } => warnings.push(message.clone()),
        TrainEvent::Finished(ending) => end = Some(ending.clone()),
        _ => {}
    })
    .unwrap();
    assert!(warnings.iter().any(|told| told.contains("layers 1, 3 of its 3, counted from 1")), "{warnings:?}");
    let end = end.unwrap();
    let score = end.teacher.unwrap();
    assert!(score.metrics["accuracy"] > 0.0 && score.metrics.len() == end.metrics.len(), "{score:?}");
    let (model, report) = open(&config.run.out.join("model"), Want::AsSaved, &Device::Cpu, 0).unwrap();
    assert!(report.new.is_empty(), "{report:?}");
    assert_eq!(model.config.num_hidden_layers, 2);
    assert!(model.params.count() < score.parameters);
    let labels = |dir: PathBuf| read_config(&dir).unwrap().output_names(Task::Classify);
    assert_eq!(labels(config.run.out.join("model")), labels(teacher.join("model")));
    // The teacher is evaluated as its own run evaluated it.
    let told: serde_json::Value = serde_json::from_slice(&fs::read(teacher.join("evaluation.json")).unwrap()).unwrap();
    let own = told.to_string();
    assert!(own.contains(&format!("\"accuracy\":{}", score.metrics["accuracy"])), "{own}");
}

#[test]
fn a_run_with_a_teacher_resumes_to_the_bit_and_with_no_other_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(folder.path(), "bert");
    let whole = taught(folder.path(), "whole", &teacher);
    let (losses, _) = heard(&whole, false, u64::MAX);
    let cut = taught(folder.path(), "cut", &teacher);
    let (first, _) = heard(&cut, false, 25);
    assert!(first.len() > 2 && first.len() < losses.len(), "{} of {}", first.len(), losses.len());
    let weights_of_teacher = teacher.join("model/model.safetensors");
    let kept = fs::read(&weights_of_teacher).unwrap();
    let mut other = kept.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&weights_of_teacher, other).unwrap();
    let error = go(&cut, true, &mut || true, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("its teacher is another"), "{error}");
    fs::write(&weights_of_teacher, kept).unwrap();
    let (rest, _) = heard(&cut, true, u64::MAX);
    assert_eq!([first, rest].concat(), losses);
    assert_eq!(weights(&cut), weights(&whole));
}

#[test]
fn a_teacher_of_another_family_reads_the_texts_with_its_own_tokenizer() {
    let folder = tempfile::tempdir().unwrap();
    let labels_alone = short(folder.path(), "labels");
    let (alone, _) = heard(&labels_alone, false, u64::MAX);
    for family in ["roberta", "albert"] {
        let teacher = teacher(folder.path(), family);
        let mut config = taught(folder.path(), &format!("of-{family}"), &teacher);
        let (losses, end) = heard(&config, false, u64::MAX);
        assert_eq!(losses.len(), alone.len());
        assert_ne!(losses, alone, "{family}");
        assert!(end.unwrap().teacher.is_some());
        // Nothing of the teacher's is heard where it counts nothing.
        config.run.out = folder.path().join(format!("deaf-to-{family}"));
        config.distill.as_mut().unwrap().soft = 0.0;
        assert_eq!(heard(&config, false, u64::MAX).0, alone, "{family}");
    }
}

/// Texts with several labels, or with a number.
fn table(folder: &Path, task: &str) -> PathBuf {
    let row = |row: usize| {
        let word = ["wonderful", "endless", "wonderful and endless"][row % 3];
        let label = match task {
            "multilabel" => ["good", "bad", "good;bad"][row % 3].to_owned(),
            _ => format!("{}.5", row % 3),
        };
        format!("the soup was {word} {},{label}\n", "and so on ".repeat(row % 4))
    };
    write(folder, &format!("{task}.csv"), &format!("text,label\n{}", (0..24).map(row).collect::<String>()))
}

#[test]
fn whoever_already_says_what_the_teacher_says_has_nothing_to_learn() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (names, animals, text) = (conll(folder), squad(folder), prose(folder));
    let tasks = [
        ("multilabel", "bert-classify", table(folder, "multilabel")),
        ("regress", "bert-classify", table(folder, "regress")),
        ("ner", "bert-ner", names),
        ("qa", "bert-qa", animals),
        ("mlm", "bert-mlm", text),
    ];
    for (task, model, data) in tasks {
        let mut config = config(task, model, &data, &folder.join(task));
        config.run.max_steps = Some(6);
        config.run.micro_batch = Some(3);
        config.run.dropout = Dropout::Rate(0.0);
        heard(&config, false, u64::MAX);
        let teacher = config.run.out.clone();
        config.model.path = Some(teacher.join("model"));
        config.distill = Some(Distill { teacher, soft: 1.0, ..Distill::default() });
        config.run.out = folder.join(format!("{task}-again"));
        config.run.max_steps = Some(1);
        let (losses, end) = heard(&config, false, u64::MAX);
        // The binary cross-entropy of what is half sure is not 0 at its lowest.
        assert!(task == "multilabel" || losses[0].abs() < 1e-6, "{task}: {losses:?}");
        assert!(!end.unwrap().teacher.unwrap().metrics.is_empty(), "{task}");
        config.run.out = folder.join(format!("{task}-of-another"));
        config.model.path = Some(golden().join(model));
        let (losses, _) = heard(&config, false, u64::MAX);
        assert!(losses[0] > 1e-4, "{task}: {losses:?}");
    }
}

#[test]
fn layers_that_do_not_go_together_are_refused_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(folder.path(), "roberta");
    let check = |change: &dyn Fn(&mut Distill), words: &str| {
        let mut config = taught(folder.path(), "refused", &teacher);
        change(config.distill.as_mut().unwrap());
        let told = refused(&config);
        assert!(told.contains(words), "{told}");
    };
    check(&|distill| distill.hidden = 1.0, "distill.hidden is 1, expected 0, as the teacher reads other tokens");
    check(
        &|distill| distill.attention = 0.5,
        "distill.attention is 0.5, expected 0, as the teacher reads other tokens",
    );
    check(&|distill| distill.cosine = 2.0, "distill.cosine is 2, expected 0, as the teacher reads other tokens");
    check(&|distill| distill.hidden = -1.0, "distill.hidden is -1, expected 0 or more");
}

#[test]
fn distilberts_recipe_learns_by_all_of_its_three_parts() {
    let folder = tempfile::tempdir().unwrap();
    let teacher = teacher(folder.path(), "bert");
    let mut config = taught(folder.path(), "student", &teacher);
    config.model = ModelChoice::default();
    config.distill = config.distill.map(|distill| distill.as_distilbert(3));
    let mut parts = Vec::new();
    go(&config, false, &mut || true, &mut |event| {
        if let TrainEvent::Step(step) = event {
            parts.push(step.parts.clone());
        }
    })
    .unwrap();
    assert!(parts.iter().all(|parts| parts.keys().eq(["cosine", "labels", "soft"])), "{parts:?}");
    let (first, last) = (parts[0]["cosine"], parts[parts.len() - 1]["cosine"]);
    assert!(last < first, "from {first} to {last}");
}

#[test]
fn a_teacher_that_does_not_fit_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let check = |teacher: &Path, layers: Option<usize>, words: &[&str]| {
        let mut config = taught(folder.path(), "refused", teacher);
        if layers.is_some() {
            config.model = ModelChoice::default();
        }
        config.distill.as_mut().unwrap().layers = layers;
        let told = refused(&config);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
        fs::remove_dir_all(&config.run.out).ok();
    };
    check(&golden().join("bert-ner"), None, &["distill.teacher is", "trained for classify", "this one was for ner"]);
    check(&golden().join("bert-classify"), None, &["labels of the data", "negative, neutral, positive"]);
    check(&golden().join("bert-classify"), Some(3), &["distill.layers is 3, expected 1 to 2, as the teacher has 3"]);
    check(&golden().join("bert-classify"), Some(0), &["distill.layers is 0, expected 1 to 2"]);
}
