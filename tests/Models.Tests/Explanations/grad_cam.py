"""Computes Grad-CAM (Selvaraju et al., 2017) with PyTorch's autograd, from the last feature map that a network computes before its head.

Each line of standard input is one case, and is answered by a line on standard output, after the file PATH.answer with the tensors "target" (the index of
the class), "logits" and "map".
    ours PATH                    PATH is a safetensors file with the weights and "input"; its metadata name the network.
    export NAME OPSET SIZE PATH  exports torchvision's network with random weights to PATH.onnx; the answer also has "input".
"""
import sys
import warnings

import torch
import torchvision
from pytorch_gradients import Layers, network, read, write
from torch import nn
from torch.nn.utils.stateless import functional_call
from torch.overrides import TorchFunctionMode

warnings.filterwarnings("ignore")


class Inference(Layers):
    """Layers without dropout. Layers whose weights are missing, such as those of auxiliary heads, change nothing."""

    def __init__(self, weights):
        super().__init__(weights, [], True)

    def conv(self, x, name, stride=1, padding=0):
        return super().conv(x, name, stride, padding) if f"{name}.weight" in self.weights else x

    def dense(self, x, name):
        return super().dense(x, name) if f"{name}.weight" in self.weights else x.flatten(1)

    def dropout(self, x, rate):
        return x


class LastMap(TorchFunctionMode):
    """Keeps the last result with four axes, of which the last two are not both 1."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.dim() == 4 and result.shape[2] * result.shape[3] > 1:
            self.kept = result
        return result


def explain(run, x):
    with LastMap() as last:
        logits = run(x)
        logits = logits[0] if isinstance(logits, list) else logits
        features = last.kept
    # Random weights may speak against a class everywhere, so the first class is taken that has something to show.
    for target in range(logits.shape[1]):
        gradient = torch.autograd.grad(logits[0, target], features, retain_graph=True)[0]
        cam = (gradient.mean((2, 3), keepdim=True) * features).sum(1).relu()[0]
        if cam.max() > 0:
            break
    return {"target": torch.tensor([float(target)]), "logits": logits.detach(), "map": cam.detach()}


def ours(path):
    name, weights = read(path)
    x = weights.pop("input")
    if hasattr(torchvision.models, name) and name not in ("alexnet", "googlenet"):
        module = getattr(torchvision.models, name)().eval()
        if hasattr(module, "classifier"):
            # The pool changes nothing for images of 224x224. For smaller images the dense layer is smaller instead.
            module.avgpool = nn.Identity()
        run = lambda x: functional_call(module, weights, (x,))
    else:
        run = lambda x: network(name)(Inference(weights), x)
    # The input needs a gradient for PyTorch to record the maps.
    write(f"{path}.answer", explain(run, x.requires_grad_()))


def export(name, opset, size, path):
    torch.manual_seed(0)
    module = getattr(torchvision.models, name)(num_classes=5)
    for key, tensor in module.state_dict().items():
        if key.endswith(("running_mean", "running_var", ".bias")):
            tensor.uniform_(0.5, 1.5) if key.endswith("running_var") else tensor.uniform_(-0.3, 0.3)
    module.eval()
    x = torch.randn(1, 3, int(size), int(size))
    torch.onnx.export(module, x, f"{path}.onnx", opset_version=int(opset), input_names=["images"], output_names=["scores"])
    write(f"{path}.answer", {"input": x.clone(), **explain(module, x.requires_grad_())})


for line in sys.stdin:
    words = line.split()
    {"ours": ours, "export": export}[words[0]](*words[1:])
    print("done", flush=True)
