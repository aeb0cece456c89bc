//! The data that were opened last, a press away, with the model that was used last where none is chosen.

use egui::Ui;

use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx, format};

/// Letters of a name; whole it is under the pointer.
const MOST: usize = 30;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let workspace = cx.workspace;
    if workspace.recent.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(text::small("Opened last", palette));
        for data in &workspace.recent {
            let name = format::inputs(data);
            let button = Button::new(text::short_name(&name, MOST)).name(format!("Open {name} again")).quiet().small();
            if button.show(ui, palette).on_hover_text(format::input_paths(data)).clicked() {
                cx.act(Action::OpenData(data.clone()));
                let is_there = |dir: &std::path::PathBuf| workspace.models.iter().any(|entry| entry.dir == *dir);
                let last = workspace.last_model.clone().filter(is_there);
                cx.actions.extend(last.filter(|_| workspace.model.is_none()).map(Action::OpenModel));
            }
        }
    });
}
