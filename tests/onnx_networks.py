# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Small networks as ONNX files, quantised by ONNX Runtime's own tool; and files of pairs around
operators chosen at random."""

import importlib
import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx_cases import Rng, scale
from onnx_files import OnnxWriter

SIZE = (1, 3, 16, 16)


def image(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 1.2, SIZE).astype(np.float32)


def network(activation: str, last: str) -> Any:
    """A network in float32: convolutions, depthwise and pointwise, a sum, poolings, a
    concatenation, a fully connected layer. ``last`` is Gemm or MatMul."""
    rng = np.random.default_rng(1)
    file = OnnxWriter()

    def weights(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)

    def conv(
        x: str, channels: int, out: int, size: int, *, biased: bool = True, **more: Any
    ) -> str:
        kernel = weights(out, channels // more.get("group", 1), size, size)
        bias = [rng.normal(0, 0.1, out).astype(np.float32)] if biased else []
        return file.node("Conv", [x, kernel, *bias], pads=[size // 2] * 4, **more)

    def active(x: str) -> str:
        if activation == "Clip":
            return file.node("Clip", [x, np.float32(0), np.float32(6)])
        if activation == "SiLU":
            return file.node("Mul", [x, file.node("Sigmoid", [x])])
        return file.node(activation, [x])

    x = active(conv(file.input("x", np.float32, ("batch", *SIZE[1:])), 3, 8, 3, strides=[2, 2]))
    x = file.node("MaxPool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    y = conv(active(conv(x, 8, 8, 3, group=8)), 8, 8, 1)
    x = active(file.node("Add", [x, y]))
    x = file.node("Concat", [x, active(conv(x, 8, 12, 3, biased=False))], axis=1)
    x = active(conv(x, 20, 16, 3, strides=[2, 2]))
    x = file.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
    x = file.node("GlobalAveragePool", [conv(x, 16, 16, 1)])
    x = file.node("Reshape", [x, np.array([0, -1])])
    if last == "Gemm":
        bias = rng.normal(0, 0.3, 10).astype(np.float32)
        file.node("Gemm", [x, weights(10, 16), bias], "y", transB=1)
    else:
        file.node("MatMul", [x, weights(10, 16).T], "y")
    return file.model({"y": np.float32})


def exported(torch: Any, module: Any, example: Any) -> Any:
    """A PyTorch module as a file with the input x and the output y."""
    onnx, file = importlib.import_module("onnx"), io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that needs no further package is called the old one.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, example, file, dynamo=False, opset_version=17, input_names=["x"],
            output_names=["y"],
        )  # fmt: skip
    return onnx.load_model_from_string(file.getvalue())


class _Images:
    """What the tool calibrates with."""

    def __init__(self, images: list[NDArray[np.float32]]) -> None:
        self._images = iter([{"x": each} for each in images])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._images, None)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Called by the tool for long calibrations only."""


def quantised(
    model: Any,
    folder: Any,
    *,
    form: str,
    signed: bool,
    per_channel: bool,
    images: list[NDArray[np.float32]] | None = None,
) -> Any:
    """The network in int8 or uint8, in the form ``QDQ`` or ``QOperator``, calibrated with
    ``images``."""
    tool = importlib.import_module("onnxruntime.quantization")
    onnx = importlib.import_module("onnx")
    onnx.save(model, folder / "float.onnx")
    tool.quantize_static(
        str(folder / "float.onnx"),
        str(folder / "quantised.onnx"),
        _Images([image(seed) for seed in range(4)] if images is None else images),
        quant_format=tool.QuantFormat[form],
        activation_type=tool.QuantType.QInt8 if signed else tool.QuantType.QUInt8,
        weight_type=tool.QuantType.QInt8,
        per_channel=per_channel,
    )
    return onnx.load(folder / "quantised.onnx")


#: Where the zero point of the result stands among the inputs of an operator.
_ZERO_POINTS = {"QuantizeLinear": 2, "QGemm": 8, "QLinearConcat": 1, "QLinearConv": 7,
                "QLinearMatMul": 7, "QLinearAdd": 7, "QLinearMul": 7}  # fmt: skip


def exposed(model: Any) -> Any:
    """The file with all results of 8 bits as outputs: the runtime fuses as before."""
    onnx = importlib.import_module("onnx")
    types = {constant.name: constant.data_type for constant in model.graph.initializer}
    shown = type(model)()
    shown.CopyFrom(model)
    for node in model.graph.node:
        place = _ZERO_POINTS.get(node.op_type, 4 if node.op_type.startswith("QLinear") else None)
        if place is not None and node.output[0] != "y":
            kind = types[node.input[place]]
            shown.graph.output.append(
                onnx.helper.make_tensor_value_info(node.output[0], kind, None)
            )
    return shown


class _Pairs:
    """A file of pairs in the making: each value is a name, its channels and size, and scale and
    zero point where it is dequantised."""

    def __init__(self, rng: Rng, dtype: Any) -> None:
        self.rng, self.dtype, self.file = rng, dtype, OnnxWriter()
        self.written: list[str] = []
        self.file.input("x", np.float32, (1, 4, 8, 8))
        self.values = [self._pair("x", 4, 8, None)]

    def _point(self) -> Any:
        lowest = int(np.iinfo(self.dtype).min)
        return self.dtype(self.rng.choice([lowest, lowest, lowest + 128, lowest + 77]))

    def _quantize(self, name: str, meaning: Any, output: str = "") -> Any:
        again = meaning is not None and self.rng.random() < 0.97
        meaning = meaning if again else (scale(self.rng), self._point())
        self.written.append(self.file.quantize(name, *meaning, output))
        return meaning

    def _pair(self, name: str, channels: int, size: int, meaning: Any) -> Any:
        meaning = self._quantize(name, meaning)
        return self.file.dequantize(self.written[-1], *meaning), channels, size, meaning

    def step(self) -> None:
        rng, node = self.rng, self.file.node
        name, channels, size, meaning = self.values[-int(rng.integers(1, 3)) :][0]
        kind = str(rng.choice(["Conv"] * 3 + list(_STEPS)))
        kept = meaning if kind in _MOVED else None
        if kind == "Conv":
            weights = rng.integers(-127, 128, (6, channels, 3, 3)).astype(np.int8)
            scales = rng.uniform(0.002, 0.006, 6).astype(np.float32)
            real = self.file.dequantize(weights, scales, np.zeros(6, np.int8), axis=0)
            bias = [rng.normal(0, 1, 6).astype(np.float32)] if rng.random() < 0.5 else []
            name, channels = node("Conv", [name, real, *bias], pads=[1] * 4), 6
        elif kind in ("Add", "Mul", "Concat"):
            fits = [v for v in self.values if v[1:3] == (channels, size)]
            if not fits:
                return
            other = fits[int(rng.integers(len(fits)))]
            attributes = {"axis": 1} if kind == "Concat" else {}
            name = node(kind, [name, other[0]], **attributes)
            channels += channels if kind == "Concat" else 0
        elif kind == "Slice":
            if channels < 3:
                return
            name, channels = node("Slice", [name, *map(_one, (1, 3, 1))]), 2
        elif kind == "DepthToSpace":
            if channels % 4:
                return
            mode = str(rng.choice(["DCR", "CRD"]))
            name = node("DepthToSpace", [name], blocksize=2, mode=mode)
            channels, size = channels // 4, size * 2
        elif kind == "SpaceToDepth":
            if size % 2 or channels > 8:
                return
            name, channels, size = (
                node("SpaceToDepth", [name], blocksize=2),
                channels * 4,
                size // 2,
            )
        else:
            operands, attributes = _STEPS[kind]
            name = node(kind, [name, *operands], **attributes)
            size = {
                "Resize": 2 * size,
                "Tile": 2 * size,
                "Pad": size + 2,
                "GlobalAveragePool": 1,
            }.get(kind, size)
            if size > 32:
                return
        if rng.random() < 0.7:
            self.values.append(self._pair(name, channels, size, kept))
        else:
            self.values.append((name, channels, size, kept))

    def content(self) -> bytes:
        name, _, _, meaning = self.values[-1]
        self._quantize(name, meaning, "y")
        outputs = {each: self.dtype for each in self.written[:-1] if self.rng.random() < 0.15}
        return self.file.file({"y": self.dtype, **outputs})


def _one(number: int) -> NDArray[np.int64]:
    return np.array([number], np.int64)


_MOVED = (
    "DepthToSpace", "Expand", "Identity", "MaxPool", "Pad", "Reshape", "Resize", "Slice",
    "SpaceToDepth", "Tile",
)  # fmt: skip
_NEAREST = {
    "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric",
}  # fmt: skip
_WINDOW = {"kernel_shape": [3, 3], "pads": [1] * 4}
#: Of each kind of operator its operands and attributes.
_STEPS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "Add": ([], {}),
    "AveragePool": ([], _WINDOW),
    "Clip": ([np.float32(0), np.float32(6)], {}),
    "Concat": ([], {}),
    "DepthToSpace": ([], {}),
    "Expand": ([np.array([1, 1])], {}),
    "GlobalAveragePool": ([], {}),
    "Identity": ([], {}),
    "LeakyRelu": ([], {}),
    "MaxPool": ([], _WINDOW),
    "Mul": ([], {}),
    "Pad": ([np.array([0, 0, 1, 1, 0, 0, 1, 1])], {}),
    "Relu": ([], {}),
    "Reshape": ([np.array([0, 0, 0, -1])], {}),
    "Resize": (["", np.array([1, 1, 2, 2], np.float32)], _NEAREST),
    "Sigmoid": ([], {}),
    "Slice": ([], {}),
    "SpaceToDepth": ([], {}),
    "Tile": ([np.array([1, 1, 2, 2])], {}),
}


def random_pairs(seed: int) -> tuple[bytes, NDArray[np.float32]]:
    """A file of pairs, some of them left out, and an image for it."""
    rng = np.random.default_rng([17, seed])
    pairs = _Pairs(rng, np.int8 if seed % 2 else np.uint8)
    for _ in range(int(rng.integers(2, 7))):
        pairs.step()
    return pairs.content(), rng.normal(0, 2, (1, 4, 8, 8)).astype(np.float32)
