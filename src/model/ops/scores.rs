//! How far the attention scores of a model are from those of another one that reads the same tokens, head by head: the mean
//! squared error of the scores before the softmax (Jiao et al., 2020, "`TinyBERT`", arXiv 1909.10351).
//!
//! Scores are never kept, as they grow with the square of a text: both passes compute them from queries and keys, one
//! sequence and head at a time. The mean is over real tokens: each token counts alike, and of it each token it attends to.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, Layout as TensorLayout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::attention::{Heads, Job};
use super::buffer::Buffer;
use super::matrix::{Blocks, Into, Mat, Threads, matmul};
use super::plain::Padded;
use crate::model::input::Layout;
use crate::model::params::{host, slice};

/// What the attention scores of a layer are made of: queries and keys of every token, (tokens, hidden) each.
#[derive(Clone, Debug)]
pub struct Scores {
    pub query: Tensor,
    pub key: Tensor,
    pub heads: Heads,
}

/// The sum over tokens of the mean squared error of their scores in all heads, divided by `denominator`. The gradient is by
/// the scores of `own`; how wide a head is may differ, and how many there are may not.
pub fn apart(own: &Scores, others: &Scores, layout: &Arc<Layout>, denominator: f64) -> Result<Tensor> {
    let (tokens, width) = own.query.dims2()?;
    let (other_tokens, other_width) = others.query.dims2()?;
    let fits = tokens == other_tokens && tokens == layout.tokens() && own.heads.count == others.heads.count;
    if !fits || layout.rows.is_some() || (width, other_width) != (own.heads.width(), others.heads.width()) {
        bail!(
            "{tokens} tokens under {} heads and {other_tokens} under {} have no scores in common",
            own.heads.count,
            others.heads.count
        );
    }
    if !own.query.device().is_cpu() {
        return plain_apart(own, others, layout, denominator);
    }
    let (query, key) = (others.query.detach().contiguous()?, others.key.detach().contiguous()?);
    let others = Scores { query, key, heads: others.heads };
    let op = Apart { heads: own.heads, others, layout: layout.clone(), denominator };
    own.query.contiguous()?.apply_op2(&own.key.contiguous()?, op)
}

/// The same in candle's own operations.
fn plain_apart(own: &Scores, others: &Scores, layout: &Layout, denominator: f64) -> Result<Tensor> {
    let pad = Padded::new(layout, own.query.device())?;
    let of = |scores: &Scores| pad.scores(&scores.query, &scores.key, scores.heads);
    let squares = (of(own)? - of(others)?.detach())?.sqr()?;
    let shares = pad.shares(layout, own.query.device())?;
    squares.broadcast_mul(&shares)?.sum_all()? * (1.0 / (own.heads.count as f64 * denominator))
}

struct Apart {
    heads: Heads,
    others: Scores,
    layout: Arc<Layout>,
    denominator: f64,
}

/// Queries and keys as numbers.
#[derive(Clone, Copy)]
struct Side<'a> {
    query: &'a [f32],
    key: &'a [f32],
    heads: Heads,
}

impl Apart {
    fn jobs(&self) -> usize {
        self.layout.sequences() * self.heads.count
    }

    /// What of a job's scores is different: (rows, keys), zero where a token does not attend.
    fn difference(&self, job: &Job, own: Side<'_>, others: Side<'_>) -> Buffer {
        let len = job.rows * job.keys;
        let (mut difference, mut other) = (Buffer::take(len), Buffer::take(len));
        own.heads.products(job, own.query, own.key, &mut difference);
        others.heads.products(job, others.query, others.key, &mut other);
        let (scale, other_scale) = (own.heads.scale(), others.heads.scale());
        let rows = difference.chunks_mut(job.keys.max(1)).zip(other.chunks(job.keys.max(1)));
        for (place, (row, other)) in rows.enumerate() {
            let (seen, unseen) = row.split_at_mut(self.layout.seen(job.sequence, place));
            unseen.fill(0.0);
            for (value, other) in seen.iter_mut().zip(other) {
                *value = *value * scale - other * other_scale;
            }
        }
        difference
    }

    /// What the square of a difference in a row counts.
    fn share(&self, job: &Job, place: usize) -> f64 {
        1.0 / (self.heads.count as f64 * self.layout.seen(job.sequence, place) as f64 * self.denominator)
    }

    fn value(&self, own: Side<'_>) -> Result<f64> {
        let (query, key) = (host(&self.others.query)?, host(&self.others.key)?);
        let others = Side { query: &query, key: &key, heads: self.others.heads };
        let of_job = |index| {
            let job = self.heads.job(index, &self.layout);
            let difference = self.difference(&job, own, others);
            let squares = |row: &[f32]| row.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>();
            let rows = difference.chunks(job.keys.max(1)).enumerate();
            rows.map(|(place, row)| squares(row) * self.share(&job, place)).sum::<f64>()
        };
        // Added up in the order of the jobs, whichever thread has done them.
        let each: Vec<f64> = (0..self.jobs()).into_par_iter().map(of_job).collect();
        Ok(each.iter().sum())
    }

    /// Gradients of queries and keys, times `scale`.
    fn slopes(&self, own: Side<'_>, scale: f64) -> Result<[Vec<f32>; 2]> {
        let (query, key) = (host(&self.others.query)?, host(&self.others.key)?);
        let others = Side { query: &query, key: &key, heads: self.others.heads };
        let (mut query_grad, mut key_grad) = (vec![0.0; own.query.len()], vec![0.0; own.key.len()]);
        let (query_out, key_out) = (Blocks::new(&mut query_grad), Blocks::new(&mut key_grad));
        (0..self.jobs()).into_par_iter().for_each(|index| {
            let job = self.heads.job(index, &self.layout);
            let (size, width) = (self.heads.size, self.heads.width());
            let mut slopes = self.difference(&job, own, others);
            for (place, row) in slopes.chunks_mut(job.keys.max(1)).enumerate() {
                let factor = (2.0 * scale * self.share(&job, place)) as f32 * self.heads.scale();
                for value in row {
                    *value *= factor;
                }
            }
            let offset = |first: usize| first * width + job.head * size;
            #[expect(unsafe_code, reason = "each job writes its own rows and columns")]
            // SAFETY: rows differ between sequences and columns between heads, so no two jobs share an element.
            let (dq, dk) = unsafe {
                (
                    query_out.block(offset(job.first_row), job.rows, size, width),
                    key_out.block(offset(job.first_token), job.keys, size, width),
                )
            };
            let slopes = Mat::new(&slopes, job.rows, job.keys);
            let k = self.heads.block(own.key, job.first_token, job.keys, job.head);
            let q = self.heads.block(own.query, job.first_row, job.rows, job.head);
            matmul(dq, Into::Set, slopes, k, Threads::One);
            matmul(dk, Into::Set, slopes.transposed(), q, Threads::One);
        });
        Ok([query_grad, key_grad])
    }
}

impl CustomOp2 for Apart {
    fn name(&self) -> &'static str {
        "attention scores apart"
    }

    fn cpu_fwd(
        &self,
        query: &CpuStorage,
        query_layout: &TensorLayout,
        key: &CpuStorage,
        key_layout: &TensorLayout,
    ) -> Result<(CpuStorage, Shape)> {
        let own = Side { query: slice(query, query_layout)?, key: slice(key, key_layout)?, heads: self.heads };
        Ok((CpuStorage::F32(vec![self.value(own)? as f32]), Shape::from(())))
    }

    fn bwd(
        &self,
        query: &Tensor,
        key: &Tensor,
        _loss: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let scale = f64::from(grad.to_scalar::<f32>()?);
        let (query_values, key_values) = (host(query)?, host(key)?);
        let own = Side { query: &query_values, key: &key_values, heads: self.heads };
        let [query_grad, key_grad] = self.slopes(own, scale)?;
        let of = |values, like: &Tensor| Tensor::from_vec(values, like.shape(), like.device());
        Ok((Some(of(query_grad, query)?), Some(of(key_grad, key)?)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::model::Input;

    fn close(found: &Tensor, expected: &Tensor, words: &str) {
        let apart = (found - expected).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(apart.to_scalar::<f32>().unwrap() < 1e-5, "{words}: {found}, expected {expected}");
    }

    fn waves(rows: usize, heads: Heads, speed: f32) -> Tensor {
        let width = heads.width();
        let values: Vec<f32> = (0..rows * width).map(|place| (place as f32 * speed).sin() * 1.5).collect();
        Tensor::from_vec(values, (rows, width), &Device::Cpu).unwrap()
    }

    fn layout(causal: bool) -> Arc<Layout> {
        let input = Input { starts: vec![0, 3, 4, 9], ids: vec![0; 9], causal, ..Input::default() };
        Arc::new(input.layout())
    }

    #[test]
    fn the_fused_distance_equals_its_plain_twin_with_its_gradients() {
        let (heads, wider) = (Heads { count: 2, size: 3 }, Heads { count: 2, size: 5 });
        let others = Scores { query: waves(9, wider, 0.7), key: waves(9, wider, 1.3), heads: wider };
        for causal in [false, true] {
            let layout = layout(causal);
            let [query, key] = [0.37, 0.91].map(|speed| Var::from_tensor(&waves(9, heads, speed)).unwrap());
            let own = Scores { query: query.as_tensor().clone(), key: key.as_tensor().clone(), heads };
            let fused = apart(&own, &others, &layout, 9.0).unwrap();
            let plain = plain_apart(&own, &others, &layout, 9.0).unwrap();
            close(&fused, &plain, "value");
            let (a, b) = ((fused * 3.0).unwrap().backward().unwrap(), (plain * 3.0).unwrap().backward().unwrap());
            for var in [&query, &key] {
                close(a.get(var).unwrap(), b.get(var).unwrap(), "gradient");
            }
        }
    }

    /// By the definition, in doubles and without a matrix: the mean over tokens, over heads, and over what is attended to.
    fn defined(own: &Scores, others: &Scores, layout: &Layout) -> f64 {
        let of = |scores: &Scores| -> (Vec<Vec<f32>>, Vec<Vec<f32>>, Heads) {
            (scores.query.to_vec2().unwrap(), scores.key.to_vec2().unwrap(), scores.heads)
        };
        let score = |(query, key, heads): &(Vec<Vec<f32>>, Vec<Vec<f32>>, Heads), head: usize, i: usize, j: usize| {
            let columns = head * heads.size..(head + 1) * heads.size;
            columns.map(|c| f64::from(query[i][c]) * f64::from(key[j][c])).sum::<f64>() / (heads.size as f64).sqrt()
        };
        let (a, b) = (of(own), of(others));
        let mut total = 0.0;
        for sequence in 0..layout.sequences() {
            let (start, end) = (layout.starts[sequence], layout.starts[sequence + 1]);
            for i in start..end {
                let last = if layout.causal { i + 1 } else { end };
                for head in 0..own.heads.count {
                    let squares = (start..last).map(|j| (score(&a, head, i, j) - score(&b, head, i, j)).powi(2));
                    total += squares.sum::<f64>() / (last - start) as f64 / own.heads.count as f64;
                }
            }
        }
        total / layout.tokens() as f64
    }

    #[test]
    fn the_distance_is_the_mean_over_real_tokens_and_its_gradient_that_of_differences() {
        const STEP: f32 = 1.0 / 64.0;
        let (heads, wider) = (Heads { count: 2, size: 3 }, Heads { count: 2, size: 5 });
        let others = Scores { query: waves(9, wider, 0.7), key: waves(9, wider, 1.3), heads: wider };
        for causal in [false, true] {
            let layout = layout(causal);
            let [query, key] = [0.37, 0.91].map(|speed| Var::from_tensor(&waves(9, heads, speed)).unwrap());
            let own = Scores { query: query.as_tensor().clone(), key: key.as_tensor().clone(), heads };
            let loss = apart(&own, &others, &layout, 9.0).unwrap();
            let value = f64::from(loss.to_scalar::<f32>().unwrap());
            assert!((value - defined(&own, &others, &layout)).abs() < 1e-5, "{value}");
            let gradients = loss.backward().unwrap();
            for (is_key, var) in [(false, &query), (true, &key)] {
                let found: Vec<f32> = gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
                for place in [0, 7, 20, 31, 53] {
                    let moved = |by: f32| {
                        let mut values: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
                        values[place] += by;
                        let moved = Tensor::from_vec(values, var.shape(), &Device::Cpu).unwrap();
                        let own = if is_key {
                            Scores { key: moved, ..own.clone() }
                        } else {
                            Scores { query: moved, ..own.clone() }
                        };
                        defined(&own, &others, &layout)
                    };
                    let expected = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
                    assert!((f64::from(found[place]) - expected).abs() < 1e-5, "{place}: {expected}");
                }
            }
        }
    }

    #[test]
    fn another_number_of_heads_is_an_error() {
        let of = |count| {
            let heads = Heads { count, size: 12 / count };
            Scores { query: waves(9, heads, 0.3), key: waves(9, heads, 0.4), heads }
        };
        let error = apart(&of(3), &of(4), &layout(false), 1.0).unwrap_err().to_string();
        assert!(error.contains("under 3 heads and 9 under 4"), "{error}");
    }
}
