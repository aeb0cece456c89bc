//! Many points as one picture. A shape for each point in each frame would cost more than a frame may; so the points are
//! drawn into an image when they are moved, coloured or filtered otherwise, over as many frames as it takes, and in all
//! other frames that image is shown.

use egui::{Color32, ColorImage, Context, Pos2, Rect, TextureHandle, TextureId, TextureOptions, Vec2};

use super::kinds::Shape;
use crate::ui::widgets::slice::Slice;

/// Where a point of the map stands on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// The place on the map that stands in the middle.
    pub centre: [f32; 2],
    /// Points of the screen for one of the map.
    pub scale: f32,
    pub area: Rect,
}

impl Camera {
    /// All of some points, with a margin around them.
    pub fn around(points: &[[f32; 2]], area: Rect, margin: f32) -> Self {
        let known = || points.iter().filter(|at| at[0].is_finite() && at[1].is_finite());
        let low = [0, 1].map(|axis| known().fold(f32::INFINITY, |low, at| low.min(at[axis])));
        let high = [0, 1].map(|axis| known().fold(f32::NEG_INFINITY, |high, at| high.max(at[axis])));
        if low[0] > high[0] {
            return Self { centre: [0.0; 2], scale: 1.0, area };
        }
        let room = (area.size() - Vec2::splat(2.0 * margin)).max(Vec2::splat(8.0));
        let wide = |axis: usize| (high[axis] - low[axis]).max(1e-6);
        let scale = (room.x / wide(0)).min(room.y / wide(1));
        Self { centre: [0, 1].map(|axis| f32::midpoint(low[axis], high[axis])), scale, area }
    }

    /// The second axis of a map points up.
    pub fn place(&self, at: [f32; 2]) -> Pos2 {
        self.area.center() + Vec2::new(at[0] - self.centre[0], self.centre[1] - at[1]) * self.scale
    }

    pub fn at(&self, place: Pos2) -> [f32; 2] {
        let by = (place - self.area.center()) / self.scale;
        [self.centre[0] + by.x, self.centre[1] - by.y]
    }
}

/// How a row is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub color: Color32,
    pub shape: Shape,
    /// Times the usual size.
    pub size: f32,
}

/// What an image is of: where the points are seen from, which version of them, and how many pixels a point of the screen
/// has.
type Of = (Camera, u64, f32);

/// An image of points, and the next one, which is drawn a slice a frame: while many points are moved, the last image is
/// moved along.
#[derive(Default)]
pub struct Raster {
    shown: Option<(TextureHandle, Of)>,
    next: Option<Next>,
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raster").field("of", &self.shown.as_ref().map(|(_, of)| of)).finish_non_exhaustive()
    }
}

/// Points to be drawn: `order` says which and in which order, `look` how.
pub struct Scene<'a> {
    pub points: &'a [[f32; 2]],
    pub order: &'a [u32],
    pub look: &'a dyn Fn(usize) -> Look,
    /// Half the width of a point, in points of the screen.
    pub radius: f32,
}

impl Raster {
    /// Draws on, for a slice of a frame, where the camera or the version of what is drawn is another. Returns the image that
    /// is there, and from where it was seen.
    pub fn image(
        &mut self,
        ctx: &Context,
        camera: Camera,
        version: u64,
        scene: &Scene<'_>,
        slice: &mut Slice,
    ) -> Option<(TextureId, Camera)> {
        let of = (camera, version, ctx.pixels_per_point());
        if self.shown.as_ref().is_some_and(|(_, shown)| *shown == of) {
            self.next = None;
        } else {
            // What was begun from elsewhere is completed: of a map that never rests nothing else would be seen.
            let mut next = self.next.take().filter(|next| next.of.1 == version).unwrap_or_else(|| Next::of(of));
            if next.go_on(scene, slice) {
                self.show(ctx, next);
            } else {
                self.next = Some(next);
            }
            if self.shown.as_ref().is_none_or(|(_, shown)| *shown != of) {
                ctx.request_repaint();
            }
        }
        self.shown.as_ref().map(|(texture, (camera, ..))| (texture.id(), *camera))
    }

    fn show(&mut self, ctx: &Context, next: Next) {
        let (of, image) = (next.of, next.image());
        match &mut self.shown {
            Some((texture, shown)) => {
                texture.set(image, TextureOptions::NEAREST);
                *shown = of;
            }
            None => self.shown = Some((ctx.load_texture("map", image, TextureOptions::NEAREST), of)),
        }
    }
}

/// An image that is being drawn.
struct Next {
    of: Of,
    width: usize,
    pixels: Vec<Color32>,
    /// Points that were drawn.
    done: usize,
    stamps: Vec<(Shape, f32, Stamp)>,
}

/// What it costs to draw a point, in bytes that are read.
const POINT: usize = 512;

impl Next {
    fn of(of: Of) -> Self {
        let (camera, _, scale) = of;
        let size = (camera.area.size() * scale).round().max(Vec2::splat(1.0));
        let (width, height) = (size.x as usize, size.y as usize);
        Self { of, width, pixels: vec![Color32::TRANSPARENT; width * height], done: 0, stamps: Vec::new() }
    }

    /// Draws until the slice is over. Returns whether everything is there.
    fn go_on(&mut self, scene: &Scene<'_>, slice: &mut Slice) -> bool {
        while let Some(row) = scene.order.get(self.done) {
            self.draw(scene, *row as usize);
            self.done += 1;
            slice.spend(POINT);
            if slice.is_over() {
                break;
            }
        }
        self.done >= scene.order.len()
    }

    fn draw(&mut self, scene: &Scene<'_>, row: usize) {
        let (camera, _, scale) = self.of;
        let look = (scene.look)(row);
        let known = self.stamps.iter().position(|(shape, size, _)| *shape == look.shape && *size == look.size);
        let place = known.unwrap_or_else(|| {
            self.stamps.push((look.shape, look.size, Stamp::of(look.shape, scene.radius * look.size * scale)));
            self.stamps.len() - 1
        });
        let at = (camera.place(scene.points[row]) - camera.area.min) * scale;
        self.stamps[place].2.press(&mut self.pixels, self.width, at, look.color);
    }

    fn image(self) -> ColorImage {
        let height = self.pixels.len() / self.width;
        ColorImage::new([self.width, height], self.pixels)
    }
}

/// Half the width of a point for so many of them.
pub fn radius(points: usize) -> f32 {
    match points {
        0..500 => 4.2,
        500..3_000 => 3.2,
        3_000..12_000 => 2.4,
        _ => 1.7,
    }
}

/// How much of each pixel around a point is covered.
struct Stamp {
    side: usize,
    cover: Vec<u8>,
}

impl Stamp {
    fn of(shape: Shape, radius: f32) -> Self {
        let half = radius.ceil() as usize;
        let side = 2 * half + 1;
        // Four by four places in each pixel.
        let inside = |x: f32, y: f32| match shape {
            Shape::Disk => x * x + y * y <= radius * radius,
            Shape::Square => x.abs().max(y.abs()) <= radius * 0.9,
            Shape::Diamond => x.abs() + y.abs() <= radius * 1.3,
            Shape::Triangle => y <= radius * 0.8 && 1.7 * x.abs() <= radius * 1.2 + y,
        };
        let cover = |pixel: usize| {
            let at = |place: usize, step: usize| place as f32 - half as f32 + (step as f32 - 1.5) / 4.0;
            let hits = (0..16).filter(|step| inside(at(pixel % side, step % 4), at(pixel / side, step / 4))).count();
            (hits * 255 / 16) as u8
        };
        Self { side, cover: (0..side * side).map(cover).collect() }
    }

    fn press(&self, image: &mut [Color32], width: usize, at: Vec2, color: Color32) {
        let height = image.len() / width;
        let half = (self.side / 2) as i64;
        let (left, top) = (at.x.round() as i64 - half, at.y.round() as i64 - half);
        let side = self.side as i64;
        if left >= width as i64 || top >= height as i64 || left + side <= 0 || top + side <= 0 {
            return;
        }
        for row in top.max(0)..(top + side).min(height as i64) {
            let cover = &self.cover[((row - top) * side) as usize..];
            let line = &mut image[row as usize * width..(row as usize + 1) * width];
            for column in left.max(0)..(left + side).min(width as i64) {
                let share = cover[(column - left) as usize];
                if share > 0 {
                    line[column as usize] = over(line[column as usize], color, share);
                }
            }
        }
    }
}

/// A colour laid over another, to a share of 255.
fn over(below: Color32, color: Color32, share: u8) -> Color32 {
    let share = u32::from(share);
    let [below, above] = [below.to_array(), color.to_array()].map(|color| color.map(u32::from));
    let rest = 255 - above[3] * share / 255;
    let mixed = |part: usize| ((above[part] * share + below[part] * rest) / 255).min(255) as u8;
    Color32::from_rgba_premultiplied(mixed(0), mixed(1), mixed(2), mixed(3))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use egui::pos2;

    use super::*;
    use crate::ui::theme::Palette;

    #[test]
    fn a_camera_finds_the_place_of_a_point_and_the_point_of_a_place() {
        let area = Rect::from_min_max(pos2(10.0, 20.0), pos2(410.0, 220.0));
        let camera = Camera::around(&[[-1.0, 0.0], [3.0, 1.0]], area, 20.0);
        let up = camera.place([1.0, 1.0]);
        assert_eq!(camera.place([1.0, 0.5]), area.center());
        assert!(up.y < area.center().y, "the second axis points up");
        assert!(camera.place([3.0, 1.0]).x <= area.right() - 19.9);
        let back = camera.at(up);
        assert!((back[0] - 1.0).abs() < 1e-5 && (back[1] - 1.0).abs() < 1e-5);
        assert_eq!(Camera::around(&[], area, 20.0).scale, 1.0);
        assert!(Camera::around(&[[2.0, 2.0]], area, 20.0).place([2.0, 2.0]) == area.center());
    }

    #[test]
    fn points_are_where_they_belong_and_those_outside_are_nowhere() {
        let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(40.0, 40.0));
        let camera = Camera { centre: [0.0, 0.0], scale: 1.0, area };
        let color = Palette::of(true).text;
        let look = |_: usize| Look { color, shape: Shape::Disk, size: 1.0 };
        let points = [[0.0, 10.0], [500.0, 0.0], [-21.0, 0.0], [f32::NAN, 0.0]];
        let scene = Scene { points: &points, order: &[0, 1, 2], look: &look, radius: 3.0 };
        let mut next = Next::of((camera, 0, 1.0));
        assert!(next.go_on(&scene, &mut Slice::begin()));
        let image = next.image();
        assert_eq!(image.size, [40, 40]);
        assert_eq!(image.pixels[10 * 40 + 20], color);
        assert_eq!(image.pixels[20 * 40 + 20], Color32::TRANSPARENT);
        assert_eq!(image.pixels[20 * 40], color, "what is cut by the edge is drawn in part");
        let drawn = image.pixels.iter().filter(|pixel| **pixel != Color32::TRANSPARENT).count();
        assert!((25..60).contains(&drawn), "{drawn}");
    }

    #[test]
    fn while_points_are_moved_the_last_image_is_there_and_the_next_is_drawn_to_its_end() {
        let area = Rect::from_min_max(pos2(0.0, 0.0), pos2(40.0, 40.0));
        let camera = |scale: f32| Camera { centre: [0.0, 0.0], scale, area };
        let look = |_: usize| Look { color: Palette::of(true).text, shape: Shape::Disk, size: 1.0 };
        let points = vec![[1.0, 2.0]; 1000];
        let order: Vec<u32> = (0..1000).collect();
        let scene = Scene { points: &points, order: &order, look: &look, radius: 2.0 };
        let (ctx, mut raster) = (Context::default(), Raster::default());
        let mut seen = |scale: f32, version: u64, time: Duration| {
            let image = raster.image(&ctx, camera(scale), version, &scene, &mut Slice::of(time));
            image.map(|(_, camera)| camera.scale)
        };
        let (short, long) = (Duration::ZERO, Duration::from_hours(1));
        assert_eq!(seen(1.0, 0, short), None);
        assert_eq!(seen(1.0, 0, long), Some(1.0));
        assert_eq!(seen(2.0, 0, short), Some(1.0), "the next is not there yet");
        assert_eq!(seen(3.0, 0, long), Some(2.0), "what was begun is completed first");
        assert_eq!(seen(3.0, 0, long), Some(3.0));
        assert_eq!(seen(3.0, 1, short), Some(3.0));
    }
}
