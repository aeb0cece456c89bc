//! What kinds of mistakes a tagger makes: every true and every predicted entity is in exactly one match.
//!
//! Entities of a sentence are paired in four rounds: the same span and type, the same span, the same type with the
//! largest overlap, the largest overlap. What is left over was missed or is spurious. A pair counts once, where a
//! precision and a recall would count it twice.

use super::evaluation::{Outcome, Prediction};
use super::reports::{Entity, EntityError, EntityErrorKind, EntityReport, ErrorCounts};

impl Entity {
    /// Words that two entities share.
    fn overlap(&self, other: &Self) -> usize {
        self.end.min(other.end).saturating_sub(self.start.max(other.start))
    }

    fn same_span(&self, other: &Self) -> bool {
        (self.start, self.end) == (other.start, other.end)
    }
}

impl ErrorCounts {
    fn count(&mut self, kind: Option<EntityErrorKind>) {
        let counter = match kind {
            None => &mut self.correct,
            Some(EntityErrorKind::Missed) => &mut self.missed,
            Some(EntityErrorKind::Spurious) => &mut self.spurious,
            Some(EntityErrorKind::WrongType) => &mut self.wrong_type,
            Some(EntityErrorKind::WrongBoundary) => &mut self.wrong_boundary,
            Some(EntityErrorKind::WrongTypeAndBoundary) => &mut self.wrong_type_and_boundary,
        };
        *counter += 1;
    }
}

/// Fills in the report what the predictions say.
pub(super) fn judge(report: &mut EntityReport, predictions: &[Prediction]) {
    let types = report.types.len();
    report.per_type = vec![ErrorCounts::default(); types];
    report.confusion = vec![vec![0; types + 1]; types + 1];
    for (prediction, said) in predictions.iter().enumerate() {
        let (Outcome::Entities { entities: gold }, Outcome::Entities { entities: predicted }) =
            (&said.gold, &said.predicted)
        else {
            continue;
        };
        for (gold, predicted) in matches(gold, predicted) {
            let Some(one) = gold.or(predicted) else { continue };
            let kind = kind(gold.as_ref(), predicted.as_ref());
            report.totals.count(kind);
            report.per_type[one.class].count(kind);
            let class = |entity: Option<Entity>| entity.map_or(types, |entity| entity.class);
            report.confusion[class(gold)][class(predicted)] += 1;
            let score = predicted.unwrap_or(one).score;
            report.errors.extend(kind.map(|kind| EntityError { prediction, kind, gold, predicted, score }));
        }
    }
    report.errors.sort_by(|one, two| two.score.total_cmp(&one.score));
}

/// `None` of a pair that agrees.
fn kind(gold: Option<&Entity>, predicted: Option<&Entity>) -> Option<EntityErrorKind> {
    let (Some(gold), Some(predicted)) = (gold, predicted) else {
        return Some(if gold.is_some() { EntityErrorKind::Missed } else { EntityErrorKind::Spurious });
    };
    match (gold.same_span(predicted), gold.class == predicted.class) {
        (true, true) => None,
        (true, false) => Some(EntityErrorKind::WrongType),
        (false, true) => Some(EntityErrorKind::WrongBoundary),
        (false, false) => Some(EntityErrorKind::WrongTypeAndBoundary),
    }
}

/// Pairs of true and predicted entities, each entity once, in the order of the sentence.
pub(super) fn matches(gold: &[Entity], predicted: &[Entity]) -> Vec<(Option<Entity>, Option<Entity>)> {
    let mut partner: Vec<Option<usize>> = vec![None; gold.len()];
    let mut taken = vec![false; predicted.len()];
    let rounds: [fn(&Entity, &Entity) -> bool; 4] = [
        |gold, predicted| gold.same_span(predicted) && gold.class == predicted.class,
        Entity::same_span,
        |gold, predicted| gold.class == predicted.class,
        |_, _| true,
    ];
    for fits in rounds {
        let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
        for (g, one) in gold.iter().enumerate().filter(|(g, _)| partner[*g].is_none()) {
            // Both lists are in the order of the sentence, so what can overlap is a stretch of the other.
            let first = predicted.partition_point(|two| two.end <= one.start);
            let near = predicted.iter().enumerate().skip(first).take_while(|(_, two)| two.start < one.end);
            for (p, two) in near.filter(|(p, two)| !taken[*p] && fits(one, two)) {
                pairs.push((one.overlap(two), g, p));
            }
        }
        pairs.sort_by_key(|&(overlap, g, p)| (std::cmp::Reverse(overlap), g, p));
        for (_, g, p) in pairs {
            if partner[g].is_none() && !taken[p] {
                partner[g] = Some(p);
                taken[p] = true;
            }
        }
    }
    let mut matches: Vec<(Option<Entity>, Option<Entity>)> =
        gold.iter().zip(&partner).map(|(one, p)| (Some(*one), p.map(|p| predicted[p]))).collect();
    matches.extend(predicted.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(two, _)| (None, Some(*two))));
    matches.sort_by_key(|(gold, predicted)| gold.or(*predicted).map_or(0, |entity| entity.start));
    matches
}
