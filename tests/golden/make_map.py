"""Records what scikit-learn and umap-learn make of some points: map/points.safetensors.

Two inputs: "curved" lies on bent sheets in 32 dimensions, in groups that touch; "skewed" has two dimensions that are far
wider than all others, as the states of encoders have. Run it from this folder: python make_map.py
"""

import numpy as np
import umap
from safetensors.numpy import save_file
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn
from sklearn.neighbors import NearestNeighbors
from umap.umap_ import fuzzy_simplicial_set


def curved(count, width, generator):
    groups = generator.normal(size=(8, width)) * 2.0
    directions = generator.normal(size=(8, 3, width))
    group = np.arange(count) % 8
    along = generator.uniform(-2.0, 2.0, size=count)
    across = generator.uniform(-1.0, 1.0, size=count)
    bent = np.stack([along, np.sin(2.0 * along), across], axis=1)
    points = groups[group] + np.einsum("ni,niw->nw", bent, directions[group])
    return points + 0.15 * generator.normal(size=(count, width))


def skewed(count, width, generator):
    points = curved(count, width, generator)
    points[:, 3] = 40.0 + 12.0 * generator.normal(size=count)
    points[:, 17] = -90.0 + 7.0 * generator.normal(size=count)
    return points


def keep_sparse(name, graph, out):
    entries = graph.tocoo()
    order = np.lexsort((entries.col, entries.row))
    out[f"{name}.ends"] = np.stack([entries.row, entries.col], axis=1)[order].astype(np.uint32)
    out[f"{name}.weights"] = entries.data[order].astype(np.float32)


def record(name, points, out):
    points = np.ascontiguousarray(points, dtype=np.float32)
    out[f"{name}.points"] = points
    exact = points.astype(np.float64)
    pca = PCA(n_components=2, svd_solver="full").fit(exact)
    plane = pca.transform(exact)
    out[f"{name}.pca"] = plane
    out[f"{name}.axes"] = pca.components_
    out[f"{name}.shares"] = pca.explained_variance_ratio_
    out[f"{name}.trust.pca"] = np.array([trustworthiness(exact, plane, n_neighbors=15)])

    # The tree measures the distance of a point to itself as 0, which products do not.
    distances, places = NearestNeighbors(n_neighbors=15, algorithm="kd_tree").fit(exact).kneighbors(exact)
    graph, _, _ = fuzzy_simplicial_set(
        exact, 15, 0, "euclidean", knn_indices=places, knn_dists=distances.astype(np.float32)
    )
    keep_sparse(f"{name}.fuzzy", graph, out)

    near = NearestNeighbors(n_neighbors=91, algorithm="kd_tree").fit(exact).kneighbors_graph(mode="distance")
    near.data **= 2
    # Of one input alone: it has an entry for each of the 90 neighbours.
    if name == "skewed":
        keep_sparse("skewed.joint", _joint_probabilities_nn(near, 30.0, 0), out)

    seeds = range(3)
    umaps = [umap.UMAP(n_neighbors=15, random_state=seed).fit_transform(exact) for seed in seeds]
    tsnes = [TSNE(perplexity=30.0, random_state=seed).fit_transform(exact) for seed in seeds]
    for method, maps in [("umap", umaps), ("tsne", tsnes)]:
        out[f"{name}.trust.{method}"] = np.array([trustworthiness(exact, one, n_neighbors=15) for one in maps])
        print(name, method, out[f"{name}.trust.{method}"])


def main():
    generator = np.random.default_rng(13)
    out = {}
    record("curved", curved(400, 32, generator), out)
    record("skewed", skewed(240, 24, generator), out)
    print({name: value for name, value in out.items() if "trust.pca" in name})
    save_file({name: np.ascontiguousarray(value) for name, value in out.items()}, "map/points.safetensors")


if __name__ == "__main__":
    main()
