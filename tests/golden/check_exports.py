"""Exports every checkpoint and asks other programs for the same: python check_exports.py ATTUNE

For each folder: `attune export --format hf,onnx --receipt`, then its receipt by transformers, then the graph by
onnxruntime on the recorded inputs (a padded batch) against what transformers said of them. Prints a table; ends with 1
where anything differs by more than 1e-4.
"""
import contextlib
import io
import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

here = Path(__file__).resolve().parent
attune = Path(sys.argv[1]).resolve()
LIMIT = 1e-4


def folders():
    for path in sorted(list(here.glob("*-*")) + list((here / "variants").glob("*-*"))):
        if (path / "expected.safetensors").is_file():
            yield path


def difference(folder, expected):
    """Largest difference of each output where the mask is 1, and the graph's own inputs and outputs."""
    onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    inputs = {one.name: expected[one.name].astype(np.int64) for one in session.get_inputs() if one.name in expected}
    for one in session.get_inputs():
        inputs.setdefault(one.name, np.zeros_like(inputs["input_ids"]))
    mask = inputs["attention_mask"].astype(bool)
    largest = 0.0
    for one, found in zip(session.get_outputs(), session.run(None, inputs)):
        recorded = expected.get(one.name, expected.get("last_hidden_state"))
        if recorded is None:
            layers = [name for name in expected if name.startswith("hidden_states.")]
            recorded = expected[max(layers, key=lambda name: int(name.split(".")[1]))]
        assert found.shape == recorded.shape, (one.name, found.shape, recorded.shape)
        apart = np.abs(found - recorded)
        largest = max(largest, float(apart[mask].max() if apart.shape[:2] == mask.shape and apart.ndim > 1 else apart.max()))
    return largest, [one.name for one in session.get_inputs()], [one.name for one in session.get_outputs()]


def receipt_of(folder):
    """What the folder's receipt says, and whether all agreed; run here, as loading PyTorch anew for each takes long."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(folder / "receipt.py"), run_name="__main__")
        return out.getvalue().split(" in token")[0], True
    except (SystemExit, Exception) as error:
        return f"FAILED: {str(error)[:300]}", False


failed = []
print("| checkpoint | inputs | outputs | largest difference | receipt |\n|---|---|---|---|---|")
for path in folders():
    with tempfile.TemporaryDirectory() as scratch:
        to = Path(scratch) / "out"
        has_head = not json.loads((path / "config.json").read_text())["architectures"][0].endswith("Model")
        receipt = ["--receipt"] if has_head else []
        command = [attune, "export", path, "--to", to, "--format", "hf,onnx", *receipt]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            failed.append(path.name)
            print(f"| {path.name} | {run.stderr.strip()} | | | |")
            continue
        largest, inputs, outputs = difference(to / "onnx", load_file(path / "expected.safetensors"))
        said = "no head"
        if has_head:
            said, agreed = receipt_of(to / "hf")
            if not agreed:
                failed.append(path.name)
        if largest > LIMIT:
            failed.append(path.name)
        print(f"| {path.name} | {', '.join(inputs)} | {', '.join(outputs)} | {largest:.1e} | {said} |", flush=True)
sys.exit(f"differ: {', '.join(failed)}" if failed else 0)
