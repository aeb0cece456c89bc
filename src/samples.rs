//! The sample data that ships inside the program, so that a first run of each task needs no file and no network.
//!
//! A sample is written to a file before it is opened, so that it is read by the same code as a person's own data and can
//! be looked at with other programs. All of it was written for Attune; `assets/samples/README.md` says what it is.

use std::io;
use std::path::{Path, PathBuf};

use crate::data::Roles;
use crate::files::{self, write_where_other};
use crate::hub::embedded::Shipped;
use crate::task::Task;

/// The file's name of the product reviews.
pub const REVIEWS: &str = "reviews.csv";

/// A data set for each task that is learned from labels or from running text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sample {
    Reviews,
    Entities,
    Questions,
    Pairs,
    Topics,
    Prose,
}

/// A file inside the program.
type File = (&'static str, &'static [u8]);

impl Sample {
    /// In the order in which they are offered.
    pub const ALL: [Self; 6] = [Self::Reviews, Self::Entities, Self::Questions, Self::Pairs, Self::Topics, Self::Prose];

    /// The name in commands and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reviews => "reviews",
            Self::Entities => "entities",
            Self::Questions => "questions",
            Self::Pairs => "pairs",
            Self::Topics => "topics",
            Self::Prose => "prose",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sample| sample.name() == name)
    }

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reviews => "Product reviews",
            Self::Entities => "Names in sentences",
            Self::Questions => "Questions about texts",
            Self::Pairs => "Does it follow?",
            Self::Topics => "Help desk messages",
            Self::Prose => "Stories and essays",
        }
    }

    /// One line that says what is in it and what can be learned from it. The counts are tested.
    pub fn description(self) -> &'static str {
        match self {
            Self::Reviews => "787 short reviews, each positive, neutral or negative",
            Self::Entities => "384 sentences with the people, organisations, places and other names in them marked",
            Self::Questions => "228 questions on 38 texts, 38 of them without an answer",
            Self::Pairs => "225 pairs of sentences: the second follows from the first, contradicts it or does neither",
            Self::Topics => "273 messages to a help desk, each about any number of seven topics",
            Self::Prose => "137 paragraphs from 21 texts, to learn words from their surroundings",
        }
    }

    /// What it was written for.
    pub fn task(self) -> Task {
        match self {
            Self::Reviews | Self::Pairs => Task::Classify,
            Self::Entities => Task::Ner,
            Self::Questions => Task::Qa,
            Self::Topics => Task::MultiLabel,
            Self::Prose => Task::Mlm,
        }
    }

    /// The model inside the program that it is learned from. So few questions do not teach an encoder to answer any.
    pub fn suits(self) -> Shipped {
        if self == Self::Questions { Shipped::Answers } else { Shipped::Mini }
    }

    /// Which of its columns plays which part.
    pub fn roles(self) -> Roles {
        let column = |name: &str| Some(name.to_owned());
        let none = Roles::default();
        match self {
            Self::Reviews => Roles { text: column("text"), label: column("label"), ..none },
            Self::Entities => Roles { tokens: column("tokens"), tags: column("tags"), ..none },
            // Questions on one article repeat each other's words, and so do pairs with one premise.
            Self::Questions => Roles {
                question: column("question"),
                context: column("context"),
                answers: column("answers"),
                group: column("title"),
                ..none
            },
            Self::Pairs => Roles {
                text: column("premise"),
                pair: column("hypothesis"),
                label: column("label"),
                group: column("premise"),
                ..none
            },
            Self::Topics => Roles { text: column("text"), label: column("labels"), ..none },
            Self::Prose => Roles { text: column("text"), ..none },
        }
    }

    /// The name of the file to train on.
    pub fn file(self) -> &'static str {
        self.train().0
    }

    /// The name of the file to evaluate on. Without one, part of the other is set aside.
    pub fn dev_file(self) -> Option<&'static str> {
        self.dev().map(|(name, _)| name)
    }

    /// Where it lies once it was opened.
    pub fn path(self) -> PathBuf {
        folder().join(self.file())
    }

    /// Where its evaluation file lies once it was opened.
    pub fn dev_path(self) -> Option<PathBuf> {
        self.dev_file().map(|name| folder().join(name))
    }

    /// The sample whose file to train on has this name.
    pub fn from_file(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sample| sample.file() == name)
    }

    /// Writes both files to a folder, unless they are there as this version has them.
    pub fn write_to(self, folder: &Path) -> io::Result<()> {
        // The evaluation file goes first: whoever finds the file to train on finds both.
        for (name, bytes) in self.dev().into_iter().chain([self.train()]) {
            write_where_other(&folder.join(name), bytes)?;
        }
        Ok(())
    }

    fn train(self) -> File {
        match self {
            Self::Reviews => (REVIEWS, include_bytes!("../assets/samples/reviews.csv")),
            Self::Entities => ("entities.conll", include_bytes!("../assets/samples/entities.conll")),
            Self::Questions => ("questions.json", include_bytes!("../assets/samples/questions.json")),
            Self::Pairs => ("pairs.csv", include_bytes!("../assets/samples/pairs.csv")),
            Self::Topics => ("topics.csv", include_bytes!("../assets/samples/topics.csv")),
            Self::Prose => ("prose.txt", include_bytes!("../assets/samples/prose.txt")),
        }
    }

    fn dev(self) -> Option<File> {
        let file: File = match self {
            Self::Reviews => ("reviews-dev.csv", include_bytes!("../assets/samples/reviews-dev.csv")),
            Self::Entities => ("entities-dev.conll", include_bytes!("../assets/samples/entities-dev.conll")),
            Self::Questions => ("questions-dev.json", include_bytes!("../assets/samples/questions-dev.json")),
            Self::Pairs => ("pairs-dev.csv", include_bytes!("../assets/samples/pairs-dev.csv")),
            Self::Topics => ("topics-dev.csv", include_bytes!("../assets/samples/topics-dev.csv")),
            Self::Prose => return None,
        };
        Some(file)
    }
}

/// Where samples lie once they were opened.
pub fn folder() -> PathBuf {
    files::data_folder().join("samples")
}

/// Where the sample of product reviews lies once it was opened.
pub fn reviews_path() -> PathBuf {
    Sample::Reviews.path()
}

/// Writes a sample's files if this is the path of one of them and they are not there, or are not this version's.
pub fn ensure(path: &Path) -> io::Result<()> {
    let is_its = |sample: &Sample| sample.path() == path || sample.dev_path().is_some_and(|dev_path| dev_path == path);
    Sample::ALL.into_iter().find(is_its).map_or(Ok(()), |sample| sample.write_to(&folder()))
}

/// Writes the sample whose file to train on has this name to a path, and its evaluation file beside it, unless they are
/// there as this version has them.
pub fn write(name: &str, path: &Path) -> io::Result<()> {
    let Some(sample) = Sample::from_file(name) else {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no sample \"{name}\"")));
    };
    if let Some((dev_name, bytes)) = sample.dev() {
        write_where_other(&path.with_file_name(dev_name), bytes)?;
    }
    write_where_other(path, sample.train().1)
}
