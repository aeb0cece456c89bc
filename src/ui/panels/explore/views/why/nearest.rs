//! The training rows that the model holds for most alike to the text, their labels beside its answer. A press opens a row in
//! Data.

use std::sync::Arc;

use egui::{Label, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{Why, about};
use crate::analysis::nearest::{Near, Nearest, NearestTo, Rows, pooling};
use crate::analysis::sample::Sampling;
use crate::analysis::training_set::MARK;
use crate::data::Target;
use crate::inspect::Pooling;
use crate::inspect::why::Asked;
use crate::task::Reads;
use crate::ui::panels::explore::over_rows;
use crate::ui::panels::explore::view::Changed;
use crate::ui::panels::explore::working;
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::help::help;
use crate::ui::widgets::line::{self, line};
use crate::ui::widgets::rows::rows as list;
use crate::ui::widgets::{Button, text};
use crate::ui::workspace::{Screen, Workspace};
use crate::ui::{Action, Cx, format};
use crate::words::{noun, states};
use crate::worker::protocol::LoadedDataset;
use crate::worker::work::AnyWork;
use crate::worker::works::nearest::ReadRows;
use crate::worker::works::probe::ProbeLayers;

/// Two lines, the text and what is said of it.
const ROW: f32 = 46.0;

/// Which rows are held beside a text.
#[derive(Debug, Default)]
pub struct NearestRows {
    /// The rows that were read for this model and these data.
    rows: Option<Arc<Rows>>,
    /// The layer that a person chose; otherwise the last.
    pub layer: Option<usize>,
    /// The frame in which they were last in sight.
    pub seen: Option<u64>,
}

impl NearestRows {
    /// The rows were read by another model; the layer stays as far as the next one has it.
    pub fn forget(&mut self) {
        (self.rows, self.seen) = (None, None);
    }

    /// What is asked of a text where the rows are in sight.
    pub fn wanted(&self, asked: &Asked, in_sight: bool) -> Option<NearestTo> {
        let rows = self.rows.clone().filter(|_| in_sight)?;
        let layer = self.layer.unwrap_or(usize::MAX).min(rows.layers().saturating_sub(1));
        Some(NearestTo { asked: asked.clone(), rows, layer, pooling: pooling(asked.task?, layer) })
    }
}

impl Why {
    pub(super) fn nearest_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Changed {
        self.nearest.seen = Some(self.frame);
        if let Some(job) = cx.workspace.job_of::<ReadRows>().cloned() {
            working::ui(ui, cx, &job);
            return Changed::No;
        }
        let Some(loaded) = cx.workspace.data.loaded.clone() else {
            note(
                ui,
                "Open the data that the model was trained with, and the rows that it holds for most alike to this text \
                      appear here",
                cx.palette,
            );
            if Button::new("Go to Data").show(ui, cx.palette).clicked() {
                cx.act(Action::Go(Screen::Data));
            }
            return Changed::No;
        };
        let found = found(cx.workspace, &loaded).cloned();
        let was_there = self.nearest.rows.is_some();
        self.nearest.rows = found.as_ref().and_then(|found| found.as_ref().ok().cloned());
        match found {
            None => ready_ui(ui, cx, &loaded),
            Some(Err(error)) => {
                note(ui, &error, cx.palette);
                ready_ui(ui, cx, &loaded);
            }
            Some(Ok(rows)) => return self.rows_ui(ui, cx, &rows, was_there),
        }
        Changed::No
    }

    fn rows_ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rows: &Arc<Rows>, was_there: bool) -> Changed {
        // Rows that have just been read are asked about at once.
        let mut changed = if was_there { Changed::No } else { Changed::Chosen };
        if self.head_ui(ui, cx, rows) {
            changed = Changed::Chosen;
        }
        let asked = self.known.asked().cloned();
        let Some(wanted) = asked.and_then(|asked| self.nearest.wanted(&asked, true)) else { return changed };
        if let Some(error) = self.known.failed(&wanted) {
            note(ui, error, cx.palette);
            return changed;
        }
        let Some(nearest) = self.known.nearest(&wanted) else {
            let is_ended = self.known.is_ended(&wanted);
            note(ui, if is_ended { "The search was cancelled" } else { "Looking for them…" }, cx.palette);
            return changed;
        };
        ui.add(Label::new(text::small(sentence(nearest, &wanted), cx.palette)).wrap());
        for words in rows.notes() {
            ui.add(Label::new(text::faint(words, cx.palette)).wrap());
        }
        ui.spacing_mut().item_spacing.y = 2.0;
        let near = &nearest.near;
        let pressed = list(ui, "nearest rows", ROW, near.len(), |ui, place| row_ui(ui, rows, &near[place], cx.palette));
        if let Some(place) = pressed {
            let row = rows.data.examples[near[place].example].row;
            cx.act(Action::ShowRows(Arc::new(vec![row]), "that is near to the text in Explore".into()));
        }
        changed
    }

    /// The layer whose states are compared. Returns whether another was chosen.
    fn head_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, rows: &Arc<Rows>) -> bool {
        let palette = cx.palette;
        let last = rows.layers().saturating_sub(1);
        let shown = self.nearest.layer.unwrap_or(last).min(last);
        let pooled = self.head.map_or(Pooling::Mean, |head| pooling(head, last));
        let best = best_by_probe(cx.workspace, rows, pooled);
        let (mut layer, mut is_chosen) = (shown, false);
        line(ui, 26.0, |ui| {
            help(ui, &about::NEAREST, palette);
            line::left(ui, |ui| {
                ui.label(text::dim("After", palette));
                let words = |layer: &usize| layer_words(*layer, last, best);
                is_chosen = choose(ui, "Layer of the states", 190.0, &mut layer, (0..=last).rev(), words);
            });
        });
        if is_chosen {
            self.nearest.layer = Some(layer);
        }
        layer != shown
    }
}

/// What one sees.
fn sentence(nearest: &Nearest, asked: &NearestTo) -> String {
    let count = format::plural(asked.rows.pooled.examples.len() as u64, "row", "rows");
    let of = match asked.rows.data.task.reads() {
        Reads::Question => "questions with their contexts",
        Reads::Words => "sentences",
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => "texts",
    };
    let mut words = vec![format!(
        "Of {count} to learn from, the {of} whose states are most alike ({}), with the cosine.",
        asked.pooling.title()
    )];
    if let Some(answer) = &nearest.answer {
        let (same, other) = nearest.agreement();
        if other > 0 {
            let have = noun(other, "has", "have");
            words.push(format!("{other} of {} {have} another label than the answer, {answer}.", same + other));
        } else if same > 0 {
            words.push(format!("All of them have the label of the answer, {answer}."));
        }
    }
    if nearest.cut > 0 {
        let cut = format::plural(nearest.cut as u64, "token", "tokens");
        words.push(format!("{cut} of the text did not fit."));
    }
    words.join(" ")
}

/// One row: its text, and below it what the data say. Returns whether it was pressed.
fn row_ui(ui: &mut Ui, rows: &Rows, near: &Near, palette: &Palette) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let (data, example) = (&rows.data, near.example);
    let mut all = data.readable(example).into_owned();
    if let Some(pair) = data.pair(example) {
        all = format!("{all} · {pair}");
    }
    let conflict = if near.agrees == Some(false) { ", not the answer" } else { "" };
    let label = near.label.as_deref().filter(|label| !label.is_empty());
    let mut said = label.map_or_else(|| "no label".to_owned(), |label| format!("{label}{conflict}"));
    if near.is_same {
        said = format!("the same text · {said}");
    }
    if near.in_training == Some(true) {
        said = format!("{said} · {MARK}");
    }
    let cosine = format!("{:.4}", near.cosine).replace('-', "\u{2212}");
    let name: String = all.chars().take(120).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, format!("{name}, {said}, {cosine}")));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, palette.hover);
    }
    let inner = rect.shrink2(vec2(8.0, 5.0));
    let words = text::elided(painter, &all, theme::regular(size::BODY), palette.text, inner.width());
    painter.galley(inner.min, words, palette.text);
    // Whether it is the answer is said in words; a class has its own colour.
    let color = match data.examples.get(example).map(|example| &example.target) {
        Some(Target::Class(class)) => palette.label(*class as usize),
        _ => palette.text_dim,
    };
    let line = format!("line {}", data.line(example));
    let note = painter.layout_no_wrap(format!("{line} · {cosine}"), theme::number(size::SMALL), palette.text_dim);
    let width = inner.width() - note.size().x - 12.0;
    let below = text::elided(painter, &said, theme::medium(size::SMALL), color, width);
    painter.galley(pos2(inner.left(), inner.bottom() - below.size().y), below, color);
    painter.galley(pos2(inner.right() - note.size().x, inner.bottom() - note.size().y), note, palette.text_dim);
    response.on_hover_text("Opens the row in Data").clicked()
}

fn note(ui: &mut Ui, words: &str, palette: &Palette) {
    ui.add(Label::new(text::dim(words, palette)).wrap());
}

fn ready_ui(ui: &mut Ui, cx: &mut Cx<'_>, loaded: &Arc<LoadedDataset>) {
    let among = among(loaded);
    let name = format::file_name(&loaded.dataset.table.path);
    let count = format::plural(among.len() as u64, "row", "rows");
    note(
        ui,
        &format!(
            "The {count} of {name} to learn from go through the model once; then the nearest to any text are there \
                       at once. They tell where the model learned its answer only if it was trained with them."
        ),
        cx.palette,
    );
    ui.add_space(space::XS);
    if Button::new("Read the rows").primary().show(ui, cx.palette).clicked() {
        let Some(model) = cx.workspace.explore.model.clone() else { return };
        let (seed, max_tokens) = (cx.workspace.data.rule.seed, cx.workspace.length().max_tokens);
        let wanted = Sampling { among, seed, max_tokens, ..Sampling::all(model, loaded.dataset.clone()) };
        let (kept, learned) = (cx.workspace.data.states.clone(), cx.workspace.data.learned.clone());
        cx.act(Action::Work(AnyWork::new(ReadRows { wanted, kept, learned })));
    }
}

/// The rows to learn from; where none are kept apart all.
fn among(loaded: &LoadedDataset) -> Arc<[usize]> {
    let all = loaded.dataset.examples.len();
    if loaded.split.train.is_empty() { (0..all).collect() } else { loaded.split.train.iter().copied().collect() }
}

fn found<'a>(workspace: &'a Workspace, loaded: &LoadedDataset) -> Option<&'a Result<Arc<Rows>, String>> {
    let found = over_rows::found(workspace, |work: &ReadRows| &work.wanted)?;
    (!found.is_stale && found.work.wanted.among == among(loaded)).then_some(found.answer)
}

/// The layer that knows the task best, where the layers of this model were probed on these data.
fn best_by_probe(workspace: &Workspace, rows: &Rows, pooling: Pooling) -> Option<usize> {
    let found = over_rows::found(workspace, |work: &ProbeLayers| &work.question.wanted)?;
    let probed = found.answer.as_ref().ok().filter(|_| Arc::ptr_eq(&found.work.question.wanted.data, &rows.data))?;
    Some(probed.advice(pooling).best)
}

fn layer_words(layer: usize, last: usize, best: Option<usize>) -> String {
    let name = match layer {
        0 => "the embeddings".to_owned(),
        layer if layer == last => format!("{}, the last", states(layer)),
        layer => states(layer),
    };
    if best == Some(layer) { format!("{name}, best by the probe") } else { name }
}
