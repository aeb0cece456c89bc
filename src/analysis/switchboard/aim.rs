//! What a model should say of a text, how far it is from it, and how that changes with each logit: the losses of
//! transformers' heads, of one text.

use crate::inspect::predictor::Rows;
use crate::inspect::switches::Slope;
use crate::model::probability::{sigmoid, softmax};

/// What is right, by the outputs of the head.
#[derive(Clone, Debug, PartialEq)]
pub enum Aim {
    Class(usize),
    Classes(Vec<usize>),
    Value(f32),
    /// Tokens that are asked about, each with its class: the first of each word with its tag, or those that are hidden with
    /// what stood there. The rows are theirs, in this order.
    Tokens(Vec<(usize, usize)>),
    /// The first and the last token of an answer.
    Span(usize, usize),
}

impl Aim {
    /// Places that are asked about, where they are not those that the head reads.
    pub fn asked(&self) -> Option<Vec<usize>> {
        match self {
            Self::Tokens(tokens) => Some(tokens.iter().map(|(token, _)| *token).collect()),
            Self::Class(_) | Self::Classes(_) | Self::Value(_) | Self::Span(..) => None,
        }
    }

    /// Whether it says nothing of a text.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Tokens(tokens) if tokens.is_empty())
    }

    /// Cross-entropy, of tokens the mean over them, of an answer that over its start and end; of several labels the mean of
    /// theirs; the squared error of a number.
    pub fn loss(&self, rows: &Rows) -> f64 {
        let row = |place: usize| rows.get(place).map_or(&[][..], Vec::as_slice);
        match self {
            Self::Class(class) => cross_entropy(row(0), *class),
            Self::Classes(classes) => {
                let row = row(0);
                let one = |(at, logit): (usize, &f32)| {
                    let (logit, right) = (f64::from(*logit), f64::from(u8::from(classes.contains(&at))));
                    logit.max(0.0) - logit * right + (-logit.abs()).exp().ln_1p()
                };
                row.iter().enumerate().map(one).sum::<f64>() / row.len().max(1) as f64
            }
            Self::Value(value) => row(0).first().map_or(f64::NAN, |said| f64::from(said - value).powi(2)),
            Self::Tokens(tokens) => {
                let sum: f64 = tokens.iter().enumerate().map(|(at, (_, class))| cross_entropy(row(at), *class)).sum();
                sum / tokens.len().max(1) as f64
            }
            Self::Span(start, end) => {
                let of = |side: usize, place: usize| cross_entropy(&column(rows, side), place);
                f64::midpoint(of(0, *start), of(1, *end))
            }
        }
    }

    /// How the loss changes with each logit that has a part in it.
    pub fn slopes(&self, rows: &Rows) -> Vec<Slope> {
        let row = |place: usize| rows.get(place).map_or(&[][..], Vec::as_slice);
        match self {
            Self::Class(class) => vec![(0, less(row(0), *class, 1.0))],
            Self::Classes(classes) => {
                let shares = sigmoid(row(0));
                let count = shares.len().max(1) as f32;
                let right = |at: usize| f32::from(u8::from(classes.contains(&at)));
                vec![(0, shares.iter().enumerate().map(|(at, share)| (share - right(at)) / count).collect())]
            }
            Self::Value(value) => vec![(0, row(0).iter().map(|said| 2.0 * (said - value)).collect())],
            Self::Tokens(tokens) => {
                let count = tokens.len().max(1) as f32;
                let one = |(at, (token, class)): (usize, &(usize, usize))| (*token, less(row(at), *class, count));
                tokens.iter().enumerate().map(one).collect()
            }
            Self::Span(start, end) => {
                let [start, end] = [(0, *start), (1, *end)].map(|(side, place)| less(&column(rows, side), place, 2.0));
                start.into_iter().zip(end).enumerate().map(|(token, (start, end))| (token, vec![start, end])).collect()
            }
        }
    }
}

/// The logits of all tokens for the start of an answer or for its end.
fn column(rows: &Rows, side: usize) -> Vec<f32> {
    rows.iter().map(|row| row.get(side).copied().unwrap_or(f32::NAN)).collect()
}

pub fn cross_entropy(row: &[f32], class: usize) -> f64 {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = row.iter().map(|logit| f64::from(logit - most).exp()).sum();
    row.get(class).map_or(f64::NAN, |logit| sum.ln() - f64::from(logit - most))
}

/// The probabilities less one where it is right, over a count.
fn less(row: &[f32], class: usize, count: f32) -> Vec<f32> {
    let right = |at: usize| f32::from(u8::from(at == class));
    softmax(row).iter().enumerate().map(|(at, share)| (share - right(at)) / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_how_the_loss_changes() {
        let rows = vec![vec![0.3, -1.2, 2.0], vec![-0.5, 0.25, 1.0], vec![1.5, 0.0, -2.0]];
        let aims = [
            Aim::Class(1),
            Aim::Classes(vec![0, 2]),
            Aim::Classes(Vec::new()),
            Aim::Tokens(vec![(0, 0), (1, 2), (2, 1)]),
            Aim::Span(2, 0),
        ];
        for aim in aims {
            for (place, slope) in aim.slopes(&rows) {
                for (at, slope) in slope.iter().enumerate() {
                    let moved = |by: f32| {
                        let mut rows = rows.clone();
                        rows[place][at] += by;
                        aim.loss(&rows)
                    };
                    let found = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                    assert!((found - f64::from(*slope)).abs() < 1e-4, "{aim:?} {place} {at}: {found} {slope}");
                }
            }
        }
        let two = vec![vec![0.5, 1.0], vec![-1.0, 0.0]];
        let of = |aim: &Aim| (aim.loss(&two), aim.slopes(&two).iter().map(|(token, _)| *token).collect::<Vec<_>>());
        let apart = Aim::Tokens(vec![(3, 1), (7, 0)]);
        assert_eq!(
            (of(&apart).1, apart.asked()),
            (vec![3, 7], Some(vec![3, 7])),
            "rows are those of the tokens asked about"
        );
        assert_eq!(Aim::Value(2.0).slopes(&vec![vec![3.5]]), [(0, vec![3.0])]);
        assert_eq!(Aim::Value(2.0).loss(&vec![vec![3.5]]), 2.25);
    }
}
