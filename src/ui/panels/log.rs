//! The log: what happened since the window was opened, newest last.

use egui::{Align, Frame, Label, Layout, Margin, Panel, ScrollArea, Sense, Stroke, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY};

use crate::ui::frame::activity::level_color;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::LogLine;
use crate::ui::{Action, Cx, format};

#[derive(Debug, Default)]
pub struct LogPanel {
    /// The line whose detail, such as a backtrace, is shown.
    chosen: Option<usize>,
}

impl LogPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let frame = Frame::new().fill(palette.panel).inner_margin(Margin { left: 16, right: 8, top: 8, bottom: 8 });
        let panel = Panel::bottom("log").default_size(190.0).size_range(90.0..=480.0).resizable(true);
        panel.show_separator_line(false).frame(frame).show(ui, |ui| {
            let top = ui.max_rect().expand2(vec2(16.0, 8.0));
            ui.painter().hline(top.x_range(), top.top() + 0.5, Stroke::new(1.0, palette.line));
            Self::head_ui(ui, cx);
            ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                if cx.workspace.log.is_empty() {
                    ui.label(text::dim("Nothing has happened yet", palette));
                }
                for (place, line) in cx.workspace.log.iter().enumerate() {
                    self.line_ui(ui, cx, place, line);
                }
            });
        });
    }

    fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.horizontal(|ui| {
            ui.label(text::strong("Log", palette));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if Button::icon_only(ICON_CLOSE, "Close the log").small().show(ui, palette).clicked() {
                    cx.act(Action::ToggleLog);
                }
                if Button::icon_only(ICON_CONTENT_COPY, "Copy the log").small().show(ui, palette).clicked() {
                    let lines = cx.workspace.log.iter().map(whole);
                    cx.act(Action::CopyText(lines.collect::<Vec<_>>().join("\n")));
                }
            });
        });
    }

    fn line_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, place: usize, line: &LogLine) {
        let palette = cx.palette;
        let response = ui
            .horizontal(|ui| {
                ui.set_height(22.0);
                ui.label(text::number_dim(format::clock(line.at), palette));
                let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
                ui.painter().circle_filled(dot.center(), 3.0, level_color(line.level, palette));
                let more = if line.detail.is_some() { "  (press for details)" } else { "" };
                let words = format!("{}{more}", line.text);
                ui.add(Label::new(text::body(words, palette)).truncate().sense(Sense::click()))
            })
            .inner;
        if response.clicked() {
            self.chosen = if self.chosen == Some(place) { None } else { Some(place) };
        }
        if let (Some(detail), true) = (&line.detail, self.chosen == Some(place)) {
            Frame::new().fill(palette.raised).corner_radius(6).inner_margin(Margin::same(8)).show(ui, |ui| {
                ui.add(Label::new(text::number_dim(detail, palette)).selectable(true));
            });
        }
    }
}

fn whole(line: &LogLine) -> String {
    let detail = line.detail.as_ref().map_or_else(String::new, |detail| format!("\n{detail}"));
    format!("{} {}{detail}", format::clock(line.at), line.text)
}
