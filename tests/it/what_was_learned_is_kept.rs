//! What a run says it learned is what its folder holds, whatever happens to the folder: files that are damaged, cut,
//! removed or moved away, while the run goes on or while it rests, are seen, told and made good, or refused by name.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use attune::train::TrainError;
use attune::train::config::{RunConfig, StrategyKind};
use attune::train::event::TrainEvent;
use attune::train::run;

use crate::models_match_the_reference::golden;
use crate::runs_resume_exactly::{assert_same, config, content, copy, cut, go, killed, newest, part, turn, whole};

/// Who is harmed, the name that is told, and how.
type Harm<'a> = (&'a str, &'a str, &'a dyn Fn(&Path));

/// What happens to a file in place.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Flip(u64),
    Cut(u64),
    Zero(u64),
    Remove,
}

impl Damage {
    fn of(self, path: &Path) {
        match self {
            Self::Flip(at) => flip(path, at),
            Self::Cut(length) => cut_off(path, length),
            Self::Zero(at) => zero(path, at),
            Self::Remove => fs::remove_file(path).unwrap(),
        }
    }
}

/// Goes on to the end, and says what was warned of.
fn go_on(config: &RunConfig) -> Result<Vec<String>, TrainError> {
    let mut warnings = Vec::new();
    go(config, true, &mut || true, &mut |event| {
        if let TrainEvent::Warning { message, .. } = event {
            warnings.push(message.clone());
        }
    })?;
    Ok(warnings)
}

fn tells(warnings: &[String], words: &[&str]) -> bool {
    warnings.iter().any(|warning| words.iter().all(|word| warning.contains(word)))
}

/// Zeros 4 kB in place, as a bad sector or a careless program does.
fn zero(path: &Path, at: u64) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(at.min(length))).unwrap();
    file.write_all(&vec![0; usize::try_from(length.saturating_sub(at).min(4096)).unwrap()]).unwrap();
}

/// Turns a bit in place.
fn flip(path: &Path, at: u64) {
    let mut file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 4]).unwrap();
}

fn cut_off(path: &Path, length: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

/// A run with a frozen part that was stopped, and the same run whole.
fn stopped(folder: &Path) -> (RunConfig, PathBuf) {
    let mut config = config(folder);
    config.strategy.kind = StrategyKind::Head;
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.checkpoint_minutes = 1e-9;
    config.run.out = folder.join("stopped");
    assert!(!part(&config, 25));
    (config, whole_run)
}

#[test]
fn what_is_damaged_in_the_model_of_a_run_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, whole_run) = stopped(folder.path());
    let stopped = config.run.out.clone();
    let damage = [
        ("model/model.safetensors", Damage::Zero(100_000)),
        ("model/model.safetensors", Damage::Cut(50_000)),
        ("model/config.json", Damage::Flip(20)),
        ("model/tokenizer.json", Damage::Zero(0)),
        ("model/vocab.txt", Damage::Remove),
        ("evaluation.json", Damage::Flip(40)),
        ("manifest.json", Damage::Cut(30)),
    ];
    for (number, (name, damage)) in damage.into_iter().enumerate() {
        config.run.out = folder.path().join(format!("damaged-{number}"));
        copy(&stopped, &config.run.out);
        damage.of(&config.run.out.join(name));
        let warnings = go_on(&config).unwrap();
        assert!(name == "manifest.json" || tells(&warnings, &[name, "written again"]), "{name}: {warnings:?}");
        assert_same(&whole_run, &config.run.out, name);
        for (path, bytes) in content(&whole_run.join("model")) {
            let found = config.run.out.join(path.strip_prefix(&whole_run).unwrap());
            assert!(fs::read(&found).unwrap() == bytes, "{}", found.display());
        }
        assert!(run::damage(&config.run.out).is_empty());
    }
}

#[test]
fn whatever_is_damaged_in_a_checkpoint_is_seen_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut config, whole_run) = stopped(folder.path());
    let stopped = config.run.out.clone();
    let names: Vec<String> = fs::read_dir(newest(&stopped))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 5, "{names:?}");
    let mut tried = 0;
    for name in &names {
        let length = fs::metadata(newest(&stopped).join(name)).unwrap().len();
        let mut ways: Vec<Damage> = [0, 1, length / 3, length / 2, length - 1].map(Damage::Flip).into();
        ways.extend([length / 2, length - 1, 0].map(Damage::Cut));
        ways.extend([Damage::Zero(length / 2), Damage::Remove]);
        for damage in ways {
            config.run.out = folder.path().join(format!("damaged-{tried}"));
            copy(&stopped, &config.run.out);
            damage.of(&newest(&config.run.out).join(name));
            let what = format!("{name}, {damage:?}");
            let warnings = go_on(&config).unwrap_or_else(|error| panic!("{what}: {error}"));
            // A manifest with another sum accuses another file.
            let file = if name == "manifest.json" { "" } else { name };
            let is_told = ["is damaged (", "evaluated again"].iter().any(|told| tells(&warnings, &[told, file]));
            assert!(is_told, "{what}: {warnings:?}");
            assert_same(&whole_run, &config.run.out, &what);
            fs::remove_dir_all(&config.run.out).unwrap();
            tried += 1;
        }
    }
    assert_eq!(tried, 50);
}

#[test]
fn a_damaged_report_is_made_again_and_keeps_no_whole_weights_from_going_on() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = killed(folder.path());
    let out = &config.run.out;
    for entry in fs::read_dir(out.join("checkpoint")).unwrap() {
        flip(&entry.unwrap().path().join("evaluation.json"), 100);
    }
    flip(&out.join("evaluation.json"), 100);
    let warnings = go_on(&config).unwrap();
    assert!(tells(&warnings, &["evaluation.json has changed", "evaluated again"]), "{warnings:?}");
    assert_same(&whole_run, out, "reports damaged everywhere");
}

#[cfg(unix)]
#[test]
fn checkpoints_share_no_file_with_anything() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = killed(folder.path());
    for (path, _) in content(&config.run.out) {
        assert_eq!(fs::metadata(&path).unwrap().nlink(), 1, "{}", path.display());
    }
}

#[test]
fn a_run_whose_checkpoints_are_gone_does_not_begin_again_unless_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = killed(folder.path());
    let out = &config.run.out;
    fs::remove_dir_all(out.join("checkpoint")).unwrap();
    let before = content(out);
    let error = go_on(&config).unwrap_err();
    assert!(matches!(error, TrainError::CheckpointsGone { step: 1.., .. }), "{error}");
    assert!(error.to_string().contains("remove events.jsonl"), "{error}");
    assert_eq!(before, content(out));
    fs::remove_file(out.join("events.jsonl")).unwrap();
    go_on(&config).unwrap();
    assert_same(&whole_run, out, "told to begin again");
}

#[test]
fn a_run_that_had_no_checkpoint_yet_begins_again_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.checkpoint_minutes = 0.0;
    config.run.out = folder.path().join("stopped");
    assert!(!part(&config, 25));
    let warnings = go_on(&config).unwrap();
    assert!(tells(&warnings, &["had come to step", "starts from the beginning"]), "{warnings:?}");
    assert_same(&whole_run, &config.run.out, "from the beginning");
}

#[test]
fn damaged_lines_of_a_log_are_left_out_and_told_and_swallow_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = killed(folder.path());
    let log = config.run.out.join("events.jsonl");
    let bytes = fs::read(&log).unwrap();
    let ends: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    let before = run::read(&config.run.out).unwrap();
    assert!(before.problems.is_empty(), "{:?}", before.problems);
    // The second line is no text any more, and the third was torn before the fourth was written.
    let mut damaged = bytes.clone();
    damaged[ends[0] + 5] = 0xff;
    damaged[ends[2]] = b' ';
    damaged[ends[2] - 1] = b' ';
    fs::write(&log, &damaged).unwrap();
    let found = run::read(&config.run.out).unwrap();
    assert_eq!(found.events.len(), before.events.len() - 2);
    assert_eq!(found.events[1], before.events[3], "the line behind the torn one");
    assert!(tells(&found.problems, &["2 lines", "the first is line 2"]), "{:?}", found.problems);
    let warnings = go_on(&config).unwrap();
    assert!(tells(&warnings, &["2 lines", "are damaged"]), "{warnings:?}");
    // What is told from here on, and the weights, are those of the whole run.
    let weights = |dir: &Path| fs::read(dir.join("model/model.safetensors")).unwrap();
    assert!(weights(&whole_run) == weights(&config.run.out));
    assert_eq!(run::read(&config.run.out).unwrap().summary.metric, run::read(&whole_run).unwrap().summary.metric);
}

#[test]
fn what_is_removed_while_a_run_goes_on_is_written_again_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.checkpoint_minutes = 1e-9;
    let harm: [Harm<'_>; 6] = [
        ("the log", "events.jsonl", &|dir| fs::remove_file(dir.join("events.jsonl")).unwrap()),
        ("the configuration", "run.toml", &|dir| fs::remove_file(dir.join("run.toml")).unwrap()),
        ("the model, moved away", "model", &|dir| fs::rename(dir.join("model"), dir.join("elsewhere")).unwrap()),
        ("the weights", "model", &|dir| fs::remove_file(dir.join("model/model.safetensors")).unwrap()),
        ("the weights, cut", "model", &|dir| cut_off(&dir.join("model/model.safetensors"), 1000)),
        ("everything", "run.toml", &|dir| fs::remove_dir_all(dir).unwrap()),
    ];
    for (number, (what, name, harm)) in harm.into_iter().enumerate() {
        for at in [4, 9] {
            config.run.out = folder.path().join(format!("harmed-{number}-{at}"));
            let out = config.run.out.clone();
            let mut warnings = Vec::new();
            go(&config, false, &mut || true, &mut |event| match event {
                TrainEvent::Step(step) if step.step == at => harm(&out),
                TrainEvent::Warning { message, .. } => warnings.push(message.clone()),
                _ => {}
            })
            .unwrap();
            assert!(tells(&warnings, &[name, "written again"]), "{what} at {at}: {warnings:?}");
            assert_same(&whole_run, &out, what);
            assert_eq!(run::kept_config(&out).unwrap().run.max_steps, config.run.max_steps);
        }
    }
}

#[test]
fn weights_that_are_changed_in_place_are_found_at_the_end_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.out = folder.path().join("harmed");
    let weights = config.run.out.join("model/model.safetensors");
    let mut last = 0;
    go(&config, false, &mut || true, &mut |event| {
        // Behind the last evaluation nothing is kept any more, and the size stays.
        if matches!(event, TrainEvent::Step(_)) && weights.exists() {
            zero(&weights, 100_000);
            last += 1;
        }
    })
    .unwrap();
    assert!(last > 3);
    assert_same(&whole_run, &config.run.out, "zeroed in place");
}

#[test]
fn a_base_model_other_than_the_one_a_run_began_with_is_refused_by_what_is_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    let model = folder.path().join("base");
    copy(&golden().join("bert-classify"), &model);
    config.model.path = Some(model.clone());
    config.strategy.kind = StrategyKind::Head;
    let whole_run = config.run.out.clone();
    whole(&config);
    config.run.out = folder.path().join("stopped");
    assert!(!part(&config, 25));
    let before = content(&config.run.out);
    for (name, from, to, told) in [
        ("config.json", "\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": 1e-5", "its config.json is another"),
        ("tokenizer_config.json", "{", "{\"note\": 1,", "its tokenizer is another"),
    ] {
        let text = fs::read_to_string(model.join(name)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(model.join(name), text.replacen(from, to, 1)).unwrap();
        let error = go_on(&config).unwrap_err().to_string();
        assert!(error.contains("the model is not the one") && error.contains(told), "{error}");
        assert_eq!(before, content(&config.run.out), "{error}");
        fs::write(model.join(name), text).unwrap();
    }
    zero(&model.join("model.safetensors"), 100_000);
    let error = go_on(&config).unwrap_err().to_string();
    assert!(error.contains("weights that are not trained are others"), "{error}");
    assert_eq!(before, content(&config.run.out));
    fs::copy(golden().join("bert-classify/model.safetensors"), model.join("model.safetensors")).unwrap();
    go_on(&config).unwrap();
    assert_same(&whole_run, &config.run.out, "put back");
}

#[test]
fn a_setting_that_changed_in_the_folder_itself_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole_run) = killed(folder.path());
    let path = config.run.out.join("run.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("lr = 0.005"), "{text}");
    fs::write(&path, text.replacen("lr = 0.005", "lr = 0.004", 1)).unwrap();
    let error = go_on(&run::kept_config(&config.run.out).unwrap()).unwrap_err().to_string();
    assert!(error.contains("optim.lr is 0.004 but was 0.005"), "{error}");
    fs::remove_file(&path).unwrap();
    let error = go_on(&config).unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("run.toml"), "{error}");
    fs::write(&path, text).unwrap();
    go_on(&run::kept_config(&config.run.out).unwrap()).unwrap();
    assert_same(&whole_run, &config.run.out, "set back");
}

#[test]
fn both_checkpoints_damaged_are_refused_by_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (config, _) = killed(folder.path());
    let newest = newest(&config.run.out);
    for entry in fs::read_dir(config.run.out.join("checkpoint")).unwrap() {
        let path = entry.unwrap().path();
        if path == newest { turn(&path.join("best.safetensors"), 2) } else { cut(&path.join("state.json"), 2) }
    }
    let before = content(&config.run.out);
    let error = go_on(&config).unwrap_err().to_string();
    assert!(error.contains("best.safetensors has changed since it was written"), "{error}");
    assert_eq!(before, content(&config.run.out));
}

#[test]
fn a_checkpoint_of_an_earlier_version_is_gone_on_with() {
    let earlier = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/earlier/format-1");
    let folder = tempfile::tempdir().unwrap();
    copy(&earlier, folder.path());
    for (name, model, data) in [("head", "bert", "reviews.csv"), ("rtd", "electra", "prose.txt")] {
        let out = folder.path().join(name);
        let checkpoint = out.join("checkpoint/step-000000008");
        let mut config = run::kept_config(&out).unwrap();
        config.model.path = Some(folder.path().join(model));
        config.data.train = folder.path().join(data).into();
        // The best weights come back as they were: those of the whole model, and of its generator.
        let best = fs::read(checkpoint.join("best.safetensors")).unwrap();
        let generator = fs::read(checkpoint.join("best-generator.safetensors")).ok();
        let report = fs::read(checkpoint.join("evaluation.json")).unwrap();
        let mut resumed = Vec::new();
        let outcome = go(&config, true, &mut || false, &mut |event| {
            if let TrainEvent::Resumed { step, .. } = event {
                resumed.push(*step);
            }
        });
        assert!(outcome.unwrap().stopped);
        assert_eq!(resumed, [8]);
        assert!(fs::read(out.join("model/model.safetensors")).unwrap() == best, "{name}");
        assert!(fs::read(out.join("model/generator/model.safetensors")).ok() == generator, "{name}");
        assert!(fs::read(out.join("evaluation.json")).unwrap() == report, "{name}");
        go_on(&config).unwrap();
        let summary = run::read(&out).unwrap().summary;
        assert_eq!((summary.status, summary.step), (run::RunStatus::Finished, 16));
        assert!(run::damage(&out).is_empty());
        // Other data are still found out by the sum as it was made then.
        let again = folder.path().join(format!("{name}-again"));
        copy(&earlier.join(name), &again);
        config.run.out = again;
        let text = fs::read_to_string(config.data.train.place())
            .unwrap()
            .replacen("soup", "film", 1)
            .replacen("tom", "map", 1);
        fs::write(config.data.train.place(), text).unwrap();
        assert!(matches!(go_on(&config), Err(TrainError::DataChanged { .. })));
    }
}
