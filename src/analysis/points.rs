//! Points of a space with many dimensions, and which of them lie next to each other.

use std::cmp::Ordering;
use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use crate::model::ops::matrix::{Into as Product, Mat, MatMut, Threads, matmul};
use crate::stop::heed;

/// Points, one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub width: usize,
    pub values: Vec<f32>,
}

/// For each point others that are near, the nearest first, and how far they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbors {
    /// Of each point.
    pub count: usize,
    pub places: Vec<u32>,
    pub distances: Vec<f32>,
}

impl Neighbors {
    pub fn of(&self, point: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let own = point * self.count..(point + 1) * self.count;
        self.places[own.clone()].iter().map(|place| *place as usize).zip(self.distances[own].iter().copied())
    }
}

/// Points that are compared with all others at once, and others that they are compared with.
const ROWS: usize = 256;
const COLUMNS: usize = 2048;
/// Near points that are found by products are measured again, because a difference of products is not exact; these are
/// measured beside those that are wanted, so that none is missed by it.
const SPARE: usize = 8;

impl Points {
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn get(&self, place: usize) -> &[f32] {
        &self.values[place * self.width..(place + 1) * self.width]
    }

    /// Some of them.
    #[must_use]
    pub fn of(&self, places: &[usize]) -> Self {
        Self { width: self.width, values: places.iter().flat_map(|place| self.get(*place)).copied().collect() }
    }

    /// The middle of all points.
    pub fn mean(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for point in self.values.chunks_exact(self.width.max(1)) {
            sums.iter_mut().zip(point).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let count = self.len().max(1) as f64;
        sums.into_iter().map(|sum| sum / count).collect()
    }

    /// The same points around a middle of 0.
    #[must_use]
    pub fn centred(&self, mean: &[f64]) -> Self {
        let centre = |(value, mean): (&f32, &f64)| (f64::from(*value) - mean) as f32;
        let values = self.values.chunks_exact(self.width.max(1)).flat_map(|point| point.iter().zip(mean).map(centre));
        Self { width: self.width, values: values.collect() }
    }

    /// The `count` points next to each, by exact Euclidean distances; of equal ones the first. `go_on` hears how many
    /// points are done; nothing where it ended it.
    pub fn neighbors(&self, count: usize, go_on: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Option<Neighbors> {
        let count = count.min(self.len().saturating_sub(1));
        let search = Search::new(self);
        let mut found = Neighbors { count, ..Neighbors::default() };
        for start in (0..self.len()).step_by(ROWS) {
            heed();
            if go_on(start).is_break() {
                return None;
            }
            let rows: Vec<u32> = (start as u32..(start + ROWS).min(self.len()) as u32).collect();
            let near = search.near(&rows, count + SPARE);
            let nearest: Vec<Vec<(f32, u32)>> =
                near.par_iter().zip(rows).map(|(near, row)| self.measured(row, near, count)).collect();
            for (distance, place) in nearest.into_iter().flatten() {
                found.places.push(place);
                found.distances.push(distance);
            }
        }
        go_on(self.len()).is_continue().then_some(found)
    }

    /// Exact distances from one point to some, the nearest first.
    fn measured(&self, row: u32, near: &[u32], count: usize) -> Vec<(f32, u32)> {
        let own = self.get(row as usize);
        let measure = |place: &u32| (distance(own, self.get(*place as usize)), *place);
        let mut exact: Vec<(f32, u32)> = near.iter().map(measure).collect();
        exact.sort_by(|a, b| nearer(*a, *b));
        exact.truncate(count);
        exact
    }

    /// The points next to another, nearest first.
    pub fn nearest(&self, to: &[f32], count: usize) -> Vec<(f32, u32)> {
        let mut all: Vec<(f32, u32)> =
            (0..self.len()).map(|place| (distance(to, self.get(place)), place as u32)).collect();
        all.sort_by(|a, b| nearer(*a, *b));
        all.truncate(count);
        all
    }
}

/// The Euclidean distance, summed in `f64`.
pub fn distance(left: &[f32], right: &[f32]) -> f32 {
    let square = |(left, right): (&f32, &f32)| (f64::from(*left) - f64::from(*right)).powi(2);
    left.iter().zip(right).map(square).sum::<f64>().sqrt() as f32
}

/// Points that are compared by products: the square of a distance is that of either point less twice their product.
pub struct Search {
    centred: Points,
    squares: Vec<f32>,
}

impl Search {
    pub fn new(points: &Points) -> Self {
        // Far from 0 the products would be large, and their differences rounded away.
        let centred = points.centred(&points.mean());
        let square = |point: &[f32]| point.iter().map(|value| value * value).sum();
        let squares = centred.values.chunks_exact(points.width.max(1)).map(square).collect();
        Self { centred, squares }
    }

    /// The squares of the distances from some points to others in a row, nearly.
    pub fn squares(&self, rows: &[u32], columns: Range<usize>) -> Vec<f32> {
        let width = self.centred.width;
        let block: Vec<f32> = rows.iter().flat_map(|row| self.centred.get(*row as usize)).copied().collect();
        let others = &self.centred.values[columns.start * width..columns.end * width];
        let mut squares = vec![0.0; rows.len() * columns.len()];
        matmul(
            MatMut::new(&mut squares, rows.len(), columns.len()),
            Product::Set,
            Mat::new(&block, rows.len(), width),
            Mat::new(others, columns.len(), width).transposed(),
            Threads::All,
        );
        squares.par_chunks_exact_mut(columns.len().max(1)).zip(rows).for_each(|(row, own)| {
            let own = self.squares[*own as usize];
            row.iter_mut()
                .zip(&self.squares[columns.clone()])
                .for_each(|(value, other)| *value = own + other - 2.0 * *value);
        });
        squares
    }

    /// Of each of some points the nearest others, in no order.
    fn near(&self, rows: &[u32], keep: usize) -> Vec<Vec<u32>> {
        let mut kept: Vec<Nearest> = rows.iter().map(|row| Nearest::of(*row, keep)).collect();
        for first in (0..self.centred.len()).step_by(COLUMNS) {
            let columns = first..(first + COLUMNS).min(self.centred.len());
            let squares = self.squares(rows, columns.clone());
            let each = kept.par_iter_mut().zip(squares.par_chunks_exact(columns.len()));
            each.for_each(|(nearest, squares)| nearest.see(first, squares));
        }
        kept.into_iter().map(Nearest::places).collect()
    }
}

/// The nearest points that were seen so far, and some more.
struct Nearest {
    own: u32,
    keep: usize,
    kept: Vec<(f32, u32)>,
    /// From where on a point is too far.
    limit: f32,
}

impl Nearest {
    fn of(own: u32, keep: usize) -> Self {
        Self { own, keep, kept: Vec::new(), limit: f32::INFINITY }
    }

    fn see(&mut self, first: usize, squares: &[f32]) {
        for (place, square) in (first as u32..).zip(squares) {
            if *square < self.limit && place != self.own {
                self.kept.push((*square, place));
                if self.kept.len() >= 4 * self.keep {
                    self.thin();
                }
            }
        }
    }

    /// Lets go of all but the nearest.
    fn thin(&mut self) {
        if self.kept.len() > self.keep {
            self.kept.select_nth_unstable_by(self.keep - 1, |a, b| nearer(*a, *b));
            self.kept.truncate(self.keep);
            self.limit = self.kept[self.keep - 1].0;
        }
    }

    fn places(mut self) -> Vec<u32> {
        self.thin();
        self.kept.into_iter().map(|(_, place)| place).collect()
    }
}

/// The order of distance, and where that is equal of place.
fn nearer(a: (f32, u32), b: (f32, u32)) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::random::Stream;

    /// Points by chance, around as many middles, far from 0.
    pub fn clouds(count: usize, width: usize, clouds: u64) -> Points {
        let mut chance = Stream::new(7);
        let middles: Vec<f64> = (0..clouds * width as u64).map(|_| 100.0 + 6.0 * chance.unit()).collect();
        let mut values = Vec::new();
        for point in 0..count {
            let own = &middles[(point as u64 % clouds) as usize * width..][..width];
            values.extend(own.iter().map(|middle| (middle + chance.unit()) as f32));
        }
        Points { width, values }
    }

    #[test]
    fn neighbors_are_those_that_measuring_all_finds() {
        let points = clouds(700, 24, 5);
        let mut heard = Vec::new();
        let found = points.neighbors(12, &mut |done| {
            heard.push(done);
            ControlFlow::Continue(())
        });
        let found = found.unwrap();
        assert_eq!(heard, [0, 256, 512, 700]);
        for place in 0..points.len() {
            let mut all = points.nearest(points.get(place), 13);
            all.retain(|(_, other)| *other as usize != place);
            let near: Vec<(f32, u32)> = found.of(place).map(|(place, distance)| (distance, place as u32)).collect();
            assert_eq!(near, all[..12], "point {place}");
        }
    }

    #[test]
    fn points_that_are_one_and_the_same_are_neighbors_and_few_have_few() {
        let go_on = &mut |_| ControlFlow::Continue(());
        let same = Points { width: 3, values: [0.5, -2.0, 9.0].repeat(40) };
        let found = same.neighbors(5, go_on).unwrap();
        assert!(found.distances.iter().all(|distance| *distance == 0.0) && found.places.len() == 200);
        assert!((0..40).all(|place| found.of(place).all(|(other, _)| other != place)));
        let two = Points { width: 1, values: vec![1.0, 4.0] };
        let found = two.neighbors(15, go_on).unwrap();
        assert_eq!((found.count, found.places, found.distances), (1, vec![1, 0], vec![3.0, 3.0]));
        let one = Points { width: 1, values: vec![1.0] };
        assert_eq!(one.neighbors(15, go_on).unwrap().count, 0);
        assert!(same.neighbors(5, &mut |_| ControlFlow::Break(())).is_none());
    }
}
