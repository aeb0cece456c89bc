//! Which rows are shown. A million rows are searched a slice a frame, so that the window never waits for it.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::data::entities::Kinds;
use crate::data::{Dataset, Table, Target};

/// What the shown rows have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub words: String,
    /// A class, a type of entities, or of questions: 0 with and 1 without an answer.
    pub class: Option<usize>,
    /// Only these rows of the table, ascending, with the words that say why.
    pub rows: Option<(Arc<Vec<usize>>, String)>,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        self.words.trim().is_empty() && self.class.is_none() && self.rows.is_none()
    }
}

/// The rows that were found so far.
#[derive(Debug, Default)]
pub struct Search {
    filter: Filter,
    /// What was searched. Weak pointers keep their places in memory from being given to something else.
    table: Weak<Table>,
    dataset: Option<Weak<Dataset>>,
    kinds: Kinds,
    found: Vec<u32>,
    next: usize,
}

const SLICE: Duration = Duration::from_millis(4);

impl Search {
    /// Goes on with the search for a slice of a frame; returns whether it is complete.
    pub fn go_on(&mut self, filter: &Filter, table: &Arc<Table>, dataset: Option<&Arc<Dataset>>) -> bool {
        let same_table = Weak::as_ptr(&self.table) == Arc::as_ptr(table);
        let same_dataset = self.dataset.as_ref().map(Weak::as_ptr) == dataset.map(Arc::as_ptr);
        if *filter != self.filter || !same_table || !same_dataset {
            *self = Self {
                filter: filter.clone(),
                table: Arc::downgrade(table),
                dataset: dataset.map(Arc::downgrade),
                kinds: dataset.map(|dataset| Kinds::of(&dataset.labels)).unwrap_or_default(),
                ..Self::default()
            };
        }
        let needle = self.filter.words.trim().to_lowercase();
        let began = Instant::now();
        while self.next < table.rows() {
            let row = self.next;
            self.next += 1;
            if self.shows(row, &needle, table, dataset) {
                self.found.push(row as u32);
            }
            if row.is_multiple_of(256) && began.elapsed() > SLICE {
                return false;
            }
        }
        true
    }

    pub fn found(&self) -> &[u32] {
        &self.found
    }

    fn shows(&self, row: usize, needle: &str, table: &Table, dataset: Option<&Arc<Dataset>>) -> bool {
        if let Some((rows, _)) = &self.filter.rows
            && rows.binary_search(&row).is_err()
        {
            return false;
        }
        if let Some(class) = self.filter.class
            && !dataset.is_some_and(|dataset| has_class(dataset, &self.kinds, row, class))
        {
            return false;
        }
        needle.is_empty() || (0..table.columns.len()).any(|column| contains(table.cell(row, column), needle))
    }
}

/// The example of a row, where it is one. Examples are in the order of their rows.
pub fn example_of(dataset: &Dataset, row: usize) -> Option<usize> {
    dataset.examples.binary_search_by_key(&row, |example| example.row).ok()
}

fn has_class(dataset: &Dataset, kinds: &Kinds, row: usize, class: usize) -> bool {
    example_of(dataset, row).is_some_and(|place| match &dataset.examples[place].target {
        Target::Class(one) => *one as usize == class,
        Target::Classes(several) => several.iter().any(|one| *one as usize == class),
        Target::Tags(tags) => tags.iter().any(|tag| kinds.of_tag(*tag) == Some(class)),
        Target::Answers(answers) => usize::from(answers.is_empty()) == class,
        _ => false,
    })
}

/// Whether a text has the words, in whatever case. The needle is in lower case.
fn contains(text: &str, needle: &str) -> bool {
    if needle.is_ascii() && text.is_ascii() {
        let needle = needle.as_bytes();
        return text.as_bytes().windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_whatever_case_and_script() {
        assert!(contains("The Battery lasts", "battery"));
        assert!(contains("ÜBER alles", "über"));
        assert!(!contains("short", "longer than the text"));
    }
}
