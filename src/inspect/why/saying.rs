//! What a head says of one output: its logit, its probability, and which answer the head gives.

use super::target::Terms;
use crate::inspect::OpenModel;
use crate::inspect::entities::best;
use crate::model::probability::{sigmoid, softmax};
use crate::task::Targets;

/// What was said with some words hidden.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// The logit; of an answer's start and end the sum of both.
    pub score: f64,
    /// The probability; of a number the number.
    pub share: f64,
    pub verdict: Verdict,
}

/// What the head says, whatever is explained: two are equal where the answer is the same. A class by its place; of an
/// answer the tokens it starts and ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict(pub usize, pub usize);

/// Reads the head's rows. `places` are the tokens they are of, as they were counted before any was removed; `counts` says
/// which tokens an answer may start and end at.
pub(super) fn read(model: &OpenModel, terms: &Terms, places: &[usize], rows: &[Vec<f32>], counts: &[bool]) -> Said {
    let row_of = |place: usize| places.iter().position(|known| *known == place).and_then(|row| rows.get(row));
    let logit = |(place, column): &(usize, usize)| row_of(*place).map_or(f64::NAN, |row| f64::from(row[*column]));
    let score = terms.0.iter().map(logit).sum();
    let (share, verdict) = match model.task.targets() {
        Targets::Span => spans(terms, places, rows, counts),
        targets => {
            let (place, column) = terms.0.first().copied().unwrap_or_default();
            one(model, targets, row_of(place).map_or(&[], Vec::as_slice), column)
        }
    };
    Said { score, share, verdict }
}

/// The probability of each output of a row, and which of them the head says.
pub(super) fn shares(targets: Targets, row: &[f32]) -> Vec<f64> {
    let shares = match targets {
        Targets::Classes | Targets::Replaced => sigmoid(row),
        Targets::Number => row.to_vec(),
        Targets::Class | Targets::Tags | Targets::Hidden | Targets::Span => softmax(row),
    };
    shares.into_iter().map(f64::from).collect()
}

fn one(model: &OpenModel, targets: Targets, row: &[f32], column: usize) -> (f64, Verdict) {
    let share = shares(targets, row).get(column).copied().unwrap_or(f64::NAN);
    let verdict = match targets {
        Targets::Classes => {
            let threshold = model.labels.get(column).map_or(0.5, |label| model.decisions.threshold(label));
            usize::from(share >= f64::from(threshold))
        }
        Targets::Replaced => usize::from(share > 0.5),
        Targets::Number => 0,
        Targets::Class | Targets::Tags | Targets::Hidden | Targets::Span => best(row),
    };
    (share, Verdict(verdict, 0))
}

/// The product of the probabilities of what is asked, and the likeliest start and end.
fn spans(terms: &Terms, places: &[usize], rows: &[Vec<f32>], counts: &[bool]) -> (f64, Verdict) {
    let columns = [0, 1].map(|column| {
        let open = places.iter().zip(rows).filter(|(place, _)| counts.get(**place).copied().unwrap_or(false));
        let logits: Vec<f32> = open.clone().map(|(_, row)| row[column]).collect();
        let open: Vec<usize> = open.map(|(place, _)| *place).collect();
        (softmax(&logits), open)
    });
    let share = |(place, column): &(usize, usize)| {
        let (shares, open) = &columns[*column];
        open.iter().position(|known| known == place).map_or(0.0, |at| f64::from(shares[at]))
    };
    let said = |(shares, open): &(Vec<f32>, Vec<usize>)| open.get(best(shares)).copied().unwrap_or(0);
    (terms.0.iter().map(share).product(), Verdict(said(&columns[0]), said(&columns[1])))
}
