# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Pointwise layers that step over pixels, as two operators: one picks them, and one takes all."""

from dataclasses import replace

from macaw.nn.graph import QuantizedGraph
from macaw.nn.graph.operators import Conv2d, Operator, Slice

__all__ = ["picked"]


def picked(graph: QuantizedGraph, operator: Operator) -> QuantizedGraph | None:
    """A graph with the result of ``operator``, which is one of ``graph``'s, by a slice with steps
    and a pointwise layer without: parts of that one need not fetch what none of them sees. ``None``
    where the operator is no pointwise layer that steps over columns."""
    if not isinstance(operator, Conv2d) or operator.stride[1] == 1 or operator.groups > 1:
        return None
    shape = graph.conv2d_shape(operator)
    if (shape.kernel_height, shape.kernel_width) != (1, 1) or any(shape.padding):
        return None
    source = graph.tensors[operator.inputs[0]]
    sizes = (source.shape[0], shape.output_height, shape.output_width, shape.in_channels)
    pixels = replace(source, name=f"{source.name}, every {operator.stride}", shape=sizes)
    names = (*operator.inputs, *operator.outputs)
    return replace(
        graph,
        tensors={name: graph.tensors[name] for name in names} | {pixels.name: pixels},
        operators=(
            Slice(
                inputs=(source.name,), outputs=(pixels.name,), starts=(0, 0, 0, 0),
                steps=(1, *operator.stride, 1), sizes=sizes,
            ),
            replace(operator, inputs=(pixels.name, *operator.inputs[1:]), stride=(1, 1)),
        ),
        inputs=(source.name,),
        outputs=operator.outputs,
        states=(),
    )  # fmt: skip
