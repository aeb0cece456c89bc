//! What a person may decide about a dataset: which mistakes are put right, and which rows are left out. It is recorded with
//! the run; [`super::mend`] carries it out.

use serde::{Deserialize, Serialize};

/// A mistake in the labels that is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// Texts that were read in a wrong encoding and saved are what they were.
    Encoding,
    /// Entities of HTML in texts and labels are the characters that they stand for.
    Entities,
    /// Every entity begins with its `B-`.
    Tags,
    /// Answers that do not stand where they are said to move to the nearest place where they do.
    Answers,
    /// Classes that are written in several ways get the most frequent one.
    Spellings,
}

/// Rows that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclude {
    /// Rows that repeat an earlier one.
    Duplicates,
    /// Rows whose text stands elsewhere with another label.
    Conflicts,
    /// Sentences with tags that cannot follow each other.
    BadTags,
    /// Texts to which none of several labels applies.
    Unlabelled,
    /// Classes with too few examples to learn from, and their rows.
    RareClasses,
    /// Texts of the training part that are evaluated too.
    Leaks,
    /// Texts of which the length limit would cut off the end.
    OverLong,
}

/// All that was decided about one dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mends {
    pub fix: Vec<Fix>,
    pub exclude: Vec<Exclude>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    Fix(Fix),
    Exclude(Exclude),
}

/// What a decision came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    pub mend: Mend,
    /// Rows of the table, ascending.
    pub rows: Vec<usize>,
    /// Whether they are rows of an evaluation file of its own.
    pub in_eval_file: bool,
}

impl Mend {
    /// The rows it is about, after their number: `12 duplicates`.
    pub fn noun(self, count: usize) -> &'static str {
        let one = count == 1;
        match self {
            Self::Fix(Fix::Encoding) if one => "text turned back from a wrong encoding",
            Self::Fix(Fix::Encoding) => "texts turned back from a wrong encoding",
            Self::Fix(Fix::Entities) if one => "text with characters in the place of entities",
            Self::Fix(Fix::Entities) => "texts with characters in the place of entities",
            Self::Fix(Fix::Tags) if one => "sentence repaired to IOB2",
            Self::Fix(Fix::Tags) => "sentences repaired to IOB2",
            Self::Fix(Fix::Answers) if one => "answer moved to where it occurs",
            Self::Fix(Fix::Answers) => "answers moved to where they occur",
            Self::Fix(Fix::Spellings) if one => "row given the usual spelling of its class",
            Self::Fix(Fix::Spellings) => "rows given the usual spelling of their classes",
            Self::Exclude(Exclude::Duplicates) if one => "duplicate left out",
            Self::Exclude(Exclude::Duplicates) => "duplicates left out",
            Self::Exclude(Exclude::Conflicts) if one => "row with conflicting labels left out",
            Self::Exclude(Exclude::Conflicts) => "rows with conflicting labels left out",
            Self::Exclude(Exclude::BadTags) if one => "sentence with impossible tags left out",
            Self::Exclude(Exclude::BadTags) => "sentences with impossible tags left out",
            Self::Exclude(Exclude::Unlabelled) if one => "text without labels left out",
            Self::Exclude(Exclude::Unlabelled) => "texts without labels left out",
            Self::Exclude(Exclude::RareClasses) if one => "row of a rare class left out",
            Self::Exclude(Exclude::RareClasses) => "rows of rare classes left out",
            Self::Exclude(Exclude::Leaks) if one => "evaluated text left out of training",
            Self::Exclude(Exclude::Leaks) => "evaluated texts left out of training",
            Self::Exclude(Exclude::OverLong) if one => "over-long text left out",
            Self::Exclude(Exclude::OverLong) => "over-long texts left out",
        }
    }
}

impl Mends {
    pub fn is_empty(&self) -> bool {
        self.fix.is_empty() && self.exclude.is_empty()
    }

    pub fn has(&self, mend: Mend) -> bool {
        match mend {
            Mend::Fix(fix) => self.fix.contains(&fix),
            Mend::Exclude(exclude) => self.exclude.contains(&exclude),
        }
    }

    /// The same with a decision made, or taken back.
    #[must_use]
    pub fn with(&self, mend: Mend, on: bool) -> Self {
        let mut mends = self.clone();
        match mend {
            Mend::Fix(fix) => set(&mut mends.fix, fix, on),
            Mend::Exclude(exclude) => set(&mut mends.exclude, exclude, on),
        }
        mends
    }

    /// Only what puts labels right: what is done to a file that is evaluated on, of which nothing is left out.
    #[must_use]
    pub fn fixes(&self) -> Self {
        Self { fix: self.fix.clone(), exclude: Vec::new() }
    }
}

fn set<T: Ord>(list: &mut Vec<T>, one: T, on: bool) {
    list.retain(|known| *known != one);
    if on {
        list.push(one);
        list.sort_unstable();
    }
}

/// How the reason begins why a row was left out that could be used.
pub(super) const BY_CHOICE: &str = "left out by choice: ";

/// Whether a row was left out only because somebody decided it.
pub(super) fn is_by_choice(reason: &str) -> bool {
    reason.starts_with(BY_CHOICE)
}
