//! Triangles painted into pixels, as the graphics card does it: a pixel belongs to a triangle when its middle lies in it,
//! and on an edge to one of the two that share it.

use egui::epaint::{Mesh, Primitive, Vertex};
use egui::{Color32, ColorImage, Pos2, Rect, TextureFilter};

use super::{Drawn, Texture};

/// Paints what was drawn, with so many pixels a point.
pub fn paint(drawn: &Drawn, scale: f32) -> ColorImage {
    let size = drawn.size * scale;
    let mut image = ColorImage::filled([size.x.ceil() as usize, size.y.ceil() as usize], drawn.background);
    for part in drawn.triangles(scale) {
        if let Primitive::Mesh(mesh) = part.primitive
            && let Some(texture) = drawn.textures.get(&mesh.texture_id)
        {
            paint_mesh(&mut image, &mesh, texture, part.clip_rect * scale, scale);
        }
    }
    image
}

fn paint_mesh(image: &mut ColorImage, mesh: &Mesh, texture: &Texture, clip: Rect, scale: f32) {
    for corners in mesh.indices.chunks_exact(3) {
        let corner = |place: usize| {
            let vertex = mesh.vertices[corners[place] as usize];
            Vertex { pos: (vertex.pos.to_vec2() * scale).to_pos2(), ..vertex }
        };
        paint_triangle(image, [corner(0), corner(1), corner(2)], texture, clip);
    }
}

/// Twice the area to the left of an edge as seen from a point.
fn side(from: Pos2, to: Pos2, point: Pos2) -> f32 {
    (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x)
}

/// Whether points on an edge belong to the triangle: those above and to the left do.
fn owns(from: Pos2, to: Pos2) -> bool {
    to.y < from.y || (to.y == from.y && to.x > from.x)
}

fn paint_triangle(image: &mut ColorImage, mut corners: [Vertex; 3], texture: &Texture, clip: Rect) {
    let mut area = side(corners[0].pos, corners[1].pos, corners[2].pos);
    if area < 0.0 {
        corners.swap(1, 2);
        area = -area;
    }
    if area <= 0.0 {
        return;
    }
    let [a, b, c] = corners;
    let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip);
    let [width, height] = image.size;
    let range = |low: f32, high: f32, most: usize| {
        (low - 0.5).ceil().max(0.0) as usize..((high + 0.5).floor().max(0.0) as usize).min(most)
    };
    for y in range(bounds.top(), bounds.bottom(), height) {
        for x in range(bounds.left(), bounds.right(), width) {
            let middle = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            if !clip.contains(middle) {
                continue;
            }
            let edges = [(b.pos, c.pos), (c.pos, a.pos), (a.pos, b.pos)];
            let shares = edges.map(|(from, to)| side(from, to, middle));
            let is_in =
                |(share, (from, to)): (&f32, &(Pos2, Pos2))| *share > 0.0 || (*share == 0.0 && owns(*from, *to));
            if !shares.iter().zip(&edges).all(is_in) {
                continue;
            }
            let shares = shares.map(|share| share / area);
            let mix = |of: fn(&Vertex) -> f32| of(&a) * shares[0] + of(&b) * shares[1] + of(&c) * shares[2];
            let texel = texture.at(mix(|vertex| vertex.uv.x), mix(|vertex| vertex.uv.y));
            let channel = |place: usize| {
                let own = |vertex: &Vertex| f32::from(vertex.color.to_array()[place]);
                (own(&a) * shares[0] + own(&b) * shares[1] + own(&c) * shares[2]) * texel[place] / 255.0
            };
            let pixel = &mut image.pixels[y * width + x];
            *pixel = over([channel(0), channel(1), channel(2), channel(3)], *pixel);
        }
    }
}

/// A colour that is multiplied with its opacity, laid over another.
fn over(color: [f32; 4], below: Color32) -> Color32 {
    let below = below.to_array();
    let rest = 1.0 - color[3] / 255.0;
    let channel = |place: usize| (color[place] + f32::from(below[place]) * rest).round().clamp(0.0, 255.0) as u8;
    Color32::from_rgba_premultiplied(channel(0), channel(1), channel(2), channel(3))
}

impl Texture {
    /// The colour at a place from 0 to 1.
    fn at(&self, u: f32, v: f32) -> [f32; 4] {
        let [width, height] = self.image.size;
        let (x, y) = (u * width as f32, v * height as f32);
        if self.options.magnification == TextureFilter::Nearest {
            return self.texel(x.floor(), y.floor());
        }
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right, down) = (x - left, y - top);
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
        let mut sum = [0.0; 4];
        for (dx, dy) in corners {
            let share = (if dx == 0.0 { 1.0 - right } else { right }) * (if dy == 0.0 { 1.0 - down } else { down });
            let texel = self.texel(left + dx, top + dy);
            sum.iter_mut().zip(texel).for_each(|(sum, value)| *sum += share * value);
        }
        sum
    }

    fn texel(&self, x: f32, y: f32) -> [f32; 4] {
        let [width, height] = self.image.size;
        let (x, y) = (x.clamp(0.0, width as f32 - 1.0) as usize, y.clamp(0.0, height as f32 - 1.0) as usize);
        self.image.pixels[y * width + x].to_array().map(f32::from)
    }
}
