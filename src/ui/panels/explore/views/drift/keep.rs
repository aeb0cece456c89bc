//! What can be taken along: the grid as a picture, and its numbers as tables.

use std::sync::Arc;

use egui::{Align2, Ui, pos2, vec2};

use super::grid;
use crate::analysis::drift::Drift;
use crate::ui::Cx;
use crate::ui::picture::Picture;
use crate::ui::saving::Saving;
use crate::ui::theme::{self, size};
use crate::ui::widgets::save::save_menu;
use crate::words;
use crate::worker::works::drift::Measured;

const MARGIN: f32 = 16.0;
const TITLE: f32 = 30.0;

pub fn save_ui(ui: &mut Ui, found: &Arc<Measured>, title: &str, cx: &mut Cx<'_>) {
    let dark = cx.palette.dark;
    let table = |name: &str, rows: fn(&Measured) -> Vec<Vec<String>>| {
        let found = found.clone();
        Saving::csv(name, move || rows(&found))
    };
    save_menu(
        ui,
        cx,
        &[
            ("Picture as SVG…", &|| Saving::svg("drift", picture(found, title, dark))),
            ("Picture as PNG…", &|| Saving::png("drift", picture(found, title, dark))),
            ("States as CSV…", &|| table("drift states", |found| states(&found.drift))),
            ("Heads as CSV…", &|| table("drift heads", heads)),
            ("Weights as CSV…", &|| table("drift weights", |found| weights(&found.drift))),
        ],
    );
}

fn picture(found: &Arc<Measured>, title: &str, dark: bool) -> Picture {
    let own = grid::size_of(&found.drift);
    let size = vec2(own.x.max(360.0), own.y) + vec2(2.0 * MARGIN, 2.0 * MARGIN + TITLE);
    let (found, title) = (found.clone(), title.to_owned());
    let draw = move |ui: &mut Ui, palette: &theme::Palette| {
        let painter = ui.ctx().layer_painter(egui::LayerId::background());
        let font = theme::semibold(size::BODY);
        painter.text(pos2(MARGIN, MARGIN), Align2::LEFT_TOP, &title, font, palette.text);
        grid::paint_whole(&painter, &found.drift, pos2(MARGIN, MARGIN + TITLE), palette);
    };
    Picture { size, dark, draw: Arc::new(draw) }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

fn told(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn states(drift: &Drift) -> Vec<Vec<String>> {
    let layer = |(place, cka): (usize, &Option<f64>)| {
        let name = if place == 0 { words::states(0) } else { place.to_string() };
        vec![name, told(*cka)]
    };
    std::iter::once(row(["layer", "cka"])).chain(drift.layers.iter().enumerate().map(layer)).collect()
}

/// A row for each head, of which the first of the first layer is 1 and 1, with the text that shows it most.
fn heads(found: &Measured) -> Vec<Vec<String>> {
    let Some(heads) = &found.drift.heads else { return vec![row(["layer", "head", "bits"])] };
    let head = |(place, one): (usize, &crate::analysis::drift::Divergence)| {
        let (text, most) = one.most.map_or((None, None), |(text, most)| (found.texts.get(text), Some(most)));
        vec![
            (place / heads.heads + 1).to_string(),
            (place % heads.heads + 1).to_string(),
            one.mean().to_string(),
            told(most),
            text.map_or_else(String::new, |text| text.text.clone()),
        ]
    };
    let first = row(["layer", "head", "bits", "most_bits", "most_in_text"]);
    std::iter::once(first).chain(heads.each.iter().enumerate().map(head)).collect()
}

fn weights(drift: &Drift) -> Vec<Vec<String>> {
    let weight = |weight: &crate::analysis::drift::Weight| {
        let shape = weight.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
        vec![weight.name.clone(), weight.stored_name.clone(), shape, told(weight.change)]
    };
    let first = row(["name", "stored_name", "shape", "relative_change"]);
    std::iter::once(first).chain(drift.weights.both.iter().map(weight)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::drift::{Heads, Weight, Weights};

    #[test]
    fn the_picture_has_every_layer_and_every_head() {
        let of = |bits| crate::analysis::drift::Divergence::of(bits);
        let heads = Heads { layers: 1, heads: 2, each: vec![of(0.25), of(0.5)] };
        let drift =
            Drift { layers: vec![Some(1.0), Some(0.5)], heads: Some(heads), stored: vec![0], ..Drift::default() };
        let found = Arc::new(Measured { before: "a".into(), texts: Vec::new().into(), drift });
        let svg = picture(&found, "a → b", false).svg();
        for words in ["a → b", "Embeddings", "Layer 1", "Heads, bits apart", "0.500", ".25", ".50", "query"] {
            assert!(svg.contains(words), "{words} in {svg}");
        }
        assert!(picture(&found, "a → b", true).png().unwrap().starts_with(b"\x89PNG"));
    }

    #[test]
    fn every_number_is_in_a_table() {
        let weight = Weight {
            name: "layers.0.attention.query.weight".into(),
            stored_name: "encoder.layer.0.attention.self.query.weight".into(),
            shape: vec![4, 4],
            change: Some(0.25),
        };
        let weights_of = Weights { both: vec![weight], ..Weights::default() };
        let drift = Drift { layers: vec![None, Some(0.5)], weights: weights_of, ..Drift::default() };
        assert_eq!(states(&drift)[1..], [row(["embeddings", ""]), row(["1", "0.5"])]);
        assert_eq!(weights(&drift)[1][2..], row(["4 × 4", "0.25"]));
        let found = Measured { before: "a".into(), texts: Vec::new().into(), drift };
        assert_eq!(heads(&found).len(), 1, "there are none");
    }
}
