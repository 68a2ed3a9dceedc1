"""torch_loops.py OPSET BATCH OUT: exports a scripted classifier of 8x8 images with two loops to OUT, by PyTorch's older exporter. One loop
normalises the images one by one, the other repeats a layer three times. Arguments, input and output are those of torch_export.py."""
import json
import sys
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
opset, batch, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]


@torch.jit.script
def normalised(images):
    all = []
    for i in range(images.size(0)):
        all.append((images[i] - 0.5) / 0.25)
    return torch.stack(all)


@torch.jit.script
def repeated(x, times: int):
    for _ in range(times):
        x = torch.relu(x * 0.5 + x)
    return x


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 4)

    def forward(self, images):
        x = torch.relu(self.conv(normalised(images)))
        return torch.softmax(self.fc(repeated(x, 3).mean((2, 3))), 1)


torch.manual_seed(0)
network = Network().eval()
axes = {"dynamic_axes": {"images": {0: "batch"}, "scores": {0: "batch"}}} if batch == "free" else {}
torch.onnx.export(network, torch.zeros(1, 3, 8, 8), out, opset_version=opset, input_names=["images"], output_names=["scores"], **axes)
with torch.no_grad():
    answer = network(torch.tensor(json.load(sys.stdin)).reshape(1, 3, 8, 8))
print(json.dumps(answer.flatten().tolist()))
