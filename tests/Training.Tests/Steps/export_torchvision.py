"""export_torchvision.py NAME OPSET MODE SIZE OUT: exports a torchvision network with random weights to OUT.onnx in the usual way. Writes to OUT.json
one batch, its targets, and PyTorch's loss and samples of each weight's gradient.
MODE eval: constants folded, batch normalisation folded into convolutions; preserve: every parameter under its own name."""
import json
import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")
name, opset, mode, size, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
torch.manual_seed(0)
options = {"init_weights": True, "aux_logits": False} if name == "googlenet" else {}
network = getattr(torchvision.models, name)(weights=None, num_classes=10, **options)

# The exporter merges equal weights, so weights that start with the same number everywhere get small random differences.
for key, tensor in network.state_dict().items():
    if tensor.numel() > 1 and torch.all(tensor == tensor.flatten()[0]):
        centre = 0 if key.endswith(("bias", "running_mean")) else 1
        tensor.uniform_(centre - 0.1, centre + 0.1)

network.eval()
x = torch.randn(2, 3, size, size)
torch.onnx.export(
    network, x, out + ".onnx", opset_version=opset, input_names=["input"], output_names=["logits"], dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}},
    do_constant_folding=mode == "eval", training=torch.onnx.TrainingMode.EVAL if mode == "eval" else torch.onnx.TrainingMode.PRESERVE)

network.double()
executed = []
for module in network.modules():
    if isinstance(module, (torch.nn.Conv2d, torch.nn.BatchNorm2d)):
        module.register_forward_hook(lambda module, inputs, output: executed.append((module, inputs[0], output)))

targets = torch.nn.functional.one_hot(torch.tensor([3, 7]), 10).double()
loss = -(targets * torch.log_softmax(network(x.double()), 1)).sum() / 2
loss.backward()


def samples(gradient):
    step = max(1, gradient.numel() // 50)
    return {"step": step, "values": gradient.flatten()[::step].tolist()}


# If batch normalisation is folded into a convolution, its weights are W s, so their gradient is the gradient of W divided by s.
convolutions = []
for module, _, output in executed:
    if isinstance(module, torch.nn.Conv2d):
        gradient, following = module.weight.grad, next((other for other, given, _ in executed if given is output), None)
        if mode == "eval" and isinstance(following, torch.nn.BatchNorm2d):
            scale = following.weight.data / torch.sqrt(following.running_var + following.eps)
            gradient = gradient / scale.reshape(-1, 1, 1, 1)
        convolutions.append(samples(gradient))

with open(out + ".json", "w") as file:
    json.dump({
        "images": x.flatten().tolist(), "targets": targets.flatten().tolist(), "loss": loss.item(), "convolutions": convolutions,
        "named": {key: samples(parameter.grad) for key, parameter in network.named_parameters()}}, file)
