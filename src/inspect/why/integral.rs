//! Integrated gradients (Sundararajan, Taly and Yan, 2017): the gradient along the straight line from a text without words
//! to the text, times the way.
//!
//! What the weights of all tokens add up to is known, the difference of the output at both ends of the line, and so it is
//! known of every part of the line. The steps go where the sum is still off: the line is cut into parts with Gauss and
//! Legendre's four places each, and those with the largest gap are halved until the steps are used or nothing is off. One
//! fixed rule over the whole line would leave a gap wherever an activation has a corner.

use std::ops::ControlFlow;

use super::Baseline;
use super::gradient::times;
use super::scene::Scene;
use crate::inspect::InspectError;
use crate::inspect::predictor::GoOn;

/// How far the weights add up to what they should.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completeness {
    /// The sum of the weights less the difference of the outputs.
    pub gap: f64,
    /// The output of the text, and of the baseline.
    pub score: f64,
    pub baseline: f64,
    /// Gradients that were computed.
    pub steps: usize,
}

impl Completeness {
    /// The gap as a share of what was to be explained.
    pub fn share(&self) -> f64 {
        (self.gap / (self.score - self.baseline)).abs()
    }
}

/// Gauss and Legendre's places and weights for a line from 0 to 1.
const NODES: [(f64, f64); 4] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_87, 0.326_072_577_431_273_07),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_07),
    (0.930_568_155_797_026_2, 0.173_927_422_568_726_93),
];
/// Parts that the line has at first.
const PARTS: usize = 4;
/// Share of what is to be explained below which nothing is off.
const CLOSE: f64 = 1e-3;
/// What rounding alone leaves, as a share of the outputs.
const ROUNDING: f64 = 1e-6;

/// A part of the line.
struct Part {
    from: f64,
    to: f64,
    /// The outputs at its ends.
    outputs: [f64; 2],
    weights: Vec<f64>,
    gap: f64,
}

impl Scene<'_> {
    /// The weight of each token, in at most `steps` gradients; nothing where `go_on` ended it.
    pub(super) fn integrated(
        &self,
        baseline: Baseline,
        steps: usize,
        go_on: GoOn<'_>,
    ) -> Result<Option<(Vec<f64>, Completeness)>, InspectError> {
        let line = Line::new(self, baseline)?;
        let most = (steps / NODES.len()).max(1);
        let first = most.min(PARTS);
        let ends: Vec<f64> = (0..=first).map(|place| place as f64 / first as f64).collect();
        let mut done = 0;
        let mut heard = |now: usize, _: usize| go_on((done + now).min(steps), steps.max(done + now));
        let Some(outputs) = self.outputs(ends.iter().map(|at| line.at(*at)).collect(), &mut |_, _| heard(0, 0))? else {
            return Ok(None);
        };
        let wanted: Vec<(f64, f64, [f64; 2])> =
            (0..first).map(|part| (ends[part], ends[part + 1], [outputs[part], outputs[part + 1]])).collect();
        let Some(mut parts) = line.parts(wanted, &mut heard)? else { return Ok(None) };
        done = first * NODES.len();
        let (start, end) = (outputs[0], outputs[first]);
        let fine = (CLOSE * (end - start).abs()).max(ROUNDING * start.abs().max(end.abs()));
        while let Some(coarse) = worst(&mut parts, fine, (steps.saturating_sub(done)) / (2 * NODES.len())) {
            let middles = coarse.iter().map(|part| line.at(f64::midpoint(part.from, part.to))).collect();
            let mut heard = |now: usize, _: usize| go_on((done + now).min(steps), steps);
            let Some(middle) = self.outputs(middles, &mut |_, _| heard(0, 0))? else { return Ok(None) };
            let halves = coarse.iter().zip(&middle).flat_map(|(part, output)| {
                let at = f64::midpoint(part.from, part.to);
                [(part.from, at, [part.outputs[0], *output]), (at, part.to, [*output, part.outputs[1]])]
            });
            let Some(finer) = line.parts(halves.collect(), &mut heard)? else { return Ok(None) };
            done += 2 * coarse.len() * NODES.len();
            parts.extend(finer);
        }
        if go_on(steps.max(done), steps.max(done)) == ControlFlow::Break(()) {
            return Ok(None);
        }
        parts.sort_by(|a, b| a.from.total_cmp(&b.from));
        let tokens = self.ids.len();
        let weights: Vec<f64> =
            (0..tokens).map(|token| parts.iter().map(|part| part.weights[token]).sum::<f64>()).collect();
        let gap = weights.iter().sum::<f64>() - (end - start);
        Ok(Some((weights, Completeness { gap, score: end, baseline: start, steps: done })))
    }
}

/// Takes out the parts that are furthest off, at most `most` of them and at most half of what is off; nothing where all is
/// fine.
fn worst(parts: &mut Vec<Part>, fine: f64, most: usize) -> Option<Vec<Part>> {
    let off: f64 = parts.iter().map(|part| part.gap.abs()).sum();
    if off <= fine || most == 0 {
        return None;
    }
    parts.sort_by(|a, b| b.gap.abs().total_cmp(&a.gap.abs()).then(a.from.total_cmp(&b.from)));
    let mut taken = 0.0;
    let count = parts.iter().take_while(|part| {
        let more = taken < off / 2.0;
        taken += part.gap.abs();
        more
    });
    let count = count.count().min(most);
    Some(parts.drain(..count).collect())
}

/// The straight line from the baseline's vectors to the text's.
struct Line<'s, 'a> {
    scene: &'s Scene<'a>,
    start: Vec<f32>,
    way: Vec<f32>,
    width: usize,
}

impl<'s, 'a> Line<'s, 'a> {
    fn new(scene: &'s Scene<'a>, baseline: Baseline) -> Result<Self, InspectError> {
        let (model, tokenizer) = (&scene.model.model, &scene.model.tokenizer);
        let end = scene.vectors()?;
        let width = model.embedding_size();
        let nothing = match baseline {
            Baseline::Mask => model.word_vectors(&[tokenizer.mask_id().ok_or_else(|| scene.no_mask())?])?,
            Baseline::Pad => {
                let none = || InspectError::NoPadToken { dir: scene.model.dir.clone() };
                model.word_vectors(&[tokenizer.pad_id().ok_or_else(none)?])?
            }
            Baseline::Zero => vec![0.0; width],
        };
        let mut start = end.clone();
        for (token, vector) in start.chunks_mut(width).enumerate() {
            if !scene.fixed[token] {
                vector.copy_from_slice(&nothing);
            }
        }
        let way = end.iter().zip(&start).map(|(end, start)| end - start).collect();
        Ok(Self { scene, start, way, width })
    }

    fn at(&self, share: f64) -> Vec<f32> {
        self.start.iter().zip(&self.way).map(|(start, way)| start + share as f32 * way).collect()
    }

    /// Parts of the line with their weights; nothing where `go_on` ended it.
    fn parts(&self, wanted: Vec<(f64, f64, [f64; 2])>, go_on: GoOn<'_>) -> Result<Option<Vec<Part>>, InspectError> {
        let places = wanted.iter().flat_map(|(from, to, _)| NODES.map(|(place, _)| from + place * (to - from)));
        let vectors = places.map(|place| self.at(place)).collect();
        let Some(derived) = self.scene.derived(vectors, go_on)? else { return Ok(None) };
        let parts = wanted.into_iter().zip(derived.chunks(NODES.len())).map(|((from, to, outputs), derived)| {
            let mut weights = vec![0.0; self.scene.ids.len()];
            for (one, (_, share)) in derived.iter().zip(NODES) {
                let each = times(one, &self.way, self.width);
                for (sum, weight) in weights.iter_mut().zip(each) {
                    *sum += weight * share * (to - from);
                }
            }
            let gap = weights.iter().sum::<f64>() - (outputs[1] - outputs[0]);
            Part { from, to, outputs, weights, gap }
        });
        Ok(Some(parts.collect()))
    }
}
