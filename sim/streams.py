# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Long runs of stream components: the simulator reads and writes the words by itself."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.lib import wiring

from macaw.arch.checks import instance, integer
from macaw.sim.build import NATIVE, build
from macaw.sim.errors import StreamError, StreamTimeout
from macaw.sim.netlist import CELLS, TOLERATED, Netlist
from macaw.sim.packing import pack, unpack, word_bytes
from macaw.sim.progress import watch
from macaw.sim.records import RECORD_WORDS, Record, Transfers, chance, refuse_broken, transfers
from macaw.sim.run import look_at_waves, run_folder, waves_arguments
from macaw.sim.run import run as run_simulator
from macaw.sim.scalars import chunk_bytes, input_bytes, layout, output_values
from macaw.sim.streams_top import TOPLEVEL, streams_top
from macaw.sim.verilog import Stream, Verilog, convert

__all__ = ["StreamRun", "Transfers", "run"]

_MOST_CYCLES = 1 << 62


@dataclass(frozen=True, kw_only=True)
class StreamRun:
    """The result of `run`.

    ``words`` has the words of every sink, ``transfers`` the figures of every stream, and
    ``outputs`` the final values of the output ports that belong to no stream. ``cycles`` counts
    from the end of reset to the end of the run, ``seconds`` is the time that it took.
    """

    words: dict[str, Any]
    transfers: dict[str, Transfers]
    outputs: dict[str, Any]
    cycles: int
    seconds: float
    waves: Path | None

    @property
    def cycles_per_second(self) -> float:
        """Simulated cycles a second, the start of the simulator included."""
        return self.cycles / self.seconds


def run(
    component: wiring.Component,
    sources: Mapping[str, Any],
    sinks: Mapping[str, int],
    *,
    parameters: Any = None,
    netlist: Netlist | None = None,
    inputs: Mapping[str, Any] = {},
    after: Mapping[str, Sequence[str]] = {},
    idle: float | Mapping[str, float] = 0.0,
    stall: float | Mapping[str, float] = 0.0,
    seed: int = 1,
    timeout_cycles: int = 1 << 40,
    quiet_cycles: int = 100_000,
    drain_cycles: int = 64,
    progress: Callable[[int, int], None] | bool = False,
    waves: Path | None = None,
    waves_cycles: tuple[int, int] = (0, 100_000),
) -> StreamRun:
    """Sends ``sources`` through ``component`` and takes the given count of words from each of
    its output streams.

    ``sources`` maps input streams to words, as `packing` describes them for the payload's shape; a
    stream left out sends nothing. ``sinks`` maps *every* output stream to the words that are
    expected of it. ``parameters`` are those of `macaw.sim.verilog.convert`, which save the
    conversion of a component that was converted before; with them, and without waveforms, the
    component is simulated as `macaw.sim.quick` writes it, in the same clocks and with the same
    words. With ``netlist`` that one is run in the place of the component's RTL. ``inputs`` gives
    the value, held throughout, of *every* input port that belongs to no stream. A source in
    ``after`` starts once the sources listed there have sent all their words.

    ``idle`` is the probability that a source pauses for a cycle, ``stall`` that a sink is not
    ready in a cycle, for all streams or by name; both are drawn from ``seed``. The run ends
    ``drain_cycles`` after the last expected word, so that surplus words are seen.

    ``progress`` is a callback ``(words done, words in all)`` or ``True`` for a bar on a
    terminal. ``waves`` writes a waveform of the cycles ``waves_cycles`` there, with the suffix
    of its format, and prints how to look at it.

    Raises `StreamTimeout`, which names the streams that did not end, after ``timeout_cycles``
    or where no stream moves for ``quiet_cycles``; `StreamError` for surplus words and where an
    output stream takes back ``valid`` or changes its payload before ``ready``; other kinds of
    `SimulationError` where the simulator cannot be built or fails; ``ValueError`` or
    ``TypeError`` for names and values that do not fit.
    """
    quick = parameters is not None and netlist is None and waves is None
    if netlist is None:
        verilog = convert(component, parameters=parameters, quick=quick)
    else:
        verilog = instance("netlist", netlist, Netlist).in_place_of(component)
    streams = verilog.streams
    counts, words = _words(verilog, sources, sinks)
    pauses = _pauses(streams, idle, stall)
    masks = _masks(streams, after)
    integer("timeout_cycles", timeout_cycles, 1, _MOST_CYCLES)
    integer("quiet_cycles", quiet_cycles, 1, _MOST_CYCLES)
    integer("drain_cycles", drain_cycles, 0, _MOST_CYCLES)
    integer("seed", seed, 0, (1 << 64) - 1)
    ports_in, ports_out = layout(verilog)
    label = type(component).__name__
    simulator = build(
        {"dut.v": verilog.text, "bench.sv": streams_top(verilog)}
        | ({CELLS: netlist.cells} if netlist else {}),
        toplevel=TOPLEVEL,
        public=("clk", "done"),
        sources=(NATIVE / "words.sv", NATIVE / "streams.sv", NATIVE / "words.cpp"),
        tolerated=TOLERATED if netlist else {},
        # The compiler's time for a netlist is longer than a layer's.
        optimised=netlist is None,
        free_clock=True,
        vectorised=quick,
        waves=waves is not None,
        label=label,
    )
    with run_folder() as folder:
        arguments = [
            f"+limit={timeout_cycles}", f"+quiet={quiet_cycles}", f"+drain={drain_cycles}"
        ]  # fmt: skip
        for name, content in (
            ("inputs", input_bytes(ports_in, inputs)),
            ("outputs", np.zeros(chunk_bytes(ports_out), np.uint8)),
            ("status", np.zeros((1 + len(streams), RECORD_WORDS), "<i8")),
        ):
            content.tofile(folder / name)
            arguments.append(f"+{name}={folder / name}")
        seeds = np.random.SeedSequence(seed).generate_state(len(streams) + 1) | np.uint32(1)
        for index, stream in enumerate(streams.values()):
            path = folder / f"{stream.name}.words"
            if stream.output:
                with path.open("wb") as file:
                    file.truncate(counts[stream.name] * word_bytes(stream.shape))
            else:
                words[stream.name].tofile(path)
            arguments += [
                f"+{stream.name}.file={path}",
                f"+{stream.name}.count={counts[stream.name]}",
                f"+{stream.name}.pause={pauses[stream.name]}",
                f"+{stream.name}.seed={seeds[index]}",
                f"+{stream.name}.after={masks.get(stream.name, 0)}",
            ]
        if waves is not None:
            waves = waves.resolve().with_suffix(f".{simulator.waves}")
            arguments += waves_arguments(waves, *waves_cycles)
        status = np.memmap(folder / "status", "<i8", "r").reshape(-1, RECORD_WORDS)
        total = sum(counts.values())
        started = time.perf_counter()
        with watch(label, lambda: int(status[1:, Record.WORDS].sum()), total, progress):
            run_simulator(
                simulator, "macaw.sim.benches.until_done", folder, arguments=arguments, seed=seed
            )
        seconds = time.perf_counter() - started
        if waves is not None:
            print(look_at_waves(waves))
        _refuse(streams, counts, status, seed)
        return StreamRun(
            words={
                name: unpack(_read(folder / f"{name}.words", stream), stream.shape)
                for name, stream in streams.items()
                if stream.output
            },
            transfers={
                name: transfers(record) for name, record in zip(streams, status[1:], strict=True)
            },
            outputs=output_values(ports_out, np.fromfile(folder / "outputs", np.uint8)),
            cycles=int(status[0, 0]),
            seconds=seconds,
            waves=waves,
        )


def _words(
    verilog: Verilog, sources: Mapping[str, Any], sinks: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    streams = verilog.streams
    inward = {name: stream for name, stream in streams.items() if not stream.output}
    outward = {name: stream for name, stream in streams.items() if stream.output}
    _known("sources", sources, inward)
    _known("sinks", sinks, outward)
    missing = [name for name in outward if name not in sinks]
    if missing:
        raise ValueError(f"sinks must name every output stream, and lack {', '.join(missing)}")
    words = {
        name: pack(sources[name], stream.shape, name)
        if name in sources
        else np.zeros((0, word_bytes(stream.shape)), np.uint8)
        for name, stream in inward.items()
    }
    counts = {name: len(part) for name, part in words.items()}
    for name in outward:
        counts[name] = integer(f"words of {name}", sinks[name], 0, _MOST_CYCLES)
    return counts, words


def _known(what: str, given: Any, names: Any) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{what} must name streams among {', '.join(names)}, not {name!r}")


def _pauses(
    streams: Mapping[str, Stream],
    idle: float | Mapping[str, float],
    stall: float | Mapping[str, float],
) -> dict[str, int]:
    pauses = {}
    for what, given, output in (("idle", idle, False), ("stall", stall, True)):
        names = [name for name, stream in streams.items() if stream.output is output]
        if isinstance(given, Mapping):
            _known(what, given, names)
        for name in names:
            value = given.get(name, 0.0) if isinstance(given, Mapping) else given
            pauses[name] = chance(what, value)
    return pauses


def _masks(streams: Mapping[str, Stream], after: Mapping[str, Sequence[str]]) -> dict[str, int]:
    names = [name for name, stream in streams.items() if not stream.output]
    _known("after", after, names)
    masks = {}
    for name, predecessors in after.items():
        if isinstance(predecessors, str):
            raise TypeError(f"after must map to a list of names, not {predecessors!r}")
        _known("after", predecessors, names)
        masks[name] = sum(1 << names.index(predecessor) for predecessor in set(predecessors))
    return masks


def _read(path: Path, stream: Stream) -> np.ndarray:
    return np.fromfile(path, np.uint8).reshape(-1, word_bytes(stream.shape))


def _refuse(
    streams: Mapping[str, Stream], counts: Mapping[str, int], status: np.ndarray, seed: int
) -> None:
    cycles, state = int(status[0, 0]), int(status[0, 1])
    records = dict(zip(streams, status[1:], strict=True))
    # First, since words that get lost, or are too many, may be the cause of a time-out.
    for name, record in records.items():
        refuse_broken(name, record, seed)
    for name, record in records.items():
        if record[Record.SURPLUS]:
            raise StreamError(
                f"stream {name} sent {record[Record.SURPLUS]} words more than the {counts[name]} "
                f"expected (seed {seed})"
            )
    if state != 1:
        limit = "not complete" if state == 2 else "no stream moves"
        lines = [
            _unfinished(stream, counts[name], records[name])
            for name, stream in streams.items()
            if records[name][Record.WORDS] != counts[name]
        ]
        raise StreamTimeout(
            f"after {cycles} cycles {limit}: {'; '.join(lines) or 'draining'} (seed {seed})"
        )


def _unfinished(stream: Stream, count: int, record: np.ndarray) -> str:
    words = int(record[Record.WORDS])
    if stream.output:
        reason = "its word is not taken" if record[Record.VALID] else "the component sends nothing"
        return f"sink {stream.name} has {words} of {count} words, and {reason}"
    if not record[Record.ENABLED]:
        reason = "it waits for another source"
    elif not record[Record.READY]:
        reason = "the component is not ready"
    else:
        reason = "the component is ready"
    return f"source {stream.name} has sent {words} of {count} words, and {reason}"
