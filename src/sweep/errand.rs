//! A command to another machine that ends by itself: what it is given, what it says, and how it ended. Nobody waits for it;
//! it is looked at.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::signals;

/// What `ssh` ends with where the fault is the connection's.
const CUT: i32 = 255;

pub(super) struct Errand {
    child: Child,
    /// `tar`, which packs what is sent or unpacks what comes.
    packer: Option<Child>,
    /// Ours and that of the packer, once they have ended.
    statuses: (Option<ExitStatus>, Option<ExitStatus>),
    said: Option<File>,
    complained: File,
    packer_complained: File,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With what it said.
    Well(String),
    /// There was no connection, or it was lost; with what `ssh` says of it.
    Cut(String),
    /// The command failed; with what it said and what it complained of.
    Failed { said: String, reason: String },
}

/// What a command is given on standard input.
pub(super) enum Given<'a> {
    Nothing,
    Text(&'a str),
    File(File),
    /// All that a folder holds, with what its links point to.
    Folder(&'a Path),
}

impl Errand {
    pub fn start(mut command: Command, given: Given<'_>) -> io::Result<Self> {
        let (said, complained, packer_complained) =
            (tempfile::tempfile()?, tempfile::tempfile()?, tempfile::tempfile()?);
        let mut packer = None;
        command.stdin(match given {
            Given::Nothing => Stdio::null(),
            Given::File(file) => Stdio::from(file),
            Given::Text(text) => {
                let mut file = tempfile::tempfile()?;
                file.write_all(text.as_bytes())?;
                file.seek(SeekFrom::Start(0))?;
                Stdio::from(file)
            }
            Given::Folder(folder) => {
                let mut tar = tar();
                tar.arg("-chf").arg("-").arg("-C").arg(folder).arg(".");
                tar.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(packer_complained.try_clone()?);
                let mut child = tar.spawn()?;
                let packed = child.stdout.take();
                packer = Some(child);
                packed.map_or_else(Stdio::null, Stdio::from)
            }
        });
        command.stdout(said.try_clone()?).stderr(complained.try_clone()?);
        let child = spawn_with(&mut command, packer.as_mut())?;
        Ok(Self { child, packer, statuses: (None, None), said: Some(said), complained, packer_complained })
    }

    /// Unpacks what a command says into a folder, which must exist.
    pub fn unpacking(mut command: Command, folder: &Path) -> io::Result<Self> {
        let (complained, packer_complained) = (tempfile::tempfile()?, tempfile::tempfile()?);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(complained.try_clone()?);
        let mut child = command.spawn()?;
        let packed = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        let mut tar = tar();
        tar.arg("-xf").arg("-").arg("-C").arg(folder);
        tar.stdin(packed).stdout(Stdio::null()).stderr(packer_complained.try_clone()?);
        let packer = Some(spawn_with(&mut tar, Some(&mut child))?);
        Ok(Self { child, packer, statuses: (None, None), said: None, complained, packer_complained })
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<Ended> {
        let lost = |error: io::Error| Some(Ended::Failed { said: String::new(), reason: error.to_string() });
        for (child, status) in
            [(Some(&mut self.child), &mut self.statuses.0), (self.packer.as_mut(), &mut self.statuses.1)]
        {
            if let (Some(child), None) = (child, status.as_ref()) {
                match child.try_wait() {
                    Ok(ended) => *status = ended,
                    Err(error) => return lost(error),
                }
            }
        }
        let status = self.statuses.0?;
        let packer = match (&self.packer, self.statuses.1) {
            (Some(_), None) => return None,
            (_, status) => status,
        };
        let said = self.said.as_mut().map(text).unwrap_or_default();
        let complained = text(&mut self.complained);
        if status.code() == Some(CUT) || status.code().is_none() {
            return Some(Ended::Cut(complained));
        }
        if !status.success() {
            let reason = last_line(&complained).unwrap_or_else(|| status.to_string());
            return Some(Ended::Failed { said, reason });
        }
        if let Some(status) = packer.filter(|status| !status.success()) {
            let reason = last_line(&text(&mut self.packer_complained)).unwrap_or_else(|| status.to_string());
            return Some(Ended::Failed { said, reason });
        }
        Some(Ended::Well(said))
    }

    pub fn stop(&mut self) {
        for child in std::iter::once(&mut self.child).chain(&mut self.packer) {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Starts the second of two commands; where it does not start, the first is ended.
fn spawn_with(command: &mut Command, first: Option<&mut Child>) -> io::Result<Child> {
    command.spawn().inspect_err(|_| {
        if let Some(first) = first {
            first.kill().ok();
            first.wait().ok();
        }
    })
}

fn tar() -> Command {
    let mut tar = Command::new("tar");
    signals::set_apart(&mut tar);
    tar
}

/// A disk without room is worth more than what came of it.
fn last_line(text: &str) -> Option<String> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let full = text.lines().find(|line| is_full(line));
    full.or_else(|| lines.next_back()).map(|line| line.trim().to_owned())
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)).ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a failure is that of a disk without room.
pub(super) fn is_full(said: &str) -> bool {
    ["No space left on device", "os error 28", "Disk quota exceeded", "os error 122"]
        .iter()
        .any(|words| said.contains(words))
}
