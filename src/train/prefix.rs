//! What a frozen prefix of the encoder computes, kept: it never changes, so from the second epoch on every text starts at
//! the first trained layer. Kept in memory up to a limit, then in a temporary file.

use std::borrow::Borrow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use candle_core::Tensor;

use super::TrainError;
use crate::model::{HeadInput, HeadKind, Input, Model, Pass, mean};
use crate::task::Task;
use crate::text::Features;

/// Where an example's numbers are.
enum Place {
    Memory(Vec<f32>),
    File { offset: u64, len: usize },
}

/// What is needed of a sequence's states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    All,
    /// The whole encoder is frozen under a head that reads the first token alone.
    First,
    /// The same under one that reads the mean of all.
    Mean,
}

impl Kept {
    fn of(model: &Model, steps: usize, task: Task) -> Self {
        let kind = HeadKind::for_task(task);
        if steps < model.config.schedule().len() || kind.input() == HeadInput::AllTokens {
            Self::All
        } else if model.config.reads_mean(kind) {
            Self::Mean
        } else {
            Self::First
        }
    }
}

/// The outputs of the first steps of the schedule, by example.
pub struct PrefixCache {
    steps: usize,
    /// What is needed of each sequence.
    kept: Kept,
    places: Vec<Option<Place>>,
    memory_left: usize,
    file: Option<(File, u64)>,
}

impl PrefixCache {
    /// For `examples` sequences of which `memory` bytes may be kept in memory.
    pub fn new(model: &Model, steps: usize, task: Task, examples: usize, memory: usize) -> Self {
        Self {
            steps,
            kept: Kept::of(model, steps, task),
            places: std::iter::repeat_with(|| None).take(examples).collect(),
            memory_left: memory,
            file: None,
        }
    }

    /// What enters step `steps` for these sequences.
    fn get<F: Borrow<Features>>(&mut self, model: &Model, which: &[u32], features: &[F]) -> Result<Tensor, TrainError> {
        let missing: Vec<usize> = (0..which.len()).filter(|i| self.places[which[*i] as usize].is_none()).collect();
        if !missing.is_empty() {
            let batch = crate::text::Batch::pack(missing.iter().map(|i| features[*i].borrow()), 0);
            let input = super::objective::input(batch);
            let output = model.encode_prefix(self.steps, &input)?;
            self.keep(&output, &input, &missing.iter().map(|i| which[*i] as usize).collect::<Vec<_>>())?;
        }
        let hidden = model.config.hidden_size;
        let mut values = Vec::new();
        for example in which {
            self.append(*example as usize, &mut values)?;
        }
        let rows = values.len() / hidden;
        Ok(Tensor::from_vec(values, (rows, hidden), model.device())?)
    }

    fn keep(&mut self, output: &Tensor, input: &Input, examples: &[usize]) -> Result<(), TrainError> {
        let values: Vec<f32> = output.flatten_all()?.to_vec1()?;
        let hidden = values.len() / input.tokens().max(1);
        for (bounds, example) in input.starts.windows(2).zip(examples) {
            let rows = &values[bounds[0] * hidden..bounds[1] * hidden];
            let rows = match self.kept {
                Kept::All => rows.to_vec(),
                Kept::First => rows[..hidden].to_vec(),
                Kept::Mean => mean(rows, hidden),
            };
            let bytes = size_of_val(rows.as_slice());
            let place = if bytes <= self.memory_left {
                self.memory_left -= bytes;
                Place::Memory(rows)
            } else {
                self.write(&rows).map_err(in_temporary_file)?
            };
            self.places[*example] = Some(place);
        }
        Ok(())
    }

    fn write(&mut self, rows: &[f32]) -> std::io::Result<Place> {
        let (file, end) = match &mut self.file {
            Some(open) => open,
            none => none.insert((tempfile::tempfile()?, 0)),
        };
        let bytes: Vec<u8> = rows.iter().flat_map(|value| value.to_le_bytes()).collect();
        file.seek(SeekFrom::Start(*end))?;
        file.write_all(&bytes)?;
        let place = Place::File { offset: *end, len: rows.len() };
        *end += bytes.len() as u64;
        Ok(place)
    }

    fn append(&mut self, example: usize, out: &mut Vec<f32>) -> Result<(), TrainError> {
        match (&self.places[example], &mut self.file) {
            (Some(Place::Memory(rows)), _) => out.extend_from_slice(rows),
            (Some(Place::File { offset, len }), Some((file, _))) => {
                let mut bytes = vec![0; len * size_of::<f32>()];
                file.seek(SeekFrom::Start(*offset))
                    .and_then(|_| file.read_exact(&mut bytes))
                    .map_err(in_temporary_file)?;
                out.extend(bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What a task's head reads of a batch, (rows, hidden): the last hidden states of the tokens that a pass wants, or the mean
/// of each sequence's, with what a frozen prefix makes of it taken from the cache, where there is one. `which` are the sequences' places in the list that the cache was made for.
pub fn last_states<F: Borrow<Features>>(
    model: &Model,
    task: Task,
    cache: Option<&mut PrefixCache>,
    which: &[u32],
    features: &[F],
    input: &Input,
    pass: &Pass,
) -> Result<Tensor, TrainError> {
    let Some(cache) = cache else { return Ok(model.states(task, input, pass)?) };
    let x = cache.get(model, which, features)?;
    Ok(match cache.kept {
        Kept::All => model.encode_from(cache.steps, x, input, pass)?.last,
        Kept::First | Kept::Mean => x,
    })
}

fn in_temporary_file(source: std::io::Error) -> TrainError {
    TrainError::Unwritable { path: std::env::temp_dir(), source }
}
