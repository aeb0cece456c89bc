//! The rows of a data set as points of the plane, by their states after a layer of a model: rows that a model holds for
//! alike lie together.
//!
//! From the ground up: points and their neighbours (`analysis/points.rs`); their principal components (`pca.rs`, over `eigen.rs`);
//! who belongs to whom (`fuzzy.rs`), and how points are moved until the plane says the same (`umap.rs`, `tsne.rs` over
//! `quadtree.rs`); how far to believe it (`trust.rs`); where rows lie close together (`clusters.rs`) and what these say
//! (`words.rs`); rows as a model has them (`read.rs`), and a text that is typed among them (`place.rs`).

mod clusters;
mod eigen;
mod fuzzy;
mod pca;
mod place;
mod quadtree;
mod read;
pub mod rows;
mod trust;
mod tsne;
mod umap;
mod watch;
mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use fuzzy::{Graph, probabilities, simplicial};
pub use pca::Pca;
pub use place::{PlaceText, Placed};
pub use read::Read;
pub use trust::{Trust, trust};
pub use watch::{Unwatched, Watch};

use super::points::Points;
use clusters::Hills;

/// How a plane is made of many dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    #[default]
    Pca,
    Umap,
    Tsne,
}

impl Method {
    pub const ALL: [Self; 3] = [Self::Pca, Self::Umap, Self::Tsne];

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pca => "pca",
            Self::Umap => "umap",
            Self::Tsne => "tsne",
        }
    }

    /// The name on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pca => "PCA",
            Self::Umap => "UMAP",
            Self::Tsne => "t-SNE",
        }
    }

    /// How many neighbours a row has where nobody says it: UMAP's neighbours, the row itself among them, or t-SNE's
    /// perplexity. The components know none.
    pub fn usual_neighbors(self) -> usize {
        if self == Self::Tsne { 30 } else { 15 }
    }

    /// The fewest rows that can be laid out.
    pub fn fewest(self) -> usize {
        if self == Self::Pca { 1 } else { 3 }
    }
}

/// How rows are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// 0 is what enters the first.
    pub layer: usize,
    pub method: Method,
    pub neighbors: usize,
    pub seed: u64,
}

/// Where a text that is not among the rows lies.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Where its state lies along the components.
    Axes(Pca),
    /// Among its nearest rows.
    Neighbors,
}

/// Rows that lie close together, and the words that tell them from others.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    pub top: [f32; 2],
    pub rows: usize,
    /// None where none tells it clearly.
    pub words: Vec<String>,
}

/// Rows on the plane.
#[derive(Debug)]
pub struct Map {
    pub read: Arc<Read>,
    pub about: About,
    pub points: Arc<[[f32; 2]]>,
    pub place: Place,
    pub trust: Trust,
    /// The largest first.
    pub clusters: Vec<Cluster>,
    /// In which of them each row is.
    pub cluster_of: Vec<u32>,
}

impl Map {
    /// The states that the rows were laid out by.
    pub fn states(&self) -> &Points {
        &self.read.states[&self.about.layer]
    }
}

/// Neighbours on the map that are held against those in the model.
pub const TRUSTED_NEIGHBORS: usize = 15;

/// Lays rows out, of which `texts` are what they say; nothing where `watch` ended it. The layer is one that was kept.
pub fn lay_out<'a>(
    read: &Arc<Read>,
    about: About,
    texts: impl Iterator<Item = &'a str>,
    watch: &mut dyn Watch,
) -> Option<Map> {
    let states = read.states.get(&about.layer)?.clone();
    let pca = Pca::of(&states, 2);
    let plane = pca.plane(&states);
    watch.moved(&plane);
    let (points, place) = match about.method {
        Method::Pca => (plane, Place::Axes(pca)),
        Method::Umap | Method::Tsne => (placed(&states, about, &plane, watch)?, Place::Neighbors),
    };
    if watch.go_on("looking at the map", 0, 0).is_break() {
        return None;
    }
    let trust = trust(&states, &points, TRUSTED_NEIGHBORS);
    let hills = Hills::of(&points);
    let words = words::telling(texts, &hills.of, hills.tops.len());
    let clusters = hills.tops.iter().zip(&hills.rows).zip(words);
    let clusters = clusters.map(|((top, rows), words)| Cluster { top: *top, rows: *rows, words }).collect();
    Some(Map { read: read.clone(), about, points: points.into(), place, trust, clusters, cluster_of: hills.of })
}

/// Points of the plane that keep who is near whom, from the components on.
pub fn placed(states: &Points, about: About, start: &[[f32; 2]], watch: &mut dyn Watch) -> Option<Vec<[f32; 2]>> {
    let total = states.len();
    if total < about.method.fewest() {
        return Some(start.to_vec());
    }
    // A perplexity takes three times as many neighbours (van der Maaten 2014), and has to be below their number.
    let perplexity = (about.neighbors as f64).min((total - 1) as f64 / 3.0).max(1.0);
    let count = if about.method == Method::Tsne { (3.0 * perplexity) as usize + 1 } else { about.neighbors.max(2) - 1 };
    let neighbors = states.neighbors(count, &mut |done| watch.go_on("finding neighbours", done, total))?;
    if about.method == Method::Tsne {
        tsne::lay_out(&probabilities(&neighbors, perplexity), start, watch)
    } else {
        umap::lay_out(&simplicial(&neighbors), start, about.seed, watch)
    }
}
