//! What is held out for evaluation.

use std::sync::{Arc, Weak};

use egui::Ui;

use super::columns::column_ui;
use crate::data::SplitRule;
use crate::table::Table;
use crate::task::Task;
use crate::train::limits;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::path_field::path_field;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::split_bar::split_bar;
use crate::ui::widgets::{Button, Card, Chip, Number, form, number, text};
use crate::ui::{Action, Cx, format};

/// As it is called where what is wrong with it is told elsewhere.
const SEED: &str = "Seed in Data";

#[derive(Debug, Default)]
pub struct SplitForm {
    /// The share while its boundary is dragged; the examples are read anew when it is let go.
    dragged: Option<f64>,
    own_file: bool,
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
            if cx.workspace.data.folds() > 0 {
                folds_ui(ui, cx);
                parts_ui(ui, cx);
                return;
            }
            self.own_file |= cx.workspace.data.eval.is_some();
            let choices = [(false, "Share of this file"), (true, "Own file")];
            if let Some(own_file) = segmented(ui, palette, self.own_file, &choices, true) {
                self.own_file = own_file;
                if !own_file && cx.workspace.data.eval.is_some() {
                    cx.act(Action::SetEvalData(None));
                }
            }
            let ((), unread) = number::form(ui, "split", |ui| {
                if self.own_file {
                    self.file_ui(ui, cx);
                } else {
                    self.share_ui(ui, cx);
                }
            });
            if unread.here != cx.workspace.data.unread {
                cx.act(Action::UnreadInData(unread.here));
            }
            parts_ui(ui, cx);
        });
    }

    fn share_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let rule = cx.workspace.data.rule.clone();
        let share = self.dragged.unwrap_or(rule.eval_fraction);
        let mut changed = SplitRule { eval_fraction: rule.eval_fraction, ..rule.clone() };
        let roles = cx.workspace.data.roles.clone();
        if let Some(column) = named(roles.split.as_ref()) {
            ui.label(text::small(format!("The column \"{column}\" says which rows are learned from."), palette));
        } else {
            self.drawn_ui(ui, share, &mut changed, cx);
        }
        if roles.split.as_deref().is_none_or(str::is_empty)
            && roles.group.is_none()
            && has_classes(cx.workspace.data.task)
        {
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
        if let Some(table) = cx.workspace.data.table.clone() {
            let mut grouped = roles.clone();
            let hint = "Rows with the same value here stay on one side: a document, a customer, an article";
            form::row(ui, "Keep together", hint, palette, |ui| {
                column_ui(ui, "Group column", 132.0, &mut grouped.group, &table, "None");
            });
            let hint = "A column that says train, dev or test divides the rows, and no share is drawn";
            form::row(ui, "Parts by column", hint, palette, |ui| {
                // An empty name says that there is none, where one would else be found by its name.
                let mut split = named(roles.split.as_ref());
                column_ui(ui, "Column of parts", 132.0, &mut split, &table, "None");
                if split != named(roles.split.as_ref()) {
                    grouped.split = Some(split.unwrap_or_default());
                }
            });
            if grouped != roles {
                cx.act(Action::SetRoles(grouped));
            }
        }
        if changed != rule {
            cx.act(Action::SetSplit(changed));
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
    let words = format!(
        "Every row is held out once, in {} runs. Below are the parts of the first of them.",
        format::count(u64::from(cx.workspace.data.folds()))
    );
    ui.add(egui::Label::new(text::small(words, palette)).wrap());
    if Button::new("Hold out a share instead").small().show(ui, palette).clicked() {
        cx.act(Action::SetSplit(SplitRule { fold: None, ..rule }));
    }
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
