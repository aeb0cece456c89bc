//! Multi-head self-attention (Vaswani et al., 2017) over sequences laid end to end: one sequence and head at a time, in
//! parallel. There is no mask, because a token meets only those of its own sequence. A causal token meets only the
//! earlier ones: its softmax runs over a shorter row, and what is behind it is zero.

use rayon::prelude::*;

use super::buffer::Buffer;
use super::dropout::Noise;
use super::matrix::{Blocks, Into, Mat, MatMut, Threads, matmul};
use super::simd::{exp, max_of, sum_of, sum_of_pairs, wide};
use crate::model::input::Layout;

/// How the width of a layer is divided among its heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    pub count: usize,
    /// Columns of one head.
    pub size: usize,
}

/// Queries (rows, hidden), keys and values (tokens, hidden).
#[derive(Clone, Copy)]
pub struct Projections<'a> {
    pub query: &'a [f32],
    pub key: &'a [f32],
    pub value: &'a [f32],
}

/// One sequence under one head.
pub(super) struct Job {
    pub sequence: usize,
    pub head: usize,
    pub first_row: usize,
    pub rows: usize,
    pub first_token: usize,
    pub keys: usize,
}

impl Heads {
    pub(super) fn width(self) -> usize {
        self.count * self.size
    }

    pub(super) fn job(self, index: usize, layout: &Layout) -> Job {
        let (sequence, head) = (index / self.count, index % self.count);
        Job {
            sequence,
            head,
            first_row: layout.row_starts[sequence],
            rows: layout.row_starts[sequence + 1] - layout.row_starts[sequence],
            first_token: layout.starts[sequence],
            keys: layout.visible[sequence],
        }
    }

    pub(super) fn block(self, data: &[f32], first: usize, rows: usize, head: usize) -> Mat<'_> {
        Mat::strided(&data[first * self.width() + head * self.size..], rows, self.size, self.width())
    }

    /// What products of queries and keys are multiplied by.
    pub(super) fn scale(self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }

    /// Products of a job's queries with its keys: (rows, keys), not scaled yet.
    pub(super) fn products(self, job: &Job, query: &[f32], key: &[f32], out: &mut [f32]) {
        let q = self.block(query, job.first_row, job.rows, job.head);
        let k = self.block(key, job.first_token, job.keys, job.head);
        matmul(MatMut::new(out, job.rows, job.keys), Into::Set, q, k.transposed(), Threads::One);
    }

    /// Scores of a job's rows against its keys, turned into probabilities.
    fn probabilities(self, job: &Job, layout: &Layout, query: &[f32], key: &[f32], out: &mut [f32]) {
        self.products(job, query, key, out);
        let scale = self.scale();
        if layout.causal {
            let place = |row| layout.token_of_row(job.first_row + row) - job.first_token;
            softmax_rows(out, job.keys, scale, |row| layout.seen(job.sequence, place(row)));
        } else {
            softmax_rows(out, job.keys, scale, |_| job.keys);
        }
    }
}

/// Scores of rows of `width` turned into probabilities; of each row only the first `seen` take part.
fn softmax_rows(scores: &mut [f32], width: usize, scale: f32, seen: impl Fn(usize) -> usize) {
    wide(
        #[inline(always)]
        || {
            for (index, row) in scores.chunks_mut(width).enumerate() {
                let (row, unseen) = row.split_at_mut(seen(index));
                unseen.fill(0.0);
                let largest = max_of(row);
                for value in row.iter_mut() {
                    *value = exp((*value - largest) * scale);
                }
                let total = 1.0 / sum_of(row, |x| x);
                for value in row {
                    *value *= total;
                }
            }
        },
    );
}

fn drop_rows(noise: &Noise, job: &Job, layout: &Layout, probabilities: &mut [f32]) {
    wide(
        #[inline(always)]
        || {
            for (row, values) in probabilities.chunks_mut(job.keys).enumerate() {
                noise.apply_row(layout.token_of_row(job.first_row + row), job.head + 1, values);
            }
        },
    );
}

/// Writes the mixed values of each row to `context`: (rows, hidden).
pub fn forward(from: Projections<'_>, layout: &Layout, heads: Heads, noise: Option<&Noise>, context: &mut [f32]) {
    let out = Blocks::new(context);
    (0..layout.sequences() * heads.count).into_par_iter().for_each(|index| {
        let job = heads.job(index, layout);
        if job.rows == 0 {
            return;
        }
        let mut p = Buffer::take(job.rows * job.keys);
        heads.probabilities(&job, layout, from.query, from.key, &mut p);
        if let Some(noise) = noise {
            drop_rows(noise, &job, layout, &mut p);
        }
        let offset = job.first_row * heads.width() + job.head * heads.size;
        #[expect(unsafe_code, reason = "each job writes its own rows and columns")]
        // SAFETY: rows differ between sequences and columns between heads, so no two jobs share an element.
        let block = unsafe { out.block(offset, job.rows, heads.size, heads.width()) };
        let v = heads.block(from.value, job.first_token, job.keys, job.head);
        matmul(block, Into::Set, Mat::new(&p, job.rows, job.keys), v, Threads::One);
    });
}

/// The attention probabilities of each sequence: (heads, rows, tokens), before dropout.
pub fn probabilities(query: &[f32], key: &[f32], layout: &Layout, heads: Heads) -> Vec<Vec<f32>> {
    (0..layout.sequences())
        .map(|sequence| {
            let jobs = (0..heads.count).into_par_iter().map(|head| {
                let job = heads.job(sequence * heads.count + head, layout);
                let mut p = vec![0.0; job.rows * job.keys];
                heads.probabilities(&job, layout, query, key, &mut p);
                p
            });
            jobs.collect::<Vec<_>>().concat()
        })
        .collect()
}

/// Gradients of queries, keys and values, written to `out`, from that of the context. Probabilities are computed again
/// rather than kept.
pub fn backward(
    from: Projections<'_>,
    layout: &Layout,
    heads: Heads,
    noise: Option<&Noise>,
    context_grad: &[f32],
    out: [&mut [f32]; 3],
) {
    let [query_grad, key_grad, value_grad] = out.map(Blocks::new);
    let scale = heads.scale();
    (0..layout.sequences() * heads.count).into_par_iter().for_each(|index| {
        let job = heads.job(index, layout);
        let (size, width) = (heads.size, heads.width());
        let token_offset = job.first_token * width + job.head * size;
        let row_offset = job.first_row * width + job.head * size;
        #[expect(unsafe_code, reason = "each job writes its own rows and columns")]
        // SAFETY: rows differ between sequences and columns between heads, so no two jobs share an element.
        let (mut dk, mut dv) = unsafe {
            (key_grad.block(token_offset, job.keys, size, width), value_grad.block(token_offset, job.keys, size, width))
        };
        if job.rows == 0 {
            // Nothing of this sequence is wanted: no masked word, say.
            for row in 0..job.keys {
                dk.row_mut(row).fill(0.0);
                dv.row_mut(row).fill(0.0);
            }
            return;
        }
        #[expect(unsafe_code, reason = "each job writes its own rows and columns")]
        // SAFETY: as above.
        let dq = unsafe { query_grad.block(row_offset, job.rows, size, width) };
        let mut p = Buffer::take(job.rows * job.keys);
        let mut dp = Buffer::take(job.rows * job.keys);
        heads.probabilities(&job, layout, from.query, from.key, &mut p);
        let dc = heads.block(context_grad, job.first_row, job.rows, job.head);
        let v = heads.block(from.value, job.first_token, job.keys, job.head);
        matmul(MatMut::new(&mut dp, job.rows, job.keys), Into::Set, dc, v.transposed(), Threads::One);
        if let Some(noise) = noise {
            let mut dropped = Buffer::take(job.rows * job.keys);
            dropped.copy_from_slice(&p);
            drop_rows(noise, &job, layout, &mut dropped);
            matmul(dv, Into::Set, Mat::new(&dropped, job.rows, job.keys).transposed(), dc, Threads::One);
            drop_rows(noise, &job, layout, &mut dp);
        } else {
            matmul(dv, Into::Set, Mat::new(&p, job.rows, job.keys).transposed(), dc, Threads::One);
        }
        softmax_backward(&p, &mut dp, job.keys, scale);
        let scores = Mat::new(&dp, job.rows, job.keys);
        let k = heads.block(from.key, job.first_token, job.keys, job.head);
        let q = heads.block(from.query, job.first_row, job.rows, job.head);
        matmul(dq, Into::Set, scores, k, Threads::One);
        matmul(dk, Into::Set, scores.transposed(), q, Threads::One);
    });
}

fn softmax_backward(p: &[f32], dp: &mut [f32], width: usize, scale: f32) {
    wide(
        #[inline(always)]
        || {
            for (p, dp) in p.chunks(width).zip(dp.chunks_mut(width)) {
                let along = sum_of_pairs(p, dp, |p, d| p * d);
                for (p, d) in p.iter().zip(dp) {
                    *d = p * (*d - along) * scale;
                }
            }
        },
    );
}
