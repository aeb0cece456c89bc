//! What can be taken along: the bars as they are drawn, and the numbers of both poolings.

use std::path::Path;
use std::sync::Arc;

use egui::{Align2, Rect, Ui, pos2, vec2};

use super::chart::{Chart, legend};
use crate::analysis::probe::Probed;
use crate::inspect::Pooling;
use crate::ui::picture::Picture;
use crate::ui::saving::Saving;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::save::save_menu;
use crate::ui::{Cx, format};
use crate::words;

const MARGIN: f32 = 16.0;
const TITLE: f32 = 30.0;
/// Room below the bars for what they are.
const LEGEND: f32 = 28.0;

/// All that a picture is drawn from.
struct Subject {
    probed: Probed,
    pooling: Pooling,
    zoomed: bool,
    title: String,
}

pub fn save_ui(ui: &mut Ui, cx: &mut Cx<'_>, chart: Chart<'_>, model: &Path, data: &Path) {
    let probed = chart.probed;
    let title = format!(
        "{} of a linear probe · {} · {} · {}, {} folds",
        probed.judged.title(),
        cx.workspace.model_name(model),
        format::file_name(data),
        format::plural(probed.rows as u64, "row", "rows"),
        probed.folds
    );
    let dark = cx.palette.dark;
    let Chart { pooling, zoomed, .. } = chart;
    let subject = || Arc::new(Subject { probed: probed.clone(), pooling, zoomed, title: title.clone() });
    let numbers = || {
        let probed = probed.clone();
        Saving::csv("layers", move || table(&probed))
    };
    save_menu(
        ui,
        cx,
        &[
            ("Picture as SVG…", &|| Saving::svg("layers", subject().picture(dark))),
            ("Picture as PNG…", &|| Saving::png("layers", subject().picture(dark))),
            ("Numbers as CSV…", &numbers),
        ],
    );
}

impl Subject {
    fn picture(self: &Arc<Self>, dark: bool) -> Picture {
        let width = (self.probed.mean.len() as f32 * 64.0).max(560.0) + 2.0 * MARGIN;
        let size = vec2(width, 420.0);
        let subject = self.clone();
        Picture { size, dark, draw: Arc::new(move |ui, palette| subject.draw(ui, size, palette)) }
    }

    fn draw(&self, ui: &mut Ui, size: egui::Vec2, palette: &Palette) {
        let painter = ui.painter();
        let font = theme::semibold(size::BODY);
        painter.text(pos2(MARGIN, MARGIN), Align2::LEFT_TOP, &self.title, font, palette.text);
        let inside = Rect::from_min_max(pos2(MARGIN, MARGIN + TITLE), (size - vec2(MARGIN, MARGIN + LEGEND)).to_pos2());
        let chart = Chart { probed: &self.probed, pooling: self.pooling, zoomed: self.zoomed };
        chart.paint(painter, inside, palette);
        legend(painter, pos2(MARGIN, inside.bottom() + LEGEND - 10.0), chart, palette);
    }
}

/// A row for each pooling and layer.
fn table(probed: &Probed) -> Vec<Vec<String>> {
    let head = ["pooling", "layer", probed.judged.key(), "low", "high"].map(str::to_owned).to_vec();
    let rows = [Pooling::First, Pooling::Mean].into_iter().flat_map(|pooling| {
        probed.by(pooling).iter().enumerate().map(move |(layer, score)| {
            let numbers = [score.value, score.low, score.high].map(|value| value.to_string());
            let layer = if layer == 0 { words::states(0) } else { layer.to_string() };
            [vec![pooling.name().to_owned(), layer], numbers.to_vec()].concat()
        })
    });
    std::iter::once(head).chain(rows).collect()
}
