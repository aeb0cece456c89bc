//! How strongly points belong together: what UMAP and t-SNE make of distances to neighbours.
//!
//! Both give each point a reach of its own, so that points in dense and in thin places have as many neighbours, and then
//! ask what either of two points says of the other.

use rayon::prelude::*;

use crate::analysis::points::Neighbors;

/// A symmetric weight between points: of each point the others, in order, each with its weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Where the others of a point begin; one more than there are points.
    starts: Vec<usize>,
    others: Vec<u32>,
    weights: Vec<f32>,
}

impl Graph {
    /// Joins what each point says of its neighbours; `join` is given what either says of the other, 0 for nothing.
    fn joined(neighbors: &Neighbors, said: &[f32], join: impl Fn(f32, f32) -> f32) -> Self {
        let points = said.len() / neighbors.count.max(1);
        let mut rows: Vec<Vec<(u32, f32, f32)>> = vec![Vec::new(); points];
        for point in 0..points {
            let weights = &said[point * neighbors.count..(point + 1) * neighbors.count];
            for ((other, _), weight) in neighbors.of(point).zip(weights) {
                rows[point].push((other as u32, *weight, 0.0));
                rows[other].push((point as u32, 0.0, *weight));
            }
        }
        let mut graph = Self { starts: vec![0], ..Self::default() };
        for mut row in rows {
            row.sort_by_key(|(other, ..)| *other);
            for both in row.chunk_by(|a, b| a.0 == b.0) {
                let (own, back) = both.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.1, sum.1 + one.2));
                let weight = join(own, back);
                if weight > 0.0 {
                    graph.others.push(both[0].0);
                    graph.weights.push(weight);
                }
            }
            graph.starts.push(graph.others.len());
        }
        graph
    }

    pub fn points(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub fn of(&self, point: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let own = self.starts[point]..self.starts[point + 1];
        self.others[own.clone()].iter().map(|other| *other as usize).zip(self.weights[own].iter().copied())
    }

    /// Every weight with its two points, in order.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize, f32)> + '_ {
        (0..self.points()).flat_map(|point| self.of(point).map(move |(other, weight)| (point, other, weight)))
    }
}

/// How far a point reaches: the distance from which on its neighbours count less, and how fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    nearest: f64,
    width: f64,
}

impl Reach {
    /// The reach at which the strengths sum to the logarithm of the number of neighbours, the point itself among them
    /// (McInnes, Healy, Melville 2018, algorithm 3). `mean` is the mean of all distances: no reach is shorter than a
    /// thousandth of it.
    pub fn of(distances: &[f32], mean: f64) -> Self {
        const SHORTEST: f64 = 1e-3;
        let nearest = distances.iter().copied().find(|distance| *distance > 0.0).map_or(0.0, f64::from);
        let target = ((distances.len() + 1) as f64).log2();
        let sum = |width: f64| -> f64 {
            let beyond = |distance: &f32| f64::from(*distance) - nearest;
            distances.iter().map(|one| if beyond(one) > 0.0 { (-beyond(one) / width).exp() } else { 1.0 }).sum()
        };
        let width = halved(|width| sum(width) > target, |width| (sum(width) - target).abs() < 1e-5);
        let own: f64 =
            distances.iter().map(|distance| f64::from(*distance)).sum::<f64>() / (distances.len() + 1) as f64;
        let shortest = SHORTEST * if nearest > 0.0 { own } else { mean };
        Self { nearest, width: width.max(shortest) }
    }

    /// How strongly a point at a distance belongs to it, from 0 to 1.
    pub fn strength(self, distance: f32) -> f32 {
        let beyond = f64::from(distance) - self.nearest;
        if beyond <= 0.0 || self.width == 0.0 { 1.0 } else { (-beyond / self.width).exp() as f32 }
    }
}

/// The fuzzy simplicial set of UMAP: two points belong together if either says so, as with independent chances.
pub fn simplicial(neighbors: &Neighbors) -> Graph {
    let mean = mean(neighbors);
    let strengths = |distances: &[f32]| -> Vec<f32> {
        let reach = Reach::of(distances, mean);
        distances.iter().map(|distance| reach.strength(*distance)).collect()
    };
    let said: Vec<Vec<f32>> = neighbors.distances.par_chunks(neighbors.count.max(1)).map(strengths).collect();
    Graph::joined(neighbors, &said.concat(), |own, back| own + back - own * back)
}

/// The mean of all distances to neighbours, that of each point to itself among them.
fn mean(neighbors: &Neighbors) -> f64 {
    let sum: f64 = neighbors.distances.iter().map(|distance| f64::from(*distance)).sum();
    let points = neighbors.distances.len() / neighbors.count.max(1);
    sum / (points * (neighbors.count + 1)).max(1) as f64
}

/// The joint probabilities of t-SNE: of each point the Gaussian that has a perplexity (van der Maaten and Hinton 2008),
/// over its neighbours alone (van der Maaten 2014), as the mean of what both say. All sum to 1.
pub fn probabilities(neighbors: &Neighbors, perplexity: f64) -> Graph {
    let conditional = |distances: &[f32]| -> Vec<f32> {
        let nearest = distances.first().copied().map_or(0.0, |distance| f64::from(distance).powi(2));
        let squares: Vec<f64> = distances.iter().map(|distance| f64::from(*distance).powi(2) - nearest).collect();
        let target = perplexity.ln();
        let width =
            halved(|width| entropy(&squares, width) > target, |width| (entropy(&squares, width) - target).abs() < 1e-5);
        let powers: Vec<f64> = squares.iter().map(|square| (-square / width).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| (power / sum) as f32).collect()
    };
    let said: Vec<Vec<f32>> = neighbors.distances.par_chunks(neighbors.count.max(1)).map(conditional).collect();
    let points = said.len().max(1) as f32;
    Graph::joined(neighbors, &said.concat(), |own, back| (own + back) / (2.0 * points))
}

/// The entropy of the Gaussian over some squared distances, in nats.
fn entropy(squares: &[f64], width: f64) -> f64 {
    let powers = squares.iter().map(|square| (-square / width).exp());
    let (sum, weighted) = squares
        .iter()
        .zip(powers)
        .fold((0.0, 0.0), |(sum, weighted), (square, power)| (sum + power, weighted + square * power));
    sum.ln() + weighted / (width * sum)
}

/// A width that is found by halving, beginning with 1: `is_wide` says whether one is too wide.
fn halved(is_wide: impl Fn(f64) -> bool, is_right: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high, mut width) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..64 {
        if is_right(width) {
            break;
        }
        if is_wide(width) {
            high = width;
            width = f64::midpoint(low, high);
        } else {
            low = width;
            width = if high == f64::INFINITY { width * 2.0 } else { f64::midpoint(low, high) };
        }
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reach_makes_the_strengths_sum_to_the_logarithm_of_their_number() {
        let distances = [0.5_f32, 0.9, 1.0, 1.7, 2.5, 4.0, 8.0];
        let reach = Reach::of(&distances, 1.0);
        let sum: f32 = distances.iter().map(|distance| reach.strength(*distance)).sum();
        assert!((sum - 8.0_f32.log2()).abs() < 1e-4, "{sum}");
        assert_eq!(reach.strength(0.5), 1.0, "the nearest belongs wholly");
        let same = Reach::of(&[0.0, 0.0, 0.0], 2.0);
        assert_eq!((same.strength(0.0), same.nearest), (1.0, 0.0));
        assert!(same.width >= 2e-3);
    }

    #[test]
    fn two_points_belong_together_if_either_says_so() {
        // 0 and 1 name each other, 2 names 1 and nobody names it.
        let neighbors = Neighbors { count: 1, places: vec![1, 0, 1], distances: vec![1.0, 1.0, 3.0] };
        let graph = Graph::joined(&neighbors, &[0.5, 0.25, 0.5], |own, back| own + back - own * back);
        let edges: Vec<(usize, usize, f32)> = graph.edges().collect();
        assert_eq!(edges, [(0, 1, 0.625), (1, 0, 0.625), (1, 2, 0.5), (2, 1, 0.5)]);
    }

    #[test]
    fn probabilities_have_their_perplexity_and_sum_to_one() {
        let distances = [1.0_f32, 1.5, 2.0, 2.5, 3.0, 3.5];
        let squares: Vec<f64> = distances.iter().map(|distance| f64::from(*distance).powi(2) - 1.0).collect();
        let neighbors = Neighbors {
            count: 6,
            places: (0..42).map(|at| (at / 6 + at % 6 + 1) % 7).collect(),
            distances: distances.repeat(7),
        };
        let graph = probabilities(&neighbors, 3.0);
        let sum: f32 = graph.edges().map(|(.., weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        let width = halved(|width| entropy(&squares, width) > 3.0_f64.ln(), |_| false);
        assert!((entropy(&squares, width).exp() - 3.0).abs() < 1e-6);
    }
}
