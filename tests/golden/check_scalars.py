"""Reads the event files of a run with TensorBoard and compares them with its log.

    python check_scalars.py RUN        # needs the package tensorboard

Says how many scalars agree, and ends with 1 at the first that does not.
"""

import json
import math
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = Path(sys.argv[1])
board = EventAccumulator(str(run), size_guidance={"scalars": 0})
board.Reload()
read = {(tag, one.step): one.value for tag in board.Tags()["scalars"] for one in board.Scalars(tag)}

expected = {}
for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines():
    event = json.loads(line)
    if event["event"] == "step":
        for key in ("loss", "grad_norm", "epoch", "tokens_per_sec"):
            expected[f"train/{key}", event["step"]] = event[key]
        expected["lr", event["step"]] = event["lr"]
        expected |= {(f"lr/{group}", event["step"]): lr for group, lr in event["lrs"].items()}
    elif event["event"] == "eval":
        expected |= {("eval/" + key.removeprefix("eval_"), event["step"]): value for key, value in event["metrics"].items()}

assert read.keys() == expected.keys(), sorted(read.keys() ^ expected.keys())[:5]
for key, value in expected.items():
    same = math.isnan(read[key]) if value is None else math.isclose(read[key], value, rel_tol=1e-6, abs_tol=1e-12)
    if not same:
        sys.exit(f"{key}: TensorBoard reads {read[key]}, and the log says {value}")
print(f"{len(expected)} scalars of {len(list(run.glob('*tfevents*')))} files agree")
