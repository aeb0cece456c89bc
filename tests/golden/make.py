#!/usr/bin/env python3
"""Makes small checkpoints with random weights, and records what transformers computes with them.

usage: make.py OUT [NAME...]        writes OUT/NAME/ for the variants named, or for all
       make.py --check FOLDER...    recomputes every value recorded in the folders and compares
       make.py --list               names the variants

Each folder is a checkpoint in Hugging Face layout beside `expected.safetensors` (a batch, its labels, hidden states,
attentions, logits, loss, every gradient) and `expected.json` (twelve training steps on that batch, pipelines' outputs).
The tokenizers are those of `<family>-classify` beside this script, and for XLM-RoBERTa and CamemBERT those of
`sentencepiece/<family>`; `--tokenizers FOLDER` names another place.

It needs torch 2.15, transformers 4.57.1, safetensors and numpy, takes a minute, and is run by hand: the tests read only
what it wrote. Everything follows from the variant's name, so a second run writes the same values.
"""

import argparse
import copy
import json
import os
import shutil
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tokenizers import pre_tokenizers
from torch.optim import AdamW
from transformers import AutoTokenizer, pipeline
from transformers.trainer_pt_utils import get_parameter_names

TEXTS = [
    "The ferry leaves the old harbour at seven and reaches the island before breakfast.",
    "Maria Okafor joined Northwind Labs in Lisbon after six years at the Delft Institute.",
    "The jury believed the witness, not the map.",
    "Copper conducts heat better than iron and worse than silver.",
    "Is there a cheaper train from Kyoto to Osaka on Sunday mornings?",
    "The sequel is louder, longer and duller than the film it copies.",
    "Le garçon a mangé une crêpe à Montréal, et il était très content.",
    "Grafting joins a shoot of one tree to the rootstock of another.",
    "The queue was endless, the staff were rude 😡, yet the soup was wonderful 😀.",
    "Please send the signed contract to legal@example.org before noon.",
]
PROBES = [
    "The battery lasts two days, the screen is superb, and the speakers are terrible.",
    "Captain Adeyemi steered the Morning Star past Cape Verde in a storm.",
    "Prices rose 4.5% in October, the fastest pace since 2008.",
]
BLANKS = [
    "The river Volta was dammed at Akosombo in 1965 to make {}.",
    "The ferry leaves the old {} at seven and reaches the {} before breakfast.",
]
AGGREGATIONS = ["none", "simple", "first", "average", "max"]
SENTIMENTS = ["negative", "neutral", "positive"]
TOPICS = ["travel", "food", "science", "sport"]
ENTITIES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]

CLASS = {
    "bert": "Bert",
    "roberta": "Roberta",
    "distilbert": "DistilBert",
    "albert": "Albert",
    "electra": "Electra",
    "xlm-roberta": "XLMRoberta",
    "camembert": "Camembert",
}
VOCABULARY = {"bert": 700, "roberta": 700, "distilbert": 700, "albert": 397, "electra": 700}
VOCABULARY |= {"xlm-roberta": 360, "camembert": 360}
LIKE_ROBERTA = ("roberta", "xlm-roberta", "camembert")
HEAD = {
    "classify": "ForSequenceClassification",
    "multilabel": "ForSequenceClassification",
    "regress": "ForSequenceClassification",
    "pair-classify": "ForSequenceClassification",
    "ner": "ForTokenClassification",
    "mlm": "ForMaskedLM",
    "pretraining": "ForPreTraining",
    "causal": "ForCausalLM",
    "encoder": "Model",
}

LR, DECAY, BETAS, EPS, CLIP, WARMUP, STEPS = 1e-3, 0.01, (0.9, 0.999), 1e-8, 1.0, 3, 12


@dataclass
class Variant:
    """One checkpoint: what it is, and the form its weights are stored in."""

    name: str
    task: str = "classify"
    size: tuple = (24, 2, 3, 56)  # hidden, layers, heads, feed-forward
    rows: int = 3
    config: dict = field(default_factory=dict)
    storage: str = "plain"
    like: str = ""  # takes its weights and batch from the variant of this name

    @property
    def family(self):
        return max((f for f in CLASS if self.name.startswith(f + "-")), key=len)

    @property
    def seed(self):
        return zlib.crc32((self.like or self.name).encode())


SMALL = (16, 2, 2, 40)
STORED = dict(size=SMALL, like="bert-stored-plain")
VARIANTS = [
    # Heads and losses.
    Variant("bert-multilabel", "multilabel"),
    Variant("distilbert-multilabel", "multilabel"),
    Variant("electra-multilabel", "multilabel", config=dict(embedding_size=16)),
    Variant("bert-regress", "regress", config=dict(problem_type="regression")),
    Variant("roberta-regress", "regress"),
    Variant("albert-regress", "regress", config=dict(problem_type="regression")),
    Variant("bert-pair-classify", "pair-classify"),
    Variant("roberta-pair-classify", "pair-classify", size=(16, 2, 4, 40), rows=2),
    Variant("bert-pretraining", "pretraining", size=SMALL, rows=2),
    # Left-to-right prediction: a causal mask, and labels that transformers moves by one.
    Variant("bert-causal", "causal", rows=2, config=dict(is_decoder=True)),
    Variant("roberta-causal", "causal", size=SMALL, rows=2, config=dict(is_decoder=True)),
    Variant("electra-causal", "causal", size=SMALL, rows=2, config=dict(is_decoder=True)),
    # RoBERTa's encoder under other names, with pieces of SentencePiece.
    Variant("xlm-roberta-pair-classify", "pair-classify", size=SMALL, rows=2),
    Variant("xlm-roberta-ner", "ner"),
    Variant("xlm-roberta-mlm", "mlm", rows=2),
    Variant("camembert-classify", rows=2),
    Variant("camembert-mlm", "mlm", size=SMALL, rows=2),
    # Sizes and activations.
    Variant("bert-deep", size=(28, 5, 2, 56), rows=2, config=dict(hidden_act="relu")),
    Variant("bert-wide", size=(48, 1, 6, 100), config=dict(hidden_act="gelu_new", vocab_size=704)),
    Variant("bert-silu", "ner", size=(24, 3, 3, 50), config=dict(hidden_act="silu", layer_norm_eps=1e-6)),
    Variant("bert-swish", size=(16, 1, 1, 36), config=dict(hidden_act="swish", max_position_embeddings=80)),
    Variant("bert-gelu-tanh", size=(20, 2, 5, 44), config=dict(hidden_act="gelu_pytorch_tanh")),
    Variant("bert-gelu-fast", size=SMALL, config=dict(hidden_act="gelu_fast", layer_norm_eps=1e-5)),
    Variant("roberta-single-layer", size=(24, 1, 2, 52)),
    Variant("distilbert-sinusoidal", config=dict(sinusoidal_pos_embds=True, activation="relu")),
    # Shared layers, and embeddings of the encoder's own width.
    Variant("albert-groups", size=(24, 4, 3, 56), config=dict(num_hidden_groups=2)),
    Variant("albert-inner", size=(24, 3, 3, 56), config=dict(inner_group_num=2)),
    Variant("albert-groups-inner", "ner", size=(24, 4, 2, 40), config=dict(num_hidden_groups=2, inner_group_num=2)),
    Variant("albert-gelu", config=dict(hidden_act="gelu")),
    Variant("albert-square", config=dict(embedding_size=24)),
    Variant("albert-square-mlm", "mlm", rows=2, config=dict(embedding_size=24)),
    Variant("electra-square", config=dict(embedding_size=24)),
    Variant("electra-square-mlm", "mlm", size=SMALL, rows=2, config=dict(embedding_size=16)),
    # One small classifier, its weights stored in different forms.
    Variant("bert-stored-plain", **STORED),
    Variant("bert-stored-sharded", storage="sharded", **STORED),
    Variant("bert-stored-f16", storage="f16", **STORED),
    Variant("bert-stored-bf16", storage="bf16", **STORED),
    Variant("bert-stored-bin", storage="bin", **STORED),
    Variant("bert-stored-bin-sharded", storage="bin-sharded", **STORED),
    Variant("bert-stored-gamma-beta", storage="gamma-beta", **STORED),
    Variant("bert-stored-leftovers", storage="leftovers", **STORED),
    Variant("bert-untied-mlm", "mlm", size=SMALL, rows=2, config=dict(tie_word_embeddings=False)),
    Variant("bert-duplicated-mlm", "mlm", size=SMALL, rows=2, storage="duplicated"),
    # Encoders alone: no head, and names without the family's prefix.
    Variant("bert-encoder", "encoder", size=SMALL),
    Variant("roberta-encoder", "encoder", size=SMALL),
    Variant("distilbert-encoder", "encoder", size=SMALL),
    Variant("albert-encoder", "encoder", size=SMALL),
    Variant("electra-encoder", "encoder", size=SMALL, config=dict(embedding_size=12)),
]


def configure(v):
    """The variant's transformers configuration: every dropout 0, special ids as its tokenizer has them."""
    hidden, layers, heads, inner = v.size
    if v.family == "distilbert":
        c = dict(dim=hidden, n_layers=layers, n_heads=heads, hidden_dim=inner)
        c |= dict(dropout=0.0, attention_dropout=0.0, qa_dropout=0.0, seq_classif_dropout=0.0)
    else:
        c = dict(hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=inner)
        c |= dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    c |= dict(vocab_size=VOCABULARY[v.family], max_position_embeddings=64, initializer_range=0.12)
    if v.family in LIKE_ROBERTA:
        # Positions start at 2, so a table of 66 rows serves 64 tokens. Small pieces make long texts.
        c |= dict(max_position_embeddings=66 if v.family == "roberta" else 130, type_vocab_size=1, layer_norm_eps=1e-5)
        c |= dict(pad_token_id=1, bos_token_id=0, eos_token_id=2)
    if v.family == "albert":
        c |= dict(embedding_size=12, num_hidden_groups=1, classifier_dropout_prob=0.0, hidden_act="gelu_new")
    if v.family == "electra":
        c |= dict(embedding_size=16)
    labels = {
        "classify": SENTIMENTS,
        "pair-classify": SENTIMENTS,
        "multilabel": TOPICS,
        "regress": ["score"],
        "ner": ENTITIES,
    }.get(v.task)
    if labels:
        c |= dict(id2label=dict(enumerate(labels)), label2id={n: i for i, n in enumerate(labels)})
    if v.task == "multilabel":
        c |= dict(problem_type="multi_label_classification")
    return getattr(transformers, CLASS[v.family] + "Config")(**(c | v.config))


def new_model(v):
    """A model whose every weight matters: norms and biases are moved off 1 and 0, so dropping one shows."""
    torch.manual_seed(v.seed)
    config = configure(v)
    name = CLASS[v.family] + HEAD[v.task]
    model = getattr(transformers, "BertLMHeadModel" if name == "BertForCausalLM" else name)(config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            # A file's sinusoids are only a starting point: what it holds counts, so they are moved as well.
            sinusoids = getattr(config, "sinusoidal_pos_embds", False) and "position_embeddings" in name
            if p.dim() == 1 or sinusoids:
                p.add_(0.1 * torch.randn_like(p))
    return model


def new_batch(v, tokenizer):
    """A padded batch with labels for the task, drawn from the variant's seed."""
    g = torch.Generator().manual_seed(v.seed)
    draw = lambda n: int(torch.randint(n, (), generator=g))
    picks = [TEXTS[i] for i in torch.randperm(len(TEXTS), generator=g)]
    first, second = picks[: v.rows], picks[v.rows : 2 * v.rows]
    pairs = v.task in ("pair-classify", "pretraining")
    batch = dict(tokenizer(first, second if pairs else None, padding=True, truncation=True, max_length=64, return_tensors="pt"))
    ids = batch["input_ids"]
    special = torch.tensor([tokenizer.get_special_tokens_mask(r, already_has_special_tokens=True) for r in ids.tolist()]).bool()
    if v.task in ("classify", "pair-classify"):
        labels = torch.tensor([draw(3) for _ in first])
    elif v.task == "multilabel":
        labels = torch.randint(2, (v.rows, len(TOPICS)), generator=g).float()
    elif v.task == "regress":
        labels = torch.randn(v.rows, generator=g)
    elif v.task == "ner":
        labels = torch.randint(len(ENTITIES), ids.shape, generator=g).masked_fill(special, -100)
    elif v.task == "causal":
        labels = ids.masked_fill(batch["attention_mask"] == 0, -100)
    elif v.task in ("mlm", "pretraining"):
        masked = (torch.rand(ids.shape, generator=g) < 0.3) & ~special
        labels = ids.masked_fill(~masked, -100)
        batch["input_ids"] = ids.masked_fill(masked, tokenizer.mask_token_id)
    else:
        return batch, {}
    labels = {"labels": labels}
    if v.task == "pretraining":
        labels["next_sentence_label"] = torch.tensor([i % 2 for i in range(v.rows)])
    return batch, labels


def store(v, model, folder):
    """Writes configuration and weights in the variant's form."""
    if v.storage in ("f16", "bf16"):
        model = copy.deepcopy(model).to(torch.float16 if v.storage == "f16" else torch.bfloat16)
    if v.storage.startswith("bin"):
        shard = dict(max_shard_size="20KB") if v.storage == "bin-sharded" else {}
        model.save_pretrained(folder, safe_serialization=False, **shard)
        return
    if v.storage == "sharded":
        model.save_pretrained(folder, max_shard_size="20KB")
        return
    model.save_pretrained(folder)
    path = folder / "model.safetensors"
    weights = load_file(path)
    if v.storage == "gamma-beta":
        renamed = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
        for new in renamed.items():
            weights = {k.replace(*new): w for k, w in weights.items()}
    elif v.storage == "leftovers":
        hidden = model.config.hidden_size
        words = weights["bert.embeddings.word_embeddings.weight"]
        weights["bert.embeddings.position_ids"] = torch.arange(model.config.max_position_embeddings).unsqueeze(0)
        weights["cls.predictions.bias"] = torch.randn(len(words))
        weights["cls.predictions.decoder.weight"] = words.clone()
        weights["cls.predictions.transform.dense.weight"] = torch.randn(hidden, hidden)
        weights["cls.predictions.transform.dense.bias"] = torch.randn(hidden)
        weights["cls.predictions.transform.LayerNorm.weight"] = torch.randn(hidden)
        weights["cls.predictions.transform.LayerNorm.bias"] = torch.randn(hidden)
        weights["cls.seq_relationship.weight"] = torch.randn(2, hidden)
        weights["cls.seq_relationship.bias"] = torch.randn(2)
    elif v.storage == "duplicated":
        # Older checkpoints carry the tied decoder a second time.
        weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"].clone()
        weights["cls.predictions.decoder.bias"] = weights["cls.predictions.bias"].clone()
    else:
        return
    save_file({k: w.contiguous() for k, w in weights.items()}, path, metadata={"format": "pt"})


def open_model(folder):
    """The checkpoint as transformers opens it, in f32 and with eager attention; a key that is missing is an error."""
    config = json.loads((folder / "config.json").read_text())
    cls = getattr(transformers, config["architectures"][0])
    model, info = cls.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    if info["missing_keys"] or info["mismatched_keys"] or info["error_msgs"]:
        raise SystemExit(f"{folder}: transformers misses weights: {info}")
    stray = [k for k in info["unexpected_keys"] if not k.endswith("position_ids") and not k.startswith("cls.")]
    if stray:
        raise SystemExit(f"{folder}: transformers does not expect {stray}")
    return model


def forward(folder, batch, labels):
    """Everything of one forward and backward pass, as named tensors."""
    model = open_model(folder)
    model.train()
    out = model(**batch, **labels, output_hidden_states=True, output_attentions=True)
    tensors = {f"hidden_states.{i}": h for i, h in enumerate(out.hidden_states)}
    last = len(out.attentions) - 1
    tensors |= {f"attentions.{i}": out.attentions[i][:2] for i in {0, last}}
    tensors |= {k: w for k, w in out.items() if k.endswith("logits") or k == "pooler_output"}
    if labels:
        out.loss.backward()
        tensors["loss"] = out.loss.reshape(1)
        # `named_parameters` names a tied weight once, as the file does.
        tensors |= {f"grad.{n}": p.grad for n, p in model.named_parameters() if p.grad is not None}
    return {k: w.detach().clone().contiguous() for k, w in tensors.items()}


def train(folder, batch, labels):
    """Twelve steps on the batch, with the parameter groups, schedule and clipping of transformers' Trainer."""
    model = open_model(folder)
    model.train()
    patterns = [r"bias", r"layernorm", r"rmsnorm", r"(?:^|\.)norm(?:$|\.)", r"_norm(?:$|\.)"]
    names = set(get_parameter_names(model, [torch.nn.LayerNorm], patterns))
    decayed = [n for n, p in model.named_parameters() if n in names and p.requires_grad]
    groups = [
        dict(params=[p for n, p in model.named_parameters() if n in names and p.requires_grad], weight_decay=DECAY),
        dict(params=[p for n, p in model.named_parameters() if n not in names and p.requires_grad], weight_decay=0.0),
    ]
    optimizer = AdamW(groups, lr=LR, betas=BETAS, eps=EPS)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    losses, norms, rates = [], [], []
    for _ in range(STEPS):
        loss = model(**batch, **labels).loss
        loss.backward()
        losses.append(loss.item())
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP).item())
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return {
        "optimizer": "AdamW",
        "lr": LR,
        "weight_decay": DECAY,
        "betas": list(BETAS),
        "eps": EPS,
        "schedule": "linear",
        "warmup_steps": WARMUP,
        "total_steps": STEPS,
        "clip_grad_norm": CLIP,
        "dropout": 0.0,
        "decayed": decayed,
        "loss": losses,
        "grad_norm": norms,
        "learning_rate": rates,
        "final_norm": {n: p.detach().double().norm().item() for n, p in model.named_parameters() if p.requires_grad},
    }


def questions(v, tokenizer):
    """What the pipelines are asked: texts that are not in the batch, or lie there with other neighbours."""
    task = v.task
    if task == "regress" and "problem_type" not in v.config:
        return {}  # The loss is a regression's all the same, but the pipeline would squash the number with a sigmoid.
    ask = lambda texts: [dict(text=t) for t in texts]
    if task == "pair-classify":
        return {"text-classification": [dict(text=a, text_pair=b) for a, b in zip(PROBES, TEXTS[2:])]}
    if task in ("classify", "multilabel", "regress"):
        return {"text-classification": ask(PROBES)}
    if task == "mlm":
        return {"fill-mask": ask(b.replace("{}", tokenizer.mask_token) for b in BLANKS)}
    if task == "ner":
        return {"token-classification": {how: ask([TEXTS[1], PROBES[1]]) for how in AGGREGATIONS}}
    return {}


def answer(folder, asked):
    """The questions with the answers of transformers' pipelines beside them."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), open_model(folder).eval()
    make = lambda kind, **more: pipeline(kind, model=model, tokenizer=tokenizer, device="cpu", **more)
    answered = {}
    for kind, entries in asked.items():
        if kind == "token-classification":
            runs = {how: make(kind, aggregation_strategy=how) for how in entries}
            answered[kind] = {how: [e | {"result": runs[how](e["text"])} for e in entries[how]] for how in entries}
        elif kind == "fill-mask":
            run = make(kind)
            answered[kind] = [e | {"result": run(e["text"])} for e in entries]
        elif kind == "text-classification":
            run = make(kind, top_k=None)
            answered[kind] = [e | {"result": run([e])} for e in entries]
    return plain(answered)


def plain(x):
    """Numbers of numpy and torch as Python's own, for JSON."""
    if isinstance(x, dict):
        return {k: plain(y) for k, y in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(y) for y in x]
    return x.item() if hasattr(x, "item") else x


def make(v, out, tokenizers):
    """Writes the variant's folder."""
    folder = out / v.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    older = tokenizers / "sentencepiece" / v.family
    for path in sorted((older if older.is_dir() else tokenizers / f"{v.family}-classify").iterdir()):
        if path.name.startswith(("tokenizer", "special_tokens", "vocab", "merges", "sentencepiece")):
            shutil.copyfile(path, folder / path.name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if v.name in ("xlm-roberta-ner", "camembert-classify", "camembert-mlm"):
        if v.name == "xlm-roberta-ner":
            # As the models of this family are published: no space belongs to a word.
            parts = [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
            tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
        tokenizer.save_pretrained(folder)
        (folder / "sentencepiece.bpe.model").unlink()
        tokenizer = AutoTokenizer.from_pretrained(folder)
    store(v, new_model(v), folder)
    (folder / "generation_config.json").unlink(missing_ok=True)  # Nothing here generates.
    batch, labels = new_batch(v, tokenizer)
    tensors = dict(batch) | {f"label.{k}": w for k, w in labels.items()} | forward(folder, batch, labels)
    save_file({k: w.contiguous() for k, w in tensors.items()}, folder / "expected.safetensors")
    expected = {"family": v.family, "task": v.task}
    if labels:
        expected["trajectory"] = train(folder, batch, labels)
    expected["texts"] = tokenizer.batch_decode(batch["input_ids"])
    expected["pipelines"] = answer(folder, questions(v, tokenizer))
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


def difference(a, b):
    """The largest difference of numbers in two JSON values of the same shape; infinite where they differ otherwise."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((difference(a[k], b[k]) for k in a), default=0.0)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return max((difference(x, y) for x, y in zip(a, b)), default=0.0)
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b)
    return 0.0 if a == b else float("inf")


def unanswered(pipelines):
    """The questions alone, of the kinds this script can ask."""
    strip = lambda entries: [{k: x for k, x in e.items() if k != "result"} for e in entries]
    known = {k: p for k, p in pipelines.items() if k in ("text-classification", "fill-mask", "token-classification")}
    return {k: {how: strip(p[how]) for how in p} if isinstance(p, dict) else strip(p) for k, p in known.items()}


def without(names, trajectory):
    """The trajectory without the final norms of these weights."""
    return trajectory | {"final_norm": {n: x for n, x in trajectory["final_norm"].items() if n not in names}}


def check(folder):
    """Recomputes what a folder records; returns whether it holds, and prints the largest differences."""
    with safe_open(folder / "expected.safetensors", "pt") as f:
        recorded = {k: f.get_tensor(k) for k in f.keys()}
    batch = {k: recorded.pop(k) for k in ("input_ids", "attention_mask", "token_type_ids") if k in recorded}
    labels = {k.removeprefix("label."): recorded.pop(k) for k in list(recorded) if k.startswith("label.")}
    computed = forward(folder, batch, labels)
    expected = json.loads((folder / "expected.json").read_text())
    odd = sorted(recorded.keys() ^ computed.keys())
    tensors = max((recorded[k] - computed[k]).abs().max().item() for k in recorded.keys() & computed.keys())
    steps = 0.0
    if "trajectory" in expected:
        # A gradient that is 0 but for rounding (a key's bias, for one) moves its weight by chance: AdamW magnifies it.
        chance = {n for n in expected["trajectory"]["final_norm"] if recorded[f"grad.{n}"].norm() < 1e-6}
        steps = difference(without(chance, expected["trajectory"]), without(chance, train(folder, batch, labels)))
    asked = unanswered(expected["pipelines"])
    answers = difference({k: expected["pipelines"][k] for k in asked}, answer(folder, asked))
    good = not odd and max(tensors, steps, answers) < 1e-5
    size = sum(p.stat().st_size for p in folder.iterdir()) // 1000
    print(f"{'ok ' if good else 'BAD'} {folder.name}: tensors {tensors:.1e}, steps {steps:.1e}, pipelines {answers:.1e}, {size} kB")
    if odd:
        print("    recorded or computed, not both:", *odd)
    return good


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--check", action="store_true")
    p.add_argument("--list", action="store_true")
    p.add_argument("--tokenizers", type=Path, default=Path(__file__).resolve().parent)
    p.add_argument("paths", nargs="*")
    a = p.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if a.list:
        print(*(v.name for v in VARIANTS), sep="\n")
    elif a.check:
        results = [check(Path(f)) for f in a.paths]
        sys.exit(0 if all(results) else 1)
    elif a.paths:
        wanted = a.paths[1:]
        unknown = set(wanted) - {v.name for v in VARIANTS}
        if unknown:
            raise SystemExit(f"no variant is called {', '.join(sorted(unknown))}; --list names them")
        for v in VARIANTS:
            if not wanted or v.name in wanted:
                make(v, Path(a.paths[0]), a.tokenizers)
                print(v.name, flush=True)
    else:
        p.error("name the folder to write to")


if __name__ == "__main__":
    main()
