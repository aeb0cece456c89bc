//! The words of one output as they are listed: what each adds, what its labels would have one expect, and how far the one is
//! from the other.
//!
//! What the labels say of a word is how much likelier the output's label is where the word stands than where it does not,
//! as a difference of log odds with half a row added to each count (Haldane, 1956; Anscombe, 1956); of numbers how much
//! higher they are there, in standard deviations. Over all words that are listed a line is laid through their mean pull by
//! that, each weighing as many texts as it stands in. A word surprises by how far it lies from the line, in units of what
//! scatters there: how far words lie from it in general, and how sure both of its own numbers are.

use serde::{Deserialize, Serialize};

use super::count::{Labels, Pulled};
use super::found::Words;
use crate::task::Targets;

/// A word in the list of an output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Its place in [`Words::words`].
    pub word: usize,
    /// Texts in which the output was asked about.
    pub rows: u32,
    /// What it adds in a text, in the mean, and its 95 percent interval where there is more than one.
    pub mean: f64,
    pub interval: Option<(f64, f64)>,
    /// What it adds in all texts together.
    pub total: f64,
    /// What its labels say.
    pub labels: Option<f64>,
    /// How far its mean pull is from what they let expect; above 0 it pulls more towards the output.
    pub surprise: Option<f64>,
}

/// Which words come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Those that differ most from what their labels say; where that is known of none, by their total.
    #[default]
    Surprise,
    Towards,
    Against,
    /// The sum over all texts, whichever way.
    Total,
    Rows,
    Word,
}

impl Order {
    pub const ALL: [Self; 6] = [Self::Surprise, Self::Towards, Self::Against, Self::Total, Self::Rows, Self::Word];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Surprise => "surprise",
            Self::Towards => "towards",
            Self::Against => "against",
            Self::Total => "total",
            Self::Rows => "rows",
            Self::Word => "word",
        }
    }
}

/// The line through what words add by what their labels say.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    at_zero: f64,
    slope: f64,
    /// How far words lie from it: the root of the mean square.
    spread: f64,
}

/// Words below which no line is laid.
const FEW: usize = 10;
/// Standard errors that a 95 percent interval reaches.
const REACH: f64 = 1.959_963_984_540_054;

/// A number with its standard error.
#[derive(Clone, Copy)]
struct Sure {
    value: f64,
    error: f64,
}

impl Words {
    /// The words of an output that stand in so many texts, in an order.
    pub fn listed(&self, output: usize, least: u32, order: Order) -> Vec<Told> {
        let mut all: Vec<(Told, Option<Sure>, f64)> = (0..self.words.len())
            .filter_map(|word| {
                let pulled = self.words[word].pull(output).filter(|pulled| pulled.rows >= least.max(1))?;
                let labels = self.labels_of(word, output);
                let (mean, error) = mean(pulled);
                let interval = error.map(|error| (mean - REACH * error, mean + REACH * error));
                let told = Told {
                    word,
                    rows: pulled.rows,
                    mean,
                    interval,
                    total: pulled.sum,
                    labels: labels.map(|labels| labels.value),
                    surprise: None,
                };
                Some((told, labels, error.unwrap_or(f64::NAN)))
            })
            .collect();
        let known = all.iter().filter_map(|(told, ..)| Some((told.labels?, told.mean, f64::from(told.rows))));
        if let Some(line) = Line::through(&known.collect::<Vec<_>>()) {
            for (told, labels, error) in &mut all {
                told.surprise = labels.and_then(|labels| line.surprise(labels, told.mean, *error));
            }
        }
        let mut listed: Vec<Told> = all.into_iter().map(|(told, ..)| told).collect();
        self.sort(&mut listed, order);
        listed
    }

    fn sort(&self, listed: &mut [Told], order: Order) {
        let name = |told: &Told| (self.words[told.word].text.as_str(), self.words[told.word].sequence);
        let is_known = listed.iter().any(|told| told.surprise.is_some());
        let order = if order == Order::Surprise && !is_known { Order::Total } else { order };
        let far = |told: &Told| told.surprise.map_or(f64::NEG_INFINITY, f64::abs);
        listed.sort_by(|a, b| {
            let first = match order {
                Order::Surprise => far(b).total_cmp(&far(a)),
                Order::Towards => b.mean.total_cmp(&a.mean),
                Order::Against => a.mean.total_cmp(&b.mean),
                Order::Total => b.total.abs().total_cmp(&a.total.abs()),
                Order::Rows => b.rows.cmp(&a.rows),
                Order::Word => std::cmp::Ordering::Equal,
            };
            first.then_with(|| name(a).cmp(&name(b)))
        });
    }

    /// What the labels of a word say of an output; nothing where no label is known with it or without it.
    fn labels_of(&self, word: usize, output: usize) -> Option<Sure> {
        let (own, all) = (&self.words[word].labels, &self.labels);
        if own.count == 0 || own.count >= all.count {
            return None;
        }
        match self.task.targets() {
            Targets::Number => higher(own, all),
            Targets::Class | Targets::Classes | Targets::Tags => {
                let (hits, all_hits) = (own.of(output), all.of(output));
                (all_hits > 0 && all_hits < all.count).then(|| odds(own.count, hits, all.count, all_hits))
            }
            Targets::Span | Targets::Hidden | Targets::Replaced => None,
        }
    }
}

/// The mean of what a word adds, and its standard error.
fn mean(pulled: &Pulled) -> (f64, Option<f64>) {
    let count = f64::from(pulled.rows);
    let mean = pulled.sum / count;
    let error = (pulled.rows > 1).then(|| {
        let variance = (pulled.squares - count * mean * mean).max(0.0) / (count - 1.0);
        (variance / count).sqrt()
    });
    (mean, error)
}

/// The difference of log odds with and without a word.
fn odds(count: u32, hits: u32, all: u32, all_hits: u32) -> Sure {
    let half = |count: u32| f64::from(count) + 0.5;
    let (with, not_with) = (half(hits), half(count - hits));
    let (without, not_without) = (half(all_hits - hits), half(all - count - (all_hits - hits)));
    let value = (with / not_with).ln() - (without / not_without).ln();
    Sure { value, error: [with, not_with, without, not_without].map(f64::recip).iter().sum::<f64>().sqrt() }
}

/// How much higher numbers are where a word stands, in standard deviations.
fn higher(own: &Labels, all: &Labels) -> Option<Sure> {
    let (count, total) = (f64::from(own.count), f64::from(all.count));
    let variance = (all.squares - all.values * all.values / total).max(0.0) / (total - 1.0);
    let deviation = variance.sqrt();
    let with = own.values / count;
    let without = (all.values - own.values) / (total - count);
    let error = (1.0 / count + 1.0 / (total - count)).sqrt();
    (deviation > 0.0).then(|| Sure { value: (with - without) / deviation, error })
}

impl Line {
    /// The line of least squares through weighted points; nothing through a few, or where all stand above each other.
    fn through(points: &[(f64, f64, f64)]) -> Option<Self> {
        if points.len() < FEW {
            return None;
        }
        let sum = |of: &dyn Fn(&(f64, f64, f64)) -> f64| points.iter().map(|point| of(point) * point.2).sum::<f64>();
        let weight = sum(&|_| 1.0);
        let (x, y) = (sum(&|point| point.0) / weight, sum(&|point| point.1) / weight);
        let across = sum(&|point| (point.0 - x).powi(2));
        if across <= 0.0 {
            return None;
        }
        let slope = sum(&|point| (point.0 - x) * (point.1 - y)) / across;
        let at_zero = y - slope * x;
        let spread = (sum(&|point| (point.1 - at_zero - slope * point.0).powi(2)) / weight).sqrt();
        Some(Self { at_zero, slope, spread })
    }

    /// How far a word lies from the line, in units of what scatters there; nothing where one of its numbers has no error.
    fn surprise(&self, labels: Sure, mean: f64, error: f64) -> Option<f64> {
        let far = mean - self.at_zero - self.slope * labels.value;
        let scatter = (self.spread.powi(2) + error.powi(2) + (self.slope * labels.error).powi(2)).sqrt();
        (scatter.is_finite() && scatter > 0.0).then(|| far / scatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_and_their_error_are_those_of_the_four_counts() {
        // By hand: ln(8.5/2.5) - ln(12.5/78.5).
        let found = odds(10, 8, 100, 20);
        assert!((found.value - (8.5_f64 / 2.5).ln() + (12.5_f64 / 78.5).ln()).abs() < 1e-12, "{}", found.value);
        let error = (1.0 / 8.5 + 1.0 / 2.5 + 1.0 / 12.5 + 1.0 / 78.5_f64).sqrt();
        assert!((found.error - error).abs() < 1e-12);
        assert!(odds(10, 0, 100, 20).value < 0.0 && odds(10, 10, 100, 20).value.is_finite());
    }

    #[test]
    fn numbers_are_compared_in_standard_deviations() {
        // 1, 2, 3, 4, 5, of which 4 and 5 stand beside the word: 4.5 against 2 over a deviation of 1.581.
        let all = Labels { count: 5, values: 15.0, squares: 55.0, ..Labels::default() };
        let own = Labels { count: 2, values: 9.0, squares: 41.0, ..Labels::default() };
        let found = higher(&own, &all).unwrap();
        assert!(
            (found.value - 2.5 / 2.5_f64.sqrt()).abs() < 1e-12
                && (found.error - (0.5 + 1.0 / 3.0_f64).sqrt()).abs() < 1e-12
        );
        let same = Labels { count: 3, values: 6.0, squares: 12.0, ..Labels::default() };
        assert!(higher(&Labels { count: 1, values: 2.0, ..Labels::default() }, &same).is_none());
    }

    #[test]
    fn the_line_is_that_of_weighted_least_squares_and_what_lies_off_it_surprises() {
        let mut points: Vec<(f64, f64, f64)> =
            (0..12).map(|at| (f64::from(at), 1.0 + 2.0 * f64::from(at), 3.0)).collect();
        let line = Line::through(&points).unwrap();
        assert!((line.slope - 2.0).abs() < 1e-9 && (line.at_zero - 1.0).abs() < 1e-9 && line.spread < 1e-9);
        points.push((5.0, 30.0, 1.0));
        let line = Line::through(&points).unwrap();
        let sure = |value| Sure { value, error: 0.1 };
        let (off, on) = (line.surprise(sure(5.0), 30.0, 0.1).unwrap(), line.surprise(sure(5.0), 11.0, 0.1).unwrap());
        assert!(off > 4.0 && on.abs() < 1.0, "{off} {on}");
        assert!(line.surprise(sure(5.0), 30.0, 9.0).unwrap() < off, "what is less sure surprises less");
        assert!(line.surprise(sure(5.0), 30.0, f64::NAN).is_none());
        assert!(Line::through(&points[..9]).is_none() && Line::through(&[(1.0, 2.0, 1.0); 20]).is_none());
    }
}
