//! The sign of Attune: a tuning fork. `assets/icon.svg` has the same one on a ground.

use std::f32::consts::PI;

use egui::{Color32, Painter, Rect, Shape, Stroke, pos2};

/// Paints the fork into a square.
pub fn paint(painter: &Painter, rect: Rect, color: Color32) {
    let scale = rect.width() / 32.0;
    let at = |x: f32, y: f32| pos2(rect.left() + scale * x, rect.top() + scale * y);
    let arc = |center: (f32, f32), radius: f32, from: f32, to: f32| {
        (0..=12).map(move |step| {
            let angle = from + (to - from) * step as f32 / 12.0;
            (center.0 + radius * angle.cos(), center.1 + radius * angle.sin())
        })
    };
    let line = |points: Vec<(f32, f32)>, width: f32, color: Color32| {
        let points = points.into_iter().map(|(x, y)| at(x, y)).collect();
        painter.add(Shape::line(points, Stroke::new(scale * width, color)));
    };
    let mut fork = vec![(11.2, 4.0)];
    fork.extend(arc((16.0, 13.0), 4.8, PI, 0.0));
    fork.push((20.8, 4.0));
    line(fork, 3.2, color);
    line(vec![(16.0, 17.8), (16.0, 29.0)], 3.2, color);
    for (middle, sound) in [(PI, 0.75), (0.0, 0.75)] {
        line(arc((16.0, 9.5), 10.5, middle - 0.5, middle + 0.5).collect(), 2.2, color.gamma_multiply(sound));
        line(arc((16.0, 9.5), 14.6, middle - 0.45, middle + 0.45).collect(), 2.2, color.gamma_multiply(0.4));
    }
}
