//! Sums of a few rows and one block of columns in f32, each input after the other, multiplied and added in one rounding.
//!
//! All paths give the same bits, as every sum is one chain in the order of its inputs. With AVX-512 the weights that come
//! next are fetched while the last rows are computed, so that reading them from memory and computing go on together.

use std::sync::LazyLock;

/// Columns that lie together.
pub const COLUMNS: usize = 32;
/// Rows of a tile at most.
pub const ROWS: usize = 12;

/// The sums of a tile, row after row.
pub type Sums = [f32; ROWS * COLUMNS];

/// One of several equal ways to compute a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Path {
    /// Those that this processor has, the fastest first.
    #[cfg(target_arch = "x86_64")]
    pub fn all() -> Vec<Self> {
        let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let known = [(Self::Avx512, is_x86_feature_detected!("avx512f")), (Self::Avx2, has_avx2)];
        known.into_iter().filter(|(_, is_there)| *is_there).map(|(path, _)| path).collect()
    }

    /// On other processors the `gemm` crate computes all products.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn all() -> Vec<Self> {
        Vec::new()
    }

    /// The fastest; none where there is nothing better than a plain loop.
    pub fn best() -> Option<Self> {
        static BEST: LazyLock<Option<Path>> = LazyLock::new(|| Path::all().first().copied());
        *BEST
    }

    /// Writes the sums of `count` rows, which begin every `stride` numbers of `x`, against weights that are, input after
    /// input, those of all columns. What is `next` is fetched meanwhile.
    pub fn tile(self, (x, stride, count): (&[f32], usize, usize), weights: &[f32], next: &[f32], sums: &mut Sums) {
        assert!((1..=ROWS).contains(&count), "rows of a tile");
        let inputs = weights.len() / COLUMNS;
        assert!(inputs <= stride && (count - 1) * stride + inputs <= x.len(), "inputs of a tile");
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 | Self::Avx2 => x86::tile(self, (x, stride, count), weights, next, sums),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions that are chosen while the program runs, and loads by pointer")]
mod x86 {
    use std::arch::x86_64::{
        _MM_HINT_T1, _mm_prefetch, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps,
        _mm256_storeu_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    use super::{COLUMNS, Path, Sums};

    /// Where a tile reads and writes.
    #[derive(Clone, Copy)]
    struct Tile {
        x: *const f32,
        stride: usize,
        weights: *const f32,
        inputs: usize,
        next: *const f32,
        /// Inputs whose next weights are fetched.
        ahead: usize,
        sums: *mut f32,
    }

    pub fn tile(
        path: Path,
        (x, stride, count): (&[f32], usize, usize),
        weights: &[f32],
        next: &[f32],
        sums: &mut Sums,
    ) {
        let inputs = weights.len() / COLUMNS;
        let ahead = inputs.min(next.len() / COLUMNS);
        let (weights, next) = (weights.as_ptr(), next.as_ptr());
        let tile = Tile { x: x.as_ptr(), stride, weights, inputs, next, ahead, sums: sums.as_mut_ptr() };
        macro_rules! of_rows {
            ($of:ident: $($rows:literal)*) => {
                match count {
                    $($rows => $of::<$rows>(tile),)*
                    _ => $of::<12>(tile),
                }
            };
        }
        // SAFETY: a path is only made where the processor has it, and `Path::tile` has seen that `count` rows lie inside
        // `x`; the weights are whole inputs, and `sums` has room for all rows.
        unsafe {
            match path {
                Path::Avx512 => of_rows!(avx512: 1 2 3 4 5 6 7 8 9 10 11),
                Path::Avx2 => avx2(tile, count),
            }
        }
    }

    /// Asks for the weights of an input of what comes next.
    #[inline(always)]
    unsafe fn fetch(tile: Tile, input: usize) {
        if input < tile.ahead {
            // SAFETY: the weights of the input lie inside `next`.
            unsafe {
                let at = tile.next.add(input * COLUMNS);
                _mm_prefetch::<_MM_HINT_T1>(at.cast());
                _mm_prefetch::<_MM_HINT_T1>(at.add(16).cast());
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn avx512<const R: usize>(tile: Tile) {
        // SAFETY: rows, inputs and columns stay inside the tile, whose extents `tile` was made with.
        unsafe {
            let mut sums = [[_mm512_setzero_ps(); 2]; R];
            for input in 0..tile.inputs {
                fetch(tile, input);
                let at = tile.weights.add(input * COLUMNS);
                let w = [_mm512_loadu_ps(at), _mm512_loadu_ps(at.add(16))];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*tile.x.add(row * tile.stride + input));
                    sums[0] = _mm512_fmadd_ps(x, w[0], sums[0]);
                    sums[1] = _mm512_fmadd_ps(x, w[1], sums[1]);
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let to = tile.sums.add(row * COLUMNS);
                _mm512_storeu_ps(to, sums[0]);
                _mm512_storeu_ps(to.add(16), sums[1]);
            }
        }
    }

    /// There are registers for half of the columns and half of the rows, and chains enough only where the rows are parted
    /// evenly. Nothing is fetched ahead: on a Zen 3 that makes reading from memory slower.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2(tile: Tile, count: usize) {
        // SAFETY: as above.
        unsafe {
            for half in 0..2 {
                let mut row = 0;
                while row < count {
                    let rows = (count - row).div_ceil((count - row).div_ceil(6));
                    let some = Tile {
                        x: tile.x.add(row * tile.stride),
                        weights: tile.weights.add(half * COLUMNS / 2),
                        sums: tile.sums.add(row * COLUMNS + half * COLUMNS / 2),
                        ..tile
                    };
                    match rows {
                        1 => avx2_rows::<1>(some),
                        2 => avx2_rows::<2>(some),
                        3 => avx2_rows::<3>(some),
                        4 => avx2_rows::<4>(some),
                        5 => avx2_rows::<5>(some),
                        _ => avx2_rows::<6>(some),
                    }
                    row += rows;
                }
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    unsafe fn avx2_rows<const R: usize>(tile: Tile) {
        // SAFETY: as above.
        unsafe {
            let mut sums = [[_mm256_setzero_ps(); 2]; R];
            for input in 0..tile.inputs {
                let at = tile.weights.add(input * COLUMNS);
                let w = [_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8))];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = _mm256_set1_ps(*tile.x.add(row * tile.stride + input));
                    sums[0] = _mm256_fmadd_ps(x, w[0], sums[0]);
                    sums[1] = _mm256_fmadd_ps(x, w[1], sums[1]);
                }
            }
            for (row, sums) in sums.iter().enumerate() {
                let to = tile.sums.add(row * COLUMNS);
                _mm256_storeu_ps(to, sums[0]);
                _mm256_storeu_ps(to.add(8), sums[1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_adds_input_after_input_in_one_rounding() {
        for inputs in [1, 2, 31, 96, 97, 500] {
            let stride = inputs + 3;
            let x: Vec<f32> = (0..ROWS * stride).map(|i| (i as f32 * 0.37).sin()).collect();
            let weights: Vec<f32> = (0..inputs * COLUMNS).map(|i| (i as f32 * 0.71).cos()).collect();
            for count in 1..=ROWS {
                let expected: Vec<u32> = (0..count * COLUMNS)
                    .map(|place| {
                        let (row, column) = (place / COLUMNS, place % COLUMNS);
                        let next = |sum: f32, i: usize| x[row * stride + i].mul_add(weights[i * COLUMNS + column], sum);
                        (0..inputs).fold(0.0, next).to_bits()
                    })
                    .collect();
                for path in Path::all() {
                    for next in [&weights[..], &[]] {
                        let mut sums = [f32::NAN; ROWS * COLUMNS];
                        path.tile((&x, stride, count), &weights, next, &mut sums);
                        let found: Vec<u32> = sums[..count * COLUMNS].iter().map(|sum| sum.to_bits()).collect();
                        assert_eq!(found, expected, "{path:?} with {count} rows of {inputs}");
                    }
                }
            }
        }
    }
}
