//! One lesson of the objectives lab: the tokens as they are fed, below each what should be said and what is said.

use egui::{Align2, Color32, CornerRadius, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::super::orders::title;
use crate::corpus::masking::Cover;
use crate::inspect::objectives::{Case, Kind, LabToken, Objective, Standing};
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::{Chip, text};

/// Tokens that are drawn.
const MOST: usize = 400;

pub fn case_ui(ui: &mut Ui, objective: &Objective, case: &Case, palette: &Palette) {
    if let Some(whole) = &case.whole {
        ui.horizontal(|ui| {
            ui.label(text::label("Target", palette));
            Chip::accent(title(&whole.target), palette).show(ui);
            if let Some(loss) = case.loss {
                ui.label(text::number_dim(format!("loss {loss:.3}"), palette));
            }
        });
        tokens_ui(ui, objective, case, palette);
        let bars_of = whole.said.iter().map(|(name, share)| {
            let is_right = *name == whole.target;
            Bar::of(title(name), *share, if is_right { palette.good } else { palette.bad }, is_right)
        });
        let list: Vec<Bar<'_>> = bars_of.collect();
        bars(ui, &list, 160.0, false, palette);
        return;
    }
    counts_ui(ui, objective, case, palette);
    tokens_ui(ui, objective, case, palette);
}

/// What the lottery did, and how the model fared.
fn counts_ui(ui: &mut Ui, objective: &Objective, case: &Case, palette: &Palette) {
    let count = |cover: Cover| case.tokens.iter().filter(|token| token.cover == Some(cover)).count();
    let own = case.tokens.iter().filter(|token| !token.special).count();
    let asked = case.tokens.iter().filter(|token| token.target.is_some()).count();
    let chosen = case.tokens.iter().filter(|token| token.cover.is_some()).count();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let words = match objective.kind {
            Kind::Causal => format!("{} to predict", format::plural(asked as u64, "next token", "next tokens")),
            _ => format!("{chosen} of {} chosen", format::plural(own as u64, "token", "tokens")),
        };
        ui.label(text::label(words, palette));
        match objective.kind {
            Kind::Causal => {}
            Kind::Replaced => {
                let changed = case.tokens.iter().filter(|token| token.target.as_deref() == Some("replaced")).count();
                swatch(ui, Cover::Random, &format!("{changed} replaced"), palette);
            }
            _ => {
                swatch(ui, Cover::Mask, &format!("{} masked", count(Cover::Mask)), palette);
                swatch(ui, Cover::Random, &format!("{} random", count(Cover::Random)), palette);
                swatch(ui, Cover::Keep, &format!("{} kept", count(Cover::Keep)), palette);
            }
        }
        if let Some(loss) = case.loss {
            let right = case.tokens.iter().filter(|token| is_right(token)).count();
            ui.label(text::number_dim(format!("{right} of {asked} right · loss {loss:.3}"), palette));
        }
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        ui.label(text::faint("boxes: input", palette));
        ui.label(text::faint("below: target", palette));
        if objective.standing == Standing::Answered {
            ui.label(text::faint("last: prediction", palette));
        }
    });
}

fn is_right(token: &LabToken) -> bool {
    token.said.as_ref().is_some_and(|(said, _)| Some(said) == token.target.as_ref())
}

fn swatch(ui: &mut Ui, cover: Cover, words: &str, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 14.0), Sense::hover());
    box_ui(ui, rect, Some(cover), false, palette);
    ui.label(text::small(words, palette));
}

fn tokens_ui(ui: &mut Ui, objective: &Objective, case: &Case, palette: &Palette) {
    ui.add_space(4.0);
    let asks = case.tokens.iter().any(|token| token.target.is_some());
    let said = case.tokens.iter().any(|token| token.said.is_some());
    let height = 24.0 + if asks { 17.0 } else { 0.0 } + if said { 17.0 } else { 0.0 };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 8.0);
        ui.horizontal_wrapped(|ui| {
            for token in case.tokens.iter().take(MOST) {
                token_ui(ui, objective, token, height, palette);
            }
            if case.tokens.len() > MOST {
                let more = format!("and {} tokens more", format::count((case.tokens.len() - MOST) as u64));
                ui.label(text::faint(more, palette));
            }
        });
    });
}

fn token_ui(ui: &mut Ui, objective: &Objective, token: &LabToken, height: f32, palette: &Palette) {
    let font = theme::number(size::BODY - 1.0);
    let small = theme::number(size::SMALL - 0.5);
    let lay = |words: String, font: &egui::FontId| ui.painter().layout_no_wrap(words, font.clone(), palette.text);
    let fed = lay(plain(&token.fed), &font);
    // In the detector's lesson nearly every token is real: only what is not is worth the ink.
    let quiet = objective.kind == Kind::Replaced && token.target.as_deref() == Some("real");
    let target = token.target.as_ref().filter(|_| !quiet).map(|target| lay(plain(target), &small));
    let said = token.said.as_ref().filter(|_| !quiet || !is_right(token));
    let said = said.map(|(said, share)| lay(format!("{} {:.0}", plain(said), share * 100.0), &small));
    let widths =
        [Some(&fed), target.as_ref(), said.as_ref()].map(|galley| galley.map_or(0.0, |galley| galley.size().x));
    let width = widths.into_iter().fold(12.0, f32::max) + 10.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, described(token)));
    let top = egui::Rect::from_min_size(rect.min, vec2(width, 22.0));
    box_ui(ui, top, token.cover, token.special, palette);
    let ink = if token.special { palette.text_faint } else { palette.text };
    ui.painter().galley_with_override_text_color(top.center() - fed.size() / 2.0, fed, ink);
    let mut y = top.bottom() + 2.0;
    for (galley, color) in [(target, palette.accent), (said, if is_right(token) { palette.good } else { palette.bad })]
    {
        if let Some(galley) = galley {
            let at = pos2(rect.center().x - galley.size().x / 2.0, y);
            ui.painter().galley_with_override_text_color(at, galley, color);
        }
        y += 17.0;
    }
    if token.position == 0 && token.segment == 1 {
        let at = pos2(top.left() - 1.0, top.top());
        ui.painter().text(at, Align2::LEFT_BOTTOM, "0", theme::number(size::SMALL - 2.0), palette.warn);
    }
    response.on_hover_text(described(token));
}

/// The box of a token, by how it was chosen: full, striped below, or with a broken line.
fn box_ui(ui: &Ui, rect: egui::Rect, cover: Option<Cover>, special: bool, palette: &Palette) {
    let (fill, line) = match cover {
        Some(Cover::Mask) => (palette.accent_soft, palette.accent),
        Some(Cover::Random) => (palette.warn_soft, palette.warn),
        Some(Cover::Keep) => (palette.raised, Color32::TRANSPARENT),
        None if special => (palette.panel, palette.line),
        None => (palette.raised, palette.line),
    };
    let painter = ui.painter();
    painter.rect(rect, CornerRadius::same(3), fill, Stroke::new(1.0, line), StrokeKind::Inside);
    match cover {
        Some(Cover::Keep) => {
            let inner = rect.shrink(0.5);
            let corners =
                [inner.left_top(), inner.right_top(), inner.right_bottom(), inner.left_bottom(), inner.left_top()];
            painter.extend(Shape::dashed_line(&corners, Stroke::new(1.2, palette.good), 3.0, 2.5));
        }
        Some(Cover::Random) => {
            let y = rect.bottom() - 2.5;
            let ends = [pos2(rect.left() + 3.0, y), pos2(rect.right() - 3.0, y)];
            painter.extend(Shape::dashed_line(&ends, Stroke::new(1.5, palette.warn), 3.0, 2.0));
        }
        _ => {}
    }
}

fn described(token: &LabToken) -> String {
    let mut words = format!("{} at position {}", token.fed, token.position);
    if token.fed != token.original {
        words += &format!(", in the text {}", token.original);
    }
    match token.cover {
        Some(Cover::Mask) => words += ", masked",
        Some(Cover::Random) => words += ", replaced at random",
        Some(Cover::Keep) => words += ", chosen and kept",
        None => {}
    }
    if let Some(target) = &token.target {
        words += &format!(", target {target}");
    }
    if let (Some((said, share)), Some(right)) = (&token.said, token.right) {
        words += &format!(", says {said} {}, gives the right one {}", format::percent(*share), format::percent(right));
    }
    words
}

/// A token with what cannot be seen left out.
fn plain(token: &str) -> String {
    let plain = token.replace(['Ġ', '▁'], "");
    if plain.is_empty() { "·".to_owned() } else { plain }
}
