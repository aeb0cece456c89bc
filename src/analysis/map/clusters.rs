//! Where rows lie close together on a map: its hills, found by flooding it from above.
//!
//! The density is drawn on a grid. From the highest square down, each joins the hill of a neighbour; where two hills meet
//! they become one, unless the lower rises above the place where they meet by more than chance would have it (Chazal,
//! Guibas, Oudot, Skraba 2013).
//! So nobody has to say how many clusters there are, and a map without any has one.

/// Which cluster each row is in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hills {
    /// By row; clusters are in descending order of their rows.
    pub of: Vec<u32>,
    /// Where each has its top, on the map.
    pub tops: Vec<[f32; 2]>,
    /// How many rows are in each.
    pub rows: Vec<usize>,
}

/// Squares of the grid along each axis, and how far a row is spread over them.
const GRID: usize = 80;
const SPREAD: f32 = 1.6;
/// What the place where hills meet has to be beside the lower top for the two to be one.
const FLAT: f32 = 0.7;
/// Or how many standard errors of so many rows it may lie below it.
const CHANCE: f32 = 2.0;

impl Hills {
    pub fn of(map: &[[f32; 2]]) -> Self {
        let grid = Grid::over(map);
        let hills = flood(&grid.density(map));
        let mut count = vec![0; GRID * GRID];
        let squares: Vec<usize> = map.iter().map(|at| hills[grid.square(*at)]).collect();
        for top in &squares {
            count[*top] += 1;
        }
        let mut tops: Vec<usize> = (0..count.len()).filter(|top| count[*top] > 0).collect();
        tops.sort_by_key(|top| (std::cmp::Reverse(count[*top]), *top));
        let mut number = vec![0; GRID * GRID];
        (0..).zip(&tops).for_each(|(place, top)| number[*top] = place);
        Self {
            of: squares.iter().map(|top| number[*top]).collect(),
            rows: tops.iter().map(|top| count[*top]).collect(),
            tops: tops.iter().map(|top| grid.middle(*top)).collect(),
        }
    }
}

/// Squares over a map.
struct Grid {
    low: [f32; 2],
    side: f32,
}

impl Grid {
    fn over(map: &[[f32; 2]]) -> Self {
        let low = [0, 1].map(|axis| map.iter().fold(f32::INFINITY, |low, at| low.min(at[axis])));
        let high = [0, 1].map(|axis| map.iter().fold(f32::NEG_INFINITY, |high, at| high.max(at[axis])));
        let width = (high[0] - low[0]).max(high[1] - low[1]);
        Self { low, side: if width > 0.0 { width / (GRID - 1) as f32 } else { 1.0 } }
    }

    fn square(&self, at: [f32; 2]) -> usize {
        let [x, y] = [0, 1].map(|axis| (((at[axis] - self.low[axis]) / self.side).max(0.0) as usize).min(GRID - 1));
        y * GRID + x
    }

    fn middle(&self, square: usize) -> [f32; 2] {
        let place = [square % GRID, square / GRID];
        [0, 1].map(|axis| self.low[axis] + (place[axis] as f32 + 0.5) * self.side)
    }

    /// How many rows lie around each square.
    fn density(&self, map: &[[f32; 2]]) -> Vec<f32> {
        let mut counts = vec![0.0; GRID * GRID];
        for at in map {
            counts[self.square(*at)] += 1.0;
        }
        let reach = (3.0 * SPREAD) as isize;
        let bell: Vec<f32> = (-reach..=reach).map(|by| (-0.5 * (by as f32 / SPREAD).powi(2)).exp()).collect();
        let along = |counts: &[f32], by: usize, place: usize, at: usize| -> f32 {
            let share = |(step, share): (usize, &f32)| {
                let other = at as isize + step as isize - reach;
                let is_inside = (0..GRID as isize).contains(&other);
                if is_inside {
                    share * counts[(place as isize + (other - at as isize) * by as isize) as usize]
                } else {
                    0.0
                }
            };
            bell.iter().enumerate().map(share).sum()
        };
        let across: Vec<f32> = (0..GRID * GRID).map(|place| along(&counts, 1, place, place % GRID)).collect();
        (0..GRID * GRID).map(|place| along(&across, GRID, place, place / GRID)).collect()
    }
}

/// For each square the top of the hill that it is part of.
fn flood(density: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..density.len()).collect();
    order.sort_by(|a, b| density[*b].total_cmp(&density[*a]).then(a.cmp(b)));
    let mut part: Vec<usize> = (0..density.len()).collect();
    let mut is_seen = vec![false; density.len()];
    for square in order {
        is_seen[square] = true;
        let mut tops: Vec<usize> =
            beside(square).filter(|other| is_seen[*other]).map(|other| top(&part, other)).collect();
        tops.sort_by(|a, b| density[*b].total_cmp(&density[*a]).then(a.cmp(b)));
        tops.dedup();
        let Some((highest, lower)) = tops.split_first() else { continue };
        part[square] = *highest;
        for other in lower {
            let top = density[*other];
            if density[square] >= FLAT * top || top - density[square] < CHANCE * top.sqrt() {
                part[*other] = *highest;
            }
        }
    }
    (0..density.len()).map(|square| top(&part, square)).collect()
}

fn top(part: &[usize], mut square: usize) -> usize {
    while part[square] != square {
        square = part[square];
    }
    square
}

/// The squares around one.
fn beside(square: usize) -> impl Iterator<Item = usize> {
    let (x, y) = ((square % GRID) as isize, (square / GRID) as isize);
    let steps = (-1..=1).flat_map(|down| (-1..=1).map(move |right| (right, down))).filter(|step| *step != (0, 0));
    let is_inside = |at: isize| (0..GRID as isize).contains(&at);
    steps
        .map(move |(right, down)| (x + right, y + down))
        .filter(move |(x, y)| is_inside(*x) && is_inside(*y))
        .map(|(x, y)| y as usize * GRID + x as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// So many rows around each of some places.
    fn heaps(heaps: &[([f32; 2], usize)]) -> Vec<[f32; 2]> {
        let mut chance = Stream::new(1);
        let mut around = |middle: f32| middle + (0..4).map(|_| chance.unit() as f32 - 0.5).sum::<f32>();
        let rows = heaps.iter().flat_map(|(at, rows)| std::iter::repeat_n(*at, *rows));
        rows.map(|at| at.map(&mut around)).collect()
    }

    #[test]
    fn each_heap_is_a_cluster_and_the_largest_is_the_first() {
        let map = heaps(&[([0.0, 0.0], 100), ([9.0, 1.0], 300), ([4.0, 8.0], 200)]);
        let hills = Hills::of(&map);
        assert_eq!(hills.rows.iter().sum::<usize>(), 600);
        assert_eq!(hills.rows[..3], [300, 200, 100]);
        assert_eq!((hills.of[0], hills.of[100], hills.of[599]), (2, 0, 1));
        let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        assert!(distance(hills.tops[0], [9.0, 1.0]) < 1.0, "{:?}", hills.tops[0]);
    }

    #[test]
    fn one_heap_and_one_place_are_one_cluster() {
        assert_eq!(Hills::of(&heaps(&[([3.0, 3.0], 4000)])).rows, [4000]);
        let one = Hills::of(&[[2.0, 2.0]; 5]);
        assert_eq!((one.rows, one.of), (vec![5], vec![0; 5]));
        assert!(Hills::of(&[]).tops.is_empty());
    }
}
