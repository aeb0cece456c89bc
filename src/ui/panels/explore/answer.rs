//! What the model says: a bar for each class, or a number.

use egui::{Align, Layout, RichText, ScrollArea, Ui, vec2};

use crate::inspect::{Answer, Prediction};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::bars::{self, Bar, bars};
use crate::ui::widgets::{Button, state, text};
use crate::ui::{Cx, format};

/// Classes that are shown before the rest is asked for.
const FIRST: usize = 12;

#[expect(clippy::fn_params_excessive_bools, reason = "two facts of the screen and one of its switches")]
pub fn ui(ui: &mut Ui, fresh: bool, has_text: bool, all: &mut bool, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let explore = &cx.workspace.explore;
    if let Some(error) = &explore.error {
        state::error(ui, palette, "The model cannot answer", error, |_| {});
        return;
    }
    let Some(answer) = &explore.answer else {
        ui.add_space((ui.available_height() - 40.0).max(0.0) * 0.4);
        ui.vertical_centered(|ui| {
            let words = match (has_text, explore.pending.is_some()) {
                (true, true) => "Opening the model…",
                (true, false) => "Asking…",
                (false, _) => "The prediction appears here while you type",
            };
            ui.label(text::dim(words, palette));
        });
        return;
    };
    if !has_text {
        ui.add_space((ui.available_height() - 40.0).max(0.0) * 0.4);
        ui.vertical_centered(|ui| ui.label(text::dim("The prediction appears here while you type", palette)));
        return;
    }
    // The old answer stays in sight while the next one is on its way: emptiness would flicker at every key.
    if !fresh {
        ui.multiply_opacity(0.75);
    }
    match &answer.result {
        Prediction::Classes(classes) => classes_ui(ui, answer, classes, false, all, palette),
        Prediction::Labels(labels) => classes_ui(ui, answer, labels, true, all, palette),
        Prediction::Value(value) => {
            head_ui(ui, answer, palette, |ui| {
                ui.label(RichText::new(format!("{value:.3}")).font(theme::number_medium(28.0)).color(palette.text));
            });
        }
    }
}

/// The verdict to the left, how long it took to the right.
fn head_ui(ui: &mut Ui, answer: &Answer, palette: &Palette, verdict: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 34.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(34.0);
        let millis =
            if answer.millis < 100.0 { format!("{:.1} ms", answer.millis) } else { format!("{:.0} ms", answer.millis) };
        ui.label(text::number_dim(millis, palette)).on_hover_text("From taking the request to the answer");
        ui.with_layout(Layout::left_to_right(Align::Center), verdict);
    });
}

fn classes_ui(
    ui: &mut Ui,
    answer: &Answer,
    classes: &[(String, f64)],
    independent: bool,
    all: &mut bool,
    palette: &Palette,
) {
    // Colours belong to names, not to ranks, so that a bar keeps its colour when the order changes.
    let mut names: Vec<&str> = classes.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let color = |name: &str| palette.label(names.binary_search(&name).unwrap_or(0));
    head_ui(ui, answer, palette, |ui| {
        let given = classes.iter().filter(|(_, share)| *share >= 0.5).count();
        if independent {
            let words = format::plural(given as u64, "label", "labels");
            ui.label(text::head(words, palette));
        } else if let Some((name, share)) = classes.first() {
            let label = RichText::new(name).font(theme::semibold(size::TITLE)).color(color(name));
            ui.add(egui::Label::new(label).truncate());
            ui.label(RichText::new(format::percent(*share)).font(theme::number(size::HEAD)).color(palette.text_dim));
        }
    });
    ui.add_space(4.0);
    let shown = if *all { classes.len() } else { classes.len().min(FIRST) };
    let list: Vec<Bar<'_>> = classes[..shown]
        .iter()
        .enumerate()
        .map(|(rank, (name, share))| Bar {
            name,
            share: *share,
            value: format::percent(*share),
            color: color(name),
            strong: if independent { *share >= 0.5 } else { rank == 0 },
        })
        .collect();
    ScrollArea::vertical().id_salt("classes said").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let width = bars::name_width(ui, list.iter().map(|bar| bar.name), ui.available_width() * 0.35);
        bars(ui, &list, width, false, palette);
        if classes.len() > FIRST {
            let words = if *all {
                "Show fewer classes".into()
            } else {
                format!("Show {} more classes", format::count((classes.len() - FIRST) as u64))
            };
            if Button::new(words).quiet().small().show(ui, palette).clicked() {
                *all = !*all;
            }
        }
    });
}
