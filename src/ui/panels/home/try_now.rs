//! What can be asked before anything is trained: what ships with Attune and was trained for a task, with how far to
//! believe it.

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_EXPLORE;

use crate::hub::embedded::{Promise, Shipped};
use crate::ui::theme::space;
use crate::ui::widgets::{Button, Card, text};
use crate::ui::{Action, Cx};

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let is_there = |shipped: &Shipped| cx.workspace.shipped(*shipped).is_some();
    let promised = |shipped: Shipped| Some((shipped, shipped.promise()?));
    let offered: Vec<(Shipped, Promise)> = Shipped::ALL.into_iter().filter(is_there).filter_map(promised).collect();
    if offered.is_empty() {
        return;
    }
    Card::titled("Try it now").note("nothing to train").show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        for (shipped, promise) in offered {
            let words = format!("{}. {}", promise.does, promise.words());
            ui.add(Label::new(text::dim(words, palette)).wrap());
            if Button::new(promise.title).icon(ICON_EXPLORE).show(ui, palette).clicked() {
                cx.act(Action::TryShipped(shipped));
            }
        }
    });
}
