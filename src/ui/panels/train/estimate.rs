//! What the run will take, before it is started.

mod make_fit;

use egui::{Color32, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::train::fits::{allowed, binding, fits};
use crate::train::plan::{HOUR, MemoryEstimate, PlanSummary};
use crate::ui::theme::{self, Palette, size};
use crate::ui::{Cx, format, widgets::text};

const LONG: &str = "More than an hour on this machine. It can be paused and resumed, also after a restart";

/// Steps and time in a line, memory in a bar against what is free, and what would make it fit.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, plan: &PlanSummary) {
    let palette = cx.palette;
    ui.spacing_mut().item_spacing.y = 4.0;
    let draft = &cx.workspace.draft;
    let (seconds, steps) = (plan.all_seconds(draft), format::plural(plan.steps, "step", "steps"));
    let is_long = seconds > HOUR;
    let color = if is_long { palette.warn } else { palette.text };
    let runs = (draft.run.folds as usize).max(draft.run.seeds.len());
    let note = if runs > 0 { format!("{runs} runs of {steps}") } else { steps };
    line(ui, "Time", &format::about(seconds), &note, color, palette);
    if is_long {
        ui.add(egui::Label::new(text::small(LONG, palette).color(palette.warn)).wrap());
    }
    let memory = &plan.memory;
    let limit = cx.workspace.memory_limit;
    let (needed, free, tight) = (memory.total(), memory.available, !fits(plan, limit));
    let color = if tight { palette.bad } else { palette.text };
    let note = match binding(free, limit) {
        Some(limit) => format!("of {} allowed", format::bytes(limit)),
        None if free > 0 => format!("of {} free", format::bytes(free)),
        None => String::new(),
    };
    line(ui, "Memory", &format::bytes(needed), &note, color, palette);
    bar(ui, memory, whole(memory, limit), tight, palette);
    if tight {
        ui.add(egui::Label::new(make_fit::why(needed, allowed(free, limit), palette)).wrap());
        make_fit::ui(ui, cx);
    }
}

fn line(ui: &mut Ui, name: &str, value: &str, note: &str, color: Color32, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let label = format!("{name} {value} {note}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
    let painter = ui.painter();
    let middle = rect.center().y;
    let name = painter.layout_no_wrap(name.to_owned(), theme::regular(size::BODY - 1.0), palette.text_dim);
    painter.galley(pos2(rect.left(), middle - name.size().y / 2.0), name, palette.text_dim);
    let value = painter.layout_no_wrap(value.to_owned(), theme::number_medium(size::BODY - 1.0), color);
    let left = rect.left() + 62.0;
    let after = left + value.size().x + 8.0;
    painter.galley(pos2(left, middle - value.size().y / 2.0), value, color);
    let note = text::elided(painter, note, theme::regular(size::SMALL), palette.text_faint, rect.right() - after);
    painter.galley(pos2(rect.right() - note.size().x, middle - note.size().y / 2.0), note, palette.text_faint);
}

/// What the whole length of the bar stands for: what there is, or is allowed, unless more than that is needed.
fn whole(memory: &MemoryEstimate, limit: Option<u64>) -> u64 {
    binding(memory.available, limit).unwrap_or(memory.available).max(memory.total())
}

fn bar(ui: &mut Ui, memory: &MemoryEstimate, whole: u64, tight: bool, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 10.0), Sense::hover());
    let parts = [
        ("Weights", memory.weights, palette.series[0]),
        ("Gradients", memory.gradients, palette.series[1]),
        ("Optimizer", memory.optimizer, palette.series[2]),
        ("Activations", memory.activations, palette.series[3]),
        ("Program and data", memory.program, palette.series[4]),
    ];
    let words: Vec<String> = parts.iter().map(|(name, bytes, _)| format!("{name} {}", format::bytes(*bytes))).collect();
    let label = format!("Memory estimate: {}", words.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::Meter, true, &label));
    let track = Rect::from_center_size(rect.center(), vec2(rect.width(), 6.0));
    let painter = ui.painter();
    painter.rect_filled(track, 3.0, if tight { palette.bad_soft } else { palette.hover });
    let whole = whole.max(1) as f32;
    let mut left = track.left();
    for (place, (_, bytes, color)) in parts.iter().enumerate() {
        let width = (*bytes as f32 / whole * track.width()).max(if *bytes > 0 { 2.0 } else { 0.0 });
        let part = Rect::from_min_size(pos2(left, track.top()), vec2(width, track.height()));
        let radius = egui::CornerRadius { nw: 3, sw: 3, ne: 0, se: 0 };
        painter.rect_filled(part.intersect(track), if place == 0 { radius } else { egui::CornerRadius::ZERO }, *color);
        left += width + 1.0;
    }
    response.on_hover_ui(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for ((_, _, color), words) in parts.iter().zip(&words) {
            ui.horizontal(|ui| {
                let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
                ui.painter().circle_filled(dot.center(), 3.5, *color);
                ui.label(text::body(words.clone(), palette));
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_where_more_is_needed_than_is_allowed() {
        let memory = MemoryEstimate { weights: 700, available: 6_000, ..MemoryEstimate::default() };
        assert_eq!(whole(&memory, None), 6_000);
        assert_eq!(whole(&memory, Some(200)), 700);
        assert_eq!(whole(&memory, Some(1_000)), 1_000);
        assert_eq!(whole(&memory, Some(90_000)), 6_000, "no more is free for being allowed");
    }
}
