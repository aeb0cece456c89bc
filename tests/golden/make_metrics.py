"""Writes metrics.json: small cases with what scikit-learn and scipy say of them. Tests read the file, not this script.

    python make_metrics.py > metrics.json

Numbers a metric is computed from are float32, as a model gives them, so that both sides start from the same bits.
"""

import json
import random
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

warnings.filterwarnings("ignore")
random.seed(20)


def f32(value):
    return float(np.float32(value))


def skewed(classes):
    weights = [random.random() ** 3 + 0.01 for _ in range(classes)]
    return lambda: random.choices(range(classes), weights)[0]


def averages(gold, predicted):
    score = metrics.precision_recall_fscore_support
    precision, recall, f1, _ = score(gold, predicted, average="macro", zero_division=0)
    return {
        "accuracy": metrics.accuracy_score(gold, predicted),
        "precision_macro": precision,
        "recall_macro": recall,
        "f1_macro": f1,
        "f1_micro": score(gold, predicted, average="micro", zero_division=0)[2],
        "f1_weighted": score(gold, predicted, average="weighted", zero_division=0)[2],
    }


def class_table(gold, predicted, labels):
    columns = metrics.precision_recall_fscore_support(gold, predicted, labels=labels, average=None, zero_division=0)
    return [[float(v) for v in row] for row in zip(*columns)]


def single_metrics(gold, predicted, classes):
    values = averages(gold, predicted)
    values["matthews"] = metrics.matthews_corrcoef(gold, predicted)
    values["f1"] = metrics.f1_score(gold, predicted, pos_label=1, zero_division=0) if classes == 2 else values["f1_macro"]
    return {key: float(value) for key, value in values.items()}


def single(index):
    classes = random.choice([2, 2, 2, 3, 3, 4, 5, 8, 12])
    size = random.choice([1, 2, 3, 5, 10, 20, 40])
    draw, skill = skewed(classes), random.random()
    gold = [draw() for _ in range(size)]
    guess = skewed(classes) if index % 3 else (lambda: 0)
    predicted = [g if random.random() < skill else guess() for g in gold]
    losses = [f32(random.expovariate(1)) for _ in gold]
    most = max(range(classes), key=lambda c: (gold.count(c), -c))
    return {
        "classes": classes,
        "gold": gold,
        "predicted": predicted,
        "losses": losses,
        "metrics": single_metrics(gold, predicted, classes) | {"eval_loss": float(np.mean(np.array(losses, np.float64)))},
        "baseline": single_metrics(gold, [most] * size, classes),
        "per_class": class_table(gold, predicted, list(range(classes))),
        "confusion": metrics.confusion_matrix(gold, predicted, labels=list(range(classes))).tolist(),
    }


def set_metrics(gold, predicted):
    values = averages(gold, predicted)
    values["f1"] = values["f1_macro"]
    return {key: float(value) for key, value in values.items()}


def multi(_):
    classes = random.choice([2, 3, 4, 6, 9])
    size = random.choice([1, 2, 4, 8, 16])
    share, skill = random.random() ** 2, random.random()
    gold = np.array([[int(random.random() < share) for _ in range(classes)] for _ in range(size)])
    rows = [[(g if random.random() < skill else 1 - g) * 0.5 + random.random() * 0.5 for g in row] for row in gold]
    # Exactly one half applies; float32 would blur values near it, so two decimals are enough.
    scores = np.array([[round(value, 2) for value in row] for row in rows], np.float32)
    predicted = (scores >= 0.5).astype(int)
    return {
        "classes": classes,
        "gold": [np.flatnonzero(row).tolist() for row in gold],
        "scores": [[round(float(v), 2) for v in row] for row in scores],
        "metrics": set_metrics(gold, predicted),
        "baseline": set_metrics(gold, np.zeros_like(gold)),
        "per_class": class_table(gold, predicted, list(range(classes))),
    }


def values(index):
    size = random.choice([2, 3, 5, 10, 25, 60])
    noise, scale, offset = random.random() * 3, random.choice([1, 5, 100]), random.choice([0, 0, 3, 1000])
    ties = index % 2
    gold = [random.gauss(0, 1) * scale + offset for _ in range(size)]
    gold = [f32(round(g) if ties else g) for g in gold]
    predicted = [f32(g + random.gauss(0, noise) * scale) for g in gold]
    predicted = [f32(round(p)) if ties else p for p in predicted]
    if len(set(gold)) < 2 or len(set(predicted)) < 2:
        return values(index)
    a, b = np.array(gold, np.float64), np.array(predicted, np.float64)
    return {
        "gold": gold,
        "predicted": predicted,
        "metrics": {
            "pearson": float(stats.pearsonr(a, b).statistic),
            "spearman": float(stats.spearmanr(a, b).statistic),
            "mse": float(metrics.mean_squared_error(a, b)),
        },
        "baseline": {"mse": float(np.mean((a - a.mean()) ** 2))},
    }


def rows(cases):
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]"


print('{"classify":' + rows(map(single, range(400))) + ',\n"multilabel":' + rows(map(multi, range(200))), end="")
print(',\n"regress":' + rows(map(values, range(200))) + "}")
