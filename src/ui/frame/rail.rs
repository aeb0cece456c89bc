//! The rail: the stages in the order of the work, each with a point that says how far it is. The stage that is useful
//! next has one in the accent colour, and no field of its own: that is what the open one has.

use egui::{Align2, Color32, CornerRadius, Frame, Panel, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_DATABASE, ICON_EXPLORE, ICON_FACT_CHECK, ICON_HISTORY, ICON_HOME, ICON_MODEL_TRAINING, ICON_NEUROLOGY,
    ICON_SETTINGS,
};

use crate::ui::theme::{self, Palette, size};
use crate::ui::workspace::stage::Stage;
use crate::ui::{Action, Cx, Screen, format};

pub const WIDTH: f32 = 76.0;
const ITEM: f32 = 58.0;
/// What an item is at least, and from where on its name stands below its sign.
const LEAST: f32 = 28.0;
const TALL: f32 = 44.0;
const GAP: f32 = 9.0;

pub fn icon(screen: Screen) -> MaterialIcon {
    match screen {
        Screen::Home => ICON_HOME,
        Screen::Data => ICON_DATABASE,
        Screen::Model => ICON_NEUROLOGY,
        Screen::Train => ICON_MODEL_TRAINING,
        Screen::Evaluate => ICON_FACT_CHECK,
        Screen::Explore => ICON_EXPLORE,
        Screen::Runs => ICON_HISTORY,
        Screen::Settings => ICON_SETTINGS,
    }
}

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let frame = Frame::new().fill(palette.panel);
    Panel::left("rail").exact_size(WIDTH).resizable(false).show_separator_line(false).frame(frame).show(ui, |ui| {
        let area = ui.max_rect();
        ui.painter().vline(area.right() - 0.5, area.y_range(), Stroke::new(1.0, palette.line));
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space(6.0);
        // All of it is within reach in the smallest window too; where it is low the words are left to the pointer.
        let height = ((ui.available_height() - GAP - 6.0) / Screen::ALL.len() as f32).clamp(LEAST, ITEM);
        for screen in Screen::ALL.into_iter().filter(|screen| *screen != Screen::Settings) {
            if screen == Screen::Runs {
                let (gap, _) = ui.allocate_exact_size(vec2(WIDTH, GAP), Sense::hover());
                ui.painter().hline(gap.x_range().shrink(22.0), gap.center().y, Stroke::new(1.0, palette.line));
            }
            item_ui(ui, cx, screen, height);
        }
        ui.add_space((ui.available_height() - height - 6.0).max(0.0));
        item_ui(ui, cx, Screen::Settings, height);
    });
}

/// The stages are one stop for the tabulator, and the arrows go from one to the next.
fn turned(ui: &Ui, cx: &mut Cx<'_>, response: &egui::Response, screen: Screen) {
    if !response.has_focus() {
        return;
    }
    let filter = egui::EventFilter { vertical_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    // Taken, because the item that the focus goes to may be drawn later in this frame.
    let pressed = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
    let steps = i32::from(pressed(egui::Key::ArrowDown)) - i32::from(pressed(egui::Key::ArrowUp));
    let all = Screen::ALL;
    let place = all.iter().position(|one| *one == screen).unwrap_or(0) as i32 + steps;
    if let Some(next) = usize::try_from(place).ok().and_then(|place| all.get(place)).filter(|_| steps != 0) {
        cx.act(Action::Go(*next));
        ui.memory_mut(|memory| memory.request_focus(item_id(*next)));
    }
}

fn item_id(screen: Screen) -> egui::Id {
    egui::Id::unique(("rail", screen.title()))
}

fn item_ui(ui: &mut Ui, cx: &mut Cx<'_>, screen: Screen, height: f32) {
    let palette = cx.palette;
    let active = cx.workspace.screen == screen;
    // The stage that the arrows went to is shown from the next frame on, and may have the focus already.
    let is_stop = active || ui.memory(|memory| memory.has_focus(item_id(screen)));
    let sense = if is_stop { Sense::click() } else { Sense::CLICK };
    let (rect, _) = ui.allocate_exact_size(vec2(WIDTH, height), Sense::hover());
    let response = ui.interact(rect, item_id(screen), sense);
    turned(ui, cx, &response, screen);
    let is_tall = height >= TALL;
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, active, screen.title()));
    let middle = if is_tall { rect.top() + 21.0 * height / ITEM } else { rect.center().y };
    let pill = Rect::from_center_size(pos2(rect.center().x, middle), vec2(48.0, 30.0_f32.min(height - 4.0)));
    let radius = CornerRadius::same(9);
    let next = cx.workspace.next_screen() == Some(screen) && !active;
    let fill = match (active, response.hovered()) {
        (true, _) => palette.accent_soft,
        (_, true) => palette.hover,
        _ => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(pill, radius, fill);
    if response.has_focus() {
        ui.painter().rect_stroke(pill, radius, Stroke::new(1.5, palette.accent), egui::StrokeKind::Inside);
    }
    let color = match (active, next || response.hovered()) {
        (true, _) => palette.accent,
        (_, true) => palette.text,
        _ => palette.text_dim,
    };
    let sign = icon(screen);
    let font = egui::FontId::new(21.0, sign.font_family());
    ui.painter().text(pill.center(), Align2::CENTER_CENTER, sign.codepoint, font, color);
    if is_tall {
        let label = if active { theme::semibold(size::SMALL) } else { theme::medium(size::SMALL) };
        let at = pos2(rect.center().x, middle + 15.0 + (height - 34.0) / 2.6);
        ui.painter().text(at, Align2::CENTER_CENTER, screen.title(), label, if active { palette.text } else { color });
    }
    let stage = cx.workspace.stage(screen);
    match stage {
        None | Some(Stage::Open) if next => {
            ui.painter().circle_filled(point(pill), 3.5, palette.accent);
        }
        Some(stage) => dot(ui, pill, stage, palette),
        None => {}
    }
    if response.clicked() {
        cx.act(Action::Go(screen));
    }
    let keys = Action::Go(screen).shortcut().map(|keys| format::keys(ui.ctx(), &keys)).unwrap_or_default();
    let state = stage.map_or_else(String::new, |stage| format!("\n{}", capitalized(stage.words())));
    let step = if next { "\nThe next step" } else { "" };
    response.on_hover_text(format!("{}   {keys}{state}{step}", screen.title()));
}

/// Where the point of a stage is.
fn point(pill: Rect) -> egui::Pos2 {
    pos2(pill.right() - 5.0, pill.top() + 4.0)
}

/// The point of a stage: filled when done, a ring while something runs, a triangle where there is a problem.
fn dot(ui: &Ui, pill: Rect, stage: Stage, palette: &Palette) {
    let at = point(pill);
    let painter = ui.painter();
    match stage {
        Stage::Open => {}
        Stage::Done => {
            painter.circle_filled(at, 5.0, palette.panel);
            painter.circle_filled(at, 3.5, palette.good);
        }
        Stage::Busy => {
            painter.circle_filled(at, 5.5, palette.panel);
            painter.circle_stroke(at, 3.5, Stroke::new(2.0, palette.accent));
        }
        Stage::Problem => {
            painter.circle_filled(at, 6.5, palette.panel);
            let corners = vec![at + vec2(0.0, -4.5), at + vec2(4.5, 3.5), at + vec2(-4.5, 3.5)];
            painter.add(egui::Shape::convex_polygon(corners, palette.bad, Stroke::NONE));
        }
    }
}

fn capitalized(words: &str) -> String {
    crate::ui::widgets::state::sentence(words)
}
