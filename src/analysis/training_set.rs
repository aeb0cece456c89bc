//! Which rows of a data set a model's run learned from, so that what a model makes of them is not taken for what it makes of
//! rows that are new to it. Who knows runs finds it out (`train/learned.rs`); here is what is said of it.

use std::sync::Arc;

use crate::words::{noun, plural};

/// What is known of the training set of the run that a model is of.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSet {
    /// The run, for people.
    pub run: String,
    /// By example whether it was learned from, or why that cannot be told.
    pub rows: Result<Arc<[bool]>, String>,
}

/// How many of some rows are in it.
#[derive(Clone, Debug, PartialEq)]
pub struct InTraining {
    pub run: String,
    pub rows: Result<usize, String>,
    pub of: usize,
}

/// What stands at a row that is in it.
pub const MARK: &str = "in training set";

impl TrainingSet {
    /// Whether an example is in it; nothing where that cannot be told.
    pub fn has(&self, example: usize) -> Option<bool> {
        self.rows.as_ref().ok()?.get(example).copied()
    }

    pub fn among(&self, examples: impl ExactSizeIterator<Item = usize>) -> InTraining {
        let of = examples.len();
        let rows = match &self.rows {
            Ok(_) => Ok(examples.filter(|example| self.has(*example) == Some(true)).count()),
            Err(why) => Err(why.clone()),
        };
        InTraining { run: self.run.clone(), rows, of }
    }
}

impl InTraining {
    /// A sentence for whoever looks at the rows.
    pub fn said(&self) -> String {
        let Self { run, rows, of } = self;
        match rows {
            Ok(0) => format!("None of these rows is in the training set of the run {run}"),
            Ok(rows) if rows == of => format!("All of these rows are in the training set of the run {run}"),
            Ok(rows) => {
                let are = noun(*rows, "is", "are");
                format!("{rows} of these {} {are} in the training set of the run {run}", plural(*of, "row", "rows"))
            }
            Err(why) => format!("Which of these rows are in the training set of the run {run} cannot be told: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_and_what_cannot_be_told_is_said() {
        let set = TrainingSet { run: "first".into(), rows: Ok([true, false, true].into()) };
        assert_eq!((set.has(0), set.has(1), set.has(7)), (Some(true), Some(false), None));
        let said = |examples: &[usize]| set.among(examples.iter().copied()).said();
        assert_eq!(said(&[1]), "None of these rows is in the training set of the run first");
        assert_eq!(said(&[0, 1]), "1 of these 2 rows is in the training set of the run first");
        assert_eq!(said(&[0, 2]), "All of these rows are in the training set of the run first");
        let unknown = TrainingSet { run: "first".into(), rows: Err("no such file".into()) };
        assert_eq!((unknown.has(0), unknown.among(0..1).rows.is_err()), (None, true));
        assert!(unknown.among(0..1).said().ends_with("cannot be told: no such file"));
    }
}
