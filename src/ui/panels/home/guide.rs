//! The guided path on Home: a line for each step, and the one that is open with what it is about, its experiments and what
//! to look at. Hidden by one press, it leaves one quiet line.

mod words;

use std::collections::BTreeMap;

use egui::{Align2, Label, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{
    ICON_ARROW_FORWARD, ICON_CHECK, ICON_CHEVRON_RIGHT, ICON_CLOSE, ICON_EXPAND_MORE, ICON_SCHOOL, ICON_VISIBILITY,
};

use crate::ui::action::GuideAction;
use crate::ui::guide::{Part, Step};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, Card, text};
use crate::ui::{Action, Cx, format};
use crate::worker::works::times::TimeRuns;

#[derive(Debug, Default)]
pub struct GuideCard {
    open: Option<Step>,
    /// It was just opened, and is to be in sight.
    is_fresh: bool,
    /// Whose times were asked for last.
    asked: Option<Step>,
    /// Seconds of the runs of a step, in their order.
    times: BTreeMap<Step, Vec<f64>>,
}

/// From the left edge of the card to where words begin.
const INDENT: f32 = 44.0;
/// Height of the line of a step.
const LINE: f32 = 36.0;

impl GuideCard {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        if cx.workspace.guide.is_hidden {
            let button = Button::new("Show the guided path").icon(ICON_SCHOOL).quiet().small();
            if button.show(ui, palette).clicked() {
                cx.act(Action::Guide(GuideAction::Show(true)));
            }
            return;
        }
        self.take_times(cx);
        Card::new().margin(8.0).show(ui, palette, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            head_ui(ui, cx);
            for (place, step) in Step::ALL.into_iter().enumerate() {
                self.step_ui(ui, cx, place, step);
            }
        });
    }

    fn take_times(&mut self, cx: &Cx<'_>) {
        let Some((work, seconds)) = cx.workspace.worked::<TimeRuns>() else { return };
        let of = Step::ALL.into_iter().find(|step| format!("{step:?}") == work.of);
        if let Some(step) = of.filter(|step| !self.times.contains_key(step)) {
            self.times.insert(step, seconds.clone());
        }
    }

    fn step_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, place: usize, step: Step) {
        let is_open = self.open == Some(step);
        let guide = &cx.workspace.guide;
        let (is_done, is_next) = (guide.is_step_done(step), guide.next() == Some(step));
        if line_ui(ui, cx, (place + 1, step), [is_open, is_done, is_next]) {
            self.open = (!is_open).then_some(step);
            self.is_fresh = !is_open;
        }
        if is_open {
            self.ask_times(cx, step);
            let top = ui.cursor().top() - LINE;
            self.open_ui(ui, cx, step);
            if std::mem::take(&mut self.is_fresh) {
                let rect = Rect::from_x_y_ranges(ui.max_rect().x_range(), top..=ui.cursor().top());
                ui.scroll_to_rect(rect, None);
            }
        }
    }

    fn ask_times(&mut self, cx: &mut Cx<'_>, step: Step) {
        let is_known = self.times.contains_key(&step) || self.asked == Some(step);
        if !is_known && cx.workspace.embedded_model().is_some() && step.parts().iter().any(|part| part.is_timed()) {
            self.asked = Some(step);
            cx.act(Action::Guide(GuideAction::Time(step)));
        }
    }

    fn open_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>, step: Step) {
        let palette = cx.palette;
        ui.horizontal_top(|ui| {
            ui.add_space(INDENT);
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - 12.0);
                ui.spacing_mut().item_spacing.y = space::S;
                ui.add(Label::new(text::dim(words::paragraph(step), palette)).wrap());
                if cx.workspace.training.is_some() {
                    ui.add(Label::new(text::small(words::WHILE_TRAINING, palette).color(palette.warn)).wrap());
                }
                let mut timed = self.times.get(&step).into_iter().flatten();
                for part in step.parts() {
                    let seconds = part.is_timed().then(|| timed.next()).flatten();
                    part_ui(ui, cx, *part, seconds.copied());
                }
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    ui.label(theme::icon(ICON_VISIBILITY, 15.0).color(palette.accent));
                    ui.add(Label::new(text::small(words::look_at(step), palette)).wrap());
                });
                ui.add_space(space::S);
            });
        });
    }
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let guide = &cx.workspace.guide;
    let done = Step::ALL.into_iter().filter(|step| guide.is_step_done(*step)).count();
    line(ui, 32.0, |ui| {
        let hide = Button::icon_only(ICON_CLOSE, "Hide the guided path").small();
        if hide.show(ui, palette).on_hover_text("It can be shown again from here or from the commands").clicked() {
            cx.act(Action::Guide(GuideAction::Show(false)));
        }
        ui.label(text::number_dim(format!("{done} of {}", Step::ALL.len()), palette));
        left(ui, |ui| {
            ui.add_space(10.0);
            ui.label(theme::icon(ICON_SCHOOL, 18.0).color(palette.accent));
            ui.label(text::strong("How transfer learning works, step by step", palette));
            ui.add(Label::new(text::small("with attune-mini and the samples", palette)).truncate());
        });
    });
}

/// The line of a step; returns whether it was pressed.
fn line_ui(ui: &mut Ui, cx: &Cx<'_>, (number, step): (usize, Step), [is_open, is_done, is_next]: [bool; 3]) -> bool {
    let palette = cx.palette;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    let title = words::title(step);
    let name = format!("{number}  {title}{}", if is_done { ", done" } else { "" });
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, is_open, &name));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, palette.raised);
    }
    let mark = pos2(rect.left() + 22.0, rect.center().y);
    let (fill, color) = match (is_done, is_next) {
        (true, _) => (palette.good_soft, palette.good),
        (_, true) => (palette.accent_soft, palette.accent),
        _ => (palette.raised, palette.text_dim),
    };
    painter.circle_filled(mark, 11.0, fill);
    if is_done {
        let font = egui::FontId::new(14.0, ICON_CHECK.font_family());
        painter.text(mark, Align2::CENTER_CENTER, ICON_CHECK.codepoint, font, color);
    } else {
        painter.text(mark, Align2::CENTER_CENTER, number.to_string(), theme::number_medium(size::SMALL), color);
    }
    let font = if is_next || is_open { theme::semibold(size::BODY) } else { theme::medium(size::BODY) };
    let words = painter.layout_no_wrap(title.to_owned(), font, palette.text);
    let end = rect.left() + INDENT + words.size().x;
    painter.galley(pos2(rect.left() + INDENT, rect.center().y - words.size().y / 2.0), words, palette.text);
    let room = rect.right() - 40.0 - end - 12.0;
    if room > 60.0 {
        let font = theme::regular(size::SMALL);
        let gist = text::elided(painter, words::gist(step), font, palette.text_faint, room);
        painter.galley(pos2(end + 12.0, rect.center().y - gist.size().y / 2.0), gist, palette.text_faint);
    }
    let sign = if is_open { ICON_EXPAND_MORE } else { ICON_CHEVRON_RIGHT };
    let font = egui::FontId::new(18.0, sign.font_family());
    let at = pos2(rect.right() - 16.0, rect.center().y);
    painter.text(at, Align2::CENTER_CENTER, sign.codepoint, font, palette.text_faint);
    response.clicked()
}

/// An experiment: whether it was done, what it is, how long it takes here, and the press that sets it up.
fn part_ui(ui: &mut Ui, cx: &mut Cx<'_>, part: Part, seconds: Option<f64>) {
    let palette = cx.palette;
    let is_done = cx.workspace.guide.done.contains(&part);
    line(ui, 30.0, |ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let words = words::deed(part);
        let button =
            Button::new(words).name(format!("{words}: {}", words::part(part))).icon(ICON_ARROW_FORWARD).small();
        let pressed = button.enabled(cx.workspace.training.is_none()).show(ui, palette);
        if pressed.on_disabled_hover_text(words::WHILE_TRAINING).clicked() {
            cx.act(Action::Guide(GuideAction::SetUp(part)));
        }
        let time = match seconds {
            Some(seconds) => format!("about {}", format::duration(rounded(seconds))),
            None if part.is_timed() => "…".into(),
            None => words::time(part).into(),
        };
        ui.label(text::number_dim(time, palette));
        left(ui, |ui| {
            let (rect, response) = ui.allocate_exact_size(vec2(18.0, 18.0), Sense::hover());
            let words = if is_done { "Done" } else { "Not done yet" };
            response.widget_info(|| {
                WidgetInfo::selected(Role::CheckBox, false, is_done, format!("{words}: {}", words::part(part)))
            });
            tick(ui, rect, is_done, cx);
            ui.add(Label::new(text::body(words::part(part), palette)).truncate()).on_hover_text(words::part(part));
        });
    });
}

fn tick(ui: &Ui, rect: Rect, is_done: bool, cx: &Cx<'_>) {
    let palette = cx.palette;
    if !is_done {
        ui.painter().circle_stroke(rect.center(), 7.0, Stroke::new(1.25, palette.text_faint));
        return;
    }
    ui.painter().circle_filled(rect.center(), 7.5, palette.good);
    let font = egui::FontId::new(12.0, ICON_CHECK.font_family());
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, ICON_CHECK.codepoint, font, palette.on_accent);
}

/// An estimate is no more exact than this.
fn rounded(seconds: f64) -> f64 {
    let step = if seconds < 60.0 { 5.0 } else { 30.0 };
    (seconds / step).ceil() * step
}
