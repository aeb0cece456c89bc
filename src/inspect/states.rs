//! The states of whole texts after every layer: what maps, probes and comparisons of models are made of.

use std::ops::ControlFlow;

use super::InspectError;
use super::open::OpenModel;
use super::predictor::{GoOn, Predictor, Sequence, in_batches, packed};
use super::request::Request;
use crate::model::Pass;

/// How the states of a text's tokens become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// The state of the first token, which sequence heads read.
    First,
    /// The mean over the tokens that are asked about, special ones included where all are.
    #[default]
    Mean,
}

impl Pooling {
    /// The name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Mean => "mean",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::First => "first token",
            Self::Mean => "mean",
        }
    }
}

/// One state for each text and layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct States {
    /// What enters the first layer, and what comes out of each.
    pub layers: usize,
    pub hidden_size: usize,
    /// (texts, layers, hidden)
    pub values: Vec<f32>,
}

impl States {
    pub fn texts(&self) -> usize {
        self.values.len() / (self.layers * self.hidden_size).max(1)
    }

    /// The state of a text after a layer; layer 0 is what enters the first.
    pub fn of(&self, text: usize, layer: usize) -> &[f32] {
        let start = (text * self.layers + layer) * self.hidden_size;
        self.values.get(start..start + self.hidden_size).unwrap_or_default()
    }
}

impl Predictor<'_> {
    /// The pooled states of sequences, which are taken one after another as they are needed. `go_on` hears how many are
    /// done; nothing where it ended it.
    pub fn states(
        &self,
        sequences: impl IntoIterator<Item = Result<Sequence, InspectError>>,
        pooling: Pooling,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<States>, InspectError> {
        Ok(self.states_of_each(sequences, [pooling], go_on)?.map(|[states]| states))
    }

    /// The same pooled in several ways, for which the sequences go through the model once.
    pub fn states_of_each<const WAYS: usize>(
        &self,
        sequences: impl IntoIterator<Item = Result<Sequence, InspectError>>,
        poolings: [Pooling; WAYS],
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<[States; WAYS]>, InspectError> {
        let config = &self.model.config;
        let (layers, hidden_size) = (config.num_hidden_layers + 1, config.hidden_size);
        let sequences = sequences.into_iter();
        // They may take much of the memory, of which a list that grows would ask for twice as much.
        let room = sequences.size_hint().0 * layers * hidden_size;
        let mut found = poolings.map(|_| States { layers, hidden_size, values: Vec::with_capacity(room) });
        let tokens = |sequence: &Sequence| sequence.ids.len();
        let done = in_batches(self.tokens_at_once, sequences, tokens, go_on, |_, batch| {
            for (states, of_batch) in found.iter_mut().zip(self.pooled(batch, poolings)?) {
                states.values.extend(of_batch);
            }
            Ok(vec![(); batch.len()])
        })?;
        Ok(done.map(|_| found))
    }

    /// For each pooling the states of all layers of each sequence, one after another.
    fn pooled<const WAYS: usize>(
        &self,
        batch: &[Sequence],
        poolings: [Pooling; WAYS],
    ) -> Result<[Vec<f32>; WAYS], InspectError> {
        let input = packed(batch);
        let found = self.model.encode(&input, &Pass { keep_hidden: true, ..Pass::default() })?;
        let mut of_layers = Vec::with_capacity(found.hidden.len());
        for hidden in &found.hidden {
            let values: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
            of_layers.push((hidden.dim(1)?, values));
        }
        Ok(poolings.map(|pooling| {
            let mut pooled = Vec::new();
            for (sequence, bounds) in batch.iter().zip(input.starts.windows(2)) {
                for (width, values) in &of_layers {
                    let own = &values[bounds[0] * width..bounds[1] * width];
                    pooled.extend(pool(own, *width, sequence.asked.as_deref(), pooling));
                }
            }
            pooled
        }))
    }
}

/// One state of (tokens, hidden) states. The mean is summed in `f64` in the order of the tokens.
pub fn pool(states: &[f32], width: usize, asked: Option<&[usize]>, pooling: Pooling) -> Vec<f32> {
    let all: Vec<usize> = (0..states.len() / width.max(1)).collect();
    let asked = asked.unwrap_or(&all);
    let asked = if pooling == Pooling::First { &asked[..asked.len().min(1)] } else { asked };
    let mut sums = vec![0.0; width];
    for token in asked {
        let state = &states[token * width..(token + 1) * width];
        sums.iter_mut().zip(state).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums.into_iter().map(|sum| (sum / asked.len() as f64) as f32).collect()
}

impl OpenModel {
    /// The pooled states of texts, cut where the model takes no more.
    pub fn states(&self, texts: &[Request], pooling: Pooling, go_on: GoOn<'_>) -> Result<Option<States>, InspectError> {
        let sequence = |text: &Request| {
            let encoded = self.tokenizer.encode(&text.text, text.pair.as_deref(), self.max_tokens)?;
            Ok(Sequence::from(&encoded))
        };
        self.predictor().states(texts.iter().map(sequence), pooling, &mut |done| go_on(done, texts.len()))
    }
}
