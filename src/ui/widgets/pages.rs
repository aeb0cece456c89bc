//! A long text a page at a time: only the page is laid out, and a line above it says which one of how many it is.

use std::ops::Range;

use egui::Ui;
use egui_material_icons::icons::{ICON_CHEVRON_LEFT, ICON_CHEVRON_RIGHT};

use super::{Button, text};
use crate::ui::format;
use crate::ui::theme::Palette;

/// Bytes of a page; the last has up to twice as many.
const BYTES: usize = 8_000;
/// Words of a page, where a text is words.
const WORDS: usize = 300;
/// Bytes in which a blank is looked for that a page can end with.
const NEAR: usize = 200;

/// Which page is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    page: usize,
}

impl Pages {
    /// Draws the line above a text of several pages. Returns the bytes of the page.
    pub fn ui(&mut self, ui: &mut Ui, name: &str, text: &str, palette: &Palette) -> Range<usize> {
        self.turn_ui(ui, name, pages(text.len(), BYTES), palette);
        self.range(text)
    }

    /// The same for a text of so many words.
    pub fn words_ui(&mut self, ui: &mut Ui, name: &str, words: usize, palette: &Palette) -> Range<usize> {
        let last = pages(words, WORDS) - 1;
        self.turn_ui(ui, name, last + 1, palette);
        let page = self.page.min(last);
        page * WORDS..if page == last { words } else { (page + 1) * WORDS }
    }

    /// The bytes of the page.
    pub fn range(&self, text: &str) -> Range<usize> {
        let last = pages(text.len(), BYTES) - 1;
        let page = self.page.min(last);
        edge(text, page)..if page == last { text.len() } else { edge(text, page + 1) }
    }

    /// Turns to the page that a byte stands on.
    pub fn turn_to(&mut self, text: &str, byte: usize) {
        let page = (byte / BYTES).min(pages(text.len(), BYTES) - 1);
        self.page = if edge(text, page) > byte { page - 1 } else { page };
    }

    /// Turns to the page that a word stands on.
    pub fn turn_to_word(&mut self, words: usize, word: usize) {
        self.page = (word / WORDS).min(pages(words, WORDS) - 1);
    }

    fn turn_ui(&mut self, ui: &mut Ui, name: &str, pages: usize, palette: &Palette) {
        self.page = self.page.min(pages - 1);
        if pages == 1 {
            return;
        }
        ui.horizontal(|ui| {
            let back = Button::icon_only(ICON_CHEVRON_LEFT, format!("Previous page, {name}"));
            if back.small().enabled(self.page > 0).show(ui, palette).clicked() {
                self.page -= 1;
            }
            let count = |number: usize| format::count(number as u64);
            let words = format!("Page {} of {}", count(self.page + 1), count(pages));
            ui.label(text::number_dim(words, palette));
            let on = Button::icon_only(ICON_CHEVRON_RIGHT, format!("Next page, {name}"));
            if on.small().enabled(self.page + 1 < pages).show(ui, palette).clicked() {
                self.page += 1;
            }
        });
    }
}

fn pages(length: usize, page: usize) -> usize {
    (length / page).max(1)
}

/// Where a page begins: after a blank, where there is one near.
fn edge(text: &str, page: usize) -> usize {
    let at = text.floor_char_boundary(page * BYTES);
    if page == 0 {
        return at;
    }
    let near = &text[at..text.floor_char_boundary(at + NEAR)];
    let blank = near.char_indices().find(|(_, letter)| letter.is_whitespace());
    blank.map_or(at, |(place, letter)| at + place + letter.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Range<usize>> {
        (0..pages(text.len(), BYTES)).map(|page| Pages { page }.range(text)).collect()
    }

    #[test]
    fn every_byte_is_on_one_page_and_no_page_is_long() {
        for text in ["word é ".repeat(40_000), "字".repeat(100_000), "short".to_owned(), String::new()] {
            let pages = all(&text);
            let joined: String = pages.iter().map(|page| &text[page.clone()]).collect();
            assert!(joined == text, "{} pages of {} bytes", pages.len(), text.len());
            assert!(pages.iter().all(|page| page.len() <= 2 * BYTES + NEAR));
        }
        assert_eq!(all("short").first(), Some(&(0..5)));
    }

    #[test]
    fn a_page_is_turned_to_that_has_the_place() {
        let text = "word é ".repeat(40_000);
        for byte in (0..text.len()).step_by(997).chain((BYTES - 5..BYTES + 5).chain([text.len() - 1])) {
            let mut pages = Pages::default();
            pages.turn_to(&text, byte);
            assert!(pages.range(&text).contains(&byte), "byte {byte}");
        }
        let mut pages = Pages { page: 9 };
        pages.turn_to("short", 3);
        assert_eq!(pages, Pages::default());
        pages.turn_to_word(1000, 950);
        assert_eq!(pages.page, 2, "the last page has the rest");
    }
}
