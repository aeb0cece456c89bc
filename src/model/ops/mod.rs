//! Fused operations with a backward, each beside its plain twin.
//!
//! Candle's own fused layers (`LayerNorm`, `softmax_last_dim` …) have no backward: they end the graph without an error.
//! These have one, and compute no gradient for what is frozen.

pub mod activation;
pub mod attention;
pub mod bf16;
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
pub mod scores;
pub mod simd;
pub mod weights;

use serde::{Deserialize, Serialize};

/// In which numbers the dense layers of the encoder are multiplied where a backward pass comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Products {
    #[default]
    F32,
    /// Both factors rounded to bfloat16, and sums in f32.
    Bf16,
}

impl Products {
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}

/// Which of two equal ways computes the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Our own operations over packed sequences, on the CPU.
    Fused,
    /// Candle's, on any device.
    Plain,
}
