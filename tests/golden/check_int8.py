"""Exports every checkpoint in eight bits and asks onnxruntime: python check_int8.py ATTUNE [MODEL]

For each folder: `attune export --format onnx,onnx-int8`, both graphs run on the recorded inputs, and beside them what
onnxruntime's own `quantize_dynamic` (weights per channel, symmetric) makes of the float graph. Prints how far both are
from the float graph, as a share of its root mean square; ends with 1 where a graph is not valid or ours is further off than twice
onnxruntime's and a hundredth more.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

here = Path(__file__).resolve().parent
attune = Path(sys.argv[1]).resolve()


def folders():
    for path in sorted(list(here.glob("*-*")) + list((here / "variants").glob("*-*"))):
        if (path / "expected.safetensors").is_file():
            yield path


def outputs(path, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    shape = inputs["input_ids"].shape
    return session.run(None, {name: inputs.get(name, np.zeros(shape)).astype(np.int64) for name in names})


def apart(found, plain, mask):
    error = square = 0.0
    for one, other in zip(found, plain):
        assert one.shape == other.shape
        seen = mask if one.ndim > 1 and one.shape[:2] == mask.shape else slice(None)
        error += float(((one[seen] - other[seen]) ** 2).sum())
        square += float((other[seen] ** 2).sum())
    return (error / square) ** 0.5


failed = []
print("| checkpoint | ours | quantize_dynamic | bytes, of float |\n|---|---|---|---|")
for path in folders():
    with tempfile.TemporaryDirectory() as scratch:
        to = Path(scratch) / "out"
        subprocess.run([attune, "export", path, "--to", to, "--format", "onnx,onnx-int8"], check=True, capture_output=True)
        plain, ours, theirs = to / "onnx/model.onnx", to / "onnx-int8/model.onnx", Path(scratch) / "theirs.onnx"
        onnx.checker.check_model(str(ours), full_check=True)
        dense = [node.name for node in onnx.load(plain).graph.node if node.op_type == "MatMul" and "/layers." in node.name]
        quantize_dynamic(plain, theirs, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"],
                         nodes_to_quantize=dense, extra_options={"MatMulConstBOnly": True})
        expected = load_file(path / "expected.safetensors")
        inputs = {name: expected[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in expected}
        mask = inputs["attention_mask"].astype(bool)
        whole = outputs(plain, inputs)
        own, other = apart(outputs(ours, inputs), whole, mask), apart(outputs(theirs, inputs), whole, mask)
        share = ours.stat().st_size / plain.stat().st_size
        print(f"| {path.name} | {own:.4f} | {other:.4f} | {share:.2f} |", flush=True)
        if own > 2 * other + 0.01:
            failed.append(path.name)
sys.exit(f"too far: {', '.join(failed)}" if failed else 0)
