//! Markdown that was read into blocks, drawn in the voices of the program. A paragraph is one text, so that it wraps as a
//! text does; a link in it is found by where it is pressed.

use std::ops::Range;

use egui::scroll_area::ScrollBarVisibility;
use egui::text::{LayoutJob, TextFormat};
use egui::{CornerRadius, CursorIcon, FontId, Frame, Label, Margin, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo};

use super::card::divider;
use crate::hub::markdown::{Block, Piece};
use crate::ui::theme::{self, Palette, size, space};

/// Draws blocks; returns where a link leads that was pressed, as it is written.
pub fn markdown(ui: &mut Ui, palette: &Palette, blocks: &[Block]) -> Option<String> {
    let mut pressed = None;
    ui.spacing_mut().item_spacing.y = space::S;
    for (place, block) in blocks.iter().enumerate() {
        let link = ui.push_id(place, |ui| block_ui(ui, palette, block)).inner;
        pressed = pressed.or(link);
    }
    pressed
}

fn block_ui(ui: &mut Ui, palette: &Palette, block: &Block) -> Option<String> {
    match block {
        Block::Heading { level, pieces } => {
            let letters = [size::HEAD, size::BODY + 1.0, size::BODY][usize::from(*level - 1).min(2)];
            ui.add_space(if *level < 3 { space::S } else { space::XS });
            pieces_ui(ui, palette, pieces, &Voice { font: theme::semibold(letters), color: palette.text })
        }
        Block::Paragraph(pieces) => pieces_ui(ui, palette, pieces, &Voice::plain(palette)),
        Block::Item { depth, number, pieces } => item_ui(ui, palette, *depth, number.as_deref(), pieces),
        Block::Quote(pieces) => quote_ui(ui, palette, pieces),
        Block::Code(code) => {
            code_ui(ui, palette, code);
            None
        }
        Block::Table(rows) => table_ui(ui, palette, rows),
        Block::Rule => {
            divider(ui, palette);
            None
        }
    }
}

/// How plain words are set.
struct Voice {
    font: FontId,
    color: egui::Color32,
}

impl Voice {
    fn plain(palette: &Palette) -> Self {
        Self { font: theme::regular(size::BODY), color: palette.text_dim }
    }
}

fn item_ui(ui: &mut Ui, palette: &Palette, depth: usize, number: Option<&str>, pieces: &[Piece]) -> Option<String> {
    let top = ui.spacing().item_spacing.y;
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.add_space(space::XS - top);
    ui.horizontal_top(|ui| {
        ui.add_space(space::S + depth as f32 * space::L);
        let mark = number.map_or("•".to_owned(), |number| format!("{number}."));
        let mark = egui::RichText::new(mark).font(theme::medium(size::BODY)).color(palette.text_faint);
        ui.label(mark);
        ui.vertical(|ui| pieces_ui(ui, palette, pieces, &Voice::plain(palette))).inner
    })
    .inner
}

fn quote_ui(ui: &mut Ui, palette: &Palette, pieces: &[Piece]) -> Option<String> {
    let frame = Frame::new().inner_margin(Margin { left: 12, right: 0, top: 2, bottom: 2 });
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        pieces_ui(ui, palette, pieces, &Voice::plain(palette))
    });
    let edge = shown.response.rect;
    let bar = egui::Rect::from_min_size(edge.min, egui::vec2(3.0, edge.height()));
    ui.painter().rect_filled(bar, 1.5, palette.line);
    shown.inner
}

fn code_ui(ui: &mut Ui, palette: &Palette, code: &str) {
    let frame = Frame::new()
        .fill(palette.raised)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(space::RADIUS))
        .inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let text = egui::RichText::new(code.trim_end()).font(theme::number(size::SMALL + 0.5)).color(palette.text);
        ui.add(Label::new(text).wrap().selectable(true));
    });
}

/// The widest that a column of a table becomes.
const CELL: f32 = 260.0;

fn table_ui(ui: &mut Ui, palette: &Palette, rows: &[Vec<Vec<Piece>>]) -> Option<String> {
    let mut pressed = None;
    // A bar would be drawn at the edge of the screen, far from the table.
    let area =
        ScrollArea::horizontal().auto_shrink([false, true]).scroll_bar_visibility(ScrollBarVisibility::AlwaysHidden);
    area.show(ui, |ui| {
        egui::Grid::new("table").min_row_height(18.0).spacing(egui::vec2(space::L, 6.0)).show(ui, |ui| {
            for (place, row) in rows.iter().enumerate() {
                let head = Voice { font: theme::semibold(size::SMALL + 1.0), color: palette.text };
                let cell = Voice { font: theme::regular(size::SMALL + 1.0), color: palette.text_dim };
                for pieces in row {
                    ui.scope(|ui| {
                        ui.set_max_width(CELL);
                        let voice = if place == 0 { &head } else { &cell };
                        pressed = pressed.take().or(pieces_ui(ui, palette, pieces, voice));
                    });
                }
                ui.end_row();
            }
        });
    });
    pressed
}

/// One text, and the link in it that was pressed.
fn pieces_ui(ui: &mut Ui, palette: &Palette, pieces: &[Piece], voice: &Voice) -> Option<String> {
    let (job, links) = layout(palette, pieces, voice);
    if links.is_empty() {
        ui.add(Label::new(job).wrap().selectable(true));
        return None;
    }
    let (at, galley, response) = Label::new(job).wrap().sense(Sense::click()).layout_in_ui(ui);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), galley.text()));
    if ui.is_rect_visible(response.rect) {
        ui.painter().galley(at, galley.clone(), voice.color);
    }
    let pointer = response.hover_pos().or_else(|| response.interact_pointer_pos())?;
    let letter = galley.cursor_from_pos(pointer - at).index;
    let (_, target) = links.iter().find(|(letters, _)| letters.contains(&usize::from(letter)))?;
    ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    let clicked = response.clicked();
    response.on_hover_text(*target);
    clicked.then(|| (*target).to_owned())
}

/// The text, and the letters that lead somewhere.
fn layout<'a>(palette: &Palette, pieces: &'a [Piece], voice: &Voice) -> (LayoutJob, Vec<(Range<usize>, &'a str)>) {
    let (mut job, mut links, mut letters) = (LayoutJob::default(), Vec::new(), 0);
    for piece in pieces {
        let font = match (piece.style.is_code, piece.style.is_strong) {
            (true, _) => theme::number(voice.font.size - 1.0),
            (_, true) => theme::semibold(voice.font.size),
            _ => voice.font.clone(),
        };
        let color = match (&piece.link, piece.style.is_strong || piece.style.is_code) {
            (Some(_), _) => palette.accent,
            (None, true) => palette.text,
            (None, false) => voice.color,
        };
        let background = if piece.style.is_code { palette.hover } else { egui::Color32::TRANSPARENT };
        let italics = piece.style.is_slanted;
        let format =
            TextFormat { font_id: font, color, background, italics, line_height: Some(19.0), ..TextFormat::default() };
        job.append(&piece.text, 0.0, format);
        let count = piece.text.chars().count();
        if let Some(target) = &piece.link {
            links.push((letters..letters + count, target.as_str()));
        }
        letters += count;
    }
    (job, links)
}
