//! What stands where the curves of a run are, once all its folds are done: what each fold came to, and how far the result
//! over all rows could lie elsewhere. All folds together have no steps, so no curve of them would mean anything.

use egui::{ScrollArea, Ui};

use super::charts;
use crate::metrics::Measure;
use crate::train::run::RunSummary;
use crate::ui::theme::space;
use crate::ui::tiles::Pane;
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::{state, text};
use crate::ui::workspace::{RunView, Workspace, model_of};
use crate::ui::{Action, Cx, format};

/// The value of a fold, where it was evaluated.
fn value(fold: &RunSummary) -> Option<(&str, f64)> {
    fold.metric.as_ref().map(|(key, value)| (key.as_str(), *value))
}

/// The least and the most of the folds, where all are known.
pub fn ends(folds: &[(u32, &RunSummary)]) -> Option<[(String, f64); 2]> {
    let mut values: Vec<(String, f64)> =
        folds.iter().map(|(_, fold)| value(fold).map(|(key, value)| (key.to_owned(), value))).collect::<Option<_>>()?;
    values.sort_by(|one, two| one.1.total_cmp(&two.1));
    Some([values.first()?.clone(), values.last()?.clone()])
}

pub fn pane_ui(pane: Pane, ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
    match pane {
        charts::LOSS => scores_ui(ui, run, cx),
        charts::METRIC => notes_ui(ui, run, cx),
        _ => {
            let words = "Each fold has curves of its own: open it in Runs, or press it above";
            ui.add(egui::Label::new(text::dim(words, cx.palette)).wrap());
        }
    }
}

fn scores_ui(ui: &mut Ui, run: &RunView, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let folds = cx.workspace.folds_of(&run.dir);
    if folds.is_empty() {
        ui.label(text::dim("The folds of this run are not among the runs of this folder", palette));
        return;
    }
    let key = folds.iter().find_map(|(_, fold)| value(fold)).map_or("", |(key, _)| key);
    let measure = Measure::find(key);
    let title = measure.map_or("Result", |measure| measure.title);
    ui.label(text::strong(format!("{title} of each fold, on the rows that it held out"), palette));
    ui.add_space(space::XS);
    let values: Vec<f64> = folds.iter().filter_map(|(_, fold)| value(fold)).map(|(_, value)| value.abs()).collect();
    // What is no share is drawn beside the largest.
    let most = if values.iter().all(|value| *value <= 1.0) { 1.0 } else { values.iter().copied().fold(0.0, f64::max) };
    let names: Vec<String> = folds.iter().map(|(number, _)| format!("Fold {number}")).collect();
    let lines: Vec<Bar<'_>> = folds
        .iter()
        .zip(&names)
        .map(|((_, fold), name)| {
            let found = value(fold);
            let shown = found.map_or_else(|| "–".to_owned(), |(key, value)| format::metric(key, value));
            let share = found.map_or(0.0, |(_, value)| value.max(0.0) / most);
            Bar { name, share, value: shown, color: palette.series[2], strong: true, mark: None }
        })
        .collect();
    let pressed = ScrollArea::vertical().id_salt("folds").show(ui, |ui| bars(ui, &lines, 90.0, true, palette)).inner;
    if let Some((_, fold)) = pressed.and_then(|place| folds.get(place)) {
        cx.act(Action::OpenRun(fold.dir.clone()));
    }
}

/// What is said of the result over all rows: how far it lies apart in the folds, and its interval.
fn notes_ui(ui: &mut Ui, run: &RunView, cx: &Cx<'_>) {
    let palette = cx.palette;
    ui.label(text::strong("Over all rows", palette));
    ui.add_space(space::XS);
    let notes = notes(cx.workspace, run);
    if notes.is_empty() {
        ui.label(text::dim("Opening the predictions of all folds", palette));
    }
    ScrollArea::vertical().id_salt("notes of folds").show(ui, |ui| {
        for note in notes {
            ui.add(egui::Label::new(text::body(state::sentence(note), palette)).wrap());
            ui.add_space(space::XS);
        }
    });
}

fn notes<'a>(workspace: &'a Workspace, run: &RunView) -> &'a [String] {
    let of_run = workspace.evaluation.as_ref().filter(|evaluated| evaluated.model == model_of(&run.dir));
    of_run.map_or(&[], |evaluated| &evaluated.evaluation.notes)
}
