//! A field for a path, beside every button that opens the system's dialog: the dialog may be absent.

use std::path::PathBuf;

use egui::{Key, TextEdit, Ui};

use super::Button;
use crate::ui::theme::{Palette, space};

/// Draws the field and returns the path once it is confirmed. `~` stands for the home folder.
pub fn path_field(ui: &mut Ui, palette: &Palette, typed: &mut String, hint: &str, name: &str) -> Option<PathBuf> {
    path_field_to(ui, palette, typed, hint, ("Open", name))
}

/// The field for data, which may be several files at once.
pub fn data_field(ui: &mut Ui, palette: &Palette, typed: &mut String) -> Option<PathBuf> {
    path_field(ui, palette, typed, "or paste a path, a folder or a pattern such as data/*.csv", "data file")
}

/// The same, with what is done with the path on its button.
pub fn path_field_to(
    ui: &mut Ui,
    palette: &Palette,
    typed: &mut String,
    hint: &str,
    (verb, name): (&str, &str),
) -> Option<PathBuf> {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let button = if verb.len() > 5 { 84.0 } else { 58.0 };
        let field = TextEdit::singleline(typed)
            .hint_text(egui::RichText::new(hint).color(palette.text_faint))
            .margin(egui::Margin::symmetric(8, 6))
            .desired_width((ui.available_width() - button - space::XS).max(60.0));
        let response = ui.add(field).accessible_name(name);
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let pressed = Button::new(verb)
            .min_width(button)
            .name(format!("{verb} {name}"))
            .enabled(!typed.trim().is_empty())
            .show(ui, palette);
        let confirmed = (entered || pressed.clicked()) && !typed.trim().is_empty();
        confirmed.then(|| parse(&std::mem::take(typed)))
    })
    .inner
}

/// What a person pastes: quoted, as an address, or from the home folder.
pub fn parse(typed: &str) -> PathBuf {
    let plain = typed.trim().trim_matches(['"', '\'']);
    let plain = plain.strip_prefix("file://").unwrap_or(plain);
    match (plain.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_path_may_be_quoted_or_an_address() {
        assert_eq!(parse(" \"/data/my file.csv\" "), PathBuf::from("/data/my file.csv"));
        assert_eq!(parse("file:///data/a.csv"), PathBuf::from("/data/a.csv"));
    }
}
