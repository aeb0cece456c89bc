//! AdamW (Loshchilov and Hutter, 2019) over groups, with PyTorch's arithmetic; clipping by the global norm.
//!
//! Weights are updated in place, in parallel, in the order of the parameters. The state can be read and set, so that a
//! run can go on as if it had never stopped.

use std::sync::Arc;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor, bail};
use rayon::prelude::*;

use super::config::Group;
use crate::model::ops::simd::wide;
use crate::model::params::{GradientRef, Param, Params};

/// Settings that all weights share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    pub betas: [f64; 2],
    pub eps: f64,
}

/// What one weight gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Peak learning rate.
    pub lr: f64,
    pub group: Group,
    pub weight_decay: f64,
}

/// Moments of one weight.
#[derive(Debug, Default)]
enum Moments {
    #[default]
    None,
    Host {
        first: Vec<f32>,
        second: Vec<f32>,
    },
    Device {
        first: Tensor,
        second: Tensor,
    },
}

#[derive(Debug)]
struct Slot {
    param: Arc<Param>,
    rule: Rule,
    moments: Moments,
    /// Updates this weight has had: weights that are unfrozen later start their bias correction then.
    steps: u64,
}

/// The optimizer of a run.
#[derive(Debug)]
pub struct Optimizer {
    adam: AdamW,
    slots: Vec<Slot>,
}

const CHUNK: usize = 16 * 1024;

impl Optimizer {
    pub fn new(adam: AdamW, params: &Params, rule: impl Fn(&Param) -> Rule) -> Self {
        let slots = params.iter().map(|param| Slot {
            rule: rule(param),
            param: param.clone(),
            moments: Moments::None,
            steps: 0,
        });
        Self { adam, slots: slots.collect() }
    }

    pub fn rules(&self) -> impl Iterator<Item = (&Arc<Param>, &Rule)> {
        self.slots.iter().map(|slot| (&slot.param, &slot.rule))
    }

    /// Changes what each weight gets, from the next update on.
    pub fn set_rules(&mut self, rule: impl Fn(&Param) -> Rule) {
        for slot in &mut self.slots {
            slot.rule = rule(&slot.param);
        }
    }

    /// How often the weight at a place among the parameters was updated.
    pub fn updates(&self, place: usize) -> u64 {
        self.slots.get(place).map_or(0, |slot| slot.steps)
    }

    /// Both moments of the weight at a place; none before its first update.
    pub fn moments(&self, place: usize) -> Result<Option<[Vec<f32>; 2]>> {
        let numbers = |tensor: &Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        Ok(match self.slots.get(place).map(|slot| &slot.moments) {
            None | Some(Moments::None) => None,
            Some(Moments::Host { first, second }) => Some([first.clone(), second.clone()]),
            Some(Moments::Device { first, second }) => Some([numbers(first)?, numbers(second)?]),
        })
    }

    /// Puts back what [`Self::updates`] and [`Self::moments`] told.
    pub fn set_moments(&mut self, place: usize, updates: u64, moments: Option<[Vec<f32>; 2]>) -> Result<()> {
        let Some(slot) = self.slots.get_mut(place) else { bail!("there is no weight {place}") };
        slot.steps = updates;
        slot.moments = match moments {
            None => Moments::None,
            Some([first, second]) if slot.param.var().device().is_cpu() => Moments::Host { first, second },
            Some([first, second]) => {
                let (shape, device) = (slot.param.shape(), slot.param.var().device());
                Moments::Device {
                    first: Tensor::from_vec(first, shape, device)?,
                    second: Tensor::from_vec(second, shape, device)?,
                }
            }
        };
        Ok(())
    }

    /// The L2 norm of all gradients together; a weight without one counts nothing.
    pub fn gradient_norm(&self) -> Result<f64> {
        let mut sum = 0.0;
        for slot in &self.slots {
            sum += slot.param.with_gradient(|gradient| match gradient {
                None => Ok(0.0),
                Some(GradientRef::Host(values)) => Ok(square_sum(values)),
                Some(GradientRef::Device(tensor)) => tensor.sqr()?.sum_all()?.to_scalar::<f32>().map(f64::from),
            })?;
        }
        Ok(sum.sqrt())
    }

    /// One update: every weight with a gradient, at its own rate times `factor`, the gradients times `scale`.
    pub fn step(&mut self, factor: f64, scale: f64) -> Result<()> {
        for slot in &mut self.slots {
            if !slot.param.trainable() {
                continue;
            }
            let Slot { param, rule, moments, steps } = slot;
            let adam = self.adam;
            param.with_gradient(|gradient| {
                let Some(gradient) = gradient else {
                    return Ok(());
                };
                *steps += 1;
                let update = Update::new(adam, rule, factor, scale, *steps);
                match gradient {
                    GradientRef::Host(values) => {
                        if matches!(moments, Moments::None) {
                            *moments =
                                Moments::Host { first: vec![0.0; values.len()], second: vec![0.0; values.len()] };
                        }
                        let Moments::Host { first, second } = moments else {
                            bail!("the moments of {} lie on another device", param.name);
                        };
                        let op = Fused { update, gradient: values, state: std::sync::Mutex::new((first, second)) };
                        param.update(&op)
                    }
                    GradientRef::Device(tensor) => update.on_device(param, tensor, moments),
                }
            })?;
        }
        Ok(())
    }
}

/// The sum of squares in `f64`, in chunks of fixed size added up in order.
fn square_sum(values: &[f32]) -> f64 {
    let parts: Vec<f64> = values
        .par_chunks(CHUNK)
        .map(|chunk| {
            wide(
                #[inline(always)]
                || {
                    let mut lanes = [0.0_f64; 8];
                    for part in chunk.chunks(8) {
                        for (lane, value) in lanes.iter_mut().zip(part) {
                            *lane += f64::from(*value) * f64::from(*value);
                        }
                    }
                    lanes.iter().sum::<f64>()
                },
            )
        })
        .collect();
    parts.iter().sum()
}

/// The numbers of one update of one weight.
#[derive(Clone, Copy)]
struct Update {
    keep: f64,
    betas: [f64; 2],
    /// `lr / (1 - beta1^t)`
    step_size: f64,
    /// `1 / sqrt(1 - beta2^t)`
    second_scale: f64,
    eps: f64,
    scale: f64,
}

impl Update {
    fn new(adam: AdamW, rule: &Rule, factor: f64, scale: f64, step: u64) -> Self {
        let lr = rule.lr * factor;
        let power = |beta: f64| 1.0 - beta.powi(step.min(1 << 30) as i32);
        Self {
            keep: 1.0 - lr * rule.weight_decay,
            betas: adam.betas,
            step_size: lr / power(adam.betas[0]),
            second_scale: 1.0 / power(adam.betas[1]).sqrt(),
            eps: adam.eps,
            scale,
        }
    }

    fn on_host(self, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        let (b1, b2) = (self.betas[0] as f32, self.betas[1] as f32);
        let (c1, c2) = ((1.0 - self.betas[0]) as f32, (1.0 - self.betas[1]) as f32);
        let (keep, step, root, eps) =
            (self.keep as f32, self.step_size as f32, self.second_scale as f32, self.eps as f32);
        let scale = self.scale as f32;
        let chunks = weights.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        chunks.zip(moments).for_each(|((w, g), (m, v))| {
            wide(
                #[inline(always)]
                || {
                    for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                        let g = g * scale;
                        *m = b1 * *m + c1 * g;
                        *v = b2 * *v + c2 * g * g;
                        *w = *w * keep - step * *m / (v.sqrt() * root + eps);
                    }
                },
            );
        });
    }

    /// The same in candle's own operations.
    fn on_device(self, param: &Param, gradient: &Tensor, moments: &mut Moments) -> Result<()> {
        if matches!(moments, Moments::None) {
            *moments = Moments::Device { first: gradient.zeros_like()?, second: gradient.zeros_like()? };
        }
        let Moments::Device { first, second } = moments else {
            bail!("the moments of {} lie on the host", param.name);
        };
        let gradient = (gradient * self.scale)?;
        *first = ((&*first * self.betas[0])? + (&gradient * (1.0 - self.betas[0]))?)?;
        *second = ((&*second * self.betas[1])? + (gradient.sqr()? * (1.0 - self.betas[1]))?)?;
        let root = ((second.sqrt()? * self.second_scale)? + self.eps)?;
        let change = (first.div(&root)? * self.step_size)?;
        let weights = param.var().as_detached_tensor();
        param.set(&((weights * self.keep)? - change)?)
    }
}

struct Fused<'a> {
    update: Update,
    gradient: &'a [f32],
    state: std::sync::Mutex<(&'a mut Vec<f32>, &'a mut Vec<f32>)>,
}

impl InplaceOp1 for Fused<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, weights: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(weights), Some((start, end))) = (weights, layout.contiguous_offsets()) else {
            bail!("AdamW needs contiguous f32 weights");
        };
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (first, second) = &mut *state;
        self.update.on_host(&mut weights[start..end], self.gradient, first, second);
        Ok(())
    }
}

/// What clipping multiplies the gradients with, as `torch.nn.utils.clip_grad_norm_` does; `limit` 0 never clips.
pub fn clip_scale(norm: f64, limit: f64) -> f64 {
    if limit > 0.0 { (limit / (norm + 1e-6)).min(1.0) } else { 1.0 }
}
