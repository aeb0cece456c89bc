//! What the lists of examples, sentences and questions have in common: a bar with a search, rows of one height of which
//! one is selected, and the words where there is none.

use egui::{Rect, Role, ScrollArea, Sense, Stroke, TextEdit, Ui, WidgetInfo, vec2};

use crate::ui::panels::evaluate::keep::has_model;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::rows::lit;
use crate::ui::widgets::{Button, Chip, text};
use crate::ui::workspace::Offered;
use crate::ui::{Action, Cx};
use crate::worker::protocol::EvaluatedData;

/// Draws what narrows the list to the left, and to the right the field for the words that its rows must contain.
pub fn bar(ui: &mut Ui, name: &str, words: &mut String, palette: &Palette, left: impl FnOnce(&mut Ui)) {
    line(ui, space::ROW, |ui| {
        let width = (ui.available_width() * 0.3).clamp(80.0, 190.0);
        let field = TextEdit::singleline(words)
            .hint_text(egui::RichText::new("Contains…").color(palette.text_faint))
            .desired_width(width)
            .margin(egui::Margin::symmetric(8, 5));
        ui.add(field).accessible_name(name);
        line::left(ui, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            left(ui);
        });
    });
    ui.add_space(2.0);
}

/// What the list is narrowed down to, and how many rows that leaves. Returns whether all are to be shown again.
pub fn narrowed_ui(ui: &mut Ui, narrowed: Option<String>, count: String, palette: &Palette) -> bool {
    let mut clears = false;
    if let Some(words) = narrowed {
        let room = (ui.available_width() - 60.0).max(60.0);
        let chip = Chip::accent(format!("{words}  ×"), palette).name("Clear the filter").clickable().max_width(room);
        clears = chip.show(ui).on_hover_text("Show all again").clicked();
    }
    ui.add(egui::Label::new(text::number_dim(count, palette)).truncate());
    clears
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

/// A row that can be pressed: its place, marked where it is selected or pointed at, and whether it was pressed. `said` is
/// what is read aloud of it.
pub fn row(ui: &mut Ui, height: f32, said: &str, selected: bool, palette: &Palette) -> (Rect, bool) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, selected, said));
    let back = rect.shrink2(vec2(0.0, 1.0));
    lit(ui, back, 5, selected, &response, palette);
    let below = Stroke::new(1.0, palette.line.gamma_multiply(0.5));
    ui.painter().hline(rect.x_range().shrink(8.0), rect.bottom(), below);
    (rect, response.clicked())
}

/// Where nothing is selected.
pub fn unread(ui: &mut Ui, what: &str, palette: &Palette) {
    ui.add_space(16.0);
    let words = format!("Click {what} to read it in full");
    ui.vertical_centered(|ui| ui.label(text::dim(words, palette)));
}

/// The line above what is read whole: the way to Explore with it, and to the left what is said of it.
pub fn head(
    ui: &mut Ui,
    evaluated: &EvaluatedData,
    cx: &mut Cx<'_>,
    offered: impl FnOnce() -> Offered,
    left: impl FnOnce(&mut Ui),
) {
    line(ui, 26.0, |ui| {
        if has_model(evaluated) && Button::new("Open in Explore").small().show(ui, cx.palette).clicked() {
            let model = evaluated.model.clone();
            let Offered { task, text, pair, no_answer } = offered();
            cx.act(Action::ExploreWith(model.clone()));
            cx.act(Action::Predict { model, task, text, pair, no_answer });
        }
        line::left(ui, left);
    });
}
