"""Measures PyTorch's time for a training step (forward, loss, backward, update) of a catalog network on the CPU. Prints one line of JSON.

    torch_step.py NAME BATCH SECONDS

Runs two warm-up steps that do not count, and then steps until SECONDS have passed, at least 3 and at most 100. The optimizer is SGD with momentum; for
lenet5 it is Adam.
"""
import json
import os
import resource
import statistics
import sys
import time

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(), nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000),
    )


def network(name):
    """Returns the network, the side and the channels of its images, and the number of classes."""
    if name == "lenet5":
        return lenet5(), 28, 1, 10
    if name == "alexnet":
        return alexnet(), 227, 3, 1000
    if name == "googlenet-bn":
        return torchvision.models.googlenet(aux_logits=True, init_weights=False), 224, 3, 1000
    return getattr(torchvision.models, name)(), 224, 3, 1000


def loss(outputs, labels):
    if torch.is_tensor(outputs):
        return F.cross_entropy(outputs, labels)
    heads = F.cross_entropy(outputs.aux_logits1, labels) + F.cross_entropy(outputs.aux_logits2, labels)
    return F.cross_entropy(outputs.logits, labels) + 0.3 * heads


torch.set_num_threads(os.cpu_count())
name, batch, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
module, side, channels, classes = network(name)
images, labels = torch.randn(batch, channels, side, side), torch.randint(classes, (batch,))
optimizer = torch.optim.Adam(module.parameters(), 1e-4) if name == "lenet5" else torch.optim.SGD(module.parameters(), 1e-4, momentum=0.9)
times = []
while len(times) < 5 or len(times) < 102 and sum(times[2:]) < seconds:
    start = time.perf_counter()
    optimizer.zero_grad()
    loss(module(images), labels).backward()
    optimizer.step()
    times.append(time.perf_counter() - start)
print(json.dumps({
    "medianMs": statistics.median(times[2:]) * 1000,
    "steps": len(times) - 2,
    "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
