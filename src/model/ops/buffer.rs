//! Memory for intermediate results, kept between steps.
//!
//! A training step needs the same sizes again and again; asking the system for them each time costs more page faults
//! than the arithmetic around them. A buffer's contents are arbitrary until written.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

static POOL: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

fn pool() -> MutexGuard<'static, Vec<Vec<f32>>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A slice of numbers that goes back to the pool when dropped.
#[derive(Debug)]
pub struct Buffer {
    memory: Vec<f32>,
    len: usize,
}

impl Buffer {
    /// The smallest free buffer that is long enough, and not more than twice as long; else a new one.
    pub fn take(len: usize) -> Self {
        let mut pool = pool();
        let best = (0..pool.len())
            .filter(|&i| pool[i].len() >= len && pool[i].len() <= 2 * len + 1024)
            .min_by_key(|&i| pool[i].len());
        let memory = best.map(|index| pool.swap_remove(index));
        drop(pool);
        Self { memory: memory.unwrap_or_else(|| vec![0.0; roomy(len)]), len }
    }
}

/// A little more than asked for, so that the sizes of similar batches share their buffers.
fn roomy(len: usize) -> usize {
    len.next_multiple_of((len.next_power_of_two() / 8).max(256))
}

impl Drop for Buffer {
    fn drop(&mut self) {
        pool().push(std::mem::take(&mut self.memory));
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[..self.len]
    }
}

/// Gives all free buffers back to the system, at the end of a run.
pub fn release() {
    pool().clear();
}
