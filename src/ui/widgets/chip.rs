//! A chip: a word in a soft colour, such as a class, a state or a count. It may be pressed, and may be crossed out.

use egui::{Color32, CornerRadius, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::text::middle;
use crate::ui::theme::{self, Palette, size};

/// Beside the model that is inside the program.
pub const SHIPS: &str = "ships with Attune";

#[derive(Clone, Debug)]
#[must_use = "a chip is drawn by `show`"]
pub struct Chip {
    words: String,
    name: Option<String>,
    text: Color32,
    fill: Color32,
    dot: bool,
    selected: bool,
    sense: Sense,
    max_width: f32,
}

impl Chip {
    fn colored(words: impl Into<String>, text: Color32, fill: Color32) -> Self {
        Self {
            words: words.into(),
            name: None,
            text,
            fill,
            dot: false,
            selected: false,
            sense: Sense::hover(),
            max_width: 180.0,
        }
    }

    pub fn neutral(words: impl Into<String>, palette: &Palette) -> Self {
        Self::colored(words, palette.text_dim, palette.hover)
    }

    pub fn accent(words: impl Into<String>, palette: &Palette) -> Self {
        Self::colored(words, palette.accent, palette.accent_soft)
    }

    pub fn good(words: impl Into<String>, palette: &Palette) -> Self {
        Self::colored(words, palette.good, palette.good_soft)
    }

    pub fn warn(words: impl Into<String>, palette: &Palette) -> Self {
        Self::colored(words, palette.warn, palette.warn_soft)
    }

    pub fn bad(words: impl Into<String>, palette: &Palette) -> Self {
        Self::colored(words, palette.bad, palette.bad_soft)
    }

    /// A class, in its colour by index.
    pub fn class(words: impl Into<String>, index: usize, palette: &Palette) -> Self {
        Self::colored(words, palette.label(index), palette.label_soft(index))
    }

    /// A point before the word, so that the colour is not all that tells.
    pub fn dot(mut self) -> Self {
        self.dot = true;
        self
    }

    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub fn clickable(mut self) -> Self {
        self.sense = Sense::click();
        self
    }

    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    pub fn max_width(mut self, width: f32) -> Self {
        self.max_width = width;
        self
    }

    pub fn show(self, ui: &mut Ui) -> Response {
        let dot = if self.dot { 10.0 } else { 0.0 };
        let font = theme::medium(size::SMALL);
        let room = (self.max_width - dot - 16.0).min((ui.available_width() - dot - 16.0).max(24.0));
        // What takes it away stays in sight, however long its name is.
        let is_removed = self.words.ends_with('×');
        let shown = if is_removed { middle(ui.painter(), &self.words, font.clone(), room) } else { self.words.clone() };
        let mut job = egui::text::LayoutJob::simple_singleline(shown, font, Color32::PLACEHOLDER);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = ui.painter().layout_job(job);
        let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + dot + 16.0, 20.0), self.sense);
        let name = self.name.as_ref().unwrap_or(&self.words);
        let role = if self.sense.senses_click() { Role::Button } else { Role::Label };
        response.widget_info(|| {
            if self.selected {
                WidgetInfo::selected(role, ui.is_enabled(), true, name)
            } else {
                WidgetInfo::labeled(role, ui.is_enabled(), name)
            }
        });
        if ui.is_rect_visible(rect) {
            let over = self.sense.senses_click() && response.hovered();
            let line = if self.selected || over || response.has_focus() { self.text } else { Color32::TRANSPARENT };
            let radius = CornerRadius::same(10);
            ui.painter().rect(rect, radius, self.fill, Stroke::new(1.0, line), StrokeKind::Inside);
            let mut at = egui::pos2(rect.left() + 8.0, rect.center().y - galley.size().y / 2.0);
            if self.dot {
                ui.painter().circle_filled(egui::pos2(at.x + 3.0, rect.center().y), 3.0, self.text);
                at.x += dot;
            }
            ui.painter().galley(at, galley, self.text);
        }
        response
    }
}
