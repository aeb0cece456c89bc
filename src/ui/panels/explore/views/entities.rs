//! Named entities: type a text and see them coloured where they stand, by each way of joining tokens, against the gold
//! ones where the text came from the data.

use egui::{RichText, ScrollArea, Ui, vec2};
use egui_material_icons::icons::{ICON_CHECK, ICON_CLOSE};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::inspect::gold::{Gold, Match, compare};
use crate::inspect::tagging::{Span, Tagging, TokenTag, kind};
use crate::inspect::{Aggregation, Answer, AnyInquiry, Prediction, Question, Reply, Subject};
use crate::task::Task;
use crate::ui::panels::explore::keeping::{self, Unread};
use crate::ui::panels::explore::samples;
use crate::ui::panels::explore::text_box::TextBox;
use crate::ui::panels::explore::told::{self, Told, can_answer};
use crate::ui::panels::explore::view::{Changed, Kind, View, beside, tried};
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::tiles::{Layout, Pane};
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::marked::{self, Look, Mark};
use crate::ui::widgets::rows::rows;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Chip, text};
use crate::ui::{Cx, format};

pub const KIND: Kind =
    Kind { name: "entities", title: "", heads: &[Task::Ner], make: || Box::new(Entities::default()) };

const TEXT: Pane = Pane::new("text", "Text");
const ENTITIES: Pane = Pane::new("entities", "Entities");
const TOKENS: Pane = Pane::new("tokens", "Tokens");

#[derive(Debug)]
struct Entities {
    text_box: TextBox,
    aggregation: Aggregation,
    told: Told,
}

/// What is kept of it.
#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    joined: Aggregation,
}

impl Default for Kept {
    fn default() -> Self {
        Self { joined: Entities::default().aggregation }
    }
}

impl Default for Entities {
    fn default() -> Self {
        let text_box = TextBox::of(samples::ENTITIES[0]);
        Self { text_box, aggregation: Aggregation::First, told: Told::default() }
    }
}

impl View for Entities {
    fn layout(&self) -> Layout {
        let said = Layout::Tabs(vec![ENTITIES.into(), TOKENS.into()]);
        beside(vec![(1.0, TEXT.into()), (1.0, said)], tried())
    }

    fn pane_ui(&mut self, pane: Pane, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        match pane {
            TEXT => return self.text_ui(ui, cx),
            ENTITIES => self.list_ui(ui, cx),
            _ => self.tokens_ui(ui, cx),
        }
        Changed::No
    }

    fn wanted(&self, _: &Words) -> Option<AnyInquiry> {
        self.words().map(|words| words.ask(Task::Ner))
    }

    fn told(&mut self) -> Option<&mut Told> {
        Some(&mut self.told)
    }

    fn words(&self) -> Option<Words> {
        self.text_box.words.clone().unless_blank()
    }

    fn set(&mut self, words: Words) {
        self.text_box.words = words.alone();
    }

    fn kept(&self, _: &Words) -> Map<String, Value> {
        keeping::written(&Kept { joined: self.aggregation })
    }

    fn restore(&mut self, kept: Map<String, Value>, _: &Words) -> Result<(), Unread> {
        Kept { joined: self.aggregation } = keeping::read(kept)?;
        Ok(())
    }

    fn samples(&self, _: &Subject) -> Vec<Words> {
        samples::alone(&samples::ENTITIES)
    }

    fn verdict(&self, reply: &Reply) -> (String, String) {
        let spans = tagging(reply.to::<Question>()).map_or(0, |tagging| tagging.spans(Aggregation::First).len());
        (format::plural(spans as u64, "entity", "entities"), String::new())
    }
}

fn tagging(answer: Option<&Answer>) -> Option<&Tagging> {
    match &answer?.result {
        Prediction::Tagging(tagging) => Some(tagging),
        _ => None,
    }
}

impl Entities {
    fn tagging(&self) -> Option<&Tagging> {
        tagging(self.told.answer())
    }

    fn text(&self) -> &str {
        &self.text_box.words.text
    }

    fn gold(&self) -> Option<&[Span]> {
        match self.text_box.gold()? {
            Gold::Entities(spans) => Some(spans),
            _ => None,
        }
    }

    /// Predicted entities at their places in the text as it is now.
    fn spans(&self) -> Vec<Span> {
        let (Some(tagging), Some(answer)) = (self.tagging(), self.told.answer()) else { return Vec::new() };
        let spans = tagging.spans(self.aggregation);
        let places: Vec<(usize, usize)> = spans.iter().map(|span| (span.start, span.end)).collect();
        let moved = marked::shifted(&places, &answer.question.text, self.text());
        let kept = spans.iter().zip(moved).filter_map(|(span, place)| {
            let (start, end) = place?;
            Some(Span { start, end, ..span.clone() })
        });
        kept.collect()
    }

    fn text_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        ui.horizontal_wrapped(|ui| {
            ui.label(text::dim("Join word pieces by", palette));
            let choices = Aggregation::ALL.map(|one| (one, one.title()));
            if let Some(chosen) = segmented(ui, palette, self.aggregation, &choices, false) {
                self.aggregation = chosen;
            }
            ui.label(text::faint(explained(self.aggregation), palette));
        });
        let spans = self.spans();
        let gold = self.gold().map(<[Span]>::to_vec);
        let marks = self.marks(&spans, gold.as_deref(), palette);
        let below = 32.0 + if gold.is_some() { 36.0 } else { 0.0 };
        let look = Look {
            name: "Text to try",
            hint: "Type or paste a text with names in it…",
            height: (ui.available_height() - below - 8.0).max(60.0),
            lanes: if gold.is_some() { 2 } else { 1 },
        };
        let changed = self.text_box.field_ui(ui, &look, &marks, palette);
        if let Some(gold) = &gold {
            compared_ui(ui, &spans, gold, palette);
        }
        let chosen = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            self.text_box.below_ui(ui, cx, Task::Ner, &self.told)
        });
        if chosen.inner { Changed::Chosen } else { changed }
    }

    fn marks(&self, spans: &[Span], gold: Option<&[Span]>, palette: &Palette) -> Vec<Mark> {
        let Some(tagging) = self.tagging() else { return Vec::new() };
        let mut marks = Vec::new();
        for span in spans {
            let place = tagging.type_of(&span.label);
            let words = self.words_of(span);
            let sure = format::percent(span.score);
            marks.push(Mark {
                start: span.start,
                end: span.end,
                caption: format!("{} {sure}", span.label),
                short: span.label.clone(),
                name: format!("{words} {} {sure}", span.label),
                color: palette.label(place),
                fill: palette.label_soft(place),
                lane: 0,
                broken: false,
                strong: false,
            });
        }
        for span in gold.unwrap_or_default() {
            let place = tagging.type_of(&span.label);
            marks.push(Mark {
                start: span.start,
                end: span.end,
                caption: format!("correct {}", span.label),
                short: span.label.clone(),
                name: format!("Correct label: {} {}", self.words_of(span), span.label),
                color: palette.label(place),
                fill: egui::Color32::TRANSPARENT,
                lane: 1,
                broken: true,
                strong: false,
            });
        }
        marks
    }

    /// The entities one below the other.
    fn list_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        if !can_answer(ui, cx) {
            return;
        }
        let words = "The entities appear here while you type";
        let of = &self.text_box.words;
        let Some(tagging) = told::said(ui, cx, self.tagging(), &self.told, of, words) else { return };
        let spans = self.spans();
        let gold = self.gold();
        legend_ui(ui, tagging, &spans, palette);
        let is_fresh = self.told.answer_to(of).is_some();
        if spans.is_empty() && !is_fresh {
            return;
        }
        if spans.is_empty() && gold.is_none_or(<[Span]>::is_empty) {
            ui.add_space(8.0);
            ui.label(text::dim("No entities in this text", palette));
            return;
        }
        let matches = gold.map(|gold| compare(&spans, gold));
        let missed: Vec<&Span> = gold.map_or_else(Vec::new, |gold| {
            let found = compare(gold, &spans);
            gold.iter().zip(found).filter(|(_, how)| *how == Match::Alone).map(|(span, _)| span).collect()
        });
        ui.add_space(4.0);
        ScrollArea::vertical().id_salt("entities said").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (index, span) in spans.iter().enumerate() {
                let how = matches.as_ref().and_then(|matches| matches.get(index)).copied();
                self.line_ui(ui, span, tagging, how, palette);
            }
            for span in missed {
                ui.horizontal(|ui| {
                    Chip::class(span.label.clone(), tagging.type_of(&span.label), palette).show(ui);
                    ui.label(text::dim(self.words_of(span), palette));
                    Chip::bad("missed", palette).show(ui);
                });
            }
        });
    }

    fn words_of(&self, span: &Span) -> String {
        self.text().chars().skip(span.start).take(span.end - span.start).collect()
    }

    fn line_ui(&self, ui: &mut Ui, span: &Span, tagging: &Tagging, how: Option<Match>, palette: &Palette) {
        let place = tagging.type_of(&span.label);
        line(ui, 26.0, |ui| {
            ui.label(text::number(format::percent(span.score), palette));
            let (track, _) = ui.allocate_exact_size(vec2(90.0, 8.0), egui::Sense::hover());
            ui.painter().rect_filled(track, 3.0, palette.raised);
            let filled = egui::Rect::from_min_size(track.min, vec2(track.width() * span.score as f32, track.height()));
            ui.painter().rect_filled(filled, 3.0, palette.label(place));
            match how {
                Some(Match::Right) => _ = ui.label(theme::icon(ICON_CHECK, 16.0).color(palette.good)),
                Some(Match::WrongType) => _ = Chip::bad("wrong type", palette).show(ui),
                Some(Match::WrongBoundary) => _ = Chip::warn("wrong boundary", palette).show(ui),
                Some(Match::Alone) => _ = Chip::bad("not in the data", palette).show(ui),
                None => {}
            }
            line::left(ui, |ui| {
                Chip::class(span.label.clone(), place, palette).show(ui);
                let words = RichText::new(self.words_of(span)).font(theme::medium(size::BODY)).color(palette.text);
                ui.add(egui::Label::new(words).truncate());
            });
        });
    }

    /// What the model says of every token, before anything is joined.
    fn tokens_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        let words = "The tokens appear here while you type";
        let of = &self.text_box.words;
        let Some(tagging) = told::said(ui, cx, self.tagging(), &self.told, of, words) else { return };
        ui.horizontal(|ui| {
            let words = format::plural(tagging.tokens.len() as u64, "token", "tokens");
            ui.label(text::label(words, palette));
            if tagging.windows > 1 {
                let words = format!("read in {} windows", tagging.windows);
                ui.label(text::small(words, palette));
            }
        });
        let tokens = &tagging.tokens;
        rows(ui, "token table", 22.0, tokens.len(), |ui, place| {
            ui.spacing_mut().item_spacing.y = 0.0;
            token_ui(ui, &tokens[place], tagging, palette);
            false
        });
    }
}

fn token_ui(ui: &mut Ui, token: &TokenTag, tagging: &Tagging, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), egui::Sense::hover());
    let said: Vec<String> =
        token.labels.iter().map(|(label, score)| format!("{label} {}", format::percent(*score))).collect();
    let name = format!("Token {}: {}", token.token, said.join(", "));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ListItem, true, &name));
    let painter = ui.painter();
    let indent = if token.continues { 14.0 } else { 0.0 };
    let font = theme::number(size::BODY - 1.0);
    let shown = text::elided(painter, &token.token, font.clone(), palette.text, 150.0 - indent);
    painter.galley(rect.left_center() + vec2(indent, -shown.size().y / 2.0), shown, palette.text);
    let mut x = rect.left() + 160.0;
    for (rank, (label, score)) in token.labels.iter().enumerate() {
        let color = match (rank, kind(label)) {
            (0, "O") => palette.text_dim,
            (0, _) => palette.label(tagging.type_of(label)),
            _ => palette.text_faint,
        };
        let words = format!("{label} {}", format::percent(*score));
        let galley = text::elided(painter, &words, font.clone(), color, (rect.right() - x).min(130.0));
        painter.galley(egui::pos2(x, rect.center().y - galley.size().y / 2.0), galley, color);
        x += 134.0;
        if x > rect.right() - 40.0 {
            break;
        }
    }
}

/// Types with how many there are of each.
fn legend_ui(ui: &mut Ui, tagging: &Tagging, spans: &[Span], palette: &Palette) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (place, name) in tagging.types.iter().enumerate() {
            let count = spans.iter().filter(|span| kind(&span.label) == name).count();
            if count > 0 {
                Chip::class(format!("{name} {count}"), place, palette).dot().show(ui);
            }
        }
    });
}

/// How the prediction stands to the data, in one line.
fn compared_ui(ui: &mut Ui, said: &[Span], gold: &[Span], palette: &Palette) {
    let found = compare(said, gold);
    let count = |wanted: Match| found.iter().filter(|how| **how == wanted).count();
    let missed = compare(gold, said).iter().filter(|how| **how == Match::Alone).count();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let right = count(Match::Right);
        let all = right == gold.len() && said.len() == gold.len();
        let (icon, color) = if all { (ICON_CHECK, palette.good) } else { (ICON_CLOSE, palette.bad) };
        ui.label(theme::icon(icon, 15.0).color(color));
        let mut words =
            format!("{right} of {} right", format::plural(gold.len() as u64, "correct entity", "correct entities"));
        for (number, what) in [
            (missed, "missed"),
            (count(Match::WrongType), "of the wrong type"),
            (count(Match::WrongBoundary), "with a wrong boundary"),
            (count(Match::Alone), "not in the data"),
        ] {
            if number > 0 {
                words += &format!(" · {number} {what}");
            }
        }
        ui.label(text::small(words, palette));
    });
}

fn explained(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::None => "each token by itself",
        Aggregation::Simple => "neighbouring tokens of one type",
        Aggregation::First => "a word has the label of its first token",
        Aggregation::Average => "a word has the label of the mean of its tokens",
        Aggregation::Max => "a word has the label of its most confident token",
    }
}
