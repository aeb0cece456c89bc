//! Matrices rounded to bfloat16 and cut into tiles of a kilobyte, in the order in which the kernels read them.
//!
//! A tile has 16 lines of 16 pairs. On the left of a product a line is a row and its pairs are neighbours in the depth
//! over which is summed; on the right a line is a pair of depths, of 16 columns. Beyond the matrix there are zeros, which
//! add nothing. Rounding is to the nearest, ties to even.

use rayon::prelude::*;

use super::kernel::{BLOCK, DEPTH, SIDE, Tile};
use crate::model::ops::buffer::Buffer;
use crate::model::ops::simd::wide;

/// Tiles side by side that are filled together, so that the rows of a matrix are read in long runs.
const TOGETHER: usize = 32;
/// Tiles along the depth that a task fills.
const PART: usize = 8;

/// The left factor of a product.
#[derive(Debug)]
pub struct Left(Tiles);

/// The right factor of a product.
#[derive(Debug)]
pub struct Right(Tiles);

/// For each 16 rows or columns the tiles along the depth.
#[derive(Debug)]
struct Tiles {
    side: usize,
    depth: usize,
    all: Buffer<Tile>,
}

impl Left {
    /// A matrix with rows of `width`, over which is summed.
    pub fn along(x: &[f32], width: usize) -> Self {
        Self(Tiles::along(x, width, |_| {}))
    }

    /// The transpose of a matrix with rows of `width`: its rows are summed over.
    pub fn across(x: &[f32], width: usize) -> Self {
        Self(Tiles::across(x, width, turn))
    }

    pub fn rows(&self) -> usize {
        self.0.side
    }

    pub fn depth(&self) -> usize {
        self.0.depth
    }

    /// The tiles of the rows of a block.
    pub(super) fn block(&self, block: usize) -> [&[Tile]; 2] {
        self.0.block(block)
    }
}

impl Right {
    /// The transpose of a matrix with rows of `width`, over which is summed.
    pub fn along(x: &[f32], width: usize) -> Self {
        Self(Tiles::along(x, width, turn))
    }

    /// A matrix with rows of `width`, whose rows are summed over.
    pub fn across(x: &[f32], width: usize) -> Self {
        Self(Tiles::across(x, width, |_| {}))
    }

    pub fn columns(&self) -> usize {
        self.0.side
    }

    pub fn depth(&self) -> usize {
        self.0.depth
    }

    /// The tiles of the columns of a block.
    pub(super) fn block(&self, block: usize) -> [&[Tile]; 2] {
        self.0.block(block)
    }
}

impl Tiles {
    fn new(side: usize, depth: usize) -> Self {
        let all = Buffer::of(side.div_ceil(BLOCK) * (BLOCK / SIDE) * depth.div_ceil(DEPTH));
        Self { side, depth, all }
    }

    fn block(&self, block: usize) -> [&[Tile]; 2] {
        let depth = self.depth.div_ceil(DEPTH);
        let (first, second) = self.all[2 * block * depth..][..2 * depth].split_at(depth);
        [first, second]
    }

    fn along(x: &[f32], width: usize, turn: impl Fn(&mut Tile) + Sync) -> Self {
        let mut made = Self::new(x.len() / width, width);
        let (side, depth) = (made.side, width.div_ceil(DEPTH));
        made.all.par_chunks_mut(depth.max(1)).enumerate().for_each(|(block, tiles)| {
            let rows = block * SIDE..side.min((block + 1) * SIDE);
            wide(
                #[inline(always)]
                || {
                    for (at, tile) in tiles.iter_mut().enumerate() {
                        fill_along(tile, x.get(rows.start * width..rows.end * width), width, at * DEPTH);
                        turn(tile);
                    }
                },
            );
        });
        made
    }

    fn across(x: &[f32], width: usize, turn: impl Fn(&mut Tile) + Sync) -> Self {
        let rows = x.len() / width;
        let mut made = Self::new(width, rows);
        let depth = rows.div_ceil(DEPTH);
        let parts = depth.div_ceil(PART);
        let groups = made.all.len().checked_div(depth).unwrap_or(0).div_ceil(TOGETHER);
        let mut tasks: Vec<Vec<&mut [Tile]>> = (0..groups * parts).map(|_| Vec::with_capacity(TOGETHER)).collect();
        for (side, tiles) in made.all.chunks_mut(depth.max(1)).enumerate() {
            for (part, tiles) in tiles.chunks_mut(PART).enumerate() {
                tasks[side / TOGETHER * parts + part].push(tiles);
            }
        }
        tasks.into_par_iter().enumerate().for_each(|(task, mut tiles)| {
            let (first, part) = (task / parts * TOGETHER * SIDE, task % parts);
            let mut together = Buffer::<Tile>::of(tiles.len());
            let depths = tiles.first().map_or(0, |tiles| tiles.len());
            wide(
                #[inline(always)]
                || {
                    for at in 0..depths {
                        let depth = (part * PART + at) * DEPTH;
                        let rows = &x[depth * width..rows.min(depth + DEPTH) * width];
                        fill_across(&mut together, rows, width, first);
                        for (tiles, tile) in tiles.iter_mut().zip(&mut *together) {
                            turn(tile);
                            tiles[at] = *tile;
                        }
                    }
                },
            );
        });
        made
    }
}

/// The nearest bfloat16 in the upper half; what is no number stays none.
#[inline(always)]
fn round(x: f32) -> u32 {
    let bits = x.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    if bits & 0x7fff_ffff > 0x7f80_0000 { bits | 0x0040_0000 } else { nearest }
}

#[inline(always)]
fn pair(low: f32, high: f32) -> u32 {
    round(low) >> 16 | round(high) & 0xffff_0000
}

/// Lines from rows of a matrix, if there are any, from a column on.
#[inline(always)]
fn fill_along(tile: &mut Tile, rows: Option<&[f32]>, width: usize, first: usize) {
    let rows = rows.unwrap_or(&[]);
    if rows.len() == SIDE * width && first + DEPTH <= width {
        for (line, row) in tile.0.chunks_exact_mut(SIDE).zip(rows.chunks_exact(width)) {
            for (pair_of, two) in line.iter_mut().zip(row[first..][..DEPTH].chunks_exact(2)) {
                *pair_of = pair(two[0], two[1]);
            }
        }
        return;
    }
    tile.0.fill(0);
    for (line, row) in tile.0.chunks_exact_mut(SIDE).zip(rows.chunks_exact(width)) {
        for (pair_of, two) in line.iter_mut().zip(row[first..].chunks(2)) {
            *pair_of = pair(two[0], two.get(1).copied().unwrap_or_default());
        }
    }
}

/// Lines of neighbouring tiles from pairs of rows of a matrix, from a column on: row after row, as they lie.
#[inline(always)]
fn fill_across(tiles: &mut [Tile], rows: &[f32], width: usize, first: usize) {
    if rows.len() < DEPTH * width || first + tiles.len() * SIDE > width {
        tiles.fill(Tile::default());
    }
    for (line, two) in rows.chunks(2 * width).enumerate() {
        let (low, high) = two.split_at(width);
        let low = low.get(first..).unwrap_or(&[]);
        let high = high.get(first..).unwrap_or(&[]);
        for (at, tile) in tiles.iter_mut().enumerate() {
            let line = &mut tile.0[line * SIDE..][..SIDE];
            let columns = at * SIDE..(at + 1) * SIDE;
            if let (Some(low), Some(high)) = (low.get(columns.clone()), high.get(columns)) {
                for (pair_of, (low, high)) in line.iter_mut().zip(low.iter().zip(high)) {
                    *pair_of = pair(*low, *high);
                }
            } else {
                for (column, (pair_of, low)) in (at * SIDE..).zip(line.iter_mut().zip(low.iter().skip(at * SIDE))) {
                    *pair_of = pair(*low, high.get(column).copied().unwrap_or_default());
                }
            }
        }
    }
}

/// The transpose, by exchanging ever smaller quarters.
#[inline(always)]
fn turn(tile: &mut Tile) {
    exchange::<8>(tile);
    exchange::<4>(tile);
    exchange::<2>(tile);
    exchange::<1>(tile);
}

#[inline(always)]
fn exchange<const WIDTH: usize>(tile: &mut Tile) {
    for first in 0..SIDE {
        if first & WIDTH != 0 {
            continue;
        }
        let (above, below) = tile.0.split_at_mut((first + WIDTH) * SIDE);
        let (above, below) = (&mut above[first * SIDE..][..SIDE], &mut below[..SIDE]);
        let (mut a, mut b) = ([0; SIDE], [0; SIDE]);
        for at in 0..SIDE {
            a[at] = if at & WIDTH == 0 { above[at] } else { below[at ^ WIDTH] };
            b[at] = if at & WIDTH == 0 { above[at ^ WIDTH] } else { below[at] };
        }
        above.copy_from_slice(&a);
        below.copy_from_slice(&b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_nearest_with_ties_to_even() {
        let check = |bits: u32, expected: u32| assert_eq!(round(f32::from_bits(bits)) >> 16, expected, "{bits:#x}");
        check(0x3f80_0000, 0x3f80);
        check(0x3f80_7fff, 0x3f80);
        check(0x3f80_8000, 0x3f80);
        check(0x3f81_8000, 0x3f82);
        check(0xbf80_8001, 0xbf81);
        check(0x3fff_ffff, 0x4000);
        check(0x7f7f_ffff, 0x7f80);
        check(0xff80_0000, 0xff80);
        check(0x8000_0000, 0x8000);
        check(0x7f80_0001, 0x7fc0);
        check(0xffff_ffff, 0xffff);
    }

    #[test]
    fn a_tile_turned_twice_is_itself_and_once_its_transpose() {
        let mut tile = Tile::default();
        tile.0.iter_mut().zip(0..).for_each(|(value, number)| *value = number);
        turn(&mut tile);
        for (at, value) in tile.0.iter().enumerate() {
            assert_eq!(*value as usize, at % SIDE * SIDE + at / SIDE);
        }
        turn(&mut tile);
        assert!(tile.0.iter().zip(0..).all(|(value, number)| *value == number));
    }
}
