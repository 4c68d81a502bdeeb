# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The sums of convolutions and fully connected layers: exact, and the same in every runtime."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.golden.conv2d import accumulate_conv2d
from macaw.golden.conv_transpose2d import accumulate_conv_transpose2d
from macaw.golden.kernels.place import Arrays, Place
from macaw.golden.linear import accumulate_linear
from macaw.nn.graph import operators as op

__all__ = ["accumulators", "weight_zero_points"]


def weight_zero_points(place: Place) -> Any:
    """The zero point of the weights, or one for each output channel."""
    quantization = place.tensor(1).quantization
    assert quantization is not None
    points = quantization.zero_point
    return points[0] if len(points) == 1 else points


def accumulators(place: Place, inputs: Arrays) -> NDArray[np.int32]:
    """The sums of a layer, [..., out_channels], without the bias."""
    operator = place.operator
    zero_points = {
        "input_zero_point": place.tensor(0).zero_point,
        "weight_zero_point": weight_zero_points(place),
    }
    match operator:
        case op.Conv2d():
            shape = place.graph.conv2d_shape(operator)
            return accumulate_conv2d(inputs[0], inputs[1], shape=shape, **zero_points)
        case op.ConvTranspose2d():
            return accumulate_conv_transpose2d(
                inputs[0],
                inputs[1],
                stride=operator.stride,
                offset=operator.offset,
                output_size=operator.output_size,
                **zero_points,
            )
        case _:
            rows = inputs[0].reshape(-1, inputs[1].shape[1])
            return accumulate_linear(rows, inputs[1], **zero_points)
