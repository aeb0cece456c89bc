//! A sentence between two lanes: above the words the entities that are true, below them those that were said. Entities
//! of one lane do not overlap, so neither do their marks; a caption is cut where the next one begins.

use std::ops::Range;
use std::sync::Arc;

use egui::{Galley, Painter, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::text::elided;
use crate::ui::theme::{self, Palette, size};

/// An entity of a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Span<'a> {
    /// First word, and the one after the last.
    pub words: Range<usize>,
    pub label: &'a str,
    /// Index of its colour.
    pub class: usize,
    /// It has no counterpart in the other lane: the caption says so in a colour of its own.
    pub wrong: bool,
}

#[derive(Clone, Debug)]
pub struct Lanes<'a> {
    pub words: &'a [String],
    pub gold: Vec<Span<'a>>,
    pub predicted: Vec<Span<'a>>,
}

/// Height of a line of words with both lanes.
pub const LINE: f32 = 52.0;

const CAPTION: f32 = 12.0;
const MARK: f32 = 3.0;
const GAP: f32 = 5.0;
/// Words of a sentence that are laid out; nobody reads further in a list.
const MOST_WORDS: usize = 4000;

struct Placed {
    word: usize,
    /// From the left edge of the line.
    left: f32,
    galley: Arc<Galley>,
}

impl Placed {
    fn right(&self) -> f32 {
        self.left + self.galley.size().x
    }
}

/// The whole sentence, in as many lines as it needs.
pub fn lanes(ui: &mut Ui, name: &str, lanes: &Lanes<'_>, palette: &Palette) -> Response {
    let width = ui.available_width();
    let mut lines: Vec<Vec<Placed>> = vec![Vec::new()];
    let mut left = 0.0;
    for (word, words) in lanes.words.iter().enumerate().take(MOST_WORDS) {
        let galley = galley(ui.painter(), words, width, palette);
        if left > 0.0 && left + galley.size().x > width {
            lines.push(Vec::new());
            left = 0.0;
        }
        let next = left + galley.size().x + GAP;
        if let Some(line) = lines.last_mut() {
            line.push(Placed { word, left, galley });
        }
        left = next;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(width, lines.len() as f32 * LINE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    for (at, line) in lines.iter().enumerate() {
        let top = rect.top() + at as f32 * LINE;
        let room = Rect::from_min_size(pos2(rect.left(), top), vec2(width, LINE));
        if ui.is_rect_visible(room) {
            line_ui(ui.painter(), room, line, lanes, palette);
        }
    }
    response
}

/// One line of the sentence, cut at the edges, so that the words in `focus` are seen.
pub fn lane_row(ui: &Ui, rect: Rect, lanes: &Lanes<'_>, focus: &Range<usize>, palette: &Palette) {
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let mut first = focus.start.min(lanes.words.len());
    let mut before = 0.0;
    while first > 0 {
        before += galley(&painter, &lanes.words[first - 1], rect.width(), palette).size().x + GAP;
        if before > rect.width() * 0.38 {
            break;
        }
        first -= 1;
    }
    let mut left = 0.0;
    if first > 0 {
        let more = painter.layout_no_wrap("…".into(), theme::regular(size::BODY), palette.text_faint);
        left += more.size().x + GAP;
        painter.galley(pos2(rect.left(), text_top(rect)), more, palette.text_faint);
    }
    let mut line = Vec::new();
    for (word, words) in lanes.words.iter().enumerate().skip(first) {
        if left > rect.width() {
            break;
        }
        let galley = galley(&painter, words, rect.width(), palette);
        let next = left + galley.size().x + GAP;
        line.push(Placed { word, left, galley });
        left = next;
    }
    line_ui(&painter, rect, &line, lanes, palette);
}

fn galley(painter: &Painter, word: &str, width: f32, palette: &Palette) -> Arc<Galley> {
    elided(painter, word, theme::regular(size::BODY), palette.text, width)
}

fn text_top(line: Rect) -> f32 {
    line.center().y - 8.0
}

fn line_ui(painter: &Painter, rect: Rect, line: &[Placed], lanes: &Lanes<'_>, palette: &Palette) {
    for placed in line {
        painter.galley(pos2(rect.left() + placed.left, text_top(rect)), Arc::clone(&placed.galley), palette.text);
    }
    let above = text_top(rect) - MARK - 1.0;
    let below = text_top(rect) + 17.0;
    lane_ui(painter, rect, line, &lanes.gold, pos2(above - CAPTION, above), palette);
    lane_ui(painter, rect, line, &lanes.predicted, pos2(below + MARK, below), palette);
}

/// `tops` holds the top of the captions and the top of the marks.
fn lane_ui(painter: &Painter, rect: Rect, line: &[Placed], spans: &[Span<'_>], tops: Pos2, palette: &Palette) {
    let parts: Vec<(&Span<'_>, f32, f32)> = spans.iter().filter_map(|span| extent(span, line)).collect();
    for (at, (span, left, right)) in parts.iter().enumerate() {
        let color = palette.label(span.class);
        let mark = Rect::from_min_max(
            pos2(rect.left() + left, tops.y),
            pos2((rect.left() + right).min(rect.right()), tops.y + MARK),
        );
        painter.rect_filled(mark, 1.5, color);
        let end = parts.get(at + 1).map_or(rect.right(), |next| rect.left() + next.1 - 4.0);
        let words = if span.wrong { palette.bad } else { color };
        let caption = elided(painter, span.label, theme::medium(9.5), words, (end - mark.left()).max(0.0));
        painter.galley(pos2(mark.left(), tops.x), caption, words);
    }
}

/// The part of an entity that stands in a line, from its left to its right edge.
fn extent<'a, 'b>(span: &'a Span<'b>, line: &[Placed]) -> Option<(&'a Span<'b>, f32, f32)> {
    let mut inside = line.iter().filter(|placed| span.words.contains(&placed.word));
    let first = inside.next()?;
    let last = inside.next_back().unwrap_or(first);
    Some((span, first.left, last.right()))
}
