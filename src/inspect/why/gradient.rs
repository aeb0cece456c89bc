//! The gradient of an output by the word vectors, where they enter the model, with every weight frozen: a backward pass
//! computes nothing but that.

use candle_core::{Tensor, Var};

use super::scene::Scene;
use super::target::Terms;
use crate::inspect::predictor::{GoOn, Sequence, in_batches, packed};
use crate::inspect::{InspectError, OpenModel};
use crate::model::{HeadInput, HeadKind, Input, Pass};

/// The gradient of an output by the word vectors: (tokens, width).
pub(super) type Gradient = Vec<f32>;

/// The weight of each token: its gradient times its vector, summed over the width.
pub(super) fn times(gradient: &[f32], vectors: &[f32], width: usize) -> Vec<f64> {
    let dot = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    gradient.chunks(width).zip(vectors.chunks(width)).map(dot).collect()
}

impl Scene<'_> {
    pub(super) fn vectors(&self) -> Result<Vec<f32>, InspectError> {
        Ok(self.model.model.word_vectors(&self.ids)?)
    }

    /// The gradients where the words have each of some vectors; nothing where `go_on`, which hears how many are done, ended
    /// it.
    pub(super) fn derived(
        &self,
        vectors: Vec<Vec<f32>>,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Gradient>>, InspectError> {
        let (predictor, total) = (self.model.predictor(), vectors.len());
        let tokens = |_: &Vec<f32>| self.ids.len();
        let items = vectors.into_iter().map(Ok);
        in_batches(predictor.tokens_at_once, items, tokens, &mut |done| go_on(done, total), |_, batch| {
            backward(self.model, &self.copies(batch))
        })
    }

    /// The outputs alone.
    pub(super) fn outputs(&self, vectors: Vec<Vec<f32>>, go_on: GoOn<'_>) -> Result<Option<Vec<f64>>, InspectError> {
        let (predictor, total) = (self.model.predictor(), vectors.len());
        let tokens = |_: &Vec<f32>| self.ids.len();
        let items = vectors.into_iter().map(Ok);
        in_batches(predictor.tokens_at_once, items, tokens, &mut |done| go_on(done, total), |_, batch| {
            let batch = Batch::new(self.model, &self.copies(batch));
            let logits = batch.logits(self.model, &batch.words(self.model)?, false)?;
            batch.scores(&logits)
        })
    }

    fn copies<'s>(&'s self, vectors: &'s [Vec<f32>]) -> Vec<Given<'s>> {
        vectors
            .iter()
            .map(|vectors| Given { ids: &self.ids, types: &self.types, vectors, terms: &self.terms })
            .collect()
    }
}

/// The tokens of a text, the vectors that they have, and the output that is derived.
pub(super) struct Given<'a> {
    pub ids: &'a [u32],
    pub types: &'a [u32],
    pub vectors: &'a [f32],
    pub terms: &'a Terms,
}

/// The gradient of each output by the vectors of its own text, all in one pass: texts do not know each other.
pub(super) fn backward(model: &OpenModel, given: &[Given<'_>]) -> Result<Vec<Gradient>, InspectError> {
    let batch = Batch::new(model, given);
    let words = Var::from_tensor(&batch.words(model)?)?;
    let logits = batch.logits(model, words.as_tensor(), true)?;
    let sum = (logits * batch.wanted()?)?.sum_all()?;
    let store = sum.backward()?;
    let gradient = match store.get(words.as_tensor()) {
        Some(gradient) => gradient.flatten_all()?.to_vec1::<f32>()?,
        None => vec![0.0; batch.vectors.len()],
    };
    let width = model.model.embedding_size();
    let bounds = batch.input.starts.windows(2);
    Ok(bounds.map(|bounds| gradient[bounds[0] * width..bounds[1] * width].to_vec()).collect())
}

/// Texts end to end, each with vectors of its own.
struct Batch {
    input: Input,
    vectors: Vec<f32>,
    /// The tokens whose logits are computed, ascending.
    rows: Vec<u32>,
    /// For each text the logits that are added up: which of those rows, and the output.
    wanted: Vec<Vec<(usize, usize)>>,
    outputs: usize,
}

impl Batch {
    fn new(model: &OpenModel, given: &[Given<'_>]) -> Self {
        let sequence = |one: &Given<'_>| Sequence { ids: one.ids.to_vec(), types: one.types.to_vec(), asked: None };
        let input = packed(&given.iter().map(sequence).collect::<Vec<_>>());
        let kind = HeadKind::for_task(model.task);
        let (mut rows, mut wanted) = (Vec::new(), Vec::with_capacity(given.len()));
        for (start, one) in input.starts.iter().zip(given) {
            let mut places = match kind.input() {
                HeadInput::FirstToken => vec![0],
                HeadInput::AllTokens => one.terms.0.iter().map(|(place, _)| *place).collect(),
            };
            places.sort_unstable();
            places.dedup();
            let row = |(place, column): &(usize, usize)| {
                places.iter().position(|known| known == place).map(|at| (rows.len() + at, *column))
            };
            wanted.push(one.terms.0.iter().filter_map(row).collect());
            rows.extend(places.iter().map(|place| (start + place) as u32));
        }
        let vectors = given.iter().flat_map(|one| one.vectors.iter().copied()).collect();
        let outputs = model.model.heads.get(kind).map_or(0, |head| head.output.widths().1);
        Self { input, vectors, rows, wanted, outputs }
    }

    fn words(&self, model: &OpenModel) -> Result<Tensor, InspectError> {
        let shape = (self.input.tokens(), model.model.embedding_size());
        Ok(Tensor::from_vec(self.vectors.clone(), shape, model.model.device())?)
    }

    fn logits(&self, model: &OpenModel, words: &Tensor, graph: bool) -> Result<Tensor, InspectError> {
        let rows = (self.rows.len() < self.input.tokens()).then(|| self.rows.clone().into());
        let pass = Pass { graph, rows, ..Pass::default() };
        Ok(model.model.run_on(model.task, words, &self.input, &pass)?)
    }

    /// One where a logit counts.
    fn wanted(&self) -> Result<Tensor, InspectError> {
        let mut wanted = vec![0.0_f32; self.rows.len() * self.outputs];
        for (row, column) in self.wanted.iter().flatten() {
            wanted[row * self.outputs + column] = 1.0;
        }
        Ok(Tensor::from_vec(wanted, (self.rows.len(), self.outputs), &candle_core::Device::Cpu)?)
    }

    fn scores(&self, logits: &Tensor) -> Result<Vec<f64>, InspectError> {
        let rows: Vec<Vec<f32>> = logits.to_vec2()?;
        let sum = |terms: &Vec<(usize, usize)>| terms.iter().map(|(row, column)| f64::from(rows[*row][*column])).sum();
        Ok(self.wanted.iter().map(sum).collect())
    }
}
