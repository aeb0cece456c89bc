//! How far a map can be believed: whether the rows that lie next to each other on it are next to each other in the model.
//!
//! Trustworthiness (Venna and Kaski 2001) is 1 where every neighbour on the map is one in the model too, and loses with
//! each that is not by how far away it really is. Of many rows it is measured on some, against all.

use rayon::prelude::*;

use crate::analysis::points::{Points, Search};
use crate::stop::heed;

/// A measure, and on how many rows it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trust {
    pub value: f64,
    pub measured_on: usize,
    /// The nearest rows that it goes by; none where there are too few rows to tell.
    pub neighbors: usize,
}

/// Rows that it is measured on at most: its error is then below 0.01.
const MOST: usize = 1000;
/// Rows at once.
const BLOCK: usize = 128;

/// The trustworthiness of a map, by the `count` nearest on it.
pub fn trust(points: &Points, map: &[[f32; 2]], count: usize) -> Trust {
    let total = points.len();
    let count = count.min(total.saturating_sub(2) / 2);
    if count == 0 {
        return Trust { value: 1.0, measured_on: total, neighbors: 0 };
    }
    let measured = total.min(MOST);
    let rows: Vec<u32> = (0..measured).map(|row| (row * total / measured) as u32).collect();
    let search = Search::new(points);
    let mut lost = 0.0;
    for rows in rows.chunks(BLOCK) {
        heed();
        let squares = search.squares(rows, 0..total);
        let each = rows.par_iter().zip(squares.par_chunks_exact(total));
        lost += each.map(|(row, squares)| strangers(*row as usize, squares, map, count)).sum::<u64>() as f64;
    }
    let worst = (rows.len() * count) as f64 * (2.0 * total as f64 - 3.0 * count as f64 - 1.0);
    Trust { value: 1.0 - 2.0 / worst * lost, measured_on: rows.len(), neighbors: count }
}

/// By how many ranks the neighbours of a row on the map miss being neighbours, all together.
fn strangers(row: usize, squares: &[f32], map: &[[f32; 2]], count: usize) -> u64 {
    let distance = |other: usize| {
        let [x, y] = [map[row][0] - map[other][0], map[row][1] - map[other][1]];
        x * x + y * y
    };
    let mut near: Vec<(f32, usize)> =
        (0..map.len()).filter(|other| *other != row).map(|other| (distance(other), other)).collect();
    near.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    near.truncate(count);
    let rank = |other: usize| {
        let own = squares[other];
        let nearer =
            |(place, square): (usize, &f32)| place != row && (*square < own || (*square == own && place < other));
        squares.iter().enumerate().filter(|one| nearer(*one)).count() + 1
    };
    near.into_iter().map(|(_, other)| rank(other).saturating_sub(count) as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_that_keeps_neighbors_is_trusted_and_one_by_chance_is_not() {
        let values: Vec<f32> =
            (0..120).flat_map(|place| [(place as f32 * 0.7).sin() * 9.0, (place as f32 * 1.9).cos() * 5.0]).collect();
        let same: Vec<[f32; 2]> = values.chunks(2).map(|at| [at[0], at[1]]).collect();
        let points = Points { width: 2, values };
        assert_eq!(trust(&points, &same, 10), Trust { value: 1.0, measured_on: 120, neighbors: 10 });
        let turned: Vec<[f32; 2]> = (0..120).map(|place| same[place * 47 % 120]).collect();
        let by_chance = trust(&points, &turned, 10).value;
        assert!((0.4..0.65).contains(&by_chance), "{by_chance}");
        assert_eq!(trust(&Points { width: 1, values: vec![1.0, 2.0] }, &same[..2], 15).value, 1.0);
    }
}
