# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Ports that Amaranth has split into pieces, joined to words again."""

import re
from collections import defaultdict
from collections.abc import Mapping

from macaw.sim.quick.rtlil import Module, concatenation

__all__ = ["join_ports"]

_PIECE = re.compile(r"\\port\$(\d+)\$(\d+)")
_USE = re.compile(r"(\\port\$\d+\$\d+)(?: \[(\d+)(?::(\d+))?\])?")
_NUMBER = re.compile(r"(input|output) \d+")


def join_ports(modules: Mapping[str, Module]) -> None:
    """Joins the ports of ``modules`` that are pieces of one value: where bits of it come from
    several places, Amaranth makes a port of each."""
    words = {name: _words(module) for name, module in modules.items()}
    for module in modules.values():
        own = words[module.name]
        if own:
            module.lines = _declared(module, own)
        for cell in module.cells:
            connections = {port: _use(signal, own) for port, signal in cell.connections.items()}
            cell.connections = _joined(connections, words.get(cell.kind, {}))


def _words(module: Module) -> dict[str, tuple[str, int, int]]:
    """The word, the first bit in it, and the bits, of each port that is a piece."""
    pieces = defaultdict(list)
    for name, (output, width) in module.ports.items():
        if match := _PIECE.fullmatch(name):
            pieces[match[1], output].append((int(match[2]), width, name))
    found = {}
    for (number, output), parts in pieces.items():
        first = 0
        for _, width, name in sorted(parts) if len(parts) > 1 else []:
            found[name] = (f"\\{'out' if output else 'in'}${number}", first, width)
            first += width
    return found


def _use(text: str, words: Mapping[str, tuple[str, int, int]]) -> str:
    def place(match: re.Match[str]) -> str:
        if match[1] not in words:
            return match[0]
        word, first, width = words[match[1]]
        high, low = width - 1, 0
        if match[2] is not None:
            high = int(match[2])
            low = high if match[3] is None else int(match[3])
        return f"{word} [{first + high}:{first + low}]"

    return _USE.sub(place, text) if words and "\\port$" in text else text


def _declared(module: Module, words: Mapping[str, tuple[str, int, int]]) -> list[str]:
    """The lines of ``module`` with words in the place of pieces, and its ports numbered anew."""
    totals: dict[str, int] = defaultdict(int)
    for word, _, width in words.values():
        totals[word] += width
    ports = module.ports
    lines: list[str] = []
    number = 0
    for line in module.lines:
        name = line.rsplit(" ", 1)[-1]
        if line.startswith("  wire ") and name in ports:
            if name in words:
                while lines and lines[-1].startswith("  attribute "):
                    lines.pop()
                word = words[name][0]
                width = totals.pop(word, 0)
                if not width:
                    continue
                direction = "output" if ports[name][0] else "input"
                line = f"  wire width {width} {direction} 0 {word}"
            line = _NUMBER.sub(rf"\1 {number}", line)
            number += 1
        lines.append(_use(line, words))
    return lines


def _joined(
    connections: Mapping[str, str], words: Mapping[str, tuple[str, int, int]]
) -> dict[str, str]:
    pieces: dict[str, dict[int, str]] = defaultdict(dict)
    joined = {}
    for port, signal in connections.items():
        if port in words:
            word, first, _ = words[port]
            pieces[word][first] = signal
        else:
            joined[port] = signal
    for word, parts in pieces.items():
        joined[word] = concatenation(parts[first] for first in sorted(parts))
    return joined
