//! A question asked of a document of any length: the answers, and for every window what it says of every token, so that
//! one can see where the model looked and why an answer was lost.

use super::InspectError;
use super::answers::{self, Seeing, WindowView, margin};
use super::open::OpenModel;
use super::predictor::{GoOn, Rows};
use super::request::{Options, Prepared, Request};

#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The best, by the pipeline's definition; "no answer" is not among them.
    pub answers: Vec<Candidate>,
    /// The smallest probability of "no answer" in any window, by the pipeline's definition.
    pub no_answer: f64,
    /// By how much the score (sum of two logits) of "no answer" is above that of the best span: above the threshold the
    /// question counts as unanswerable, as the SQuAD 2.0 evaluation has it.
    pub margin: f64,
    pub windows: Vec<Window>,
    /// The tokens of the document, in order.
    pub tokens: Vec<DocumentToken>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub text: String,
    /// Sum over the windows that gave it.
    pub score: f64,
    /// Characters of the document; of words that stand in it several times, those that are meant.
    pub start: usize,
    pub end: usize,
    /// Index of each window that gave it, and how much of the score is from there; most first.
    pub windows: Vec<(usize, f64)>,
}

/// One window over the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Indices of the document's tokens.
    pub first: usize,
    pub last: usize,
    /// Characters of the document.
    pub start: usize,
    pub end: usize,
    /// Its own best span (characters) and the score.
    pub best: Option<(usize, usize, f64)>,
    /// Its probability of "no answer".
    pub no_answer: f64,
    /// Probabilities that the answer starts and ends at each of its tokens, from `first` to `last`.
    pub starts: Vec<f32>,
    pub ends: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DocumentToken {
    pub start: u32,
    pub end: u32,
    /// The highest probabilities in any window that the answer starts and ends here.
    pub starts: f32,
    pub ends: f32,
}

/// Answers that are told.
const BEST: usize = 10;
pub(super) fn read(model: &OpenModel, request: Request, go_on: GoOn<'_>) -> Result<Option<Reading>, InspectError> {
    let options = Options { top_k: Some(BEST), ..Options::default() };
    let prepared = model.prepare(request, &options)?;
    let Some(rows) = model.rows(&[&prepared], &options, go_on)? else { return Ok(None) };
    let seeing = answers::see(&model.tokenizer, &prepared, &rows, &options);
    Ok(Some(reading(&prepared, &rows, seeing)))
}

fn reading(one: &Prepared, rows: &[Rows], seeing: Seeing) -> Reading {
    let encoded = &one.encoded;
    let in_document: Vec<usize> = (0..encoded.ids.len()).filter(|index| encoded.sequence[*index] == Some(1)).collect();
    let first_of_all = in_document.first().copied().unwrap_or(0);
    let mut tokens: Vec<DocumentToken> = in_document
        .iter()
        .map(|index| {
            let (start, end) = encoded.offsets[*index];
            DocumentToken { start: start as u32, end: end as u32, starts: 0.0, ends: 0.0 }
        })
        .collect();
    let mut windows = Vec::with_capacity(rows.len());
    for (window, view) in one.windows.iter().zip(&seeing.windows) {
        let window = one_window(one, window, view, first_of_all);
        for (place, (starts, ends)) in window.starts.iter().zip(&window.ends).enumerate() {
            if let Some(token) = tokens.get_mut(window.first + place) {
                token.starts = token.starts.max(*starts);
                token.ends = token.ends.max(*ends);
            }
        }
        windows.push(window);
    }
    let document: Vec<char> = one.request.pair.as_deref().unwrap_or_default().chars().collect();
    let answers = seeing.found.into_iter().take(BEST).map(|seen| {
        let (start, end) = seen.place();
        let text = document.get(start..end).unwrap_or_default().iter().collect();
        Candidate { text, score: seen.answer.score, start, end, windows: seen.windows }
    });
    Reading { answers: answers.collect(), no_answer: seeing.no_answer, margin: margin(one, rows), windows, tokens }
}

fn one_window(one: &Prepared, window: &[usize], view: &WindowView, first_of_all: usize) -> Window {
    let encoded = &one.encoded;
    let places: Vec<usize> = (0..window.len()).filter(|place| encoded.sequence[window[*place]] == Some(1)).collect();
    let (first, last) = (places.first().copied().unwrap_or(0), places.last().copied().unwrap_or(0));
    let pick = |values: &[f64]| places.iter().map(|place| values[*place] as f32).collect();
    Window {
        first: window[first].saturating_sub(first_of_all),
        last: window[last].saturating_sub(first_of_all),
        start: encoded.offsets[window[first]].0,
        end: encoded.offsets[window[last]].1,
        best: view.spans.first().copied(),
        no_answer: view.start[0] * view.end[0],
        starts: pick(&view.start),
        ends: pick(&view.end),
    }
}
