//! What came of a recipe: its ways beside each other in sentences, and never more than the rows and the seeds allow to say.

use std::path::Path;

use egui::{Label, Ui};
use egui_material_icons::icons::{ICON_SCIENCE, ICON_VISIBILITY};

use super::words;
use crate::metrics::Measure;
use crate::recipes::{self, Recipe};
use crate::train::run::{Between, Comparison, Said, Way, between, way};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Card, text};
use crate::ui::workspace::queue::{Course, Outcome};
use crate::ui::{Cx, format};

pub fn ui(ui: &mut Ui, cx: &Cx<'_>, found: &Comparison, course: &Course) {
    let palette = cx.palette;
    let Some(recipe) = recipes::find(&course.recipe) else { return };
    Card::new().show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            ui.label(theme::icon(ICON_SCIENCE, 18.0).color(palette.accent));
            ui.label(text::strong(&recipe.title, palette));
            ui.add(Label::new(text::small(format!("on {}", course.data), palette)).truncate());
        });
        let ways = ways(found, recipe, course);
        let measure = found.metric.and_then(Measure::find);
        let said = measure.map(|measure| said(found, &ways, &measure)).unwrap_or_default();
        for words in said.into_iter().chain(time_words(found, &ways)) {
            ui.add(Label::new(text::body(words, palette)).wrap());
        }
        for words in caveats(recipe, course) {
            ui.add(Label::new(text::small(words, palette)).wrap());
        }
        for words in missing(recipe, course) {
            ui.add(Label::new(text::small(words, palette).color(palette.warn)).wrap());
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.label(theme::icon(ICON_VISIBILITY, 15.0).color(palette.accent));
            ui.add(Label::new(text::small(&recipe.look_at, palette)).wrap());
        });
    });
}

/// A way to do something: what it is called, and its runs by their places in the comparison, in the order of the seeds.
pub struct Named {
    pub name: String,
    pub runs: Vec<Option<usize>>,
}

impl Named {
    /// Of the runs that are there.
    pub fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.runs.iter().flatten().copied()
    }
}

/// The ways of a recipe.
fn ways(found: &Comparison, recipe: &Recipe, course: &Course) -> Vec<Named> {
    let of = |dir: &Path| found.runs.iter().position(|run| run.summary.dir == dir);
    let named = |(place, run): (usize, &recipes::Run)| {
        let own = course.runs.iter().filter(|one| one.place == place);
        Named { name: run.name.clone(), runs: own.map(|one| of(&one.dir)).collect() }
    };
    recipe.runs().iter().enumerate().map(named).collect()
}

/// A sentence on every two ways.
pub fn said(found: &Comparison, all: &[Named], measure: &Measure) -> Vec<String> {
    let ways: Vec<Option<Way>> = all.iter().map(|named| way(found, &named.runs)).collect();
    let mut told = Vec::new();
    for one in 0..all.len() {
        for other in one + 1..all.len() {
            let (Some(first), Some(second)) = (&ways[one], &ways[other]) else { continue };
            let between = between(found, &all[one].runs, &all[other].runs);
            let names = [one, other].map(|place| all[place].name.as_str());
            told.push(sentence(names, [first, second], &between, measure));
        }
    }
    told
}

/// A sentence on the time that they took.
pub fn time_words(found: &Comparison, all: &[Named]) -> Option<String> {
    let time = |named: &Named| {
        let way = way(found, &named.runs)?;
        Some(format!("{} {}", named.name, format::duration(way.seconds)))
    };
    let times: Vec<String> = all.iter().filter_map(time).collect();
    (times.len() > 1).then(|| format!("Time for each run: {}.", times.join(", ")))
}

fn sentence(names: [&str; 2], ways: [&Way; 2], between: &Between, measure: &Measure) -> String {
    let value = |way: &Way| {
        let mean = format::metric(measure.key, way.mean);
        match way.runs {
            1 => mean,
            runs => {
                let (low, high) = (format::metric(measure.key, way.low), format::metric(measure.key, way.high));
                format!("{mean} in the mean of {runs} seeds, {low} to {high}")
            }
        }
    };
    let values = |order: [usize; 2]| format!("{} against {}", value(ways[order[0]]), value(ways[order[1]]));
    let title = words::title(measure).to_lowercase();
    let title = if measure.percent && measure.key.starts_with("f1") { "F1".to_owned() } else { title };
    let seeds = between.contests.len();
    let first = |ahead: usize| [ahead, 1 - ahead];
    match between.said {
        Said::Ahead(ahead) => {
            let [one, other] = first(ahead);
            let why = match between.contests.as_slice() {
                [(_, contest)] => words::why(names[other], names[one], contest, measure),
                _ => format!("so it is with each of the {seeds} seeds"),
            };
            format!(
                "{} is ahead of {} by more than chance, with {title} {}: {why}.",
                names[one],
                names[other],
                values([one, other])
            )
        }
        Said::TooClose => {
            let why = match between.contests.as_slice() {
                [(ahead, contest)] => words::why(names[1 - ahead], names[*ahead], contest, measure),
                contests => {
                    let clear = contests.iter().filter(|(_, contest)| contest.differs == Some(true)).count();
                    format!("with {clear} of {seeds} seeds the difference is more than chance")
                }
            };
            format!("{} and {} cannot be told apart, with {title} {}: {why}.", names[0], names[1], values([0, 1]))
        }
        Said::Turns => format!(
            "{} and {} change places with the seed, with {title} {}, so neither is shown to be ahead.",
            names[0],
            names[1],
            values([0, 1])
        ),
        Said::NotKnown => format!(
            "{} and {} have {title} {}; how much of the difference is chance is not known.",
            names[0],
            names[1],
            values([0, 1])
        ),
    }
}

/// What must be known to read the sentences.
fn caveats(recipe: &Recipe, course: &Course) -> Vec<String> {
    let mut told = Vec::new();
    if course.share < 1.0 {
        let share = format::percent(course.share);
        told.push(format!("The runs had {share} of the recommended epochs; longer ones may come out otherwise."));
    }
    if course.runs.len() == recipe.runs().len() {
        told.push(
            "Each ran with one seed. Another seed moves such values too, which no interval over rows shows.".to_owned(),
        );
    }
    told
}

/// The runs that are not in the comparison, and those that were stopped before their end.
fn missing(recipe: &Recipe, course: &Course) -> Vec<String> {
    let told = |run: &crate::ui::workspace::queue::CourseRun| {
        let name = recipe.runs().get(run.place).map_or("A run", |run| run.name.as_str());
        let name = format!("{name} ({})", format::file_name(&run.dir));
        match &run.outcome {
            Outcome::Finished => None,
            Outcome::Stopped => {
                Some(format!("{name} was stopped before its end; its best weights until then are compared"))
            }
            Outcome::Failed(reason) => Some(format!("{name} failed and is left out: {reason}")),
            Outcome::Removed(reason) => Some(format!("{name} was not run: {reason}")),
            Outcome::Waiting | Outcome::Running => Some(format!("{name} has not ended")),
        }
    };
    course.runs.iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Contest;

    fn one(value: f64) -> Way {
        Way { runs: 1, mean: value, low: value, high: value, seconds: 3.0 }
    }

    #[test]
    fn nothing_is_called_ahead_that_the_rows_do_not_tell_apart() {
        let accuracy = Measure::find("accuracy").unwrap();
        let rows = |better, other| {
            let right = [vec![[true, false]; better], vec![[false, true]; other], vec![[true, true]; 100]].concat();
            Contest::of_rows(right.into_iter())
        };
        let say = |said, contests| {
            let between = Between { said, contests };
            sentence(["Head only", "Full"], [&one(0.71), &one(0.784)], &between, &accuracy)
        };
        assert_eq!(
            say(Said::Ahead(1), vec![(1, rows(30, 1))]),
            "Full is ahead of Head only by more than chance, with accuracy 78.4 % against 71.0 %: Full alone has 30 of 131 rows \
             right, Head only alone 1 (McNemar's test, p < 0.001)."
        );
        let close = say(Said::TooClose, vec![(1, rows(6, 4))]);
        assert!(
            close.starts_with(
                "Head only and Full cannot be told apart, with accuracy 71.0 % against 78.4 %: Full alone"
            )
        );
        let turned = say(Said::Turns, vec![(0, rows(30, 1)), (1, rows(30, 1))]);
        assert!(turned.contains("change places with the seed") && !turned.contains("better"));
        let several = say(Said::TooClose, vec![(1, rows(30, 1)), (1, rows(6, 4)), (1, rows(6, 4))]);
        assert!(several.contains("with 1 of 3 seeds the difference is more than chance"), "{several}");
        let unknown = say(Said::NotKnown, Vec::new());
        assert!(unknown.ends_with("how much of the difference is chance is not known."));
    }
}
