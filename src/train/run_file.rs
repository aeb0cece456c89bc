//! A run's configuration as it stands in a file, and the paths it names.

use std::path::{Path, PathBuf};

use super::config::{Dropout, RunConfig};
use super::open::Open;
use super::{TrainError, student};
use crate::files::read_whole;
use crate::hub::embedded::Shipped;
use crate::model;
use crate::table::{Inputs, names_files, shorten};

/// No list of settings is longer.
const MAX_BYTES: u64 = 16 << 20;

impl RunConfig {
    /// Reads a `RUN.toml`. Paths that do not exist from here are looked for beside the file.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        Self::of_text(&Self::text(path)?, path)
    }

    /// What stands in a `RUN.toml`.
    pub fn text(path: &Path) -> Result<String, TrainError> {
        let bytes =
            read_whole(path, MAX_BYTES).map_err(|source| TrainError::Unreadable { path: path.to_owned(), source })?;
        String::from_utf8(bytes).map_err(|error| TrainError::ConfigSyntax {
            path: path.to_owned(),
            reason: format!("it is not UTF-8: {error}"),
        })
    }

    /// A configuration by the text of a file.
    pub fn of_text(text: &str, path: &Path) -> Result<Self, TrainError> {
        let wrong = |reason: String| TrainError::ConfigSyntax { path: path.to_owned(), reason };
        let mut config: Self = toml::from_str(text).map_err(|error| wrong(told(text, &error)))?;
        if let Some(path) = config.paths().find(|path| path.to_string_lossy().contains(char::is_control)) {
            return Err(wrong(format!("the path {path:?} has a character that no path has{BACKSLASHES}")));
        }
        config.open = Open::of(&toml::from_str(text).map_err(|error| wrong(error.to_string()))?);
        let beside = path.parent().unwrap_or(Path::new(""));
        let find = |given: &mut PathBuf, is_there: &dyn Fn(&Path) -> bool| {
            if !is_there(given) && is_there(&beside.join(&*given)) {
                *given = beside.join(&*given);
            }
        };
        let data = std::iter::once(&mut config.data.train).chain(&mut config.data.eval);
        data.flat_map(Inputs::paths_mut).for_each(|given| find(given, &names_files));
        config.model.path.iter_mut().for_each(|given| find(given, &Path::exists));
        config.teacher_mut().for_each(|given| find(given, &Path::exists));
        Ok(config)
    }

    /// Makes its paths mean the same from everywhere.
    pub fn anchor(&mut self) {
        self.each_path(&|path| {
            if let Ok(whole) = std::path::absolute(&*path) {
                *path = whole;
            }
        });
    }

    /// Changes every path that it names.
    pub fn each_path(&mut self, change: &dyn Fn(&mut PathBuf)) {
        let data = std::iter::once(&mut self.data.train).chain(&mut self.data.eval);
        data.flat_map(Inputs::paths_mut).for_each(change);
        self.model.path.iter_mut().for_each(change);
        self.language.generator.iter_mut().for_each(change);
        self.teacher_mut().for_each(change);
        change(&mut self.run.out);
    }

    /// The folder of the teacher, where it is one.
    fn teacher_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let teacher = self.distill.iter_mut().map(|distill| &mut distill.teacher);
        teacher.filter(|path| Shipped::from_word(path).is_none())
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let data = std::iter::once(&self.data.train).chain(&self.data.eval);
        data.flat_map(Inputs::paths)
            .chain(&self.model.path)
            .chain(&self.language.generator)
            .chain(self.distill.iter().map(|distill| &distill.teacher))
            .chain(std::iter::once(&self.run.out))
    }

    /// The folder of the model.
    pub fn model_dir(&self) -> Result<PathBuf, TrainError> {
        if let Some(cut) = student::dir(self) {
            return Ok(cut);
        }
        if let Some(shipped) = self.model.embedded {
            return Ok(shipped.unpacked()?);
        }
        if let Some(path) = &self.model.path {
            return Ok(model::locate(path)?);
        }
        let name = self.model.name.as_ref().ok_or(TrainError::NoModel)?;
        crate::hub::find_cached(name, None).ok_or_else(|| TrainError::NotDownloaded { name: name.clone() })
    }

    /// One dropout rate for all sites, or `None` for the configuration's.
    pub fn dropout_rate(&self) -> Option<f64> {
        match self.run.dropout {
            Dropout::Config => None,
            Dropout::Rate(rate) => Some(rate),
        }
    }
}

/// How the paths of Windows are written.
const BACKSLASHES: &str =
    "; between double quotes a \\ begins a special character, so write the path with / or between single quotes";

/// What is wrong with a text of TOML, in one line: where, and what would be right.
pub fn told(text: &str, error: &toml::de::Error) -> String {
    const TYPES: [(&str, &str); 5] = [
        ("expected usize", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
    ];
    let said = TYPES.iter().fold(error.message().trim().to_owned(), |said, (name, words)| said.replace(name, words));
    let Some(at) = error.span().map(|span| text.floor_char_boundary(span.start.min(text.len()))) else { return said };
    let number = text[..at].matches('\n').count() + 1;
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    let quoted = line.split('"').nth(1).unwrap_or_default();
    let advice = if quoted.contains('\\') { BACKSLASHES } else { "" };
    match shorten(line.trim(), 60) {
        line if line.is_empty() => format!("line {number}: {said}{advice}"),
        line => format!("line {number}, `{line}`: {said}{advice}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_read_is_told_in_a_line_with_its_place() {
        let check = |run: &str, expected: &str| {
            let text = format!("task = \"classify\"\n[run]\n{run}\n[model]\nembedded = true\n");
            let told = RunConfig::of_text(&text, Path::new("run.toml")).unwrap_err().to_string();
            assert!(told.contains(expected) && !told.contains('|') && told.lines().count() == 1, "{told}");
        };
        check("sede = 42", "line 3, `sede = 42`: unknown field `sede`, expected one of");
        check("batch = \"x\"", "line 3, `batch = \"x\"`: invalid type: string \"x\", expected a whole number");
        check("batch =", "line 3, `batch =`: ");
    }

    #[test]
    fn the_encoding_of_the_data_is_read_and_kept() {
        let read = |data: &str| -> Result<RunConfig, String> {
            let text = format!("task = \"classify\"\n[model]\npath = \"m\"\n[data]\ntrain = \"a.csv\"\n{data}");
            RunConfig::of_text(&text, Path::new("run.toml")).map_err(|error| error.to_string())
        };
        let config = read("eval = \"b.csv\"\nencoding = \"IBM850\"\n").unwrap();
        let names = |config: &RunConfig| {
            let of = |inputs: &Inputs| inputs.charset().map(crate::table::Charset::name);
            (of(&config.data.train), config.data.eval.as_ref().and_then(of))
        };
        assert_eq!(names(&config), (Some("cp850"), Some("cp850")));
        let kept = toml::to_string(&config).unwrap();
        assert!(kept.contains("encoding = \"cp850\""), "{kept}");
        let again: RunConfig = toml::from_str(&kept).unwrap();
        assert_eq!((names(&again), &again.data), (names(&config), &config.data));
        assert!(!toml::to_string(&read("").unwrap()).unwrap().contains("encoding"));
        let told = read("encoding = \"rot13\"\n").unwrap_err();
        assert!(told.contains("\"rot13\" is no encoding that is known, expected one such as utf-8"), "{told}");
    }

    #[test]
    fn a_path_of_windows_between_double_quotes_says_how_to_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.toml");
        let read = |model: &str| {
            let text = format!("task = \"classify\"\n[model]\npath = {model}\n[data]\ntrain = \"a.csv\"\n");
            std::fs::write(&file, text).unwrap();
            RunConfig::read(&file).map(|config| config.model.path).map_err(|error| error.to_string())
        };
        // The first is no TOML; the second reads as a tabulator and a backspace.
        for wrong in [r#""C:\Users\me\bert""#, r#""C:\temp\bert""#, r#""D:\x\model""#] {
            let told = read(wrong).unwrap_err();
            assert!(told.contains("write the path with / or between single quotes"), "{told}");
        }
        for (right, path) in
            [(r"'C:\Users\me\bert'", r"C:\Users\me\bert"), (r#""C:\\temp""#, r"C:\temp"), (r#""C:/temp""#, "C:/temp")]
        {
            assert_eq!(read(right).unwrap(), Some(PathBuf::from(path)));
        }
        let told = read("bert").unwrap_err();
        assert!(!told.contains("single quotes"), "{told}");
    }
}
