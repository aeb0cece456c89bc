//! A long text to be read: laid out once for a width and not in every frame, with only what is on screen painted, marks
//! where they stand, and a way to scroll to a place. Places are characters (code points).

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Galley, Rect, Role, ScrollArea, Sense, Shape, Ui, WidgetInfo, pos2, vec2};

use super::marked::{self, Mark};
use crate::ui::theme::{self, Palette, size};

/// A paragraph as it is laid out.
#[derive(Clone, Debug)]
struct Paragraph {
    galley: Arc<Galley>,
    /// Its first character in the text, and how many it has.
    first: usize,
    count: usize,
    top: f32,
}

/// What a layout was made for.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    revision: u64,
    width: f32,
    dark: bool,
    pixels_per_point: f32,
}

#[derive(Clone, Debug, Default)]
pub struct Reader {
    made: Option<Made>,
    paragraphs: Vec<Paragraph>,
    height: f32,
    /// Layouts made so far; tests look here.
    pub layouts: usize,
}

/// Room between lines, in which captions stand.
const LINE: f32 = 30.0;
const GAP: f32 = 8.0;
/// Characters of a paragraph beyond which it is cut in two for the layout, at a blank.
const LONG: usize = 4000;

impl Reader {
    /// Draws the text. `revision` changes with the text. Scrolls to a character where one is given. Returns the mark
    /// that was pressed.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        name: &str,
        text: (&str, u64),
        marks: &[Mark],
        scroll_to: Option<usize>,
        palette: &Palette,
    ) -> Option<usize> {
        let mut pressed = None;
        let wanted = scroll_to;
        ScrollArea::vertical().id_salt(name).auto_shrink([false, false]).show_viewport(ui, |ui, viewport| {
            self.lay_out(ui, text, palette);
            let (rect, response) =
                ui.allocate_exact_size(vec2(ui.available_width(), self.height.max(viewport.height())), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Document, true, name));
            if let Some(place) = wanted.and_then(|place| self.place_of(place)) {
                let target = place.translate(rect.min.to_vec2()).expand2(vec2(0.0, 60.0));
                ui.scroll_to_rect(target, Some(egui::Align::Center));
            }
            let first = self
                .paragraphs
                .partition_point(|paragraph| paragraph.top + paragraph.galley.size().y < viewport.top() - LINE);
            for paragraph in &self.paragraphs[first..] {
                if paragraph.top > viewport.bottom() {
                    break;
                }
                if let Some(mark) = paragraph_ui(ui, paragraph, rect, marks, palette) {
                    pressed = Some(mark);
                }
            }
        });
        pressed
    }

    fn lay_out(&mut self, ui: &Ui, (text, revision): (&str, u64), palette: &Palette) {
        let made = Made {
            revision,
            width: ui.available_width().floor(),
            dark: palette.dark,
            pixels_per_point: ui.ctx().pixels_per_point(),
        };
        if self.made.as_ref() == Some(&made) {
            return;
        }
        self.layouts += 1;
        self.paragraphs.clear();
        let (mut first, mut top) = (0, 0.0);
        for (words, ends) in parts(text) {
            let format = TextFormat {
                font_id: theme::regular(size::BODY + 1.0),
                color: palette.text,
                line_height: Some(LINE),
                ..TextFormat::default()
            };
            let mut job = LayoutJob::single_section(words.to_owned(), format);
            job.wrap.max_width = (made.width - 8.0).max(40.0);
            let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
            let count = words.chars().count();
            // An empty line is a gap between paragraphs and not a paragraph.
            let height = if words.is_empty() { 2.0 } else { galley.size().y };
            self.paragraphs.push(Paragraph { galley, first, count, top });
            first += count + usize::from(ends);
            top += height + if ends { GAP } else { 0.0 };
        }
        self.height = top;
        self.made = Some(made);
    }

    /// The box of a character, from the beginning of the text.
    fn place_of(&self, character: usize) -> Option<Rect> {
        let index = self.paragraphs.partition_point(|paragraph| paragraph.first <= character).checked_sub(1)?;
        let paragraph = &self.paragraphs[index];
        let place = character - paragraph.first;
        let found = marked::boxes(&paragraph.galley, place, place + 1).first().copied();
        Some(found.unwrap_or(Rect::from_min_size(pos2(0.0, 0.0), vec2(1.0, LINE))).translate(vec2(0.0, paragraph.top)))
    }
}

fn paragraph_ui(ui: &mut Ui, paragraph: &Paragraph, area: Rect, marks: &[Mark], palette: &Palette) -> Option<usize> {
    let at = area.min + vec2(2.0, paragraph.top);
    let here: Vec<(usize, Mark)> = marks
        .iter()
        .enumerate()
        .filter(|(_, mark)| mark.start < paragraph.first + paragraph.count && mark.end > paragraph.first)
        .map(|(index, mark)| {
            let start = mark.start.saturating_sub(paragraph.first);
            (index, Mark { start, end: mark.end - paragraph.first, ..mark.clone() })
        })
        .collect();
    let behind = ui.painter().add(Shape::Noop);
    ui.painter().galley(at, paragraph.galley.clone(), palette.text);
    let mut shapes = Vec::new();
    let inner: Vec<Mark> = here.iter().map(|(_, mark)| mark.clone()).collect();
    let hovered =
        ui.push_id(("paragraph", paragraph.first), |ui| marked::paint(ui, &paragraph.galley, at, &inner, &mut shapes));
    ui.painter().set(behind, Shape::Vec(shapes));
    let hovered = hovered.inner?;
    ui.input(|input| input.pointer.primary_clicked()).then(|| here[hovered].0)
}

/// The paragraphs of a text, and whether each ends with a line break; long ones are cut at a blank, so that no piece of
/// the layout is large.
fn parts(text: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let ends = lines.peek().is_some();
        let mut rest = line;
        while let Some((cut, _)) = rest.char_indices().nth(LONG) {
            let end = rest[..cut].rfind(' ').map_or(cut, |blank| blank + 1);
            let (head, tail) = rest.split_at(end);
            found.push((head, false));
            rest = tail;
        }
        found.push((rest, ends));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a test reads.
    struct Scene {
        reader: Reader,
        text: String,
        revision: u64,
        scroll_to: Option<usize>,
    }

    #[test]
    fn a_long_text_is_laid_out_once_for_a_width_and_scrolls_to_a_place() {
        let text: String = (0..2000).map(|line| format!("Line {line} of a long document.\n")).collect();
        let place = text.find("Line 1500 ").unwrap();
        let scene = Scene { reader: Reader::default(), text, revision: 1, scroll_to: None };
        let harness =
            egui_kittest::Harness::builder().with_size(vec2(600.0, 400.0)).with_context_setup(crate::ui::fonts::dress);
        let mut harness = harness.build_ui_state(
            |ui, scene: &mut Scene| {
                let palette = Palette::of(true);
                let mark = Mark {
                    start: scene.text.find("Line 1500 ").unwrap_or(0),
                    end: scene.text.find("Line 1501 ").unwrap_or(0) - 1,
                    caption: "1".into(),
                    short: "1".into(),
                    name: "the mark".into(),
                    color: palette.accent,
                    fill: palette.accent_soft,
                    lane: 0,
                    broken: false,
                    strong: false,
                };
                let text = (scene.text.as_str(), scene.revision);
                scene.reader.ui(ui, "A document", text, &[mark], scene.scroll_to.take(), palette);
            },
            scene,
        );
        // The scroll bar takes its room in the second frame.
        harness.run_steps(6);
        let made = harness.state().reader.layouts;
        assert!(made <= 2, "{made}");
        let seen = |harness: &egui_kittest::Harness<'_, Scene>| {
            egui_kittest::kittest::Queryable::query_by_label(harness, "the mark").is_some()
        };
        assert!(!seen(&harness), "what is out of sight is not painted");
        harness.state_mut().scroll_to = Some(place);
        harness.run_steps(60);
        assert!(seen(&harness), "the place is in sight");
        assert_eq!(harness.state().reader.layouts, made, "scrolling lays nothing out");
        harness.state_mut().revision = 2;
        harness.run_steps(2);
        assert_eq!(harness.state().reader.layouts, made + 1);
    }

    #[test]
    fn every_character_is_in_one_paragraph() {
        let text = format!("one\n\ntwo é\n{}end", "word ".repeat(3000));
        let parts = parts(&text);
        assert!(parts.len() > 6, "{}", parts.len());
        let joined: String =
            parts.iter().map(|(words, ends)| format!("{words}{}", if *ends { "\n" } else { "" })).collect();
        assert_eq!(joined, text);
        assert_eq!(super::parts(""), [("", false)]);
    }
}
