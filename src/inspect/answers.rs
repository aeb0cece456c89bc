//! Where in a context the answer to a question stands, as transformers' question-answering pipeline finds it (4.57, the
//! last version that had one).

use super::output::FoundAnswer;
use super::predict::Asked;
use super::predictor::Rows;
use super::request::{Options, Prepared};
use crate::text::Tokenizer;
use crate::text::tokenizer::Encoded;

/// What stands for the logit of a token that can be no part of an answer.
const OUT: f64 = -10_000.0;

/// Starts and ends that the evaluation of SQuAD pairs with each other.
const PAIRED: usize = 20;
/// The longest answer, in tokens, of that evaluation.
const LONGEST: usize = 30;

/// An answer with the windows that gave it, the one that is surest of it first.
pub(super) struct Seen {
    /// Where the same words stand several times, the pipeline tells the place that it found first.
    pub answer: FoundAnswer,
    /// The places where the words stand, and the share of the score that came from each.
    places: Vec<(usize, usize, f64)>,
    /// Index of the window, and the share of the score that came from it.
    pub windows: Vec<(usize, f64)>,
}

/// What one window says: probabilities that the answer starts and ends at each of its tokens. The first of each is that
/// of "no answer".
pub(super) struct WindowView {
    pub start: Vec<f64>,
    pub end: Vec<f64>,
    /// The likeliest spans, best first: characters of the context, and the score.
    pub spans: Vec<(usize, usize, f64)>,
}

/// Everything the windows say.
pub(super) struct Seeing {
    /// Best first, as many as were looked at.
    pub found: Vec<Seen>,
    /// The smallest probability of "no answer" in any window.
    pub no_answer: f64,
    pub windows: Vec<WindowView>,
}

/// The best answers over all windows. Rows are two logits a token, for the start and the end.
///
/// "No answer" stands among them by its probability, as in the pipeline. Where a threshold is decided, that alone says
/// whether it comes first or after the best span.
pub(super) fn answers(model: &Asked<'_>, one: &Prepared, rows: &[Rows], options: &Options) -> Vec<FoundAnswer> {
    let seeing = see(model.tokenizer, one, rows, options);
    let mut found: Vec<FoundAnswer> = seeing.found.into_iter().map(|seen| seen.answer).collect();
    if options.allow_no_answer {
        let none = FoundAnswer { answer: String::new(), score: seeing.no_answer, start: 0, end: 0 };
        let by_score = found.iter().filter(|one| one.score >= none.score).count();
        let place = match options.no_answer_threshold.or(model.decisions.no_answer) {
            None => by_score,
            Some(threshold) if margin(one, rows) > threshold => 0,
            Some(_) => by_score.max(1).min(found.len()),
        };
        found.insert(place, none);
    }
    found.truncate(options.top_k.unwrap_or(1));
    found
}

/// Reads every window. Equal answers of several windows are one, with the sum of their scores.
pub(super) fn see(tokenizer: &Tokenizer, one: &Prepared, rows: &[Rows], options: &Options) -> Seeing {
    let top_k = options.top_k.unwrap_or(1);
    // Widening spans to whole words makes some of them equal, so more are looked at than are wanted.
    let looked_at = top_k.saturating_mul(2).saturating_add(10);
    let context: Vec<char> = one.request.pair.as_deref().unwrap_or_default().chars().collect();
    let mut found: Vec<(Seen, String)> = Vec::new();
    let mut windows = Vec::with_capacity(rows.len());
    let mut no_answer = f64::INFINITY;
    for (index, (window, rows)) in one.windows.iter().zip(rows).enumerate() {
        let [start, end] = [0, 1].map(|column| probabilities(tokenizer, &one.encoded, window, rows, column));
        no_answer = no_answer.min(start[0] * end[0]);
        let mut view = WindowView { start, end, spans: Vec::new() };
        for (first, last, score) in spans(&view.start, &view.end, options.max_answer_tokens, looked_at) {
            let (from, to) = whole_words(&one.encoded, window, first, last);
            view.spans.push((from, to, score));
            let answer: String = context.get(from..to).unwrap_or_default().iter().collect();
            let folded = answer.to_lowercase();
            if let Some((known, _)) = found.iter_mut().find(|(_, known)| *known == folded) {
                known.add(index, (from, to), score);
            } else {
                let answer = FoundAnswer { answer, score, start: from, end: to };
                let (places, windows) = (vec![(from, to, score)], vec![(index, score)]);
                found.push((Seen { answer, places, windows }, folded));
            }
        }
        windows.push(view);
    }
    let mut found: Vec<Seen> = found.into_iter().map(|(seen, _)| seen).collect();
    found.sort_by(|a, b| b.answer.score.total_cmp(&a.answer.score));
    for seen in &mut found {
        seen.windows.sort_by(|a, b| b.1.total_cmp(&a.1));
    }
    Seeing { found, no_answer, windows }
}

impl Seen {
    /// The place that most of the score came from: of words that stand in a text several times, those that are meant.
    pub fn place(&self) -> (usize, usize) {
        let more = |a: (usize, usize, f64), b: (usize, usize, f64)| if b.2 > a.2 { b } else { a };
        let most = self.places.iter().copied().reduce(more);
        most.map_or((self.answer.start, self.answer.end), |(start, end, _)| (start, end))
    }

    fn add(&mut self, window: usize, (start, end): (usize, usize), score: f64) {
        self.answer.score += score;
        match self.places.iter_mut().find(|known| (known.0, known.1) == (start, end)) {
            Some((.., sum)) => *sum += score,
            None => self.places.push((start, end, score)),
        }
        match self.windows.iter_mut().find(|(known, _)| *known == window) {
            Some((_, sum)) => *sum += score,
            None => self.windows.push((window, score)),
        }
    }
}

/// Probabilities over the window; only the context and the token for "no answer" have any.
fn probabilities(
    tokenizer: &Tokenizer,
    encoded: &Encoded,
    window: &[usize],
    rows: &[Vec<f32>],
    column: usize,
) -> Vec<f64> {
    let logits = window.iter().zip(rows).map(|(&index, row)| {
        let counts = encoded.sequence[index] == Some(1) || Some(encoded.ids[index]) == tokenizer.cls_id();
        if counts { f64::from(row[column]) } else { OUT }
    });
    let logits: Vec<f64> = logits.collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The likeliest spans of at most `longest` tokens, best first. The first token stands for "no answer" and is in none.
fn spans(start: &[f64], end: &[f64], longest: usize, count: usize) -> Vec<(usize, usize, f64)> {
    let spans = (1..start.len()).flat_map(|first| {
        let last = first.saturating_add(longest).min(end.len());
        (first..last).map(move |last| (first, last, start[first] * end[last]))
    });
    let mut spans: Vec<(usize, usize, f64)> = spans.filter(|(_, _, score)| *score > 0.0).collect();
    spans.sort_by(|a, b| b.2.total_cmp(&a.2));
    spans.truncate(count);
    spans
}

/// Characters of a span, widened to the words its ends are in, as far as the window shows them.
fn whole_words(encoded: &Encoded, window: &[usize], first: usize, last: usize) -> (usize, usize) {
    let in_context = |place: &usize| encoded.sequence[window[*place]] == Some(1);
    let word = |place: usize| encoded.words[window[place]];
    let (Some(first_word), Some(last_word)) = (word(first), word(last)) else {
        return (encoded.offsets[window[first]].0, encoded.offsets[window[last]].1);
    };
    let places = || (0..window.len()).filter(in_context);
    let opening = places().find(|place| word(*place) == Some(first_word)).unwrap_or(first);
    let closing = places().rfind(|place| word(*place) == Some(last_word)).unwrap_or(last);
    (encoded.offsets[window[opening]].0, encoded.offsets[window[closing]].1)
}

/// The score of "no answer", smallest over the windows, less that of the best span in any of them.
pub(super) fn margin(one: &Prepared, rows: &[Rows]) -> f64 {
    let (mut no_answer, mut best) = (f64::INFINITY, f64::NEG_INFINITY);
    for (window, rows) in one.windows.iter().zip(rows) {
        no_answer = no_answer.min(f64::from(rows[0][0]) + f64::from(rows[0][1]));
        let ranked = |column: usize| {
            let mut places: Vec<usize> =
                (0..window.len()).filter(|place| one.encoded.sequence[window[*place]] == Some(1)).collect();
            places.sort_by(|a, b| rows[*b][column].total_cmp(&rows[*a][column]));
            places.truncate(PAIRED);
            places
        };
        let (starts, ends) = (ranked(0), ranked(1));
        for &start in &starts {
            for &end in ends.iter().filter(|end| (start..start + LONGEST).contains(*end)) {
                best = best.max(f64::from(rows[start][0]) + f64::from(rows[end][1]));
            }
        }
    }
    no_answer - best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_stand_twice_are_where_most_of_their_score_comes_from() {
        let answer = FoundAnswer { answer: "Rome".into(), score: 0.1, start: 4, end: 8 };
        let mut seen = Seen { answer, places: vec![(4, 8, 0.1)], windows: vec![(0, 0.1)] };
        assert_eq!(seen.place(), (4, 8));
        seen.add(1, (90, 94), 0.3);
        seen.add(2, (90, 94), 0.3);
        seen.add(2, (200, 204), 0.4);
        assert_eq!(seen.place(), (90, 94));
        assert_eq!((seen.answer.start, seen.windows.len()), (4, 3), "the pipeline tells the first");
        assert!((seen.answer.score - 1.1).abs() < 1e-12);
    }

    #[test]
    fn spans_run_forward_and_are_not_too_long() {
        let found = spans(&[0.0, 0.6, 0.4], &[0.7, 0.1, 0.2], 2, 10);
        let places: Vec<(usize, usize)> = found.iter().map(|(first, last, _)| (*first, *last)).collect();
        assert_eq!(places, [(1, 2), (2, 2), (1, 1)]);
        assert_eq!(spans(&[0.5, 0.5], &[0.5, 0.5], 1, 1), [(1, 1, 0.25)], "the first token is no part of an answer");
    }
}
