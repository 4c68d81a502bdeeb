# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The truth in numpy: exact integer operators, and every framework's requantisation."""

from macaw.arch import AnyRequantization, Float32Bias, Float32Chain, RawSums
from macaw.golden.accumulate import accumulate, step_sums
from macaw.golden.conv2d import accumulate_conv2d, conv2d
from macaw.golden.engines import (
    fbgemm_requantization,
    onednn_requantization,
    onnxruntime_requantization,
    qnnpack_requantization,
    x86_requantization,
)
from macaw.golden.interpreter import run
from macaw.golden.kernels import evaluate, requantization
from macaw.golden.linear import accumulate_linear, linear
from macaw.golden.requantize import requantize
from macaw.golden.tflite import Activation, tflite_requantization

__all__ = [
    "Activation",
    "AnyRequantization",
    "Float32Bias",
    "Float32Chain",
    "RawSums",
    "accumulate",
    "accumulate_conv2d",
    "accumulate_linear",
    "conv2d",
    "evaluate",
    "fbgemm_requantization",
    "linear",
    "onednn_requantization",
    "onnxruntime_requantization",
    "qnnpack_requantization",
    "requantization",
    "requantize",
    "run",
    "step_sums",
    "tflite_requantization",
    "x86_requantization",
]
