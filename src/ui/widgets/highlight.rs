//! Text with marked parts: entities in the colours of their types with their names behind them, answers in theirs.

use std::ops::Range;

use egui::Color32;
use egui::text::{LayoutJob, TextFormat, TextWrapping};

use crate::ui::theme::{self, Palette, size};

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark<'a> {
    /// Bytes.
    pub range: Range<usize>,
    /// Index of the class whose colour it has.
    pub color: usize,
    /// Written behind it in small letters.
    pub name: &'a str,
}

/// Letters that stand before the first mark where a line begins in the middle of a text, if there is room for them.
const BEFORE: usize = 32;
/// Letters of a line that are laid out.
const SHOWN: usize = 320;

/// One line of a text, cut with `…`. Where the first mark lies too far to the right to be seen, the line begins shortly
/// before it.
pub fn line(text: &str, marks: &[Mark<'_>], width: f32, palette: &Palette) -> LayoutJob {
    let room = (width / 7.0) as usize;
    let first = marks.iter().map(|mark| mark.range.end).min().unwrap_or(0);
    let far = first > room && text.get(..first).is_some_and(|before| before.chars().count() > room);
    let from = if far { marks.iter().map(|mark| mark.range.start).min().unwrap_or(0) } else { 0 };
    let before = BEFORE.min(room / 3);
    let from = text[..from].char_indices().rev().take(before).last().map_or(from, |(place, _)| place);
    let end = text[from..].char_indices().nth(SHOWN).map_or(text.len(), |(place, _)| from + place);
    let mut job = LayoutJob::default();
    if from > 0 && far {
        append(&mut job, "…", palette.text_faint, None, theme::regular(size::BODY));
    }
    lay(&mut job, text, if far { from } else { 0 }..end, marks, size::BODY, palette);
    job.wrap = TextWrapping { max_width: width.max(0.0), max_rows: 1, break_anywhere: true, ..TextWrapping::default() };
    job
}

/// A whole text in as many lines as it takes.
pub fn paragraph(text: &str, marks: &[Mark<'_>], width: f32, palette: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    lay(&mut job, text, 0..text.len(), marks, size::BODY + 0.5, palette);
    job.wrap = TextWrapping::wrap_at_width(width);
    for section in &mut job.sections {
        section.format.line_height = Some(20.0);
    }
    job
}

fn lay(job: &mut LayoutJob, text: &str, shown: Range<usize>, marks: &[Mark<'_>], size: f32, palette: &Palette) {
    let mut at = shown.start;
    for mark in marks {
        let (start, end) = (mark.range.start.max(at), mark.range.end.min(shown.end));
        // Where two overlap, what is left of the later one is shown.
        if start >= end || !text.is_char_boundary(start) || !text.is_char_boundary(end) {
            continue;
        }
        append(job, &text[at..start], palette.text, None, theme::regular(size));
        let (color, fill) = (palette.label(mark.color), palette.label_soft(mark.color));
        append(job, &text[start..end], color, Some(fill), theme::medium(size));
        if !mark.name.is_empty() && end == mark.range.end {
            // Letters of another size have a fill of another height, so that the name has none.
            append(job, &format!("\u{2009}{}", mark.name), color, None, theme::semibold(size - 4.0));
        }
        at = end;
    }
    if at < shown.end {
        append(job, &text[at..shown.end], palette.text, None, theme::regular(size));
    }
}

fn append(job: &mut LayoutJob, words: &str, color: Color32, fill: Option<Color32>, font: egui::FontId) {
    // Line ends and controls would break a line or vanish.
    let plain: String = words.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let background = fill.unwrap_or(Color32::TRANSPARENT);
    job.append(&plain, 0.0, TextFormat { font_id: font, color, background, expand_bg: 2.0, ..TextFormat::default() });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::DARK;

    fn text_of(job: &LayoutJob) -> String {
        job.text.replace('\u{2009}', " ")
    }

    #[test]
    fn marks_are_coloured_and_named() {
        let text = "Ada flew to New York";
        let marks = [Mark { range: 0..3, color: 1, name: "PER" }, Mark { range: 12..20, color: 0, name: "LOC" }];
        let job = line(text, &marks, 600.0, &DARK);
        assert_eq!(text_of(&job), "Ada PER flew to New York LOC");
        let filled = job.sections.iter().filter(|section| section.format.background != Color32::TRANSPARENT).count();
        assert_eq!(filled, 2, "the words, not their names");
    }

    #[test]
    fn a_line_begins_shortly_before_a_mark_that_is_far_away() {
        let text = format!("{}köln lies on the Rhine", "lorem ipsum ".repeat(200));
        let start = text.find("Rhine").unwrap();
        let job = line(&text, &[Mark { range: start..start + 5, color: 0, name: "" }], 400.0, &DARK);
        assert!(job.text.starts_with('…') && job.text.ends_with("lies on the Rhine"), "{}", job.text);
        assert!(job.text.chars().count() < 40, "{}", job.text);
        let near = line(&text, &[Mark { range: 6..11, color: 0, name: "" }], 400.0, &DARK);
        assert!(near.text.starts_with("lorem ipsum"));
    }

    #[test]
    fn marks_that_overlap_or_cut_a_letter_break_nothing() {
        let text = "äöü";
        let marks = [
            Mark { range: 0..4, color: 0, name: "a" },
            Mark { range: 2..6, color: 1, name: "b" },
            Mark { range: 1..3, color: 2, name: "c" },
            Mark { range: 4..90, color: 2, name: "d" },
        ];
        assert_eq!(text_of(&paragraph(text, &marks, 100.0, &DARK)), "äö aü b");
    }
}
