//! What fine-tuning changed: two models and two runs beside each other, on the command line and in the window.

use std::path::Path;

use attune::ui::Screen;
use attune::worker::works::compare::CompareRuns;
use attune::worker::works::drift::{Before, LookAtBoth, MeasureDrift};
use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;
use serde_json::{Value, json};

use crate::command_line::{done, failed, model, run_file, write};
use crate::journey::Window;
use crate::models_match_the_reference::golden;

fn objects(words: &str) -> Value {
    serde_json::from_str(words).unwrap()
}

/// The texts that were recorded, as rows of a file, with a row that has none.
fn texts(path: &Path) -> (String, Value) {
    let recorded: Value = serde_json::from_slice(&std::fs::read(golden().join("drift.json")).unwrap()).unwrap();
    let line = |text: &Value| json!({ "text": text[0], "pair": text[1] }).to_string() + "\n";
    let lines: String = recorded["texts"].as_array().unwrap().iter().map(line).collect();
    (write(path, &(lines + "{\"text\": \" \"}\n")), recorded)
}

fn near(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-5,
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

#[test]
fn two_models_are_compared_as_recorded_and_in_the_shape_of_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let (data, recorded) = texts(&dir.path().join("texts.jsonl"));
    for pair in recorded["pairs"].as_array().unwrap() {
        let [before, after] = ["before", "after"].map(|side| model(pair[side].as_str().unwrap()));
        let ask = |more: &[&str]| {
            let mut arguments =
                vec!["drift", "--before", &before, "--after", &after, "--data", &data, "--task", "classify"];
            arguments.extend(more);
            done(&arguments)
        };
        let found = objects(&ask(&["--json"]));
        assert_eq!((&found["texts"], &found["tokens"]), (&json!(6), &pair["tokens"]));
        for (layer, expected) in pair["cka"]["tokens"].as_array().unwrap().iter().enumerate() {
            assert_eq!(found["layers"][layer]["layer"], layer);
            assert!(near(&found["layers"][layer]["cka"], expected), "{before}, layer {layer}: {found}");
        }
        let heads = pair["heads"].as_array().unwrap();
        assert_eq!(found["heads"].as_array().unwrap().len(), heads.len());
        for (layer, heads) in heads.iter().enumerate() {
            for (head, expected) in heads.as_array().unwrap().iter().enumerate() {
                assert!(near(&found["heads"][layer][head], expected), "{before}, layer {layer} head {head}");
                let shown_by = pair["shown_by"][layer][head].as_u64().unwrap();
                assert_eq!(found["shown_by"][layer][head], format!("line {}", shown_by + 1));
            }
        }
        for weight in found["weights"].as_array().unwrap() {
            let Some(expected) = pair["weights"].get(weight["stored_name"].as_str().unwrap()) else { continue };
            assert!(near(&weight["relative_change"], expected), "{weight}");
        }
        let first = objects(&ask(&["--states", "first", "--json"]));
        assert!(first["layers"][0]["cka"].is_null(), "the first token's embedding is the same in all texts");
        assert!(near(&first["layers"][1]["cka"], &pair["cka"]["first"][1]));
    }
    let (before, after) = (model("bert-classify"), model("bert-nsp"));
    let ask = |more: &[&str]| {
        let mut arguments = vec!["drift", "--before", &before, "--after", &after, "--data", &data];
        arguments.extend(more);
        done(&arguments)
    };
    let table = ask(&["--task", "classify"]);
    assert!(table.contains("embeddings") && table.contains("Of the heads layers."), "{table}");
    // A layer of states has the number in the table that it has in JSON, and one of weights its name.
    let json = objects(&ask(&["--task", "classify", "--json"]));
    for layer in json["layers"].as_array().unwrap() {
        let line = format!("{:.4}", layer["cka"].as_f64().unwrap());
        let number = layer["layer"].to_string();
        let is_it = |row: &str| row.trim_end_matches(", the embeddings") == number;
        let told = table.lines().filter_map(|told| told.strip_suffix(&line)).any(|row| is_it(row.trim()));
        assert!(told, "layer {number} with {line} in {table}");
    }
    assert!(table.contains("layers.0 ") && !table.contains("\nlayer 0"), "{table}");
    let some = |seed| objects(&ask(&["--task", "classify", "--rows", "2", "--seed", seed, "--json"]));
    assert_eq!((&some("1")["texts"], some("1")), (&json!(2), some("1")), "the same rows for the same seed");
    let short = objects(&ask(&["--task", "classify", "--max-tokens", "6", "--json"]));
    assert!(short["notes"].to_string().contains("texts were cut to 6 tokens"), "{}", short["notes"]);
}

#[test]
fn models_that_cannot_be_compared_say_what_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let (data, _) = texts(&dir.path().join("texts.jsonl"));
    let (before, after) = (model("bert-classify"), model("roberta-classify"));
    let found = objects(&done(&["drift", "--before", &before, "--after", &after, "--data", &data, "--json"]));
    assert_eq!((&found["states"], &found["heads"]), (&json!("mean"), &Value::Null));
    assert!(found["notes"][0].as_str().unwrap().contains("different tokens"), "{found}");
    let words = failed(&["drift", "--before", &before, "--after", "/nowhere", "--data", &data], 1);
    assert!(words.contains("/nowhere"), "{words}");
    let empty = write(&dir.path().join("empty.jsonl"), "{\"text\": \"\"}\n");
    let words = failed(&["drift", "--before", &before, "--after", &after, "--data", &empty], 1);
    assert!(words.contains("has no text to compare the models over"), "{words}");
    failed(&["drift", "--before", &before, "--data", &data], 2);
}

#[test]
fn runs_are_folders_of_models_and_are_set_side_by_side_with_intervals() {
    let dir = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    for (name, rate) in [("one", "1e-3"), ("two", "1e-2")] {
        let folder = dir.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let (file, out) = run_file(&folder, "");
        let text = std::fs::read_to_string(&file).unwrap().replace("lr = 1e-3", &format!("lr = {rate}"));
        // Both learn from the same file.
        let data = dir.path().join("one/train.csv");
        let own = folder.join("train.csv");
        let text =
            text.replace(&format!("{:?}", own.display().to_string()), &format!("{:?}", data.display().to_string()));
        write(&folder.join("run.toml"), &text);
        done(&["train", &file]);
        runs.push(out.to_string_lossy().into_owned());
    }
    let data = dir.path().join("one/train.csv").display().to_string();
    let base = model("bert-classify");
    let found = objects(&done(&["drift", "--before", &base, "--after", &runs[1], "--data", &data, "--json"]));
    assert!(found["weights"].as_array().unwrap().iter().any(|weight| weight["relative_change"].as_f64() > Some(0.0)));

    let found = objects(&done(&["compare", &runs[0], &runs[1], "--json"]));
    let [one, two] = [&found["runs"][0], &found["runs"][1]];
    for run in [one, two] {
        let accuracy = &run["metrics"]["accuracy"];
        let [low, value, high] = ["low", "value", "high"].map(|key| accuracy[key].as_f64().unwrap());
        assert!(low <= value && value <= high && high <= 1.0, "{accuracy}");
        assert!(run["seconds"].as_f64().is_some() && run["parameters"].as_u64() >= run["trainable"].as_u64());
        assert_eq!((&run["rows"], &run["resamples"]), (&json!(6), &json!(1000)));
    }
    assert_eq!(found["differs"]["optim.lr"], json!([1e-3, 1e-2]));
    assert!(found["differs"].get("data.train").is_none(), "{found}");
    assert!(found["disagreements"].as_u64().unwrap() <= 6 && found["mcnemar_p"].as_f64().is_some());
    let table = done(&["compare", &runs[0], &runs[1]]);
    assert!(table.contains("95 % intervals by bootstrap, 1,000 draws of the evaluated rows of each run"), "{table}");
    let rows = table.lines().find(|line| line.starts_with("evaluated rows")).unwrap();
    assert_eq!(rows.split_whitespace().skip(2).collect::<Vec<_>>(), ["6", "6"]);

    let found = objects(&done(&["compare", &runs[0], &runs[1], &runs[0], "--json"]));
    assert_eq!((&found["disagreements"], found["pairs"].as_array().unwrap().len()), (&Value::Null, 3));
    assert_eq!(found["pairs"][1]["disagreements"], 0);
    let words = failed(&["compare", &runs[0], "/nowhere"], 1);
    assert!(words.contains("\"/nowhere\" cannot be read as a run"), "{words}");
    failed(&["compare", &runs[0]], 2);
}

/// A window with one finished run, whose model is looked at for what training changed.
fn window_of_a_run(folder: &Path) -> Window {
    let runs = folder.join("runs");
    std::fs::create_dir_all(&runs).unwrap();
    let (file, out) = run_file(folder, "");
    let own = runs.join("reviews-1");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace(&format!("{:?}", out.display().to_string()), &format!("{:?}", own.display().to_string()));
    write(&folder.join("run.toml"), &text);
    done(&["train", &file]);
    let mut window = Window::open(folder);
    window.go(Screen::Explore);
    window.press("reviews-1");
    window.until("the model is open", |workspace| workspace.explore.subject.is_some());
    window.press("Drift");
    window
}

#[test]
fn what_a_run_changed_is_seen_at_a_glance_and_a_head_before_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_of_a_run(folder.path());
    assert!(window.shows("texts of the run's own data") && window.shows("What did fine-tuning change?"));
    window.press("Compare the two models");
    window.until("both are compared", |workspace| workspace.worked::<MeasureDrift>().is_some());
    let measured = window.workspace().worked::<MeasureDrift>().unwrap().1.as_ref().unwrap().clone();
    assert_eq!(measured.before, golden().join("bert-classify"));
    for words in ["States of the embeddings: CKA ", "Layer 3, head 4: ", "Layer 1, query: moved by ", "Of the weights "]
    {
        assert!(window.shows(words), "{words}");
    }
    // The head that looks elsewhere most is open, on the text that shows it most.
    window.until("the text is read", |workspace| workspace.worked::<LookAtBoth>().is_some());
    assert!(window.shows("Before: [CLS] → [CLS]: ") && window.shows("After: [CLS] → [CLS]: "));
    assert!(window.shows("in this one, which shows it most"));
    // Another, by the keyboard alone.
    let heads = measured.drift.heads.as_ref().unwrap();
    let name = format!("Layer 2, head 1: {:.4} bits apart", heads.of(1, 0).unwrap().mean());
    window.harness.get_by_role_and_label(Role::GridCell, &name).focus();
    window.harness.run_steps(3);
    window.until("the other head is read", |workspace| {
        workspace.worked::<LookAtBoth>().is_some_and(|(work, _)| work.layer == 1)
    });
    assert!(window.shows("Layer 2, head 1"));
    window.harness.key_press(Key::Tab);
    window.harness.run_steps(3);
    assert!(window.shows("Layer 2, head 2"));
    // For a layer and a weight the numbers.
    let query = measured.drift.moved(2, "attention.query").unwrap();
    let name =
        format!("Layer 3, query: moved by {} of its norm", attune::analysis::drift::percent(query.change.unwrap()));
    window.press(&name);
    assert!(window.shows("The query matrix of every layer") && window.shows(&query.stored_name));
    let cka = measured.drift.layers[3].unwrap();
    window.press(&format!("States of layer 3: CKA {cka:.4}"));
    assert!(window.shows("How far the states of each layer") && window.shows("attention.query.weight"));
    for label in ["How it is computed: What changed between two models", "Save…"] {
        assert!(window.harness.query_by_label(label).is_some(), "{label}");
    }
}

#[test]
fn models_that_cannot_be_opened_say_so_where_they_were_asked_and_a_comparison_can_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_of_a_run(folder.path());
    std::fs::remove_file(folder.path().join("runs/reviews-1/model/model.safetensors")).unwrap();
    window.press("Compare the two models");
    window.until("it is told", |workspace| workspace.worked::<MeasureDrift>().is_some());
    assert!(window.shows("The two models cannot be compared") && window.shows("model.safetensors"));
    window.press("Compare the two models");
    if window.harness.query_by_label("Cancel").is_some() {
        window.press("Cancel");
    }
    window.until("nothing is under way", |workspace| workspace.jobs.is_empty());
    assert!(window.harness.query_by_label("Compare the two models").is_some());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn two_runs_are_compared_with_their_intervals_and_one_press_further_with_what_lies_between_their_models() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = window_of_a_run(folder.path());
    copy(&folder.path().join("runs/reviews-1"), &folder.path().join("runs/reviews-2"));
    window.go(Screen::Runs);
    window.press("Look for runs again");
    window.until("both are found", |workspace| workspace.runs.len() == 2 && workspace.jobs.is_empty());
    for label in ["Compare reviews-1", "Compare reviews-2", "Compare 2 runs"] {
        window.press(label);
    }
    window.until("the runs are read", |workspace| workspace.worked::<CompareRuns>().is_some());
    for words in [
        "95 % interval of reviews-1: ",
        "Macro F1 of reviews-2: ",
        "Against the best of reviews-1: Equal",
        "Against the best of reviews-2: Equal",
        "Intervals hold 95 of 100 values",
    ] {
        assert!(window.shows(words), "{words}");
    }
    window.press("Drift");
    window.until("the model is open", |workspace| {
        workspace.explore.subject.as_ref().is_some_and(|subject| subject.dir.ends_with("reviews-2/model"))
    });
    assert_eq!(window.workspace().screen, Screen::Explore);
    window.press("Compare the two models");
    window.until("both are compared", |workspace| {
        workspace.worked::<MeasureDrift>().is_some_and(|(work, _)| work.after.ends_with("reviews-2/model"))
    });
    let (work, _) = window.workspace().worked::<MeasureDrift>().unwrap();
    assert_eq!(work.before, Before::Folder(folder.path().join("runs/reviews-1/model")));
    assert!(
        window.shows("No weight that both models have has changed") && window.shows("Every head looks where it looked")
    );
}
