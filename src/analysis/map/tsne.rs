//! t-SNE (van der Maaten and Hinton 2008), with the forces between distant points taken together (van der Maaten 2014):
//! points are moved until distances in two dimensions say the same of who is near whom as those in many.
//!
//! Its schedule is scikit-learn's. What pushes a point is summed for each point by itself, so any number of threads comes
//! to the same bits.

use rayon::prelude::*;

use super::fuzzy::Graph;
use super::quadtree::Quadtree;
use super::watch::Watch;
use crate::stop::heed;

const STEPS: usize = 1000;
/// Steps in which points that are near are drawn together more strongly, so that groups form before they are placed.
const EARLY: usize = 250;
const EXAGGERATION: f32 = 12.0;
/// Steps between two pictures of the points on their way.
const SHOWN: usize = 5;
/// The standard deviation of the places where points begin.
const START: f32 = 1e-4;

/// Moves points from where they begin; nothing where `watch` ended it.
pub fn lay_out(graph: &Graph, start: &[[f32; 2]], watch: &mut dyn Watch) -> Option<Vec<[f32; 2]>> {
    let mut motion = Motion::of(start);
    for step in 0..STEPS {
        heed();
        if watch.go_on("placing the rows", step, STEPS).is_break() {
            return None;
        }
        if step % SHOWN == 0 {
            watch.moved(&motion.points);
        }
        let is_early = step < EARLY;
        let forces = forces(graph, &motion.points, if is_early { EXAGGERATION } else { 1.0 });
        motion.step(&forces, if is_early { 0.5 } else { 0.8 });
    }
    Some(motion.points)
}

/// The gradient at each point.
fn forces(graph: &Graph, points: &[[f32; 2]], exaggeration: f32) -> Vec<[f32; 2]> {
    let tree = Quadtree::of(points);
    let pushed: Vec<([f32; 2], f32)> = points.par_iter().map(|at| tree.push(*at)).collect();
    let sum: f64 = pushed.iter().map(|(_, sum)| f64::from(*sum)).sum();
    let sum = sum.max(f64::MIN_POSITIVE) as f32;
    let force = |(point, (push, _)): (usize, &([f32; 2], f32))| {
        let mut pull = [0.0; 2];
        for (other, weight) in graph.of(point) {
            let [x, y] = [points[point][0] - points[other][0], points[point][1] - points[other][1]];
            let share = weight / (1.0 + x * x + y * y);
            pull[0] += share * x;
            pull[1] += share * y;
        }
        [0, 1].map(|axis| 4.0 * (exaggeration * pull[axis] - push[axis] / sum))
    };
    pushed.par_iter().enumerate().map(force).collect()
}

/// Points that move, each along each axis at a speed and a gain of its own.
struct Motion {
    points: Vec<[f32; 2]>,
    speeds: Vec<[f32; 2]>,
    gains: Vec<[f32; 2]>,
    rate: f32,
}

impl Motion {
    fn of(start: &[[f32; 2]]) -> Self {
        let count = start.len();
        let mean = start.iter().map(|at| f64::from(at[0])).sum::<f64>() / count.max(1) as f64;
        let variance = start.iter().map(|at| (f64::from(at[0]) - mean).powi(2)).sum::<f64>() / count.max(1) as f64;
        let scale = START / variance.sqrt().max(1e-12) as f32;
        // Points that begin on one another would never part.
        let apart = |(place, at): (usize, &[f32; 2])| {
            let angle = place as f32 * 2.399_963;
            [at[0] * scale + angle.cos() * START * 1e-3, at[1] * scale + angle.sin() * START * 1e-3]
        };
        Self {
            points: start.iter().enumerate().map(apart).collect(),
            speeds: vec![[0.0; 2]; count],
            gains: vec![[1.0; 2]; count],
            rate: (count as f32 / EXAGGERATION / 4.0).max(50.0),
        }
    }

    fn step(&mut self, forces: &[[f32; 2]], momentum: f32) {
        let each = self.points.iter_mut().zip(&mut self.speeds).zip(&mut self.gains).zip(forces);
        for (((point, speed), gain), force) in each {
            for axis in 0..2 {
                let turns = speed[axis] * force[axis] < 0.0;
                gain[axis] = (if turns { gain[axis] + 0.2 } else { gain[axis] * 0.8 }).max(0.01);
                speed[axis] = momentum * speed[axis] - self.rate * gain[axis] * force[axis];
                point[axis] += speed[axis];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::map::fuzzy::probabilities;
    use crate::analysis::points::tests::clouds;

    #[test]
    fn forces_are_the_gradient_of_what_is_minimised() {
        let points = clouds(40, 6, 2);
        let neighbors = points.neighbors(30, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        let graph = probabilities(&neighbors, 8.0);
        let at: Vec<[f32; 2]> = (0..40).map(|place| [(place as f32 * 1.7).sin(), (place as f32 * 0.9).cos()]).collect();
        // Kullback and Leibler's divergence, all pairs counted.
        let divergence = |at: &[[f32; 2]]| -> f64 {
            let near = |a: [f32; 2], b: [f32; 2]| {
                1.0 / (1.0 + f64::from(a[0] - b[0]).powi(2) + f64::from(a[1] - b[1]).powi(2))
            };
            let pairs = (0..40).flat_map(|a| (0..40).filter(move |b| *b != a).map(move |b| (a, b)));
            let sum: f64 = pairs.map(|(a, b)| near(at[a], at[b])).sum();
            graph.edges().map(|(a, b, p)| f64::from(p) * (f64::from(p) / (near(at[a], at[b]) / sum)).ln()).sum()
        };
        let found = forces(&graph, &at, 1.0);
        for (point, axis) in [(0, 0), (7, 1), (23, 0), (39, 1)] {
            let moved = |by: f32| {
                let mut at = at.clone();
                at[point][axis] += by;
                divergence(&at)
            };
            let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            let error = (slope - f64::from(found[point][axis])).abs();
            // Distant points are taken together, so the forces are nearly it.
            assert!(error < 0.03 * slope.abs() + 2e-4, "{slope} and {}", found[point][axis]);
        }
    }
}
