//! The logits of windows → answers, as transformers' reference script for question answering finds them (`utils_qa.py`): the
//! best spans of the sums of start and end over all windows of a context, and the score of "no answer".

use crate::data::{Dataset, Target};
use crate::metrics::{AnsweredQuestion, CandidateAnswer};
use crate::text::{Alignment, Features};

/// Starts and ends that are combined in each window, and answers that are kept.
const BEST: usize = 20;
/// Tokens of the longest answer.
const LONGEST: usize = 30;

/// A span of a window with its score.
struct Span {
    window: usize,
    characters: (u32, u32),
    score: f64,
}

/// One for each question; its windows follow each other. Of each window the logits of the start at every token, then those
/// of the end.
pub fn questions<'a>(
    data: &Dataset,
    windows: impl Iterator<Item = (&'a Features, &'a [f32])>,
) -> Vec<AnsweredQuestion> {
    let all: Vec<(&Features, &[f32])> = windows.collect();
    all.chunk_by(|a, b| a.0.example == b.0.example)
        .map(|windows| question(data, windows[0].0.example, windows))
        .collect()
}

fn question(data: &Dataset, example: usize, windows: &[(&Features, &[f32])]) -> AnsweredQuestion {
    let mut spans: Vec<Span> = Vec::new();
    let mut null = f64::INFINITY;
    for (window, (features, logits)) in windows.iter().enumerate() {
        let (start, end) = logits.split_at(logits.len() / 2);
        if let (Some(start), Some(end)) = (start.first(), end.first()) {
            null = null.min(f64::from(*start) + f64::from(*end));
        }
        if let Alignment::Context { first, offsets } = &features.alignment {
            spans.extend(spans_of(window, start, end, *first as usize, offsets));
        }
    }
    spans.sort_by(|a, b| b.score.total_cmp(&a.score));
    spans.truncate(BEST);
    let best = spans.first().map_or(f64::NEG_INFINITY, |span| span.score);
    let context: Vec<char> = data.pair(example).unwrap_or_default().chars().collect();
    let powers: Vec<f64> = spans.iter().map(|span| (span.score - best).exp()).collect();
    let sum: f64 = powers.iter().sum();
    let candidates = spans.iter().zip(powers).map(|(span, power)| {
        let (start, end) = (span.characters.0 as usize, span.characters.1 as usize);
        let text: String = context.get(start..end).unwrap_or_default().iter().collect();
        CandidateAnswer { text, score: (power / sum) as f32, start, end, window: span.window }
    });
    let (gold, gold_starts) = match &data.examples[example].target {
        Target::Answers(answers) => {
            (answers.iter().map(|one| one.text.clone()).collect(), answers.iter().map(|one| one.start).collect())
        }
        _ => (Vec::new(), Vec::new()),
    };
    let row = data.examples[example].row;
    let id = data.table.column("id").map_or_else(|| row.to_string(), |id| data.table.cell(row, id).to_owned());
    let candidates: Vec<CandidateAnswer> = candidates.collect();
    AnsweredQuestion { example, id, gold, gold_starts, candidates, null_score: null - best }
}

/// The spans of a window between its best starts and ends, forwards and not too long. The best are those of all its
/// tokens; of these the ones outside the context, whose tokens begin at `context`, are no answers (`run_qa.py`).
fn spans_of(window: usize, start: &[f32], end: &[f32], context: usize, offsets: &[(u32, u32)]) -> Vec<Span> {
    let mut spans = Vec::new();
    let ends = best(end);
    for first in best(start) {
        for &last in &ends {
            let offset = |token: usize| offsets.get(token.checked_sub(context)?);
            let (Some(from), Some(to)) = (offset(first), offset(last)) else { continue };
            if last >= first && last - first < LONGEST {
                let score = f64::from(start[first]) + f64::from(end[last]);
                spans.push(Span { window, characters: (from.0, to.1), score });
            }
        }
    }
    spans
}

/// The places of the highest logits, highest first.
fn best(logits: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..logits.len()).collect();
    places.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    places.truncate(BEST);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_places_of_a_window_are_those_of_all_its_tokens() {
        // Of 30 tokens the first 24 are a question that the model takes for the answer: 20 of its tokens are the best
        // starts, so that only ends of the context would be left.
        let mut start: Vec<f32> = (0..30).map(|token| if token < 24 { 9.0 } else { token as f32 / 10.0 }).collect();
        let end: Vec<f32> = (0..30).map(|token| token as f32 / 10.0).collect();
        let offsets: Vec<(u32, u32)> = (0..6).map(|token| (token * 2, token * 2 + 1)).collect();
        assert!(spans_of(0, &start, &end, 24, &offsets).is_empty());
        start[26] = 10.0;
        let spans = spans_of(3, &start, &end, 24, &offsets);
        let found: Vec<(u32, u32)> = spans.iter().map(|span| span.characters).collect();
        assert_eq!(found, [(4, 11), (4, 9), (4, 7), (4, 5)]);
        assert!((spans[0].score - 12.9).abs() < 1e-6 && spans[0].window == 3);
    }
}
