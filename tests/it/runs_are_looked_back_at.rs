//! States that a run keeps of its course: what is trained and nothing else, each a model that opens like any other, and the
//! same list wherever the run was stopped.

use std::fs;
use std::path::Path;

use attune::model::kept;
use serde_json::Value;

use crate::command_line::{done, failed, objects, run_file, write};

/// A run of [`run_file`] with more lines in its sections.
fn file(dir: &Path, strategy: &str, run: &str) -> (String, std::path::PathBuf) {
    let (file, out) = run_file(dir, run);
    let text = fs::read_to_string(&file).unwrap().replace("[optim]", &format!("[strategy]\n{strategy}\n[optim]"));
    (write(Path::new(&file), &text), out)
}

fn scores(model: &str) -> Value {
    let said = done(&["predict", "--model", model, "--text", "the soup was wonderful", "--json", "--logits"]);
    objects(&said).remove(0)["logits"].take()
}

#[test]
fn every_state_is_a_model_of_its_own_and_holds_what_is_trained_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) =
        file(dir.path(), "kind = \"top\"\ntop_layers = 1", "keep_checkpoints = 4\nkeep_best = \"eval_loss\"\n");
    done(&["train", &file]);
    let states = kept::states(&out);
    let steps: Vec<u64> = states.iter().map(|state| state.step).collect();
    assert_eq!(steps, [0, 4, 8, 12], "from before the first update to after the last");
    let trained = |state: &kept::State| fs::metadata(state.dir.join("trained.safetensors")).unwrap().len();
    let whole = fs::metadata(out.join("model/model.safetensors")).unwrap().len();
    assert!(states.iter().all(|state| trained(state) == trained(&states[0]) && trained(state) < whole / 2));
    let facts: Value = serde_json::from_str(&done(&["inspect", &out.to_string_lossy(), "--json"])).unwrap();
    assert_eq!(facts["states"][3]["step"], 12);
    assert!(facts["states"][3]["bytes"].as_u64().unwrap() > trained(&states[3]));
    assert!(done(&["inspect", &out.to_string_lossy()]).contains("4 states kept"));

    // The weights that were kept as the run's model are those of one of the states, to the bit.
    let log = objects(&fs::read_to_string(out.join("events.jsonl")).unwrap());
    let best = log.last().unwrap()["best_step"].as_u64().unwrap();
    assert_eq!(best, 12, "the loss falls to the end");
    let of = |step: u64| scores(&format!("{}@{step}", out.display()));
    let said: Vec<Value> = steps.iter().map(|step| of(*step)).collect();
    assert_eq!(said[3], scores(&out.to_string_lossy()));
    assert!(said.iter().enumerate().all(|(place, one)| !said[..place].contains(one)), "{said:?}");

    // Every command takes it; without data it is evaluated on the rows that the run held out.
    let state = format!("{}@12", out.display());
    let evaluated: Value = serde_json::from_str(&done(&["evaluate", "--model", &state, "--json"])).unwrap();
    let last = log.iter().rfind(|event| event["event"] == "eval").unwrap();
    assert_eq!(evaluated["metrics"]["eval_loss"], last["metrics"]["eval_loss"]);
    assert!(done(&["explain", "--model", &state, "--text", "the soup was wonderful", "--json"]).contains("\"words\""));
    let to = dir.path().join("attention.safetensors").to_string_lossy().into_owned();
    done(&["attention", "--model", &state, "--text", "the soup", "--out", &to]);
    let before = format!("{}@0", out.display());
    let data = dir.path().join("train.csv").to_string_lossy().into_owned();
    assert!(done(&["drift", "--before", &before, "--after", &state, "--data", &data, "--json"]).contains("\"cka\""));
    let error = failed(&["predict", "--model", &format!("{}@5", out.display()), "--text", "a"], 1);
    assert!(error.contains("keeps no state of step 5, expected one of 0, 4, 8, 12"), "{error}");

    // What a state lacks is in the run's model, and it says so where that is gone.
    fs::rename(out.join("model"), out.join("moved")).unwrap();
    let error = failed(&["predict", "--model", &state, "--text", "a"], 1);
    assert!(error.contains("holds only what was trained") && error.contains("is not in"), "{error}");
    fs::rename(out.join("moved"), out.join("model")).unwrap();
    attune::train::run::delete(&out).unwrap();
    assert!(!out.exists(), "the states go with the run");
}

#[test]
fn states_of_adapters_are_adapters_of_the_base() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = file(dir.path(), "kind = \"lora\"\nlora = { rank = 2 }", "keep_checkpoints = 2\n");
    done(&["train", &file]);
    let states = kept::states(&out);
    assert_eq!(states.iter().map(|state| state.step).collect::<Vec<_>>(), [0, 12]);
    assert!(states.iter().all(|state| state.dir.join("adapter_config.json").is_file()));
    let log = objects(&fs::read_to_string(out.join("events.jsonl")).unwrap());
    assert_eq!(log.last().unwrap()["best_step"], 12);
    let (first, last) = (scores(&format!("{}@0", out.display())), scores(&format!("{}@12", out.display())));
    assert_ne!(first, last);
    let kept = scores(&out.join("adapter").to_string_lossy());
    assert_eq!(last, kept, "the last state is the adapter that was kept");
}
