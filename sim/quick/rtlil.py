# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""RTLIL text, as Amaranth writes it, as modules whose cells can be exchanged."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Cell", "Module", "concatenation", "parse", "text_of"]

_CELL = re.compile(r"  cell (\S+) (\S+)$")
_PARAMETER = re.compile(r"    parameter ((?:signed |real )?\S+) (.*)$")
_CONNECTION = re.compile(r"    connect (\S+) (.*)$")
_PORT = re.compile(r"  wire (?:width (\d+) )?(?:.* )?(input|output) \d+ .*?(\S+)$")


@dataclass(kw_only=True)
class Cell:
    """An instance of a module, or of a primitive; ``connections`` maps its ports to signals."""

    kind: str
    name: str
    parameters: dict[str, str]
    connections: dict[str, str]


@dataclass(kw_only=True)
class Module:
    """A module: its cells, and all its other lines, which stand in ``lines``."""

    name: str
    attributes: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    @property
    def ports(self) -> dict[str, tuple[bool, int]]:
        """Whether each port is an output, and its bits, in the order of their declarations."""
        found = filter(None, map(_PORT.match, self.lines))
        return {match[3]: (match[2] == "output", int(match[1] or 1)) for match in found}

    def add_wire(self, name: str, width: int, *, register: bool = False) -> None:
        """Declares the signal ``name``; a register starts at zero."""
        if register:
            self.lines.append(f"  attribute \\init {width}'{'0' * width}")
        self.lines.append(f"  wire width {width} {name}")

    def add_cell(
        self,
        kind: str,
        name: str,
        parameters: Mapping[str, int],
        connections: Mapping[str, str],
    ) -> None:
        """Adds a primitive of yosys; names of parameters and ports come without the backslash."""
        self.cells.append(
            Cell(
                kind=kind,
                name=name,
                parameters={f"\\{key}": str(value) for key, value in parameters.items()},
                connections={f"\\{key}": value for key, value in connections.items()},
            )
        )

    def connect(self, target: str, source: str) -> None:
        """Drives ``target`` with ``source``."""
        self.lines.append(f"connect {target} {source}")


def concatenation(signals: Iterable[str]) -> str:
    """The signal of ``signals``, the lowest first."""
    return "{ " + " ".join(reversed(list(signals))) + " }"


def parse(text: str) -> dict[str, Module]:
    """The modules of ``text`` by name, in their order."""
    modules: dict[str, Module] = {}
    attributes: list[str] = []
    module: Module | None = None
    cell: Cell | None = None
    for line in text.splitlines():
        if not line.strip():
            continue
        if module is None:
            if line.startswith("attribute "):
                attributes.append(line)
            elif line.startswith("module "):
                module = Module(name=line.split(" ", 1)[1], attributes=attributes)
                attributes = []
        elif cell is not None:
            if match := _CONNECTION.match(line):
                cell.connections[match[1]] = match[2]
            elif match := _PARAMETER.match(line):
                cell.parameters[match[1]] = match[2]
            else:
                cell = None
        elif match := _CELL.match(line):
            # What is said of a cell without being part of it is for other tools.
            while module.lines and module.lines[-1].startswith("  attribute "):
                module.lines.pop()
            cell = Cell(kind=match[1], name=match[2], parameters={}, connections={})
            module.cells.append(cell)
        elif line == "end":
            modules[module.name] = module
            module = None
        else:
            module.lines.append(line)
    return modules


def text_of(modules: Iterable[Module]) -> str:
    """The text of ``modules``."""
    lines = []
    for module in modules:
        lines += [*module.attributes, f"module {module.name}", *module.lines]
        for cell in module.cells:
            lines.append(f"  cell {cell.kind} {cell.name}")
            lines += [f"    parameter {name} {value}" for name, value in cell.parameters.items()]
            lines += [f"    connect {port} {signal}" for port, signal in cell.connections.items()]
            lines.append("  end")
        lines.append("end")
    return "\n".join(lines) + "\n"
