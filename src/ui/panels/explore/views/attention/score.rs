//! Where one number of attention comes from: what the one that looks asks for, what the other offers, and how the two
//! meet in each dimension of the head.

use egui::{Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::inspect::attention::{Parts, Tokens};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::text;

/// Height of a band of bars at most.
const BAND: f32 = 130.0;
const NAME: f32 = 20.0;

/// Draws which two tokens it is of.
pub fn choices_ui(ui: &mut Ui, tokens: &Tokens, (from, to): (&mut usize, &mut usize), palette: &Palette) {
    ui.horizontal_wrapped(|ui| {
        for (name, words, token) in [("Who looks", "From", from), ("What is looked at", "to", to)] {
            ui.label(text::dim(words, palette));
            let label = |token: &usize| format!("{token} {}", tokens.label(&(*token..token + 1)));
            choose(ui, name, 140.0, token, 0..tokens.count(), label);
        }
    });
}

/// Draws the bands; `share` is what the softmax makes of the score.
pub fn ui(ui: &mut Ui, parts: &Parts, share: Option<f32>, palette: &Palette) {
    let bands = [
        ("Query: what the first asks for", &parts.query, palette.series[0]),
        ("Key: what the second offers", &parts.key, palette.series[2]),
        ("Their product, over the root of the width: adds up to the score", &parts.products, palette.series[1]),
    ];
    let room = ((ui.available_height() - 40.0) / 3.0 - NAME).clamp(28.0, BAND);
    let scale = |values: &[f32]| values.iter().fold(1e-9_f32, |most, value| most.max(value.abs()));
    // Queries and keys are measured alike, so that they can be compared.
    let alike = scale(&parts.query).max(scale(&parts.key));
    for (place, (name, values, color)) in bands.into_iter().enumerate() {
        ui.label(text::label(name, palette));
        let most = if place < 2 { alike } else { scale(values) };
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), room), Sense::hover());
        ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, palette.line));
        let wide = rect.width() / values.len().max(1) as f32;
        for (dimension, value) in values.iter().enumerate() {
            let left = rect.left() + wide * dimension as f32;
            let column = Rect::from_min_size(pos2(left, rect.top()), vec2(wide, rect.height()));
            let response = ui.interact(column, ui.scope_id().with((place, dimension)), Sense::hover());
            let (query, key, product) = (parts.query[dimension], parts.key[dimension], parts.products[dimension]);
            let words = format!("Dimension {dimension}: query {query}, key {key}, product {product}");
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
            if response.hovered() {
                ui.painter().rect_filled(column, 2.0, palette.hover);
            }
            let end = rect.center().y - rect.height() / 2.0 * value / most;
            let bar = Rect::from_two_pos(pos2(left + wide * 0.15, rect.center().y), pos2(left + wide * 0.85, end));
            ui.painter().rect_filled(bar, 1.0, if *value < 0.0 { color.gamma_multiply(0.55) } else { color });
            response.on_hover_text(words);
        }
    }
    let share = share.map_or_else(String::new, |share| format!(", which is {share} after the softmax"));
    let words = format!("Score {:.4}{share}", parts.score);
    ui.add(
        egui::Label::new(egui::RichText::new(words).font(theme::number(size::BODY - 1.0)).color(palette.text)).wrap(),
    );
}
