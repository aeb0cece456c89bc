//! What a lane keeps open between its jobs.

use std::path::{Path, PathBuf};

use super::predict::Shelf;
use crate::files::{Stamp, stamp};
use crate::model::card::ModelCard;
use crate::model::{self, EncoderConfig};
use crate::text::Tokenizer;
use crate::worker::work::Failure;

#[derive(Default)]
pub struct Kept {
    pub shelf: Shelf,
    /// Every change of the form is planned with the card, and reading it takes all weights.
    pub cards: Last<Card>,
    pub tokenizers: Last<Tokenizer>,
}

/// A model's card, and its configuration.
pub type Card = (ModelCard, EncoderConfig);

/// What was read last from a model's folder.
pub struct Last<T> {
    last: Option<(PathBuf, Stamp, T)>,
}

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self { last: None }
    }
}

impl<T> Last<T> {
    /// What is in a folder, read again only if a file in it has changed since.
    pub fn get(&mut self, dir: &Path, open: impl FnOnce(&Path) -> Result<T, Failure>) -> Result<&T, Failure> {
        let now = stamp(dir);
        let kept = self.last.take_if(|(path, then, _)| path == dir && *then == now);
        let value = match kept {
            Some((.., value)) => value,
            None => open(dir)?,
        };
        Ok(&self.last.insert((dir.to_owned(), now, value)).2)
    }
}

pub fn read_card<'a>(cards: &'a mut Last<Card>, dir: &Path) -> Result<&'a Card, Failure> {
    cards.get(dir, |dir| Ok((model::open_card(dir)?, model::read_config(dir)?)))
}
