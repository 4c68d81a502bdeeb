# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The exact sums of convolutions and fully connected layers, which are the same in every
runtime, and what most runtimes make of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.conv2d import accumulate_conv2d
from macaw.golden.conv_transpose2d import accumulate_conv_transpose2d
from macaw.golden.kernels.place import Arrays, Kernel, Place
from macaw.golden.linear import accumulate_linear
from macaw.golden.requantize import requantize
from macaw.nn.graph import Tensor

__all__ = [
    "conv2d_sums",
    "conv_transpose2d_sums",
    "linear_sums",
    "requantized",
    "weights_zero_point",
]


def weights_zero_point(tensor: Tensor) -> Any:
    """The zero point of weights: one, or one for each output channel."""
    assert tensor.quantization is not None
    points = tensor.quantization.zero_point
    return points[0] if len(points) == 1 else points


def conv2d_sums(place: Place, inputs: Arrays) -> NDArray[np.int32]:
    """The sums of a Conv2d, before its bias."""
    return accumulate_conv2d(
        inputs[0],
        inputs[1],
        shape=place.graph.conv2d_shape(place.operator),
        input_zero_point=place.tensor(0).zero_point,
        weight_zero_point=weights_zero_point(place.tensor(1)),
    )


def conv_transpose2d_sums(place: Place, inputs: Arrays) -> NDArray[np.int32]:
    """The sums of a ConvTranspose2d, before its bias."""
    return accumulate_conv_transpose2d(
        inputs[0],
        inputs[1],
        stride=place.operator.stride,
        offset=place.operator.offset,
        output_size=place.operator.output_size,
        input_zero_point=place.tensor(0).zero_point,
        weight_zero_point=weights_zero_point(place.tensor(1)),
    )


def linear_sums(place: Place, inputs: Arrays) -> NDArray[np.int32]:
    """The sums [rows, out_features] of a Linear, before its bias."""
    return accumulate_linear(
        inputs[0].reshape(-1, inputs[1].shape[1]),
        inputs[1],
        input_zero_point=place.tensor(0).zero_point,
        weight_zero_point=weights_zero_point(place.tensor(1)),
    )


def requantized(
    sums: Callable[[Place, Arrays], NDArray[np.int32]], requantization: Callable[[Place], Any]
) -> Kernel:
    """The operator of these sums, requantised as its place says, in the result's shape."""

    def kernel(place: Place, inputs: Arrays) -> NDArray[Any]:
        return requantize(sums(place, inputs), requantization(place)).reshape(place.result.shape)

    return kernel
