//! A map: what each word and each token adds to the output, by one of the methods.

use std::sync::Arc;

use super::gradient::times;
use super::scene::Scene;
use super::{Asked, Baseline, Completeness, Explained, Hide, Method, Unit};
use crate::inspect::predictor::GoOn;
use crate::inspect::{Inquiry, InspectError, OpenModel};

/// Asks for a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    pub asked: Asked,
    pub method: Method,
    /// Integrated gradients: where they begin, and the most steps they take.
    pub baseline: Baseline,
    pub steps: usize,
    /// Occlusion: what becomes of a hidden word.
    pub hide: Hide,
}

impl Explain {
    /// Steps that leave no gap worth mentioning.
    pub const STEPS: usize = 64;

    pub fn of(asked: Asked, method: Method) -> Self {
        Self { asked, method, baseline: Baseline::default(), steps: Self::STEPS, hide: Hide::default() }
    }
}

/// What is explained, and by which words.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub explained: Explained,
    pub units: Vec<Unit>,
    /// Every token the model was given, those around the text included.
    pub tokens: Vec<String>,
    pub map: Map,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub method: Method,
    /// For each word, and for each token: what it adds to the logit. A word has the sum of its tokens, but where words are
    /// hidden as a whole.
    pub words: Vec<f64>,
    pub tokens: Vec<f64>,
    /// Of integrated gradients.
    pub completeness: Option<Completeness>,
}

impl Inquiry for Explain {
    type Answer = Arc<Explanation>;

    fn put_to(&self, model: &mut OpenModel, go_on: GoOn<'_>) -> Result<Option<Self::Answer>, InspectError> {
        let Some(scene) = Scene::open(model, &self.asked, go_on)? else { return Ok(None) };
        Ok(scene.explain(self, go_on)?.map(Arc::new))
    }

    fn is_quick(&self) -> bool {
        self.method == Method::GradientInput
    }
}

impl Scene<'_> {
    /// The map that is asked for; nothing where `go_on` ended it.
    pub fn explain(&self, explain: &Explain, go_on: GoOn<'_>) -> Result<Option<Explanation>, InspectError> {
        let map = match explain.method {
            Method::GradientInput => self.gradient_input(go_on)?,
            Method::IntegratedGradients => self.integrated_map(explain.baseline, explain.steps, go_on)?,
            Method::Occlusion => self.occlusion(explain.hide, go_on)?,
        };
        let (explained, units, tokens) = (self.explained.clone(), self.units.clone(), self.tokens.clone());
        Ok(map.map(|map| Explanation { explained, units, tokens, map }))
    }

    fn gradient_input(&self, go_on: GoOn<'_>) -> Result<Option<Map>, InspectError> {
        let vectors = self.vectors()?;
        let Some(derived) = self.derived(vec![vectors.clone()], go_on)? else { return Ok(None) };
        let gradient = derived.first().map_or(&[][..], Vec::as_slice);
        let tokens = times(gradient, &vectors, self.model.model.embedding_size());
        Ok(Some(self.summed(Method::GradientInput, tokens, None)))
    }

    fn integrated_map(&self, baseline: Baseline, steps: usize, go_on: GoOn<'_>) -> Result<Option<Map>, InspectError> {
        let found = self.integrated(baseline, steps, go_on)?;
        Ok(found.map(|(tokens, known)| self.summed(Method::IntegratedGradients, tokens, Some(known))))
    }

    fn summed(&self, method: Method, tokens: Vec<f64>, completeness: Option<Completeness>) -> Map {
        let words = self.units.iter().map(|unit| tokens[unit.tokens.clone()].iter().sum()).collect();
        Map { method, words, tokens, completeness }
    }

    /// Each word hidden, and each piece of those that have several.
    fn occlusion(&self, hide: Hide, go_on: GoOn<'_>) -> Result<Option<Map>, InspectError> {
        let words: Vec<Vec<usize>> = (0..self.units.len()).map(|unit| self.tokens_of(&[unit])).collect();
        let pieces = words.iter().filter(|tokens| tokens.len() > 1).flatten().map(|token| vec![*token]);
        let sets: Vec<Vec<usize>> = words.iter().cloned().chain(pieces).collect();
        let Some(said) = self.without(&sets, hide, go_on)? else { return Ok(None) };
        let falls: Vec<f64> = said.iter().map(|said| self.said.score - said.score).collect();
        let mut tokens = vec![0.0; self.ids.len()];
        for (set, fall) in sets.iter().zip(&falls) {
            if let [token] = set[..] {
                tokens[token] = *fall;
            }
        }
        let words = falls[..self.units.len()].to_vec();
        Ok(Some(Map { method: Method::Occlusion, words, tokens, completeness: None }))
    }
}
