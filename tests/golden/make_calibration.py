"""Writes calibration.json: probabilities with their reliability, the best temperature and the best thresholds, by
scikit-learn and scipy. Tests read the file, not this script.

    python make_calibration.py > calibration.json

Probabilities are float32, as a model gives them, so that both sides start from the same bits.
"""

import json
import random
import warnings

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
random.seed(53)
draw = np.random.default_rng(53)

BINS = 15


def reliability(gold, rows):
    said, sure = rows.argmax(1), rows.max(1)
    right = (said == gold).astype(int)
    # Bins with nothing in them are left out of the curve.
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], sure), minlength=BINS)
    accuracy, confidence = calibration_curve(right, sure, n_bins=BINS)
    gaps = np.abs(accuracy - confidence)
    truth = np.eye(rows.shape[1])[gold]
    return {
        "counts": counts.tolist(),
        "accuracy": accuracy.tolist(),
        "confidence": confidence.tolist(),
        "ece": float((gaps * counts[counts > 0]).sum() / len(gold)),
        "mce": float(gaps.max()),
        "brier": float(((rows - truth) ** 2).sum(1).mean()),
        "nll": float(-np.log(rows[np.arange(len(gold)), gold]).mean()),
    }


def temperature(gold, logs):
    """Where the derivative of the mean loss with respect to the inverse temperature is 0."""

    def slope(by):
        return ((softmax(logs * by, 1) * logs).sum(1) - logs[np.arange(len(gold)), gold]).mean()

    if slope(0.01) >= 0:
        return 100.0
    if slope(100.0) <= 0:
        return 0.01
    return 1 / brentq(slope, 0.01, 100.0, xtol=1e-15, rtol=1e-14, maxiter=500)


def single(_):
    classes = random.choice([2, 2, 3, 4, 6])
    size = random.choice([4, 8, 16, 30])
    truth = draw.normal(size=(size, classes)) * random.choice([0.5, 1, 2, 4])
    gold = np.array([draw.choice(classes, p=softmax(row)) for row in truth])
    boast = random.choice([0.3, 0.7, 1, 2, 5])
    probabilities = softmax(truth * boast, 1).astype(np.float32)
    rows = probabilities.astype(np.float64)
    logs = np.log(np.maximum(rows, float(np.finfo(np.float32).tiny)))
    best = temperature(gold, logs)
    # Most cases should have a temperature that is no bound.
    if best in (100.0, 0.01) and random.random() < 0.9:
        return single(_)
    before, after = reliability(gold, rows), reliability(gold, softmax(logs / best, 1))
    return {
        "gold": gold.tolist(),
        "rows": [[float(f"{p:.9g}") for p in row] for row in probabilities.tolist()],
        "temperature": best,
        "before": before,
        "after": {key: after[key] for key in ["ece", "mce", "brier", "nll"]},
    }


def best_threshold(gold, scores):
    """Of the thresholds with the highest F1 the one nearest to 0.5; between two scores 0.5 or else the middle."""
    known = sorted({float(score) for score in scores} | {0.0})
    half, found = np.float32(0.5), []
    for below, above in zip(known, known[1:] + [None]):
        if above is None:
            continue
        middle = np.float32((below + above) / 2)
        found.append(half if below < half <= above else middle if middle > below else np.float32(above))
    if float(known[-1]) < 0.5 or not found:
        found.append(half)
    if 0.0 in scores:
        found.append(np.float32(0))
    f1 = [metrics.f1_score(gold, (scores >= one).astype(int), zero_division=0) for one in found]
    best = [one for one, value in zip(found, f1) if value > max(f1) - 1e-12]
    nearest = min(abs(float(one) - 0.5) for one in best)
    # Two thresholds may be equally near; the higher comes first.
    return max(float(one) for one in best if abs(float(one) - 0.5) == nearest), max(f1)


def multi(_):
    classes = random.choice([1, 2, 3, 5])
    size = random.choice([1, 3, 8, 20])
    share, skill = random.random() ** 2, random.random()
    gold = (draw.random((size, classes)) < share).astype(int)
    scores = np.where(draw.random((size, classes)) < skill, gold, 1 - gold) * 0.4 + draw.random((size, classes)) * 0.6
    scores = np.round(scores ** random.choice([1, 1, 3]), 2).astype(np.float32)
    thresholds, f1 = zip(*[best_threshold(gold[:, c], scores[:, c]) for c in range(classes)])
    said = (scores >= np.array(thresholds, np.float32)).astype(int)
    precision, recall, _, _ = metrics.precision_recall_fscore_support(gold, said, average="macro", zero_division=0)
    f1_of = lambda how: float(metrics.f1_score(gold, said, average=how, zero_division=0)) if classes > 1 else None
    return {
        "gold": [np.flatnonzero(row).tolist() for row in gold],
        "scores": [[round(float(v), 2) for v in row] for row in scores],
        "thresholds": thresholds,
        "label_f1": f1,
        "metrics": {
            "accuracy": float((gold == said).all(1).mean()),
            "f1_micro": f1_of("micro"),
            "f1_macro": f1_of("macro"),
            "f1_weighted": f1_of("weighted"),
            "precision_macro": float(precision),
            "recall_macro": float(recall),
        }
        if classes > 1
        else {},
    }


def rows(cases):
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]"


print('{"single":' + rows(map(single, range(300))), end="")
print(',\n"multi":' + rows(map(multi, range(300))) + "}")
