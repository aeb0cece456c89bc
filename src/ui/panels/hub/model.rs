//! A model on the hub: what it is, whether it can be used and fits, its files and its card, before a weight is fetched.

use egui::Ui;
use egui_material_icons::icons::ICON_OPEN_IN_NEW;

use super::access::{access_chip, access_ui, trouble_ui};
use super::card;
use super::found::fit_mark;
use super::get::{Offer, button_ui, progress_ui};
use super::words::{downloads, language, languages, owner};
use crate::hub::catalog::{self, Suggestion};
use crate::hub::{AdapterDetails, FoundModel, ModelDetails, Usable};
use crate::model::Family;
use crate::train::fits::Room;
use crate::ui::action::HubAction;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::fold::fold;
use crate::ui::widgets::line::{left, line};
use crate::ui::widgets::stat::{Stat, stat};
use crate::ui::widgets::{Button, Card, Chip, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, format};
use crate::worker::protocol::{LookedModel, Wanted};

/// What is known of the model that is looked at, from wherever.
struct Known<'a> {
    details: Option<&'a LookedModel>,
    found: Option<&'a FoundModel>,
    suggestion: Option<&'static Suggestion>,
    room: Option<Room>,
}

pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let workspace = cx.workspace;
    let Some(looked) = &workspace.hub.model else { return };
    let name = &looked.repo.name;
    let details = looked.details.as_deref();
    let suggestion = catalog::models().find(|known| known.name == *name);
    let known = Known {
        details,
        found: details
            .map(|looked| &looked.details.found)
            .or_else(|| workspace.hub.models.found.iter().find(|found| found.about.name == *name)),
        suggestion,
        room: details.and_then(|looked| looked.room).or_else(|| workspace.hub.rooms.get(name).copied()),
    };
    let wanted = Wanted::model(looked.repo.clone());
    head_ui(ui, cx, &known, &wanted);
    progress_ui(ui, cx, &wanted);
    notices_ui(ui, cx, &known, &wanted);
    facts_ui(ui, cx, &known);
    if let Some(looked) = known.details {
        files_ui(ui, cx, &looked.details);
    }
    let is_looking = workspace.job_where(|kind| *kind == JobKind::HubLook { repo: looked.repo.clone() }).is_some();
    card::ui(ui, cx, &looked.repo, &looked.card, is_looking);
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, known: &Known<'_>, wanted: &Wanted) {
    let palette = cx.palette;
    let name = &wanted.repo.name;
    let of_commit = known.details.and_then(|looked| looked.details.cached.clone());
    let here = of_commit.or_else(|| cx.workspace.cached_model(name).map(|entry| entry.dir.clone()));
    let bytes = known.details.map(|looked| looked.details.download_bytes);
    let is_refused = known.found.is_some_and(|found| matches!(found.usable, Usable::No(_)));
    line(ui, 36.0, |ui| {
        let offer = Offer {
            wanted: wanted.clone(),
            bytes: bytes.or_else(|| known.suggestion.map(Suggestion::bytes)).filter(|_| !is_refused),
            here: here.as_deref(),
            is_refused,
            is_small: false,
        };
        button_ui(ui, cx, &offer);
        if Button::icon_only(ICON_OPEN_IN_NEW, "Open its page").show(ui, palette).clicked() {
            let page = cx.workspace.hub.hub.page_of(&wanted.repo);
            cx.act(Action::Hub(HubAction::OpenPage(page)));
        }
        left(ui, |ui| {
            title_ui(ui, palette, name);
        });
    });
    chips_ui(ui, cx, known, here.is_some());
    if let Some(suggestion) = known.suggestion {
        ui.add(egui::Label::new(text::dim(state::sentence(&suggestion.good_for), palette)).wrap());
    }
    if let Some(adapter) = known.details.and_then(|looked| looked.details.adapter.as_ref()) {
        ui.add(egui::Label::new(text::dim(about_adapter(adapter, here.is_some()), palette)).wrap());
    }
}

/// What an adapter is for, and what comes with it.
fn about_adapter(adapter: &AdapterDetails, is_here: bool) -> String {
    let AdapterDetails { base, rank, base_dir, base_bytes } = adapter;
    let rank = rank.map_or(String::new(), |rank| format!(" of rank {rank}"));
    let first = format!("A LoRA adapter{rank} for {base}, and no whole model. Attune opens both as one.");
    match base_dir {
        _ if is_here => format!("{first} Both are on this machine."),
        Some(_) => format!("{first} {base} is on this machine."),
        None if *base_bytes > 0 => {
            format!("{first} {base} is fetched with it, which is {} of the download.", format::bytes(*base_bytes))
        }
        None => first,
    }
}

/// The name, without its owner's where there is no room for both.
pub fn title_ui(ui: &mut Ui, palette: &Palette, name: &str) {
    let (font, room) = (theme::semibold(size::TITLE), ui.available_width() - 8.0);
    let whole = text::middle(ui.painter(), name, font.clone(), room);
    let shown = if whole == name { whole } else { text::middle(ui.painter(), owner(name).1, font, room) };
    ui.label(text::title(shown, palette)).on_hover_text(name);
}

fn chips_ui(ui: &mut Ui, cx: &Cx<'_>, known: &Known<'_>, is_here: bool) {
    let palette = cx.palette;
    let about = known.found.map(|found| &found.about);
    ui.horizontal_wrapped(|ui| {
        (ui.spacing_mut().interact_size.y, ui.spacing_mut().item_spacing.y) = (20.0, 6.0);
        let family = known.found.and_then(|found| found.family.clone());
        if let Some(family) = family.or_else(|| known.suggestion.map(|known| known.family.clone())) {
            Chip::accent(format::family(&family), palette).show(ui);
            if Family::from_model_type(&family).is_some_and(Family::is_frozen) {
                Chip::warn("Head only", palette).show(ui).on_hover_text("Its encoder is used as it is and not trained");
            }
        }
        if known.found.is_some_and(|found| found.base.is_some()) {
            Chip::accent("Adapter", palette).show(ui);
        }
        if is_here {
            Chip::good("On this machine", palette).dot().show(ui);
        }
        access_chip(ui, palette, about.map(|about| about.access).unwrap_or_default());
        let licence = about.and_then(|about| about.licence.clone());
        let licence = licence.or_else(|| known.suggestion.and_then(|known| known.licence.clone()));
        Chip::neutral(licence.unwrap_or_else(|| "No licence named".into()), palette).show(ui);
        let codes = about.map(|about| about.languages.clone()).filter(|codes| !codes.is_empty());
        let codes = codes.or_else(|| known.suggestion.map(|known| known.languages.clone()));
        if let Some(codes) = codes {
            let all = codes.iter().map(|code| language(code)).collect::<Vec<_>>().join(", ");
            Chip::neutral(languages(&codes), palette).show(ui).on_hover_text(all);
        }
        if let Some(about) = about {
            for task in &about.tasks {
                Chip::neutral(task.replace('-', " "), palette).show(ui);
            }
            Chip::neutral(downloads(about), palette).show(ui).on_hover_text("In the last thirty days");
            if about.likes > 0 {
                let words = format!("{} likes", format::short_count(about.likes));
                Chip::neutral(words, palette).show(ui);
            }
            if let Some(day) = &about.updated {
                Chip::neutral(format!("Changed {day}"), palette).show(ui);
            }
        }
    });
}

fn notices_ui(ui: &mut Ui, cx: &mut Cx<'_>, known: &Known<'_>, wanted: &Wanted) {
    let palette = cx.palette;
    let trouble = cx.workspace.hub.model.as_ref().and_then(|looked| looked.trouble.clone());
    let access = known.found.map(|found| found.about.access).unwrap_or_default();
    if let Some(trouble) = trouble {
        let again = HubAction::Look(wanted.repo.clone());
        trouble_ui(ui, cx, "It could not be looked at", &trouble, again);
    } else {
        access_ui(ui, cx, &wanted.repo, access);
    }
    if let Some(Usable::No(obstacles)) = known.found.map(|found| &found.usable) {
        let words = obstacles.iter().map(|obstacle| state::sentence(&obstacle.to_string())).collect::<Vec<_>>();
        state::warning(ui, palette, "Attune cannot use this model", &words.join("\n"), |_| ());
    }
    if let Some(looked) = known.details
        && let Some(free) = looked.free_bytes.filter(|free| *free < looked.details.download_bytes)
    {
        let words = format!(
            "{} are needed, and {} are free on the disk of the cache",
            format::bytes(looked.details.download_bytes),
            format::bytes(free)
        );
        state::warning(ui, palette, "There is no room for it", &words, |_| ());
    }
}

/// Names, values, notes and what they mean.
type Fact = (&'static str, String, String, Option<egui::Color32>);

fn facts_ui(ui: &mut Ui, cx: &Cx<'_>, known: &Known<'_>) {
    let palette = cx.palette;
    let facts = facts(known, palette);
    if facts.is_empty() {
        return;
    }
    Card::new().show(ui, palette, |ui| {
        let across = if ui.available_width() > 520.0 { 4 } else { 2 };
        let width = (ui.available_width() - (across - 1) as f32 * space::M) / across as f32;
        for row in facts.chunks(across) {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                for (title, value, note, color) in row {
                    stat(ui, &Stat { title, value, note, color: *color }, width, palette);
                }
            });
        }
    });
}

fn facts(known: &Known<'_>, palette: &Palette) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut add = |title, value: Option<String>, note: String| {
        facts.extend(value.map(|value| (title, value, note, None)));
    };
    let config = known.details.and_then(|looked| looked.details.config.as_ref());
    let counted = known.found.and_then(|found| found.parameters);
    let about = known.suggestion.map(|known| (known.millions * 1e6) as u64);
    let is_adapter = known.found.is_some_and(|found| found.base.is_some());
    add(
        if is_adapter { "Weights it adds" } else { "Parameters" },
        counted.or(about).map(format::short_count),
        String::new(),
    );
    let layers = config.map(|config| config.num_hidden_layers).or(known.suggestion.map(|known| known.layers));
    add("Layers", layers.map(|layers| layers.to_string()), String::new());
    let hidden = config.map(|config| config.hidden_size).or(known.suggestion.map(|known| known.hidden));
    add("Hidden size", hidden.map(|hidden| hidden.to_string()), String::new());
    add("Max length", config.map(|config| config.max_tokens().to_string()), "tokens".into());
    add("Vocabulary", config.map(|config| format::count(config.vocab_size as u64)), String::new());
    let bytes = known.details.map(|looked| looked.details.download_bytes).or(known.suggestion.map(Suggestion::bytes));
    let free = known.details.and_then(|looked| looked.free_bytes);
    let free = free.map_or(String::new(), |free| format!("{} free", format::bytes(free)));
    let is_refused = known.found.is_some_and(|found| matches!(found.usable, Usable::No(_)));
    add("Download", bytes.filter(|_| !is_refused).map(format::bytes), free);
    if let Some(room) = known.room {
        let (_, color) = fit_mark(&room, palette);
        let of = room.allowed.map_or_else(
            || format!("of {} free", format::bytes(room.free)),
            |allowed| format!("of {} allowed", format::bytes(allowed)),
        );
        let note = format!("{}, {of}", room.strategy.title());
        facts.push(("Memory to train it", format::bytes(room.needed), note, Some(color)));
    }
    facts
}

fn files_ui(ui: &mut Ui, cx: &Cx<'_>, details: &ModelDetails) {
    let palette = cx.palette;
    Card::new().show(ui, palette, |ui| {
        fold(ui, palette, &format!("Files  {}", details.files.len()), false, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (name, bytes) in details.files.iter().take(200) {
                line(ui, 20.0, |ui| {
                    let size = bytes.map_or("–".to_owned(), format::bytes);
                    ui.label(text::number_dim(size, palette));
                    left(ui, |ui| ui.add(egui::Label::new(text::number_dim(name, palette)).truncate()));
                });
            }
        });
    });
}
