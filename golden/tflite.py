# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How TensorFlow Lite's kernels turn scales and a fused activation into requantisation."""

import math

import numpy as np
from numpy.typing import ArrayLike

from macaw.arch import Mode, Requantization, fixed_multiplier
from macaw.arch.checks import one_of
from macaw.golden.channels import channel_scales, integer_bias, result_bounds
from macaw.golden.float32 import float32
from macaw.nn.graph.operators import Activation

__all__ = ["Activation", "activation_bounds", "float_bounds", "tflite_requantization"]


_LIMITS: dict[Activation, tuple[float | None, float | None]] = {
    Activation.NONE: (None, None),
    Activation.RELU: (0.0, None),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def activation_bounds(
    activation: Activation, *, output_scale: float, zero_point: int, signed: bool
) -> tuple[int, int]:
    """The lowest and highest result: ``z_o + round(fl(limit / s_o))``, half away from zero,
    within the result's type (source: ``CalculateActivationRangeQuantized`` in
    tensorflow/lite/kernels/kernel_util.cc).

    >>> activation_bounds(Activation.RELU6, output_scale=0.05, zero_point=-128, signed=True)
    (-128, -8)
    """
    bounds = result_bounds(zero_point, signed=signed)
    low, high = bounds["minimum"], bounds["maximum"]

    def quantised(limit: float) -> int:
        quotient = float(np.float32(limit) / np.float32(output_scale))
        return zero_point + int(math.copysign(math.floor(abs(quotient) + 0.5), quotient))

    lower, upper = _LIMITS[one_of("activation", activation, tuple(Activation))]
    minimum = low if lower is None else min(max(low, quantised(lower)), high)
    maximum = high if upper is None else max(min(high, quantised(upper)), minimum)
    return minimum, maximum


def float_bounds(activation: Activation) -> tuple[np.float32, np.float32]:
    """The lowest and highest result of an activation in float32."""
    lower, upper = _LIMITS[one_of("activation", activation, tuple(Activation))]
    return (
        np.float32(-np.inf if lower is None else lower),
        np.float32(np.inf if upper is None else upper),
    )


def tflite_requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    activation: Activation = Activation.NONE,
    signed: bool = True,
    out_channels: int | None = None,
    mode: Mode = Mode.FIXED_DOUBLE_AWAY,
    float32_product: bool = False,
) -> Requantization:
    """CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED of TensorFlow Lite.

    The multiplier is ``s_i * s_w / s_o`` in float64, from float32 scales, as
    `macaw.arch.fixed_multiplier` cuts it to 31 bits; with ``float32_product`` the product
    ``s_i * s_w`` is rounded to float32 first (source: ``GetQuantizedConvolutionMultipler`` in
    tensorflow/lite/kernels/kernel_util.cc). ``bias`` is the int32 bias or ``None``. Seen:

    ==============================  =====================  ===============
    kernel                          mode                   float32_product
    ==============================  =====================  ===============
    tflite-runtime 2.14, reference
      int8 convolutions             ``fixed_double_away``  no
      uint8 convolutions            ``fixed_double_away``  yes
      fully connected               ``fixed_double_away``  yes
    LiteRT 2.3, reference
      int8 convolutions             ``fixed_double_away``  no
      fully connected               no mode: one rounding  no
                                    half away, as in
                                    `fixed_single_away`
    LiteRT 2.3, optimised
      dense int8 convolutions       ``fixed_double_up``    no
      fully connected               ``fixed_double_up``    yes
    ==============================  =====================  ===============
    """
    one_of("mode", mode, (Mode.FIXED_DOUBLE_AWAY, Mode.FIXED_DOUBLE_UP, Mode.FIXED_SINGLE))
    scales = channel_scales(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=None,
        out_channels=out_channels if bias is None else np.size(bias),
    )
    products = float(np.float32(scales.input)) * float32(scales.weight).astype(np.float64)
    if float32_product:
        products = float32(products).astype(np.float64)
    pairs = [fixed_multiplier(product / float(np.float32(scales.output))) for product in products]
    minimum, maximum = activation_bounds(
        activation, output_scale=scales.output, zero_point=zero_point, signed=signed
    )
    return Requantization(
        mode=mode,
        bias=integer_bias(bias, scales.count),
        multiplier=tuple(multiplier for multiplier, _ in pairs),
        shift=tuple(shift for _, shift in pairs),
        zero_point=zero_point,
        minimum=minimum,
        maximum=maximum,
        signed=signed,
    )
