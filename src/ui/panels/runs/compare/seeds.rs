//! Runs of one configuration with several seeds: what they come to together, and their curves as a band from the lowest to
//! the highest seed with the mean through it.

use std::path::PathBuf;

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_CASINO;

use super::course::{Named, said, time_words};
use super::shown::{Over, Shown, at};
use crate::metrics::Measure;
use crate::train::run::{Comparison, History, Point, alike};
use crate::ui::theme::{self, space};
use crate::ui::widgets::curve::Series;
use crate::ui::widgets::{Card, text};
use crate::ui::{Cx, format};

/// The compared runs by what they are but for their seed.
pub fn ways(found: &Comparison) -> Vec<Named> {
    let name = |places: &[usize]| {
        let first = places.first().and_then(|place| found.runs.get(*place));
        let name = first.map_or("", |run| run.summary.name.as_str());
        let stem = name.rsplit_once("-seed-").or_else(|| name.rsplit_once("/seed-")).map_or(name, |(stem, _)| stem);
        if places.len() > 1 { stem.to_owned() } else { name.to_owned() }
    };
    let named = |runs: Vec<Option<usize>>| {
        let places: Vec<usize> = runs.iter().flatten().copied().collect();
        Named { name: name(&places), runs }
    };
    alike(found).into_iter().map(named).collect()
}

/// Whether some configuration is there with several seeds.
pub fn are_several(ways: &[Named]) -> bool {
    ways.iter().any(|way| way.places().count() > 1)
}

/// What the seeds come to, and what they allow to say of two configurations.
pub fn ui(ui: &mut Ui, cx: &Cx<'_>, found: &Comparison, ways: &[Named]) {
    let palette = cx.palette;
    let Some(measure) = found.metric.and_then(Measure::find) else { return };
    Card::new().show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            ui.label(theme::icon(ICON_CASINO, 18.0).color(palette.accent));
            ui.label(text::strong("Over seeds", palette));
        });
        let each = ways.iter().filter_map(|way| alone(found, way, &measure));
        for words in each.chain(said(found, ways, &measure)).chain(time_words(found, ways)) {
            ui.add(Label::new(text::body(words, palette)).wrap());
        }
        let note = "The spread over seeds is that of chance in training. The interval of each run is that of the rows it was \
                    evaluated on, which other seeds do not show.";
        ui.add(Label::new(text::small(note, palette)).wrap());
    });
}

/// What one configuration comes to.
fn alone(found: &Comparison, way: &Named, measure: &Measure) -> Option<String> {
    let of = crate::train::run::way(found, &way.runs).filter(|of| of.runs > 1)?;
    let value = |value: f64| format::metric(measure.key, value);
    let title = super::words::title(measure).to_lowercase();
    let gap = if measure.percent {
        format!("{:.1} points", (of.high - of.low) * 100.0)
    } else {
        format::value(of.high - of.low)
    };
    Some(format!(
        "{} has {title} {} in the mean of {} seeds, from {} to {}: chance alone moves it by {gap}.",
        way.name,
        value(of.mean),
        of.runs,
        value(of.low),
        value(of.high)
    ))
}

/// A run, how far it has come, and how many values its curve has.
type Curve = (PathBuf, u64, usize);

/// The curves of a configuration over its seeds.
#[derive(Debug, Default)]
pub struct Drawn {
    made_for: Option<(Vec<Curve>, Over, u64)>,
    pub loss: Band,
    pub metric: Band,
}

#[derive(Debug, Default)]
pub struct Band {
    pub low: Series,
    pub mean: Series,
    pub high: Series,
}

impl Drawn {
    /// Makes them anew where one of the runs has more to tell.
    pub fn update(&mut self, runs: &[&Shown<'_>], metric: &str, over: Over, smoothing: f64) {
        let points = |history: &History| history.metrics.get(metric).map_or(0, Vec::len);
        let told = runs
            .iter()
            .map(|run| (run.run.summary.dir.clone(), run.history.step, run.history.loss().len() + points(run.history)));
        let key = (told.collect(), over, smoothing.to_bits());
        if self.made_for.as_ref() == Some(&key) {
            return;
        }
        let series = |points: &[Point]| points.iter().map(|point| [at(point, over), point.value]).collect();
        let losses: Vec<Series> = runs
            .iter()
            .map(|run| series(run.history.loss()))
            .map(|series: Series| series.smoothed(smoothing))
            .collect();
        let metrics: Vec<Series> = runs.iter().map(|run| series(of_metric(run, metric))).collect();
        (self.loss, self.metric) = (Band::of(&losses), Band::of(&metrics));
        self.made_for = Some(key);
    }
}

/// All folds together were evaluated once, at no step of any of them.
fn of_metric<'a>(run: &'a Shown<'_>, key: &str) -> &'a [Point] {
    let points = run.history.metrics.get(key).filter(|_| !run.is_in_folds());
    points.map_or(&[], Vec::as_slice)
}

impl Band {
    /// From where all have begun to where the first of them ends; between two values of one lies the straight line.
    pub fn of(series: &[Series]) -> Self {
        let mut band = Self::default();
        let first = |series: &Series| series.points().first().map(|point| point[0]);
        let last = |series: &Series| series.points().last().map(|point| point[0]);
        let from: Option<Vec<f64>> = series.iter().map(first).collect();
        let to: Option<Vec<f64>> = series.iter().map(last).collect();
        let Some((from, to)) = from.zip(to).filter(|(from, _)| !from.is_empty()) else { return band };
        let from = from.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let to = to.into_iter().fold(f64::INFINITY, f64::min);
        let mut all: Vec<f64> = series.iter().flat_map(|one| one.points().iter().map(|point| point[0])).collect();
        all.retain(|x| (from..=to).contains(x));
        all.sort_by(f64::total_cmp);
        all.dedup();
        for x in all {
            let values: Vec<f64> = series.iter().filter_map(|one| one.between(x)).collect();
            if values.is_empty() {
                continue;
            }
            band.low.push(x, values.iter().copied().fold(f64::INFINITY, f64::min));
            band.high.push(x, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
            band.mean.push(x, values.iter().sum::<f64>() / values.len() as f64);
        }
        band
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_goes_from_the_lowest_to_the_highest_where_all_have_values() {
        let one: Series = [[0.0, 1.0], [10.0, 3.0], [20.0, 3.0]].into_iter().collect();
        let two: Series = [[5.0, 1.0], [15.0, 5.0]].into_iter().collect();
        let band = Band::of(&[one, two]);
        assert_eq!(band.low.points(), [[5.0, 1.0], [10.0, 3.0], [15.0, 3.0]]);
        assert_eq!(band.high.points(), [[5.0, 2.0], [10.0, 3.0], [15.0, 5.0]]);
        assert_eq!(band.mean.points(), [[5.0, 1.5], [10.0, 3.0], [15.0, 4.0]]);
        assert!(Band::of(&[Series::default()]).mean.is_empty());
    }
}
