//! What is wrong with the data, with the rows of each finding one press away, and what is done about it another.

use std::sync::Arc;

use egui::{Align2, FontId, Label, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::MaterialIcon;
use egui_material_icons::icons::{ICON_CHECK_CIRCLE, ICON_INFO, ICON_WARNING};

use super::filter::Filter;
use crate::data::choices::{Exclude, Mend};
use crate::data::health::FindingKind;
use crate::data::{Dataset, Roles};
use crate::table::{LeftOut, RowProblem, note_beside_choice};
use crate::train::config::ClassWeights;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{Button, Card, fold, state, text};
use crate::ui::{Action, Cx, Workspace, format};
use crate::worker::protocol::LoadedDataset;

/// A line of the list.
struct Entry<'a> {
    words: String,
    /// Its rows and what the filter of them is called, where there are some.
    rows: Option<(Which<'a>, String)>,
    /// What the button says, and what it does.
    remedy: Option<(&'static str, Action)>,
    state: State,
}

/// What is to be thought of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// How the data were read, where that is not plain.
    Note,
    Open,
    Done,
}

/// Rows that are only gathered when they are asked for.
enum Which<'a> {
    Rows(&'a [usize]),
    /// Those longer than the limit.
    TooLong,
}

/// Findings that are open.
pub fn count(workspace: &Workspace, loaded: &LoadedDataset) -> usize {
    let notes = |dataset: &Dataset| dataset.table.notes.len();
    let noted = notes(&loaded.dataset) + loaded.eval.as_deref().map_or(0, notes);
    let findings = loaded.findings.iter().filter(|finding| !finding.kind.is_note()).count();
    noted + findings + usize::from(over_long(workspace).is_some())
}

/// Returns the filter that was chosen by a press.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, loaded: &LoadedDataset, filter: &Filter) -> Option<Filter> {
    let palette = cx.palette;
    let mut chosen = None;
    let workspace = cx.workspace;
    let (open, done) = (found(workspace, loaded), mended(workspace, loaded));
    Card::new().show(ui, palette, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        if open.is_empty() {
            ui.horizontal(|ui| {
                ui.label(theme::icon(ICON_CHECK_CIRCLE, 18.0).color(palette.good));
                let words = if done.is_empty() { "No problems found" } else { "No other problems found" };
                ui.label(text::dim(words, palette));
            });
        }
        for entry in &open {
            chosen = entry_ui(ui, cx, loaded, entry, filter).or(chosen.take());
        }
        if !done.is_empty() {
            ui.add_space(space::XS);
            ui.label(text::label("Done, and recorded with the run", palette));
            for entry in &done {
                chosen = entry_ui(ui, cx, loaded, entry, filter).or(chosen.take());
            }
        }
        problems_ui(ui, cx, &loaded.dataset, "");
        if let Some(eval) = &loaded.eval {
            problems_ui(ui, cx, eval, " of the evaluation file");
        }
    });
    chosen
}

fn found<'a>(workspace: &Workspace, loaded: &'a LoadedDataset) -> Vec<Entry<'a>> {
    let can = workspace.data.can_be_mended();
    let mends = &workspace.data.mends;
    let notes = loaded.dataset.table.notes.iter().chain(loaded.eval.iter().flat_map(|eval| &eval.table.notes));
    let note =
        |words: &String| Entry { words: note_beside_choice(words), rows: None, remedy: None, state: State::Note };
    let mut entries: Vec<Entry<'a>> = notes.map(note).collect();
    for finding in &loaded.findings {
        let mend = |mend: Mend| {
            let words = if matches!(mend, Mend::Fix(_)) { "Fix" } else { "Exclude" };
            (words, Action::SetMends(mends.with(mend, true)))
        };
        let remedy = match (&finding.kind, finding.kind.remedy().filter(|_| can)) {
            (_, Some(remedy)) => Some(mend(remedy)),
            (FindingKind::Imbalance { .. }, None)
                if workspace.data.task.takes_class_weights()
                    && workspace.draft.optim.class_weights == ClassWeights::None =>
            {
                Some(("Balance", Action::Edit(Box::new(weighted(workspace, ClassWeights::Balanced)))))
            }
            (FindingKind::SharedContexts, None) => {
                let mut roles = workspace.data.roles.clone();
                roles.group.clone_from(&roles.context);
                Some(("Keep together", Action::SetRoles(roles)))
            }
            (FindingKind::Annotators { text, .. }, None) => {
                let roles = Roles { group: Some(text.clone()), ..workspace.data.roles.clone() };
                Some(("Keep together", Action::SetRoles(roles)))
            }
            _ => None,
        };
        let rows = (!finding.rows.is_empty()).then(|| (Which::Rows(&finding.rows), finding.kind.short().to_owned()));
        let state = if finding.kind.is_note() { State::Note } else { State::Open };
        entries.push(Entry { words: finding.message(), rows, remedy, state });
    }
    entries.extend(over_long(workspace).map(|cut| {
        let limit = workspace.draft.data.max_tokens;
        let noun = if cut == 1 { "text is" } else { "texts are" };
        let words = format!("{} {noun} longer than {limit} tokens and would be cut", format::count(cut as u64));
        let remedy = can.then(|| ("Exclude", Action::SetMends(mends.with(Mend::Exclude(Exclude::OverLong), true))));
        let rows = Some((Which::TooLong, format!("over {limit} tokens")));
        Entry { words, rows, remedy, state: State::Open }
    }));
    entries
}

/// What was done, each with the way back.
fn mended<'a>(workspace: &Workspace, loaded: &'a LoadedDataset) -> Vec<Entry<'a>> {
    let mends = &workspace.data.mends;
    let entry = |mend: Mend, count: usize, which: Option<Which<'a>>, in_eval_file: bool| {
        let place = if in_eval_file { " in the evaluation file" } else { "" };
        let words = format!("{} {}{place}", format::count(count as u64), mend.noun(count));
        let rows = which.filter(|_| count > 0).map(|which| (which, mend.noun(2).to_owned()));
        Entry { words, rows, remedy: Some(("Undo", Action::SetMends(mends.with(mend, false)))), state: State::Done }
    };
    let shown = loaded.mended.iter().filter(|done| !done.in_eval_file || !done.rows.is_empty());
    let mut entries: Vec<Entry<'a>> = shown
        .map(|done| {
            let which = (!done.in_eval_file).then_some(Which::Rows(done.rows.as_slice()));
            entry(done.mend, done.rows.len(), which, done.in_eval_file)
        })
        .collect();
    if mends.has(Mend::Exclude(Exclude::OverLong)) {
        let count = rows_of(&Which::TooLong, workspace, loaded).len();
        entries.push(entry(Mend::Exclude(Exclude::OverLong), count, Some(Which::TooLong), false));
    }
    if workspace.draft.optim.class_weights == ClassWeights::Balanced {
        let unweighted = Action::Edit(Box::new(weighted(workspace, ClassWeights::None)));
        let words = "Rare classes weigh as much as frequent ones".to_owned();
        entries.push(Entry { words, rows: None, remedy: Some(("Undo", unweighted)), state: State::Done });
    }
    entries
}

fn weighted(workspace: &Workspace, weights: ClassWeights) -> crate::train::config::RunConfig {
    let mut draft = workspace.draft.clone();
    draft.optim.class_weights = weights;
    draft
}

/// Texts that the limit would cut, unless they are left out.
fn over_long(workspace: &Workspace) -> Option<usize> {
    workspace.plan.as_ref().map(|plan| plan.truncated).filter(|cut| *cut > 0)
}

fn rows_of(which: &Which<'_>, workspace: &Workspace, loaded: &LoadedDataset) -> Vec<usize> {
    let lengths = match which {
        Which::Rows(rows) => return rows.to_vec(),
        Which::TooLong => workspace.data.lengths.as_ref(),
    };
    let limit = workspace.draft.data.max_tokens;
    let tokens = lengths.map_or(&[][..], |lengths| &lengths.tokens);
    let examples = loaded.dataset.examples.iter().zip(tokens).zip(loaded.is_read());
    let long = examples.filter(|((_, tokens), is_read)| *is_read && **tokens as usize > limit);
    long.map(|((example, _), _)| example.row).collect()
}

/// One finding: a press on its words shows its rows, the button does something about it.
fn entry_ui(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    loaded: &LoadedDataset,
    entry: &Entry<'_>,
    filter: &Filter,
) -> Option<Filter> {
    let palette = cx.palette;
    let words = state::sentence(&entry.words);
    let width = ui.available_width();
    let room = if entry.remedy.is_some() { 92.0 } else { 0.0 };
    let galley = ui.painter().layout(words.clone(), theme::regular(size::BODY), palette.text, width - 34.0 - room);
    let height = (galley.size().y + 12.0).max(32.0);
    let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let pressed = egui::Rect::from_min_max(rect.min, pos2(rect.right() - room, rect.bottom()));
    let can_show = entry.rows.is_some();
    let sense = if can_show { Sense::click() } else { Sense::hover() };
    let response = ui.interact(pressed, ui.scope_id().with(("finding", &words)), sense);
    let role = if can_show { Role::Button } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, &words));
    let filtered = filter.rows.as_ref().map(|(_, why)| why);
    let shown = entry.rows.as_ref().is_some_and(|(_, why)| filtered == Some(why));
    if shown || (can_show && (response.hovered() || response.has_focus())) {
        let fill = if shown { palette.accent_soft } else { palette.hover };
        ui.painter().rect_filled(pressed.expand2(vec2(6.0, 0.0)), 6.0, fill);
    }
    let (icon, color): (MaterialIcon, _) = match entry.state {
        State::Note => (ICON_INFO, palette.text_dim),
        State::Open => (ICON_WARNING, palette.warn),
        State::Done => (ICON_CHECK_CIRCLE, palette.good),
    };
    let font = FontId::new(17.0, icon.font_family());
    let top = rect.center().y - galley.size().y / 2.0;
    ui.painter().text(pos2(rect.left() + 9.0, top + 8.0), Align2::CENTER_CENTER, icon.codepoint, font, color);
    ui.painter().galley(pos2(rect.left() + 26.0, top), galley, palette.text);
    if let Some((button, action)) = &entry.remedy {
        let place = egui::Rect::from_min_max(pos2(rect.right() - room + 6.0, rect.top()), rect.max);
        let layout = egui::Layout::right_to_left(egui::Align::Center);
        let mut side = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
        let name = format!("{button}: {words}");
        if Button::new(*button).name(name).small().show(&mut side, palette).clicked() {
            cx.act(action.clone());
        }
    }
    let clicked = response.clicked();
    if can_show {
        response.on_hover_text(if shown { "Show all rows" } else { "Show these rows" });
    }
    clicked.then(|| {
        let rows = entry.rows.as_ref().filter(|_| !shown);
        let rows = rows.map(|(which, why)| (Arc::new(rows_of(which, cx.workspace, loaded)), why.clone()));
        Filter { rows, ..filter.clone() }
    })
}

/// Rows that were left out, with the line and the reason.
fn problems_ui(ui: &mut Ui, cx: &Cx<'_>, dataset: &Dataset, of: &str) {
    let palette = cx.palette;
    let problems: usize = dataset.table.problems.len() + dataset.excluded.len();
    if problems == 0 {
        return;
    }
    ui.add_space(space::XS);
    // What others annotated in rows that are read stands among them.
    let is_further = |problem: &RowProblem| problem.what == LeftOut::Further;
    let several = if dataset.table.problems.iter().any(is_further) { " or annotated several times" } else { "" };
    let head = format!("{}{of} left out{several}", format::plural(problems as u64, "row", "rows"));
    fold::fold(ui, palette, &head, false, |ui| {
        let height = (problems.min(8) as f32) * 20.0;
        egui::ScrollArea::vertical().id_salt(("problems", of)).max_height(height).auto_shrink([false, true]).show_rows(
            ui,
            20.0,
            problems,
            |ui, range| {
                for place in range {
                    let unread = &dataset.table.problems;
                    let problem: &RowProblem =
                        if place < unread.len() { &unread[place] } else { &dataset.excluded[place - unread.len()] };
                    ui.horizontal(|ui| {
                        ui.set_height(18.0);
                        ui.label(text::number_dim(format!("line {}", problem.line), palette));
                        // The end of a file's path tells it from the others.
                        let file =
                            problem.file.as_deref().map(|file| format!("{}: ", format::file_name(file.as_ref())));
                        let words = format!("{}{}", file.unwrap_or_default(), problem.reason);
                        ui.add(Label::new(text::small(words, palette)).truncate()).on_hover_text(format!(
                            "{}: {}",
                            problem.place(),
                            problem.reason
                        ));
                    });
                }
            },
        );
    });
}
