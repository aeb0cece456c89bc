//! A column of the table itself that says which rows are to learn from, to evaluate on, and to be left for a last test.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::column as named;
use super::{DataError, Dataset, Roles, Split};
use crate::table::{Table, plain_name, shorten};
use crate::words::plural;

/// How many examples each part has, where a column tells the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Parts {
    /// To learn from.
    pub train: usize,
    /// To evaluate on.
    pub dev: usize,
    /// Left for a last test, or evaluated on where nothing else is.
    pub test: usize,
    /// Of no part, which are left out.
    pub none: usize,
}

/// Where the rows are that a run is judged by, on which depends what becomes of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOut {
    /// Among the rows themselves.
    Here,
    /// In a file of their own.
    OtherFile,
    /// Each row in turn.
    InFolds,
}

impl Parts {
    /// The parts of which no row is used, by their names.
    pub fn left_out(&self, held_out: HeldOut) -> Vec<(&'static str, usize)> {
        let (dev, test) = match held_out {
            HeldOut::Here => (false, self.dev > 0),
            HeldOut::OtherFile => (true, true),
            HeldOut::InFolds => (false, true),
        };
        let parts = [("dev", self.dev, dev), ("test", self.test, test), ("no part", self.none, true)];
        parts
            .into_iter()
            .filter(|(_, count, is_out)| *is_out && *count > 0)
            .map(|(name, count, _)| (name, count))
            .collect()
    }
}

/// A value of the column and what it was understood as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartName {
    /// As the file has it.
    pub written: String,
    pub part: Use,
    /// Examples that have it.
    pub examples: usize,
}

/// What people call such a column.
const NAMES: [&str; 7] = ["split", "splits", "partition", "subset", "set", "part", "dataset"];

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    Learn,
    Judge,
    Test,
}

impl Use {
    fn of(cell: &str) -> Option<Self> {
        Some(match plain_name(cell.trim()).as_str() {
            "train" | "training" | "tr" | "trn" => Self::Learn,
            "dev" | "develop" | "development" | "val" | "valid" | "validate" | "validation" | "eval" | "evaluation" => {
                Self::Judge
            }
            "test" | "testing" | "tst" | "heldout" | "holdout" => Self::Test,
            _ => return None,
        })
    }
}

/// The column of a table that is called so and holds names of parts, of which one is to learn from and another is not.
/// Some rows may be of none.
pub(super) fn column(table: &Table) -> Option<String> {
    let is_one = |&index: &usize| {
        if !NAMES.contains(&plain_name(&table.columns[index]).as_str()) {
            return false;
        }
        let (mut filled, mut told, mut learn, mut other) = (0, 0, false, false);
        for cell in (0..table.rows()).map(|row| table.cell(row, index).trim()).filter(|cell| !cell.is_empty()) {
            let part = Use::of(cell);
            filled += 1;
            told += usize::from(part.is_some());
            learn |= part == Some(Use::Learn);
            other |= part.is_some_and(|part| part != Use::Learn);
        }
        learn && other && told * 2 >= filled
    };
    (0..table.columns.len()).find(is_one).map(|index| table.columns[index].clone())
}

/// Refuses a column that says of no row that it is to learn from.
fn check(table: &Table, column: usize) -> Result<(), DataError> {
    const SHOWN: usize = 3;
    const CHARACTERS: usize = 24;
    let mut values: BTreeSet<&str> = BTreeSet::new();
    let mut first: Vec<String> = Vec::new();
    for row in 0..table.rows() {
        let cell = table.cell(row, column).trim();
        if Use::of(cell) == Some(Use::Learn) {
            return Ok(());
        }
        if !cell.is_empty() && values.insert(cell) && first.len() < SHOWN {
            first.push(format!("{:?}", shorten(cell, CHARACTERS)));
        }
    }
    let others = values.len() - first.len();
    let holds = match (first.is_empty(), others) {
        (true, _) => "nothing".to_owned(),
        (false, 0) => first.join(", "),
        (false, others) => format!("{} and {}", first.join(", "), plural(others, "other value", "other values")),
    };
    Err(DataError::NoParts { path: table.path.clone(), column: table.columns[column].clone(), holds })
}

impl Dataset {
    /// Refuses rows to be kept together, or divided, by a column that is not there, and divided by one that tells no parts.
    pub fn check_group(table: &Table, roles: &Roles) -> Result<(), DataError> {
        let split = roles.split.as_deref().filter(|name| !name.is_empty());
        named(table, roles.group.as_deref(), "group")?;
        named(table, split, "split")?.map_or(Ok(()), |column| check(table, column))
    }

    /// What each example is for, where a column says it.
    fn uses(&self) -> Option<Vec<Option<Use>>> {
        let column = self.column_of_parts()?;
        Some(self.examples.iter().map(|example| Use::of(self.table.cell(example.row, column))).collect())
    }

    fn column_of_parts(&self) -> Option<usize> {
        self.table.column(self.roles.split.as_deref().filter(|name| !name.is_empty())?)
    }

    /// Whether an example is dealt over folds: those of a last test and of no part are not.
    pub(super) fn is_dealt(&self) -> impl Fn(usize) -> bool {
        let uses = self.uses();
        let is_one = |found: Option<&Option<Use>>| matches!(found, Some(Some(Use::Learn | Use::Judge)));
        move |example| uses.as_ref().is_none_or(|uses| is_one(uses.get(example)))
    }

    /// The examples that are to be learned from, where others are evaluated on that lie elsewhere.
    pub fn to_learn(&self) -> Vec<usize> {
        let uses = self.uses();
        let is_to_learn =
            |example: &usize| uses.as_ref().is_none_or(|uses| uses.get(*example) == Some(&Some(Use::Learn)));
        (0..self.examples.len()).filter(is_to_learn).collect()
    }

    /// How many examples each part has, where a column tells the parts.
    pub fn parts(&self) -> Option<Parts> {
        self.parts_of(|_| true)
    }

    /// The same of some examples alone.
    pub fn parts_of(&self, is_counted: impl Fn(usize) -> bool) -> Option<Parts> {
        let uses = self.uses()?;
        let count = |wanted: Option<Use>| {
            uses.iter().enumerate().filter(|(example, found)| **found == wanted && is_counted(*example)).count()
        };
        let [train, dev, test] = [Use::Learn, Use::Judge, Use::Test].map(|part| count(Some(part)));
        Some(Parts { train, dev, test, none: count(None) })
    }

    /// The values of the column that were understood, those to learn from first.
    pub fn part_names(&self) -> Vec<PartName> {
        let Some(column) = self.column_of_parts() else { return Vec::new() };
        let mut found: BTreeMap<(Use, &str), usize> = BTreeMap::new();
        for example in &self.examples {
            let cell = self.table.cell(example.row, column).trim();
            if let Some(part) = Use::of(cell) {
                *found.entry((part, cell)).or_default() += 1;
            }
        }
        let name = |((part, written), examples): ((Use, &str), usize)| PartName {
            written: written.to_owned(),
            part,
            examples,
        };
        found.into_iter().map(name).collect()
    }

    /// What becomes of the rows by a column that tells their parts, in words.
    pub fn parts_words(&self, held_out: HeldOut) -> Option<String> {
        let parts = self.parts()?;
        let name = self.roles.split.as_deref()?;
        let rows = |count: usize| plural(count, "row", "rows");
        let left: Vec<String> =
            parts.left_out(held_out).iter().map(|(part, count)| format!("{} of {part}", rows(*count))).collect();
        let left = if left.is_empty() { String::new() } else { format!("; {} left out", left.join(" and ")) };
        Some(match held_out {
            HeldOut::Here => {
                let judged = match (parts.dev, parts.test) {
                    (0, 0) => "a share of them is held out".to_owned(),
                    (0, test) => format!("{} of test to evaluate on", rows(test)),
                    (dev, _) => format!("{} to evaluate on", rows(dev)),
                };
                format!("the column {name:?} divides the rows: {} to learn from, {judged}{left}", rows(parts.train))
            }
            HeldOut::OtherFile => format!(
                "the column {name:?} divides the rows: {} to learn from, as what is evaluated on is a file of its \
                 own{left}",
                rows(parts.train)
            ),
            HeldOut::InFolds => {
                let dealt = if parts.dev > 0 { "train and dev are" } else { "train is" };
                format!("the column {name:?} tells the parts: {dealt} dealt over the folds{left}")
            }
        })
    }
}

impl Split {
    /// The division that a column of the table tells: rows to learn from, and those to evaluate on, for which the test has
    /// to serve where there are no others.
    pub(super) fn told(dataset: &Dataset) -> Option<Self> {
        let uses = dataset.uses()?;
        let of =
            |wanted: Use| -> Vec<usize> { (0..uses.len()).filter(|example| uses[*example] == Some(wanted)).collect() };
        let judge = of(Use::Judge);
        let eval = if judge.is_empty() { of(Use::Test) } else { judge };
        let train = of(Use::Learn);
        (!train.is_empty() && !eval.is_empty()).then_some(Self { train, eval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::tests::{roles, table};
    use crate::data::{Fold, Roles, SplitRule, guess_task};
    use crate::task::Task;

    fn rule() -> SplitRule {
        SplitRule { eval_fraction: 0.25, seed: 1, stratified: true, fold: None, strata_of_all: false }
    }

    fn read(name: &str, parts: &[&str]) -> Dataset {
        let rows: String =
            (0..12).map(|row| format!("a text of row {row},{},{}\n", row % 2, parts[row % parts.len()])).collect();
        let table = table(&format!("text,label,{name}\n{rows}"));
        let guessed = Roles::guess(&table, Task::Classify);
        assert_eq!(guess_task(&table, &guessed), Task::Classify);
        let roles = Roles { split: guessed.split, ..roles("text", Some("label")) };
        Dataset::new(table, Task::Classify, &roles, None).unwrap()
    }

    #[test]
    fn a_column_of_parts_divides_the_rows_and_the_test_is_left_out() {
        let data = read("split", &["train", "train", "dev", "test"]);
        let split = Split::new(&data, &rule());
        assert_eq!((split.train, split.eval), (vec![0, 1, 4, 5, 8, 9], vec![2, 6, 10]));
        let words = "the column \"split\" divides the rows: 6 rows to learn from, 3 rows to evaluate on; 3 rows of test left \
                     out";
        assert_eq!(data.parts_words(HeldOut::Here).as_deref(), Some(words));
        let words =
            "the column \"split\" tells the parts: train and dev are dealt over the folds; 3 rows of test left out";
        assert_eq!(data.parts_words(HeldOut::InFolds).as_deref(), Some(words));
        let words = "the column \"split\" divides the rows: 6 rows to learn from, as what is evaluated on is a file of its \
                     own; 3 rows of dev and 3 rows of test left out";
        assert_eq!(data.parts_words(HeldOut::OtherFile).as_deref(), Some(words));
        let names = [("train", Use::Learn, 6), ("dev", Use::Judge, 3), ("test", Use::Test, 3)];
        let names = names.map(|(written, part, examples)| PartName { written: written.into(), part, examples });
        assert_eq!(data.part_names(), names);
        assert_eq!(data.parts(), Some(Parts { train: 6, dev: 3, test: 3, none: 0 }));
        let fold = Split::of_fold(&data, Fold { number: 1, of: 3 }, &rule()).unwrap();
        let mut all = [fold.train, fold.eval].concat();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 4, 5, 6, 8, 9, 10]);
        assert_eq!(data.to_learn(), [0, 1, 4, 5, 8, 9]);
    }

    #[test]
    fn without_others_the_test_is_evaluated_on_and_rows_of_no_part_are_told() {
        let split = Split::new(&read("Set", &["Train", "TEST"]), &rule());
        assert_eq!(split.eval, [1, 3, 5, 7, 9, 11]);
        let data = read("partition", &["training", "validation", ""]);
        assert!(
            data.parts_words(HeldOut::Here).unwrap().ends_with("4 rows to evaluate on; 4 rows of no part left out")
        );
        assert_eq!(Split::new(&data, &rule()).train, [0, 3, 6, 9]);
        let data = read("set", &["Train", "Validation", "Test", "unsup"]);
        assert!(data.parts_words(HeldOut::Here).unwrap().ends_with("; 3 rows of test and 3 rows of no part left out"));
    }

    #[test]
    fn other_columns_divide_nothing_and_a_person_may_say_so() {
        for (name, parts) in [("split", ["train", "train"]), ("split", ["a", "train"]), ("kind", ["train", "test"])] {
            let data = read(name, &parts);
            assert_eq!(data.roles.split, None, "{name} {parts:?}");
            assert_eq!(Split::new(&data, &rule()).train.len(), 9);
        }
        let data = read("split", &["train", "test"]);
        let roles = Roles { split: Some(String::new()), ..data.roles };
        let data = Dataset::new(data.table, Task::Classify, &roles, None).unwrap();
        assert_eq!((Split::new(&data, &rule()).train.len(), data.parts_words(HeldOut::Here)), (9, None));
    }

    #[test]
    fn a_column_without_a_part_to_learn_from_is_refused_with_what_it_holds() {
        let check = |cells: &[&str]| {
            let rows: String = cells.iter().map(|cell| format!("a text,{cell}\n")).collect();
            let table = table(&format!("text,id\n{rows}"));
            let roles = Roles { split: Some("id".into()), ..Roles::default() };
            Dataset::check_group(&table, &roles).map_err(|error| error.to_string())
        };
        let refused = check(&["1", "2", "3", "4", "4", "5"]).unwrap_err();
        assert!(refused.contains("column \"id\""), "{refused}");
        assert!(refused.contains("it holds \"1\", \"2\", \"3\" and 2 other values; expected train"), "{refused}");
        assert!(check(&["dev", "test"]).unwrap_err().contains("it holds \"dev\", \"test\"; expected"));
        assert!(check(&["", " "]).unwrap_err().contains("it holds nothing; expected"));
        assert_eq!(check(&["Training", "x"]), Ok(()));
    }

    #[test]
    fn where_only_rows_to_learn_from_are_told_the_share_is_theirs() {
        let data = read("kind", &["train", "unlabelled"]);
        for group in [None, Some("text".to_owned())] {
            let roles = Roles { split: Some("kind".into()), group, ..data.roles.clone() };
            let data = Dataset::new(data.table.clone(), Task::Classify, &roles, None).unwrap();
            let split = Split::new(&data, &SplitRule { eval_fraction: 0.5, ..rule() });
            assert_eq!((split.train.len(), split.eval.len()), (3, 3));
            assert!(split.train.iter().chain(&split.eval).all(|example| example % 2 == 0), "{split:?}");
            let fold = Split::of_fold(&data, Fold { number: 1, of: 3 }, &rule()).unwrap();
            assert_eq!(fold.train.len() + fold.eval.len(), 6);
        }
    }

    #[test]
    fn the_share_is_spread_over_the_rows_to_learn_from_alone() {
        // Of the low numbers few are to learn from: tenths of all rows would hold out of the high ones alone.
        let part = |row: usize| if row < 60 && !row.is_multiple_of(6) { "later" } else { "train" };
        let rows: String = (0..100).map(|row| format!("text {row},{row},{}\n", part(row))).collect();
        let learnable = table(&format!("text,label,split\n{rows}"));
        let roles = Roles { split: Some("split".into()), ..roles("text", Some("label")) };
        let data = Dataset::new(learnable, Task::Regress, &roles, None).unwrap();
        let rule = SplitRule { eval_fraction: 0.2, ..rule() };
        let split = Split::new(&data, &rule);
        assert_eq!((split.train.len(), split.eval.len()), (40, 10));
        let learned = data.to_learn();
        for tenth in learned.chunks(5) {
            let held_out = tenth.iter().filter(|example| split.eval.contains(example)).count();
            assert_eq!(held_out, 1, "{tenth:?}");
        }
        let earlier = Split::new(&data, &SplitRule { strata_of_all: true, ..rule });
        assert_eq!((earlier.train.len() + earlier.eval.len(), earlier == split), (50, false));
    }
}
