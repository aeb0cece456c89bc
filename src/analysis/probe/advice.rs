//! What the probes of all layers say about how far an encoder can be frozen.
//!
//! A layer that is as good as the best, to within the best one's interval, already has what the task needs: it and all
//! below can stay as they are, and what lies above can be trained for the task. It is a proposal and no promise, because
//! training changes what the layers above would have said.

use super::scores::{Judged, Score};

/// What of the encoder is to be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Train {
    Whole,
    /// So many layers from the top.
    Top(usize),
    /// Nothing of it, only what sits on it.
    Head,
    /// The same, as nothing else can be.
    OnlyHead,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// No layer tells more than the most frequent answer.
    NothingIsKnown,
    /// No layer before the last is as good as the best.
    StillRising,
    /// From this layer on, others add less than the interval.
    EnoughFrom(usize),
    /// What was found would allow to freeze, but layers that share their weights are trained together.
    SharedLayers(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advice {
    pub judged: Judged,
    /// The best layer.
    pub best: usize,
    pub score: Score,
    pub majority: f64,
    /// Whether no layer is better than another.
    pub all_equal: bool,
    pub because: Because,
    pub train: Train,
}

/// Of the scores of all layers, the embeddings' first, of a model with so many layers with weights of their own.
pub fn advice(judged: Judged, layers: &[Score], majority: f64, stored: usize) -> Advice {
    let last = layers.len().saturating_sub(1);
    // Of equal ones the first.
    let best = (0..layers.len()).rev().max_by(|a, b| layers[*a].value.total_cmp(&layers[*b].value)).unwrap_or(0);
    let score = layers.get(best).copied().unwrap_or_default();
    let enough = layers.iter().position(|layer| layer.value >= score.low).unwrap_or(last);
    let is_as_good = layers.get(last).is_some_and(|layer| layer.value >= score.low);
    let (because, train) = if score.low <= majority {
        (Because::NothingIsKnown, Train::Whole)
    } else if enough == last {
        (Because::StillRising, Train::Whole)
    } else if enough == 0 && is_as_good {
        (Because::EnoughFrom(0), Train::Head)
    } else if stored != last {
        (Because::SharedLayers(enough), Train::Whole)
    } else {
        (Because::EnoughFrom(enough), Train::Top(last - enough))
    };
    let all_equal = layers.len() > 1 && layers.iter().all(|layer| layer.value.total_cmp(&score.value).is_eq());
    Advice { judged, best, score, majority, all_equal, because, train }
}

impl Advice {
    /// Where the task is solvable, in a sentence or two.
    pub fn found(&self) -> String {
        let best = self.best_words();
        match self.because {
            Because::NothingIsKnown => format!(
                "No layer tells more than what costs nothing: {} {}, and {best} and an interval from {} on.",
                self.judged.baseline(),
                self.judged.written(self.majority),
                self.judged.written(self.score.low)
            ),
            Because::StillRising => {
                format!("It still rises at the top: {best}, and no layer below the last comes into its interval.")
            }
            Because::EnoughFrom(0) | Because::SharedLayers(0) => format!(
                "The embeddings alone, which know the words and nothing around them, are as good as any layer to within \
                 the interval: {best}."
            ),
            Because::EnoughFrom(layer) | Because::SharedLayers(layer) => {
                format!("From layer {layer} on, more layers add less than the interval: {best}.")
            }
        }
    }

    fn best_words(&self) -> String {
        let value = self.judged.written(self.score.value);
        match self.best {
            _ if self.all_equal => format!("all reach {value}"),
            0 => format!("the embeddings are best with {value}"),
            layer => format!("layer {layer} is best with {value}"),
        }
    }

    /// What to do with that, in a sentence.
    pub fn proposal(&self) -> String {
        match (self.because, self.train) {
            (_, Train::OnlyHead) => {
                "Train a head alone: this encoder is used as it is, whatever its layers know.".to_owned()
            }
            (Because::SharedLayers(_), _) => {
                "The layers share their weights, so they are trained together or not at all.".to_owned()
            }
            (Because::EnoughFrom(0), Train::Top(_)) => {
                "The last layer, which a head reads, knows less: train all layers and keep the embeddings as they are."
                    .to_owned()
            }
            (_, Train::Whole) => "Train the whole encoder: nothing below its top is enough as it is.".to_owned(),
            (_, Train::Top(1)) => "Train the top layer and keep what lies below as it is.".to_owned(),
            (_, Train::Top(layers)) => format!("Train the top {layers} layers and keep what lies below as it is."),
            (_, Train::Head) => "Train a head alone and keep the encoder as it is.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], majority: f64, stored: usize) -> Advice {
        let layers: Vec<Score> =
            values.iter().map(|value| Score { value: *value, low: value - 0.02, high: value + 0.02 }).collect();
        advice(Judged::Accuracy, &layers, majority, stored)
    }

    #[test]
    fn what_is_frozen_ends_where_more_layers_add_less_than_the_interval() {
        let found = of(&[0.6, 0.7, 0.75, 0.79, 0.84, 0.85, 0.84], 0.5, 6);
        assert_eq!((found.best, found.because, found.train), (5, Because::EnoughFrom(4), Train::Top(2)));
        assert_eq!(
            found.found(),
            "From layer 4 on, more layers add less than the interval: layer 5 is best with 85.0 %."
        );
        assert_eq!(found.proposal(), "Train the top 2 layers and keep what lies below as it is.");
    }

    #[test]
    fn each_other_shape_has_its_own_advice() {
        let check = |values: &[f64], stored, because, train| {
            let found = of(values, 0.5, stored);
            assert_eq!((found.because, found.train), (because, train), "{values:?}");
        };
        check(&[0.5, 0.51, 0.515], 2, Because::NothingIsKnown, Train::Whole);
        check(&[0.6, 0.7, 0.8], 2, Because::StillRising, Train::Whole);
        check(&[0.8, 0.81, 0.8], 2, Because::EnoughFrom(0), Train::Head);
        check(&[0.8, 0.81, 0.7], 2, Because::EnoughFrom(0), Train::Top(2));
        check(&[0.6, 0.8, 0.8], 1, Because::SharedLayers(1), Train::Whole);
        assert_eq!(of(&[0.6, 0.8, 0.8], 0.5, 2).best, 1, "the first of equals");
        let tied = of(&[1.0, 1.0, 1.0], 0.5, 2).found();
        assert!(tied.ends_with("to within the interval: all reach 100.0 %."), "{tied}");
    }
}
