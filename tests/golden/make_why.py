"""Writes why.json: what explains an output of the golden checkpoints, by PyTorch's autograd and by predicting. Tests read
the file, not this script.

    pip install torch==2.15 transformers==4.57.1 safetensors numpy
    python make_why.py > why.json        # or only the checkpoints that are named

Everything is computed in double precision. For each checkpoint and text one output is chosen, and recorded are

- its logit, and of each token the sum over the hidden size of gradient times word embedding, the gradient taken where the
  word table's rows enter the model, as Captum's layer attribution on the word embeddings takes it;
- integrated gradients (Sundararajan et al., 2017) at 1024 places along the straight line from each baseline, in which
  every token but the special ones is the mask, the padding or nothing; and the logit there;
- occlusion: how far the logit falls when the pieces of one word are masks;
- comprehensiveness and sufficiency of that map (DeYoung et al., 2020): how far the probability falls when the 1, 5, 10, 20
  and 50 percent of words that are best by it are masks, and when all others are; the mean over the five.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoTokenizer

HERE = Path(__file__).parent
TEXTS = [
    "The jury believed the witness, not the map.",
    "Maria Okafor joined Northwind Labs in Lisbon after six years.",
]
SECOND = "Copper conducts heat better than iron, said Maria."
BINS = [0.01, 0.05, 0.1, 0.2, 0.5]
PANELS, NODES = 128, 8


def texts(task, tokenizer):
    if task in ("qa", "nsp", "sop"):
        return [(TEXTS[0], SECOND)]
    if task == "mlm":
        return [(text.replace(" the ", f" {tokenizer.mask_token} ", 1).replace("joined", tokenizer.mask_token), None) for text in TEXTS]
    return [(text, None) for text in TEXTS]


class Model:
    """One text through a model whose word vectors can be given."""

    def __init__(self, folder, task):
        config = json.loads((folder / "config.json").read_text())
        cls = getattr(transformers, config["architectures"][0])
        self.model = cls.from_pretrained(folder, attn_implementation="eager").double().eval()
        self.task, self.words = task, self.model.get_input_embeddings()

    def rows(self, encoded, ids, vectors=None):
        """Logits, (batch, tokens or 1, outputs)."""
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if "token_type_ids" in encoded:
            inputs["token_type_ids"] = torch.tensor([encoded["token_type_ids"]] * len(ids))
        hook = self.words.register_forward_hook(lambda *_: vectors) if vectors is not None else None
        out = self.model(**inputs)
        if hook:
            hook.remove()
        if self.task == "qa":
            return torch.stack([out.start_logits, out.end_logits], -1)
        if self.task == "sop":
            return out.sop_logits[:, None]
        if self.task == "rtd":
            return out.logits[..., None]
        return out.logits[:, None] if out.logits.dim() == 2 else out.logits


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


def share(task, rows, place, column, counts):
    """The probability of an output; of a regression the value."""
    row = rows[place]
    if task == "qa":
        logits = torch.where(counts, rows[:, column], torch.tensor(-1e4).double())
        return torch.softmax(logits, 0)[place].item()
    if task == "rtd":
        return torch.sigmoid(row[0]).item()
    return torch.softmax(row, 0)[column].item()


def case(model, tokenizer, text, pair):
    encoded = tokenizer(text, pair, return_special_tokens_mask=True, return_offsets_mapping=True)
    ids = encoded["input_ids"]
    mask = tokenizer.mask_token_id
    sequences, words = encoded.sequence_ids(), encoded.word_ids()
    fixed = [sequence is None or (model.task == "mlm" and id == mask) for sequence, id in zip(sequences, ids)]
    groups = []
    for place, (sequence, word) in enumerate(zip(sequences, words)):
        if sequence is None:
            continue
        if groups and groups[-1][0] == (sequence, word):
            groups[-1][1].append(place)
        else:
            groups.append(((sequence, word), [place]))
    groups = [places for _, places in groups]
    occluded = [places for places in groups if not any(fixed[place] for place in places)]
    counts = torch.tensor([sequence == 1 or place == 0 for place, sequence in enumerate(sequences)])
    base = torch.tensor([ids])
    with torch.no_grad():
        rows = model.rows(encoded, base)[0]
    if model.task == "mlm":
        place = ids.index(mask)
    elif len(rows) == 1:
        place = 0
    else:
        own = [place for place, sequence in enumerate(sequences) if sequence == (1 if model.task == "qa" else 0)]
        place = own[2]
    column = 1 if model.task == "qa" else int(rows[place].argmax())

    def at(rows):
        return rows[:, place, column]

    vectors = model.words(base).detach().requires_grad_(True)
    score = at(model.rows(encoded, base, vectors))
    (gradient,) = torch.autograd.grad(score.sum(), vectors)
    result = {
        "text": text,
        "pair": pair,
        "place": place,
        "column": column,
        "offsets": encoded["offset_mapping"][place],
        "score": score.item(),
        "gradient_input": (gradient * vectors).sum(-1)[0].tolist(),
        "integrated": {},
    }
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    panels = np.arange(PANELS)[:, None]
    nodes = torch.tensor(((nodes + 1) / 2 + panels) / PANELS).flatten()
    weights = torch.tensor(weights / 2 / PANELS).repeat(PANELS)
    for name, id in [("mask", mask), ("pad", tokenizer.pad_token_id), ("zero", None)]:
        start = vectors.detach().clone()
        for place_of, kept in enumerate(fixed):
            if not kept:
                start[0, place_of] = 0 if id is None else model.words.weight[id].detach()
        along = (start + nodes[:, None, None] * (vectors.detach() - start)).requires_grad_(True)
        many = base.repeat(len(nodes), 1)
        (gradients,) = torch.autograd.grad(at(model.rows(encoded, many, along)).sum(), along)
        mean = (gradients * weights[:, None, None]).sum(0)
        weight = (mean * (vectors.detach() - start)[0]).sum(-1)
        with torch.no_grad():
            begin = at(model.rows(encoded, base, start)).item()
        result["integrated"][name] = {"weights": weight.tolist(), "from": begin}

    def hidden(which):
        with torch.no_grad():
            masked = base.clone()
            for word in which:
                masked[0, occluded[word]] = mask
            return model.rows(encoded, masked)[0]

    def shared(which):
        return share(model.task, hidden(which), place, column, counts)

    every = range(len(occluded))
    result["occlusion"] = [score.item() - hidden([word])[place, column].item() for word in every]
    order = sorted(every, key=lambda word: -result["occlusion"][word])
    whole = shared([])
    first = [max(1, math.ceil(len(occluded) * bin)) for bin in BINS]
    result["share"] = whole
    result["comprehensiveness"] = sum(whole - shared(order[:count]) for count in first) / len(first)
    result["sufficiency"] = sum(whole - shared(order[count:]) for count in first) / len(first)
    return result


def main():
    cases = {}
    wanted = sys.argv[1:] or [folder.name for folder in HERE.glob("*-*/")]
    for folder in sorted(HERE / name for name in wanted):
        task = folder.name.rsplit("-", 1)[1]
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = Model(folder, task)
        cases[folder.name] = [case(model, tokenizer, *text) for text in texts(task, tokenizer)]
    print("{" + ",\n".join(f"{json.dumps(name)}: {json.dumps(rounded(one))}" for name, one in cases.items()) + "}")


main()
