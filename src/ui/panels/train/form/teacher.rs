//! Learning from a trained model: which ones fit, which student learns, how much the teacher counts, and what of its layers is
//! compared. What does not fit is listed with the reason.

use std::path::{Path, PathBuf};

use egui::{Label, Ui};

use super::fields::{real, share, whole};
use crate::train::config::{Distill, RunConfig};
use crate::train::layers::Look;
use crate::train::limits;
use crate::train::teacher::Facts;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::form::{heading, row, toggle};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx, Workspace, format};
use crate::worker::protocol::{ModelEntry, Origin};
use crate::worker::work::AnyWork;
use crate::worker::works::teachers::FindTeachers;

/// What was asked last, so that the same is not asked again.
type Asked = (crate::task::Task, Option<PathBuf>, usize, Vec<PathBuf>, usize);

#[derive(Debug, Default)]
pub struct TeacherForm {
    asked: Option<Asked>,
}

impl TeacherForm {
    pub fn ui(&mut self, ui: &mut Ui, draft: &mut RunConfig, is_own: bool, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if draft.task.has_generator() {
            return;
        }
        heading(ui, "Teacher", palette, |_| {});
        let hint = "The run learns what a trained model says of each text beside the labels, so that a smaller one comes nearer \
                    to it than by labels alone (Hinton et al., 2015)";
        let mut on = draft.distill.is_some();
        row(ui, "Learn from a teacher", hint, palette, |ui| toggle(ui, "Learn from a teacher", &mut on, palette));
        match (on, &draft.distill) {
            (false, Some(_)) => draft.distill = None,
            (true, None) => draft.distill = Some(Distill::default()),
            _ => {}
        }
        let Some(mut distill) = draft.distill.take() else { return };
        if is_own {
            self.ask(draft, cx);
        }
        let found = cx.workspace.worked::<FindTeachers>().map_or(&[][..], |(_, found)| found.as_slice());
        teacher_ui(ui, &mut distill, found, cx);
        let facts = found.iter().find(|(dir, _)| named(cx.workspace, dir) == distill.teacher);
        let facts = facts.and_then(|(_, facts)| facts.as_ref().ok());
        student_ui(ui, &mut distill, facts, cx.workspace, palette);
        weights_ui(ui, &mut distill, palette);
        for look in Look::ALL {
            look_ui(ui, &mut distill, look, facts, palette);
        }
        draft.distill = Some(distill);
    }

    /// Asks which models fit, and again where task, model or what is there have changed.
    fn ask(&mut self, draft: &RunConfig, cx: &mut Cx<'_>) {
        let workspace = cx.workspace;
        let Some(loaded) = workspace.data.loaded.clone() else { return };
        let usable = |entry: &&ModelEntry| entry.problem.is_none() && !entry.heads.is_empty();
        let candidates: Vec<PathBuf> = workspace.models.iter().filter(usable).map(|entry| entry.dir.clone()).collect();
        let student = workspace.model.as_ref().map(|card| card.dir.clone());
        let data = std::sync::Arc::as_ptr(&loaded) as usize;
        let asked = (draft.task, student.clone(), draft.data.max_tokens, candidates.clone(), data);
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        self.asked = Some(asked);
        let config = RunConfig { distill: None, ..draft.clone() };
        cx.act(Action::Work(AnyWork::new(FindTeachers { config, student, loaded, candidates })));
    }
}

/// The folder by which a model is named as a teacher: that of its run, where it has one.
fn named(workspace: &Workspace, dir: &Path) -> PathBuf {
    let is_of_run = workspace.models.iter().any(|entry| entry.dir == dir && entry.origin == Origin::Run);
    dir.parent().filter(|_| is_of_run).unwrap_or(dir).to_owned()
}

/// What a model is called, with the metric of its run.
fn title(workspace: &Workspace, teacher: &Path) -> String {
    let run = workspace.runs.iter().find(|run| run.dir == teacher);
    let metric = run.and_then(|run| run.metric.as_ref());
    let metric = metric.map_or_else(String::new, |(key, value)| format!(" · {}", format::metric(key, *value)));
    let name = run.map_or_else(|| workspace.model_name(teacher), |run| run.name.clone());
    format!("{name}{metric}")
}

fn teacher_ui(ui: &mut Ui, distill: &mut Distill, found: &[(PathBuf, Result<Facts, String>)], cx: &Cx<'_>) {
    let (palette, workspace) = (cx.palette, cx.workspace);
    let is_set = !distill.teacher.as_os_str().is_empty();
    let shown = if is_set { title(workspace, &distill.teacher) } else { "Choose a teacher".to_owned() };
    row(ui, "Teacher", "A run, or a model that was trained for this task and these labels", palette, |ui| {
        let width = (ui.available_width() - 70.0).clamp(140.0, 230.0);
        choice(ui, "Teacher", width, &shown, |ui| {
            let (fitting, others): (Vec<_>, Vec<_>) = found.iter().partition(|(_, facts)| facts.is_ok());
            if fitting.is_empty() {
                ui.label(text::small("No model here was trained for this task and these labels", palette));
            }
            for (dir, _) in fitting {
                let dir = named(workspace, dir);
                if ui.selectable_label(dir == distill.teacher, title(workspace, &dir)).clicked() {
                    distill.teacher = dir;
                }
            }
            if !others.is_empty() {
                ui.add_space(space::XS);
                ui.label(text::label("Do not fit", palette));
            }
            for (dir, facts) in others {
                let reason = facts.as_ref().err().cloned().unwrap_or_default();
                let words = title(workspace, &named(workspace, dir));
                ui.add_enabled(false, egui::Button::selectable(false, words)).on_disabled_hover_text(&reason);
                ui.add(Label::new(text::faint(reason, palette)).wrap());
            }
        });
    });
    if !is_set {
        let words = "Choose a teacher; nothing is planned before";
        ui.add(Label::new(text::small(words, palette).color(palette.warn)).wrap());
    }
    let reason = found.iter().find(|(dir, _)| named(workspace, dir) == distill.teacher);
    if let Some((_, Err(reason))) = reason {
        ui.add(Label::new(text::small(format!("It does not fit: {reason}"), palette).color(palette.bad)).wrap());
    }
}

fn student_ui(ui: &mut Ui, distill: &mut Distill, facts: Option<&Facts>, workspace: &Workspace, palette: &Palette) {
    let most = facts.and_then(|facts| facts.cut.as_ref().ok()).copied();
    row(ui, "Student", "What learns: the chosen model, or some of the teacher's layers", palette, |ui| {
        let choices = [(false, "Chosen model"), (true, "Cut from teacher")];
        let is_cut = distill.layers.is_some();
        if let Some(cut) = segmented(ui, palette, is_cut, &choices, false) {
            let half = facts.map_or(1, |facts| (facts.layers / 2).max(1));
            distill.layers = if cut { distill.layers.or(Some(half)) } else { None };
        }
    });
    let say = |ui: &mut Ui, words: String| drop(ui.add(Label::new(text::small(words, palette)).wrap()));
    if let Some(layers) = &mut distill.layers {
        match facts.map(|facts| (facts, &facts.cut)) {
            Some((_, Err(why))) => say(ui, format!("It cannot be cut: {why}")),
            Some((facts, Ok(most))) => {
                row(ui, "Layers kept", "Evenly spaced, from the first to the last", palette, |ui| {
                    whole(ui, "Layers kept", layers, limits::between(1.0, *most as f64));
                });
                say(
                    ui,
                    format!("{layers} of its {} layers, evenly spaced, with its embeddings and its head", facts.layers),
                );
            }
            None => {}
        }
    } else if let Some(facts) = facts {
        let name =
            workspace.model.as_ref().map_or_else(|| "the chosen model".into(), |card| format::file_name(&card.dir));
        let reads = if facts.reads_alike { "the same tokens" } else { "other tokens of the same texts" };
        say(ui, format!("{name} learns; both read {reads}"));
    }
    let button = Button::new("DistilBERT's recipe").small().enabled(most.is_some());
    let preset = button.show(ui, palette).on_hover_text(
        "Half of the teacher's layers, a temperature of 2, and what the teacher says, the labels and the angle between the \
         last states count 5 to 2 to 1 (Sanh et al., 2019)",
    );
    if let (true, Some(facts)) =
        (preset.on_disabled_hover_text("Choose a teacher whose layers can be cut").clicked(), facts)
    {
        *distill = std::mem::take(distill).as_distilbert(facts.layers);
    }
}

/// Temperature and share, each with what it does.
fn weights_ui(ui: &mut Ui, distill: &mut Distill, palette: &Palette) {
    row(ui, "Temperature", "Both models' outputs are divided by it before they are compared", palette, |ui| {
        real(ui, "Temperature", &mut distill.temperature, limits::TEMPERATURE);
    });
    let words = "The higher it is, the more the classes count that the teacher holds for unlikely";
    ui.add(Label::new(text::small(words, palette)).wrap());
    row(ui, "Soft share", "What the teacher counts in the loss", palette, |ui| {
        share(ui, "Soft share", &mut distill.soft, limits::SHARE);
    });
    let labels = format::percent(1.0 - distill.soft);
    let words = match distill.soft {
        soft if soft <= 0.0 => "The teacher counts nothing: only the labels are learned from".to_owned(),
        soft if soft >= 1.0 => "Only the teacher is learned from; the labels count nothing".to_owned(),
        soft => format!("The teacher counts {} of the loss, the labels {labels}", format::percent(soft)),
    };
    ui.add(Label::new(text::small(words, palette)).wrap());
}

/// One comparison with the teacher's layers: a switch and what it counts. It is shown where it is possible, and where it was
/// chosen and is not.
fn look_ui(ui: &mut Ui, distill: &mut Distill, look: Look, facts: Option<&Facts>, palette: &Palette) {
    let (title, hint, about) = words_of(look);
    let is_cut = distill.layers.is_some();
    let why_not = facts.and_then(|facts| facts.not_compared.iter().find(|(not, _)| *not == look && !is_cut));
    let counts = match look {
        Look::Hidden => &mut distill.hidden,
        Look::Attention => &mut distill.attention,
        Look::Cosine => &mut distill.cosine,
    };
    let mut on = *counts > 0.0;
    if !on && (facts.is_none() || why_not.is_some()) {
        return;
    }
    row(ui, title, hint, palette, |ui| {
        toggle(ui, title, &mut on, palette);
        if on {
            real(ui, &format!("{title}, weight"), counts, limits::COUNTS);
        }
    });
    match (on, *counts > 0.0) {
        (true, false) => *counts = 1.0,
        (false, true) => *counts = 0.0,
        _ => {}
    }
    let words = match why_not {
        Some((_, why)) => text::small(format!("It cannot be compared: {why}"), palette).color(palette.bad),
        None => text::small(about, palette),
    };
    ui.add(Label::new(words).wrap());
}

/// What a comparison is called, what its weight is, and what the student learns by it.
fn words_of(look: Look) -> (&'static str, &'static str, &'static str) {
    match look {
        Look::Hidden => (
            "Learn its hidden states",
            "What the squared error between the states of both counts beside the rest of the loss, summed over layers (Jiao et \
             al., 2020)",
            "Each layer of the student comes near to a layer of the teacher, evenly over its depth; the teacher is computed anew \
             in every step",
        ),
        Look::Attention => (
            "Learn its attention",
            "What the squared error between attention scores before the softmax counts, summed over layers (Jiao et al., 2020)",
            "Each head of the student comes to look where the teacher's head of the same number looks",
        ),
        Look::Cosine => (
            "Learn its direction",
            "What one minus the cosine between the last states of both counts (Sanh et al., 2019)",
            "What the student's last layer makes of each token comes to point where the teacher's does",
        ),
    }
}
