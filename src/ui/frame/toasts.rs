//! Toasts: what has just finished or failed, at the lower right, gone after a while.

use std::time::Duration;

use egui::{Align, Align2, Area, CornerRadius, Frame, Layout, Margin, Order, Stroke, Ui, vec2};
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_CLOSE, ICON_ERROR, ICON_INFO, ICON_WARNING};

use super::activity::level_color;
use crate::ui::theme;
use crate::ui::widgets::{Button, state, text};
use crate::ui::workspace::{Level, Toast};
use crate::ui::{Action, Cx};

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let now = cx.workspace.now;
    // A frame is drawn when the next toast goes, and none before.
    let next = cx.workspace.toasts.iter().map(|toast| toast.ends() - now).reduce(f64::min);
    if let Some(seconds) = next {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(seconds.max(0.02)));
    }
    let toasts: Vec<Toast> = cx.workspace.toasts.iter().rev().take(4).cloned().collect();
    if toasts.is_empty() {
        return;
    }
    Area::new(egui::Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, vec2(-16.0, -44.0))
        .show(ui.ctx(), |ui| {
            ui.set_width(340.0);
            ui.spacing_mut().item_spacing.y = 8.0;
            for toast in toasts.iter().rev() {
                toast_ui(ui, cx, toast);
            }
        });
}

fn toast_ui(ui: &mut Ui, cx: &mut Cx<'_>, toast: &Toast) {
    let palette = cx.palette;
    let color = level_color(toast.level, palette);
    let icon = match toast.level {
        Level::Info => ICON_INFO,
        Level::Good => ICON_CHECK_CIRCLE,
        Level::Warning => ICON_WARNING,
        Level::Error => ICON_ERROR,
    };
    let frame = Frame::new()
        .fill(if palette.dark { palette.raised } else { palette.panel })
        .stroke(Stroke::new(1.0, palette.line.lerp_to_gamma(palette.text_faint, 0.3)))
        .corner_radius(CornerRadius::same(8))
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 10));
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            let close = Button::icon_only(ICON_CLOSE, "Dismiss").small();
            if close.name(format!("Dismiss {}", toast.title)).show(ui, palette).clicked() {
                cx.act(Action::DismissToast(toast.id));
            }
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                ui.label(theme::icon(icon, 18.0).color(color));
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.label(text::strong(&toast.title, palette));
                    if !toast.text.is_empty() {
                        ui.label(text::small(state::sentence(&toast.text), palette));
                    }
                    if let Some(model) = &toast.offers
                        && Button::new("Try it").small().show(ui, palette).clicked()
                    {
                        cx.act(Action::ExploreWith(model.clone()));
                        cx.act(Action::DismissToast(toast.id));
                    }
                });
            });
        });
    });
    let edge = shown.response.rect;
    let bar = egui::Rect::from_min_size(edge.min, vec2(3.0, edge.height()));
    ui.painter().rect_filled(bar, CornerRadius { nw: 8, sw: 8, ne: 0, se: 0 }, color);
}
