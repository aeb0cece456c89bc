//! A whole file is predicted in the real window by the real worker: from the file over its columns and first answers to
//! the written one and back into Data; and what was interrupted is gone on with.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use attune::batch::{self, Outcome, Plan, Progress};
use attune::inspect::{OpenModel, Options};
use attune::ui::{Action, Screen};
use attune::worker::works::predict::{LookAtPlace, PredictFile, SurveyFile};
use egui::Role;

use crate::journey::Window;
use crate::models_match_the_reference::golden;

/// Rows of which several batches are made.
fn rows(folder: &Path, count: usize) -> PathBuf {
    let path = folder.join("new.csv");
    let rows =
        (0..count).map(|row| format!("{row},\"the jury believed her, and the map was {row} years old\",a note\n"));
    fs::write(&path, String::from("id,text,note\n") + &rows.collect::<String>()).unwrap();
    path
}

/// The window with a model to ask, where a whole file is predicted.
fn window(folder: &Path, model: &str) -> Window {
    let mut window = Window::open(folder);
    window.harness.state_mut().act(Action::ExploreWith(golden().join(model)));
    window.until("the model is open", |workspace| workspace.explore.subject.is_some());
    assert_eq!(window.workspace().screen, Screen::Explore);
    window.harness.run_steps(3);
    window.press("File");
    window
}

fn open(window: &mut Window, path: &Path) {
    window.write(Role::TextInput, "file to predict", &path.display().to_string());
    window.press("Open file to predict");
    window.until("the file was looked at", |workspace| {
        workspace.worked::<LookAtPlace>().is_some() && workspace.jobs.is_empty()
    });
}

#[test]
fn a_file_is_predicted_from_its_first_answers_to_data() {
    let folder = tempfile::tempdir().unwrap();
    let input = rows(folder.path(), 40);
    let mut window = window(folder.path(), "bert-classify");
    assert!(window.shows("Predict a whole file"));
    open(&mut window, &input);
    for words in ["40 rows", "CSV, comma", "Second text", "The first 12 rows", "line 2"] {
        assert!(window.shows(words), "{words}");
    }
    let survey = window.workspace().worked::<SurveyFile>().unwrap().1.clone().unwrap();
    assert_eq!(survey.chosen.unwrap().first, "text");
    assert!(!window.shows("p("), "no column for each label");
    window.press("Probability of every label");
    window.until("the first rows are asked anew", |workspace| workspace.jobs.is_empty());
    window.harness.run_steps(6);
    assert!(window.shows("p("));
    window.press("Predict all rows");
    window.until("it is written", |workspace| workspace.worked::<PredictFile>().is_some() && workspace.jobs.is_empty());
    let written = window.workspace().worked::<PredictFile>().unwrap().1.clone();
    assert_eq!(written.out, folder.path().join("new-predicted.csv"));
    assert_eq!((written.counts.rows, written.counts.unanswered), (40, 0));
    assert!(window.shows("40 rows written") && window.shows("Open folder"));
    window.until("what lies there is known", |workspace| workspace.worked::<LookAtPlace>().unwrap().1.is_taken);
    assert!(window.shows("A file of this name is there"));
    window.press("Open in Data");
    window.until("the result is open", |workspace| {
        workspace.data.table.as_ref().is_some_and(|table| table.rows() == 40) && workspace.jobs.is_empty()
    });
    let columns = window.workspace().data.table.as_ref().unwrap().columns.clone();
    assert_eq!(columns[..5], ["id", "text", "note", "prediction", "score"]);
    assert!(columns[5].starts_with("p("), "{columns:?}");
    // The open data can be predicted in turn, by another column.
    window.press("Predict these rows");
    window.until("the open data are looked at", |workspace| {
        let is_open = |work: &SurveyFile| work.inputs.title() == "new-predicted.csv";
        workspace.worked::<SurveyFile>().is_some_and(|(work, _)| is_open(work)) && workspace.jobs.is_empty()
    });
    assert_eq!(window.workspace().screen, Screen::Explore);
    window.press("Text");
    window.press("note");
    window.until("another column is asked", |workspace| {
        workspace
            .worked::<SurveyFile>()
            .is_some_and(|(work, _)| work.chosen.as_ref().is_some_and(|chosen| chosen.first == "note"))
            && workspace.jobs.is_empty()
    });
}

#[test]
fn what_was_interrupted_is_found_and_gone_on_with_or_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let input = rows(folder.path(), 60);
    let out = folder.path().join("new-predicted.csv");
    let interrupt = || {
        let model = OpenModel::open(&golden().join("bert-classify"), None).unwrap();
        let plan = Plan {
            model: model.dir.clone(),
            task: model.task,
            input: Some((&input).into()),
            chosen: None,
            options: Options::default(),
            precision: attune::model::Precision::F32,
            probabilities: false,
            out: out.clone(),
            resumes: false,
        };
        let watch = &mut |progress: Progress| {
            if progress.done >= 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match batch::write(&model, &plan, watch).unwrap().unwrap() {
            Outcome::Stopped { rows, kept: Some(_), .. } => rows,
            other => panic!("{other:?}"),
        }
    };
    let rows = interrupt();
    let mut window = window(folder.path(), "bert-classify");
    open(&mut window, &input);
    assert!(window.shows("This prediction was interrupted") && window.shows(&format!("{rows} of 60 rows")));
    window.press("Resume");
    window.until("it is written", |workspace| workspace.worked::<PredictFile>().is_some() && workspace.jobs.is_empty());
    let written = window.workspace().worked::<PredictFile>().unwrap().1.clone();
    assert_eq!((written.counts.rows, written.resumed), (60, rows));
    assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 61);
    // Other settings cannot follow what is there.
    fs::remove_file(&out).unwrap();
    interrupt();
    window.press("Another file");
    open(&mut window, &input);
    window.press("Probability of every label");
    window.until("the place was looked at", |workspace| {
        workspace.worked::<LookAtPlace>().is_some_and(|(work, place)| work.plan.probabilities && place.kept.is_some())
    });
    assert!(window.shows("predicted with other settings") && !window.shows("Resume"));
    window.press("Discard what was interrupted");
    window.until("it is gone", |workspace| {
        workspace.worked::<LookAtPlace>().is_some_and(|(_, place)| place.kept.is_none()) && workspace.jobs.is_empty()
    });
    assert!(!folder.path().join("new-predicted.csv.attune-part").exists());
    assert!(window.shows("Predict all rows"));
}

#[test]
fn entities_are_written_as_tagged_words_and_what_cannot_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let input = rows(folder.path(), 3);
    let mut window = window(folder.path(), "bert-ner");
    open(&mut window, &input);
    assert!(window.shows("Text or words") && !window.shows("Probability of every label"));
    assert!(!window.shows("SQuAD answers"), "there is no question");
    window.press("CoNLL");
    window.until("the place was looked at", |workspace| {
        workspace.worked::<LookAtPlace>().is_some_and(|(work, _)| work.plan.out.ends_with("new-predicted.conll"))
            && workspace.jobs.is_empty()
    });
    window.press("Predict all rows");
    window.until("it is written", |workspace| workspace.worked::<PredictFile>().is_some() && workspace.jobs.is_empty());
    let text = fs::read_to_string(folder.path().join("new-predicted.conll")).unwrap();
    assert!(text.starts_with("the\t") && text.matches("\n\n").count() == 3, "{text}");
    window.write(Role::TextInput, "File to write", "x");
    window.until("it is refused", |workspace| {
        workspace.worked::<LookAtPlace>().is_some_and(|(_, place)| place.refused.is_some())
    });
    assert!(window.shows("It cannot be written there"));
}
