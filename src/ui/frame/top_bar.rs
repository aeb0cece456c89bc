//! The top bar: what is being worked on, the command palette, the device and the theme.

use egui::{Align, Color32, CornerRadius, Frame, Layout, Margin, Panel, Role, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_DARK_MODE, ICON_LIGHT_MODE, ICON_MEMORY, ICON_SEARCH};

use super::logo;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::{Button, text};
use crate::ui::{Action, Cx, Screen, format};

const HEIGHT: f32 = 48.0;
/// From how much room on the commands look like a search field, and how wide that is.
const WIDE: f32 = 560.0;
const SEARCH: f32 = 220.0;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, device: &str) {
    let palette = cx.palette;
    let frame = Frame::new().fill(palette.panel).inner_margin(Margin { left: 16, right: 12, top: 0, bottom: 0 });
    Panel::top("top bar").exact_size(HEIGHT).resizable(false).show_separator_line(false).frame(frame).show(ui, |ui| {
        let line = ui.max_rect().expand2(vec2(16.0, 0.0));
        ui.painter().hline(line.x_range(), line.bottom() - 0.5, Stroke::new(1.0, palette.line));
        ui.horizontal_centered(|ui| {
            brand_ui(ui, palette);
            // Drawn from the left, since the tabulator goes through parts in the order in which they are drawn.
            let gap = ui.spacing().item_spacing.x;
            let behind = device_width(ui, cx, device) + space::ROW + 2.0 * gap;
            let wide = ui.available_width() - behind > WIDE;
            let right = behind + gap + if wide { SEARCH } else { space::ROW };
            let room = vec2((ui.available_width() - right).max(0.0), HEIGHT);
            ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
                ui.set_width(room.x);
                crumbs_ui(ui, cx);
            });
            palette_button_ui(ui, cx, wide);
            device_ui(ui, cx, device);
            theme_ui(ui, cx);
        });
    });
}

fn brand_ui(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(24.0, 24.0), Sense::hover());
    logo::paint(ui.painter(), rect, palette.accent);
    ui.add_space(-2.0);
    ui.label(egui::RichText::new("Attune").font(theme::semibold(size::HEAD - 1.0)).color(palette.text));
    ui.add_space(space::S);
}

/// Data and model of the next run; a press goes to their screens.
fn crumbs_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let data = cx.workspace.data.table.as_ref().map(|table| format::inputs(&table.origins.inputs));
    let model = cx.workspace.model.as_ref().map(|card| cx.workspace.model_name(&card.dir));
    let room = (ui.available_width() - 40.0).max(40.0) / 2.0;
    crumb_ui(ui, cx, Screen::Data, data.as_deref(), "No data", room);
    ui.spacing_mut().item_spacing.x = 2.0;
    ui.label(theme::icon(ICON_CHEVRON_RIGHT, 16.0).color(palette.text_faint));
    let absent = cx.workspace.opening().map_or_else(|| "No model".to_owned(), |name| format!("Opening {name}…"));
    crumb_ui(ui, cx, Screen::Model, model.as_deref(), &absent, room);
}

fn crumb_ui(ui: &mut Ui, cx: &mut Cx<'_>, screen: Screen, name: Option<&str>, absent: &str, room: f32) {
    let palette = cx.palette;
    let color = if name.is_some() { palette.text } else { palette.text_faint };
    let words = name.unwrap_or(absent);
    let font = theme::medium(size::BODY);
    let galley = text::elided(ui.painter(), words, font, color, room.min(280.0));
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(16.0, 10.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{}: {words}", screen.title())));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, CornerRadius::same(space::RADIUS), palette.hover);
    }
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, color);
    if response.clicked() {
        cx.act(Action::Go(screen));
    }
    response.on_hover_text(format!("{} – {words}", screen.title()));
}

fn theme_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let icon = if cx.palette.dark { ICON_LIGHT_MODE } else { ICON_DARK_MODE };
    let name = if cx.palette.dark { "Light theme" } else { "Dark theme" };
    if Button::icon_only(icon, name).show(ui, cx.palette).clicked() {
        cx.act(Action::ToggleTheme);
    }
}

fn device_width(ui: &Ui, cx: &Cx<'_>, device: &str) -> f32 {
    let font = theme::medium(size::BODY - 1.0);
    let galley = ui.painter().layout_no_wrap(device.to_owned(), font, cx.palette.text_dim);
    let bar = if cx.workspace.plan.is_some() { 52.0 } else { 0.0 };
    galley.size().x + bar + 42.0
}

/// What computes, and how much of the free memory the next run would take.
fn device_ui(ui: &mut Ui, cx: &Cx<'_>, device: &str) {
    let palette = cx.palette;
    let memory = cx.workspace.plan.as_ref().map(|plan| plan.memory);
    let font = theme::medium(size::BODY - 1.0);
    let galley = ui.painter().layout_no_wrap(device.to_owned(), font, palette.text_dim);
    let size = vec2(device_width(ui, cx, device), space::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let words = memory.map_or_else(
        || format!("Computes on {device}"),
        |memory| {
            let (needed, free) = (format::bytes(memory.total()), format::bytes(memory.available));
            format!("Computes on {device}\nThe next run needs about {needed} of {free} free memory")
        },
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    let radius = CornerRadius::same(space::RADIUS);
    let line = Stroke::new(1.0, palette.line);
    ui.painter().rect(rect, radius, palette.raised, line, egui::StrokeKind::Inside);
    let icon = egui::FontId::new(16.0, ICON_MEMORY.font_family());
    let left = rect.left_center() + vec2(17.0, 0.0);
    ui.painter().text(left, egui::Align2::CENTER_CENTER, ICON_MEMORY.codepoint, icon, palette.text_dim);
    let at = rect.left_center() + vec2(31.0, -galley.size().y / 2.0);
    ui.painter().galley(at, galley, palette.text_dim);
    if let Some(memory) = memory {
        let track = egui::Rect::from_center_size(rect.right_center() - vec2(31.0, 0.0), vec2(42.0, 4.0));
        memory_bar(ui, palette, track, memory.total() as f32 / memory.available.max(1) as f32);
    }
    response.on_hover_text(words);
}

fn memory_bar(ui: &Ui, palette: &Palette, track: egui::Rect, share: f32) {
    let color = match share {
        share if share > 1.0 => palette.bad,
        share if share > 0.8 => palette.warn,
        _ => palette.accent,
    };
    ui.painter().rect_filled(track, 2.0, palette.hover);
    let filled = egui::Rect::from_min_size(track.min, vec2(track.width() * share.clamp(0.04, 1.0), 4.0));
    ui.painter().rect_filled(filled, 2.0, color);
}

/// Looks like a search field, because that is what it opens.
fn palette_button_ui(ui: &mut Ui, cx: &mut Cx<'_>, wide: bool) {
    let palette = cx.palette;
    let keys = Action::OpenPalette.shortcut().map(|keys| format::keys(ui.ctx(), &keys)).unwrap_or_default();
    if !wide {
        let button = Button::icon_only(ICON_SEARCH, "Commands").show(ui, palette);
        if button.on_hover_text(keys).clicked() {
            cx.act(Action::OpenPalette);
        }
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(SEARCH, space::ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Commands"));
    let line = if response.hovered() || response.has_focus() { palette.text_faint } else { palette.line };
    let radius = CornerRadius::same(space::RADIUS);
    let fill: Color32 = palette.background;
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    let font = egui::FontId::new(16.0, ICON_SEARCH.font_family());
    let left = rect.left_center() + vec2(17.0, 0.0);
    ui.painter().text(left, egui::Align2::CENTER_CENTER, ICON_SEARCH.codepoint, font, palette.text_faint);
    let words = rect.left_center() + vec2(32.0, 0.0);
    let font = theme::regular(size::BODY - 0.5);
    ui.painter().text(words, egui::Align2::LEFT_CENTER, "Search commands", font, palette.text_faint);
    let right = rect.right_center() - vec2(10.0, 0.0);
    ui.painter().text(right, egui::Align2::RIGHT_CENTER, keys, theme::number(size::SMALL), palette.text_faint);
    if response.clicked() {
        cx.act(Action::OpenPalette);
    }
}
