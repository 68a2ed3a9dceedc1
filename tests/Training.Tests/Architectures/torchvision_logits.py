"""Gives torchvision's networks random weights, and computes the logits of a random image.

Each line of standard input is the name of a function in torchvision.models, a space and a path. The answer is the state dict in PATH.pth,
the image and its logits in PATH.image and PATH.logits (32-bit floats), and then a line on standard output.
"""
import sys

import torch
import torchvision
from torch import nn

kaiming_uniform_ = nn.init.kaiming_uniform_

# All weights are drawn here. Initialising them first would take longer than everything else.
for function in dir(nn.init):
    if function.endswith("_") and not function.startswith("_"):
        setattr(nn.init, function, lambda tensor, *args, **options: tensor)


def draw(key, tensor):
    if tensor.dim() > 1:
        kaiming_uniform_(tensor)
    elif key.endswith((".weight", ".running_var")):
        tensor.uniform_(0.5, 1.5)
    elif tensor.is_floating_point():
        tensor.uniform_(-0.1, 0.1)


@torch.no_grad()
def answer(name, path):
    torch.manual_seed(0)
    network = getattr(torchvision.models, name)().eval()
    for key, tensor in network.state_dict().items():
        draw(key, tensor)
    image = torch.randn(1, 3, 224, 224)
    torch.save(network.state_dict(), f"{path}.pth")
    image.numpy().tofile(f"{path}.image")
    network(image).numpy().tofile(f"{path}.logits")


for line in sys.stdin:
    answer(*line.rstrip("\n").split(" ", 1))
    print("done", flush=True)
