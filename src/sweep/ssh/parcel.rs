//! What a host is sent so that the trials can run there: the files that their configurations name and no others, each by
//! its sum, and the configurations with the paths that these files have there.
//!
//! A path lies there below the sweep's folder as it lies here below the root, so that what is named by a pattern, a folder
//! or a name beside another is found in the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::super::file::Sweep;
use super::super::{SweepError, Trial};
use crate::files::{self, Sum, sha256};
use crate::hub::embedded::Shipped;
use crate::model::{self, adapter, kept};
use crate::table::{Inputs, files_named};
use crate::train::TrainError;

/// Below the folder of a sweep: what has a path here, and the cache of the hub.
const IN: &str = "in";
const HUB: &str = "hub";
/// Runs, by their trials.
pub(super) const RUNS: &str = "runs";
/// What other programs keep beside the weights that are read here.
const FOREIGN: [&str; 7] = ["h5", "msgpack", "onnx", "ot", "gguf", "tflite", "pb"];
/// Folders of a model folder that are looked into.
const DEPTH: usize = 2;
/// The same of a folder of data.
const DATA_DEPTH: usize = 16;

/// All that the trials of a sweep read.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    /// Where each file lies there, its file here and its sum.
    files: BTreeMap<String, (PathBuf, Sum)>,
}

/// What of a parcel a host has not yet, ready to be packed.
pub(super) struct Packed {
    pub folder: tempfile::TempDir,
    /// Of the files.
    pub bytes: u64,
    pub files: usize,
}

impl Parcel {
    /// Finds and sums what is read. `None` where `go_on` said so.
    pub fn of(sweep: &Sweep, go_on: &mut dyn FnMut() -> bool) -> Result<Option<Self>, SweepError> {
        let mut places = BTreeMap::new();
        for trial in &sweep.trials {
            if trial.config.run.folds > 0 {
                let expected = "0, or no --ssh: a trial in folds is several runs, which are not sent yet";
                return Err(SweepError::setting("run.folds", trial.config.run.folds, expected));
            }
            read_by(trial, &mut places)?;
        }
        let (mut known, mut parcel) = (BTreeMap::new(), Self::default());
        for (to, from) in places {
            if !go_on() {
                return Ok(None);
            }
            let unreadable = |source| SweepError::Unreadable { path: from.clone(), source };
            if to.contains(char::is_control) {
                return Err(unreadable(io::Error::other("its name has a control character, which --ssh cannot send")));
            }
            let sum = match known.get(&from) {
                Some(sum) => Sum::clone(sum),
                None => files::sum_of(&from).map_err(unreadable)?,
            };
            known.insert(from.clone(), sum.clone());
            parcel.files.insert(to, (from, sum));
        }
        Ok(Some(parcel))
    }

    /// Lays out what is to be sent to a host that has some of it: the files by their sums as links, the configurations with
    /// the paths of there, and where each file has its place.
    pub fn packed(&self, sweep: &Sweep, there: &str, has: &BTreeSet<String>) -> io::Result<Packed> {
        let folder = tempfile::tempdir()?;
        let (files_in, trials_in) = (folder.path().join("files"), folder.path().join("trials"));
        files::create_folders(&files_in)?;
        files::create_folders(&trials_in)?;
        let (mut places, mut sent, mut bytes) = (String::new(), BTreeSet::new(), 0);
        for (to, (from, sum)) in &self.files {
            places.push_str(&format!("{}\t{to}\n", sum.sha256));
            if !has.contains(&sum.sha256) && sent.insert(&sum.sha256) {
                link(&std::path::absolute(from)?, &files_in.join(&sum.sha256))?;
                bytes += sum.bytes;
            }
        }
        let write = |path: PathBuf, text: &str| files::write_atomically(&path, |file| file.write_all(text.as_bytes()));
        write(folder.path().join("places"), &places)?;
        for trial in &sweep.trials {
            let text = trial.text_with(&|path| *path = forth(path, there, trial));
            write(trials_in.join(format!("{}.toml", trial.name)), &text)?;
        }
        let files = sent.len();
        Ok(Packed { folder, bytes, files })
    }

    /// The paths here of files with these sums.
    pub fn named(&self, sums: &[&str]) -> Vec<String> {
        let wrong = self.files.values().filter(|(_, sum)| sums.contains(&sum.sha256.as_str()));
        wrong.map(|(path, _)| path.display().to_string()).collect()
    }
}

/// Where a path of here is there.
fn forth(path: &Path, there: &str, trial: &Trial) -> PathBuf {
    if *path == trial.config.run.out {
        return PathBuf::from(format!("{there}/{RUNS}/{}", trial.name));
    }
    PathBuf::from(format!("{there}/{IN}{}", path.display()))
}

/// Where a path of there is here.
pub(super) fn back(path: &Path, there: &str, trial: &Trial) -> PathBuf {
    let below = |folder: &str| path.strip_prefix(Path::new(there).join(folder)).ok();
    if let Some(rest) = below(RUNS).and_then(|rest| rest.strip_prefix(&trial.name).ok()) {
        let own = &trial.config.run.out;
        return if rest.as_os_str().is_empty() { own.clone() } else { own.join(rest) };
    }
    below(IN).map_or_else(|| path.to_owned(), |rest| Path::new("/").join(rest))
}

/// What a trial says there, with the paths of here.
pub(super) fn told_here(said: &str, there: &str, trial: &Trial) -> String {
    let own = trial.config.run.out.display().to_string();
    said.replace(&format!("{there}/{RUNS}/{}", trial.name), &own).replace(&format!("{there}/{IN}/"), "/")
}

/// A name for the sweep in a folder, which its folder on every host has.
pub(super) fn id_of(out: &Path) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let text = format!("{} {} {}", out.display(), std::process::id(), now.as_nanos());
    sha256(text.as_bytes())[..16].to_owned()
}

type Places = BTreeMap<String, PathBuf>;

fn read_by(trial: &Trial, places: &mut Places) -> Result<(), SweepError> {
    let config = &trial.config;
    for inputs in std::iter::once(&config.data.train).chain(&config.data.eval) {
        inputs.paths().iter().try_for_each(|path| data(path, places))?;
    }
    let cut = config.distill.as_ref().map(|distill| &distill.teacher);
    let cut = cut.filter(|teacher| Shipped::from_word(teacher).is_none());
    let folders = [config.model.path.as_ref(), config.language.generator.as_ref(), cut];
    folders.into_iter().flatten().try_for_each(|folder| model(folder, places))?;
    config.model.name.as_ref().map_or(Ok(()), |name| named(name, places))
}

fn place(path: &Path, places: &mut Places) {
    places.insert(format!("{IN}{}", path.display()), path.to_owned());
}

/// A file with those that are read along with it, what a pattern finds, or all of a folder.
fn data(path: &Path, places: &mut Places) -> Result<(), SweepError> {
    if path.is_dir() {
        return walk(path, DATA_DEPTH, &|_| true, &mut |file| place(file, places));
    }
    let named = files_named(&Inputs::from(path)).map_err(TrainError::from)?;
    for file in &named {
        place(file, places);
    }
    Ok(())
}

/// A model folder: of one that is named too high what shows that, of a state its whole run, and of an adapter its base too,
/// as a folder in its own.
fn model(path: &Path, places: &mut Places) -> Result<(), SweepError> {
    let found = model::locate(path).map_err(TrainError::from)?;
    weights(&found, places)?;
    for above in ["run.toml", "refs/main"].map(|name| path.join(name)).iter().filter(|above| above.is_file()) {
        place(above, places);
    }
    if let Some((run, _)) = kept::state_of(&found) {
        place(&run.join("run.toml"), places);
        weights(&kept::rest_of(&found).map_err(TrainError::from)?, places)?;
    }
    if adapter::is_one(&found) {
        let base = adapter::base_of(&found).map_err(TrainError::from)?;
        let path = found.join(adapter::CONFIG);
        let text = files::read_note(&path).map_err(|source| SweepError::Unreadable { path: path.clone(), source })?;
        let called =
            adapter::told(&text).map_err(|error| SweepError::Unreadable { path, source: io::Error::other(error) })?;
        let last = called.base.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("base").to_owned();
        let mut of_base = Places::new();
        weights(&base, &mut of_base)?;
        for from in of_base.into_values() {
            let inner = from.strip_prefix(&base).unwrap_or(&from).to_owned();
            places.insert(format!("{IN}{}", found.join(&last).join(inner).display()), from);
        }
    }
    Ok(())
}

/// A model of the hub, as it lies in the cache.
fn named(name: &str, places: &mut Places) -> Result<(), SweepError> {
    let missing = || TrainError::NotDownloaded { name: name.to_owned() };
    let snapshot = crate::hub::find_cached(name, None).ok_or_else(missing)?;
    let folder = snapshot.parent().and_then(Path::parent).ok_or_else(missing)?;
    let mut found = Places::new();
    weights(&snapshot, &mut found)?;
    let refs = folder.join("refs/main");
    for from in found.into_values().chain(refs.is_file().then_some(refs)) {
        let inner = from.strip_prefix(folder).unwrap_or(&from).to_owned();
        places.insert(format!("{HUB}/{}/{}", files::name(folder), inner.display()), from);
    }
    Ok(())
}

/// What is read of a model folder.
fn weights(dir: &Path, places: &mut Places) -> Result<(), SweepError> {
    let has_safetensors =
        ["model.safetensors", "model.safetensors.index.json"].iter().any(|name| dir.join(name).is_file());
    let is_read = |file: &Path| {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_checkpoint = file.is_dir() && files::name(file).starts_with("checkpoint");
        !(is_checkpoint || FOREIGN.contains(&ending) || ending == "bin" && has_safetensors)
    };
    walk(dir, DEPTH, &is_read, &mut |file| place(file, places))
}

/// All files of a folder and those in it, but what is hidden.
fn walk(
    dir: &Path,
    depth: usize,
    is_wanted: &dyn Fn(&Path) -> bool,
    found: &mut dyn FnMut(&Path),
) -> Result<(), SweepError> {
    let unreadable = |source| SweepError::Unreadable { path: dir.to_owned(), source };
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if files::name(&path).starts_with('.') || !is_wanted(&path) {
            continue;
        }
        // A link to a folder may lead back to this one.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            if depth > 1 {
                walk(&path, depth - 1, is_wanted, found)?;
            }
        } else if path.is_file() {
            found(&path);
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(not(unix))]
fn link(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "trials are not sent from this system; --ssh works from Linux and macOS",
    ))
}
