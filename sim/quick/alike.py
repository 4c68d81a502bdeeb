# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Modules that are the same but for their names, as those of lanes and columns are."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping

from macaw.hw.fanout import COPY_PREFIX
from macaw.sim.quick.rtlil import Module

__all__ = ["join_alike"]

#: Fewer modules, or smaller ones, are not worth an array.
_LEAST_MEMBERS = 8
_LEAST_CELLS = 16

_NUMBERED = re.compile(r"\\(port|in|out)\$(\d+)")
_PORT_NUMBER = re.compile(r"(input|output) \d+")


def join_alike(modules: dict[str, Module], top: str) -> list[str]:
    """Lets all cells whose modules are alike be instances of one of them, which is kept apart when
    the design is flattened; the names of such modules.

    The largest modules come first, and what is inside of them is left alone. Modules with memories
    or with cells of a device are no candidates, for each has a state of its own, nor are those with
    copies of registers, which are worth more when they are merged.
    """
    digests: dict[str, str] = {}
    sizes: dict[str, int] = {}
    plain: dict[str, bool] = {}
    for name in _bottom_up(modules, top):
        module = modules[name]
        inner = [cell for cell in module.cells if cell.kind in modules]
        digests[name] = _digest(module, modules, digests)
        sizes[name] = len(module.cells) + sum(sizes[cell.kind] for cell in inner)
        plain[name] = all(plain[cell.kind] for cell in inner) and not any(
            cell.name.startswith(f"\\{COPY_PREFIX}")
            or cell.kind.startswith("$mem")
            or (cell.kind.startswith("\\") and cell.kind not in modules)
            for cell in module.cells
        )
    places = defaultdict(list)
    for name in digests:
        places[digests[name]].append(name)
    families: list[list[str]] = []
    seen: set[str] = set()
    waiting = [top]
    while waiting:
        name = waiting.pop(0)
        members = places[digests[name]]
        if len(members) >= _LEAST_MEMBERS and sizes[name] >= _LEAST_CELLS and plain[name]:
            if name not in seen:
                families.append(members)
                seen.update(members)
        else:
            waiting += [cell.kind for cell in modules[name].cells if cell.kind in modules]
    return [_join(modules, members, index) for index, members in enumerate(families)]


def _bottom_up(modules: Mapping[str, Module], top: str) -> list[str]:
    """The modules below ``top``, each behind those that it instantiates."""
    order = [top]
    for name in order:
        order += [cell.kind for cell in modules[name].cells if cell.kind in modules]
    return order[::-1]


def _digest(module: Module, modules: Mapping[str, Module], digests: Mapping[str, str]) -> str:
    """Equal for modules that are alike: numbers that Amaranth gives to ports do not count."""
    numbers: dict[str, int] = {}

    def place(match: re.Match[str]) -> str:
        return f"\\{match[1]}@{numbers.setdefault(match[2], len(numbers))}"

    lines = list(module.lines)
    for cell in module.cells:
        ports: dict[str, object] = {port: port for port in cell.connections}
        kind = cell.kind
        if kind in modules:
            ports = {port: index for index, port in enumerate(modules[kind].ports)}
            kind = digests[kind]
        connections = sorted(
            (str(ports[port]), signal) for port, signal in cell.connections.items()
        )
        lines.append(repr((kind, cell.name, sorted(cell.parameters.items()))))
        lines += [f"{port} {signal}" for port, signal in connections]
    text = "\n".join(_NUMBERED.sub(place, line) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _join(modules: dict[str, Module], members: list[str], index: int) -> str:
    name = f"\\alike_{index}"
    kept = modules[members[0]]
    ports = {
        member: dict(zip(modules[member].ports, kept.ports, strict=True)) for member in members
    }
    for module in modules.values():
        for cell in module.cells:
            if cell.kind in ports:
                renamed = ports[cell.kind]
                cell.connections = {renamed[key]: value for key, value in cell.connections.items()}
                cell.kind = name
    for member in members:
        del modules[member]
    kept.name = name
    kept.attributes = [*kept.attributes, "attribute \\keep_hierarchy 1"]
    modules[name] = kept
    return name.removeprefix("\\")
