//! Points of the plane in squares within squares, so that what many distant ones do together is counted once (Barnes and
//! Hut 1986).

/// How wide a square may be beside its distance and still be taken as one (van der Maaten 2014).
const ANGLE: f32 = 0.5;
/// Squares within each other; points on one another would part them for ever.
const DEEPEST: usize = 32;
const NONE: u32 = u32::MAX;

/// A square with points in it.
#[derive(Clone, Copy, Debug)]
struct Square {
    sum: [f32; 2],
    /// Of all its points, once all are there.
    middle: [f32; 2],
    count: f32,
    width: f32,
    children: [u32; 4],
    is_parted: bool,
}

#[derive(Debug)]
pub struct Quadtree {
    squares: Vec<Square>,
}

impl Quadtree {
    pub fn of(points: &[[f32; 2]]) -> Self {
        let low = |axis: usize| points.iter().fold(f32::INFINITY, |low, at| low.min(at[axis]));
        let high = |axis: usize| points.iter().fold(f32::NEG_INFINITY, |high, at| high.max(at[axis]));
        let (low, high) = ([low(0), low(1)], [high(0), high(1)]);
        let width = (high[0] - low[0]).max(high[1] - low[1]).max(f32::MIN_POSITIVE);
        let centre = [f32::midpoint(low[0], high[0]), f32::midpoint(low[1], high[1])];
        let mut tree = Self { squares: vec![Square::of(width)] };
        for at in points {
            tree.put(*at, centre, width);
        }
        tree.squares.iter_mut().for_each(|square| square.middle = square.mean());
        tree
    }

    fn put(&mut self, at: [f32; 2], mut centre: [f32; 2], mut width: f32) {
        let mut own = 0;
        for depth in 0.. {
            let square = &mut self.squares[own];
            let was_single = (square.count > 0.0 && !square.is_parted).then(|| square.mean());
            square.sum = [square.sum[0] + at[0], square.sum[1] + at[1]];
            square.count += 1.0;
            if square.count == 1.0 || depth == DEEPEST {
                return;
            }
            if let Some(other) = was_single {
                // Whoever was here alone goes one down; on one another they stay together.
                if other == at {
                    return;
                }
                let moved = self.squares[own].count - 1.0;
                self.squares[own].is_parted = true;
                let (child, ..) = self.child(own, other, centre, width);
                let child = &mut self.squares[child];
                (child.sum, child.count) = ([other[0] * moved, other[1] * moved], moved);
            }
            (own, centre, width) = self.child(own, at, centre, width);
        }
    }

    /// The quarter of a square that a point lies in, which is made where it is not there, with its middle and width.
    fn child(&mut self, own: usize, at: [f32; 2], centre: [f32; 2], width: f32) -> (usize, [f32; 2], f32) {
        let (right, below) = (at[0] > centre[0], at[1] > centre[1]);
        let quarter = usize::from(right) + 2 * usize::from(below);
        let half = width / 2.0;
        if self.squares[own].children[quarter] == NONE {
            self.squares[own].children[quarter] = self.squares.len() as u32;
            self.squares.push(Square::of(half));
        }
        let step = |is_far: bool| if is_far { half / 2.0 } else { -half / 2.0 };
        let centre = [centre[0] + step(right), centre[1] + step(below)];
        (self.squares[own].children[quarter] as usize, centre, half)
    }

    /// What pushes a point, each by its square of 1 / (1 + d²), and the sum of these, the point itself left out.
    pub fn push(&self, at: [f32; 2]) -> ([f32; 2], f32) {
        let (mut push, mut sum) = ([0.0; 2], 0.0);
        let mut open = Vec::with_capacity(4 * DEEPEST);
        open.push(0_u32);
        while let Some(place) = open.pop() {
            let square = &self.squares[place as usize];
            let [x, y] = [at[0] - square.middle[0], at[1] - square.middle[1]];
            let distance = x * x + y * y;
            if square.is_parted && square.width * square.width >= ANGLE * ANGLE * distance {
                open.extend(square.children.iter().filter(|child| **child != NONE));
                continue;
            }
            let near = 1.0 / (1.0 + distance);
            let share = square.count * near;
            sum += share;
            push[0] += share * near * x;
            push[1] += share * near * y;
        }
        // The point itself is at no distance and pushes nowhere.
        (push, sum - 1.0)
    }
}

impl Square {
    fn of(width: f32) -> Self {
        Self { sum: [0.0; 2], middle: [0.0; 2], count: 0.0, width, children: [NONE; 4], is_parted: false }
    }

    fn mean(&self) -> [f32; 2] {
        [self.sum[0] / self.count.max(1.0), self.sum[1] / self.count.max(1.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn distant_points_together_push_as_each_by_itself() {
        let mut chance = Stream::new(3);
        let mut points: Vec<[f32; 2]> =
            (0..800).map(|_| [chance.unit() as f32 * 40.0, chance.unit() as f32 * 25.0]).collect();
        points.extend([points[0], points[0], points[5]]);
        let tree = Quadtree::of(&points);
        for own in [0, 5, 99, 700] {
            let (mut push, mut sum) = ([0.0_f32; 2], 0.0_f32);
            for other in points.iter().enumerate().filter(|(place, _)| *place != own).map(|(_, at)| *at) {
                let [x, y] = [points[own][0] - other[0], points[own][1] - other[1]];
                let near = 1.0 / (1.0 + x * x + y * y);
                sum += near;
                push = [push[0] + near * near * x, push[1] + near * near * y];
            }
            let (found, found_sum) = tree.push(points[own]);
            assert!((found_sum / sum - 1.0).abs() < 0.02, "{found_sum} and {sum}");
            for axis in 0..2 {
                assert!((found[axis] - push[axis]).abs() < 0.03 * sum.max(1.0), "{found:?} and {push:?}");
            }
        }
    }

    #[test]
    fn no_points_and_points_on_one_another_have_a_tree() {
        assert_eq!(Quadtree::of(&[[2.0, 2.0]; 9]).push([2.0, 2.0]), ([0.0; 2], 8.0));
        assert_eq!(Quadtree::of(&[[2.0, 2.0]]).push([2.0, 2.0]), ([0.0; 2], 0.0));
    }
}
