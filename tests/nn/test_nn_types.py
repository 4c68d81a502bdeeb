# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Types and scales of single operators: which are right, and what is said of the others."""

from dataclasses import replace

import numpy as np
import pytest
from nn_single import FLOATS, UNSIGNED, of, scaled, tensor

from macaw.nn import ModelError, verify
from macaw.nn.graph import DType
from macaw.nn.graph.operators import (
    Activation,
    Elu,
    Prelu,
    ReduceMax,
    ReduceMin,
    SquaredDifference,
    Sum,
)


def slopes(*shape, **changes):
    data = np.zeros(shape, np.int8)
    return replace(tensor("s", shape, data=data), **changes)


#: Graphs of one operator, and what is said of them; None for right ones.
GRAPHS = [
    (of(SquaredDifference, (2, 3), (3,)), None),
    (of(SquaredDifference, (2, 3), (2,)), "shapes must fit each other"),
    (of(SquaredDifference, FLOATS, FLOATS, dtype=DType.FLOAT32), "must be of type int8 or uint8"),
    (
        of(SquaredDifference, UNSIGNED, UNSIGNED, dtype=DType.UINT8),
        "'x' must be of type int8, not uint8",
    ),
    (
        of(SquaredDifference, (2, 3), (3,), activation=Activation.RELU),
        "activation must be none, not relu",
    ),
    (
        of(SquaredDifference, (2, 3), tensor("x", (2, 3), quantization=scaled(14.4))),
        "scale must be above 0.0506",
    ),
    (of(SquaredDifference, (2, 3), tensor("x", (2, 3), quantization=scaled(14.3))), None),
    (of(Prelu, (2, 3), slopes(3)), None),
    (of(Prelu, (2, 3), slopes(2, 1)), None),
    (of(Prelu, (2, 3), slopes(2)), "shapes must fit each other"),
    (of(Prelu, (1, 3), slopes(2, 3)), "slopes must fit shape \\(1, 3\\), not have shape"),
    (of(Prelu, (1, 1, 1, 2, 3), slopes(3)), "input must have at most 4 axes, not shape"),
    (of(Prelu, (2, 3), (3,)), "slopes 'x1' must be constant"),
    (of(Prelu, (2, 3)), "inputs must be 2 ... 2 tensors, not 1"),
    (
        of(Prelu, (2, 3), slopes(3, dtype=DType.UINT8, data=np.zeros(3, np.uint8))),
        "'s' must be of type int8, not uint8",
    ),
    (of(Prelu, (2, 3), slopes(3, quantization=None)), "'s' must have one scale, not 0"),
    (of(Prelu, FLOATS, FLOATS, dtype=DType.FLOAT32), "must be of type int8 or uint8, not float32"),
    (of(Sum, (2, 3, 4), axes=(2,)), None),
    (of(Sum, (2, 3, 4), axes=(3,)), "axes must be 1 integers in 0 ... 2, not \\(3,\\)"),
    (of(Sum, FLOATS, y=(), axes=(0, 1), dtype=DType.FLOAT32), "must be of type int8 or uint8"),
    (of(ReduceMax, (2, 3, 4), y=(2, 1, 4), axes=(1,), keep_dimensions=True), None),
    (
        of(ReduceMax, tensor("x", (2, 3, 4), quantization=scaled(0.5)), axes=(2,)),
        "must have the same scale",
    ),
    (
        of(ReduceMin, tensor("x", (2, 3, 4), quantization=scaled(zero_point=4)), axes=(2,)),
        "must have the same scale",
    ),
    (of(ReduceMin, tensor("x", (2, 3, 4), DType.UINT8), axes=(2,)), "must be of type uint8, not i"),
    (of(ReduceMin, (2, 3, 4), y=(2, 3, 1), axes=(2,), keep_dimensions=True), None),
    (of(Elu, (2, 3)), None),
    (of(Elu, (2, 3), alpha=0.5), "alpha must be 1, not 0.5"),
    (of(Elu, tensor("x", (2, 3), quantization=scaled(0.05 * 2**22))), None),
    (
        of(Elu, tensor("x", (2, 3), quantization=scaled(0.05 * 2**23))),
        "the input's at most 2\\*\\*22 times the result's, not",
    ),
    (of(Elu, tensor("x", (2, 3), quantization=scaled(2.0**-101))), "scales must be in 2\\*\\*-100"),
    (of(Elu, UNSIGNED, dtype=DType.UINT8), "'x' must be of type int8, not uint8"),
]


@pytest.mark.parametrize(("graph", "sentence"), GRAPHS)
def test_single_operator(graph, sentence):
    if sentence is None:
        assert verify(graph) is graph
        return
    with pytest.raises(ModelError, match=sentence):
        verify(graph)
