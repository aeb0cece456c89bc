//! A picture that can be taken along: what is drawn on the screen, drawn once more away from it, as an SVG or a PNG.
//!
//! It is drawn by the same functions as on the screen, in a context of its own, so that nothing is drawn twice in two
//! ways and the whole of what scrolls can be had. That takes a moment, so it is done where the file is written.

mod png;
mod raster;
mod svg;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use egui::epaint::{ClippedPrimitive, ClippedShape, ImageData, ImageDelta};
use egui::{ColorImage, Context, RawInput, Rect, TextureId, TextureOptions, Ui, Vec2, ViewportId, ViewportInfo};

use super::fonts;
use super::theme::{self, Palette};

/// How to draw something, and how large it is.
#[derive(Clone)]
pub struct Picture {
    pub size: Vec2,
    pub dark: bool,
    pub draw: Draw,
}

pub type Draw = Arc<dyn Fn(&mut Ui, &Palette) + Send + Sync>;

/// Pixels of a point.
const SCALE: f32 = 2.0;
/// How long is waited for a font that has a letter.
const FONT: Duration = Duration::from_millis(400);

/// A texture and how it is looked at.
struct Texture {
    image: ColorImage,
    options: TextureOptions,
}

/// What was drawn.
struct Drawn {
    size: Vec2,
    background: egui::Color32,
    shapes: Vec<ClippedShape>,
    textures: HashMap<TextureId, Texture>,
    ctx: Context,
}

impl Picture {
    pub fn svg(&self) -> String {
        svg::write(&self.drawn(1.0))
    }

    pub fn png(&self) -> std::io::Result<Vec<u8>> {
        png::encode(&raster::paint(&self.drawn(SCALE), SCALE))
    }

    fn drawn(&self, scale: f32) -> Drawn {
        let ctx = Context::default();
        theme::install(&ctx);
        ctx.set_theme(if self.dark { egui::Theme::Dark } else { egui::Theme::Light });
        let found = fonts::install(&ctx);
        let palette = Palette::of(self.dark);
        let mut textures = HashMap::new();
        let mut shapes = Vec::new();
        // The first frame has no fonts yet; later ones have those that were found for letters of other scripts.
        for attempt in 0..5 {
            let mut output = ctx.run_ui(self.input(scale), |ui| (self.draw)(ui, palette));
            let changed = std::mem::take(&mut output.textures_delta.set);
            output.textures_delta.clear();
            shapes = output.shapes;
            let mut changed: Vec<_> = changed.into_iter().collect();
            changed.sort_unstable_by_key(|(id, _)| *id);
            for (id, delta) in
                changed.into_iter().flat_map(|(id, deltas)| deltas.into_iter().map(move |delta| (id, delta)))
            {
                update(&mut textures, id, delta);
            }
            if attempt == 0 {
                continue;
            }
            match found.recv_timeout(FONT) {
                Ok(fonts::Found::Font(font)) => ctx.add_font(font),
                Ok(fonts::Found::Nothing(_)) => {}
                Err(_) => break,
            }
        }
        Drawn { size: self.size, background: palette.panel, shapes, textures, ctx }
    }

    fn input(&self, scale: f32) -> RawInput {
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, self.size)),
            max_texture_side: Some(8192),
            ..RawInput::default()
        };
        let view = ViewportInfo { native_pixels_per_point: Some(scale), ..ViewportInfo::default() };
        input.viewports.insert(ViewportId::ROOT, view);
        input
    }
}

impl Drawn {
    fn triangles(&self, scale: f32) -> Vec<ClippedPrimitive> {
        self.ctx.tessellate(self.shapes.clone(), scale)
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture").field("size", &self.size).finish_non_exhaustive()
    }
}

fn update(textures: &mut HashMap<TextureId, Texture>, id: TextureId, delta: ImageDelta) {
    let ImageData::Color(image) = delta.image;
    let (Some([left, top]), Some(texture)) = (delta.pos, textures.get_mut(&id)) else {
        textures.insert(id, Texture { image: (*image).clone(), options: delta.options });
        return;
    };
    let width = texture.image.width();
    for (row, pixels) in image.pixels.chunks(image.width().max(1)).enumerate() {
        let start = (top + row) * width + left;
        texture.image.pixels[start..start + pixels.len()].copy_from_slice(pixels);
    }
}

#[cfg(test)]
mod tests {
    use egui::{Color32, pos2, vec2};

    use super::*;

    /// A square of four pixels, a line and a word.
    fn picture() -> Picture {
        let draw = |ui: &mut Ui, palette: &Palette| {
            let colors = [palette.series[0], palette.series[1], palette.series[2], palette.series[3]].to_vec();
            let image = ColorImage::new([2, 2], colors);
            let texture = ui.ctx().load_texture("four", image, TextureOptions::NEAREST);
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            let painter = ui.painter();
            painter.image(texture.id(), Rect::from_min_size(pos2(10.0, 10.0), vec2(20.0, 20.0)), uv, Color32::WHITE);
            painter.hline(40.0..=90.0, 20.0, egui::Stroke::new(4.0, palette.text));
            painter.text(pos2(10.0, 40.0), egui::Align2::LEFT_TOP, "a < b & c", theme::medium(16.0), palette.text);
        };
        Picture { size: vec2(100.0, 70.0), dark: false, draw: Arc::new(draw) }
    }

    #[test]
    fn a_picture_is_painted_as_on_the_screen() {
        let palette = Palette::of(false);
        let image = raster::paint(&picture().drawn(SCALE), SCALE);
        assert_eq!(image.size, [200, 140]);
        let at = |x: usize, y: usize| image.pixels[y * 200 + x];
        for (place, (x, y)) in [(25, 25), (55, 25), (25, 55), (55, 55)].into_iter().enumerate() {
            assert_eq!(at(x, y), palette.series[place], "quarter {place}");
        }
        assert_eq!((at(130, 40), at(130, 60), at(0, 0)), (palette.text, palette.panel, palette.panel));
        let dark = |x: usize, y: usize| u32::from(at(x, y).r()) < 128;
        let inked = (20..180).flat_map(|x| (80..120).map(move |y| (x, y))).filter(|(x, y)| dark(*x, *y)).count();
        assert!((120..3000).contains(&inked), "{inked} pixels of letters");
    }

    #[test]
    fn an_svg_has_the_words_as_words() {
        let svg = picture().svg();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"70\""), "{svg}");
        assert!(svg.contains(">a &lt; b &amp; c</text>") && svg.contains("font-weight=\"500\""), "{svg}");
        assert!(
            svg.contains("<image ") && svg.contains("pixelated") && svg.contains("data:image/png;base64,"),
            "{svg}"
        );
        assert!(svg.contains("<line ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    }

    #[test]
    fn a_png_holds_the_pixels() {
        let bytes = picture().png().unwrap();
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        let mut parts = Vec::new();
        let mut at = 8;
        while at < bytes.len() {
            let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
            let (kind, data) = (&bytes[at + 4..at + 8], &bytes[at + 8..at + 8 + length]);
            let mut crc = flate2::Crc::new();
            crc.update(&bytes[at + 4..at + 8 + length]);
            assert_eq!(crc.sum().to_be_bytes(), bytes[at + 8 + length..at + 12 + length], "{kind:?}");
            parts.push((kind.to_vec(), data.to_vec()));
            at += length + 12;
        }
        let part = |name: &[u8]| parts.iter().find(|(kind, _)| kind == name).unwrap().1.clone();
        assert_eq!(part(b"IHDR"), [0, 0, 0, 200, 0, 0, 0, 140, 8, 2, 0, 0, 0]);
        let mut rows = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&part(b"IDAT")[..]), &mut rows).unwrap();
        assert_eq!(rows.len(), 140 * (1 + 3 * 200));
        let series = Palette::of(false).series[0];
        let pixel = 25 * 601 + 1 + 3 * 25;
        assert_eq!((rows[25 * 601], &rows[pixel..pixel + 3]), (0, &[series.r(), series.g(), series.b()][..]));
        assert_eq!(parts.last().unwrap().0, b"IEND");
    }
}
