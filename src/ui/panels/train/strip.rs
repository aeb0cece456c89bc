//! The pinned texts of a run: what it said of each, from before the first update to now, with one slider for all of them.

use std::collections::BTreeMap;

use egui::{Label, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_FLAG, ICON_SKIP_NEXT};

use crate::ui::theme::{self, size, space};
use crate::ui::tiles::Pane;
use crate::ui::widgets::course_slider::{HANDLE, course_slider_to};
use crate::ui::widgets::film_strip::{Film, Shot};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::RunView;
use crate::ui::workspace::strip::Strip;
use crate::ui::{Cx, Palette, format};

pub const PROBES: Pane = Pane::new("probes", "Pinned texts");

/// What is looked at.
#[derive(Debug, Default)]
pub struct StripView {
    /// The step that is looked at; the newest where none is.
    step: Option<u64>,
    dir: std::path::PathBuf,
}

/// Height of one film.
const FILM: f32 = 34.0;
/// Colours that can be told apart.
const NAMES: usize = 6;

impl StripView {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let Some(run) = cx.workspace.run.as_ref() else { return };
        if run.dir != self.dir {
            self.dir.clone_from(&run.dir);
            self.step = None;
        }
        ui.spacing_mut().item_spacing.y = space::XS;
        if run.strip.is_empty() {
            ui.label(text::dim("What the model says of the pinned texts appears here", palette));
            return;
        }
        let strip = &run.strip;
        let last = strip.frames.len() - 1;
        let at = self.step.map_or(last, |step| strip.at(step));
        self.head_ui(ui, strip, at, palette);
        let steps: Vec<u64> = strip.frames.iter().map(|frame| frame.step).collect();
        if let Some(place) = course_slider_to(ui, "Step of the pinned texts", &steps, run.steps, Some(at), palette) {
            self.step = (place < last).then(|| steps[place]);
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for (place, probe) in run.config.run.probes.iter().enumerate() {
                if let Some(step) = row_ui(ui, run, place, &probe.words(), at, palette) {
                    self.step = (step < steps[last]).then_some(step);
                }
            }
        });
    }

    fn head_ui(&mut self, ui: &mut Ui, strip: &Strip, at: usize, palette: &Palette) {
        let frame = &strip.frames[at];
        line(ui, 24.0, |ui| {
            if self.step.is_some() {
                let newest = Button::new("Newest").icon(ICON_SKIP_NEXT).quiet().small();
                if newest.show(ui, palette).clicked() {
                    self.step = None;
                }
            }
            let turns: usize = strip.frames.iter().map(|frame| frame.turned.len()).sum();
            ui.label(text::number_dim(
                format!("answers changed {}", format::plural(turns as u64, "time", "times")),
                palette,
            ));
            left(ui, |ui| {
                let words = format!("After step {}", format::count(frame.step));
                ui.label(text::strong(words, palette));
            });
        });
    }
}

/// A text with its answer then, and its film; returns the step that was pressed.
fn row_ui(ui: &mut Ui, run: &RunView, place: usize, words: &str, at: usize, palette: &Palette) -> Option<u64> {
    let strip = &run.strip;
    let shots: Vec<Shot<'_>> = strip
        .frames
        .iter()
        .filter_map(|frame| {
            let said = frame.said.get(place)?;
            let turned = frame.turned.contains(&place);
            Some(Shot { step: frame.step, answer: &said.answer, score: said.score, scores: &said.scores, turned })
        })
        .collect();
    let now = strip.frames.get(at)?.said.get(place)?;
    let names = names(&shots);
    let steps = run.steps.max(shots.last().map_or(1, |shot| shot.step));
    let until = run.step.max(shots.last().map_or(0, |shot| shot.step));
    let film = Film { shots: &shots, names: &names, steps, until, are_numbers: strip.are_numbers };
    ui.add_space(2.0);
    line(ui, 20.0, |ui| {
        let score =
            now.score.filter(|_| !strip.are_numbers).map(|score| format::percent(score.into())).unwrap_or_default();
        ui.label(text::number_dim(score, palette));
        let room = ui.available_width() * 0.5;
        let font = theme::semibold(size::BODY - 0.5);
        let color = if strip.are_numbers { palette.text } else { film.color(&now.answer, palette) };
        let shown = text::middle(ui.painter(), &now.answer, font.clone(), room);
        let answer = ui.label(egui::RichText::new(shown).font(font).color(color));
        answer.on_hover_text(&now.answer);
        if strip.frames[at].turned.contains(&place) {
            ui.label(theme::icon(ICON_FLAG, 14.0).color(palette.warn)).on_hover_text("It turned with this step");
        }
        left(ui, |ui| ui.add(Label::new(text::body(words, palette)).truncate()).on_hover_text(words));
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), FILM), Sense::click_and_drag());
    let name = format!("Answers to {words}: {} after step {}", now.answer, strip.frames[at].step);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    // On the scale of the slider above.
    let rect = rect.shrink2(vec2(HANDLE, 0.0));
    film.paint(ui.painter(), rect, Some(strip.frames[at].step), palette);
    let under = response.hover_pos().map(|pointer| step_at(rect, pointer.x, steps));
    let moved = response.interact_pointer_pos().map(|pointer| step_at(rect, pointer.x, steps));
    let moved = moved.filter(|_| response.dragged() || response.clicked());
    if let Some(step) = under {
        let frame = &strip.frames[strip.at(step)];
        if let Some(said) = frame.said.get(place) {
            response.on_hover_text(told(frame.step, said));
        }
    }
    moved
}

fn told(step: u64, said: &crate::train::probes::ProbeSaid) -> String {
    let mut lines = vec![format!("After step {}: {}", format::count(step), said.answer)];
    lines.extend(said.scores.iter().map(|(name, score)| format!("{name}  {}", format::percent((*score).into()))));
    lines.join("\n")
}

fn step_at(rect: Rect, x: f32, steps: u64) -> u64 {
    (((x - rect.left()) / rect.width()).clamp(0.0, 1.0) * steps as f32).round() as u64
}

/// The names that have a colour: outputs in the order of their names, or the answers that were given most.
fn names(shots: &[Shot<'_>]) -> Vec<String> {
    let mut weight: BTreeMap<&str, f32> = BTreeMap::new();
    for shot in shots {
        if shot.scores.is_empty() {
            *weight.entry(shot.answer).or_default() += 1.0;
        }
        for (name, score) in shot.scores {
            *weight.entry(name).or_default() += score;
        }
    }
    let mut heaviest: Vec<(&str, f32)> = weight.into_iter().collect();
    heaviest.sort_by(|one, two| two.1.total_cmp(&one.1));
    heaviest.truncate(NAMES);
    let mut names: Vec<String> = heaviest.into_iter().map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names
}
