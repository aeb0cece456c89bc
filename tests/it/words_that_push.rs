//! The words of a data set that push a model: on the command line, and in the real window with the real worker from the
//! data to the rows with a word and to why a text with it is answered so.

use std::fs;
use std::path::{Path, PathBuf};

use attune::analysis::words::Order;
use attune::ui::workspace::Workspace;
use attune::ui::{Action, Screen};
use attune::worker::works::words::WeighWords;
use egui::Role;
use egui_kittest::kittest::Queryable as _;
use serde_json::Value;

use crate::layers_are_probed::{explored, labelled, open, told};

/// Sentences in which one word tells the label, and another is as often in those of any.
fn reviews(folder: &Path, rows: usize) -> PathBuf {
    let row = |row: usize| {
        let (word, label) = [("great", "positive"), ("dull", "negative")][row % 2];
        let other = ["soup", "film", "book"][row % 3];
        format!("the {other} of day {} was {word},{label}\n", row % 7)
    };
    labelled(folder, "reviews.csv", (0..rows).map(row))
}

fn weigh(data: &Path, more: &[&str]) -> Result<(String, String), String> {
    told("words", "bert-classify", data, more)
}

#[test]
fn the_command_line_lists_the_words_of_each_label() {
    let folder = tempfile::tempdir().unwrap();
    let data = reviews(folder.path(), 60);
    let (found, said) = weigh(&data, &["--json", "--least", "10", "--sort", "towards"]).unwrap();
    assert!(said.contains("No label of the data is called neutral"), "{said}");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["rows"], &found["of"], &found["method"]), (&60.into(), &60.into(), &"gradient-input".into()));
    let labels = found["labels"].as_array().unwrap();
    assert_eq!(labels.iter().map(|label| &label["label"]).collect::<Vec<_>>(), ["negative", "neutral", "positive"]);
    for label in labels {
        let words = label["words"].as_array().unwrap();
        let means: Vec<f64> = words.iter().map(|word| word["mean"].as_f64().unwrap()).collect();
        assert!(means.windows(2).all(|pair| pair[0] >= pair[1]), "{means:?}");
        assert!(words.iter().all(|word| word["rows"].as_u64().unwrap() >= 10));
        for word in words {
            let (mean, rows) = (word["mean"].as_f64().unwrap(), word["rows"].as_f64().unwrap());
            assert!((word["total"].as_f64().unwrap() - mean * rows).abs() < 1e-9);
            assert!(word["low"].as_f64().unwrap() <= mean && mean <= word["high"].as_f64().unwrap());
        }
    }
    let expected = |label: usize, word: &str| {
        let words = labels[label]["words"].as_array().unwrap();
        words.iter().find(|one| one["word"] == word).unwrap()["expected"].as_f64().unwrap()
    };
    assert!(expected(2, "great") > 3.0 && expected(2, "dull") < -3.0 && expected(0, "dull") > 3.0);
    assert!(expected(2, "soup").abs() < 1.0);

    let out = folder.path().join("words.csv");
    let named = out.display().to_string();
    weigh(&data, &["--out", &named, "--target", "positive", "--method", "occlusion", "--rows", "20"]).unwrap();
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.starts_with("label,word,rows,times,mean,low,high,total,expected,surprise\r\n"), "{written}");
    assert!(
        written.lines().skip(1).all(|line| line.starts_with("positive,")) && written.contains("positive,great,10,")
    );
    let (words, said) = weigh(&data, &["--rows", "20"]).unwrap();
    assert!(words.contains("towards positive") && said.contains("20 of 60 rows were looked at"), "{words} {said}");
}

#[test]
fn what_cannot_be_weighed_is_one_line_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let data = reviews(folder.path(), 12);
    let check = |more: &[&str], expected: &str| {
        let said = weigh(&data, more).unwrap_err();
        assert!(said.starts_with("attune: ") && said.contains(expected), "{said}");
    };
    check(&["--target", "joy"], "there is no \"joy\" to push to, expected negative, neutral, positive");
    check(&["--task", "mlm"], "mlm has no classes, labels, tags or numbers that words push to");
    check(&["--out", &data.display().to_string()], "is an input");
}

fn are_weighed(workspace: &Workspace) -> bool {
    workspace.worked::<WeighWords>().is_some() && workspace.jobs.is_empty()
}

#[test]
fn a_person_sees_the_words_that_push_and_goes_to_their_rows_and_to_why() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _) = explored(folder.path());
    window.press("Words");
    assert!(window.shows("No data to find words in"));
    open(&mut window, &reviews(folder.path(), 60));
    window.go(Screen::Explore);
    assert!(window.shows("Which words push the model?"));
    window.press("Weigh the words");
    window.until("the words are weighed", are_weighed);
    let found = window.workspace().worked::<WeighWords>().unwrap().1.clone().unwrap();
    assert!(window.shows("the logit of negative on average over its texts, by gradient × input, in 60 rows"));

    // Sorting reads off what was summed: nothing is worked on.
    window.harness.get_by_role_and_label(Role::ColumnHeader, "Sort by texts, with it").click();
    window.harness.run_steps(3);
    assert!(window.workspace().jobs.is_empty());
    let first = found.listed(0, attune::analysis::words::LEAST, Order::Rows)[0];
    assert_eq!(first.rows, 60);
    let row = "great, adds ";
    window.harness.query_all_by_label_contains(row).next().unwrap().click();
    window.harness.run_steps(3);
    assert!(window.shows("0 of the 30 texts with it are labelled negative") && window.shows("Adds most in"));

    window.press("Show 30 rows in Data");
    assert_eq!(window.workspace().screen, Screen::Data);
    window.harness.run_steps(4);
    assert!(window.shows("30 of 60 rows") && window.shows("Show all rows"));
    window.go(Screen::Explore);
    window.press("Why, where it adds most in");
    window.until("it is explained", |workspace| {
        workspace.explore.answer.as_ref().is_some_and(|reply| {
            reply.inquiry.get::<attune::inspect::why::Explain>().is_some_and(|asked| asked.asked.text.contains("great"))
        })
    });
    assert!(window.shows("Words by weight"));
}

#[test]
fn weighing_can_be_cancelled_and_other_data_are_said_to_be_others() {
    let folder = tempfile::tempdir().unwrap();
    let (mut window, _) = explored(folder.path());
    window.press("Words");
    open(&mut window, &reviews(folder.path(), 4000));
    window.go(Screen::Explore);
    window.press("Weigh the words");
    window.until("its progress is told", |workspace| workspace.jobs.iter().any(|job| job.progress.is_some()));
    window.press("Cancel");
    window.until("it has ended", |workspace| workspace.jobs.is_empty());
    assert!(window.workspace().worked::<WeighWords>().is_none() && window.shows("Weigh the words"));
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    open(&mut window, &reviews(&other, 20));
    window.go(Screen::Explore);
    window.press("Weigh the words");
    window.until("the words are weighed", are_weighed);
    let rule = window.workspace().data.rule.clone();
    let divided = attune::data::SplitRule { seed: rule.seed + 1, ..rule };
    window.harness.state_mut().act(Action::SetSplit(divided));
    window.until("the rows are divided otherwise", |workspace| workspace.jobs.is_empty());
    assert!(!window.shows("The data have changed"), "what is weighed is all rows, however they are divided");
    window.go(Screen::Data);
    window.press("Close the data");
    window.go(Screen::Explore);
    assert!(window.shows("The data are closed") && window.shows("no longer open"));
}
