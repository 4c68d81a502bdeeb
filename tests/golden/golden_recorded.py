# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Results of the frameworks as arrays for a file, with their layers: no seed is needed to read."""

import importlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields
from types import ModuleType
from typing import Any

import numpy as np
from golden_layers import Layer, make_layer
from golden_litert import SINGLE_AWAY, LiteLayer, build_model, make_lite_layer, run_model
from golden_torch import ENGINES, run_torch
from numpy.typing import NDArray

from macaw.arch import Conv2dShape, Mode
from macaw.golden import Activation
from macaw.golden.engines import qnnpack_bias

Arrays = dict[str, NDArray[Any]]

#: The layers of a file: as many, and each with as many bytes of operands at most.
_COUNT = 22
_BYTES = 5000
_LITE_BYTES = 12_000
_OUTPUTS = 350

#: The kernels of LiteRT that are recorded: kind, resolver, and how golden computes them.
LITERT_KERNELS = (
    ("CONV_2D", "BUILTIN_REF", Mode.FIXED_DOUBLE_AWAY, False),
    ("DEPTHWISE_CONV_2D", "BUILTIN_REF", Mode.FIXED_DOUBLE_AWAY, False),
    ("FULLY_CONNECTED", "BUILTIN_REF", SINGLE_AWAY, False),
    ("CONV_2D", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", Mode.FIXED_DOUBLE_UP, False),
    ("FULLY_CONNECTED", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", Mode.FIXED_DOUBLE_UP, True),
)
#: How tflite-runtime 2.14's reference kernels compute: the mode, and the product in float32.
TFLITE_RUNTIME_KERNELS = {
    "CONV_2D": (Mode.FIXED_DOUBLE_AWAY, False),
    "DEPTHWISE_CONV_2D": (Mode.FIXED_DOUBLE_AWAY, False),
    "FULLY_CONNECTED": (Mode.FIXED_DOUBLE_AWAY, True),
}


def _describe(layer: Layer | LiteLayer) -> dict[str, Any]:
    """The fields of a layer but its inputs and weights, for JSON: exact for every float."""
    values = {}
    for field in fields(layer):
        value = getattr(layer, field.name)
        if isinstance(value, Conv2dShape):
            value = asdict(value)
        elif isinstance(value, frozenset):
            value = sorted(value)
        elif isinstance(value, np.ndarray | np.generic):
            value = value.tolist()
        if field.name not in ("inputs", "weights"):
            values[field.name] = value
    return values


def _restore(kind: type, values: dict[str, Any], inputs: Any, weights: Any) -> Any:
    def array(name: str, dtype: Any) -> Any:
        return None if values[name] is None else np.array(values[name], dtype)

    if kind is Layer:
        shape = values["shape"]
        if shape is not None:
            pairs = {name: tuple(shape[name]) for name in ("stride", "dilation", "padding")}
            shape = Conv2dShape(**{**shape, **pairs})
        changed = {
            "shape": shape,
            "weight_scales": array("weight_scales", np.float64),
            "weight_zero_points": array("weight_zero_points", np.int64),
            "bias": array("bias", np.float32),
            "classes": frozenset(values["classes"]),
        }
    else:
        changed = {
            "stride": tuple(values["stride"]),
            "weight_scales": array("weight_scales", np.float32),
            "bias": array("bias", np.int32),
            "input_scale": np.float32(values["input_scale"]),
            "output_scale": np.float32(values["output_scale"]),
            "activation": Activation(values["activation"]),
        }
    return kind(**{**values, **changed, "inputs": inputs, "weights": weights})


def _pack(about: dict[str, Any], layers: list[Layer] | list[LiteLayer]) -> Arrays:
    """A file's layers, and what is to be known about its making."""
    about = {**about, "layers": [_describe(layer) for layer in layers]}
    arrays = {"about": np.array(json.dumps(about))}
    for index, layer in enumerate(layers):
        arrays |= {f"{index}.inputs": layer.inputs, f"{index}.weights": layer.weights}
    return arrays


def read_about(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of its making: ``versions``, and more."""
    return json.loads(str(arrays["about"]))


def read_layers(kind: type, arrays: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """The layers of a file with their indices."""
    for index, values in enumerate(read_about(arrays)["layers"]):
        inputs, weights = arrays[f"{index}.inputs"], arrays[f"{index}.weights"]
        yield index, _restore(kind, values, inputs, weights)


def _small(make: Callable[[int], Any], limit: int) -> list[Any]:
    """The first layers that are small enough once they are compressed."""

    def fits(layer: Any) -> bool:
        return len(zlib.compress(layer.inputs.tobytes() + layer.weights.tobytes())) <= limit

    return list(itertools.islice(filter(fits, map(make, itertools.count())), _COUNT))


def onnx_bias(layer: Layer) -> NDArray[np.int32] | None:
    """The int32 bias with which a layer is given to ONNX Runtime."""
    if layer.bias is None or layer.shape is None:
        return None
    return qnnpack_bias(
        input_scale=layer.input_scale, weight_scales=layer.weight_scales, bias=layer.bias
    )


def record_torch_and_onnxruntime(torch: ModuleType, runtime: ModuleType) -> Arrays:
    """Layers; results of all engines of PyTorch, of x86 as it chose on this CPU; results and raw
    accumulators of ONNX Runtime where there are no weight zero points."""
    onnx = importlib.import_module("onnx")
    oracle = importlib.import_module("golden_onnx")
    layers = _small(
        lambda index: make_layer(5, index, weight_zero_points=index % 4 == 3, outputs=_OUTPUTS),
        _BYTES,
    )
    about = {
        "versions": [f"torch {torch.__version__}", f"onnxruntime {runtime.__version__}"],
        "vnni": torch.cpu._is_vnni_supported(),
    }
    arrays = _pack(about, layers)
    for index, layer in enumerate(layers):
        plain = not np.any(layer.weight_zero_points)
        for engine in ENGINES:
            if plain or engine != "onednn":
                arrays[f"{index}.{engine}"] = run_torch(torch, engine, layer)
        if plain:
            zero_points = layer.input_zero_point, layer.output_zero_point
            arrays[f"{index}.onnxruntime"] = oracle.run_quantised(
                onnx, runtime, layer, layer.inputs, zero_points, onnx_bias(layer)
            )
            if index % 4 == 1:
                arrays[f"{index}.accumulators"] = oracle.run_integer(
                    onnx, runtime, layer, layer.inputs, layer.input_zero_point
                )
    return arrays


def record_tensorflow_lite(
    package: ModuleType,
    run_old: Callable[[list[tuple[bytes, Any]]], tuple[str, list[Any]]] | None,
) -> Arrays:
    """Layers and results of the kernels of `LITERT_KERNELS`; with ``run_old`` also those of
    tflite-runtime: it takes files with their inputs, and gives the version and the results."""
    schema = importlib.import_module(f"{package.__name__}.schema_py_generated")
    interpreter = importlib.import_module(f"{package.__name__}.interpreter")
    flatbuffers = importlib.import_module("flatbuffers")
    layers = _small(lambda index: make_lite_layer(7, index, 3 * _OUTPUTS), _LITE_BYTES)
    files = [build_model(schema, flatbuffers, layer) for layer in layers]
    versions = [f"ai-edge-litert {package.__version__}"]
    results: Arrays = {}
    for index, (layer, content) in enumerate(zip(layers, files, strict=True)):
        for kind, resolver, _, _ in LITERT_KERNELS:
            if kind == layer.kind:
                result = run_model(interpreter, content, resolver, layer.inputs)
                results[f"{index}.{resolver}"] = result
    if run_old is not None:
        inputs = [layer.inputs for layer in layers]
        version, old = run_old(list(zip(files, inputs, strict=True)))
        versions.append(f"tflite-runtime {version}")
        results |= {f"{index}.tflite_runtime": result for index, result in enumerate(old)}
    return _pack({"versions": versions}, layers) | results
