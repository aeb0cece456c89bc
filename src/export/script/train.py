# /// script
# requires-python = ">=3.10"
# dependencies = [@DEPENDENCIES@]
# ///
"""Trains with transformers' Trainer what Attune trained in the run @NAME@.

    uv run train.py      or: python train.py      or: accelerate launch train.py

train.jsonl and eval.jsonl beside this file are the rows as the run used them: read, divided, corrected and left out as it
was chosen there. What is trained, at which rate and with which decay is listed by weight. What differs: the order of the
rows, what dropout drops and how a new head begins, which other random numbers decide; so curves agree within what another
seed changes.@DIFFERS@
"""
import argparse
import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoConfig, AutoTokenizer, Trainer, TrainingArguments, get_scheduler, set_seed

SETTINGS = @SETTINGS@

here = Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--model", default=SETTINGS["base"], help="folder or name of the base model")
parser.add_argument("--out", type=Path, default=here / "trained", help="folder of the trained model")
parser.add_argument("--seed", type=int, default=SETTINGS["seed"])
arguments = parser.parse_args()
TASK, LABELS = SETTINGS["task"], SETTINGS["labels"]
INDEX = {label: index for index, label in enumerate(LABELS)}


def rows(name):
    with open(here / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def texts(row):
    """A text, or a text and its pair, as features with its label."""
    pair = [row["pair"]] if "pair" in row else []
    features = dict(tokenizer(row["text"], *pair, truncation=True, max_length=SETTINGS["max_tokens"]))
    if TASK == "classify":
        features["labels"] = INDEX[row["label"]]
    elif TASK == "regress":
        features["labels"] = float(row["value"])
    else:
        features["labels"] = [float(label in row["labels"]) for label in LABELS]
    return [features]


def tagged(row):
    """A sentence in windows; the first piece of a word has its tag, and a piece that another window showed has none."""
    encoded = tokenizer(
        row["words"], is_split_into_words=True, truncation=True, max_length=SETTINGS["max_tokens"],
        stride=SETTINGS["stride"], return_overflowing_tokens=True,
    )
    windows, seen = [], set()
    for window in range(len(encoded["input_ids"])):
        labels = []
        for word in encoded.word_ids(window):
            labels.append(-100 if word is None or word in seen else INDEX[row["tags"][word]])
            seen.add(word)
        names = [name for name in tokenizer.model_input_names if name in encoded]
        windows.append({name: encoded[name][window] for name in names} | {"labels": labels})
    return windows


def asked(row):
    """A question over the windows of its context; where a window lacks the answer it is at the first token."""
    question = row["question"].lstrip()
    # Windows share less than what a long question leaves of them.
    room = SETTINGS["max_tokens"] - len(tokenizer(question)["input_ids"]) - 3
    encoded = tokenizer(
        question, row["context"], truncation="only_second", max_length=SETTINGS["max_tokens"],
        stride=max(0, min(SETTINGS["stride"], room)), return_overflowing_tokens=True, return_offsets_mapping=True,
    )
    windows = []
    for window, offsets in enumerate(encoded["offset_mapping"]):
        start = end = 0
        inside = [place for place, part in enumerate(encoded.sequence_ids(window)) if part == 1]
        if row["answers"] and inside:
            first = row["answers"][0]["start"]
            last = first + len(row["answers"][0]["text"])
            if offsets[inside[0]][0] <= first and last <= offsets[inside[-1]][1]:
                start = max(place for place in inside if offsets[place][0] <= first)
                end = min(place for place in inside if offsets[place][1] >= last)
        names = [name for name in tokenizer.model_input_names if name in encoded]
        windows.append({name: encoded[name][window] for name in names} | {"start_positions": start, "end_positions": end})
    return windows


def scores(prediction):
    """What the run was judged by, from logits and labels."""
    logits, gold = prediction.predictions, prediction.label_ids
    if TASK == "regress":
        found, gold = np.ravel(logits), np.ravel(gold)
        rank = lambda values: np.argsort(np.argsort(values))
        pearson = lambda a, b: float(np.corrcoef(a, b)[0, 1]) if np.std(a) > 0 and np.std(b) > 0 else 0.0
        return {"mse": float(np.mean((found - gold) ** 2)), "pearson": pearson(found, gold), "spearman": pearson(rank(found), rank(gold))}
    if TASK == "ner":
        from seqeval.metrics import accuracy_score, f1_score, precision_score, recall_score

        best = logits.argmax(-1)
        true = [[LABELS[one] for one in row if one != -100] for row in gold]
        said = [[LABELS[b] for b, one in zip(best_row, row) if one != -100] for best_row, row in zip(best, gold)]
        metrics = {"f1": f1_score, "precision": precision_score, "recall": recall_score, "accuracy": accuracy_score}
        return {name: float(metric(true, said)) for name, metric in metrics.items()}
    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

    found = logits.argmax(-1) if TASK == "classify" else (logits > 0).astype(int)
    result = {"accuracy": float(accuracy_score(gold, found))}
    for average in ("macro", "micro", "weighted"):
        result[f"f1_{average}"] = float(f1_score(gold, found, average=average, zero_division=0))
    if TASK == "classify":
        result["matthews"] = float(matthews_corrcoef(gold, found))
    return result


def weighted_loss(outputs, labels, num_items_in_batch=None):
    """Cross-entropy with the weights of classes and smoothed labels, over the labels that count."""
    weights = torch.tensor(SETTINGS["class_weights"], device=labels.device) if SETTINGS["class_weights"] else None
    entropy = torch.nn.CrossEntropyLoss(weight=weights, label_smoothing=SETTINGS["label_smoothing"])
    return entropy(outputs["logits"].flatten(0, -2), labels.flatten())


set_seed(arguments.seed)
tokenizer = AutoTokenizer.from_pretrained(arguments.model, **SETTINGS["tokenizer"])
config = AutoConfig.from_pretrained(arguments.model)
if LABELS:
    config.num_labels = len(LABELS)
    config.id2label, config.label2id = dict(enumerate(LABELS)), INDEX
if SETTINGS["problem_type"]:
    config.problem_type = SETTINGS["problem_type"]
for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "classifier_dropout_prob",
             "dropout", "attention_dropout", "seq_classif_dropout", "qa_dropout"):
    if SETTINGS["dropout"] is not None and hasattr(config, name):
        setattr(config, name, SETTINGS["dropout"])
model_class = getattr(transformers, SETTINGS["class"])
if SETTINGS["init"] == "random":
    model = model_class(config)
else:
    model = model_class.from_pretrained(arguments.model, config=config, ignore_mismatched_sizes=True)
model = model.float()

if SETTINGS["lora"]:
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(model, LoraConfig(**SETTINGS["lora"]))
    groups = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = SETTINGS["adapter_lr"] if "lora_" in name else SETTINGS["head_lr"]
            decay = SETTINGS["weight_decay"] if parameter.dim() > 1 else 0.0
            groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
else:
    by_name = dict(model.named_parameters())
    for parameter in by_name.values():
        parameter.requires_grad = False
    groups = []
    for group in SETTINGS["groups"]:
        missing = [name for name in group["names"] if name not in by_name]
        if missing:
            raise SystemExit(f"the model has no weight {missing[0]}; is {arguments.model} the base model of the run?")
        parameters = [by_name[name].requires_grad_() for name in group["names"]]
        groups.append({"params": parameters, "lr": group["lr"], "weight_decay": group["weight_decay"]})
    # What is frozen runs without dropout, as in Attune.
    for module in model.modules():
        own = list(module.parameters())
        if own and not any(one.requires_grad for one in own):
            module.eval()
            module.train = lambda mode=True, module=module: module

make = {"ner": tagged, "qa": asked}.get(TASK, texts)
train_set = [features for row in rows("train.jsonl") for features in make(row)]
eval_set = [features for row in rows("eval.jsonl") for features in make(row)]
optimizer = torch.optim.AdamW(groups, betas=SETTINGS["betas"], eps=SETTINGS["eps"])
scheduler = get_scheduler(SETTINGS["schedule"], optimizer, SETTINGS["warmup_steps"], SETTINGS["steps"])
collator = transformers.DataCollatorForTokenClassification if TASK == "ner" else transformers.DataCollatorWithPadding
known = {field.name for field in dataclasses.fields(TrainingArguments)}
wanted = {
    "output_dir": str(here / "checkpoints"),
    "max_steps": SETTINGS["steps"],
    # An update is as large whoever shares it.
    "per_device_train_batch_size": max(1, SETTINGS["batch"] // int(os.environ.get("WORLD_SIZE", "1"))),
    "per_device_eval_batch_size": 32,
    "max_grad_norm": SETTINGS["clip"],
    "eval_strategy": SETTINGS["eval_strategy"],
    "eval_steps": SETTINGS["eval_steps"],
    "save_strategy": SETTINGS["eval_strategy"],
    "save_steps": SETTINGS["eval_steps"],
    "save_total_limit": 2,
    "load_best_model_at_end": True,
    "metric_for_best_model": SETTINGS["keep_best"],
    "greater_is_better": SETTINGS["higher_is_better"],
    "logging_steps": SETTINGS["log_every"],
    "seed": arguments.seed,
    "report_to": "none",
    "group_by_length": SETTINGS["bucket"],
    "bf16": SETTINGS["bf16"],
}
for name in sorted(wanted.keys() - known):
    print(f"transformers {transformers.__version__} has no {name}, so it is left out")
callbacks = [transformers.EarlyStoppingCallback(SETTINGS["patience"])] if SETTINGS["patience"] else []
trainer = Trainer(
    model=model,
    args=TrainingArguments(**{name: value for name, value in wanted.items() if name in known and value is not None}),
    train_dataset=train_set,
    eval_dataset=eval_set,
    data_collator=collator(tokenizer),
    compute_metrics=None if TASK == "qa" else scores,
    compute_loss_func=weighted_loss if SETTINGS["class_weights"] or SETTINGS["label_smoothing"] else None,
    optimizers=(optimizer, scheduler),
    callbacks=callbacks,
)
trainer.train()
final = trainer.evaluate()
trainer.save_model(str(arguments.out))
tokenizer.save_pretrained(str(arguments.out))
with open(here / "curve.jsonl", "w", encoding="utf-8") as lines:
    lines.writelines(json.dumps(entry) + "\n" for entry in trainer.state.log_history)
print(json.dumps({name: value for name, value in final.items() if isinstance(value, float)}, indent=2))
