//! What of the data is held out in turn, and which states of the run are kept, each with what it costs before it is chosen.

use egui::{Label, Ui};

use super::fields::whole;
use crate::data::{Fold, SplitRule};
use crate::train::config::RunConfig;
use crate::train::limits;
use crate::train::plan::PlanSummary;
use crate::train::run::seeds;
use crate::ui::panels::train::several::seeds_field;
use crate::ui::theme::Palette;
use crate::ui::widgets::form::{row, toggle};
use crate::ui::widgets::text;
use crate::ui::{Action, Cx, format};

/// Folds that a person who turns them on begins with.
const USUAL_FOLDS: u32 = 5;
const USUAL_STATES: u32 = 11;

/// As many runs as folds, in each of which other rows are held out. The division belongs to the data, so it is asked for there.
pub fn folds_ui(ui: &mut Ui, draft: &RunConfig, is_own: bool, cx: &mut Cx<'_>) {
    if draft.task.is_self_supervised() {
        return;
    }
    let palette = cx.palette;
    let hint = "For few labels: as many runs, in each of which other rows are held out, until every labelled row was \
                predicted once by a run that had not learned from it. Copies of a text stay together, classes are spread \
                evenly, and rows that are held out decide nothing";
    let before = draft.run.folds;
    let (mut on, mut folds) = (before > 0, if before > 0 { before } else { USUAL_FOLDS });
    row(ui, "Hold out every row once", hint, palette, |ui| {
        ui.add_enabled_ui(on, |ui| whole(ui, "Folds", &mut folds, limits::FOLDS));
        toggle(ui, "Hold out every row once", &mut on, palette);
    });
    let now = if on { folds } else { 0 };
    if is_own && now != before {
        let fold = (now > 0).then_some(Fold { number: 1, of: now });
        cx.act(Action::SetSplit(SplitRule { fold, ..cx.workspace.data.rule.clone() }));
    }
    if now > 0 {
        let words = format!(
            "{} runs; the last weights of each predict its rows, so nothing is chosen by them",
            format::count(u64::from(now))
        );
        ui.add(Label::new(text::small(words, palette)).wrap());
    }
}

/// The same run with other seeds, one after the other.
pub fn seeds_ui(ui: &mut Ui, draft: &mut RunConfig, palette: &Palette) {
    let hint = "The same run again with other seeds, one after the other, and all of them compared: how far chance alone moves \
                the result. All hold out the same rows";
    let run = &mut draft.run;
    let mut count = run.seeds.len().max(1);
    row(ui, "Seeds", hint, palette, |ui| {
        ui.add_enabled_ui(run.folds == 0, |ui| seeds_field(ui, "Seeds", &mut count, palette));
    });
    run.seeds = if count > 1 && run.folds == 0 { seeds(run.seed, count) } else { Vec::new() };
    if !run.seeds.is_empty() {
        let seeds: Vec<String> = run.seeds.iter().map(u64::to_string).collect();
        let words = format!("{count} runs with the seeds {}, compared when all have ended", seeds.join(", "));
        ui.add(Label::new(text::small(words, palette)).wrap());
    }
}

/// States of what is trained, to look back at with a slider.
pub fn states_ui(ui: &mut Ui, draft: &mut RunConfig, plan: Option<&PlanSummary>, palette: &Palette) {
    let hint = "Keeps what is trained as it is before the first update, after the last, and evenly spaced between, so that \
                Explore and Evaluate can look at any of them afterwards";
    let count = &mut draft.run.keep_checkpoints;
    let (mut on, mut states) = (*count > 0, if *count > 0 { *count } else { USUAL_STATES });
    row(ui, "Keep states to look back", hint, palette, |ui| {
        ui.add_enabled_ui(on, |ui| whole(ui, "States kept", &mut states, limits::KEPT_STATES));
        toggle(ui, "Keep states to look back", &mut on, palette);
    });
    *count = if on { states } else { 0 };
    if let Some(kept) = plan.and_then(|plan| plan.kept_states(draft)) {
        let words = format!(
            "{} of {} each take {} on the disk",
            format::plural(kept.count, "state", "states"),
            format::bytes(kept.each),
            format::bytes(kept.all)
        );
        ui.add(Label::new(text::small(words, palette)).wrap());
    }
}
