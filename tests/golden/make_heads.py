#!/usr/bin/env python3
"""Writes heads.json: how a loss changes with a mask on each head and each feed-forward of the golden checkpoints, and what
they say with some of them switched off, by PyTorch's autograd. Tests read the file, not this script.

    pip install torch==2.15 transformers==4.57.1 safetensors numpy
    python make_heads.py > heads.json

Everything is computed in double precision. A mask of ones stands before the output layer of each attention, one number for
each head, and before that of each feed-forward, one number for all of it. Recorded are, for each checkpoint and text,

- the loss that transformers' head computes of this text alone, and its derivative by each mask (Michel, Levy and Neubig,
  2019, take its size and the mean over texts);
- the logits with the masks of some heads and of one feed-forward at zero.

ALBERT goes through the same weights several times, and each time has masks of its own.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import AutoTokenizer

HERE = Path(__file__).parent
TEXTS = [
    "The jury believed the witness not the map",
    "Maria Okafor joined Northwind Labs in Lisbon",
    "Rain fell",
]
TAGS = [
    ["O"] * 8,
    ["B-PER", "I-PER", "O", "B-ORG", "I-ORG", "O", "B-LOC"],
    ["O"] * 2,
]
# By how they are labelled: a class, several, a number, or a tag for each word.
CHECKPOINTS = {
    "bert-classify": [0, 2, 1],
    "roberta-classify": [1, 1, 0],
    "distilbert-classify": [2, 0, 1],
    "albert-classify": [0, 1, 2],
    "electra-classify": [1, 2, 2],
    "variants/bert-multilabel": [[0], [1, 2], []],
    "variants/bert-regress": [0.5, -1.25, 2.0],
    "bert-ner": TAGS,
    "variants/albert-groups-inner": TAGS,
    # Where the answer stands, in characters of the second text; none where it has none.
    "bert-qa": ["answer"] * 3,
    "distilbert-qa": ["answer"] * 3,
    # The tokens that are hidden.
    "bert-mlm": [[2, 4], [1, 5, 6], [1]],
    "roberta-mlm": [[2, 4], [1, 5, 6], [1]],
    "albert-mlm": [[2, 4], [1, 5, 6], [1]],
    # Whether the second text follows, or stands in its order: 0 if so.
    "bert-nsp": [0, 1, 1],
    "albert-sop": [1, 0, 1],
}
PAIRS = [
    "She had kept it with great care",
    "The new office opened in March",
    "It stopped before noon",
]
ANSWERS = ["great care", "March", None]
HEADS_OFF, FEED_FORWARD_OFF = [(0, 1), (1, 0)], 1
ATTENTION = (".attention.output.dense", ".attention.out_lin", ".attention.dense")
FEED_FORWARD = (".ffn.lin2", ".ffn_output", ".output.dense")


class Masked:
    """A model with a mask before each output layer, in the order in which they are come to."""

    def __init__(self, folder):
        config = json.loads((folder / "config.json").read_text())
        cls = getattr(transformers, config["architectures"][0])
        self.model = cls.from_pretrained(folder, attn_implementation="eager").double().eval()
        self.config = self.model.config
        steps = self.config.num_hidden_layers * getattr(self.config, "inner_group_num", 1)
        self.heads = torch.ones(steps, self.config.num_attention_heads).double().requires_grad_()
        self.feed_forward = torch.ones(steps).double().requires_grad_()
        self.calls = [0, 0]
        for name, module in self.model.named_modules():
            if name.startswith("classifier"):
                continue
            if name.endswith(ATTENTION):
                module.register_forward_pre_hook(self.attend)
            elif name.endswith(FEED_FORWARD):
                module.register_forward_pre_hook(self.feed)

    def attend(self, _, inputs):
        mask = self.heads[self.calls[0]]
        self.calls[0] += 1
        return inputs[0] * mask.repeat_interleave(inputs[0].shape[-1] // len(mask))

    def feed(self, _, inputs):
        self.calls[1] += 1
        return inputs[0] * self.feed_forward[self.calls[1] - 1]

    def run(self, encoded, labels):
        self.calls = [0, 0]
        kind = type(self.model).__name__
        if kind.endswith("QuestionAnswering"):
            places = {} if labels is None else dict(start_positions=labels[0], end_positions=labels[1])
            out = self.model(**encoded, **places)
            logits = torch.stack([out.start_logits, out.end_logits], -1)
        elif kind == "AlbertForPreTraining":
            # Its loss would be that of the masked words too.
            logits = self.model(**encoded).sop_logits
            out = None
        else:
            out = self.model(**encoded, labels=labels)
            logits = out.logits
        assert self.calls == [len(self.heads), len(self.feed_forward)], self.calls
        if labels is None:
            return None, logits
        return (torch.nn.functional.cross_entropy(logits, labels) if out is None else out.loss), logits


def labels(model, tokenizer, encoded, label, text):
    config = model.config
    if label == "answer":
        answer = ANSWERS[TEXTS.index(text)]
        if answer is None:
            return torch.tensor([0]), torch.tensor([0])
        start = PAIRS[TEXTS.index(text)].index(answer)
        first, last = (encoded.char_to_token(0, place, 1) for place in (start, start + len(answer) - 1))
        return torch.tensor([first]), torch.tensor([last])
    if type(model).__name__.endswith("MaskedLM"):
        given = torch.full(encoded["input_ids"].shape, -100)
        given[0, label] = encoded["input_ids"][0, label]
        encoded["input_ids"][0, label] = tokenizer.mask_token_id
        return given
    if isinstance(label, list) and all(isinstance(one, str) for one in label) and label:
        ids = {name: place for place, name in config.id2label.items()}
        given = torch.full(encoded["input_ids"].shape, -100)
        before = None
        for token, word in enumerate(encoded.word_ids()):
            if word is not None and word != before:
                given[0, token] = ids[label[word]]
            before = word
        return given
    if isinstance(label, list):
        return torch.tensor([[1.0 if place in label else 0.0 for place in range(config.num_labels)]]).double()
    return torch.tensor([label]).double() if isinstance(label, float) else torch.tensor([label])


def rounded(value):
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.9g}")


def record(name, given):
    folder = HERE / name
    masked = Masked(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    cases = []
    reads_two = name.endswith(("-qa", "-nsp", "-sop"))
    for place, (text, label) in enumerate(zip(TEXTS, given)):
        encoded = tokenizer(text, PAIRS[place] if reads_two else None, return_tensors="pt")
        aim = labels(masked.model, tokenizer, encoded, label, text)
        loss, _ = masked.run(encoded, aim)
        heads, feed_forward = torch.autograd.grad(loss, [masked.heads, masked.feed_forward])
        with torch.no_grad():
            kept = masked.heads.clone(), masked.feed_forward.clone()
            for layer, head in HEADS_OFF:
                masked.heads[layer, head] = 0.0
            masked.feed_forward[FEED_FORWARD_OFF] = 0.0
            off = masked.run(encoded, None)[1][0]
            if name.endswith("-mlm"):
                # Of the tokens that are hidden, for every tenth word of the vocabulary.
                off = off[label][:, ::10]
            masked.heads.copy_(kept[0])
            masked.feed_forward.copy_(kept[1])
        cases.append(
            {
                "text": text,
                **({"pair": PAIRS[place]} if reads_two else {}),
                "label": ANSWERS[place] if label == "answer" else label,
                "loss": rounded(loss.item()),
                "heads": rounded(heads.tolist()),
                "feed_forward": rounded(feed_forward.tolist()),
                "off": rounded(off.flatten().tolist()),
            }
        )
    return cases


if __name__ == "__main__":
    found = {name: record(name, given) for name, given in CHECKPOINTS.items()}
    print(json.dumps({"heads_off": HEADS_OFF, "feed_forward_off": FEED_FORWARD_OFF, "models": found}))
