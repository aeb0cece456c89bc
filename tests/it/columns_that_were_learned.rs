//! A run's model reads of any file the columns that it learned from, whoever asks it, and says which they are.

use std::path::Path;

use serde_json::{Value, json};

use crate::command_line::{done, model, objects, run, write};
use crate::served::{Served, message};

/// Rows with two columns of text, of which the longer is what would be guessed.
fn rows(count: usize) -> String {
    let row = |row: usize| {
        let (word, label) = if row.is_multiple_of(2) { ("wonderful", "good") } else { ("endless", "bad") };
        format!(
            "{row},the soup was {word} {row},the map of the old harbour lies on the table for all who ask {row},{label}\n"
        )
    };
    String::from("id,title,body,category\n") + &(0..count).map(row).collect::<String>()
}

/// A run with adapters and kept states that learned from the titles.
fn trained(dir: &Path) -> String {
    let data = write(&dir.join("train.csv"), &rows(24));
    let out = dir.join("run");
    let text = format!(
        "task = \"classify\"\n[model]\npath = {:?}\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n\
         columns = {{ text = \"title\" }}\n[strategy]\nkind = \"lora\"\nlora = {{ rank = 2 }}\n\
         [run]\nmax_steps = 2\nbatch = 6\nkeep_checkpoints = 2\nout = {out:?}\n",
        model("bert-classify"),
    );
    done(&["train", &write(&dir.join("run.toml"), &text)]);
    out.display().to_string()
}

/// Standard output and error of a command that must succeed.
fn said(arguments: &[&str]) -> (String, String) {
    let output = run(arguments);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    (String::from_utf8(output.stdout).unwrap(), errors)
}

#[test]
fn every_command_reads_what_the_model_learned_from_and_tells_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = trained(dir.path());
    let new = write(&dir.path().join("new.csv"), &rows(8));
    let titles = write(&dir.path().join("titles.csv"), &rows(8).replace("title", "text").replace("body", "note"));
    let alone = |model: &str| {
        objects(&done(&["predict", "--model", model, "--input", &titles, "--columns", "text=text", "--json"]))
    };
    for model in [run.clone(), format!("{run}/model"), format!("{run}/adapter"), format!("{run}@0")] {
        let (lines, told) = said(&["predict", "--model", &model, "--input", &new, "--json"]);
        assert_eq!(objects(&lines), alone(&model), "{model}");
        assert!(told.contains("asked about: text \"title\", as the model's run read them"), "{model}: {told}");
    }
    let out = dir.path().join("said.csv").display().to_string();
    let (_, told) = said(&["predict", "--model", &run, "--input", &new, "--out", &out]);
    assert!(told.contains("text \"title\", as the model's run read them"), "{told}");

    let read = "are read: text \"title\", label \"category\", as the model's run read them";
    let map = dir.path().join("map.csv").display().to_string();
    let asked: [&[&str]; 6] = [
        &["evaluate", "--model", &run, "--data", &new, "--json"],
        &["words", "--model", &run, "--data", &new, "--json"],
        &["heads", "--model", &run, "--data", &new, "--json"],
        &["probe", "--model", &run, "--data", &new, "--folds", "2", "--json"],
        &["map", "--model", &run, "--data", &new, "--out", &map],
        &["explain", "--model", &run, "--text", "the soup", "--method", "gradient-input", "--nearest", &new],
    ];
    for arguments in asked {
        let (_, told) = said(arguments);
        assert!(told.contains(read), "{arguments:?}: {told}");
    }
    let (_, told) = said(&["drift", "--before", &model("bert-classify"), "--after", &run, "--data", &new, "--json"]);
    assert!(told.contains("text \"title\", as the model's run read them"), "{told}");
    // What a person names goes before, and a model that is of no run is asked about what is guessed, which is told.
    let (_, told) = said(&["predict", "--model", &run, "--input", &new, "--columns", "text=body", "--json"]);
    assert!(told.contains("asked about: text \"body\"\n"), "{told}");
    let (_, told) = said(&["predict", "--model", &model("bert-classify"), "--input", &new, "--json"]);
    assert!(told.contains("asked about: text \"body\"\n"), "{told}");
}

#[test]
fn a_column_that_was_learned_from_and_is_missing_is_told_with_what_stands_in_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let run = trained(dir.path());
    let other = write(&dir.path().join("other.csv"), &rows(8).replace("title", "headline"));
    let missing = "learned from the column \"title\" as its text, which is not there; \"body\" is read in its place";
    for arguments in [
        &["predict", "--model", &run, "--input", &other, "--json"][..],
        &["evaluate", "--model", &run, "--data", &other],
        &["words", "--model", &run, "--data", &other],
    ] {
        let (_, told) = said(arguments);
        assert!(told.contains(missing), "{arguments:?}: {told}");
    }
    // Nothing else could be meant by the only column.
    let single = write(&dir.path().join("single.csv"), "headline\nthe soup was wonderful\nthe queue was endless\n");
    let (_, told) = said(&["predict", "--model", &run, "--input", &single, "--json"]);
    assert!(!told.contains("learned from the column"), "{told}");
}

#[test]
fn lines_of_json_are_asked_about_by_the_key_that_was_learned_from() {
    let dir = tempfile::tempdir().unwrap();
    let run = trained(dir.path());
    let line = |title: &str| json!({ "text": "the map of the harbour", "title": title }).to_string() + "\n";
    let input = write(&dir.path().join("in.jsonl"), &(line("the soup was wonderful") + &line("an endless queue")));
    let (lines, told) = said(&["predict", "--model", &run, "--input", &input, "--json"]);
    assert!(told.contains("asked about: text \"title\", as the model's run read them"), "{told}");
    let alone = done(&["predict", "--model", &run, "--text", "the soup was wonderful", "--json"]);
    assert_eq!(objects(&lines)[0], objects(&alone)[0]);
    // Where it is not there, the key of requests is.
    let plain = write(&dir.path().join("plain.jsonl"), "{\"text\": \"the soup was wonderful\"}\n");
    let lines = done(&["predict", "--model", &run, "--input", &plain, "--json"]);
    assert_eq!(objects(&lines), objects(&alone));
    let found: Value = objects(&lines).remove(0);
    assert!(found["result"].is_array());
}

#[test]
fn a_model_of_pairs_that_is_asked_about_one_text_says_so_and_so_does_the_other_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let trained = |name: &str, columns: &str| {
        let data = write(&dir.path().join("train.csv"), &rows(24));
        let out = dir.path().join(name);
        let text = format!(
            "task = \"classify\"\n[model]\npath = {:?}\n[data]\ntrain = {data:?}\neval_fraction = 0.25\n\
             columns = {{ text = \"title\"{columns} }}\n[run]\nmax_steps = 1\nbatch = 6\nout = {out:?}\n",
            model("bert-classify"),
        );
        done(&["train", &write(&dir.path().join("run.toml"), &text)]);
        out.display().to_string()
    };
    let (pairs, single) = (trained("pairs", ", pair = \"body\""), trained("single", ""));
    let alone = "learned from pairs of texts and is asked about one text alone";
    let both = "learned from single texts and is asked about a pair";
    let text = ["--text", "the soup", "--json"];
    let pair = ["--text", "the soup", "--pair", "the map", "--json"];
    let predict = |model: &str, more: &[&str]| said(&[&["predict", "--model", model], more].concat()).1;
    assert!(predict(&pairs, &text).contains(&format!("{alone}; --pair gives the second")));
    assert!(predict(&single, &pair).contains(both));
    assert!(!predict(&pairs, &pair).contains("warning") && !predict(&single, &text).contains("warning"));
    let lines = "{\"text\": \"the soup\", \"pair\": \"the map\"}\n{\"text\": \"the soup\"}\n{\"text\": \"a map\"}\n";
    let input = write(&dir.path().join("in.jsonl"), lines);
    let told = predict(&pairs, &["--input", &input, "--json"]);
    assert_eq!(told.matches(alone).count(), 1, "{told}");
    assert!(told.contains("line 2") && told.contains("1 more row asks a model of pairs about a single text"), "{told}");
    let out = dir.path().join("said.csv").display().to_string();
    assert!(
        predict(&single, &["--input", &input, "--out", &out])
            .contains("1 row asks a model of single texts about a pair")
    );
    // Over HTTP it stands beside the answer.
    let served = Served::start(&format!("{pairs}/model"), &[]);
    let ask = |body: &str| served.raw(message("POST", "/predict", Some(body)).as_bytes());
    assert!(ask("{\"text\": \"the soup\"}").contains(&format!("Attune-Warning: the model {alone}\r\n")));
    assert!(!ask("{\"text\": \"the soup\", \"pair\": \"the map\"}").contains("Attune-Warning"));
    assert!(served.raw(message("GET", "/health", None).as_bytes()).contains("\"reads_pairs\":true"));
    let refused = run(&["predict", "--model", &model("bert-nsp"), "--text", "the soup", "--json"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("takes two texts, expected a second one"));
}
