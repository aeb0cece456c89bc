//! Masked words: click any word to hide it, see what the model would put there, and score words of one's own.

mod kept;
mod layers;
mod words;

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, Margin, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_CASINO, ICON_VISIBILITY};
use serde_json::{Map, Value};

use super::objectives;
use crate::inspect::filling::{Blank, Fill, Filling, Mask};
use crate::inspect::guesses::Guessing;
use crate::inspect::{Answer, AnyInquiry, Ask, Prediction, Question, Reply, Subject};
use crate::task::Task;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::tokens::plain;
use crate::ui::panels::explore::told::{self, Told, can_answer};
use crate::ui::panels::explore::view::{Changed, EXAMPLES, HISTORY, Kind, View, beside};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::line;
use crate::ui::widgets::marked::{self, Look};
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Chip, divider, text};
use crate::ui::{Cx, format};
use kept::Kept;
use layers::Layers;
use words::words_ui;

pub const KIND: Kind = Kind { name: "masks", title: "", heads: &[Task::Mlm], make: || Box::new(Masks::default()) };

const TEXT: Pane = Pane::new("text", "Text");
const MASKS: Pane = Pane::new("masks", "Predictions");
const LAYERS: Pane = Pane::new("mask layers", "Layer by layer");
const LOOKS: Pane = Pane::new("mask looks", "What the mask looks at");
const OWN: Pane = Pane::new("own", "Your candidates");

/// Room that the tools need beside the counts.
const ONE_LINE: f32 = 760.0;
/// Room for a scroll bar.
const BAR: f32 = 12.0;

#[derive(Debug, Default)]
struct Masks {
    text: String,
    /// Characters that are hidden by a click.
    hidden: Vec<(usize, usize)>,
    one_mask: bool,
    candidates: String,
    told: Told,
    layers: Layers,
    /// For each mask in order the rank of the word that the preview shows.
    picks: Vec<usize>,
    /// The same once there are masks.
    to_pick: Vec<usize>,
    /// The text that this screen began with, and the mask token it was written for.
    begun: (String, String),
}

impl View for Masks {
    fn layout(&self) -> Layout {
        let tabs = Layout::Tabs(vec![EXAMPLES.into(), HISTORY.into()]);
        let said = Layout::Tabs(vec![MASKS.into(), LAYERS.into(), LOOKS.into()]);
        beside(vec![(1.0, TEXT.into()), (1.15, said)], vec![(1.0, OWN.into()), (1.0, tabs)])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        let is_asked = cx.workspace.explore.pending.is_some();
        match pane {
            TEXT => return self.text_ui(ui, cx),
            MASKS => self.masks_ui(ui, cx),
            LAYERS if can_answer(ui, cx) => self.layers.table_ui(ui, is_asked, cx.palette),
            LOOKS if can_answer(ui, cx) => self.layers.looks_ui(ui, is_asked, cx.palette),
            LAYERS | LOOKS => {}
            _ => return self.candidates_ui(ui, cx),
        }
        Changed::No
    }

    /// A text to begin with in what the model can read, until something else is written; masks in the text are those of
    /// the model.
    fn meet(&mut self, subject: &Subject) {
        let mask = subject.mask_token.as_deref().unwrap_or_default();
        if self.begun.1 == mask {
            return;
        }
        let sample = samples::masked(subject.script, mask).swap_remove(0).text;
        if self.text == self.begun.0 {
            self.text.clone_from(&sample);
            self.hidden.clear();
        } else if !self.begun.1.is_empty() {
            self.text = self.text.replace(&self.begun.1, mask);
            self.hidden.clear();
        }
        self.begun = (sample, mask.to_owned());
    }

    /// What stands behind the masks, and then how that comes about where it is looked at.
    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        let question = self.question()?;
        if self.told.answer().is_none_or(|answer| answer.question != question) {
            return Some(AnyInquiry::new(question));
        }
        let asked = Guessing { text: question.text, hidden: self.hidden.clone(), one_mask: self.one_mask };
        self.layers.wanted(asked).map(AnyInquiry::new)
    }

    fn take(&mut self, reply: &Arc<Reply>) {
        if reply.to::<Question>().is_none() {
            self.layers.take(reply);
            return;
        }
        self.told.take(reply);
        let masks = self.filling().map_or(0, |filling| filling.blanks.iter().map(|blank| blank.masks.len()).sum());
        self.picks = std::mem::take(&mut self.to_pick);
        self.picks.resize(masks, 0);
    }

    fn forget(&mut self) {
        self.told.forget();
        self.layers.forget();
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn words(&self) -> Option<Words> {
        Words::of(&self.text).unless_blank()
    }

    fn set(&mut self, words: Words) {
        self.text = words.text;
        self.hidden.clear();
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Kept::of(self))
    }

    fn restore(&mut self, kept: Map<String, Value>, words: &Words) -> Result<(), Unread> {
        let kept: Kept = keeping::read(kept)?;
        kept.put_into(self, words)
    }

    fn samples(&self, subject: &Subject) -> Vec<Words> {
        samples::masked(subject.script, subject.mask_token.as_deref().unwrap_or_default())
    }

    fn verdict(&self, reply: &Reply) -> (String, String) {
        if reply.to::<Question>().is_none() {
            return <_>::default();
        }
        let blanks = filling(reply.to::<Question>()).map_or(&[][..], |filling| &filling.blanks);
        let masks = blanks.iter().flat_map(|blank| &blank.masks);
        let words: Vec<&str> = masks.filter_map(|mask| mask.best.first().map(|one| one.token_str.trim())).collect();
        (if words.is_empty() { "nothing hidden".into() } else { words.join(", ") }, String::new())
    }
}

fn filling(answer: Option<&Answer>) -> Option<&Filling> {
    match &answer?.result {
        Prediction::Filling(filling) => Some(filling),
        _ => None,
    }
}

impl Masks {
    fn question(&self) -> Option<Question> {
        let Words { text, pair } = self.words()?;
        let candidates = self.candidates.split(',').map(|word| word.trim().to_owned());
        let fill = Fill {
            hidden: self.hidden.clone(),
            one_mask: self.one_mask,
            candidates: candidates.filter(|word| !word.is_empty()).collect(),
            top_k: 0,
        };
        Some(Question { task: Some(Task::Mlm), text, pair, ask: Ask::Fill(fill) })
    }

    fn filling(&self) -> Option<&Filling> {
        filling(self.told.answer())
    }

    /// What was filled, where it is of the text as it is now.
    fn fresh(&self) -> Option<&Filling> {
        filling(self.told.answer_to(&Words::of(&self.text)))
    }

    fn text_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        let before = self.text.clone();
        let height = (ui.available_height() * 0.36).clamp(46.0, 150.0);
        let look = Look { name: "Text to try", hint: "Type or paste a text…", height, lanes: 0 };
        if marked::editor(ui, &mut self.text, &look, &[], palette).changed {
            self.hidden = marked::shifted(&self.hidden, &before, &self.text).into_iter().flatten().collect();
            changed = Changed::Typed;
        }
        let has_room = ui.available_width() >= ONE_LINE;
        let tools = |ui: &mut Ui| {
            let pressed = self.tools_ui(ui, palette);
            if has_room {
                line::right(ui, |ui| self.counts_ui(ui, palette));
            } else {
                self.counts_ui(ui, palette);
            }
            pressed
        };
        let pressed = if has_room { ui.horizontal(tools).inner } else { ui.horizontal_wrapped(tools).inner };
        if !matches!(pressed, Changed::No) {
            changed = pressed;
        }
        let mut pressed = None;
        if let Some(filling) = self.fresh() {
            ScrollArea::vertical().id_salt("words to hide").auto_shrink([false, false]).show(ui, |ui| {
                pressed = words_ui(ui, &self.text, filling, palette);
            });
        }
        if let Some(word) = pressed {
            let place = (word.start, word.end);
            let held = self.hidden.len();
            self.hidden.retain(|(start, end)| *end <= place.0 || *start >= place.1);
            if self.hidden.len() == held {
                self.hidden.push(place);
                self.hidden.sort_unstable();
            }
            changed = Changed::Chosen;
        }
        changed
    }

    /// What is done with the text.
    fn tools_ui(&mut self, ui: &mut Ui, palette: &Palette) -> Changed {
        let mut changed = Changed::No;
        ui.label(text::label("Click a word to hide it", palette));
        let choices = [(false, "A mask for each piece"), (true, "One mask for a word")];
        if let Some(chosen) = segmented(ui, palette, self.one_mask, &choices, false) {
            self.one_mask = chosen;
            changed = Changed::Chosen;
        }
        if !self.hidden.is_empty()
            && Button::new("Show all").icon(ICON_VISIBILITY).quiet().small().show(ui, palette).clicked()
        {
            self.hidden.clear();
            changed = Changed::Chosen;
        }
        let lottery = Button::new("Mask at random").icon(ICON_CASINO).quiet().small().name("Mask at random");
        let note = "What training would hide of this text, and how";
        if lottery.show(ui, palette).on_hover_text(note).clicked() {
            changed = Changed::Show(objectives::KIND.name, Words::of(&self.text));
        }
        changed
    }

    /// How long it took, and how long the text is.
    fn counts_ui(&self, ui: &mut Ui, palette: &Palette) {
        self.told.millis_ui(ui, palette);
        if let Some(filling) = self.fresh() {
            counts_ui(ui, filling, palette);
        }
    }

    /// The words the model would put behind each mask.
    fn masks_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        self.layers.not_drawn();
        if !can_answer(ui, cx) {
            return;
        }
        let words = "The words appear here once something is hidden";
        let (said, of) = (self.filling().cloned(), Words::of(&self.text));
        let Some(filling) = told::said(ui, cx, said, &self.told, &of, words) else { return };
        if filling.blanks.is_empty() {
            if self.fresh().is_none() {
                return;
            }
            ui.label(text::dim(
                format!("Nothing is hidden yet: click a word above, or write {}", filling.mask_token),
                palette,
            ));
            return;
        }
        self.preview_ui(ui, &filling, palette);
        divider(ui, palette);
        let all: Vec<(usize, &Blank, usize)> = filling
            .blanks
            .iter()
            .enumerate()
            .flat_map(|(place, blank)| (0..blank.masks.len()).map(move |mask| (place, blank, mask)))
            .collect();
        let room = ui.available_width() - BAR;
        let width = ((room + 16.0) / all.len() as f32 - 16.0).clamp(230.0, 520.0);
        let mut picked = None;
        ScrollArea::both().id_salt("masks").auto_shrink([false, false]).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = 16.0;
                for (number, (place, blank, mask)) in all.into_iter().enumerate() {
                    ui.vertical(|ui| {
                        ui.set_width(width);
                        if let Some(rank) = self.mask_ui(ui, (number, place), blank, mask, palette) {
                            picked = Some((number, rank));
                        }
                    });
                }
            });
        });
        if let Some((number, rank)) = picked
            && let Some(pick) = self.picks.get_mut(number)
        {
            *pick = rank;
        }
    }

    fn mask_ui(
        &self,
        ui: &mut Ui,
        (number, place): (usize, usize),
        blank: &Blank,
        index: usize,
        palette: &Palette,
    ) -> Option<usize> {
        let mask: &Mask = &blank.masks[index];
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.horizontal(|ui| {
            let name = if blank.masks.len() > 1 {
                format!("Mask {}, piece {} of {}", place + 1, index + 1, blank.masks.len())
            } else {
                format!("Mask {}", place + 1)
            };
            Chip::class(name, place, palette).dot().show(ui);
            if let Some(was) = &mask.was {
                let words = format!(
                    "{} has {}, rank {}",
                    plain(&was.token, &was.token),
                    format::percent(was.score),
                    format::count(was.rank as u64)
                );
                ui.add(egui::Label::new(text::small(words, palette)).truncate());
            }
        });
        let pick = self.picks.get(number).copied().unwrap_or(0);
        let names: Vec<String> = mask.best.iter().map(|one| shown(&one.token_str)).collect();
        let said = mask.best.iter().zip(&names).enumerate();
        let bars_of = said.map(|(rank, (one, name))| Bar::of(name, one.score, palette.label(place), rank == pick));
        let list: Vec<Bar<'_>> = bars_of.collect();
        ui.push_id(("mask", number), |ui| bars(ui, &list, ui.available_width() * 0.4, false, palette)).inner
    }

    /// The text with the chosen words in place.
    fn preview_ui(&self, ui: &mut Ui, filling: &Filling, palette: &Palette) {
        let letters: Vec<char> =
            self.told.answer().map_or_else(Vec::new, |answer| answer.question.text.chars().collect());
        let mut job = LayoutJob::default();
        let format = |color: Color32, strong: bool| TextFormat {
            font_id: if strong { theme::medium(size::HEAD - 1.0) } else { theme::regular(size::HEAD - 1.0) },
            color,
            ..TextFormat::default()
        };
        let (mut at, mut number) = (0, 0);
        for (place, blank) in filling.blanks.iter().enumerate() {
            let before: String = letters.get(at..blank.start).unwrap_or_default().iter().collect();
            job.append(&before, 0.0, format(palette.text, false));
            let mut words = String::new();
            for mask in &blank.masks {
                let pick = self.picks.get(number).copied().unwrap_or(0);
                number += 1;
                join(&mut words, mask.best.get(pick).map_or("", |one| one.token_str.as_str()));
            }
            job.append(words.trim(), 0.0, format(palette.label(place), true));
            at = blank.end;
        }
        let rest: String = letters.get(at..).unwrap_or_default().iter().take(4000).collect();
        job.append(&rest, 0.0, format(palette.text, false));
        ScrollArea::vertical().id_salt("preview").max_height(72.0).show(ui, |ui| {
            job.wrap.max_width = ui.available_width();
            let name = format!("Filled in: {}", job.text);
            ui.label(job).widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
        });
    }

    /// Own words, scored at every blank.
    fn candidates_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let edit = TextEdit::singleline(&mut self.candidates)
            .hint_text(egui::RichText::new("cup, mug, bucket…").color(palette.text_faint))
            .desired_width(f32::INFINITY)
            .margin(Margin::symmetric(8, 6));
        let changed = ui.add(edit).accessible_name("Candidates to score").changed();
        ui.add(
            egui::Label::new(text::faint(
                "Words separated by commas. A word of several pieces is scored by the product of its pieces, each given those \
                 before it.",
                palette,
            ))
            .wrap(),
        );
        if let Some(filling) = self.filling() {
            ScrollArea::vertical().id_salt("candidates scored").auto_shrink([false, false]).show(ui, |ui| {
                for (place, blank) in
                    filling.blanks.iter().enumerate().filter(|(_, blank)| !blank.candidates.is_empty())
                {
                    scored_ui(ui, place, blank, palette);
                }
                if filling.blanks.is_empty() && !self.candidates.trim().is_empty() {
                    ui.label(text::dim("Hide a word to score your candidates there", palette));
                }
            });
        }
        if changed { Changed::Typed } else { Changed::No }
    }
}

fn counts_ui(ui: &mut Ui, filling: &Filling, palette: &Palette) {
    if filling.cut > 0 {
        let words = format!("{} did not fit", format::plural(filling.cut as u64, "token", "tokens"));
        Chip::warn(words, palette).show(ui);
    }
    if filling.unknown > 0 {
        let words = format!("{} unknown to this model", format::plural(filling.unknown as u64, "token", "tokens"));
        Chip::warn(words, palette).show(ui);
    }
    ui.label(text::number_dim(format::plural(filling.tokens as u64, "token", "tokens"), palette));
}

fn scored_ui(ui: &mut Ui, place: usize, blank: &Blank, palette: &Palette) {
    ui.add_space(4.0);
    Chip::class(format!("Mask {}", place + 1), place, palette).dot().show(ui);
    let most = blank.candidates.iter().map(|one| one.score).fold(1e-12, f64::max);
    for one in &blank.candidates {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 34.0), Sense::hover());
        let pieces: Vec<String> = one.pieces.iter().map(|piece| plain(piece, piece)).collect();
        let note = match (&one.problem, pieces.len()) {
            (Some(problem), _) => problem.clone(),
            (None, 1) => "one piece".to_owned(),
            (None, count) => format!("{count} pieces: {}", pieces.join(" · ")),
        };
        let score = if one.problem.is_some() { "–".to_owned() } else { share(one.score) };
        let name = format!("Candidate {} {score}, {note}", one.word);
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &name));
        let painter = ui.painter();
        let color = if one.problem.is_some() { palette.text_dim } else { palette.text };
        let words = text::elided(painter, &one.word, theme::medium(size::BODY), color, rect.width() - 80.0);
        painter.galley(rect.left_top(), words, color);
        let font = theme::number(size::BODY - 1.0);
        painter.text(rect.right_top(), egui::Align2::RIGHT_TOP, &score, font, color);
        let note_color = if one.problem.is_some() { palette.warn } else { palette.text_faint };
        let note = text::elided(painter, &note, theme::regular(size::SMALL), note_color, rect.width());
        painter.galley(rect.left_top() + vec2(0.0, 17.0), note, note_color);
        // Relative to the best of one's own, because a share of the whole vocabulary is often too small to be seen.
        let line = egui::Rect::from_min_size(
            rect.left_bottom() - vec2(0.0, 2.0),
            vec2(rect.width() * (one.score / most) as f32, 2.0),
        );
        painter.rect_filled(line, 1.0, palette.label(place));
    }
}

/// A word that may stand behind a mask, with what cannot be seen made visible.
fn shown(token: &str) -> String {
    let trimmed = token.trim();
    if trimmed.is_empty() { "␣".to_owned() } else { trimmed.to_owned() }
}

/// Puts a piece to the pieces before it.
fn join(words: &mut String, piece: &str) {
    match piece.strip_prefix("##") {
        Some(rest) => words.push_str(rest),
        None if words.is_empty() || piece.starts_with(' ') || !piece.is_ascii() => words.push_str(piece),
        None => {
            words.push(' ');
            words.push_str(piece);
        }
    }
}

/// A probability that may be very small.
fn share(score: f64) -> String {
    if score >= 0.001 || score == 0.0 { format::percent(score) } else { format!("{score:.1e}") }
}
