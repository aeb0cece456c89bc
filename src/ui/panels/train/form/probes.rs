//! The texts that are pinned for the next run, and how often they are asked.

use egui::{Label, Margin, TextEdit, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_PUSH_PIN};

use super::fields::whole;
use crate::task::{Reads, Targets};
use crate::train::config::{Probe, RunConfig};
use crate::train::limits;
use crate::ui::theme::Palette;
use crate::ui::widgets::form::row;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, text};

/// What is being typed.
#[derive(Debug, Default)]
pub struct ProbesForm {
    text: String,
    pair: String,
}

impl ProbesForm {
    pub fn ui(&mut self, ui: &mut Ui, draft: &mut RunConfig, is_own: bool, palette: &Palette) {
        let task = draft.task;
        if task.targets() == Targets::Replaced {
            ui.add(Label::new(text::small("Replaced tokens cannot be asked of a text", palette)).wrap());
            return;
        }
        let probes = &mut draft.run.probes;
        let mut gone = None;
        for (place, probe) in probes.iter().enumerate() {
            let words = probe.words();
            line(ui, 24.0, |ui| {
                let close = Button::icon_only(ICON_CLOSE, format!("Unpin {words}")).small();
                if is_own && close.show(ui, palette).clicked() {
                    gone = Some(place);
                }
                left(ui, |ui| {
                    ui.label(crate::ui::theme::icon(ICON_PUSH_PIN, 13.0).color(palette.accent));
                    ui.add(Label::new(text::body(&words, palette)).truncate()).on_hover_text(&words);
                });
            });
        }
        if let Some(place) = gone {
            probes.remove(place);
        }
        if is_own {
            self.add_ui(ui, draft, palette);
        }
        if !draft.run.probes.is_empty() {
            every_ui(ui, &mut draft.run.probe_every, palette);
        }
    }

    fn add_ui(&mut self, ui: &mut Ui, draft: &mut RunConfig, palette: &Palette) {
        let [first, second] = match draft.task.reads() {
            Reads::Texts => ["A text to watch", "and its pair, where it has one"],
            Reads::Words => ["A sentence to watch", ""],
            Reads::Question => ["A question to watch", "and the text it is about"],
            Reads::Running => ["A text with a mask", ""],
            Reads::Neighbours(_) => ["A first text", "and the second"],
        };
        let mut entered = field(ui, &mut self.text, first, palette);
        let needs = matches!(draft.task.reads(), Reads::Question | Reads::Neighbours(_));
        let takes = !second.is_empty() && (needs || !self.text.is_empty());
        if takes {
            entered |= field(ui, &mut self.pair, second, palette);
        }
        let is_whole = !self.text.trim().is_empty() && (!needs || !self.pair.trim().is_empty());
        let pressed =
            Button::new("Pin").name("Pin the text").icon(ICON_PUSH_PIN).small().enabled(is_whole).show(ui, palette);
        if is_whole && (entered || pressed.clicked()) {
            let text = std::mem::take(&mut self.text).trim().to_owned();
            let pair = std::mem::take(&mut self.pair).trim().to_owned();
            let pair = (takes && !pair.is_empty()).then_some(pair);
            draft.run.probes.push(Probe::Text { text, pair });
        }
    }
}

/// How often they are asked: 0 leaves it to the run.
fn every_ui(ui: &mut Ui, every: &mut u64, palette: &Palette) {
    const USUAL: u64 = 10;
    let hint = "Automatic: some forty times in the run, evenly spaced";
    let by_steps = *every > 0;
    row(ui, "Ask them", hint, palette, |ui| {
        let choices = [(false, "Automatic"), (true, "By steps")];
        if let Some(by_steps) = segmented(ui, palette, by_steps, &choices, false) {
            *every = if by_steps { USUAL } else { 0 };
        }
    });
    if by_steps {
        row(ui, "Steps between", "How many steps lie between two answers", palette, |ui| {
            whole(ui, "Steps between answers", every, limits::COUNT);
        });
    }
}

/// Returns whether it was confirmed.
fn field(ui: &mut Ui, words: &mut String, hint: &str, palette: &Palette) -> bool {
    let field = TextEdit::singleline(words)
        .hint_text(egui::RichText::new(hint).color(palette.text_faint))
        .margin(Margin::symmetric(8, 5))
        .desired_width(f32::INFINITY);
    let response = ui.add(field).accessible_name(hint);
    response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter))
}
