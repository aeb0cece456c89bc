"""Writes probe.json: linear models that scikit-learn fits to small states, on given folds. Tests read the file, not this
script.

    pip install scikit-learn==1.9.1 numpy
    python make_probe.py > probe.json

Each case has features of one decimal, so that single precision holds them as they are read; labels; and for each row the
fold that holds it out. In every fold the features are standardised by the rows that are learned from (StandardScaler) and
fitted by LogisticRegression (lbfgs, L2) with a given C, or by Ridge with a given alpha; recorded are what is said of the
rows that are held out, and the share of right ones, micro F1 or R² over all rows. Of the whole case the weights, the
biases and the mean loss on the rows themselves are recorded as well.
"""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, log_loss, r2_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

FOLDS = 4


def features(rng, rows, width):
    mixed = rng.normal(size=(rows, width)) @ rng.normal(size=(width, width))
    values = np.round(mixed, 1)
    values[:, 2] = 0.3  # never changes
    return values


def logistic(c):
    return LogisticRegression(C=c, tol=1e-10, max_iter=10000)


def scaled(learned, *others):
    scaler = StandardScaler().fit(learned)
    return [scaler.transform(part) for part in (learned, *others)]


def folds(strata, seed):
    held = np.zeros(len(strata), dtype=int)
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(np.zeros(len(strata)), strata)
    for fold, (_, rows) in enumerate(splits):
        held[rows] = fold
    return held


def classes(rng, rows, width, count, c):
    x = features(rng, rows, width)
    said = x @ rng.normal(size=(width, count)) + rng.gumbel(size=(rows, count)) * 2
    y = said.argmax(axis=1)
    held = folds(y, 1)
    predicted = np.zeros(rows, dtype=int)
    for fold in range(FOLDS):
        learned, unseen = scaled(x[held != fold], x[held == fold])
        predicted[held == fold] = logistic(c).fit(learned, y[held != fold]).predict(unseen)
    (whole,) = scaled(x)
    fit = logistic(c).fit(whole, y)
    return {
        "kind": "classes",
        "c": c,
        "features": x.tolist(),
        "truth": y.tolist(),
        "held_by": held.tolist(),
        "predicted": predicted.tolist(),
        "score": accuracy_score(y, predicted),
        "weights": fit.coef_.tolist(),
        "biases": fit.intercept_.tolist(),
        "loss": log_loss(y, fit.predict_proba(whole)),
    }


def labels(rng, rows, width, count, c):
    x = features(rng, rows, width)
    y = (x @ rng.normal(size=(width, count)) + rng.logistic(size=(rows, count)) * 3 > 2).astype(int)
    held = folds(y[:, 0], 2)
    predicted = np.zeros_like(y)
    for fold in range(FOLDS):
        learned, unseen = scaled(x[held != fold], x[held == fold])
        for label in range(count):
            predicted[held == fold, label] = logistic(c).fit(learned, y[held != fold, label]).predict(unseen)
    (whole,) = scaled(x)
    fits = [logistic(c).fit(whole, y[:, label]) for label in range(count)]
    return {
        "kind": "labels",
        "c": c,
        "features": x.tolist(),
        "truth": y.tolist(),
        "held_by": held.tolist(),
        "predicted": predicted.tolist(),
        "score": f1_score(y, predicted, average="micro"),
        "weights": [fit.coef_[0].tolist() for fit in fits],
        "biases": [float(fit.intercept_[0]) for fit in fits],
        "loss": sum(log_loss(y[:, label], fit.predict_proba(whole)) for label, fit in enumerate(fits)),
    }


def numbers(rng, rows, width, alpha):
    x = features(rng, rows, width)
    y = np.round(x @ rng.normal(size=width) + rng.normal(size=rows) * 2 + 5, 2)
    held = folds(np.argsort(np.argsort(y)) * 5 // rows, 3)
    predicted = np.zeros(rows)
    for fold in range(FOLDS):
        learned, unseen = scaled(x[held != fold], x[held == fold])
        spread = y[held != fold].std()
        fit = Ridge(alpha=alpha).fit(learned, y[held != fold] / spread)
        predicted[held == fold] = fit.predict(unseen) * spread
    (whole,) = scaled(x)
    right = (y - y.mean()) / y.std()
    fit = Ridge(alpha=alpha).fit(whole, right)
    return {
        "kind": "numbers",
        "alpha": alpha,
        "features": x.tolist(),
        "truth": y.tolist(),
        "held_by": held.tolist(),
        "predicted": predicted.tolist(),
        "score": r2_score(y, predicted),
        "weights": [fit.coef_.tolist()],
        "biases": [float(fit.intercept_)],
        "loss": float(np.mean(0.5 * (fit.predict(whole) - right) ** 2)),
    }


rng = np.random.default_rng(11)
cases = [
    classes(rng, 80, 6, 2, 1.0),
    classes(rng, 80, 6, 2, 0.01),
    classes(rng, 120, 8, 4, 0.5),
    classes(rng, 40, 30, 3, 10.0),
    labels(rng, 90, 7, 3, 0.3),
    numbers(rng, 90, 7, 4.0),
]
print(json.dumps(cases))
