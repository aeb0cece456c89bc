//! An entry of a list of models or data sets: its name, what kind it is and a few facts, and at the right edge what it
//! means here.

use egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use egui_material_icons::MaterialIcon;

use super::text;
use crate::ui::theme::{self, Palette, size};

/// What stands in an entry.
#[derive(Clone, Debug, Default)]
pub struct ListEntry<'a> {
    pub title: &'a str,
    /// What is read aloud, and found in tests.
    pub name: String,
    /// The kind, in a soft frame.
    pub badge: Option<String>,
    pub words: String,
    /// In place of badge and words: why it cannot be used.
    pub problem: Option<String>,
    pub icon: Option<(MaterialIcon, Color32)>,
    /// At the right edge, above and below.
    pub mark: Option<(String, Color32)>,
    pub note: String,
    pub is_viewed: bool,
}

pub const HEIGHT: f32 = 58.0;

impl ListEntry<'_> {
    pub fn show(&self, ui: &mut Ui, palette: &Palette) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, self.is_viewed, &self.name));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let fill = if self.is_viewed {
            palette.accent_soft.lerp_to_gamma(palette.panel, 0.35)
        } else if response.hovered() {
            palette.raised
        } else {
            palette.panel
        };
        let line = if self.is_viewed || response.has_focus() { palette.accent } else { palette.line };
        let painter = ui.painter();
        painter.rect(rect, CornerRadius::same(8), fill, Stroke::new(1.0, line), StrokeKind::Inside);
        let inner = rect.shrink2(vec2(12.0, 9.0));
        let mut right = inner.right();
        if let Some((icon, color)) = self.icon {
            let font = egui::FontId::new(18.0, icon.font_family());
            let at = pos2(right, inner.top() + 9.0);
            right = painter.text(at, Align2::RIGHT_CENTER, icon.codepoint, font, color).left() - 8.0;
        }
        if let Some((words, color)) = &self.mark {
            let at = pos2(right, inner.top() + 9.0);
            right = painter.text(at, Align2::RIGHT_CENTER, words, theme::medium(size::SMALL), *color).left() - 8.0;
        }
        let color = if self.problem.is_none() { palette.text } else { palette.text_dim };
        let font = theme::semibold(size::BODY);
        let title = text::middle(painter, self.title, font.clone(), right - inner.left());
        let title = text::elided(painter, &title, font, color, right - inner.left());
        painter.galley(inner.left_top(), title, color);
        let below = inner.bottom() - 8.0;
        let font = theme::number(size::SMALL);
        let at = pos2(inner.right(), below);
        let end = painter.text(at, Align2::RIGHT_CENTER, &self.note, font, palette.text_dim).left() - 12.0;
        self.below(painter, pos2(inner.left(), below), end, palette);
        response
    }

    /// The second line, up to an end.
    fn below(&self, painter: &Painter, left: Pos2, end: f32, palette: &Palette) {
        let mut at = left;
        let (words, font, color) = match &self.problem {
            Some(problem) => (problem, theme::regular(size::SMALL), palette.warn),
            None => (&self.words, theme::number(size::SMALL), palette.text_dim),
        };
        if let Some(badge) = self.badge.as_ref().filter(|_| self.problem.is_none()) {
            let galley = painter.layout_no_wrap(badge.clone(), theme::medium(size::SMALL), palette.text_dim);
            let frame = egui::Rect::from_min_size(pos2(at.x, at.y - 9.0), vec2(galley.size().x + 12.0, 18.0));
            painter.rect_filled(frame, 5.0, palette.hover);
            painter.galley(frame.center() - galley.size() / 2.0, galley, palette.text_dim);
            at.x = frame.right() + 8.0;
        }
        let galley = text::elided(painter, words, font, color, end - at.x);
        painter.galley(pos2(at.x, at.y - galley.size().y / 2.0), galley, color);
    }
}
