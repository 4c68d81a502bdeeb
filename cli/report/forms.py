# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Kernels and strides of operators in a few words."""

from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import Conv2d, ConvTranspose2d, Operator, Pool2d

__all__ = ["form_of"]


def form_of(graph: QuantizedGraph, operator: Operator) -> str:
    """What an operator is beside its kind: ``3×3, stride 2, depthwise``; nothing for most."""
    words = []
    if isinstance(operator, Pool2d):
        words.append(_sizes(operator.kernel))
    if isinstance(operator, Conv2d | ConvTranspose2d):
        weights = graph.tensors[operator.inputs[1]].shape
        words.append(_sizes((weights[1], weights[2])))
    if isinstance(operator, Conv2d | ConvTranspose2d | Pool2d) and operator.stride != (1, 1):
        words.append(f"stride {_step(operator.stride)}")
    if isinstance(operator, Conv2d):
        if operator.dilation != (1, 1):
            words.append(f"dilation {_step(operator.dilation)}")
        channels = graph.tensors[operator.inputs[0]].shape[-1]
        if operator.groups > 1:
            depthwise = operator.groups == channels
            words.append("depthwise" if depthwise else f"{operator.groups} groups")
    activation = getattr(operator, "activation", "none")
    if activation != "none":
        words.append(str(activation))
    return ", ".join(words)


def _sizes(sizes: tuple[int, int]) -> str:
    return f"{sizes[0]}×{sizes[1]}"


def _step(sizes: tuple[int, int]) -> str:
    """One number where rows and columns have the same."""
    return str(sizes[0]) if sizes[0] == sizes[1] else _sizes(sizes)
