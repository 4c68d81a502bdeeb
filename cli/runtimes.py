# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The runtimes that model files are for, run live where they are installed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from macaw.nn.graph import QuantizedGraph, Semantics

__all__ = ["Runtime", "live_runtime"]

#: From a run's inputs to its outputs, in the order of the graph's; it remembers states, and raises
#: ``RuntimeError`` for a file that it cannot run.
Runtime = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


def live_runtime(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime] | None:
    """The runtime whose bits ``graph``, which was read from ``path``, has, and its name; ``None``
    where it is not installed.

    TensorFlow Lite's kernels of 2.14 are those of TensorFlow Lite Micro.
    """
    maker = {Semantics.TFLITE: _micro, Semantics.LITERT: _litert}.get(graph.semantics)
    try:
        return maker(path, graph) if maker else None
    except ImportError:
        return None


#: Bytes that TensorFlow Lite Micro may use for each value of a tensor, and in all.
_ARENA_BYTES_EACH, _ARENA_BYTES = 16, 1 << 24


def _micro(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime]:
    """TensorFlow Lite Micro's interpreter."""
    from tflite_micro import runtime

    sizes = sum(tensor.size for tensor in graph.tensors.values())
    arena = min(_ARENA_BYTES + _ARENA_BYTES_EACH * sizes, (1 << 31) - 1)
    interpreter: Any = None

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        nonlocal interpreter
        if interpreter is None:
            interpreter = runtime.Interpreter.from_file(str(path), arena_size=arena)
        for index, values in enumerate(inputs):
            interpreter.set_input(values, index)
        interpreter.invoke()
        return [interpreter.get_output(index) for index in range(len(graph.outputs))]

    return "TensorFlow Lite Micro", run


def _litert(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime]:
    """LiteRT's interpreter with its reference kernels."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter: Any = Interpreter(
        model_path=str(path),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    places = [details["index"] for details in interpreter.get_input_details()]
    results = [details["index"] for details in interpreter.get_output_details()]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        for index, values in zip(places, inputs, strict=True):
            interpreter.set_tensor(index, values)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in results]

    return "LiteRT's reference kernels", run
