# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Blocks of fixed latency, tried with one vector a cycle: fast enough for exhaustive checks."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import wiring

from macaw.arch.checks import integer
from macaw.sim.build import NATIVE, build
from macaw.sim.packing import pack, unpack, word_bytes
from macaw.sim.progress import watch
from macaw.sim.run import look_at_waves, run, run_folder, waves_arguments
from macaw.sim.verilog import MODULE, Port, Verilog, convert

__all__ = ["apply"]

_TOP = "bench"
_LONGEST = 1 << 16


def apply(
    component: wiring.Component,
    inputs: Mapping[str, Any],
    *,
    latency: int | Mapping[str, int],
    early: Mapping[str, int] = {},
    outputs: Sequence[str] | None = None,
    texts: Mapping[str, str] = {},
    progress: Callable[[int, int], None] | bool = False,
    waves: Path | None = None,
) -> dict[str, Any]:
    """What ``component`` answers to ``inputs``, one vector a cycle without a gap.

    ``inputs`` maps the Verilog name of *every* input port to an array as `packing` describes
    (all of one length ``n``), or to one integer that the port holds throughout.
    Output ``y`` of vector ``i`` is sampled ``latency`` (or ``latency["y"]``) cycles after the
    cycle in which vector ``i`` stands at the inputs: 0 for combinational logic, 1 behind one
    register. An input in ``early`` arrives that many cycles before its vector's other inputs
    (after them, where negative). Ports without a vector are zero before and after the ``n``.

    ``outputs`` names the output ports to return, all by default. ``texts`` is generated
    Verilog of modules that ``component`` instantiates, by file name. ``progress`` is a callback
    ``(done, total)`` or ``True`` for a bar on a terminal. ``waves`` writes a waveform
    there, with the suffix of its format, and prints how to look at it.

    Raises ``ValueError`` or ``TypeError`` for names, lengths and values that do not fit, and
    `SimulationError` where the simulator cannot be built or fails.
    """
    verilog = convert(component)
    ports_in = [port for port in verilog.ports if not port.output]
    ports_out = [port for port in verilog.ports if port.output]
    if not ports_out:
        raise ValueError("component must have an output port")
    names_out = [port.name for port in ports_out]
    _known("inputs", inputs, [port.name for port in ports_in])
    missing = [port.name for port in ports_in if port.name not in inputs]
    if missing:
        raise ValueError(f"inputs must give every input port, and lack {', '.join(missing)}")
    _known("early", early, [port.name for port in ports_in])
    wanted = names_out if outputs is None else list(outputs)
    _known("outputs", wanted, names_out)
    latencies = dict.fromkeys(wanted, latency) if isinstance(latency, int) else dict(latency)
    _known("latency", latencies, names_out)
    for name in wanted:
        integer(f"latency of {name}", latencies.get(name), 0, _LONGEST)
    for name, cycles in early.items():
        integer(f"early of {name}", cycles, -_LONGEST, _LONGEST)

    words = {port.name: _words(inputs[port.name], port) for port in ports_in}
    lengths = {len(part) for part in words.values() if part.ndim == 2}
    if len(lengths) != 1:
        raise ValueError(f"inputs must have arrays of one length, not {sorted(lengths)}")
    count = lengths.pop()
    lead = max(0, *early.values()) if early else 0
    tail = max(0, *(-cycles for cycles in early.values())) if early else 0
    cycles = lead + count + max(tail, *(latencies[name] for name in wanted))

    simulator = build(
        {"dut.v": verilog.text, "bench.sv": _bench(verilog), **texts},
        toplevel=_TOP,
        public=("clk", "done"),
        sources=(NATIVE / "words.sv", NATIVE / "vectors.sv", NATIVE / "words.cpp"),
        free_clock=True,
        waves=waves is not None,
        label=type(component).__name__,
    )
    with run_folder() as folder:
        paths = {name: folder / f"{name}.bin" for name in ("stimuli", "responses", "status")}
        stimuli = np.zeros((cycles, max(1, sum(map(_size, ports_in)))), np.uint8)
        column = 0
        for port in ports_in:
            block = stimuli[:, column : column + _size(port)]
            if words[port.name].ndim == 1:
                block[:] = words[port.name]
            else:
                first = lead - early.get(port.name, 0)
                block[first : first + count] = words[port.name]
            column += _size(port)
        stimuli.tofile(paths["stimuli"])
        del stimuli
        response_bytes = sum(map(_size, ports_out))
        np.zeros(1, "<i8").tofile(paths["status"])
        with paths["responses"].open("wb") as file:
            file.truncate(cycles * response_bytes)
        status = np.memmap(paths["status"], "<i8", "r")
        arguments = [f"+{name}={path}" for name, path in paths.items()] + [f"+cycles={cycles}"]
        if waves is not None:
            waves = waves.resolve().with_suffix(f".{simulator.waves}")
            arguments += waves_arguments(waves, 0, cycles + 16)
        with watch(type(component).__name__, lambda: int(status[0]), cycles, progress):
            run(simulator, "macaw.sim.benches.until_done", folder, arguments=arguments)
        if waves is not None:
            print(look_at_waves(waves))
        responses = np.fromfile(paths["responses"], np.uint8).reshape(cycles, response_bytes)
    results = {}
    column = 0
    for port in ports_out:
        if port.name in wanted:
            first = lead + latencies[port.name]
            block = responses[first : first + count, column : column + _size(port)]
            results[port.name] = unpack(block, port.shape)
        column += _size(port)
    return results


def _size(port: Port) -> int:
    return word_bytes(port.shape)


def _known(what: str, given: Any, names: Sequence[str]) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{what} must name ports among {', '.join(names)}, not {name!r}")


def _words(values: Any, port: Port) -> np.ndarray:
    """Words of shape ``(n, bytes)``, or ``(bytes,)`` for a constant."""
    if not isinstance(values, dict) and np.ndim(values) == 0:
        return pack(np.asarray([values]), Shape.cast(port.shape), port.name)[0]
    return pack(values, port.shape, port.name)


def _bench(verilog: Verilog) -> str:
    ports_in = [port for port in verilog.ports if not port.output]
    ports_out = [port for port in verilog.ports if port.output]
    stimulus_bytes = max(1, sum(map(_size, ports_in)))
    response_bytes = sum(map(_size, ports_out))
    connections, column = [], 0
    for port in ports_in:
        connections.append(f".\\{port.name} (stimulus[{8 * column}+:{port.width}])")
        column += _size(port)
    column = 0
    for port in ports_out:
        connections.append(f".\\{port.name} (response[{8 * column}+:{port.width}])")
        column += _size(port)
    if verilog.clocked:
        connections.append(".clk(clk)")
    if verilog.resettable:
        connections.append(".rst(rst)")
    return f"""
module {_TOP} (input clk, output done);
  wire rst;
  wire [{64 * -(-stimulus_bytes // 8) - 1}:0] stimulus;
  wire [{64 * -(-response_bytes // 8) - 1}:0] response;
  vector_player #(.STIMULUS_BYTES({stimulus_bytes}), .RESPONSE_BYTES({response_bytes})) player (
    .clk(clk), .rst(rst), .stimulus(stimulus), .response(response), .done(done)
  );
  {MODULE} {MODULE} (
    {", ".join(connections)}
  );
endmodule
"""
