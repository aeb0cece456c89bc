//! A model that is borrowed to be asked about many sequences: the one place that lays them end to end, that says how many
//! tokens go through at once, and that hears in between whether to go on. Explore, the command line, evaluations and
//! what looks at whole data sets ask here.
//!
//! How sequences fall into batches changes no number: a row's result does not depend on its neighbours (`model/ops`).

use std::ops::ControlFlow;
use std::sync::Arc;

use super::InspectError;
use crate::model::{HeadInput, HeadKind, Input, Model, Pass};
use crate::task::Task;
use crate::text::tokenizer::Encoded;

/// Tokens that go through a model at once.
///
/// A layer's weights are read once for a batch, and each is then used for every token of it: with some hundred tokens that
/// reading no longer counts beside the products. More would only take memory, for what a layer computes of each token and
/// for the masked-word head, whose every row is as long as the vocabulary; and a request to end, which is heard between two
/// batches, would be heard later.
pub const TOKENS_AT_ONCE: usize = 512;

/// Hears how many of how many are done, and says whether to go on.
pub type GoOn<'a> = &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>;

/// Computes items in batches of at most `at_once` tokens, or of one item that has more; results are in the items' order.
///
/// `compute` is given the place of a batch's first item. `go_on` hears before each batch, and after the last, how many
/// items are done; where it ends the work there are no results. An item that cannot be had ends it with its error once
/// those before it are computed.
pub fn in_batches<T, R, E>(
    at_once: usize,
    items: impl IntoIterator<Item = Result<T, E>>,
    tokens: impl Fn(&T) -> usize,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    mut compute: impl FnMut(usize, &[T]) -> Result<Vec<R>, E>,
) -> Result<Option<Vec<R>>, E> {
    let (mut results, mut batch, mut in_batch, mut done) = (Vec::new(), Vec::new(), 0, 0);
    let mut items = items.into_iter();
    loop {
        let next = items.next();
        let fits = matches!(&next, Some(Ok(item)) if in_batch + tokens(item) <= at_once);
        if !fits && !batch.is_empty() {
            if go_on(done).is_break() {
                return Ok(None);
            }
            results.extend(compute(done, &batch)?);
            done += batch.len();
            batch.clear();
            in_batch = 0;
        }
        let Some(item) = next.transpose()? else { break };
        in_batch += tokens(&item);
        batch.push(item);
    }
    Ok(go_on(done).is_continue().then_some(results))
}

/// One sequence of token ids, with the tokens of it that are asked about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    pub ids: Vec<u32>,
    pub types: Vec<u32>,
    /// Places in the sequence, ascending; `None` for those that a head reads, or for all.
    pub asked: Option<Vec<usize>>,
}

impl Sequence {
    pub fn push(&mut self, id: u32, segment: u32) {
        self.ids.push(id);
        self.types.push(segment);
    }
}

impl From<&Encoded> for Sequence {
    fn from(encoded: &Encoded) -> Self {
        Self { ids: encoded.ids.clone(), types: encoded.types.clone(), asked: None }
    }
}

/// Sequences as a model takes them.
pub fn packed(sequences: &[Sequence]) -> Input {
    let mut input = Input { starts: vec![0], ..Input::default() };
    for (slot, sequence) in (0..).zip(sequences) {
        input.ids.extend(&sequence.ids);
        input.types.extend(&sequence.types);
        input.starts.push(input.ids.len());
        input.slots.push(slot);
    }
    input
}

/// What a head says of one sequence: a row of logits for each token that was asked about.
pub type Rows = Vec<Vec<f32>>;

/// A borrowed model and the head of it that is asked.
#[derive(Clone, Copy, Debug)]
pub struct Predictor<'a> {
    pub model: &'a Model,
    pub task: Task,
    pub tokens_at_once: usize,
}

impl<'a> Predictor<'a> {
    pub fn new(model: &'a Model, task: Task) -> Self {
        Self { model, task, tokens_at_once: TOKENS_AT_ONCE }
    }

    /// The head's rows for every sequence; nothing where `go_on` ended it.
    pub fn rows(&self, sequences: Vec<Sequence>, go_on: GoOn<'_>) -> Result<Option<Vec<Rows>>, InspectError> {
        let total = sequences.len();
        let tokens = |sequence: &Sequence| sequence.ids.len();
        let go_on = &mut |done| go_on(done, total);
        in_batches(self.tokens_at_once, sequences.into_iter().map(Ok), tokens, go_on, |_, batch| self.batch(batch))
    }

    fn batch(&self, sequences: &[Sequence]) -> Result<Vec<Rows>, InspectError> {
        let input = packed(sequences);
        let (mut wanted, mut counts) = (Vec::new(), Vec::with_capacity(sequences.len()));
        let reads_first = HeadKind::for_task(self.task).input() == HeadInput::FirstToken;
        for (start, sequence) in input.starts.iter().zip(sequences) {
            let before = wanted.len();
            let token = |place: usize| (start + place) as u32;
            match &sequence.asked {
                Some(asked) => wanted.extend(asked.iter().map(|place| token(*place))),
                None if reads_first => wanted.push(token(0)),
                None => wanted.extend((0..sequence.ids.len()).map(token)),
            }
            counts.push(wanted.len() - before);
        }
        let mut rows = self.ask(&input, wanted)?.into_iter();
        Ok(counts.into_iter().map(|count| rows.by_ref().take(count).collect()).collect())
    }

    /// The head's rows for some tokens of an input, ascending, in one pass.
    pub fn ask(&self, input: &Input, wanted: Vec<u32>) -> Result<Rows, InspectError> {
        if wanted.is_empty() {
            return Ok(Rows::new());
        }
        let rows: Option<Arc<[u32]>> = (wanted.len() < input.tokens()).then(|| wanted.into());
        let logits = self.model.run(self.task, input, &Pass { rows, ..Pass::default() })?;
        Ok(logits.to_vec2()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The batches that lengths fall into, and what was heard of how many are done.
    fn fall(at_once: usize, lengths: &[usize], stop_at: usize) -> (Option<Vec<usize>>, Vec<Vec<usize>>, Vec<usize>) {
        let (mut batches, mut heard) = (Vec::new(), Vec::new());
        let mut go_on = |done| {
            heard.push(done);
            if done >= stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let items = lengths.iter().map(|length| Ok::<_, ()>(*length));
        let results = in_batches(
            at_once,
            items,
            |length| *length,
            &mut go_on,
            |first, batch| {
                batches.push(batch.to_vec());
                Ok((first..first + batch.len()).collect())
            },
        );
        (results.unwrap(), batches, heard)
    }

    #[test]
    fn sequences_go_together_as_long_as_they_fit() {
        let check = |lengths: &[usize], expected: &[&[usize]], heard: &[usize]| {
            let (results, batches, told) = fall(10, lengths, usize::MAX);
            assert_eq!(batches, expected, "{lengths:?}");
            assert_eq!(told, heard, "{lengths:?}");
            assert_eq!(results, Some((0..lengths.len()).collect()), "{lengths:?}");
        };
        check(&[4, 6, 1, 9], &[&[4, 6], &[1, 9]], &[0, 2, 4]);
        check(&[30, 4, 4, 4], &[&[30], &[4, 4], &[4]], &[0, 1, 3, 4]);
        check(&[4, 30], &[&[4], &[30]], &[0, 1, 2]);
        check(&[], &[], &[0]);
    }

    #[test]
    fn who_is_to_stop_computes_no_further_batch() {
        let (results, batches, heard) = fall(10, &[6, 6, 6], 1);
        assert_eq!((results, batches.len(), heard), (None, 1, vec![0, 1]));
        assert_eq!(fall(10, &[6], 1).0, None, "also after the last");
    }

    #[test]
    fn what_stands_before_an_item_that_cannot_be_had_is_computed() {
        let items = [Ok(4), Ok(4), Err("gone"), Ok(4)];
        let mut computed = Vec::new();
        let go_on = &mut |_| ControlFlow::Continue(());
        let result = in_batches(
            100,
            items,
            |length: &usize| *length,
            go_on,
            |_, batch| {
                computed.extend_from_slice(batch);
                Ok(vec![(); batch.len()])
            },
        );
        assert_eq!((result, computed), (Err("gone"), vec![4, 4]));
    }
}
