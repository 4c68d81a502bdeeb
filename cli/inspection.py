# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a model file holds: operators, shapes, which scale is which, multiplications, bytes."""

from typing import Any

import numpy as np
from rich.console import Console

from macaw.cli.say import model_line, print_table, report_table, say
from macaw.nn import QuantizedGraph
from macaw.nn.graph import Tensor

__all__ = ["inspected", "print_inspection"]


def inspected(graph: QuantizedGraph) -> dict[str, Any]:
    """A graph in the types of JSON: an entry for each operator, and sums."""
    operators = []
    for index, operator in enumerate(graph.operators):
        inputs = [graph.tensors[name] for name in operator.inputs if name]
        constants = [tensor for tensor in inputs if tensor.data is not None]
        operators.append(
            {
                "index": index,
                "operator": type(operator).__name__,
                "inputs": [_tensor(tensor) for tensor in inputs],
                "outputs": [_tensor(graph.tensors[name]) for name in operator.outputs],
                "macs": graph.macs_of(operator),
                "constant_bytes": sum(_bytes(tensor) for tensor in constants),
                "result_bytes": sum(
                    _result_bytes(graph.tensors[name]) for name in operator.outputs
                ),
            }
        )
    return {
        "model": graph.name,
        "semantics": str(graph.semantics),
        "inputs": [_tensor(graph.tensors[name]) for name in graph.inputs],
        "outputs": [_tensor(graph.tensors[name]) for name in graph.outputs],
        "macs": graph.macs,
        "constant_bytes": sum(_bytes(t) for t in graph.tensors.values() if t.data is not None),
        "operators": operators,
    }


def _bytes(tensor: Tensor) -> int:
    return 0 if tensor.data is None else int(tensor.data.nbytes)


def _result_bytes(tensor: Tensor) -> int:
    return tensor.size * np.dtype(tensor.dtype.value).itemsize


def _tensor(tensor: Tensor) -> dict[str, Any]:
    quantization = tensor.quantization
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype),
        "constant": tensor.data is not None,
        "scales": list(quantization.scale) if quantization else [],
        "zero_points": list(quantization.zero_point) if quantization else [],
        "axis": quantization.axis if quantization else None,
    }


def print_inspection(console: Console, graph: QuantizedGraph) -> None:
    """Print a line for each operator: what it takes and gives, each with its scale, and the scales
    of its weights."""
    found = inspected(graph)
    for what in ("input", "output"):
        for each in found[f"{what}s"]:
            scale = _scale(each)
            text = f"{what} {each['name']!r}: {_form(each)}" + (f", scale {scale}" if scale else "")
            say(console, text, indent="")
    table = report_table(
        ("", "operator", "operands", "their scales", "result", "its scale", "weight scales",
         "multiplications", "bytes"),
        right=("", "multiplications", "bytes"),
    )  # fmt: skip
    for each in found["operators"]:
        images = [tensor for tensor in each["inputs"] if not tensor["constant"]]
        table.add_row(
            str(each["index"]),
            each["operator"],
            ", ".join(map(_form, images)),
            ", ".join(filter(None, map(_scale, images))),
            ", ".join(map(_form, each["outputs"])),
            ", ".join(filter(None, map(_scale, each["outputs"]))),
            _weight_scales(each["inputs"]),
            f"{each['macs']:,}" if each["macs"] else "",
            f"{each['constant_bytes']:,}" if each["constant_bytes"] else "",
        )
    print_table(console, table)
    say(console, "scale (zero point): a value means (value - zero point) * scale", indent="")
    say(console, f"{model_line(graph)}, {found['constant_bytes']:,} bytes of constants", indent="")


def _form(tensor: dict[str, Any]) -> str:
    return f"{tensor['dtype']} {'x'.join(map(str, tensor['shape'])) or 'one value'}"


def _scale(tensor: dict[str, Any]) -> str:
    """The scale of a tensor that has one, and its zero point."""
    if len(tensor["scales"]) != 1:
        return ""
    return f"{tensor['scales'][0]:.6g} ({tensor['zero_points'][0]})"


def _weight_scales(inputs: list[dict[str, Any]]) -> str:
    """The scales of the first constant that has some: one, or the bounds of many; and zero points
    where there are any."""
    for tensor in inputs[1:]:
        scales, zeros = tensor["scales"], tensor["zero_points"]
        if tensor["constant"] and len(scales) == 1:
            return _scale(tensor)
        if tensor["constant"] and scales:
            each = f"{min(scales):.4g} ... {max(scales):.4g}, one of {len(scales)} channels each"
            return each + (f", zero points {min(zeros)} ... {max(zeros)}" if any(zeros) else "")
    return ""
