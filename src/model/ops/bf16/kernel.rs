//! A block of a product of bfloat16 numbers, by the instructions that the processor has.
//!
//! AMX multiplies whole tiles: of the pairs of a tile it sums the first and the second numbers apart, from nothing, and
//! adds both to what is there (Intel's manual, TDPBF16PS). AVX-512 adds of each pair the second product and then the
//! first (VDPBF16PS). The plain loop does what AMX does, to the bit. All take a number too small for a normal f32 as
//! zero, which no weight or gradient of a training that works is.

use std::sync::LazyLock;

/// Lines of a tile, and pairs of a line.
pub const SIDE: usize = 16;
/// Numbers of the depth in a tile.
pub const DEPTH: usize = 2 * SIDE;
/// Rows and columns of a block.
pub const BLOCK: usize = 2 * SIDE;

/// Lines of pairs; the first of a pair in the lower half.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Tile(pub [u32; SIDE * SIDE]);

impl Default for Tile {
    fn default() -> Self {
        Self([0; SIDE * SIDE])
    }
}

/// The sums of a block, row after row.
#[repr(C, align(64))]
pub struct Sums(pub [f32; BLOCK * BLOCK]);

impl Default for Sums {
    fn default() -> Self {
        Self([0.0; BLOCK * BLOCK])
    }
}

/// One of several ways to compute a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Tiles.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Amx,
    /// 16 columns at once.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    Portable,
}

impl Path {
    /// Those that this machine has, the fastest first.
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let known = [
            #[cfg(target_os = "linux")]
            (Self::Amx, amx::is_granted()),
            (Self::Avx512, is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")),
            (Self::Portable, true),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let known = [(Self::Portable, true)];
        known.into_iter().filter(|(_, is_there)| *is_there).map(|(path, _)| path).collect()
    }

    /// The fastest.
    pub fn best() -> Self {
        static BEST: LazyLock<Path> = LazyLock::new(|| Path::all()[0]);
        *BEST
    }

    pub fn name(self) -> &'static str {
        match self {
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx => "AMX",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "AVX-512 BF16",
            Self::Portable => "portable",
        }
    }

    /// Makes this thread ready for blocks.
    pub fn begin(self) -> Ready {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if self == Self::Amx {
            amx::configure();
        }
        Ready(self)
    }
}

/// A thread that may compute blocks.
pub struct Ready(Path);

impl Ready {
    /// Writes the sums of a block: of 32 rows and 32 columns each two runs of tiles along the depth.
    #[inline]
    pub fn block(&self, left: [&[Tile]; 2], right: [&[Tile]; 2], sums: &mut Sums) {
        let depth = left[0].len();
        assert!([left[1], right[0], right[1]].iter().all(|tiles| tiles.len() == depth), "depth of a block");
        match self.0 {
            _ if depth == 0 => sums.0.fill(0.0),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Path::Amx => amx::block(left, right, sums),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => avx512::block(left, right, sums),
            Path::Portable => portable(left, right, sums),
        }
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        if self.0 == Path::Amx {
            amx::release();
        }
    }
}

/// Zero for what is too small for a normal number.
fn flush(x: f32) -> f32 {
    if x.is_subnormal() { 0.0_f32.copysign(x) } else { x }
}

/// Both numbers of a pair.
fn parts(pair: u32) -> [f32; 2] {
    [flush(f32::from_bits(pair << 16)), flush(f32::from_bits(pair & 0xffff_0000))]
}

fn portable(left: [&[Tile]; 2], right: [&[Tile]; 2], sums: &mut Sums) {
    for (at, sum) in sums.0.iter_mut().enumerate() {
        let (row, column) = (at / BLOCK, at % BLOCK);
        *sum = 0.0;
        for (left, right) in left[row / SIDE].iter().zip(right[column / SIDE]) {
            let mut each = [0.0_f32; 2];
            let line = &left.0[row % SIDE * SIDE..][..SIDE];
            for (x, w) in line.iter().zip(right.0[column % SIDE..].iter().step_by(SIDE)) {
                let (x, w) = (parts(*x), parts(*w));
                for i in 0..2 {
                    each[i] = flush(x[i].mul_add(w[i], each[i]));
                }
            }
            *sum = flush(*sum + flush(each[0] + each[1]));
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[expect(unsafe_code, reason = "Rust's own names for these instructions are not stable yet")]
mod amx {
    use std::arch::asm;
    use std::arch::x86_64::__cpuid_count;
    use std::sync::LazyLock;

    use super::{BLOCK, SIDE, Sums, Tile};

    /// Which tiles there are: eight of 16 lines of 64 bytes.
    #[repr(C, align(64))]
    struct Config {
        palette: u8,
        start_row: u8,
        reserved: [u8; 14],
        line_bytes: [u16; 16],
        lines: [u8; 16],
    }

    static CONFIG: Config = Config {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        line_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
        lines: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
    };

    /// Whether the processor has the instructions, and the kernel lets this process use them: their registers are so
    /// large that it wants to be asked, once for all threads.
    pub fn is_granted() -> bool {
        static GRANTED: LazyLock<bool> = LazyLock::new(|| has_instructions() && ask());
        *GRANTED
    }

    fn has_instructions() -> bool {
        const AMX_BF16: u32 = 1 << 22;
        const AMX_TILE: u32 = 1 << 24;
        let both = AMX_BF16 | AMX_TILE;
        // What leaf 7 says is only asked of processors that have it; AVX-512 is detected by way of the same leaf.
        is_x86_feature_detected!("avx512f") && __cpuid_count(7, 0).edx & both == both
    }

    fn ask() -> bool {
        const ARCH_PRCTL: i64 = 158;
        const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
        const XFEATURE_XTILEDATA: i64 = 18;
        let answer: i64;
        // SAFETY: this system call reads and writes no memory of the process; a kernel that does not know it refuses.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") ARCH_PRCTL => answer,
                in("rdi") ARCH_REQ_XCOMP_PERM,
                in("rsi") XFEATURE_XTILEDATA,
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack),
            );
        }
        answer == 0
    }

    /// Says what tiles this thread has.
    pub fn configure() {
        // SAFETY: `Path::Amx` is only made where the instructions may be used.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const CONFIG, options(nostack, preserves_flags, readonly)) }
    }

    /// Gives the tiles back, so that the kernel need not keep them when it changes threads.
    pub fn release() {
        // SAFETY: as above.
        unsafe { asm!("tilerelease", options(nostack, preserves_flags, nomem)) }
    }

    /// Bytes of a line of a tile, and of a row of sums.
    const LINE: usize = SIDE * 4;
    const ROW: usize = BLOCK * 4;

    pub fn block(left: [&[Tile]; 2], right: [&[Tile]; 2], sums: &mut Sums) {
        // SAFETY: the caller is between `configure` and `release`; all four runs have as many tiles, at least one, of a
        // kilobyte each, which is what the loop reads, and the four tiles of sums that are stored fill a block.
        unsafe {
            asm!(
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "2:",
                "tileloadd tmm4, [{left_0} + {line}*1]",
                "tileloadd tmm6, [{right_0} + {line}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm7, [{right_1} + {line}*1]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tileloadd tmm5, [{left_1} + {line}*1]",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {left_0}, 1024",
                "add {left_1}, 1024",
                "add {right_0}, 1024",
                "add {right_1}, 1024",
                "dec {depth}",
                "jnz 2b",
                "tilestored [{sums} + {row}*1], tmm0",
                "tilestored [{sums} + {row}*1 + 64], tmm1",
                "tilestored [{sums} + {row}*1 + 2048], tmm2",
                "tilestored [{sums} + {row}*1 + 2112], tmm3",
                left_0 = inout(reg) left[0].as_ptr() => _,
                left_1 = inout(reg) left[1].as_ptr() => _,
                right_0 = inout(reg) right[0].as_ptr() => _,
                right_1 = inout(reg) right[1].as_ptr() => _,
                depth = inout(reg) left[0].len() => _,
                sums = in(reg) sums.0.as_mut_ptr(),
                line = in(reg) LINE,
                row = in(reg) ROW,
                out("tmm0") _,
                out("tmm1") _,
                out("tmm2") _,
                out("tmm3") _,
                out("tmm4") _,
                out("tmm5") _,
                out("tmm6") _,
                out("tmm7") _,
                options(nostack),
            );
        }
    }

    const _: () = assert!(size_of::<Tile>() == 1024 && ROW == 128 && SIDE * ROW == 2048, "steps of the loop");
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions that are chosen while the program runs, and loads by pointer")]
mod avx512 {
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    use super::{BLOCK, SIDE, Sums, Tile};

    /// Rows that are summed at once: with two strips of columns, as many sums as hide how long an instruction takes.
    const ROWS: usize = 8;

    pub fn block(left: [&[Tile]; 2], right: [&[Tile]; 2], sums: &mut Sums) {
        for (half, left) in left.into_iter().enumerate() {
            for first in (0..SIDE).step_by(ROWS) {
                let sums = &mut sums.0[(half * SIDE + first) * BLOCK..][..ROWS * BLOCK];
                // SAFETY: a path is only made where the processor has it.
                unsafe { rows(left, first, right, sums) };
            }
        }
    }

    /// The lanes as pairs of bfloat16 numbers.
    #[target_feature(enable = "avx512f,avx512bf16")]
    fn pairs(lanes: __m512i) -> __m512bh {
        // SAFETY: both are 64 bytes without meaning.
        unsafe { std::mem::transmute(lanes) }
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    fn rows(left: &[Tile], first: usize, right: [&[Tile]; 2], out: &mut [f32]) {
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        for (left, right) in left.iter().zip(right[0].iter().zip(right[1])) {
            for pair in 0..SIDE {
                let line = |tile: &Tile| {
                    let line = &tile.0[pair * SIDE..][..SIDE];
                    // SAFETY: a line has 16 pairs.
                    pairs(unsafe { _mm512_loadu_si512(line.as_ptr().cast()) })
                };
                let (w_0, w_1) = (line(right.0), line(right.1));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = pairs(_mm512_set1_epi32(left.0[(first + row) * SIDE + pair] as i32));
                    sums[0] = _mm512_dpbf16_ps(sums[0], x, w_0);
                    sums[1] = _mm512_dpbf16_ps(sums[1], x, w_1);
                }
            }
        }
        for (out, sums) in out.chunks_exact_mut(BLOCK).zip(sums) {
            let (out_0, out_1) = out.split_at_mut(SIDE);
            // SAFETY: each half of a row has 16 sums.
            unsafe {
                _mm512_storeu_ps(out_0.as_mut_ptr(), sums[0]);
                _mm512_storeu_ps(out_1.as_mut_ptr(), sums[1]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream, key};

    /// Tiles of numbers by chance: of every size where `wild`, those that have no end and are too small among them.
    fn tiles(count: usize, wild: bool, stream: &mut Stream) -> Vec<Tile> {
        let number = |stream: &mut Stream| {
            let bits = (stream.next_u64() >> 40) as u32 & 0xffff;
            if wild { bits } else { ((stream.unit() - 0.5) as f32).to_bits() >> 16 }
        };
        let mut tile = || {
            let mut tile = Tile::default();
            tile.0.iter_mut().for_each(|pair| *pair = number(stream) | number(stream) << 16);
            tile
        };
        (0..count).map(|_| tile()).collect()
    }

    /// What VDPBF16PS does, number by number.
    fn by_pairs(left: [&[Tile]; 2], right: [&[Tile]; 2], sums: &mut Sums) {
        for (at, sum) in sums.0.iter_mut().enumerate() {
            let (row, column) = (at / BLOCK, at % BLOCK);
            *sum = 0.0;
            for (left, right) in left[row / SIDE].iter().zip(right[column / SIDE]) {
                for pair in 0..SIDE {
                    let x = parts(left.0[row % SIDE * SIDE + pair]);
                    let w = parts(right.0[pair * SIDE + column % SIDE]);
                    *sum = flush(x[0].mul_add(w[0], flush(x[1].mul_add(w[1], *sum))));
                }
            }
        }
    }

    /// The bits, where what is no number is one and the same.
    fn bits(sums: &Sums) -> Vec<u32> {
        sums.0.iter().map(|sum| if sum.is_nan() { f32::NAN.to_bits() } else { sum.to_bits() }).collect()
    }

    #[test]
    fn blocks_have_the_bits_of_the_model_of_their_instruction() {
        let mut stream = Stream::new(key(1, Purpose::Split, &[]));
        for (depth, wild) in [(1, false), (2, false), (7, false), (24, false), (96, false), (1, true), (3, true)] {
            let mut two = || [tiles(depth, wild, &mut stream), tiles(depth, wild, &mut stream)];
            let (left, right) = (two(), two());
            let (left, right) = (left.each_ref().map(Vec::as_slice), right.each_ref().map(Vec::as_slice));
            for path in Path::all() {
                let mut expected = Sums([f32::NAN; BLOCK * BLOCK]);
                match path {
                    #[cfg(target_arch = "x86_64")]
                    Path::Avx512 => by_pairs(left, right, &mut expected),
                    _ => portable(left, right, &mut expected),
                }
                let mut found = Sums([f32::NAN; BLOCK * BLOCK]);
                path.begin().block(left, right, &mut found);
                assert!(bits(&found) == bits(&expected), "{path:?}, {depth} tiles, wild: {wild}");
            }
        }
    }

    #[test]
    fn a_block_without_depth_is_zero() {
        for path in Path::all() {
            let mut sums = Sums([1.0; BLOCK * BLOCK]);
            path.begin().block([&[]; 2], [&[]; 2], &mut sums);
            assert!(sums.0.iter().all(|sum| *sum == 0.0), "{path:?}");
        }
    }
}
