# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Which golden function an operator of a graph is, and with which parameters: a table for each
runtime."""

from typing import Any

from numpy.typing import NDArray

from macaw.arch import AnyRequantization
from macaw.golden.kernels import movement, onnxruntime, pt2e, tflite, torch
from macaw.golden.kernels.place import Arrays, Place
from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.graph.operators import Operator

__all__ = ["evaluate", "requantization"]

#: By the runtime what requantises its operators with weights.
_REQUANTIZATIONS = {
    Semantics.TFLITE: tflite.requantization,
    Semantics.LITERT: tflite.requantization,
    Semantics.ONNXRUNTIME: onnxruntime.requantization,
    Semantics.QNNPACK: torch.requantization,
    Semantics.FBGEMM: torch.requantization,
    Semantics.ONEDNN: torch.requantization,
    Semantics.X86: torch.requantization,
    Semantics.PT2E: pt2e.requantization,
}

#: By the runtime the kernels of operators, narrower kinds before wider ones.
_RUNTIMES = {
    semantics: {**movement.KERNELS, **kernels}
    for semantics, kernels in {
        Semantics.TFLITE: tflite.KERNELS,
        Semantics.LITERT: tflite.KERNELS,
        Semantics.ONNXRUNTIME: onnxruntime.KERNELS,
        Semantics.QNNPACK: torch.KERNELS,
        Semantics.FBGEMM: torch.KERNELS,
        Semantics.ONEDNN: torch.KERNELS,
        Semantics.X86: torch.KERNELS,
        Semantics.PT2E: pt2e.KERNELS,
    }.items()
}


def evaluate(graph: QuantizedGraph, operator: Operator, inputs: Arrays) -> list[NDArray[Any]]:
    """The outputs of one operator of a verified graph.

    Raises ``TypeError`` for an operator that the graph's runtime does not have.
    """
    place = Place(graph=graph, operator=operator)
    for kind, kernel in _RUNTIMES[graph.semantics].items():
        if isinstance(operator, kind):
            results = kernel(place, inputs)
            return results if isinstance(results, list) else [results]
    raise TypeError(f"operator must be one that golden knows, not {type(operator).__name__}")


def requantization(graph: QuantizedGraph, operator: Operator) -> AnyRequantization:
    """The requantisation of an operator of a verified graph that sums: a convolution, a fully
    connected layer or, where the runtime's are fixed point products, a mean.

    Raises ``ValueError`` for one that none of `macaw.arch.Mode` describes.
    """
    return _REQUANTIZATIONS[graph.semantics](Place(graph=graph, operator=operator))
