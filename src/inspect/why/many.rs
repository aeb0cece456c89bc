//! What the words of many texts add to the outputs of a head: the weights of a map as `map.rs` has them, of several outputs
//! and of texts side by side.
//!
//! A long text is read up to where the model ends and not in windows; how much was cut is told with it.

use serde::{Deserialize, Serialize};

use super::Method;
use super::gradient::{Given, backward, times};
use super::target::Terms;
use super::units::{Unit, units};
use crate::inspect::predictor::{GoOn, Rows, Sequence, in_batches};
use crate::inspect::{InspectError, OpenModel, Request};
use crate::model::{HeadInput, HeadKind};

/// The maps that are quick enough for a whole data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pull {
    #[default]
    GradientInput,
    Occlusion,
}

impl Pull {
    pub const ALL: [Self; 2] = [Self::GradientInput, Self::Occlusion];

    /// The map of one text that has the same weights.
    pub fn method(self) -> Method {
        match self {
            Self::GradientInput => Method::GradientInput,
            Self::Occlusion => Method::Occlusion,
        }
    }
}

/// A text as the model reads it, with its words and what the head says.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub(in crate::inspect) ids: Vec<u32>,
    pub(in crate::inspect) types: Vec<u32>,
    pub units: Vec<Unit>,
    /// The logits of its first token, or of each, as the head reads.
    pub rows: Rows,
    /// Tokens that did not fit.
    pub cut: usize,
}

impl Text {
    /// It as the model takes it.
    pub fn sequence(&self) -> Sequence {
        Sequence { ids: self.ids.clone(), types: self.types.clone(), asked: None }
    }

    fn score(&self, terms: &Terms) -> f64 {
        terms.0.iter().map(|(place, column)| f64::from(self.rows[*place][*column])).sum()
    }
}

impl OpenModel {
    /// Reads texts; nothing where `go_on` ended it.
    pub fn read_texts(
        &self,
        requests: &[Request],
        max_tokens: usize,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Text>>, InspectError> {
        let mut texts = Vec::with_capacity(requests.len());
        for request in requests {
            let encoded = self.tokenizer.encode(&request.text, request.pair.as_deref(), max_tokens)?;
            let all: Vec<usize> = (0..encoded.ids.len()).collect();
            let letters: [Vec<char>; 2] = [Some(&request.text), request.pair.as_ref()]
                .map(|text| text.into_iter().flat_map(|text| text.chars()).collect());
            let units = units(&encoded, &all, [&letters[0], &letters[1]]);
            let cut = encoded.cut;
            texts.push(Text { ids: encoded.ids, types: encoded.types, units, rows: Rows::new(), cut });
        }
        let said = self.predictor().rows(texts.iter().map(Text::sequence).collect(), go_on)?;
        let Some(said) = said else { return Ok(None) };
        texts.iter_mut().zip(said).for_each(|(text, rows)| text.rows = rows);
        Ok(Some(texts))
    }

    /// What each word of each text adds to each of the outputs that are named for the text: by text, output and word.
    /// Nothing where `go_on` ended it.
    pub fn pulls(
        &self,
        texts: &[(Text, Vec<Terms>)],
        by: Pull,
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Vec<Vec<f64>>>>, InspectError> {
        match by {
            Pull::GradientInput => self.gradients(texts, go_on),
            Pull::Occlusion => self.occlusions(texts, go_on),
        }
    }

    fn gradients(
        &self,
        texts: &[(Text, Vec<Terms>)],
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Vec<Vec<f64>>>>, InspectError> {
        let width = self.model.embedding_size();
        let all: Vec<(&Text, &Terms)> =
            texts.iter().flat_map(|(text, outputs)| outputs.iter().map(move |terms| (text, terms))).collect();
        let total = all.len();
        let tokens = |(text, _): &(&Text, &Terms)| text.ids.len();
        let at_once = self.predictor().tokens_at_once;
        let go_on = &mut |done| go_on(done, total);
        let found = in_batches(at_once, all.into_iter().map(Ok), tokens, go_on, |_, batch| {
            let vectors: Vec<Vec<f32>> =
                batch.iter().map(|(text, _)| self.model.word_vectors(&text.ids)).collect::<Result<_, _>>()?;
            let given = batch.iter().zip(&vectors).map(|((text, terms), vectors)| Given {
                ids: &text.ids,
                types: &text.types,
                vectors,
                terms,
            });
            let gradients = backward(self, &given.collect::<Vec<_>>())?;
            let weighed = batch.iter().zip(gradients.iter().zip(&vectors)).map(|((text, _), (gradient, vectors))| {
                let tokens = times(gradient, vectors, width);
                text.units.iter().map(|unit| tokens[unit.tokens.clone()].iter().sum()).collect::<Vec<f64>>()
            });
            Ok::<_, InspectError>(weighed.collect())
        })?;
        let Some(found) = found else { return Ok(None) };
        let mut found = found.into_iter();
        Ok(Some(texts.iter().map(|(_, outputs)| found.by_ref().take(outputs.len()).collect()).collect()))
    }

    /// Each word hidden once tells of all outputs.
    fn occlusions(
        &self,
        texts: &[(Text, Vec<Terms>)],
        go_on: GoOn<'_>,
    ) -> Result<Option<Vec<Vec<Vec<f64>>>>, InspectError> {
        let no_mask = || InspectError::NoMaskToken { dir: self.dir.clone() };
        let mask = self.tokenizer.mask_id().ok_or_else(no_mask)?;
        let (mut sequences, mut places) = (Vec::new(), Vec::with_capacity(texts.len()));
        for (text, outputs) in texts {
            let asked = self.asked(outputs);
            // A text that nothing is asked of is not gone through.
            let units = if outputs.is_empty() { &[] } else { text.units.as_slice() };
            sequences.extend(units.iter().map(|unit| {
                let mut ids = text.ids.clone();
                ids[unit.tokens.clone()].fill(mask);
                Sequence { ids, types: text.types.clone(), asked: Some(asked.clone()) }
            }));
            places.push(asked);
        }
        let Some(said) = self.predictor().rows(sequences, go_on)? else { return Ok(None) };
        let mut said = said.into_iter();
        let of_text = |((text, outputs), places): (&(Text, Vec<Terms>), Vec<usize>)| {
            let count = if outputs.is_empty() { 0 } else { text.units.len() };
            let hidden: Vec<Rows> = said.by_ref().take(count).collect();
            let logit = |rows: &Rows, (place, column): &(usize, usize)| {
                let row = places.iter().position(|known| known == place).and_then(|at| rows.get(at));
                row.map_or(f64::NAN, |row| f64::from(row[*column]))
            };
            let score = |rows: &Rows, terms: &Terms| terms.0.iter().map(|term| logit(rows, term)).sum::<f64>();
            let falls = |terms: &Terms| {
                let whole = text.score(terms);
                hidden.iter().map(|rows| whole - score(rows, terms)).collect()
            };
            outputs.iter().map(falls).collect()
        };
        Ok(Some(texts.iter().zip(places).map(of_text).collect()))
    }

    /// The tokens whose logits some outputs are made of.
    fn asked(&self, outputs: &[Terms]) -> Vec<usize> {
        let mut places: Vec<usize> = match HeadKind::for_task(self.task).input() {
            HeadInput::FirstToken => vec![0],
            HeadInput::AllTokens => outputs.iter().flat_map(|terms| &terms.0).map(|(place, _)| *place).collect(),
        };
        places.sort_unstable();
        places.dedup();
        places
    }
}
