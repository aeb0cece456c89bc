"""Writes drift.json: what differs between two golden checkpoints of one shape, by the published definitions. Tests read the
file, not this script.

    pip install torch==2.15 transformers==4.57.1 safetensors numpy scipy
    python make_drift.py > drift.json

Everything is computed in double precision from the states and the attention of transformers. Recorded are

- linear CKA of the states of each layer, the embeddings' output first, in the form of the paper that compares examples
  with examples: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K = X X' and L = Y Y', both centred (Kornblith et al., 2019).
  An example is a token of any text; or a text, by the state of its first token, or by the mean over its tokens. The first
  token's embedding is the same in all texts, and where nothing varies there is none;
- for each layer and head the Jensen-Shannon divergence of the attention of each token, in bits (the square of scipy's
  distance to the base 2), its mean over the tokens of all texts, and the text in which its mean is the largest;
- for each weight that both have under the same name and shape, the norm of the difference by the norm of the first.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file
from scipy.spatial.distance import jensenshannon
from transformers import AutoTokenizer

HERE = Path(__file__).parent
PAIRS = [
    ("bert-classify", "bert-nsp"),
    ("roberta-classify", "roberta-ner"),
    ("distilbert-classify", "distilbert-ner"),
    ("electra-classify", "electra-ner"),
    ("albert-classify", "albert-ner"),
]
TEXTS = [
    ("The jury believed the witness, not the map.", None),
    ("Maria Okafor joined Northwind Labs in Lisbon after six years.", None),
    ("heavy rain closed the road", "the jury met on Monday"),
    ("Copper conducts heat better than iron, said Maria.", None),
    ("no", None),
    ("the soup was wonderful and the staff were kind", "the queue was endless and the staff were rude"),
]


def computed(folder):
    config = json.loads((folder / "config.json").read_text())
    cls = getattr(transformers, config["architectures"][0])
    model = cls.from_pretrained(folder, attn_implementation="eager").double().eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    states, attentions, tokens = [], [], []
    for text, pair in TEXTS:
        encoded = tokenizer(text, pair, truncation=True, max_length=64, return_tensors="pt")
        encoded = {key: value for key, value in encoded.items() if key in ("input_ids", "token_type_ids", "attention_mask")}
        with torch.no_grad():
            said = model(**encoded, output_hidden_states=True, output_attentions=True)
        states.append([state[0].numpy() for state in said.hidden_states])
        attentions.append([attention[0].numpy() for attention in said.attentions])
        tokens.append(tokenizer.convert_ids_to_tokens(encoded["input_ids"][0]))
    return states, attentions, tokens


def cka(x, y):
    def gram(values):
        values = values - values.mean(0)
        return values @ values.T

    if any(np.allclose(values, values[0], rtol=0, atol=1e-9) for values in (x, y)):
        return None
    k, l = gram(x), gram(y)
    return float((k * l).sum() / np.sqrt((k * k).sum() * (l * l).sum()))


def examples(states, layer, pooled):
    each = [text[layer] for text in states]
    if pooled == "tokens":
        return np.concatenate(each)
    return np.stack([one[0] if pooled == "first" else one.mean(0) for one in each])


def compared(before, after):
    (one, attends, tokens), (two, looks, other_tokens) = computed(HERE / before), computed(HERE / after)
    assert tokens == other_tokens, (before, after)
    layers = len(one[0])
    layered = {
        pooled: [cka(examples(one, layer, pooled), examples(two, layer, pooled)) for layer in range(layers)]
        for pooled in ("tokens", "first", "mean")
    }
    heads, shown_by = [], []
    for layer in range(layers - 1):
        row, texts = [], []
        for head in range(attends[0][layer].shape[0]):
            each = [jensenshannon(a[layer][head], b[layer][head], base=2, axis=1) ** 2 for a, b in zip(attends, looks)]
            row.append(float(np.concatenate(each).mean()))
            texts.append(int(np.argmax([text.mean() for text in each])))
        heads.append(row)
        shown_by.append(texts)
    files = [load_file(HERE / name / "model.safetensors") for name in (before, after)]
    both = [name for name in files[0] if name in files[1] and files[0][name].shape == files[1][name].shape]
    norm = lambda values: float(torch.linalg.vector_norm(values.double()))
    weights = {name: norm(files[1][name].double() - files[0][name].double()) / norm(files[0][name]) for name in both}
    return {
        "before": before,
        "after": after,
        "tokens": sum(len(text) for text in tokens),
        "cka": layered,
        "heads": heads,
        "shown_by": shown_by,
        "weights": weights,
    }


print(json.dumps({"texts": TEXTS, "pairs": [compared(*pair) for pair in PAIRS]}, indent=1))
