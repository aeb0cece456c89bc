//! Where a command writes: never over what it reads. A file is known by its place on the disk, so that another name for
//! the same one, or a pattern or a folder that takes it in, is seen through.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::files;
use crate::table::{Inputs, Table, files_named};
use crate::train::run;

/// Refuses to write over one of the files that were or will be read; of a folder that is any file in it.
pub fn check<'a>(out: &Path, read: impl IntoIterator<Item = &'a PathBuf>) -> anyhow::Result<()> {
    // What is not there yet is not lost.
    let Ok(place) = out.canonicalize() else { return Ok(()) };
    let number = |path: &Path| files::number(&path.metadata().ok()?);
    let own = number(&place);
    let is_read = |path: &PathBuf| {
        let is_it = |path: &Path| place == path || (own.is_some() && own == number(path));
        path.canonicalize().is_ok_and(|path| if path.is_dir() { place.starts_with(path) } else { is_it(&path) })
    };
    if read.into_iter().any(is_read) {
        bail!("\"{}\" is an input, expected another file to write to", out.display());
    }
    Ok(())
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
