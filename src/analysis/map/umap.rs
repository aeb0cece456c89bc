//! UMAP (McInnes, Healy, Melville 2018): points are moved until those that belong together in many dimensions are
//! neighbours in two.
//!
//! What is minimised, its sampling and its settings are those of umap-learn 0.5; it begins from the principal components,
//! because the start decides how far the large structure is kept (Kobak and Linderman 2021). One thread does it, point
//! after point, so that a seed has one map: threads that move the same points have another each time.

use super::fuzzy::Graph;
use super::watch::Watch;
use crate::random::{Purpose, Stream, key};
use crate::stop::heed;

/// The curve 1 / (1 + a d^2b) that is nearest to being 1 up to a distance of 0.1 and falling off with a width of 1 from
/// there on, as umap-learn fits it for `min_dist` 0.1 and `spread` 1.
const A: f32 = 1.576_943_5;
const B: f32 = 0.895_060_9;
/// Points that are pushed away for each that is drawn near.
const PUSHED: f32 = 5.0;
/// The farthest step along one axis, before the rate.
const LONGEST: f32 = 4.0;
/// Width of the place that points begin in.
const WIDTH: f32 = 10.0;
/// Epochs between two pictures of the points on their way.
const SHOWN: usize = 5;

/// Fewer epochs are enough where there are many points, each of which has as many neighbours.
pub fn epochs(points: usize) -> usize {
    if points <= 10_000 { 500 } else { 200 }
}

/// Moves points from where they begin; nothing where `watch` ended it.
pub fn lay_out(graph: &Graph, start: &[[f32; 2]], seed: u64, watch: &mut dyn Watch) -> Option<Vec<[f32; 2]>> {
    let epochs = epochs(start.len());
    let mut points = spread(start, seed);
    let mut edges = Edges::of(graph, epochs);
    let mut chance = Stream::new(key(seed, Purpose::Map, &[1]));
    for epoch in 0..epochs {
        heed();
        if watch.go_on("placing the rows", epoch, epochs).is_break() {
            return None;
        }
        if epoch % SHOWN == 0 {
            watch.moved(&points);
        }
        let rate = 1.0 - epoch as f32 / epochs as f32;
        edges.pull(epoch as f32, rate, &mut points, &mut chance);
    }
    Some(points)
}

/// The start stretched over the whole place, and shaken a little: of points on one another each goes its own way.
fn spread(start: &[[f32; 2]], seed: u64) -> Vec<[f32; 2]> {
    let mut chance = Stream::new(key(seed, Purpose::Map, &[0]));
    let most = start.iter().flatten().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    let mut shaken = |value: f32| value / most * WIDTH + (chance.unit() as f32 - 0.5) * 2e-4;
    let mut points: Vec<[f32; 2]> = start.iter().map(|at| at.map(&mut shaken)).collect();
    for axis in 0..2 {
        let low = points.iter().fold(f32::INFINITY, |low, at| low.min(at[axis]));
        let high = points.iter().fold(f32::NEG_INFINITY, |high, at| high.max(at[axis]));
        let scale = WIDTH / (high - low).max(f32::MIN_POSITIVE);
        for at in &mut points {
            at[axis] = (at[axis] - low) * scale;
        }
    }
    points
}

/// Pairs of points that belong together, and when each is drawn near next: the stronger, the more often.
struct Edges {
    ends: Vec<(u32, u32)>,
    /// Epochs from one time to the next.
    every: Vec<f32>,
    next: Vec<f32>,
    next_pushed: Vec<f32>,
}

impl Edges {
    fn of(graph: &Graph, epochs: usize) -> Self {
        let strongest = graph.edges().fold(0.0_f32, |most, (.., weight)| most.max(weight));
        let least = strongest / epochs as f32;
        // Those that are too weak to be drawn once are left out.
        let kept: Vec<(usize, usize, f32)> = graph.edges().filter(|(.., weight)| *weight >= least).collect();
        let every: Vec<f32> = kept.iter().map(|(.., weight)| strongest / weight).collect();
        Self {
            ends: kept.iter().map(|(from, to, _)| (*from as u32, *to as u32)).collect(),
            next: every.clone(),
            next_pushed: every.iter().map(|every| every / PUSHED).collect(),
            every,
        }
    }

    /// One epoch.
    fn pull(&mut self, epoch: f32, rate: f32, points: &mut [[f32; 2]], chance: &mut Stream) {
        let count = points.len() as u64;
        for edge in 0..self.ends.len() {
            if self.next[edge] > epoch {
                continue;
            }
            let (from, to) = (self.ends[edge].0 as usize, self.ends[edge].1 as usize);
            let step = drawn(points[from], points[to]);
            for axis in 0..2 {
                points[from][axis] += step[axis] * rate;
                points[to][axis] -= step[axis] * rate;
            }
            self.next[edge] += self.every[edge];
            let every_pushed = self.every[edge] / PUSHED;
            let times = ((epoch - self.next_pushed[edge]) / every_pushed).max(0.0) as usize;
            for _ in 0..times {
                let other = chance.below(count) as usize;
                if other != from {
                    let step = pushed(points[from], points[other]);
                    (0..2).for_each(|axis| points[from][axis] += step[axis] * rate);
                }
            }
            self.next_pushed[edge] += times as f32 * every_pushed;
        }
    }
}

/// The step of a point towards one that it belongs to.
fn drawn(own: [f32; 2], other: [f32; 2]) -> [f32; 2] {
    let [x, y] = [own[0] - other[0], own[1] - other[1]];
    let square = x * x + y * y;
    if square <= 0.0 {
        return [0.0; 2];
    }
    let power = square.powf(B);
    let share = -2.0 * A * B * power / (square * (A * power + 1.0));
    [x, y].map(|along| (share * along).clamp(-LONGEST, LONGEST))
}

/// The step of a point away from one that it does not belong to.
fn pushed(own: [f32; 2], other: [f32; 2]) -> [f32; 2] {
    let [x, y] = [own[0] - other[0], own[1] - other[1]];
    let square = x * x + y * y;
    if square <= 0.0 {
        return [0.0; 2];
    }
    let share = 2.0 * B / ((0.001 + square) * (A * square.powf(B) + 1.0));
    [x, y].map(|along| (share * along).clamp(-LONGEST, LONGEST))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::analysis::map::fuzzy::simplicial;
    use crate::analysis::map::watch::Unwatched;
    use crate::analysis::map::{Pca, Points};
    use crate::analysis::points::tests::clouds;

    fn laid(points: &Points, seed: u64) -> Vec<[f32; 2]> {
        let graph = simplicial(&points.neighbors(14, &mut |_| ControlFlow::Continue(())).unwrap());
        lay_out(&graph, &Pca::of(points, 2).plane(points), seed, &mut Unwatched).unwrap()
    }

    #[test]
    fn clouds_that_lie_apart_lie_apart_on_the_map() {
        let points = clouds(150, 16, 3);
        let map = laid(&points, 1);
        let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        for (place, at) in map.iter().enumerate() {
            let mut others: Vec<(f32, usize)> =
                map.iter().enumerate().map(|(other, to)| (distance(*at, *to), other)).collect();
            others.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(others[1..11].iter().all(|(_, other)| other % 3 == place % 3), "point {place}");
        }
    }

    #[test]
    fn a_seed_has_one_map() {
        let points = clouds(60, 8, 2);
        let bits = |map: &[[f32; 2]]| map.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&laid(&points, 5)), bits(&laid(&points, 5)));
        assert_ne!(bits(&laid(&points, 5)), bits(&laid(&points, 6)));
    }

    #[test]
    fn two_points_and_points_on_one_another_have_a_map() {
        let two = Points { width: 2, values: vec![0.0, 1.0, 5.0, 5.0] };
        let same = Points { width: 2, values: [1.0, 2.0].repeat(30) };
        for points in [two, same] {
            let map = laid(&points, 1);
            assert!(map.iter().flatten().all(|value| value.is_finite()), "{map:?}");
        }
    }
}
