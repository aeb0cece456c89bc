//! The recipes on Home: a line for each, which opens what it would run, and what came of it once it was run.

mod dialog;
mod encoders;

use egui::{Align2, Label, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_COMPARE_ARROWS, ICON_SCIENCE};

use crate::recipes::{self, Recipe};
use crate::ui::action::RecipeAction;
use crate::ui::frame::queue::progress_words;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::line::{left, line, right};
use crate::ui::widgets::{Button, Card, Chip, text};
use crate::ui::{Action, Cx};
use dialog::Dialog;

#[derive(Debug, Default)]
pub struct RecipesCard {
    open: Option<Dialog>,
    /// How often something was asked, so that each question has a number of its own.
    asked: u64,
}

/// From the left edge of the card to where words begin.
const INDENT: f32 = 44.0;
const LINE: f32 = 36.0;

impl RecipesCard {
    pub fn show(&mut self, recipe: &'static Recipe) {
        self.open = Some(Dialog::new(recipe));
    }

    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        Card::new().margin(8.0).show(ui, palette, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            line(ui, 32.0, |ui| {
                left(ui, |ui| {
                    ui.add_space(10.0);
                    ui.label(theme::icon(ICON_SCIENCE, 18.0).color(palette.accent));
                    ui.label(text::strong("Recipes", palette));
                    let words = "two ways to do it, trained and set side by side";
                    ui.add(Label::new(text::small(words, palette)).truncate());
                });
            });
            for recipe in recipes::all() {
                self.line_ui(ui, cx, recipe);
            }
        });
    }

    /// The dialog over one of them, where one is open.
    pub fn dialog_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if let Some(dialog) = &mut self.open
            && !dialog.ui(ui, cx, &mut self.asked)
        {
            self.open = None;
        }
    }

    fn line_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, recipe: &'static Recipe) {
        let palette = cx.palette;
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Recipe: {}", recipe.title)));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, 6.0, palette.raised);
        }
        icon_ui(ui, pos2(rect.left() + 22.0, rect.center().y), ICON_COMPARE_ARROWS, palette.text_dim);
        icon_ui(ui, pos2(rect.right() - 16.0, rect.center().y), ICON_CHEVRON_RIGHT, palette.text_faint);
        let place = Rect::from_x_y_ranges(rect.left() + INDENT..=rect.right() - 32.0, rect.y_range());
        let mut inner = ui.new_child(UiBuilder::new().max_rect(place));
        line(&mut inner, LINE, |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            state_ui(ui, cx, recipe);
            left(ui, |ui| {
                let room = ui.available_width();
                let title = egui::RichText::new(&recipe.title).font(theme::medium(size::BODY)).color(palette.text);
                let gist = text::faint(&recipe.gist, palette);
                let whole = text::width(ui, title.clone()) + 12.0;
                ui.add(Label::new(title).truncate().selectable(false));
                if room - whole > 80.0 {
                    ui.add(Label::new(gist).truncate().selectable(false));
                }
            });
        });
        if response.clicked() {
            self.show(recipe);
        }
    }
}

/// How far it is, or the way to what came of it.
fn state_ui(ui: &mut Ui, cx: &mut Cx<'_>, recipe: &'static Recipe) {
    let palette = cx.palette;
    if let Some(words) = progress_words(cx.workspace, &recipe.name) {
        right(ui, |ui| Chip::accent(words, palette).dot().show(ui));
        return;
    }
    let course = cx.workspace.queue.course(&recipe.name);
    let is_there = course.is_some_and(|course| {
        let listed = |dir| cx.workspace.runs.iter().any(|run| &run.dir == dir);
        course.results().filter(|run| listed(&run.dir)).count() > 1
    });
    if is_there {
        let button = Button::new("Result").name(format!("Result of {}", recipe.title)).small();
        if button.show(ui, palette).clicked() {
            cx.act(Action::Recipe(RecipeAction::Compare(&recipe.name)));
        }
    }
}

fn icon_ui(ui: &Ui, at: egui::Pos2, icon: MaterialIcon, color: egui::Color32) {
    let font = egui::FontId::new(18.0, icon.font_family());
    ui.painter().text(at, Align2::CENTER_CENTER, icon.codepoint, font, color);
}
