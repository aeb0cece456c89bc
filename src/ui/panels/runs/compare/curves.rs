//! The loss and the metric of several runs, over steps or over time.

use egui::{Align, Layout, Ui, vec2};
use egui_material_icons::icons::ICON_ZOOM_OUT_MAP;

use super::course::Named;
use super::shown::{Over, Shown, at};
use super::{seeds, words};
use crate::metrics::Measure;
use crate::train::run::{Comparison, History, Point};
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::curve::{self, Band, Chart, Line, Link, Series, Spec, Style};
use crate::ui::widgets::{Button, Card, text};
use crate::ui::{Cx, format};

#[derive(Debug, Default)]
pub struct Curves {
    pub over: Over,
    pub link: Link,
    loss: Chart,
    metric: Chart,
    drawn: Vec<Drawn>,
    /// Each run has a line of its own, also where seeds could be a band.
    pub is_each: bool,
    bands: Vec<seeds::Drawn>,
}

/// The series of a run, made anew when it has more to tell.
#[derive(Debug, Default)]
struct Drawn {
    made_for: Option<(std::path::PathBuf, Over, u64, usize, usize)>,
    loss: Series,
    metric: Series,
}

impl Drawn {
    fn update(&mut self, run: &Shown<'_>, metric: &str, over: Over) {
        let history = run.history;
        let points = history.metrics.get(metric).map_or(&[][..], Vec::as_slice);
        let key = (run.run.summary.dir.clone(), over, history.step, history.loss().len(), points.len());
        if self.made_for.as_ref() == Some(&key) {
            return;
        }
        let series = |points: &[Point]| points.iter().map(|point| [at(point, over), point.value]).collect();
        self.loss = series(history.loss());
        // All folds together were evaluated once, at no step of any of them.
        self.metric = series(if run.is_in_folds() { &[] } else { points });
        self.made_for = Some(key);
    }
}

/// Where the curves of a run end.
fn end(history: &History, over: Over) -> f64 {
    let last = |points: &[Point]| points.last().map_or(0.0, |point| at(point, over));
    let metrics = history.metrics.values().map(|points| last(points));
    metrics.fold(last(history.loss()), f64::max)
}

impl Curves {
    /// What was zoomed to were other values.
    pub fn set_over(&mut self, over: Over) {
        self.over = over;
        self.link.zoom = None;
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, found: &Comparison, shown: &[Shown<'_>], ways: &[Named]) {
        let end = shown
            .iter()
            .filter(|run| !run.is_in_folds())
            .map(|run| end(run.history, self.over))
            .fold(0.0, f64::max)
            .ceil() as u64;
        self.link.begin(end, end);
        let key = found.metric.unwrap_or_default();
        self.drawn.resize_with(shown.len(), Drawn::default);
        for (drawn, run) in self.drawn.iter_mut().zip(shown) {
            drawn.update(run, key, self.over);
        }
        let ways = if self.is_each || !seeds::are_several(ways) { &[][..] } else { ways };
        self.bands.resize_with(ways.len(), seeds::Drawn::default);
        for (drawn, way) in self.bands.iter_mut().zip(ways) {
            let runs: Vec<&Shown<'_>> = way.places().filter_map(|place| shown.get(place)).collect();
            drawn.update(&runs, key, self.over, self.link.smoothing);
        }
        let wide = ui.available_width() > 860.0;
        if wide {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.columns(2, |columns| {
                self.loss_ui(&mut columns[0], cx.palette, shown, ways, 250.0);
                self.metric_ui(&mut columns[1], cx.palette, (shown, ways), key, 250.0);
            });
        } else {
            self.loss_ui(ui, cx.palette, shown, ways, 190.0);
            self.metric_ui(ui, cx.palette, (shown, ways), key, 190.0);
        }
    }

    fn loss_ui(&mut self, ui: &mut Ui, palette: &Palette, shown: &[Shown<'_>], ways: &[Named], height: f32) {
        let drawn = self.drawn.iter().zip(shown);
        let mut lines: Vec<Line<'_>> =
            drawn.map(|(drawn, run)| line_of(run, &drawn.loss, Style::Smoothed, palette)).collect();
        let mut bands = Vec::new();
        if !ways.is_empty() {
            (lines, bands) = with_bands(&self.bands, |drawn| &drawn.loss, (shown, ways), Style::Plain, palette);
        }
        let spec = Spec { empty: "No step was told", bands: &bands, ..spec("Training loss", &lines, self.over) };
        chart_ui(ui, &mut self.loss, &spec, &mut self.link, height, palette);
    }

    fn metric_ui(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        (shown, ways): (&[Shown<'_>], &[Named]),
        key: &str,
        height: f32,
    ) {
        let drawn = self.drawn.iter().zip(shown);
        let mut lines: Vec<Line<'_>> =
            drawn.map(|(drawn, run)| line_of(run, &drawn.metric, Style::Dots, palette)).collect();
        let mut bands = Vec::new();
        if !ways.is_empty() {
            (lines, bands) = with_bands(&self.bands, |drawn| &drawn.metric, (shown, ways), Style::Dots, palette);
        }
        let measure = Measure::find(key);
        let percent = measure.is_some_and(|measure| measure.percent);
        let title = measure.as_ref().map_or("Evaluation", words::title);
        let empty = match measure {
            Some(_) if shown.iter().any(Shown::is_in_folds) => "A run in folds has no curve; each of its folds has one",
            Some(_) => "None of these runs was evaluated",
            None => "These runs learn different tasks and have no metric in common",
        };
        let format = if percent { format::percent } else { format::value };
        let spec = Spec { format, percent, empty, bands: &bands, ..spec(title, &lines, self.over) };
        chart_ui(ui, &mut self.metric, &spec, &mut self.link, height, palette);
    }
}

/// A line for each way, with a band where it has several seeds.
fn with_bands<'a>(
    drawn: &'a [seeds::Drawn],
    of: impl Fn(&'a seeds::Drawn) -> &'a seeds::Band,
    (shown, ways): (&[Shown<'_>], &'a [Named]),
    style: Style,
    palette: &Palette,
) -> (Vec<Line<'a>>, Vec<Band<'a>>) {
    let (mut lines, mut bands) = (Vec::new(), Vec::new());
    for (drawn, way) in drawn.iter().zip(ways) {
        let Some(first) = way.places().next().and_then(|place| shown.get(place)) else { continue };
        let (band, color) = (of(drawn), palette.label(first.place));
        lines.push(Line { name: &way.name, series: &band.mean, color, style });
        if way.places().count() > 1 {
            bands.push(Band { low: &band.low, high: &band.high, color });
        }
    }
    (lines, bands)
}

fn line_of<'a>(run: &'a Shown<'_>, series: &'a Series, style: Style, palette: &Palette) -> Line<'a> {
    Line { name: run.name(), series, color: palette.label(run.place), style }
}

fn spec<'a>(title: &'a str, lines: &'a [Line<'a>], over: Over) -> Spec<'a> {
    Spec { over: if over == Over::Steps { "step" } else { "second" }, ..Spec::of(title, lines) }
}

fn chart_ui(ui: &mut Ui, chart: &mut Chart, spec: &Spec<'_>, link: &mut Link, height: f32, palette: &Palette) {
    Card::new().show(ui, palette, |ui| {
        let width = ui.available_width();
        ui.allocate_ui_with_layout(vec2(width, 22.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_height(22.0);
            ui.label(text::strong(spec.title, palette));
            if link.zoom.is_some()
                && Button::icon_only(ICON_ZOOM_OUT_MAP, format!("Show all of {}", spec.title.to_lowercase()))
                    .small()
                    .show(ui, palette)
                    .clicked()
            {
                link.zoom = None;
            }
            ui.add_space(space::S);
            let room = ui.available_rect_before_wrap();
            curve::legend(ui, room, spec, link, palette);
        });
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), egui::Sense::hover());
        chart.ui(ui, rect, spec, link, palette);
    });
}
