# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The runtimes that model files are for, run live where they are installed."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from macaw.nn.graph import QuantizedGraph, Semantics
from macaw.nn.graph.operators import BoxDetection
from macaw.nn.store import GRAPH_MARK
from macaw.nn.torch.library import silent
from macaw.nn.torch.program_file import load_program

__all__ = ["Runtime", "live_runtime", "onnx_session"]

#: From a run's inputs to its outputs, in the order of the graph's; it remembers states, and raises
#: ``RuntimeError`` for a file that it cannot run.
Runtime = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


def live_runtime(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime] | None:
    """The runtime whose bits ``graph``, which was read from ``path``, has, and its name; ``None``
    where it is not installed.

    TensorFlow Lite's kernels of 2.14 are those of TensorFlow Lite Micro. No runtime reads files of
    Macaw's own.
    """
    with path.open("rb") as file:
        if file.read(len(GRAPH_MARK)) == GRAPH_MARK:
            return f"the runtime of {graph.semantics}", _unreadable
    try:
        name, run = _MAKERS[graph.semantics](path, graph)
    except ImportError:
        return None
    except Exception as error:
        return f"the runtime of {graph.semantics}", partial(_fail, error)
    return name, partial(_told, run, graph)


def _told(run: Runtime, graph: QuantizedGraph, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What a runtime gives. Each has errors of its own for files that it cannot run, which may be
    damaged where Macaw does not look."""
    try:
        return _cleared(graph, run(inputs))
    except Exception as error:
        return _fail(error, inputs)


def _cleared(graph: QuantizedGraph, results: list[np.ndarray]) -> list[np.ndarray]:
    """The results with zeros behind the boxes that were found: kernels that do not search by
    class leave there what the memory held."""
    named = dict(zip(graph.outputs, results, strict=True))
    for operator in graph.operators:
        if isinstance(operator, BoxDetection) and operator.outputs[3] in named:
            (found,) = named[operator.outputs[3]]
            for name in operator.outputs[:3]:
                if name in named:
                    named[name] = named[name].copy()
                    named[name][:, int(found) :] = 0
    return [named[name] for name in graph.outputs]


def _fail(error: Exception, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    raise RuntimeError(f"{str(error).strip().rstrip('.')}.") from error


def _unreadable(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    raise RuntimeError("It is a Macaw graph.")


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
            for index, name in enumerate(graph.outputs):
                # It takes shapes from the file, and writes over their ends if they are wrong.
                shape = tuple(interpreter.get_output_details(index)["shape"])
                if shape != graph.tensors[name].shape:
                    interpreter = None
                    raise RuntimeError(
                        f"it needs the shape of {name!r} in the file, {graph.tensors[name].shape}"
                    )
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


def onnx_session(onnxruntime: Any, model: str | bytes, options: Any) -> Any:
    """ONNX Runtime's session of a model, with exact sums on every processor.

    On x86 without VNNI the runtime adds pairs of products of uint8 and int8 in 16 bits, which
    saturate, unless it is asked to make the weights uint8 first. Beside int8 images, whose sums do
    not saturate, it has no kernels for such weights, and is asked for none.
    """
    options.add_session_config_entry("session.x64quantprecision", "1")
    providers = ["CPUExecutionProvider"]
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers)
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        options.add_session_config_entry("session.x64quantprecision", "0")
        return onnxruntime.InferenceSession(model, options, providers=providers)


def _onnxruntime(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime]:
    """ONNX Runtime's provider for CPUs, which fuses convolutions of int8 images too."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnx_session(onnxruntime, str(path), options)
    names = [each.name for each in session.get_inputs()]

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        results: list[np.ndarray] = session.run(None, dict(zip(names, inputs, strict=True)))
        return results

    return "ONNX Runtime", run


def _torch(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime]:
    """A module of ``torch.jit`` on the graph's engine."""
    import torch

    engine = str(graph.semantics)

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        before = torch.backends.quantized.engine, torch.get_num_threads()
        torch.backends.quantized.engine = engine
        torch.set_num_threads(1)
        try:
            with warnings.catch_warnings(), torch.no_grad():
                # Modules of torch.jit are deprecated, and still read.
                warnings.simplefilter("ignore", DeprecationWarning)
                module = torch.jit.load(str(path)).eval()
                results = module(*(torch.from_numpy(values) for values in inputs))
        finally:
            torch.backends.quantized.engine = before[0]
            torch.set_num_threads(before[1])
        several = results if isinstance(results, tuple | list) else (results,)
        return [
            (each.int_repr() if each.is_quantized else each).contiguous().numpy()
            for each in several
        ]

    return f"PyTorch's {engine}", run


def _program(path: Path, graph: QuantizedGraph) -> tuple[str, Runtime]:
    """The module of an exported program itself."""
    import torch

    def run(inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        with silent(), torch.no_grad():
            module = load_program(torch, path).module()
            results = module(*(torch.from_numpy(values) for values in inputs))
        return [each.contiguous().numpy() for each in torch.utils._pytree.tree_leaves(results)]

    return "PyTorch's program", run


_MAKERS: dict[Semantics, Callable[[Path, QuantizedGraph], tuple[str, Runtime]]] = {
    Semantics.TFLITE: _micro,
    Semantics.LITERT: _litert,
    Semantics.ONNXRUNTIME: _onnxruntime,
    Semantics.QNNPACK: _torch,
    Semantics.FBGEMM: _torch,
    Semantics.ONEDNN: _torch,
    Semantics.X86: _torch,
    Semantics.PT2E: _program,
}
