"""Asks whether this folder answers here as it did in Attune: python receipt.py"""
import json
import sys
from pathlib import Path

import torch
import transformers

here = Path(__file__).resolve().parent
receipt = json.loads((here / "receipt.json").read_text(encoding="utf-8"))
tokenizer = transformers.AutoTokenizer.from_pretrained(here)
model = getattr(transformers, receipt["class"]).from_pretrained(here).float().eval()


def fail(number, one, what):
    sys.exit(f"input {number} of {len(receipt['inputs'])} differs, {one['text']!r}: {what}")


for number, one in enumerate(receipt["inputs"], 1):
    encoded = tokenizer(*[text for text in (one["text"], one["pair"]) if text is not None], return_tensors="pt")
    for name in ("input_ids", "token_type_ids"):
        if name in encoded and name in one and encoded[name][0].tolist() != one[name]:
            fail(number, one, f"{name} are {encoded[name][0].tolist()}, expected {one[name]}")
    with torch.no_grad():
        outputs = model(**encoded)
    for check in one["checks"]:
        found = outputs[check["output"]][0][tuple(check["at"])]
        best = found.argmax(-1).tolist() if check["best"] is not None else None
        found = found if check["columns"] is None else found[..., check["columns"]]
        expected = torch.tensor(check["logits"])
        if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-4, atol=receipt["tolerance"]):
            fail(number, one, f"{check['output']} are {found.tolist()}, expected {check['logits']}")
        if best != check["best"]:
            fail(number, one, f"the best of {check['output']} is {best}, expected {check['best']}")
        if check["labels"] is not None:
            labels = [model.config.id2label[index] for index in (best if isinstance(best, list) else [best])]
            if labels != check["labels"]:
                fail(number, one, f"the answer is {labels}, expected {check['labels']}")
print(f"{len(receipt['inputs'])} inputs agreed in token ids, logits and answers with transformers {transformers.__version__}")
