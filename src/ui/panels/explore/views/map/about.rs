//! How a map is made, and by which papers.

use crate::analysis::map::Method;
use crate::ui::widgets::help::Help;

const STATES: &str = "Each text goes through the model once. Its point is made from the states of its tokens after the chosen \
                      layer: their mean over all tokens, or that of the first, which heads of whole texts read. The \
                      embeddings are what enters layer 1.";
const BELIEVE: &str = "A plane cannot keep all distances. Trustworthiness says how far to believe this one: it is 1 if the 15 \
                       rows nearest to each on the map are the nearest in the model too, and less the farther away they \
                       really are. On a map by chance it is about 0.5. Of many rows it is measured on some, against all.";
const CLUSTERS: &str = "Clusters are the hills of the density of the points. The words that name one are in more of its rows \
                        than in others, by log odds with a prior; where none is clearly so, there is no name.";
const TRUST: (&str, &str) = (
    "Venna and Kaski, 2001, Neighborhood Preservation in Nonlinear Projection Methods",
    "https://doi.org/10.1007/3-540-44668-0_68",
);
const HILLS: (&str, &str) = (
    "Chazal, Guibas, Oudot and Skraba, 2013, Persistence-Based Clustering in Riemannian Manifolds",
    "https://doi.org/10.1145/2535927",
);
const WORDS: (&str, &str) = ("Monroe, Colaresi and Quinn, 2008, Fightin' Words", "https://doi.org/10.1093/pan/mpn018");

pub fn help(method: Method) -> Help<'static> {
    match method {
        Method::Pca => Help {
            title: "Map by principal components",
            paragraphs: &[
                STATES,
                "The two directions in which the states differ most, exactly. Distances along them are real distances, and \
                 a typed text is placed exactly; what differs in other directions is not seen.",
                BELIEVE,
                CLUSTERS,
            ],
            papers: &[
                (
                    "Pearson, 1901, On Lines and Planes of Closest Fit to Systems of Points in Space",
                    "https://doi.org/10.1080/14786440109462720",
                ),
                (
                    "Hotelling, 1933, Analysis of a Complex of Statistical Variables into Principal Components",
                    "https://doi.org/10.1037/h0071325",
                ),
                TRUST,
                HILLS,
                WORDS,
            ],
        },
        Method::Umap => Help {
            title: "Map by UMAP",
            paragraphs: &[
                STATES,
                "Each row is joined to its nearest by exact Euclidean distances, the more strongly the nearer; then the \
                 points are moved, from the principal components on, until rows that are joined lie together. The same \
                 seed gives the same map. Who is next to whom can be believed; the distance between groups, their size \
                 and their density say little.",
                "A typed text is placed among its nearest rows, by how strongly it would be joined to each.",
                BELIEVE,
                CLUSTERS,
            ],
            papers: &[
                (
                    "McInnes, Healy and Melville, 2018, UMAP: Uniform Manifold Approximation and Projection",
                    "https://arxiv.org/abs/1802.03426",
                ),
                (
                    "Kobak and Linderman, 2021, Initialization is critical for preserving global data structure",
                    "https://doi.org/10.1038/s41587-020-00809-z",
                ),
                TRUST,
                HILLS,
                WORDS,
            ],
        },
        Method::Tsne => Help {
            title: "Map by t-SNE",
            paragraphs: &[
                STATES,
                "Each row says how likely it would choose each other as its neighbour, and the points are moved, from the \
                 principal components on, until the plane says the same. Who is next to whom can be believed; the distance \
                 between groups, their size and their density say little.",
                "A typed text is placed among its nearest rows, by how strongly it would be joined to each.",
                BELIEVE,
                CLUSTERS,
            ],
            papers: &[
                (
                    "Van der Maaten and Hinton, 2008, Visualizing Data using t-SNE",
                    "https://www.jmlr.org/papers/v9/vandermaaten08a.html",
                ),
                (
                    "Van der Maaten, 2014, Accelerating t-SNE using Tree-Based Algorithms",
                    "https://www.jmlr.org/papers/v15/vandermaaten14a.html",
                ),
                TRUST,
                HILLS,
                WORDS,
            ],
        },
    }
}
