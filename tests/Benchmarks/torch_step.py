"""One training step of a catalog network in PyTorch: the fastest of many, in milliseconds, as the only line.

    torch_step.py NAME BATCH STEPS
"""
import os
import sys
import time

import torch
from torch import nn


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ), (1, 28, 28), 10


torch.set_num_threads(os.cpu_count())
networks = {"lenet5": lenet5}
name, batch, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
network, shape, classes = networks[name]()
images, labels = torch.randn((batch, *shape)), torch.randint(classes, (batch,))
optimizer = torch.optim.Adam(network.parameters(), 1e-3)
fastest = float("inf")
for _ in range(steps):
    start = time.perf_counter()
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(images), labels).backward()
    optimizer.step()
    fastest = min(fastest, time.perf_counter() - start)
print(fastest * 1000)
