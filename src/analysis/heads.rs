//! What the heads of a model do over many texts: one text shows what a head did once, and a sample what it does.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::inspect::attention::{Figures, figures};
use crate::inspect::{GoOn, Inquiry, InspectError, OpenModel, Request};

/// The heads of a model over some texts.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadsOf(pub Arc<[Request]>);

#[derive(Clone, Debug, PartialEq)]
pub struct OverTexts {
    pub texts: usize,
    /// Of every head, layer by layer; each is the mean over all tokens of all texts.
    pub figures: Vec<Figures>,
}

impl Inquiry for HeadsOf {
    type Answer = Arc<OverTexts>;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        let texts = self.0.len();
        let mut sums: Vec<Figures> = Vec::new();
        for (done, text) in self.0.iter().enumerate() {
            let Some(own) = figures(model, text, &mut |_, _| go_on(done, texts))? else { return Ok(None) };
            sums.resize(own.len(), Figures::default());
            sums.iter_mut().zip(&own).for_each(|(sum, own)| sum.add(own));
        }
        let is_wanted = go_on(texts, texts) != ControlFlow::Break(());
        Ok(is_wanted.then(|| Arc::new(OverTexts { texts, figures: sums })))
    }
}
