"""Writes entities.json: tagged sentences with what seqeval says of them. Tests read the file, not this script.

    pip install seqeval==1.2.2
    python make_entities.py > entities.json

A sentence is a string with one letter a word: A is the first tag of the case, B the second, and so on; sentences
are separated by |. `strict` is there where all tags are of the scheme. Where nothing
occurs at all, seqeval's means are NaN; they are written as 0.
"""

import json
import math
import random
import warnings

from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support
from seqeval.scheme import IOB2

warnings.filterwarnings("ignore")
random.seed(31)

NAMES = ["PER", "ORG", "LOC", "MISC", "geo-loc", "product", "creative-work", "Ort", "数"]
HOSTILE = ["B", "I", "B-", "I--x", "B--x", "B-x-", "I-x", "BPER", "IPER", "B-PER", "I-PER", "I-ORG", "O-PER"]
SCORES = [precision_score, recall_score, f1_score]
OTHER = ["E-PER", "S-PER", "E-ORG", "S-ORG", "E", "S", "B-ORG", "I-ORG", "B-PER", "I-PER"]


def clean(length, types):
    """Tags as an annotator would set them."""
    tags = []
    while len(tags) < length:
        if random.random() < 0.6:
            tags.append("O")
        else:
            name = random.choice(types)
            tags += ["B-" + name] + ["I-" + name] * random.choice([0, 0, 1, 1, 2, 4])
    return tags[:length]


def disturbed(tags, labels, share):
    """Tags as a model would set them: some changed, some boundaries moved."""
    tags = [random.choice(labels) if random.random() < share else tag for tag in tags]
    if tags and random.random() < share:
        tags = tags[1:] + tags[:1]
    return tags


def number(value):
    return 0.0 if math.isnan(value) else float(value)


def case(index):
    kind = ["clean", "noise", "noise", "hostile", "other", "nothing"][index % 6]
    types = random.sample(NAMES, random.choice([1, 2, 3, 4, 5]))
    labels = ["O"] + [prefix + name for name in types for prefix in ["B-", "I-"]]
    if kind == "hostile":
        labels = ["O"] + random.sample(HOSTILE, 7)
    if kind == "other":
        labels = ["O"] + random.sample(OTHER, 7)
    sizes = [random.choice([0, 1, 1, 2, 3, 5, 8, 13, 21]) for _ in range(random.choice([1, 2, 3, 6]))]
    sizes = sizes if sum(sizes) else [3]
    if kind == "clean":
        gold = [clean(size, types) for size in sizes]
    else:
        quiet = random.choice([0, 2, 6])
        gold = [[random.choice(labels + ["O"] * quiet) for _ in range(size)] for size in sizes]
    if kind == "nothing":
        gold = [["O"] * size for size in sizes]
    share = random.choice([0.0, 0.1, 0.3, 1.0])
    predicted = [disturbed(tags, labels, share) for tags in gold]
    strict = None
    if all(tag[0] in "OBI" for tag in labels):
        strict = [number(score(gold, predicted, mode="strict", scheme=IOB2)) for score in SCORES]
    found = sorted({name for tags in (gold, predicted) for name, _, _ in get_entities(tags)})
    table = [[float(v) for v in row] for row in zip(*precision_recall_fscore_support(gold, predicted, average=None))]
    assert len(found) == len(table)
    letters = {label: chr(ord("A") + place) for place, label in enumerate(labels)}
    text = lambda sentences: "|".join("".join(letters[tag] for tag in tags) for tags in sentences)
    return {
        "labels": labels,
        "gold": text(gold),
        "predicted": text(predicted),
        "lenient": [number(score(gold, predicted)) for score in SCORES],
        "strict": strict,
        "macro": number(f1_score(gold, predicted, average="macro")),
        "weighted": number(f1_score(gold, predicted, average="weighted")),
        "accuracy": accuracy_score(gold, predicted),
        "types": {name: row for name, row in zip(found, table)},
    }


print("[\n" + ",\n".join(json.dumps(case(i), separators=(",", ":"), ensure_ascii=False) for i in range(900)) + "\n]")
