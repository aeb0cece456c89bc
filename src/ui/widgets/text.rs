//! Words in the type ramp. Each function is one voice, so that a panel never picks a size or a colour by itself.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontId, Galley, Painter, RichText, TextStyle, TextWrapMode, Ui, WidgetText};

use crate::ui::theme::{self, Palette, size};

/// The name of a screen.
pub fn title(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::semibold(size::TITLE)).color(palette.text)
}

/// The name of a part of a screen.
pub fn head(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::semibold(size::HEAD)).color(palette.text)
}

/// The name of a card or of a thing in a list.
pub fn strong(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::semibold(size::BODY)).color(palette.text)
}

pub fn body(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::regular(size::BODY)).color(palette.text)
}

/// The label beside a control, and sentences that explain.
pub fn dim(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::regular(size::BODY)).color(palette.text_dim)
}

/// Notes below something.
pub fn small(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::regular(size::SMALL)).color(palette.text_dim)
}

pub fn faint(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::regular(size::SMALL)).color(palette.text_faint)
}

/// The head of a column or of a group, quieter than what stands below it.
pub fn label(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::medium(size::SMALL)).color(palette.text_dim)
}

/// A number in a line of text or a column.
pub fn number(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::number(size::BODY - 1.0)).color(palette.text)
}

pub fn number_dim(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::number(size::SMALL)).color(palette.text_dim)
}

/// The number a card is about.
pub fn number_large(words: impl Into<String>, palette: &Palette) -> RichText {
    RichText::new(words).font(theme::number_medium(size::TITLE)).color(palette.text)
}

/// How wide words are on one line.
pub fn width(ui: &Ui, words: RichText) -> f32 {
    let words = WidgetText::from(words);
    words.into_galley(ui, Some(TextWrapMode::Extend), f32::INFINITY, TextStyle::Body).size().x
}

/// One line of text for painting, cut with `…` where it is wider than `width`.
pub fn elided(painter: &Painter, words: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    // A text of a megabyte is laid out no further than a line can show.
    let end = words.char_indices().nth(600).map_or(words.len(), |(place, _)| place);
    let line: String = words[..end].chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mut job = LayoutJob::single_section(line, TextFormat { font_id: font, color, ..TextFormat::default() });
    job.wrap = TextWrapping { max_width: width.max(0.0), max_rows: 1, break_anywhere: true, ..TextWrapping::default() };
    painter.layout_job(job)
}

/// A name in one line, or smaller in two where it is too wide for that; only what is too long for these is cut.
pub fn in_two_lines(painter: &Painter, words: &str, color: Color32, width: f32) -> Arc<Galley> {
    let one = elided(painter, words, theme::regular(size::BODY), color, width);
    if !one.elided {
        return one;
    }
    let format = TextFormat { font_id: theme::regular(size::SMALL), color, ..TextFormat::default() };
    let mut job = LayoutJob::single_section(words.to_owned(), format);
    job.wrap =
        TextWrapping { max_width: width.max(0.0), max_rows: 2, break_anywhere: false, ..TextWrapping::default() };
    let two = painter.layout_job(job);
    if two.elided || two.size().x > width { one } else { two }
}

/// A name in one line, without its middle where it is wider than `width`: beginning and end tell names apart.
pub fn middle(painter: &Painter, name: &str, font: FontId, width: f32) -> String {
    let whole = painter.layout_no_wrap(name.to_owned(), font, Color32::PLACEHOLDER).size().x;
    let letters: Vec<char> = name.chars().collect();
    if whole <= width {
        return name.to_owned();
    }
    // Letters are not of one width; a tenth makes up for that.
    shorter(&letters, (letters.len() as f32 * width / whole * 0.9) as usize)
}

/// At most so many letters of a name, its beginning and its end.
pub fn short_name(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most { name.to_owned() } else { shorter(&letters, most) }
}

fn shorter(letters: &[char], most: usize) -> String {
    let kept = most.saturating_sub(1).max(2);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect()
}

/// Letters of a text that a line of a list has room for.
const BEGINNING: usize = 300;

/// The beginning of a text, for a line of a list and for what is read aloud of it: a text of a megabyte is neither
/// copied nor laid out for them.
pub fn beginning(mut letters: impl Iterator<Item = char>) -> String {
    let mut beginning: String = letters.by_ref().take(BEGINNING).collect();
    if letters.next().is_some() {
        beginning.push('…');
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        assert_eq!(short_name("reviews.csv", 20), "reviews.csv");
        assert_eq!(short_name("a_very_long_export_final_v3.csv", 13), "a_very…v3.csv");
        assert_eq!(short_name("Überlänge", 4), "Üb…e");
    }

    #[test]
    fn a_line_of_a_long_text_is_its_beginning() {
        assert_eq!(beginning("Größe".chars()), "Größe");
        let long = "ä ".repeat(500_000);
        let line = beginning(long.chars());
        assert_eq!(line.chars().count(), BEGINNING + 1);
        assert!(long.starts_with(line.trim_end_matches('…')) && line.ends_with('…'));
        assert_eq!(beginning(line.chars().take(BEGINNING)).chars().count(), BEGINNING, "nothing is cut");
    }
}
