//! Event files for TensorBoard tell what the log tells, also where a run was interrupted. `golden/check_scalars.py` reads
//! the same files with TensorBoard itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::runs_resume_exactly::{config, part};

/// Field numbers with their values: of bytes the bytes, of all others their own bytes.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (first, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            shift += 7;
            if first & 0x80 == 0 {
                return value;
            }
        }
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                found.push((key >> 3, varint(&mut bytes).to_le_bytes().to_vec()));
                continue;
            }
            1 => 8,
            5 => 4,
            2 => varint(&mut bytes) as usize,
            kind => panic!("a field of kind {kind}"),
        };
        let (value, rest) = bytes.split_at(length);
        found.push((key >> 3, value.to_vec()));
        bytes = rest;
    }
    found
}

fn one(fields: &[(u64, Vec<u8>)], number: u64) -> Option<&[u8]> {
    fields.iter().find(|(field, _)| *field == number).map(|(_, value)| value.as_slice())
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap())
}

/// The scalars of a file by tag and step, and the step at which its session starts.
fn read(path: &Path) -> (BTreeMap<(String, u64), f32>, u64) {
    let bytes = fs::read(path).unwrap();
    let (mut rest, mut scalars, mut start, mut events) = (bytes.as_slice(), BTreeMap::new(), 0, 0);
    while !rest.is_empty() {
        let length = number(&rest[..8]) as usize;
        let event = fields(&rest[12..12 + length]);
        rest = &rest[16 + length..];
        let step = number(one(&event, 2).unwrap());
        if events == 0 {
            assert_eq!(one(&event, 3), Some(&b"brain.Event:2"[..]));
        }
        if one(&event, 7).is_some() {
            start = step;
        }
        for (_, value) in one(&event, 5).map(fields).into_iter().flatten() {
            let value = fields(&value);
            let tag = String::from_utf8(one(&value, 1).unwrap().to_vec()).unwrap();
            let number = f32::from_le_bytes(one(&value, 2).unwrap().try_into().unwrap());
            assert!(scalars.insert((tag, step), number).is_none(), "a step is told twice");
        }
        events += 1;
    }
    (scalars, start)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.to_string_lossy().contains("tfevents")).collect();
    found.sort();
    found
}

#[test]
fn event_files_tell_what_the_log_tells_and_a_run_that_goes_on_adds_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.run.tensorboard = true;
    config.run.checkpoint_minutes = 1e-9;
    let dir = config.run.out.clone();
    assert!(!part(&config, 25), "the run is interrupted");
    let first = files(&dir);
    assert_eq!(first.len(), 1);
    assert!(part(&config, u64::MAX));
    let both = files(&dir);
    assert_eq!((both.len(), &both[0]), (2, &first[0]), "the first stays as it is, and sorts before the other");
    let (mut scalars, start) = read(&both[0]);
    assert_eq!(start, 1);
    let (more, start) = read(&both[1]);
    assert!(start > 1, "it went on from a checkpoint");
    scalars.retain(|(_, step), _| *step < start);
    scalars.extend(more);
    let mut expected = BTreeMap::new();
    for line in fs::read_to_string(dir.join("events.jsonl")).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let step = event["step"].as_u64().unwrap_or_default();
        let mut tell = |tag: &str, value: &Value| {
            expected.insert((tag.to_owned(), step), value.as_f64().unwrap() as f32);
        };
        if event["event"] == "step" {
            for key in ["loss", "grad_norm", "epoch", "tokens_per_sec"] {
                tell(&format!("train/{key}"), &event[key]);
            }
            tell("lr", &event["lr"]);
            event["lrs"].as_object().unwrap().iter().for_each(|(group, lr)| tell(&format!("lr/{group}"), lr));
        } else if event["event"] == "eval" {
            for (key, value) in event["metrics"].as_object().unwrap() {
                tell(&format!("eval/{}", key.trim_start_matches("eval_")), value);
            }
        }
    }
    assert!(expected.keys().any(|(tag, _)| tag == "eval/accuracy"));
    assert_eq!(scalars, expected);
    attune::train::run::delete(&dir).unwrap();
    assert!(!dir.exists(), "what is written beside the log goes with the run");
}
