//! How far to believe each map on this very text.

use egui::{Color32, Role, Sense, Ui, WidgetInfo, vec2};

use super::{Why, about};
use crate::inspect::why::{Curve, Method, Trial};
use crate::task::Targets;
use crate::ui::format;
use crate::ui::panels::explore::view::Changed;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::deletion_curve::{Deletion, Line, deletion_curve};
use crate::ui::widgets::help::help;
use crate::ui::widgets::segmented::{self, segmented};
use crate::ui::widgets::{line, text};

const ROW: f32 = 22.0;
const NUMBER: f32 = 104.0;

impl Why {
    pub(super) fn trial_ui(&mut self, ui: &mut Ui, palette: &Palette) -> Changed {
        let mut choices = [(false, "Without the best words"), (true, "With them alone")];
        if segmented::width(ui, &choices) > ui.available_width() {
            choices = [(false, "Without"), (true, "Alone")];
        }
        ui.horizontal_wrapped(|ui| {
            if let Some(chosen) = segmented(ui, palette, self.kept, &choices, false) {
                self.kept = chosen;
            }
            help(ui, &about::TRIAL, palette);
        });
        let Some(trial) = self.known.trial(self.ways) else {
            let missing = Method::ALL.iter().find(|method| self.known.no_map(self.ways, **method).is_some());
            let words = match missing {
                Some(method) => {
                    format!("The maps are tried when all are there, and {} cannot be", method.title().to_lowercase())
                }
                None => "The maps are tried on this text as soon as all are there".to_owned(),
            };
            ui.add(egui::Label::new(text::dim(words, palette)).wrap());
            return Changed::No;
        };
        let shares = self.head.is_none_or(|head| head.targets() != Targets::Number);
        let of = |curve: &Curve| if self.kept { curve.kept.clone() } else { curve.deleted.clone() };
        let values: Vec<Vec<f64>> = trial.maps.iter().chain([&trial.random]).map(of).collect();
        let best = trial.best();
        let mut lines: Vec<Line<'_>> = values
            .iter()
            .enumerate()
            .map(|(map, values)| Line {
                color: color(map, palette),
                values,
                broken: map == trial.maps.len(),
                strong: best == Some(map),
            })
            .collect();
        // The best lies on top of the others.
        lines.sort_by_key(|line| line.strong);
        let across = if self.kept { "words kept, the best first" } else { "words hidden, the best first" };
        let name = sentence(trial);
        let table = (trial.maps.len() + 2) as f32 * ROW + 8.0;
        let height = (ui.available_height() - table - 28.0).clamp(70.0, 260.0);
        let curves = Deletion { name: &name, counts: &trial.counts, lines: &lines, across, shares };
        let point = deletion_curve(ui, vec2(ui.available_width(), height), &curves, palette);
        egui::ScrollArea::vertical().id_salt("trial").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            match point {
                Some(point) => {
                    let count = format::plural(trial.counts[point] as u64, "word", "words");
                    let head = format!("{count} {}", if self.kept { "kept" } else { "hidden" });
                    let number = |value: f64| if shares { format::percent(value) } else { format!("{value:.3}") };
                    let told: Vec<String> = values.iter().map(|values| number(values[point])).collect();
                    point_ui(ui, &head, &told, best, palette);
                }
                None => table_ui(ui, trial, palette),
            }
            ui.add_space(4.0);
            ui.add(egui::Label::new(text::small(name.as_str(), palette)).wrap());
        });
        Changed::No
    }
}

fn color(map: usize, palette: &Palette) -> Color32 {
    [palette.series[0], palette.series[2], palette.series[3], palette.text_faint][map.min(3)]
}

fn title(map: usize) -> &'static str {
    Method::ALL.get(map).map_or("Chance", |method| method.title())
}

/// What the trial says, in words.
fn sentence(trial: &Trial) -> String {
    let Some(best) = trial.best() else { return String::new() };
    if !trial.beats_chance(best) {
        return "No map is better than a random order on this text".to_owned();
    }
    let worse = (0..trial.maps.len()).filter(|map| !trial.beats_chance(*map)).map(title);
    let worse: Vec<&str> = worse.collect();
    let tail = if worse.is_empty() { String::new() } else { format!("; no better than chance: {}", worse.join(", ")) };
    format!("{} is the most faithful map of this text{tail}", title(best))
}

fn table_ui(ui: &mut Ui, trial: &Trial, palette: &Palette) {
    row_ui(ui, None, "", &["comprehensiveness", "sufficiency"].map(str::to_owned), false, palette);
    let curves = trial.maps.iter().chain([&trial.random]);
    for (map, curve) in curves.enumerate() {
        let numbers = [curve.comprehensiveness, curve.sufficiency].map(|number| format!("{number:.3}"));
        row_ui(ui, Some(color(map, palette)), title(map), &numbers, trial.best() == Some(map), palette);
    }
}

/// The probabilities at one point of the curves.
fn point_ui(ui: &mut Ui, head: &str, told: &[String], best: Option<usize>, palette: &Palette) {
    row_ui(ui, None, head, &[String::new(), String::new()], false, palette);
    for (map, value) in told.iter().enumerate() {
        let numbers = [String::new(), value.clone()];
        row_ui(ui, Some(color(map, palette)), title(map), &numbers, best == Some(map), palette);
    }
}

fn row_ui(ui: &mut Ui, dot: Option<Color32>, name: &str, numbers: &[String; 2], strong: bool, palette: &Palette) {
    line::line(ui, ROW, |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for number in numbers.iter().rev() {
            let size = vec2(NUMBER, ROW);
            ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.set_min_width(NUMBER);
                ui.label(if dot.is_some() { text::number(number, palette) } else { text::label(number, palette) });
            });
        }
        line::left(ui, |ui| {
            let (rect, response) = ui.allocate_exact_size(vec2(10.0, ROW), Sense::hover());
            if let Some(dot) = dot {
                ui.painter().circle_filled(rect.center(), 4.0, dot);
            }
            let font = if strong { theme::semibold(size::BODY - 0.5) } else { theme::regular(size::BODY - 0.5) };
            let color = if dot.is_some() { palette.text } else { palette.text_dim };
            let label = egui::Label::new(egui::RichText::new(name).font(font).color(color)).truncate();
            ui.add(label);
            let spoken = format!("{name} {}", numbers.join(" "));
            response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &spoken));
        });
    });
}
