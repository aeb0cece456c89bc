//! The sign of Attune: a tuning fork. The same lines as `assets/icon.svg`.

use egui::{Color32, Painter, Rect, Shape, Stroke, pos2};

/// Paints the fork into a square.
pub fn paint(painter: &Painter, rect: Rect, color: Color32, faint: Color32) {
    let at = |x: f32, y: f32| pos2(rect.left() + rect.width() * x / 32.0, rect.top() + rect.height() * y / 32.0);
    let stroke = Stroke::new(rect.width() * 2.6 / 32.0, color);
    let mut fork = vec![at(11.0, 5.0), at(11.0, 13.0)];
    // The bow between the prongs is half a circle around (16, 13).
    fork.extend((0..=12).map(|step| {
        let angle = std::f32::consts::PI * (1.0 - step as f32 / 12.0);
        at(16.0 + 5.0 * angle.cos(), 13.0 + 5.0 * angle.sin())
    }));
    fork.push(at(21.0, 5.0));
    painter.add(Shape::line(fork, stroke));
    painter.line_segment([at(16.0, 18.0), at(16.0, 28.0)], stroke);
    let thin = Stroke::new(rect.width() * 2.0 / 32.0, faint);
    for side in [-1.0f32, 1.0] {
        for (reach, half) in [(9.5f32, 0.5f32), (13.5, 0.62)] {
            let arc = (0..=8).map(|step| {
                let angle = half * (step as f32 / 4.0 - 1.0);
                at(16.0 + side * reach * angle.cos(), 9.0 + reach * angle.sin())
            });
            painter.add(Shape::line(arc.collect(), thin));
        }
    }
}
