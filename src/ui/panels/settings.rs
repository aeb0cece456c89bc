//! Settings: what is remembered between launches.

mod hub;

use egui::{Align, Frame, Layout, Margin, ScrollArea, Ui};
use egui_material_icons::icons::{ICON_CLOSE, ICON_FOLDER_OPEN, ICON_VIEW_QUILT};

use crate::train::limits;
use crate::ui::action::ThemeChoice;
use crate::ui::frame::logo;
use crate::ui::settings::Settings;
use crate::ui::theme::space;
use crate::ui::widgets::path_field::path_field_to;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{Button, Card, Number, form, text};
use crate::ui::{Action, Cx, format};

/// What the limit begins with where it is turned on.
const USUAL_GIGABYTES: f64 = 4.0;

#[derive(Debug, Default)]
pub struct SettingsPanel {
    typed_models: String,
    typed_runs: String,
    hub: hub::HubSettings,
}

impl SettingsPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, settings: &Settings) {
        ScrollArea::vertical().id_salt("settings").auto_shrink(false).show(ui, |ui| {
            Frame::new().inner_margin(Margin::symmetric(24, 18)).show(ui, |ui| {
                let room = ui.available_width();
                let shown = room.min(680.0);
                ui.horizontal_top(|ui| {
                    ui.add_space((room - shown) / 2.0);
                    ui.vertical(|ui| {
                        ui.set_width(shown);
                        ui.spacing_mut().item_spacing.y = space::M;
                        ui.label(text::title("Settings", cx.palette));
                        look_ui(ui, cx, settings);
                        self.models_ui(ui, cx, settings);
                        self.runs_ui(ui, cx);
                        self.hub.ui(ui, cx);
                        training_ui(ui, cx, settings);
                        about_ui(ui, cx);
                    });
                });
            });
        });
    }

    fn models_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, settings: &Settings) {
        let palette = cx.palette;
        Card::titled("Model folders").margin(16.0).show(ui, palette, |ui| {
            ui.label(text::dim("Looked through for encoders, beside the Hugging Face cache", palette));
            for folder in &settings.model_folders {
                ui.horizontal(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let name = format!("Leave out {}", format::file_name(folder));
                        if Button::icon_only(ICON_CLOSE, name).small().show(ui, palette).clicked() {
                            cx.act(Action::RemoveModelFolder(folder.clone()));
                        }
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(egui::Label::new(text::number(format::path(folder), palette)).truncate());
                        });
                    });
                });
            }
            ui.horizontal(|ui| {
                if Button::new("Add folder…")
                    .name("Add a model folder")
                    .icon(ICON_FOLDER_OPEN)
                    .show(ui, palette)
                    .clicked()
                {
                    cx.act(Action::ChooseModelFolder);
                }
                let typed = &mut self.typed_models;
                if let Some(path) = path_field_to(ui, palette, typed, "or paste a path", ("Add", "model folder")) {
                    cx.act(Action::AddModelFolder(path));
                }
            });
        });
    }

    fn runs_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        Card::titled("Runs folder").margin(16.0).show(ui, palette, |ui| {
            ui.label(text::dim("Where new runs are written, and where old ones are looked for", palette));
            ui.label(text::number(format::path(&cx.workspace.runs_folder), palette));
            ui.horizontal(|ui| {
                if Button::new("Choose…")
                    .name("Choose the runs folder")
                    .icon(ICON_FOLDER_OPEN)
                    .show(ui, palette)
                    .clicked()
                {
                    cx.act(Action::ChooseRunsFolder);
                }
                let typed = &mut self.typed_runs;
                if let Some(path) = path_field_to(ui, palette, typed, "or paste a path", ("Use", "runs folder")) {
                    cx.act(Action::SetRunsFolder(path));
                }
            });
        });
    }
}

fn look_ui(ui: &mut Ui, cx: &mut Cx<'_>, settings: &Settings) {
    let palette = cx.palette;
    Card::titled("Appearance").margin(16.0).show(ui, palette, |ui| {
        form::row(ui, "Theme", "", palette, |ui| {
            let choices = [(ThemeChoice::System, "System"), (ThemeChoice::Light, "Light"), (ThemeChoice::Dark, "Dark")];
            if let Some(choice) = segmented(ui, palette, settings.theme, &choices, false) {
                cx.act(Action::SetTheme(choice));
            }
        });
        form::row(ui, "Text size", "Scales everything in the window", palette, |ui| {
            let choices: Vec<(usize, String)> = Settings::TEXT_SIZES
                .iter()
                .enumerate()
                .map(|(place, size)| (place, format!("{:.0} %", size * 100.0)))
                .collect();
            let choices: Vec<(usize, &str)> = choices.iter().map(|(place, words)| (*place, words.as_str())).collect();
            let sizes = Settings::TEXT_SIZES;
            let off = |place: &usize| (sizes[*place] - settings.text_size()).abs();
            let now = (0..sizes.len()).min_by(|one, other| off(one).total_cmp(&off(other))).unwrap_or(1);
            if let Some(place) = segmented(ui, palette, now, &choices, false) {
                cx.act(Action::SetTextSize(sizes[place]));
            }
        });
        form::row(ui, "Panels of Train, Evaluate and Explore", "", palette, |ui| {
            if Button::new("Reset layout").icon(ICON_VIEW_QUILT).show(ui, palette).clicked() {
                cx.act(Action::ResetLayout);
            }
        });
    });
}

/// Where runs are trained, and how much of the memory one may take before Train says that it does not fit.
fn training_ui(ui: &mut Ui, cx: &mut Cx<'_>, settings: &Settings) {
    let palette = cx.palette;
    Card::titled("Training").margin(16.0).show(ui, palette, |ui| {
        let words = "A run that runs out of memory or crashes then ends alone: the window stays, says why, and can \
                     resume it. Counts from the next run on";
        form::row(ui, "Train in a separate process", words, palette, |ui| {
            let mut is_on = settings.trains_apart;
            if form::toggle(ui, "Train in a separate process", &mut is_on, palette).changed() {
                cx.act(Action::TrainApart(is_on));
            }
        });
        let words = "A run that is estimated to take more is shown as one that does not fit, with what would make it fit. \
                     Otherwise what is free on this machine counts";
        form::row(ui, "Limit the memory of runs", words, palette, |ui| {
            let mut is_on = settings.memory_limit.is_some();
            let mut gigabytes = settings.memory_limit.map_or(USUAL_GIGABYTES, |bytes| bytes as f64 / 1e9);
            let before = (is_on, gigabytes);
            form::toggle(ui, "Limit the memory of runs", &mut is_on, palette);
            ui.label(text::dim("GB", palette));
            ui.add_enabled_ui(is_on, |ui| Number::new("Gigabytes", limits::above(0.0)).show(ui, &mut gigabytes));
            if (is_on, gigabytes) != before {
                cx.act(Action::SetMemoryLimit(is_on.then_some((gigabytes * 1e9) as u64)));
            }
        });
    });
}

fn about_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let palette = cx.palette;
    Card::titled("About").margin(16.0).show(ui, palette, |ui| {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(40.0, 40.0), egui::Sense::hover());
            logo::paint(ui.painter(), rect, palette.accent);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 3.0;
                ui.label(text::strong(format!("Attune {}", env!("CARGO_PKG_VERSION")), palette));
                ui.label(text::dim(
                    "Everything happens on this machine. There is no telemetry and no account.",
                    palette,
                ));
            });
        });
        let words = "MIT or Apache-2.0. Inter and JetBrains Mono are under the SIL Open Font License.";
        ui.label(text::small(words, palette));
    });
}
