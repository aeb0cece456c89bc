//! Replaced tokens: how likely each token was put there by somebody else, tinted by its probability, with the number
//! below it so that colour is not all that tells.

use std::sync::Arc;

use egui::{Align, Align2, CornerRadius, Layout as Flow, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::entities::Changed;
use super::rows::DataRows;
use super::{millis_ui, samples};
use crate::inspect::judging::Judged;
use crate::inspect::{Answer, Prediction, Question};
use crate::task::Task;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::marked::{self, Look};
use crate::ui::widgets::{Button, state, text};
use crate::ui::{Cx, format};

#[derive(Debug)]
pub struct Replaced {
    pub text: String,
    answer: Option<Arc<Answer>>,
    rows: DataRows,
}

impl Default for Replaced {
    fn default() -> Self {
        Self { text: samples::texts(Task::Rtd, "").swap_remove(0).0, answer: None, rows: DataRows::default() }
    }
}

/// Tokens that are drawn.
const MOST: usize = 600;

impl Replaced {
    pub fn wanted(&self) -> Option<Question> {
        (!self.text.trim().is_empty())
            .then(|| Question { task: Some(Task::Rtd), ..Question::of(self.text.clone(), None) })
    }

    pub fn take(&mut self, answer: Arc<Answer>) {
        self.answer = Some(answer);
    }

    pub fn forget(&mut self) {
        self.answer = None;
    }

    pub fn text_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) -> Changed {
        let palette = cx.palette;
        let mut changed = Changed::No;
        let height = (ui.available_height() - 36.0).max(60.0);
        let look = Look { name: "Text to try", hint: "Type or paste a text…", height, lanes: 0 };
        if marked::editor(ui, &mut self.text, &look, &[], palette).changed {
            changed = Changed::Typed;
        }
        ui.horizontal(|ui| {
            if let Some(row) = self.rows.ui(ui, cx, Task::Rtd) {
                self.text = row.text;
                changed = Changed::Chosen;
            }
            if !self.text.is_empty()
                && Button::new("Clear").quiet().small().name("Clear the text").show(ui, palette).clicked()
            {
                self.text.clear();
                changed = Changed::Chosen;
            }
            ui.with_layout(Flow::right_to_left(Align::Center), |ui| millis_ui(ui, self.answer.as_deref(), palette));
        });
        changed
    }

    pub fn answer_ui(&self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        if let Some(error) = &cx.workspace.explore.error {
            state::error(ui, palette, "The model cannot answer", error, |_| {});
            return;
        }
        let Some(answer) = &self.answer else {
            ui.label(text::dim("What the model holds for replaced appears here", palette));
            return;
        };
        let Prediction::Judged(judged) = &answer.result else { return };
        if answer.question.text != self.text {
            ui.multiply_opacity(0.75);
        }
        let count = judged.iter().filter(|one| one.replaced > 0.5).count();
        ui.horizontal(|ui| {
            let words = match count {
                0 => "Nothing seems replaced".to_owned(),
                _ => format!("{} replaced", format::plural(count as u64, "token seems", "tokens seem")),
            };
            ui.label(text::head(words, palette));
            ui.with_layout(Flow::right_to_left(Align::Center), |ui| legend_ui(ui, palette));
        });
        ui.add_space(6.0);
        ScrollArea::vertical().id_salt("judged tokens").auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 8.0);
            ui.horizontal_wrapped(|ui| {
                for one in judged.iter().take(MOST) {
                    token_ui(ui, one, palette);
                }
            });
        });
    }
}

fn token_ui(ui: &mut Ui, one: &Judged, palette: &Palette) {
    let shown = one.token.trim_start_matches("##").replace(['Ġ', '▁'], "");
    let shown = if shown.is_empty() { "·".to_owned() } else { shown };
    let galley = ui.painter().layout_no_wrap(shown, theme::number(size::BODY), palette.text);
    let width = (galley.size().x + 12.0).max(40.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 42.0), Sense::hover());
    let share = one.replaced as f32;
    let name = format!("{} replaced {}", one.token, format::percent(one.replaced));
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &name));
    let top = egui::Rect::from_min_size(rect.min, vec2(width, 26.0));
    let painter = ui.painter();
    let line = if share > 0.5 { palette.bad } else { palette.line };
    painter.rect(top, CornerRadius::same(4), tint(share, palette), Stroke::new(1.0, line), StrokeKind::Inside);
    if share > 0.5 {
        let y = top.bottom() - 3.0;
        let ends = [pos2(top.left() + 5.0, y), pos2(top.right() - 5.0, y)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.5, palette.bad), 3.0, 2.0));
    }
    painter.galley(top.center() - galley.size() / 2.0, galley, palette.text);
    if one.continues {
        painter.hline(top.left() - 4.0..=top.left(), top.center().y, Stroke::new(1.0, palette.text_faint));
    }
    let color = if share > 0.5 { palette.bad } else { palette.text_faint };
    let at = pos2(rect.center().x, rect.bottom());
    let words = format!("{:.0} %", one.replaced * 100.0);
    painter.text(at, Align2::CENTER_BOTTOM, words, theme::number(size::SMALL - 0.5), color);
    response.on_hover_text(name);
}

fn tint(share: f32, palette: &Palette) -> egui::Color32 {
    palette.raised.lerp_to_gamma(palette.bad_soft, (share * 2.0).min(1.0)).lerp_to_gamma(
        palette.bad,
        ((share - 0.5) * 0.5).max(0.0),
    )
}

fn legend_ui(ui: &mut Ui, palette: &Palette) {
    ui.spacing_mut().item_spacing.x = 4.0;
    ui.label(text::faint("replaced", palette));
    let (rect, response) = ui.allocate_exact_size(vec2(90.0, 10.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "From real to replaced"));
    for step in 0..18 {
        let share = step as f32 / 17.0;
        let part = egui::Rect::from_min_size(rect.min + vec2(step as f32 * 5.0, 0.0), vec2(5.0, 10.0));
        ui.painter().rect_filled(part, 0.0, tint(share, palette));
    }
    ui.label(text::faint("real", palette));
}
