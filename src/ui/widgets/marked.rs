//! Text in which stretches are marked where they stand, each with a caption below its words: in a field that can be
//! written in, or in a text that is only read. Places are characters (code points).

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Color32, CornerRadius, Frame, Galley, Margin, Painter, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape,
    Stroke, StrokeKind, TextBuffer, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use super::text::elided;
use crate::ui::theme::{self, Palette, size};

/// A marked stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub start: usize,
    pub end: usize,
    /// What stands below the words; empty for nothing.
    pub caption: String,
    /// What stands there where the caption does not fit.
    pub short: String,
    /// What is read aloud and shown under the pointer.
    pub name: String,
    pub color: Color32,
    pub fill: Color32,
    /// The line of captions it stands in, from 0.
    pub lane: usize,
    /// A broken line below the words instead of a whole one, so that colour is not all that tells.
    pub broken: bool,
    pub strong: bool,
}

/// How a marked text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What is read aloud.
    pub name: &'a str,
    pub hint: &'a str,
    pub height: f32,
    /// Lines of captions that need room between the lines of the text.
    pub lanes: usize,
}

pub struct Edited {
    pub response: Response,
    pub changed: bool,
    /// The mark under the pointer.
    pub hovered: Option<usize>,
}

const FONT: f32 = size::HEAD - 1.0;
const LANE: f32 = 16.0;
/// Marks that can be pointed at; a text of thousands is read elsewhere.
const POINTED: usize = 400;

/// A field of several lines with marks.
pub fn editor(ui: &mut Ui, words: &mut String, look: &Look<'_>, marks: &[Mark], palette: &Palette) -> Edited {
    let font = theme::regular(FONT);
    let line_height = (look.lanes > 0).then_some(22.0 + look.lanes as f32 * (LANE + 2.0));
    let outer = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), look.height));
    let frame = ui.painter().add(Shape::Noop);
    let mut hovered = None;
    let output = ScrollArea::vertical()
        .id_salt(look.name)
        .auto_shrink([false, false])
        .max_height(look.height)
        .min_scrolled_height(look.height)
        .show(ui, |ui| {
            let behind = ui.painter().add(Shape::Noop);
            let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, width: f32| {
                let format =
                    TextFormat { font_id: font.clone(), color: palette.text, line_height, ..TextFormat::default() };
                let mut job = LayoutJob::single_section(buffer.as_str().to_owned(), format);
                job.wrap.max_width = width;
                ui.fonts_mut(|fonts| fonts.layout_job(job))
            };
            let bottom = if look.lanes > 0 { 14 } else { 10 };
            let output = TextEdit::multiline(words)
                .hint_text(egui::RichText::new(look.hint).font(font.clone()).color(palette.text_faint))
                .frame(Frame::new().inner_margin(Margin { left: 10, right: 10, top: 10, bottom }))
                .layouter(&mut layouter)
                .desired_width(f32::INFINITY)
                .desired_rows(1)
                .min_size(vec2(0.0, look.height))
                .show(ui);
            let mut shapes = Vec::new();
            hovered = paint(ui, &output.galley, output.galley_pos, marks, &mut shapes);
            ui.painter().set(behind, Shape::Vec(shapes));
            output.response.response.accessible_name(look.name)
        });
    let response = output.inner;
    let line = if response.has_focus() { palette.accent } else { palette.line };
    let fill = if palette.dark { palette.background } else { palette.panel };
    let radius = CornerRadius::same(6);
    let shape = egui::epaint::RectShape::new(outer, radius, fill, Stroke::new(1.0, line), StrokeKind::Inside);
    ui.painter().set(frame, shape);
    Edited { changed: response.changed(), response, hovered }
}

/// Where a stretch of characters stands: a box around the words on each line it touches.
pub fn boxes(galley: &Galley, start: usize, end: usize) -> Vec<Rect> {
    let mut found = Vec::new();
    let mut first = 0;
    for row in &galley.rows {
        let count = row.glyphs.len();
        let (from, to) = (start.max(first), end.min(first + count));
        if from < to {
            let x = |column: usize| row.pos.x + row.x_offset(egui::text::CharIndex(column - first));
            let rect = row.rect();
            let height = row.glyphs.first().map_or(rect.height(), |glyph| glyph.font_height);
            let middle = rect.center().y;
            let top = middle - height / 2.0;
            found.push(Rect::from_min_max(pos2(x(from), top), pos2(x(to), top + height)));
        }
        first += count + usize::from(row.ends_with_newline);
        if first >= end {
            break;
        }
    }
    found
}

/// Paints marks over a text; what belongs behind the words goes into `behind`. Returns the mark under the pointer.
pub fn paint(ui: &Ui, galley: &Galley, origin: Pos2, marks: &[Mark], behind: &mut Vec<Shape>) -> Option<usize> {
    let painter = ui.painter();
    let clip = ui.clip_rect();
    // On a line a caption may be as wide as there is room before the next one of its lane.
    let mut placed: Vec<(usize, Rect)> = Vec::new();
    for (index, mark) in marks.iter().enumerate() {
        for stretch in boxes(galley, mark.start, mark.end) {
            let stretch = stretch.translate(origin.to_vec2());
            if clip.intersects(stretch.expand(40.0)) {
                placed.push((index, stretch));
            }
        }
    }
    let mut hovered = None;
    let pointer = ui.input(|input| input.pointer.latest_pos()).filter(|at| clip.contains(*at));
    let mut captioned = None;
    for (place, (index, stretch)) in placed.iter().enumerate() {
        let mark = &marks[*index];
        behind.push(Shape::rect_filled(stretch.expand2(vec2(1.5, 1.0)), 3.0, mark.fill));
        let y = stretch.bottom() + 1.5 + mark.lane as f32 * (LANE + 1.0);
        let under = [pos2(stretch.left(), y), pos2(stretch.right(), y)];
        let stroke = Stroke::new(if mark.strong { 2.5 } else { 2.0 }, mark.color);
        if mark.broken {
            painter.extend(Shape::dashed_line(&under, stroke, 4.0, 3.0));
        } else {
            painter.line_segment(under, stroke);
        }
        let zone = Rect::from_min_max(stretch.min, pos2(stretch.right(), y + LANE));
        if pointer.is_some_and(|at| zone.contains(at)) {
            hovered = Some(*index);
        }
        if captioned == Some(*index) {
            continue;
        }
        captioned = Some(*index);
        let same_line = |other: &&(usize, Rect)| {
            marks[other.0].lane == mark.lane && (other.1.top() - stretch.top()).abs() < 1.0 && other.0 != *index
        };
        let next = placed[place..].iter().find(same_line).map_or(clip.right(), |(_, other)| other.left());
        caption(painter, mark, pos2(stretch.left(), y + 2.0), next - stretch.left() - 4.0);
        if *index < POINTED {
            let response = ui.interact(zone, ui.scope_id().with(("mark", index)), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &mark.name));
            response.on_hover_text(&mark.name);
        }
    }
    hovered
}

fn caption(painter: &Painter, mark: &Mark, at: Pos2, room: f32) {
    if mark.caption.is_empty() || room < 14.0 {
        return;
    }
    let font = if mark.strong { theme::semibold(size::SMALL - 0.5) } else { theme::medium(size::SMALL - 0.5) };
    let whole = painter.layout_no_wrap(mark.caption.clone(), font.clone(), mark.color);
    let galley =
        if whole.size().x <= room { whole } else { elided(painter, &mark.short, font, mark.color, room + 3.0) };
    // Two letters and three points say nothing; the pointer tells.
    if !galley.elided || room > 30.0 {
        painter.galley(at, galley, mark.color);
    }
}

/// Moves places in a text along with an edit of it: what stands before or after the edit keeps its words, what the edit
/// touched is dropped.
pub fn shifted(places: &[(usize, usize)], before: &str, after: &str) -> Vec<Option<(usize, usize)>> {
    if before == after {
        return places.iter().copied().map(Some).collect();
    }
    let same = before.chars().zip(after.chars()).take_while(|(one, two)| one == two).count();
    let (old, new) = (before.chars().count(), after.chars().count());
    let most = old.min(new) - same;
    let tail = before.chars().rev().zip(after.chars().rev()).take(most).take_while(|(one, two)| one == two).count();
    // Only asked of places in the common tail, which both texts have.
    let moved = |at: usize| (at + new).saturating_sub(old);
    places
        .iter()
        .map(|&(start, end)| {
            if end <= same {
                Some((start, end))
            } else if start >= old - tail {
                Some((moved(start), moved(end)))
            } else {
                None
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_move_with_the_words_and_leave_with_them() {
        let before = "Ada lives in Rome now";
        assert_eq!(&before[13..17], "Rome");
        let check_at = |after: &str, expected: [Option<(usize, usize)>; 2]| {
            assert_eq!(shifted(&[(0, 3), (13, 17)], before, after), expected, "{after}");
        };
        check_at(before, [Some((0, 3)), Some((13, 17))]);
        check_at("Ada now lives in Rome now", [Some((0, 3)), Some((17, 21))]);
        check_at("Ida lives in Rome now", [None, Some((13, 17))]);
        check_at("Ada lives in Rom now", [Some((0, 3)), None]);
        check_at("Ada in Rome now", [Some((0, 3)), Some((7, 11))]);
        check_at("", [None, None]);
        assert_eq!(shifted(&[(0, 3)], "xxxxx", "xxxxxx"), [Some((0, 3))]);
    }
}
