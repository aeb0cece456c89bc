//! By what a run learns, and what is offered where there are few rows of each class.

use egui::{Label, Ui};
use egui_material_icons::icons::ICON_LIGHTBULB;

use crate::train::config::{Fit, RunConfig, StrategyKind};
use crate::train::few::{Few, preset};
use crate::ui::theme::{self, space};
use crate::ui::widgets::form::row;
use crate::ui::widgets::help::{Help, help};
use crate::ui::widgets::segmented::limited;
use crate::ui::widgets::{Button, Card, text};
use crate::ui::{Cx, Palette};

const HELP: Help<'_> = Help {
    title: "What a run learns by",
    paragraphs: &[
        "Gradient: all that is trained goes down the loss of the labels. It is what is usual, and best with many rows.",
        "Pairs: first the encoder learns which texts are of one class and which are not, from pairs of them; then the outputs of \
         the head are fitted to the classes. A few rows make many pairs. The outputs are fitted anew for every evaluation, so \
         the metrics are those of a whole model. The loss of a step is that of the pairs, and no cross-entropy.",
        "Logistic: with the head alone, its outputs are logistic regression on what the encoder says of each text. There is no \
         rate and no epoch: how strong the weights are held down is chosen by cross-validation on the rows that are learned \
         from, and the one best fit is computed.",
    ],
    papers: &[(
        "Tunstall et al. (2022), SetFit: efficient few-shot learning without prompts",
        "https://arxiv.org/abs/2209.11055",
    )],
};

const ONLY_HEAD: &str = "Only the outputs of the head are fitted: choose Head only first";

/// The choice, and the offer where it is worth one.
pub fn ui(ui: &mut Ui, draft: &mut RunConfig, (is_own, only_head): (bool, bool), cx: &Cx<'_>) {
    if !draft.task.has_one_class() {
        return;
    }
    let palette = cx.palette;
    if draft.strategy.kind != StrategyKind::Head && !draft.strategy.fit.has_rate() {
        draft.strategy.fit = Fit::Gradient;
    }
    row(ui, "Learns by", "From the labels of texts, from pairs of texts, or in one step", palette, |ui| {
        help(ui, &HELP, palette);
    });
    let choices = Fit::ALL.map(|fit| (fit, fit.title()));
    let kind = draft.strategy.kind;
    let is_off = |fit: Fit| !fit.has_rate() && kind != StrategyKind::Head;
    if let Some(fit) = limited(ui, palette, draft.strategy.fit, &choices, true, (&is_off, ONLY_HEAD)) {
        draft.strategy.fit = fit;
    }
    let words = match draft.strategy.fit {
        Fit::Gradient => None,
        Fit::Logistic => Some("One step without a rate; how strong it is regularised is found by cross-validation"),
        Fit::Contrastive => {
            Some("Each text is read with one of its class and one of another; then the outputs are fitted")
        }
    };
    if let Some(words) = words {
        ui.add_space(4.0);
        ui.add(Label::new(text::small(words, palette)).wrap());
    }
    if let Some(few) = few(draft, cx).filter(|_| is_own && draft.strategy.fit == Fit::Gradient) {
        few_ui(ui, draft, few, only_head, palette);
    }
}

/// Whether the data that are open have few rows of each class to learn from.
fn few(draft: &RunConfig, cx: &Cx<'_>) -> Option<Few> {
    let loaded = cx.workspace.data.loaded.as_deref()?;
    Few::of(draft.task, loaded.summary.counts.iter().map(|count| count.train))
}

fn few_ui(ui: &mut Ui, draft: &mut RunConfig, few: Few, only_head: bool, palette: &Palette) {
    ui.add_space(space::S);
    Card::new().show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.label(theme::icon(ICON_LIGHTBULB, 14.0).color(palette.accent));
            ui.add(Label::new(text::strong(few.words(), palette)).wrap());
        });
        let preset = preset(only_head);
        ui.add(Label::new(text::small(preset.why, palette)).wrap());
        if Button::new(preset.title).min_width(ui.available_width()).show(ui, palette).clicked() {
            preset.apply(draft);
        }
    });
}
