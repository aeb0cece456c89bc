//! The command palette: every action by name. It lists what can be done now; the rest would only be in the way.

use egui::{
    Align2, Area, Color32, CornerRadius, Frame, Id, Key, Margin, Order, Role, Sense, Stroke, Ui, WidgetInfo, vec2,
};

use super::action::LinkAction;
use super::link::BEGIN;
use super::theme::{self, Palette, size};
use super::widgets::text;
use super::{Action, Cx, format};

const WIDTH: f32 = 560.0;
const ROW: f32 = 34.0;
/// Height of the list at most.
const LIST: f32 = ROW * 9.5;

#[derive(Debug, Default)]
pub struct CommandPalette {
    pub open: bool,
    query: String,
    chosen: usize,
}

impl CommandPalette {
    /// Opens it with what was typed since it was asked for, which may have come within the same frame.
    pub fn open(&mut self, typed: String) {
        *self = Self { open: true, query: typed, ..Self::default() };
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if !self.open {
            return;
        }
        let found = self.found(cx);
        self.chosen = self.chosen.min(found.len().saturating_sub(1));
        let is_entered = self.keys(ui, found.len());
        if !self.open {
            return;
        }
        let palette = cx.palette;
        let screen = ui.ctx().content_rect();
        let shade = Area::new(Id::unique("palette shade")).order(Order::Middle).fixed_pos(screen.min);
        let outside = shade.show(ui.ctx(), |ui| {
            let (rect, response) = ui.allocate_exact_size(screen.size(), Sense::click());
            ui.painter().rect_filled(rect, 0.0, Color32::from_black_alpha(if palette.dark { 110 } else { 60 }));
            response.clicked()
        });
        Area::new(Id::unique("palette")).order(Order::Foreground).anchor(Align2::CENTER_TOP, vec2(0.0, 96.0)).show(
            ui.ctx(),
            |ui| {
                let frame = Frame::new()
                    .fill(palette.panel)
                    .stroke(Stroke::new(1.0, palette.line.lerp_to_gamma(palette.text_faint, 0.3)))
                    .corner_radius(CornerRadius::same(12))
                    .shadow(ui.visuals().window_shadow)
                    .inner_margin(Margin::same(8));
                frame.show(ui, |ui| self.list_ui(ui, cx, &found));
            },
        );
        if outside.inner {
            self.open = false;
        }
        if is_entered && self.open {
            self.enter(cx);
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, found: &[Action]) {
        let palette = cx.palette;
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 2.0;
        let field = egui::TextEdit::singleline(&mut self.query)
            .hint_text(egui::RichText::new("What do you want to do?").color(palette.text_faint))
            .font(theme::regular(size::HEAD - 1.0))
            .frame(Frame::NONE)
            .desired_width(f32::INFINITY);
        let inner = Frame::new().inner_margin(Margin { left: 10, right: 10, top: 6, bottom: 8 });
        let response = inner.show(ui, |ui| ui.add(field)).inner.accessible_name("Command");
        if response.changed() {
            self.chosen = 0;
        }
        response.request_focus();
        super::widgets::divider(ui, palette);
        ui.add_space(4.0);
        if found.is_empty() {
            ui.add_space(8.0);
            ui.vertical_centered(|ui| ui.label(text::dim("No command has these words", palette)));
            ui.add_space(8.0);
        }
        // The area is as small as what it last had, and has to grow again with what is found.
        egui::ScrollArea::vertical().max_height(LIST).min_scrolled_height(LIST).show(ui, |ui| {
            for (place, action) in found.iter().enumerate() {
                let response = row_ui(ui, palette, action, place == self.chosen);
                if response.hovered() && ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO) {
                    self.chosen = place;
                }
                if place == self.chosen
                    && ui.input(|input| input.key_pressed(Key::ArrowDown) || input.key_pressed(Key::ArrowUp))
                {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    cx.act(action.clone());
                    self.open = false;
                }
            }
        });
    }

    /// Returns whether what is chosen is to be done. What was typed before the key may stand in no list yet.
    fn keys(&mut self, ui: &Ui, count: usize) -> bool {
        let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
        if pressed(Key::Escape) {
            self.open = false;
        }
        if pressed(Key::ArrowDown) && self.chosen + 1 < count {
            self.chosen += 1;
        }
        if pressed(Key::ArrowUp) {
            self.chosen = self.chosen.saturating_sub(1);
        }
        pressed(Key::Enter)
    }

    /// Does what is chosen of what is found for the words as they are now.
    fn enter(&mut self, cx: &mut Cx<'_>) {
        if let Some(action) = self.found(cx).get(self.chosen) {
            cx.act(action.clone());
            self.open = false;
        }
    }

    fn found(&self, cx: &Cx<'_>) -> Vec<Action> {
        // What is pasted is a place to go to, and no words to look for.
        if self.query.trim_start().starts_with(BEGIN) {
            return vec![Action::Link(LinkAction::Open(self.query.trim().to_owned()))];
        }
        let kept = cx
            .workspace
            .kept_views
            .iter()
            .rev()
            .map(|kept| Action::Link(LinkAction::OpenKept { title: kept.title.clone(), link: kept.link.clone() }));
        let known = Action::commands().into_iter().chain(kept);
        let possible = known.filter(|action| action.is_possible(cx.workspace));
        let mut ranked: Vec<(u32, Action)> =
            possible.filter_map(|action| rank(&self.query, &action).map(|rank| (rank, action))).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, action)| action).collect()
    }
}

/// How well an action answers what was typed: 0 is best, `None` not at all. Every typed word must start a word of the
/// title or of the keywords.
fn rank(query: &str, action: &Action) -> Option<u32> {
    let title = action.title().to_lowercase();
    let keywords = action.keywords();
    let mut rank = 0;
    for word in query.to_lowercase().split_whitespace() {
        let starts = |text: &str| text.split_whitespace().any(|known| known.starts_with(word));
        rank += match () {
            () if title.starts_with(word) => 0,
            () if starts(&title) => 1,
            () if starts(keywords) => 2,
            () if title.contains(word) => 3,
            () => return None,
        };
    }
    Some(rank)
}

fn row_ui(ui: &mut Ui, palette: &Palette, action: &Action, chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let title = action.title();
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, &title));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if chosen {
        ui.painter().rect_filled(rect, CornerRadius::same(6), palette.accent_soft);
    }
    let inner = rect.shrink2(vec2(10.0, 0.0));
    let color = if chosen { palette.accent } else { palette.text };
    let named = ui.painter().text(inner.left_center(), Align2::LEFT_CENTER, &title, theme::medium(size::BODY), color);
    let mut right = inner.right();
    if let Some(keys) = action.shortcut().map(|keys| format::keys(ui.ctx(), &keys)) {
        let at = inner.right_center();
        right = ui.painter().text(at, Align2::RIGHT_CENTER, keys, theme::number(size::SMALL), palette.text_dim).left();
    }
    let room = right - named.right() - 24.0;
    if room > 60.0 && !action.tooltip().is_empty() {
        let note = text::elided(ui.painter(), action.tooltip(), theme::regular(size::SMALL), palette.text_faint, room);
        let at = egui::pos2(named.right() + 12.0, rect.center().y - note.size().y / 2.0);
        ui.painter().galley(at, note, palette.text_faint);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Screen;

    #[test]
    fn what_is_typed_finds_titles_before_keywords() {
        assert_eq!(rank("start", &Action::StartRun), Some(0));
        assert_eq!(rank("tra", &Action::StartRun), Some(1));
        assert_eq!(rank("playground", &Action::Go(Screen::Explore)), Some(2));
        assert_eq!(rank("go ev", &Action::Go(Screen::Evaluate)), Some(1));
        assert_eq!(rank("zebra", &Action::StartRun), None);
        assert_eq!(rank("", &Action::Quit), Some(0));
    }
}
