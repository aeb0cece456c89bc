//! The rows of a list: those that pass a filter and contain some words, in an order. They are worked out a slice a
//! frame, and until that is done the list is what it was. The words are looked for apart from all else, so that a
//! threshold that is moved searches nothing again.

use std::borrow::Cow;

use super::sorting::{Key, Sorting};
use crate::ui::format;
use crate::ui::widgets::needle::{Look, Needle, Standing};
use crate::ui::widgets::slice::Slice;
use crate::worker::protocol::EvaluatedData;

/// What a list is made from.
pub trait Source {
    type Row: Copy;
    /// Texts of one prediction.
    const TEXTS: usize;

    fn predictions(&self) -> usize;

    fn text(&self, prediction: usize, place: usize) -> Cow<'_, str>;

    /// How many rows there may be.
    fn candidates(&self) -> usize {
        self.predictions()
    }

    /// One of them, unless the filter keeps it out. What it contains is not asked here.
    fn candidate(&self, place: usize) -> Option<Candidate<Self::Row>>;
}

/// A row that passes a filter.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<R> {
    pub row: R,
    /// The prediction that it is about.
    pub prediction: usize,
    pub key: Key,
}

/// The first text of a prediction, or the second.
pub fn text_of(evaluated: &EvaluatedData, prediction: usize, place: usize) -> Cow<'_, str> {
    let texts = evaluated.texts.get(prediction);
    let text = texts.and_then(|(first, second)| if place == 0 { Some(first) } else { second.as_ref() });
    Cow::Borrowed(text.map_or("", String::as_str))
}

/// What it costs to look at a row without reading it, in bytes.
const ROW: usize = 64;

#[derive(Debug)]
pub struct Found<F, R> {
    /// In order.
    pub rows: Vec<R>,
    /// The filter that rows are found for, which holds the words too.
    filter: Option<F>,
    words: Words,
    next: usize,
    sorting: Sorting<R>,
    complete: bool,
}

impl<F, R> Default for Found<F, R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            filter: None,
            words: Words::default(),
            next: 0,
            sorting: Sorting::default(),
            complete: false,
        }
    }
}

impl<F: Clone + PartialEq, R: Copy> Found<F, R> {
    /// Goes on with what is asked for; returns whether there are other rows now.
    pub fn go_on<S: Source<Row = R>>(&mut self, filter: &F, words: &str, source: &S, slice: &mut Slice) -> bool {
        if self.filter.as_ref() != Some(filter) {
            self.filter = Some(filter.clone());
            (self.next, self.sorting, self.complete) = (0, Sorting::default(), false);
        }
        if self.complete || !self.words.go_on(words, source, slice) || !self.collect(source, slice) {
            return false;
        }
        self.complete = self.sorting.go_on(slice);
        if self.complete {
            self.rows = self.sorting.take();
        }
        self.complete
    }

    fn collect<S: Source<Row = R>>(&mut self, source: &S, slice: &mut Slice) -> bool {
        let all = source.candidates();
        while self.next < all {
            let candidate = source.candidate(self.next);
            if let Some(candidate) = candidate.filter(|candidate| self.words.are_in(candidate.prediction)) {
                self.sorting.push(candidate.key, candidate.row);
            }
            self.next += 1;
            slice.spend(ROW);
            if slice.is_over() {
                break;
            }
        }
        self.next >= all
    }

    /// What is selected, and can be opened, is among what is shown: the first where it no longer is.
    pub fn keep_inside(&self, selected: &mut Option<R>)
    where
        R: PartialEq,
    {
        *selected = selected.filter(|row| self.rows.contains(row)).or(self.rows.first().copied());
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// How many there are of how many, once that is known.
    pub fn count(&self, all: usize) -> String {
        if !self.complete {
            return "Searching…".into();
        }
        format!("{} of {}", format::count(self.rows.len() as u64), format::count(all as u64))
    }

    /// What stands in the place of rows where there are none: the words, once that is known.
    pub fn nothing<'a>(&self, words: &'a str) -> &'a str {
        if self.complete { words } else { "Searching…" }
    }
}

/// Which predictions contain the words.
#[derive(Debug, Default)]
struct Words {
    needle: Needle,
    /// Those that were looked at.
    has: Vec<bool>,
    standing: Standing,
}

impl Words {
    /// Goes on with the search for words; returns whether it is complete.
    fn go_on<S: Source>(&mut self, words: &str, source: &S, slice: &mut Slice) -> bool {
        let needle = Needle::new(words);
        if needle != self.needle {
            *self = Self { needle, ..Self::default() };
        }
        let all = if self.needle.is_empty() { 0 } else { source.predictions() };
        while self.has.len() < all {
            let prediction = self.has.len();
            let text = |place: usize| source.text(prediction, place);
            match self.needle.look_through(S::TEXTS, text, &mut self.standing, slice) {
                Look::Later => return false,
                look => self.has.push(look == Look::Yes),
            }
            slice.spend(ROW);
            if slice.is_over() {
                break;
            }
        }
        self.has.len() >= all
    }

    fn are_in(&self, prediction: usize) -> bool {
        self.needle.is_empty() || self.has.get(prediction).copied().unwrap_or(false)
    }
}

/// All rows of a source.
#[cfg(test)]
pub fn at_once<S: Source>(words: &str, source: &S) -> Vec<S::Row> {
    let mut found = Found::default();
    let slice = &mut Slice::of(std::time::Duration::from_hours(1));
    assert!(found.go_on(&(), words, source, slice), "an hour is enough");
    found.rows
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;
    use crate::ui::widgets::slice::PIECE;

    /// Texts, of which the longest come first, from a least length on.
    #[derive(Default)]
    struct Texts {
        all: Vec<String>,
        least: usize,
        read: Cell<usize>,
    }

    impl Source for Texts {
        type Row = usize;
        const TEXTS: usize = 1;

        fn predictions(&self) -> usize {
            self.all.len()
        }

        fn text(&self, prediction: usize, _: usize) -> Cow<'_, str> {
            self.read.set(self.read.get() + 1);
            Cow::Borrowed(&self.all[prediction])
        }

        fn candidate(&self, place: usize) -> Option<Candidate<usize>> {
            let length = self.all[place].len();
            let key = [-(length as f64), 0.0];
            (length >= self.least).then_some(Candidate { row: place, prediction: place, key })
        }
    }

    fn texts() -> Texts {
        let text = |row: usize| format!("{} text {row}{}", "ä ".repeat(row * 97 % 500), ["", " NEEDLE"][row % 2]);
        let mut texts: Vec<String> = (0..3000).map(text).collect();
        texts.extend((0..6).map(|row| format!("{} Needle {row}", "long ".repeat(PIECE / 4))));
        Texts { all: texts, ..Texts::default() }
    }

    #[test]
    fn a_search_over_many_slices_finds_the_rows_of_one() {
        let source = texts();
        let expected = at_once(" needle ", &source);
        assert_eq!(expected.len(), 1506);
        let mut found = Found::default();
        let slices = (1..10_000).find(|_| {
            assert!(found.rows.is_empty() && !found.is_complete());
            assert_eq!(found.count(3006), "Searching…");
            found.go_on(&0, "needle", &source, &mut Slice::of(Duration::ZERO))
        });
        assert!(slices.is_some_and(|slices| slices > 15), "{slices:?}");
        assert!(found.rows == expected && found.is_complete());
    }

    #[test]
    fn another_filter_searches_nothing_again_and_keeps_the_rows_until_it_is_done() {
        let mut source = texts();
        let mut found = Found::default();
        let hour = || Slice::of(Duration::from_hours(1));
        assert!(found.go_on(&0, "needle", &source, &mut hour()));
        assert!(!found.go_on(&0, "needle", &source, &mut hour()), "these are the same rows");
        let before = found.rows.clone();
        (source.least, source.read) = (1000, Cell::new(0));
        assert!(!found.go_on(&1, "needle", &source, &mut Slice::of(Duration::ZERO)), "not in one piece");
        assert!(found.rows == before && !found.is_complete());
        assert!(found.go_on(&1, "needle", &source, &mut hour()));
        assert_eq!(source.read.get(), 0);
        assert!(!found.rows.is_empty() && found.rows.len() < before.len());
        assert_eq!(found.rows, at_once("needle", &source));
    }
}
