//! What the columns mean, and what is to be learned from them.

use egui::Ui;

use crate::data::{Roles, Table};
use crate::task::Task;
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::{Card, form, text};
use crate::ui::{Action, Cx};

/// Tasks that a table of texts and labels can be read for.
const TASKS: [Task; 3] = [Task::Classify, Task::MultiLabel, Task::Regress];

/// Width of a choice, so that all of them stand in one column.
const WIDTH: f32 = 164.0;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, table: &Table) {
    let palette = cx.palette;
    Card::titled("Columns").show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let roles = cx.workspace.data.roles.clone();
        let mut changed = roles.clone();
        form::row(ui, "Text", "What the model reads", palette, |ui| {
            column_ui(ui, "Text column", &mut changed.text, table, None);
        });
        form::row(ui, "Pair", "A second text, such as a premise and a hypothesis", palette, |ui| {
            column_ui(ui, "Second text column", &mut changed.pair, table, Some("None"));
        });
        form::row(ui, "Label", "What the model learns to say", palette, |ui| {
            column_ui(ui, "Label column", &mut changed.label, table, None);
        });
        if changed != roles {
            cx.act(Action::SetRoles(changed));
        }
        form::row(ui, "Task", "What is learned from these columns", palette, |ui| task_ui(ui, cx));
        example_ui(ui, cx, table, &roles);
    });
}

fn column_ui(ui: &mut Ui, name: &str, chosen: &mut Option<String>, table: &Table, none: Option<&str>) {
    let absent = none.unwrap_or("Choose…");
    let shown = chosen.as_deref().unwrap_or(absent).to_owned();
    choice(ui, name, WIDTH, &shown, |ui| {
        if let Some(none) = none {
            ui.selectable_value(chosen, None, none);
        }
        for column in &table.columns {
            ui.selectable_value(chosen, Some(column.clone()), column);
        }
    });
}

fn task_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let task = cx.workspace.data.task;
    let mut chosen = task;
    choice(ui, "Task", WIDTH, task.title(), |ui| {
        for task in TASKS {
            ui.selectable_value(&mut chosen, task, task.title());
        }
    });
    if chosen != task {
        cx.act(Action::SetTask(chosen));
    }
}

/// The first row as it is understood, so that a wrong role is seen at once.
fn example_ui(ui: &mut Ui, cx: &Cx<'_>, table: &Table, roles: &Roles) {
    let palette = cx.palette;
    let cell = |name: &Option<String>| {
        let column = table.column(name.as_deref()?)?;
        (table.rows() > 0).then(|| table.cell(0, column))
    };
    let (Some(first), Some(label)) = (cell(&roles.text), cell(&roles.label)) else { return };
    ui.add_space(6.0);
    let shorten = |text: &str, most: usize| {
        let short: String = text.chars().take(most).collect();
        if short.len() < text.len() { format!("{}…", short.trim_end()) } else { short }
    };
    let pair = cell(&roles.pair).map_or_else(String::new, |pair| format!(" + “{}”", shorten(pair, 50)));
    let words = format!("“{}”{pair} → {}", shorten(first, 90), shorten(label, 30));
    egui::Frame::new().fill(palette.raised).corner_radius(6).inner_margin(egui::Margin::symmetric(8, 6)).show(
        ui,
        |ui| {
            ui.set_width(ui.available_width());
            ui.label(text::small(words, palette));
        },
    );
}
