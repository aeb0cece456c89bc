//! The sums of whole numbers that everything in eight bits stands on, by the widest instructions this processor has.
//!
//! A tile is a few rows against [`COLUMNS`] columns. Its inputs are unsigned and its weights signed, as the dot products
//! of x86 have them, and it adds in 32 bits: every path gives the same numbers, to the bit, as nothing is rounded and
//! nothing saturates. AVX2 has no such product, and its own of bytes adds in 16 bits and saturates; there the weights are
//! bounded so that they cannot, and what is beyond the bound is multiplied apart (`remainders.rs`). `unsafe` is needed as
//! instructions that are chosen while the program runs have no other form.

use std::sync::LazyLock;

use super::remainders::{EIGHT, ROWS as TOGETHER};
use crate::model::ops::simd::wide;

/// Columns of a tile.
pub const COLUMNS: usize = 64;
/// Rows of a tile at most, where its sums stay in registers.
pub const ROWS: usize = 6;
/// Rows of a tile at most, where weights are read for many.
pub const MOST_ROWS: usize = 64;
/// Neighbouring inputs that are multiplied at once.
pub const GROUP: usize = 4;
/// Columns whose weights lie together: those of one group of inputs are a line of the cache.
pub const STRIP: usize = 16;
/// Bytes of the weights of one group of inputs in a strip, and in all strips of a tile.
const LINE: usize = STRIP * GROUP;
const STEP: usize = COLUMNS * GROUP;

/// Bytes of inputs that stay in the second cache, as they are and laid across.
const KEPT: usize = 3 << 16;

/// The sums of a tile, row after row.
pub type Sums = [i32; MOST_ROWS * COLUMNS];

/// One of several equal ways to compute a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// `vpdpbusd` on 16 lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// The same on eight.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// `vpmaddubsw` on weights that are bounded.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of a plain loop.
    Portable,
}

impl Path {
    /// Those that this processor has, the fastest first.
    #[cfg(target_arch = "x86_64")]
    pub fn all() -> Vec<Self> {
        let has_avx2 = is_x86_feature_detected!("avx2");
        let known = [
            (Self::Avx512Vnni, is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")),
            (Self::AvxVnni, has_avx2 && is_x86_feature_detected!("avxvnni")),
            (Self::Avx2, has_avx2),
            (Self::Portable, true),
        ];
        known.into_iter().filter(|(_, is_there)| *is_there).map(|(path, _)| path).collect()
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub fn all() -> Vec<Self> {
        vec![Self::Portable]
    }

    /// The fastest.
    pub fn best() -> Self {
        static BEST: LazyLock<Path> = LazyLock::new(|| Path::all()[0]);
        *BEST
    }

    /// What a person may know it by.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => "AVX-512 VNNI",
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => "AVX-VNNI",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "AVX2",
            Self::Portable => "portable",
        }
    }

    /// Whether weights have to be bounded.
    pub fn bounds(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => true,
            _ => false,
        }
    }

    /// Rows of a tile at most.
    pub fn rows(self) -> usize {
        if self.bounds() { MOST_ROWS } else { ROWS }
    }

    /// Rows of so many inputs that are multiplied with a block of columns before the next, so that both stay in the cache.
    pub fn rows_at_once(self, inputs: usize) -> usize {
        if self.bounds() { (KEPT / inputs.max(1)).clamp(TOGETHER, MOST_ROWS) / TOGETHER * TOGETHER } else { 16 * ROWS }
    }

    /// Writes the sums of `count` rows of inputs against a column block of weights.
    ///
    /// Row `r` of `x` begins at `r * stride`. `weights` are strips of [`STRIP`] columns, each with all groups of [`GROUP`]
    /// inputs: of each column in turn its four. There are whole eights of inputs, bounded where the path says so.
    pub fn tile(self, x: &[u8], stride: usize, count: usize, weights: &[i8], sums: &mut Sums) {
        assert!((1..=self.rows()).contains(&count), "rows of a tile");
        let groups = weights.len() / STEP;
        assert!((groups * GROUP).is_multiple_of(EIGHT), "weights of a tile");
        assert!(groups * GROUP <= stride && (count - 1) * stride + groups * GROUP <= x.len(), "inputs of a tile");
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni | Self::AvxVnni | Self::Avx2 => x86::tile(self, x, stride, count, weights, sums),
            Self::Portable => portable(x, stride, count, weights, sums),
        }
    }
}

/// Each byte of a step has a sum of its own, so that a step is one loop over neighbours; the sums of a column's four are
/// added at the end.
fn portable(x: &[u8], stride: usize, count: usize, weights: &[i8], sums: &mut Sums) {
    wide(
        #[inline(always)]
        || {
            let of_strip = weights.len() / (COLUMNS / STRIP);
            for (place, sums) in sums.chunks_exact_mut(STRIP).take(count * COLUMNS / STRIP).enumerate() {
                let (row, strip) = (place / (COLUMNS / STRIP), place % (COLUMNS / STRIP));
                let mut each = [0_i32; LINE];
                let x = x[row * stride..].chunks_exact(GROUP);
                for (x, weights) in x.zip(weights[strip * of_strip..][..of_strip].chunks_exact(LINE)) {
                    let mut four = [0_i16; 16];
                    for (place, four) in four.iter_mut().enumerate() {
                        *four = i16::from(x[place % GROUP]);
                    }
                    for (each, weights) in each.chunks_exact_mut(16).zip(weights.chunks_exact(16)) {
                        for i in 0..16 {
                            each[i] += i32::from(four[i]) * i32::from(i16::from(weights[i]));
                        }
                    }
                }
                for (sum, each) in sums.iter_mut().zip(each.chunks_exact(GROUP)) {
                    *sum = each.iter().sum();
                }
            }
        },
    );
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions that are chosen while the program runs, and loads by pointer")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_add_epi16, _mm256_add_epi32, _mm256_dpbusd_avx_epi32, _mm256_loadu_si256, _mm256_madd_epi16,
        _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256,
        _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
    };

    use super::{COLUMNS, GROUP, LINE, Path, ROWS, STEP, STRIP, Sums};

    /// Where a tile reads and writes.
    #[derive(Clone, Copy)]
    struct Tile {
        x: *const u8,
        stride: usize,
        weights: *const i8,
        groups: usize,
        sums: *mut i32,
    }

    pub fn tile(path: Path, x: &[u8], stride: usize, count: usize, weights: &[i8], sums: &mut Sums) {
        let groups = weights.len() / STEP;
        let tile = Tile { x: x.as_ptr(), stride, weights: weights.as_ptr(), groups, sums: sums.as_mut_ptr() };
        // SAFETY: a path is only made where the processor has it, and `Path::tile` has seen that `count` rows of `groups`
        // groups lie inside `x`; the weights are whole groups, and `sums` has room for all rows.
        unsafe {
            match (path, count) {
                (Path::Avx512Vnni, 1) => avx512_vnni::<1>(tile),
                (Path::Avx512Vnni, 2) => avx512_vnni::<2>(tile),
                (Path::Avx512Vnni, 3) => avx512_vnni::<3>(tile),
                (Path::Avx512Vnni, 4) => avx512_vnni::<4>(tile),
                (Path::Avx512Vnni, 5) => avx512_vnni::<5>(tile),
                (Path::Avx512Vnni, _) => avx512_vnni::<6>(tile),
                (Path::AvxVnni, 1) => avx_vnni::<1>(tile),
                (Path::AvxVnni, 2) => avx_vnni::<2>(tile),
                (Path::AvxVnni, 3) => avx_vnni::<3>(tile),
                (Path::AvxVnni, 4) => avx_vnni::<4>(tile),
                (Path::AvxVnni, 5) => avx_vnni::<5>(tile),
                (Path::AvxVnni, _) => avx_vnni::<6>(tile),
                (Path::Avx2 | Path::Portable, _) => avx2(tile, count),
            }
        }
    }

    /// Four inputs of a row as one number, to be given to all lanes.
    #[inline(always)]
    unsafe fn four(tile: Tile, row: usize, group: usize) -> i32 {
        // SAFETY: the caller keeps row and group inside the tile.
        unsafe { tile.x.add(row * tile.stride + group * GROUP).cast::<i32>().read_unaligned() }
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn avx512_vnni<const R: usize>(tile: Tile) {
        // SAFETY: rows, groups and columns stay inside the tile, whose extents `tile` was made with.
        unsafe {
            let mut sums = [[_mm512_setzero_si512(); 4]; R];
            for group in 0..tile.groups {
                let line = tile.weights.add(group * LINE);
                let strip = tile.groups * LINE;
                let w = [
                    _mm512_loadu_si512(line.cast()),
                    _mm512_loadu_si512(line.add(strip).cast()),
                    _mm512_loadu_si512(line.add(2 * strip).cast()),
                    _mm512_loadu_si512(line.add(3 * strip).cast()),
                ];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm512_set1_epi32(four(tile, row, group));
                    for i in 0..4 {
                        sums[i] = _mm512_dpbusd_epi32(sums[i], x, w[i]);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (i, sum) in sums.iter().enumerate() {
                    _mm512_storeu_si512(tile.sums.add(row * COLUMNS + i * 16).cast(), *sum);
                }
            }
        }
    }

    #[target_feature(enable = "avx2,avxvnni")]
    unsafe fn avx_vnni<const R: usize>(tile: Tile) {
        // SAFETY: as above; a quarter of the columns at a time, as there are sixteen registers.
        unsafe {
            for strip in 0..COLUMNS / STRIP {
                let mut sums = [[_mm256_setzero_si256(); 2]; R];
                for group in 0..tile.groups {
                    let line = tile.weights.add((strip * tile.groups + group) * LINE);
                    let w = [_mm256_loadu_si256(line.cast()), _mm256_loadu_si256(line.add(LINE / 2).cast())];
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let x = _mm256_set1_epi32(four(tile, row, group));
                        for i in 0..2 {
                            sums[i] = _mm256_dpbusd_avx_epi32(sums[i], x, w[i]);
                        }
                    }
                }
                for (row, sums) in sums.iter().enumerate() {
                    for (i, sum) in sums.iter().enumerate() {
                        let to = tile.sums.add(row * COLUMNS + strip * STRIP + i * 8);
                        _mm256_storeu_si256(to.cast(), *sum);
                    }
                }
            }
        }
    }

    /// Groups whose weights of a strip stay in the nearest cache.
    const PART: usize = 192;

    #[target_feature(enable = "avx2")]
    unsafe fn avx2(tile: Tile, count: usize) {
        // SAFETY: as above.
        unsafe {
            for first in (0..tile.groups).step_by(PART) {
                for strip in 0..COLUMNS / STRIP {
                    let mut row = 0;
                    while row < count {
                        let some = Tile {
                            x: tile.x.add(row * tile.stride + first * GROUP),
                            weights: tile.weights.add((strip * tile.groups + first) * LINE),
                            groups: PART.min(tile.groups - first),
                            sums: tile.sums.add(row * COLUMNS + strip * STRIP),
                            ..tile
                        };
                        row += match count - row {
                            1 => avx2_rows::<1>(some, first > 0),
                            2 => avx2_rows::<2>(some, first > 0),
                            3 | 5 => avx2_rows::<3>(some, first > 0),
                            _ => avx2_rows::<4>(some, first > 0),
                        };
                    }
                }
            }
        }
    }

    /// A few rows of a strip: writes their sums or adds them to what is there; returns how many rows. Four products are
    /// added in 16 bits before they are made wider, which is fewer instructions than anything else that is exact.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn avx2_rows<const R: usize>(tile: Tile, add: bool) -> usize {
        // SAFETY: as above.
        unsafe {
            let one = _mm256_set1_epi16(1);
            let mut sums = [[_mm256_setzero_si256(); 2]; R];
            for group in (0..tile.groups).step_by(2) {
                let line = tile.weights.add(group * LINE);
                let w = [_mm256_loadu_si256(line.cast()), _mm256_loadu_si256(line.add(LINE / 2).cast())];
                let line = line.add(LINE);
                let next_w = [_mm256_loadu_si256(line.cast()), _mm256_loadu_si256(line.add(LINE / 2).cast())];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm256_set1_epi32(four(tile, row, group));
                    let next_x = _mm256_set1_epi32(four(tile, row, group + 1));
                    for i in 0..2 {
                        let pairs = _mm256_maddubs_epi16(x, w[i]);
                        let fours = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(next_x, next_w[i]));
                        sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(fours, one));
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                for (i, sum) in sums.iter().enumerate() {
                    let to = tile.sums.add(row * COLUMNS + i * 8).cast();
                    let before = if add { _mm256_loadu_si256(to) } else { _mm256_setzero_si256() };
                    _mm256_storeu_si256(to, _mm256_add_epi32(before, *sum));
                }
            }
            R
        }
    }

    const _: () = assert!(ROWS == 6, "every number of rows has its tile");
}

#[cfg(test)]
mod tests {
    use super::super::remainders::{LAID, Remainders, across};
    use super::*;
    use crate::random::{Purpose, Stream, key};

    /// Bytes by chance, with the largest and the smallest among them.
    fn bytes(count: usize, seed: u64) -> Vec<u8> {
        let mut stream = Stream::new(key(seed, Purpose::Split, &[]));
        (0..count).map(|i| if i % 11 < 3 { 255 } else { (stream.next_u64() >> 24) as u8 }).collect()
    }

    /// Weights in strips from those of one column after the other.
    fn in_strips(columns: &[i8], inputs: usize) -> Vec<i8> {
        let mut weights = vec![0; columns.len()];
        for (column, of_column) in columns.chunks(inputs).enumerate() {
            for (input, weight) in of_column.iter().enumerate() {
                let line = column / STRIP * (inputs / GROUP) + input / GROUP;
                weights[line * LINE + column % STRIP * GROUP + input % GROUP] = *weight;
            }
        }
        weights
    }

    /// The sums of a path, in tiles as many as are needed.
    fn sums_by(path: Path, x: &[u8], stride: usize, count: usize, columns: &[i8], inputs: usize) -> Vec<i64> {
        let mut columns = columns.to_vec();
        let beyond = path.bounds().then(|| Remainders::take(&mut columns, inputs));
        let weights = in_strips(&columns, inputs);
        let mut all = Vec::new();
        for first in (0..count).step_by(path.rows()) {
            let (mut sums, count) = ([i32::MIN; MOST_ROWS * COLUMNS], path.rows().min(count - first));
            path.tile(&x[first * stride..], stride, count, &weights, &mut sums);
            if let Some(beyond) = &beyond {
                let mut rows = x[first * stride..].to_vec();
                rows.resize(MOST_ROWS * stride, 9);
                beyond.add(&across(&rows, stride), stride, count, &mut sums);
            }
            all.extend(sums[..count * COLUMNS].iter().map(|sum| i64::from(*sum)));
        }
        all
    }

    fn textbook(x: &[u8], stride: usize, count: usize, columns: &[i8], inputs: usize) -> Vec<i64> {
        let products = |row: usize, column: usize| {
            let weights = &columns[column * inputs..][..inputs];
            x[row * stride..].iter().zip(weights).map(|(x, w)| i64::from(*x) * i64::from(*w)).sum()
        };
        (0..count * COLUMNS).map(|place| products(place / COLUMNS, place % COLUMNS)).collect()
    }

    #[test]
    fn every_path_gives_the_sums_of_the_textbook() {
        for (seed, groups) in [2, 4, 6, 8, 10, 190, 192, 194, 400].into_iter().enumerate() {
            let inputs = groups * GROUP;
            let stride = inputs.next_multiple_of(LAID) + LAID * (seed % 2);
            let x = bytes(MOST_ROWS * stride, seed as u64);
            let columns: Vec<i8> =
                bytes(COLUMNS * inputs, 77 + seed as u64).iter().map(|b| (*b as i8).max(-127)).collect();
            for count in [1, 2, 3, 4, 5, 6, 7, 33, MOST_ROWS] {
                let expected = textbook(&x, stride, count, &columns, inputs);
                for path in Path::all() {
                    let found = sums_by(path, &x, stride, count, &columns, inputs);
                    assert!(found == expected, "{} with {count} rows of {groups} groups", path.name());
                }
            }
        }
    }

    #[test]
    fn the_largest_numbers_do_not_saturate() {
        let inputs = 3072;
        let x = vec![255_u8; 7 * inputs];
        let alike = |i: usize| [127, 127, -127, -127, 127, -127, -127, 127][i / 3 % 8];
        for columns in
            [vec![-127_i8; COLUMNS * inputs], vec![127; COLUMNS * inputs], (0..COLUMNS * inputs).map(alike).collect()]
        {
            let expected = textbook(&x, inputs, 7, &columns, inputs);
            for path in Path::all() {
                assert!(sums_by(path, &x, inputs, 7, &columns, inputs) == expected, "{}", path.name());
            }
        }
    }
}
