//! The forward pass from word vectors that are given instead of looked up, so that what a model says can be derived by
//! them: what explains an answer is the gradient there.
//!
//! They enter where the rows of the word table do, before positions and segments are added and the first norm, as in
//! Captum's layer attributions on the word embeddings. The tables themselves are constants here, also where they are
//! trained; a masked-word head that is tied to the table is not derived by it.

use candle_core::Tensor;

use super::encoder::Pass;
use super::input::Input;
use super::kinds::HeadKind;
use super::ops::parts;
use super::params::Param;
use super::{Body, Model, ModelError};
use crate::task::Task;

impl Model {
    /// How long a word vector is.
    pub fn embedding_size(&self) -> usize {
        self.config.embedding_size
    }

    /// The word vectors of some ids, one after another.
    pub fn word_vectors(&self, ids: &[u32]) -> Result<Vec<f32>, ModelError> {
        if let Some(position) = ids.iter().position(|id| *id as usize >= self.config.vocab_size) {
            let (id, vocab_size) = (ids[position], self.config.vocab_size);
            return Err(ModelError::TokenOutOfRange { id, position, vocab_size });
        }
        let word = match &self.body {
            Body::Shared(shared) => &shared.embeddings.word,
            Body::Frozen(frozen) => frozen.word(),
        };
        Ok(self.rows_of(word, ids)?.flatten_all()?.to_vec1()?)
    }

    /// The logits of a task's head for `pass.rows` or what the head reads, as [`Model::run`], where these vectors, (tokens,
    /// width), are those of the tokens. The ids still say which positions they have.
    pub fn run_on(&self, task: Task, words: &Tensor, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let mut pass = pass.clone();
        if pass.rows.is_none() {
            pass.rows = HeadKind::for_task(task).input().rows(input).map(Into::into);
        }
        let x = self.embed_words(words, input)?;
        if self.config.reads_mean(HeadKind::for_task(task)) {
            let all = self.encode_from(0, x, input, &Pass { rows: None, ..pass.clone() })?;
            return self.logits(task, &self.means(&all.last, input)?, input, &pass);
        }
        let encoded = self.encode_from(0, x, input, &pass)?;
        self.logits(task, &encoded.last, input, &pass)
    }

    fn embed_words(&self, words: &Tensor, input: &Input) -> Result<Tensor, ModelError> {
        let places = self.places(input)?;
        let shared = match &self.body {
            Body::Shared(shared) => shared,
            Body::Frozen(frozen) => {
                self.can_read(input)?;
                return frozen.embed(self.with(), words, &places);
            }
        };
        let weights = &shared.embeddings;
        let mut sum = (words + self.rows_of(&weights.position, &places.positions)?)?;
        if let Some(token_type) = &weights.token_type {
            sum = (sum + self.rows_of(token_type, &places.types)?)?;
        }
        let x = parts::norm(self.backend, &self.params, &weights.norm, &sum)?;
        match &shared.projection {
            Some(projection) => Ok(parts::dense(self.backend, &self.params, projection, &x)?),
            None => Ok(x),
        }
    }

    pub(super) fn rows_of(&self, table: &Param, ids: &[u32]) -> Result<Tensor, ModelError> {
        let index = Tensor::from_slice(ids, ids.len(), self.device())?;
        Ok(table.var().as_detached_tensor().index_select(&index, 0)?)
    }
}
