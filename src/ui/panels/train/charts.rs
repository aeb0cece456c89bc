//! The charts of a run. All share the steps on screen and the crosshair.

use egui::{Align, Layout, RichText, Ui, vec2};
use egui_material_icons::icons::ICON_ZOOM_OUT_MAP;

use crate::metrics::Measure;
use crate::train::config::{RunConfig, ScheduleKind};
use crate::train::{orders, schedule};
use crate::ui::tiles::Pane;
use crate::ui::widgets::Button;
use crate::ui::widgets::curve::{self, Chart, Line, Link, Scale, Series, Spec, Style};
use crate::ui::workspace::run::Status;
use crate::ui::workspace::{RunView, Workspace};
use crate::ui::{Cx, Palette, format, theme};

pub const LOSS: Pane = Pane::new("loss", "Loss");
pub const METRIC: Pane = Pane::new("metric", "Evaluation");
pub const RATE: Pane = Pane::new("rate", "Learning rate");
pub const SPEED: Pane = Pane::new("speed", "Throughput");
pub const GRADIENT: Pane = Pane::new("gradient", "Gradient norm");

#[derive(Debug, Default)]
pub struct Charts {
    link: Link,
    log_loss: bool,
    loss: Chart,
    metric: Chart,
    rate: Chart,
    speed: Chart,
    gradient: Chart,
    planned: Planned,
    dir: std::path::PathBuf,
}

/// The rate over the whole run, as it was or will be planned.
#[derive(Debug, Default)]
struct Planned {
    made_for: Option<Schedule>,
    series: Series,
}

/// What the rates of a run follow from.
#[derive(Debug, PartialEq)]
struct Schedule {
    kind: ScheduleKind,
    warmup: f64,
    /// From which step on which peak: a rate may be ordered in mid-run.
    peaks: Vec<(u64, f64)>,
    steps: u64,
}

impl Planned {
    fn update(&mut self, config: &RunConfig, stored_layers: Option<usize>, steps: u64) {
        let optim = &config.optim;
        let peaks = orders::peaks(config, stored_layers);
        let made_for = Schedule { kind: optim.schedule, warmup: optim.warmup, peaks, steps };
        if self.made_for.as_ref() == Some(&made_for) {
            return;
        }
        let Schedule { peaks, .. } = self.made_for.insert(made_for);
        let warmup = schedule::warmup_steps(optim.warmup, steps);
        if steps == 0 {
            self.series = Series::default();
            return;
        }
        let last = steps - 1;
        let stops = last.clamp(1, 400);
        self.series = (0..=stops)
            .map(|stop| {
                let step = last * stop / stops;
                let peak = peaks.iter().rev().find(|(from, _)| *from <= step).map_or(0.0, |(_, peak)| *peak);
                // The first step is number 1, and uses the factor of 0.
                [(step + 1) as f64, peak * schedule::factor(optim.schedule, warmup, step, steps)]
            })
            .collect();
    }
}

impl Charts {
    pub fn begin(&mut self, workspace: &Workspace) {
        let plan = workspace.plan.as_ref().map_or(0, |plan| plan.steps);
        // A run that is only starting does not know its steps yet; the plan does.
        let known = workspace.run.as_ref().filter(|run| run.steps > 0);
        let (done, steps) = known.map_or((0, plan), |run| (run.step, run.steps));
        self.link.begin(done, steps);
        if let Some(run) = &workspace.run
            && run.dir != self.dir
        {
            self.dir.clone_from(&run.dir);
            self.link.zoom = None;
        }
        let config = workspace.run.as_ref().map_or(&workspace.draft, |run| &run.config);
        let card =
            workspace.model.as_ref().filter(|card| workspace.model_dir(&config.model).as_ref() == Some(&card.dir));
        self.planned.update(config, card.map(|card| card.stored_layers), steps);
    }

    pub fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let run = cx.workspace.run.as_ref();
        match pane {
            LOSS => self.loss_ui(ui, run, palette),
            METRIC => {
                let is_stopping = cx.workspace.training_job().is_some_and(|job| job.stopping);
                self.metric_ui(ui, run, is_stopping, palette);
            }
            RATE => self.rate_ui(ui, run, palette),
            SPEED => self.speed_ui(ui, run, palette),
            _ => self.gradient_ui(ui, run, palette),
        }
    }

    fn loss_ui(&mut self, ui: &mut Ui, run: Option<&RunView>, palette: &Palette) {
        let none = Series::default();
        let loss = run.map_or(&none, |run| &run.loss);
        let eval = run.and_then(|run| run.metrics.get("eval_loss")).unwrap_or(&none);
        let mut lines = vec![
            Line { name: "training", series: loss, color: palette.series[0], style: Style::Smoothed },
            Line { name: "evaluation", series: eval, color: palette.series[1], style: Style::Dots },
        ];
        let parts = run.into_iter().flat_map(|run| &run.parts).zip(palette.series.iter().skip(2).cycle());
        lines.extend(parts.map(|((part, series), color)| Line {
            name: words_of_part(part),
            series,
            color: *color,
            style: Style::Smoothed,
        }));
        let scale = if self.log_loss { Scale::Log } else { Scale::Linear };
        let starting = run.is_some_and(|run| run.status == Status::Starting);
        let empty = if starting { "Reading data and model…" } else { "The loss of each step appears here" };
        let spec = Spec { scale, empty, ..spec("Loss", &lines, run) };
        let mut log = self.log_loss;
        head(ui, &spec, &mut self.link, palette, |ui, link| {
            if Button::new("Log").quiet().small().selected(log).name("Logarithmic loss").show(ui, palette).clicked() {
                log = !log;
            }
            // Where there is no room for it the names of the lines come first.
            if ui.available_width() > 200.0 {
                curve::smoothing_ui(ui, link, palette);
            }
            if ui.available_width() > 300.0 {
                ui.label(RichText::new("Smooth").font(theme::regular(theme::size::SMALL)).color(palette.text_faint));
            }
        });
        self.log_loss = log;
        self.loss.ui(ui, ui.available_rect_before_wrap(), &spec, &mut self.link, palette);
    }

    fn metric_ui(&mut self, ui: &mut Ui, run: Option<&RunView>, is_stopping: bool, palette: &Palette) {
        let none = Series::default();
        let key = run.map_or("accuracy", RunView::main_metric);
        let measure = Measure::find(key);
        let title = measure.map_or("Metric", |measure| measure.title);
        let series = run.and_then(|run| run.metrics.get(key)).unwrap_or(&none);
        let mut lines = vec![Line { name: title, series, color: palette.series[2], style: Style::Dots }];
        // For classes the second number is the one that a rare class can still move.
        let second = if key == "f1_macro" { "accuracy" } else { "f1_macro" };
        if let (Some(series), Some(measure)) = (run.and_then(|run| run.metrics.get(second)), Measure::find(second)) {
            lines.push(Line { name: measure.title, series, color: palette.series[3], style: Style::Dots });
        }
        let baseline =
            run.and_then(|run| run.baseline.get(key).map(|value| (*value, Measure::baseline(run.config.task))));
        let percent = measure.is_some_and(|measure| measure.percent);
        let spec = Spec {
            baseline,
            format: if percent { format::percent } else { format::value },
            percent,
            // What has ended before it promises nothing any more.
            empty: if is_stopping || run.is_some_and(|run| !run.status.is_live()) {
                "This run was not evaluated"
            } else {
                "The first evaluation appears here"
            },
            ..spec("Evaluation", &lines, run)
        };
        head(ui, &spec, &mut self.link, palette, |_, _| {});
        self.metric.ui(ui, ui.available_rect_before_wrap(), &spec, &mut self.link, palette);
    }

    fn rate_ui(&mut self, ui: &mut Ui, run: Option<&RunView>, palette: &Palette) {
        let planned =
            Line { name: "planned", series: &self.planned.series, color: palette.text_faint, style: Style::Planned };
        let mut lines = vec![planned];
        if let Some(run) = run {
            let colors = palette.series.iter().copied().cycle();
            lines.extend(run.rates.iter().zip(colors).map(|((name, series), color)| Line {
                name,
                series,
                color,
                style: Style::Plain,
            }));
        }
        let empty = "The schedule appears here once data and model are chosen";
        let spec = Spec { from_zero: true, format: format::rate, empty, ..spec("Learning rate", &lines, run) };
        head(ui, &spec, &mut self.link, palette, |_, _| {});
        self.rate.ui(ui, ui.available_rect_before_wrap(), &spec, &mut self.link, palette);
    }

    fn speed_ui(&mut self, ui: &mut Ui, run: Option<&RunView>, palette: &Palette) {
        let none = Series::default();
        let series = run.map_or(&none, |run| &run.tokens_per_sec);
        let lines = [Line { name: "tokens per second", series, color: palette.series[0], style: Style::Smoothed }];
        let empty = "Tokens per second appear here";
        let spec = Spec { from_zero: true, format: speed, empty, ..spec("Throughput", &lines, run) };
        head(ui, &spec, &mut self.link, palette, |_, _| {});
        self.speed.ui(ui, ui.available_rect_before_wrap(), &spec, &mut self.link, palette);
    }

    fn gradient_ui(&mut self, ui: &mut Ui, run: Option<&RunView>, palette: &Palette) {
        let none = Series::default();
        let series = run.map_or(&none, |run| &run.grad_norm);
        let lines = [Line { name: "before clipping", series, color: palette.series[4], style: Style::Smoothed }];
        let clip = run.map(|run| run.config.optim.clip).filter(|clip| *clip > 0.0);
        let baseline = clip.map(|clip| (clip, "clipped above"));
        let empty = "The size of the gradient appears here";
        let spec = Spec { baseline, from_zero: true, empty, ..spec("Gradient norm", &lines, run) };
        head(ui, &spec, &mut self.link, palette, |_, _| {});
        self.gradient.ui(ui, ui.available_rect_before_wrap(), &spec, &mut self.link, palette);
    }
}

fn spec<'a>(title: &'a str, lines: &'a [Line<'a>], run: Option<&'a RunView>) -> Spec<'a> {
    Spec { flags: run.map_or(&[], |run| run.flags.as_slice()), ..Spec::of(title, lines) }
}

/// What a part of the loss is learned from.
fn words_of_part(part: &str) -> &str {
    match part {
        "soft" => "soft labels",
        "hidden" => "hidden states",
        "cosine" => "direction",
        _ => part,
    }
}

fn speed(value: f64) -> String {
    format::count(value.max(0.0).round() as u64)
}

/// The names and newest values of the lines to the left, tools to the right.
fn head(ui: &mut Ui, spec: &Spec<'_>, link: &mut Link, palette: &Palette, tools: impl FnOnce(&mut Ui, &mut Link)) {
    let width = ui.available_width();
    ui.allocate_ui_with_layout(vec2(width, 24.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(24.0);
        ui.spacing_mut().item_spacing.x = 6.0;
        tools(ui, link);
        if link.zoom.is_some()
            && Button::icon_only(ICON_ZOOM_OUT_MAP, "Show all steps").small().show(ui, palette).clicked()
        {
            link.zoom = None;
        }
        let room = ui.available_rect_before_wrap();
        curve::legend(ui, room, spec, link, palette);
    });
}
