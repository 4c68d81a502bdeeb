# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions and fully connected layers, of integers and of real numbers around pairs."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from macaw.nn.errors import ModelError
from macaw.nn.graph import DType, Quantization
from macaw.nn.graph import operators as op
from macaw.nn.onnx.real import fusible
from macaw.nn.onnx.site import Site
from macaw.nn.onnx.values import Held, Pending, Real
from macaw.nn.onnx.windows import window

__all__ = ["WEIGHTED"]

_BYTES = (DType.INT8, DType.UINT8)
#: How far the scale of an int32 bias may lie from the product of the other scales. The runtime
#: takes about twice as much, and the integers as they are.
_BIAS_TOLERANCE = 0.005


def _weights(held: Held, axis: int, out_channels: int) -> Quantization:
    """What weights mean, whose scales must lie along ``axis``, once that axis is the first."""
    quantization = held.quantization
    if held.data is None or quantization is None or held.dtype not in _BYTES:
        raise ModelError(f"weights {held.label!r} must be constant and of 8 bits")
    if quantization.axis not in (None, axis) or len(quantization.scale) not in (1, out_channels):
        raise ModelError(
            f"weights {held.label!r} must have scales along axis {axis}, "
            f"not {len(quantization.scale)} along axis {quantization.axis}"
        )
    return Quantization(
        scale=quantization.scale,
        zero_point=quantization.zero_point,
        axis=None if quantization.axis is None else 0,
    )


def _check_multipliers(image: Held, weights: Quantization, result: Quantization | None) -> None:
    """The sums' multipliers must be numbers that a requantisation can have."""
    assert image.quantization is not None
    if result is None:
        return
    scales = np.array(weights.scale, np.float32)
    with np.errstate(all="ignore"):
        factors = np.float32(image.quantization.scale[0]) * scales / np.float32(result.scale[0])
    if not np.all((factors > 0) & (factors < 2.0**24)):
        raise ModelError(
            "input scale times weight scale over the result's scale must be above 0 and below "
            f"2**24, not {factors.min()} ... {factors.max()}"
        )


def _conv2d(
    site: Site, image: Held, weights: Held, bias: NDArray[np.int32] | None, *result: Any
) -> Held:
    """A convolution; ``result`` is label, type and quantization."""
    data = weights.data
    if data is None or data.ndim != 4:
        raise ModelError(f"weights {weights.label!r} must be constant, with 4 axes")
    builder = site.builder
    places = window(site, image.shape, (data.shape[2], data.shape[3]))
    meaning = _weights(weights, 0, data.shape[0])
    _check_multipliers(image, meaning, result[2])
    names = [builder.image(image), builder.place(weights.label, _last(data), meaning)]
    if bias is not None:
        names.append(builder.place(f"{result[0]}#bias", bias, None))
    return builder.emit(
        result[0], op.Conv2d, tuple(names), *result[1:], image=True,
        stride=places.stride, dilation=places.dilation, padding=places.padding,
        groups=site.attribute("group", 1),
    )  # fmt: skip


def _last(weights: NDArray[Any]) -> NDArray[Any]:
    """Weights with their input channels last."""
    return weights.transpose(0, 2, 3, 1)


def _linear(
    site: Site, vectors: Held, weights: Held, bias: NDArray[np.int32] | None, *result: Any
) -> Held:
    """A fully connected layer; weights are [in, out], or [out, in] with ``transB``."""
    data, builder = weights.data, site.builder
    if data is None or data.ndim != 2 or len(vectors.shape) < 2:
        raise ModelError(f"weights {weights.label!r} must be constant, and both of 2 axes")
    turned = bool(site.attribute("transB", 0, among=(0, 1)))
    data = data if turned else data.T
    meaning = _weights(weights, 0 if turned else 1, len(data))
    _check_multipliers(vectors, meaning, result[2])
    names = [builder.plain(vectors), builder.place(weights.label, data, meaning)]
    if bias is not None:
        names.append(builder.place(f"{result[0]}#bias", bias, None))
    return builder.emit(result[0], op.Linear, tuple(names), *result[1:], keep_dimensions=True)


_Layer = Callable[..., Held]


def _check_gemm(site: Site) -> None:
    """What is asked of the attributes of a Gemm: that they do nothing."""
    site.attribute("transA", 0, among=(0,))
    site.attribute("alpha", 1.0, among=(1.0,))
    site.attribute("beta", 1.0, among=(1.0,))


def _integer_bias(site: Site, index: int, out_channels: int) -> NDArray[np.int32] | None:
    """The bias of a layer of integers."""
    if not site.has(index):
        return None
    data = site.array(index, "the bias")
    if data.dtype != np.int32 or data.size != out_channels or data.shape[-1:] != (out_channels,):
        raise ModelError(f"the bias must be {out_channels} values of int32, not {data.dtype}")
    return data.reshape(-1)


def _of_integers(layer: _Layer, places: tuple[int, int, int]) -> Callable[[Site], None]:
    """A layer of integers: input, weights and their meanings come first, then those of the
    result, and the bias, at ``places``."""

    def convert(site: Site) -> None:
        scale, zero_point, bias = places
        site.inputs(8, 9) if bias else site.inputs(8)
        convolution = layer is _conv2d
        if not convolution:
            _check_gemm(site)
        weights = site.held(3, *_BYTES)
        turned = convolution or site.attribute("transB", 0, among=(0, 1))
        axis = 0 if turned else 1
        if len(weights.shape) < 2:
            raise ModelError(f"weights {weights.label!r} must have more than {axis} axes")
        weights = site.quantised(3, 4, 5, axis)
        image = site.quantised(0, 1, 2)
        integers = _integer_bias(site, bias, weights.shape[axis]) if bias else None
        label, result = site.label, site.result(scale, zero_point)
        site.builder.define(label, layer(site, image, weights, integers, label, *result))

    return convert


def _of_sums(layer: _Layer) -> Callable[[Site], None]:
    """A layer whose results are its sums: input, weights, and their zero points."""

    def convert(site: Site) -> None:
        site.inputs(2, 4)
        operands = []
        for index in range(2):
            held = site.held(index, *_BYTES)
            zero_point = 0
            if site.has(2 + index):
                data = site.array(2 + index, "the zero point")
                if data.size != 1 or data.dtype != np.dtype(held.dtype.value):
                    raise ModelError(f"the zero point of {held.label!r} must be one {held.dtype}")
                zero_point = int(data.reshape(()))
            meaning = Quantization(scale=(1.0,), zero_point=(zero_point,))
            operands.append(site.builder.scaled(held, meaning))
        label = site.label
        made = layer(site, *operands, None, label, DType.INT32, None)
        site.builder.define(label, made)

    return convert


def _real_bias(
    site: Site, image: Held, weights: Held, out_channels: int
) -> NDArray[np.int32] | None:
    """The bias of a layer of real numbers, in units of input scale times weight scale.

    The runtime makes integers of float32 biases: ``RNE(fl(b / fl(s_x * s_w)))`` (source:
    onnxruntime/core/optimizer/qdq_transformer/weight_bias_quantization.cc).
    """
    if not site.has(2):
        return None
    value = site.value(2)
    assert image.quantization is not None
    assert weights.quantization is not None
    scales = np.array(weights.quantization.scale, np.float32)
    if scales.size not in (1, out_channels):
        raise ModelError(f"weights must have 1 or {out_channels} scales, not {scales.size}")
    unit = np.float32(image.quantization.scale[0]) * scales
    held = value.held if isinstance(value, Real) else value
    if not isinstance(held, Held) or held.data is None or held.shape != (out_channels,):
        raise ModelError(f"the bias must be {out_channels} constants")
    data: NDArray[Any] = held.data
    if isinstance(value, Real):
        assert held.quantization is not None
        found = np.array(held.quantization.scale)
        fits = found.shape in ((1,), unit.shape) and not any(held.quantization.zero_point)
        if held.dtype != DType.INT32 or not fits:
            raise ModelError("the bias must be int32 with zero point 0, or float32")
        if np.any(np.abs(found - unit) > _BIAS_TOLERANCE * unit):
            raise ModelError("the bias's scale must be input scale times weight scale")
        return data
    if held.dtype != DType.FLOAT32:
        raise ModelError(f"the bias must be float32, or int32 dequantised, not {held.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        numbers: NDArray[np.float64] = np.rint(data / unit).astype(np.float64)
    if not np.all(np.abs(numbers) < 2.0**31):
        raise ModelError("the bias must be less than 2**31 times input scale times weight scale")
    return numbers.astype(np.int32)


def _of_reals(layer: _Layer) -> Callable[[Site], None]:
    """A layer between a DequantizeLinear and a QuantizeLinear."""

    def convert(site: Site) -> None:
        site.inputs(2, 2 if site.node.kind == "MatMul" else 3)
        if layer is not _conv2d:
            _check_gemm(site)
        image = fusible(site, 0, behind=("Pad",) if layer is _conv2d else ())
        weights = fusible(site, 1)
        if len(weights.shape) < 2 or weights.data is None:
            raise ModelError(f"weights {weights.label!r} must be constant")
        turned = layer is _conv2d or site.attribute("transB", 0, among=(0, 1))
        bias = _real_bias(site, image, weights, weights.shape[0 if turned else 1])

        def finish(label: str, dtype: DType, quantization: Quantization) -> Held:
            if dtype != image.dtype:
                raise ModelError(f"the result must be {image.dtype}, as the input is, not {dtype}")
            return layer(site, image, weights, bias, label, dtype, quantization)

        site.builder.define(site.label, Pending(kind=site.node.kind, finish=finish))

    return convert


#: The conversion of each such operator, by its name.
WEIGHTED: dict[str, Callable[[Site], None]] = {
    "Conv": _of_reals(_conv2d),
    "ConvInteger": _of_sums(_conv2d),
    "Gemm": _of_reals(_linear),
    "MatMul": _of_reals(_linear),
    "MatMulInteger": _of_sums(_linear),
    "QGemm": _of_integers(_linear, (7, 8, 6)),
    "QLinearConv": _of_integers(_conv2d, (6, 7, 8)),
    "QLinearMatMul": _of_integers(_linear, (6, 7, 0)),
}
