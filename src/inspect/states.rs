//! The states of whole texts after every layer: what maps, probes and comparisons of models are made of.

use std::ops::{ControlFlow, Range};

use serde::{Deserialize, Serialize};

use super::InspectError;
use super::open::OpenModel;
use super::predictor::{GoOn, Predictor, Rows, Sequence, in_batches, packed};
use super::request::Request;
use crate::model::{HeadKind, Pass};

/// How the states of a text's tokens become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// The states after one layer, pooled in one way; layer 0 is what enters the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plane {
    pub pooling: Pooling,
    pub layer: usize,
}

/// What a pass over sequences leaves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passed {
    pub hidden_size: usize,
    /// For each plane that was asked for the state of every sequence, one after another.
    pub planes: Vec<Vec<f32>>,
    /// What the head says of each sequence, where it was asked.
    pub said: Rows,
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
        let layers = self.model.config.num_hidden_layers + 1;
        let planes: Vec<Plane> = (0..layers).map(|layer| Plane { pooling, layer }).collect();
        let Some(Passed { hidden_size, planes, .. }) = self.pass(sequences, &planes, false, go_on)? else {
            return Ok(None);
        };
        let mut planes: Vec<_> = planes.iter().map(|plane| plane.chunks_exact(hidden_size.max(1))).collect();
        let mut values = Vec::new();
        while let Some(first) = planes.first_mut().and_then(Iterator::next) {
            values.extend(first);
            planes[1..].iter_mut().filter_map(Iterator::next).for_each(|state| values.extend(state));
        }
        Ok(Some(States { layers, hidden_size, values }))
    }

    /// Any number of planes, and what the head says of each sequence as a whole, for which the sequences go through the
    /// model once.
    pub fn pass(
        &self,
        sequences: impl IntoIterator<Item = Result<Sequence, InspectError>>,
        planes: &[Plane],
        says: bool,
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<Passed>, InspectError> {
        let hidden_size = self.model.config.hidden_size;
        let sequences = sequences.into_iter();
        // They may take much of the memory, of which a list that grows would ask for twice as much.
        let room = sequences.size_hint().0 * hidden_size;
        let of_plane = |_: &Plane| Vec::with_capacity(room);
        let mut found = Passed { hidden_size, planes: planes.iter().map(of_plane).collect(), said: Rows::new() };
        let tokens = |sequence: &Sequence| sequence.ids.len();
        let done = in_batches(self.tokens_at_once, sequences, tokens, go_on, |_, batch| {
            self.pass_batch(batch, planes, says, &mut found)?;
            Ok(vec![(); batch.len()])
        })?;
        Ok(done.map(|_| found))
    }

    fn pass_batch(
        &self,
        batch: &[Sequence],
        planes: &[Plane],
        says: bool,
        found: &mut Passed,
    ) -> Result<(), InspectError> {
        let input = packed(batch);
        let rows = says.then(|| HeadKind::for_task(self.task).input().rows(&input)).flatten().map(Into::into);
        let pass = Pass { keep_hidden: true, rows, ..Pass::default() };
        let encoded = self.model.encode(&input, &pass)?;
        for (layer, hidden) in encoded.hidden.iter().enumerate() {
            let mut wanted = planes.iter().zip(&mut found.planes).filter(|(plane, _)| plane.layer == layer).peekable();
            if wanted.peek().is_none() {
                continue;
            }
            let width = hidden.dim(1)?;
            let values: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
            for (plane, states) in wanted {
                for (sequence, bounds) in batch.iter().zip(input.starts.windows(2)) {
                    let own = &values[bounds[0] * width..bounds[1] * width];
                    states.extend(pool(own, width, sequence.asked.as_deref(), plane.pooling));
                }
            }
        }
        if says {
            let reads_mean = self.model.config.reads_mean(HeadKind::for_task(self.task));
            let read = match encoded.hidden.last().filter(|_| reads_mean) {
                Some(all) => self.model.means(all, &input)?,
                None => encoded.last.clone(),
            };
            let rows: Rows = self.model.logits(self.task, &read, &input, &pass)?.to_vec2()?;
            found.said.extend(rows);
        }
        Ok(())
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

impl Predictor<'_> {
    /// The states of stretches of tokens after every layer, those of one sequence after another: for each pooling, the first
    /// token and then the mean, every layer from what enters the first on.
    pub fn stretches(
        &self,
        sequences: &[(Sequence, Vec<Range<usize>>)],
        go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<Passed>, InspectError> {
        let layers = self.model.config.num_hidden_layers + 1;
        let mut found = Passed {
            hidden_size: self.model.config.hidden_size,
            planes: vec![Vec::new(); 2 * layers],
            said: Rows::new(),
        };
        let tokens = |(sequence, _): &&(Sequence, Vec<Range<usize>>)| sequence.ids.len();
        let done = in_batches(self.tokens_at_once, sequences.iter().map(Ok), tokens, go_on, |_, batch| {
            let input = packed(&batch.iter().map(|(sequence, _)| sequence.clone()).collect::<Vec<_>>());
            let encoded = self.model.encode(&input, &Pass { keep_hidden: true, ..Pass::default() })?;
            for (layer, hidden) in encoded.hidden.iter().enumerate() {
                let width = hidden.dim(1)?;
                let values: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
                for ((_, own), start) in batch.iter().zip(&input.starts) {
                    for stretch in own {
                        let tokens: Vec<usize> = stretch.clone().map(|token| start + token).collect();
                        for (place, pooling) in [Pooling::First, Pooling::Mean].into_iter().enumerate() {
                            found.planes[place * layers + layer].extend(pool(&values, width, Some(&tokens), pooling));
                        }
                    }
                }
            }
            Ok::<_, InspectError>(vec![(); batch.len()])
        })?;
        Ok(done.map(|_| found))
    }
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
