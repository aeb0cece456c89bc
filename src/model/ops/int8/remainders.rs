//! Weights whose products cannot overflow in 16 bits, and what had to be taken from them for that.
//!
//! AVX2 multiplies bytes of inputs and weights and adds two products in 16 bits, where larger sums are cut off. The kernel
//! even adds four there, those of a lane, before it makes them wider. An input is 255 at most, so this is exact where the
//! positive weights of a lane are no more than 128 together, and the negative ones as well. What is beyond that is taken
//! from the largest of them and multiplied apart: one weight in twenty-five where they are normally distributed, and fewer
//! where a column has one that is far larger than the others. For that the inputs of 32 rows lie across, a line of the
//! cache for two inputs, as what is taken has another input in every column.

use rayon::prelude::*;

use super::kernel::{COLUMNS, Sums};
use crate::model::ops::buffer::Buffer;

/// Neighbouring inputs whose lanes are bounded together.
pub const EIGHT: usize = 8;
/// The inputs of eight whose products are added in 16 bits.
const LANES: [[usize; 4]; 2] = [[0, 1, 4, 5], [2, 3, 6, 7]];
/// What weights of one sign may be together: 128 times 255 is less than 2^15.
const MOST: i32 = 128;
/// Rows whose inputs lie across together.
pub const ROWS: usize = 32;
/// Inputs of so many rows that stay in the nearest cache.
const PART: usize = 768;
/// Inputs that are laid across at once.
pub const LAID: usize = 16;

/// Four products of a column: where the inputs begin in their part, and what they are multiplied by. Neither the first
/// two nor the last two can overflow.
#[derive(Clone, Copy, Debug, Default)]
struct Four {
    places: [u16; 4],
    by: [i8; 4],
}

/// What was taken from a block of columns.
#[derive(Debug)]
pub struct Remainders {
    inputs: usize,
    /// Where those of each column begin, for one part of the inputs after the other.
    starts: Vec<u32>,
    fours: Vec<Four>,
}

impl Remainders {
    /// Takes from the weights of a block of columns, each of so many inputs, what is too much.
    pub fn take(columns: &mut [i8], inputs: usize) -> Self {
        let mut taken = vec![Vec::new(); inputs.div_ceil(PART) * COLUMNS];
        for (column, weights) in columns.chunks_exact_mut(inputs).enumerate() {
            for (eight, weights) in weights.chunks_exact_mut(EIGHT).enumerate() {
                bound(weights, |place, by| {
                    let input = eight * EIGHT + place;
                    taken[input / PART * COLUMNS + column].push((input % PART, by));
                });
            }
        }
        let (mut starts, mut fours) = (vec![0], Vec::new());
        for taken in &taken {
            fours.extend(in_fours(taken));
            starts.push(fours.len() as u32);
        }
        Self { inputs, starts, fours }
    }

    pub fn is_empty(&self) -> bool {
        self.fours.is_empty()
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.fours[..])
    }

    /// Adds the products of `count` rows to their sums. The inputs lie across, `stride` of each row.
    pub fn add(&self, across: &[u8], stride: usize, count: usize, sums: &mut Sums) {
        assert!(self.inputs <= stride && count.next_multiple_of(ROWS) * stride <= across.len(), "inputs across");
        let groups = across.chunks_exact(ROWS * stride).zip(sums.chunks_mut(ROWS * COLUMNS));
        for (group, (across, sums)) in groups.take(count.div_ceil(ROWS)).enumerate() {
            let sums = &mut sums[..ROWS.min(count - group * ROWS) * COLUMNS];
            for (across, starts) in
                across.chunks(PART * ROWS).zip(self.starts[..].windows(COLUMNS + 1).step_by(COLUMNS))
            {
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") {
                    x86::add(&self.fours, starts, across, sums);
                    continue;
                }
                add_plainly(&self.fours, starts, across, sums);
            }
        }
    }
}

/// Takes from eight weights what is too much.
fn bound(weights: &mut [i8], mut take: impl FnMut(usize, i8)) {
    for (lane, sign) in LANES.into_iter().flat_map(|lane| [(lane, 1), (lane, -1)]) {
        let mut too_much = lane.iter().map(|i| (i32::from(weights[*i]) * sign).max(0)).sum::<i32>() - MOST;
        while too_much > 0 {
            let largest = lane.into_iter().fold(lane[0], |largest, i| {
                if i32::from(weights[i]) * sign > i32::from(weights[largest]) * sign { i } else { largest }
            });
            let by = too_much.min(i32::from(weights[largest]) * sign);
            too_much -= by;
            weights[largest] -= (by * sign) as i8;
            take(largest, (by * sign) as i8);
        }
    }
}

/// What was taken from a column in a part of its inputs, in pairs that cannot overflow, and these in twos.
fn in_fours(taken: &[(usize, i8)]) -> Vec<Four> {
    let mut pairs = Vec::new();
    let mut rest = taken;
    while let Some((first, others)) = rest.split_first() {
        let fits = |other: &&(usize, i8)| (i32::from(first.1) + i32::from(other.1)).abs() <= MOST;
        let second = others.first().filter(fits);
        rest = &others[usize::from(second.is_some())..];
        pairs.push([*first, second.copied().unwrap_or_default()]);
    }
    let four = |pairs: &[[(usize, i8); 2]]| {
        let mut four = Four::default();
        for (place, (input, by)) in pairs.iter().flatten().enumerate() {
            four.places[place] = (input * ROWS) as u16;
            four.by[place] = *by;
        }
        four
    };
    pairs.chunks(2).map(four).collect()
}

fn add_plainly(fours: &[Four], starts: &[u32], across: &[u8], sums: &mut [i32]) {
    for (column, bounds) in starts.windows(2).enumerate() {
        for four in &fours[bounds[0] as usize..bounds[1] as usize] {
            for (place, by) in four.places.into_iter().zip(four.by) {
                let inputs = &across[usize::from(place)..][..ROWS];
                for (sums, x) in sums.chunks_exact_mut(COLUMNS).zip(inputs) {
                    sums[column] += i32::from(*x) * i32::from(by);
                }
            }
        }
    }
}

/// Lays rows of bytes so that for each input those of [`ROWS`] rows are neighbours. `stride` is whole runs of [`LAID`],
/// and there are whole groups of rows.
pub fn across(rows: &[u8], stride: usize) -> Buffer<u8> {
    assert!(stride.is_multiple_of(LAID) && rows.len().is_multiple_of(ROWS * stride), "rows to be laid across");
    let mut laid = Buffer::of(rows.len());
    laid.par_chunks_mut(ROWS * stride).zip(rows.par_chunks(ROWS * stride)).for_each(|(laid, rows)| {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            return x86::lay(rows, stride, laid);
        }
        lay_plainly(rows, stride, laid);
    });
    laid
}

fn lay_plainly(rows: &[u8], stride: usize, laid: &mut [u8]) {
    for (input, laid) in laid.chunks_exact_mut(ROWS).enumerate() {
        laid.iter_mut().zip(rows[input..].iter().step_by(stride)).for_each(|(laid, x)| *laid = *x);
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions that are chosen while the program runs, and loads by pointer")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, _mm_loadu_si128, _mm_storeu_si128, _mm_unpackhi_epi8, _mm_unpacklo_epi8, _mm256_add_epi32,
        _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_permute2x128_si256, _mm256_set1_epi16,
        _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256, _mm256_unpackhi_epi8, _mm256_unpackhi_epi16,
        _mm256_unpackhi_epi32, _mm256_unpackhi_epi64, _mm256_unpacklo_epi8, _mm256_unpacklo_epi16,
        _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
    };

    use super::{COLUMNS, Four, LAID, ROWS};

    /// Sums of 32 rows, of a column: the rows of each part are four and, 16 further down, four.
    type Rows = [__m256i; 4];

    pub fn add(fours: &[Four], starts: &[u32], across: &[u8], sums: &mut [i32]) {
        assert!(starts.len() == COLUMNS + 1 && sums.len().is_multiple_of(COLUMNS), "sums of a block of columns");
        // SAFETY: the caller has seen that there is AVX2.
        unsafe { add_columns(fours, starts, across, sums) }
    }

    #[target_feature(enable = "avx2")]
    unsafe fn add_columns(fours: &[Four], starts: &[u32], across: &[u8], sums: &mut [i32]) {
        let rows = sums.len() / COLUMNS;
        for first in (0..COLUMNS).step_by(8) {
            let mut of_columns = [[_mm256_setzero_si256(); 8]; 4];
            for column in 0..8 {
                let bounds = starts[first + column] as usize..starts[first + column + 1] as usize;
                // SAFETY: the caller's own.
                let sums = unsafe { products(&fours[bounds], across) };
                for (of_columns, sums) in of_columns.iter_mut().zip(sums) {
                    of_columns[column] = sums;
                }
            }
            for (part, of_columns) in of_columns.into_iter().enumerate() {
                for (i, of_row) in turned(of_columns).into_iter().enumerate() {
                    let row = 4 * part + i % 4 + i / 4 * (ROWS / 2);
                    if let Some(sums) =
                        sums.get_mut(row * COLUMNS + first..row * COLUMNS + first + 8).filter(|_| row < rows)
                    {
                        let sums = sums.as_mut_ptr().cast();
                        // SAFETY: there are eight sums.
                        unsafe { _mm256_storeu_si256(sums, _mm256_add_epi32(_mm256_loadu_si256(sums), of_row)) }
                    }
                }
            }
        }
    }

    /// The products of what was taken from a column.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn products(fours: &[Four], across: &[u8]) -> Rows {
        let mut sums = [_mm256_setzero_si256(); 4];
        for four in fours {
            let by = _mm256_set1_epi32(i32::from_le_bytes(four.by.map(|by| by as u8)));
            let x = four.places.map(|place| {
                let inputs = &across[usize::from(place)..][..ROWS];
                // SAFETY: there are 32 inputs.
                unsafe { _mm256_loadu_si256(inputs.as_ptr().cast()) }
            });
            let (low, high) = (_mm256_unpacklo_epi8(x[0], x[1]), _mm256_unpackhi_epi8(x[0], x[1]));
            let (next_low, next_high) = (_mm256_unpacklo_epi8(x[2], x[3]), _mm256_unpackhi_epi8(x[2], x[3]));
            let of_rows = [
                _mm256_unpacklo_epi16(low, next_low),
                _mm256_unpackhi_epi16(low, next_low),
                _mm256_unpacklo_epi16(high, next_high),
                _mm256_unpackhi_epi16(high, next_high),
            ];
            for (sum, x) in sums.iter_mut().zip(of_rows) {
                let pairs = _mm256_maddubs_epi16(x, by);
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
            }
        }
        sums
    }

    /// Eight rows of eight columns from eight columns of eight rows.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn turned(columns: [__m256i; 8]) -> [__m256i; 8] {
        let of_four = |columns: &[__m256i]| {
            let low = [0, 2].map(|i| _mm256_unpacklo_epi32(columns[i], columns[i + 1]));
            let high = [0, 2].map(|i| _mm256_unpackhi_epi32(columns[i], columns[i + 1]));
            [
                _mm256_unpacklo_epi64(low[0], low[1]),
                _mm256_unpackhi_epi64(low[0], low[1]),
                _mm256_unpacklo_epi64(high[0], high[1]),
                _mm256_unpackhi_epi64(high[0], high[1]),
            ]
        };
        let (left, right) = (of_four(&columns[..4]), of_four(&columns[4..]));
        let mut rows = [_mm256_setzero_si256(); 8];
        for i in 0..4 {
            rows[i] = _mm256_permute2x128_si256::<0x20>(left[i], right[i]);
            rows[i + 4] = _mm256_permute2x128_si256::<0x31>(left[i], right[i]);
        }
        rows
    }

    pub fn lay(rows: &[u8], stride: usize, laid: &mut [u8]) {
        assert!(
            rows.len() == ROWS * stride && laid.len() == rows.len() && stride.is_multiple_of(LAID),
            "rows to be laid"
        );
        for first_row in (0..ROWS).step_by(LAID) {
            for first in (0..stride).step_by(LAID) {
                let from = &rows[first_row * stride + first..];
                let to = &mut laid[first * ROWS + first_row..];
                assert!((LAID - 1) * stride + LAID <= from.len() && (LAID - 1) * ROWS + LAID <= to.len(), "a square");
                // SAFETY: 16 numbers of 16 rows lie inside both; each x86-64 processor has these instructions.
                unsafe {
                    let mut square: [_; LAID] =
                        std::array::from_fn(|row| _mm_loadu_si128(from.as_ptr().add(row * stride).cast()));
                    // Each turn moves one bit of a row's number into that of its place.
                    for _ in 0..LAID.ilog2() {
                        let before = square;
                        for (i, pair) in square.chunks_exact_mut(2).enumerate() {
                            pair[0] = _mm_unpacklo_epi8(before[i], before[i + LAID / 2]);
                            pair[1] = _mm_unpackhi_epi8(before[i], before[i + LAID / 2]);
                        }
                    }
                    for (input, rows) in square.into_iter().enumerate() {
                        _mm_storeu_si128(to.as_mut_ptr().add(input * ROWS).cast(), rows);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ops::int8::kernel::MOST_ROWS;
    use crate::random::{Purpose, Stream, key};

    fn bytes(count: usize, seed: u64, largest_every: usize) -> Vec<u8> {
        let mut stream = Stream::new(key(seed, Purpose::Split, &[]));
        (0..count).map(|i| if i % largest_every < 2 { 255 } else { (stream.next_u64() >> 24) as u8 }).collect()
    }

    fn weights(count: usize, seed: u64) -> Vec<i8> {
        bytes(count, seed, 13).iter().map(|byte| if *byte == 255 { 127 } else { (*byte as i8).max(-127) }).collect()
    }

    #[test]
    fn what_is_left_cannot_overflow_and_what_was_taken_is_the_rest() {
        for (inputs, kind) in [(8, 0), (40, 1), (776, 2), (1544, 0), (1600, 1)] {
            let before = match kind {
                0 => weights(COLUMNS * inputs, inputs as u64),
                1 => vec![127; COLUMNS * inputs],
                _ => (0..COLUMNS * inputs).map(|i| if i / 3 % 2 == 0 { -127 } else { 127 }).collect(),
            };
            let mut left = before.clone();
            let taken = Remainders::take(&mut left, inputs);
            for lane in left.chunks_exact(EIGHT).flat_map(|eight| LANES.map(|lane| lane.map(|i| i32::from(eight[i])))) {
                assert!(lane.iter().filter(|w| **w > 0).sum::<i32>() <= 128, "{lane:?}");
                assert!(lane.iter().filter(|w| **w < 0).sum::<i32>() >= -128, "{lane:?}");
            }
            let mut whole: Vec<i32> = left.iter().map(|w| i32::from(*w)).collect();
            for (place, bounds) in taken.starts.windows(2).enumerate() {
                for four in &taken.fours[bounds[0] as usize..bounds[1] as usize] {
                    for pair in four.by.chunks(2) {
                        assert!((i32::from(pair[0]) + i32::from(pair[1])).abs() <= 128, "{pair:?}");
                    }
                    for (at, by) in four.places.iter().zip(four.by) {
                        let input = place / COLUMNS * PART + usize::from(*at) / ROWS;
                        whole[place % COLUMNS * inputs + input] += i32::from(by);
                    }
                }
            }
            assert!(whole.iter().zip(&before).all(|(whole, before)| *whole == i32::from(*before)), "{inputs} inputs");
        }
    }

    #[test]
    fn products_are_those_of_the_plain_loop() {
        for inputs in [16, 48, 768, 784, 2000] {
            let rows = bytes(MOST_ROWS * inputs, inputs as u64, 7);
            let laid = across(&rows, inputs);
            for (group, laid) in laid.chunks_exact(ROWS * inputs).enumerate() {
                for (at, x) in laid.iter().enumerate() {
                    assert_eq!(*x, rows[(group * ROWS + at % ROWS) * inputs + at / ROWS]);
                }
            }
            let before = weights(COLUMNS * inputs, 5 + inputs as u64);
            let mut left = before.clone();
            let taken = Remainders::take(&mut left, inputs);
            for count in [1, 4, 17, 31, 32, 33, 60, MOST_ROWS] {
                let mut sums = [7; MOST_ROWS * COLUMNS];
                taken.add(&laid, inputs, count, &mut sums);
                for (place, sum) in sums.iter().enumerate() {
                    let (row, column) = (place / COLUMNS, place % COLUMNS);
                    let of_column = column * inputs..(column + 1) * inputs;
                    let taken = before[of_column.clone()].iter().zip(&left[of_column]);
                    let by = taken.map(|(before, left)| i32::from(*before) - i32::from(*left));
                    let x = rows[row * inputs..][..inputs].iter();
                    let expected: i32 = by.zip(x).map(|(by, x)| by * i32::from(*x)).sum();
                    assert_eq!(
                        *sum,
                        7 + if row < count { expected } else { 0 },
                        "row {row} of {count}, {inputs} inputs"
                    );
                }
            }
        }
    }
}
