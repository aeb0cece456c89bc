//! Why an answer was given: the next best, where it may start and end, and what each window says.

use egui::{RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::Document;
use crate::inspect::reading::{Candidate, DocumentToken, Reading, Window};
use crate::ui::format;
use crate::ui::panels::explore::told::or_words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::rows::lit;
use crate::ui::widgets::span_curves::{Curves, RibbonPart, curves, ribbon};
use crate::ui::widgets::text;

/// The answers that come into question, best first, with "no answer" among them where it may be said.
/// Until they are there, `words` stand in their place.
pub fn best_ui(ui: &mut Ui, document: &mut Document, words: &str, palette: &Palette) {
    let Some(reading) = or_words(ui, document.reading(document.active), words, palette) else { return };
    let refused = document.shown(reading).is_none();
    let mut pressed = None;
    let entries: Vec<(usize, &Candidate)> = reading.answers.iter().enumerate().collect();
    ScrollArea::vertical().id_salt("best answers").auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let no_answer_at = match (document.allow_no_answer, refused) {
            (false, _) => None,
            (true, true) => Some(0),
            (true, false) => Some(entries.iter().filter(|(_, one)| one.score > reading.no_answer).count().max(1)),
        };
        for (place, answer) in &entries {
            if no_answer_at == Some(*place) {
                no_answer_ui(ui, reading, refused, palette);
            }
            if answer_ui(ui, *place, answer, reading.windows.len(), document.picked == *place, palette) {
                pressed = Some((*place, answer.start));
            }
        }
        if no_answer_at.is_some_and(|at| at >= entries.len()) {
            no_answer_ui(ui, reading, refused, palette);
        }
    });
    if let Some((place, start)) = pressed {
        document.picked = place;
        document.scroll_to = Some(start);
    }
}

fn answer_ui(ui: &mut Ui, place: usize, answer: &Candidate, windows: usize, picked: bool, palette: &Palette) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::click());
    let name = format!("Answer {}: {} {}", place + 1, answer.text, format::score(answer.score));
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, picked, &name));
    let painter = ui.painter();
    lit(ui, rect, 5, picked, &response, palette);
    let inner = rect.shrink2(vec2(8.0, 5.0));
    let font = if place == 0 { theme::medium(size::BODY) } else { theme::regular(size::BODY) };
    let words = text::elided(painter, &answer.text, font, palette.text, inner.width() - 64.0);
    painter.galley(inner.min, words, palette.text);
    let score = format::score(answer.score);
    let font = theme::number(size::BODY - 1.0);
    painter.text(inner.right_top(), egui::Align2::RIGHT_TOP, score, font, palette.text);
    let track = egui::Rect::from_min_size(inner.left_bottom() - vec2(0.0, 6.0), vec2(inner.width() - 110.0, 5.0));
    painter.rect_filled(track, 2.0, palette.raised);
    let wide = (track.width() * answer.score as f32).clamp(1.0, track.width());
    painter.rect_filled(egui::Rect::from_min_size(track.min, vec2(wide, 5.0)), 2.0, palette.accent);
    if windows > 1 {
        let from = match answer.windows.as_slice() {
            [(one, _)] => format!("window {}", one + 1),
            [(one, _), ..] => format!("windows {} +{}", one + 1, answer.windows.len() - 1),
            [] => String::new(),
        };
        let font = theme::regular(size::SMALL);
        painter.text(inner.right_bottom(), egui::Align2::RIGHT_BOTTOM, from, font, palette.text_faint);
    }
    response.on_hover_text(&answer.text).clicked()
}

fn no_answer_ui(ui: &mut Ui, reading: &Reading, chosen: bool, palette: &Palette) {
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        let font = if chosen { theme::semibold(size::BODY) } else { theme::regular(size::BODY) };
        ui.label(RichText::new("No answer").font(font).color(palette.warn));
        ui.label(text::number(format::percent(reading.no_answer), palette));
        ui.label(text::number_dim(format!("margin {:+.1}", reading.margin), palette))
            .on_hover_text("Score of \"no answer\" less that of the best span");
    });
}

/// Where the answer may start and end, over the whole document, and the windows below.
pub fn where_ui(ui: &mut Ui, document: &mut Document, words: &str, palette: &Palette) {
    let Some(reading) = or_words(ui, document.reading(document.active), words, palette) else { return };
    let tokens = &reading.tokens;
    let answer = reading.answers.get(document.picked);
    legend_ui(ui, palette);
    let parts = parts(reading, answer);
    let rows = rows_of(&parts).min(3);
    let height = (ui.available_height() - 22.0 - rows as f32 * 16.0).clamp(50.0, 240.0);
    let name = format!("Start and end probabilities over {} tokens", tokens.len());
    let what = Curves {
        name: &name,
        starts: &|token| tokens[token].starts,
        ends: &|token| tokens[token].ends,
        count: tokens.len(),
        picked: answer.map(|answer| span(tokens, answer)),
    };
    let seen = curves(ui, height, &what, palette);
    let mut go = None;
    if let Some((token, clicked)) = seen.token {
        token_tip(ui, &document.words, tokens[token], palette);
        go = clicked.then_some(tokens[token].start as usize);
    }
    ScrollArea::vertical().id_salt("windows").show(ui, |ui| {
        if let Some(window) = ribbon(ui, &parts, tokens.len(), palette) {
            let window = &reading.windows[window];
            go = Some(window.best.map_or(window.start, |(start, ..)| start));
        }
    });
    if go.is_some() {
        document.scroll_to = go;
    }
}

/// The windows as parts of the ribbon.
fn parts(reading: &Reading, answer: Option<&Candidate>) -> Vec<RibbonPart> {
    let source = answer.and_then(|answer| answer.windows.first()).map(|(window, _)| *window);
    let part = |(index, window): (usize, &Window)| {
        let best = window.best.map_or(0.0, |(_, _, score)| score);
        RibbonPart {
            first: window.first,
            last: window.last,
            // The root, so that small scores can be told apart.
            share: (best as f32).sqrt(),
            picked: source == Some(index),
            name: format!(
                "Window {}: best {}, no answer {}",
                index + 1,
                format::percent(best),
                format::percent(window.no_answer)
            ),
        }
    };
    reading.windows.iter().enumerate().map(part).collect()
}

/// First and last token of an answer.
fn span(tokens: &[DocumentToken], answer: &Candidate) -> (usize, usize) {
    let first = tokens.partition_point(|token| token.end as usize <= answer.start);
    let after = tokens.partition_point(|token| (token.start as usize) < answer.end);
    (first, after.saturating_sub(1).max(first))
}

/// The words around a token, and what is said of it.
fn token_tip(ui: &Ui, words: &str, token: DocumentToken, palette: &Palette) {
    let around: String = words
        .chars()
        .skip((token.start as usize).saturating_sub(24))
        .take((token.end - token.start) as usize + 48)
        .map(|letter| if letter == '\n' { ' ' } else { letter })
        .collect();
    let (start, end) = (format::percent(f64::from(token.starts)), format::percent(f64::from(token.ends)));
    let id = ui.scope_id().with("token tip");
    egui::Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), id, egui::PopupAnchor::Pointer)
        .show(|ui| ui.label(text::small(format!("start {start} · end {end} · …{around}…"), palette)));
}

/// How many windows lie over one token at most.
fn rows_of(parts: &[RibbonPart]) -> usize {
    let before = |place: usize| parts[..=place].iter().rev().take_while(move |one| one.last >= parts[place].first);
    (0..parts.len()).map(|place| before(place).count()).max().unwrap_or(0)
}

fn legend_ui(ui: &mut Ui, palette: &Palette) {
    ui.horizontal(|ui| {
        for (words, color, dashed) in [("start", palette.series[0], false), ("end", palette.series[1], true)] {
            let (rect, _) = ui.allocate_exact_size(vec2(22.0, 12.0), Sense::hover());
            let ends = [rect.left_center(), rect.right_center()];
            let stroke = egui::Stroke::new(2.0, color);
            if dashed {
                ui.painter().extend(egui::Shape::dashed_line(&ends, stroke, 5.0, 2.5));
            } else {
                ui.painter().line_segment(ends, stroke);
            }
            ui.label(text::small(words, palette));
        }
        let words = "of the answer, the highest of all windows; the windows with their best below";
        ui.add(egui::Label::new(text::faint(words, palette)).truncate());
    });
}
