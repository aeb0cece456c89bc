//! Rows that have some words, looked for a slice a frame.

use std::borrow::Cow;

use crate::data::Dataset;
use crate::ui::widgets::needle::{Look, Needle, Standing};
use crate::ui::widgets::slice::Slice;

#[derive(Debug, Default)]
pub struct Search {
    /// What is typed.
    pub words: String,
    searched: String,
    needle: Needle,
    /// By row, as far as it was looked at.
    found: Vec<bool>,
    standing: Standing,
    pub count: usize,
}

/// What it costs to look at a row without reading it, in bytes.
const ROW: usize = 64;

impl Search {
    pub fn is_on(&self) -> bool {
        !self.words.trim().is_empty()
    }

    pub fn has(&self, row: usize) -> bool {
        self.found.get(row).copied().unwrap_or(false)
    }

    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.found.len()).filter(|row| self.found[*row])
    }

    /// Other rows, or none, are looked through from now on.
    pub fn forget(&mut self) {
        *self = Self { words: std::mem::take(&mut self.words), ..Self::default() };
    }

    /// Goes on for a slice of a frame. Returns whether something was found or the search began anew, and whether it is
    /// complete.
    pub fn go_on(&mut self, data: &Dataset, slice: &mut Slice) -> (bool, bool) {
        let is_new = self.words != self.searched;
        if is_new {
            let words = std::mem::take(&mut self.words);
            *self = Self { needle: Needle::new(&words), searched: words.clone(), words, ..Self::default() };
        }
        if !self.is_on() {
            return (is_new, true);
        }
        let before = self.count;
        while self.found.len() < data.examples.len() {
            let row = self.found.len();
            let text = |place: usize| {
                if place == 0 { data.readable(row) } else { Cow::Borrowed(data.pair(row).unwrap_or("")) }
            };
            match self.needle.look_through(2, text, &mut self.standing, slice) {
                Look::Later => break,
                look => {
                    self.found.push(look == Look::Yes);
                    self.count += usize::from(look == Look::Yes);
                }
            }
            slice.spend(ROW);
            if slice.is_over() {
                break;
            }
        }
        (is_new || self.count > before, self.found.len() == data.examples.len())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::data::Roles;
    use crate::table::Table;
    use crate::task::Task;

    #[test]
    fn rows_are_found_in_either_text_over_many_slices() {
        let csv = "text,other\nRain fell.,Il pleuvait.\nIt was cold.,Il faisait froid.\nNo rain.,Non.\n";
        let table = Arc::new(Table::from_bytes(Path::new("rows.csv"), csv.as_bytes().to_vec()).unwrap());
        let roles = Roles { text: Some("text".into()), pair: Some("other".into()), ..Roles::default() };
        let data = Dataset::new(table, Task::Classify, &roles, None).unwrap();
        let mut search = Search { words: "RAIN".into(), ..Search::default() };
        let mut slices = 0;
        while !search.go_on(&data, &mut Slice::of(Duration::ZERO)).1 {
            slices += 1;
            assert!(slices < 1000, "it ends");
        }
        assert_eq!((search.rows().collect::<Vec<_>>(), search.count), (vec![0, 2], 2));
        search.words = "froid".into();
        assert_eq!(search.go_on(&data, &mut Slice::of(Duration::from_hours(1))), (true, true));
        assert!(search.has(1) && !search.has(0));
        search.words.clear();
        search.go_on(&data, &mut Slice::begin());
        assert!(!search.is_on() && search.count == 0);
    }
}
