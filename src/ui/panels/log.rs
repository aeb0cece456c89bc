//! The log: what happened since the window was opened, newest last; and beside it the views that were kept, which stay.

mod kept;

use egui::{Frame, Label, Margin, Panel, ScrollArea, Sense, Stroke, Ui, vec2};
use egui_material_icons::icons::{ICON_CLOSE, ICON_CONTENT_COPY, ICON_LINK, ICON_OPEN_IN_NEW};

use crate::ui::action::LinkAction;
use crate::ui::frame::activity::level_color;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, line, text};
use crate::ui::workspace::LogLine;
use crate::ui::{Action, Cx, format};

#[derive(Debug, Default)]
pub struct LogPanel {
    shows: Shows,
    /// The line whose detail, such as a backtrace, is shown.
    chosen: Option<usize>,
    /// A link as it is typed or pasted.
    typed: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shows {
    #[default]
    Log,
    Kept,
}

const ROW: f32 = 22.0;

impl LogPanel {
    /// Turns to the views that were kept.
    pub fn show_kept(&mut self) {
        self.shows = Shows::Kept;
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let frame = Frame::new().fill(palette.panel).inner_margin(Margin { left: 16, right: 8, top: 8, bottom: 8 });
        let panel = Panel::bottom("log").default_size(190.0).size_range(90.0..=480.0).resizable(true);
        panel.show_separator_line(false).frame(frame).show(ui, |ui| {
            let top = ui.max_rect().expand2(vec2(16.0, 8.0));
            ui.painter().hline(top.x_range(), top.top() + 0.5, Stroke::new(1.0, palette.line));
            self.head_ui(ui, cx);
            match self.shows {
                Shows::Log => self.lines_ui(ui, cx),
                Shows::Kept => self.kept_ui(ui, cx),
            }
        });
    }

    fn head_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        line::line(ui, 28.0, |ui| {
            if Button::icon_only(ICON_CLOSE, "Close the log").small().show(ui, palette).clicked() {
                cx.act(Action::ToggleLog);
            }
            let copies = Button::icon_only(ICON_CONTENT_COPY, "Copy the log").small();
            if self.shows == Shows::Log && copies.show(ui, palette).clicked() {
                let lines = cx.workspace.log.iter().map(whole);
                cx.act(Action::CopyText(lines.collect::<Vec<_>>().join("\n")));
            }
            line::left(ui, |ui| {
                let kept = match cx.workspace.kept_views.len() as u64 {
                    0 => "Kept views".to_owned(),
                    count => format!("Kept views · {}", format::count(count)),
                };
                let choices = [(Shows::Log, "Log"), (Shows::Kept, kept.as_str())];
                if let Some(shows) = segmented(ui, palette, self.shows, &choices, false) {
                    self.shows = shows;
                }
            });
        });
        ui.add_space(2.0);
    }

    fn lines_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let workspace = cx.workspace;
            if workspace.log.is_empty() {
                ui.label(text::dim("Nothing has happened yet", cx.palette));
            }
            for (place, line) in workspace.log.iter().enumerate() {
                self.line_ui(ui, cx, place, line);
            }
        });
    }

    fn line_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, place: usize, line: &LogLine) {
        let palette = cx.palette;
        let response = ui
            .horizontal(|ui| {
                ui.set_height(ROW);
                ui.label(text::number_dim(format::clock(line.at), palette));
                let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
                ui.painter().circle_filled(dot.center(), 3.0, level_color(line.level, palette));
                if let Some(link) = &line.link {
                    link_ui(ui, cx, link, &line.text);
                }
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

/// The presses that lead back to a view.
fn link_ui(ui: &mut Ui, cx: &mut Cx<'_>, link: &str, title: &str) {
    let open = Button::icon_only(ICON_OPEN_IN_NEW, "Open this view").small().name(format!("Open the view: {title}"));
    if open.show(ui, cx.palette).clicked() {
        cx.act(Action::Link(LinkAction::Open(link.to_owned())));
    }
    let copy = Button::icon_only(ICON_LINK, "Copy the link").small().name(format!("Copy the link: {title}"));
    if copy.show(ui, cx.palette).clicked() {
        cx.act(Action::CopyText(link.to_owned()));
    }
}

fn whole(line: &LogLine) -> String {
    let more = [&line.detail, &line.link].into_iter().flatten().map(|more| format!("\n{more}"));
    format!("{} {}{}", format::clock(line.at), line.text, more.collect::<String>())
}
