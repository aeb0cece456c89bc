//! What each head does, in words with its figure, sorted by it: over this text, or over a sample of the loaded data.

use std::sync::{Arc, Weak};

use egui::{Align2, Color32, CornerRadius, Rect, Role as Part, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::Chosen;
use crate::analysis::OverTexts;
use crate::analysis::sample::texts;
use crate::inspect::Request;
use crate::inspect::attention::{Figures, Role, Seen};
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::choice::choose;
use crate::ui::widgets::rows::rows;
use crate::ui::widgets::segmented::segmented;
use crate::ui::widgets::{state, text};
use crate::ui::{Cx, format};
use crate::worker::protocol::LoadedDataset;

const ROW: f32 = 30.0;
/// Texts of a sample.
const SAMPLE: usize = 48;

#[derive(Debug, Default)]
pub struct Roles {
    /// Only heads that do this.
    pub filter: Option<Role>,
    /// Over a sample of the loaded data.
    pub over_data: bool,
    sample: Option<(Weak<LoadedDataset>, Arc<[Request]>)>,
    over: Option<Arc<OverTexts>>,
}

impl Roles {
    /// The texts that are to be looked through, if any.
    pub fn wanted(&self) -> Option<Arc<[Request]>> {
        let (_, texts) = self.sample.as_ref().filter(|_| self.over_data && self.over.is_none())?;
        Some(texts.clone())
    }

    pub fn take(&mut self, texts: &Arc<[Request]>, over: &Arc<OverTexts>) {
        if self.sample.as_ref().is_some_and(|(_, own)| own == texts) {
            self.over = Some(over.clone());
        }
    }

    /// The figures that are looked at.
    pub fn figures<'a>(&'a self, seen: &'a Seen) -> &'a [Figures] {
        let over = self.over.as_ref().filter(|over| self.over_data && over.figures.len() == seen.figures.len());
        over.map_or(&seen.figures, |over| &over.figures)
    }

    /// Returns the head that was chosen.
    pub fn ui(&mut self, ui: &mut Ui, seen: &Seen, chosen: Chosen, cx: &Cx<'_>) -> Option<Chosen> {
        let palette = cx.palette;
        self.choices_ui(ui, cx);
        if self.wanted().is_some() {
            let pending = cx.workspace.explore.pending.and_then(|job| cx.workspace.job(job));
            let share = pending.and_then(|job| job.progress.as_ref()?.share());
            state::loading(ui, palette, "Looking through the data", share);
        }
        let figures = self.figures(seen);
        let order = order(figures, self.filter);
        if order.is_empty() {
            ui.label(text::dim("No head does this", palette));
        }
        let whose = if self.over_data && self.over.is_some() { "the sample" } else { "this text" };
        let words =
            format!("Layer and head, and where most of its attention goes, as a mean over the tokens of {whose}");
        ui.add(egui::Label::new(text::faint(words, palette)).wrap());
        ui.spacing_mut().item_spacing.y = 2.0;
        let head = |place: usize| Chosen { layer: order[place] / seen.heads, head: order[place] % seen.heads };
        let pressed = rows(ui, "roles", ROW, order.len(), |ui, place| {
            row_ui(ui, head(place), &figures[order[place]], self.filter, head(place) == chosen, palette)
        });
        pressed.map(head)
    }

    /// What is looked for, and over what.
    pub fn choices_ui(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let palette = cx.palette;
        ui.horizontal_wrapped(|ui| {
            ui.label(text::dim("Looks at", palette));
            let roles = std::iter::once(None).chain(Role::ALL.map(Some));
            choose(ui, "What heads look at", 210.0, &mut self.filter, roles, |role| {
                role.map_or("anything", Role::words)
            });
            let Some(loaded) = &cx.workspace.data.loaded else {
                self.over_data = false;
                return;
            };
            if self.sample.as_ref().is_none_or(|(of, _)| !std::ptr::eq(of.as_ptr(), Arc::as_ptr(loaded))) {
                let all: Vec<usize> = (0..loaded.dataset.examples.len()).collect();
                let texts = texts(&loaded.dataset, &all, SAMPLE, cx.workspace.data.rule.seed);
                self.sample = Some((Arc::downgrade(loaded), texts));
                self.over = None;
            }
            let count = self.sample.as_ref().map_or(0, |(_, texts)| texts.len());
            let name = format!("{} of the data", format::plural(count as u64, "text", "texts"));
            if let Some(over) = segmented(ui, palette, self.over_data, &[(false, "This text"), (true, &name)], false) {
                self.over_data = over;
            }
        });
    }
}

/// Heads that do something, or what is looked for, the clearest first; then the others, where nothing is looked for.
fn order(figures: &[Figures], filter: Option<Role>) -> Vec<usize> {
    let clear = |place: &usize| {
        let figures = &figures[*place];
        filter.or_else(|| figures.main()).map_or(0.0, |role| figures.of(role).mean())
    };
    let is_found = |place: &usize| filter.is_none_or(|role| figures[*place].does(role));
    let mut order: Vec<usize> = (0..figures.len()).filter(is_found).collect();
    order.sort_by(|a, b| clear(b).total_cmp(&clear(a)));
    order
}

fn row_ui(ui: &mut Ui, one: Chosen, figures: &Figures, filter: Option<Role>, chosen: bool, palette: &Palette) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let role = filter.or_else(|| figures.main());
    let said = match role {
        Some(role) => format!("looks at {}", role.words()),
        None => figures.said(),
    };
    let share = role.map(|role| figures.of(role).mean());
    let number = share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}"));
    let name = format!("{} {said} {number}", one.title());
    response.widget_info(|| WidgetInfo::selected(Part::ListItem, true, chosen, &name));
    let painter = ui.painter();
    let (fill, line) = match (chosen, response.hovered() || response.has_focus()) {
        (true, _) => (palette.accent_soft, palette.accent),
        (_, true) => (palette.hover, Color32::TRANSPARENT),
        _ => (Color32::TRANSPARENT, Color32::TRANSPARENT),
    };
    painter.rect(rect, CornerRadius::same(6), fill, Stroke::new(1.0, line), StrokeKind::Inside);
    let middle = rect.center().y - 1.0;
    let place = format!("{:>2} · {:<2}", one.layer + 1, one.head + 1);
    painter.text(
        egui::pos2(rect.left() + 10.0, middle),
        Align2::LEFT_CENTER,
        place,
        theme::number(size::BODY - 1.0),
        palette.text_dim,
    );
    let color = if role.is_some() { palette.text } else { palette.text_faint };
    let words = text::elided(painter, &said, theme::regular(size::BODY), color, rect.width() - 130.0);
    painter.galley(egui::pos2(rect.left() + 76.0, middle - words.size().y / 2.0), words, color);
    painter.text(
        egui::pos2(rect.right() - 10.0, middle),
        Align2::RIGHT_CENTER,
        number,
        theme::number_medium(size::BODY - 0.5),
        color,
    );
    if let Some(share) = share {
        let track = Rect::from_min_max(
            egui::pos2(rect.left() + 76.0, rect.bottom() - 5.0),
            egui::pos2(rect.right() - 52.0, rect.bottom() - 3.0),
        );
        painter.rect_filled(track, 1.0, palette.raised);
        let filled = Rect::from_min_size(track.min, vec2(track.width() * share as f32, track.height()));
        painter.rect_filled(filled, 1.0, palette.accent);
    }
    response.clicked()
}
