//! The objectives lab: one text, every way to make a training signal from it, what the model is given, what it should
//! say, and what it says with the heads it has.

mod lesson;

use egui::{Color32, CornerRadius, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::ICON_CASINO;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::corpus::masking::MaskStyle;
use crate::inspect::objectives::{Kind, Lab, LabAsk, Objective, Standing};
use crate::inspect::{AnyInquiry, Ask, Prediction, Question, Script, Subject};
use crate::train::limits;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::told::{self, Told, can_answer};
use crate::ui::panels::explore::view::{Changed, Kind as ViewKind, View};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::line;
use crate::ui::widgets::marked::{self, Look};
use crate::ui::widgets::number::Percent;
use crate::ui::widgets::{Button, Chip, Number, number, text};
use crate::ui::{Cx, format};

pub const KIND: ViewKind =
    ViewKind { name: "lab", title: "Objectives lab", heads: &[], make: || Box::new(Objectives::default()) };

const TEXT: Pane = Pane::new("lab text", "Text");
const WAYS: Pane = Pane::new("ways", "Objectives");
const LESSON: Pane = Pane::new("lesson", "Training example");

/// The least and the most of the tokens that are chosen, in percent.
const SHARES: (f64, f64) = (5.0, 50.0);

#[derive(Debug)]
struct Objectives {
    text: String,
    /// A second sentence, or the translation of the first; empty for none.
    second: String,
    ask: LabAsk,
    chosen: Kind,
    told: Told,
}

/// What is kept of it.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    draw: u64,
    share: f64,
    objective: Kind,
}

impl Default for Kept {
    fn default() -> Self {
        let Objectives { ask: LabAsk { seed: draw, share }, chosen: objective, .. } = Objectives::default();
        Self { draw, share, objective }
    }
}

impl Default for Objectives {
    fn default() -> Self {
        Self {
            text: samples::lesson(Script::Words).to_owned(),
            second: String::new(),
            // A draw that chooses something of the first text.
            ask: LabAsk { seed: 3, ..LabAsk::default() },
            chosen: Kind::Masked(MaskStyle::Tokens),
            told: Told::default(),
        }
    }
}

impl View for Objectives {
    fn layout(&self) -> Layout {
        let left = Layout::Rows(vec![(1.0, TEXT.into()), (1.3, WAYS.into())]);
        Layout::Columns(vec![(1.0, left), (2.2, LESSON.into())])
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match pane {
            TEXT => return self.text_ui(ui, cx),
            WAYS => self.ways_ui(ui, cx),
            _ => self.lesson_ui(ui, cx),
        }
        Changed::No
    }

    /// The text to begin with in what the model can read, until something else is written.
    fn meet(&mut self, subject: &Subject) {
        let known = [Script::Words, Script::Proteins, Script::Molecules].map(samples::lesson);
        if known.contains(&self.text.as_str()) {
            samples::lesson(subject.script).clone_into(&mut self.text);
        }
    }

    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        let Words { text, pair } = self.words()?;
        Some(AnyInquiry::new(Question { task: None, text, pair, ask: Ask::Objectives(self.ask) }))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn words(&self) -> Option<Words> {
        let pair = Some(self.second.clone()).filter(|second| !second.trim().is_empty());
        Words { text: self.text.clone(), pair }.unless_blank()
    }

    fn set(&mut self, words: Words) {
        self.text = words.text;
        self.second = words.pair.unwrap_or_default();
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        let LabAsk { seed: draw, share } = self.ask;
        keeping::written(&Kept { draw, share, objective: self.chosen })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        let Kept { draw, share, objective } = keeping::read(kept)?;
        // As the field lets it be chosen.
        self.ask = LabAsk { seed: draw, share: share.clamp(SHARES.0 / 100.0, SHARES.1 / 100.0) };
        self.chosen = objective;
        Ok(())
    }
}

impl Objectives {
    fn lab(&self) -> Option<&Lab> {
        match &self.told.answer()?.result {
            Prediction::Lab(lab) => Some(lab),
            _ => None,
        }
    }

    /// Both texts and what is done with them, scrolled where there is no room for all.
    fn text_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let height = ((ui.available_height() - 56.0) / 2.0).max(44.0);
        let scrolled = ScrollArea::vertical().id_salt("lab text").auto_shrink([false, false]);
        scrolled.show(ui, |ui| self.texts_ui(ui, height, cx.palette)).inner
    }

    fn texts_ui(&mut self, ui: &mut Ui, height: f32, palette: &Palette) -> Changed {
        let mut changed = Changed::No;
        let first = Look { name: "Text of the example", hint: "Type or paste a text…", height, lanes: 0 };
        let second = Look {
            name: "Second text of the example",
            hint: "A second sentence, or a translation (not needed)…",
            ..first
        };
        if marked::editor(ui, &mut self.text, &first, &[], palette).changed
            | marked::editor(ui, &mut self.second, &second, &[], palette).changed
        {
            changed = Changed::Typed;
        }
        ui.horizontal(|ui| {
            let draw = Button::new("Draw again").icon(ICON_CASINO).small().show(ui, palette);
            if draw.on_hover_text(format!("Draw {}", self.ask.seed)).clicked() {
                self.ask.seed += 1;
                changed = Changed::Chosen;
            }
            // Without what multiplying by a hundred leaves behind.
            let mut percent = (self.ask.share * 1e8).round() / 1e6;
            let limit = limits::between(SHARES.0, SHARES.1);
            let share = Number::new("Share of the tokens that is chosen", limit).percent(Percent::Unit).unit("%");
            let share = share.width(64.0).show(ui, &mut percent);
            if share.on_hover_text("Share of the tokens that is chosen; drag to change").changed() {
                self.ask.share = percent / 100.0;
                changed = Changed::Typed;
            }
            line::right(ui, |ui| self.told.millis_ui(ui, palette));
        });
        number::said_ui(ui, palette);
        changed
    }

    /// The ways, with how each stands.
    fn ways_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        let words = "The objectives appear here once the text is read";
        let of = self.words().unwrap_or_default();
        let Some(lab) = told::said(ui, cx, self.lab(), &self.told, &of, words) else { return };
        let mut pressed = None;
        ScrollArea::vertical().id_salt("ways").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for one in &lab.objectives {
                if way_ui(ui, one, one.kind == self.chosen, palette) {
                    pressed = Some(one.kind);
                }
            }
        });
        self.chosen = pressed.unwrap_or(self.chosen);
    }

    /// The chosen way: what is fed, what is asked, what is said.
    fn lesson_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        if !can_answer(ui, cx) {
            return;
        }
        let chosen = self.lab().and_then(|lab| lab.objectives.iter().find(|one| one.kind == self.chosen));
        let words = "The training example appears here once the text is read";
        let of = self.words().unwrap_or_default();
        let Some(objective) = told::said(ui, cx, chosen, &self.told, &of, words) else { return };
        ui.horizontal(|ui| {
            ui.label(text::head(objective.kind.title(), palette));
            standing_ui(ui, objective, palette);
        });
        ui.add(egui::Label::new(text::dim(explained(objective.kind), palette)).wrap());
        ui.add_space(4.0);
        if let Some(lab) = self.lab().filter(|lab| lab.cut > 0) {
            let words = format!("{} of the text did not fit", format::plural(lab.cut as u64, "token", "tokens"));
            Chip::warn(words, palette).show(ui);
        }
        ScrollArea::vertical().id_salt("lesson").auto_shrink([false, false]).show(ui, |ui| {
            for (place, case) in objective.cases.iter().enumerate() {
                ui.push_id(place, |ui| lesson::case_ui(ui, objective, case, palette));
                ui.add_space(14.0);
            }
        });
    }
}

fn way_ui(ui: &mut Ui, one: &Objective, chosen: bool, palette: &Palette) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::click());
    let note = note(one);
    let name = format!("{}: {note}", one.kind.title());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, chosen, &name));
    let painter = ui.painter();
    let (fill, line) = if chosen {
        (palette.accent_soft, palette.accent)
    } else if response.hovered() || response.has_focus() {
        (palette.hover, Color32::TRANSPARENT)
    } else {
        (Color32::TRANSPARENT, Color32::TRANSPARENT)
    };
    painter.rect(rect, CornerRadius::same(6), fill, Stroke::new(1.0, line), StrokeKind::Inside);
    let color = if one.standing == Standing::Answered { palette.text } else { palette.text_dim };
    let inner = rect.shrink2(vec2(10.0, 5.0));
    let title = text::elided(painter, one.kind.title(), theme::medium(size::BODY), color, inner.width());
    painter.galley(inner.min, title, color);
    let answered = one.cases.iter().any(|case| case.loss.is_some());
    let note_color = if answered { palette.good } else { palette.text_faint };
    let note = text::elided(painter, &note, theme::regular(size::SMALL), note_color, inner.width());
    painter.galley(inner.left_bottom() - vec2(0.0, note.size().y), note, note_color);
    response.clicked()
}

fn note(one: &Objective) -> String {
    let losses: Vec<f64> = one.cases.iter().filter_map(|case| case.loss).collect();
    match &one.standing {
        Standing::Answered if losses.is_empty() => "nothing was chosen in this draw".into(),
        Standing::Answered => format!("loss {:.3}", losses.iter().sum::<f64>() / losses.len() as f64),
        Standing::NoHead => "this model lacks the head".into(),
        Standing::NotInFamily => {
            let family = one.kind.family().map_or("another family", |family| family.model_type());
            format!("only {} has such a head", family.to_uppercase())
        }
        Standing::NotThisText(why) => (*why).into(),
    }
}

fn standing_ui(ui: &mut Ui, one: &Objective, palette: &Palette) {
    let head = one.head.title().to_lowercase();
    match &one.standing {
        Standing::Answered => {
            Chip::good(format!("answered by the head for {head}"), palette).max_width(320.0).show(ui);
        }
        Standing::NoHead => {
            let words = format!("no head for {head} in this folder: shown without predictions");
            Chip::warn(words, palette).max_width(460.0).show(ui);
        }
        Standing::NotInFamily => {
            let words = format!("{}: shown without predictions", note(one));
            Chip::neutral(words, palette).max_width(460.0).show(ui);
        }
        Standing::NotThisText(why) => _ = Chip::neutral(*why, palette).max_width(460.0).show(ui),
    }
}

fn explained(kind: Kind) -> &'static str {
    match kind {
        Kind::Masked(MaskStyle::Tokens) => {
            "Tokens are chosen at random. Of these, 80 % are replaced by the mask, 10 % by a random token and 10 % stay as they are; all of them are to be predicted."
        }
        Kind::Masked(MaskStyle::WholeWords) => {
            "Words are chosen at random, each with all its tokens, so that no piece gives the rest of its word away."
        }
        Kind::Masked(MaskStyle::Spans) => "Runs of words are chosen until the share is reached, as in SpanBERT.",
        Kind::Causal => {
            "Every token sees only those before it and predicts the next. A model that was trained to read both sides is bad at it."
        }
        Kind::Translation => {
            "A text and its translation stand side by side, the positions of the second begin anew, and words of both are \
             masked: what is missing in one can be read in the other."
        }
        Kind::NextSentence => "Two texts: does the second follow the first, or was it taken from somewhere else?",
        Kind::SentenceOrder => "Two texts that do follow each other: are they in their order, or swapped?",
        Kind::Replaced => {
            "Some tokens are replaced by others; each token is to be classified as real or replaced. One that is replaced by itself counts as real."
        }
    }
}
