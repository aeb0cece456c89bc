//! One model: its sizes, its layers as they stand on each other, its tokenizer, and what became of every tensor.

use std::path::Path;

use egui::{Align, Layout, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_ARROW_FORWARD, ICON_CHECK_CIRCLE, ICON_CONTENT_COPY, ICON_EXPLORE};

use crate::model::card::{BlockSize, ModelCard};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::fold::fold;
use crate::ui::widgets::{Button, Card, Chip, text};
use crate::ui::{Action, Cx, Screen, format};
use crate::words;

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, card: &ModelCard) {
    head_ui(ui, cx, card);
    facts_ui(ui, cx, card);
    blocks_ui(ui, cx, card);
    if ui.available_width() > 620.0 {
        ui.columns(2, |columns| {
            reading_ui(&mut columns[0], cx, card);
            report_ui(&mut columns[1], cx, card);
        });
    } else {
        reading_ui(ui, cx, card);
        report_ui(ui, cx, card);
    }
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, card: &ModelCard) {
    let palette = cx.palette;
    let chosen = cx.workspace.model.as_ref().is_some_and(|model| model.dir == card.dir);
    ui.horizontal(|ui| {
        ui.set_height(36.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if chosen {
                let next = if cx.workspace.data.loaded.is_some() { Screen::Train } else { Screen::Data };
                let label = if next == Screen::Train { "Continue to training" } else { "Continue to data" };
                if Button::new(label).icon(ICON_ARROW_FORWARD).primary().show(ui, palette).clicked() {
                    cx.act(Action::Go(next));
                }
                Chip::good("In use", palette).dot().show(ui);
            } else if Button::new("Use this model").icon(ICON_CHECK_CIRCLE).primary().show(ui, palette).clicked() {
                cx.act(Action::OpenModel(card.dir.clone()));
                if cx.workspace.data.loaded.is_some() {
                    cx.act(Action::Go(Screen::Train));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = text::title(cx.workspace.model_name(&card.dir), palette);
                ui.add(egui::Label::new(name).truncate());
            });
        });
    });
    ui.horizontal(|ui| {
        Chip::accent(format::family(card.family), palette).show(ui);
        if card.is_frozen {
            Chip::warn("Head only", palette).show(ui);
        }
        path_ui(ui, cx, &card.dir);
    });
    for note in &card.notes {
        ui.add(egui::Label::new(text::small(note, palette)).wrap());
    }
    let shipped = cx.workspace.shipped_in(&card.dir);
    let Some((shipped, promise)) = shipped.and_then(|shipped| Some((shipped, shipped.promise()?))) else { return };
    ui.add(egui::Label::new(text::dim(format!("{}. {}", promise.does, promise.words()), palette)).wrap());
    if Button::new(promise.title).icon(ICON_EXPLORE).show(ui, palette).clicked() {
        cx.act(Action::TryShipped(shipped));
    }
}

fn path_ui(ui: &mut Ui, cx: &mut Cx<'_>, dir: &Path) {
    let palette = cx.palette;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if Button::icon_only(ICON_CONTENT_COPY, "Copy the path").small().show(ui, palette).clicked() {
            cx.act(Action::CopyText(dir.display().to_string()));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(egui::Label::new(text::number_dim(format::path(dir), palette)).truncate());
        });
    });
}

fn facts_ui(ui: &mut Ui, cx: &Cx<'_>, card: &ModelCard) {
    let palette = cx.palette;
    let layers = if card.stored_layers == card.layers {
        (card.layers.to_string(), String::new())
    } else {
        (card.layers.to_string(), format!("{} stored", card.stored_layers))
    };
    let embedding = if card.embedding_size == card.hidden_size {
        String::new()
    } else {
        format!("embeddings {}", card.embedding_size)
    };
    let facts: [(&str, String, String); 8] = [
        ("Parameters", format::short_count(card.parameters), String::new()),
        ("Layers", layers.0, layers.1),
        ("Hidden size", card.hidden_size.to_string(), embedding),
        (
            "Heads",
            card.num_attention_heads.to_string(),
            format!("{} each", card.hidden_size / card.num_attention_heads.max(1)),
        ),
        ("Max length", card.max_tokens.to_string(), String::new()),
        ("Vocabulary", format::count(card.vocab_size as u64), String::new()),
        ("On disk", format::bytes(card.bytes_on_disk), card.dtype.clone()),
        ("Activation", card.activation.clone(), String::new()),
    ];
    Card::new().show(ui, palette, |ui| {
        let across = if ui.available_width() > 640.0 { 4 } else { 2 };
        for row in facts.chunks(across) {
            ui.columns(across, |columns| {
                for (column, (name, value, note)) in columns.iter_mut().zip(row) {
                    column.spacing_mut().item_spacing.y = 2.0;
                    column.label(text::small(*name, palette));
                    column.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = 6.0;
                        let value =
                            egui::RichText::new(value).font(theme::number_medium(size::HEAD - 1.0)).color(palette.text);
                        ui.label(value);
                        if !note.is_empty() {
                            ui.add(egui::Label::new(text::faint(note, palette)).truncate());
                        }
                    });
                }
            });
        }
    });
}

/// The model from its embeddings to its head, each block as high as it has parameters.
fn blocks_ui(ui: &mut Ui, cx: &Cx<'_>, card: &ModelCard) {
    let palette = cx.palette;
    let note = format!("{} parameters, counted from the weights", format::count(card.parameters));
    Card::titled("Architecture").note(note).show(ui, palette, |ui| {
        let gap = 4.0;
        let wide = 1.8;
        let weights: Vec<f32> = card.blocks.iter().map(|block| if is_layer(block) { 1.0 } else { wide }).collect();
        let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), 140.0), Sense::hover());
        let unit = (area.width() - gap * (weights.len().max(1) - 1) as f32) / weights.iter().sum::<f32>().max(1.0);
        let unit = unit.min(120.0);
        let most = card.blocks.iter().map(|block| block.parameters).max().unwrap_or(1).max(1);
        let mut left = area.left();
        for (block, weight) in card.blocks.iter().zip(weights) {
            let slot = egui::Rect::from_min_size(pos2(left, area.top()), vec2(unit * weight, area.height()));
            left += unit * weight + gap;
            block_ui(ui, palette, block, slot, most);
        }
    });
}

fn is_layer(block: &BlockSize) -> bool {
    block.name.starts_with("layers.")
}

fn block_ui(ui: &Ui, palette: &Palette, block: &BlockSize, slot: egui::Rect, most: u64) {
    let (title, color) = match block.name.as_str() {
        "embeddings" => ("Embeddings".to_owned(), palette.series[1]),
        name if is_layer(block) => (words::block(name).replace("layer ", ""), palette.series[0]),
        name if name.contains("head") => ("Head".to_owned(), palette.series[2]),
        name => (name.to_owned(), palette.series[3]),
    };
    let full = if is_layer(block) { format!("Layer {title}") } else { title.clone() };
    let words = format!("{full}\n{} parameters", format::count(block.parameters));
    let response = ui.interact(slot, ui.scope_id().with(("block", &block.name)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words.replace('\n', ", ")));
    let floor = slot.bottom() - 20.0;
    let room = floor - slot.top() - 22.0;
    let height = (block.parameters as f32 / most as f32 * room).max(3.0);
    let bar = egui::Rect::from_min_max(pos2(slot.left(), floor - height), pos2(slot.right(), floor));
    let fill = color.gamma_multiply(if response.hovered() { 1.0 } else { 0.8 });
    ui.painter().rect_filled(bar, 3.0, fill);
    if slot.width() > 34.0 {
        let at = pos2(slot.center().x, bar.top() - 3.0);
        let count = format::short_count(block.parameters).replace(' ', "");
        ui.painter().text(at, egui::Align2::CENTER_BOTTOM, count, theme::number(10.0), palette.text_dim);
    }
    let font = if is_layer(block) { theme::number(10.5) } else { theme::medium(size::SMALL) };
    let galley = text::elided(ui.painter(), &title, font, palette.text_dim, slot.width() + 3.0);
    let at = pos2(slot.center().x - galley.size().x / 2.0, floor + 4.0);
    ui.painter().galley(at, galley, palette.text_dim);
    response.on_hover_text(words);
}

/// How it reads, and what it has already learned to say.
fn reading_ui(ui: &mut Ui, cx: &Cx<'_>, card: &ModelCard) {
    let palette = cx.palette;
    Card::titled("Reading").show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let line = |ui: &mut Ui, name: &str, value: String| {
            ui.horizontal(|ui| {
                ui.set_height(20.0);
                ui.label(text::dim(name, palette));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.add(egui::Label::new(text::number(value, palette)).truncate());
                });
            });
        };
        line(ui, "Tokenizer", card.tokenizer.clone());
        let case = match card.cased {
            Some(true) => "upper and lower case",
            Some(false) => "uncased",
            None => "not specified",
        };
        line(ui, "Case", case.into());
        for problem in &card.problems {
            ui.colored_label(palette.warn, problem);
        }
        line(ui, "Architecture", card.architectures.join(", "));
        ui.horizontal_wrapped(|ui| {
            ui.label(text::dim("Trained heads", palette));
            if card.heads.is_empty() {
                ui.label(text::faint("none, so its head starts untrained", palette));
            }
            for task in &card.heads {
                Chip::good(task.title(), palette).show(ui);
            }
        });
        if !card.labels.is_empty() {
            ui.horizontal_wrapped(|ui| {
                ui.label(text::dim("Classes", palette));
                for (index, label) in card.labels.iter().enumerate().take(12) {
                    Chip::class(label, index, palette).show(ui);
                }
                if card.labels.len() > 12 {
                    ui.label(text::faint(format!("and {} more", card.labels.len() - 12), palette));
                }
            });
        }
    });
}

/// Every tensor by name: nothing is loaded, made new or left out in silence.
fn report_ui(ui: &mut Ui, cx: &Cx<'_>, card: &ModelCard) {
    let palette = cx.palette;
    let report = &card.report;
    let all = report.loaded.len() + report.new.len();
    let note = format!("{} of {all} tensors found", report.loaded.len());
    Card::titled("Load report").note(note).show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for (title, names, why) in [
            ("Loaded", &report.loaded, "Read from the files"),
            ("New and untrained", &report.new, "Not in the files; they start with random values and are learned"),
            ("Unused", &report.left_over, "In the files, but this model does not use them"),
        ] {
            let head = format!("{title}  {}", names.len());
            fold(ui, palette, &head, false, |ui| {
                ui.label(text::faint(why, palette));
                let height = (names.len().min(9) as f32) * 18.0;
                egui::ScrollArea::vertical().id_salt(title).max_height(height).auto_shrink([false, true]).show_rows(
                    ui,
                    16.0,
                    names.len(),
                    |ui, range| {
                        for name in &names[range] {
                            ui.add(egui::Label::new(text::number_dim(name, palette)).truncate());
                        }
                    },
                );
                ui.add_space(space::XS);
            });
        }
    });
}
