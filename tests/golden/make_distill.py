"""Writes distill.json: losses of a student against a teacher and their gradients, by PyTorch's autograd. Tests read the
file, not this script.

    pip install torch==2.15
    python make_distill.py > distill.json

As in Hinton, Vinyals and Dean (2015): both models' logits are divided by a temperature, and the loss is multiplied by its
square. One label: KL divergence of the softmax. Several labels: binary cross-entropy of the sigmoids. Numbers: squared
error. Spans: the mean of the divergences of first and last tokens over the tokens of each sequence. Sums, divided by a
number, in double precision.
"""

import json

import torch
from torch.nn import functional as F


def values(rows, columns, speed, size):
    step = torch.arange(rows * columns, dtype=torch.float32)
    return (size * torch.sin(speed * step)).reshape(rows, columns).double()


def kl(student, teacher, t):
    return F.kl_div((student / t).log_softmax(-1), (teacher / t).log_softmax(-1), reduction="sum", log_target=True) * t * t


def bce(student, teacher, t):
    return F.binary_cross_entropy_with_logits(student / t, (teacher / t).sigmoid(), reduction="sum") * t * t


def case(rows, columns, temperature, denominator, loss, **more):
    student = values(rows, columns, 1.7, 3.0).requires_grad_()
    teacher = values(rows, columns, 0.9, 4.0)
    total = loss(student, teacher, temperature) / denominator
    total.backward()
    return {
        "temperature": temperature,
        "denominator": denominator,
        "student": student.tolist(),
        "teacher": teacher.tolist(),
        "loss": total.item(),
        "gradient": student.grad.tolist(),
        **more,
    }


def spans(starts):
    def loss(student, teacher, t):
        bounds = zip(starts, starts[1:])
        return sum(kl(student[a:b, side], teacher[a:b, side], t) for a, b in bounds for side in (0, 1)) / 2

    return loss


def mixed(targets, soft):
    def loss(student, teacher, t):
        hard = F.cross_entropy(student, torch.tensor(targets), reduction="sum")
        return soft * kl(student, teacher, t) + (1 - soft) * hard

    return loss


targets, starts = [1, 0, 3, 2, 2], [0, 3, 4, 7]
print(
    json.dumps(
        {
            "class": [case(5, 4, t, 5.0, kl) for t in (1.0, 2.0, 7.5)],
            "labels": [case(4, 3, t, 12.0, bce) for t in (1.0, 3.0)],
            "number": [case(4, 1, 2.0, 4.0, lambda s, teacher, t: F.mse_loss(s, teacher, reduction="sum"))],
            "spans": [case(7, 2, t, 3.0, spans(starts), starts=starts) for t in (1.0, 2.0)],
            "mixed": [case(5, 4, 2.0, 5.0, mixed(targets, soft), targets=targets, soft=soft) for soft in (0.0, 0.3, 1.0)],
        }
    )
)
