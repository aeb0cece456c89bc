//! The words of a text, to be hidden and shown by a press.

use egui::{Color32, CornerRadius, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use crate::inspect::filling::{Filling, Word};
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::text;

/// Words that can be clicked; a text of thousands is hidden with the mask token.
const MOST_WORDS: usize = 400;

/// The words of the text as buttons. Returns the one that was pressed.
pub fn words_ui(ui: &mut Ui, words: &str, filling: &Filling, palette: &Palette) -> Option<Word> {
    let letters: Vec<char> = words.chars().collect();
    let mut pressed = None;
    ui.spacing_mut().item_spacing = vec2(1.0, 4.0);
    ui.horizontal_wrapped(|ui| {
        let mut end = 0;
        for word in filling.words.iter().take(MOST_WORDS) {
            let shown: String = letters.get(word.start..word.end).unwrap_or_default().iter().collect();
            if word.start > end && end > 0 {
                ui.add_space(4.0);
            }
            end = word.end;
            let written = shown == filling.mask_token;
            if word_ui(ui, &shown, word, written, filling, palette) && !written {
                pressed = Some(*word);
            }
        }
        if filling.words.len() > MOST_WORDS {
            let more = format!("and {} words more", format::count((filling.words.len() - MOST_WORDS) as u64));
            ui.label(text::faint(more, palette));
        }
    });
    pressed
}

fn word_ui(ui: &mut Ui, shown: &str, word: &Word, written: bool, filling: &Filling, palette: &Palette) -> bool {
    let hidden = word.blank.is_some();
    let font = theme::regular(size::HEAD - 1.0);
    let label = if hidden { filling.mask_token.clone() } else { shown.to_owned() };
    let color = word.blank.map_or(palette.text, |place| palette.label(place));
    let font = if hidden { theme::number(size::BODY) } else { font };
    let galley = text::elided(ui.painter(), &label, font, color, 260.0);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 8.0, 26.0), Sense::click());
    let name = if written {
        format!("Mask {}", word.blank.map_or(0, |place| place + 1))
    } else if hidden {
        format!("Show {shown}")
    } else {
        format!("Hide {shown}")
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, hidden, &name));
    let fill = match word.blank {
        Some(place) => palette.label_soft(place),
        None if response.hovered() => palette.hover,
        None => Color32::TRANSPARENT,
    };
    let line = if response.has_focus() { palette.accent } else { Color32::TRANSPARENT };
    ui.painter().rect(rect, CornerRadius::same(4), fill, Stroke::new(1.0, line), StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, color);
    let tip = match (written, hidden, word.pieces) {
        (true, ..) => "Written in the text".to_owned(),
        (_, true, _) => format!("{shown} is hidden; click to show it"),
        (_, false, 1) => "Click to hide".to_owned(),
        (_, false, pieces) => format!("Click to hide; {pieces} pieces"),
    };
    response.on_hover_text(tip).clicked()
}
