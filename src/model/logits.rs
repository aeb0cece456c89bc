//! From hidden states to the logits of a head.

use candle_core::Tensor;

use super::encoder::Pass;
use super::family::HeadKind;
use super::input::Input;
use super::ops::activation::Activation;
use super::ops::dropout::{Noise, TokenKeys};
use super::ops::parts;
use super::ops::weights::Dense;
use super::{Model, ModelError};
use crate::task::Task;

mod site {
    pub const BEFORE_DENSE: u64 = 2;
    pub const BEFORE_OUTPUT: u64 = 3;
}

impl HeadKind {
    /// Whether the head reads each sequence's first token alone.
    pub fn reads_first_token(self) -> bool {
        matches!(self, Self::Sequence | Self::NextSentence | Self::SentenceOrder)
    }

    /// The tokens a head reads, or `None` for all.
    pub fn rows(self, input: &Input) -> Option<Vec<u32>> {
        self.reads_first_token().then(|| input.first_tokens())
    }
}

impl Model {
    /// The logits of the head that a task asks, for the rows of `x`: (rows, hidden) → (rows, outputs).
    ///
    /// `pass.rows` names the token of each row where they are not all tokens.
    pub fn logits(&self, task: Task, x: &Tensor, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let kind = HeadKind::for_task(task);
        let missing = || ModelError::HeadMissing { task, architectures: self.config.architectures.clone() };
        let config = &self.config;
        let head = Head { model: self, input, pass };
        Ok(match kind {
            HeadKind::Sequence => {
                let output = self.heads.sequence.as_ref().ok_or_else(missing)?;
                let before = if config.family.drops_before_dense() { config.sequence_dropout } else { 0.0 };
                let x = head.drop_out(site::BEFORE_DENSE, before, x)?;
                let x = head.pooled(&x, config.family.sequence_activation(), missing)?;
                let x = head.drop_out(site::BEFORE_OUTPUT, config.sequence_dropout, &x)?;
                head.dense(output, &x)?
            }
            HeadKind::Token => {
                let output = self.heads.token.as_ref().ok_or_else(missing)?;
                let x = head.drop_out(site::BEFORE_OUTPUT, config.token_dropout, x)?;
                head.dense(output, &x)?
            }
            HeadKind::Span => {
                let output = self.heads.span.as_ref().ok_or_else(missing)?;
                let x = head.drop_out(site::BEFORE_OUTPUT, config.span_dropout, x)?;
                head.dense(output, &x)?
            }
            HeadKind::NextSentence => {
                let output = self.heads.next_sentence.as_ref().ok_or_else(missing)?;
                let x = head.pooled(x, Activation::Tanh, missing)?;
                head.dense(output, &x)?
            }
            HeadKind::SentenceOrder => {
                let output = self.heads.sentence_order.as_ref().ok_or_else(missing)?;
                let x = head.pooled(x, Activation::Tanh, missing)?;
                let x = head.drop_out(site::BEFORE_OUTPUT, config.sequence_dropout, &x)?;
                head.dense(output, &x)?
            }
            HeadKind::Mask => {
                let mask = self.heads.mask.as_ref().ok_or_else(missing)?;
                let x = head.dense(&mask.dense, x)?;
                let x = parts::activate(self.backend, config.family.mask_activation(config.activation), &x)?;
                let x = parts::norm(self.backend, &self.params, &mask.norm, &x)?;
                head.dense(&mask.decoder, &x)?
            }
            HeadKind::Replaced => {
                let (dense, output) = self.heads.replaced.as_ref().ok_or_else(missing)?;
                let x = head.dense(dense, x)?;
                let x = parts::activate(self.backend, config.activation, &x)?;
                head.dense(output, &x)?
            }
        })
    }

    /// Encodes and asks a task's head, computing no more of the last layer than the head reads.
    pub fn run(&self, task: Task, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let mut pass = pass.clone();
        if pass.rows.is_none() {
            pass.rows = HeadKind::for_task(task).rows(input).map(Into::into);
        }
        let encoded = self.encode(input, &pass)?;
        self.logits(task, &encoded.last, input, &pass)
    }
}

/// What the steps of a head share.
struct Head<'a> {
    model: &'a Model,
    input: &'a Input,
    pass: &'a Pass,
}

impl Head<'_> {
    fn dense(&self, dense: &Dense, x: &Tensor) -> candle_core::Result<Tensor> {
        parts::dense(self.model.backend, &self.model.params, dense, x)
    }

    fn pooled(
        &self,
        x: &Tensor,
        activation: Activation,
        missing: impl FnOnce() -> ModelError,
    ) -> Result<Tensor, ModelError> {
        let pooler = self.model.heads.pooler.as_ref().ok_or_else(missing)?;
        Ok(parts::activate(self.model.backend, activation, &self.dense(pooler, x)?)?)
    }

    fn drop_out(&self, site: u64, configured: f64, x: &Tensor) -> candle_core::Result<Tensor> {
        let Some(dropout) = self.pass.dropout else {
            return Ok(x.clone());
        };
        let keys = TokenKeys::new(dropout.key, &self.input.starts, &self.input.slots);
        let noise = Noise::new(Some(&keys), site, dropout.rate.unwrap_or(configured));
        parts::drop_out(self.model.backend, noise, self.pass.rows.as_deref(), x)
    }
}
