//! Pieces of text as a model reads them, in lines: each with its id and position, words held together by a line below,
//! what is learned of them, and hatches over what is cut off. Only the lines in sight are drawn, however long the text.

use std::ops::Range;

use egui::{
    Color32, CornerRadius, Painter, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::text::elided;
use crate::ui::theme::{self, Palette};

/// One piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece<'a> {
    pub token: &'a str,
    pub id: u32,
    /// Its position in what the model reads; none where it is not read.
    pub position: Option<usize>,
    /// The segment, as an index of the series' colours; none for special tokens.
    pub segment: Option<usize>,
    /// Whether it goes on with the word of the piece before.
    pub goes_on: bool,
    /// What is learned of it: words, and the index of their colour where they have one.
    pub note: Option<(&'a str, Option<usize>)>,
    /// Whether it is part of what is looked for.
    pub is_target: bool,
    pub is_unknown: bool,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Read,
    /// Not in the window that is looked at.
    Elsewhere,
    /// In no window.
    Cut,
}

/// How wide lines are broken; kept between frames.
#[derive(Debug, Default)]
pub struct Lines {
    of: Option<(usize, u32)>,
    lines: Vec<Range<usize>>,
}

const FONT: f32 = 12.5;
const SMALL: f32 = 10.0;
/// Width of a letter of the number font, as a share of its size.
const LETTER: f32 = 0.6;
/// Letters of a piece that are shown.
const MOST: usize = 22;
const GAP: f32 = 3.0;
const HEIGHT: f32 = 58.0;
const NOTE: f32 = 16.0;

impl Lines {
    /// The line that a piece stands in.
    fn of_piece(&self, piece: usize) -> usize {
        self.lines.partition_point(|line| line.end <= piece)
    }

    fn update<'a>(&mut self, revision: usize, count: usize, width: f32, piece: impl Fn(usize) -> Piece<'a>) {
        let wanted = Some((revision, width as u32));
        if self.of == wanted {
            return;
        }
        self.of = wanted;
        self.lines.clear();
        let (mut start, mut filled) = (0, 0.0);
        for index in 0..count {
            let wide = width_of(&piece(index)) + GAP;
            if filled + wide > width && index > start {
                self.lines.push(start..index);
                (start, filled) = (index, 0.0);
            }
            filled += wide;
        }
        if start < count {
            self.lines.push(start..count);
        }
    }
}

fn width_of(piece: &Piece<'_>) -> f32 {
    let note = piece.note.map_or(0, |(words, _)| words.len());
    let digits = piece.id.checked_ilog10().unwrap_or(0) + 1;
    let letters = (piece.token.chars().take(MOST).map(columns).sum::<usize>()) as f32 * FONT * LETTER;
    let small = digits.max(note as u32 + 1) as f32 * SMALL * LETTER;
    letters.max(small).max(14.0) + 10.0
}

/// Letters of some scripts are two columns wide.
fn columns(letter: char) -> usize {
    if letter >= '\u{1100}' { 2 } else { 1 }
}

/// Draws the pieces. `revision` is another for other pieces; `has_notes` keeps room for what is learned. Scrolls to a
/// piece where one is given.
pub fn pieces<'a>(
    ui: &mut Ui,
    lines: &mut Lines,
    (revision, count): (usize, usize),
    has_notes: bool,
    scroll_to: Option<usize>,
    palette: &Palette,
    piece: impl Fn(usize) -> Piece<'a>,
) {
    let height = HEIGHT + if has_notes { NOTE } else { 0.0 };
    lines.update(revision, count, ui.available_width() - 12.0, &piece);
    let mut area = ScrollArea::vertical().id_salt("pieces").auto_shrink(false);
    if let Some(target) = scroll_to {
        area = area.vertical_scroll_offset(lines.of_piece(target) as f32 * height);
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    area.show_rows(ui, height, lines.lines.len(), |ui, shown| {
        for line in shown {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            let mut x = rect.left();
            for index in lines.lines[line].clone() {
                let one = piece(index);
                let wide = width_of(&one);
                let place = Rect::from_min_size(pos2(x, rect.top()), vec2(wide, height - 8.0));
                let next = (index + 1 < count).then(|| piece(index + 1));
                piece_ui(ui, place, &one, next.is_some_and(|next| next.goes_on), index, palette);
                x += wide + GAP;
            }
        }
    });
}

fn piece_ui(ui: &Ui, rect: Rect, piece: &Piece<'_>, joins_next: bool, index: usize, palette: &Palette) {
    let response = ui.interact(rect, ui.scope_id().with(("piece", index)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words_of(piece)));
    let faded = piece.state == State::Elsewhere;
    let fade = |color: Color32| if faded { color.gamma_multiply(0.4) } else { color };
    let painter = ui.painter();
    let cell = Rect::from_min_size(rect.min, vec2(rect.width(), 24.0));
    let (fill, ink) = match (piece.note.and_then(|(_, color)| color), piece.is_target) {
        _ if piece.is_unknown => (palette.warn_soft, palette.warn),
        (Some(color), _) => (palette.label_soft(color), palette.label(color)),
        (None, true) => (palette.label_soft(2), palette.label(2)),
        _ if piece.segment.is_none() => (palette.background, palette.text_dim),
        _ => (palette.raised, palette.text),
    };
    let line = if piece.segment.is_none() { palette.line } else { Color32::TRANSPARENT };
    painter.rect(cell, CornerRadius::same(4), fade(fill), Stroke::new(1.0, fade(line)), StrokeKind::Inside);
    let token = shown(piece.token);
    let galley = elided(painter, &token, theme::number(FONT), fade(ink), cell.width() - 4.0);
    painter.galley(cell.center() - galley.size() / 2.0, galley, fade(ink));
    if let Some(segment) = piece.segment {
        word_line(painter, cell, piece.goes_on, joins_next, fade(palette.series[segment % 6]));
    }
    if piece.state == State::Cut {
        hatch(painter, cell, palette);
    }
    let mut y = cell.bottom() + 5.0;
    if let Some((words, color)) = piece.note {
        let ink = color.map_or(palette.text_faint, |color| palette.label(color));
        let font = if color.is_some() { theme::semibold(SMALL) } else { theme::number(SMALL) };
        painter.text(pos2(cell.center().x, y), egui::Align2::CENTER_TOP, words, font, fade(ink));
        y += NOTE;
    }
    let position = piece.position.map_or_else(|| "–".to_owned(), |position| position.to_string());
    for words in [piece.id.to_string(), position] {
        let at = pos2(cell.center().x, y);
        painter.text(at, egui::Align2::CENTER_TOP, words, theme::number(SMALL), fade(palette.text_faint));
        y += 12.0;
    }
    response.on_hover_text(words_of(piece));
}

/// A line below a word, through all its pieces.
#[expect(clippy::fn_params_excessive_bools, reason = "one for each end of the line")]
fn word_line(painter: &Painter, cell: Rect, from_left: bool, to_right: bool, color: Color32) {
    let left = if from_left { cell.left() - GAP } else { cell.left() + 3.0 };
    let right = if to_right { cell.right() } else { cell.right() - 3.0 };
    painter.hline(left..=right, cell.bottom() + 1.5, Stroke::new(2.0, color));
}

fn hatch(painter: &Painter, cell: Rect, palette: &Palette) {
    let painter = painter.with_clip_rect(painter.clip_rect().intersect(cell));
    let stroke = Stroke::new(1.2, palette.bad.gamma_multiply(0.75));
    let mut x = cell.left() - cell.height();
    while x < cell.right() {
        painter.line_segment([pos2(x, cell.bottom()), pos2(x + cell.height(), cell.top())], stroke);
        x += 7.0;
    }
    painter.rect_stroke(cell, CornerRadius::same(4), stroke, StrokeKind::Inside);
}

/// The marks that families write for a blank before a word, as one mark that every font has.
fn shown(token: &str) -> String {
    let end = token.char_indices().nth(MOST).map_or(token.len(), |(place, _)| place);
    let cut = if end < token.len() { "…" } else { "" };
    let letters = token[..end].chars().map(|letter| match letter {
        '\u{120}' | '\u{2581}' => '·',
        letter if letter.is_control() => ' ',
        letter => letter,
    });
    letters.chain(cut.chars()).collect()
}

fn words_of(piece: &Piece<'_>) -> String {
    let mut words = format!("{}, id {}", shown(piece.token), piece.id);
    match (piece.state, piece.position) {
        (State::Cut, _) => words += ", cut off",
        (State::Elsewhere, _) | (_, None) => words += ", in another window",
        (State::Read, Some(position)) => words += &format!(", position {position}"),
    }
    match piece.segment {
        Some(segment) => words += &format!(", segment {}", segment + 1),
        None => words += ", special token",
    }
    if piece.goes_on {
        words += ", continues its word";
    }
    if piece.is_unknown {
        words += ", not in the vocabulary";
    }
    if let Some((note, _)) = piece.note {
        words += &format!(", learned as {note}");
    }
    if piece.is_target {
        words += ", part of the answer";
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(token: &str) -> Piece<'_> {
        Piece {
            token,
            id: 1234,
            position: Some(3),
            segment: Some(0),
            goes_on: false,
            note: None,
            is_target: false,
            is_unknown: false,
            state: State::Read,
        }
    }

    #[test]
    fn lines_hold_every_piece_once_and_are_made_anew_for_another_width() {
        let mut lines = Lines::default();
        let make =
            |index: usize| piece(["the", "wonderful", "##ly", "a", "extraordinarily-long-piece-of-text"][index % 5]);
        for (revision, width) in [(1, 300.0), (1, 120.0), (2, 10.0)] {
            lines.update(revision, 103, width, make);
            let all: Vec<usize> = lines.lines.iter().cloned().flatten().collect();
            assert_eq!(all, (0..103).collect::<Vec<_>>(), "{width}");
            assert!(lines.lines.iter().all(|line| !line.is_empty()));
            for index in [0, 50, 102] {
                assert!(lines.lines[lines.of_piece(index)].contains(&index));
            }
        }
        assert_eq!(lines.lines.len(), 103, "where nothing fits each has a line");
    }

    #[test]
    fn a_piece_is_told_in_words() {
        let mut one = piece("Ġwonder");
        assert_eq!(words_of(&one), "·wonder, id 1234, position 3, segment 1");
        one.note = Some(("B-PER", Some(1)));
        one.state = State::Cut;
        one.segment = None;
        assert_eq!(words_of(&one), "·wonder, id 1234, cut off, special token, learned as B-PER");
    }
}
