"""Writes logistic.json: multinomial logistic regressions that scikit-learn fits to small standardised states, at given
strengths, with the weights turned back to the states as they are. Tests read the file, not this script. It was made with
numpy and scikit-learn, whose versions are in it:

    python make_logistic.py > logistic.json
"""
import json

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(20)
ROWS, WIDTH, CLASSES = 36, 6, 4

classes = np.arange(ROWS) % CLASSES
centres = random.normal(0.0, 1.0, (CLASSES, WIDTH))
spreads = np.array([1.0, 0.02, 3.0, 0.5, 1.5, 0.3])
states = ((centres[classes] + random.normal(0.0, 1.2, (ROWS, WIDTH))) * spreads + [0.0, 4.0, -1.0, 0.2, 0.0, 2.0])
states = states.astype(np.float32)
scaler = StandardScaler().fit(states.astype(np.float64))
fits = []
for strength in [1.0, 0.03, 1e-3]:
    model = LogisticRegression(C=1.0 / (strength * ROWS), tol=1e-10, max_iter=100_000)
    model.fit(scaler.transform(states.astype(np.float64)), classes)
    weights = model.coef_ / scaler.scale_
    biases = model.intercept_ - weights @ scaler.mean_
    logits = states.astype(np.float64) @ weights.T + biases
    logs = logits - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1, keepdims=True)) - logits.max(1, keepdims=True)
    fits.append({
        "strength": strength,
        "weights": weights.ravel().tolist(),
        "biases": biases.tolist(),
        "loss": float(-logs[np.arange(ROWS), classes].mean()),
    })
print(json.dumps({
    "versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "rows": ROWS, "width": WIDTH, "outputs": CLASSES,
    "states": [float(value) for value in states.ravel()],
    "classes": classes.tolist(),
    "fits": fits,
}))
