//! Where one number of attention comes from: the query of who looks, the key of what is looked at, and their product
//! dimension by dimension (Vig, 2019).

use std::sync::Arc;

use super::asked::Seen;
use crate::inspect::InspectError;
use crate::inspect::inquiry::Inquiry;
use crate::inspect::open::OpenModel;
use crate::inspect::predictor::GoOn;

/// One cell of one head.
#[derive(Clone, Debug)]
pub struct Score {
    pub seen: Arc<Seen>,
    pub layer: usize,
    pub head: usize,
    /// Tokens.
    pub from: usize,
    pub to: usize,
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        let place = |one: &Self| (one.layer, one.head, one.from, one.to);
        Arc::ptr_eq(&self.seen, &other.seen) && place(self) == place(other)
    }
}

/// What a score is made of, a number for each dimension of the head.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    pub query: Vec<f32>,
    pub key: Vec<f32>,
    /// Query times key over the root of the head's width: they add up to the score.
    pub products: Vec<f32>,
    /// Before the softmax.
    pub score: f64,
}

impl Inquiry for Score {
    type Answer = Arc<Parts>;

    fn put_to(&self, model: &mut OpenModel, _: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        let [queries, keys] = model.model.queries_and_keys_at(self.layer, &self.seen.states[self.layer])?;
        let width = queries.len() / self.seen.tokens.count().max(1);
        let size = width / self.seen.heads.max(1);
        let of = |rows: &[f32], token: usize| rows[token * width + self.head * size..][..size].to_vec();
        let (query, key) = (of(&queries, self.from), of(&keys, self.to));
        let scale = 1.0 / (size as f32).sqrt();
        let products: Vec<f32> = query.iter().zip(&key).map(|(query, key)| query * key * scale).collect();
        let score = products.iter().copied().map(f64::from).sum();
        Ok(Some(Arc::new(Parts { query, key, products, score })))
    }
}
