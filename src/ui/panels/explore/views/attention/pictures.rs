//! The small pictures of all heads of a text as one texture.

use std::sync::{Arc, Weak};

use egui::{Color32, ColorImage, Painter, Rect, TextureFilter, TextureHandle, TextureOptions, Ui, pos2, vec2};

use crate::inspect::attention::Seen;
use crate::ui::theme::Palette;
use crate::ui::widgets::slice::Slice;

/// Crisp where a token is larger than a pixel.
const SMALL: TextureOptions = TextureOptions { magnification: TextureFilter::Nearest, ..TextureOptions::LINEAR };

#[derive(Default)]
pub struct Pictures {
    of: Option<(Weak<Seen>, bool)>,
    colors: Vec<Color32>,
    texture: Option<TextureHandle>,
}

impl Pictures {
    /// Draws the picture of a head, by its layer and place in it.
    pub fn draw(
        &self,
        painter: &Painter,
        place: Rect,
        (layer, head): (usize, usize),
        seen: &Seen,
        tint: Color32,
        palette: &Palette,
    ) {
        let Some(texture) = &self.texture else {
            painter.rect_filled(place, 2.0, palette.raised);
            return;
        };
        let (heads, layers) = (seen.heads as f32, seen.layers as f32);
        let from = pos2(head as f32 / heads, layer as f32 / layers);
        let uv = Rect::from_min_size(from, vec2(1.0 / heads, 1.0 / layers));
        // Neighbours do not shine in.
        let uv = uv.shrink2(uv.size() * (0.5 / seen.small.side as f32));
        painter.image(texture.id(), place, uv, tint);
    }

    /// Makes the pictures of all heads one texture, some rows a frame.
    pub fn paint(&mut self, ui: &Ui, seen: &Arc<Seen>, palette: &Palette) {
        let is_of = |of: &(Weak<Seen>, bool)| std::ptr::eq(of.0.as_ptr(), Arc::as_ptr(seen)) && of.1 == palette.dark;
        if !self.of.as_ref().is_some_and(is_of) {
            *self = Self { of: Some((Arc::downgrade(seen), palette.dark)), ..Self::default() };
        }
        if self.texture.is_some() || seen.small.side == 0 {
            return;
        }
        let side = seen.small.side;
        let (width, height) = (seen.heads * side, seen.layers * side);
        let ramp: Vec<Color32> = (0..=255).map(|step| palette.heat(step as f32 / 255.0)).collect();
        let mut slice = Slice::begin();
        while self.colors.len() < width * height && !slice.is_over() {
            let row = self.colors.len() / width;
            for head in 0..seen.heads {
                let picture = (row / side * seen.heads + head) * side * side;
                let start = picture + row % side * side;
                let values = &seen.small.values[start..start + side];
                self.colors.extend(values.iter().map(|value| ramp[usize::from(*value)]));
            }
            slice.spend(width * 4);
        }
        if self.colors.len() < width * height {
            ui.ctx().request_repaint();
            return;
        }
        let image = ColorImage::new([width, height], std::mem::take(&mut self.colors));
        self.texture = Some(ui.ctx().load_texture("all heads", image, SMALL));
    }
}
