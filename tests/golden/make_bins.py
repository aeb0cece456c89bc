"""Makes bins/*.bin, small files in all shapes torch.save writes, each with what is in it as NAME.safetensors (f32).

Run once with torch and safetensors installed; the tests read what it made.
"""

from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent / "bins"
torch.manual_seed(7)


def tensors():
    base = torch.randn(6, 5)
    tied = torch.randn(4, 3)
    return OrderedDict(
        [
            ("plain.weight", torch.randn(3, 4)),
            ("plain.bias", torch.randn(3)),
            ("scalar", torch.tensor(1.5)),
            ("empty", torch.zeros(0, 4)),
            ("half", torch.randn(5).half()),
            ("brain", torch.randn(2, 3).bfloat16()),
            ("double", torch.randn(4).double()),
            ("tied.first", tied),
            ("tied.second", tied),
            ("part", base[2:4]),
            ("columns", base[:, 1:3]),
            ("turned", base.t()),
            ("every_other", base[::2, ::2]),
            ("repeated", torch.randn(1, 3).expand(4, 3)),
            ("cube", torch.randn(2, 3, 4).permute(2, 0, 1)),
            ("parameter", torch.nn.Parameter(torch.randn(2, 2))),
            ("position_ids", torch.arange(7).expand(1, -1)),
            ("flags", torch.tensor([True, False])),
        ]
    )


def keep(name, state, content=None, **kwargs):
    torch.save(state if content is None else content, HERE / f"{name}.bin", **kwargs)
    floats = {key: value.detach().float().contiguous().clone() for key, value in state.items()}
    save_file(floats, HERE / f"{name}.safetensors", {"format": "pt"})


def main():
    HERE.mkdir(exist_ok=True)
    for protocol in (2, 3, 4, 5):
        keep(f"zip-{protocol}", tensors(), pickle_protocol=protocol)
        keep(f"legacy-{protocol}", tensors(), pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    state = tensors()
    keep("wrapped", state, {"epoch": 3, "state_dict": state, "name": "a checkpoint"})
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    keep("module", module.state_dict())
    keep("module-legacy", module.state_dict(), _use_new_zipfile_serialization=False)
    keep("dict", dict(tensors()))
    # More than the reader looks at in one go.
    many = OrderedDict((f"encoder.layer.{i}.attention.output.dense.weight", torch.full((2,), float(i))) for i in range(2000))
    torch.save(many, HERE / "many-legacy.bin", _use_new_zipfile_serialization=False)
    # Three numbers that claim to be eighty thousand.
    views = {f"layer.{i}.weight": torch.zeros(1).expand(1000) for i in range(80)}
    torch.save(views, HERE / "claims.bin")


main()
