//! What the lists of examples, sentences and questions have in common: a bar with a search, rows of one height of which
//! one is selected, and the words where there is none.

use egui::{Align, Layout, ScrollArea, TextEdit, Ui, vec2};

use crate::ui::theme::{Palette, space};
use crate::ui::widgets::text;

/// Draws what narrows the list to the left, and to the right the field for the words that its rows must contain.
pub fn bar(ui: &mut Ui, name: &str, words: &mut String, palette: &Palette, left: impl FnOnce(&mut Ui)) {
    let line = vec2(ui.available_width(), space::ROW);
    ui.allocate_ui_with_layout(line, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(space::ROW);
        let width = (ui.available_width() * 0.3).clamp(80.0, 190.0);
        let field = TextEdit::singleline(words)
            .hint_text(egui::RichText::new("Contains…").color(palette.text_faint))
            .desired_width(width)
            .margin(egui::Margin::symmetric(8, 5));
        ui.add(field).accessible_name(name);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            left(ui);
        });
    });
    ui.add_space(2.0);
}

pub fn nothing(ui: &mut Ui, words: &str, palette: &Palette) {
    ui.add_space(24.0);
    ui.vertical_centered(|ui| ui.label(text::dim(words, palette)));
}

/// Draws the rows in sight. A press selects a row; up and down go through them while nothing else has the keyboard.
/// `row_ui` draws one, is told whether it is selected and says whether it was pressed.
pub fn rows<R: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    rows: &[R],
    height: f32,
    selected: &mut Option<R>,
    mut row_ui: impl FnMut(&mut Ui, R, bool) -> bool,
) {
    let mut area = ScrollArea::vertical().id_salt(name).auto_shrink([false, false]);
    if let Some(place) = stepped(ui, rows, *selected) {
        *selected = rows.get(place).copied();
        let middle = place as f32 * height - ui.available_height() / 2.0 + height / 2.0;
        area = area.vertical_scroll_offset(middle.max(0.0));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    area.show_rows(ui, height, rows.len(), |ui, range| {
        for row in &rows[range] {
            if row_ui(ui, *row, *selected == Some(*row)) {
                *selected = Some(*row);
            }
        }
    });
}

/// Where the arrow keys lead.
fn stepped<R: Copy + PartialEq>(ui: &Ui, rows: &[R], selected: Option<R>) -> Option<usize> {
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let (down, up) = (pressed(egui::Key::ArrowDown), pressed(egui::Key::ArrowUp));
    if !(down || up) || ui.memory(|memory| memory.focused().is_some()) {
        return None;
    }
    let place = rows.iter().position(|row| Some(*row) == selected)?;
    Some(if down { (place + 1).min(rows.len() - 1) } else { place.saturating_sub(1) })
}
