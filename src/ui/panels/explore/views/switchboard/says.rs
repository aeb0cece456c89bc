//! What the model says of the text, whole and with parts switched off.

use egui::{Label, ScrollArea, Ui};

use super::Switchboard;
use crate::inspect::switches::Both;
use crate::inspect::why::Explained;
use crate::task::Targets;
use crate::ui::format;
use crate::ui::panels::explore::colours::Classes;
use crate::ui::theme::{Palette, space};
use crate::ui::widgets::bars::{Bar, bars};
use crate::ui::widgets::{line, text};

/// Answers that are shown.
const SHOWN: usize = 8;

impl Switchboard {
    pub(super) fn says_ui(&self, ui: &mut Ui, palette: &Palette) {
        if self.heads.is_empty() {
            ui.label(text::dim("This model has no head whose answer could change", palette));
            return;
        }
        let Some((asked, both)) = &self.says else {
            ui.label(text::dim("What the model says appears here", palette));
            return;
        };
        if asked.switches != self.off {
            ui.multiply_opacity(0.6);
        }
        line::line(ui, 26.0, |ui| {
            self.told.millis_ui(ui, palette);
            line::left(ui, |ui| ui.label(text::head(heading(&both.without), palette)));
        });
        ui.add(Label::new(text::dim(sentence(both, asked.switches.is_empty()), palette)).wrap());
        ui.add_space(space::S);
        if both.without.task.targets() == Targets::Number {
            return;
        }
        ScrollArea::vertical().id_salt("switched answers").auto_shrink(false).show(ui, |ui| {
            let before = |label: &str| both.whole.choices.iter().find(|one| one.label == label).map(|one| one.share);
            let classes = Classes::of(&both.without);
            let color = |place: usize, name: &str| {
                classes.color(name, if place == 0 { palette.accent } else { palette.text_faint }, palette)
            };
            let shown = both.without.choices.iter().take(SHOWN).enumerate().map(|(place, one)| Bar {
                mark: before(&one.label),
                ..Bar::of(&one.label, one.share, color(place, &one.label), place == 0)
            });
            bars(ui, &shown.collect::<Vec<_>>(), 150.0, false, palette);
        });
    }
}

fn heading(said: &Explained) -> String {
    match said.task.targets() {
        Targets::Number => format!("{:.4}", said.share),
        Targets::Class | Targets::Classes | Targets::Tags | Targets::Span | Targets::Hidden | Targets::Replaced => {
            format!("{} {}", said.label, format::percent(said.share))
        }
    }
}

/// What one sees.
fn sentence(both: &Both, nothing_off: bool) -> String {
    let Both { whole, without } = both;
    let of = if without.word.is_empty() { String::new() } else { format!(" of \u{201c}{}\u{201d}", without.word) };
    if nothing_off {
        return format!("What the whole model says{of}");
    }
    let before = heading(whole);
    if whole.label == without.label {
        format!("Said{of} with parts switched off; the marks are the whole model, which says {before}")
    } else {
        format!("Said{of} with parts switched off, and otherwise than by the whole model, which says {before}")
    }
}
