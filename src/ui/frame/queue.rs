//! The queue: the runs that wait, in a list above the activity bar, and the button that opens it.

use egui::{Align2, Area, CornerRadius, Frame, Label, Margin, Order, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo};
use egui::{RichText, vec2};
use egui_material_icons::icons::{
    ICON_ARROW_UPWARD, ICON_CLOSE, ICON_MODEL_TRAINING, ICON_PAUSE, ICON_PLAY_ARROW, ICON_PLAYLIST_PLAY,
};

use super::rail;
use crate::recipes;
use crate::ui::action::QueueAction;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::{Button, divider, text};
use crate::ui::workspace::queue::{Held, Of, Outcome, Waiting};
use crate::ui::workspace::{RunView, Workspace};
use crate::ui::{Action, Cx, format};

const WIDTH: f32 = 460.0;

/// The button in the activity bar. Where nothing waits there is none.
pub fn button_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let queue = &cx.workspace.queue;
    if queue.is_empty() {
        return;
    }
    let waiting = queue.waiting().len();
    let (icon, color, words) = match queue.held {
        Some(_) => (ICON_PAUSE, palette.warn, format!("{waiting} held")),
        None => (ICON_PLAYLIST_PLAY, palette.text_dim, format!("{waiting} waiting")),
    };
    let galley = ui.painter().layout_no_wrap(words.clone(), theme::medium(size::BODY - 1.0), color);
    let (rect, response) = ui.allocate_exact_size(vec2(galley.size().x + 36.0, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Queue: {words}")));
    let over = response.hovered() || response.has_focus();
    let fill = if over { palette.hover } else { palette.raised };
    ui.painter().rect_filled(rect, CornerRadius::same(space::RADIUS), fill);
    let font = egui::FontId::new(16.0, icon.font_family());
    ui.painter().text(rect.left_center() + vec2(14.0, 0.0), Align2::CENTER_CENTER, icon.codepoint, font, color);
    ui.painter().galley(rect.left_center() + vec2(27.0, -galley.size().y / 2.0), galley, color);
    if response.on_hover_text("Show the runs that wait").clicked() {
        cx.act(Action::Queue(QueueAction::Toggle));
    }
}

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let frame = Frame::new()
        .fill(palette.panel)
        .stroke(Stroke::new(1.0, palette.line.lerp_to_gamma(palette.text_faint, 0.3)))
        .corner_radius(CornerRadius::same(10))
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(14, 10));
    let place = Area::new(egui::Id::unique("queue")).order(Order::Foreground);
    place.anchor(Align2::LEFT_BOTTOM, vec2(rail::WIDTH + 10.0, -40.0)).show(ui.ctx(), |ui| {
        frame.show(ui, |ui| {
            ui.set_width(WIDTH);
            ui.spacing_mut().item_spacing.y = space::S;
            head_ui(ui, cx);
            held_ui(ui, cx);
            let room = ui.ctx().content_rect().height() * 0.5;
            ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
                ui.set_width(WIDTH - 6.0);
                running_ui(ui, cx);
                if cx.workspace.queue.is_empty() {
                    ui.label(text::dim("No run waits. While one trains, Train adds the next to the queue.", palette));
                }
                for (place, run) in cx.workspace.queue.waiting().enumerate() {
                    if place > 0 {
                        ui.add_space(space::XS);
                        divider(ui, palette);
                    }
                    row_ui(ui, cx.workspace, run, place, palette, cx.actions);
                }
            });
        });
    });
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let queue = &cx.workspace.queue;
    line(ui, 24.0, |ui| {
        if Button::icon_only(ICON_CLOSE, "Close the queue").small().show(ui, palette).clicked() {
            cx.act(Action::Queue(QueueAction::Toggle));
        }
        if !queue.is_empty() && Button::new("Empty the queue").quiet().small().show(ui, palette).clicked() {
            cx.act(Action::Queue(QueueAction::Clear));
        }
        left(ui, |ui| {
            ui.label(text::strong("Queue", palette));
            let seconds: f64 = queue.waiting().map(|run| run.seconds).sum();
            if seconds > 0.0 {
                ui.label(text::number_dim(format::about(seconds), palette));
            }
        });
    });
}

/// Why it does not go on by itself, and the press that lets it.
fn held_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let Some(held) = cx.workspace.queue.held else { return };
    let words = match held {
        Held::Stopped => "Held, because a run was stopped",
        Held::Earlier => "Held, because these runs wait since an earlier session",
    };
    line(ui, 28.0, |ui| {
        let go = Button::new("Go on").name("Go on with the queue").icon(ICON_PLAY_ARROW).small();
        if go.show(ui, palette).clicked() {
            cx.act(Action::Queue(QueueAction::GoOn));
        }
        left(ui, |ui| {
            ui.add(Label::new(text::small(words, palette).color(palette.warn)).truncate());
        });
    });
}

/// The run that trains now stands before all that wait.
fn running_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let palette = cx.palette;
    let Some(run) = cx.workspace.run.as_ref().filter(|_| cx.workspace.training.is_some()) else { return };
    let left_words = run.remaining().map_or_else(String::new, |left| format!("{} left", format::duration(left)));
    line(ui, 24.0, |ui| {
        ui.label(text::number_dim(left_words, palette));
        left(ui, |ui| {
            ui.label(theme::icon(ICON_MODEL_TRAINING, 16.0).color(palette.accent));
            ui.add(Label::new(text::strong(format::file_name(&run.dir), palette)).truncate());
        });
    });
    divider(ui, palette);
}

fn row_ui(
    ui: &mut Ui,
    workspace: &Workspace,
    run: &Waiting,
    place: usize,
    palette: &Palette,
    actions: &mut Vec<Action>,
) {
    let name = format::file_name(&run.config.run.out);
    ui.spacing_mut().item_spacing.y = 1.0;
    line(ui, 24.0, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let button = |icon, words: &str| Button::icon_only(icon, format!("{words} {name}")).small();
        if button(ICON_CLOSE, "Take out").show(ui, palette).clicked() {
            actions.push(Action::Queue(QueueAction::Remove(run.id)));
        }
        let rise = button(ICON_ARROW_UPWARD, "Move up").enabled(workspace.queue.can_rise(run.id));
        if rise.show(ui, palette).clicked() {
            actions.push(Action::Queue(QueueAction::Rise(run.id)));
        }
        if run.seconds > 0.0 {
            ui.label(text::number_dim(format!("{}  ", format::about(run.seconds)), palette));
        }
        left(ui, |ui| {
            ui.label(text::number_dim(format!("{}", place + 1), palette));
            ui.add_space(4.0);
            let shown = RichText::new(&name).font(theme::medium(size::BODY - 0.5)).color(palette.text);
            ui.add(Label::new(shown).truncate()).on_hover_text(format::path(&run.config.run.out));
        });
    });
    ui.add(Label::new(text::faint(about(workspace, run), palette)).truncate());
}

/// What it is, in a line.
fn about(workspace: &Workspace, run: &Waiting) -> String {
    let of_course = workspace.queue.courses.iter().filter(|course| !course.is_over).find_map(|course| {
        let own = course.runs.iter().find(|one| one.dir == run.config.run.out && one.outcome == Outcome::Waiting)?;
        match &course.of {
            Of::Seeds(name) => return Some(format!("{name} with seed {}", own.seed)),
            Of::Student(_) => return Some("Student of a teacher".to_owned()),
            Of::Recipe => {}
        }
        let recipe = recipes::find(&course.recipe)?;
        Some(format!("{}: {}", recipe.title, recipe.runs().get(own.place)?.name))
    });
    let (data, model) = (format::inputs(&run.config.data.train), run.config.model_title());
    let what = of_course.unwrap_or_else(|| run.config.strategy.kind.title().to_owned());
    format!("{what} · {model} · {data}")
}

/// How far a recipe is, in a few words.
pub fn progress_words(workspace: &Workspace, recipe: &str) -> Option<String> {
    let course = workspace.queue.course(recipe).filter(|course| !course.is_over)?;
    let is_running = |run: &RunView| course.runs.iter().any(|own| own.dir == run.dir && !own.outcome.is_final());
    let now = workspace.run.as_ref().filter(|run| workspace.training.is_some() && is_running(run));
    let number = course.ended() + usize::from(now.is_some());
    Some(match now {
        Some(_) => format!("run {number} of {}", course.runs.len()),
        None if workspace.queue.held.is_some() => format!("held, {number} of {} ended", course.runs.len()),
        None => format!("waiting, {number} of {} ended", course.runs.len()),
    })
}
