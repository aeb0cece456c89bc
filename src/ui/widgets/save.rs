//! A button that saves what stands beside it, in one of several forms.

use egui::{Popup, Ui};
use egui_material_icons::icons::ICON_DOWNLOAD;

use super::Button;
use crate::ui::saving::Saving;
use crate::ui::{Action, Cx};

/// A form under its name, which is made once it is chosen.
pub type Form<'a> = (&'a str, &'a dyn Fn() -> Saving);

pub fn save_menu(ui: &mut Ui, cx: &mut Cx<'_>, forms: &[Form<'_>]) {
    let button = Button::icon_only(ICON_DOWNLOAD, "Save…").small().show(ui, cx.palette);
    Popup::menu(&button).show(|ui| {
        for (name, make) in forms {
            if ui.button(*name).clicked() {
                cx.act(Action::Save(make()));
            }
        }
    });
}
