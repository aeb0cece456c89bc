//! Named entities of one text, by every way of joining tokens at once: the model is asked one time, and a person can
//! compare the strategies without asking again.

use super::open::OpenModel;
use super::output::{Entity, Output, TokenLabel};
use super::predictor::{GoOn, Rows};
use super::request::{Aggregation, Options, Prepared, Request};
use super::{InspectError, entities};
use crate::model::probability::softmax;

#[derive(Clone, Debug, PartialEq)]
pub struct Tagging {
    /// The entities by each strategy, in the order of [`Aggregation::ALL`] and of the text.
    pub by: Vec<Vec<Span>>,
    pub tokens: Vec<TokenTag>,
    /// Types of entities that the model knows, sorted: the place of a type gives it its colour.
    pub types: Vec<String>,
    pub windows: usize,
}

/// Something marked in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Characters (code points) of the text.
    pub start: usize,
    pub end: usize,
    /// A type such as `PER`; with no aggregation the label of a token, such as `B-PER`.
    pub label: String,
    pub score: f64,
}

/// What is said of one token.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenTag {
    pub token: String,
    pub start: usize,
    pub end: usize,
    /// Whether it goes on with the word before it.
    pub continues: bool,
    /// The likeliest labels, best first.
    pub labels: Vec<(String, f64)>,
}

impl Tagging {
    pub fn spans(&self, aggregation: Aggregation) -> &[Span] {
        let place = Aggregation::ALL.iter().position(|one| *one == aggregation).unwrap_or(0);
        self.by.get(place).map_or(&[], Vec::as_slice)
    }

    /// The place of a label's type among the types.
    pub fn type_of(&self, label: &str) -> usize {
        let kind = kind(label);
        self.types.iter().position(|known| known == kind).unwrap_or(0)
    }
}

/// A label without the `B-` or `I-` that says where in an entity it stands.
pub fn kind(label: &str) -> &str {
    label.strip_prefix("B-").or_else(|| label.strip_prefix("I-")).unwrap_or(label)
}

/// Labels told of each token.
const LABELS: usize = 3;

pub(super) fn tag(model: &OpenModel, request: Request, go_on: GoOn<'_>) -> Result<Option<Tagging>, InspectError> {
    let options = Options::default();
    let prepared = model.prepare(request, &options)?;
    let Some(rows) = model.rows(&[&prepared], &options, go_on)? else { return Ok(None) };
    let by = Aggregation::ALL.map(|aggregation| {
        Ok(match entities::entities(&model.borrowed(), &prepared, &rows, aggregation)? {
            Output::Tokens(tokens) => {
                let span = |token: TokenLabel| Span {
                    start: token.start,
                    end: token.end,
                    label: token.entity,
                    score: token.score,
                };
                tokens.into_iter().map(span).collect()
            }
            Output::Entities(entities) => {
                let span = |entity: Entity| Span {
                    start: entity.start,
                    end: entity.end,
                    label: entity.entity_group,
                    score: entity.score,
                };
                entities.into_iter().map(span).collect()
            }
            _ => Vec::new(),
        })
    });
    let by = by.into_iter().collect::<Result<Vec<Vec<Span>>, InspectError>>()?;
    let mut types: Vec<String> =
        model.labels.iter().map(|label| kind(label).to_owned()).filter(|kind| kind != entities::OUTSIDE).collect();
    types.sort();
    types.dedup();
    let tokens = tokens(model, &prepared, &rows);
    Ok(Some(Tagging { by, tokens, types, windows: prepared.windows.len() }))
}

/// What is said of every token; of two windows that see it, the one with more text on both of its sides counts.
fn tokens(model: &OpenModel, one: &Prepared, rows: &[Rows]) -> Vec<TokenTag> {
    let encoded = &one.encoded;
    let mut seen: Vec<Option<(usize, &[f32])>> = vec![None; encoded.ids.len()];
    for (window, rows) in one.windows.iter().zip(rows) {
        for (place, (&index, row)) in window.iter().zip(rows).enumerate() {
            let room = place.min(window.len() - 1 - place);
            if seen[index].is_none_or(|(known, _)| known < room) {
                seen[index] = Some((room, row));
            }
        }
    }
    let in_text = (0..encoded.ids.len()).filter(|index| !encoded.special[*index]);
    let mut before = None;
    in_text
        .map(|index| {
            let word = encoded.words[index];
            let continues = word.is_some() && word == before;
            before = word;
            let scores = softmax(seen[index].map_or(&[], |(_, row)| row));
            let mut order: Vec<usize> = (0..scores.len()).collect();
            order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
            let name = |label: usize| model.labels.get(label).cloned().unwrap_or_else(|| format!("LABEL_{label}"));
            let labels = order.into_iter().take(LABELS).map(|label| (name(label), f64::from(scores[label])));
            let (start, end) = encoded.offsets[index];
            TokenTag { token: encoded.tokens[index].clone(), start, end, continues, labels: labels.collect() }
        })
        .collect()
}
