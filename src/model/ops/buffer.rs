//! Memory for intermediate results, kept between steps.
//!
//! A training step needs the same sizes again and again; asking the system for them each time costs more page faults
//! than the arithmetic around them. A buffer's contents are arbitrary until written.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bf16::Tile;

/// Numbers of which there are buffers.
pub trait Pooled: Copy + Default + 'static {
    /// The least by which two buffers differ in length.
    const STEP: usize;

    fn pool() -> &'static Mutex<Vec<Vec<Self>>>;
}

impl Pooled for f32 {
    const STEP: usize = 256;

    fn pool() -> &'static Mutex<Vec<Vec<Self>>> {
        static POOL: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());
        &POOL
    }
}

impl Pooled for u8 {
    const STEP: usize = 1024;

    fn pool() -> &'static Mutex<Vec<Vec<Self>>> {
        static POOL: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        &POOL
    }
}

impl Pooled for Tile {
    const STEP: usize = 4;

    fn pool() -> &'static Mutex<Vec<Vec<Self>>> {
        static POOL: Mutex<Vec<Vec<Tile>>> = Mutex::new(Vec::new());
        &POOL
    }
}

fn pool<N: Pooled>() -> MutexGuard<'static, Vec<Vec<N>>> {
    N::pool().lock().unwrap_or_else(PoisonError::into_inner)
}

/// A slice of numbers that goes back to the pool when dropped.
#[derive(Debug)]
pub struct Buffer<N: Pooled = f32> {
    memory: Vec<N>,
    len: usize,
}

impl Buffer {
    pub fn take(len: usize) -> Self {
        Self::of(len)
    }
}

impl<N: Pooled> Buffer<N> {
    /// The smallest free buffer that is long enough, and not more than twice as long; else a new one.
    pub fn of(len: usize) -> Self {
        let mut pool = pool();
        let best = (0..pool.len())
            .filter(|&i| pool[i].len() >= len && pool[i].len() <= 2 * len + 4 * N::STEP)
            .min_by_key(|&i| pool[i].len());
        let memory = best.map(|index| pool.swap_remove(index));
        drop(pool);
        Self { memory: memory.unwrap_or_else(|| vec![N::default(); roomy(len, N::STEP)]), len }
    }
}

/// A little more than asked for, so that the sizes of similar batches share their buffers.
fn roomy(len: usize, step: usize) -> usize {
    len.next_multiple_of((len.next_power_of_two() / 8).max(step))
}

impl<N: Pooled> Drop for Buffer<N> {
    fn drop(&mut self) {
        pool().push(std::mem::take(&mut self.memory));
    }
}

impl<N: Pooled> Deref for Buffer<N> {
    type Target = [N];

    fn deref(&self) -> &[N] {
        &self.memory[..self.len]
    }
}

impl<N: Pooled> DerefMut for Buffer<N> {
    fn deref_mut(&mut self) -> &mut [N] {
        &mut self.memory[..self.len]
    }
}

/// Gives all free buffers back to the system, at the end of a run.
pub fn release() {
    pool::<f32>().clear();
    pool::<u8>().clear();
    pool::<Tile>().clear();
}
