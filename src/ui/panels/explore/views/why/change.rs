//! What would change the answer: the fewest words whose removal turns it, and single words that do when another stands in
//! their place. A press puts the text into the box.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{Why, about};
use crate::inspect::why::{Swap, Swaps, SwapsOf, Turning, TurningOf};
use crate::task::Targets;
use crate::ui::panels::explore::colours::Classes;
use crate::ui::panels::explore::view::Changed;
use crate::ui::panels::explore::words::Words;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::help::help;
use crate::ui::widgets::{line, text};
use crate::ui::{Cx, format};

const ROW: f32 = 28.0;

impl Why {
    pub(super) fn change_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let Some(found) = self.shown() else {
            ui.label(text::dim("What would change the answer appears here", palette));
            return Changed::No;
        };
        if found.explained.elsewhere > 0 {
            let words = "The text is read in several windows; words can be taken out or changed where it fits one";
            ui.add(egui::Label::new(text::dim(words, palette)).wrap());
            return Changed::No;
        }
        let is_number = found.explained.task.targets() == Targets::Number;
        let classes = Classes::of(&found.explained);
        let said = |name: &str| classes.color(name, palette.accent, palette);
        let mut tried = None;
        ScrollArea::vertical().id_salt("changes").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            line::line(ui, 24.0, |ui| {
                help(ui, &about::CHANGE, palette);
                let head = if is_number { "Other words in one place" } else { "Fewest words to take out" };
                line::left(ui, |ui| ui.label(text::strong(head, palette)));
            });
            if !is_number {
                if let Some(turning) = self.known.turning() {
                    tried = turning_ui(ui, turning, &said, palette);
                } else {
                    let is_ended = self.known.ended().any(|ended| ended.get::<TurningOf>().is_some());
                    let words = if is_ended { "The search was cancelled" } else { "Looking for them…" };
                    ui.label(text::dim(words, palette));
                }
                ui.add_space(8.0);
                ui.label(text::strong("One word for another", palette));
            }
            let swapped = match (self.known.swaps(), self.known.no_swaps()) {
                (Some(swaps), _) => swaps_ui(ui, swaps, is_number, &said, palette),
                (None, Some(error)) => {
                    ui.add(egui::Label::new(text::dim(error, palette)).wrap());
                    None
                }
                (None, None) => {
                    let is_ended = self.known.ended().any(|ended| ended.get::<SwapsOf>().is_some());
                    let words =
                        if is_ended { "The search was cancelled" } else { "Trying what else could stand there…" };
                    ui.label(text::dim(words, palette));
                    None
                }
            };
            tried = tried.take().or(swapped);
        });
        Changed::tried(tried)
    }
}

/// The colour of an answer.
type Colored<'a> = &'a dyn Fn(&str) -> Color32;

fn turning_ui(ui: &mut Ui, turning: &Turning, said: Colored<'_>, palette: &Palette) -> Option<Words> {
    let Some(turn) = &turning.turn else {
        let words = format!("“{}” stays the answer, whatever is taken out", turning.says);
        ui.add(egui::Label::new(text::dim(words, palette)).wrap());
        return None;
    };
    let gone: Vec<String> = turn.words.iter().map(|word| format!("“{word}”")).collect();
    let share = format!("{} → {}", format::percent(turning.share), format::percent(turn.share));
    let name = format!("Without {}: {}, {} {share}", gone.join(", "), turn.says, turning.says);
    let mut job = LayoutJob::default();
    append(&mut job, "without ", theme::regular(size::BODY), palette.text_dim);
    append(&mut job, &gone.join(" "), theme::medium(size::BODY), palette.text);
    append(&mut job, " it says ", theme::regular(size::BODY), palette.text_dim);
    append(&mut job, &turn.says, theme::medium(size::BODY), said(&turn.says));
    let pressed = row_ui(ui, job, &share, &name, palette);
    let count = format::plural(turn.words.len() as u64, "word", "words");
    let note = if turn.words.len() == 1 {
        "One word is enough; the numbers are the probability of what it says now".to_owned()
    } else if turning.is_fewest {
        format!("{count}; every smaller set was tried, and none turns the answer")
    } else {
        format!("{count}; a smaller set may exist, there were too many to try")
    };
    ui.add(egui::Label::new(text::small(note, palette)).wrap());
    pressed.then(|| Words { text: turn.text.clone(), pair: turn.pair.clone() })
}

fn swaps_ui(ui: &mut Ui, swaps: &Swaps, is_number: bool, said: Colored<'_>, palette: &Palette) -> Option<Words> {
    let turning = swaps.swaps.iter().filter(|swap| swap.turns).count();
    let by = if swaps.by_other { "attune-mini proposes" } else { "the model's own masked-word head proposes" };
    let tried = format::plural(swaps.tried as u64, "text", "texts");
    let note = match (is_number, turning) {
        (true, _) => format!("{tried} tried, those that move the value most; {by}"),
        (false, 0) => format!("{tried} tried and none turns the answer; these come closest, {by}"),
        (false, _) => format!("{tried} tried, likeliest first; {by}"),
    };
    ui.add(egui::Label::new(text::small(note, palette)).wrap());
    let mut pressed = None;
    for swap in &swaps.swaps {
        if swap_ui(ui, swap, swaps, is_number, said, palette) {
            pressed = Some(Words { text: swap.text.clone(), pair: swap.pair.clone() });
        }
    }
    pressed
}

fn swap_ui(ui: &mut Ui, swap: &Swap, swaps: &Swaps, is_number: bool, said: Colored<'_>, palette: &Palette) -> bool {
    let mut job = LayoutJob::default();
    append(&mut job, &swap.word, theme::regular(size::BODY), palette.text_dim);
    append(&mut job, " → ", theme::regular(size::BODY), palette.text_faint);
    append(&mut job, &swap.becomes, theme::medium(size::BODY), palette.text);
    if swap.turns {
        append(&mut job, "  it says ", theme::regular(size::BODY), palette.text_faint);
        append(&mut job, &swap.says, theme::medium(size::BODY), said(&swap.says));
    }
    let share = if is_number {
        format!("{:.3} → {:.3}", swaps.share, swap.share)
    } else {
        format!("{} → {}", format::percent(swaps.share), format::percent(swap.share))
    };
    let name = format!(
        "{} to {}: {} {share}, proposed with {}",
        swap.word,
        swap.becomes,
        swap.says,
        format::percent(swap.chance)
    );
    row_ui(ui, job, &share, &name, palette)
}

fn append(job: &mut LayoutJob, words: &str, font_id: egui::FontId, color: Color32) {
    job.append(words, 0.0, TextFormat { font_id, color, ..TextFormat::default() });
}

/// A line that can be pressed: words to the left, numbers to the right.
fn row_ui(ui: &mut Ui, mut job: LayoutJob, numbers: &str, name: &str, palette: &Palette) -> bool {
    let font = theme::number(size::SMALL);
    let numbers = ui.painter().layout_no_wrap(numbers.to_owned(), font, palette.text_dim);
    job.wrap.max_width = (ui.available_width() - numbers.size().x - 28.0).max(40.0);
    let galley = ui.painter().layout_job(job);
    let height = (galley.size().y + 10.0).max(ROW);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let painter = ui.painter();
    let hovered = response.hovered() || response.has_focus();
    painter.rect_filled(rect, 5.0, if hovered { palette.hover } else { palette.raised });
    if response.has_focus() {
        painter.rect_stroke(rect, 5.0, Stroke::new(1.5, palette.accent), egui::StrokeKind::Inside);
    }
    painter.galley(pos2(rect.left() + 8.0, rect.center().y - galley.size().y / 2.0), galley, palette.text);
    let at = pos2(rect.right() - 8.0 - numbers.size().x, rect.center().y - numbers.size().y / 2.0);
    painter.galley(at, numbers, palette.text_dim);
    response.on_hover_text("Put this text into the box").clicked()
}
