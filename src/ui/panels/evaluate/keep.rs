//! What is decided on this screen, to be kept with the model.

use egui::Ui;
use egui_material_icons::icons::{ICON_CHECK, ICON_SAVE};

use crate::model::Decisions;
use crate::ui::theme::Palette;
use crate::ui::widgets::Button;
use crate::worker::protocol::EvaluatedData;

/// Whether one model said all this: of a run in folds each row has another.
pub fn has_model(evaluated: &EvaluatedData) -> bool {
    evaluated.on.as_ref().is_none_or(|on| on.folds == 0)
}

/// Whether what is decided on this screen is to be kept with the model.
pub fn keep_button(ui: &mut Ui, decisions: &Decisions, kept: &Decisions, palette: &Palette) -> bool {
    let is_kept = decisions == kept;
    let is_any = *kept != Decisions::default();
    let (words, icon) =
        if is_kept && is_any { ("Kept with the model", ICON_CHECK) } else { ("Keep with the model", ICON_SAVE) };
    let button = Button::new(words).icon(icon).small().enabled(!is_kept).show(ui, palette);
    button.on_hover_text("Predictions, evaluations and Explore use it from then on").clicked()
}
