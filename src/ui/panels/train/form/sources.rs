//! Which data and which model a run is made of, and what is wrong with the data.

use egui::{Align, Layout, Ui, vec2};
use egui_material_icons::icons::{ICON_CHEVRON_RIGHT, ICON_DATABASE, ICON_NEUROLOGY};

use crate::task::Reads;
use crate::train::plan::Shape;
use crate::ui::widgets::chip::SHIPS;
use crate::ui::widgets::form::LINE;
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::workspace::{RunView, Screen, Workspace};
use crate::ui::{Action, Cx, Palette, format, theme};

/// Which data and which model; what is missing leads to where it can be chosen.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, frozen: Option<&RunView>) {
    let palette = cx.palette;
    let workspace = cx.workspace;
    let data = match (frozen, &workspace.data.loaded) {
        (Some(run), _) => Some((
            format::inputs(&run.config.data.train),
            known(run.train_examples as u64, |count| made_words(run, workspace, count)),
        )),
        (None, Some(loaded)) => Some((
            format::inputs(&loaded.dataset.table.origins.inputs),
            format::plural(loaded.dataset.examples.len() as u64, "example", "examples"),
        )),
        (None, None) => None,
    };
    let model = match (frozen, &workspace.model) {
        (Some(run), _) => {
            let parameters = known(run.parameters, |count| format!("{} parameters", format::short_count(count)));
            Some((run.config.model_title(), parameters))
        }
        (None, Some(card)) => {
            Some((format::file_name(&card.dir), format!("{} parameters", format::short_count(card.parameters))))
        }
        (None, None) => None,
    };
    let ships = frozen.map_or(&workspace.draft, |run| &run.config).model.embedded.is_some();
    let can_change = frozen.is_none();
    let opening = workspace.opening().map(|name| format!("Opening {name}…"));
    let no_model = opening.as_deref().unwrap_or("Choose a model…");
    for (icon, name, found, missing, screen) in [
        (ICON_DATABASE, "Data", data, "Choose data…", Screen::Data),
        (ICON_NEUROLOGY, "Model", model, no_model, Screen::Model),
    ] {
        let mark = (ships && screen == Screen::Model).then_some(SHIPS);
        if source_ui(ui, (icon, name), found.map(|found| (found, mark)), missing, can_change, palette) {
            cx.act(Action::Go(screen));
        }
    }
    let roles = frozen.map_or(&workspace.data.roles, |run| &run.config.data.columns);
    let columns: Vec<String> = roles.named().map(|(role, column)| format!("{role} \"{column}\"")).collect();
    let is_known = frozen.is_some() || workspace.data.loaded.is_some();
    if is_known && !columns.is_empty() {
        let words = format!("Reads {}", columns.join(", "));
        ui.add(egui::Label::new(text::small(words, palette)).wrap());
    }
    if frozen.is_none() {
        findings_ui(ui, cx);
    }
}

/// What is wrong with the data: whole where it decides the result, by name where it does not.
fn findings_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    let findings = cx.workspace.data.loaded.iter().flat_map(|loaded| &loaded.findings);
    let findings = findings.filter(|finding| !finding.kind.is_note());
    let (grave, others): (Vec<_>, Vec<_>) = findings.partition(|finding| finding.kind.decides_the_result());
    for finding in grave {
        let words = state::sentence(&finding.message());
        ui.add(egui::Label::new(text::small(words, palette).color(palette.warn)).wrap());
    }
    if others.is_empty() {
        return;
    }
    let names: Vec<&str> = others.iter().map(|finding| finding.kind.short()).collect();
    let number = format::plural(names.len() as u64, "problem", "problems");
    let words = format!("{number} in the data: {}", names.join(", "));
    let label = egui::Label::new(text::small(&words, palette).color(palette.warn)).wrap().sense(egui::Sense::click());
    let response = ui.add(label).on_hover_cursor(egui::CursorIcon::PointingHand);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, true, &words));
    if response.on_hover_text("Shown in Data, under Health").clicked() {
        cx.act(Action::ShowHealth);
    }
}

/// What a run learns from: of questions their number, where it is known, beside that of the windows they are read in.
fn made_words(run: &RunView, workspace: &Workspace, made: u64) -> String {
    let [one, many] = match Shape::of(&run.config) {
        _ if run.config.task.reads() == Reads::Question => ["window", "windows"],
        Shape::Blocks | Shape::Chunks => ["sequence", "sequences"],
        Shape::Cut | Shape::Windows => ["example", "examples"],
    };
    let made = format::plural(made, one, many);
    let loaded = workspace.data.loaded.as_ref();
    let loaded =
        loaded.filter(|loaded| loaded.dataset.table.origins.inputs == run.config.data.train && one == "window");
    let asked = loaded.map(|loaded| match loaded.split.train.len() {
        0 => loaded.dataset.examples.len(),
        learned => learned,
    });
    asked.map_or(made.clone(), |asked| format!("{} in {made}", format::plural(asked as u64, "question", "questions")))
}

/// A run that is only starting does not know its numbers yet.
fn known(count: u64, words: impl Fn(u64) -> String) -> String {
    if count > 0 { words(count) } else { String::new() }
}

/// The note, without its unit where there is no room for it: the whole is told under the pointer.
fn fitting<'a>(ui: &Ui, note: &'a str, palette: &Palette) -> &'a str {
    let font = theme::regular(theme::size::SMALL);
    let width = ui.painter().layout_no_wrap(note.to_owned(), font, palette.text_faint).size().x;
    if width <= ui.available_width() { note } else { note.strip_suffix(" parameters").unwrap_or(note) }
}

/// One line with what was chosen, or a button to where it can be.
fn source_ui(
    ui: &mut Ui,
    (icon, name): (egui_material_icons::MaterialIcon, &str),
    found: Option<((String, String), Option<&str>)>,
    missing: &str,
    can_change: bool,
    palette: &Palette,
) -> bool {
    ui.allocate_ui_with_layout(vec2(ui.available_width(), LINE), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(LINE);
        let Some(((title, note), mark)) = found else {
            let width = ui.available_width();
            let button = Button::new(missing).icon(icon).min_width(width);
            return button.show(ui, palette).clicked();
        };
        let change = format!("Change the {}", name.to_lowercase());
        let clicked = can_change && Button::icon_only(ICON_CHEVRON_RIGHT, change).small().show(ui, palette).clicked();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(theme::icon(icon, 17.0).color(palette.text_faint));
            let whole = format!("{title}, {note}");
            ui.spacing_mut().item_spacing.x = 6.0;
            let room = ui.available_width();
            ui.scope(|ui| {
                ui.set_max_width(room * 0.62);
                ui.add(egui::Label::new(text::body(title, palette)).truncate()).on_hover_text(whole);
            });
            if let Some(mark) = mark {
                Chip::neutral(mark, palette).show(ui);
            }
            let note = text::faint(fitting(ui, &note, palette), palette);
            ui.add(egui::Label::new(note).truncate());
        });
        clicked
    })
    .inner
}
