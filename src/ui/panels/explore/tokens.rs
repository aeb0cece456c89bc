//! The text as the model reads it.

use egui::{Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::ui::format;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::text;

/// Tokens that are drawn; a text of thousands is read elsewhere.
const MOST: usize = 512;

/// A box for each token. Parts of one word touch; special tokens are faint.
pub fn strip(ui: &mut Ui, tokens: &[String], cut: usize, palette: &Palette) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let words = format::plural(tokens.len() as u64, "token", "tokens");
        ui.label(text::label(words, palette));
        if cut > 0 {
            let words = format!("{} did not fit and were cut off", format::plural(cut as u64, "token", "tokens"));
            ui.label(text::small(words, palette).color(palette.warn));
        }
    });
    ScrollArea::vertical().id_salt("tokens").auto_shrink([false, false]).show(ui, |ui| boxes(ui, tokens, palette));
}

fn boxes(ui: &mut Ui, tokens: &[String], palette: &Palette) {
    let font = theme::number(size::BODY - 1.5);
    let width = ui.available_width() - 6.0;
    let (mut x, mut y) = (0.0, 0.0);
    let height = 21.0;
    let mut placed = Vec::new();
    for token in tokens.iter().take(MOST) {
        let part = is_part(token);
        let galley = ui.painter().layout_no_wrap(plain(&token.replace('\n', ""), "·"), font.clone(), palette.text);
        let wide = galley.size().x + 8.0;
        let gap = if part && x > 0.0 { 1.0 } else { 4.0 };
        if x > 0.0 && x + gap + wide > width {
            (x, y) = (0.0, y + height + 4.0);
        } else if x > 0.0 {
            x += gap;
        }
        placed.push((Rect::from_min_size(pos2(x, y), vec2(wide, height)), galley, is_special(token), part));
        x += wide;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(width, y + height), Sense::hover());
    let label = format!("Tokens {}", tokens.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(" "));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
    let painter = ui.painter();
    for (place, galley, special, part) in placed {
        let place = place.translate(rect.min.to_vec2());
        let (fill, ink) = match (special, part) {
            (true, _) => (palette.panel, palette.text_faint),
            (_, true) => (palette.accent_soft, palette.text),
            _ => (palette.raised, palette.text),
        };
        painter.rect(place, 3.0, fill, Stroke::new(1.0, palette.line), StrokeKind::Inside);
        painter.galley_with_override_text_color(place.center() - galley.size() / 2.0, galley, ink);
    }
}

/// A token without the marks of its kind; where nothing is left, `empty`.
pub fn plain(token: &str, empty: &str) -> String {
    let plain = token.trim_start_matches("##").replace(['Ġ', '▁'], "");
    if plain.is_empty() { empty.to_owned() } else { plain }
}

/// Word-piece marks what goes on, byte-pair and sentence-piece what begins.
fn is_part(token: &str) -> bool {
    token.starts_with("##")
}

fn is_special(token: &str) -> bool {
    (token.starts_with('[') && token.ends_with(']') && token.len() > 2)
        || (token.starts_with('<') && token.ends_with('>') && token.len() > 2)
}
