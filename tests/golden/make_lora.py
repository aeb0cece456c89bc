#!/usr/bin/env python3
"""Makes adapters with PEFT beside the small checkpoints of this folder, and records what PEFT computes with them.

usage: make_lora.py                 writes lora/NAME/ for all cases below
       make_lora.py --check FOLDER  opens adapters that Attune wrote with PEFT and compares the logits that lie beside

Each `lora/NAME` is an adapter as `save_pretrained` leaves it, with `expected.safetensors` (a batch and its logits). Those
that are called `steps-…` also have what AdamW makes of the adapter: `steps.safetensors` with the matrices and the head
before and after, and `steps.json` with the losses and the number of trained parameters.

It needs torch 2.15, transformers 4.57.1, peft 0.21.2, safetensors and numpy, and is run by hand: the tests read only what
it wrote. Everything follows from the case's name.
"""

import json
import os
import sys
import zlib
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

HERE = Path(__file__).resolve().parent
OUT = HERE / "lora"
STEPS = 6
LR = 2e-3
CLASSES = {
    "SEQ_CLS": transformers.AutoModelForSequenceClassification,
    "TOKEN_CLS": transformers.AutoModelForTokenClassification,
    "QUESTION_ANS": transformers.AutoModelForQuestionAnswering,
    None: transformers.AutoModelForMaskedLM,
}
BERT = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]

# Name, base, task, settings of the adapter, and of the model.
CASES = [
    ("bert-classify", "bert-classify", "SEQ_CLS", dict(r=4, lora_alpha=6, target_modules="all-linear", use_rslora=True), {}),
    ("bert-ner", "bert-ner", "TOKEN_CLS",
     dict(r=4, lora_alpha=8, target_modules=["query", "value"], bias="lora_only",
          rank_pattern={"layer.1.attention.self.query": 2}, alpha_pattern={"layer.0.attention.self.value": 24}), {}),
    ("bert-mlm", "bert-mlm", None, dict(r=3, lora_alpha=8, target_modules=["query", "output.dense"]), {}),
    ("roberta-classify", "roberta-classify", "SEQ_CLS", dict(r=8, lora_alpha=16, target_modules=BERT), {}),
    ("roberta-five", "roberta-mlm", "SEQ_CLS", dict(r=2, lora_alpha=8, target_modules=["query"]), dict(num_labels=5)),
    ("xlm-roberta-ner", "variants/xlm-roberta-ner", "TOKEN_CLS", dict(r=4, target_modules=["key", "value"]), {}),
    ("distilbert-qa", "distilbert-qa", "QUESTION_ANS", dict(r=4, target_modules=["q_lin", "out_lin", "lin1", "lin2"]), {}),
    ("albert-classify", "albert-classify", "SEQ_CLS",
     dict(r=4, target_modules=["query", "ffn", "ffn_output", "dense", "embedding_hidden_mapping_in"]), {}),
    ("electra-classify", "electra-classify", "SEQ_CLS",
     dict(r=4, lora_alpha=2, target_modules=["query", "value", "embeddings_project", "word_embeddings"]), {}),
]
# What is stored whole beside the matrices, as Attune trains it.
TRAINED = [
    ("steps-bert", "bert-classify", ["query", "value"], ["pooler.dense", "classifier"]),
    ("steps-bert-all", "bert-classify", BERT, ["pooler.dense", "classifier"]),
    ("steps-roberta", "roberta-classify", ["query", "value"], ["classifier"]),
    ("steps-distilbert", "distilbert-classify", ["q_lin", "v_lin", "lin1", "lin2"], ["pre_classifier", "classifier"]),
    ("steps-albert", "albert-classify", ["query", "value", "ffn_output"], ["albert.pooler", "classifier"]),
    ("steps-electra", "electra-classify", ["query", "key", "value"], ["classifier"]),
    ("steps-xlm-roberta", "variants/xlm-roberta-pair-classify", ["query", "value"], ["classifier"]),
]


def seed(name):
    torch.manual_seed(zlib.crc32(name.encode()))


def batch_of(base):
    expected = load_file(HERE / base / "expected.safetensors")
    kept = ["input_ids", "attention_mask", "token_type_ids"]
    batch = {key: expected[key].long() for key in kept if key in expected}
    labels = expected.get("label.labels")
    if "roberta" in base or "distilbert" in base:
        batch.pop("token_type_ids", None)
    return batch, labels


def save_whole(model, base, folder):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    # Found beside the folder by its name, or by a path from it.
    config["base_model_name_or_path"] = f"../../{base}" if "/" in base else base
    config["modules_to_save"] = config["modules_to_save"] and sorted(set(config["modules_to_save"]))
    # A set has another order each time.
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=1) + "\n")


def logits(model, batch):
    model.eval()
    with torch.no_grad():
        out = model(**batch)
    if "start_logits" in out:
        return {"start_logits": out.start_logits, "end_logits": out.end_logits}
    return {"logits": out.logits}


def stir(model):
    """B is zero at first, which would hide the whole adapter."""
    for name, param in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name or param.requires_grad:
            param.data.add_(torch.randn_like(param) * 0.1)


def record(name, base, task, settings, of_model):
    seed(name)
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    model = CLASSES[task].from_pretrained(HERE / base, **of_model)
    model = get_peft_model(model, LoraConfig(task_type=task, **settings))
    stir(model)
    save_whole(model, base, folder)
    batch, _ = batch_of(base)
    if task is None:
        batch = {key: value[:1] for key, value in batch.items()}
    save_file({**batch, **{k: v.contiguous() for k, v in logits(model, batch).items()}}, folder / "expected.safetensors")


def record_steps(name, base, targets, whole):
    seed(name)
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(HERE / base)
    settings = dict(r=4, lora_alpha=8, target_modules=targets, modules_to_save=whole)
    model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", **settings))
    batch, labels = batch_of(base)
    # Nothing is dropped.
    model.eval()
    named = {plain(key): value for key, value in model.named_parameters() if value.requires_grad}
    before = {f"before.{key}": value.detach().clone() for key, value in named.items()}
    decayed = [value for key, value in named.items() if not key.endswith("bias")]
    others = [value for key, value in named.items() if key.endswith("bias")]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=LR)
    losses, norms = [], []
    for _ in range(STEPS):
        loss = model(**batch, labels=labels).loss
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(list(named.values()), 1.0)))
        losses.append(float(loss.detach()))
        optimizer.step()
        optimizer.zero_grad()
    after = {f"after.{key}": value.detach().clone() for key, value in named.items()}
    save_file({k: v.contiguous() for k, v in {**before, **after}.items()}, folder / "steps.safetensors")
    trained, _ = model.get_nb_trainable_parameters()
    told = {"losses": losses, "norms": norms, "lr": LR, "trained": trained}
    (folder / "steps.json").write_text(json.dumps(told, indent=1) + "\n")
    save_whole(model, base, folder)
    save_file({**batch, "labels": labels, **logits(model, batch)}, folder / "expected.safetensors")


def plain(name):
    for part in [".default", ".modules_to_save"]:
        name = name.replace(part, "")
    return name


def check(folder):
    """`logits.json` in the folder has what Attune says of the batch: ids and logits of each text, alone."""
    told = json.loads((folder / "logits.json").read_text())
    config = json.loads((folder / "adapter_config.json").read_text())
    own = json.loads((folder / "config.json").read_text())
    of_model = {"num_labels": len(own["id2label"])} if "id2label" in own else {}
    base = CLASSES[config["task_type"]].from_pretrained(config["base_model_name_or_path"], **of_model)
    model = PeftModel.from_pretrained(base, folder)
    stored = set(load_file(folder / "adapter_model.safetensors"))
    worst = 0.0
    for text in told:
        ids = torch.tensor([text["ids"]])
        found = list(logits(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}).values())
        found = torch.stack(found, -1) if len(found) > 1 else found[0]
        expected = torch.tensor(text["logits"]).reshape(found.shape)
        worst = max(worst, float((found - expected).abs().max()))
    trained = sum(p.numel() for n, p in model.named_parameters() if "lora_" in n or "modules_to_save" in n)
    print(f"{folder.name}: {len(stored)} tensors, {trained} trained, logits differ by {worst:.1e}")
    return worst <= 1e-5


def main():
    transformers.logging.set_verbosity_error()
    if sys.argv[1:2] == ["--check"]:
        folders = [Path(path) for path in sys.argv[2:]]
        sys.exit(0 if all([check(folder) for folder in folders]) else 1)
    for case in CASES:
        record(*case)
    for case in TRAINED:
        record_steps(*case)


if __name__ == "__main__":
    main()
