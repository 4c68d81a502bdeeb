# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The operators as PyTorch's quantised engines compute them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.arch import AnyRequantization, Float32Chain, Mode, Requantization, float32_multiplier
from macaw.golden import engines, pool, resize, torch_elementwise, torch_pool, torch_tables
from macaw.golden.channels import result_bounds
from macaw.golden.fixed_point import Affine, clamp_bytes
from macaw.golden.kernels.place import Arrays, Kernel, Place, affine
from macaw.golden.kernels.weighted import (
    conv2d_sums,
    conv_transpose2d_sums,
    linear_sums,
    requantized,
    weights_zero_point,
)
from macaw.golden.quantize import dequantize, quantize
from macaw.golden.torch_numbers import SINGLES, by_channels, by_values, limit_level
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op
from macaw.nn.graph.operators import Activation

__all__ = ["KERNELS", "requantization"]

_ENGINES: dict[Semantics, Callable[..., AnyRequantization]] = {
    Semantics.QNNPACK: engines.qnnpack_requantization,
    Semantics.FBGEMM: engines.fbgemm_requantization,
    Semantics.ONEDNN: engines.onednn_requantization,
    Semantics.X86: engines.x86_requantization,
}


def _qnnpack(place: Place) -> bool:
    return place.graph.semantics == Semantics.QNNPACK


def requantization(place: Place) -> AnyRequantization:
    """The parameters of an operator that sums, as the graph's engine derives them: a convolution,
    a fully connected layer, a mean; ``x86`` on a CPU with AVX512-VNNI.

    ``ValueError`` for means that no mode describes: those of windows with different numbers of
    pixels, and of an even number where the zero point is added before the rounding, unless that
    number is a power of two and the engine's convolutions do so as well.
    """
    if isinstance(place.operator, op.Mean | op.AveragePool2d | op.AdaptiveAveragePool2d):
        return _mean_parameters(place)
    operator, semantics = place.operator, place.graph.semantics
    weights = place.tensor(1)
    assert weights.quantization is not None
    scales = weights.quantization.scale
    more: dict[str, Any] = {}
    if semantics in (Semantics.ONEDNN, Semantics.X86):
        more["linear"] = isinstance(operator, op.Linear)
    if semantics == Semantics.X86:
        more["vnni"] = not _output_padding(place)
        more["weight_zero_point"] = weights_zero_point(weights)
        more["groups"] = operator.groups if isinstance(operator, op.Conv2d) else 1
    return _ENGINES[semantics](
        input_scale=place.tensor(0).scale,
        weight_scales=scales if weights.quantization.axis is not None else scales[0],
        output_scale=place.result.scale,
        bias=place.tensor(2).data if len(operator.inputs) > 2 else None,
        zero_point=place.result.zero_point,
        relu=_relu(place),
        signed=place.result.dtype == DType.INT8,
        out_channels=weights.shape[0],
        **more,
    )


def _exact_chain(place: Place, count: int) -> bool:
    """Whether a mean is that of onednn's convolutions, which add the zero point before they round:
    where numbers of pixels are powers of two, nothing else is rounded, however it is computed."""
    if isinstance(place.operator, op.AveragePool2d):
        # Whole vectors have their zero point behind.
        single = place.result.shape[-1] < torch_pool.POOL_WIDTH
    else:
        single = True
    engines_with_chain = (Semantics.ONEDNN, Semantics.X86)
    power = count & (count - 1) == 0 and count < torch_pool.EXACT
    return single and power and place.graph.semantics in engines_with_chain


def _chain_of(place: Place, unit: Affine, count: int) -> Float32Chain:
    channels = place.result.shape[-1]
    return Float32Chain(
        input_scale=1.0,
        weight_scale=(1.0,) * channels,
        bias=(0.0,) * channels,
        output_multiplier=1.0 / count,
        **result_bounds(unit.zero_point, signed=place.result.dtype == DType.INT8),
    )


def _mean_parameters(place: Place) -> Requantization | Float32Chain:
    """Of the sums of ``q - z``: one multiplication and one rounding, with the zero point behind,
    or before it where `_exact_chain` says so."""
    unit, count = affine(place.tensor(0)), _pixels(place)
    factor: Any
    if _averages_in_qnnpack(place):
        factor = torch_pool.qnnpack_factor(count, unit.scale)
    else:
        # An odd number makes no ties: where the zero point is added does not matter.
        whole_vectors = isinstance(place.operator, op.AveragePool2d) and not (
            place.result.shape[-1] % torch_pool.POOL_WIDTH
        )
        if not whole_vectors and (count % 2 == 0 or count >= torch_pool.EXACT):
            if _exact_chain(place, count):
                return _chain_of(place, unit, count)
            raise ValueError(
                f"{place.result.name}: a mean must be of an odd number of pixels, not {count}"
            )
        factor = np.float32(1) / np.float32(count)
    multiplier, shift = float32_multiplier(float(factor))
    channels = place.result.shape[-1]
    return Requantization(
        mode=Mode.FLOAT32,
        bias=(0,) * channels,
        multiplier=(multiplier,) * channels,
        shift=(shift,) * channels,
        **result_bounds(unit.zero_point, signed=place.result.dtype == DType.INT8),
    )


def _pixels(place: Place) -> int:
    """How many values each mean is of; ``ValueError`` where that differs."""
    operator, before, after = place.operator, place.tensor(0).shape, place.result.shape
    match operator:
        case op.Mean():
            return place.tensor(0).size // place.result.size
        case op.AveragePool2d():
            counted = operator.count_padding or _qnnpack(place) or not any(operator.padding)
            count = operator.kernel[0] * operator.kernel[1]
        case _:
            counted = before[1] % after[1] == before[2] % after[2] == 0
            count = before[1] * before[2] // (after[1] * after[2])
    if not counted:
        raise ValueError(f"{place.result.name}: windows must have one number of pixels")
    return int(count)


def _averages_in_qnnpack(place: Place) -> bool:
    """Whether a mean is qnnpack's own: it leaves adaptive pooling to another where windows
    overlap, or are single pixels."""
    before, after = place.tensor(0).shape, place.result.shape
    adaptive = isinstance(place.operator, op.AdaptiveAveragePool2d)
    whole = adaptive and before[1] % after[1] == before[2] % after[2] == 0
    return _qnnpack(place) and (not adaptive or (whole and before != after))


def _output_padding(place: Place) -> bool:
    """Whether a transposed convolution has more pixels than it comes to: then ``x86`` is
    fbgemm."""
    operator = place.operator
    if not isinstance(operator, op.ConvTranspose2d):
        return False
    axes = zip(
        operator.output_size,
        place.tensor(0).shape[1:3],
        operator.stride,
        place.tensor(1).shape[1:3],
        operator.offset,
        strict=True,
    )
    return any(
        total > (size - 1) * stride + kernel - 2 * offset
        for total, size, stride, kernel, offset in axes
    )


def _relu(place: Place) -> bool:
    """Whether a ReLU is fused; ``ValueError`` for another activation."""
    activation = place.operator.activation
    if activation not in (Activation.NONE, Activation.RELU):
        raise ValueError(f"activation must be none or relu, not {activation}")
    return bool(activation == Activation.RELU)


def _operands(place: Place) -> dict[str, Any]:
    return {
        "operands": (affine(place.tensor(0)), affine(place.tensor(1))),
        "result": affine(place.result),
        "relu": _relu(place),
    }


def _add(place: Place, inputs: Arrays) -> NDArray[Any]:
    more = _operands(place)
    if _qnnpack(place) and inputs[0].shape == inputs[1].shape:
        return torch_elementwise.qnnpack_add(*inputs, **more)
    return by_values(partial(torch_elementwise.add, **more), *inputs)


def _multiply(place: Place, inputs: Arrays) -> NDArray[Any]:
    return torch_elementwise.multiply(*inputs, **_operands(place))


def _batch_norm(place: Place, inputs: Arrays) -> NDArray[Any]:
    return torch_elementwise.batch_norm(*inputs, relu=_relu(place), **place.scales)


def _concat(place: Place, inputs: Arrays) -> NDArray[Any]:
    axis, result, parts = place.operator.axis, affine(place.result), []
    for index, values in enumerate(inputs):
        operand = affine(place.tensor(index))
        if operand == result:
            parts.append(values)
        elif values.ndim == 4 and axis == 3:
            part = partial(torch_elementwise.concat_part, operand=operand, result=result)
            parts.append(by_channels(part, values, width=8))
        else:
            # Along other axes the engine goes through a tensor of float32.
            parts.append(quantize(dequantize(values, *operand), *result))
    return np.concatenate(parts, axis=axis)


def _max_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator = place.operator
    return pool.max_pool2d(
        inputs[0], kernel=operator.kernel, stride=operator.stride, padding=operator.padding
    )


def _average_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator, unit = place.operator, affine(place.tensor(0))
    sums, counts = torch_pool.window_sums(
        inputs[0],
        unit.zero_point,
        kernel=operator.kernel,
        stride=operator.stride,
        padding=operator.padding,
    )
    area = operator.kernel[0] * operator.kernel[1]
    if _qnnpack(place):
        return torch_pool.qnnpack_average(sums, area, unit, place.dtype)
    if operator.count_padding:
        counts = np.full_like(counts, area)
    return torch_pool.pool_average(sums, counts, unit.zero_point, place.dtype)


def _adaptive_average_pool2d(place: Place, inputs: Arrays) -> NDArray[Any]:
    unit = affine(place.tensor(0))
    sums, counts = torch_pool.adaptive_sums(inputs[0], unit.zero_point, place.operator.size)
    if _averages_in_qnnpack(place):
        return torch_pool.qnnpack_average(sums, counts, unit, place.dtype)
    return torch_pool.adaptive_average(sums, counts, unit.zero_point, place.dtype)


def _mean(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator, unit = place.operator, affine(place.tensor(0))
    centred = inputs[0].astype(np.int32) - unit.zero_point
    sums = centred.sum(axis=operator.axes, keepdims=operator.keep_dimensions, dtype=np.int32)
    count = centred.size // sums.size
    if _qnnpack(place):
        return torch_pool.qnnpack_average(sums, count, unit, place.dtype)
    return torch_pool.mean(sums, count, unit.zero_point, place.dtype)


def _clip(place: Place, inputs: Arrays) -> NDArray[Any]:
    operator, unit = place.operator, affine(place.tensor(0))
    if isinstance(operator, op.Clip):
        limits = operator.minimum, operator.maximum
    else:
        limits = _LIMITS[operator.activation]
    low, high = (limit_level(limit, unit, place.dtype) for limit in limits)
    return clamp_bytes(inputs[0], place.dtype, (low, high))


_LIMITS = {
    Activation.NONE: (-np.inf, np.inf),
    Activation.RELU: (0.0, np.inf),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def _function(place: Place, inputs: Arrays) -> NDArray[Any]:
    function, from_singles = _TABLES[type(place.operator)]
    more = place.scales
    if isinstance(place.operator, op.LeakyRelu | op.Elu):
        more["alpha"] = place.operator.alpha
    if (_qnnpack(place) and from_singles) or _strided(place):
        return np.asarray(function(SINGLES, inputs[0], **more))
    return by_values(partial(function, **more), inputs[0])


def _strided(place: Place) -> bool:
    """Whether the values come in another order than they go: ELU's do, as its result lies
    channels first in memory."""
    shape = place.tensor(0).shape
    elu = isinstance(place.operator, op.Elu)
    return elu and len(shape) == 4 and shape[3] > 1 and shape[1] * shape[2] > 1


#: The functions that are tables, and whether those of qnnpack are made of single values.
_TABLES: dict[type[op.Operator], tuple[Any, bool]] = {
    op.Elu: (torch_tables.elu, False),
    op.HardSigmoid: (torch_tables.hard_sigmoid, True),
    op.HardSwish: (torch_tables.hard_swish, True),
    op.LeakyRelu: (torch_tables.leaky_relu, False),
    op.Logistic: (torch_tables.logistic, True),
    op.Tanh: (torch_tables.tanh, True),
}


def _resize_nearest(place: Place, inputs: Arrays) -> NDArray[Any]:
    return resize.resize_nearest(inputs[0], place.operator.size)


def _quantize(place: Place, inputs: Arrays) -> NDArray[Any]:
    signed = place.result.dtype == DType.INT8
    return quantize(inputs[0], *affine(place.result), signed=signed)


def _dequantize(place: Place, inputs: Arrays) -> NDArray[Any]:
    return dequantize(inputs[0], *affine(place.tensor(0)))


#: The golden function of each operator that the engines have.
KERNELS: dict[type[op.Operator], Kernel] = {
    op.AdaptiveAveragePool2d: _adaptive_average_pool2d,
    op.Add: _add,
    op.AveragePool2d: _average_pool2d,
    op.BatchNorm2d: _batch_norm,
    op.Clip: _clip,
    op.Concat: _concat,
    op.Conv2d: requantized(conv2d_sums, requantization),
    op.ConvTranspose2d: requantized(conv_transpose2d_sums, requantization),
    op.Dequantize: _dequantize,
    op.Linear: requantized(linear_sums, requantization),
    op.MaxPool2d: _max_pool2d,
    op.Mean: _mean,
    op.Multiply: _multiply,
    op.Quantize: _quantize,
    op.Relu: _clip,
    op.ResizeNearest: _resize_nearest,
    **dict.fromkeys(_TABLES, _function),
}
