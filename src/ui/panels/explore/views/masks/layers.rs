//! How the answer behind a mask comes about: what the masked-word head would say after each layer, how sure the model
//! becomes of one word, and what the mask looks at on the way.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::{share, shown};
use crate::inspect::Reply;
use crate::inspect::guesses::{Guesses, Guessing, Way, Word};
use crate::ui::panels::explore::tokens::plain;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::help::{Help, help};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{line, state, text};
use crate::words;

const ROW: f32 = 26.0;
/// Width of a layer's name and of the bar that says how sure the model is.
const NAME: f32 = 78.0;
const SURE: f32 = 150.0;

const HELP: Help<'_> = Help {
    title: "Layer by layer",
    paragraphs: &[
        "After each layer the mask's state is given to the masked-word head as if it were the last. The head was trained \
         on the last layer alone, so what it says of earlier ones shows how the answer comes about and is no prediction; \
         after the last layer it is the model's own.",
        "What the mask looks at is the attention from the mask to every token, as the mean over the heads of a layer.",
    ],
    papers: &[(
        "nostalgebraist 2020, interpreting GPT: the logit lens",
        "https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens",
    )],
};

#[derive(Debug, Default)]
pub struct Layers {
    guesses: Option<(Guessing, Arc<Guesses>)>,
    mask: usize,
    /// The word whose way is followed, and the layer that is looked at; the likeliest and all where none is chosen.
    followed: Option<u32>,
    layer: Option<usize>,
    /// What is to be looked at once it is there.
    to_look: Option<(usize, Option<u32>)>,
    /// Above 0 while it is in sight.
    in_sight: u8,
}

impl Layers {
    /// What is to be asked, where this is in sight and was not told.
    pub fn wanted(&self, asked: Guessing) -> Option<Guessing> {
        let is_told = self.guesses.as_ref().is_some_and(|(of, _)| *of == asked);
        (self.in_sight > 0 && !is_told).then_some(asked)
    }

    pub fn take(&mut self, reply: &Reply) {
        if let (Some(guesses), Some(asked)) = (reply.to::<Guessing>(), reply.inquiry.get::<Guessing>()) {
            self.guesses = Some((asked.clone(), guesses.clone()));
            self.mask = self.mask.min(guesses.masks.len().saturating_sub(1));
            self.followed = None;
            if let Some((mask, word)) = self.to_look.take() {
                self.mask = mask.min(guesses.masks.len().saturating_sub(1));
                self.followed =
                    word.filter(|word| guesses.masks.get(self.mask).is_some_and(|way| way.word(*word).is_some()));
            }
        }
    }

    /// The mask, the word whose way is followed and the layer.
    pub fn looked_at(&self) -> (usize, Option<u32>, Option<usize>) {
        let (mask, word) = self.to_look.unwrap_or((self.mask, self.followed));
        (mask, word, self.layer)
    }

    pub fn look_at(&mut self, mask: usize, word: Option<u32>, layer: Option<usize>) {
        (self.to_look, self.layer) = (Some((mask, word)), layer);
    }

    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What stands in its place is drawn, this frame.
    pub fn not_drawn(&mut self) {
        self.in_sight = self.in_sight.saturating_sub(1);
    }

    /// What is known of all masks, where that which is looked at is among them.
    fn told(&mut self, ui: &mut Ui, is_asked: bool, palette: &Palette) -> Option<Arc<Guesses>> {
        self.in_sight = 2;
        let guesses = self.guesses.as_ref().map(|(_, guesses)| guesses.clone());
        let Some(guesses) = guesses.filter(|guesses| !guesses.masks.is_empty()) else {
            let words = if is_asked { "Asking every layer…" } else { "It appears here once something is hidden" };
            ui.label(text::dim(words, palette));
            return None;
        };
        (self.mask < guesses.masks.len()).then_some(guesses)
    }

    /// What one sees, and which mask it is of.
    fn head_ui(&mut self, ui: &mut Ui, guesses: &Guesses, words: &str, palette: &Palette) {
        line::line(ui, 26.0, |ui| {
            help(ui, &HELP, palette);
            line::left(ui, |ui| {
                if guesses.masks.len() > 1 {
                    let names: Vec<String> = (1..=guesses.masks.len()).map(|mask| format!("Mask {mask}")).collect();
                    let choices: Vec<(usize, &str)> = names.iter().map(String::as_str).enumerate().collect();
                    if let Some(mask) = segmented(ui, palette, self.mask, &choices, false) {
                        (self.mask, self.followed) = (mask, None);
                    }
                }
                ui.add(egui::Label::new(text::faint(words, palette)).truncate());
            });
        });
    }

    /// The table: a row for each layer, its guesses best first, and how sure it is of the word that is followed.
    pub fn table_ui(&mut self, ui: &mut Ui, is_asked: bool, palette: &Palette) {
        let Some(guesses) = self.told(ui, is_asked, palette) else { return };
        let way = &guesses.masks[self.mask];
        let followed = self.followed.or_else(|| way.best.last()?.first().copied());
        let Some(word) = followed.and_then(|token| way.word(token)) else { return };
        let words =
            "What the model would say after each layer, likeliest first; press a word to see how sure it becomes of it";
        self.head_ui(ui, &guesses, words, palette);
        ui.spacing_mut().item_spacing.y = 2.0;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
        let font = theme::medium(size::SMALL);
        let name = text::elided(ui.painter(), &shown(&word.word), font, palette.text, SURE - 8.0);
        ui.painter().galley(pos2(rect.left() + NAME, rect.top()), name, palette.text);
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
        let rows = way.best.len();
        ScrollArea::vertical().id_salt("layers").auto_shrink([false, false]).show_rows(ui, ROW, rows, |ui, rows| {
            for layer in rows {
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
                sure_ui(ui, rect, layer, word, palette);
                if let Some(pressed) = guesses_ui(ui, rect, layer, way, word.token, palette) {
                    self.followed = Some(pressed);
                }
            }
        });
    }

    /// The text, coloured by what the mask looks at.
    pub fn looks_ui(&mut self, ui: &mut Ui, is_asked: bool, palette: &Palette) {
        let Some(guesses) = self.told(ui, is_asked, palette) else { return };
        let way = &guesses.masks[self.mask];
        let layers = way.looks.len();
        let layer = self.layer.filter(|layer| *layer < layers);
        let words = "What the mask looks at, as the mean over the heads; the stronger the colour, the more";
        self.head_ui(ui, &guesses, words, palette);
        let all = std::iter::once(None).chain((0..layers).map(Some));
        let mut chosen = layer;
        let is_chosen = choose(ui, "Layer of the mask's attention", 120.0, &mut chosen, all, |layer| {
            layer.map_or_else(|| "All layers".to_owned(), |layer| state::sentence(&words::layer(layer)))
        });
        if is_chosen {
            self.layer = chosen;
        }
        let looks = way.looks_at(layer);
        ScrollArea::vertical().id_salt("looks").auto_shrink([false, false]).show(ui, |ui| {
            tokens_ui(ui, &guesses, &looks, way.place, palette);
        });
    }
}

/// How sure the model is of a word after a layer.
fn sure_ui(ui: &mut Ui, rect: Rect, layer: usize, word: &Word, palette: &Palette) {
    let (sure, rank) = (word.shares[layer], word.ranks[layer]);
    let name = state::sentence(&words::states(layer));
    let at = Rect::from_min_size(rect.min, vec2(NAME + SURE, rect.height()));
    let response = ui.interact(at, ui.scope_id().with(("sure", layer)), Sense::hover());
    let words = format!("{name}: {} {}, rank {rank}", shown(&word.word), share(f64::from(sure)));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    let painter = ui.painter();
    let middle = rect.center().y;
    painter.text(
        pos2(rect.left(), middle),
        Align2::LEFT_CENTER,
        name,
        theme::regular(size::SMALL + 1.0),
        palette.text_dim,
    );
    let track = Rect::from_min_max(
        pos2(rect.left() + NAME, middle - 4.0),
        pos2(rect.left() + NAME + SURE - 64.0, middle + 4.0),
    );
    painter.rect_filled(track, 3.0, palette.raised);
    let filled = Rect::from_min_size(track.min, vec2((track.width() * sure).max(1.0), track.height()));
    painter.rect_filled(filled, 3.0, palette.accent);
    let number = share(f64::from(sure));
    painter.text(
        pos2(track.right() + 6.0, middle),
        Align2::LEFT_CENTER,
        number,
        theme::number(size::SMALL),
        palette.text_dim,
    );
    response.on_hover_text(words);
}

/// The guesses of a layer. Returns the token that was pressed.
fn guesses_ui(ui: &mut Ui, rect: Rect, layer: usize, way: &Way, followed: u32, palette: &Palette) -> Option<u32> {
    let guesses = &way.best[layer];
    let left = rect.left() + NAME + SURE;
    let width = ((rect.right() - left) / guesses.len().max(1) as f32).max(64.0);
    let mut pressed = None;
    for (rank, token) in guesses.iter().enumerate() {
        let Some(word) = way.word(*token) else { continue };
        let at = Rect::from_min_size(pos2(left + width * rank as f32, rect.top()), vec2(width, rect.height()));
        let at = at.shrink2(vec2(1.5, 1.0));
        if at.right() > rect.right() + 1.0 {
            break;
        }
        let response = ui.interact(at, ui.scope_id().with((layer, rank)), Sense::click());
        let sure = word.shares[layer];
        let (shown, number) = (shown(&word.word), share(f64::from(sure)));
        let layer = state::sentence(&words::states(layer));
        let name = format!("{layer}, guess {}: {shown} {number}", rank + 1);
        let is_followed = *token == followed;
        response.widget_info(|| WidgetInfo::selected(Role::GridCell, true, is_followed, &name));
        let painter = ui.painter();
        let line = match (is_followed, response.hovered() || response.has_focus()) {
            (true, _) => Stroke::new(1.5, palette.series[1]),
            (_, true) => Stroke::new(1.0, palette.text_dim),
            _ => Stroke::new(1.0, Color32::TRANSPARENT),
        };
        painter.rect(at, CornerRadius::same(4), palette.heat(sure), line, StrokeKind::Inside);
        let ink = palette.on_heat(sure);
        let room = if width > 100.0 { 50.0 } else { 8.0 };
        let words = text::elided(painter, &shown, theme::regular(size::BODY - 0.5), ink, at.width() - room - 6.0);
        painter.galley(pos2(at.left() + 6.0, at.center().y - words.size().y / 2.0), words, ink);
        if width > 100.0 {
            painter.text(
                at.right_center() - vec2(6.0, 0.0),
                Align2::RIGHT_CENTER,
                &number,
                theme::number(size::SMALL - 0.5),
                ink,
            );
        }
        if response.on_hover_text(name).clicked() {
            pressed = Some(*token);
        }
    }
    pressed
}

fn tokens_ui(ui: &mut Ui, guesses: &Guesses, looks: &[f32], mask: usize, palette: &Palette) {
    // Most of it often goes to special tokens and the mask itself: the words are coloured by what is given to words.
    let is_word = |place: &usize| !guesses.special[*place] && *place != mask;
    let most = (0..looks.len()).filter(is_word).map(|place| looks[place]).fold(1e-9, f32::max);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 4.0);
        for (place, token) in guesses.tokens.iter().enumerate() {
            let (is_special, given) = (guesses.special[place], looks[place]);
            let strength = (given / most).min(1.0).sqrt();
            let words = if is_special || place == mask { token.clone() } else { plain(token, "·") };
            let font =
                if is_special || place == mask { theme::number(size::SMALL) } else { theme::regular(size::BODY) };
            let ink = palette.on_heat(strength);
            let galley = text::elided(ui.painter(), &words, font, ink, 240.0);
            let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 8.0, 24.0), Sense::hover());
            let name = format!("{words} {given}");
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
            let line = if place == mask { Stroke::new(1.5, palette.series[1]) } else { Stroke::NONE };
            ui.painter().rect(rect, CornerRadius::same(4), palette.heat(strength), line, StrokeKind::Inside);
            ui.painter().galley(rect.center() - galley.size() / 2.0, galley, ink);
            response.on_hover_text(name);
        }
    });
}
