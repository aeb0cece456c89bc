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
    /// The first token of each word, and its tag.
    Tags(Vec<(usize, usize)>),
}

impl Aim {
    /// Cross-entropy, of tags the mean over the words; of several labels the mean of theirs; the squared error of a number.
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
            Self::Tags(tags) => {
                let sum: f64 = tags.iter().map(|(token, tag)| cross_entropy(row(*token), *tag)).sum();
                sum / tags.len().max(1) as f64
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
            Self::Tags(tags) => {
                let count = tags.len().max(1) as f32;
                tags.iter().map(|(token, tag)| (*token, less(row(*token), *tag, count))).collect()
            }
        }
    }
}

fn cross_entropy(row: &[f32], class: usize) -> f64 {
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
        let aims = [Aim::Class(1), Aim::Classes(vec![0, 2]), Aim::Classes(Vec::new()), Aim::Tags(vec![(1, 0), (2, 2)])];
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
        assert_eq!(Aim::Value(2.0).slopes(&vec![vec![3.5]]), [(0, vec![3.0])]);
        assert_eq!(Aim::Value(2.0).loss(&vec![vec![3.5]]), 2.25);
    }
}
