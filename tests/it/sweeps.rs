//! Several runs from one description: each is the run that it would be alone, none takes the others with it, and whatever
//! ends a sweep, it goes on to the same end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::command_line::{done, failed, objects, run, run_file, write};
use crate::runs_resume_exactly::assert_same;

/// A description over the run of [`run_file`], and the folder of the sweep.
fn sweep_file(dir: &Path, more: &str) -> (String, PathBuf) {
    run_file(dir, "");
    let out = dir.join("swept");
    let text = format!("run = \"run.toml\"\nout = {out:?}\n{more}");
    (write(&dir.join("sweep.toml"), &text), out)
}

fn records(out: &Path) -> Vec<Value> {
    objects(&fs::read_to_string(out.join("trials.jsonl")).unwrap())
}

#[test]
fn every_trial_is_the_run_that_it_would_be_alone() {
    let dir = tempfile::tempdir().unwrap();
    let text = "seeds = [1, 2]\n[vary]\n\"optim.lr\" = [1e-3, 1e-5]\n";
    let (sweep, out) = sweep_file(dir.path(), text);
    let told: Value = serde_json::from_str(&done(&["sweep", &sweep, "--jobs", "2", "--json"])).unwrap();
    let found = records(&out);
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|record| record["status"] == "finished" && record["metrics"]["accuracy"].is_number()));
    let rows = told["trials"].as_array().unwrap();
    assert_eq!((told["metric"].as_str(), rows.len()), (Some("eval_loss"), 2));
    assert!(rows[0]["value"].as_f64() < rows[1]["value"].as_f64(), "the best first: {told}");
    let losses: Vec<f64> =
        rows[0]["runs"].as_array().unwrap().iter().map(|run| run["metrics"]["eval_loss"].as_f64().unwrap()).collect();
    let mean = rows[0]["metrics"]["eval_loss"]["mean"].as_f64().unwrap();
    assert!((mean - f64::midpoint(losses[0], losses[1])).abs() < 1e-12);

    // Alone, from the same file with the same settings.
    let alone = fs::read_to_string(dir.path().join("run.toml")).unwrap().replace("[run]\n", "[run]\nseed = 2\n");
    done(&["train", &write(&dir.path().join("alone.toml"), &alone)]);
    assert_same(&dir.path().join("run"), &out.join("trial-001-seed-2"), "a trial");
    let listed = attune::train::run::find(dir.path());
    let mut names: Vec<&str> = listed.iter().map(|run| run.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names[..2], ["run", "swept/trial-001-seed-1"]);
    assert_eq!(names.len(), 5);

    let error = failed(&["sweep", &sweep], 1);
    assert!(error.contains("already holds") && error.contains("--resume"), "{error}");
    let table = done(&["sweep", &sweep, "--resume"]);
    assert_eq!(records(&out).len(), 4, "nothing was left to do");
    assert!(table.contains("eval_loss, lower is better") && table.contains("over 2 seeds"), "{table}");
    let other = fs::read_to_string(&sweep).unwrap().replace("1e-5", "2e-5");
    let error = failed(&["sweep", &write(Path::new(&sweep), &other), "--resume"], 1);
    assert!(error.contains("optim.lr is 0.00002 but was 0.00001 for trial-002-seed-1"), "{error}");
}

#[test]
fn what_a_run_would_refuse_is_refused_before_the_first_trial() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str, words: &[&str]| {
        let (sweep, out) = sweep_file(dir.path(), text);
        let error = failed(&["sweep", &sweep], 1);
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
        assert!(!out.exists(), "{error}");
    };
    check("[vary]\n\"optim.lrr\" = [1e-3]\n", &["vary.optim.lrr has 0.001", "unknown field `lrr`"]);
    check("[vary]\n\"run.batch\" = [8, \"many\"]\n", &["vary.run.batch has \"many\"", "invalid type"]);
    check("[vary]\n\"optim.lr\" = [1e-3, 7.0]\n", &["optim.lr 7.0 is refused", "optim.lr is 7, expected a rate"]);
    check("[vary]\n\"task.kind\" = [1]\n", &["vary.task.kind has 1", "has no keys below it"]);
    check("[vary]\n\"run.out\" = [\"a\"]\n", &["vary.run.out", "out at the top"]);
    check("seeds = [1]\n[vary]\n\"run.seed\" = [1]\n", &["either it or seeds"]);
    check("seeds = [1, 1]\n", &["seeds is a list with 1 twice"]);
    check("", &["vary is empty"]);
    check("sed = 3\n", &["unknown field `sed`"]);
    check("method = \"random\"\n[vary]\n\"run.batch\" = [4]\n", &["trials is not named"]);
    check("method = \"random\"\ntrials = 2\n[vary]\n\"run.batch\" = [4]\n", &["trials is 2, expected 1 at most"]);
    check("method = \"halving\"\ntrials = 2\n[vary]\n\"run.batch\" = [4, 8]\n", &["trials is 2, expected 3 at least"]);
    check("method = \"halving\"\ntrials = 2\n[vary]\n\"run.epochs\" = [4, 8]\n", &["no length in [vary]"]);
    check("keep = 2\n[vary]\n\"run.batch\" = [4]\n", &["keep is 2, expected none"]);
    check("trials = 2\n[vary]\n\"run.batch\" = [4]\n", &["trials is 2, expected none in a grid"]);
    let (sweep, out) = sweep_file(dir.path(), "seeds = [1]\n");
    failed(&["sweep", &sweep, "--jobs", "0"], 2);
    assert!(!out.exists());
}

#[test]
fn a_trial_that_fails_is_told_with_its_reason_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[vary]\n\"strategy.kind\" = [\"custom\"]\n\"strategy.frozen\" = [[\"layers.99\"], [\"embeddings\"]]\n";
    let (sweep, out) = sweep_file(dir.path(), text);
    let output = run(&["sweep", &sweep]);
    let (told, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}");
    let found = records(&out);
    assert_eq!((&found[0]["status"], &found[1]["status"]), (&"failed".into(), &"finished".into()));
    let reason = found[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("strategy.frozen names \"layers.99\""), "{reason}");
    assert!(told.contains(reason) && said.contains("1 of 2 trials did not finish"), "{told}{said}");
    // Asked again, only what failed is tried again.
    assert!(run(&["sweep", &sweep, "--resume"]).status.success());
    let again: Vec<Value> = records(&out).iter().map(|record| record["trial"].clone()).collect();
    assert_eq!(again, ["trial-001", "trial-002", "trial-001"]);
}

#[test]
fn the_best_settings_of_a_round_are_trained_longer_and_a_sweep_goes_on_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let text =
        "method = \"halving\"\ntrials = 4\nkeep = 2\n[vary]\n\"optim.lr\" = { low = 1e-5, high = 1e-2, log = true }\n";
    let (sweep, out) = sweep_file(dir.path(), text);
    let output = run(&["sweep", &sweep]);
    let (told, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("round 1 of 3: 4 settings with run.epochs 1.0") && said.contains("2 are trained longer"),
        "{said}"
    );
    let found = records(&out);
    let name = |record: &Value| record["trial"].as_str().unwrap().to_owned();
    let rounds: Vec<char> = found.iter().map(|record| name(record).chars().nth(6).unwrap()).collect();
    assert_eq!(rounds, ['1', '1', '1', '1', '2', '2', '3']);
    // The one that is left is the best of those of its length, and trained as long as the run says.
    let loss = |record: &Value| record["metrics"]["eval_loss"].as_f64().unwrap();
    let best = found[4..6].iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap();
    assert_eq!(name(best).replace("round-2", "round-3"), name(&found[6]));
    assert_eq!(found[6]["settings"]["run.epochs"], 4.0);
    assert!(told.contains(&name(&found[6])) && !told.contains("round-2"), "{told}");
    // Whatever is missing is made again, and nothing else.
    let kept = fs::read_to_string(out.join("trials.jsonl")).unwrap();
    let cut: String = kept.lines().take(5).map(|line| format!("{line}\n")).collect();
    fs::write(out.join("trials.jsonl"), cut).unwrap();
    fs::remove_dir_all(out.join(name(&found[5]))).unwrap();
    assert_eq!(done(&["sweep", &sweep, "--resume"]), told);
    let again: Vec<String> = records(&out).iter().map(name).collect();
    assert_eq!(again, found.iter().map(name).collect::<Vec<_>>());
    for option in ["--collect", "--write=slurm"] {
        let error = failed(&["sweep", &sweep, option], 1);
        assert!(error.contains("decides from round to round"), "{error}");
    }
}

#[test]
fn a_run_with_seeds_is_a_run_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = run_file(dir.path(), "seeds = [42, 1]\ntensorboard = true\n");
    let told = done(&["train", &file]);
    assert!(told.contains("accuracy") && told.contains("over 2 seeds"), "{told}");
    for seed in [42, 1] {
        let kept = fs::read_to_string(out.join(format!("seed-{seed}/run.toml"))).unwrap();
        assert!(kept.contains(&format!("seed = {seed}\n")) && !kept.contains("seeds"), "{kept}");
    }
    let error = failed(&["train", &file, "--events", "-"], 1);
    assert!(error.contains("run.seeds makes several"), "{error}");
    assert!(failed(&["train", &file], 1).contains("already holds"));
    assert_eq!(attune::train::run::find(dir.path()).len(), 2);
}

#[cfg(unix)]
fn begun(sweep: &str, run: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
    command.args(["sweep", sweep]).args(more).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let has_steps = || fs::read_to_string(run.join("events.jsonl")).is_ok_and(|log| log.contains("\"step\":5,"));
    while !has_steps() {
        assert!(child.try_wait().unwrap().is_none(), "the sweep ended before its trial began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_interrupted_or_killed_goes_on_to_the_same_end() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[vary]\n\"run.epochs\" = [40]\n\"run.seed\" = [1, 2]\n";
    let (sweep, out) = sweep_file(dir.path(), text);
    done(&["sweep", &sweep]);
    let whole = dir.path().join("whole");
    fs::rename(&out, &whole).unwrap();

    let mut child = begun(&sweep, &out.join("trial-001"), &[]);
    crate::runs_resume_exactly::signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let stopped = records(&out);
    assert_eq!((stopped.len(), &stopped[0]["status"]), (1, &"stopped".into()));
    assert!(out.join("trial-001/checkpoint").is_dir(), "nothing is lost");

    // Killed while its second trial runs, which goes on by itself and is waited for.
    let mut child = begun(&sweep, &out.join("trial-002"), &["--resume"]);
    child.kill().unwrap();
    child.wait().unwrap();
    done(&["sweep", &sweep, "--resume"]);
    let last: Vec<Value> = records(&out).iter().map(|record| record["status"].clone()).collect();
    assert_eq!(last, ["stopped", "finished", "finished"]);
    for trial in ["trial-001", "trial-002"] {
        assert_same(&whole.join(trial), &out.join(trial), trial);
    }
}

#[cfg(unix)]
#[test]
fn an_array_of_a_scheduler_trains_the_same_trials_and_what_came_of_them_is_taken_up() {
    let dir = tempfile::tempdir().unwrap();
    let parent = dir.path().join("my sweeps");
    fs::create_dir(&parent).unwrap();
    let (sweep, out) = sweep_file(&parent, "seeds = [1]\n[vary]\n\"optim.lr\" = [1e-3, 1e-5]\n");
    let told = done(&["sweep", &sweep, "--write", "slurm", "--jobs", "2"]);
    let script = out.join("sweep.sbatch");
    assert!(told.starts_with(&format!("sbatch '{}'", script.display())) && told.contains("--collect"), "{told}");
    let text = fs::read_to_string(&script).unwrap();
    assert!(text.contains("#SBATCH --array=0-1%2\n") && text.contains("#SBATCH --signal=B:TERM@120\n"), "{text}");
    // As a node of the cluster runs one element of the array.
    let element = |index: &str| {
        let mut bash = Command::new("bash");
        bash.arg(&script).env("SLURM_ARRAY_TASK_ID", index).env("ATTUNE", env!("CARGO_BIN_EXE_attune"));
        bash.env("SLURM_CPUS_PER_TASK", "1").env("HF_HUB_OFFLINE", "1").status().unwrap()
    };
    assert!(element("1").success());
    let log = fs::read_to_string(out.join("trials/trial-002-seed-1.log")).unwrap();
    assert!(!log.is_empty());
    let told = done(&["sweep", &sweep, "--collect"]);
    assert!(told.contains("trial-002-seed-1"), "{told}");
    assert_eq!(records(&out).len(), 1);
    // The other was trained where nobody sees this folder, and is brought.
    let away = dir.path().join("away");
    fs::create_dir(&away).unwrap();
    assert!(element("0").success());
    fs::rename(out.join("trial-001-seed-1"), away.join("trial-001-seed-1")).unwrap();
    fs::rename(out.join("trial-002-seed-1"), away.join("trial-002-seed-1")).unwrap();
    done(&["sweep", &sweep, "--collect", "--from", away.to_str().unwrap()]);
    let found = records(&out);
    assert_eq!(found.len(), 2, "each is noted once");
    assert!(found.iter().all(|record| record["status"] == "finished"));
    assert_same(&away.join("trial-001-seed-1"), &out.join("trial-001-seed-1"), "a trial that was brought");
    // The run of another trial is not taken for it.
    fs::remove_dir_all(out.join("trial-001-seed-1")).unwrap();
    fs::remove_dir_all(away.join("trial-001-seed-1")).unwrap();
    fs::rename(away.join("trial-002-seed-1"), away.join("trial-001-seed-1")).unwrap();
    let error =
        String::from_utf8(run(&["sweep", &sweep, "--collect", "--from", away.to_str().unwrap()]).stderr).unwrap();
    assert!(error.contains("optim.lr is 0.00001") && error.contains("run of another sweep"), "{error}");
}

#[test]
fn a_task_of_skypilot_sends_what_the_trials_read() {
    let dir = tempfile::tempdir().unwrap();
    let (sweep, out) = sweep_file(dir.path(), "seeds = [1, 2]\n");
    let told = done(&["sweep", &sweep, "--write", "skypilot"]);
    let commands: Vec<&str> = told.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(commands, ["sky", "for", "rsync", "attune"]);
    let text = fs::read_to_string(out.join("sweep.sky.yaml")).unwrap();
    let mounted = |path: &Path| {
        let path = serde_json::to_string(&path.display().to_string()).unwrap();
        assert!(text.contains(&format!("  {path}: {path}\n")), "{path}: {text}");
    };
    mounted(&dir.path().join("train.csv"));
    mounted(&out.join("trials"));
    mounted(Path::new(&crate::command_line::model("bert-classify")));
    mounted(Path::new(env!("CARGO_BIN_EXE_attune")));
    assert!(text.contains("  TRIAL: \"seed-1\"\n") && text.contains("run: |\n  set -eu\n  trial=$TRIAL\n"), "{text}");
    let error = failed(&["sweep", &sweep, "--write", "skypilot"], 1);
    assert!(error.contains("already holds"), "{error}");
}
