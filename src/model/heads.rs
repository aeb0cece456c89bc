//! What sits on an encoder: the heads that a model has, and their weights.

use super::kinds::{HeadKind, HeadSpec};
use super::ops::weights::{Dense, Norm};

/// A head: what it is, and its weights.
#[derive(Clone, Debug)]
pub struct Head {
    pub spec: HeadSpec,
    /// The dense layer before the outputs. One that reads the first token serves all such heads of a model.
    pub dense: Option<Dense>,
    pub norm: Option<Norm>,
    /// Its weight is the word table where the two are tied.
    pub output: Dense,
}

/// The heads a model has.
#[derive(Clone, Debug, Default)]
pub struct HeadSet(pub Vec<Head>);

impl HeadSet {
    pub fn get(&self, kind: HeadKind) -> Option<&Head> {
        self.0.iter().find(|head| head.spec.kind == kind)
    }

    /// The heads that are there, in a fixed order.
    pub fn kinds(&self) -> Vec<HeadKind> {
        HeadKind::ALL.into_iter().filter(|kind| self.get(*kind).is_some()).collect()
    }
}
