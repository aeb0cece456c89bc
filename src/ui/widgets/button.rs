//! A button in four ranks. There is one primary button on a screen: the next step.

use egui::{Color32, CornerRadius, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};
use egui_material_icons::MaterialIcon;

use crate::ui::theme::{self, Palette, size, space};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rank {
    /// The next step.
    Primary,
    #[default]
    Secondary,
    /// Without a frame until the pointer is on it.
    Quiet,
    /// What cannot be undone.
    Danger,
}

#[derive(Clone, Debug)]
#[must_use = "a button is drawn by `show`"]
pub struct Button {
    label: String,
    /// What is read aloud and found in tests, where it is not the label.
    name: Option<String>,
    icon: Option<MaterialIcon>,
    shortcut: Option<String>,
    rank: Rank,
    height: f32,
    min_width: f32,
    enabled: bool,
    selected: bool,
}

impl Button {
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            name: None,
            icon: None,
            shortcut: None,
            rank: Rank::Secondary,
            height: space::ROW,
            min_width: 0.0,
            enabled: true,
            selected: false,
        }
    }

    /// A square with only an icon in it; `name` says what it does.
    pub fn icon_only(icon: MaterialIcon, name: impl Into<String>) -> Self {
        Self { icon: Some(icon), name: Some(name.into()), rank: Rank::Quiet, ..Self::new("") }
    }

    pub fn icon(mut self, icon: MaterialIcon) -> Self {
        self.icon = Some(icon);
        self
    }

    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub fn shortcut(mut self, shortcut: Option<String>) -> Self {
        self.shortcut = shortcut;
        self
    }

    pub fn rank(mut self, rank: Rank) -> Self {
        self.rank = rank;
        self
    }

    pub fn primary(self) -> Self {
        self.rank(Rank::Primary)
    }

    pub fn quiet(self) -> Self {
        self.rank(Rank::Quiet)
    }

    pub fn danger(self) -> Self {
        self.rank(Rank::Danger)
    }

    pub fn small(mut self) -> Self {
        self.height = 24.0;
        self
    }

    pub fn large(mut self) -> Self {
        self.height = 36.0;
        self
    }

    pub fn min_width(mut self, width: f32) -> Self {
        self.min_width = width;
        self
    }

    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    pub fn show(self, ui: &mut Ui, palette: &Palette) -> Response {
        if ui.layout().main_wrap() {
            // Inside a scope of its own it would not go to the next line.
            return ui.add_enabled(self.enabled, |ui: &mut Ui| self.draw(ui, palette));
        }
        ui.add_enabled_ui(self.enabled, |ui| self.draw(ui, palette)).inner
    }

    fn draw(&self, ui: &mut Ui, palette: &Palette) -> Response {
        let text_size = if self.height < space::ROW { size::SMALL + 1.0 } else { size::BODY };
        let placed = Color32::PLACEHOLDER;
        let label = (!self.label.is_empty())
            .then(|| ui.painter().layout_no_wrap(self.label.clone(), theme::medium(text_size), placed));
        let icon = self.icon.map(|icon| {
            let font = egui::FontId::new(text_size + 5.0, icon.font_family());
            ui.painter().layout_no_wrap(icon.codepoint.to_owned(), font, placed)
        });
        let shortcut =
            self.shortcut.clone().map(|keys| ui.painter().layout_no_wrap(keys, theme::number(size::SMALL), placed));
        let parts = [&icon, &label, &shortcut];
        let gaps = parts.iter().filter(|part| part.is_some()).count().saturating_sub(1) as f32 * 6.0;
        let inner: f32 = parts.iter().filter_map(|part| part.as_ref()).map(|part| part.size().x).sum::<f32>() + gaps;
        let padding = if label.is_none() { (self.height - inner) / 2.0 } else { space::M };
        let wanted = vec2((inner + 2.0 * padding).max(self.min_width), self.height);
        let (rect, response) = ui.allocate_exact_size(wanted, Sense::click());
        let name = self.name.clone().unwrap_or_else(|| self.label.clone());
        let enabled = ui.is_enabled();
        response.widget_info(|| {
            if self.selected {
                WidgetInfo::selected(Role::Button, enabled, true, &name)
            } else {
                WidgetInfo::labeled(Role::Button, enabled, &name)
            }
        });
        if ui.is_rect_visible(rect) {
            let (fill, line, text) = self.colors(&response, palette);
            let radius = CornerRadius::same(space::RADIUS);
            ui.painter().rect(rect, radius, fill, Stroke::new(1.0, line), StrokeKind::Inside);
            if response.has_focus() {
                ui.painter().rect_stroke(
                    rect.expand(2.0),
                    radius,
                    Stroke::new(1.5, palette.accent),
                    StrokeKind::Inside,
                );
            }
            let mut x = rect.center().x - inner / 2.0;
            for (place, part) in parts.into_iter().enumerate() {
                let Some(galley) = part else { continue };
                let width = galley.size().x;
                let y = rect.center().y - galley.size().y / 2.0;
                let color = if place == 2 { text.gamma_multiply(0.7) } else { text };
                ui.painter().galley(egui::pos2(x, y), galley.clone(), color);
                x += width + 6.0;
            }
        }
        if self.label.is_empty() && enabled { response.on_hover_text(name) } else { response }
    }

    /// Fill, line and text.
    fn colors(&self, response: &Response, palette: &Palette) -> (Color32, Color32, Color32) {
        let down = response.is_pointer_button_down_on();
        let over = response.hovered();
        let none = Color32::TRANSPARENT;
        match self.rank {
            Rank::Primary => {
                let toward = palette.text;
                let share = if down {
                    0.22
                } else if over {
                    0.12
                } else {
                    0.0
                };
                let fill = palette.accent.lerp_to_gamma(toward, share);
                (fill, none, palette.on_accent)
            }
            Rank::Secondary if self.selected => (palette.accent_soft, palette.accent, palette.accent),
            Rank::Secondary => {
                let fill = if over || down { palette.hover } else { palette.raised };
                (fill, palette.line.lerp_to_gamma(palette.text_faint, if over { 0.5 } else { 0.15 }), palette.text)
            }
            Rank::Quiet if self.selected => (palette.accent_soft, none, palette.accent),
            Rank::Quiet => (
                if over || down { palette.hover } else { none },
                none,
                if over { palette.text } else { palette.text_dim },
            ),
            Rank::Danger => {
                let fill = if over || down { palette.bad.lerp_to_gamma(palette.text, 0.1) } else { palette.bad };
                (fill, none, palette.background)
            }
        }
    }
}
