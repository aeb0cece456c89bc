//! How often each of several labels is given and rightly given at every threshold that can be chosen: the hundredths,
//! and two of its own for each label. All labels are counted in one walk over the scores, a slice a frame, and nothing
//! is kept but the counts.

use crate::metrics::{Outcome, Prediction, Tally};
use crate::ui::widgets::slice::Slice;

/// Steps from 0 to 1.
pub const STEPS: usize = 100;

/// What it costs to look at an example, and at each of its scores, in bytes.
const EXAMPLE: usize = 64;
const SCORE: usize = 4;

/// Of the examples that reach a threshold.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    given: u32,
    right: u32,
}

#[derive(Clone, Debug)]
struct Label {
    /// By hundredth: of the examples that reach it and not the next, and when all are counted of all that reach it.
    steps: [Count; STEPS + 1],
    /// The same of thresholds that may lie between two hundredths.
    own: [(f32, Count); 2],
    /// Examples that have the label.
    support: u32,
}

#[derive(Debug, Default)]
pub struct LabelCounts {
    labels: Vec<Label>,
    next: usize,
    complete: bool,
}

/// The threshold of a step.
pub fn threshold_of(step: usize) -> f32 {
    step as f32 / STEPS as f32
}

/// The step that is next to a threshold.
pub fn step_of(threshold: f32) -> usize {
    ((threshold * STEPS as f32).round() as usize).min(STEPS)
}

/// The last step that a score reaches.
fn reached(score: f32) -> Option<usize> {
    // The product may be rounded to a step that the score does not reach, or away from one that it does.
    let near = ((score * STEPS as f32) as usize).min(STEPS);
    if near < STEPS && score >= threshold_of(near + 1) {
        Some(near + 1)
    } else if score >= threshold_of(near) {
        Some(near)
    } else {
        near.checked_sub(1)
    }
}

impl LabelCounts {
    /// Two thresholds for each label that are no hundredths.
    pub fn new(own: impl Iterator<Item = [f32; 2]>) -> Self {
        let label = |own: [f32; 2]| Label {
            steps: [Count::default(); STEPS + 1],
            own: own.map(|threshold| (threshold, Count::default())),
            support: 0,
        };
        Self { labels: own.map(label).collect(), ..Self::default() }
    }

    /// Goes on with the counting; returns whether it is complete.
    pub fn go_on(&mut self, predictions: &[Prediction], slice: &mut Slice) -> bool {
        if self.complete {
            return true;
        }
        while let Some(said) = predictions.get(self.next) {
            self.count(said);
            self.next += 1;
            slice.spend(EXAMPLE + SCORE * said.scores.len());
            if slice.is_over() {
                break;
            }
        }
        self.complete = self.next >= predictions.len();
        if self.complete {
            self.labels.iter_mut().for_each(Label::sum_up);
        }
        self.complete
    }

    fn count(&mut self, said: &Prediction) {
        for (label, &score) in self.labels.iter_mut().zip(&said.scores) {
            label.add(score, |count| count.given += 1);
        }
        let Outcome::Classes(gold) = &said.gold else { return };
        for &class in gold {
            if let (Some(label), Some(&score)) = (self.labels.get_mut(class), said.scores.get(class)) {
                label.support += 1;
                label.add(score, |count| count.right += 1);
            }
        }
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// What there is when a label is given from a threshold on, which is a hundredth or one of the label's own.
    pub fn at(&self, label: usize, threshold: f32) -> Tally {
        let Some(label) = self.labels.get(label) else { return Tally::default() };
        let own = label.own.iter().find(|(own, _)| *own == threshold);
        label.tally(own.map_or(label.steps[step_of(threshold)], |(_, count)| *count))
    }

    /// F1 of a label at each hundredth.
    pub fn curve(&self, label: usize) -> impl Iterator<Item = f64> {
        let label = self.labels.get(label);
        label.into_iter().flat_map(|label| label.steps.iter().map(move |count| label.tally(*count).f1()))
    }

    /// The hundredth with the highest F1, of equally good ones the nearest to the middle.
    pub fn best_step(&self, label: usize) -> usize {
        let distance = |step: usize| step.abs_diff(STEPS / 2);
        let better = |best: (usize, f64), at: (usize, f64)| {
            let nearer = at.1 == best.1 && distance(at.0) < distance(best.0);
            if at.1 > best.1 || nearer { at } else { best }
        };
        self.curve(label).enumerate().reduce(better).map_or(STEPS / 2, |(step, _)| step)
    }
}

impl Label {
    fn add(&mut self, score: f32, one: impl Fn(&mut Count)) {
        if let Some(step) = reached(score) {
            one(&mut self.steps[step]);
        }
        for (threshold, count) in &mut self.own {
            if score >= *threshold {
                one(count);
            }
        }
    }

    /// What reaches a step reaches all below it.
    fn sum_up(&mut self) {
        let mut above = Count::default();
        for count in self.steps.iter_mut().rev() {
            count.given += above.given;
            count.right += above.right;
            above = *count;
        }
    }

    fn tally(&self, count: Count) -> Tally {
        let [right, predicted, support] = [count.right, count.given, self.support].map(u64::from);
        Tally { right, predicted, support }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::label_scores;

    const LABELS: usize = 3;

    /// Scores on hundredths, just beside them and anywhere, with what is true.
    fn predictions(rows: usize) -> Vec<Prediction> {
        let score = |row: usize, label: usize| {
            let step = threshold_of((row * 37 + label * 11) % (STEPS + 1));
            match (row + label) % 4 {
                0 => step,
                1 => step.next_up(),
                2 => step.next_down(),
                _ => ((row * 7919 + label) % 1009) as f32 / 1008.0,
            }
        };
        let said = |row: usize| Prediction {
            example: row,
            gold: Outcome::Classes((0..LABELS).filter(|label| (row * 31 + label * 7) % 5 < 2).collect()),
            predicted: Outcome::Classes(Vec::new()),
            scores: (0..LABELS).map(|label| score(row, label)).collect(),
            loss: 0.0,
        };
        (0..rows).map(said).collect()
    }

    fn counted(predictions: &[Prediction], own: &[[f32; 2]]) -> (LabelCounts, usize) {
        let mut counts = LabelCounts::new(own.iter().copied());
        let slices = (1..1000).find(|_| counts.go_on(predictions, &mut Slice::of(Duration::ZERO)));
        (counts, slices.expect("the counting ends"))
    }

    #[test]
    fn the_counts_are_those_of_the_sorted_scores() {
        let predictions = predictions(5000);
        let gold: Vec<Vec<u32>> = predictions.iter().map(|said| said.gold.labels()).collect();
        let scores: Vec<Vec<f32>> = predictions.iter().map(|said| said.scores.clone()).collect();
        let sorted = label_scores(&gold, &scores, LABELS);
        let own: Vec<[f32; 2]> = sorted.iter().map(|scores| [scores.best(), 0.123_45]).collect();
        let (counts, slices) = counted(&predictions, &own);
        assert!(slices > 3, "{slices}");
        for (label, scores) in sorted.iter().enumerate() {
            let steps = (0..=STEPS).map(threshold_of);
            for threshold in steps.chain(own[label]) {
                let expected = scores.tally_at(threshold);
                assert_eq!(counts.at(label, threshold), expected, "label {label} at {threshold}");
                assert_eq!([expected.precision(), expected.recall(), expected.f1()], scores.at(threshold));
            }
            let best = scores.at(threshold_of(counts.best_step(label)))[2];
            assert!((0..=STEPS).all(|step| scores.at(threshold_of(step))[2] <= best));
            assert_eq!(counts.curve(label).count(), STEPS + 1);
        }
    }

    #[test]
    fn what_is_no_number_is_never_given() {
        let mut predictions = predictions(1);
        predictions[0].gold = Outcome::Classes(vec![0, 1, 7]);
        predictions[0].scores = vec![f32::NAN, -0.5, f32::INFINITY];
        let (counts, _) = counted(&predictions, &[[0.5, 0.5]; LABELS]);
        let numbers = |label: usize| {
            let Tally { right, predicted, support } = counts.at(label, 0.0);
            [right, predicted, support]
        };
        assert_eq!([0, 1, 2, 9].map(numbers), [[0, 0, 1], [0, 0, 1], [0, 1, 0], [0; 3]]);
        assert_eq!([0, 2].map(|label| counts.best_step(label)), [STEPS / 2; 2], "all are alike");
        for step in 0..=STEPS {
            assert_eq!(step_of(threshold_of(step)), step);
            assert_eq!(reached(threshold_of(step)), Some(step));
        }
    }
}
