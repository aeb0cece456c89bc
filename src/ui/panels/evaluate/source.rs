//! What was evaluated, and another file to evaluate.

use std::path::{Path, PathBuf};

use egui::Ui;
use egui_material_icons::icons::ICON_FACT_CHECK;

use super::course::Course;
use crate::model::Precision;
use crate::ui::panels::evaluate::keep::has_model;
use crate::ui::panels::precision;
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::path_field::path_field_to;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::folds::NO_MODEL;
use crate::ui::workspace::{JobKind, Progress, model_of};
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{EvaluatedData, Origin};

#[derive(Debug, Default)]
pub struct Source {
    open: bool,
    path: String,
    model: Option<PathBuf>,
    course: Course,
}

impl Source {
    pub fn head_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, (one, many): (&str, &str), cx: &mut Cx<'_>) {
        let palette = cx.palette;
        line(ui, 28.0, |ui| {
            let button = Button::new("Evaluate another file…").icon(ICON_FACT_CHECK).small().selected(self.open);
            if button.show(ui, palette).clicked() {
                self.open = !self.open;
            }
            line::left(ui, |ui| {
                let name = text::short_name(&cx.workspace.model_name(&evaluated.model), 48);
                ui.add(egui::Label::new(text::head(name, palette)).truncate())
                    .on_hover_text(format::path(&evaluated.model));
                let examples = evaluated.evaluation.predictions.len() as u64;
                let task = evaluated.evaluation.task;
                let counted = (examples > 0).then(|| format::plural(examples, one, many));
                let on = evaluated.on.as_ref().map(|on| {
                    let part = match on.folds {
                        0 if on.is_part => ", the part held out".to_owned(),
                        0 => String::new(),
                        folds => format!(", every row held out once in {folds} runs"),
                    };
                    format!("on {}{part}", text::short_name(&format::inputs(&on.data), 40))
                });
                let rounded = (evaluated.precision == Precision::Int8).then(|| "8-bit weights".to_owned());
                let parts = counted.into_iter().chain([task.title().to_lowercase()]).chain(on).chain(rounded);
                let parts: Vec<String> = parts.collect();
                let words = parts.join(" · ");
                let label = ui.add(egui::Label::new(text::dim(words, palette)).truncate());
                if let Some(on) = &evaluated.on {
                    label.on_hover_text(format::input_paths(&on.data));
                }
            });
        });
        if let Some(job) = cx.workspace.job_where(|kind| matches!(kind, JobKind::Evaluate { .. })) {
            let share = job.progress.as_ref().and_then(Progress::share);
            state::loading(ui, palette, &job.title, share);
        } else if let Some(error) = &cx.workspace.evaluation_error {
            state::error(ui, palette, "The evaluation failed", error, |_| {});
        }
        self.course.ui(ui, evaluated, cx);
        again_ui(ui, cx);
        if self.open {
            self.file_ui(ui, Some(evaluated), cx);
            ui.add_space(4.0);
        }
    }

    /// A model and a file.
    pub fn file_ui(&mut self, ui: &mut Ui, evaluated: Option<&EvaluatedData>, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let models: Vec<PathBuf> = cx
            .workspace
            .models
            .iter()
            .filter(|model| model.origin == Origin::Run && model.problem.is_none())
            .map(|model| model.dir.clone())
            .collect();
        // One that was deleted meanwhile is chosen no longer.
        self.model.take_if(|chosen| !models.contains(chosen));
        let in_folds = evaluated.filter(|evaluated| !has_model(evaluated)).map(|evaluated| evaluated.model.clone());
        let chosen = self.model.clone().or_else(|| evaluated.map(|evaluated| evaluated.model.clone()));
        // A run in folds has no model; each of its folds has one.
        let chosen = if chosen.is_some() && chosen == in_folds {
            let whole = in_folds.as_deref().and_then(Path::parent);
            let first =
                whole.and_then(|whole| cx.workspace.folds_of(whole).first().map(|(_, fold)| model_of(&fold.dir)));
            first.filter(|fold| models.contains(fold))
        } else {
            chosen
        };
        // The run on screen is the one that a person means.
        let shown = cx.workspace.run.as_ref().map(|run| model_of(&run.dir));
        let shown = shown.filter(|shown| models.contains(shown));
        let chosen = chosen.or(shown).or_else(|| models.first().cloned());
        let Some(mut model) = chosen else { return };
        if evaluated.is_none() {
            again_ui(ui, cx);
        }
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width().min(860.0));
            if in_folds.is_some() {
                ui.label(text::dim(NO_MODEL, palette));
            }
            ui.horizontal(|ui| {
                let width = (ui.available_width() * 0.36).clamp(180.0, 300.0);
                if choose(ui, "Model to evaluate", width, &mut model, models, |dir| cx.workspace.model_name(dir)) {
                    self.model = Some(model.clone());
                }
                let hint = "Any file with labels that opens as data";
                if let Some(data) = path_field_to(ui, palette, &mut self.path, hint, ("Evaluate", "file to evaluate")) {
                    let data = data.into();
                    let roles = cx.workspace.roles_of(&data);
                    cx.act(Action::Evaluate { model: model.clone(), data, roles });
                    self.open = false;
                }
            });
            line(ui, 28.0, |ui| line::left(ui, |ui| precision::ui(ui, cx)));
        });
    }
}

/// The run that is shown, on the file that it was to be judged by, where it was not.
fn again_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let workspace = cx.workspace;
    if workspace.job_where(|kind| matches!(kind, JobKind::Evaluate { .. })).is_some() {
        return;
    }
    let Some(run) = workspace.run.as_ref().filter(|run| !run.status.is_live()) else { return };
    let (model, Some(file)) = (model_of(&run.dir), run.config.data.eval.clone()) else { return };
    let is_there = workspace.models.iter().any(|entry| entry.dir == model && entry.problem.is_none());
    if !is_there || workspace.evaluation.as_ref().is_some_and(|shown| shown.model == model) {
        return;
    }
    let words = format!("Evaluate {} on {}", format::file_name(&run.dir), format::inputs(&file));
    let button = Button::new(text::short_name(&words, 72)).name(&words).icon(ICON_FACT_CHECK).small();
    if button.show(ui, cx.palette).clicked() {
        let roles = workspace.roles_of(&file);
        cx.act(Action::Evaluate { model, data: file, roles });
    }
}
