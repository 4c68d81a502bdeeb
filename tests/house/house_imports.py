# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of layers: which package may import which other, and which libraries."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What a package may import beside itself and the standard library.

    ``packages`` are names under ``macaw``, with all that lies below them. ``lazy`` libraries may
    be imported within functions only: they come with an extra.
    """

    packages: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    lazy: tuple[str, ...] = ()


_SIMULATION = ("amaranth", "numpy", "cocotb", "cocotb_tools", "filelock", "rich")

LAYERS = {
    "arch": Layer(),
    "nn": Layer(
        packages=("arch",), libraries=("numpy",), lazy=("torch", "torchao", "onnx", "tflite")
    ),
    "golden": Layer(packages=("arch", "nn.graph"), libraries=("numpy",)),
    "compiler": Layer(packages=("arch", "nn"), libraries=("numpy",)),
    "hw": Layer(packages=("arch",), libraries=("amaranth",), lazy=("amaranth_boards",)),
    "sim": Layer(packages=("arch", "golden", "hw", "host"), libraries=_SIMULATION),
    "host": Layer(packages=("arch",), libraries=("numpy",), lazy=("serial",)),
    "flow": Layer(packages=("arch", "hw"), libraries=("amaranth", "filelock", "rich")),
    "prove": Layer(packages=("arch", "hw", "flow"), libraries=("amaranth", "rich")),
    "self_test": Layer(packages=("arch", "golden", "compiler"), libraries=("numpy",)),
    "cli": Layer(
        packages=(
            "arch", "nn", "golden", "compiler", "hw", "sim", "host", "flow", "prove", "self_test",
        ),
        libraries=("numpy", "click", "rich"),
        lazy=(
            "torch", "skimage", "PIL", "pooch", "requests", "tflite_micro", "ai_edge_litert",
            "onnxruntime", "altair", "jinja2", "vl_convert",
        ),
    ),
}  # fmt: skip


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[str, int, bool]]:
    """(imported name, line, whether within a function) of each import of a module."""

    def visit(node: ast.AST, lazy: bool) -> Iterator[tuple[str, int, bool]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, lazy
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                drop = node.level - 1 if is_package else node.level
                base = ".".join([*parents[: len(parents) - drop], *filter(None, [base])])
            for alias in node.names:
                yield f"{base}.{alias.name}", node.lineno, lazy
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    yield from visit(tree, False)


def violations(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """A sentence for each import of ``module`` (such as ``macaw.hw.mac_array``) that `LAYERS`
    does not allow."""
    package = module.split(".")[1]
    layer = LAYERS.get(package)
    if layer is None:
        return [f"{module}: the package {package} must stand in the table of layers"]
    found = []
    for name, line, is_lazy in _imports(ast.parse(source), module, is_package):
        parts = name.split(".")
        if parts[0] == "macaw":
            inner = ".".join(parts[1:])
            allowed = any(
                inner == target or inner.startswith(f"{target}.")
                for target in (package, *layer.packages)
            )
        else:
            allowed = (
                parts[0] in sys.stdlib_module_names
                or parts[0] in layer.libraries
                or (is_lazy and parts[0] in layer.lazy)
            )
        if not allowed:
            found.append(f"{module}:{line}: {package} must not import {name}")
    return found
