//! What is held out for evaluation.

use std::sync::{Arc, Weak};

use egui::Ui;

use super::columns::column_ui;
use crate::data::{Dataset, HeldOut, Roles, SplitRule, Summary, Use};
use crate::table::Table;
use crate::task::Task;
use crate::train::limits;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::path_field::path_field;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::split_bar::split_bar;
use crate::ui::widgets::{Button, Card, Chip, Number, form, number, state, text};
use crate::ui::{Action, Cx, format};

/// Width of a choice of columns.
const COLUMN: f32 = 132.0;
/// As it is called where what is wrong with it is told elsewhere.
const SEED: &str = "Seed in Data";

/// What says which rows are held out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Share,
    Column,
    File,
}

#[derive(Debug, Default)]
pub struct SplitForm {
    /// The share while its boundary is dragged; the examples are read anew when it is let go.
    dragged: Option<f64>,
    /// What was pressed, although no column or file is chosen yet.
    pressed: Option<By>,
    /// Why the column that was chosen last tells no parts.
    refused: Option<String>,
    typed: String,
    /// Another table begins with a share of its own.
    of: Weak<Table>,
}

impl SplitForm {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, table: &Arc<Table>) {
        let palette = cx.palette;
        if Weak::as_ptr(&self.of) != Arc::as_ptr(table) {
            *self = Self { of: Arc::downgrade(table), ..Self::default() };
        }
        Card::titled("Evaluation").note("held out from training").show(ui, palette, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            let in_folds = cx.workspace.data.folds() > 0;
            let by = self.by(cx);
            if in_folds {
                folds_ui(ui, cx);
            } else {
                let mut choices = vec![(By::Share, "A share"), (By::Column, "A column"), (By::File, "Own file")];
                // Of a text that is its own lesson no row is one of a part.
                choices.retain(|(by, _)| *by != By::Column || has_parts(cx));
                if let Some(by) = segmented(ui, palette, by, &choices, true) {
                    self.press(by, table, cx);
                }
            }
            let ((), unread) = number::form(ui, "split", |ui| match by {
                _ if in_folds => {
                    group_ui(ui, cx, table);
                    self.column_ui(ui, cx, table);
                }
                By::Share => {
                    self.share_ui(ui, cx);
                    group_ui(ui, cx, table);
                }
                By::Column => {
                    self.column_ui(ui, cx, table);
                    if divides_alone(cx) {
                        return;
                    }
                    // Until there is such a column.
                    self.share_ui(ui, cx);
                    group_ui(ui, cx, table);
                }
                By::File => {
                    self.file_ui(ui, cx);
                    if named(cx.workspace.data.roles.split.as_ref()).is_some() {
                        self.column_ui(ui, cx, table);
                    }
                }
            });
            if unread.here != cx.workspace.data.unread {
                cx.act(Action::UnreadInData(unread.here));
            }
            parts_ui(ui, cx);
        });
    }

    fn by(&self, cx: &Cx<'_>) -> By {
        let data = &cx.workspace.data;
        match self.pressed {
            _ if data.eval.is_some() => By::File,
            Some(By::File) => By::File,
            _ if !has_parts(cx) => By::Share,
            _ if named(data.roles.split.as_ref()).is_some() => By::Column,
            pressed => pressed.unwrap_or(By::Share),
        }
    }

    fn press(&mut self, by: By, table: &Table, cx: &mut Cx<'_>) {
        self.pressed = Some(by);
        self.refused = None;
        let data = &cx.workspace.data;
        let (mut roles, has_file, task) = (data.roles.clone(), data.eval.is_some(), data.task);
        if by != By::File && has_file {
            cx.act(Action::SetEvalData(None));
        }
        let split = match by {
            // An empty name says that there is none, where one would else be found by its name.
            By::Share => named(roles.split.as_ref()).map(|_column| String::new()),
            By::Column if named(roles.split.as_ref()).is_none() => Roles::guess(table, task).split,
            By::Column | By::File => None,
        };
        if split.is_some() {
            roles.split = split;
            cx.act(Action::SetRoles(roles));
        }
    }

    /// The share that is drawn, and whether of each class.
    fn share_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let rule = cx.workspace.data.rule.clone();
        let share = self.dragged.unwrap_or(rule.eval_fraction);
        let mut changed = SplitRule { eval_fraction: rule.eval_fraction, ..rule.clone() };
        self.drawn_ui(ui, share, &mut changed, cx);
        if cx.workspace.data.roles.group.is_none() && has_classes(cx.workspace.data.task) {
            form::row(
                ui,
                "Stratify by class",
                "Each class has the same share on both sides, so that rare ones are held out too",
                palette,
                |ui| {
                    form::toggle(ui, "Stratify by class", &mut changed.stratified, palette);
                },
            );
        }
        if changed != rule {
            cx.act(Action::SetSplit(changed));
        }
    }

    /// The column that tells the parts, and what its values were understood as. One that tells none is refused where it is
    /// chosen, and what was held out before stays.
    fn column_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, table: &Table) {
        let palette = cx.palette;
        let roles = cx.workspace.data.roles.clone();
        let before = named(roles.split.as_ref());
        let mut split = before.clone();
        let hint = "A column that says train, dev or test divides the rows, and no share is drawn; of folds the test is \
                    left out";
        form::row(ui, "Parts in", hint, palette, |ui| {
            column_ui(ui, "Column of parts", COLUMN, &mut split, table, "None");
        });
        if split != before {
            let chosen = Roles { split: Some(split.unwrap_or_default()), ..roles };
            self.refused = Dataset::check_group(table, &chosen).err().map(|error| error.to_string());
            if self.refused.is_none() {
                cx.act(Action::SetRoles(chosen));
            }
        }
        if let Some(refused) = &self.refused {
            let words = text::small(state::sentence(refused), palette).color(palette.warn);
            ui.add(egui::Label::new(words).wrap());
        }
        let Some(loaded) = cx.workspace.data.loaded.as_ref().filter(|_| before.is_some()) else { return };
        let held_out = loaded.held_out(cx.workspace.data.folds() > 0);
        for words in understood(&loaded.summary, held_out) {
            ui.add(egui::Label::new(text::small(words, palette)).wrap());
        }
    }

    /// The share that is drawn, and from what.
    fn drawn_ui(&mut self, ui: &mut Ui, share: f64, changed: &mut SplitRule, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if let Some((share, let_go)) = split_bar(ui, share, palette) {
            self.dragged = (!let_go).then_some(share);
            if let_go {
                changed.eval_fraction = share;
            }
        }
        ui.horizontal(|ui| {
            let percent = |share: f64| format::trimmed(share * 100.0, 2);
            part_label(ui, palette.series[0], &format!("Train {} %", percent(1.0 - share)), cx);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                part_label(ui, palette.series[1], &format!("Evaluate {} %", percent(share)), cx);
            });
        });
        form::row(ui, "Seed", "The same seed holds out the same examples", palette, |ui| {
            Number::new(SEED, limits::at_least(0.0)).show(ui, &mut changed.seed);
        });
    }

    fn file_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if let Some(inputs) = cx.workspace.data.eval.clone() {
            ui.label(text::body(format::inputs(&inputs), palette)).on_hover_text(format::input_paths(&inputs));
        } else {
            let share = format::trimmed(cx.workspace.data.rule.eval_fraction * 100.0, 2);
            let words = format!(
                "A file with the same columns and the same label names. Until it is chosen, {share} % of this file is held out."
            );
            ui.label(text::small(words, palette));
        }
        if Button::new("Choose a file…").name("Choose an evaluation file").show(ui, palette).clicked() {
            cx.act(Action::ChooseEvalData);
        }
        if let Some(path) = path_field(ui, palette, &mut self.typed, "or paste a path", "evaluation file") {
            cx.act(Action::SetEvalData(Some(path.into())));
        }
    }
}

/// All rows are held out in turn, which is chosen in Train.
fn folds_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let rule = cx.workspace.data.rule.clone();
    let loaded = cx.workspace.data.loaded.as_ref();
    let left = loaded.map_or_else(Vec::new, |loaded| left_out(&loaded.summary, HeldOut::InFolds));
    let but: Vec<String> = left.iter().map(|(part, count)| format!("the {count} of {part}")).collect();
    let but = if but.is_empty() { String::new() } else { format!(" but {}", but.join(" and ")) };
    let words = format!(
        "Every row{but} is held out once, in {} runs. Below are the parts of the first of them.",
        format::count(u64::from(cx.workspace.data.folds()))
    );
    ui.add(egui::Label::new(text::small(words, palette)).wrap());
    if Button::new("Hold out a share instead").small().show(ui, palette).clicked() {
        cx.act(Action::SetSplit(SplitRule { fold: None, ..rule }));
    }
}

/// Whether a column can tell the parts of these rows.
fn has_parts(cx: &Cx<'_>) -> bool {
    cx.workspace.data.loaded.as_ref().is_none_or(|loaded| !loaded.dataset.makes_its_own_labels())
}

/// Whether a column alone says what is held out: it names more than rows to learn from.
fn divides_alone(cx: &Cx<'_>) -> bool {
    let data = &cx.workspace.data;
    let parts = data.loaded.as_ref().and_then(|loaded| loaded.summary.parts);
    named(data.roles.split.as_ref()).is_some() && parts.is_none_or(|parts| parts.dev + parts.test > 0)
}

/// The parts of which no row is used, with how many there are.
fn left_out(summary: &Summary, held_out: HeldOut) -> Vec<(&'static str, String)> {
    let left = summary.parts.map_or_else(Vec::new, |parts| parts.left_out(held_out));
    left.into_iter().map(|(part, count)| (part, format::count(count as u64))).collect()
}

/// What the values of a column of parts were understood as, a line for each part.
fn understood(summary: &Summary, held_out: HeldOut) -> Vec<String> {
    let Some(parts) = summary.parts else { return Vec::new() };
    let left = parts.left_out(held_out);
    let line = |part: Use, name: &str, used: &str| {
        let written = summary.part_names.iter().filter(|name| name.part == part);
        let written: Vec<String> =
            written.map(|name| format!("\"{}\" ({})", name.written, format::count(name.examples as u64))).collect();
        let use_of_it = if left.iter().any(|(left, _)| *left == name) { "left out" } else { used };
        (!written.is_empty()).then(|| format!("{}: {use_of_it}", written.join(", ")))
    };
    let folds = "dealt over the folds";
    let [learned, judged] = if held_out == HeldOut::InFolds { [folds; 2] } else { ["learned from", "evaluated on"] };
    let told = [(Use::Learn, "train", learned), (Use::Judge, "dev", judged), (Use::Test, "test", judged)];
    let mut lines: Vec<String> = told.into_iter().filter_map(|(part, name, used)| line(part, name, used)).collect();
    if parts.none > 0 {
        lines.push("any other value: left out".to_owned());
    }
    lines
}

/// Whether there are shares of classes, or of numbers from low to high, to keep.
fn has_classes(task: Task) -> bool {
    task.is_sequence()
}

/// A point in the part's colour and its words, in this order in whatever layout.
fn part_label(ui: &mut Ui, color: egui::Color32, words: &str, cx: &Cx<'_>) {
    let font = theme::medium(size::BODY - 1.0);
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, cx.palette.text);
    let (rect, response) = ui.allocate_exact_size(galley.size() + egui::vec2(14.0, 4.0), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words));
    ui.painter().circle_filled(rect.left_center() + egui::vec2(4.0, 0.0), 4.0, color);
    ui.painter().galley(rect.left_top() + egui::vec2(14.0, 2.0), galley, cx.palette.text);
}

/// How many examples of each class come to lie on either side.
fn parts_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let palette = cx.palette;
    let data = &cx.workspace.data;
    let Some(loaded) = &data.loaded else { return };
    let eval = loaded.eval.as_ref().map_or(loaded.split.eval.len(), |eval| eval.examples.len());
    ui.add_space(2.0);
    crate::ui::widgets::divider(ui, palette);
    ui.spacing_mut().item_spacing.y = 2.0;
    let heads = ["Train".to_owned(), "Evaluate".to_owned()];
    part_row_ui(ui, palette, heads, false, |ui| drop(ui.label(text::label("", palette))));
    let counts = [loaded.split.train.len(), eval].map(|count| format::count(count as u64));
    part_row_ui(ui, palette, counts, true, |ui| drop(ui.label(text::dim("Examples", palette))));
    for (part, count) in left_out(&loaded.summary, loaded.held_out(data.folds() > 0)) {
        ui.label(text::dim(format!("{} {count}, left out", state::sentence(part)), palette));
    }
    let counts = &loaded.summary.counts;
    for (index, count) in counts.iter().enumerate().take(SHOWN) {
        let parts = [count.train, count.eval].map(format::count);
        part_row_ui(ui, palette, parts, false, |ui| {
            drop(Chip::class(&count.name, index, palette).max_width(120.0).show(ui));
        });
    }
    if counts.len() > SHOWN {
        ui.label(text::faint(format!("and {} more", counts.len() - SHOWN), palette));
    }
}

/// Classes whose counts are listed.
const SHOWN: usize = 12;

/// A name to the left and a number for each part to the right.
fn part_row_ui(ui: &mut Ui, palette: &Palette, counts: [String; 2], strong: bool, name: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 22.0), egui::Sense::hover());
    let mut right = rect.right();
    for words in counts.into_iter().rev() {
        let (font, color) = if strong {
            (theme::number_medium(12.0), palette.text)
        } else {
            (theme::number(size::SMALL), palette.text_dim)
        };
        let at = egui::pos2(right, rect.center().y);
        ui.painter().text(at, egui::Align2::RIGHT_CENTER, words, font, color);
        right -= 68.0;
    }
    let left = egui::Rect::from_min_max(rect.min, egui::pos2(right + 24.0, rect.bottom()));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    name(&mut ui.new_child(egui::UiBuilder::new().max_rect(left).layout(layout)));
}

/// A column that is named, and not only said to be none.
fn named(column: Option<&String>) -> Option<String> {
    column.filter(|name| !name.is_empty()).cloned()
}

fn group_ui(ui: &mut Ui, cx: &mut Cx<'_>, table: &Table) {
    let roles = cx.workspace.data.roles.clone();
    let mut grouped = roles.clone();
    let hint = "Rows with the same value here stay on one side: a document, a customer, an article";
    form::row(ui, "Keep together", hint, cx.palette, |ui| {
        column_ui(ui, "Group column", COLUMN, &mut grouped.group, table, "None");
    });
    if grouped != roles {
        cx.act(Action::SetRoles(grouped));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{PartName, Parts};

    #[test]
    fn the_values_of_a_column_are_told_with_what_becomes_of_them() {
        let name = |written: &str, part, examples| PartName { written: written.into(), part, examples };
        let part_names = vec![
            name("train", Use::Learn, 40),
            name("training", Use::Learn, 9),
            name("val", Use::Judge, 17),
            name("test", Use::Test, 13),
        ];
        let parts = Some(Parts { train: 49, dev: 17, test: 13, none: 2 });
        let summary = Summary { parts, part_names, ..Summary::default() };
        let lines = understood(&summary, HeldOut::Here);
        let other = "any other value: left out";
        let told = [
            "\"train\" (40), \"training\" (9): learned from",
            "\"val\" (17): evaluated on",
            "\"test\" (13): left out",
            other,
        ];
        assert_eq!(lines, told);
        assert_eq!(left_out(&summary, HeldOut::Here), [("test", "13".to_owned()), ("no part", "2".to_owned())]);
        let folds = understood(&summary, HeldOut::InFolds);
        assert_eq!(folds[1..3], ["\"val\" (17): dealt over the folds", "\"test\" (13): left out"]);
        let own = understood(&summary, HeldOut::OtherFile);
        assert_eq!(own[1..3], ["\"val\" (17): left out", "\"test\" (13): left out"]);
        assert_eq!(understood(&Summary::default(), HeldOut::Here), [""; 0]);
    }
}
