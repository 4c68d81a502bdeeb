# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators of a quantised graph: one frozen dataclass each.

Images are [batch, height, width, channels]. Sizes are (vertical, horizontal), paddings
(top, bottom, left, right). What shapes follow is written in `macaw.nn.shapes`, what types are
allowed in `macaw.nn.types`, and what bits come out in `macaw.golden`.
"""

from macaw.nn.graph.operators.arithmetic import (
    Add,
    Binary,
    Divide,
    FloorDivide,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)
from macaw.nn.graph.operators.base import Activation, Operator
from macaw.nn.graph.operators.functions import (
    Absolute,
    Cast,
    Clip,
    Dequantize,
    Elu,
    HardSigmoid,
    HardSwish,
    LeakyRelu,
    Logistic,
    Quantize,
    Relu,
    Requantize,
    Sqrt,
    Tanh,
    Unary,
)
from macaw.nn.graph.operators.layers import BatchNorm2d, Conv2d, ConvTranspose2d, Linear
from macaw.nn.graph.operators.movement import (
    Concat,
    Gather,
    GatherNd,
    Pack,
    Pad,
    Reshape,
    Resize2d,
    ResizeBilinear,
    ResizeNearest,
    Slice,
    Split,
    Transpose,
    Unpack,
)
from macaw.nn.graph.operators.reductions import (
    AdaptiveAveragePool2d,
    ArgMax,
    AveragePool2d,
    MaxPool2d,
    Mean,
    Pool2d,
    Softmax,
)

__all__ = [
    "Absolute",
    "Activation",
    "AdaptiveAveragePool2d",
    "Add",
    "ArgMax",
    "AveragePool2d",
    "BatchNorm2d",
    "Binary",
    "Cast",
    "Clip",
    "Concat",
    "Conv2d",
    "ConvTranspose2d",
    "Dequantize",
    "Divide",
    "Elu",
    "FloorDivide",
    "Gather",
    "GatherNd",
    "HardSigmoid",
    "HardSwish",
    "LeakyRelu",
    "Linear",
    "Logistic",
    "MaxPool2d",
    "Maximum",
    "Mean",
    "Minimum",
    "Multiply",
    "Operator",
    "Pack",
    "Pad",
    "Pool2d",
    "Quantize",
    "Relu",
    "Requantize",
    "Reshape",
    "Resize2d",
    "ResizeBilinear",
    "ResizeNearest",
    "Slice",
    "Softmax",
    "Split",
    "Sqrt",
    "Subtract",
    "Tanh",
    "Transpose",
    "Unary",
    "Unpack",
]
