//! Home: where to begin, and where one was. It teaches by doing: what the guided path explains is tried in the real screens.

mod guide;
mod recipes;
mod try_now;

use egui::{Align, Frame, Layout, Margin, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{
    ICON_ARROW_FORWARD, ICON_CHEVRON_RIGHT, ICON_DATABASE, ICON_EXPLORE, ICON_FOLDER_OPEN, ICON_MODEL_TRAINING,
    ICON_NEUROLOGY, ICON_PLAY_ARROW,
};

use super::runs::status_chip;
use super::{recent, samples};
use crate::recipes::Recipe;
use crate::train::run::{RunStatus, RunSummary};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::chip::SHIPS;
use crate::ui::widgets::path_field::data_field;
use crate::ui::widgets::sparkline::sparkline;
use crate::ui::widgets::{Button, Card, Chip, drop_card, text};
use crate::ui::{Action, Cx, Screen, format};
use crate::worker::protocol::Origin;

#[derive(Debug, Default)]
pub struct HomePanel {
    typed: String,
    guide: guide::GuideCard,
    recipes: recipes::RecipesCard,
}

const SIDE: f32 = 400.0;

impl HomePanel {
    /// Opens what a recipe would run.
    pub fn show_recipe(&mut self, recipe: &'static Recipe) {
        self.recipes.show(recipe);
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.recipes.dialog_ui(ui, cx);
        ScrollArea::vertical().id_salt("home").auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin::symmetric(24, 20)).show(ui, |ui| {
                let room = ui.available_width();
                let shown = room.min(1180.0);
                ui.horizontal_top(|ui| {
                    ui.add_space((room - shown) / 2.0);
                    ui.vertical(|ui| {
                        ui.set_width(shown);
                        self.page_ui(ui, cx);
                    });
                });
            });
        });
    }

    fn page_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.y = space::S;
        ui.label(
            egui::RichText::new("Fine-tune an encoder and look inside it")
                .font(theme::semibold(24.0))
                .color(palette.text),
        );
        ui.add_space(-2.0);
        ui.label(text::dim("From a file of texts to a trained model, on this machine", palette));
        ui.add_space(space::S);
        let width = ui.available_width();
        if width > 900.0 {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::L;
                ui.vertical(|ui| {
                    ui.set_width(width - SIDE - space::L);
                    self.begin_ui(ui, cx);
                });
                ui.vertical(|ui| {
                    ui.set_width(SIDE);
                    ui.spacing_mut().item_spacing.y = space::M;
                    try_now::ui(ui, cx);
                    found_ui(ui, cx);
                });
            });
        } else {
            try_now::ui(ui, cx);
            self.begin_ui(ui, cx);
            found_ui(ui, cx);
        }
    }

    fn begin_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.y = space::M;
        drop_card::drop_card(ui, palette, 206.0, |ui| {
            if Button::new("Open a file…").icon(ICON_FOLDER_OPEN).show(ui, palette).clicked() {
                cx.act(Action::ChooseData);
            }
        });
        if let Some(path) = data_field(ui, palette, &mut self.typed) {
            cx.act(Action::OpenData(path.into()));
        }
        recent::ui(ui, cx);
        samples_ui(ui, cx);
        self.guide.ui(ui, cx);
        self.recipes.ui(ui, cx);
        steps_ui(ui, cx);
    }
}

/// A sample for each task.
fn samples_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        ui.horizontal(|ui| {
            ui.label(text::strong("Start with a sample", cx.palette));
            ui.label(text::small("written for Attune; needs no file and no network", cx.palette));
        });
        samples::grid(ui, cx);
    });
}

/// The way from data to answers, with the next step open and the done ones ticked.
fn steps_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let workspace = cx.workspace;
    let next = workspace.next_screen();
    let data = workspace.data.table.as_ref().map(|table| format::inputs(&table.origins.inputs));
    let model = workspace.model.as_ref().map(|card| workspace.model_name(&card.dir));
    let run = workspace.run.as_ref().map(|run| format::file_name(&run.dir));
    let steps: [(Screen, MaterialIcon, &str, Option<String>); 4] = [
        (Screen::Data, ICON_DATABASE, "Choose labelled texts", data),
        (Screen::Model, ICON_NEUROLOGY, "Choose an encoder", model),
        (Screen::Train, ICON_MODEL_TRAINING, "Train and watch", run),
        (Screen::Explore, ICON_EXPLORE, "Type a sentence and see the prediction", None),
    ];
    Card::new().margin(8.0).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (place, (screen, icon, words, done)) in steps.into_iter().enumerate() {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 42.0), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words));
            let is_next = next == Some(screen);
            if response.hovered() || response.has_focus() {
                ui.painter().rect_filled(rect, 6.0, palette.raised);
            }
            let mark = egui::Rect::from_center_size(pos2(rect.left() + 24.0, rect.center().y), vec2(28.0, 28.0));
            let (fill, color) = match (done.is_some(), is_next) {
                (true, _) => (palette.good_soft, palette.good),
                (_, true) => (palette.accent_soft, palette.accent),
                _ => (palette.raised, palette.text_dim),
            };
            ui.painter().rect_filled(mark, 8.0, fill);
            let font = egui::FontId::new(17.0, icon.font_family());
            ui.painter().text(mark.center(), egui::Align2::CENTER_CENTER, icon.codepoint, font, color);
            let font = if is_next { theme::semibold(size::BODY) } else { theme::medium(size::BODY) };
            let color = if is_next || done.is_some() { palette.text } else { palette.text_dim };
            let at = pos2(mark.right() + 12.0, rect.center().y);
            let label = format!("{}  {words}", place + 1);
            let after = ui.painter().text(at, egui::Align2::LEFT_CENTER, label, font, color).right();
            let end = rect.right() - 32.0;
            if let Some(done) = done {
                let note =
                    text::elided(ui.painter(), &done, theme::number(size::SMALL), palette.text_dim, end - after - 24.0);
                let at = pos2(end - note.size().x - 4.0, rect.center().y - note.size().y / 2.0);
                ui.painter().galley(at, note, palette.text_dim);
            }
            let sign = if is_next { ICON_ARROW_FORWARD } else { ICON_CHEVRON_RIGHT };
            let color = if is_next { palette.accent } else { palette.text_faint };
            let font = egui::FontId::new(18.0, sign.font_family());
            ui.painter().text(
                pos2(rect.right() - 16.0, rect.center().y),
                egui::Align2::CENTER_CENTER,
                sign.codepoint,
                font,
                color,
            );
            if response.clicked() {
                cx.act(Action::Go(screen));
            }
        }
    });
}

fn found_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.spacing_mut().item_spacing.y = space::M;
    runs_ui(ui, cx);
    models_ui(ui, cx);
}

fn runs_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    // A fold is part of a run that is listed itself.
    let all = cx.workspace.whole_runs().count();
    let runs: Vec<RunSummary> = cx.workspace.whole_runs().take(6).cloned().collect();
    Card::titled("Recent runs").margin(12.0).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        if runs.is_empty() {
            ui.label(text::dim(
                "A run is a folder with its configuration, its history and its weights. Yours will be listed here.",
                palette,
            ));
            return;
        }
        for run in &runs {
            run_ui(ui, cx, run);
        }
        if all > runs.len() {
            let words = format!("All {all} runs");
            if Button::new(words).quiet().small().show(ui, palette).clicked() {
                cx.act(Action::Go(Screen::Runs));
            }
        }
    });
}

/// How wide a letter is on average.
const LETTER: f32 = 8.0;

fn run_ui(ui: &mut Ui, cx: &mut Cx<'_>, run: &RunSummary) {
    let palette = cx.palette;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 50.0), Sense::click());
    let name = if run.sweep.is_some() { cx.workspace.run_name(&run.dir) } else { run.name.clone() };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Open run {name}")));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect.expand2(vec2(6.0, 0.0)), 6.0, palette.raised);
    }
    if response.clicked() {
        cx.act(Action::OpenRun(run.dir.clone()));
    }
    let mut inner = ui.new_child(
        egui::UiBuilder::new().max_rect(rect.shrink2(vec2(0.0, 4.0))).layout(Layout::right_to_left(Align::Center)),
    );
    inner.spacing_mut().item_spacing.x = 10.0;
    sparkline(&mut inner, &run.losses, vec2(72.0, 28.0), palette.series[0], &format!("Loss of {}", run.name));
    if run.status == RunStatus::Open && run.can_resume(cx.workspace) {
        let button = Button::new("Resume").name(format!("Resume {}", run.name)).icon(ICON_PLAY_ARROW).small();
        let button = button.enabled(cx.workspace.training.is_none());
        if button.show(&mut inner, palette).on_hover_text(run.resume_words()).clicked() {
            cx.act(Action::ContinueRun(run.dir.clone()));
        }
    }
    if let Some((key, value)) = &run.metric {
        let words = text::number(format::metric(key, *value), palette);
        inner.label(words).on_hover_text(format::metric_title(key));
    }
    inner.with_layout(Layout::top_down(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.add_space(2.0);
        // The end of a name tells a trial from the others, so it is shortened in the middle.
        let shown = text::short_name(&name, (ui.available_width() / LETTER) as usize);
        ui.add(egui::Label::new(text::strong(shown, palette)).truncate());
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            status_chip(run.status, run.is_running(cx.workspace), palette).show(ui);
            let note = format!("{} · {}", run.model, format::ago(cx.workspace.unix_now().saturating_sub(run.started)));
            ui.add(egui::Label::new(text::faint(note, palette)).truncate());
        });
    });
}

fn models_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let usable: Vec<_> =
        cx.workspace.models.iter().filter(|entry| entry.problem.is_none() && entry.origin != Origin::Run).collect();
    let note =
        if usable.is_empty() { String::new() } else { format::plural(usable.len() as u64, "encoder", "encoders") };
    let mut actions = Vec::new();
    Card::titled("On this machine").note(note).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        if usable.is_empty() {
            ui.label(text::dim("No encoder was found yet. Any folder saved by transformers can be used.", palette));
            ui.add_space(4.0);
            if Button::new("Add a model folder…").show(ui, palette).clicked() {
                actions.push(Action::ChooseModelFolder);
            }
        }
        for entry in usable.iter().take(5) {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Look at {}", entry.name)));
            if response.hovered() || response.has_focus() {
                ui.painter().rect_filled(rect.expand2(vec2(6.0, 0.0)), 6.0, palette.raised);
            }
            let note = format!("{}×{}  {}", entry.layers, entry.hidden_size, format::bytes(entry.bytes_on_disk));
            let at = rect.right_center();
            let font = theme::number(size::SMALL);
            let left = ui.painter().text(at, egui::Align2::RIGHT_CENTER, note, font, palette.text_dim).left();
            let font = theme::medium(size::BODY);
            let ships = entry.origin.ships();
            let room = left - rect.left() - 12.0 - if ships { 124.0 } else { 0.0 };
            let name = text::elided(ui.painter(), &entry.name, font, palette.text, room);
            let end = rect.left() + name.size().x + 8.0;
            ui.painter().galley(pos2(rect.left(), rect.center().y - name.size().y / 2.0), name, palette.text);
            if ships {
                let place = egui::Rect::from_min_max(pos2(end, rect.center().y - 10.0), rect.max);
                let mut beside = ui.new_child(egui::UiBuilder::new().max_rect(place));
                Chip::neutral(SHIPS, palette).show(&mut beside);
            }
            if response.clicked() {
                actions.push(Action::ViewModel(entry.dir.clone()));
                actions.push(Action::Go(Screen::Model));
            }
        }
    });
    cx.actions.extend(actions);
}
