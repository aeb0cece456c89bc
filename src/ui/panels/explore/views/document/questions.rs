//! The questions about a document, each with its answer.

use egui::{Align, Layout as Flow, Margin, ScrollArea, TextEdit, Ui, vec2};
use egui_material_icons::icons::{ICON_ADD, ICON_CLOSE};

use super::{Asked, Document, MOST};
use crate::table::GoldAnswer;
use crate::train::limits;
use crate::ui::panels::explore::told::Told;
use crate::ui::panels::explore::view::Changed;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::form::{self, toggle};
use crate::ui::widgets::{Button, Chip, Number, divider, state, text};
use crate::ui::{Cx, format};

impl Document {
    /// The questions with their answers.
    pub fn questions_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        self.refusal_ui(ui, palette);
        divider(ui, palette);
        let mut removed = None;
        ScrollArea::vertical().id_salt("questions").auto_shrink([false, false]).show(ui, |ui| {
            for place in 0..self.questions.len() {
                match self.question_ui(ui, cx, place) {
                    Pressed::Nothing => {}
                    Pressed::Changed => changed = Changed::Typed,
                    Pressed::Remove => removed = Some(place),
                }
            }
            if self.questions.len() < MOST
                && Button::new("Another question").icon(ICON_ADD).quiet().small().show(ui, palette).clicked()
            {
                self.questions.push(Asked::default());
                self.active = self.questions.len() - 1;
                self.picked = 0;
            }
        });
        if let Some(place) = removed {
            self.questions.remove(place);
            self.active = self.active.min(self.questions.len().saturating_sub(1));
            self.picked = 0;
        }
        changed
    }

    fn refusal_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        ui.horizontal(|ui| {
            toggle(ui, "Allow no answer", &mut self.allow_no_answer, palette);
            ui.label(text::dim("May say that there is no answer", palette));
        });
        if self.allow_no_answer {
            form::row(ui, "Say \u{201c}no answer\u{201d} when it leads by more than", "", palette, |ui| {
                let field = Number::new("Threshold for no answer", limits::ANY).show(ui, &mut self.threshold);
                field.on_hover_text(
                    "Score of \"no answer\" less that of the best span, as SQuAD 2.0 measures it; 0 is even",
                );
            });
        }
    }

    fn question_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, place: usize) -> Pressed {
        let palette = cx.palette;
        let active = place == self.active;
        let mut pressed = Pressed::Nothing;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let chip = Chip::class(format!("{}", place + 1), place, palette).selected(active);
            if chip.name(format!("Look at question {}", place + 1)).clickable().show(ui).clicked() {
                self.look_at(place);
            }
            let width = ui.available_width() - 34.0;
            let edit = TextEdit::singleline(&mut self.questions[place].text)
                .hint_text(egui::RichText::new("Ask something…").color(palette.text_faint))
                .font(theme::regular(size::BODY))
                .desired_width(width - 16.0)
                .margin(Margin::symmetric(8, 5));
            let response = ui.add(edit).accessible_name(format!("Question {}", place + 1));
            if response.gained_focus() && !active {
                self.look_at(place);
            }
            if response.changed() {
                pressed = Pressed::Changed;
            }
            let name = format!("Remove question {}", place + 1);
            if Button::icon_only(ICON_CLOSE, name).small().show(ui, palette).clicked() {
                pressed = Pressed::Remove;
            }
        });
        self.said_ui(ui, cx, place);
        ui.add_space(4.0);
        pressed
    }

    /// One line with the answer to a question.
    fn said_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, place: usize) {
        let palette = cx.palette;
        let asked = &self.questions[place];
        if asked.text.trim().is_empty() {
            return;
        }
        let Some(reading) = self.reading(place) else {
            let explore = &cx.workspace.explore;
            if let Some(error) = self.failure(asked) {
                let words = state::sentence(error);
                ui.horizontal(|ui| {
                    ui.add_space(34.0);
                    ui.add(egui::Label::new(text::small(words, palette).color(palette.bad)).wrap());
                });
                return;
            }
            let progress = explore.pending.and_then(|job| cx.workspace.job(job)).and_then(|job| job.progress.as_ref());
            ui.horizontal(|ui| {
                ui.add_space(34.0);
                match progress.filter(|_| place == self.active) {
                    Some(progress) => {
                        let words = format!("Reading window {} of {}", progress.done + 1, progress.total);
                        state::loading(ui, palette, &words, progress.share());
                    }
                    None => _ = ui.label(text::faint("Waiting for its turn…", palette)),
                }
            });
            return;
        };
        let millis = self.current(asked).and_then(Told::millis).unwrap_or(0.0);
        let shown = self.shown(reading).map(|best| (best.text.clone(), best.score));
        let gold = asked.gold.clone().filter(|(text, revision, _)| *text == asked.text && *revision == self.revision);
        let mut clicked = false;
        ui.horizontal(|ui| {
            ui.add_space(34.0);
            let (words, score) = match &shown {
                Some((words, score)) => (words.as_str(), *score),
                None => ("No answer in this document", reading.no_answer),
            };
            let color = if shown.is_some() { palette.label(place) } else { palette.text_dim };
            let line = egui::RichText::new(words).font(theme::medium(size::BODY)).color(color);
            let room = vec2((ui.available_width() - 118.0).max(40.0), 18.0);
            let label = egui::Label::new(line).truncate().sense(egui::Sense::click());
            let placed = ui.allocate_ui_with_layout(room, Flow::left_to_right(Align::Center), |ui| {
                ui.set_min_width(room.x);
                ui.add(label)
            });
            clicked = placed.inner.on_hover_text(words).clicked();
            let score = ui.label(text::number(format::score(score), palette));
            if shown.is_some() {
                score.on_hover_text("The sum over all windows that give this answer");
            }
            ui.label(text::number_dim(format!("{millis:.0} ms"), palette));
        });
        if let Some((.., gold)) = gold {
            gold_ui(ui, &gold, shown.as_ref().map_or("", |(words, _)| words), palette);
        }
        if clicked {
            self.look_at(place);
        }
    }
}

enum Pressed {
    Nothing,
    Changed,
    Remove,
}

fn gold_ui(ui: &mut Ui, gold: &[GoldAnswer], said: &str, palette: &Palette) {
    ui.horizontal(|ui| {
        ui.add_space(34.0);
        let right = if gold.is_empty() { said.is_empty() } else { gold.iter().any(|gold| gold.text == said) };
        let mark = if right { Chip::good("as in the data", palette) } else { Chip::warn("differs", palette) };
        mark.show(ui);
        let words: Vec<&str> = gold.iter().map(|gold| gold.text.as_str()).collect();
        let words = if words.is_empty() { "No answer".to_owned() } else { words.join(" / ") };
        ui.add(egui::Label::new(text::small(format!("Data: {words}"), palette)).truncate());
    });
}
