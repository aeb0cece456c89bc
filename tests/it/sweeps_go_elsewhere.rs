//! The trials of a sweep on other machines: each is the run that it would be here, whatever becomes of the machines, and
//! nothing is sent twice. The machines are folders, and `ssh` is a script that says what befalls its connections.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::command_line::{done, objects, run_file, write};
use crate::runs_resume_exactly::{assert_same, signal};

/// Machines, and what this one knows.
struct Net {
    dir: tempfile::TempDir,
}

impl Net {
    /// Hosts that have this program.
    fn with(hosts: &[&str]) -> Self {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let net = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir_all(net.at("bin")).unwrap();
        write(&net.at("bin/ssh"), include_str!("fake_ssh.sh"));
        fs::set_permissions(net.at("bin/ssh"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(net.at("hosts")).unwrap();
        for host in hosts {
            let bin = net.at(&format!("hosts/{host}/.local/bin"));
            fs::create_dir_all(&bin).unwrap();
            symlink(env!("CARGO_BIN_EXE_attune"), bin.join("attune")).unwrap();
        }
        net
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn say(&self, what: &str, text: &str) {
        write(&self.at(&format!("hosts/{what}")), text);
    }

    /// A description over a small run, and the folder of its sweep.
    fn sweep(&self, out: &str, more: &str) -> (String, PathBuf) {
        run_file(self.dir.path(), "");
        let out = self.at(out);
        let text = format!("run = \"run.toml\"\nout = {out:?}\n{more}");
        (write(&self.at("sweep.toml"), &text), out)
    }

    fn command(&self, sweep: &str, more: &[&str]) -> Command {
        let path = format!("{}:{}", self.at("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(env!("CARGO_BIN_EXE_attune"));
        command.args(["sweep", sweep]).args(more).env("PATH", path).env("FAKE_SSH", self.at("hosts"));
        command.env("HF_HUB_OFFLINE", "1").env("HF_HOME", "/nonexistent");
        command
    }

    fn run(&self, sweep: &str, more: &[&str]) -> (Output, String) {
        let output = self.command(sweep, more).output().unwrap();
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        (output, said)
    }

    /// How often the hosts were told something.
    fn told(&self, words: &str) -> usize {
        fs::read_to_string(self.at("hosts/log")).unwrap().lines().filter(|line| line.contains(words)).count()
    }
}

fn records(out: &Path) -> Vec<Value> {
    objects(&fs::read_to_string(out.join("trials.jsonl")).unwrap())
}

fn statuses(out: &Path) -> Vec<String> {
    records(out).iter().map(|record| record["status"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_trial_there_is_the_run_that_it_would_be_here_and_nothing_is_sent_twice() {
    let net = Net::with(&["alpha", "me@beta"]);
    let vary = "seeds = [1, 2]\n[vary]\n\"strategy.kind\" = [\"full\", \"lora\"]\n";
    let (sweep, here) = net.sweep("here", vary);
    done(&["sweep", &sweep]);
    let (sweep, out) = net.sweep("there", vary);
    let (output, said) = net.run(&sweep, &["--ssh", "alpha:2,me@beta"]);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("starts on alpha") && said.contains("starts on me@beta"), "{said}");
    let found = records(&out);
    assert_eq!(found.len(), 4, "{said}");
    assert!(found.iter().all(|record| record["status"] == "finished" && record["host"].is_string()), "{found:?}");
    for record in &found {
        let name = record["trial"].as_str().unwrap();
        assert_same(&here.join(name), &out.join(name), name);
        let local = fs::read_to_string(here.join(name).join("run.toml")).unwrap();
        let fetched = fs::read_to_string(out.join(name).join("run.toml")).unwrap();
        assert_eq!(fetched, local.replace("/here/", "/there/"), "it names what is here");
        let data = fs::read_to_string(out.join(name).join("data.json")).unwrap();
        assert_eq!(data, fs::read_to_string(here.join(name).join("data.json")).unwrap());
        assert_eq!(attune::train::run::damage(&out.join(name)), Vec::<String>::new(), "{name}");
    }
    let adapter = out.join("trial-002-seed-1/adapter/adapter_config.json");
    let adapter: Value = serde_json::from_str(&fs::read_to_string(adapter).unwrap()).unwrap();
    assert_eq!(adapter["base_model_name_or_path"], crate::command_line::model("bert-classify"));
    // A host has every file once, and of the sweep nothing is left.
    assert_eq!((net.told(" sh -s"), net.told(" receive"), net.told(" fetch ")), (2, 2, 4));
    for host in ["alpha", "me@beta"] {
        let cache = net.at(&format!("hosts/{host}/.cache/attune"));
        assert_eq!(fs::read_dir(cache.join("sweeps")).unwrap().count(), 0);
        assert!(fs::read_dir(cache.join("files")).unwrap().count() > 3);
    }
    let (sweep, _) = net.sweep("again", "seeds = [3]\n");
    let (output, said) = net.run(&sweep, &["--ssh", "alpha"]);
    assert!(output.status.success() && !said.contains("are sent"), "{said}");
}

#[test]
fn a_connection_that_is_cut_and_a_host_that_dies_lose_no_trial() {
    let net = Net::with(&["alpha", "beta"]);
    let vary = "[vary]\n\"run.epochs\" = [30]\n\"run.seed\" = [1, 2]\n";
    let (sweep, here) = net.sweep("here", vary);
    done(&["sweep", &sweep]);
    // It comes back and goes on where it was.
    let (sweep, out) = net.sweep("cut", vary);
    net.say("alpha.cuts", "25");
    let (output, said) = net.run(&sweep, &["--ssh", "alpha"]);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("the connection to alpha was lost after step") && said.contains("tried again in 1 s"),
        "{said}"
    );
    assert_eq!(statuses(&out), ["finished", "finished"]);
    for trial in ["trial-001", "trial-002"] {
        assert_same(&here.join(trial), &out.join(trial), trial);
    }
    let log = fs::read_to_string(out.join("trial-001/events.jsonl")).unwrap();
    assert!(log.contains("\"resumed\""), "it went on and did not begin anew");
    // It does not, and another takes its trial.
    let (sweep, out) = net.sweep("dead", vary);
    net.say("alpha.cuts", "25");
    net.say("alpha.dies", "");
    let (output, said) = net.run(&sweep, &["--ssh", "alpha,beta"]);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("alpha: it is not known here") && said.contains("is not used any more"), "{said}");
    for record in records(&out) {
        assert_eq!((&record["status"], &record["host"]), (&"finished".into(), &"beta".into()));
        let trial = record["trial"].as_str().unwrap();
        assert_same(&here.join(trial), &out.join(trial), trial);
    }
}

#[test]
fn why_a_host_is_not_used_is_said_with_what_would_help() {
    let net = Net::with(&["refusing", "full", "killing"]);
    net.say("refusing.refuses", "");
    net.say("full.full", "");
    fs::create_dir_all(net.at("hosts/bare")).unwrap();
    let other = net.at("hosts/older/.local/bin");
    fs::create_dir_all(&other).unwrap();
    write(&other.join("attune"), "#!/bin/sh\necho attune 0.0.1\n");
    assert!(Command::new("chmod").arg("+x").arg(other.join("attune")).status().unwrap().success());
    let (sweep, out) = net.sweep("out", "seeds = [1]\n");
    let hosts = ["--ssh", "nowhere", "refusing", "full", "bare", "older"];
    let (output, said) = net.run(&sweep, &hosts);
    assert_eq!(output.status.code(), Some(1));
    for words in [
        "nowhere: it is not known here; ssh nowhere must reach it",
        "refusing: it refuses the key; ssh refusing must let you in without a password",
        "full: its disk is full",
        "bare: there is no attune, expected attune",
        "older: ",
        "is attune 0.0.1, expected attune",
        "--send-program sends this one",
        "attune: no host is left for 1 of 1 trials",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!out.join("seed-1").exists() && records(&out).is_empty());
    // One where it was killed tries again, and one without the program is sent it.
    net.say("killing.kills", "");
    let (output, said) = net.run(&sweep, &["--ssh", "killing", "--resume"]);
    assert!(output.status.success() && said.contains("ended by signal 9 on killing; it is tried again"), "{said}");
    let (sweep, out) = net.sweep("sent", "seeds = [1]\n");
    let (output, said) = net.run(&sweep, &["--ssh", "bare", "--send-program"]);
    assert!(output.status.success() && said.contains("bare: this program is sent"), "{said}");
    assert_eq!(statuses(&out), ["finished"]);
    let (sweep, _) = net.sweep("never", "seeds = [1]\n");
    for (hosts, words) in [("-oProxyCommand=x", "a name that ssh reaches"), ("a:0", "HOST or HOST:N")] {
        let (output, said) = net.run(&sweep, &[&format!("--ssh={hosts}")]);
        assert!(output.status.code() == Some(1) && said.contains(words), "{said}");
    }
}

#[test]
fn a_trial_that_fails_there_is_told_with_its_reason() {
    let net = Net::with(&["alpha"]);
    let text = "[vary]\n\"strategy.kind\" = [\"custom\"]\n\"strategy.frozen\" = [[\"layers.99\"], [\"embeddings\"]]\n";
    let (sweep, out) = net.sweep("out", text);
    let (output, said) = net.run(&sweep, &["--ssh", "alpha"]);
    assert!(output.status.success(), "{said}");
    let found = records(&out);
    assert_eq!(statuses(&out), ["failed", "finished"], "{said}");
    assert!(found[0]["reason"].as_str().unwrap().starts_with("strategy.frozen names \"layers.99\""), "{found:?}");
    assert!(said.contains("1 of 2 trials did not finish"), "{said}");
}

#[test]
fn a_sweep_that_is_interrupted_ends_what_it_trains_there_and_goes_on_anywhere() {
    let net = Net::with(&["alpha", "beta"]);
    let vary = "[vary]\n\"run.epochs\" = [40]\n\"run.seed\" = [1, 2]\n";
    let (sweep, here) = net.sweep("here", vary);
    done(&["sweep", &sweep]);
    let (sweep, out) = net.sweep("there", vary);
    let mut command = net.command(&sweep, &["--ssh", "alpha"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // It is seen here while it trains there.
    let log = out.join("trial-001/events.jsonl");
    while !fs::read_to_string(&log).is_ok_and(|log| log.contains("\"step\":5,")) {
        assert!(child.try_wait().unwrap().is_none(), "the sweep ended before its trial began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let listed = attune::train::run::find(&out);
    assert!(listed.iter().any(|run| run.held && run.steps > 0), "{listed:?}");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(statuses(&out), ["stopped"]);
    let reason = records(&out)[0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains(&out.join("trial-001").display().to_string()), "it names what is here: {reason}");
    assert!(out.join("trial-001/checkpoint").is_dir(), "what it learned is here");
    // Another host goes on with it.
    let (output, said) = net.run(&sweep, &["--ssh", "beta", "--resume"]);
    assert!(output.status.success(), "{said}");
    assert_eq!(statuses(&out), ["stopped", "finished", "finished"]);
    for trial in ["trial-001", "trial-002"] {
        assert_same(&here.join(trial), &out.join(trial), trial);
    }
}
