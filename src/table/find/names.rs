//! What the names of files say: of which kind a file is, which part of a data set it belongs to, and in which order
//! numbered files stand.

use std::cmp::Ordering;

/// How compressed files end, after the ending of what is in them.
const PACKINGS: [&str; 5] = ["gz", "xz", "zst", "bz2", "bgz"];

/// Endings of files with rows, each with the kind that it is one of. Files of one kind can be read as one.
const TABLES: [(&str, &str); 23] = [
    ("csv", "csv"),
    ("tsv", "tsv"),
    ("tab", "tsv"),
    ("jsonl", "jsonl"),
    ("ndjson", "jsonl"),
    ("json", "json"),
    ("parquet", "parquet"),
    ("arrow", "arrow"),
    ("feather", "feather"),
    ("xlsx", "xlsx"),
    ("xlsm", "xlsx"),
    ("xlsb", "xlsb"),
    ("xls", "xls"),
    ("ods", "ods"),
    ("conll", "conll"),
    ("conllu", "conll"),
    ("gold_conll", "conll"),
    ("bio", "conll"),
    ("iob", "conll"),
    ("iob2", "conll"),
    ("ner", "conll"),
    ("ft", "ft"),
    ("zip", "zip"),
];
const TEXTS: [&str; 3] = ["txt", "text", "md"];

/// What tells of a data set and is none.
const ABOUT: [&str; 12] = [
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "datapackage.json",
    "dataset-metadata.json",
    "croissant.json",
    "package.json",
    "config.json",
    "requirements.txt",
    "robots.txt",
    "id2label.json",
];
const ABOUT_STEMS: [&str; 8] =
    ["readme", "license", "licence", "changelog", "citation", "notice", "authors", "copying"];

/// Stems of JSON files that tell of rows that lie beside them in files of another kind.
const BESIDE: [&str; 12] = [
    "metadata",
    "meta",
    "info",
    "schema",
    "label_map",
    "label2id",
    "labels",
    "classes",
    "stats",
    "statistics",
    "vocab",
    "features",
];

/// Whether a file by its name tells of rows that others have.
pub(super) fn tells_of_others(name: &str) -> bool {
    let lower = own(name).to_lowercase();
    lower.strip_suffix(".json").is_some_and(|stem| BESIDE.contains(&stem))
}

/// Which kind of file a name is that of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One with rows.
    Table(&'static str),
    Text,
    /// A name without an ending, which may be a text.
    Bare,
    /// Places and labels that belong to a text beside it.
    Notes,
    Other,
}

/// A name without the folders before it.
pub(super) fn own(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The folders before a name.
pub(super) fn folders(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folders, _)| folders)
}

/// A name without the endings that say how it is compressed.
pub(super) fn unpacked(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if PACKINGS.iter().any(|packing| ending.eq_ignore_ascii_case(packing)) => stem,
        _ => name,
    }
}

pub(super) fn stem(name: &str) -> &str {
    let name = unpacked(own(name));
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

impl Kind {
    pub fn of(name: &str) -> Self {
        let lower = own(name).to_lowercase();
        let is_about = ABOUT.contains(&lower.as_str())
            || ABOUT_STEMS
                .iter()
                .any(|stem| lower.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
        // What an office program writes beside a workbook that is open.
        let is_lock = lower.starts_with("~$");
        if is_about || is_lock || name.split('/').any(|part| part.starts_with('.') || part.starts_with("__MACOSX")) {
            return Self::Other;
        }
        let Some((_, ending)) = unpacked(&lower).rsplit_once('.') else {
            return if unpacked(&lower) == lower { Self::Bare } else { Self::Other };
        };
        if let Some((_, kind)) = TABLES.iter().find(|(known, _)| *known == ending) {
            return Self::Table(kind);
        }
        match ending {
            "ann" => Self::Notes,
            // `eng.train`, `eng.testa`
            ending if Split::of_word(ending).is_some() => Self::Table("conll"),
            ending if TEXTS.contains(&ending) => Self::Text,
            _ => Self::Other,
        }
    }
}

/// The part of a data set that a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Split {
    Train,
    Dev,
    Test,
}

impl Split {
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "train" | "training" | "trainset" | "traindata" => Some(Self::Train),
            "dev" | "devel" | "development" | "devset" | "valid" | "validation" | "val" | "eval" | "evaluation"
            | "testa" => Some(Self::Dev),
            "test" | "testing" | "testset" | "testdata" | "testb" | "heldout" => Some(Self::Test),
            _ => None,
        }
    }

    /// What is said by a word, or by those that it is made of: `train1`, `val2017`, `reviewsTest`.
    fn of_compound(word: &str) -> Vec<Self> {
        match Self::of_word(&word.to_lowercase()) {
            Some(split) => vec![split],
            None => parts(word).iter().filter_map(|part| Self::of_word(&part.to_lowercase())).collect(),
        }
    }

    /// What one name says, without folders. One that says two things says nothing.
    fn of_name(name: &str) -> Option<Self> {
        let mut said = name.split(|letter: char| !letter.is_alphanumeric()).flat_map(Self::of_compound);
        let first = said.next()?;
        said.all(|other| other == first).then_some(first)
    }

    /// What the name of a file or else that of a folder before it says, from the innermost.
    pub fn of_path(name: &str) -> Option<Self> {
        Self::of_name(unpacked(own(name))).or_else(|| Self::of_folders(folders(name)))
    }

    pub fn of_folders(folders: &str) -> Option<Self> {
        folders.rsplit('/').find_map(Self::of_name)
    }
}

/// The words that are written as one, told by capitals and digits.
fn parts(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for letter in word.chars() {
        let begins = before.is_none_or(|before| {
            before.is_numeric() != letter.is_numeric() || (before.is_lowercase() && letter.is_uppercase())
        });
        match parts.last_mut().filter(|_| !begins) {
            Some(part) => part.push(letter),
            None => parts.push(letter.into()),
        }
        before = Some(letter);
    }
    parts
}

/// Numbers by their value and the rest by its letters: `part-2` before `part-10`.
pub(super) fn in_order(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    loop {
        let (Some(a), Some(b)) = (one.first(), other.first()) else { return one.len().cmp(&other.len()) };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let number = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (a, b) = (one.split_at(number(one)), other.split_at(number(other)));
            let plain = |digits: &[u8]| digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
            let (x, y) = (&a.0[plain(a.0)..], &b.0[plain(b.0)..]);
            let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then_with(|| a.0.len().cmp(&b.0.len()));
            if order.is_ne() {
                return order;
            }
            (one, other) = (a.1, b.1);
        } else if a == b {
            (one, other) = (&one[1..], &other[1..]);
        } else {
            return a.cmp(b);
        }
    }
}

/// The number of a file of several, and of how many: `train-00002-of-00005.csv`.
pub(super) fn numbered(name: &str) -> Option<(&str, usize, usize)> {
    let stem = own(name);
    let at = stem.find("-of-")?;
    let (before, digits) = stem[..at].rsplit_once('-')?;
    let behind = &stem[at + 4..];
    let count: String = behind.chars().take_while(char::is_ascii_digit).collect();
    let is_number = |digits: &str| digits.len() == count.len() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(digits) && count.len() > 1).then_some((before, digits.parse().ok()?, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_say_the_kind() {
        let check = |name: &str, kind: Kind| assert_eq!(Kind::of(name), kind, "{name}");
        check("a/Train.CSV.gz", Kind::Table("csv"));
        check("a.ndjson", Kind::Table("jsonl"));
        check("eng.testa", Kind::Table("conll"));
        check("pos/0_9.txt", Kind::Text);
        check("alt.atheism/49960", Kind::Bare);
        check("README.md", Kind::Other);
        check("LICENSE", Kind::Other);
        check("dataset_infos.json", Kind::Other);
        check(".git/a.csv", Kind::Other);
        check("a.ann", Kind::Notes);
        check("a.png", Kind::Other);
        check("d/~$a.xlsx", Kind::Other);
    }

    #[test]
    fn names_say_the_part() {
        let check = |name: &str, split: Option<Split>| assert_eq!(Split::of_path(name), split, "{name}");
        check("train.csv", Some(Split::Train));
        check("data/validation_matched-00000-of-00001.parquet", Some(Split::Dev));
        check("eng.testb", Some(Split::Test));
        check("test/neg/0_2.txt", Some(Split::Test));
        check("train/test.csv", Some(Split::Test));
        check("train_test_split.csv", None);
        check("restaurants.csv", None);
        check("train1.csv", Some(Split::Train));
        check("val2017/a.csv", Some(Split::Dev));
        check("reviewsTest.csv", Some(Split::Test));
        check("SST2Train10k.csv.gz", Some(Split::Train));
        check("trainTest.csv", None);
        check("latest2.csv", None);
        check("Contest.csv", None);
    }

    #[test]
    fn numbers_stand_in_their_order() {
        let mut names = ["part-10", "part-2", "a", "part-2b", "part-02", "b10c", "b9c"];
        names.sort_by(|one, other| in_order(one, other));
        assert_eq!(names, ["a", "b9c", "b10c", "part-2", "part-2b", "part-02", "part-10"]);
    }

    #[test]
    fn files_of_several_say_which_they_are() {
        assert_eq!(numbered("a/train-00002-of-00005.csv.gz"), Some(("train", 2, 5)));
        assert_eq!(numbered("e-00000-of-00002-ab12.parquet"), Some(("e", 0, 2)));
        assert_eq!(numbered("state-of-2.csv"), None);
        assert_eq!(numbered("train.csv"), None);
    }
}
