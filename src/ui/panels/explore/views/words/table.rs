//! The words of one output with a bar for what each adds, sorted by a column.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons::{ICON_ARROW_DOWNWARD, ICON_ARROW_UPWARD};

use crate::analysis::words::{Order, Told, Words as Weighed};
use crate::task::Targets;
use crate::ui::format;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::rows::{lit, rows};
use crate::ui::widgets::text::elided;

const ROW: f32 = 26.0;
/// The names of the columns, and below them their units.
const HEAD: f32 = 38.0;
/// Below the first width the columns that can be read off others are left out, and below the second what is left is the
/// mean with its interval.
const NARROW: f32 = 640.0;
const NARROWEST: f32 = 400.0;

pub struct Table<'a> {
    pub found: &'a Weighed,
    pub list: &'a [Told],
    pub order: &'a mut Order,
    pub chosen: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Word,
    Mean,
    Total,
    Texts,
    Expected,
    Surprise,
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Word => "Word",
            Self::Mean => "Mean",
            Self::Total => "Total",
            Self::Texts => "Texts",
            Self::Expected => "Expected",
            Self::Surprise => "Surprise",
        }
    }

    /// In what its numbers are.
    fn unit(self, targets: Targets) -> &'static str {
        let is_number = targets == Targets::Number;
        match self {
            Self::Word => "",
            Self::Mean if is_number => "value ± 95 %",
            Self::Mean => "logit ± 95 %",
            Self::Total if is_number => "value",
            Self::Total => "logit",
            Self::Texts => "with it",
            Self::Expected if is_number => "std. dev.",
            Self::Expected => "log odds",
            Self::Surprise => "× scatter",
        }
    }

    /// Room for its numbers.
    fn width(self) -> f32 {
        match self {
            Self::Word => 0.0,
            Self::Mean => 116.0,
            Self::Texts => 58.0,
            Self::Total | Self::Expected | Self::Surprise => 72.0,
        }
    }

    /// How it is sorted by, at first and when it is pressed again.
    fn orders(self) -> Option<[Order; 2]> {
        match self {
            Self::Word => Some([Order::Word; 2]),
            Self::Mean => Some([Order::Towards, Order::Against]),
            Self::Total => Some([Order::Total; 2]),
            Self::Texts => Some([Order::Rows; 2]),
            Self::Expected => None,
            Self::Surprise => Some([Order::Surprise; 2]),
        }
    }
}

/// Where the columns of a line stand; between the word and the numbers is the bar.
struct Cells {
    word: Rect,
    bar: Rect,
    numbers: Vec<(Column, Rect)>,
}

fn cells(line: Rect) -> Cells {
    let numbers: &[Column] = match line.width() {
        ..NARROWEST => &[Column::Mean, Column::Texts],
        ..NARROW => &[Column::Mean, Column::Texts, Column::Surprise],
        _ => &[Column::Mean, Column::Total, Column::Texts, Column::Expected, Column::Surprise],
    };
    let taken: f32 = numbers.iter().map(|column| column.width()).sum();
    let rest = (line.width() - taken - 12.0).max(80.0);
    let cell =
        |left: f32, width: f32| Rect::from_min_size(pos2(line.left() + left, line.top()), vec2(width, line.height()));
    let word = (rest * 0.46).clamp(60.0, 190.0);
    let mut left = rest;
    let number = |column: &Column| {
        left += column.width();
        (*column, cell(left - column.width(), column.width()))
    };
    Cells {
        word: cell(8.0, word - 8.0),
        bar: cell(word + 8.0, rest - word - 8.0),
        numbers: numbers.iter().map(number).collect(),
    }
}

impl Table<'_> {
    /// Returns the word that was pressed.
    pub fn ui(&mut self, ui: &mut Ui, palette: &Palette) -> Option<usize> {
        ui.spacing_mut().item_spacing.y = 0.0;
        self.head_ui(ui, palette);
        let reach = self.list.iter().map(|told| told.mean.abs()).fold(0.0, f64::max);
        let pressed = rows(ui, "words that push", ROW, self.list.len(), |ui, place| {
            self.row_ui(ui, &self.list[place], reach, palette)
        });
        pressed.map(|place| self.list[place].word)
    }

    fn head_ui(&mut self, ui: &mut Ui, palette: &Palette) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::hover());
        let Cells { word, bar, numbers } = cells(rect);
        let targets = self.found.task.targets();
        for (column, cell) in std::iter::once((Column::Word, word)).chain(numbers) {
            let orders = column.orders();
            let sorted = orders.is_some_and(|orders| orders.contains(self.order));
            let sense = if orders.is_some() { Sense::click() } else { Sense::hover() };
            let response = ui.interact(cell, ui.scope_id().with(column.title()), sense);
            let unit = column.unit(targets);
            let of = if unit.is_empty() { String::new() } else { format!(", {unit}") };
            let name = match orders {
                Some(_) => format!("Sort by {}{of}", column.title().to_lowercase()),
                None => format!("{}{of}", column.title()),
            };
            response.widget_info(|| WidgetInfo::selected(Role::ColumnHeader, true, sorted, &name));
            if let Some([first, again]) = orders.filter(|_| response.clicked()) {
                *self.order = if *self.order == first { again } else { first };
            }
            let lit = sorted || (orders.is_some() && (response.hovered() || response.has_focus()));
            let color = if lit { palette.text } else { palette.text_dim };
            let galley = ui.painter().layout_no_wrap(column.title().to_owned(), theme::medium(size::SMALL), color);
            let is_word = column == Column::Word;
            let left = if is_word { cell.left() } else { cell.right() - galley.size().x };
            let edge = if is_word { left + galley.size().x + 4.0 } else { left - 13.0 };
            let middle = rect.top() + 10.0;
            ui.painter().galley(pos2(left, middle - galley.size().y / 2.0), galley, color);
            let below = pos2(cell.right(), rect.bottom() - 4.0);
            let font = theme::regular(size::SMALL - 1.0);
            ui.painter().text(below, Align2::RIGHT_BOTTOM, unit, font, palette.text_faint);
            if sorted {
                let rising = matches!(*self.order, Order::Against | Order::Word);
                let icon = if rising { ICON_ARROW_UPWARD } else { ICON_ARROW_DOWNWARD };
                let font = egui::FontId::new(11.0, icon.font_family());
                ui.painter().text(pos2(edge, middle), Align2::LEFT_CENTER, icon.codepoint, font, color);
            }
        }
        if bar.width() > 130.0 {
            let font = || theme::regular(size::SMALL - 1.0);
            let y = rect.bottom() - 4.0;
            let [towards, against] = palette.for_and_against();
            let is_number = targets == Targets::Number;
            let [less, more] = if is_number { ["lowers it", "raises it"] } else { ["against it", "towards it"] };
            ui.painter().text(pos2(bar.left(), y), Align2::LEFT_BOTTOM, less, font(), against);
            ui.painter().text(pos2(bar.right(), y), Align2::RIGHT_BOTTOM, more, font(), towards);
        }
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
    }

    fn row_ui(&self, ui: &mut Ui, told: &Told, reach: f64, palette: &Palette) -> bool {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        let chosen = self.chosen == Some(told.word);
        let name = self.name(told);
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &name));
        if !ui.is_rect_visible(rect) {
            return response.clicked();
        }
        let painter = ui.painter();
        lit(ui, rect, 4, chosen, &response, palette);
        let Cells { word, bar, numbers } = cells(rect);
        let galley =
            elided(painter, &self.found.shown(told.word), theme::regular(size::BODY), palette.text, word.width());
        painter.galley(pos2(word.left(), word.center().y - galley.size().y / 2.0), galley, palette.text);
        bar_ui(ui, bar, told, reach, palette);
        for (column, cell) in numbers {
            let strong = column == Column::Surprise && told.surprise.is_some_and(|far| far.abs() >= STRIKING);
            let color = match column {
                Column::Mean => palette.text,
                Column::Surprise if strong => palette.warn,
                _ => palette.text_dim,
            };
            let mut at = cell.right_center();
            if let Some(half) = half(told).filter(|_| column == Column::Mean) {
                let font = theme::number(size::SMALL - 0.5);
                let place = ui.painter().text(at, Align2::RIGHT_CENTER, half, font, palette.text_faint);
                at.x = place.left() - 3.0;
            }
            ui.painter().text(at, Align2::RIGHT_CENTER, number(column, told), theme::number(size::BODY - 1.0), color);
        }
        response.clicked()
    }

    /// A row as it is read aloud.
    fn name(&self, told: &Told) -> String {
        let surprise = told.surprise.map_or_else(String::new, |far| format!(", surprise {}", signed(far, 1)));
        format!(
            "{}, adds {}{} in {}{surprise}",
            self.found.shown(told.word),
            signed(told.mean, 3),
            half(told).map_or_else(String::new, |half| format!(" {half}")),
            format::plural(u64::from(told.rows), "text", "texts")
        )
    }
}

/// From how far on a word is marked.
const STRIKING: f64 = 2.0;

fn number(column: Column, told: &Told) -> String {
    let or_none = |value: Option<f64>| value.map_or_else(|| "\u{2013}".to_owned(), |value| signed(value, 1));
    match column {
        Column::Word => String::new(),
        Column::Mean => signed(told.mean, 3),
        Column::Total => signed(told.total, 1),
        Column::Texts => format::count(u64::from(told.rows)),
        Column::Expected => or_none(told.labels),
        Column::Surprise => or_none(told.surprise),
    }
}

/// How far the interval of the mean reaches to either side, where there is one.
fn half(told: &Told) -> Option<String> {
    told.interval.map(|(low, high)| format!("\u{b1}{:.3}", (high - low) / 2.0))
}

/// A number with its sign, as it is written everywhere in this view.
pub fn signed(value: f64, digits: usize) -> String {
    format!("{value:+.digits$}").replace('-', "\u{2212}")
}

/// A bar from the middle to either side, and its interval as a line.
fn bar_ui(ui: &Ui, cell: Rect, told: &Told, reach: f64, palette: &Palette) {
    if cell.width() < 24.0 || reach <= 0.0 {
        return;
    }
    let painter = ui.painter_at(cell);
    let middle = cell.center();
    let at = |value: f64| middle.x + ((value / reach) as f32).clamp(-1.0, 1.0) * (cell.width() / 2.0 - 4.0);
    painter.vline(middle.x, cell.y_range(), Stroke::new(1.0, palette.line));
    let [towards, against] = palette.for_and_against();
    let color = if told.mean < 0.0 { against } else { towards };
    let end = at(told.mean);
    let bar = Rect::from_x_y_ranges(middle.x.min(end)..=middle.x.max(end), middle.y - 4.0..=middle.y + 4.0);
    painter.rect_filled(bar, 2.0, color);
    if let Some((low, high)) = told.interval {
        painter.hline(at(low)..=at(high), middle.y, Stroke::new(1.0, palette.text));
    }
}
