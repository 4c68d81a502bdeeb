# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files with one operator and random parameters, for a comparison with a live runtime."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx_files import OnnxWriter

Case = tuple[bytes, list[NDArray[Any]]]
Rng = np.random.Generator
Maker = Callable[[Rng], Case]

IMAGE = (2, 6, 7, 8)
BLOCKS = (2, 8, 4, 6)


def scale(rng: Rng) -> np.float32:
    """A third are powers of two, so that there are ties."""
    if rng.random() < 0.33:
        return np.float32(2.0 ** rng.integers(-7, -2))
    return np.float32(rng.uniform(0.005, 0.1))


def values(rng: Rng, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    if dtype == np.float32:
        return rng.normal(0, 3, shape).astype(np.float32)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max + 1, shape).astype(dtype)


def point(rng: Rng, dtype: Any) -> Any:
    return values(rng, dtype, ())[()]


def _meaning(rng: Rng, dtype: Any, factor: float = 1.0) -> list[Any]:
    return [scale(rng) * np.float32(factor), point(rng, dtype)]


def _result(rng: Rng, dtype: Any, unit: Any, factor: float = 1.0) -> list[Any]:
    """The meaning of a result: in half of the files its scale is a small multiple of ``unit``, so
    that many values lie at or beside the middle between two integers."""
    scales = [scale(rng) * np.float32(factor), np.float32(unit) * np.float32(rng.choice(_NEAR))]
    return [scales[int(rng.integers(2))], point(rng, dtype)]


_NEAR = (1, 2, 6, 10, 14, 22)


def _weight_meaning(rng: Rng, dtype: Any, count: int) -> list[Any]:
    """Scales and zero points of weights, for each channel or for all."""
    if rng.random() < 0.5:
        return [scale(rng) / np.float32(5), point(rng, dtype)]
    scales = rng.uniform(0.001, 0.02, count).astype(np.float32)
    return [scales, values(rng, dtype, (count,))]


def _bias(rng: Rng, count: int) -> list[Any]:
    return [rng.integers(-20000, 20001, count).astype(np.int32)] if rng.random() < 0.6 else []


def _conv(dtype: Any, weight_dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        groups = int(rng.choice([1, 2, 4]))
        kernel = tuple(int(size) for size in rng.integers(1, 4, 2))
        weights = values(rng, weight_dtype, (8, 4 // groups, *kernel))
        attributes: dict[str, Any] = {
            "group": groups, "strides": rng.integers(1, 3, 2).tolist(),
            "dilations": rng.integers(1, 3, 2).tolist(), "pads": rng.integers(0, 3, 4).tolist(),
        }  # fmt: skip
        operand, weight = _meaning(rng, dtype), _weight_meaning(rng, weight_dtype, 8)
        unit = operand[0] * np.max(weight[0])
        padding = str(rng.choice(["NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]))
        if padding != "NOTSET":
            del attributes["pads"]
            attributes["auto_pad"] = padding
        if padding.startswith("SAME"):
            del attributes["dilations"]
        file.node(
            "QLinearConv",
            [
                file.input("x", dtype, (2, 4, 9, 8)), *operand, weights, *weight,
                *_result(rng, dtype, 100 * unit, 20), *_bias(rng, 8),
            ],
            "y", **attributes,
        )  # fmt: skip
        return file.file({"y": dtype}), [values(rng, dtype, (2, 4, 9, 8))]

    return make


def _linear(kind: str, dtype: Any, weight_dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        turned = int(kind == "QGemm" and rng.random() < 0.5)
        weights = values(rng, weight_dtype, (7, 33) if turned else (33, 7))
        bias = (_bias(rng, 7) or [""]) if kind == "QGemm" else []
        operand, weight = _meaning(rng, dtype), _weight_meaning(rng, weight_dtype, 7)
        unit = operand[0] * np.max(weight[0])
        shape = (80, 33) if kind == "QGemm" or rng.random() < 0.5 else (2, 40, 33)
        file.node(
            kind,
            [
                file.input("x", dtype, shape), *operand, weights, *weight, *bias,
                *_result(rng, dtype, 100 * unit, 20),
            ],
            "y", **({"transB": turned} if turned else {}),
        )  # fmt: skip
        return file.file({"y": dtype}), [values(rng, dtype, shape)]

    return make


def _sums(kind: str, dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        linear = kind == "MatMulInteger"
        shape = (20, 33) if linear else (2, 4, 9, 8)
        weights = values(rng, np.int8, (33, 7) if linear else (8, 4, 3, 2))
        points = [point(rng, dtype), point(rng, np.int8)][: int(rng.integers(3))]
        file.node(kind, [file.input("x", dtype, shape), weights, *points], "y")
        return file.file({"y": np.int32}), [values(rng, dtype, shape)]

    return make


def _binary(kind: str, dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        shape = [IMAGE, (8,), (6, 1, 1), IMAGE][int(rng.integers(4))]
        first, second = file.input("a", dtype, IMAGE), file.input("b", dtype, shape)
        meaning, other = _meaning(rng, dtype), _meaning(rng, dtype)
        if rng.random() < 0.5:
            other[0] = meaning[0]
        unit = meaning[0] * (other[0] * 30 if kind == "QLinearMul" else 1)
        operands = [first, *meaning, second, *other, *_result(rng, dtype, unit)]
        file.node(kind, operands, "y")
        return file.file({"y": dtype}), [values(rng, dtype, IMAGE), values(rng, dtype, shape)]

    return make


def _concat(dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        first, second = file.input("a", dtype, IMAGE), file.input("b", dtype, IMAGE)
        operands = [first, *_meaning(rng, dtype), second, *_meaning(rng, dtype)]
        axis = int(rng.integers(-4, 4))
        file.node("QLinearConcat", [*_meaning(rng, dtype), *operands], "y", axis=axis)
        return file.file({"y": dtype}), [values(rng, dtype, IMAGE) for _ in range(2)]

    return make


def _single(
    kind: str, dtype: Any, factor: float = 1.0, **attributes: Callable[[Rng], Any]
) -> Maker:
    """An operator of one tensor, between two meanings."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        meaning = _meaning(rng, dtype)
        operand = [file.input("x", dtype, IMAGE), *meaning]
        chosen = {name: choose(rng) for name, choose in attributes.items()}
        file.node(kind, [*operand, *_result(rng, dtype, meaning[0], factor)], "y", **chosen)
        return file.file({"y": dtype}), [values(rng, dtype, IMAGE)]

    return make


def _pairs(
    kind: str,
    dtype: Any,
    operands: tuple[Any, ...] = (),
    opset: int = 13,
    shape: tuple[int, ...] = IMAGE,
    **attributes: Any,
) -> Maker:
    """An operator of real numbers between two pairs, the second of its own scale."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        x = file.dequantize(file.input("x", dtype, shape), *_meaning(rng, dtype))
        step, zero_point = _meaning(rng, dtype)
        # With the lowest zero point the runtime leaves a Relu out, and merges the pairs.
        zero_point = max(zero_point, dtype(np.iinfo(dtype).min + 1))
        file.quantize(file.node(kind, [x, *operands], **attributes), step, zero_point, "y")
        return file.file({"y": dtype}, opset), [values(rng, dtype, shape)]

    return make


def _in_float32(kind: str, dtype: Any) -> Maker:
    """A function whose result is not quantised."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        x = file.dequantize(file.input("x", dtype, IMAGE), *_meaning(rng, dtype))
        file.node(kind, [x], "y")
        return file.file({"y": np.float32}, 14), [values(rng, dtype, IMAGE)]

    return make


def _again(dtype: Any) -> Maker:
    """Integers that are dequantised, moved, and quantised with another type and scale."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        x = file.dequantize(file.input("x", dtype, IMAGE), *_meaning(rng, dtype))
        other = [np.int8, np.uint8][int(rng.integers(2))]
        moved = file.node("Transpose", [x], perm=[0, 2, 1, 3])
        file.quantize(moved, *_meaning(rng, other), "y")
        return file.file({"y": other}), [values(rng, dtype, IMAGE)]

    return make


def _same_pairs(kind: str, dtype: Any, opset: int, **attributes: Any) -> Maker:
    """An operator between two pairs of one scale, 1 / 64."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        meaning = [np.float32(1 / 64), dtype(100)]
        x = file.dequantize(file.input("x", dtype, IMAGE), *meaning)
        file.quantize(file.node(kind, [x], **attributes), *meaning, "y")
        return file.file({"y": dtype}, opset), [values(rng, dtype, IMAGE)]

    return make


def _split(dtype: Any, opset: int, operands: list[Any], **attributes: Any) -> Maker:
    """Into three pieces, of an image that stands with its channels last."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        x = file.node("MaxPool", [file.input("x", dtype, IMAGE)], kernel_shape=[1, 2])
        names = ["y", "z", "w"]
        file.node("Split", [x, *operands], names, axis=1, **attributes)
        return file.file(dict.fromkeys(names, dtype), opset), [values(rng, dtype, IMAGE)]

    return make


def _arg_max(dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        x = file.dequantize(file.input("x", dtype, IMAGE), *_meaning(rng, dtype))
        axis, kept = int(rng.integers(-4, 4)), int(rng.integers(2))
        file.node("ArgMax", [x], "y", axis=axis, keepdims=kept)
        return file.file({"y": np.int64}), [values(rng, dtype, IMAGE)]

    return make


def _moved(
    kind: str,
    dtype: Any,
    operands: list[Any],
    opset: int = 13,
    shape: tuple[int, ...] = IMAGE,
    image: bool = False,
    **attributes: Any,
) -> Maker:
    """An operator of integers as they are; ``image`` lets their channels stand last before it."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        x = file.input("x", dtype, shape)
        if image:
            x = file.node("MaxPool", [x], kernel_shape=[1, 1])
        file.node(kind, [x, *operands], "y", **attributes)
        return file.file({"y": dtype}, opset), [values(rng, dtype, shape)]

    return make


def _quantize(dtype: Any) -> Maker:
    """Numbers at and beside the middle between two integers, and some that are far away."""

    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        meaning = _meaning(rng, dtype)
        file.quantize(file.input("x", np.float32, (400,)), *meaning, "y")
        numbers = ((rng.integers(-256, 256, 400) + 0.5) * meaning[0]).astype(np.float32)
        numbers[:8] = np.inf, -np.inf, 0.0, 3e38, -1e9, 1e9, 0.1, -0.1
        return file.file({"y": dtype}), [numbers]

    return make


def _dequantize(dtype: Any) -> Maker:
    def make(rng: Rng) -> Case:
        file = OnnxWriter()
        file.dequantize(file.input("x", dtype, IMAGE), *_meaning(rng, dtype), output="y")
        return file.file({"y": np.float32}), [values(rng, dtype, IMAGE)]

    return make


def _whole(*numbers: int) -> NDArray[np.int64]:
    return np.array(numbers, np.int64)


def _cases(dtype: Any) -> dict[str, Maker]:
    """The makers for one type of images."""
    window = {
        "kernel_shape": lambda rng: rng.integers(2, 4, 2).tolist(),
        "strides": lambda rng: rng.integers(1, 3, 2).tolist(),
        "pads": lambda rng: rng.integers(0, 2, 4).tolist(),
    }
    counted = {"count_include_pad": lambda rng: int(rng.integers(2))}
    ceil = {"strides": [2, 2], "ceil_mode": 1}
    planar: dict[str, Any] = {"blocksize": 2, "mode": "CRD", "shape": BLOCKS}
    nearest = {"mode": "nearest", "nearest_mode": "floor"}
    scales = ["", np.array([1, 1, 2, 3], np.float32)]
    part = [_whole(5, 1), _whole(-9, 8), _whole(1, -1), _whole(-2, 3)]
    low = np.array(-20 if dtype == np.int8 else 20, dtype)
    return {
        "Conv": _conv(dtype, np.int8),
        "QGemm": _linear("QGemm", dtype, np.int8),
        "QLinearMatMul": _linear("QLinearMatMul", dtype, np.int8),
        "ConvInteger": _sums("ConvInteger", dtype),
        "MatMulInteger": _sums("MatMulInteger", dtype),
        "QLinearAdd": _binary("QLinearAdd", dtype),
        "QLinearMul": _binary("QLinearMul", dtype),
        "QLinearConcat": _concat(dtype),
        "QLinearGlobalAveragePool": _single("QLinearGlobalAveragePool", dtype, 0.5),
        "QLinearAveragePool": _single("QLinearAveragePool", dtype, **counted, **window),
        "QLinearAveragePool ceil": _single(
            "QLinearAveragePool", dtype, ceil_mode=lambda rng: 1, **window
        ),
        "QLinearLeakyRelu": _single(
            "QLinearLeakyRelu", dtype, alpha=lambda rng: float(rng.uniform(-0.5, 1.5))
        ),
        "QLinearSigmoid": _single("QLinearSigmoid", dtype, 0.1),
        "QuantizeLinear": _quantize(dtype),
        "DequantizeLinear": _dequantize(dtype),
        "Relu in pairs": _pairs("Relu", dtype),
        "Clip in pairs": _pairs("Clip", dtype, (np.float32(0), np.float32(6))),
        "Sigmoid in float32": _in_float32("Sigmoid", dtype),
        "Tanh in float32": _in_float32("Tanh", dtype),
        "HardSwish in float32": _in_float32("HardSwish", dtype),
        "Tanh in pairs": _pairs("Tanh", dtype),
        "HardSwish in pairs": _pairs("HardSwish", dtype, opset=14),
        "ArgMax": _arg_max(dtype),
        "QuantizeLinear again": _again(dtype),
        "Clip": _moved("Clip", dtype, [low, np.array(90, dtype)]),
        "MaxPool": _moved("MaxPool", dtype, [], kernel_shape=[3, 2], pads=[1, 0, 1, 1]),
        "MaxPool ceil": _moved("MaxPool", dtype, [], kernel_shape=[3, 3], **ceil),
        "MaxPool same": _moved("MaxPool", dtype, [], kernel_shape=[2, 3], auto_pad="SAME_LOWER"),
        "Reshape": _moved("Reshape", dtype, [_whole(0, -1, 8)]),
        "Flatten": _moved("Flatten", dtype, [], axis=-2),
        "Transpose": _moved("Transpose", dtype, [], perm=[1, 0, 3, 2]),
        "Transpose to channels last": _moved("Transpose", dtype, [], perm=[0, 2, 3, 1]),
        "Unsqueeze": _moved("Unsqueeze", dtype, [_whole(0, -1)]),
        "Squeeze": _moved("Squeeze", dtype, []),
        "Slice": _moved("Slice", dtype, part),
        "Pad": _moved("Pad", dtype, [_whole(0, 1, 2, 0, 0, 0, 1, 3), np.array(7, dtype)]),
        "Concat": _moved("Concat", dtype, ["x"], axis=1),
        "Identity": _moved("Identity", dtype, []),
        "DepthToSpace": _moved("DepthToSpace", dtype, [], blocksize=2, shape=BLOCKS),
        "DepthToSpace planar": _moved("DepthToSpace", dtype, [], **planar),
        "DepthToSpace in pairs": _pairs("DepthToSpace", dtype, **planar),
        "SpaceToDepth": _moved("SpaceToDepth", dtype, [], blocksize=2, shape=BLOCKS),
        "SpaceToDepth in pairs": _pairs("SpaceToDepth", dtype, blocksize=2, shape=BLOCKS),
        "Tile": _moved("Tile", dtype, [_whole(1, 2, 1, 3)], image=True),
        "Tile in pairs": _pairs("Tile", dtype, (_whole(2, 1, 3, 1),)),
        "Expand": _moved("Expand", dtype, [_whole(6, 7, 1)], shape=(2, 6, 1, 8), image=True),
        "Expand to more axes": _moved("Expand", dtype, [_whole(3, 1, 1, 1, 1)], image=True),
        "Expand in pairs": _pairs("Expand", dtype, (_whole(3, 2, 1, 1, 1),)),
        "Resize": _moved(
            "Resize", dtype, scales, coordinate_transformation_mode="asymmetric", **nearest
        ),
        "Resize half pixels": _moved("Resize", dtype, scales, mode="nearest"),
    }  # fmt: skip


#: The maker of each kind of file, by name.
CASES: dict[str, Maker] = {
    **{f"{name}, uint8": maker for name, maker in _cases(np.uint8).items()},
    **{f"{name}, int8": maker for name, maker in _cases(np.int8).items()},
    "Conv, weights uint8": _conv(np.uint8, np.uint8),
    "QGemm, weights uint8": _linear("QGemm", np.uint8, np.uint8),
    "QLinearMatMul, weights uint8": _linear("QLinearMatMul", np.uint8, np.uint8),
    "Unsqueeze, version 11": _moved("Unsqueeze", np.int8, [], opset=11, axes=[0, 3]),
    "Clip, version 10": _same_pairs("Clip", np.uint8, opset=10, min=-1.0, max=1.0),
    "Pad, version 10": _same_pairs("Pad", np.int8, opset=10, pads=[0, 0, 1, 2, 0, 1, 0, 1]),
    "Split, version 12": _split(np.uint8, 12, [], split=[1, 2, 3]),
    "Split": _split(np.uint8, 13, [_whole(4, 1, 1)]),
    "Split, version 18": _split(np.uint8, 18, [], num_outputs=3),
    "Relu, int8": _moved("Relu", np.int8, [], opset=14),
}
