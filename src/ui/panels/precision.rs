//! In which numbers models are asked: one switch for Explore and Evaluate, which show what was asked that way.

use egui::Ui;

use crate::model::Precision;
use crate::ui::widgets::form::toggle;
use crate::ui::widgets::text;
use crate::ui::{Action, Cx};

const LABEL: &str = "8-bit weights";
const ABOUT: &str = "8-bit weights, faster, answers may differ a little";

/// The width that [`ui`] takes.
pub fn width(ui: &Ui, cx: &Cx<'_>) -> f32 {
    text::width(ui, text::dim(LABEL, cx.palette)) + ui.spacing().item_spacing.x + 30.0
}

/// The switch, with its label to the left, in a line that is drawn from its right end.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let mut on = cx.workspace.precision == Precision::Int8;
    let response = toggle(ui, LABEL, &mut on, cx.palette).on_hover_text(ABOUT);
    ui.label(text::dim(LABEL, cx.palette)).on_hover_text(ABOUT);
    if response.changed() {
        cx.act(Action::AskIn(if on { Precision::Int8 } else { Precision::F32 }));
    }
}
