"""torch_export.py OPSET BATCH MODE OUT: exports a small classifier of 8x8 images by PyTorch's older exporter to OUT. Reads an image, [3, 8, 8], as
JSON from standard input and prints PyTorch's probabilities. BATCH free: the batch is a dynamic axis. MODE training: dropout and statistics are
left in training mode, as people do who forget eval()."""
import json
import sys
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
opset, batch, mode, out = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(2), nn.Dropout(0.3),
    nn.Conv2d(8, 8, 3, groups=8, padding=1), nn.Hardswish(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4), nn.Softmax(1))
with torch.no_grad():
    network[1].running_mean.uniform_(-0.2, 0.2)
    network[1].running_var.uniform_(0.5, 1.5)
    network[10].weight.mul_(8)
network.eval()
kind = torch.onnx.TrainingMode.EVAL
if mode == "training":
    network.train()
    kind = torch.onnx.TrainingMode.TRAINING
axes = {"dynamic_axes": {"images": {0: "batch"}, "scores": {0: "batch"}}} if batch == "free" else {}
torch.onnx.export(
    network, torch.zeros(1, 3, 8, 8), out, opset_version=opset, input_names=["images"], output_names=["scores"], training=kind,
    do_constant_folding=mode != "training", **axes)

# The exporter runs the network, which changes the statistics in training mode.
network.eval()
with torch.no_grad():
    answer = network(torch.tensor(json.load(sys.stdin)).reshape(1, 3, 8, 8))
print(json.dumps(answer.flatten().tolist()))
