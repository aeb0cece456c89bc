//! The words by their weight, with exact numbers.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Why, weight_words};
use crate::inspect::why::Explanation;
use crate::ui::panels::explore::view::Changed;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::rows::rows;
use crate::ui::widgets::text::{self, elided};

const ROW: f32 = 24.0;
const NUMBER: f32 = 74.0;

impl Why {
    pub(super) fn ranked_ui(&mut self, ui: &mut Ui, palette: &Palette) -> Changed {
        let Some(found) = self.shown().cloned() else {
            ui.label(text::dim("The words appear here by what they add", palette));
            return Changed::No;
        };
        let weights = &found.map.words;
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by(|a, b| weights[*b].abs().total_cmp(&weights[*a].abs()).then(a.cmp(b)));
        let largest = order.first().map_or(0.0, |word| weights[*word].abs());
        let names = ui.available_width() * 0.38;
        ui.spacing_mut().item_spacing.y = 0.0;
        let pointed = rows(ui, "ranked words", ROW, order.len(), |ui, place| {
            let word = order[place];
            row_ui(ui, &found, word, largest, names, self.pointed == Some(word), palette)
        });
        self.point(pointed.map(|place| order[place]));
        Changed::No
    }
}

/// One word: its name, a bar from the middle to either side, and the number. Returns whether it is pointed at.
fn row_ui(
    ui: &mut Ui,
    found: &Explanation,
    word: usize,
    largest: f64,
    names: f32,
    pointed: bool,
    palette: &Palette,
) -> bool {
    let (unit, weight) = (&found.units[word], found.map.words[word]);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::focusable_noninteractive());
    let name = format!("{} {}", unit.word, weight_words(weight));
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &name));
    let hovered = ui.rect_contains_pointer(rect) || response.has_focus();
    let painter = ui.painter();
    if hovered || pointed {
        painter.rect_filled(rect, 4.0, palette.hover);
    }
    let galley = elided(painter, &unit.word, theme::regular(size::BODY), palette.text, names - 8.0);
    painter.galley(pos2(rect.left() + 6.0, rect.center().y - galley.size().y / 2.0), galley, palette.text);
    let track = Rect::from_min_max(
        pos2(rect.left() + names + 4.0, rect.center().y - 4.0),
        pos2(rect.right() - NUMBER - 8.0, rect.center().y + 4.0),
    );
    if track.width() > 20.0 {
        let middle = track.center().x;
        painter.vline(middle, rect.y_range(), egui::Stroke::new(1.0, palette.line));
        let share = if largest > 0.0 { (weight / largest) as f32 } else { 0.0 };
        let end = middle + share * track.width() / 2.0;
        let [towards, against] = palette.for_and_against();
        let bar = Rect::from_x_y_ranges(middle.min(end)..=middle.max(end), track.y_range());
        painter.rect_filled(bar, 2.0, if weight < 0.0 { against } else { towards });
    }
    let at = rect.right_center() - vec2(6.0, 0.0);
    painter.text(at, Align2::RIGHT_CENTER, weight_words(weight), theme::number(size::BODY - 1.0), palette.text);
    hovered
}
