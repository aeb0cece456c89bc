//! The foot of the form: what the next run will take, its start, and the way to several settings.

use egui::Ui;
use egui_material_icons::icons::{ICON_PLAY_ARROW, ICON_PLAYLIST_ADD, ICON_STACKED_LINE_CHART};

use crate::ui::action::QueueAction;
use crate::ui::panels::train::estimate;
use crate::ui::theme::space;
use crate::ui::widgets::number::Wrong;
use crate::ui::widgets::{Button, state, text};
use crate::ui::{Action, Cx, Palette, format};

/// What the next run will take, and its start. Returns whether several settings are to be tried.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) -> bool {
    let palette = cx.palette;
    let workspace = cx.workspace;
    let live = workspace.run.as_ref().is_some_and(|run| run.status.is_live());
    ui.spacing_mut().item_spacing.y = space::S;
    let say = |ui: &mut Ui, words: &str| ui.add(egui::Label::new(text::small(words, palette)).wrap());
    if let Some(error) = &workspace.plan_error {
        state::error(ui, palette, "This cannot be trained yet", error, |_| {});
    } else if let Some(plan) = workspace.plan.as_deref() {
        estimate::ui(ui, cx, plan);
    } else {
        let missing = match (workspace.data.loaded.is_some(), workspace.model.is_some()) {
            (false, false) => "Choose data and a model to see the estimated time and memory",
            (false, true) => "Choose data to see the estimated time and memory",
            (true, false) => "Choose a model to see the estimated time and memory",
            (true, true) if workspace.needs_teacher() => "Choose a teacher to see the estimated time and memory",
            (true, true) => "Estimating time and memory…",
        };
        say(ui, missing);
    }
    let unread: Vec<&Wrong> = workspace.all_unread().collect();
    if !unread.is_empty() {
        let fields: Vec<&str> = unread.iter().map(|wrong| wrong.field.as_str()).collect();
        let words = format!("Fix first: {}", fields.join(", "));
        ui.add(egui::Label::new(text::small(words, palette).color(palette.bad)).wrap());
    }
    let is_whole = workspace.is_ready() && !workspace.needs_teacher();
    let ready = is_whole && workspace.plan_error.is_none() && unread.is_empty();
    let is_single = workspace.draft.run.folds == 0;
    if live {
        add_ui(ui, cx, ready);
        return several_ui(ui, palette, ready && is_single);
    }
    let keys = Action::StartRun.shortcut().map(|keys| format::keys(ui.ctx(), &keys));
    let start = Button::new("Start training")
        .icon(ICON_PLAY_ARROW)
        .primary()
        .large()
        .shortcut(keys.filter(|_| ready))
        .min_width(ui.available_width())
        .enabled(ready);
    ui.add_space(2.0);
    if start.show(ui, palette).clicked() {
        cx.act(Action::StartRun);
    }
    several_ui(ui, palette, ready && is_single)
}

fn several_ui(ui: &mut Ui, palette: &Palette, can_be: bool) -> bool {
    let button = Button::new("Try several settings…").icon(ICON_STACKED_LINE_CHART).min_width(ui.available_width());
    let button = button.enabled(can_be).show(ui, palette);
    let words =
        "A grid or a random search over rates, batch sizes and whatever else, with what matters and what came out best";
    let why_not = "Needs a run that can be started, and one that is not in folds";
    button.on_hover_text(words).on_disabled_hover_text(why_not).clicked()
}

/// While a run trains, the next one waits for it.
fn add_ui(ui: &mut Ui, cx: &mut Cx<'_>, ready: bool) {
    let palette = cx.palette;
    let why_not = cx.workspace.why_not_add();
    let add = Button::new("Add to queue").icon(ICON_PLAYLIST_ADD).primary().large().min_width(ui.available_width());
    let response = add.enabled(ready && why_not.is_none()).show(ui, palette);
    if response.on_disabled_hover_text(why_not.unwrap_or("Planning the run")).clicked() {
        cx.act(Action::Queue(QueueAction::Add));
    }
    let words = match cx.workspace.queue.waiting().len() {
        0 => "It begins when the run in progress has ended".to_owned(),
        waiting => format!("It begins after {}", format::plural(waiting as u64, "run that waits", "runs that wait")),
    };
    ui.add(egui::Label::new(text::small(words, palette)).wrap());
}
