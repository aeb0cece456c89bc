//! Labels of tokens → entities, as transformers' token-classification pipeline makes them.

use super::InspectError;
use super::output::{Entity, Output, TokenLabel};
use super::predict::Asked;
use super::predictor::Rows;
use super::request::{Aggregation, Prepared};
use crate::model::probability::softmax;
use crate::text::Tokenizer;

/// The label of what is not an entity.
pub(super) const OUTSIDE: &str = "O";

/// A token, or a word made of tokens, with its probabilities.
struct Piece {
    word: String,
    scores: Vec<f64>,
    index: usize,
    start: usize,
    end: usize,
    /// Whether it goes on with the word before it.
    continues: bool,
}

/// The entities of a text from the logits of its windows.
pub(super) fn entities(
    model: &Asked<'_>,
    one: &Prepared,
    rows: &[Rows],
    aggregation: Aggregation,
) -> Result<Output, InspectError> {
    let characters: Vec<char> = one.request.text.chars().collect();
    let maker = Maker { tokenizer: model.tokenizer, labels: model.labels, aggregation };
    let (mut tokens, mut groups) = (Vec::new(), Vec::new());
    for (window, rows) in one.windows.iter().zip(rows) {
        let pieces = maker.pieces(one, &characters, window, rows);
        let labelled = match aggregation {
            Aggregation::None | Aggregation::Simple => pieces.iter().map(|piece| maker.label(piece)).collect(),
            _ => maker.words(&pieces)?,
        };
        if aggregation == Aggregation::None {
            tokens.extend(labelled.into_iter().filter(|token| token.entity != OUTSIDE));
        } else {
            groups.extend(maker.groups(&labelled)?.into_iter().filter(|group| group.entity_group != OUTSIDE));
        }
    }
    if one.windows.len() > 1 {
        // Tokens may share their characters, so it is their place that tells which one two windows saw.
        tokens = without_overlaps(tokens, |token| (token.index, token.index + 1, token.score));
        groups = without_overlaps(groups, |group| (group.start, group.end, group.score));
    }
    Ok(if aggregation == Aggregation::None { Output::Tokens(tokens) } else { Output::Entities(groups) })
}

struct Maker<'a> {
    tokenizer: &'a Tokenizer,
    labels: &'a [String],
    aggregation: Aggregation,
}

impl Maker<'_> {
    fn pieces(&self, one: &Prepared, characters: &[char], window: &[usize], rows: &[Vec<f32>]) -> Vec<Piece> {
        let encoded = &one.encoded;
        let marked = self.tokenizer.marks_continuation();
        let in_text = window.iter().zip(rows).filter(|(index, _)| !encoded.special[**index]);
        let pieces = in_text.map(|(&index, row)| {
            let (start, end) = encoded.offsets[index];
            let surface = characters.get(start..end).unwrap_or_default();
            let mut word = encoded.tokens[index].clone();
            let mut continues = if marked {
                word.chars().count() != surface.len()
            } else {
                start > 0 && !characters[start - 1..(start + 1).min(characters.len())].contains(&' ')
            };
            if Some(encoded.ids[index]) == self.tokenizer.unk_id() {
                word = surface.iter().collect();
                continues = false;
            }
            let scores = softmax(row).into_iter().map(f64::from).collect();
            Piece { word, scores, index, start, end, continues }
        });
        pieces.collect()
    }

    fn label(&self, piece: &Piece) -> TokenLabel {
        let best = best(&piece.scores);
        TokenLabel {
            entity: self.labels.get(best).cloned().unwrap_or_else(|| format!("LABEL_{best}")),
            score: piece.scores.get(best).copied().unwrap_or(f64::NAN),
            index: piece.index,
            word: piece.word.clone(),
            start: piece.start,
            end: piece.end,
        }
    }

    /// One label for each word.
    fn words(&self, pieces: &[Piece]) -> Result<Vec<TokenLabel>, InspectError> {
        pieces.chunk_by(|_, next| next.continues).map(|word| self.word(word)).collect()
    }

    fn word(&self, pieces: &[Piece]) -> Result<TokenLabel, InspectError> {
        let (first, last) = (&pieces[0], &pieces[pieces.len() - 1]);
        let scores = match self.aggregation {
            Aggregation::Max => {
                let highest = |piece: &Piece| piece.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let surest = pieces.iter().reduce(|a, b| if highest(b) > highest(a) { b } else { a });
                surest.unwrap_or(first).scores.clone()
            }
            Aggregation::Average => {
                let sum = |label: usize| pieces.iter().map(|piece| piece.scores[label]).sum::<f64>();
                (0..first.scores.len()).map(|label| sum(label) / pieces.len() as f64).collect()
            }
            _ => first.scores.clone(),
        };
        let word = self.tokenizer.join(pieces.iter().map(|piece| piece.word.clone()).collect())?;
        let (index, start, end) = (first.index, first.start, last.end);
        Ok(self.label(&Piece { word, scores, index, start, end, continues: false }))
    }

    /// Neighbours of one type are an entity; a `B-` begins the next.
    fn groups(&self, labelled: &[TokenLabel]) -> Result<Vec<Entity>, InspectError> {
        let same = |last: &TokenLabel, next: &TokenLabel| {
            let (begins, kind) = tag(&next.entity);
            !begins && tag(&last.entity).1 == kind
        };
        let group = |group: &[TokenLabel]| {
            let (first, last) = (&group[0], &group[group.len() - 1]);
            let entity = first.entity.split_once('-').map_or(first.entity.as_str(), |(_, kind)| kind);
            Ok(Entity {
                entity_group: entity.to_owned(),
                score: group.iter().map(|token| token.score).sum::<f64>() / group.len() as f64,
                word: self.tokenizer.join(group.iter().map(|token| token.word.clone()).collect())?,
                start: first.start,
                end: last.end,
            })
        };
        labelled.chunk_by(same).map(group).collect()
    }
}

/// Whether a label begins an entity, and of which type.
fn tag(entity: &str) -> (bool, &str) {
    match (entity.strip_prefix("B-"), entity.strip_prefix("I-")) {
        (Some(kind), _) => (true, kind),
        (None, Some(kind)) => (false, kind),
        (None, None) => (false, entity),
    }
}

/// The first of the highest.
pub(super) fn best<T: PartialOrd>(scores: &[T]) -> usize {
    (0..scores.len()).reduce(|best, next| if scores[next] > scores[best] { next } else { best }).unwrap_or(0)
}

/// Of entities that two windows saw at one place, the longer; of equally long ones the surer.
fn without_overlaps<T>(mut found: Vec<T>, place: impl Fn(&T) -> (usize, usize, f64)) -> Vec<T> {
    found.sort_by_key(|one| place(one).0);
    let mut kept: Vec<T> = Vec::with_capacity(found.len());
    for one in found {
        let (start, end, score) = place(&one);
        let Some(last) = kept.last_mut() else {
            kept.push(one);
            continue;
        };
        let (last_start, last_end, last_score) = place(last);
        if start >= last_end {
            kept.push(one);
        } else if (end - start, score) > (last_end - last_start, last_score) {
            *last = one;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_without_a_prefix_go_on() {
        assert_eq!(tag("B-PER"), (true, "PER"));
        assert_eq!(tag("I-B-X"), (false, "B-X"));
        assert_eq!(tag("PER"), (false, "PER"));
    }

    #[test]
    fn of_two_views_the_longer_stays_and_then_the_surer() {
        let check = |found: &[(usize, usize, f64)], expected: &[(usize, usize, f64)]| {
            assert_eq!(without_overlaps(found.to_vec(), |one| *one), expected);
        };
        check(&[(0, 3, 0.9), (5, 7, 0.4), (5, 9, 0.3)], &[(0, 3, 0.9), (5, 9, 0.3)]);
        check(&[(5, 9, 0.3), (5, 9, 0.6), (0, 5, 0.1)], &[(0, 5, 0.1), (5, 9, 0.6)]);
        check(&[(2, 2, 0.5), (2, 2, 0.5)], &[(2, 2, 0.5), (2, 2, 0.5)]);
        check(&[], &[]);
    }
}
