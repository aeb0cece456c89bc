//! A column of the table itself that says which rows are to learn from, to evaluate on, and to be left for a last test.

use super::{Dataset, Split};
use crate::table::{Table, plain_name};
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

/// What people call such a column.
const NAMES: [&str; 7] = ["split", "splits", "partition", "subset", "set", "part", "dataset"];

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
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

impl Dataset {
    /// What each example is for, where a column says it.
    fn uses(&self) -> Option<Vec<Option<Use>>> {
        let column = self.table.column(self.roles.split.as_deref().filter(|name| !name.is_empty())?)?;
        Some(self.examples.iter().map(|example| Use::of(self.table.cell(example.row, column))).collect())
    }

    /// Whether an example is to be left for a last test.
    pub(super) fn is_for_test(&self) -> impl Fn(usize) -> bool {
        let uses = self.uses();
        move |example| uses.as_ref().is_some_and(|uses| uses.get(example) == Some(&Some(Use::Test)))
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
        let uses = self.uses()?;
        let count = |wanted: Option<Use>| uses.iter().filter(|found| **found == wanted).count();
        let [train, dev, test] = [Use::Learn, Use::Judge, Use::Test].map(|part| count(Some(part)));
        Some(Parts { train, dev, test, none: count(None) })
    }

    /// How a column divides the rows, in words.
    pub fn parts_words(&self) -> Option<String> {
        let Parts { train: learn, dev: judge, test, none: untold } = self.parts()?;
        let name = self.roles.split.as_deref()?;
        let rows = |count: usize| plural(count, "row", "rows");
        let judged = match (judge, test) {
            (0, 0) => "a share of them is held out".to_owned(),
            (0, test) => format!("{} of test to evaluate on", rows(test)),
            (judge, 0) => format!("{} to evaluate on", rows(judge)),
            (judge, test) => format!("{} to evaluate on, and {} of test left out", rows(judge), rows(test)),
        };
        let untold = if untold > 0 { format!("; {} of no part left out", rows(untold)) } else { String::new() };
        Some(format!("the column {name:?} divides the rows: {} to learn from, {judged}{untold}", rows(learn)))
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
        SplitRule { eval_fraction: 0.25, seed: 1, stratified: true, fold: None }
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
        let words = "the column \"split\" divides the rows: 6 rows to learn from, 3 rows to evaluate on, and 3 rows of test \
                     left out";
        assert_eq!(data.parts_words().as_deref(), Some(words));
        assert_eq!(data.parts(), Some(Parts { train: 6, dev: 3, test: 3, none: 0 }));
        assert!(data.remarks().iter().any(|remark| remark.ends_with(words)), "{:?}", data.remarks());
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
        assert!(data.parts_words().unwrap().ends_with("4 rows to evaluate on; 4 rows of no part left out"));
        assert_eq!(Split::new(&data, &rule()).train, [0, 3, 6, 9]);
        let data = read("set", &["Train", "Validation", "Test", "unsup"]);
        assert!(data.parts_words().unwrap().ends_with("and 3 rows of test left out; 3 rows of no part left out"));
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
        assert_eq!((Split::new(&data, &rule()).train.len(), data.parts_words()), (9, None));
    }
}
