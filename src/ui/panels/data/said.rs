//! What was said of the rows while they were held out: by the evaluation that is shown, where it is of rows of this file.
//! A row with another text than the evaluated one has none.

use std::sync::Arc;

use egui::{Label, Ui};

use super::filter::example_of;
use crate::data::Dataset;
use crate::metrics::{Outcome, Prediction, confidence};
use crate::table::Table;
use crate::ui::panels::evaluate::{color_index, is_mistake, outcome};
use crate::ui::theme::Palette;
use crate::ui::widgets::{Button, Chip, text};
use crate::ui::{Cx, format};
use crate::worker::protocol::EvaluatedData;

/// Width that the column begins with.
pub const WIDTH: f32 = 170.0;
pub const TITLE: &str = "Held-out prediction";

/// The evaluation whose predictions are of rows of the open file that were held out.
pub fn of(cx: &Cx<'_>, table: &Table) -> Option<Arc<EvaluatedData>> {
    let shown = cx.workspace.evaluation.as_ref()?;
    let on = shown.on.as_ref()?;
    let is_of_it = on.is_part && on.data == table.origins.inputs && !shown.evaluation.predictions.is_empty();
    is_of_it.then(|| shown.clone())
}

/// The prediction of a row.
fn of_row<'a>(evaluated: &'a EvaluatedData, dataset: &Dataset, row: usize) -> Option<&'a Prediction> {
    let example = example_of(dataset, row)?;
    let predictions = &evaluated.evaluation.predictions;
    let place = predictions.binary_search_by_key(&example, |one| one.example).ok()?;
    let (first, pair) = evaluated.texts.get(place)?;
    let is_same = *first == dataset.readable(example) && pair.as_deref() == dataset.pair(example);
    predictions.get(place).filter(|_| is_same)
}

/// Rows whose label is not what was said of them, ascending.
fn mistakes(evaluated: &EvaluatedData, dataset: &Dataset) -> Vec<usize> {
    let wrong = |row: &usize| of_row(evaluated, dataset, *row).is_some_and(is_mistake);
    dataset.examples.iter().map(|example| example.row).filter(wrong).collect()
}

/// A press that shows the rows which were predicted otherwise; returns them.
pub fn mistakes_ui(ui: &mut Ui, evaluated: &EvaluatedData, dataset: &Dataset, palette: &Palette) -> Option<Vec<usize>> {
    if evaluated.evaluation.predictions.iter().any(|one| matches!(one.gold, Outcome::Value(_))) {
        return None;
    }
    let hint = "Rows whose held-out prediction is not their label; Evaluate lists the most confident first, which are \
                often wrong labels";
    let button = Button::new("Held-out mistakes").small().show(ui, palette);
    button.on_hover_text(hint).clicked().then(|| mistakes(evaluated, dataset))
}

/// What was said of a row, and how sure the model was; red where the label is another.
pub fn cell_ui(ui: &mut Ui, palette: &Palette, evaluated: &EvaluatedData, dataset: Option<&Dataset>, row: usize) {
    let Some(said) = dataset.and_then(|dataset| of_row(evaluated, dataset, row)) else {
        ui.add(Label::new(text::faint("–", palette)).selectable(false));
        return;
    };
    ui.spacing_mut().item_spacing.x = 6.0;
    let words = outcome(&evaluated.evaluation, &said.predicted);
    match &said.predicted {
        Outcome::Class(_) | Outcome::Classes(_) => {
            Chip::class(words, color_index(&said.predicted), palette).max_width(110.0).show(ui);
        }
        Outcome::Value(_) | Outcome::Entities { .. } | Outcome::Answers { .. } => {
            ui.add(Label::new(text::body(words, palette)).truncate().selectable(false));
        }
    }
    let is_wrong = is_mistake(said) && !matches!(said.gold, Outcome::Value(_));
    if let Some(sure) = confidence(&evaluated.evaluation, said) {
        let color = if is_wrong { palette.bad } else { palette.text_dim };
        let words = text::number_dim(format::percent(f64::from(sure)), palette).color(color);
        ui.add(Label::new(words).selectable(false));
    }
}
