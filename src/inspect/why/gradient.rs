//! The gradient of an output by the word vectors, where they enter the model, with every weight frozen: a backward pass
//! computes nothing but that.

use candle_core::{Tensor, Var};

use super::scene::Scene;
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
            self.backward(batch)
        })
    }

    /// The outputs alone.
    pub(super) fn outputs(&self, vectors: Vec<Vec<f32>>, go_on: GoOn<'_>) -> Result<Option<Vec<f64>>, InspectError> {
        let (predictor, total) = (self.model.predictor(), vectors.len());
        let tokens = |_: &Vec<f32>| self.ids.len();
        let items = vectors.into_iter().map(Ok);
        in_batches(predictor.tokens_at_once, items, tokens, &mut |done| go_on(done, total), |_, batch| {
            let batch = Batch::new(self, batch);
            let logits = batch.logits(self.model, &batch.words(self.model)?, false)?;
            batch.scores(&logits)
        })
    }

    fn backward(&self, vectors: &[Vec<f32>]) -> Result<Vec<Gradient>, InspectError> {
        let batch = Batch::new(self, vectors);
        let words = Var::from_tensor(&batch.words(self.model)?)?;
        let logits = batch.logits(self.model, words.as_tensor(), true)?;
        let sum = (logits * batch.wanted()?)?.sum_all()?;
        let store = sum.backward()?;
        let gradient = match store.get(words.as_tensor()) {
            Some(gradient) => gradient.flatten_all()?.to_vec1::<f32>()?,
            None => vec![0.0; batch.vectors.len()],
        };
        Ok(gradient.chunks(batch.vectors.len() / vectors.len().max(1)).map(<[f32]>::to_vec).collect())
    }
}

/// The same tokens several times, each time with vectors of their own.
struct Batch {
    input: Input,
    vectors: Vec<f32>,
    /// The tokens whose logits are computed, ascending, and for each the outputs that are added up.
    rows: Vec<u32>,
    columns: Vec<Vec<usize>>,
    per_copy: usize,
    outputs: usize,
}

impl Batch {
    fn new(scene: &Scene<'_>, vectors: &[Vec<f32>]) -> Self {
        let one = Sequence { ids: scene.ids.clone(), types: scene.types.clone(), asked: None };
        let input = packed(&vec![one; vectors.len()]);
        let mut places: Vec<usize> = scene.terms.0.iter().map(|(place, _)| *place).collect();
        if HeadKind::for_task(scene.model.task).input() == HeadInput::FirstToken {
            places = vec![0];
        }
        places.sort_unstable();
        places.dedup();
        let starts = input.starts[..vectors.len()].iter();
        let rows = starts.flat_map(|start| places.iter().map(move |place| (start + place) as u32)).collect();
        let of = |place: usize| {
            let terms = scene.terms.0.iter().filter(|(known, _)| *known == place);
            terms.map(|(_, column)| *column).collect()
        };
        let columns = places.iter().map(|place| of(*place)).collect();
        let kind = HeadKind::for_task(scene.model.task);
        let head = scene.model.model.heads.get(kind);
        let outputs = head.map_or(0, |head| head.output.widths().1);
        Self { input, vectors: vectors.concat(), rows, columns, per_copy: places.len(), outputs }
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
        for (row, wanted) in wanted.chunks_mut(self.outputs.max(1)).enumerate() {
            for column in &self.columns[row % self.per_copy.max(1)] {
                wanted[*column] = 1.0;
            }
        }
        Ok(Tensor::from_vec(wanted, (self.rows.len(), self.outputs), &candle_core::Device::Cpu)?)
    }

    fn scores(&self, logits: &Tensor) -> Result<Vec<f64>, InspectError> {
        let rows: Vec<Vec<f32>> = logits.to_vec2()?;
        let sum = |(row, columns): (&Vec<f32>, &Vec<usize>)| columns.iter().map(|at| f64::from(row[*at])).sum::<f64>();
        let copies = rows.chunks(self.per_copy.max(1));
        Ok(copies.map(|rows| rows.iter().zip(&self.columns).map(sum).sum()).collect())
    }
}
