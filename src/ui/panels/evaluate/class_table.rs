//! Precision, recall and F1 of each class, sorted by any of them.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD};

use crate::metrics::{ClassScore, Evaluation};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::rows::{lit, rows};
use crate::ui::widgets::text::elided;
use crate::ui::{format, widgets::text};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Label,
    Precision,
    Recall,
    F1,
    Support,
}

const COLUMNS: [(Column, &str); 5] = [
    (Column::Label, "Class"),
    (Column::Precision, "Precision"),
    (Column::Recall, "Recall"),
    (Column::F1, "F1"),
    (Column::Support, "Texts"),
];

#[derive(Debug)]
pub struct ClassTable {
    sort: Column,
    falling: bool,
}

impl Default for ClassTable {
    fn default() -> Self {
        Self { sort: Column::F1, falling: false }
    }
}

const ROW: f32 = 26.0;

impl ClassTable {
    /// `what` heads the column of how many there are. Returns the class that was clicked.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        evaluation: &Evaluation,
        what: &str,
        chosen: Option<usize>,
        palette: &Palette,
    ) -> Option<usize> {
        if evaluation.per_class.is_empty() {
            ui.label(text::dim("This task has no classes", palette));
            return None;
        }
        self.head_ui(ui, what, palette);
        let order = self.order(&evaluation.per_class);
        ui.spacing_mut().item_spacing.y = 0.0;
        let clicked = rows(ui, "classes", ROW, order.len(), |ui, place| {
            let class = order[place];
            row_ui(ui, class, &evaluation.per_class[class], chosen == Some(class), palette)
        });
        clicked.map(|place| order[place])
    }

    fn order(&self, classes: &[ClassScore]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.sort_by(|one, two| {
            let (one, two) = (&classes[*one], &classes[*two]);
            let rising = match self.sort {
                Column::Label => one.label.cmp(&two.label),
                Column::Precision => one.precision.total_cmp(&two.precision),
                Column::Recall => one.recall.total_cmp(&two.recall),
                Column::F1 => one.f1.total_cmp(&two.f1),
                Column::Support => one.support.cmp(&two.support),
            };
            let sorted = if self.falling { rising.reverse() } else { rising };
            // A class without a text has no score, good or bad.
            (one.support == 0).cmp(&(two.support == 0)).then(sorted)
        });
        order
    }

    fn head_ui(&mut self, ui: &mut Ui, what: &str, palette: &Palette) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
        for ((column, title), cell) in COLUMNS.iter().zip(cells(rect)) {
            let title = if *column == Column::Support { &what } else { title };
            let response = ui.interact(cell, ui.scope_id().with(*title), Sense::click());
            let sorted = self.sort == *column;
            let label = format!("Sort by {}", title.to_lowercase());
            response.widget_info(|| WidgetInfo::selected(Role::ColumnHeader, true, sorted, &label));
            if response.clicked() {
                self.falling = if sorted { !self.falling } else { *column == Column::Support };
                self.sort = *column;
            }
            let color =
                if sorted || response.hovered() || response.has_focus() { palette.text } else { palette.text_dim };
            let galley = ui.painter().layout_no_wrap((*title).to_owned(), theme::medium(size::SMALL), color);
            let left = if *column == Column::Label { cell.left() } else { cell.right() - galley.size().x };
            let edge = if *column == Column::Label { left + galley.size().x + 4.0 } else { left - 13.0 };
            ui.painter().galley(pos2(left, cell.center().y - galley.size().y / 2.0), galley, color);
            if sorted {
                let icon = if self.falling { ICON_ARROW_DOWNWARD } else { ICON_ARROW_UPWARD };
                let font = egui::FontId::new(11.0, icon.font_family());
                ui.painter().text(pos2(edge, cell.center().y), Align2::LEFT_CENTER, icon.codepoint, font, color);
            }
        }
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
    }
}

/// The name takes what the four numbers leave.
fn cells(rect: Rect) -> [Rect; 5] {
    let number = ((rect.width() * 0.62) / 4.0).clamp(46.0, 92.0);
    let name = (rect.width() - 4.0 * number - 8.0).max(40.0);
    let cell =
        |left: f32, width: f32| Rect::from_min_size(pos2(rect.left() + left, rect.top()), vec2(width, rect.height()));
    [
        cell(6.0, name - 6.0),
        cell(name, number),
        cell(name + number, number),
        cell(name + 2.0 * number, number),
        cell(name + 3.0 * number, number),
    ]
}

fn row_ui(ui: &mut Ui, class: usize, score: &ClassScore, chosen: bool, palette: &Palette) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let label = format!("Class {}, F1 {}", score.label, format::percent(score.f1));
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &label));
    lit(ui, rect, 4, chosen, &response, palette);
    let [name, precision, recall, f1, support] = cells(rect);
    let painter = ui.painter();
    painter.circle_filled(pos2(name.left() + 3.0, name.center().y), 3.0, palette.label(class));
    let galley = elided(painter, &score.label, theme::regular(size::BODY), palette.text, name.width() - 14.0);
    painter.galley(pos2(name.left() + 12.0, name.center().y - galley.size().y / 2.0), galley, palette.text);
    let number = |cell: Rect, words: String, color| {
        painter.text(cell.right_center(), Align2::RIGHT_CENTER, words, theme::number(size::BODY - 1.0), color);
    };
    let unknown = score.support == 0;
    let share = |value: f64| if unknown { "–".into() } else { format!("{:.1}", value * 100.0) };
    number(precision, share(score.precision), palette.text_dim);
    number(recall, share(score.recall), palette.text_dim);
    // The bar lies behind the number it says again.
    let bar = Rect::from_min_max(pos2(f1.left() + 14.0, rect.bottom() - 5.0), pos2(f1.right(), rect.bottom() - 3.0));
    painter.rect_filled(bar, 1.0, palette.line);
    let filled = Rect::from_min_size(bar.min, vec2(bar.width() * score.f1.clamp(0.0, 1.0) as f32, bar.height()));
    let weak = score.f1 < 0.5 && !unknown;
    painter.rect_filled(filled, 1.0, if weak { palette.bad } else { palette.accent });
    number(f1, share(score.f1), if weak { palette.bad } else { palette.text });
    number(support, format::count(score.support), palette.text_dim);
    response.clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_class_stands_first_until_a_column_is_chosen() {
        let score =
            |label: &str, f1, support| ClassScore { label: label.into(), precision: f1, recall: f1, f1, support };
        let classes = [score("b", 0.9, 10), score("a", 0.3, 30), score("c", 0.6, 20)];
        assert_eq!(ClassTable::default().order(&classes), [1, 2, 0]);
        assert_eq!(ClassTable { sort: Column::Support, falling: true }.order(&classes), [1, 2, 0]);
        assert_eq!(ClassTable { sort: Column::Label, falling: false }.order(&classes), [1, 0, 2]);
        let with_none = [score("b", 0.9, 10), score("a", 0.0, 0)];
        assert_eq!(ClassTable::default().order(&with_none), [0, 1], "a class without a text comes last");
    }
}
