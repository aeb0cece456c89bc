"""Writes states.json: losses of a student against the layers of a teacher and their gradients, by PyTorch's autograd. Tests
read the file, not this script.

    pip install torch==2.15 transformers==4.57.1
    python make_states.py > states.json

Hidden states: mean squared error, with and without a linear layer between the widths (TinyBERT, arXiv 1909.10351). Last
states: the cosine embedding loss (DistilBERT, arXiv 1910.01108). Attention: mean squared error of the scores before the
softmax in all heads, sequence by sequence; each token counts alike, and of it each token it attends to. In double precision.

Models: the first layers of one checkpoint learn from all layers of another by all three losses. Of each gradient there are its
norm and its products with two waves.
"""

import json
import math
from pathlib import Path

import torch
from torch.nn import functional as F
from transformers import AutoModel, AutoModelForSequenceClassification


def values(rows, columns, speed, size=1.5):
    step = torch.arange(rows * columns, dtype=torch.float32)
    return (size * torch.sin(speed * step)).reshape(rows, columns).double()


def recorded(loss, **learned):
    loss.backward()
    gradients = {f"{name}_gradient": tensor.grad.tolist() for name, tensor in learned.items()}
    return {"loss": loss.item(), **{name: tensor.tolist() for name, tensor in learned.items()}, **gradients}


def states(tokens, width):
    own, teacher = values(tokens, width, 1.7).requires_grad_(), values(tokens, width, 0.9, 2.0)
    return {"teacher": teacher.tolist(), **recorded(F.mse_loss(own, teacher), own=own)}


def projected(tokens, width, wide):
    own, teacher = values(tokens, width, 1.7).requires_grad_(), values(tokens, wide, 0.9, 2.0)
    weight, bias = values(wide, width, 0.53, 0.4).requires_grad_(), values(1, wide, 0.31, 0.2)[0].clone().requires_grad_()
    loss = F.mse_loss(F.linear(own, weight, bias), teacher)
    return {"teacher": teacher.tolist(), **recorded(loss, own=own, weight=weight, bias=bias)}


def angle(tokens, width):
    own, teacher = values(tokens, width, 1.7).requires_grad_(), values(tokens, width, 0.9, 2.0)
    loss = F.cosine_embedding_loss(own, teacher, torch.ones(tokens), reduction="mean")
    return {"teacher": teacher.tolist(), **recorded(loss, own=own)}


def scores(query, key, heads):
    tokens, width = query.shape
    query, key = (x.reshape(tokens, heads, width // heads).transpose(0, 1) for x in (query, key))
    return query @ key.transpose(1, 2) / math.sqrt(width // heads)


def attention(starts, heads, size, wide, causal):
    tokens = starts[-1]
    own = [values(tokens, heads * size, speed).requires_grad_() for speed in (1.7, 0.6)]
    teacher = [values(tokens, heads * wide, speed) for speed in (0.9, 1.1)]
    each = []
    for a, b in zip(starts, starts[1:]):
        apart = scores(own[0][a:b], own[1][a:b], heads) - scores(teacher[0][a:b], teacher[1][a:b], heads)
        seen = torch.ones(b - a, b - a, dtype=torch.bool)
        seen = seen.tril() if causal else seen
        each.append((apart.square() * seen).sum(-1).div(seen.sum(-1)).mean(0))
    loss = torch.cat(each).mean()
    return {
        "starts": starts,
        "heads": heads,
        "causal": causal,
        "teacher_query": teacher[0].tolist(),
        "teacher_key": teacher[1].tolist(),
        **recorded(loss, query=own[0], key=own[1]),
    }


HERE = Path(__file__).parent
SEQUENCES = [[(7 * place + 11 * row) % 380 + 5 for place in range(length)] for row, length in enumerate((5, 9, 3))]


def opened(auto, name, **more):
    return auto.from_pretrained(HERE / name, attn_implementation="eager", **more).double().eval()


def looked(model, ids):
    """States of all layers, and queries and keys of each."""
    seen = {"query": [], "key": []}
    names = {"query": "query", "q_lin": "query", "key": "key", "k_lin": "key"}
    hooks = []
    for name, module in model.named_modules():
        kind = names.get(name.rsplit(".", 1)[-1])
        if kind:
            hooks.append(module.register_forward_hook(lambda _, __, out, kind=kind: seen[kind].append(out[0])))
    states = model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    for hook in hooks:
        hook.remove()
    return [state[0] for state in states], list(zip(seen["query"], seen["key"]))


def models(student, teacher, layers, counts):
    own, other = opened(AutoModelForSequenceClassification, student, num_hidden_layers=layers), opened(AutoModel, teacher)
    base, heads, all_layers = own.base_model, own.config.num_attention_heads, other.config.num_hidden_layers
    tokens = sum(map(len, SEQUENCES))
    mapped = [round(layer * all_layers / layers + 1e-9) for layer in range(layers + 1)]
    hidden = attention = cosine = 0.0
    for ids in SEQUENCES:
        states, asked = looked(base, ids)
        with torch.no_grad():
            of_teacher, asked_teacher = looked(other, ids)
        for layer, place in enumerate(mapped):
            hidden = hidden + (states[layer] - of_teacher[place]).square().mean(-1).sum() / tokens
            if layer > 0:
                apart = scores(*asked[layer - 1], heads) - scores(*asked_teacher[place - 1], heads)
                attention = attention + apart.square().mean(-1).mean(0).sum() / tokens
        ones = torch.ones(len(ids))
        cosine = cosine + F.cosine_embedding_loss(states[-1], of_teacher[-1], ones, reduction="sum") / tokens
    parts = {"hidden": hidden, "attention": attention, "cosine": cosine}
    sum(counts[name] * part for name, part in parts.items()).backward()
    gradients = {}
    for name, weight in own.named_parameters():
        if weight.grad is not None:
            flat = weight.grad.flatten()
            place = torch.arange(flat.numel()).double()
            waves = [(flat * (place * speed).sin()).sum().item() for speed in (0.37, 1.9)]
            gradients[name] = [flat.norm().item(), *waves]
    return {
        "student": student,
        "teacher": teacher,
        "layers": layers,
        "counts": counts,
        "sequences": SEQUENCES,
        "losses": {name: counts[name] * part.item() for name, part in parts.items()},
        "gradients": gradients,
    }


COUNTS = {"hidden": 0.7, "attention": 0.4, "cosine": 0.5}
PAIRS = [("bert-classify", "bert-mlm", 2), ("roberta-classify", "bert-mlm", 1), ("distilbert-classify", "electra-mlm", 3)]
PAIRS += [("albert-classify", "distilbert-mlm", 2), ("electra-classify", "albert-mlm", 3)]

print(
    json.dumps(
        {
            "hidden": [states(5, 6), states(1, 3)],
            "projected": [projected(5, 4, 6), projected(4, 6, 3)],
            "cosine": [angle(5, 6), angle(2, 3)],
            "attention": [attention([0, 3, 4, 9], 2, 3, size, causal) for size in (3, 5) for causal in (False, True)],
            "models": [models(*pair, COUNTS) for pair in PAIRS],
        }
    )
)
