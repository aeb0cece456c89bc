//! Masked words and replaced tokens, which are counted and not listed: the numbers against what costs nothing, and the
//! words that cost the most.

use egui::{Align2, Frame, Margin, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::metrics::{Evaluation, MaskedReport, MaskedWord};
use crate::task::Task;
use crate::ui::panels::evaluate::header;
use crate::ui::panels::evaluate::view::{Kind, View};
use crate::ui::theme::{self, Palette, size, space};
use crate::ui::tiles::Pane;
use crate::ui::widgets::confusion::{Matrix, MatrixView};
use crate::ui::widgets::rows::rows;
use crate::ui::widgets::text::elided;
use crate::ui::widgets::{Card, text};
use crate::ui::{Cx, format};
use crate::worker::protocol::EvaluatedData;

pub const KIND: Kind =
    Kind { tasks: &[Task::Mlm, Task::Rtd], rows: ("example", "examples"), make: || Box::new(Counted::default()) };

const ROW: f32 = 26.0;

#[derive(Debug, Default)]
struct Counted {
    matrix: MatrixView,
}

impl View for Counted {
    fn panes(&self) -> Option<[Pane; 4]> {
        None
    }

    fn follow(&mut self, _: &EvaluatedData) {
        self.matrix = MatrixView::default();
    }

    fn whole_ui(&mut self, ui: &mut Ui, evaluated: &EvaluatedData, cx: &mut Cx<'_>) {
        whole_ui(ui, &evaluated.evaluation, &mut self.matrix, cx.palette);
    }
}

fn whole_ui(ui: &mut Ui, evaluation: &Evaluation, matrix: &mut MatrixView, palette: &Palette) {
    let margin = Margin { left: 12, right: 12, top: 8, bottom: 12 };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        header::cards_ui(ui, evaluation, palette);
        ui.add_space(space::M);
        if let Some(report) = &evaluation.masked {
            Card::titled("Masked words").note("highest loss first").show(ui, palette, |ui| {
                words_ui(ui, report, palette);
            });
        } else if !evaluation.confusion.is_empty() {
            Card::titled("Real and replaced").note("rows are correct labels, columns predictions").show(
                ui,
                palette,
                |ui| {
                    ui.set_min_height(ui.available_height().min(360.0));
                    let spec = Matrix {
                        counts: &evaluation.confusion,
                        labels: &evaluation.labels,
                        percent: false,
                        selected: None,
                    };
                    matrix.ui(ui, &spec, palette);
                },
            );
        } else {
            ui.label(text::dim("The masked words of this evaluation were counted, not listed", palette));
        }
    });
}

fn words_ui(ui: &mut Ui, report: &MaskedReport, palette: &Palette) {
    line_ui(ui, ["Word", "Masked", "Found", "Mean loss", "Share of the loss"], None, palette);
    let total: f64 = report.loss.max(f64::MIN_POSITIVE);
    ui.spacing_mut().item_spacing.y = 0.0;
    rows(ui, "words", ROW, report.words.len(), |ui, place| {
        let MaskedWord { word, count, hits, loss } = &report.words[place];
        let found = format::percent(*hits as f64 / (*count).max(1) as f64);
        let mean = format!("{:.3}", loss / (*count).max(1) as f64);
        let share = loss / total;
        let cells = [word.as_str(), &format::count(*count), &found, &mean, &format::percent(share)];
        line_ui(ui, cells, Some(share / report.largest_share()), palette);
        false
    });
}

/// `bar` is how full the bar behind the last number is; a head has none.
fn line_ui(ui: &mut Ui, cells: [&str; 5], bar: Option<f64>, palette: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let role = if bar.is_some() { Role::Row } else { Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, cells.join(" ")));
    let number = (rect.width() * 0.16).clamp(64.0, 140.0);
    let painter = ui.painter();
    if let Some(share) = bar {
        let track = Rect::from_min_max(
            pos2(rect.right() - number + 12.0, rect.bottom() - 5.0),
            pos2(rect.right(), rect.bottom() - 3.0),
        );
        let width = track.width() * share.clamp(0.0, 1.0) as f32;
        painter.rect_filled(Rect::from_min_size(track.min, vec2(width, 2.0)), 1.0, palette.accent);
    }
    for (column, words) in cells.into_iter().enumerate() {
        let head = bar.is_none();
        let color = if head || column > 0 { palette.text_dim } else { palette.text };
        let font = match (head, column) {
            (true, _) => theme::medium(size::SMALL),
            (false, 0) => theme::regular(size::BODY),
            _ => theme::number(size::BODY - 1.0),
        };
        if column == 0 {
            let galley = elided(painter, words, font, color, rect.width() - 4.0 * number - 8.0);
            painter.galley(pos2(rect.left() + 2.0, rect.center().y - galley.size().y / 2.0), galley, color);
        } else {
            let right = rect.right() - number * (4 - column) as f32;
            painter.text(pos2(right, rect.center().y), Align2::RIGHT_CENTER, words, font, color);
        }
    }
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line.gamma_multiply(0.6)));
}
