//! A forest of regression trees, and how much of what it predicts varies with one setting alone.
//!
//! A tree divides the box of all settings, each from 0 to 1, into smaller boxes with one value each. What varies with one
//! setting, whatever the others are, then follows from the boxes without any sampling: functional analysis of variance
//! (Hutter, Hoos and Leyton-Brown, 2014, "An Efficient Approach for Assessing Hyperparameter Importance"). Trees are grown
//! on rows drawn with replacement (Breiman, 2001) until each box has one value, as they are not asked to predict alone.

use crate::random::{Purpose, Stream, key};
use crate::stop::heed;

/// More rows than these teach a tree little, and each is drawn as likely as any other.
const MOST_ROWS: usize = 1000;

/// A setting over which boxes are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Range,
    /// So many values, each of which takes the same room.
    Levels(usize),
}

/// Rows of settings from 0 to 1, with a value each.
pub struct Rows<'a> {
    pub sides: &'a [Side],
    pub places: &'a [Vec<f64>],
    pub values: &'a [f64],
}

/// A grown tree.
pub struct Tree {
    nodes: Vec<Node>,
    /// Whether it has learned from a row.
    has_seen: Vec<bool>,
}

enum Node {
    /// Below `at` on a side, and from there on.
    Split {
        side: usize,
        at: f64,
        below: usize,
        above: usize,
    },
    Leaf(f64),
}

/// A box with one value.
struct Room {
    sides: Vec<(f64, f64)>,
    value: f64,
}

impl Tree {
    /// Grows a tree on rows that are drawn by chance, or on all of them once without.
    pub fn grow(rows: &Rows<'_>, chance: Option<(u64, u64)>) -> Self {
        let count = rows.values.len();
        let drawn: Vec<usize> = match chance {
            None => (0..count).collect(),
            Some((seed, number)) => {
                let mut stream = Stream::new(key(seed, Purpose::Importance, &[number]));
                (0..count.min(MOST_ROWS)).map(|_| stream.below(count as u64) as usize).collect()
            }
        };
        let mut has_seen = vec![false; count];
        for row in &drawn {
            has_seen[*row] = true;
        }
        let mut tree = Self { nodes: vec![Node::Leaf(0.0)], has_seen };
        let mut open = vec![(0, drawn)];
        while let Some((place, mut drawn)) = open.pop() {
            heed();
            let Some((side, at)) = best_split(rows, &mut drawn) else {
                let sum: f64 = drawn.iter().map(|row| rows.values[*row]).sum();
                tree.nodes[place] = Node::Leaf(sum / drawn.len().max(1) as f64);
                continue;
            };
            let (below, above) = drawn.into_iter().partition(|row| rows.places[*row][side] < at);
            let first = tree.nodes.len();
            tree.nodes.extend([Node::Leaf(0.0), Node::Leaf(0.0)]);
            tree.nodes[place] = Node::Split { side, at, below: first, above: first + 1 };
            open.extend([(first, below), (first + 1, above)]);
        }
        tree
    }

    pub fn predict(&self, places: &[f64]) -> f64 {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Leaf(value) => return value,
                Node::Split { side, at, below, above } => node = if places[side] < at { below } else { above },
            }
        }
    }

    pub fn has_seen(&self, row: usize) -> bool {
        self.has_seen[row]
    }

    /// Of what the tree predicts, the share of the variance that goes with each side alone; none where all of it is one
    /// value.
    pub fn shares(&self, sides: usize) -> Option<Vec<f64>> {
        let rooms = self.rooms(sides);
        let volume = |room: &Room| room.sides.iter().map(|(from, to)| to - from).product::<f64>();
        let mean: f64 = rooms.iter().map(|room| volume(room) * room.value).sum();
        let variance: f64 = rooms.iter().map(|room| volume(room) * (room.value - mean).powi(2)).sum();
        let size = rooms.iter().map(|room| (room.value - mean).abs()).fold(0.0, f64::max);
        // What is left of a difference by rounding is none.
        if variance <= (size * 1e-9).powi(2) || variance <= 0.0 {
            return None;
        }
        Some((0..sides).map(|side| alone(&rooms, side, mean) / variance).collect())
    }

    fn rooms(&self, sides: usize) -> Vec<Room> {
        let mut rooms = Vec::new();
        let mut open = vec![(0, vec![(0.0, 1.0); sides])];
        while let Some((node, sides)) = open.pop() {
            match self.nodes[node] {
                Node::Leaf(value) => rooms.push(Room { sides, value }),
                Node::Split { side, at, below, above } => {
                    let mut upper = sides.clone();
                    upper[side].0 = at;
                    open.push((above, upper));
                    let mut lower = sides;
                    lower[side].1 = at;
                    open.push((below, lower));
                }
            }
        }
        rooms
    }
}

/// The variance of the mean over all other sides.
fn alone(rooms: &[Room], side: usize, mean: f64) -> f64 {
    let mut cuts: Vec<f64> = rooms.iter().flat_map(|room| [room.sides[side].0, room.sides[side].1]).collect();
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    // What a room adds where it begins, and takes where it ends.
    let mut steps = vec![0.0; cuts.len()];
    for room in rooms {
        let (from, to) = room.sides[side];
        let others: f64 = room
            .sides
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != side)
            .map(|(_, (from, to))| to - from)
            .product();
        let place = |at: f64| cuts.partition_point(|cut| *cut < at);
        steps[place(from)] += others * (room.value - mean);
        steps[place(to)] -= others * (room.value - mean);
    }
    let mut height = 0.0;
    let mut variance = 0.0;
    for (cut, step) in cuts.windows(2).zip(steps) {
        height += step;
        variance += (cut[1] - cut[0]) * height * height;
    }
    variance
}

/// The side and the place that leave the least variance on both sides of it; none where nothing can be divided.
fn best_split(rows: &Rows<'_>, drawn: &mut [usize]) -> Option<(usize, f64)> {
    let value = |row: &usize| rows.values[*row];
    let first = drawn.first().map(value)?;
    if drawn.iter().all(|row| value(row).to_bits() == first.to_bits()) {
        return None;
    }
    let mean = drawn.iter().map(value).sum::<f64>() / drawn.len() as f64;
    let mut best: Option<(f64, usize, f64)> = None;
    for (side, kind) in rows.sides.iter().enumerate() {
        drawn.sort_by(|one, two| rows.places[*one][side].total_cmp(&rows.places[*two][side]));
        let mut sum = 0.0;
        for (place, pair) in drawn.windows(2).enumerate() {
            sum += value(&pair[0]) - mean;
            let (here, next) = (rows.places[pair[0]][side], rows.places[pair[1]][side]);
            let Some(at) = between(*kind, here, next) else { continue };
            let (left, right) = ((place + 1) as f64, (drawn.len() - place - 1) as f64);
            // The sum of all is nothing, so the other side has as much less.
            let gain = sum * sum / left + sum * sum / right;
            if best.is_none_or(|(most, ..)| gain > most) {
                best = Some((gain, side, at));
            }
        }
    }
    best.map(|(_, side, at)| (side, at))
}

/// A place that divides two, in the middle, or where one value ends and the next begins; none where nothing lies between.
fn between(side: Side, here: f64, next: f64) -> Option<f64> {
    let middle = f64::midpoint(here, next);
    let at = match side {
        Side::Range => middle,
        Side::Levels(levels) => (middle * levels as f64 + 1e-9).floor() / levels as f64,
    };
    (here < at && at <= next && here < next).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tree_on_a_whole_grid_is_the_analysis_of_variance_of_its_table() {
        // The table [1, 2; 3, 8; 5, 5]: rows have the means 1.5, 5.5 and 5, columns 3 and 5, all of it 4. The variances are
        // 19/6 of the rows, 1 of the columns, and 16/3 of all six, so rows alone are 19/32 and columns 3/16.
        let (mut places, mut values) = (Vec::new(), Vec::new());
        for (row, line) in [[1.0, 2.0], [3.0, 8.0], [5.0, 5.0]].iter().enumerate() {
            for (column, value) in line.iter().enumerate() {
                places.push(vec![(row as f64 + 0.5) / 3.0, 0.5 * column as f64 + 0.25]);
                values.push(*value);
            }
        }
        let rows = Rows { sides: &[Side::Levels(3), Side::Levels(2)], places: &places, values: &values };
        let tree = Tree::grow(&rows, None);
        for (place, value) in places.iter().zip(&values) {
            assert!((tree.predict(place) - value).abs() < 1e-12);
        }
        let shares = tree.shares(2).unwrap();
        assert!((shares[0] - 19.0 / 32.0).abs() < 1e-12 && (shares[1] - 3.0 / 16.0).abs() < 1e-12, "{shares:?}");
    }

    #[test]
    fn boxes_weigh_what_they_take_of_a_range() {
        // One step at 0.4: 0 on 2/5 and 1 on 3/5 of the range, whatever the second side is.
        let places = vec![vec![0.1, 0.9], vec![0.3, 0.2], vec![0.5, 0.1], vec![0.9, 0.8]];
        let rows = Rows { sides: &[Side::Range, Side::Range], places: &places, values: &[0.0, 0.0, 1.0, 1.0] };
        let tree = Tree::grow(&rows, None);
        assert_eq!((tree.predict(&[0.39, 0.5]), tree.predict(&[0.41, 0.5])), (0.0, 1.0));
        let rooms = tree.rooms(2);
        assert_eq!(rooms.len(), 2);
        let shares = tree.shares(2).unwrap();
        assert!((shares[0] - 1.0).abs() < 1e-12 && shares[1].abs() < 1e-12, "{shares:?}");
    }

    #[test]
    fn one_value_has_no_shares() {
        let places = vec![vec![0.1], vec![0.9]];
        let rows = Rows { sides: &[Side::Range], places: &places, values: &[0.7, 0.7] };
        assert!(Tree::grow(&rows, None).shares(1).is_none());
    }

    #[test]
    fn levels_that_were_not_tried_take_room_on_both_sides() {
        // Of five values the first and the last were tried: the border lies on that of a value.
        assert_eq!(between(Side::Levels(5), 0.1, 0.9), Some(0.4));
        assert_eq!(between(Side::Levels(2), 0.25, 0.75), Some(0.5));
        assert_eq!(between(Side::Range, 0.2, 0.2), None);
    }
}
