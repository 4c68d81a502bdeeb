# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of one operator, right ones and others."""

import numpy as np

from macaw.nn.graph import DType, Quantization, QuantizedGraph, Tensor


def scaled(scale=0.05, zero_point=3, axis=None):
    scales = scale if isinstance(scale, tuple) else (float(np.float32(scale)),)
    points = zero_point if isinstance(zero_point, tuple) else (zero_point,)
    return Quantization(scale=scales, zero_point=points, axis=axis)


def single(operator, tensors):
    """A graph of one operator over ``tensors``, whose names its inputs and outputs are."""
    inputs = tuple(n for n in dict.fromkeys(operator.inputs) if tensors[n].data is None)
    return QuantizedGraph(
        name="single",
        tensors=tensors,
        operators=(operator,),
        inputs=inputs,
        outputs=operator.outputs,
    )


def tensor(name, shape, dtype=DType.INT8, quantization=None, data=None):
    if dtype.quantised and quantization is None:
        quantization = scaled()
    return Tensor(name=name, shape=shape, dtype=dtype, quantization=quantization, data=data)


def of(kind, *inputs, y=(2, 3), outputs=("y",), dtype=DType.INT8, **attributes):
    """A graph of one operator: its inputs are tensors of given shapes."""
    given = [
        x if isinstance(x, Tensor) else tensor(f"x{index}", x) for index, x in enumerate(inputs)
    ]
    operator = kind(inputs=tuple(each.name for each in given), outputs=outputs, **attributes)
    results = [tensor(name, y, dtype) for name in outputs]
    return single(operator, {each.name: each for each in (*given, *results)})


def indices(*values):
    return tensor("i", np.shape(values), DType.INT32, None, np.array(values, np.int32))


FLOATS = tensor("x", (2, 3), DType.FLOAT32)
WHOLE = tensor("x", (2, 3), DType.INT32)
UNSIGNED = tensor("x", (2, 3), DType.UINT8)
