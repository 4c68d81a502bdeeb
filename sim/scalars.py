# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Ports that belong to no stream: their values as bytes, and as wires of a top module."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from amaranth.hdl import Shape

from macaw.sim.packing import pack, unpack, word_bytes
from macaw.sim.verilog import Port, Verilog

__all__ = [
    "chunk_bytes",
    "clock_connections",
    "connections_of",
    "input_bytes",
    "layout",
    "output_values",
]


def layout(verilog: Verilog) -> tuple[list[Port], list[Port]]:
    """The input ports and the output ports that belong to no stream, in the order in which
    their words stand one behind the other."""
    scalars = verilog.scalars.values()
    return (
        [port for port in scalars if not port.output],
        [port for port in scalars if port.output],
    )


def chunk_bytes(ports: Sequence[Port]) -> int:
    """The bytes of ``ports`` together, a positive multiple of eight."""
    return 8 * max(1, -(-sum(word_bytes(port.shape) for port in ports) // 8))


def clock_connections(verilog: Verilog) -> list[str]:
    """What connects clock and reset in an instance of ``verilog``, where it has them."""
    names = [("clk", verilog.clocked), ("rst", verilog.resettable)]
    return [f"    .{name}({name})" for name, there in names if there]


def connections_of(ports: Sequence[Port], bus: str) -> list[str]:
    """What connects ``ports``, one behind the other, with the vector ``bus`` in an instance."""
    lines = []
    column = 0
    for port in ports:
        lines.append(f"    .\\{port.name} ({bus}[{8 * column}+:{port.width}])")
        column += word_bytes(port.shape)
    return lines


def input_bytes(ports: Sequence[Port], inputs: Mapping[str, Any]) -> np.ndarray:
    """The values of input ``ports`` as `chunk_bytes` bytes of uint8.

    Raises ``ValueError`` where ``inputs`` does not give every port's value and no other.
    """
    names = [port.name for port in ports]
    for name in inputs:
        if name not in names:
            raise ValueError(f"inputs must name ports among {', '.join(names)}, not {name!r}")
    missing = [name for name in names if name not in inputs]
    if missing:
        raise ValueError(f"inputs must give every input port, and lack {', '.join(missing)}")
    content = np.zeros(chunk_bytes(ports), np.uint8)
    column = 0
    for port in ports:
        value = inputs[port.name]
        if isinstance(value, dict):
            word = pack({name: [part] for name, part in value.items()}, port.shape, port.name)
        else:
            shape = Shape.cast(port.shape) if np.ndim(value) == 0 else port.shape
            word = pack(np.asarray(value)[np.newaxis], shape, port.name)
        content[column : column + word.shape[1]] = word[0]
        column += word.shape[1]
    return content


def output_values(ports: Sequence[Port], content: np.ndarray) -> dict[str, Any]:
    """The values of output ``ports`` from their bytes, uint8."""
    values = {}
    column = 0
    for port in ports:
        size = word_bytes(port.shape)
        value = unpack(content[np.newaxis, column : column + size], port.shape)
        if isinstance(value, dict):
            values[port.name] = value
        else:
            values[port.name] = int(value[0]) if value.ndim == 1 else value[0]
        column += size
    return values
