//! What can be taken along: the picture, with its legend and the names of clusters, and the rows with where they lie.

use std::sync::Arc;

use egui::{Rect, Ui, pos2, vec2};

use super::MapView;
use super::kinds::Kinds;
use super::plot;
use super::raster::{Camera, radius};
use crate::analysis::map::{Map, rows};
use crate::ui::picture::Picture;
use crate::ui::saving::Saving;
use crate::ui::theme::{self, Palette, size};
use crate::ui::widgets::save::save_menu;
use crate::ui::{Cx, format};
use crate::words;

const SIZE: [f32; 2] = [1080.0, 760.0];
const MARGIN: f32 = 20.0;
const TITLE: f32 = 26.0;
const LEGEND: f32 = 200.0;

/// All that a picture is drawn from.
#[derive(Clone)]
struct Subject {
    map: Arc<Map>,
    points: Arc<[[f32; 2]]>,
    kinds: Kinds,
    order: Vec<u32>,
    title: String,
    with_names: bool,
}

impl MapView {
    pub(super) fn save_ui(&self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some((shown, map)) = self.shown.as_ref().and_then(|shown| Some((shown, shown.map.clone()?))) else {
            return;
        };
        let file = format::file_name(&shown.dataset().table.path);
        let title = format!(
            "{file} · {} · {}, {} · coloured by {}",
            cx.workspace.model_name(&shown.model),
            map.about.method.title(),
            words::states(map.about.layer),
            shown.by.title().to_lowercase()
        );
        let dark = cx.palette.dark;
        let picture = || {
            let subject = Subject {
                map: map.clone(),
                points: shown.points.clone(),
                kinds: shown.kinds.clone(),
                order: shown.order(self.selected.as_ref(), &self.search),
                title: title.clone(),
                with_names: !self.plot.no_names,
            };
            Picture { size: SIZE.into(), dark, draw: Arc::new(move |ui, palette| subject.draw(ui, palette)) }
        };
        let (data, facts) = (shown.data.dataset.clone(), shown.known.facts.clone());
        save_menu(
            ui,
            cx,
            &[
                ("Picture as SVG…", &|| Saving::svg("map", picture())),
                ("Picture as PNG…", &|| Saving::png("map", picture())),
                ("Rows as CSV…", &|| {
                    let (map, data, facts) = (map.clone(), data.clone(), facts.clone());
                    Saving::csv("map", move || rows::table(&map, &data, facts.training.as_ref()))
                }),
            ],
        );
    }
}

impl Subject {
    fn draw(&self, ui: &Ui, palette: &Palette) {
        let painter = ui.ctx().layer_painter(egui::LayerId::background());
        let font = theme::semibold(size::BODY);
        painter.text(pos2(MARGIN, MARGIN), egui::Align2::LEFT_TOP, &self.title, font, palette.text);
        let area = Rect::from_min_max(pos2(MARGIN, MARGIN + TITLE), pos2(SIZE[0] - MARGIN - LEGEND, SIZE[1] - MARGIN));
        let camera = Camera::around(&self.points, area, 24.0);
        let own = radius(self.points.len());
        for row in &self.order {
            let row = *row as usize;
            let kind = &self.kinds.all[usize::from(self.kinds.of[row])];
            let color = kind.color(palette).gamma_multiply(0.85);
            plot::point(&painter, camera.place(self.points[row]), kind.shape(), own, color);
        }
        if self.with_names {
            plot::names(&painter, camera, &self.map, palette);
        }
        let mut at = pos2(area.right() + 16.0, area.top() + 8.0);
        for kind in self.kinds.all.iter().filter(|kind| kind.rows > 0 && !kind.hidden) {
            plot::point(&painter, at, kind.shape(), 4.5, kind.color(palette));
            let words = format!("{} ({})", kind.name, format::count(kind.rows as u64));
            let words = crate::ui::widgets::text::elided(
                &painter,
                &words,
                theme::regular(size::SMALL),
                palette.text,
                LEGEND - 24.0,
            );
            painter.galley(at + vec2(12.0, -words.size().y / 2.0), words, palette.text);
            at.y += 18.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::{Hue, Kind};
    use super::*;
    use crate::analysis::map::{About, Cluster, Method, Place, Read, Trust};

    #[test]
    fn a_picture_has_the_points_in_sight_their_legend_and_the_names_of_clusters() {
        let points: Arc<[[f32; 2]]> = (0..12).map(|row| [row as f32, (row % 5) as f32]).collect();
        let cluster = Cluster { top: [6.0, 2.0], rows: 12, words: vec!["river".into(), "rain".into()] };
        let about = About { layer: 2, method: Method::Umap, neighbors: 15, seed: 1 };
        let map = Arc::new(Map {
            read: Arc::new(Read::default()),
            about,
            points: points.clone(),
            place: Place::Neighbors,
            trust: Trust::default(),
            clusters: vec![cluster],
            cluster_of: vec![0; 12],
        });
        let kind = |name: &str, hue, hidden| Kind { name: name.into(), hue, rows: 6, hidden };
        let all = vec![kind("wet", Hue::Class(0), false), kind("dry", Hue::Class(1), true)];
        let kinds = Kinds { all, of: (0..12).map(|row| row % 2).collect() };
        let order = (0..12).step_by(2).collect();
        let subject = Subject { map, points, kinds, order, title: "rows.csv by UMAP".into(), with_names: true };
        let draw = move |ui: &mut Ui, palette: &Palette| subject.draw(ui, palette);
        let svg = Picture { size: SIZE.into(), dark: false, draw: Arc::new(draw) }.svg();
        for words in ["rows.csv by UMAP", "wet (6)", "river, rain"] {
            assert!(svg.contains(words), "{words} is missing in {svg}");
        }
        assert!(!svg.contains("dry (6)"));
        assert_eq!(svg.matches("<circle").count(), 7, "six points, and one in the legend");
    }
}
