//! A student beside its teacher: what it comes to, how small it is and how fast.

use std::path::PathBuf;

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_SCHOOL;

use super::course::{Named, said};
use super::shown::Shown;
use crate::metrics::Measure;
use crate::train::run::{Comparison, RunSummary};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Card, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::work::AnyWork;
use crate::worker::works::speed::MeasureSpeed;

/// Which of the compared runs learned from which other one of them, as teacher and student.
pub fn pair(found: &Comparison) -> Option<[usize; 2]> {
    let teacher_of = |place: usize| {
        let differs = found.differences.iter().find(|differs| differs.key == "distill.teacher")?;
        differs.kept.get(place)?.as_ref()?.as_str().map(PathBuf::from)
    };
    let students = (0..found.runs.len()).filter_map(|place| Some((place, teacher_of(place)?)));
    let mut pairs = students.filter_map(|(student, dir)| {
        let teacher = found.runs.iter().position(|run| run.summary.dir == dir)?;
        Some([teacher, student])
    });
    pairs.next()
}

/// How fast the compared runs answer, where it was measured.
pub fn speeds<'a>(workspace: &'a Workspace, dirs: &[PathBuf]) -> Option<&'a Vec<Result<f64, String>>> {
    let (work, speeds) = workspace.worked::<MeasureSpeed>()?;
    (work.dirs == dirs).then_some(speeds)
}

/// Asks for the speed of runs that have a model.
pub fn ask(cx: &mut Cx<'_>, dirs: &[PathBuf]) {
    cx.act(Action::Work(AnyWork::new(MeasureSpeed { dirs: dirs.to_vec() })));
}

pub fn ui(ui: &mut Ui, cx: &Cx<'_>, found: &Comparison, places: [usize; 2], dirs: &[PathBuf]) {
    let palette = cx.palette;
    let Some(measure) = found.metric.and_then(Measure::find) else { return };
    let [teacher, student] = places.map(|place| &found.runs[place].summary);
    Card::new().show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            ui.label(theme::icon(ICON_SCHOOL, 18.0).color(palette.accent));
            ui.label(text::strong("Teacher and student", palette));
        });
        let named = |place: usize| Named { name: found.runs[place].summary.name.clone(), runs: vec![Some(place)] };
        for words in said(found, &places.map(named), &measure) {
            ui.add(Label::new(text::body(words, palette)).wrap());
        }
        ui.add(Label::new(text::body(size_words(teacher, student), palette)).wrap());
        let speeds = speeds(cx.workspace, dirs).and_then(|speeds| {
            let of = |run: &RunSummary| dirs.iter().position(|dir| *dir == run.dir).and_then(|place| speeds.get(place));
            Some([of(teacher)?.as_ref().ok()?, of(student)?.as_ref().ok()?].map(|speed| *speed))
        });
        let words = speeds.map_or_else(
            || "How fast each answers is measured on the texts that the first was evaluated on.".to_owned(),
            |speeds| speed_words(teacher, student, speeds),
        );
        ui.add(Label::new(text::body(words, palette)).wrap());
    });
}

fn size_words(teacher: &RunSummary, student: &RunSummary) -> String {
    let share = student.parameters as f64 / teacher.parameters.max(1) as f64;
    format!(
        "{} has {} weights, {} of the {} of {}.",
        student.name,
        format::short_count(student.parameters),
        format::percent(share),
        format::short_count(teacher.parameters),
        teacher.name
    )
}

fn speed_words(teacher: &RunSummary, student: &RunSummary, [slow, fast]: [f64; 2]) -> String {
    let of = |speed: f64| format!("{} texts a second", format::compact(speed));
    format!(
        "{} answers {} on this machine, {} times as many as {} with {}.",
        student.name,
        of(fast),
        format::trimmed(fast / slow.max(1e-9), 1),
        teacher.name,
        of(slow)
    )
}

/// The speed of each run, for the table.
pub fn speed_cell(cx: &Cx<'_>, dirs: &[PathBuf], run: &Shown<'_>) -> Option<String> {
    let place = dirs.iter().position(|dir| *dir == run.run.summary.dir)?;
    let speed = speeds(cx.workspace, dirs)?.get(place)?;
    Some(speed.as_ref().map_or_else(|_| "not measured".to_owned(), |speed| format::compact(*speed)))
}
