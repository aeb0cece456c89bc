//! The best settings, with what is known of how far another seed would move them.

use std::path::PathBuf;

use egui::{Label, RichText, Ui};
use egui_material_icons::icons::{ICON_COMPARE_ARROWS, ICON_FILE_COPY, ICON_SHOW_CHART};

use super::words::{listed, metric_title, settings_words, spread_words};
use crate::sweep::{Spread, Study, Tried};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{Button, Card, text};
use crate::ui::{Action, Cx, format};

/// As many are compared with one press.
const COMPARED: usize = 3;

/// Returns runs that are to be compared.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, study: &Study) -> Option<Vec<PathBuf>> {
    let palette = cx.palette;
    let mut compared = None;
    Card::new().show(ui, palette, |ui| {
        let Some((best, spread)) = study.best() else {
            ui.label(text::dim(format!("No trial has a value of {} yet", metric_title(study).to_lowercase()), palette));
            return;
        };
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal_wrapped(|ui| {
            let value = format::metric(&study.asked.metric, spread.mean);
            ui.label(RichText::new(value).font(theme::number_medium(size::TITLE)).color(palette.text));
            let of = equal(study).map_or(", the best", |_| "");
            ui.label(text::strong(format!("{}{of}", metric_title(study)), palette));
            if of.is_empty() {
                return;
            }
            ui.add(Label::new(text::number(settings_words(study, best), palette)).wrap());
        });
        let sure = sure_words(study, best, spread);
        let words = equal_words(study).map_or_else(|| sure.clone(), |equal| format!("{equal}. {sure}"));
        ui.add(Label::new(text::small(words, palette)).wrap());
        ui.horizontal_wrapped(|ui| compared = buttons_ui(ui, cx, study, best));
    });
    compared
}

fn buttons_ui(ui: &mut Ui, cx: &mut Cx<'_>, study: &Study, best: &Tried) -> Option<Vec<PathBuf>> {
    let palette = cx.palette;
    let dir = best.folders(&study.dir).find(|dir| listed(cx, dir).is_some());
    let gone = "The folders of its runs are not there any more";
    let use_it = Button::new("Use these settings").icon(ICON_FILE_COPY).enabled(dir.is_some());
    let use_it = use_it.show(ui, palette).on_hover_text(Action::CloneRun(PathBuf::new()).tooltip());
    if use_it.on_disabled_hover_text(gone).clicked()
        && let Some(dir) = &dir
    {
        cx.act(Action::CloneRun(dir.clone()));
    }
    let open = Button::new("Open the run").icon(ICON_SHOW_CHART).enabled(dir.is_some()).show(ui, palette);
    if open.on_disabled_hover_text(gone).clicked()
        && let Some(dir) = dir
    {
        cx.act(Action::OpenRun(dir));
    }
    let first = |tried: &Tried| tried.folders(&study.dir).find(|dir| listed(cx, dir).is_some());
    let with_value = study.tried.iter().filter(|tried| tried.spread.is_some());
    let dirs: Vec<PathBuf> = with_value.filter_map(first).take(COMPARED).collect();
    let words = format!("Compare the best {}", dirs.len().max(2));
    let button = Button::new(words).icon(ICON_COMPARE_ARROWS).enabled(dirs.len() > 1).show(ui, palette);
    let button = button.on_hover_text("Their curves, and whether the rows tell them apart");
    button.on_disabled_hover_text("There are no two settings with a run to compare").clicked().then_some(dirs)
}

/// How many settings came to the best value, where several did.
fn equal(study: &Study) -> Option<usize> {
    let (_, best) = study.best()?;
    let as_good = |tried: &&Tried| tried.spread.is_some_and(|spread| spread.mean - best.mean == 0.0);
    Some(study.tried.iter().filter(as_good).count()).filter(|count| *count > 1)
}

fn equal_words(study: &Study) -> Option<String> {
    let (_, best) = study.best()?;
    let count = equal(study)?;
    let all = format::plural(study.tried.len() as u64, "setting", "settings");
    let value = format::metric(&study.asked.metric, best.mean);
    Some(format!("{count} of {all} reach {value}: this search cannot tell them apart"))
}

/// What the seeds say of it.
fn sure_words(study: &Study, best: &Tried, spread: Spread) -> String {
    let (runs, seed) = (spread.runs, best.runs.first().map_or(0, |run| run.seed));
    let alone = if runs == 1 {
        format!(
            "One seed ({seed}). How far another would move it is not known; the best of many is a little too good by chance."
        )
    } else {
        format!("Mean of {runs} seeds, which lie from {}.", spread_words(study, spread))
    };
    let close = study.as_good_as_the_first;
    if close == 0 {
        return alone;
    }
    let rows = if close == 1 { "one other row reach".to_owned() } else { format!("{close} other rows reach") };
    format!("{alone} The seeds of {rows} into those of the best, so seeds do not tell them apart.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::testing;

    #[test]
    fn several_settings_with_the_best_value_are_not_told_apart() {
        let mut study = testing::study(1);
        assert_eq!(equal_words(&study), None);
        let best = study.tried[0].spread;
        study.tried[1..4].iter_mut().for_each(|tried| tried.spread = best);
        let words = equal_words(&study).unwrap();
        assert_eq!(words, "4 of 13 settings reach 77.0 %: this search cannot tell them apart");
    }

    #[test]
    fn one_seed_is_not_taken_for_many() {
        let study = testing::study(1);
        let (best, spread) = study.best().unwrap();
        assert!(sure_words(&study, best, spread).starts_with("One seed (0). How far another"));
        let study = testing::study(3);
        let (best, spread) = study.best().unwrap();
        let words = sure_words(&study, best, spread);
        assert!(words.starts_with("Mean of 3 seeds, which lie from 76.0 % to 78.0 %."), "{words}");
    }
}
