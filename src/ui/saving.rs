//! A file that a person takes along: a picture or a table. It is made and written by the thread that asks where to, so
//! that the window goes on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::picture::Picture;
use crate::files::csv::csv;
use crate::files::write_atomically;

/// A file that can be written.
#[derive(Clone)]
pub struct Saving {
    /// The name that is proposed, with its extension.
    pub name: String,
    make: Arc<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>,
}

impl Saving {
    pub fn new(name: impl Into<String>, make: impl Fn() -> io::Result<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self { name: name.into(), make: Arc::new(make) }
    }

    pub fn svg(name: &str, picture: Picture) -> Self {
        Self::new(format!("{name}.svg"), move || Ok(picture.svg().into_bytes()))
    }

    pub fn png(name: &str, picture: Picture) -> Self {
        Self::new(format!("{name}.png"), move || picture.png())
    }

    /// A table, made row by row.
    pub fn csv(name: &str, rows: impl Fn() -> Vec<Vec<String>> + Send + Sync + 'static) -> Self {
        Self::new(format!("{name}.csv"), move || Ok(csv(&rows()).into_bytes()))
    }

    pub fn extension(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Makes the file and writes it.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let bytes = (self.make)()?;
        write_atomically(path, |file| file.write_all(&bytes))
    }

    /// A path in a folder at which there is nothing yet.
    pub fn free_path(&self, folder: &Path) -> PathBuf {
        let (stem, extension) = self.name.rsplit_once('.').unwrap_or((&self.name, ""));
        let named = |number: usize| match number {
            1 => folder.join(&self.name),
            _ => folder.join(format!("{stem} {number}.{extension}")),
        };
        (1..10_000).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(1))
    }
}

impl std::fmt::Debug for Saving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saving").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for Saving {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.make, &other.make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_there_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let saving = Saving::csv("heads", || vec![vec!["1".to_owned()]]);
        for name in ["heads.csv", "heads 2.csv", "heads 3.csv"] {
            let path = saving.free_path(dir.path());
            assert_eq!(path, dir.path().join(name));
            saving.write(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"1\r\n");
        }
    }
}
