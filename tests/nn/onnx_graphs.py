# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Small ONNX files that are right, for tests to spoil."""

import numpy as np
from onnx_files import OnnxWriter

#: The scale and the zero point of every tensor of the small files.
MEANING = (np.float32(0.05), np.uint8(3))


def integers_file(outputs=("y",)):
    """Operators of integers: convolution, sum, pooling, fully connected layer."""
    rng = np.random.default_rng(4)
    file = OnnxWriter()
    weights = rng.integers(-127, 128, (4, 2, 3, 3)).astype(np.int8)
    scales = rng.uniform(0.002, 0.01, 4).astype(np.float32)
    x = file.input("x", np.uint8, (1, 2, 8, 8))
    layer = [x, *MEANING, weights, scales, np.zeros(4, np.int8), *MEANING]
    bias = np.array([1, -2, 3, 400], np.int32)
    first = file.node("QLinearConv", [*layer, bias], "first", strides=[2, 2], pads=[1, 1, 1, 1])
    pooled = file.node("MaxPool", [first], "pooled", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    both = file.node("QLinearAdd", [first, *MEANING, pooled, *MEANING, *MEANING], "both")
    mean = file.node("QLinearGlobalAveragePool", [both, *MEANING, *MEANING], "mean")
    flat = file.node("Reshape", [mean, np.array([1, -1])], "flat")
    matrix = rng.integers(-127, 128, (4, 3)).astype(np.int8)
    file.node("QLinearMatMul", [flat, *MEANING, matrix, *MEANING[:1], np.int8(0), *MEANING], "y")
    return file.file(dict.fromkeys(outputs, np.uint8))


def pairs_file():
    """Operators of real numbers between pairs, from an image of float32 to float32."""
    rng = np.random.default_rng(5)
    file = OnnxWriter()
    x = file.quantize(file.input("x", np.float32, ("batch", 2, 8, 8)), *MEANING)
    weights = rng.integers(-127, 128, (4, 2, 3, 3)).astype(np.int8)
    scales = rng.uniform(0.002, 0.01, 4).astype(np.float32)
    real = file.dequantize(weights, scales, np.zeros(4, np.int8), axis=0)
    bias = rng.normal(0, 1, 4).astype(np.float32)
    y = file.node("Conv", [file.dequantize(x, *MEANING), real, bias], pads=[1, 1, 1, 1])
    low = (np.float32(0.05), np.uint8(0))
    y = file.dequantize(file.quantize(file.node("Relu", [y]), *low), *low)
    y = file.node("Slice", [y, np.array([1]), np.array([3]), np.array([1])])
    y = file.quantize(file.node("Sigmoid", [y]), np.float32(1 / 256), np.uint8(0))
    file.dequantize(y, np.float32(1 / 256), np.uint8(0), output="y")
    return file.file({"y": np.float32})
