//! One head, or an average: what it is, how it is drawn, and the number that is pointed at.

use std::sync::Arc;

use egui::{Align, Layout as Flow, Rect, Role as Part, Sense, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::ICON_FIT_SCREEN;

use super::matrix::Cell;
use super::running::{self, Way};
use super::shown::Shown;
use super::{AttentionView, Chosen, Drawn, Scope, can_be, lines, score};
use crate::inspect::attention::{Between, Figures, MOST_TOKENS_OF_FLOW, Seen};
use crate::train::limits;
use crate::ui::panels::explore::view::Changed;
use crate::ui::theme::Palette;
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::help::{Help, help};
use crate::ui::widgets::number::Percent;
use crate::ui::widgets::segmented::{limited, segmented};
use crate::ui::widgets::{Button, Chip, Number, line, number, state, text};
use crate::ui::{Cx, format};
use crate::words;

/// Room for the number that is pointed at.
const FOOT: f32 = 24.0;

/// Why a score cannot be looked at.
const NO_PARTS: &str = "What a score is made of is not shown for this family";

const HELP: Help<'_> = Help {
    title: "Attention",
    paragraphs: &[
        "A head gives each token a share of what it takes from every other: the softmax of query times key over the root \
         of the head's width. A row sums to one. The number below the picture is the model's own, in single precision.",
        "Whole words: attention to a word is the sum over its pieces, and from a word the mean. What is hidden is left \
         out and nothing is scaled up in its place.",
        "Rollout and flow follow a token through all layers up to the chosen one, each layer being half the mean of its \
         heads and half the residual connection. Rollout multiplies the layers; flow is the most that can pass through \
         them at once.",
        "What a head does is the mean share that its tokens give to the previous token, to the same word elsewhere and \
         so on, told where it is at least 0.3 and twice what even attention would give.",
        "A score is the query of the token that looks times the key of the one that is looked at, summed over the \
         dimensions of the head; press a cell of the matrix, then A score, to see what its number is made of.",
        "Attention shows what is mixed, and not by itself why the model answers as it does.",
    ],
    papers: &[
        ("Vaswani et al. 2017, Attention is all you need", "https://arxiv.org/abs/1706.03762"),
        ("Vig 2019, A multiscale visualization of attention", "https://arxiv.org/abs/1906.05714"),
        ("Clark et al. 2019, What does BERT look at?", "https://arxiv.org/abs/1906.04341"),
        ("Abnar and Zuidema 2020, Quantifying attention flow in transformers", "https://arxiv.org/abs/2005.00928"),
    ],
};

/// Room for the field of the least share.
const LEAST_SHARE: f32 = 82.0;

impl AttentionView {
    pub(super) fn one_ui(&mut self, ui: &mut Ui, seen: &Arc<Seen>, cx: &mut Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = self.title_ui(ui, seen, cx);
        if self.drawn == Drawn::Score {
            self.score_ui(ui, seen, palette);
            return changed;
        }
        self.lens_ui(ui, seen, palette);
        number::said_ui(ui, palette);
        if !can_be(self.what(), seen) {
            let words = format!(
                "Flow takes long, so it is computed of at most {MOST_TOKENS_OF_FLOW} tokens, and this text has {}. Rollout \
                 takes any length.",
                format::count(seen.tokens.count() as u64)
            );
            ui.add(egui::Label::new(text::dim(words, palette)).wrap());
            return changed;
        }
        let is_ready = self.prepare(ui, seen, palette);
        let mut shown = self.shown.take();
        if let Some(shown) = &shown {
            if !is_ready {
                ui.multiply_opacity(0.75);
            }
            let area = ui.available_rect_before_wrap();
            let foot = Rect::from_min_max(area.left_bottom() - vec2(0.0, FOOT), area.right_bottom());
            let body = Rect::from_min_max(area.min, foot.right_top() - vec2(0.0, 4.0));
            let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(body).id_salt("drawn"));
            let pointed = self.drawn_ui(&mut inside, shown, palette);
            let mut below = ui.new_child(egui::UiBuilder::new().max_rect(foot).id_salt("foot"));
            self.foot_ui(&mut below, shown, pointed, palette);
            ui.advance_cursor_after_rect(area);
        } else {
            ui.label(text::dim("Looking…", palette));
        }
        std::mem::swap(&mut self.shown, &mut shown);
        if let Some(moved) = self.step_keys(ui, seen) {
            changed = self.choose(moved);
        }
        changed
    }

    fn drawn_ui(&mut self, ui: &mut Ui, shown: &Shown, palette: &Palette) -> Option<Cell> {
        if shown.count() == 0 {
            ui.label(text::dim("Nothing is left to look at", palette));
            return None;
        }
        let place = self.place_words();
        match self.drawn {
            Drawn::Score => None,
            Drawn::Matrix => {
                let name = move |cell: Cell| format!("{}, {place}", told(shown, cell));
                let before = self.matrix.cursor;
                let pointed = self.matrix.ui(ui, shown, &name, palette);
                let (from, to) = self.matrix.cursor;
                if (from, to) != before {
                    self.pair = (shown.units.all[from].tokens.start, shown.units.all[to].tokens.start);
                }
                pointed
            }
            Drawn::Lines => lines::ui(ui, shown, &mut self.line, palette),
            Drawn::Text => running::ui(ui, shown, self.way, &mut self.running),
        }
    }

    /// What one number is made of.
    fn score_ui(&mut self, ui: &mut Ui, seen: &Arc<Seen>, palette: &Palette) {
        if self.scope != Scope::Head {
            ui.label(text::dim("Only a single head has scores; choose one head", palette));
            return;
        }
        let (from, to) = &mut self.pair;
        score::choices_ui(ui, &seen.tokens, (from, to), palette);
        let (from, to) = self.pair;
        let share = self.square().and_then(|square| square.get(from * seen.tokens.count() + to).copied());
        let words = "What one number of attention is made of, in each dimension of the head";
        ui.add(egui::Label::new(text::faint(words, palette)).truncate());
        match self.parts_of(seen) {
            Some(parts) => score::ui(ui, &parts, share, palette),
            None => _ = ui.label(text::dim("Looking…", palette)),
        }
    }

    /// Which head, what it does, and how it is drawn.
    fn title_ui(&mut self, ui: &mut Ui, seen: &Arc<Seen>, cx: &mut Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        line::line(ui, 28.0, |ui| {
            help(ui, &HELP, palette);
            self.save_ui(ui, seen, cx);
            let ways = [
                (Drawn::Matrix, "Matrix"),
                (Drawn::Lines, "Lines"),
                (Drawn::Text, "In the text"),
                (Drawn::Score, "A score"),
            ];
            let is_off = |drawn| self.has_no_parts && drawn == Drawn::Score;
            if let Some(drawn) = limited(ui, palette, self.drawn, &ways, false, (&is_off, NO_PARTS)) {
                self.drawn = drawn;
            }
            line::left(ui, |ui| {
                let scopes = [
                    (Scope::Head, "One head"),
                    (Scope::Layer, "Mean of a layer"),
                    (Scope::All, "Mean of all heads"),
                    (Scope::Rollout, "Rollout"),
                    (Scope::Flow, "Flow"),
                ];
                let name = |scope: &Scope| scopes.iter().find(|(one, _)| one == scope).map_or("", |(_, name)| name);
                let width = ui.available_width().clamp(80.0, 138.0);
                let all = scopes.map(|(scope, _)| scope);
                if choose(ui, "What is looked at", width, &mut self.scope, all, name) {
                    changed = Changed::Chosen;
                }
            });
        });
        let said = match self.scope {
            Scope::Head => {
                let place = self.chosen.layer * seen.heads + self.chosen.head;
                self.roles.figures(seen).get(place).map_or_else(String::new, Figures::said)
            }
            Scope::Layer => "what its heads give on average".to_owned(),
            Scope::All => "what all heads give on average".to_owned(),
            Scope::Rollout => "what each token is made of after them, if every layer only mixes".to_owned(),
            Scope::Flow => "how much of each token can reach each other through them".to_owned(),
        };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            ui.label(text::strong(self.place_words(), palette));
            ui.add(egui::Label::new(text::dim(said, palette)).truncate());
            if seen.tokens.cut > 0 {
                let words = format!("{} did not fit", format::plural(seen.tokens.cut as u64, "token", "tokens"));
                Chip::warn(words, palette).show(ui);
            }
        });
        changed
    }

    /// What of it is looked at.
    fn lens_ui(&mut self, ui: &mut Ui, seen: &Seen, palette: &Palette) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(6.0, 4.0);
            let toggle = |ui: &mut Ui, on: &mut bool, name: &str, note: &str| {
                if Button::new(name).small().selected(*on).show(ui, palette).on_hover_text(note).clicked() {
                    *on = !*on;
                }
            };
            let note = "To a word the sum over its pieces, from a word their mean";
            toggle(ui, &mut self.lens.words, "Whole words", note);
            let note = "Leaves out what was put around the text, such as [CLS] and [SEP]";
            toggle(ui, &mut self.lens.no_specials, "Hide special tokens", note);
            if seen.tokens.has_sides {
                let ways = [(Between::All, "All"), (Between::Within, "Within"), (Between::Across, "Across")];
                if let Some(between) = segmented(ui, palette, self.lens.between, &ways, false) {
                    self.lens.between = between;
                }
            }
            if self.drawn == Drawn::Text {
                let ways = [(Way::From, "Looks at"), (Way::To, "Is looked at by")];
                if let Some(way) = segmented(ui, palette, self.way, &ways, false) {
                    self.way = way;
                }
            }
            // The label stays with its field, and both go to the next line where there is no room.
            let label = text::dim("Shares from", palette);
            let size = vec2(text::width(ui, label.clone()) + LEAST_SHARE + 6.0, 24.0);
            ui.allocate_ui_with_layout(size, Flow::left_to_right(Align::Center), |ui| {
                ui.label(label);
                let limit = limits::between(0.0, 100.0);
                let field = Number::new("Least share drawn", limit).percent(Percent::Unit).unit("%").width(64.0);
                field.show(ui, &mut self.least).on_hover_text("Smaller shares are not drawn");
            });
            if self.drawn == Drawn::Matrix
                && self.matrix.is_moved()
                && Button::new("Fit").icon(ICON_FIT_SCREEN).quiet().small().show(ui, palette).clicked()
            {
                self.matrix.fit();
            }
        });
    }

    /// The number that is pointed at, and what the colours mean.
    fn foot_ui(&self, ui: &mut Ui, shown: &Shown, pointed: Option<Cell>, palette: &Palette) {
        line::line(ui, FOOT, |ui| {
            if ui.available_width() > 380.0 {
                scale_ui(ui, shown, palette);
            }
            line::left(ui, |ui| match pointed {
                Some(cell) => self.pointed_ui(ui, shown, cell, palette),
                None => _ = ui.add(egui::Label::new(text::faint(self.drawn.how(), palette)).truncate()),
            });
        });
    }

    /// Who looks at whom, and the number.
    fn pointed_ui(&self, ui: &mut Ui, shown: &Shown, cell: Cell, palette: &Palette) {
        let label = |unit: usize| text::strong(text::short_name(&shown.units.all[unit].label, 18), palette);
        ui.label(label(cell.0));
        ui.label(text::faint("→", palette));
        ui.label(label(cell.1));
        let share = shown.value(cell.0, cell.1);
        ui.label(
            share.map_or_else(
                || text::faint("not looked at", palette),
                |share| text::number(share.to_string(), palette),
            ),
        );
        ui.add(egui::Label::new(text::faint(self.place_words(), palette)).truncate());
    }

    /// Which layer and head, in words.
    pub(super) fn place_words(&self) -> String {
        let layer = self.chosen.layer;
        match self.scope {
            Scope::Head => self.chosen.title(),
            Scope::Layer => state::sentence(&words::layer(layer)),
            Scope::All => "All layers".to_owned(),
            Scope::Rollout | Scope::Flow => format!("Layers 1 to {}", layer + 1),
        }
    }

    /// Page keys go through the layers, with Ctrl through the heads.
    fn step_keys(&self, ui: &Ui, seen: &Seen) -> Option<Chosen> {
        if ui.ctx().text_edit_focused() {
            return None;
        }
        let pressed = |key| ui.input(|input| input.num_presses(key)) as isize;
        let by = pressed(egui::Key::PageDown) - pressed(egui::Key::PageUp);
        if by == 0 {
            return None;
        }
        let place = (self.chosen.layer * seen.heads + self.chosen.head) as isize + by;
        let place = place.clamp(0, (seen.layers * seen.heads) as isize - 1) as usize;
        Some(Chosen { layer: place / seen.heads, head: place % seen.heads })
    }
}

impl Drawn {
    /// What a person can do with it.
    fn how(self) -> &'static str {
        match self {
            Self::Matrix => "Point at a cell for its number; Ctrl and the wheel make it larger, arrows step",
            Self::Lines => "Point at a token for its own lines; press to keep them",
            Self::Text => "Point at a token to see what it looks at",
            Self::Score => "",
        }
    }
}

/// A cell in words.
fn told(shown: &Shown, (from, to): Cell) -> String {
    let label = |unit: usize| &shown.units.all[unit].label;
    match shown.value(from, to) {
        Some(share) => format!("Attention from {} to {}: {share}", label(from), label(to)),
        None => format!("Attention from {} to {}: not looked at", label(from), label(to)),
    }
}

/// From nothing to the most that is given, in the colours of the picture.
fn scale_ui(ui: &mut Ui, shown: &Shown, palette: &Palette) {
    ui.label(text::number_dim(format!("{:.2}", shown.top()), palette));
    let (rect, response) = ui.allocate_exact_size(vec2(64.0, 8.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Part::Label, true, format!("Colours from 0 to {:.2}", shown.top())));
    let steps = 32;
    for step in 0..steps {
        let left = rect.left() + rect.width() * step as f32 / steps as f32;
        let at =
            Rect::from_min_size(egui::pos2(left, rect.top()), vec2(rect.width() / steps as f32 + 0.5, rect.height()));
        let share = shown.top() * (step as f32 + 0.5) / steps as f32;
        ui.painter().rect_filled(at, 0.0, palette.heat(shown.strength(share)));
    }
    ui.label(text::number_dim("0", palette));
}
