//! What several runs came to and what was set differently, a column for each of them.

use std::path::PathBuf;

use egui::{Color32, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::ICON_SPEED;

use super::shown::Shown;
use super::{student, words};
use crate::metrics::Measure;
use crate::train::run::{Comparison, RunStatus};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::Button;
use crate::ui::widgets::text::{self, elided};
use crate::ui::{Cx, format};
use crate::worker::works::speed::MeasureSpeed;

/// A line of a table: what it tells, and of each run.
struct Row {
    head: String,
    cells: Vec<String>,
    look: Look,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Number,
    /// The one by which runs are judged.
    Main,
    Words,
    /// The head is a key of a file.
    Setting,
}

impl Row {
    fn of(head: impl Into<String>, look: Look, runs: &[Shown<'_>], cell: impl Fn(&Shown<'_>) -> String) -> Self {
        Self { head: head.into(), cells: runs.iter().map(cell).collect(), look }
    }
}

const NONE: &str = "–";

/// Returns whether the speed is asked for, where it can be measured.
pub fn results_ui(
    ui: &mut Ui,
    cx: &Cx<'_>,
    found: &Comparison,
    shown: &[Shown<'_>],
    dirs: &[PathBuf],
    can_be_timed: bool,
) -> bool {
    let palette = cx.palette;
    let mut rows = results(cx, found, shown);
    let is_known = student::speeds(cx.workspace, dirs).is_some();
    if is_known {
        let cell = |run: &Shown<'_>| student::speed_cell(cx, dirs, run).unwrap_or_else(|| NONE.to_owned());
        rows.push(Row::of("Texts a second", Look::Number, shown, cell));
    }
    table_ui(ui, palette, shown, &rows);
    let is_under_way = cx.workspace.job_of::<MeasureSpeed>().is_some();
    let mut is_asked = false;
    if !is_known && can_be_timed {
        ui.add_space(space::XS);
        let button = Button::new("Measure speed").icon(ICON_SPEED).small().enabled(!is_under_way);
        let words = "Asks each model for texts of the first run's evaluation, and says how many it answers in a second";
        is_asked = button.show(ui, palette).on_hover_text(words).clicked();
    }
    ui.add_space(space::XS);
    for words in verdicts(found, shown) {
        ui.label(text::dim(words, palette));
    }
    if let Some(words) = intervals_words(shown) {
        ui.label(text::faint(words, palette));
    }
    is_asked
}

pub fn differences_ui(ui: &mut Ui, palette: &Palette, found: &Comparison, shown: &[Shown<'_>]) {
    if found.differences.is_empty() {
        ui.label(text::dim("Nothing: these runs have the same configuration and the same numbers of rows", palette));
        return;
    }
    let row = |difference: &crate::train::run::Difference| Row {
        head: difference.key.clone(),
        cells: difference.values.iter().map(|value| value.clone().unwrap_or_else(|| "not set".to_owned())).collect(),
        look: Look::Setting,
    };
    let rows: Vec<Row> = found.differences.iter().map(row).collect();
    table_ui(ui, palette, shown, &rows);
}

fn results(cx: &Cx<'_>, found: &Comparison, shown: &[Shown<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(measure) = found.metric.and_then(Measure::find) {
        rows.push(Row::of(format!("{}, kept weights", words::title(&measure)), Look::Main, shown, |run| {
            value(&measure, run.history.result(measure.key))
        }));
        if shown.iter().any(|run| run.run.interval(measure.key).is_some()) {
            rows.push(Row::of("95 % interval", Look::Number, shown, |run| interval(&measure, run)));
        }
        rows.push(Row::of("Against the best", Look::Words, shown, |run| standing(found, shown, run).to_owned()));
        rows.push(Row::of("At step", Look::Number, shown, |run| {
            let best = run.history.best.as_ref().filter(|_| !run.is_in_folds());
            best.map_or_else(|| NONE.to_owned(), |best| format::count(best.step))
        }));
        rows.push(Row::of(format!("{}, last evaluation", words::title(&measure)), Look::Number, shown, |run| {
            value(&measure, run.history.last(measure.key))
        }));
        rows.extend(others(measure.key, shown));
    }
    rows.push(Row::of("Time", Look::Number, shown, |run| {
        format::duration(run.live.map_or(run.run.summary.seconds, |live| live.elapsed(cx.workspace.now)))
    }));
    rows.push(Row::of("Weights", Look::Number, shown, |run| format::short_count(run.run.summary.parameters)));
    rows.push(Row::of("Trained weights", Look::Number, shown, |run| {
        let summary = &run.run.summary;
        format!("{} ({})", format::short_count(summary.trainable), format::trained(summary.trained_share()))
    }));
    rows.push(Row::of("Strategy", Look::Words, shown, |run| run.run.summary.strategy.title().to_owned()));
    rows.push(Row::of("Steps", Look::Number, shown, |run| {
        let steps = format!("{} of {}", format::count(run.history.step), format::count(run.run.summary.steps));
        if run.is_in_folds() { format!("{steps}, in {} folds", run.run.summary.folds) } else { steps }
    }));
    rows.push(Row::of("On disk", Look::Number, shown, |run| format::bytes(run.run.summary.bytes_on_disk)));
    rows
}

/// The other metrics that the task can be judged by, of the kept weights.
fn others(main: &str, shown: &[Shown<'_>]) -> Vec<Row> {
    let Some(first) = shown.first() else { return Vec::new() };
    let keys = Measure::keys(first.run.summary.task).iter().copied().filter(|key| *key != main);
    let known = |measure: &Measure| shown.iter().any(|run| run.history.result(measure.key).is_some());
    keys.filter_map(Measure::find)
        .filter(known)
        .map(|measure| {
            Row::of(words::title(&measure), Look::Number, shown, |run| {
                let value = value(&measure, run.history.result(measure.key));
                let interval = run.run.interval(measure.key).filter(|_| run.live.is_none());
                interval.map_or_else(|| value.clone(), |of| format!("{value}   {}", words::interval(&measure, of)))
            })
        })
        .collect()
}

fn value(measure: &Measure, value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format::metric(measure.key, value))
}

/// The interval of the kept weights, which a run in progress has not kept for good.
fn interval(measure: &Measure, run: &Shown<'_>) -> String {
    let of = run.run.interval(measure.key).filter(|_| run.live.is_none());
    of.map_or_else(|| NONE.to_owned(), |of| words::interval(measure, of))
}

/// How the intervals are made.
fn intervals_words(shown: &[Shown<'_>]) -> Option<String> {
    let of = shown.iter().filter_map(|run| run.run.intervals.as_ref()).min_by_key(|of| of.resamples)?;
    let all = || shown.iter().filter_map(|run| run.run.intervals.as_ref());
    let is_point = all().flat_map(|of| of.of.values()).any(|of| of.high - of.low == 0.0);
    let points = if is_point { "; where all draws come to the same value they tell no interval" } else { "" };
    let wilson = if all().any(|of| of.is_wilson) {
        "; where all or no rows are right, that of the accuracy is Wilson's"
    } else {
        ""
    };
    Some(format!(
        "Intervals hold 95 of 100 values that the metric has on rows drawn anew from those that were evaluated, {} times{points}{wilson}",
        format::count(of.resamples as u64)
    ))
}

fn standing(found: &Comparison, shown: &[Shown<'_>], run: &Shown<'_>) -> &'static str {
    if is_under_way(run) {
        return "Not finished";
    }
    match &run.run.contest {
        Some(_) if equals_the_best(found, shown, run) => "Equal",
        None if is_best(found, run) && shown.iter().any(|other| equals_the_best(found, shown, other)) => "Equal",
        _ => standing_alone(found, run),
    }
}

fn is_under_way(run: &Shown<'_>) -> bool {
    run.running || run.status() == RunStatus::Open
}

/// Whether a run that is not the best came to the same value on the same rows.
fn equals_the_best(found: &Comparison, shown: &[Shown<'_>], run: &Shown<'_>) -> bool {
    if is_under_way(run) || is_best(found, run) || run.run.contest.is_none() || run.run.shared.is_some() {
        return false;
    }
    let best = shown.iter().find(|other| is_best(found, other));
    let values =
        found.metric.zip(best).and_then(|(key, best)| Some((best.history.result(key)?, run.history.result(key)?)));
    values.is_some_and(|(best, own)| best - own == 0.0)
}

fn standing_alone(found: &Comparison, run: &Shown<'_>) -> &'static str {
    match &run.run.contest {
        Some(contest) => words::short(contest, run.run.shared),
        None if is_best(found, run) => "Best value",
        None => NONE,
    }
}

fn is_best(found: &Comparison, run: &Shown<'_>) -> bool {
    found.best.and_then(|best| found.runs.get(best)).is_some_and(|best| best.summary.dir == run.run.summary.dir)
}

/// A sentence for each run that is judged.
fn verdicts(found: &Comparison, shown: &[Shown<'_>]) -> Vec<String> {
    let measure = found.metric.and_then(Measure::find);
    let best = shown.iter().find(|run| is_best(found, run));
    let Some((measure, best)) = measure.zip(best) else { return Vec::new() };
    let judged = shown.iter().filter(|run| run.live.is_none());
    judged
        .filter_map(|run| {
            let contest = run.run.contest.as_ref()?;
            if run.run.shared.is_some() {
                return Some(words::on_shared(run.name(), best.name(), contest, &measure));
            }
            let gap = (best.history.result(measure.key)? - run.history.result(measure.key)?).abs();
            Some(words::sentence(run.name(), best.name(), contest, &measure, gap))
        })
        .collect()
}

const ROW: f32 = 26.0;

fn table_ui(ui: &mut Ui, palette: &Palette, shown: &[Shown<'_>], rows: &[Row]) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let width = ui.available_width();
    let head = (width * 0.24).clamp(120.0, 250.0);
    let cell = (width - head) / shown.len().max(1) as f32;
    let place = |rect: Rect, column: usize| {
        let left = rect.left() + head + cell * column as f32;
        Rect::from_min_max(pos2(left, rect.top()), pos2(left + cell - 8.0, rect.bottom()))
    };
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    for (column, run) in shown.iter().enumerate() {
        let cell = place(rect, column);
        ui.painter().circle_filled(pos2(cell.left() + 4.0, cell.center().y), 4.0, palette.label(run.place));
        let inner = cell.with_min_x(cell.left() + 14.0);
        cell_ui(ui, inner, run.name(), run.name(), theme::medium(size::BODY - 1.0), palette.text);
    }
    for row in rows {
        let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
        let line = Stroke::new(1.0, palette.line.gamma_multiply(0.7));
        ui.painter().hline(rect.x_range(), rect.top(), line);
        let font = if row.look == Look::Setting { theme::number(size::BODY - 1.0) } else { theme::regular(size::BODY) };
        cell_ui(ui, rect.with_max_x(rect.left() + head - 8.0), &row.head, &row.head, font, palette.text_dim);
        for (column, (words, run)) in row.cells.iter().zip(shown).enumerate() {
            let name = format!("{} of {}: {words}", row.head, run.name());
            let (font, color) = look(row.look, words, palette);
            cell_ui(ui, place(rect, column), words, &name, font, color);
        }
    }
}

fn look(look: Look, words: &str, palette: &Palette) -> (FontId, Color32) {
    let font = match look {
        Look::Main => theme::number_medium(size::BODY),
        Look::Words => theme::regular(size::BODY),
        Look::Number | Look::Setting => theme::number(size::BODY - 1.0),
    };
    let is_none = words == NONE || words == "not set";
    (font, if is_none { palette.text_faint } else { palette.text })
}

/// Words in one line, whole under the pointer where there is no room for all of them.
fn cell_ui(ui: &Ui, rect: Rect, words: &str, name: &str, font: FontId, color: Color32) {
    let galley = elided(ui.painter(), words, font, color, rect.width());
    let is_cut = galley.elided;
    ui.painter().galley(pos2(rect.left(), rect.center().y - galley.size().y / 2.0), galley, color);
    let response = ui.interact(rect, ui.scope_id().with(("cell", name)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    if is_cut {
        response.on_hover_text(words);
    }
}
