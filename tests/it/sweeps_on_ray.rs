//! The trials of a sweep as jobs of a Ray cluster. Ray's program is a script that runs the jobs here and says what befalls
//! them, in the words of Ray's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command_line::{done, objects, run_file, write};
use crate::runs_resume_exactly::{assert_same, signal};

struct Cluster {
    dir: tempfile::TempDir,
}

impl Cluster {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let cluster = Self { dir: tempfile::tempdir().unwrap() };
        for folder in ["bin", "state"] {
            fs::create_dir_all(cluster.at(folder)).unwrap();
        }
        write(&cluster.at("bin/ray"), include_str!("fake_ray.sh"));
        fs::set_permissions(cluster.at("bin/ray"), fs::Permissions::from_mode(0o755)).unwrap();
        cluster
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn sweep(&self, out: &str, more: &str) -> (String, PathBuf) {
        run_file(self.dir.path(), "");
        let out = self.at(out);
        let text = format!("run = \"run.toml\"\nout = {out:?}\n{more}");
        (write(&self.at("sweep.toml"), &text), out)
    }

    fn command(&self, sweep: &str, more: &[&str]) -> Command {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
        command.args(["sweep", sweep, "--ray", "http://head:8265"]).args(more).env("PATH", path);
        command.env("FAKE_RAY", self.at("state")).env("HF_HUB_OFFLINE", "1").env("HF_HOME", "/nonexistent");
        command
    }

    /// Whether it was done, and what it said.
    fn run(&self, sweep: &str, more: &[&str]) -> (bool, String) {
        let output = self.command(sweep, more).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }
}

fn statuses(out: &Path) -> Vec<String> {
    let records = objects(&fs::read_to_string(out.join("trials.jsonl")).unwrap());
    records.iter().map(|record: &Value| record["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_trial_whose_node_dies_goes_on_on_another_to_the_same_end() {
    let cluster = Cluster::new();
    let vary = "[vary]\n\"run.epochs\" = [30]\n\"run.checkpoint_minutes\" = [0.0005]\n\"run.seed\" = [1, 2]\n";
    let (sweep, here) = cluster.sweep("here", vary);
    done(&["sweep", &sweep]);
    let (sweep, out) = cluster.sweep("my runs", vary);
    write(&cluster.at("state/dies"), "");
    let (is_done, said) = cluster.run(&sweep, &["--jobs", "2", "--ray-cpus", "1"]);
    assert!(is_done && said.contains("was lost (The actor died") && said.contains("submitted again"), "{said}");
    assert_eq!(statuses(&out), ["finished", "finished"]);
    for trial in ["trial-001", "trial-002"] {
        assert_same(&here.join(trial), &out.join(trial), trial);
    }
    let log = fs::read_to_string(out.join("trial-001/events.jsonl")).unwrap();
    assert!(log.contains("\"resumed\""), "it went on from its checkpoint");
    let log = fs::read_to_string(cluster.at("state/log")).unwrap();
    assert!(log.contains("submit --address http://head:8265 --submission-id attune-trial-001-"), "{log}");
    assert!(log.contains("--entrypoint-num-cpus 1 "), "{log}");
}

#[test]
fn what_a_trial_and_what_a_cluster_says_is_told_as_theirs() {
    let cluster = Cluster::new();
    let text = "[vary]\n\"strategy.kind\" = [\"custom\"]\n\"strategy.frozen\" = [[\"layers.99\"], [\"embeddings\"]]\n";
    let (sweep, out) = cluster.sweep("out", text);
    let (is_done, said) = cluster.run(&sweep, &[]);
    assert!(is_done && said.contains("trial-001 failed: strategy.frozen names \"layers.99\""), "{said}");
    assert_eq!(statuses(&out), ["failed", "finished"]);

    let (sweep, out) = cluster.sweep("blind", "seeds = [1]\n");
    write(&cluster.at("state/blind"), "");
    let (is_done, said) = cluster.run(&sweep, &[]);
    assert!(!is_done && said.contains("does not see") && said.contains("from every node"), "{said}");
    assert_eq!(statuses(&out), ["failed"]);
}

#[test]
fn jobs_are_stopped_with_their_sweep_and_it_goes_on_here() {
    let cluster = Cluster::new();
    let vary = "[vary]\n\"run.epochs\" = [40]\n\"run.seed\" = [1]\n";
    let (sweep, here) = cluster.sweep("here", vary);
    done(&["sweep", &sweep]);
    let (sweep, out) = cluster.sweep("there", vary);
    let mut child = cluster.command(&sweep, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !fs::read_to_string(out.join("trial-001/events.jsonl")).is_ok_and(|log| log.contains("\"step\":5,")) {
        assert!(child.try_wait().unwrap().is_none(), "the sweep ended before its trial began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(statuses(&out), ["stopped"]);
    done(&["sweep", &sweep, "--resume"]);
    assert_same(&here.join("trial-001"), &out.join("trial-001"), "a trial that was stopped");
}
