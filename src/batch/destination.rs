//! Where is written: never over what it reads. A file is known by its place on the disk, so that another name for
//! the same one, or a pattern or a folder that takes it in, is seen through.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::BatchError;
use super::sheet::Kind;
use crate::files;
use crate::table::{Inputs, Table, files_named};
use crate::train::run;

/// Refuses to write over one of the files that were or will be read; of a folder that is any file in it.
pub fn check<'a>(out: &Path, read: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), BatchError> {
    // What is not there yet is not lost.
    let Ok(place) = out.canonicalize() else { return Ok(()) };
    let number = |path: &Path| files::number(&path.metadata().ok()?);
    let own = number(&place);
    let is_read = |path: &PathBuf| {
        let is_it = |path: &Path| place == path || (own.is_some() && own == number(path));
        path.canonicalize().is_ok_and(|path| if path.is_dir() { place.starts_with(path) } else { is_it(&path) })
    };
    if read.into_iter().any(is_read) {
        return Err(BatchError::IsInput { path: out.to_owned() });
    }
    Ok(())
}

/// Bytes of a file by which it is known to hold predictions.
const HEAD: u64 = 1 << 16;

/// Whether a file that is there can be one that was written here: what it begins with is what such a file begins with.
/// Words with their tags are written by everybody in the same way.
pub fn is_of_predictions(path: &Path, kind: Kind) -> bool {
    let mut head = Vec::new();
    let read = files::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let head = String::from_utf8_lossy(&head);
    let line = head.lines().find(|line| !line.trim().is_empty());
    let (Ok(_), Some(line)) = (read, line) else { return path.metadata().is_ok_and(|file| file.len() == 0) };
    match kind {
        Kind::Csv => {
            line.contains("prediction") && line.rsplit(',').next().is_some_and(|last| last.starts_with("error"))
        }
        Kind::Lines => {
            let object: Option<Map<String, Value>> = serde_json::from_str(line).ok();
            // The answer to a long text may be longer than what is read.
            object.map_or_else(
                || line.starts_with("{\"result\":"),
                |object| object.contains_key("result") || object.contains_key("error"),
            )
        }
        Kind::Answers => {
            let mut values = serde_json::Deserializer::from_str(&head).into_iter::<Map<String, Value>>();
            match values.next() {
                Some(Ok(answers)) => answers.values().all(Value::is_string),
                // It goes on behind what is read, and was so far what it should be.
                Some(Err(error)) => error.is_eof() && head.starts_with("{\""),
                None => false,
            }
        }
        Kind::Conll => line.starts_with('#') || line.split('\t').count() == 2,
    }
}

/// The files that rows were read from.
pub fn of_table(table: &Table) -> Vec<PathBuf> {
    table.origins.files.iter().map(|file| file.path.clone()).collect()
}

/// The files that will be read where these are named. Where that cannot be told, what is named itself.
pub fn of_inputs(inputs: &Inputs) -> Vec<PathBuf> {
    files_named(inputs).unwrap_or_else(|_| inputs.paths().to_vec())
}

/// The files of a model, or of a run and its model. What else lies beside them, such as earlier predictions, is none.
pub fn of_model(folder: &Path) -> Vec<PathBuf> {
    let is_part = |path: &PathBuf| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let kinds = ["json", "safetensors", "bin", "index", "model", "txt", "toml", "h5", "pt", "msgpack"];
        path.ends_with("events.jsonl") || ending.is_some_and(|ending| kinds.contains(&ending.as_str()))
    };
    let mut folders = vec![folder.to_owned(), run::model_folder(folder)];
    folders.dedup();
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(is_part).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_an_input_by_whatever_name_or_pattern() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("model")).unwrap();
        for name in ["a.csv", "b.csv", "other.csv", "model/config.json", "model/predicted.csv"] {
            fs::write(at(name), "text\nthe jury\n").unwrap();
        }
        let is_refused = |out: &str, read: &[PathBuf]| check(&at(out), read).is_err();
        let pattern = of_inputs(&at("[ab].csv").into());
        assert!(is_refused("a.csv", &pattern) && is_refused("model/../b.csv", &pattern));
        assert!(!is_refused("other.csv", &pattern) && !is_refused("new.csv", &pattern));
        assert!(is_refused("other.csv", &[dir.path().to_owned()]), "a folder is all that is in it");
        let model = of_model(&at("model"));
        assert!(is_refused("model/config.json", &model) && !is_refused("model/predicted.csv", &model));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("a.csv"), at("link.csv")).unwrap();
            assert!(is_refused("link.csv", &pattern));
            fs::hard_link(at("a.csv"), at("second name.csv")).unwrap();
            assert!(is_refused("second name.csv", &pattern) && !is_refused("second name.csv", &[at("b.csv")]));
        }
    }
}
