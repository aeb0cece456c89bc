//! The states of the run's course, to be evaluated on the rows that it held out or on the file that is evaluated: one by a
//! slider, or all of them on what was held out, side by side.

use std::path::PathBuf;

use egui::{Label, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_VIEW_WEEK};

use crate::metrics::Measure;
use crate::model::kept;
use crate::table::Inputs;
use crate::train::run::RunSummary;
use crate::ui::panels::progress_line;
use crate::ui::theme::Palette;
use crate::ui::widgets::answer_strip::{Cell, answer_strip};
use crate::ui::widgets::course_slider::course_slider;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::{Workspace, model_of};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::EvaluatedData;
use crate::worker::work::AnyWork;
use crate::worker::works::course::{MeasureStates, Measured};

#[derive(Debug, Default)]
pub struct Course {
    is_closed: bool,
}

impl Course {
    /// The newest that is asked for counts.
    pub fn ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        let (workspace, model) = (cx.workspace, &evaluated.model);
        let (run, at) = match kept::state_of(model) {
            Some((run, step)) => (run, Some(step)),
            None => (model.parent().unwrap_or(model), None),
        };
        let known = workspace.runs.iter().find(|known| known.dir == run && !known.states.is_empty());
        let Some(known) = known else { return };
        let steps: Vec<u64> = known.states.iter().map(|state| state.step).collect();
        let place = at.and_then(|at| steps.iter().position(|step| *step == at));
        self.slider_ui(ui, cx, known, (&steps, place, at), other_file(evaluated));
        self.strip_ui(ui, cx, known, place);
    }

    fn slider_ui(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        known: &RunSummary,
        (steps, place, at): (&[u64], Option<usize>, Option<u64>),
        file: Option<&Inputs>,
    ) {
        let (palette, workspace) = (cx.palette, cx.workspace);
        let evaluate = |model: PathBuf| match file {
            Some(data) => {
                let roles = workspace.roles_of(data);
                Action::Evaluate { model, data: data.clone(), roles }
            }
            None => Action::EvaluateHeldOut(model),
        };
        line(ui, 26.0, |ui| {
            let is_it = place.is_none() && file.is_none();
            let whole = Button::new("Run's model").small().selected(is_it).enabled(!is_it);
            let words = "The weights that the run kept, on the rows that it held out";
            if whole.show(ui, palette).on_hover_text(words).clicked() {
                cx.act(Action::EvaluateHeldOut(model_of(&known.dir)));
            }
            if let (Some(data), Some(_)) = (file, place) {
                let words = text::short_name(&format!("Run's model on {}", format::inputs(data)), 40);
                if Button::new(words).small().show(ui, palette).clicked() {
                    cx.act(evaluate(model_of(&known.dir)));
                }
            }
            let is_told = !self.is_closed && found(cx.workspace, known).is_some();
            let is_asked = cx.workspace.job_of::<MeasureStates>().is_some();
            let every = Button::new("Every state").icon(ICON_VIEW_WEEK).small().enabled(!is_told && !is_asked);
            let hint = "How good each state is on the rows that the run held out, side by side";
            if every.name("Evaluate every state").show(ui, palette).on_hover_text(hint).clicked() {
                self.begin(cx, known);
            }
            let words = at.map_or_else(|| "the kept weights".to_owned(), |at| format!("step {}", format::count(at)));
            ui.label(text::number_dim(words, palette));
            line::left(ui, |ui| {
                ui.label(text::dim("Time machine", palette));
                if let Some(place) = course_slider(ui, "State to evaluate", steps, place, palette) {
                    cx.act(evaluate(known.states[place].dir.clone()));
                }
            });
        });
    }

    fn begin(&mut self, cx: &mut Cx<'_>, known: &RunSummary) {
        self.is_closed = false;
        let states = known.states.iter().map(|state| (state.step, state.dir.clone())).collect();
        let (run, precision) = (known.name.clone(), cx.workspace.precision);
        cx.act(Action::Work(AnyWork::new(MeasureStates { run, states, precision })));
    }

    /// How good all of them are, where that was asked, or how far it is.
    fn strip_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, known: &RunSummary, place: Option<usize>) {
        let palette = cx.palette;
        if let Some(job) = cx.workspace.job_of::<MeasureStates>() {
            return progress_line::ui(ui, cx, job, "Cancel evaluating the states");
        }
        let Some(measured) = found(cx.workspace, known).filter(|_| !self.is_closed) else { return };
        self.summary_ui(ui, measured, palette);
        let pressed = answer_strip(ui, &cells(measured), place, palette);
        if let Some(measured) = pressed.and_then(|place| measured.get(place)) {
            cx.act(Action::EvaluateHeldOut(measured.dir.clone()));
        }
    }

    fn summary_ui(&mut self, ui: &mut Ui, measured: &[Measured], palette: &Palette) {
        line(ui, 20.0, |ui| {
            let close = Button::icon_only(ICON_CLOSE, "Close what the states come to").small();
            if close.show(ui, palette).clicked() {
                self.is_closed = true;
            }
            line::left(ui, |ui| ui.add(Label::new(text::small(summary(measured), palette)).truncate()));
        });
    }
}

/// The file that is evaluated, where it is another than the run was to be judged by: it stays while one goes through the
/// states of the run.
fn other_file(evaluated: &EvaluatedData) -> Option<&Inputs> {
    evaluated.on.as_ref().filter(|on| !on.is_held_out).map(|on| &on.data)
}

/// What the states of a run came to last.
fn found<'a>(workspace: &'a Workspace, known: &RunSummary) -> Option<&'a [Measured]> {
    let (work, measured) = workspace.worked::<MeasureStates>()?;
    let same = work.states.len() == known.states.len()
        && work.states.iter().zip(&known.states).all(|((_, dir), state)| *dir == state.dir);
    (same && work.precision == workspace.precision).then_some(measured.as_slice())
}

/// The bar of a share is the share itself, and that of any other number where it lies between those of the states.
fn cells(measured: &[Measured]) -> Vec<Cell> {
    let values: Vec<f64> =
        measured.iter().filter_map(|one| one.metric.as_ref().ok().map(|(_, value)| *value)).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let cell = |one: &Measured| {
        let of = format!("Step {}", format::count(one.step));
        match &one.metric {
            Ok((key, value)) => {
                let is_share = Measure::find(key).is_some_and(|measure| measure.percent);
                let level = if is_share { *value } else { (value - least) / (most - least).max(1e-9) };
                let word = format::metric(key, *value);
                Cell { of, word, sure: String::new(), place: 0, level: Some(level as f32), failed: false }
            }
            Err(why) => {
                Cell { of, word: why.clone(), sure: String::new(), place: usize::MAX, level: None, failed: true }
            }
        }
    };
    measured.iter().map(cell).collect()
}

/// Which state is best, in a sentence.
fn summary(measured: &[Measured]) -> String {
    let known = measured.iter().filter_map(|one| one.metric.as_ref().ok().map(|(key, value)| (one.step, *key, *value)));
    let best = known.reduce(|best, next| {
        let higher = Measure::find(next.1).is_none_or(|measure| measure.higher_is_better);
        let is_better = if higher { next.2 > best.2 } else { next.2 < best.2 };
        if is_better { next } else { best }
    });
    match best {
        Some((step, key, value)) => format!(
            "{} on the rows that the run held out; best at step {}: {}",
            format::metric_title(key),
            format::count(step),
            format::metric(key, value)
        ),
        None => "No state could be evaluated".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(step: u64, key: &'static str, value: f64) -> Measured {
        Measured { step, dir: "/runs/one".into(), metric: Ok((key, value)) }
    }

    #[test]
    fn the_best_state_is_told_whichever_way_is_better() {
        let of = |key: &'static str| [measured(0, key, 0.5), measured(10, key, 0.75), measured(20, key, 0.25)];
        assert!(summary(&of("accuracy")).contains("best at step 10: 75.0 %"), "{}", summary(&of("accuracy")));
        assert!(summary(&of("eval_loss")).contains("best at step 20: "), "{}", summary(&of("eval_loss")));
        let gone = Measured { metric: Err("gone".into()), ..measured(5, "accuracy", 0.0) };
        assert_eq!(summary(std::slice::from_ref(&gone)), "No state could be evaluated");
        let cells = cells(&[gone, measured(9, "accuracy", 0.5)]);
        assert_eq!((cells[0].failed, cells[0].level, cells[1].level), (true, None, Some(0.5)));
    }
}
