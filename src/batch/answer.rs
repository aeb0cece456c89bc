//! Texts → predictions, in order and in batches, each passed on as soon as it is there, so that none is held.

use std::ops::ControlFlow;

use super::error::BatchError;
use super::texts::{Item, Texts};
use crate::inspect::predictor::{TOKENS_AT_ONCE, in_batches};
use crate::inspect::{OpenModel, Options, Predicted, Prepared};

/// What is done with each text and what is said to it, or where and why nothing is.
pub type Take<'a, E> = &'a mut dyn FnMut(&Item, Result<&Predicted, &str>) -> Result<(), E>;

/// Answers texts in order; returns whether all were. One that cannot be answered is passed on with its reason. `go_on` hears
/// in between how many are done.
pub fn answer<E: From<BatchError>>(
    model: &OpenModel,
    texts: Texts,
    options: &Options,
    go_on: &mut dyn FnMut(usize) -> ControlFlow<()>,
    take: Take<'_, E>,
) -> Result<bool, E> {
    let items = texts.items.map(|item| -> Result<(Item, Result<Prepared, String>), E> {
        let item = item?;
        let prepared = match &item.request {
            Err(reason) => Err(format!("{} {reason}", item.place)),
            Ok(request) => {
                let words = item.words.as_ref().filter(|_| options.by_word);
                let prepared = match words {
                    Some(words) => model.prepare_words(request.clone(), words, options),
                    None => model.prepare(request.clone(), options),
                };
                prepared.map_err(|error| format!("{}: {error}", item.place))
            }
        };
        Ok((item, prepared))
    });
    // What cannot be answered counts too: however many follow each other, no batch holds all of them.
    let tokens =
        |(_, prepared): &(Item, Result<Prepared, String>)| prepared.as_ref().map_or(1, |one| one.count().max(1));
    let done = in_batches(TOKENS_AT_ONCE, items, tokens, go_on, |_, batch| {
        let prepared: Vec<&Prepared> = batch.iter().filter_map(|(_, prepared)| prepared.as_ref().ok()).collect();
        let mut predicted = model.predict(&prepared, options).map_err(BatchError::from)?.into_iter();
        for (item, prepared) in batch {
            match prepared {
                Err(reason) => take(item, Err(reason))?,
                Ok(_) => predicted.next().map_or(Ok(()), |one| take(item, Ok(&one)))?,
            }
        }
        Ok(Vec::<()>::new())
    })?;
    Ok(done.is_some())
}
