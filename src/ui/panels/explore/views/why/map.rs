//! The text with its weights, and what is explained by which map.

use std::sync::Arc;

use egui::{Label, Rect, Ui, UiBuilder, pos2};

use super::{Why, about, known, weight_words};
use crate::inspect::why::{Baseline, Choice, Explained, Explanation, Hide, Method, Target, Unit};
use crate::task::{Targets, Task};
use crate::ui::panels::explore::tokens::plain;
use crate::ui::panels::explore::told;
use crate::ui::panels::explore::view::Changed;
use crate::ui::panels::progress_line;
use crate::ui::theme::Palette;
use crate::ui::widgets::choice::choice;
use crate::ui::widgets::help::help;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::word_bars::{Word, legend, word_bars};
use crate::ui::widgets::{Button, Chip, line, state, text};
use crate::ui::{Action, Cx, format};

/// Words that are drawn.
const MOST: usize = 1200;
/// Room for what is under way.
const FOOT: f32 = 28.0;

impl Why {
    pub(super) fn map_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = self.target_ui(ui, palette);
        if let Some(why) = &self.gone {
            let words = format!("{}; what the model says is explained instead", state::sentence(why));
            ui.add(Label::new(text::small(words, palette).color(palette.warn)).wrap());
        }
        if self.methods_ui(ui, palette) {
            changed = Changed::Chosen;
            cx.act(Action::ExplainBy(self.ways));
        }
        let foot = Rect::from_min_max(pos2(ui.max_rect().left(), ui.max_rect().bottom() - FOOT), ui.max_rect().max);
        let has_foot = self.under_way_ui(&mut ui.new_child(UiBuilder::new().max_rect(foot).id_salt("under way")), cx);
        let Some(found) = self.shown().cloned() else {
            let empty = "What the answer comes from appears here while you type";
            ui.label(text::dim(told::waiting(cx, Some(&self.target_in), empty), palette));
            return changed;
        };
        self.verdict_ui(ui, &found, cx);
        if let Some(why) = self.method.and_then(|method| self.known.no_map(self.ways, method)) {
            ui.label(text::dim(state::sentence(why), palette).color(palette.warn));
        }
        let words = if self.pieces { pieces(&found) } else { words(&found, self.pointed) };
        let largest = words.iter().map(|word| word.weight.abs()).fold(0.0, f64::max);
        ui.add_space(2.0);
        // What is under way stands below the words, so that nothing moves when it is there.
        let mut room = ui.available_rect_before_wrap();
        room.max.y -= if has_foot { FOOT } else { 0.0 };
        let inside = UiBuilder::new().max_rect(room);
        let seen = ui.scope_builder(inside, |ui| word_bars(ui, &words, largest, palette)).inner;
        let unit = |place: usize| if self.pieces { unit_of_token(&found, place) } else { Some(place) };
        let (hovered, pressed) = (seen.hovered.and_then(unit), seen.pressed.and_then(unit));
        self.point(hovered);
        if let Some(unit) = pressed.filter(|_| reads_words(found.explained.task)) {
            let place = Some(found.units[unit].place);
            changed = self.choose(Target { place, label: None });
        }
        changed
    }

    /// What is explained: the head, the place in the text and the output.
    fn target_ui(&mut self, ui: &mut Ui, palette: &Palette) -> Changed {
        let mut changed = Changed::No;
        let found = self.shown().cloned();
        let explained = found.as_ref().map(|found| &found.explained);
        line::line(ui, 30.0, |ui| {
            self.told.millis_ui(ui, palette);
            line::left(ui, |ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                ui.label(text::dim("Explain", palette));
                if self.heads.len() > 1 {
                    changed = self.heads_ui(ui);
                }
                let Some(explained) = explained else { return };
                if explained.choices.len() > 1
                    && let Some(label) = labels_ui(ui, explained)
                {
                    changed = self.choose(Target { label: Some(label), ..self.target.clone() });
                }
                if !explained.word.is_empty() {
                    let words = text::short_name(explained.word.trim(), 28);
                    ui.label(text::dim(
                        if explained.task.targets() == Targets::Hidden { "behind" } else { "at" },
                        palette,
                    ));
                    ui.label(text::strong(words, palette)).on_hover_text("Press a word below to ask about another");
                }
                if self.target != Target::default() {
                    let back = Button::new("What it says").quiet().small();
                    let back = back.name("Explain what the model says").show(ui, palette);
                    if back.on_hover_text("Explain what the model says").clicked() {
                        changed = self.choose(Target::default());
                    }
                }
            });
        });
        changed
    }

    fn heads_ui(&mut self, ui: &mut Ui) -> Changed {
        let mut changed = Changed::No;
        let shown = self.head.map_or("", Task::title);
        let heads = self.heads.clone();
        choice(ui, "Head to explain", 150.0, shown, |ui| {
            for head in heads {
                if ui.selectable_label(self.head == Some(head), head.title()).clicked() {
                    (self.head, self.target) = (Some(head), Target::default());
                    changed = Changed::Chosen;
                }
            }
        });
        changed
    }

    /// The maps, and how they are made. Returns whether another way was chosen.
    fn methods_ui(&mut self, ui: &mut Ui, palette: &Palette) -> bool {
        let before = self.ways;
        let method = self.shown().map_or(Method::GradientInput, |found| found.map.method);
        let chosen = self.method.or_else(|| self.best()).unwrap_or(method);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(6.0, 4.0);
            let choices = Method::ALL.map(|one| (one, one.title()));
            if let Some(pressed) = segmented(ui, palette, chosen, &choices, false) {
                self.method = Some(pressed);
                if self.known.map(self.ways, pressed).is_none() {
                    self.known.go_on();
                }
            }
            if let Some(pressed) = segmented(ui, palette, self.pieces, &[(false, "Words"), (true, "Pieces")], false) {
                self.pieces = pressed;
            }
            match chosen {
                Method::GradientInput => {}
                Method::IntegratedGradients => {
                    let choices = Baseline::ALL.map(|one| (one, one.title()));
                    let pressed = ui.horizontal(|ui| {
                        ui.label(text::small("from", palette));
                        segmented(ui, palette, self.ways.baseline, &choices, false)
                    });
                    self.ways.baseline = pressed.inner.unwrap_or(self.ways.baseline);
                }
                Method::Occlusion => {
                    let choices = [(Hide::Mask, "Masked"), (Hide::Remove, "Removed")];
                    if let Some(pressed) = segmented(ui, palette, self.ways.hide, &choices, false) {
                        self.ways.hide = pressed;
                    }
                }
            }
            help(ui, &about::map(chosen), palette);
        });
        self.ways != before
    }

    /// What is being computed and how far it is, or that a person ended it. Returns whether there is anything to say.
    fn under_way_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
        let explore = &cx.workspace.explore;
        let job = explore.pending.and_then(|job| cx.workspace.job(job));
        let asked = explore.asked.as_ref().and_then(|asked| Some((asked, known::title(asked)?)));
        if let (Some(job), Some((asked, title))) = (job, asked) {
            // What is there in a moment needs no words.
            let is_long = job.progress.as_ref().is_some_and(|progress| progress.total > 1);
            if !is_long && !told::is_slow(ui, cx, job) {
                return false;
            }
            let words = match &job.progress {
                Some(progress) if progress.total > 1 => {
                    format!("{title}: {} of {}", format::count(progress.done), format::count(progress.total))
                }
                _ => format!("{title}…"),
            };
            if progress_line::of_words(ui, cx, job, &words, &format!("Cancel: {title}")) {
                self.known.end(asked);
            }
            return true;
        }
        let ended: Vec<&str> = self.known.ended().filter_map(known::title).collect();
        if ended.is_empty() {
            return false;
        }
        let words = format!("Cancelled: {}", ended.join(", "));
        line::line(ui, FOOT, |ui| {
            if Button::new("Go on").small().name("Go on with what was cancelled").show(ui, cx.palette).clicked() {
                self.known.go_on();
            }
            line::left(ui, |ui| ui.add(Label::new(text::dim(words, cx.palette)).truncate()));
        });
        true
    }

    /// How the shown map stands, in words.
    fn verdict_ui(&self, ui: &mut Ui, found: &Arc<Explanation>, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let method = found.map.method;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(8.0, 4.0);
            if let Some(trial) = self.known.trial(self.ways) {
                let place = Method::ALL.iter().position(|one| *one == method).unwrap_or(0);
                match (trial.best() == Some(place), trial.beats_chance(place)) {
                    (true, true) => Chip::good("Most faithful here", palette).dot().show(ui),
                    (_, false) => Chip::warn("No better than chance here", palette).dot().show(ui),
                    (false, true) => {
                        Chip::neutral("Another map is more faithful here", palette).max_width(260.0).show(ui)
                    }
                };
            } else if self.method.or_else(|| self.best()).is_some_and(|wanted| wanted != method) {
                ui.label(text::small("the chosen map is on its way", palette));
            } else if self.method.is_none() && cx.workspace.explore.pending.is_some() {
                ui.label(text::small("First, rough map; better ones are being computed", palette));
            }
            let explained = &found.explained;
            let output = if explained.task.targets() == Targets::Number { "value" } else { "logit" };
            ui.label(text::number_dim(format!("{output} {}", weight_words(explained.score)), palette));
            if let Some(known) = &found.map.completeness {
                let from = self.ways.baseline.words();
                let words = format!("gap {:.2} %, {} steps from {from}", known.share() * 100.0, known.steps);
                let told = text::number_dim(words, palette);
                let told = if known.share() > 0.01 { told.color(palette.warn) } else { told };
                let exact = format!(
                    "Completeness: the weights add up to {}, the text adds {} to the logit of the baseline ({})",
                    weight_words(known.score - known.baseline + known.gap),
                    weight_words(known.score - known.baseline),
                    weight_words(known.baseline)
                );
                ui.label(told).on_hover_text(exact);
            }
            outside_ui(ui, explained, palette);
            let name = text::short_name(&explained.label, 18);
            ui.horizontal(|ui| legend(ui, &format!("for {name}"), "against it", palette));
            self.save_ui(ui, found, cx);
        });
    }
}

fn outside_ui(ui: &mut Ui, explained: &Explained, palette: &Palette) {
    for (tokens, words) in [(explained.cut, "did not fit"), (explained.elsewhere, "stand in other windows")] {
        if tokens > 0 {
            let words = format!("{} {words}", format::plural(tokens as u64, "token", "tokens"));
            Chip::warn(words, palette).max_width(260.0).show(ui);
        }
    }
}

fn labels_ui(ui: &mut Ui, explained: &Explained) -> Option<String> {
    let mut chosen = None;
    let line = |one: &Choice| format!("{}  {}", text::short_name(&one.label, 30), format::percent(one.share));
    let shown = Choice { label: explained.label.clone(), share: explained.share };
    choice(ui, "Output to explain", 190.0, &line(&shown), |ui| {
        for one in &explained.choices {
            if ui.selectable_label(one.label == explained.label, line(one)).clicked() {
                chosen = Some(one.label.clone());
            }
        }
    });
    chosen
}

/// Whether a head says something of each word, so that pressing one asks about it.
fn reads_words(task: Task) -> bool {
    match task.targets() {
        Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => true,
        Targets::Class | Targets::Classes | Targets::Number => false,
    }
}

fn is_asked(explained: &Explained, unit: &Unit) -> bool {
    explained.place.is_some_and(|place| {
        unit.place.sequence == place.sequence && unit.place.start < place.end && unit.place.end > place.start
    })
}

fn unit_of_token(found: &Explanation, token: usize) -> Option<usize> {
    found.units.iter().position(|unit| unit.tokens.contains(&token))
}

/// Every word of the text; one of them may be pointed at.
pub(super) fn words(found: &Explanation, pointed: Option<usize>) -> Vec<Word<'_>> {
    let label = &found.explained.label;
    let words = found.units.iter().zip(&found.map.words).take(MOST).enumerate();
    let sequence = |place: usize| found.units[place].place.sequence;
    let word = words.map(|(place, (unit, weight))| Word {
        text: &unit.word,
        weight: *weight,
        name: format!("{} {} for {label}", unit.word, weight_words(*weight)),
        faint: false,
        goes_on: place > 0 && unit.place.start == found.units[place - 1].place.end && unit.tokens.len() == 1 && {
            // Pieces of one long word are shown one by one.
            unit.word.chars().all(char::is_alphanumeric)
                && found.units[place - 1].word.chars().all(char::is_alphanumeric)
                && sequence(place) == sequence(place - 1)
        },
        asked: is_asked(&found.explained, unit),
        picked: pointed == Some(place),
        breaks: place > 0 && sequence(place) != sequence(place - 1),
    });
    word.collect()
}

/// Every token, those around the text too.
pub(super) fn pieces(found: &Explanation) -> Vec<Word<'_>> {
    let label = &found.explained.label;
    let tokens = found.tokens.iter().zip(&found.map.tokens).take(MOST).enumerate();
    tokens
        .map(|(place, (token, weight))| {
            let unit = unit_of_token(found, place);
            let before = place.checked_sub(1).and_then(|before| unit_of_token(found, before));
            Word {
                text: shown(token),
                weight: *weight,
                name: format!("{} {} for {label}", plain(token, token), weight_words(*weight)),
                faint: unit.is_none(),
                goes_on: unit.is_some() && unit == before,
                asked: unit.is_some_and(|unit| is_asked(&found.explained, &found.units[unit])),
                picked: false,
                breaks: false,
            }
        })
        .collect()
}

/// A token without the marks that families write before it.
fn shown(token: &str) -> &str {
    let bare = token.trim_start_matches("##").trim_start_matches(['Ġ', '▁']);
    if bare.is_empty() { token } else { bare }
}
