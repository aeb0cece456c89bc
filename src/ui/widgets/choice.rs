//! A choice of one of many, opened by a press.

use egui::{Align, ComboBox, Id, Layout, Rect, Response, Stroke, TextEdit, Ui, pos2, vec2};

use super::text;

/// Letters of a name that can be chosen: a list is no wider than that, however long its names are.
const MOST: usize = 44;

/// One that can be chosen, under its name; returns whether it was. A name without its middle is whole under the pointer.
pub fn named(ui: &mut Ui, chosen: bool, name: &str) -> bool {
    let is_sought = ui.data_mut(|data| {
        let list: &mut List = data.get_temp_mut_or_default(Id::unique(LIST));
        list.drawn += 1;
        list.needle.is_empty() || name.to_lowercase().contains(&list.needle)
    });
    if !is_sought {
        return false;
    }
    let shown = text::short_name(name, MOST);
    let is_whole = shown == name;
    let response = ui.selectable_label(chosen, shown);
    if is_whole { response.clicked() } else { response.accessible_name(name).on_hover_text(name).clicked() }
}

/// A choice of one of some values, which is shown by its words. Returns whether one was pressed.
pub fn choose<T: PartialEq, W: AsRef<str>>(
    ui: &mut Ui,
    name: &str,
    width: f32,
    value: &mut T,
    values: impl IntoIterator<Item = T>,
    words: impl Fn(&T) -> W,
) -> bool {
    let mut pressed = None;
    choice(ui, name, width, words(value).as_ref(), |ui| {
        for one in values {
            if named(ui, one == *value, words(&one).as_ref()) {
                pressed = Some(one);
            }
        }
    });
    let is_pressed = pressed.is_some();
    if let Some(pressed) = pressed {
        *value = pressed;
    }
    is_pressed
}

/// Draws the chosen words in a field of the given width; `options` draws what can be chosen once it is open.
pub fn choice(ui: &mut Ui, name: &str, width: f32, shown: &str, options: impl FnOnce(&mut Ui)) -> Response {
    // The field itself would grow with what it shows.
    let size = vec2(width, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_max_width(width);
        field(ui, name, width, shown, options)
    })
    .inner
}

fn field(ui: &mut Ui, name: &str, width: f32, shown: &str, options: impl FnOnce(&mut Ui)) -> Response {
    ComboBox::from_id_salt(name)
        .width(width)
        .truncate()
        .selected_text(shown)
        .icon(|ui, rect, visuals, _open| chevron(ui, rect, visuals.fg_stroke.color))
        .show_ui(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            searched(ui, name, options);
        })
        .response
        .accessible_name(name)
}

/// The list that is open: how many names it has, and what is looked for among them.
#[derive(Clone, Debug, Default)]
struct List {
    name: String,
    /// Names in the frame before, and in this one so far.
    count: usize,
    drawn: usize,
    typed: String,
    needle: String,
}

const LIST: &str = "names that can be chosen";
/// Names from which on a list is searched and not only looked through.
const MANY: usize = 16;

/// What can be chosen, below a field to search it by where it is long.
fn searched(ui: &mut Ui, name: &str, options: impl FnOnce(&mut Ui)) {
    let id = Id::unique(LIST);
    let frame = ui.ctx().cumulative_frame_nr();
    let mut list: List = ui.data_mut(|data| data.get_temp(id)).unwrap_or_default();
    // Another list, or the same one opened again, begins anew.
    let last = ui.data_mut(|data| data.get_temp::<u64>(id.with("frame"))).unwrap_or_default();
    let is_new = list.name != name || last + 1 < frame;
    if is_new {
        list = List { name: name.to_owned(), ..List::default() };
    }
    if list.count >= MANY {
        let field = TextEdit::singleline(&mut list.typed).hint_text("Search").desired_width(f32::INFINITY);
        let response = ui.add(field).accessible_name(format!("Search {name}"));
        if !response.has_focus() && list.typed.is_empty() {
            response.request_focus();
        }
        list.needle = list.typed.trim().to_lowercase();
    }
    list.drawn = 0;
    ui.data_mut(|data| {
        data.insert_temp(id, list);
        data.insert_temp(id.with("frame"), frame);
    });
    options(ui);
    let is_known = ui.data_mut(|data| {
        let list: &mut List = data.get_temp_mut_or_default(id);
        let before = std::mem::replace(&mut list.count, list.drawn);
        before == list.drawn
    });
    if !is_known {
        ui.ctx().request_repaint();
    }
}

fn chevron(ui: &Ui, rect: Rect, color: egui::Color32) {
    let (at, half) = (rect.center(), 3.5);
    let points =
        vec![pos2(at.x - half, at.y - half / 2.0), pos2(at.x, at.y + half / 2.0), pos2(at.x + half, at.y - half / 2.0)];
    ui.painter().line(points, Stroke::new(1.5, color.gamma_multiply(0.8)));
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    /// A list of so many names, and the one that was chosen.
    fn list(count: usize) -> Harness<'static, Option<usize>> {
        let draw = move |ui: &mut Ui, chosen: &mut Option<usize>| {
            let shown = chosen.map_or_else(|| "none".to_owned(), |place| format!("name {place}"));
            choice(ui, "Names", 160.0, &shown, |ui| {
                for place in 0..count {
                    if named(ui, *chosen == Some(place), &format!("name {place}")) {
                        *chosen = Some(place);
                    }
                }
            });
        };
        let mut harness = Harness::builder()
            .with_size(vec2(320.0, 400.0))
            .with_context_setup(crate::ui::fonts::dress)
            .build_ui_state(draw, None);
        harness.run_ok();
        harness.get_by_label("Names").click();
        harness.run_ok();
        harness
    }

    #[test]
    fn a_long_list_is_searched_and_a_short_one_only_looked_through() {
        let mut long = list(40);
        long.get_by_label("Search Names").type_text("E 37");
        long.run_ok();
        assert!(long.query_by_label("name 3").is_none());
        long.get_by_label("name 37").click();
        long.run_ok();
        assert_eq!(*long.state(), Some(37));
        long.get_by_label("Names").click();
        long.run_ok();
        assert!(long.query_by_label("name 3").is_some(), "opened again, it is whole");
        let short = list(5);
        assert!(short.query_by_label("Search Names").is_none() && short.query_by_label("name 3").is_some());
    }
}
