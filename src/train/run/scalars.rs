//! Event files that TensorBoard reads, beside the log: losses, rates, norms of gradients and metrics by step.
//!
//! A file is records of a length, a message and masked checksums of both, as TensorFlow's `record_writer.h` lays them out,
//! and a message is an `Event` of its `event.proto`. Each process that trains the run writes a file of its own, whose name
//! sorts behind those before it; one that goes on begins with the start of a session at its step, at which TensorBoard
//! leaves out what earlier files tell of later steps. Nothing here may end a run.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::files;
use crate::protobuf::Message;
use crate::train::event::{Step, TrainEvent};

/// TensorBoard finds files by it.
const MARK: &str = "events.out.tfevents.";
const VERSION: &str = "brain.Event:2";

// Fields of `Event`, `SessionLog`, `Summary` and `Summary.Value`.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const FILE_VERSION: u64 = 3;
const SUMMARY: u64 = 5;
const SESSION_LOG: u64 = 7;
const STATUS: u64 = 1;
const STARTED: i64 = 1;
const VALUE: u64 = 1;
const TAG: u64 = 1;
const SIMPLE_VALUE: u64 = 2;

pub(super) struct Scalars {
    file: File,
    pub path: PathBuf,
}

impl Scalars {
    /// A new file in a run's folder, of a run that has come to a step.
    pub fn create(dir: &Path, step: u64) -> io::Result<Self> {
        let path = dir.join(format!("{MARK}{:010}.attune.{:04}", since_1970().as_secs(), files_before(dir)));
        let mut scalars = Self { file: files::create(&path)?, path };
        scalars.write(event(0).text(FILE_VERSION, VERSION))?;
        let mut session = Message::default();
        session.int(STATUS, STARTED);
        // The step that is the next: what earlier files tell of it is told again.
        scalars.write(event(step + 1).message(SESSION_LOG, &session))?;
        Ok(scalars)
    }

    /// Tells what an event has in numbers.
    pub fn tell(&mut self, told: &TrainEvent) -> io::Result<()> {
        let values = match told {
            TrainEvent::Step(step) => of_step(step),
            TrainEvent::Eval { metrics, .. } => metrics.iter().map(|(key, value)| (of_metric(key), *value)).collect(),
            _ => return Ok(()),
        };
        let mut summary = Message::default();
        for (tag, number) in values {
            let mut value = Message::default();
            value.text(TAG, &tag).float(SIMPLE_VALUE, number as f32);
            summary.message(VALUE, &value);
        }
        self.write(event(told.step()).message(SUMMARY, &summary))
    }

    /// One write a record, so that whoever reads along sees whole ones.
    fn write(&mut self, event: &Message) -> io::Result<()> {
        files::append(&self.file, &record(&event.0))
    }
}

/// The files for TensorBoard in a folder.
pub(super) fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| files::name(path).starts_with(MARK)).collect();
    found.sort();
    found
}

/// Counts on where a file was removed.
fn files_before(dir: &Path) -> u32 {
    let number = |path: &PathBuf| path.extension()?.to_str()?.parse::<u32>().ok();
    files(dir).iter().filter_map(number).max().map_or(0, |last| last + 1)
}

fn event(step: u64) -> Message {
    let mut event = Message::default();
    event.double(WALL_TIME, since_1970().as_secs_f64()).int(STEP, step as i64);
    event
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn of_step(step: &Step) -> Vec<(String, f64)> {
    let mut values = vec![
        ("train/loss".to_owned(), step.loss),
        ("train/grad_norm".to_owned(), step.grad_norm),
        ("train/epoch".to_owned(), step.epoch),
        ("train/tokens_per_sec".to_owned(), step.tokens_per_sec),
        ("lr".to_owned(), step.lr),
    ];
    values.extend(step.lrs.iter().map(|(group, lr)| (format!("lr/{group}"), *lr)));
    values.extend(step.parts.iter().map(|(part, loss)| (format!("train/loss/{part}"), *loss)));
    values
}

fn of_metric(key: &str) -> String {
    format!("eval/{}", key.strip_prefix("eval_").unwrap_or(key))
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let sum = |bytes: &[u8]| masked(crc32c(bytes)).to_le_bytes();
    [&length[..], &sum(&length), data, &sum(data)].concat()
}

/// A checksum of what holds checksums is a weak one, so the format turns and shifts it.
fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The cyclic redundancy check with Castagnoli's polynomial (RFC 3720, appendix B.4).
fn crc32c(bytes: &[u8]) -> u32 {
    const REVERSED: u32 = 0x82f6_3b78;
    let bit = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ REVERSED } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3720, appendix B.4.
    #[test]
    fn sums_are_those_of_the_standard() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        // As TensorBoard's own package says.
        assert_eq!(masked(crc32c(b"123456789")), 0xc78a_b0e5);
        assert_eq!(masked(crc32c(&[0; 32])), 0x0fd7_fffa);
    }

    #[test]
    fn a_file_sorts_behind_those_before_it_and_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let first = Scalars::create(dir.path(), 0).unwrap();
        let length = first.path.metadata().unwrap().len();
        let second = Scalars::create(dir.path(), 7).unwrap();
        assert_eq!(files(dir.path()), [first.path.clone(), second.path]);
        assert_eq!(first.path.metadata().unwrap().len(), length);
    }
}
