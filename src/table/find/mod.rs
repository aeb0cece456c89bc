//! What was named → the files that are meant: a pattern is matched, a folder is looked into, and the first of several
//! numbered files stands for all of them. What names decide (which part is learned from, which files are passed over) is
//! told, and where they leave it open the choices are named and nothing is read.

mod choose;
mod glob;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use choose::Part;
use choose::choose_beside;
pub(super) use choose::{Chosen, Layout, choose, listed};

use super::{Inputs, ReadError};
use crate::files;
use crate::stop::heed;

/// How far below a folder files are looked for, and how many at most.
const DEPTH: usize = 5;
const MOST_FILES: usize = 1_000_000;
/// Numbered files that are looked for at most.
const MOST_PARTS: usize = 10_000;

/// What becomes one table of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    File(PathBuf),
    /// A sheet of a workbook or a file in an archive, by its name.
    Part {
        path: PathBuf,
        name: String,
    },
    /// Texts below a folder, by their names from there.
    Texts {
        root: PathBuf,
        layout: Layout,
        names: Vec<String>,
    },
    /// A folder that `save_to_disk` of the datasets library wrote, with its files in their order.
    Saved {
        root: PathBuf,
        names: Vec<String>,
    },
}

/// The files that are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub units: Vec<Unit>,
    pub notes: Vec<String>,
    pub held_out: Option<Inputs>,
}

/// Finds what was named.
pub(super) fn find(inputs: &Inputs, part: Part) -> Result<Found, ReadError> {
    let mut all = Found::default();
    for path in inputs.paths() {
        let found = find_one(path, part)?;
        all.units.extend(found.units);
        all.notes.extend(found.notes);
        all.held_out = found.held_out.filter(|_| inputs.one().is_some());
    }
    // The links of a folder are its own affair.
    if inputs.one().is_none_or(|path| !path.is_dir()) {
        once(&mut all);
    }
    Ok(all)
}

/// A file that is named several times, also by a link or another path, is read once.
fn once(found: &mut Found) {
    let mut seen = BTreeSet::new();
    let mut repeated = Vec::new();
    found.units.retain(|unit| {
        let (path, part) = match unit {
            Unit::File(path) | Unit::Texts { root: path, .. } | Unit::Saved { root: path, .. } => (path, None),
            Unit::Part { path, name } => (path, Some(name.clone())),
        };
        let is_new = path.canonicalize().map_or(true, |own| seen.insert((own, part)));
        if !is_new {
            repeated.push(path.display().to_string());
        }
        is_new
    });
    if !repeated.is_empty() {
        let files = listed(repeated.iter().map(String::as_str));
        found.notes.push(format!("named more than once and read once: {files}"));
    }
}

/// Whether a path is there, or is a pattern of some that are.
pub fn names_files(path: &Path) -> bool {
    path.exists()
        || part_of(path).is_some()
        || (glob::is_pattern(path) && glob::matching(path).is_ok_and(|found| !found.is_empty()))
}

/// A file with those that are numbered on from it, where it is the first of several, and what is to be told of them.
pub fn with_its_parts(first: &Path) -> (Vec<PathBuf>, Vec<String>) {
    let found = numbered(first);
    (found.units.into_iter().flat_map(of_unit).collect(), found.notes)
}

/// The files that are read where all parts of what is named are.
pub fn files_named(inputs: &Inputs) -> Result<Vec<PathBuf>, ReadError> {
    Ok(find(inputs, Part::All)?.units.into_iter().flat_map(of_unit).collect())
}

fn of_unit(unit: Unit) -> Vec<PathBuf> {
    match unit {
        Unit::File(path) | Unit::Part { path, .. } => vec![path],
        Unit::Texts { root, names, .. } | Unit::Saved { root, names } => {
            names.iter().map(|name| root.join(name)).collect()
        }
    }
}

/// What of it is to be evaluated on, and how that is known: what names say is held out, or else all of it.
pub fn to_judge(inputs: &Inputs) -> Result<(Inputs, Option<String>), ReadError> {
    Ok(match find(inputs, Part::Learn)?.held_out {
        Some(held_out) => {
            let note = format!("of {:?}, {:?} is evaluated on, by its name", inputs.title(), held_out.title());
            (held_out.read_as(inputs.charset()), Some(note))
        }
        None => (inputs.clone(), None),
    })
}

fn find_one(path: &Path, part: Part) -> Result<Found, ReadError> {
    if path.is_dir() {
        return in_folder(path, part);
    }
    if let Some((path, name)) = part_of(path) {
        return Ok(Found { units: vec![Unit::Part { path, name }], ..Found::default() });
    }
    if !path.exists() && glob::is_pattern(path) {
        return matching(path, part);
    }
    Ok(numbered(path))
}

/// What `book.xlsx#Sheet2` or `data.zip#train.csv` names, where no file is called so: a file, and a part of it.
fn part_of(path: &Path) -> Option<(PathBuf, String)> {
    let named = path.to_str().filter(|_| !path.exists())?;
    let (file, name) =
        named.match_indices('#').map(|(at, _)| named.split_at(at)).find(|(file, _)| Path::new(file).is_file())?;
    let name = &name[1..];
    (!name.is_empty()).then(|| (file.into(), name.to_owned()))
}

fn matching(pattern: &Path, part: Part) -> Result<Found, ReadError> {
    let cannot_read = |source| ReadError::Read { path: pattern.to_path_buf(), source };
    let mut paths = glob::matching(pattern).map_err(cannot_read)?;
    if paths.is_empty() {
        return Err(ReadError::NoMatch { path: pattern.to_path_buf() });
    }
    paths.sort_by(|one, other| names::in_order(&one.to_string_lossy(), &other.to_string_lossy()));
    let given: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut notes: Vec<String> = choose::missing(given.iter().map(String::as_str)).into_iter().collect();
    let is_held_out =
        |name: &&String| matches!(names::Split::of_path(own_name(name)), Some(names::Split::Dev | names::Split::Test));
    let held_out: Vec<&String> = given.iter().filter(is_held_out).collect();
    if part == Part::Learn && !held_out.is_empty() && held_out.len() < given.len() {
        let own = held_out.iter().map(|name| own_name(name));
        notes.push(format!("by its name, {} is not to be learned from, but the pattern takes it too", listed(own)));
    }
    Ok(Found { units: paths.into_iter().map(Unit::File).collect(), notes, held_out: None })
}

fn own_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A file, and with the first of several that are numbered the others too.
fn numbered(first: &Path) -> Found {
    let alone = || Found { units: vec![Unit::File(first.to_owned())], ..Found::default() };
    let Some(name) = first.file_name().and_then(|name| name.to_str()) else { return alone() };
    if !choose::is_first_of_several(name) {
        return alone();
    }
    if let Some((before, _, count)) = names::numbered(name) {
        return counted(first, before, count).unwrap_or_else(|lost| Found { notes: vec![lost], ..alone() });
    }
    let digits = names::stem(name).len();
    let next = |number: usize| first.with_file_name(format!("{number:0digits$}{}", &name[digits..]));
    let mut found = alone();
    found.units.extend((1..MOST_PARTS).map(next).take_while(|path| path.is_file()).map(Unit::File));
    found
}

/// The files beside the first that are counted with it. A sum may stand behind the count, which is another for each file.
fn counted(first: &Path, before: &str, count: usize) -> Result<Found, String> {
    let mut paths = BTreeMap::from([(0, first.to_owned())]);
    let folder = first.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let numbered = name.to_str().and_then(names::numbered);
        if let Some((_, number, _)) = numbered.filter(|(other, _, of)| *other == before && *of == count) {
            paths.entry(number).or_insert_with(|| first.with_file_name(&name));
        }
    }
    match (0..count).find(|number| !paths.contains_key(number)) {
        Some(lost) => Err(format!("only this part was read: {before}-{lost:05}-of-{count:05} is not beside it")),
        None => Ok(Found { units: paths.into_values().map(Unit::File).collect(), ..Found::default() }),
    }
}

/// What a folder holds.
fn in_folder(root: &Path, part: Part) -> Result<Found, ReadError> {
    if let Some(found) = saved(root, part)? {
        return Ok(found);
    }
    let cannot_read = |source| ReadError::Read { path: root.to_path_buf(), source };
    let mut all = Vec::new();
    list(root, "", DEPTH, &mut all).map_err(cannot_read)?;
    let chosen = choose_beside(&all, part, || has_classes_beside(root))
        .map_err(|reason| ReadError::Folder { path: root.to_path_buf(), reason })?;
    let named = |places: &[usize]| places.iter().map(|place| all[*place].clone()).collect::<Vec<String>>();
    let (read, held_out) = (named(&chosen.read), named(&chosen.held_out));
    let Chosen { layout, notes, .. } = chosen;
    Ok(match layout {
        Layout::Rows => {
            let paths = |names: Vec<String>| names.into_iter().map(|name| root.join(name));
            let held_out = (!held_out.is_empty()).then(|| paths(held_out).collect());
            Found { units: paths(read).map(Unit::File).collect(), notes, held_out }
        }
        Layout::Texts | Layout::Notes => {
            let above = if layout == Layout::Texts { 2 } else { 1 };
            let held_out = held_out.first().and_then(|first| root.join(first).ancestors().nth(above).map(Inputs::from));
            Found { units: vec![Unit::Texts { root: root.to_owned(), layout, names: read }], notes, held_out }
        }
    })
}

/// Whether a folder is a part of data, such as `test`, beside which another part has folders for classes.
fn has_classes_beside(root: &Path) -> bool {
    let is_part = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| names::Split::of_folders(name).is_some())
    };
    let folder = root.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let has_classes = |path: &Path| {
        let mut all = Vec::new();
        let is_listed = list(path, "", DEPTH, &mut all).is_ok();
        is_listed && choose(&all, Part::All).is_ok_and(|chosen| chosen.layout == Layout::Texts)
    };
    let beside = || fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_other = |path: &Path| path.is_dir() && path.file_name() != root.file_name() && is_part(path);
    is_part(root) && beside().any(|path| is_other(&path) && has_classes(&path))
}

/// The files below a folder, by their names from there, with `/` between them.
fn list(folder: &Path, before: &str, depth: usize, found: &mut Vec<String>) -> io::Result<()> {
    heed();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{before}{name}")) else { continue };
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links are followed, as the cache of the hub is made of them.
        let kind = fs::metadata(entry.path());
        match kind {
            Ok(kind) if kind.is_dir() && depth > 0 => list(&entry.path(), &format!("{name}/"), depth - 1, found)?,
            Ok(kind) if kind.is_file() => found.push(name),
            _ => {}
        }
        if found.len() > MOST_FILES {
            return Err(io::Error::other(format!("it holds more than {MOST_FILES} files")));
        }
    }
    Ok(())
}

/// A folder as `save_to_disk` of the datasets library writes it: one set, or several of them by name.
fn saved(root: &Path, part: Part) -> Result<Option<Found>, ReadError> {
    if has_indices(root) {
        let reason = "is a selection of another data set, which save_to_disk wrote by its places; save it anew with flatten_indices()";
        return Err(ReadError::Folder { path: root.to_path_buf(), reason: reason.to_owned() });
    }
    if let Some(names) = saved_names(root) {
        return Ok(Some(Found { units: vec![Unit::Saved { root: root.to_owned(), names }], ..Found::default() }));
    }
    let Some(splits) = json(&root.join("dataset_dict.json")) else { return Ok(None) };
    let splits = splits.get("splits").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let files: Vec<String> =
        splits.iter().filter_map(|split| Some(format!("{}/data.arrow", split.as_str()?))).collect();
    let unclear = |reason| ReadError::Folder { path: root.to_path_buf(), reason };
    let chosen = choose(&files, part).map_err(unclear)?;
    let folder = |place: &usize| root.join(names::folders(&files[*place]));
    let mut found =
        Found { notes: chosen.notes.iter().map(|note| note.replace("/data.arrow", "")).collect(), ..Found::default() };
    for place in &chosen.read {
        let root = folder(place);
        let names = saved_names(&root)
            .ok_or_else(|| unclear(format!("names the part {:?}, which is not in it", files[*place])))?;
        found.units.push(Unit::Saved { root, names });
    }
    found.held_out = (!chosen.held_out.is_empty()).then(|| chosen.held_out.iter().map(folder).collect());
    Ok(Some(found))
}

fn json(path: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&files::read_note(path).ok()?).ok()
}

/// Whether a set that was saved is only some rows of its files: earlier versions wrote their places beside.
fn has_indices(root: &Path) -> bool {
    let state = json(&root.join("state.json")).unwrap_or_default();
    ["_indices_files", "_indices_data_files"]
        .iter()
        .any(|key| state.get(*key).is_some_and(|files| files.as_array().is_some_and(|files| !files.is_empty())))
}

/// The files of a set that was saved, as its `state.json` names them.
fn saved_names(root: &Path) -> Option<Vec<String>> {
    let state = json(&root.join("state.json"))?;
    let files = state.get("_data_files")?.as_array()?;
    files.iter().map(|file| Some(file.get("filename")?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    fn files(found: &Found, dir: &Path) -> Vec<String> {
        let name = |unit: &Unit| match unit {
            Unit::File(path) => path.strip_prefix(dir).unwrap().to_string_lossy().into_owned(),
            other => panic!("{other:?}"),
        };
        found.units.iter().map(name).collect()
    }

    #[test]
    fn the_first_of_several_stands_for_all() {
        let dir = folder(&[
            "0000.parquet",
            "0001.parquet",
            "0003.parquet",
            "a-00000-of-00002.jsonl.gz",
            "a-00001-of-00002.jsonl.gz",
            "b-00000-of-00002.csv",
            "c.csv",
            "d-00000-of-00001.parquet",
            "e-00000-of-00002-ab12.parquet",
        ]);
        let check = |name: &str, expected: &[&str], note: Option<&str>| {
            let found = find(&dir.path().join(name).into(), Part::Learn).unwrap();
            assert_eq!(files(&found, dir.path()), expected, "{name}");
            assert_eq!(found.notes.first().map(String::as_str), note, "{name}");
        };
        check("0000.parquet", &["0000.parquet", "0001.parquet"], None);
        check("0001.parquet", &["0001.parquet"], None);
        check("a-00000-of-00002.jsonl.gz", &["a-00000-of-00002.jsonl.gz", "a-00001-of-00002.jsonl.gz"], None);
        check("a-00001-of-00002.jsonl.gz", &["a-00001-of-00002.jsonl.gz"], None);
        let lost = "only this part was read: b-00001-of-00002 is not beside it";
        check("b-00000-of-00002.csv", &["b-00000-of-00002.csv"], Some(lost));
        for name in ["c.csv", "d-00000-of-00001.parquet"] {
            check(name, &[name], None);
        }
        // A sum behind the count is another for each file, so the second cannot be named.
        let found = find(&dir.path().join("e-00000-of-00002-ab12.parquet").into(), Part::Learn).unwrap();
        assert_eq!((found.units.len(), found.notes.len()), (1, 1));
    }

    #[test]
    fn a_file_that_is_named_twice_is_read_once() {
        let dir = folder(&["a.csv", "b.csv", "d/c.csv"]);
        let named = ["a.csv", "b.csv", "d/../a.csv", "./b.csv"];
        let inputs: Inputs = named.iter().map(|name| dir.path().join(name)).collect();
        let found = find(&inputs, Part::Learn).unwrap();
        assert_eq!(files(&found, dir.path()), ["a.csv", "b.csv"]);
        let note = &found.notes[0];
        assert!(note.starts_with("named more than once and read once: ") && note.contains("a.csv"), "{note}");
    }

    #[test]
    fn patterns_and_folders_name_their_files() {
        let dir = folder(&["data/train-2.csv", "data/train-10.csv", "data/dev.csv", "README.md"]);
        let of = |named: &str| find(&dir.path().join(named).into(), Part::Learn).unwrap();
        let found = of("data/*.csv");
        assert_eq!(files(&found, dir.path()), ["data/dev.csv", "data/train-2.csv", "data/train-10.csv"]);
        assert!(found.notes[0].starts_with("by its name, \"dev.csv\" is not to be learned from"), "{:?}", found.notes);
        assert_eq!(found.held_out, None);
        let found = of("");
        assert_eq!(files(&found, dir.path()), ["data/train-2.csv", "data/train-10.csv"]);
        assert_eq!(found.held_out, Some(dir.path().join("data/dev.csv").into()));
        let error = find(&dir.path().join("*.tsv").into(), Part::Learn).unwrap_err().to_string();
        assert!(error.starts_with("no file fits the pattern"), "{error}");
    }

    #[test]
    fn folders_of_texts_are_one_table() {
        let dir =
            folder(&["train/pos/1.txt", "train/pos/2.txt", "train/neg/1.txt", "test/pos/1.txt", "test/neg/1.txt"]);
        let found = find(&dir.path().into(), Part::Learn).unwrap();
        let names = ["train/neg/1.txt", "train/pos/1.txt", "train/pos/2.txt"].map(str::to_owned).to_vec();
        assert_eq!(found.units, [Unit::Texts { root: dir.path().into(), layout: Layout::Texts, names }]);
        assert_eq!(found.held_out, Some(dir.path().join("test").into()));
    }

    #[test]
    fn a_part_with_one_text_a_class_is_read_as_the_part_beside_it_is() {
        let test = ["test/pos/1.txt", "test/neg/1.txt"];
        let dir = folder(&[&["train/pos/1.txt", "train/pos/2.txt", "train/neg/1.txt"][..], &test].concat());
        let held_out = find(&dir.path().into(), Part::Learn).unwrap().held_out.unwrap();
        let names = ["neg/1.txt", "pos/1.txt"].map(str::to_owned).to_vec();
        let root = dir.path().join("test");
        let found = find(&held_out, Part::All).unwrap();
        assert_eq!(found.units, [Unit::Texts { root, layout: Layout::Texts, names }]);
        let alone = folder(&test);
        assert!(find(&alone.path().join("test").into(), Part::All).is_err(), "alone it may be anything");
    }
}
