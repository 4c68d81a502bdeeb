# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Exported programs of PyTorch, quantised, and the comparison of every quantised tensor.

PyTorch is imported within functions: the modules here can be read without it.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from macaw.golden import run
from macaw.nn import QuantizedGraph, from_torch
from macaw.nn.graph import operators as op
from macaw.nn.torch import MacawQuantizer


@contextmanager
def silent(torch: Any) -> Iterator[None]:
    """Without gradients, and without what PyTorch says of its own future."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        yield


def program(
    torch: Any, module: Any, *examples: Any, quantizer: Any = None, reference: bool = False
) -> Any:
    """A module exported for the first example, calibrated on all, and converted."""
    with silent(torch):
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

        exported = torch.export.export(module.eval(), (examples[0],)).module()
        prepared = prepare_pt2e(exported, quantizer or MacawQuantizer())
        for example in examples:
            prepared(example)
        return convert_pt2e(prepared, use_reference_representation=reference)


def all_values(torch: Any, module: Any, *inputs: Any) -> dict[str, Any]:
    """What every node of a program gives."""
    values = {}

    class Interpreter(torch.fx.Interpreter):
        def run_node(self, node: Any) -> Any:
            values[node.name] = super().run_node(node)
            return values[node.name]

    with silent(torch):
        Interpreter(module).run(*inputs)
    return values


def images_of(graph: QuantizedGraph) -> set[str]:
    """The tensors that have the graph's order of an image's axes, and not PyTorch's."""
    found: set[str] = set()
    for operator in graph.operators:
        for name in operator.outputs:
            if isinstance(operator, op.Transpose):
                image = name.endswith("#nhwc")
            else:
                image = operator.inputs[0] in found and not isinstance(operator, op.Reshape)
            if image and len(graph.tensors[name].shape) == 4:
                found.add(name)
    return found


def differences(
    torch: Any, module: Any, graph: QuantizedGraph, *inputs: Any
) -> tuple[dict[str, int], int]:
    """Of the tensor behind every quantise and of every output, the number of values that differ,
    and how many values there are in all."""
    values = all_values(torch, module, *inputs)
    ours = run(graph, [each.numpy() for each in inputs], all_tensors=True)
    images, different, total = images_of(graph), {}, 0
    for node in module.graph.nodes:
        if str(node.target) != "quantized_decomposed.quantize_per_tensor.default":
            continue
        source, name = node, node.name
        while name not in ours:
            # A piece of several is called by its number.
            piece = f"#{source.args[1]}" if "getitem" in str(source.target) else ""
            source = source.args[0]
            name = source.name + piece
        expected, result = values[node.name].numpy(), ours[name]
        if name in images:
            expected = expected.transpose(0, 2, 3, 1)
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
        different[name] = int(np.count_nonzero(result != expected))
        total += expected.size
    with silent(torch):
        results = module(*inputs)
    results = results if isinstance(results, tuple | list) else (results,)
    for name, value in zip(graph.outputs, results, strict=True):
        assert ours[name].shape == tuple(value.shape)
        different[f"output {name}"] = int(np.count_nonzero(ours[name] != value.numpy()))
    return different, total


def check(torch: Any, module: Any, *inputs: Any) -> QuantizedGraph:
    """Import a program, and find it equal to PyTorch at every quantised tensor."""
    graph = from_torch(module, inputs)
    different, total = differences(torch, module, graph, *inputs)
    print(f"\n{graph.name}: {len(different)} tensors, {total} values", end="")
    wrong = {name: count for name, count in different.items() if count}
    assert wrong == {}, wrong
    assert len(different) > 1
    return graph


def all_operators(torch: Any) -> Any:
    """A network with everything that `MacawQuantizer` annotates."""
    nn, functional = torch.nn, torch.nn.functional

    class Everything(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 12, 3, stride=2, padding=1)
            self.norm, self.relu6 = nn.BatchNorm2d(12), nn.ReLU6()
            self.depthwise = nn.Conv2d(12, 12, 3, padding="same", groups=12, bias=False)
            self.limits = nn.Hardtanh()
            self.down = nn.Conv2d(12, 10, 2, stride=2, padding=(0, 1), dilation=(1, 2), groups=2)
            self.up = nn.ConvTranspose2d(10, 12, 3, stride=2, padding=1, output_padding=1)
            self.largest, self.mean = nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, ceil_mode=True)
            self.windows = nn.AdaptiveAvgPool2d((3, 1))
            self.hidden = nn.Linear(24 * 3, 20)
            self.dropout = nn.Dropout()
            self.scores = nn.Linear(20, 7, bias=False)
            self.rows = nn.Linear(24, 5)

        def forward(self, x: Any) -> Any:
            x = self.relu6(self.norm(self.first(x)))
            y = self.limits(self.depthwise(x))
            x = functional.relu(x + y)
            z = functional.max_pool2d(self.up(self.down(x)), 2)
            x = x + functional.interpolate(z, scale_factor=2.0) * y
            x = torch.cat([self.largest(x), self.mean(y)], dim=1)
            left, right = x.chunk(2, dim=1)
            x = torch.cat([functional.relu(right), left.clamp(-0.5, 0.75)], dim=1)
            rows = self.rows(x.permute(0, 2, 3, 1))
            means = x.mean((2, 3))
            x = self.dropout(functional.relu(self.hidden(torch.flatten(self.windows(x), 1))))
            return self.scores(x), means, rows

    torch.manual_seed(11)
    return Everything()


def small_network(torch: Any) -> Any:
    """Convolutions dense and depthwise, a sum, a pool, a mean and a linear layer."""
    nn = torch.nn

    class Small(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu6 = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU6()
            self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
            self.largest = nn.MaxPool2d(2)
            self.mean, self.scores = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            x = self.relu6(self.first(x))
            x = self.largest(torch.relu(x + self.depthwise(x)))
            return self.scores(torch.flatten(self.mean(x), 1))

    torch.manual_seed(12)
    return Small()
