//! Which rows are shown. A million rows are searched a slice a frame, so that the window never waits for it.

use std::borrow::Cow;
use std::sync::{Arc, Weak};

use crate::data::entities::Kinds;
use crate::data::{Dataset, Target};
use crate::table::Table;
use crate::ui::widgets::needle::{Look, Needle, Standing};
use crate::ui::widgets::slice::Slice;

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
    needle: Needle,
    found: Vec<u32>,
    /// The row that is looked at next, and where in it.
    next: usize,
    standing: Standing,
}

/// What it costs to look at a row without reading it, in bytes.
const ROW: usize = 64;

impl Search {
    /// Goes on with the search for a slice of a frame; returns whether it is complete.
    pub fn go_on(&mut self, filter: &Filter, table: &Arc<Table>, dataset: Option<&Arc<Dataset>>) -> bool {
        self.go_on_for(&mut Slice::begin(), filter, table, dataset)
    }

    fn go_on_for(
        &mut self,
        slice: &mut Slice,
        filter: &Filter,
        table: &Arc<Table>,
        dataset: Option<&Arc<Dataset>>,
    ) -> bool {
        let same_table = Weak::as_ptr(&self.table) == Arc::as_ptr(table);
        let same_dataset = self.dataset.as_ref().map(Weak::as_ptr) == dataset.map(Arc::as_ptr);
        if *filter != self.filter || !same_table || !same_dataset {
            *self = Self {
                filter: filter.clone(),
                table: Arc::downgrade(table),
                dataset: dataset.map(Arc::downgrade),
                kinds: dataset.map(|dataset| Kinds::of(&dataset.labels)).unwrap_or_default(),
                needle: Needle::new(&filter.words),
                ..Self::default()
            };
        }
        while self.next < table.rows() {
            match self.look_at(self.next, table, dataset, slice) {
                Look::Yes => self.found.push(self.next as u32),
                Look::No => {}
                Look::Later => return false,
            }
            self.next += 1;
            slice.spend(ROW);
            if slice.is_over() {
                break;
            }
        }
        self.next == table.rows()
    }

    pub fn found(&self) -> &[u32] {
        &self.found
    }

    fn look_at(&mut self, row: usize, table: &Table, dataset: Option<&Arc<Dataset>>, slice: &mut Slice) -> Look {
        if let Some((rows, _)) = &self.filter.rows
            && rows.binary_search(&row).is_err()
        {
            return Look::No;
        }
        if let Some(class) = self.filter.class
            && !dataset.is_some_and(|dataset| has_class(dataset, &self.kinds, row, class))
        {
            return Look::No;
        }
        if self.needle.is_empty() {
            return Look::Yes;
        }
        let cell = |column: usize| Cow::Borrowed(table.cell(row, column));
        self.needle.look_through(table.columns.len(), cell, &mut self.standing, slice)
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::ui::widgets::slice::PIECE;

    fn table(rows: &[(String, &str)]) -> Arc<Table> {
        let lines = rows.iter().map(|(text, note)| format!("{{\"text\": \"{text}\", \"note\": \"{note}\"}}\n"));
        let file: String = lines.collect();
        Arc::new(Table::from_bytes(Path::new("rows.jsonl"), file.into_bytes()).unwrap())
    }

    /// What is found in slices of one piece, and in how many of them.
    fn in_slices(words: &str, table: &Arc<Table>) -> (Vec<u32>, usize) {
        let filter = Filter { words: words.into(), ..Filter::default() };
        let mut search = Search::default();
        let slices = (1..1000).find(|_| search.go_on_for(&mut Slice::of(Duration::ZERO), &filter, table, None));
        (search.found().to_vec(), slices.expect("the search ends"))
    }

    #[test]
    fn a_search_over_many_slices_finds_what_one_finds() {
        let long = |word: &str| format!("{}{word}", "hay ".repeat(PIECE / 4));
        let rows: Vec<(String, &str)> = (0..12)
            .map(|row| match row % 4 {
                0 => (format!("Row {row}"), "a Needle in the note"),
                1 => (long("NEEDLE"), "none"),
                2 => (long("nothing"), "none"),
                _ => ("short".into(), "none"),
            })
            .collect();
        let table = table(&rows);
        assert_eq!(table.rows(), 12);
        let (found, slices) = in_slices("needle", &table);
        assert_eq!(found, [0, 1, 4, 5, 8, 9]);
        assert!(slices >= 6, "no slice reads more than a piece: {slices}");
        let filter = Filter { words: "needle".into(), ..Filter::default() };
        let mut search = Search::default();
        assert!(search.go_on_for(&mut Slice::of(Duration::from_hours(1)), &filter, &table, None));
        assert_eq!(search.found(), found);
        assert_eq!(in_slices("none", &table).0.len(), 9, "every column is searched");
    }
}
