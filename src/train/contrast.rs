//! Learning from pairs which texts are of one class (`SetFit`; Tunstall et al., 2022, "Efficient few-shot learning without
//! prompts").
//!
//! Each text of an update brings two others: one of its own class and one of another, so that there are as many pairs of
//! one class as of two, and an epoch is one of the paper's iterations. Compared is what the head gives its outputs of each
//! text, by the cosine of the angle between two, which is to be 1 or 0; the loss is the mean squared error, that of
//! sentence-transformers' `CosineSimilarityLoss`. The paper compares means of all states, which a head of transformers'
//! classes for sequences does not read; so that the model is such a class in the end, it is compared where that reads.
//!
//! Partners are a function of seed, epoch and text: neither the cut into micro-batches nor a resumption changes them.

use candle_core::{D, Tensor, bail};

use super::config::{Fit, RunConfig};
use super::fused::{RowLoss, fused};
use super::{Examples, TrainError};
use crate::random::{Purpose, Stream, key};
use crate::text::Labels;

/// Texts that stand in an update for each of its own: itself, one of its class, and one of another.
const TEXTS: usize = 3;
/// Pairs of each text of an update.
const PAIRS: usize = 2;
/// What the cosine of a text and its partners is to be.
const WANTED: [f64; PAIRS] = [1.0, 0.0];
/// As in PyTorch's cosine: no length is less.
const SHORTEST: f64 = 1e-8;

/// The texts of each class, from which partners are drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    /// The class of each text, by its place.
    classes: Vec<u32>,
    /// The places of the texts of each class.
    of_class: Vec<Vec<u32>>,
    seed: u64,
}

impl Pairs {
    /// Those of a run, where it learns from pairs.
    pub fn of_run(config: &RunConfig, examples: &Examples) -> Result<Option<Self>, TrainError> {
        let learns_pairs = config.strategy.fit == Fit::Contrastive;
        learns_pairs.then(|| Self::of(examples, config.run.seed)).transpose()
    }

    /// Of texts with one class each; of one class alone there is nothing to tell apart.
    fn of(examples: &Examples, seed: u64) -> Result<Self, TrainError> {
        Self::of_classes(classes(examples)?, seed)
    }

    fn of_classes(classes: Vec<u32>, seed: u64) -> Result<Self, TrainError> {
        let count = classes.iter().max().map_or(0, |most| *most as usize + 1);
        let mut of_class = vec![Vec::new(); count];
        for (place, class) in (0..).zip(&classes) {
            of_class[*class as usize].push(place);
        }
        if of_class.iter().filter(|places| !places.is_empty()).count() < 2 {
            return Err(TrainError::NothingToPair);
        }
        Ok(Self { classes, of_class, seed })
    }

    /// An update with the partners of its texts, each text followed by its own.
    pub fn with_partners(&self, update: &[u32], epoch: u64) -> Vec<u32> {
        update.iter().flat_map(|place| self.with_its_own(*place, epoch)).collect()
    }

    fn with_its_own(&self, place: u32, epoch: u64) -> [u32; TEXTS] {
        let mut stream = Stream::new(key(self.seed, Purpose::Contrast, &[epoch, u64::from(place)]));
        let own = &self.of_class[self.classes[place as usize] as usize];
        [place, same(own, place, &mut stream), self.other(own.len(), place, &mut stream)]
    }

    /// A text of another class, each equally likely.
    fn other(&self, own: usize, place: u32, stream: &mut Stream) -> u32 {
        let mut left = stream.below((self.classes.len() - own) as u64) as usize;
        let class = self.classes[place as usize] as usize;
        let others = self.of_class.iter().enumerate().filter(|(other, _)| *other != class);
        for (_, places) in others {
            match places.get(left) {
                Some(found) => return *found,
                None => left -= places.len(),
            }
        }
        place
    }
}

/// Another text of the class, each equally likely; where there is none the text itself, of which nothing is learned but
/// where dropout tells the two apart.
fn same(own: &[u32], place: u32, stream: &mut Stream) -> u32 {
    let drawn = stream.below(own.len().saturating_sub(1) as u64) as usize;
    let at = own.partition_point(|other| *other < place);
    let other = if drawn < at { own.get(drawn) } else { own.get(drawn + 1) };
    other.copied().unwrap_or(place)
}

/// The class of each text.
pub fn classes(examples: &Examples) -> Result<Vec<u32>, TrainError> {
    let class = |index| match &examples.get(index, 0)?.labels {
        Labels::Class(class) => Ok(*class),
        Labels::Classes(_) | Labels::Value(_) | Labels::Span { .. } | Labels::Tokens(_) | Labels::None => Ok(0),
    };
    (0..examples.len()).map(class).collect()
}

/// What the loss of so many sequences is divided by: their pairs.
pub fn denominator(sequences: usize) -> f64 {
    (sequences / TEXTS * PAIRS) as f64
}

/// The squared errors of all pairs, divided by `denominator`. `states`: (texts with their partners, width).
pub fn loss(states: &Tensor, denominator: f64) -> candle_core::Result<Tensor> {
    let (rows, _) = states.dims2()?;
    if !rows.is_multiple_of(TEXTS) {
        bail!("{rows} states, expected {TEXTS} for each text");
    }
    if states.device().is_cpu() { fused(Cosines { denominator }, states) } else { plain(states, denominator) }
}

/// The same in candle's own operations.
pub fn plain(states: &Tensor, denominator: f64) -> candle_core::Result<Tensor> {
    let (rows, width) = states.dims2()?;
    let lengths = states.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?.maximum(SHORTEST)?;
    let unit = states.broadcast_div(&lengths)?.reshape((rows / TEXTS, TEXTS, width))?;
    let partners = unit.narrow(1, 1, PAIRS)?;
    let cosines = unit.narrow(1, 0, 1)?.broadcast_mul(&partners)?.sum(D::Minus1)?;
    let wanted = Tensor::new(&WANTED.map(|wanted| wanted as f32)[..], states.device())?;
    cosines.broadcast_sub(&wanted)?.sqr()?.sum_all()? * (1.0 / denominator)
}

struct Cosines {
    denominator: f64,
}

/// Two states: their product and their lengths.
struct Angle {
    cosine: f64,
    lengths: [f64; 2],
}

impl Angle {
    fn of(one: &[f32], other: &[f32]) -> Self {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let lengths = [one, other].map(|state| dot(state, state).sqrt().max(SHORTEST));
        Self { cosine: dot(one, other) / (lengths[0] * lengths[1]), lengths }
    }

    /// Adds `slope` times the slope of the cosine at each of the first state's numbers.
    fn add_slopes(&self, slope: f64, [one, other]: [&[f32]; 2], [own, partner]: [f64; 2], out: &mut [f32]) {
        for ((out, one), other) in out.iter_mut().zip(one).zip(other) {
            let across = f64::from(*other) / (own * partner);
            let along = self.cosine * f64::from(*one) / (own * own);
            *out += (slope * (across - along)) as f32;
        }
    }
}

/// A text with its partners, of which each comes with what is wanted of its pair.
fn pairs_of(states: &[f32], width: usize) -> impl Iterator<Item = (usize, f64, &[f32])> {
    WANTED.into_iter().zip(1..).map(move |(wanted, place)| (place, wanted, &states[place * width..][..width]))
}

impl RowLoss for Cosines {
    const NAME: &'static str = "cosines";

    fn value(&self, states: &[f32], width: usize) -> f64 {
        let of_text = |states: &[f32]| -> f64 {
            let own = &states[..width];
            pairs_of(states, width).map(|(_, wanted, other)| (Angle::of(own, other).cosine - wanted).powi(2)).sum()
        };
        states.chunks_exact(TEXTS * width.max(1)).map(of_text).sum::<f64>() / self.denominator
    }

    fn slopes(&self, states: &[f32], width: usize, scale: f64) -> Vec<f32> {
        let mut out = vec![0.0; states.len()];
        let texts = TEXTS * width.max(1);
        for (out, states) in out.chunks_exact_mut(texts).zip(states.chunks_exact(texts)) {
            let own = &states[..width];
            for (place, wanted, other) in pairs_of(states, width) {
                let angle = Angle::of(own, other);
                let slope = 2.0 * (angle.cosine - wanted) * scale / self.denominator;
                let [one, two] = angle.lengths;
                angle.add_slopes(slope, [own, other], [one, two], &mut out[..width]);
                angle.add_slopes(slope, [other, own], [two, one], &mut out[place * width..][..width]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn pairs(classes: &[u32], seed: u64) -> Pairs {
        Pairs::of_classes(classes.to_vec(), seed).unwrap()
    }

    #[test]
    fn each_text_has_a_partner_of_its_class_and_one_of_another() {
        let classes = [0, 1, 2, 1, 0, 2, 2, 1, 4];
        let pairs = pairs(&classes, 7);
        for epoch in 0..40 {
            let all: Vec<u32> = (0..classes.len() as u32).collect();
            let found = pairs.with_partners(&all, epoch);
            assert_eq!(found.len(), TEXTS * classes.len());
            for (text, texts) in found.chunks(TEXTS).enumerate() {
                let class = |at: usize| classes[texts[at] as usize];
                assert_eq!(texts[0] as usize, text);
                assert_eq!(class(1), class(0));
                assert_ne!(class(2), class(0));
                assert_eq!(texts[1] == texts[0], class(0) == 4, "only a text alone in its class is its own partner");
            }
        }
    }

    #[test]
    fn partners_are_drawn_evenly_and_the_same_again() {
        let classes = [0, 0, 0, 1, 1, 1, 1];
        let pairs = pairs(&classes, 3);
        let (mut same, mut other) = ([0; 7], [0; 7]);
        for epoch in 0..3000 {
            let [_, one, two] = pairs.with_its_own(1, epoch);
            same[one as usize] += 1;
            other[two as usize] += 1;
        }
        assert!(same[0].min(same[2]) > 1400 && same[1] == 0, "{same:?}");
        assert!(other[3..].iter().all(|count| (650..850).contains(count)), "{other:?}");
        assert_eq!(pairs.with_partners(&[4, 0, 6], 9), pairs.with_partners(&[4, 0, 6], 9));
        let whole = pairs.with_partners(&[4, 0, 6], 9);
        assert_eq!(whole[3..6], pairs.with_partners(&[0], 9), "whatever else is in the update");
        let many = |seed: u64, epoch: u64| self::pairs(&[0, 1].repeat(30), seed).with_partners(&[0, 1, 2, 3], epoch);
        assert_ne!(many(1, 0), many(1, 1));
        assert_ne!(many(1, 0), many(2, 0));
    }

    #[test]
    fn one_class_alone_has_no_pairs() {
        let error = Pairs::of_classes(vec![2; 5], 1).unwrap_err().to_string();
        assert!(error.contains("one class") && error.contains("two"), "{error}");
        assert!(Pairs::of_classes(Vec::new(), 1).is_err());
    }

    fn states(texts: usize, width: usize) -> Vec<f32> {
        let mut stream = Stream::new(5);
        (0..TEXTS * texts * width).map(|_| (stream.unit() * 2.0 - 1.0) as f32).collect()
    }

    #[test]
    fn the_loss_is_that_of_its_plain_twin_and_its_slopes_are_those_of_differences() {
        let (texts, width) = (4, 5);
        let values = states(texts, width);
        let var = Var::from_vec(values.clone(), (TEXTS * texts, width), &Device::Cpu).unwrap();
        let by = |loss: candle_core::Result<Tensor>| {
            let loss = loss.unwrap();
            let slopes = loss.backward().unwrap().get(var.as_tensor()).unwrap().flatten_all().unwrap();
            (loss.to_scalar::<f32>().unwrap(), slopes.to_vec1::<f32>().unwrap())
        };
        let (value, slopes) = by(loss(var.as_tensor(), 8.0));
        let (plain_value, plain_slopes) = by(plain(var.as_tensor(), 8.0));
        assert!((value - plain_value).abs() < 1e-6, "{value} {plain_value}");
        let cosines = Cosines { denominator: 8.0 };
        for (at, slope) in slopes.iter().enumerate() {
            assert!((slope - plain_slopes[at]).abs() < 1e-6, "{at}: {slope} {}", plain_slopes[at]);
            let moved = |by: f32| {
                let mut values = values.clone();
                values[at] += by;
                cosines.value(&values, width)
            };
            let difference = (moved(1e-3) - moved(-1e-3)) / 2e-3;
            assert!((f64::from(*slope) - difference).abs() < 1e-4, "{at}: {slope} {difference}");
        }
    }

    #[test]
    fn pairs_that_are_as_they_should_be_cost_nothing() {
        let right = [3.0, 0.0, 0.5, 0.0, 0.0, 2.0];
        assert_eq!(Cosines { denominator: denominator(3) }.value(&right, 2), 0.0);
        let wrong = [3.0, 0.0, -0.5, 0.0, 1.0, 0.0];
        assert_eq!(Cosines { denominator: denominator(3) }.value(&wrong, 2), 2.5, "the mean of 4 and 1");
        let nothing = [0.0; 6];
        assert!(Cosines { denominator: 2.0 }.slopes(&nothing, 2, 1.0).iter().all(|slope| slope.is_finite()));
        assert!(loss(&Tensor::zeros((4, 2), candle_core::DType::F32, &Device::Cpu).unwrap(), 2.0).is_err());
    }
}
