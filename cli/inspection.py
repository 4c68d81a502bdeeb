# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a model file holds: operators, shapes, which scale is which, multiplications, bytes."""

from typing import Any

from rich.console import Console

from macaw.cli.say import report_table
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
    """Print a line for each operator, with the scale of its result and those of its weights."""
    table = report_table(
        ("", "operator", "input", "result", "scale", "zero point", "weight scales",
         "multiplications", "bytes"),
        right=("", "scale", "zero point", "multiplications", "bytes"),
    )  # fmt: skip
    found = inspected(graph)
    for each in found["operators"]:
        image = each["inputs"][0] if each["inputs"] else None
        result = each["outputs"][0]
        table.add_row(
            str(each["index"]),
            each["operator"],
            _form(image) if image else "",
            _form(result),
            f"{result['scales'][0]:.6g}" if len(result["scales"]) == 1 else "",
            str(result["zero_points"][0]) if len(result["zero_points"]) == 1 else "",
            _weight_scales(each["inputs"]),
            f"{each['macs']:,}" if each["macs"] else "",
            f"{each['constant_bytes']:,}" if each["constant_bytes"] else "",
        )
    console.print(table)
    console.print(
        f"{found['model']}: {len(found['operators'])} operators, {found['macs']:,} "
        f"multiplications, {found['constant_bytes']:,} bytes of constants, semantics "
        f"{found['semantics']}",
        highlight=False,
        markup=False,
    )


def _form(tensor: dict[str, Any]) -> str:
    return f"{tensor['dtype']} {'x'.join(map(str, tensor['shape']))}"


def _weight_scales(inputs: list[dict[str, Any]]) -> str:
    """The scales of the first constant that has some: one, or the bounds of many."""
    for tensor in inputs[1:]:
        scales = tensor["scales"]
        if tensor["constant"] and len(scales) == 1:
            return f"{scales[0]:.6g}"
        if tensor["constant"] and scales:
            return f"{min(scales):.4g} ... {max(scales):.4g}, one of {len(scales)} channels each"
    return ""
