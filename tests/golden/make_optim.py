"""Writes optim.json: factors of PyTorch's OneCycleLR, and losses and gradients of focal loss by its autograd. Tests read
the file, not this script.

    pip install torch==2.15
    python make_optim.py > optim.json

The factors are of the default cosine annealing, div_factor 25 and final_div_factor 1e4, without cycled momentum, and with
a pct_start of `warmup` steps. Focal loss (Lin et al., 2017) is the sum over rows of `-w (1 - p) ** gamma * log p`, where p
is the probability of the row's class and w the class's weight, divided by a number, in double precision.
"""

import json

import torch


def one_cycle(total, warmup):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=total, pct_start=warmup / total, cycle_momentum=False
    )
    factors = []
    for step in range(total):
        factors.append(schedule.get_last_lr()[0])
        optimizer.step()
        if step + 1 < total:
            schedule.step()
    return {"total": total, "warmup": warmup, "factors": factors}


def focal(gamma, weights, denominator):
    values = [[3.0 * torch.sin(torch.tensor(1.7 * (4 * row + column))).item() for column in range(4)] for row in range(5)]
    values.append([60.0, -20.0, 0.0, 5.0])  # as sure as can be
    logits = torch.tensor(values, dtype=torch.float32).double().requires_grad_()
    targets = torch.tensor([1, 2, 3, 0, 0, 0])
    log_p = torch.log_softmax(logits, -1).gather(1, targets[:, None])[:, 0]
    w = torch.tensor(weights or [1.0] * 4, dtype=torch.float64)[targets]
    loss = -(w * (1 - log_p.exp()) ** gamma * log_p).sum() / denominator
    loss.backward()
    return {
        "gamma": gamma,
        "weights": weights,
        "denominator": denominator,
        "logits": logits.tolist(),
        "targets": targets.tolist(),
        "loss": loss.item(),
        "gradient": logits.grad.tolist(),
    }


print(
    json.dumps(
        {
            "one_cycle": [one_cycle(20, 6), one_cycle(25, 3), one_cycle(7, 0), one_cycle(10, 10), one_cycle(100, 30)],
            "focal": [focal(2.0, [], 6.0), focal(1.0, [0.5, 2.0, 1.0, 1.5], 3.5), focal(3.5, [], 1.0)],
        }
    )
)
