//! The views that were kept, newest first, and a field for links from elsewhere.

use egui::{Key, Label, ScrollArea, TextEdit, Ui};
use egui_material_icons::icons::ICON_DELETE;

use super::{LogPanel, ROW, link_ui};
use crate::ui::action::LinkAction;
use crate::ui::link::{BEGIN, KeptView};
use crate::ui::theme::space;
use crate::ui::widgets::{Button, line, text};
use crate::ui::{Action, Cx, format};

/// Width of the press beside the field.
const OPEN: f32 = 64.0;

impl LogPanel {
    pub(super) fn kept_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.field_ui(ui, cx);
        ui.add_space(space::XS);
        ScrollArea::vertical().id_salt("kept views").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let workspace = cx.workspace;
            if workspace.kept_views.is_empty() {
                let keys = Action::Link(LinkAction::Keep).shortcut().map(|keys| format::keys(ui.ctx(), &keys));
                let words = format!(
                    "No view is kept yet. In Explore, Keep this view ({}) writes its model, text and settings here.",
                    keys.unwrap_or_default()
                );
                ui.add(Label::new(text::dim(words, cx.palette)).wrap());
            }
            for kept in workspace.kept_views.iter().rev() {
                view_ui(ui, cx, kept);
            }
        });
    }

    fn field_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let (entered, pressed) = line::line(ui, space::ROW, |ui| {
            let open = Button::new("Open").small().name("Open the pasted link").min_width(OPEN);
            let pressed = open.enabled(!self.typed.trim().is_empty()).show(ui, palette).clicked();
            let entered = line::left(ui, |ui| {
                let hint = format!("Paste a link to a view: {BEGIN}…");
                let field = TextEdit::singleline(&mut self.typed)
                    .hint_text(egui::RichText::new(hint).color(palette.text_faint))
                    .margin(egui::Margin::symmetric(8, 5))
                    .desired_width(f32::INFINITY);
                let response = ui.add(field).accessible_name("Link to a view");
                response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
            });
            (entered, pressed)
        });
        if (entered || pressed) && !self.typed.trim().is_empty() {
            cx.act(Action::Link(LinkAction::Open(std::mem::take(&mut self.typed))));
        }
    }
}

fn view_ui(ui: &mut Ui, cx: &mut Cx<'_>, kept: &KeptView) {
    let palette = cx.palette;
    let ago = cx.workspace.unix_now().saturating_sub(kept.at);
    ui.push_id(&kept.link, |ui| {
        line::line(ui, ROW, |ui| {
            let forget = Button::icon_only(ICON_DELETE, "Forget it").small().name(format!("Forget {}", kept.title));
            if forget.show(ui, palette).clicked() {
                cx.act(Action::Link(LinkAction::Forget(kept.link.clone())));
            }
            ui.label(text::number_dim(format::ago(ago), palette));
            line::left(ui, |ui| {
                link_ui(ui, cx, &kept.link, &kept.title);
                ui.add(Label::new(text::body(&kept.title, palette)).truncate());
            });
        });
    });
}
