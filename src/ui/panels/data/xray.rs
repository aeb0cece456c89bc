//! The token X-ray: a row as the model reads it, with its windows, and what the length limit cuts off.

use std::sync::{Arc, Weak};

use egui::{Align, CornerRadius, Layout, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::ICON_PUSH_PIN;

use crate::data::Dataset;
use crate::task::{Reads, Targets};
use crate::text::Length;
use crate::text::xray;
use crate::text::xray::Xray;
use crate::train::config::Probe;
use crate::ui::theme::space;
use crate::ui::widgets::pieces::{Lines, Piece, State, pieces};
use crate::ui::widgets::{Button, Chip, state, text};
use crate::ui::workspace::JobKind;
use crate::ui::{Action, Cx, Palette, Screen, format};
use crate::worker::protocol::LookedAt;

#[derive(Debug, Default)]
pub struct XrayPane {
    asked: Option<Asked>,
    seen: Weak<LookedAt>,
    /// Another for each answer, so that its lines are laid out anew.
    revision: usize,
    window: usize,
    /// Where each piece stands in the window that is looked at.
    positions: Vec<Option<u32>>,
    /// Whether a piece is in any window.
    is_read: Vec<bool>,
    lines: Lines,
    scroll_to: Option<usize>,
}

/// What was asked last. Weak pointers keep their places in memory from being given to something else.
#[derive(Debug)]
struct Asked {
    dataset: Weak<Dataset>,
    example: usize,
    model: std::path::PathBuf,
    length: Length,
}

/// Windows that are drawn as bars; of more the neighbours of the chosen one.
const BARS: usize = 5;
const BAR: f32 = 7.0;

impl XrayPane {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, example: Option<usize>) {
        let palette = cx.palette;
        let Some(example) = example else {
            ui.add_space(space::S);
            ui.label(text::dim("This row is left out, so that no model reads it", palette));
            return;
        };
        if cx.workspace.model.is_none() {
            ui.add_space(space::S);
            ui.label(text::dim("Every model has its own tokenizer. Choose a model to see its tokens.", palette));
            if Button::new("Choose a model").small().show(ui, palette).clicked() {
                cx.act(Action::Go(Screen::Model));
            }
            return;
        }
        self.ask(cx, example);
        if let Some(error) = &cx.workspace.data.look_error {
            state::error(ui, palette, "This row cannot be shown", error, |_| ());
            return;
        }
        // The row before is not shown under the name of this one.
        let looked_at = cx.workspace.data.looked_at.clone().filter(|looked_at| looked_at.xray.example == example);
        let Some(looked_at) = looked_at else {
            if cx.workspace.job_where(|kind| *kind == JobKind::Look).is_some() {
                ui.label(text::dim("Reading…", palette));
            }
            return;
        };
        self.take(&looked_at);
        let xray = &looked_at.xray;
        self.head_ui(ui, xray, palette);
        pin_ui(ui, cx, example);
        if xray.windows.len() > 1 {
            self.windows_ui(ui, xray, palette);
        }
        ui.add_space(2.0);
        let has_notes = xray.task.reads() == Reads::Words;
        let (window, positions, is_read) = (xray.windows.get(self.window), &self.positions, &self.is_read);
        let scroll_to = self.scroll_to.take();
        pieces(ui, &mut self.lines, (self.revision, xray.pieces.len()), has_notes, scroll_to, palette, |index| {
            let piece = &xray.pieces[index];
            let position = positions.get(index).copied().flatten();
            let own = window.and_then(|window| window.own.clone()).is_none_or(|own| own.contains(&(index as u32)));
            Piece {
                token: &piece.token,
                id: piece.id,
                position: position.map(|position| position as usize + looked_at.first_position),
                segment: piece.part.map(usize::from),
                goes_on: !piece.starts_word,
                note: note(&piece.role, own || position.is_none()),
                is_target: piece.role == xray::Role::Answer,
                is_unknown: piece.is_unknown,
                state: match (position, is_read.get(index)) {
                    (Some(_), _) => State::Read,
                    (None, Some(true)) => State::Elsewhere,
                    (None, _) => State::Cut,
                },
            }
        });
    }

    /// Asks for the newest row, model and limit, once each.
    fn ask(&mut self, cx: &mut Cx<'_>, example: usize) {
        let (Some(loaded), Some(card)) = (&cx.workspace.data.loaded, &cx.workspace.model) else { return };
        let length = cx.workspace.length();
        let same = self.asked.as_ref().is_some_and(|asked| {
            Weak::as_ptr(&asked.dataset) == Arc::as_ptr(&loaded.dataset)
                && asked.example == example
                && asked.model == card.dir
                && asked.length == length
        });
        if same {
            return;
        }
        let dataset = Arc::downgrade(&loaded.dataset);
        self.asked = Some(Asked { dataset, example, model: card.dir.clone(), length });
        cx.act(Action::Look(example));
    }

    fn take(&mut self, looked_at: &Arc<LookedAt>) {
        if Weak::as_ptr(&self.seen) == Arc::as_ptr(looked_at) {
            return;
        }
        self.seen = Arc::downgrade(looked_at);
        self.revision += 1;
        let xray = &looked_at.xray;
        self.is_read = vec![false; xray.pieces.len()];
        for piece in xray.windows.iter().flat_map(|window| &window.pieces) {
            self.is_read[*piece as usize] = true;
        }
        let with_answer = xray.windows.iter().position(|window| window.has_answer);
        self.choose(xray, with_answer.unwrap_or(0));
        if with_answer.is_none() {
            self.scroll_to = Some(0);
        }
    }

    fn choose(&mut self, xray: &Xray, window: usize) {
        self.window = window;
        self.positions = vec![None; xray.pieces.len()];
        let Some(chosen) = xray.windows.get(window) else { return };
        for (position, piece) in (0..).zip(&chosen.pieces) {
            self.positions[*piece as usize] = Some(position);
        }
        let answer = xray.pieces.iter().position(|piece| piece.role == xray::Role::Answer);
        let first = chosen.extent(xray).map(|(first, _)| first as usize);
        self.scroll_to = answer.filter(|_| chosen.has_answer).or(first.filter(|_| window > 0)).or(Some(0));
    }

    /// What the row comes to, in numbers.
    fn head_ui(&self, ui: &mut Ui, xray: &Xray, palette: &Palette) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let count = |number: usize, one: &str, many: &str| format::plural(number as u64, one, many);
            let special = xray.pieces.iter().filter(|piece| piece.part.is_none()).count();
            Chip::neutral(count(xray.words, "word", "words"), palette).show(ui);
            let own = xray.pieces.len() - special;
            let note = format!("and {} around them", count(special, "special token", "special tokens"));
            Chip::neutral(count(own, "piece", "pieces"), palette).show(ui).on_hover_text(note);
            if xray.length.max_tokens < usize::MAX {
                Chip::neutral(format!("limit {}", xray.length.max_tokens), palette).show(ui);
            }
            if xray.cut > 0 {
                Chip::bad(format!("{} cut off", count(xray.cut, "piece", "pieces")), palette).dot().show(ui);
            }
            if xray.unknown > 0 {
                Chip::warn(format!("{} unknown", format::count(xray.unknown as u64)), palette).dot().show(ui);
            }
            if xray.windows.len() > 1 {
                let words = format!("window {} of {}", self.window + 1, xray.windows.len());
                Chip::accent(words, palette).show(ui);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.available_width() > 240.0 {
                    legend_ui(ui, xray, palette);
                }
            });
        });
    }

    /// A bar for each window over the whole text; a press chooses it.
    fn windows_ui(&mut self, ui: &mut Ui, xray: &Xray, palette: &Palette) {
        let all = xray.windows.len();
        let shown = all.min(BARS);
        let from = self.window.saturating_sub(BARS / 2).min(all - shown);
        ui.add_space(2.0);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), shown as f32 * (BAR + 3.0)), Sense::hover());
        let last = xray.pieces.len().max(1) as f32;
        let x_of = |piece: u32| rect.left() + piece as f32 / last * rect.width();
        for (index, window) in xray.windows.iter().enumerate().skip(from).take(shown) {
            let top = rect.top() + (index - from) as f32 * (BAR + 3.0);
            let Some((first, end)) = window.extent(xray) else { continue };
            let bar = Rect::from_min_max(pos2(x_of(first), top), pos2(x_of(end + 1).max(x_of(first) + 4.0), top + BAR));
            let lane = Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), top + BAR));
            let response = ui.interact(lane, ui.scope_id().with(("window", index)), Sense::click());
            let chosen = index == self.window;
            let answer = if window.has_answer { ", has the answer" } else { "" };
            let words = format!("Window {} of {all}{answer}", index + 1);
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &words));
            ui.painter().rect_filled(lane, CornerRadius::same(3), palette.raised);
            let color = if window.has_answer { palette.label(2) } else { palette.accent };
            let fill = color.gamma_multiply(if chosen {
                1.0
            } else if response.hovered() {
                0.75
            } else {
                0.4
            });
            ui.painter().rect_filled(bar, CornerRadius::same(3), fill);
            if response.has_focus() {
                let stroke = Stroke::new(1.0, palette.text);
                ui.painter().rect_stroke(lane.expand(1.0), CornerRadius::same(3), stroke, StrokeKind::Outside);
            }
            if response.clicked() {
                self.choose(xray, index);
            }
            response.on_hover_text(words);
        }
    }
}

/// What the loss takes of a piece, in a few letters.
fn note(role: &xray::Role, own: bool) -> Option<(&str, Option<usize>)> {
    match role {
        xray::Role::Tag { name, kind } if own => Some((name, *kind)),
        // Another window learns it.
        xray::Role::Tag { .. } | xray::Role::Ignored => Some(("·", None)),
        xray::Role::None | xray::Role::Answer => None,
    }
}

/// From right to left.
fn legend_ui(ui: &mut Ui, xray: &Xray, palette: &Palette) {
    let mut point = |words: &str, color| {
        ui.label(text::small(words, palette));
        let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
        ui.painter().rect_filled(rect, CornerRadius::same(2), color);
        ui.add_space(4.0);
    };
    match xray.task.reads() {
        Reads::Question => {
            point("answer", palette.label(2));
            point("context", palette.series[1]);
            point("question", palette.series[0]);
        }
        Reads::Words => point("a line joins the pieces of a word; the first one carries the tag", palette.series[0]),
        Reads::Texts | Reads::Running | Reads::Neighbours(_)
            if xray.pieces.iter().any(|piece| piece.part == Some(1)) =>
        {
            point("second text", palette.series[1]);
            point("first text", palette.series[0]);
        }
        Reads::Texts | Reads::Running | Reads::Neighbours(_) => {
            point("a line joins the pieces of a word", palette.series[0]);
        }
    }
}

/// Pins the row, to see while a run trains what becomes of its answer.
fn pin_ui(ui: &mut Ui, cx: &mut Cx<'_>, example: usize) {
    let Some(loaded) = &cx.workspace.data.loaded else { return };
    match loaded.dataset.task.targets() {
        Targets::Class | Targets::Classes | Targets::Number | Targets::Tags | Targets::Span => {}
        // What is hidden or replaced is drawn anew each time.
        Targets::Hidden | Targets::Replaced => return,
    }
    let text = loaded.dataset.readable(example).into_owned();
    let probe = Probe::Text { text, pair: loaded.dataset.pair(example).map(str::to_owned) };
    let is_pinned = cx.workspace.draft.run.probes.contains(&probe);
    let words = if is_pinned { "Unpin this row" } else { "Pin this row" };
    let button = Button::new(words).icon(ICON_PUSH_PIN).small().selected(is_pinned);
    let hint = "A pinned text is predicted again and again while the next run trains";
    if button.show(ui, cx.palette).on_hover_text(hint).clicked() {
        let mut draft = cx.workspace.draft.clone();
        if is_pinned {
            draft.run.probes.retain(|known| *known != probe);
        } else {
            draft.run.probes.push(probe);
        }
        cx.act(Action::Edit(Box::new(draft)));
    }
}
