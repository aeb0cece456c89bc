//! Every weight by name, in a fixed order, with its gradient and whether it is trained.
//!
//! Gradients do not go through candle's `GradStore` on the CPU: the fused operations add them straight into a buffer
//! that lives as long as the weight, so that accumulation costs nothing and nothing is allocated in a step.

use std::ops::{Deref, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, DType, Device, InplaceOp1, Result, Storage, Tensor, Var, bail};

use super::ops::bf16::Weight16;
use super::ops::matrix::Into;

/// A part of the model that is frozen, counted and given a rate as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    Embeddings,
    /// A stored layer, from 0.
    Layer(usize),
    Head,
}

impl std::fmt::Display for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embeddings => f.write_str("embeddings"),
            Self::Layer(layer) => write!(f, "layers.{layer}"),
            Self::Head => f.write_str("head"),
        }
    }
}

impl Block {
    /// The block that a weight is part of, by its canonical name. Whatever is in no layer and not in the embeddings sits on
    /// the encoder.
    pub fn of(weight: &str) -> Self {
        let (first, rest) = weight.split_once('.').unwrap_or((weight, ""));
        let layer = || rest.split('.').next()?.parse().ok().map(Self::Layer);
        match first {
            "embeddings" => Self::Embeddings,
            "layers" => layer().unwrap_or(Self::Head),
            _ => Self::Head,
        }
    }

    /// The block of this name, if it is one.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "embeddings" => Some(Self::Embeddings),
            "head" => Some(Self::Head),
            _ => name.strip_prefix("layers.")?.parse().ok().map(Self::Layer),
        }
    }
}

#[derive(Debug, Default)]
struct Gradient {
    host: Vec<f32>,
    device: Option<Tensor>,
    filled: bool,
}

/// One weight.
#[derive(Debug)]
pub struct Param {
    /// The name that all families share, such as `layers.3.attention.query.weight`.
    pub name: String,
    /// The name in a Hugging Face file.
    pub stored_name: String,
    pub block: Block,
    /// Never trained, such as sinusoidal positions.
    pub fixed: bool,
    var: Var,
    trainable: AtomicBool,
    gradient: Mutex<Gradient>,
    /// How often its numbers were changed.
    changes: AtomicU64,
    rounded: Mutex<Option<Rounded>>,
}

/// A weight in bfloat16, as it was after so many changes.
#[derive(Debug)]
struct Rounded {
    changes: u64,
    weight: Arc<Weight16>,
}

/// A weight's numbers while they are read.
pub struct Host<G> {
    storage: G,
    range: Range<usize>,
}

impl<G: Deref<Target = Storage>> Deref for Host<G> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &*self.storage {
            Storage::Cpu(CpuStorage::F32(values)) => &values[self.range.clone()],
            _ => &[],
        }
    }
}

/// The contiguous f32 numbers of a tensor on the CPU.
pub fn host(tensor: &Tensor) -> Result<Host<impl Deref<Target = Storage> + '_>> {
    let (storage, layout) = tensor.storage_and_layout();
    let range = layout.contiguous_offsets().map(|(start, end)| start..end);
    match (&*storage, range) {
        (Storage::Cpu(CpuStorage::F32(_)), Some(range)) => Ok(Host { storage, range }),
        _ => bail!("expected contiguous f32 numbers on the CPU, found {:?} on {:?}", tensor.dtype(), tensor.device()),
    }
}

/// The numbers of an operation's argument.
pub fn slice<'a>(storage: &'a CpuStorage, layout: &candle_core::Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("a fused operation needs contiguous f32 numbers"),
    }
}

impl Param {
    pub fn new(name: String, stored_name: String, block: Block, var: Var) -> Self {
        Self {
            name,
            stored_name,
            block,
            fixed: false,
            var,
            trainable: AtomicBool::new(true),
            gradient: Mutex::default(),
            changes: AtomicU64::default(),
            rounded: Mutex::default(),
        }
    }

    /// To be read; it is changed by [`Self::set`] and [`Self::update`], which know of what was made of it.
    pub fn var(&self) -> &Var {
        &self.var
    }

    pub fn shape(&self) -> &[usize] {
        self.var.dims()
    }

    pub fn count(&self) -> usize {
        self.var.elem_count()
    }

    pub fn host(&self) -> Result<Host<impl Deref<Target = Storage> + '_>> {
        host(self.var.as_tensor())
    }

    /// For the plain operations: part of the graph where it is trained, a constant where it is frozen.
    pub fn tensor(&self) -> Tensor {
        if self.trainable() { self.var.as_tensor().clone() } else { self.var.as_detached_tensor() }
    }

    pub fn trainable(&self) -> bool {
        self.trainable.load(Ordering::Relaxed)
    }

    pub fn set_trainable(&self, trainable: bool) {
        self.trainable.store(trainable && !self.fixed, Ordering::Relaxed);
        if !self.trainable() {
            *self.lock() = Gradient::default();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Gradient> {
        self.gradient.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other numbers in the place of its own.
    pub fn set(&self, values: &Tensor) -> Result<()> {
        let set = self.var.set(values);
        self.changes.fetch_add(1, Ordering::Relaxed);
        set
    }

    /// Changes its numbers where they lie.
    pub fn update(&self, operation: &impl InplaceOp1) -> Result<()> {
        let updated = self.var.as_tensor().inplace_op1(operation);
        self.changes.fetch_add(1, Ordering::Relaxed);
        updated
    }

    /// The matrix (outputs, inputs) in bfloat16, made anew after each change.
    pub fn rounded(&self) -> Result<Arc<Weight16>> {
        let slot = || self.rounded.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = self.changes.load(Ordering::Relaxed);
        // What is out of date is dropped, so that its memory serves the new one.
        drop(slot().take_if(|rounded| rounded.changes != changes));
        if let Some(rounded) = &*slot() {
            return Ok(rounded.weight.clone());
        }
        // Threads are asked for help meanwhile, which may come here as well; both find the same.
        let weight = Arc::new(Weight16::of(&self.host()?, self.shape()[1]));
        *slot() = Some(Rounded { changes, weight: weight.clone() });
        Ok(weight)
    }

    fn forget_rounded(&self) {
        *self.rounded.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Lets a backward pass write or add a gradient; does nothing for a frozen weight.
    pub fn accumulate(&self, write: impl FnOnce(&mut [f32], Into)) {
        if !self.trainable() {
            return;
        }
        let mut gradient = self.lock();
        if gradient.host.is_empty() {
            gradient.host = vec![0.0; self.count()];
        }
        let into = if gradient.filled { Into::Add } else { Into::Set };
        gradient.filled = true;
        write(&mut gradient.host, into);
    }

    /// The same for a backward pass that can only add.
    pub fn add_gradient(&self, add: impl FnOnce(&mut [f32])) {
        self.accumulate(|gradient, into| {
            if into == Into::Set {
                gradient.fill(0.0);
            }
            add(gradient);
        });
    }

    /// Takes what candle computed for this weight, where plain operations were used.
    pub fn collect(&self, store: &GradStore) -> Result<()> {
        let Some(gradient) = store.get(self.var.as_tensor()).filter(|_| self.trainable()) else {
            return Ok(());
        };
        if self.var.device().is_cpu() {
            let gradient = gradient.contiguous()?;
            let values = host(&gradient)?;
            self.add_gradient(|sum| sum.iter_mut().zip(&*values).for_each(|(sum, value)| *sum += value));
        } else {
            let mut slot = self.lock();
            slot.device = Some(match slot.device.take().filter(|_| slot.filled) {
                Some(sum) => (sum + gradient)?,
                None => gradient.clone(),
            });
            slot.filled = true;
        }
        Ok(())
    }

    /// Forgets the gradient and keeps its memory.
    pub fn clear_gradient(&self) {
        self.lock().filled = false;
    }

    /// Hands the gradient to a function, or nothing if no backward pass reached this weight. On the CPU it comes as
    /// numbers; elsewhere as a tensor.
    pub fn with_gradient<R>(&self, f: impl FnOnce(Option<GradientRef<'_>>) -> R) -> R {
        let mut gradient = self.lock();
        let Gradient { host, device, filled } = &mut *gradient;
        match (filled, device) {
            (false, _) => f(None),
            (true, Some(tensor)) => f(Some(GradientRef::Device(tensor))),
            (true, None) => f(Some(GradientRef::Host(host))),
        }
    }

    /// The gradient as numbers.
    pub fn gradient(&self) -> Result<Option<Vec<f32>>> {
        self.with_gradient(|gradient| match gradient {
            None => Ok(None),
            Some(GradientRef::Host(values)) => Ok(Some(values.to_vec())),
            Some(GradientRef::Device(tensor)) => Ok(Some(tensor.flatten_all()?.to_vec1()?)),
        })
    }
}

/// A gradient where it lies.
pub enum GradientRef<'a> {
    Host(&'a mut [f32]),
    Device(&'a mut Tensor),
}

/// All weights of a model, in the order of the forward pass.
#[derive(Clone, Debug)]
pub struct Params {
    list: Vec<Arc<Param>>,
    trigger: Var,
    still: Tensor,
}

impl Params {
    pub fn new(list: Vec<Arc<Param>>, device: &Device) -> Result<Self> {
        Ok(Self { list, trigger: Var::zeros(1, DType::F32, device)?, still: Tensor::zeros(1, DType::F32, device)? })
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Param>> {
        self.list.iter()
    }

    pub fn find(&self, name: &str) -> Option<&Arc<Param>> {
        self.list.iter().find(|param| param.name == name)
    }

    pub fn count(&self) -> u64 {
        self.list.iter().map(|param| param.count() as u64).sum()
    }

    pub fn trainable_count(&self) -> u64 {
        self.list.iter().filter(|param| param.trainable()).map(|param| param.count() as u64).sum()
    }

    /// An argument that makes candle call a fused operation's backward although its weights are no arguments: part of
    /// the graph if any of them is trained.
    pub fn trigger<'a>(&self, weights: impl IntoIterator<Item = &'a Arc<Param>>) -> &Tensor {
        if weights.into_iter().any(|param| param.trainable()) { self.trigger.as_tensor() } else { &self.still }
    }

    /// The blocks from the bottom up, each with its number of parameters.
    pub fn blocks(&self) -> Vec<(Block, u64)> {
        let mut sizes = std::collections::BTreeMap::new();
        for param in &self.list {
            *sizes.entry(param.block).or_insert(0) += param.count() as u64;
        }
        sizes.into_iter().collect()
    }

    /// Gives back the memory of what is rounded, at the end of a run.
    pub fn forget_rounded(&self) {
        self.list.iter().for_each(|param| param.forget_rounded());
    }

    pub fn clear_gradients(&self) {
        self.list.iter().for_each(|param| param.clear_gradient());
    }
}
