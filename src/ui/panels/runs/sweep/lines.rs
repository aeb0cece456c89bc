//! All settings as lines through what varies, the metric last.

use std::sync::Arc;

use egui::{Pos2, Rect, Sense, Ui, vec2};
use egui_material_icons::icons::ICON_FILTER_ALT_OFF;

use super::words::{key_words, metric_title, number_words, settings_words, value_words};
use crate::sweep::{self, Over, Study, Tried};
use crate::ui::picture::Picture;
use crate::ui::saving::Saving;
use crate::ui::theme::space;
use crate::ui::widgets::curve;
use crate::ui::widgets::parallel::{Axis, Line, Parallel, Selection};
use crate::ui::widgets::save::save_menu;
use crate::ui::widgets::{Button, Card, text};
use crate::ui::{Cx, format};

const HEIGHT: f32 = 270.0;
const SAVED: egui::Vec2 = vec2(960.0, 420.0);
/// Numbers beside an axis.
const TICKS: usize = 5;

#[derive(Debug, Default)]
pub struct Lines {
    made_for: Option<(usize, usize, u64)>,
    chart: Arc<Parallel>,
    /// The row under the pointer, below the lines.
    pub pointed: Option<usize>,
    /// The line that was under the pointer in the last frame, in the rows or here.
    told: Option<usize>,
}

impl Lines {
    /// Makes the lines anew when there is more to draw.
    pub fn update(&mut self, study: &Study) {
        let runs: usize = study.tried.iter().map(|tried| tried.runs.len()).sum();
        let sum: f64 = study.tried.iter().filter_map(|tried| tried.spread).map(|spread| spread.mean).sum();
        let key = (study.tried.len(), runs, sum.to_bits());
        if self.made_for != Some(key) {
            self.made_for = Some(key);
            self.chart = Arc::new(chart(study));
        }
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, study: &Study, selection: &mut Selection) {
        let palette = cx.palette;
        Card::new().show(ui, palette, |ui| {
            ui.horizontal(|ui| {
                ui.set_min_height(space::ROW);
                ui.label(text::strong("All settings", palette));
                let told = self.told.and_then(|place| study.tried.get(place));
                let words = told.map_or_else(|| self.words(study, selection), |tried| tried_words(study, tried));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let (chart, dark) = (self.chart.clone(), palette.dark);
                    let picture = move || picture(chart.clone(), dark);
                    save_menu(
                        ui,
                        cx,
                        &[
                            ("Picture (SVG)", &|| Saving::svg(&saved_name(study), picture())),
                            ("Picture (PNG)", &|| Saving::png(&saved_name(study), picture())),
                            ("Table (CSV)", &|| table(study)),
                        ],
                    );
                    let clear = Button::icon_only(ICON_FILTER_ALT_OFF, "Select all lines again").small();
                    if !selection.is_empty() && clear.show(ui, palette).clicked() {
                        selection.clear();
                    }
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.add(egui::Label::new(text::small(words, palette)).truncate());
                    });
                });
            });
            let size = vec2(ui.available_width(), HEIGHT);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            // What is under the pointer in the rows is known when these are drawn, a frame before the lines.
            selection.hovered = self.pointed;
            self.chart.ui(ui, rect, selection, palette);
            if self.told != selection.hovered {
                self.told = selection.hovered;
                ui.ctx().request_repaint();
            }
        });
    }

    fn words(&self, study: &Study, selection: &Selection) -> String {
        let better = format!("{} on the last axis, the best on top", metric_title(study));
        if selection.is_empty() {
            return better;
        }
        let selected = self.chart.lines.iter().filter(|line| selection.has(line)).count();
        format!("{selected} of {} selected", format::plural(self.chart.lines.len() as u64, "setting", "settings"))
    }

    pub fn has(&self, place: usize, selection: &Selection) -> bool {
        self.chart.lines.get(place).is_some_and(|line| selection.has(line))
    }
}

pub fn tried_words(study: &Study, tried: &Tried) -> String {
    let value =
        tried.spread.map_or_else(|| "no result".to_owned(), |spread| format::metric(&study.asked.metric, spread.mean));
    format!("{value}: {}", settings_words(study, tried))
}

fn chart(study: &Study) -> Parallel {
    let mut axes: Vec<Axis> = study.axes.iter().map(axis).collect();
    let range = study.range();
    axes.push(result_axis(study, range));
    let lines = study.tried.iter().map(|tried| {
        let worth = tried.spread.zip(range).map(|(spread, range)| worth(study, spread.mean, range));
        let places = tried.places.iter().map(|place| place.map(|place| place as f32)).chain([worth]).collect();
        Line { places, worth }
    });
    Parallel { axes, lines: lines.collect() }
}

/// From the worst, 0, to the best, 1.
fn worth(study: &Study, value: f64, (low, high): (f64, f64)) -> f32 {
    let share = if high > low { (value - low) / (high - low) } else { 0.5 };
    (if study.higher_is_better { share } else { 1.0 - share }) as f32
}

fn axis(axis: &sweep::Axis) -> Axis {
    let place = |value: &serde_json::Value| axis.over.place(value).unwrap_or(0.5) as f32;
    let ticks = match &axis.over {
        Over::List(values) => values.iter().map(|value| (place(value), value_words(axis, value))).collect(),
        Over::Range { low, high, log, .. } => {
            let scale = if *log { curve::Scale::Log } else { curve::Scale::Linear };
            let round = curve::Axis::around(*low, *high, scale, TICKS).ticks;
            let inner = round.into_iter().filter(|tick| *tick > *low && *tick < *high);
            let all = [*low, *high].into_iter().chain(inner);
            all.map(|tick| (place(&tick.into()), number_words(axis, tick))).collect()
        }
    };
    Axis { name: key_words(&axis.key).to_owned(), ticks, is_result: false }
}

fn result_axis(study: &Study, range: Option<(f64, f64)>) -> Axis {
    let name = metric_title(study);
    let Some((low, high)) = range else { return Axis { name, ticks: Vec::new(), is_result: true } };
    let round = curve::Axis::around(low, high, curve::Scale::Linear, TICKS).ticks;
    let inner = round.into_iter().filter(|tick| *tick > low && *tick < high);
    let ends = if high > low { vec![low, high] } else { vec![low] };
    let all = ends.into_iter().chain(inner);
    let of = |tick: f64| (worth(study, tick, (low, high)), format::metric(&study.asked.metric, tick));
    Axis { name, ticks: all.map(of).collect(), is_result: true }
}

fn picture(chart: Arc<Parallel>, dark: bool) -> Picture {
    let draw = move |ui: &mut Ui, palette: &crate::ui::Palette| {
        let rect = Rect::from_min_size(Pos2::ZERO, SAVED).shrink(16.0);
        chart.paint(ui.painter(), rect, &Selection::default(), palette);
    };
    Picture { size: SAVED, dark, draw: Arc::new(draw) }
}

fn saved_name(study: &Study) -> String {
    format::file_name(&study.dir)
}

/// Every run with its settings and metrics.
fn table(study: &Study) -> Saving {
    let study = Arc::new(study.clone());
    Saving::csv(&saved_name(&study), move || rows(&study))
}

fn rows(study: &Study) -> Vec<Vec<String>> {
    let keys: Vec<&String> = study.axes.iter().map(|axis| &axis.key).collect();
    let runs = || study.tried.iter().flat_map(|tried| &tried.runs);
    let metrics: std::collections::BTreeSet<&String> = runs().flat_map(|run| run.metrics.keys()).collect();
    let head = ["rank", "trial", "seed", "status", "seconds"].map(str::to_owned).into_iter();
    let mut rows = vec![head.chain(keys.iter().chain(&metrics).map(|key| (*key).clone())).collect()];
    for (place, tried) in study.tried.iter().enumerate() {
        for run in &tried.runs {
            let status = serde_json::to_value(run.status).unwrap_or_default();
            let rank = if tried.spread.is_some() { (place + 1).to_string() } else { String::new() };
            let seconds = run.seconds.to_string();
            let mut row = vec![rank, run.trial.clone(), run.seed.to_string(), plain(&status), seconds];
            row.extend(keys.iter().map(|key| run.settings.get(*key).map(plain).unwrap_or_default()));
            row.extend(metrics.iter().map(|key| run.metric(key).map(|value| value.to_string()).unwrap_or_default()));
            rows.push(row);
        }
    }
    rows
}

/// Every digit of it.
fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::testing;

    #[test]
    fn the_best_stands_on_top_of_the_last_axis_and_rates_over_orders_of_magnitude() {
        let study = testing::study(1);
        let chart = chart(&study);
        let [rate, batch, result] = &chart.axes[..] else { panic!("three axes") };
        assert_eq!(rate.ticks[0], (0.0, "1e-5".to_owned()));
        assert!(rate.ticks.iter().any(|(place, words)| words == "1e-4" && (place - 0.5).abs() < 1e-6), "{rate:?}");
        assert_eq!(batch.ticks.iter().map(|(_, words)| words.as_str()).collect::<Vec<_>>(), ["8", "16"]);
        assert!(result.is_result && result.name == "Accuracy");
        assert_eq!((chart.lines[0].worth, chart.lines[0].places[2]), (Some(1.0), Some(1.0)));
        assert_eq!(chart.lines.last().unwrap().places[2], None, "what failed has no result");
    }

    #[test]
    fn the_table_has_every_run_with_every_digit() {
        let rows = rows(&testing::study(2));
        assert_eq!(rows[0][..7].join(","), "rank,trial,seed,status,seconds,optim.lr,run.batch");
        assert_eq!(rows.len(), 1 + 13 * 2);
        assert!(rows[1][0] == "1" && rows[1][3] == "finished" && rows[1][6] == "16", "{:?}", rows[1]);
        assert!(rows[26][0].is_empty() && rows[26][3] == "failed", "{:?}", rows[26]);
    }
}
