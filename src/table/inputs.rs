//! What a person names to be read as one table: a file, a folder, a pattern such as `data/*.csv`, or several of them. In a
//! configuration one is a string and several are a list.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Charset;
use crate::files;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inputs {
    paths: Vec<PathBuf>,
    /// The encoding of the files, where a person names it. It is no part of what is written for them.
    charset: Option<Charset>,
}

impl Inputs {
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    pub fn paths_mut(&mut self) -> &mut [PathBuf] {
        &mut self.paths
    }

    /// The encoding of the files, where it is named and not recognised.
    pub fn charset(&self) -> Option<Charset> {
        self.charset
    }

    /// The same files, read in an encoding that is named, or in the one that is recognised.
    #[must_use]
    pub fn read_as(self, charset: Option<Charset>) -> Self {
        Self { charset, ..self }
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.paths.iter().all(|path| path.as_os_str().is_empty())
    }

    /// The one path that is named, where it is one.
    pub fn one(&self) -> Option<&Path> {
        match self.paths.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// What a message is about: the one path, or the deepest folder that holds all of them.
    pub fn place(&self) -> Cow<'_, Path> {
        let Some((first, others)) = self.paths.split_first() else { return Cow::Owned(PathBuf::new()) };
        if others.is_empty() {
            return Cow::Borrowed(first);
        }
        let holds_all = |folder: &&Path| others.iter().all(|other| other.starts_with(folder));
        Cow::Borrowed(first.ancestors().skip(1).find(holds_all).unwrap_or(first))
    }

    /// What it is called, in a few words: `train.csv`, or `train-0.csv and 2 more`.
    pub fn title(&self) -> String {
        let Some((first, others)) = self.paths.split_first() else { return String::new() };
        let first = files::name(first);
        if others.is_empty() { first.into_owned() } else { format!("{first} and {} more", others.len()) }
    }
}

impl From<PathBuf> for Inputs {
    fn from(path: PathBuf) -> Self {
        Self { paths: vec![path], charset: None }
    }
}

impl From<&Path> for Inputs {
    fn from(path: &Path) -> Self {
        Self::from(path.to_owned())
    }
}

impl From<&PathBuf> for Inputs {
    fn from(path: &PathBuf) -> Self {
        Self::from(path.clone())
    }
}

impl From<&str> for Inputs {
    fn from(path: &str) -> Self {
        Self::from(PathBuf::from(path))
    }
}

impl FromIterator<PathBuf> for Inputs {
    fn from_iter<I: IntoIterator<Item = PathBuf>>(paths: I) -> Self {
        Self { paths: paths.into_iter().collect(), charset: None }
    }
}

impl Serialize for Inputs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.paths.as_slice() {
            [] => Path::new("").serialize(serializer),
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected the path of a file, a folder or a pattern, or a list of them")]
        enum Raw {
            One(PathBuf),
            Several(Vec<PathBuf>),
        }
        match Raw::deserialize(deserializer)? {
            Raw::One(path) => Ok(path.into()),
            Raw::Several(paths) if paths.is_empty() => {
                Err(serde::de::Error::custom("an empty list names no file, expected at least one"))
            }
            Raw::Several(paths) => Ok(paths.into_iter().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_written_as_a_string_and_several_as_a_list() {
        let check = |json: &str, title: &str, place: &str| {
            let inputs: Inputs = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&inputs).unwrap(), json);
            assert_eq!((inputs.title().as_str(), inputs.place().as_ref()), (title, Path::new(place)));
        };
        check(r#""data/a.csv""#, "a.csv", "data/a.csv");
        check(r#"["data/x/a.csv","data/y/b.csv"]"#, "a.csv and 1 more", "data");
        check(r#"["data/a.csv","data/b.csv","data/c.csv"]"#, "a.csv and 2 more", "data");
        check(r#"["a.csv","b.csv"]"#, "a.csv and 1 more", "");
        let refused = |json: &str| serde_json::from_str::<Inputs>(json).unwrap_err().to_string();
        assert!(refused("[]").contains("at least one"), "{}", refused("[]"));
        assert!(refused("3").contains("a folder or a pattern"), "{}", refused("3"));
        assert!(Inputs::default().is_empty() && Inputs::from("").is_empty() && !Inputs::from("a").is_empty());
    }
}
