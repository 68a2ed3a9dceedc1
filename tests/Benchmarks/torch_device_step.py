"""Measures PyTorch's time for a training step (forward, loss, backward, update) of resnet50 or vgg16. Prints one line of JSON.

    torch_device_step.py NAME BATCH STEPS cpu|cuda

Ends with 3 if PyTorch is not installed. The networks are written here, so that torchvision is not needed. As in ours, the optimizer is SGD
with momentum, and TF32 is allowed. Each step copies its images from pinned memory.
"""
import json
import statistics
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(3)
from torch import nn


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width))
        self.shortcut = nn.Identity() if channels == 4 * width and stride == 1 else nn.Sequential(
            nn.Conv2d(channels, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        return torch.relu(self.path(x) + self.shortcut(x))


def resnet50():
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for stage, depth in enumerate((3, 4, 6, 3)):
        for block in range(depth):
            layers.append(Bottleneck(channels, 64 << stage, 2 if stage > 0 and block == 0 else 1))
            channels = 256 << stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def vgg16():
    layers, channels = [], 3
    for depth, width in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(depth):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(inplace=True),
        nn.Dropout(), nn.Linear(4096, 1000))


name, batch, steps, device = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
if device == "cuda":
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
module = {"resnet50": resnet50, "vgg16": vgg16}[name]().to(device)
optimizer = torch.optim.SGD(module.parameters(), 1e-4, momentum=0.9)
images, labels = torch.randn(batch, 3, 224, 224), torch.randint(1000, (batch,))
if device == "cuda":
    images, labels = images.pin_memory(), labels.pin_memory()
times = []
for step in range(steps + 5):
    start = time.perf_counter()
    x, y = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(module(x), y)
    loss.backward()
    optimizer.step()
    loss.item()
    times.append(time.perf_counter() - start)
print(json.dumps({"medianMs": statistics.median(times[5:]) * 1000}))
