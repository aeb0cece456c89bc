//! Embeddings as a single operation: the sum of word, position and segment vectors, layer norm and dropout.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, Layout as TensorLayout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::buffer::Buffer;
use super::dropout::Noise;
use super::norm::Moments;
use super::weights::Norm;
use crate::model::params::{Param, host};

/// The tables and the norm. DistilBERT has no segments.
#[derive(Clone, Debug)]
pub struct EmbeddingWeights {
    pub word: Arc<Param>,
    pub position: Arc<Param>,
    pub token_type: Option<Arc<Param>>,
    pub norm: Norm,
    /// A row of the word table whose gradient is dropped, as PyTorch's `padding_idx` does, and likewise of the position
    /// table in RoBERTa.
    pub word_padding: Option<u32>,
    pub position_padding: Option<u32>,
}

impl EmbeddingWeights {
    pub fn params(&self) -> impl Iterator<Item = &Arc<Param>> {
        [&self.word, &self.position].into_iter().chain(&self.token_type).chain(self.norm.params())
    }

    fn width(&self) -> usize {
        self.word.shape()[1]
    }
}

/// Rows of each table, one a token.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub ids: Vec<u32>,
    pub positions: Vec<u32>,
    pub types: Vec<u32>,
}

/// The operation. Argument: the weights' trigger; result: (tokens, width).
pub struct FusedEmbedding {
    weights: Arc<EmbeddingWeights>,
    places: Arc<Places>,
    noise: Option<Noise>,
    keep: bool,
    saved: Mutex<Option<(Buffer, Vec<Moments>)>>,
}

const COLUMNS: usize = 64;

impl FusedEmbedding {
    pub fn new(weights: Arc<EmbeddingWeights>, places: Arc<Places>, noise: Option<Noise>, keep: bool) -> Self {
        Self { weights, places, noise, keep, saved: Mutex::default() }
    }

    fn run(&self) -> Result<(Vec<f32>, Buffer, Vec<Moments>)> {
        let (w, places, width) = (&*self.weights, &*self.places, self.weights.width());
        let tokens = places.ids.len();
        let (word, position) = (w.word.host()?, w.position.host()?);
        let token_type = w.token_type.as_ref().map(|param| param.host()).transpose()?;
        let (word, position): (&[f32], &[f32]) = (&word, &position);
        let token_type: Option<&[f32]> = token_type.as_deref();
        let mut sum = Buffer::take(tokens * width);
        sum.par_chunks_mut(width).enumerate().for_each(|(token, sum)| {
            let word = &word[places.ids[token] as usize * width..][..width];
            let position = &position[places.positions[token] as usize * width..][..width];
            for ((sum, word), position) in sum.iter_mut().zip(word).zip(position) {
                *sum = word + position;
            }
            if let Some(table) = token_type {
                let row = &table[places.types[token] as usize * width..][..width];
                for (sum, segment) in sum.iter_mut().zip(row) {
                    *sum += segment;
                }
            }
        });
        let mut y = vec![0.0; tokens * width];
        let moments = w.norm.forward(&sum, &mut y)?;
        if let Some(noise) = &self.noise {
            noise.apply(&mut y, width, None);
        }
        Ok((y, sum, moments))
    }
}

/// Adds each token's gradient to its row of a table. Threads take columns, so that tokens are added in their order.
fn add_rows(table: &Param, rows: &[u32], grad: &[f32], padding: Option<u32>) {
    let width = table.shape()[1];
    table.add_gradient(|out| {
        let columns = super::matrix::Blocks::new(out);
        (0..width.div_ceil(COLUMNS)).into_par_iter().for_each(|block| {
            let first = block * COLUMNS;
            let count = COLUMNS.min(width - first);
            for (row, grad) in rows.iter().zip(grad.chunks(width)) {
                if Some(*row) == padding {
                    continue;
                }
                #[expect(unsafe_code, reason = "each task writes its own columns")]
                // SAFETY: tasks differ in their columns, and one task holds one block at a time.
                let mut place = unsafe { columns.block(*row as usize * width + first, 1, count, width) };
                for (sum, g) in place.row_mut(0).iter_mut().zip(&grad[first..first + count]) {
                    *sum += g;
                }
            }
        });
    });
}

impl CustomOp1 for FusedEmbedding {
    fn name(&self) -> &'static str {
        "embeddings"
    }

    fn cpu_fwd(&self, _trigger: &CpuStorage, _: &TensorLayout) -> Result<(CpuStorage, Shape)> {
        let (y, sum, moments) = self.run()?;
        if self.keep {
            *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some((sum, moments));
        }
        Ok((CpuStorage::F32(y), (self.places.ids.len(), self.weights.width()).into()))
    }

    fn bwd(&self, _trigger: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let Some((sum, moments)) = self.saved.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            bail!("the backward pass of the embeddings ran twice, or its forward pass kept nothing");
        };
        let (w, width) = (&*self.weights, self.weights.width());
        let contiguous = grad.contiguous()?;
        let mut grad = Buffer::take(sum.len());
        grad.copy_from_slice(&host(&contiguous)?);
        if let Some(noise) = &self.noise {
            noise.apply(&mut grad, width, None);
        }
        w.norm.backward(&sum, &mut grad, &moments)?;
        add_rows(&w.word, &self.places.ids, &grad, w.word_padding);
        add_rows(&w.position, &self.places.positions, &grad, w.position_padding);
        if let Some(token_type) = &w.token_type {
            add_rows(token_type, &self.places.types, &grad, None);
        }
        Ok(None)
    }
}

/// DistilBERT's fixed positions: sines in even columns, cosines in odd ones (Vaswani et al., 2017).
pub fn sines(rows: usize, width: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(rows * width);
    for row in 0..rows {
        for column in 0..width {
            let angle = row as f64 / 10_000_f64.powf(2.0 * (column / 2) as f64 / width as f64);
            values.push(if column % 2 == 0 { angle.sin() } else { angle.cos() } as f32);
        }
    }
    values
}
