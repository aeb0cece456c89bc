//! How much of each token reaches each other through all layers up to one: attention rollout and attention flow (Abnar &
//! Zuidema, 2020).
//!
//! Both see a layer as half of what comes by the residual connection and half of what its heads mix, taken as their mean.
//! Rollout multiplies these mixtures; flow takes them for pipes and asks how much can pass at once, which is never less
//! than what the narrowest way lets through but takes long, so it is for short texts alone.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

/// Tokens up to which flow is computed: its time grows with the fourth power of their number.
pub const MOST_TOKENS: usize = 48;

/// Half of a layer's mean attention and half of each token itself.
fn mixture(mean: &[f32], tokens: usize) -> Vec<f32> {
    let own = |place: usize| if place / tokens == place % tokens { 0.5 } else { 0.0 };
    mean.iter().enumerate().map(|(place, value)| 0.5 * value + own(place)).collect()
}

/// Rollout, layer by layer.
#[derive(Debug)]
pub struct Rollout {
    tokens: usize,
    so_far: Option<Tensor>,
}

impl Rollout {
    pub fn new(tokens: usize) -> Self {
        Self { tokens, so_far: None }
    }

    /// Goes through one more layer, given the mean attention of its heads.
    pub fn pass(&mut self, mean: &[f32]) -> candle_core::Result<()> {
        let mixed = Tensor::from_vec(mixture(mean, self.tokens), (self.tokens, self.tokens), &Device::Cpu)?;
        self.so_far = Some(match self.so_far.take() {
            Some(before) => mixed.matmul(&before)?,
            None => mixed,
        });
        Ok(())
    }

    /// What each token is made of: a row for each after the last layer, a column for each before the first.
    pub fn square(&self) -> candle_core::Result<Vec<f32>> {
        self.so_far.as_ref().map_or_else(|| Ok(Vec::new()), |so_far| so_far.flatten_all()?.to_vec1())
    }
}

/// Flow through layers, given the mean attention of each: a row for each token after the last, a column for each before
/// the first.
pub fn flow(means: &[Vec<f32>], tokens: usize) -> Vec<f32> {
    let mixtures: Vec<Vec<f32>> = means.iter().map(|mean| mixture(mean, tokens)).collect();
    let rows = (0..tokens).into_par_iter().map(|from| {
        let to = |to: usize| Pipes::new(&mixtures, tokens).most(from, to) as f32;
        (0..tokens).map(to).collect::<Vec<f32>>()
    });
    rows.collect::<Vec<_>>().concat()
}

/// A graph of layers, in which the most that can flow is found by Dinic's method: shortest ways first.
struct Pipes {
    tokens: usize,
    layers: usize,
    /// What can still pass downward, and what can be taken back: by layer, then (upper, lower).
    down: Vec<Vec<f64>>,
    up: Vec<Vec<f64>>,
}

/// What is too little to count.
const NOTHING: f64 = 1e-9;

impl Pipes {
    fn new(mixtures: &[Vec<f32>], tokens: usize) -> Self {
        let down: Vec<Vec<f64>> =
            mixtures.iter().rev().map(|layer| layer.iter().copied().map(f64::from).collect()).collect();
        Self { tokens, layers: down.len(), up: vec![vec![0.0; tokens * tokens]; down.len()], down }
    }

    /// The most that flows from a token at the top to one at the bottom.
    fn most(mut self, from: usize, to: usize) -> f64 {
        let mut total = 0.0;
        loop {
            let depths = self.depths(from);
            if depths[self.node(self.layers, to)] == usize::MAX {
                return total;
            }
            let mut next = vec![0; depths.len()];
            loop {
                let passed = self.push((0, from), to, f64::INFINITY, &depths, &mut next);
                if passed <= NOTHING {
                    break;
                }
                total += passed;
            }
        }
    }

    fn node(&self, level: usize, token: usize) -> usize {
        level * self.tokens + token
    }

    /// What can pass from a node to its neighbours: those below it come first, then those above.
    fn room(&self, level: usize, token: usize, way: usize) -> (f64, usize, usize) {
        let other = way % self.tokens;
        if way < self.tokens {
            let room = if level < self.layers { self.down[level][token * self.tokens + other] } else { 0.0 };
            (room, level + 1, other)
        } else {
            let room = if level > 0 { self.up[level - 1][other * self.tokens + token] } else { 0.0 };
            (room, level.wrapping_sub(1), other)
        }
    }

    fn depths(&self, from: usize) -> Vec<usize> {
        let mut depths = vec![usize::MAX; (self.layers + 1) * self.tokens];
        depths[from] = 0;
        let mut open = std::collections::VecDeque::from([(0, from)]);
        while let Some((level, token)) = open.pop_front() {
            let depth = depths[self.node(level, token)] + 1;
            for way in 0..2 * self.tokens {
                let (room, level, token) = self.room(level, token, way);
                if room > NOTHING && depths[self.node(level, token)] == usize::MAX {
                    depths[self.node(level, token)] = depth;
                    open.push_back((level, token));
                }
            }
        }
        depths
    }

    /// Lets as much as possible through one shortest way.
    fn push(&mut self, at: (usize, usize), to: usize, most: f64, depths: &[usize], next: &mut [usize]) -> f64 {
        let (level, token) = at;
        if level == self.layers && token == to {
            return most;
        }
        let here = self.node(level, token);
        while next[here] < 2 * self.tokens {
            let way = next[here];
            let (room, below, other) = self.room(level, token, way);
            if room > NOTHING && depths[self.node(below, other)] == depths[here] + 1 {
                let passed = self.push((below, other), to, most.min(room), depths, next);
                if passed > NOTHING {
                    self.take((level, token), way, passed);
                    return passed;
                }
            }
            next[here] += 1;
        }
        0.0
    }

    fn take(&mut self, (level, token): (usize, usize), way: usize, passed: f64) {
        let other = way % self.tokens;
        let (layer, place, sign) = if way < self.tokens {
            (level, token * self.tokens + other, passed)
        } else {
            (level - 1, other * self.tokens + token, -passed)
        };
        self.down[layer][place] -= sign;
        self.up[layer][place] += sign;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two layers over two tokens.
    fn means() -> [Vec<f32>; 2] {
        [vec![0.2, 0.8, 0.6, 0.4], vec![0.5, 0.5, 1.0, 0.0]]
    }

    #[test]
    fn rollout_multiplies_the_layers() {
        // By hand: the layers mix (0.6 0.4; 0.3 0.7) and then (0.75 0.25; 0.5 0.5).
        let mut rollout = Rollout::new(2);
        for mean in means() {
            rollout.pass(&mean).unwrap();
        }
        let expected = [0.75 * 0.6 + 0.25 * 0.3, 0.75 * 0.4 + 0.25 * 0.7, 0.5 * 0.6 + 0.5 * 0.3, 0.5 * 0.4 + 0.5 * 0.7];
        for (found, expected) in rollout.square().unwrap().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn flow_is_what_the_pipes_let_through_at_once() {
        // By hand, from token 0: over 0 it is min(0.75, 0.6), over 1 min(0.25, 0.3), and so on.
        let expected = [0.6 + 0.25, 0.4 + 0.25, 0.5 + 0.3, 0.4 + 0.5];
        for (found, expected) in flow(&means(), 2).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    /// The least that has to be cut between a token at the top and one at the bottom: what most can flow (Ford &
    /// Fulkerson, 1956), found by trying every set of nodes in between.
    fn least_cut(mixtures: &[Vec<f32>], tokens: usize, from: usize, to: usize) -> f32 {
        let (layers, inner) = (mixtures.len(), (mixtures.len() - 1) * tokens);
        let cut = |set: u32| {
            let is_above = |level: usize, token: usize| match level {
                0 => token == from,
                level if level == layers => token != to,
                _ => set >> ((level - 1) * tokens + token) & 1 == 1,
            };
            let edges = (0..layers).flat_map(|level| (0..tokens * tokens).map(move |edge| (level, edge)));
            let cut =
                edges.filter(|(level, edge)| is_above(*level, edge / tokens) && !is_above(level + 1, edge % tokens));
            cut.map(|(level, edge)| mixtures[layers - 1 - level][edge]).sum::<f32>()
        };
        (0..1 << inner).map(cut).fold(f32::INFINITY, f32::min)
    }

    #[test]
    fn flow_is_as_much_as_the_least_cut() {
        let (tokens, layers) = (3, 4);
        for seed in 0..6_u64 {
            let mut lots = crate::random::Stream::new(seed);
            let mean = |_| -> Vec<f32> {
                let rows = (0..tokens).flat_map(|_| {
                    let row: Vec<f64> = (0..tokens).map(|_| lots.unit().powi(4)).collect();
                    let sum: f64 = row.iter().sum();
                    row.into_iter().map(move |value| (value / sum) as f32).collect::<Vec<_>>()
                });
                rows.collect()
            };
            let means: Vec<Vec<f32>> = (0..layers).map(mean).collect();
            let mixtures: Vec<Vec<f32>> = means.iter().map(|mean| mixture(mean, tokens)).collect();
            for (place, found) in flow(&means, tokens).iter().enumerate() {
                let expected = least_cut(&mixtures, tokens, place / tokens, place % tokens);
                assert!((found - expected).abs() < 1e-5, "{place} of draw {seed}: {found} {expected}");
            }
        }
    }
}
