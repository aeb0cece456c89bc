//! Model: the encoders on this machine, and what is in the one that is looked at.

mod card;

use egui::{
    Align, CornerRadius, Frame, Layout, Margin, Panel, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use egui_material_icons::icons::{ICON_ADD, ICON_CHECK_CIRCLE, ICON_CLOSE, ICON_NEUROLOGY, ICON_REFRESH};

use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::path_field::path_field;
use crate::ui::widgets::{Button, Card, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{ModelEntry, Origin};

#[derive(Debug, Default)]
pub struct ModelPanel {
    typed: String,
    search: String,
}

const LIST: f32 = 384.0;

impl ModelPanel {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let width = LIST.min(ui.available_width() * 0.42);
        let bare = Frame::new().inner_margin(Margin { left: 16, right: 4, top: 14, bottom: 16 });
        let panel = Panel::left("model list").exact_size(width).resizable(false).show_separator_line(false);
        panel.frame(bare).show(ui, |ui| self.list_ui(ui, cx));
        let bare = Frame::new().inner_margin(Margin { left: 8, right: 8, top: 14, bottom: 0 });
        egui::CentralPanel::default().frame(bare).show(ui, |ui| detail_ui(ui, cx));
    }

    fn list_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        ui.horizontal(|ui| {
            ui.label(text::title("Models", palette));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if Button::icon_only(ICON_REFRESH, "Look for models again").show(ui, palette).clicked() {
                    cx.act(Action::FindModels);
                }
                let add = Button::new("Add folder…").name("Add a model folder").icon(ICON_ADD).show(ui, palette);
                if add.on_hover_text(Action::ChooseModelFolder.tooltip()).clicked() {
                    cx.act(Action::ChooseModelFolder);
                }
            });
        });
        if let Some(path) = path_field(ui, palette, &mut self.typed, "or paste the path of a folder", "model folder") {
            cx.act(Action::AddModelFolder(path));
        }
        if cx.workspace.models.len() > 8 {
            let field = egui::TextEdit::singleline(&mut self.search)
                .hint_text(egui::RichText::new("Search models").color(palette.text_faint))
                .margin(Margin::symmetric(8, 6))
                .desired_width(f32::INFINITY);
            ui.add(field).accessible_name("Search models");
        }
        ui.add_space(2.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.set_width(ui.available_width() - 10.0);
            ui.spacing_mut().item_spacing.y = 6.0;
            self.groups_ui(ui, cx);
        });
    }

    fn groups_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let palette = cx.palette;
        let needle = self.search.to_lowercase();
        let workspace = cx.workspace;
        let mut any = false;
        for (origin, title) in [
            (Origin::Embedded, "Ships with Attune"),
            (Origin::Folder, "In your folders"),
            (Origin::Cache, "In the Hugging Face cache"),
            (Origin::Run, "From your runs"),
        ] {
            let shown = |entry: &&ModelEntry| entry.origin == origin && entry.name.to_lowercase().contains(&needle);
            let entries: Vec<&ModelEntry> = workspace.models.iter().filter(shown).collect();
            if entries.is_empty() {
                continue;
            }
            any = true;
            ui.add_space(4.0);
            ui.label(text::label(title, palette));
            for entry in entries {
                entry_ui(ui, cx, entry);
            }
        }
        if !any {
            none_ui(ui, cx, needle.is_empty());
        }
        folders_ui(ui, cx);
    }
}

fn none_ui(ui: &mut Ui, cx: &Cx<'_>, all: bool) {
    let palette = cx.palette;
    ui.add_space(space::S);
    if cx.workspace.job_where(|kind| *kind == JobKind::FindModels).is_some() {
        state::loading(ui, palette, "Looking for models", None);
        return;
    }
    let words = if all {
        "No models were found on this machine. Add a folder that has a config.json and weights in it, such as one saved \
         by transformers."
    } else {
        "No model has this name"
    };
    Card::new().show(ui, palette, |ui| ui.label(text::dim(words, palette)));
}

/// The folders that are looked through, each with a way to leave it out.
fn folders_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    if cx.workspace.model_folders.is_empty() {
        return;
    }
    ui.add_space(space::S);
    ui.label(text::label("Model folders", palette));
    for folder in cx.workspace.model_folders.clone() {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let name = format!("Leave out {}", format::file_name(&folder));
                if Button::icon_only(ICON_CLOSE, name).small().show(ui, palette).clicked() {
                    cx.act(Action::RemoveModelFolder(folder.clone()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(text::number_dim(format::path(&folder), palette)).truncate());
                });
            });
        });
    }
}

fn entry_ui(ui: &mut Ui, cx: &mut Cx<'_>, entry: &ModelEntry) {
    let palette = cx.palette;
    let usable = entry.problem.is_none();
    let viewed = cx.workspace.card.as_ref().is_some_and(|card| card.dir == entry.dir);
    let chosen = cx.workspace.model.as_ref().is_some_and(|card| card.dir == entry.dir);
    let opening =
        cx.workspace.job_where(|kind| matches!(kind, JobKind::OpenModel { dir, .. } if *dir == entry.dir)).is_some();
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 58.0), Sense::click());
    let words = entry.problem.clone().unwrap_or_else(|| shape(entry));
    response.widget_info(|| {
        WidgetInfo::selected(Role::ListItem, true, viewed, format!("{}, {words}", cx.workspace.model_name(&entry.dir)))
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let fill = if viewed {
        palette.accent_soft.lerp_to_gamma(palette.panel, 0.35)
    } else if response.hovered() {
        palette.raised
    } else {
        palette.panel
    };
    let line = if viewed || response.has_focus() { palette.accent } else { palette.line };
    ui.painter().rect(rect, CornerRadius::same(8), fill, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    let inner = rect.shrink2(vec2(12.0, 9.0));
    let mut right = inner.right();
    if chosen {
        let font = egui::FontId::new(18.0, ICON_CHECK_CIRCLE.font_family());
        let at = pos2(right, inner.top() + 9.0);
        let sign = ICON_CHECK_CIRCLE.codepoint;
        right = ui.painter().text(at, egui::Align2::RIGHT_CENTER, sign, font, palette.good).left() - 8.0;
    }
    let color = if usable { palette.text } else { palette.text_dim };
    let font = theme::semibold(size::BODY);
    let title = cx.workspace.model_name(&entry.dir);
    let name = text::elided(ui.painter(), &title, font, color, right - inner.left());
    ui.painter().galley(inner.left_top(), name, color);
    let below = inner.bottom() - 8.0;
    let size_words = if opening { "opening…".into() } else { format::bytes(entry.bytes_on_disk) };
    let at = pos2(inner.right(), below);
    let font = theme::number(size::SMALL);
    let left_of_size = ui.painter().text(at, egui::Align2::RIGHT_CENTER, size_words, font, palette.text_dim).left();
    if usable {
        let badge = badge(ui, pos2(inner.left(), below), &family_title(&entry.family), palette);
        let note = text::elided(
            ui.painter(),
            &words,
            theme::number(size::SMALL),
            palette.text_dim,
            left_of_size - badge - 20.0,
        );
        ui.painter().galley(pos2(badge + 8.0, below - note.size().y / 2.0), note, palette.text_dim);
    } else {
        let sentence = state::sentence(&words);
        let note = text::elided(
            ui.painter(),
            &sentence,
            theme::regular(size::SMALL),
            palette.warn,
            left_of_size - inner.left() - 12.0,
        );
        ui.painter().galley(pos2(inner.left(), below - note.size().y / 2.0), note, palette.warn);
    }
    let clicked = response.clicked();
    let twice = response.double_clicked();
    response.on_hover_text(format!("{}\n{}", format::path(&entry.dir), state::sentence(&words)));
    if usable && twice {
        cx.act(Action::OpenModel(entry.dir.clone()));
    } else if usable && clicked {
        cx.act(Action::ViewModel(entry.dir.clone()));
    }
}

/// A family's name in a soft frame; returns its right edge.
fn badge(ui: &Ui, left: egui::Pos2, words: &str, palette: &Palette) -> f32 {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), theme::medium(size::SMALL), palette.text_dim);
    let rect = egui::Rect::from_min_size(pos2(left.x, left.y - 9.0), vec2(galley.size().x + 12.0, 18.0));
    ui.painter().rect_filled(rect, 5.0, palette.hover);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.text_dim);
    rect.right()
}

fn shape(entry: &ModelEntry) -> String {
    format!("{} layers × {}", entry.layers, entry.hidden_size)
}

/// A family as its paper writes it.
pub fn family_title(family: &str) -> String {
    match family {
        "bert" => "BERT",
        "roberta" => "RoBERTa",
        "xlm-roberta" => "XLM-RoBERTa",
        "camembert" => "CamemBERT",
        "distilbert" => "DistilBERT",
        "albert" => "ALBERT",
        "electra" => "ELECTRA",
        other => other,
    }
    .into()
}

fn detail_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let palette = cx.palette;
    if let Some(error) = cx.workspace.model_error.clone() {
        state::error(ui, palette, "The model could not be opened", &error, |_| ());
        ui.add_space(space::S);
    }
    let Some(shown) = cx.workspace.card.clone() else {
        let opening = cx.workspace.job_where(|kind| matches!(kind, JobKind::OpenModel { .. }));
        if let Some(job) = opening {
            state::loading(ui, palette, &job.title, None);
            return;
        }
        let words = "Choose an encoder to the left to see its layers, its size and what was loaded from its files";
        state::empty(ui, palette, ICON_NEUROLOGY, "No model is opened", words, |_| ());
        return;
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_width(ui.available_width() - 8.0);
        ui.spacing_mut().item_spacing.y = space::S;
        card::ui(ui, cx, &shown);
        ui.add_space(space::S);
    });
}
