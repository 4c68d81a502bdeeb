# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files with one operator and random parameters, for a comparison with a live runtime."""

from collections.abc import Callable
from typing import Any

import numpy as np
from movement_cases import MOVEMENT
from operator_parts import (
    Case,
    Rng,
    byte_tensor,
    random_activation,
    random_values,
    single_operator,
)
from operator_reductions import REDUCTIONS
from tflite_files import FileTensor, constant


def _binary(kind: str, dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        shapes = [((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (5,)), ((1, 3, 1, 5), (2, 1, 4, 1))]
        a, b = shapes[rng.integers(3)]
        first, second = byte_tensor(rng, a, dtype), byte_tensor(rng, b, dtype)
        result = byte_tensor(rng, np.broadcast_shapes(a, b), dtype)
        options = {"activation": random_activation(rng)}
        if kind == "SQUARED_DIFFERENCE":
            result.scale, options = np.float32(result.scale * 10), {}
        return single_operator(rng, kind, [first, second], [result], **options)

    return make


def _prelu(dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        shape = (2, 6, 8, 5)
        slopes = [(1, 1, 5), (5,), (1,), (6, 1, 1), (2, 1, 8, 5), shape][rng.integers(6)]
        given, alpha, result = (byte_tensor(rng, each, dtype) for each in (shape, slopes, shape))
        # Slopes of about 1, so that products are of the values' size.
        alpha.scale /= np.float32(4)
        alpha.data = random_values(rng, slopes, dtype)
        if rng.random() < 0.33:
            # With the quotient in float32 ties are exact, with the exact quotient there are none.
            result.scale = given.scale / np.float32(rng.choice([0.375, 0.75, 1.25]))
        return single_operator(rng, "PRELU", [given, alpha], [result])

    return make


def _number(kind: str, dtype: str, **options: Any) -> Callable[[Rng], Case]:
    """A binary operator of float32 or integers."""

    def make(rng: Rng) -> Case:
        a = FileTensor(shape=(3, 40), dtype=dtype)
        b = FileTensor(shape=(40,), dtype=dtype)
        if kind == "FLOOR_DIV":
            b = constant(rng.choice([-7, -2, 1, 3, 48], 40), dtype)
        return single_operator(
            rng, kind, [a, b], [FileTensor(shape=(3, 40), dtype=dtype)], **options
        )

    return make


def _same_scale(kind: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        a = byte_tensor(rng, (2, 30))
        same = {"scale": a.scale, "zero_point": a.zero_point}
        b, result = FileTensor(shape=(30,), **same), FileTensor(shape=(2, 30), **same)
        return single_operator(rng, kind, [a, b], [result])

    return make


def _unary(
    kind: str, dtype: str = "int8", result: str | None = None, **options: Any
) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        fixed: dict[str, Any] = {}
        lowest = int(np.iinfo(dtype).min)
        if kind in ("LOGISTIC", "SOFTMAX"):
            fixed = {"zero_point": lowest}
        if kind == "TANH":
            fixed = {"zero_point": lowest + 128}
        given = byte_tensor(rng, (4, 256), dtype)
        output = byte_tensor(rng, (4, 256), result or dtype, **fixed)
        if fixed:
            output.scale = np.float32(1 / 128 if kind == "TANH" else 1 / 256)
        if kind == "HARD_SWISH":
            output.scale = np.float32(max(output.scale, given.scale / 100))
        if kind == "ELU" and rng.random() < 0.33:
            # So near 1 it is seen whether the exponential is rounded before 1 is taken off.
            given.scale, output.scale = given.scale / 2**16, output.scale / 2**16
        values = dict(options)
        if "alpha" in values:
            values["alpha"] = float(rng.uniform(-0.5, 1.5))
        if "beta" in values:
            values["beta"] = float(rng.choice([0.5, 1.0, 1.7]))
        return single_operator(
            rng, kind, [given], [output], version=1 if dtype == "uint8" else 2, **values
        )

    return make


def _softmax_rows(rng: Rng) -> Case:
    """Many short rows: the exact function, rounded, differs in about 20 of a million values."""
    given = FileTensor(shape=(8000, 10), scale=np.float32(rng.uniform(0.03, 0.1)), zero_point=0)
    shares = FileTensor(shape=given.shape, scale=np.float32(1 / 256), zero_point=-128)
    return single_operator(rng, "SOFTMAX", [given], [shares], beta=1.0)


def _sqrt(rng: Rng) -> Case:
    file, (values,) = single_operator(
        rng, "SQRT", [FileTensor(shape=(50,), dtype="float32")],
        [FileTensor(shape=(50,), dtype="float32")], version=1,
    )  # fmt: skip
    return file, [np.abs(values)]


def _pool(kind: str, dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        height, width = (int(n) for n in rng.integers(5, 9, 2))
        kernel, stride = rng.integers(1, 5, 2), rng.integers(1, 4, 2)
        same = bool(rng.integers(2))
        sizes = [
            -(-size // step) if same else (size - k) // step + 1
            for size, k, step in zip((height, width), kernel, stride, strict=True)
        ]
        image = byte_tensor(rng, (2, height, width, 3), dtype)
        result = FileTensor(
            shape=(2, *map(int, sizes), 3),
            dtype=dtype,
            scale=image.scale,
            zero_point=image.zero_point,
        )
        return single_operator(
            rng, kind, [image], [result], padding=int(not same), activation=random_activation(rng),
            filter_h=int(kernel[0]), filter_w=int(kernel[1]),
            stride_h=int(stride[0]), stride_w=int(stride[1]),
        )  # fmt: skip

    return make


def _resize(kind: str, dtype: str) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        mode = rng.integers(3)
        size = [int(n) for n in rng.integers(1, 12, 2)]
        image = byte_tensor(rng, (2, int(rng.integers(1, 8)), int(rng.integers(2, 8)), 3), dtype)
        result = FileTensor(
            shape=(2, *size, 3), dtype=dtype, scale=image.scale, zero_point=image.zero_point
        )
        return single_operator(
            rng, kind, [image, constant(size)], [result],
            align_corners=bool(mode == 1), half_pixel_centers=bool(mode == 2),
        )  # fmt: skip

    return make


def _convolution(kind: str, dtype: str) -> Callable[[Rng], Case]:
    """Convolutions with padding, dilation and groups, which the other tests of layers lack."""

    def make(rng: Rng) -> Case:
        height, width = (int(n) for n in rng.integers(5, 9, 2))
        kernel = [int(n) for n in rng.integers(1, 4, 2)]
        stride = [int(n) for n in rng.integers(1, 3, 2)]
        dilation = [1, 1] if max(stride) > 1 else [int(n) for n in rng.integers(1, 3, 2)]
        same, channels = bool(rng.integers(2)), 4
        out = 8
        sizes = []
        for size, k, step, spread in zip((height, width), kernel, stride, dilation, strict=True):
            extent = (k - 1) * spread + 1
            sizes.append(-(-size // step) if same else (size - extent) // step + 1)
        depthwise = kind == "DEPTHWISE_CONV_2D"
        shape = (1, *kernel, out) if depthwise else (out, *kernel, channels)
        axis = 3 if depthwise else 0
        image = byte_tensor(rng, (2, height, width, channels), dtype)
        if dtype == "int8":
            scales = rng.uniform(0.001, 0.01, out).astype(np.float32)
            points: Any = 0
        else:
            scales, points = np.float32(rng.uniform(0.001, 0.01)), int(rng.integers(100, 150))
        weights = constant(
            random_values(rng, shape, dtype), dtype, scale=scales, zero_point=points, axis=axis
        )
        bias = constant(rng.integers(-3000, 3000, out), scale=image.scale * scales, zero_point=0)
        options = {"depth_multiplier": out // channels} if depthwise else {}
        return single_operator(
            rng, kind, [image, weights, bias], [byte_tensor(rng, (2, *sizes, out), dtype)],
            version=3 if dtype == "int8" else 1, activation=random_activation(rng),
            padding=int(not same), stride_h=stride[0], stride_w=stride[1],
            dilation_h=dilation[0], dilation_w=dilation[1], **options,
        )  # fmt: skip

    return make


def _transpose_conv(rng: Rng) -> Case:
    height, width = (int(n) for n in rng.integers(2, 6, 2))
    kernel = [int(n) for n in rng.integers(1, 5, 2)]
    stride = [int(n) for n in rng.integers(1, 4, 2)]
    same = bool(rng.integers(2))
    sizes = [
        size * step if same else (size - 1) * step + max(k, 1)
        for size, k, step in zip((height, width), kernel, stride, strict=True)
    ]
    image = byte_tensor(rng, (1, height, width, 4))
    scales = rng.uniform(0.001, 0.01, 6).astype(np.float32)
    weights = constant(random_values(rng, (6, *kernel, 4)), "int8", scale=scales)
    bias = constant(rng.integers(-3000, 3000, 6), scale=image.scale * scales)
    return single_operator(
        rng, "TRANSPOSE_CONV", [constant([1, *sizes, 6]), weights, image, bias],
        [byte_tensor(rng, (1, *sizes, 6))], version=3, padding=int(not same),
        stride_h=stride[0], stride_w=stride[1],
    )  # fmt: skip


def _fully_connected(dtype: str, *, per_channel: bool = False) -> Callable[[Rng], Case]:
    def make(rng: Rng) -> Case:
        keep = bool(rng.integers(2))
        given = byte_tensor(rng, (2, 3, 20), dtype)
        scale = rng.uniform(0.001, 0.01, 7 if per_channel else 1).astype(np.float32)
        zero_point = 0 if dtype == "int8" else int(rng.integers(100, 150))
        values = random_values(rng, (7, 20), dtype)
        weights = constant(values, dtype, scale=scale, zero_point=zero_point)
        bias = constant(rng.integers(-3000, 3000, 7), scale=given.scale * scale)
        return single_operator(
            rng, "FULLY_CONNECTED", [given, weights, bias],
            [byte_tensor(rng, (2, 3, 7) if keep else (6, 7), dtype)], version=5,
            activation=random_activation(rng), keep_num_dims=keep,
        )  # fmt: skip

    return make


def _border(kind: str, given: str, result: str) -> Callable[[Rng], Case]:
    """QUANTIZE, DEQUANTIZE and CAST; a third of the float32 values lie between two integers."""

    def make(rng: Rng) -> Case:
        def tensor(dtype: str) -> FileTensor:
            if dtype in ("int8", "uint8") and kind != "CAST":
                return byte_tensor(rng, (3, 200), dtype)
            return FileTensor(shape=(3, 200), dtype=dtype)

        x, y = tensor(given), tensor(result)
        content, (values,) = single_operator(rng, kind, [x], [y], version=1)
        if kind == "QUANTIZE":
            values[0] = (np.arange(200) - 100.5).astype(np.float32) * np.float32(y.scale)
        return content, [values]

    return make


def _arg_max(rng: Rng) -> Case:
    result = FileTensor(shape=(4, 6), dtype="int32")
    return single_operator(
        rng, "ARG_MAX", [byte_tensor(rng, (4, 30, 6)), constant(-2)], [result], output_type=2
    )


#: Makers of cases, by name; each call gives another file and other values.
CASES: dict[str, Callable[[Rng], Case]] = {
    **{f"{kind} {dtype}": _binary(kind, dtype)
       for kind in ("ADD", "SUB", "MUL") for dtype in ("int8", "uint8")},
    "SQUARED_DIFFERENCE int8": _binary("SQUARED_DIFFERENCE", "int8"),
    **{f"{kind} {dtype}": _number(kind, dtype)
       for kind in ("ADD", "SUB", "MUL") for dtype in ("int32", "float32")},
    "DIV float32": _number("DIV", "float32", version=1),
    "FLOOR_DIV int32": _number("FLOOR_DIV", "int32", version=1),
    "SQRT": _sqrt,
    "MAXIMUM": _same_scale("MAXIMUM"),
    "MINIMUM": _same_scale("MINIMUM"),
    **{f"{kind} {dtype}": _unary(kind, dtype)
       for kind in ("LOGISTIC", "TANH", "RELU", "RELU6", "HARD_SWISH")
       for dtype in ("int8", "uint8")},
    "RELU_N1_TO_1 int8": _unary("RELU_N1_TO_1"),
    "ABS int8": _unary("ABS"),
    "ELU int8": _unary("ELU"),
    "LEAKY_RELU int8": _unary("LEAKY_RELU", alpha=0),
    "PRELU int8": _prelu("int8"),
    "PRELU uint8": _prelu("uint8"),
    "SOFTMAX int8": _unary("SOFTMAX", beta=1),
    "SOFTMAX uint8": _unary("SOFTMAX", "uint8", beta=1),
    "SOFTMAX rows": _softmax_rows,
    "QUANTIZE int8": _unary("QUANTIZE"),
    "QUANTIZE uint8 to int8": _unary("QUANTIZE", "uint8", "int8"),
    **{f"{kind} {dtype}": _pool(kind, dtype)
       for kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D") for dtype in ("int8", "uint8")},
    **REDUCTIONS,
    **{f"{kind} {dtype}": _resize(kind, dtype)
       for kind in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR") for dtype in ("int8", "uint8")},
    **{f"{kind} {dtype}": _convolution(kind, dtype)
       for kind in ("CONV_2D", "DEPTHWISE_CONV_2D") for dtype in ("int8", "uint8")},
    "TRANSPOSE_CONV": _transpose_conv,
    "FULLY_CONNECTED": _fully_connected("int8"),
    "FULLY_CONNECTED uint8": _fully_connected("uint8"),
    "FULLY_CONNECTED per channel": _fully_connected("int8", per_channel=True),
    "ADD float32 bounded": _number("ADD", "float32", activation="relu_n1_to_1"),
    "QUANTIZE float32 to int8": _border("QUANTIZE", "float32", "int8"),
    "QUANTIZE float32 to uint8": _border("QUANTIZE", "float32", "uint8"),
    "DEQUANTIZE int8": _border("DEQUANTIZE", "int8", "float32"),
    "CAST float32 to int32": _border("CAST", "float32", "int32"),
    "CAST uint8 to float32": _border("CAST", "uint8", "float32"),
    "ARG_MAX": _arg_max,
    **MOVEMENT,
}  # fmt: skip
