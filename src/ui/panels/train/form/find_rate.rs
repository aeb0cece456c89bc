//! A rate found by trying: the button, how far it is, and the curve with what is read from it.

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_TROUBLESHOOT;

use crate::train::config::RunConfig;
use crate::train::find_rate::{FoundRate, holds_for, take_over};
use crate::train::open::Open;
use crate::ui::panels::progress_line;
use crate::ui::theme::space;
use crate::ui::widgets::form::row;
use crate::ui::widgets::help::{Help, help};
use crate::ui::widgets::line::line;
use crate::ui::widgets::rate_curve::{Mark, RateCurve, rate_curve};
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::Workspace;
use crate::ui::{Action, Cx, format};
use crate::worker::work::AnyWork;
use crate::worker::works::rate::FindRate;

const HINT: &str =
    "Trains the first updates of this run at rising rates, on a copy of the model, and looks at the loss";

const HELP: Help<'_> = Help {
    title: "Finding a learning rate",
    paragraphs: &[
        "The updates that the run would begin with are made at a rate that rises from 1e-7 to 1, a little with each. Far too \
         low a rate changes nothing, a good one lowers the loss, and far too high a one makes it explode, which ends the \
         sweep. The model of the run is not touched.",
        "Two rules read a rate from the curve: where the loss falls fastest, and a tenth of the rate at which it is lowest. \
         What is suggested lies midway between the two. Rates of single parts keep their proportion.",
        "It is a look at the beginning of one run, and the loss of single batches is noisy. The recommended rate comes from \
         runs to their end; where the two are within a factor of three, either will do.",
    ],
    papers: &[
        ("Smith (2017), Cyclical learning rates for training neural networks", "https://arxiv.org/abs/1506.01186"),
        ("Howard and Gugger (2020), fastai: a layered API for deep learning", "https://arxiv.org/abs/2002.04688"),
    ],
};

pub fn ui(ui: &mut Ui, draft: &mut RunConfig, cx: &mut Cx<'_>) {
    if let Some(job) = cx.workspace.job_of::<FindRate>() {
        progress_line::ui(ui, cx, job, "Cancel finding a rate");
        return;
    }
    row(ui, "Not sure?", HINT, cx.palette, |ui| {
        help(ui, &HELP, cx.palette);
        let why_not = why_not(cx.workspace);
        let button = Button::new("Find a rate").icon(ICON_TROUBLESHOOT).small().enabled(why_not.is_none());
        let response = button.show(ui, cx.palette).on_hover_text(HINT);
        if let Some(why) = why_not {
            response.on_disabled_hover_text(why);
        } else if response.clicked() {
            let config = RunConfig { open: Open::default(), ..draft.clone() };
            cx.act(Action::Work(AnyWork::new(FindRate { config })));
        }
    });
    let Some((work, found)) = cx.workspace.worked::<FindRate>() else { return };
    if holds_for(&work.config, draft) {
        found_ui(ui, draft, found, cx);
    } else {
        let words = "The rates that were tried were for other settings, data or another model";
        ui.add(Label::new(text::small(words, cx.palette)).wrap());
    }
}

/// Why no rate can be looked for now.
fn why_not(workspace: &Workspace) -> Option<&'static str> {
    match () {
        () if !workspace.is_ready() => Some("Choose data and a model first"),
        () if workspace.training.is_some() => Some("It can be done when the run in progress has ended"),
        () if workspace.needs_teacher() => Some("Choose a teacher first"),
        () if workspace.plan_error.is_some() => Some("This cannot be trained yet"),
        () if workspace.all_unread().next().is_some() => Some("A number in the form cannot be read"),
        () => None,
    }
}

fn found_ui(ui: &mut Ui, draft: &mut RunConfig, found: &FoundRate, cx: &Cx<'_>) {
    let palette = cx.palette;
    ui.add_space(2.0);
    let marks: Vec<Mark> = [
        found.suggested.map(|rate| Mark { rate, name: "suggested", color: palette.accent, is_dashed: false }),
        Some(Mark { rate: found.recommended, name: "recommended", color: palette.series[1], is_dashed: true }),
    ]
    .into_iter()
    .flatten()
    .collect();
    let points: Vec<[f64; 3]> = found.trials.iter().map(|trial| [trial.lr, trial.loss, trial.smoothed]).collect();
    let curve = RateCurve { points: &points, marks: &marks, now: draft.optim.lr };
    if let Some(rate) = rate_curve(ui, &curve, palette) {
        take_over(draft, rate);
    }
    ui.add_space(4.0);
    line(ui, 26.0, |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        for mark in marks.iter().rev() {
            let rate = format::rate(mark.rate);
            let is_now = (mark.rate / draft.optim.lr - 1.0).abs() < 1e-9;
            let button = Button::new(format!("Use {rate}")).name(format!("Use the {} rate {rate}", mark.name));
            if button.small().enabled(!is_now).show(ui, palette).clicked() {
                take_over(draft, mark.rate);
            }
        }
    });
    ui.add(Label::new(text::small(words(found), palette)).wrap());
}

/// What is read from the curve.
fn words(found: &FoundRate) -> String {
    let rate = format::rate;
    let end = found.diverged.map_or("it never exploded".to_owned(), |at| format!("it exploded at {}", rate(at)));
    match (found.steepest, found.tenth_of_lowest) {
        (Some(steepest), Some(tenth)) => {
            let suggested = found.suggested.filter(|_| rate(steepest) != rate(tenth));
            let midway = suggested.map_or_else(String::new, |at| format!("; {} lies midway between the two", rate(at)));
            format!(
                "The loss falls fastest at {}; a tenth of the rate where it is lowest is {}{midway}; {end}",
                rate(steepest),
                rate(tenth)
            )
        }
        _ => "The loss fell at no rate in so few updates: keep the recommended one, or train more of the model".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_said_in_a_sentence() {
        let found = FoundRate {
            suggested: Some(1.1e-4),
            steepest: Some(1.2e-4),
            tenth_of_lowest: Some(1e-4),
            recommended: 2e-4,
            diverged: Some(0.02),
            trials: Vec::new(),
        };
        let expected = "The loss falls fastest at 1.2e-4; a tenth of the rate where it is lowest is 1e-4; \
             1.1e-4 lies midway between the two; it exploded at 0.02";
        assert_eq!(words(&found), expected);
        let none = FoundRate { steepest: None, tenth_of_lowest: None, ..found };
        assert!(words(&none).starts_with("The loss fell at no rate"));
    }
}
