//! `attune predict --out` writes a file with a row for each that was read, whole or not at all.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use attune::batch::{self, Outcome, Plan, Progress};
use attune::inspect::{OpenModel, Options};
use serde_json::{Value, json};

use crate::command_line::{done, failed, model, objects, run, write};

/// The records of a CSV file, the first being its head.
fn records(path: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_sheet_keeps_the_columns_and_has_a_row_for_each_that_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(
        &dir.path().join("in.csv"),
        "id,text,note\n1,the jury believed her,=1+1\n2,torn\n3,,-4\n4,\"the map,\nin two lines\",\"@x, \"\"y\"\"\"\n",
    );
    let out = dir.path().join("out.csv").display().to_string();
    let asked = ["predict", "--model", &model("bert-classify"), "--input", &input];
    let output = run(&[&asked[..], &["--out", &out]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && output.stdout.is_empty(), "{said}");
    for expected in ["4 rows written", "2 rows could not be answered", "2 cells begin like a formula"] {
        assert!(said.contains(expected), "{said}");
    }
    let rows = records(&out);
    assert_eq!(rows[0], ["id", "text", "note", "prediction", "score", "error"]);
    let alone =
        objects(&done(&["predict", "--model", &model("bert-classify"), "--text", "the jury believed her", "--json"]));
    let best = &alone[0]["result"][0];
    assert_eq!(rows[1][..4], ["1", "the jury believed her", "'=1+1", best["label"].as_str().unwrap()]);
    assert!((rows[1][4].parse::<f64>().unwrap() - best["score"].as_f64().unwrap()).abs() < 1e-9);
    assert!(rows[2][5].starts_with("line 3 has 2 columns, expected 3"), "{:?}", rows[2]);
    assert_eq!(rows[3][..3], ["3", "", "-4"]);
    assert_eq!(rows[3][5], "line 4 has no text in its column \"text\"");
    assert_eq!((rows[4][1].as_str(), rows[4][2].as_str()), ("the map,\nin two lines", "'@x, \"y\""));
    // Lines match the rows of the file as well, on standard output and in a file.
    let lines = dir.path().join("out.jsonl").display().to_string();
    done(&[&asked[..], &["--out", &lines]].concat());
    let written = fs::read_to_string(&lines).unwrap();
    assert_eq!(written, done(&[&asked[..], &["--json"]].concat()));
    let found = objects(&written);
    assert_eq!(found.iter().map(|one| one.get("error").is_some()).collect::<Vec<_>>(), [false, true, true, false]);
    assert_eq!(found[0], alone[0]);
}

#[test]
fn lines_that_cannot_be_read_have_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(
        &dir.path().join("in.jsonl"),
        "{\"text\": \"the jury\"}\n{\"text\": 3}\nnothing\n{\"text\": \"the map\", \"n\": 1}\n",
    );
    let out = dir.path().join("out.jsonl").display().to_string();
    let asked = ["predict", "--model", &model("bert-classify"), "--input", &input, "--out"];
    done(&[&asked[..], &[&out]].concat());
    let found = objects(&fs::read_to_string(&out).unwrap());
    assert_eq!(found.len(), 4);
    assert_eq!(found[1]["error"], "line 2 has a \"text\" that is not a text");
    assert!(found[2]["error"].as_str().unwrap().starts_with("line 3 is not a JSON object"), "{}", found[2]);
    let out = dir.path().join("out.csv").display().to_string();
    done(&[&asked[..], &[&out]].concat());
    let rows = records(&out);
    assert_eq!((rows.len(), rows[0].join(" ").as_str()), (5, "text n prediction score error"));
    assert_eq!(rows[4][..2], ["the map", "1"]);
}

#[test]
fn entities_are_written_as_tagged_words() {
    let dir = tempfile::tempdir().unwrap();
    let conll = "Ines\tB-PER\nlives\tO\n\nthe\tO\njury\tO\nsaw\tO\n\n";
    let input = write(&dir.path().join("in.conll"), conll);
    let out = dir.path().join("out.conll").display().to_string();
    let asked = ["predict", "--model", &model("bert-ner"), "--input", &input, "--out"];
    done(&[&asked[..], &[&out]].concat());
    let written = fs::read_to_string(&out).unwrap();
    let words: Vec<&str> = written.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(words, ["Ines", "lives", "", "the", "jury", "saw", ""]);
    let table = attune::table::Table::open(Path::new(&out)).unwrap();
    assert_eq!((table.rows(), table.cell(0, 0)), (2, r#"["Ines","lives"]"#));
    let sheet = dir.path().join("out.csv").display().to_string();
    done(&[&asked[..], &[&sheet]].concat());
    let rows = records(&sheet);
    assert_eq!(rows[0], ["tokens", "tags", "prediction", "error"]);
    assert!(serde_json::from_str::<Vec<Value>>(&rows[1][2]).is_ok(), "{:?}", rows[1]);
}

#[test]
fn answers_are_written_by_the_ids_of_their_questions() {
    let dir = tempfile::tempdir().unwrap();
    let asked = |id: &str, question: &str| json!({ "id": id, "question": question, "answers": [] });
    let paragraph =
        json!({ "context": "The ferry leaves at seven.", "qas": [asked("b", "When?"), asked("a", "What?")] });
    let squad = json!({ "data": [{ "title": "t", "paragraphs": [paragraph] }] });
    let input = write(&dir.path().join("dev.json"), &squad.to_string());
    let out = dir.path().join("answers.json").display().to_string();
    let command = ["predict", "--model", &model("bert-qa"), "--input", &input];
    done(&[&command[..], &["--out", &out]].concat());
    let answers: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    let printed = objects(&done(&[&command[..], &["--json"]].concat()));
    let best = |place: usize| printed[place]["result"][0]["answer"].clone();
    assert_eq!(answers, json!({ "b": best(0), "a": best(1) }));
    let twice =
        json!({ "data": [{ "paragraphs": [{ "context": "c d", "qas": [asked("a", "x?"), asked("a", "y?")] }] }] });
    let input = write(&dir.path().join("twice.json"), &twice.to_string());
    let out = dir.path().join("other.json").display().to_string();
    let error = failed(&["predict", "--model", &model("bert-qa"), "--input", &input, "--out", &out], 1);
    assert!(error.contains("has the id \"a\", which an earlier row has too"), "{error}");
    assert!(!Path::new(&out).exists(), "it is there whole or not at all");
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let dir = tempfile::tempdir().unwrap();
    let input = write(&dir.path().join("in.csv"), "text\nthe jury\nthe map\n");
    let check = |folder: &str, out: &str, expected: &str| {
        let path = dir.path().join(out).display().to_string();
        let error = failed(&["predict", "--model", &model(folder), "--input", &input, "--out", &path], 1);
        assert!(error.contains(expected), "{error}");
    };
    check("bert-classify", "out.xlsx", "expected .csv, .jsonl, .conll or .json");
    check("bert-classify", "out.conll", "which classify does not give");
    check("bert-classify", "out.json", "which classify does not give");
    check("bert-classify", "in.csv", "is an input, expected another file");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn nothing_that_is_read_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let rows = "text,label\nthe jury,a\nthe map,b\n";
    for name in ["in-1.csv", "in-2.csv"] {
        write(&dir.path().join(name), rows);
    }
    let toml = format!(
        "task = \"classify\"\n[model]\npath = {:?}\n[data]\ntrain = {:?}\n[run]\nout = {:?}\n",
        model("bert-base"),
        at("in-*.csv"),
        at("runs/a")
    );
    let config = write(&dir.path().join("run.toml"), &toml);
    let check = |arguments: &[&str]| {
        let error = failed(arguments, 1);
        assert!(error.contains("is an input, expected another file to write to"), "{arguments:?}: {error}");
    };
    let classify = model("bert-classify");
    let weights = dir.path().join("weights");
    fs::create_dir(&weights).unwrap();
    for entry in fs::read_dir(&classify).unwrap().flatten() {
        fs::copy(entry.path(), weights.join(entry.file_name())).unwrap();
    }
    check(&["map", "--model", &classify, "--data", &at("in-1.csv"), "--out", &at("in-1.csv")]);
    check(&["predict", "--model", &classify, "--input", &at("in-*.csv"), "--out", &at("in-2.csv")]);
    check(&["attention", "--model", &at("weights"), "--text", "a", "--out", &at("weights/model.safetensors")]);
    for events in ["in-2.csv", "run.toml"] {
        check(&["train", &config, "--events", &at(events)]);
    }
    assert_eq!(fs::read_to_string(at("run.toml")).unwrap(), toml);
    assert!(["in-1.csv", "in-2.csv"].iter().all(|name| fs::read_to_string(at(name)).unwrap() == rows));
}

#[test]
fn elements_of_one_line_are_answered_in_their_places() {
    let dir = tempfile::tempdir().unwrap();
    let errors = |folder: &str, name: &str, content: &str| -> Vec<bool> {
        let input = write(&dir.path().join(name), content);
        let out = dir.path().join("out.csv").display().to_string();
        done(&["predict", "--model", &model(folder), "--input", &input, "--out", &out]);
        records(&out)[1..].iter().map(|record| !record.last().unwrap().is_empty()).collect()
    };
    let array = r#"[{"text":"the jury"},{"text" 5},{"text":"the map"},7,{"text":"the sea"},{"text":""}]"#;
    assert_eq!(errors("bert-classify", "a.json", array), [false, true, false, true, false, true]);
    let squad = r#"{"data":[{"paragraphs":[{"context":"it leaves at seven","qas":[{"id":"1","question":"When?","answers":[]},{"id":"2","question":" "},{"id":"3","question":"What?","answers":[]}]}]},{"paragraphs":5},{"paragraphs":[{"context":"a b","qas":[{"id":"4","question":"Who?","answers":[]}]}]}]}"#;
    assert_eq!(errors("bert-qa", "squad.json", squad), [false, true, false, true, false]);
    let spans = r#"[{"text":"Ines lives","spans":[{"start":0,"end":4,"label":"PER"}]},{"text":"a b","spans":[{"start":5,"end":90,"label":"PER"}]},{"text" 5},{"text":"the map","spans":[{"start":0,"end":3,"label":"PER"}]}]"#;
    assert_eq!(errors("bert-ner", "spans.json", spans), [false, true, true, false]);
}

#[test]
fn a_line_is_answered_alike_in_every_kind_of_file() {
    let dir = tempfile::tempdir().unwrap();
    let told = |input: &str| {
        let (sheet, lines) = (dir.path().join("o.csv").display().to_string(), dir.path().join("o.jsonl"));
        let asked = ["predict", "--model", &model("bert-classify"), "--input", input, "--out"];
        done(&[&asked[..], &[&sheet]].concat());
        done(&[&asked[..], &[&lines.display().to_string()]].concat());
        let score =
            |line: &Value| line["result"][0]["score"].as_f64().map(|score| score.to_string()).unwrap_or_default();
        let by_line: Vec<[String; 2]> = objects(&fs::read_to_string(&lines).unwrap())
            .iter()
            .map(|line| [score(line), line["error"].as_str().unwrap_or_default().to_owned()])
            .collect();
        let rows = records(&sheet);
        let cells = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
        let (score, error) = (cells("score"), cells("error"));
        let by_row: Vec<[String; 2]> = rows[1..].iter().map(|row| [row[score].clone(), row[error].clone()]).collect();
        assert_eq!(by_line, by_row);
        by_row
    };
    let texts = r#"{"text":"the jury"} {"text":"the jury","pair":""} {"text":"the jury","pair":null} {"text":""} {"text":5} {"text":["a","b"]} {"text":"a","pair":5} {"no":1} {"text":"a","pair":"b"}"#;
    let found = told(&write(&dir.path().join("in.jsonl"), &texts.replace("} {", "}\n{")));
    assert!(found[0] == found[1] && found[0] == found[2] && found[8][1].is_empty(), "{found:?}");
    assert!(found[3..8].iter().all(|[score, error]| score.is_empty() && !error.is_empty()), "{found:?}");
    // Other names of columns, lists and other encodings make a table of lines.
    let found =
        told(&write(&dir.path().join("named.jsonl"), "{\"sentence\":\"the jury\"}\n{\"sentence\":\"a map\"}\n"));
    assert!(found.iter().all(|[score, _]| !score.is_empty()), "{found:?}");
    let latin = dir.path().join("latin.jsonl");
    fs::write(&latin, b"{\"text\":\"caf\xe9 and the jury\"}\n{\"text\":\"na\xefve\"}\n").unwrap();
    assert!(told(&latin.display().to_string()).iter().all(|[score, _]| !score.is_empty()));
}

#[test]
fn rows_of_several_files_say_of_which_and_how_they_were_read() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a.csv"), "text,label\nthe jury,x\n");
    write(&dir.path().join("b.csv"), "text,label\nthe map,x\ntorn\n");
    let out = dir.path().join("out.csv").display().to_string();
    let input = dir.path().join("[ab].csv").display().to_string();
    let output = run(&["predict", "--model", &model("bert-classify"), "--input", &input, "--out", &out]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("2 files are read as one") && said.contains("1 row could not be answered"), "{said}");
    let rows = records(&out);
    assert_eq!(rows[0], ["text", "label", "file", "prediction", "score", "error"]);
    assert_eq!(rows[1..].iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["a.csv", "b.csv", "b.csv"]);
}

#[test]
fn the_first_of_numbered_lines_stands_for_all_and_a_folder_for_its_tables() {
    let dir = tempfile::tempdir().unwrap();
    let first = write(&dir.path().join("x-00000-of-00002.jsonl"), "{\"text\": \"the jury\"}\n{\"text\": \"a map\"}\n");
    let second = dir.path().join("x-00001-of-00002.jsonl");
    write(&second, "{\"text\": \"the sea\"}\n");
    let ask = |input: &str| run(&["predict", "--model", &model("bert-classify"), "--input", input, "--json"]);
    let said = |output: &std::process::Output| objects(&String::from_utf8(output.stdout.clone()).unwrap());
    let both = said(&ask(&first));
    assert_eq!((both.len(), &both[2..]), (3, &said(&ask(&second.display().to_string()))[..]));
    // What cannot be read in another part names it; a part that is missing is told.
    write(&second, "{\"text\": \"the sea\"}\nnothing\n");
    let output = ask(&first);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), &said(&output)[..3]), (Some(0), &both[..]), "{told}");
    assert!(told.contains("line 2 of") && told.contains("x-00001-of-00002.jsonl"), "{told}");
    fs::remove_file(&second).unwrap();
    let told = String::from_utf8(ask(&first).stderr).unwrap();
    assert!(told.contains("only this part was read: x-00001-of-00002 is not beside it"), "{told}");

    let folder = dir.path().join("tables");
    fs::create_dir(&folder).unwrap();
    write(&folder.join("metadata.json"), "{\"rows\": 2}");
    write(&folder.join("a.csv"), "text\nthe jury\n");
    write(&folder.join("b.csv"), "text\na map\n");
    let output = ask(&folder.display().to_string());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said(&output), both[..2], "{told}");
    assert!(told.contains("not read: \"metadata.json\""), "{told}");
}

#[test]
fn words_that_would_tear_their_row_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [json!(["Ines", "lives"]), json!(["New York", "x"]), json!(["a", ""]), json!(["a\tb", "c"])];
    let lines: String = rows.iter().map(|words| format!("{}\n", json!({ "tokens": words }))).collect();
    let input = write(&dir.path().join("in.jsonl"), &lines);
    let out = dir.path().join("out.conll").display().to_string();
    done(&["predict", "--model", &model("bert-ner"), "--input", &input, "--out", &out]);
    let written = fs::read_to_string(&out).unwrap();
    assert_eq!(written.matches("# error: ").count(), 3, "{written}");
    assert_eq!(written.lines().filter(|line| line.contains('\t')).count(), 2, "{written}");
}

/// What a model says to a file, stopped once so many rows are done.
fn interrupted(folder: &str, input: &str, out: &Path, stop_at: usize) -> (Plan, Outcome) {
    let model = OpenModel::open(Path::new(&model(folder)), None).unwrap();
    let plan = Plan {
        model: model.dir.clone(),
        task: model.task,
        input: Some(input.into()),
        chosen: None,
        options: Options::default(),
        precision: attune::model::Precision::F32,
        probabilities: false,
        out: out.to_owned(),
        resumes: false,
    };
    let watch = &mut |progress: Progress| {
        if progress.done >= stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let outcome = batch::write(&model, &plan, watch).unwrap().unwrap();
    (plan, outcome)
}

/// Rows that fill several batches.
fn many(folder: &Path) -> [(&'static str, String, &'static str); 4] {
    let rows = (0..60).map(|row| format!("{row},\"the jury believed her, and the map was {row} years old\"\n"));
    let csv = write(&folder.join("in.csv"), &(String::from("id,text\n") + &rows.collect::<String>()));
    let lines = (0..60).map(|row| {
        format!("{}\n", json!({ "text": format!("the jury believed her, and the map was {row} years old") }))
    });
    let lines = write(&folder.join("in.jsonl"), &lines.collect::<String>());
    let words = (0..60).map(|row| {
        format!("Ines\tO\nbelieved\tO\nthe\tO\njury\tO\nand\tO\nmap\tO\n{row}\tO\nwas\tO\nyears\tO\nold\tO\n\n")
    });
    let words = write(&folder.join("in.conll"), &words.collect::<String>());
    let asked = |id: usize| json!({ "id": format!("q{id}"), "question": "When does it leave?", "answers": [] });
    let context = "The ferry leaves at seven, and comes back when the sea is calm enough for it.";
    let paragraph = json!({ "context": context, "qas": (0..40).map(asked).collect::<Vec<_>>() });
    let squad = json!({ "data": [{ "title": "t", "paragraphs": [paragraph] }] });
    let squad = write(&folder.join("dev.json"), &squad.to_string());
    [
        ("bert-classify", csv, "csv"),
        ("bert-classify", lines, "jsonl"),
        ("bert-ner", words, "conll"),
        ("bert-qa", squad, "json"),
    ]
}

#[test]
fn what_was_interrupted_goes_on_to_the_very_bytes_that_it_would_have_had() {
    let dir = tempfile::tempdir().unwrap();
    for (folder, input, ending) in many(dir.path()) {
        let (whole, out) = (dir.path().join(format!("whole.{ending}")), dir.path().join(format!("out.{ending}")));
        let asked = ["predict", "--model", &model(folder), "--input", &input, "--out"].map(str::to_owned);
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        done(&[&asked[..], &[whole.to_str().unwrap()]].concat());
        let (_, stopped) = interrupted(folder, &input, &out, 5);
        let Outcome::Stopped { rows, total, kept: Some(part) } = stopped else { panic!("{stopped:?}") };
        assert!(rows >= 5 && rows < total.unwrap() && part.is_file() && !out.exists(), "{rows} of {total:?}");
        let out = out.to_str().unwrap();
        let refused = failed(&[&asked[..], &[out]].concat(), 1);
        assert!(refused.contains(&format!("{rows} rows of")) && refused.contains("--resume"), "{refused}");
        // Half a row that a crash left behind what was noted.
        fs::write(&part, [fs::read(&part).unwrap(), b"torn".to_vec()].concat()).unwrap();
        let output = run(&[&asked[..], &[out, "--resume"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.contains(&format!("{rows} of them before")), "{said}");
        assert_eq!(fs::read(out).unwrap(), fs::read(&whole).unwrap(), "{ending}");
        assert!(!part.exists());
    }
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("attune-part")), "{left:?}");
}

#[test]
fn nothing_else_is_written_behind_what_was_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let [(folder, input, _), ..] = many(dir.path());
    let out = dir.path().join("out.csv");
    interrupted(folder, &input, &out, 5);
    let named = model(folder);
    let asked = ["predict", "--model", &named, "--input", &input, "--out", out.to_str().unwrap(), "--resume"];
    let refused = |more: &[&str], words: &str| {
        let error = failed(&[&asked[..], more].concat(), 1);
        assert!(error.contains(words), "{error}");
    };
    refused(&["--max-tokens", "8"], "was predicted with other settings");
    refused(&["--probabilities"], "was predicted with other settings");
    refused(&["--columns", "text=id"], "was predicted with other settings");
    let text = fs::read_to_string(&input).unwrap();
    fs::write(&input, text.replace("60", "61") + "60,one more\n").unwrap();
    refused(&[], "was predicted with other rows");
    let part = dir.path().join("out.csv.attune-part");
    fs::remove_file(&part).unwrap();
    done(&asked);
    assert_eq!(records(out.to_str().unwrap()).len(), 62, "without its part there is nothing to go on with");
}

#[test]
fn the_columns_that_are_asked_and_those_that_are_added_are_as_one_says() {
    let dir = tempfile::tempdir().unwrap();
    let rows = "title,prediction,body\nthe sea,mine,the jury believed her\nthe map,yours,the staff were rude\n";
    let input = write(&dir.path().join("in.csv"), rows);
    let out = dir.path().join("out.csv").display().to_string();
    let named = model("bert-classify");
    let asked = ["predict", "--model", &named, "--input", &input, "--out", &out, "--probabilities"];
    let output = run(&[&asked[..], &["--columns", "text=title"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("\"prediction\" of its own") && said.contains("\"prediction (2)\""), "{said}");
    let found = records(&out);
    assert_eq!(found[0][..5], ["title", "prediction", "body", "prediction (2)", "score"]);
    assert!(found[0][5..8].iter().all(|name| name.starts_with("p(") && name.ends_with(')')), "{:?}", found[0]);
    assert_eq!(found[1][..3], ["the sea", "mine", "the jury believed her"]);
    let alone = objects(&done(&["predict", "--model", &named, "--text", "the sea", "--json"]));
    let best = &alone[0]["result"][0];
    let score = |row: usize, name: &str| {
        let place = found[0].iter().position(|column| column == name).unwrap();
        found[row][place].parse::<f64>().unwrap()
    };
    let best_column = format!("p({})", best["label"].as_str().unwrap());
    assert_eq!((score(1, &best_column), score(1, "score")), (best["score"].as_f64().unwrap(), score(1, &best_column)));
    let sum: f64 = found[0][5..8].iter().map(|name| score(2, name)).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    let refused = |more: &[&str], words: &str| {
        let error = failed(&[&asked[..], more].concat(), 1);
        assert!(error.contains(words), "{error}");
    };
    refused(&["--top-k", "2"], "only the 2 best are kept");
    refused(&["--columns", "text=nothing"], "there is no column \"nothing\"");
    let regress = ["predict", "--model", &model("bert-ner"), "--input", &input, "--out", &out, "--probabilities"];
    assert!(failed(&regress, 1).contains("ner has no label with a probability"));
    assert!(failed(&[&asked[..], &["--columns", "note=title"]].concat(), 2).contains("there is no key note"));
}

#[test]
fn a_line_that_is_no_text_costs_its_own_row_and_what_is_cut_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in.jsonl");
    // What is not in UTF-8 stands behind the head by which a file is known.
    let line = format!("{}\n", json!({ "text": "the jury", "note": "x".repeat(1 << 18) }));
    let content = [line.as_bytes(), b"{\"text\":\"caf\xe9\"}\n{\"text\":\"the map\"}\n"].concat();
    fs::write(&input, content).unwrap();
    let out = dir.path().join("out.jsonl").display().to_string();
    let input = input.display().to_string();
    let output =
        run(&["predict", "--model", &model("bert-classify"), "--input", &input, "--out", &out, "--max-tokens", "3"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("1 row could not be answered") && said.contains("rows were too long and cut"), "{said}");
    let found = objects(&fs::read_to_string(&out).unwrap());
    assert_eq!(found.len(), 3);
    assert_eq!(found[1]["error"], "line 2 is not in UTF-8");
}
