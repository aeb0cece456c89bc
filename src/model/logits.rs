//! From hidden states to the logits of a head.

use candle_core::Tensor;

use super::encoder::Pass;
use super::heads::Head;
use super::input::Input;
use super::kinds::{HeadInput, HeadKind};
use super::ops::dropout::{Noise, TokenKeys};
use super::ops::parts;
use super::{Model, ModelError};
use crate::task::Task;

/// Dropout sites.
mod site {
    pub const BEFORE_DENSE: u64 = 2;
    pub const BEFORE_OUTPUT: u64 = 3;
}

impl HeadInput {
    /// The tokens that are read, or `None` for all.
    pub fn rows(self, input: &Input) -> Option<Vec<u32>> {
        match self {
            Self::FirstToken => Some(input.first_tokens()),
            Self::AllTokens => None,
        }
    }
}

impl Model {
    /// The logits of the head that a task asks, for the rows of `x`: (rows, hidden) → (rows, outputs).
    ///
    /// `pass.rows` names the token of each row where they are not all tokens.
    pub fn logits(&self, task: Task, x: &Tensor, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let Head { spec, output, .. } = self.head(task)?;
        let x = self.before_outputs(task, x, input, pass)?;
        let x = self.drop_out(site::BEFORE_OUTPUT, spec.drop, &x, input, pass)?;
        Ok(parts::dense(self.backend, &self.params, output, &x)?)
    }

    /// What the outputs of the head that a task asks are computed of, before dropout: (rows, hidden) → (rows, width).
    pub fn before_outputs(&self, task: Task, x: &Tensor, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let Head { spec, dense, norm, .. } = self.head(task)?;
        let (backend, params) = (self.backend, &self.params);
        let mut x = self.drop_out(site::BEFORE_DENSE, spec.drop_before, x, input, pass)?;
        if let (Some(dense), Some(of)) = (dense, &spec.dense) {
            x = parts::dense(backend, params, dense, &x)?;
            x = parts::activate(backend, of.activation, &x)?;
        }
        if let Some(norm) = norm {
            x = parts::norm(backend, params, norm, &x)?;
        }
        Ok(x)
    }

    /// The head that a task asks.
    pub fn head(&self, task: Task) -> Result<&Head, ModelError> {
        let missing = || ModelError::HeadMissing { task, architectures: self.config.architectures.clone() };
        self.heads.get(HeadKind::for_task(task)).ok_or_else(missing)
    }

    /// Encodes and asks a task's head, computing no more of the last layer than the head reads.
    pub fn run(&self, task: Task, input: &Input, pass: &Pass) -> Result<Tensor, ModelError> {
        let mut pass = pass.clone();
        if pass.rows.is_none() {
            pass.rows = HeadKind::for_task(task).input().rows(input).map(Into::into);
        }
        let states = self.states(task, input, &pass)?;
        self.logits(task, &states, input, &pass)
    }

    /// Drops at a site that a head has: at the configured rate or, where one is given for all sites, at that.
    fn drop_out(
        &self,
        site: u64,
        configured: Option<f64>,
        x: &Tensor,
        input: &Input,
        pass: &Pass,
    ) -> candle_core::Result<Tensor> {
        let (Some(dropout), Some(configured)) = (pass.dropout, configured) else {
            return Ok(x.clone());
        };
        let keys = TokenKeys::new(dropout.key, &input.starts, &input.slots);
        let noise = Noise::new(Some(&keys), site, dropout.rate.unwrap_or(configured));
        parts::drop_out(self.backend, noise, pass.rows.as_deref(), x)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use candle_core::Device;

    use super::super::{PassDropout, Want, open};
    use super::*;

    #[test]
    fn one_rate_for_all_is_that_of_the_sites_that_a_head_has() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let check = |name: &str, drops: bool| {
            let model = open(&golden.join(name), Want::AsSaved, &Device::Cpu, 0).unwrap().0;
            model.train_only(|weight| weight.starts_with("head."));
            let task = model.config.task().unwrap();
            let input = Input::single(vec![2, 7, 11, 3], vec![0; 4]);
            let with = |dropout| {
                let logits = model.run(task, &input, &Pass { dropout, ..Pass::default() }).unwrap();
                logits.to_vec2::<f32>().unwrap()
            };
            let found = with(Some(PassDropout { key: 3, rate: Some(0.4) }));
            assert_eq!(found != with(None), drops, "{name}");
        };
        check("bert-classify", true);
        check("bert-ner", true);
        check("bert-qa", false);
        check("bert-nsp", false);
        check("bert-mlm", false);
        check("distilbert-qa", true);
    }
}
