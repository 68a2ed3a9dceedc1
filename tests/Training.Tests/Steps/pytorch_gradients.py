"""Computes with PyTorch the loss, the gradients and the new running statistics that a training step of Fovea must give.

The networks are torchvision's, or written here from the papers, and have nothing of Fovea except the names of the weights. Each line of standard input
is the path of a safetensors file that holds the weights, "input", "targets" (a distribution in each row) and "noise.0", "noise.1" ... (for the dropout
layers in their order). Its metadata name the network. The answer is the file PATH.answer, with each tensor in "float32/" and in "float64/", and then a line on
standard output.
"""
import functools
import json
import os
import struct
import sys

import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.stateless import functional_call

AUXILIARY_WEIGHT = 0.3


class Layers:
    """The layers of one run. Each takes its weights by name, and each dropout takes the next noise."""

    def __init__(self, weights, noise, frozen):
        self.weights, self.noise, self.frozen = weights, iter(noise), frozen

    def conv(self, x, name, stride=1, padding=0):
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"), stride, padding)

    def norm(self, x, name):
        mean, variance, weight, bias = (self.weights[f"{name}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, mean, variance, weight, bias, training=not self.frozen, momentum=0.1, eps=1e-5)

    def dense(self, x, name):
        return F.linear(x.flatten(1), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def dropout(self, x, rate):
        return x * (next(self.noise) >= rate) / (1 - rate)


def lenet5(net, x):
    for name in ("conv1", "conv2"):
        x = F.avg_pool2d(net.conv(x, name).relu(), 2)
    return net.dense(net.dense(net.dense(x, "fc1").relu(), "fc2").relu(), "fc3")


def alexnet(net, x):
    def lrn(x):
        return F.local_response_norm(x, 5, 1e-4, 0.75, 2)

    x = F.max_pool2d(lrn(net.conv(x, "features.0", stride=4).relu()), 3, 2)
    x = F.max_pool2d(lrn(net.conv(x, "features.3", padding=2).relu()), 3, 2)
    for place in (6, 8, 10):
        x = net.conv(x, f"features.{place}", padding=1).relu()
    x = F.max_pool2d(x, 3, 2).flatten(1)
    for place in (1, 4):
        x = net.dense(net.dropout(x, 0.5), f"classifier.{place}").relu()
    return net.dense(x, "classifier.6")


def googlenet(net, x):
    def conv(x, name, stride=1, padding=0):
        return net.conv(x, name, stride, padding).relu()

    def lrn(x):
        return F.local_response_norm(x, 5, 1e-4, 0.75, 1)

    def pool(x):
        return F.max_pool2d(x, 3, 2, ceil_mode=True)

    def head(x, name):
        x = conv(F.avg_pool2d(x, 5, 3), f"{name}/conv")
        return net.dense(net.dropout(net.dense(x, f"{name}/fc").relu(), 0.7), f"{name}/classifier")

    x = lrn(pool(conv(x, "conv1/7x7_s2", 2, 3)))
    x = pool(lrn(conv(conv(x, "conv2/3x3_reduce"), "conv2/3x3", padding=1)))
    heads = []
    for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        x = pool(x) if module in ("4a", "5a") else x
        x = inception(conv, x, f"inception_{module}/")
        if module in ("4a", "4d"):
            heads.append(head(x, "loss1" if module == "4a" else "loss2"))
    return [net.dense(net.dropout(x.mean((2, 3)), 0.4), "loss3/classifier"), *heads]


def inception(conv, x, name):
    return torch.cat([
        conv(x, f"{name}1x1"),
        conv(conv(x, f"{name}3x3_reduce"), f"{name}3x3", padding=1),
        conv(conv(x, f"{name}5x5_reduce"), f"{name}5x5", padding=2),
        conv(F.max_pool2d(x, 3, 1, 1), f"{name}pool_proj")], 1)


def published(name):
    """Runs torchvision's network with the weights of the file."""
    module = getattr(torchvision.models, name)(**(dict(aux_logits=True, transform_input=False) if name == "googlenet" else {}))

    def run(net, x):
        for layer in module.modules():
            if isinstance(layer, nn.Dropout):
                layer.forward = functools.partial(net.dropout, rate=layer.p)
            elif isinstance(layer, torchvision.ops.StochasticDepth):
                layer.forward = lambda x: x
            elif isinstance(layer, nn.AdaptiveAvgPool2d) and layer.output_size not in (1, (1, 1)):
                # The pool changes nothing for images of 224x224. For smaller images the dense layer is smaller instead.
                layer.forward = lambda x: x
        if name == "googlenet":
            # torchvision pools adaptively to 4x4; the paper by 5x5 windows with stride 3.
            for aux in (module.aux1, module.aux2):
                aux.forward = lambda x, aux=aux: aux.fc2(aux.dropout(aux.fc1(aux.conv(F.avg_pool2d(x, 5, 3)).flatten(1)).relu()))
        outputs = functional_call(module, net.weights, (x,))
        return [outputs.logits, outputs.aux_logits1, outputs.aux_logits2] if name == "googlenet" else outputs

    return run


def residual(net, x):
    y = net.norm(net.conv(net.norm(net.conv(x, "conv2", padding=1), "bn1").relu(), "conv3", padding=1), "bn2")
    return (x + y).relu()


def bottleneck(net, x):
    y = net.norm(net.conv(x, "conv2"), "bn1").relu()
    y = net.norm(net.conv(y, "conv3", 2, 1), "bn2").relu()
    return (net.norm(net.conv(y, "conv4"), "bn3") + net.norm(net.conv(x, "conv5", 2), "bn4")).relu()


def auxiliary(net, x):
    head = net.dense(net.dropout(net.dense(net.conv(F.avg_pool2d(x, 5, 3), "conv2").relu(), "fc1").relu(), 0.7), "fc2")
    return [net.dense(net.conv(x, "conv3").relu(), "head"), head]


def excitation(net, x):
    return x * F.silu(net.conv(x.mean((2, 3), keepdim=True), "conv2")).sigmoid()


def positions(net, x):
    x = F.layer_norm(x.permute(0, 2, 3, 1), (8,), net.weights["norm1.weight"], net.weights["norm1.bias"], 1e-5)
    x = F.gelu(F.linear(x, net.weights["fc1.weight"], net.weights["fc1.bias"]))
    return F.linear(x, net.weights["fc2.weight"], net.weights["fc2.bias"]).permute(0, 3, 1, 2) * net.weights["scale1.weight"]


# The layers under test, between a first convolution with ReLU and the dense layer with the logits.
BLOCKS = {
    "convolution": lambda net, x: net.conv(x, "conv2", 2, 1).relu(),
    "batch norm": lambda net, x: net.norm(net.conv(x, "conv2", padding=1), "bn1").relu(),
    "batch norm, frozen": lambda net, x: net.norm(net.conv(x, "conv2", padding=1), "bn1").relu(),
    "residual block": residual,
    "bottleneck with stride": bottleneck,
    "inception module": lambda net, x: inception(lambda *args, **kw: net.conv(*args, **kw).relu(), x, ""),
    "local response normalisation": lambda net, x: F.local_response_norm(x, 5, 0.5, 0.75, 2),
    "max pool, overlapping": lambda net, x: F.max_pool2d(x, 3, 2),
    "max pool, padded": lambda net, x: F.max_pool2d(x, 3, 2, 1),
    "max pool, rounding up": lambda net, x: F.max_pool2d(x, 3, 2, ceil_mode=True),
    "average pool, padding counted": lambda net, x: F.avg_pool2d(x, 3, 2, 1),
    "average pool, padding not counted": lambda net, x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    "dropout": lambda net, x: net.dropout(net.dense(x, "fc1").relu(), 0.5),
    "dense head": lambda net, x: x.mean((2, 3)),
    "depthwise convolution with ReLU6": lambda net, x: F.relu6(
        20 * F.conv2d(x, net.weights["conv2.weight"], net.weights["conv2.bias"], 2, 2, groups=8)),
    "squeeze and excitation": excitation,
    "layer norm and dense layers, channels last": positions,
}


def block(name):
    def run(net, x):
        x = net.conv(x, "conv1", padding=1).relu()
        return auxiliary(net, x) if name == "auxiliary head" else net.dense(BLOCKS[name](net, x), "head")
    return run


def network(name):
    if name in BLOCKS or name == "auxiliary head":
        return block(name)
    own = {"lenet5": lenet5, "alexnet": alexnet, "googlenet": googlenet}
    return own[name] if name in own else published(name.removeprefix("torchvision.models."))


def learn(name, tensors, dtype):
    tensors = {key: tensor.to(dtype, copy=True) for key, tensor in tensors.items()}
    x, targets = tensors.pop("input"), tensors.pop("targets")
    noise = [tensors.pop(f"noise.{i}") for i in range(sum(key.startswith("noise.") for key in tensors))]
    statistics = {key: tensor for key, tensor in tensors.items() if ".running_" in key}
    parameters = {key: tensor.requires_grad_() for key, tensor in tensors.items() if key not in statistics}
    frozen = name.endswith("frozen")
    outputs = network(name)(Layers(tensors, noise, frozen), x)
    losses = [-(targets * F.log_softmax(logits, 1)).sum() / len(x) for logits in (outputs if isinstance(outputs, list) else [outputs])]
    loss = losses[0] + AUXILIARY_WEIGHT * sum(losses[1:])
    loss.backward()
    return {"loss": loss.detach(), **{key: tensor.grad for key, tensor in parameters.items()}, **({} if frozen else statistics)}


def read(path):
    data = bytearray(os.path.getsize(path))
    with open(path, "rb") as file:
        file.readinto(data)
    start = 8 + struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__")

    def tensor(shape, data_offsets, **_):
        return torch.frombuffer(data, dtype=torch.float32, count=(data_offsets[1] - data_offsets[0]) // 4, offset=start + data_offsets[0]).reshape(shape)

    return metadata["network"], {name: tensor(**entry) for name, entry in header.items()}


def write(path, tensors):
    header, end = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": {torch.float32: "F32", torch.float64: "F64"}[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(memoryview(tensor.contiguous().numpy()).cast("B") if tensor.dim() else tensor.numpy().tobytes())


if __name__ == "__main__":
    # The weights come from the file. Initialising them first would take longer than everything else.
    for function in dir(nn.init):
        if function.endswith("_") and not function.startswith("_"):
            setattr(nn.init, function, lambda tensor, *args, **options: tensor)
    for line in sys.stdin:
        path = line.rstrip("\n")
        name, tensors = read(path)
        write(f"{path}.answer", {f"{str(dtype)[6:]}/{key}": tensor for dtype in (torch.float32, torch.float64) for key, tensor in learn(name, tensors, dtype).items()})
        print("done", flush=True)
