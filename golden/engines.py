# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""How each framework turns a layer's scales, zero points and bias into requantisation.

Every function takes the scales as the framework stores them (PyTorch: float64 values; ONNX and
TensorFlow Lite: float32 values) and rounds where the framework rounds; ``fl`` is a rounding to
float32. A scalar ``weight_scales`` means per tensor, a sequence per channel. ``zero_point`` is
the result's, in int8 (``signed``) or uint8. Input and weight zero points belong to the
accumulators (see `golden.conv2d`) and do not appear here.

All raise ``ValueError`` for scales that are not positive and finite and for numbers of channels
that contradict each other, and what the parameters' class raises.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from macaw.arch import (
    AnyRequantization,
    Float32Bias,
    Float32Chain,
    Mode,
    Requantization,
    float32_multiplier,
)
from macaw.golden.channels import channel_scales, integer_bias, result_bounds
from macaw.golden.float32 import float32, round_half_even

__all__ = [
    "fbgemm_requantization",
    "onednn_requantization",
    "onnxruntime_requantization",
    "qnnpack_bias",
    "qnnpack_requantization",
    "x86_requantization",
    "x86_uses_onednn",
]

_ONE = np.float32(1)


def _float32_mode(
    multipliers: NDArray[np.float32], bias: tuple[int, ...], bounds: dict[str, Any]
) -> Requantization:
    pairs = [float32_multiplier(float(value)) for value in multipliers]
    return Requantization(
        mode=Mode.FLOAT32,
        bias=bias,
        multiplier=tuple(multiplier for multiplier, _ in pairs),
        shift=tuple(shift for _, shift in pairs),
        **bounds,
    )


def qnnpack_bias(
    *, input_scale: float, weight_scales: ArrayLike, bias: ArrayLike
) -> NDArray[np.int32]:
    """The int32 bias of PyTorch's qnnpack: ``RNE(fl(b * fl(1 / fl(s_x * s_w))))``, the product
    of the scales in float64 before its rounding; saturating at int32's range."""
    product = float32(np.float64(input_scale) * np.asarray(weight_scales, np.float64))
    rounded = round_half_even(float32(bias) * (_ONE / product)).astype(np.float64)
    return np.clip(rounded, -(2.0**31), 2.0**31 - 1).astype(np.int32)


def qnnpack_requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    relu: bool = False,
    signed: bool = False,
    out_channels: int | None = None,
) -> Requantization:
    """PyTorch's ``qnnpack``, convolutions and linear layers: mode ``float32``.

    ``m = fl(fl(s_w * s_x) * fl(1 / s_o))``, the bias as `qnnpack_bias`. ``bias`` is in real
    units, float32, or ``None``. The result is uint8 in PyTorch.
    """
    scales = channel_scales(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=bias,
        out_channels=out_channels,
    )
    product = float32(scales.weight) * np.float32(scales.input)
    multipliers = product * (_ONE / np.float32(scales.output))
    integers = None
    if scales.bias is not None:
        integers = qnnpack_bias(
            input_scale=scales.input, weight_scales=scales.weight, bias=scales.bias
        )
    return _float32_mode(
        multipliers,
        integer_bias(integers, scales.count),
        result_bounds(zero_point, signed=signed, relu=relu),
    )


def fbgemm_requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    relu: bool = False,
    signed: bool = False,
    out_channels: int | None = None,
) -> Requantization | Float32Bias:
    """PyTorch's ``fbgemm``, convolutions and linear layers: ``m = fl(fl(s_x * s_w) / s_o)``.

    Without a bias mode ``float32``; with one ``float32_bias``: per channel the quotient
    ``fl(b / fl(s_x * s_w))`` is added, per tensor the product with ``fl(1 / fl(s_x * s_w))``, in
    one fused step.
    """
    scales = channel_scales(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=bias,
        out_channels=out_channels,
    )
    product = np.float32(scales.input) * float32(scales.weight)
    multipliers = product / np.float32(scales.output)
    bounds = result_bounds(zero_point, signed=signed, relu=relu)
    if scales.bias is None:
        return _float32_mode(multipliers, integer_bias(None, scales.count), bounds)
    if scales.per_tensor:
        values, factors = scales.bias, _ONE / product
    else:
        values, factors = scales.bias / product, np.ones_like(product)
    return Float32Bias(
        bias=tuple(values), bias_scale=tuple(factors), multiplier=tuple(multipliers), **bounds
    )


def onednn_requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    relu: bool = False,
    signed: bool = False,
    out_channels: int | None = None,
    linear: bool = False,
) -> Float32Chain:
    """PyTorch's ``onednn``: mode ``float32_chain``; ``linear`` chooses linear layers' formulas.

    Scales are stored as reciprocals and inverted again, each time with a rounding:
    ``fl(1 / fl(1 / s_x))`` for the input, ``fl(1 / fl(1 / fl(1 / s_o)))`` for the result, and in
    linear layers ``fl(1 / fl(1 / s_w))`` for the weights. The first reciprocal is taken in
    float64, but for weights per channel, whose scales are rounded to float32 before it. Weight
    zero points other than 0 are refused by the engine.
    """
    scales = channel_scales(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=bias,
        out_channels=out_channels,
    )
    weight = float32(scales.weight)
    if linear and scales.per_tensor:
        weight = _ONE / float32(1.0 / scales.weight)
    elif linear:
        weight = _ONE / (_ONE / weight)
    values = np.zeros(scales.count, np.float32) if scales.bias is None else scales.bias
    return Float32Chain(
        input_scale=float(_ONE / np.float32(1.0 / scales.input)),
        weight_scale=tuple(weight),
        bias=tuple(values),
        output_multiplier=float(_ONE / (_ONE / np.float32(1.0 / scales.output))),
        **result_bounds(zero_point, signed=signed, relu=relu),
    )


def x86_uses_onednn(*, linear: bool, groups: int, weight_zero_point: ArrayLike, vnni: bool) -> bool:
    """Whether PyTorch's ``x86`` engine hands a layer to onednn rather than fbgemm: convolutions
    of at most 100 groups, without weight zero points, on a CPU with AVX512-VNNI."""
    return not linear and vnni and groups <= 100 and not np.any(weight_zero_point)


def x86_requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    vnni: bool,
    relu: bool = False,
    signed: bool = False,
    out_channels: int | None = None,
    linear: bool = False,
    groups: int = 1,
    weight_zero_point: ArrayLike = 0,
) -> AnyRequantization:
    """PyTorch's default engine ``x86``: onednn's or fbgemm's, as `x86_uses_onednn` says.

    ``vnni`` says whether the CPU that is to be matched has AVX512-VNNI.
    """
    onednn = x86_uses_onednn(
        linear=linear, groups=groups, weight_zero_point=weight_zero_point, vnni=vnni
    )
    function = onednn_requantization if onednn else fbgemm_requantization
    return function(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=bias,
        zero_point=zero_point,
        relu=relu,
        signed=signed,
        out_channels=out_channels,
    )


def onnxruntime_requantization(
    *,
    input_scale: float,
    weight_scales: ArrayLike,
    output_scale: float,
    bias: ArrayLike | None,
    zero_point: int,
    signed: bool = False,
    out_channels: int | None = None,
) -> Requantization:
    """ONNX Runtime's QLinearConv, QLinearMatMul and QGemm on the CPU: mode ``float32`` with
    ``m = fl(fl(s_x * s_w) / s_o)``; ``bias`` is the operator's int32 bias or ``None``."""
    scales = channel_scales(
        input_scale=input_scale,
        weight_scales=weight_scales,
        output_scale=output_scale,
        bias=None,
        out_channels=out_channels if bias is None else np.size(bias),
    )
    multipliers = np.float32(scales.input) * float32(scales.weight) / np.float32(scales.output)
    return _float32_mode(
        multipliers, integer_bias(bias, scales.count), result_bounds(zero_point, signed=signed)
    )
