//! Fused operations with a backward, each beside its plain twin.
//!
//! Candle's own fused layers (`LayerNorm`, `softmax_last_dim` …) have no backward: they end the graph without an error.
//! These have one, and compute no gradient for what is frozen.

pub mod activation;
pub mod attention;
pub mod buffer;
pub mod dropout;
pub mod embedding;
pub mod gate;
pub mod int8;
pub mod layer;
pub mod low_rank;
pub mod matrix;
pub mod norm;
pub mod packed;
pub mod parts;
pub mod plain;
pub mod rows;
pub mod simd;
pub mod weights;

/// Which of two equal ways computes the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Our own operations over packed sequences, on the CPU.
    Fused,
    /// Candle's, on any device.
    Plain,
}
