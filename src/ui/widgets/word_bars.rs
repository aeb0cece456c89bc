//! Words in lines, each with a bar for its weight: above the word where it speaks for something, below it where it speaks
//! against. All bars have one width, because a long word in colour looks like more than a short one of the same weight.

use egui::{
    Color32, CornerRadius, Galley, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2,
    vec2,
};
use std::sync::Arc;

use crate::ui::theme::{self, Palette, size};

/// One word.
#[expect(clippy::struct_excessive_bools, reason = "each is true of a word or not, whatever the others are")]
#[derive(Clone, Debug, PartialEq)]
pub struct Word<'a> {
    pub text: &'a str,
    pub weight: f64,
    /// What is read aloud and shown under the pointer.
    pub name: String,
    /// It stands around the text.
    pub faint: bool,
    /// It goes on with the word before.
    pub goes_on: bool,
    /// It is what is asked about.
    pub asked: bool,
    /// It is pointed out.
    pub picked: bool,
    /// A line begins with it.
    pub breaks: bool,
}

/// What happened to the words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub hovered: Option<usize>,
    pub pressed: Option<usize>,
}

const FONT: f32 = size::HEAD - 1.0;
const BAR: f32 = 10.0;
/// The longest bar.
const TALL: f32 = 34.0;
/// Height of a word.
const CELL: f32 = 24.0;
const GAP: f32 = 3.0;
/// More than a letter takes in the mean.
const WIDE: f32 = 9.5;

/// Where the words of a line stand.
struct Placed {
    word: usize,
    x: f32,
    width: f32,
    galley: Arc<Galley>,
}

/// Draws the words and scrolls where they are many; `largest` is the weight of the longest bar.
pub fn word_bars(ui: &mut Ui, words: &[Word<'_>], largest: f64, palette: &Palette) -> Seen {
    let lines = lines(ui, words, ui.available_width() - 12.0);
    let deepest = words.iter().map(|word| -word.weight).fold(0.0, f64::max);
    let below = length(deepest, largest);
    let height = TALL + CELL + below + 12.0;
    let mut seen = Seen::default();
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("word bars").auto_shrink(false).show_rows(ui, height, lines.len(), |ui, shown| {
        for line in &lines[shown] {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            for placed in line {
                let word = &words[placed.word];
                let cell = Rect::from_min_size(
                    pos2(rect.left() + placed.x, rect.top() + TALL + 4.0),
                    vec2(placed.width, CELL),
                );
                let response = word_ui(ui, cell, placed, word, largest, below, palette);
                if response.hovered() || response.has_focus() {
                    seen.hovered = Some(placed.word);
                }
                if response.clicked() {
                    seen.pressed = Some(placed.word);
                }
                response.on_hover_text(&word.name);
            }
        }
    });
    seen
}

fn word_ui(
    ui: &Ui,
    cell: Rect,
    placed: &Placed,
    word: &Word<'_>,
    largest: f64,
    below: f32,
    palette: &Palette,
) -> Response {
    let reach = Rect::from_min_max(cell.min - vec2(0.0, TALL), cell.max + vec2(0.0, below));
    let response = ui.interact(reach, ui.scope_id().with(("word", placed.word)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &word.name));
    let painter = ui.painter();
    let weight = if largest > 0.0 { (word.weight / largest) as f32 } else { 0.0 };
    let radius = CornerRadius::same(4);
    painter.rect_filled(cell, radius, palette.diverging(weight));
    let line = if response.has_focus() {
        Stroke::new(2.0, palette.accent)
    } else if word.picked || response.hovered() {
        Stroke::new(1.5, palette.text_dim)
    } else if word.asked {
        Stroke::new(1.5, palette.text_faint)
    } else {
        Stroke::NONE
    };
    painter.rect_stroke(cell, radius, line, StrokeKind::Inside);
    let ink = if word.faint { palette.text_faint } else { palette.text };
    let at = cell.center() - placed.galley.size() / 2.0;
    painter.galley(at, placed.galley.clone(), ink);
    if word.goes_on {
        painter.hline(cell.left() - GAP..=cell.left(), cell.center().y, Stroke::new(1.0, palette.text_faint));
    }
    let long = length(word.weight.abs(), largest);
    if long > 0.0 {
        let [towards, against] = palette.for_and_against();
        let x = cell.center().x;
        let (from, to, color) = if word.weight > 0.0 {
            (cell.top() - 2.0 - long, cell.top() - 2.0, towards)
        } else {
            (cell.bottom() + 2.0, cell.bottom() + 2.0 + long, against)
        };
        let bar = Rect::from_min_max(pos2(x - BAR / 2.0, from), pos2(x + BAR / 2.0, to));
        painter.rect_filled(bar, 2.0, color);
    }
    response
}

/// The length of a bar; what is less than half a pixel has none.
fn length(weight: f64, largest: f64) -> f32 {
    let long = if largest > 0.0 { (weight / largest).min(1.0) as f32 * TALL } else { 0.0 };
    if long < 0.5 { 0.0 } else { long.max(1.5) }
}

fn lines(ui: &Ui, words: &[Word<'_>], width: f32) -> Vec<Vec<Placed>> {
    let font = theme::regular(FONT);
    let mut lines: Vec<Vec<Placed>> = Vec::new();
    let mut x = 0.0;
    for (index, word) in words.iter().enumerate() {
        let galley = ui.painter().layout_no_wrap(word.text.to_owned(), font.clone(), Color32::PLACEHOLDER);
        let wide = (galley.size().x + 8.0).max(BAR + 4.0).min(width.max(BAR));
        if lines.is_empty() || x + wide > width || word.breaks {
            lines.push(Vec::new());
            x = 0.0;
        }
        if let Some(line) = lines.last_mut() {
            line.push(Placed { word: index, x, width: wide, galley });
        }
        x += wide + GAP;
    }
    lines
}

/// The height that all lines take in a width, where nothing was laid out yet: rather more than less.
pub fn room(words: &[Word<'_>], width: f32) -> f32 {
    let largest = words.iter().map(|word| word.weight.abs()).fold(0.0, f64::max);
    let deepest = words.iter().map(|word| -word.weight).fold(0.0, f64::max);
    let (mut lines, mut x) = (1, 0.0);
    for word in words {
        let wide = word.text.chars().count() as f32 * WIDE + 8.0 + GAP;
        if x + wide > width - 12.0 || word.breaks {
            lines += 1;
            x = 0.0;
        }
        x += wide;
    }
    lines as f32 * (TALL + CELL + length(deepest, largest) + 12.0)
}

/// What the colours and the bars mean.
pub fn legend(ui: &mut Ui, towards: &str, against: &str, palette: &Palette) {
    let colors = palette.for_and_against();
    ui.spacing_mut().item_spacing.x = 6.0;
    for (words, color) in [(towards, colors[0]), (against, colors[1])] {
        let (rect, _) = ui.allocate_exact_size(vec2(BAR, 12.0), Sense::hover());
        ui.painter().rect_filled(rect, 2.0, color);
        ui.label(super::text::small(words, palette));
        ui.add_space(6.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_weight_and_nothing_has_none() {
        assert_eq!(length(2.0, 2.0), TALL);
        assert_eq!(length(1.0, 2.0), TALL / 2.0);
        assert_eq!([length(0.0, 2.0), length(1e-6, 2.0), length(1.0, 0.0)], [0.0; 3]);
        assert!(length(0.04, 2.0) >= 1.5, "what is there can be seen");
    }
}
