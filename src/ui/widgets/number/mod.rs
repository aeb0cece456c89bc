//! A field for a number: typed, dragged, or moved with the arrow keys. What cannot be read is said below the field, which
//! is marked; the number that stood there stays, and what was typed is kept so that it can be put right. Nothing is cut
//! to a range in silence, neither what is typed nor what a configuration brings along.

mod read;

use egui::accesskit::{Action, ActionData, Invalid};
use egui::{Align2, CursorIcon, Id, IdMap, Key, Margin, Modifiers, Response, Sense, Stroke, StrokeKind, TextEdit, Ui};
use egui::{WidgetInfo, vec2};

use super::text::{elided, small};
use crate::train::limits::{self, Limit};
use crate::ui::theme::{self, Palette, size, space};
use read::{Meaning, read};
pub use read::{Percent, Quantity, Unread};

/// The height of a field in a row.
const HEIGHT: f32 = 26.0;
const WIDTH: f32 = 92.0;

#[must_use = "a field that is not shown is not there"]
pub struct Number<'a> {
    name: &'a str,
    meaning: Meaning<'a>,
    width: f32,
}

/// What is being typed into fields, or was and cannot be read.
#[derive(Clone, Default)]
struct Typed {
    fields: IdMap<Entry>,
    /// The form that is being drawn.
    form: Option<Id>,
    /// What is to be said below the line that is being drawn.
    said: Vec<String>,
}

#[derive(Clone)]
struct Entry {
    words: String,
    /// The value before it, which stays where the words cannot be read.
    before: String,
    /// The value now: another one was set from elsewhere, and the words are about nothing.
    now: String,
    wrong: Option<Wrong>,
    form: Option<Id>,
    /// When it was drawn last.
    pass: u64,
}

/// A field with words that cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wrong {
    pub field: String,
    pub why: String,
}

impl<'a> Number<'a> {
    pub fn new(name: &'a str, limit: Limit) -> Self {
        Self { name, meaning: Meaning { limit, percent: Percent::No, unit: "" }, width: WIDTH }
    }

    pub fn percent(mut self, percent: Percent) -> Self {
        self.meaning.percent = percent;
        self
    }

    pub fn unit(mut self, unit: &'a str) -> Self {
        self.meaning.unit = unit;
        self
    }

    pub fn width(mut self, width: f32) -> Self {
        self.width = width;
        self
    }

    /// Draws the field. The response has changed when the value has.
    pub fn show<Q: Quantity>(self, ui: &mut Ui, value: &mut Q) -> Response {
        let palette = Palette::current(ui);
        let (_, rect) = ui.allocate_space(vec2(self.width, HEIGHT));
        let id = Id::unique(("number", self.name)).with(typed(ui, |typed| typed.form));
        let (old, before) = (*value, value.write());
        let layer = ui.layer_id();
        let is_editing = ui.is_enabled()
            && ui.memory_mut(|memory| {
                memory.interested_in_focus(id, layer);
                memory.has_focus(id)
            });
        // A field that is switched off counts for nothing, and so does what was typed into it.
        let entry = typed(ui, |typed| typed.fields.remove(&id));
        let mut entry = entry.filter(|entry| ui.is_enabled() && entry.now == before);
        self.heed_access_kit(ui, id, &mut entry, value);
        let mut response = if is_editing {
            let entry = entry.get_or_insert_with(|| Entry::new(&before));
            self.edit_ui(ui, id, rect, entry, value)
        } else {
            self.rest_ui(ui, id, rect, &mut entry, value)
        };
        response.flags.set(egui::response::Flags::CHANGED, *value != old);
        let wrong = keep(ui, id, entry, &value.write()).filter(|_| !response.has_focus());
        if wrong.is_some() {
            ui.painter().rect_stroke(rect, space::RADIUS, Stroke::new(1.5, palette.bad), StrokeKind::Inside);
        }
        self.tell_access_kit(ui, &response, *value, wrong.as_deref());
        response
    }

    /// While it is typed into. The value follows what can be read so far.
    fn edit_ui<Q: Quantity>(
        &self,
        ui: &mut Ui,
        id: Id,
        rect: egui::Rect,
        entry: &mut Entry,
        value: &mut Q,
    ) -> Response {
        let steps = ui.input_mut(|input| {
            let pressed = |input: &mut egui::InputState, key| input.count_and_consume_key(Modifiers::NONE, key) as f64;
            pressed(input, Key::ArrowUp) - pressed(input, Key::ArrowDown)
        });
        if steps != 0.0 {
            self.move_to(value, stepped(*value, steps));
            *entry = Entry { before: entry.before.clone(), ..Entry::new(&value.write()) };
        }
        let edit = TextEdit::singleline(&mut entry.words)
            .id(id)
            .font(theme::number(size::BODY - 1.0))
            .margin(Margin::symmetric(6, 5))
            .desired_width(rect.width() - 12.0)
            .align(Align2::CENTER_CENTER);
        let response = ui.put(rect, edit);
        if response.gained_focus() {
            select_all(ui, id, &entry.words);
        }
        if response.changed() {
            self.take(entry, value);
        }
        response
    }

    /// What stood there may stand there, whatever it is.
    fn whatever(&self) -> Meaning<'a> {
        Meaning { limit: limits::ANY, ..self.meaning }
    }

    /// While it is not: what stands there, to be dragged.
    fn rest_ui<Q: Quantity>(
        &self,
        ui: &Ui,
        id: Id,
        rect: egui::Rect,
        entry: &mut Option<Entry>,
        value: &mut Q,
    ) -> Response {
        let response = ui.interact(rect, id, Sense::click_and_drag()).on_hover_cursor(CursorIcon::ResizeHorizontal);
        if response.clicked() {
            ui.memory_mut(|memory| memory.request_focus(id));
            let words = entry.as_ref().map_or_else(|| value.write(), |entry| entry.words.clone());
            select_all(ui, id, &words);
        }
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
            // What stood there before stands there again.
            let before = entry.take().and_then(|entry| read(&entry.before, self.whatever()).ok());
            *value = before.unwrap_or(*value);
        }
        if response.drag_stopped() || response.drag_started() {
            ui.data_mut(|data| data.remove::<f64>(id));
        }
        let moved = f64::from(response.drag_delta().x - response.drag_delta().y);
        if response.dragged() && moved != 0.0 {
            let from = ui.data(|data| data.get_temp::<f64>(id)).unwrap_or(value.to_f64());
            let to = from + moved * step(*value) * if ui.input(|input| input.modifiers.shift) { 0.02 } else { 0.2 };
            ui.data_mut(|data| data.insert_temp(id, to));
            self.move_to(value, to);
            *entry = None;
        }
        let visuals = ui.visuals().widgets.style(&response);
        let wrong = entry.as_ref().filter(|entry| entry.wrong.is_some());
        let words = wrong.map_or_else(|| self.shown(*value), |entry| entry.words.clone());
        let painter = ui.painter();
        painter.rect(rect, visuals.corner_radius, visuals.weak_bg_fill, visuals.bg_stroke, StrokeKind::Inside);
        let color = visuals.text_color();
        let words = elided(painter, &words, theme::number(size::BODY - 1.0), color, rect.width() - 10.0);
        painter.galley(rect.center() - words.size() / 2.0, words, color);
        response
    }

    fn shown<Q: Quantity>(&self, value: Q) -> String {
        let unit = self.meaning.unit;
        if unit.is_empty() { value.write() } else { format!("{} {unit}", value.write()) }
    }

    /// Reads what was typed.
    fn take<Q: Quantity>(&self, entry: &mut Entry, value: &mut Q) {
        let is_before = entry.words.trim() == entry.before;
        match read(&entry.words, if is_before { self.whatever() } else { self.meaning }) {
            Ok(number) => {
                *value = number;
                entry.wrong = None;
            }
            Err(why) => {
                if let Ok(before) = read(&entry.before, self.whatever()) {
                    *value = before;
                }
                let why = why.explain(&entry.words, &entry.before);
                entry.wrong = Some(Wrong { field: self.name.to_owned(), why });
            }
        }
    }

    /// Dragged and stepped to, as far as the range goes.
    fn move_to<Q: Quantity>(&self, value: &mut Q, to: f64) {
        // Two digits are as exact as a hand is.
        let near = Q::near(if Q::IS_WHOLE { to.max(0.0) } else { rounded(to) });
        if limits::contains(self.meaning.limit, near.to_f64()) {
            *value = near;
        } else if let Some(end) = limits::end(self.meaning.limit, to) {
            *value = Q::near(end);
        }
    }

    fn heed_access_kit<Q: Quantity>(&self, ui: &Ui, id: Id, entry: &mut Option<Entry>, value: &mut Q) {
        ui.input(|input| {
            for request in input.accesskit_action_requests(id, Action::SetValue) {
                let words = match &request.data {
                    Some(ActionData::NumericValue(number)) => number.write(),
                    Some(ActionData::Value(words)) => words.to_string(),
                    _ => continue,
                };
                let mut typed = Entry { words, ..Entry::new(&value.write()) };
                self.take(&mut typed, value);
                *entry = Some(typed);
            }
        });
    }

    fn tell_access_kit<Q: Quantity>(&self, ui: &Ui, response: &Response, value: Q, wrong: Option<&str>) {
        response.widget_info(|| WidgetInfo::drag_value(ui.is_enabled(), value.to_f64()));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.add_action(Action::SetValue);
            node.set_label(self.name);
            node.set_value(self.shown(value));
            if let Some(wrong) = wrong {
                node.set_invalid(Invalid::True);
                node.set_description(wrong);
            }
        });
    }
}

impl Entry {
    fn new(value: &str) -> Self {
        let [words, before, now] = [value; 3].map(str::to_owned);
        Self { words, before, now, wrong: None, form: None, pass: 0 }
    }
}

/// What is typed takes the place of what stands there.
fn select_all(ui: &Ui, id: Id, words: &str) {
    let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(egui::text::CCursorRange::select_all_str(words)));
    state.store(ui.ctx(), id);
}

/// What an arrow key and a drag of a few points move a value by: a digit of the second place.
fn step<Q: Quantity>(value: Q) -> f64 {
    let size = value.to_f64().abs();
    let second = if size > 0.0 { 10_f64.powf(size.log10().floor() - 1.0) } else { 0.01 };
    if Q::IS_WHOLE { second.max(1.0) } else { second }
}

fn stepped<Q: Quantity>(value: Q, steps: f64) -> f64 {
    let step = if Q::IS_WHOLE { 1.0 } else { step(value) };
    value.to_f64() + steps * step
}

/// To three digits, of which dragging moves the second.
fn rounded(value: f64) -> f64 {
    if value.abs() < 1e-12 { 0.0 } else { format!("{value:.2e}").parse().unwrap_or(value) }
}

/// Keeps what is still to be typed or put right. Returns what is wrong with it.
fn keep(ui: &Ui, id: Id, entry: Option<Entry>, value: &str) -> Option<String> {
    let focused = ui.memory(|memory| memory.has_focus(id));
    let mut entry = entry.filter(|entry| focused || entry.wrong.is_some())?;
    value.clone_into(&mut entry.now);
    entry.pass = ui.ctx().cumulative_pass_nr();
    let wrong = entry.wrong.as_ref().map(|wrong| wrong.why.clone());
    typed(ui, |typed| {
        entry.form = typed.form;
        // While something is being typed it is not yet wrong.
        typed.said.extend(wrong.clone().filter(|_| !focused));
        typed.fields.insert(id, entry);
    });
    wrong
}

fn typed<R>(ui: &Ui, change: impl FnOnce(&mut Typed) -> R) -> R {
    ui.data_mut(|data| change(data.get_temp_mut_or_default(Id::NULL)))
}

/// Says below a line what is wrong with the numbers in it.
pub fn said_ui(ui: &mut Ui, palette: &Palette) {
    for words in typed(ui, |typed| std::mem::take(&mut typed.said)) {
        ui.add(egui::Label::new(small(words, palette).color(palette.bad)).wrap());
        ui.add_space(space::XS);
    }
}

/// What cannot be read in a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreadable {
    pub here: Vec<Wrong>,
    /// In fields that were shown before and are no longer: what was typed is forgotten.
    pub gone: Vec<Wrong>,
}

/// Draws the fields of one form. Returns what cannot be read in it; what is no longer shown is forgotten, and
/// what stood there before stays.
pub fn form<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> (R, Unreadable) {
    let form = Some(Id::unique(("number form", name)));
    let outer = typed(ui, |typed| std::mem::replace(&mut typed.form, form));
    let result = add(ui);
    let pass = ui.ctx().cumulative_pass_nr();
    let unread = typed(ui, |typed| {
        typed.form = outer;
        let own = typed.fields.values().filter(|entry| entry.form == form);
        let (here, gone): (Vec<&Entry>, Vec<&Entry>) = own.partition(|entry| entry.pass == pass);
        let wrong = |entries: Vec<&Entry>| {
            let mut wrong: Vec<Wrong> = entries.into_iter().filter_map(|entry| entry.wrong.clone()).collect();
            wrong.sort();
            wrong
        };
        let unread = Unreadable { here: wrong(here), gone: wrong(gone) };
        typed.fields.retain(|_, entry| entry.form != form || entry.pass == pass);
        unread
    });
    (result, unread)
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::{NodeT as _, Queryable as _};

    use super::*;
    use crate::ui::theme::Palette;
    use crate::ui::widgets::form::row;

    struct Scene {
        rate: f64,
        seed: u64,
        is_on: bool,
        unread: Vec<Wrong>,
    }

    fn unread(harness: &Harness<'_, Scene>) -> Vec<(String, String)> {
        harness.state().unread.iter().map(|wrong| (wrong.field.clone(), wrong.why.clone())).collect()
    }

    fn of(field: &str, why: &str) -> Vec<(String, String)> {
        vec![(field.into(), why.into())]
    }

    fn scene() -> Harness<'static, Scene> {
        let draw = |ui: &mut Ui, scene: &mut Scene| {
            let palette = Palette::of(true);
            let ((), unread) = form(ui, "test", |ui| {
                row(ui, "Rate", "", palette, |ui| {
                    ui.add_enabled_ui(scene.is_on, |ui| {
                        Number::new("Learning rate", limits::LEARNING_RATE).show(ui, &mut scene.rate)
                    });
                });
                row(ui, "Seed", "", palette, |ui| {
                    Number::new("Seed", limits::at_least(0.0)).show(ui, &mut scene.seed);
                });
            });
            scene.unread = unread.here;
        };
        let scene = Scene { rate: 2e-5, seed: 42, is_on: true, unread: Vec::new() };
        let mut harness = Harness::builder()
            .with_size(vec2(320.0, 200.0))
            .with_context_setup(crate::ui::fonts::dress)
            .build_ui_state(draw, scene);
        harness.run_ok();
        harness
    }

    fn enter(harness: &mut Harness<'_, Scene>, field: &str, words: &str) {
        write(harness, field, words);
        harness.key_press(Key::Enter);
        harness.run_ok();
    }

    fn write(harness: &mut Harness<'_, Scene>, field: &str, words: &str) {
        harness.get_by_label(field).focus();
        harness.run_ok();
        harness.get_by_label(field).type_text(words);
        harness.run_ok();
    }

    fn shown(harness: &Harness<'_, Scene>, field: &str) -> String {
        harness.get_by_label(field).accesskit_node().value().unwrap_or_default()
    }

    #[test]
    fn what_is_typed_is_read_and_shown_as_one_would_type_it() {
        let mut harness = scene();
        assert_eq!(shown(&harness, "Learning rate"), "2e-5");
        for (typed, expected, as_shown) in [
            ("1,5e-4", 1.5e-4, "1.5e-4"),
            ("1.5 e-4", 1.5e-4, "1.5e-4"),
            ("0,0002", 2e-4, "2e-4"),
            ("0.05", 0.05, "0.05"),
        ] {
            enter(&mut harness, "Learning rate", typed);
            assert_eq!(harness.state().rate, expected, "{typed}");
            assert_eq!(shown(&harness, "Learning rate"), as_shown);
            assert!(harness.state().unread.is_empty());
        }
        enter(&mut harness, "Seed", "18446744073709551615");
        assert_eq!(harness.state().seed, u64::MAX, "to the last digit");
    }

    #[test]
    fn what_cannot_be_read_is_said_and_what_stood_there_stays() {
        let mut harness = scene();
        enter(&mut harness, "Learning rate", "1,5x");
        assert_eq!(harness.state().rate, 2e-5, "not the 1 that it begins with");
        assert_eq!(unread(&harness), of("Learning rate", "“1,5x” is not a number; still using 2e-5"));
        assert!(harness.query_by_label("“1,5x” is not a number; still using 2e-5").is_some());
        // What was typed is still there to be put right.
        harness.get_by_label("Learning rate").focus();
        harness.run_ok();
        harness.key_press(Key::End);
        harness.key_press(Key::Backspace);
        harness.run_ok();
        harness.key_press(Key::Enter);
        harness.run_ok();
        assert_eq!(unread(&harness), of("Learning rate", "“1,5” must be 0 to 1; still using 2e-5"));
        enter(&mut harness, "Learning rate", "3e-5");
        assert_eq!((harness.state().rate, harness.state().unread.len()), (3e-5, 0));
        enter(&mut harness, "Seed", "2.5");
        assert_eq!(unread(&harness), of("Seed", "“2.5” is not a whole number; still using 42"));
    }

    #[test]
    fn a_field_that_is_clicked_is_written_anew() {
        let mut harness = scene();
        harness.get_by_label("Learning rate").click();
        harness.run_steps(2);
        harness.event(egui::Event::Text("0,005".into()));
        harness.run_ok();
        assert_eq!(harness.state().rate, 0.005);
    }

    #[test]
    fn a_field_that_is_left_with_escape_is_as_it_was() {
        let mut harness = scene();
        write(&mut harness, "Learning rate", "0.5");
        assert_eq!(harness.state().rate, 0.5, "the value follows what can be read so far");
        harness.key_press(Key::Escape);
        harness.run_ok();
        assert_eq!((harness.state().rate, harness.state().unread.len()), (2e-5, 0));
    }

    #[test]
    fn what_was_typed_counts_for_nothing_when_the_value_is_set_or_the_field_switched_off() {
        let mut harness = scene();
        enter(&mut harness, "Seed", "abc");
        harness.state_mut().seed = 7;
        harness.run_ok();
        assert_eq!((shown(&harness, "Seed"), harness.state().unread.len()), ("7".into(), 0));
        enter(&mut harness, "Learning rate", "abc");
        assert_eq!(harness.state().unread.len(), 1);
        harness.state_mut().is_on = false;
        harness.run_ok();
        assert!(harness.state().unread.is_empty());
    }

    #[test]
    fn a_value_from_elsewhere_is_neither_cut_nor_rounded() {
        let mut harness = scene();
        harness.state_mut().rate = 1.234_567_8e-5;
        harness.run_ok();
        assert_eq!(shown(&harness, "Learning rate"), "1.2345678e-5");
        harness.get_by_label("Learning rate").focus();
        harness.run_ok();
        harness.key_press(Key::Enter);
        harness.run_ok();
        assert_eq!(harness.state().rate, 1.234_567_8e-5, "to look at it changes nothing");
        harness.state_mut().rate = 3.0;
        harness.run_ok();
        assert_eq!(harness.state().rate, 3.0, "what is wrong with it the check of the run says");
    }

    #[test]
    fn the_arrow_keys_move_the_second_digit() {
        let mut harness = scene();
        harness.get_by_label("Learning rate").focus();
        harness.run_ok();
        harness.key_press(Key::ArrowUp);
        harness.run_ok();
        assert!((harness.state().rate - 2.1e-5).abs() < 1e-12, "{}", harness.state().rate);
        harness.get_by_label("Seed").focus();
        harness.run_ok();
        harness.key_press(Key::ArrowDown);
        harness.run_ok();
        assert_eq!(harness.state().seed, 41);
    }
}
