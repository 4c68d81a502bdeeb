# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Modules that are instantiated many times as one, whose signals are arrays: the simulator runs
loops over them, and the C++ compiler makes these work on many elements at once."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["side_by_side"]

_DECLARATION = re.compile(
    r"  (input|output|wire|reg) (?:signed )?(?:\[(\d+):0\] )?(\\\S+ |[\w$]+)(?: *= (\S+))?;$"
)
_ATTRIBUTE = re.compile(r"\(\*.*?\*\) ?")
#: A number or a function, which stays, or a name with the bits of it.
_TOKEN = re.compile(
    r"(\d+'s?[bdho][0-9a-fxz?]+|\$\w+)|(\\\S+ |[A-Za-z_][\w$]*)(?:\s*\[(\d+)(?::(\d+))?\])?"
)
_CLOCKED = "  always @(posedge clk)"
_UPDATE = re.compile(r"    ((?:else )?(?:if \(.+\) )?)(\\\S+ |[A-Za-z_][\w$]*)\s*<= (.+);$")
_CONNECTION = re.compile(r"^    \.(\\\S+ |[\w$]+)\s*\((.*)\),?$", re.MULTILINE)
_COMMON = ("clk", "rst")

_Range = tuple[int, int]


class _Unsuitable(Exception):
    """A module that is left as it is."""


@dataclass(kw_only=True)
class _Signal:
    width: int
    kind: str
    initial: str | None = None
    #: The arrays that it becomes, by the highest and lowest bits that they hold.
    arrays: dict[_Range, str] = field(default_factory=dict)


def side_by_side(text: str, top: str, names: Iterable[str]) -> str:
    """``text`` with one instance of each of the modules ``names``, which ``top`` instantiates many
    times.

    A module stays where it is written in a way that is not known here.
    """
    for name in names:
        pattern = re.compile(rf"^module {name}\(.*?^endmodule\n", re.MULTILINE | re.DOTALL)
        cells = re.compile(rf"^  {name} \S+\s*\(\n(.*?)\n  \);\n", re.MULTILINE | re.DOTALL)
        [found] = pattern.findall(text)
        members = [
            {port.strip(): signal for port, signal in _CONNECTION.findall(cell)}
            for cell in cells.findall(text)
        ]
        try:
            module = _Module(name, len(members), found)
            lines = _instance(module, members)
        except _Unsuitable:
            continue
        text = cells.sub("", text.replace(found, module.text))
        end = text.index("endmodule", text.index(f"module {top}("))
        text = "\n".join([text[:end], *lines, text[end:]])
    return _ATTRIBUTE.sub("", text)


class _Module:
    """``count`` instances of the module ``name``, written as ``text``, in one module."""

    def __init__(self, name: str, count: int, text: str):
        self.name, self.count = name, count
        self.signals: dict[str, _Signal] = {}
        self._functions: list[str] = []
        self._uses: dict[str, set[_Range]] = defaultdict(set)
        assigns, updates = self._parse(_ATTRIBUTE.sub("", text))
        for index, (signal_name, signal) in enumerate(self.signals.items()):
            ranges = [(signal.width - 1, 0)]
            if signal.kind == "input" and self._uses[signal_name]:
                ranges = _apart(self._uses[signal_name])
            for high, low in ranges:
                plain = re.sub(r"\W", "_", signal_name)
                signal.arrays[high, low] = f"a{index}_{low}_{plain}"
        body = [*self._combinational(assigns), *self._clocked(updates)]
        self.text = "\n".join([*self._header(), *self._functions, *body, "endmodule\n"])

    @property
    def ports(self) -> dict[str, _Signal]:
        """The ports that each instance has for itself."""
        return {
            name: signal
            for name, signal in self.signals.items()
            if signal.kind in ("input", "output") and name not in _COMMON
        }

    def _parse(self, text: str) -> tuple[list[str], list[list[str]]]:
        assigns: list[str] = []
        updates: list[list[str]] = []
        within_function = False
        for line in text.split("\n")[1:]:
            if within_function or line.startswith("  function "):
                self._functions.append(line)
                within_function = line != "  endfunction"
            elif match := _DECLARATION.match(line):
                kind, high, name, initial = match.groups()
                signal = self.signals.setdefault(
                    name.strip(), _Signal(width=int(high or 0) + 1, kind=kind)
                )
                signal.initial = initial or signal.initial
                if signal.kind == "wire":
                    signal.kind = kind
            elif line.startswith("  assign "):
                assigns.append(line.removeprefix("  assign ").removesuffix(";"))
            elif line == _CLOCKED:
                updates.append([])
            elif line.startswith("    ") and updates:
                updates[-1].append(line)
            elif line.strip() not in ("", "endmodule"):
                raise _Unsuitable(line)
        for statement in [*assigns, *(line for update in updates for line in update)]:
            for name, used in self._names(statement):
                self._uses[name].add(used)
        return assigns, updates

    def _names(self, text: str) -> list[tuple[str, _Range]]:
        """The signals of ``text``, with the bits that it takes of each."""
        found = []
        for match in _TOKEN.finditer(text):
            name = (match[2] or "").strip()
            if name in self.signals:
                found.append((name, self._range(name, match)))
        return found

    def _range(self, name: str, match: re.Match[str]) -> _Range:
        if match[3] is None:
            return self.signals[name].width - 1, 0
        return int(match[3]), int(match[4] or match[3])

    def _elements(self, text: str) -> str:
        """``text`` with the elements of arrays in the place of signals."""

        def place(match: re.Match[str]) -> str:
            name = (match[2] or "").strip()
            if name not in self.signals or name in _COMMON:
                return match[0]
            high, low = self._range(name, match)
            for (top, bottom), array in self.signals[name].arrays.items():
                if bottom <= low <= high <= top:
                    bits = f"[{high - bottom}:{low - bottom}]"
                    return f"{array}[i]" + ("" if (high, low) == (top, bottom) else bits)
            raise _Unsuitable(match[0])

        return _TOKEN.sub(place, text)

    def _loop(self, body: str) -> str:
        # Only an unsigned index lets the compiler count the turns.
        return f"for (int unsigned i = 0; i < {self.count}; i++) {body}"

    def _header(self) -> list[str]:
        ports = [f"input {name}" for name in _COMMON if name in self.signals]
        wires = []
        for name, signal in self.signals.items():
            for (high, low), array in signal.arrays.items():
                declared = f"logic [{high - low}:0] {array} [{self.count}]"
                if name in _COMMON:
                    continue
                if signal.kind in ("input", "output"):
                    ports.append(f"{signal.kind} {declared}")
                else:
                    wires.append(f"  {declared};")
                if signal.initial is not None:
                    wires.append(f"  initial {self._loop(f'{array}[i] = {signal.initial};')}")
        return [f"module {self.name} (", ",\n".join(f"  {port}" for port in ports), ");", *wires]

    def _combinational(self, assigns: Sequence[str]) -> list[str]:
        """A loop for each set of signals that are driven together."""
        groups: list[tuple[set[str], list[str]]] = []
        for assign in assigns:
            target, _, value = assign.partition(" = ")
            driven = {name for name, _ in self._names(target)}
            statements = [(assign, {name for name, _ in self._names(value)})]
            rest = []
            for names, others in groups:
                if names & driven:
                    driven |= names
                    statements = [*others, *statements]
                else:
                    rest.append((names, others))
            groups = [*rest, (driven, statements)]
        lines = []
        for driven, statements in groups:
            if len(statements) > 1 and any(read & driven for _, read in statements):
                raise _Unsuitable("an order between the parts of a signal")
            body = " ".join(f"{self._elements(assign)};" for assign, _ in statements)
            lines.append(f"  always_comb {self._loop(f'begin {body} end')}")
        return lines

    def _clocked(self, updates: Sequence[Sequence[str]]) -> list[str]:
        """Registers take whole arrays, which needs no copies in between."""
        lines = []
        for update in updates:
            branches = [_UPDATE.match(line) for line in update]
            if None in branches:
                raise _Unsuitable(update)
            names = {match[2].strip() for match in branches}
            name = names.pop()
            if names or name not in self.signals or name in _COMMON:
                raise _Unsuitable(update)
            signal = self.signals[name]
            [(bits, array)] = signal.arrays.items()
            value = self._elements(branches[0][3])
            if len(branches) == 1 and not branches[0][1] and re.fullmatch(r"\w+\[i\]", value):
                following = value.removesuffix("[i]")
            else:
                following = f"next_{array}"
                lines.append(f"  logic [{bits[0]}:0] {following} [{self.count}];")
                body = " ".join(
                    f"{self._elements(match[1])}{following}[i] = {self._elements(match[3])};"
                    for match in branches
                )
                lines.append(
                    f"  always_comb {self._loop(f'begin {following}[i] = {array}[i]; {body} end')}"
                )
            lines.append(f"  always_ff @(posedge clk) {array} <= {following};")
        return lines


def _apart(ranges: Iterable[_Range]) -> list[_Range]:
    """The smallest ranges of bits that hold those of ``ranges`` and do not overlap."""
    found: list[_Range] = []
    for high, low in sorted(ranges, key=lambda each: (each[1], -each[0])):
        if found and low <= found[-1][0]:
            found[-1] = (max(high, found[-1][0]), found[-1][1])
        else:
            found.append((high, low))
    return found


def _instance(module: _Module, members: Sequence[Mapping[str, str]]) -> list[str]:
    """The lines of one instance of ``module`` in the place of ``members``, which map ports to what
    is connected there."""
    ports = [f".{name}({name})" for name in _COMMON if name in module.signals]
    lines = []
    for port, signal in module.ports.items():
        arrays: Mapping[_Range, str] = signal.arrays
        for (high, low), array in arrays.items():
            ports.append(f".{array}({module.name}_{array})")
            lines.append(f"  wire [{high - low}:0] {module.name}_{array} [{module.count}];")
        for index, member in enumerate(members):
            connected = member.get(port, "").strip()
            if signal.kind == "output":
                [array] = arrays.values()
                if connected:
                    lines.append(f"  assign {connected} = {module.name}_{array}[{index}];")
                continue
            if not connected:
                raise _Unsuitable(port)
            whole = f"{module.name}_{next(iter(arrays.values()))}_{index}"
            lines.append(f"  wire [{signal.width - 1}:0] {whole} = {connected} ;")
            lines += [
                f"  assign {module.name}_{array}[{index}] = {whole}[{high}:{low}];"
                for (high, low), array in arrays.items()
            ]
    return [*lines, f"  {module.name} {module.name} ({', '.join(ports)});"]
