# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs programs on the RTL of a machine, beside a memory in the simulator."""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amaranth.lib import wiring

from macaw.arch.checks import instance, integer
from macaw.arch.instructions import Instruction
from macaw.arch.machine import COUNTERS, Error, MachineConfig
from macaw.sim.build import NATIVE, build
from macaw.sim.errors import MachineFault, MachineTimeout
from macaw.sim.machine_files import Job, ProgramRun, job_files, program_runs
from macaw.sim.machine_top import FAULT_RECORD, RECORDS, STREAMS, machine_top
from macaw.sim.machine_trace import TRACE_WORDS, programs_of, traced
from macaw.sim.memory_model import MEMORY_MODELS, MemoryModel
from macaw.sim.progress import watch
from macaw.sim.records import RECORD_WORDS, Transfers, refuse_broken, transfers
from macaw.sim.run import look_at_waves, run_folder, waves_arguments
from macaw.sim.run import run as run_simulator
from macaw.sim.scalars import chunk_bytes, layout
from macaw.sim.streams_top import TOPLEVEL
from macaw.sim.verilog import convert

__all__ = ["MachineRun", "run_machine"]

_MOST_CYCLES = 1 << 62
_DRAIN_CYCLES = 64
_COMPLETE, _LIMIT, _QUIET, _FAULT, _ASLEEP, _RESTLESS = range(1, 7)


@dataclass(frozen=True, kw_only=True, eq=False)
class MachineRun:
    """The result of `run_machine`.

    ``memory`` is uint8 [words, word bytes], as the last program left it; ``programs`` has one
    result for each program that ended, and ``transfers`` the figures of the memory's streams.
    ``stale_words`` counts words that were written while a burst waited for them. ``cycles`` counts
    from the end of reset to the end of the run, ``seconds`` is the time that it took, and
    ``processor_seconds`` the processor's part of it, which other programs hardly change.
    """

    memory: np.ndarray
    programs: tuple[ProgramRun, ...]
    transfers: dict[str, Transfers]
    stale_words: int
    cycles: int
    seconds: float
    processor_seconds: float
    waves: Path | None

    @property
    def error(self) -> Error:
        """Why the last program ended."""
        return self.programs[-1].error

    @property
    def error_index(self) -> int:
        """The instruction at which the last program ended."""
        return self.programs[-1].error_index

    @property
    def counters(self) -> dict[str, int]:
        """What the machine counted in the last program, by the names of `COUNTERS`."""
        return self.programs[-1].counters

    @property
    def cycles_per_second(self) -> float:
        """Simulated cycles a second, the start of the simulator included."""
        return self.cycles / self.seconds


def run_machine(
    config: MachineConfig,
    memory: np.ndarray,
    programs: int | Sequence[int | Job],
    *,
    model: MemoryModel = MEMORY_MODELS["ideal"],
    machine: wiring.Component | None = None,
    seed: int = 1,
    timeout_cycles: int = 1 << 40,
    quiet_cycles: int | None = None,
    progress: Callable[[int, int], None] | bool = False,
    trace: bool = False,
    waves: Path | None = None,
    waves_cycles: tuple[int, int] = (0, 1024),
    quick: bool = True,
) -> MachineRun:
    """Runs ``programs`` on a machine of ``config`` whose memory outside is ``memory``, uint8
    [words, word bytes], one after the other without a reset between them.

    A program is the word of its first instruction, or a `Job`, which changes memory before it and
    keeps parts of memory after it. A program that ends with an error is the last one. ``machine``
    is run in the place of ``macaw.hw.machine.Accelerator(config)`` and has its members: it is busy
    from the clock after ``start`` on, and asks for nothing and leaves no word untaken when it is
    not. ``model`` is how the memory answers, with gaps from ``seed``.

    ``progress`` is a callback ``(programs done, programs in all)`` or ``True`` for a bar on a
    terminal. With ``trace`` each `ProgramRun` tells when its instructions began and ended; it is a
    simulator of its own, of ``macaw.hw.machine.Accelerator`` only. ``waves`` and ``waves_cycles``
    are those of `macaw.sim.streams.run`.

    Without waveforms and traces the machine of ``config`` is simulated as `macaw.sim.quick` writes
    it, in the same clocks and with the same words; with ``quick`` false, and ``machine``, as it is.

    Raises `MachineTimeout`, with the counters, after ``timeout_cycles`` or where nothing passes
    between machine and memory for ``quiet_cycles``, by default twice the machine's own patience;
    `MachineFault`, with the address, for words outside of the memory, and for a machine that
    breaks the rules above; `StreamError` where one of its streams takes back ``valid`` or changes
    its payload before ``ready``; other kinds of `SimulationError` where the simulator cannot be
    built or fails; ``ValueError`` or ``TypeError`` for arguments that do not fit.
    """
    instance("config", config, MachineConfig)
    instance("model", model, MemoryModel)
    if quiet_cycles is None:
        quiet_cycles = 2 * config.patience + 100_000
    integer("timeout_cycles", timeout_cycles, 1, _MOST_CYCLES)
    integer("quiet_cycles", quiet_cycles, 1, _MOST_CYCLES)
    integer("seed", seed, 0, (1 << 64) - 1)
    _check_memory(config, memory)
    given = programs if isinstance(programs, Sequence) else [programs]
    jobs = [each if isinstance(each, Job) else Job(program=each) for each in given]
    traced_programs: list[list[Instruction]] = []
    if trace:
        if machine is not None:
            raise ValueError("trace must be False for a machine other than Accelerator(config)")
        traced_programs = programs_of(config, memory, [job.program for job in jobs])
    files = job_files(config, jobs, len(memory))
    quick = quick and machine is None and waves is None and not trace
    if machine is None:
        from macaw.hw.machine import Accelerator

        verilog = convert(Accelerator(config), parameters=config, quick=quick)
    else:
        verilog = convert(machine)
    label = config.name
    _, ports = layout(verilog)
    simulator = build(
        {"dut.v": verilog.text, "bench.sv": machine_top(verilog, config, traced=trace)},
        toplevel=TOPLEVEL,
        public=("clk", "done"),
        sources=[
            NATIVE / name
            for name in (
                "words.sv",
                "streams.sv",
                "memory.sv",
                "machine.sv",
                "words.cpp",
                *(["trace.sv"] if trace else []),
            )
        ],
        free_clock=True,
        vectorised=quick,
        waves=waves is not None,
        label=label,
    )
    with run_folder() as folder:
        arguments = [
            f"+limit={timeout_cycles}", f"+quiet={quiet_cycles}", f"+drain={_DRAIN_CYCLES}",
            f"+jobs.count={len(jobs)}", f"+memory.file={folder / 'memory'}",
            f"+memory.words={len(memory)}", *model.arguments(config.word_bytes, seed),
        ]  # fmt: skip
        files["status"] = np.zeros((RECORDS, RECORD_WORDS), "<i8")
        files["outputs"] = np.zeros((len(jobs), 8 + chunk_bytes(ports)), np.uint8)
        np.ascontiguousarray(memory).tofile(folder / "memory")
        if trace:
            count = sum(len(program) for program in traced_programs)
            files["trace"] = np.full((count, TRACE_WORDS), -1, "<i8")
        for name, content in files.items():
            content.tofile(folder / name)
            arguments.append(f"+{name}={folder / name}")
        if waves is not None:
            waves = waves.resolve().with_suffix(f".{simulator.waves}")
            arguments += waves_arguments(waves, *waves_cycles)
        status = np.memmap(folder / "status", "<i8", "r").reshape(-1, RECORD_WORDS)
        started, before = time.perf_counter(), _processor_seconds()
        with watch(label, lambda: int(status[0, 2]), len(jobs), progress):
            run_simulator(
                simulator, "macaw.sim.benches.until_done", folder, arguments=arguments, seed=seed
            )
        seconds = time.perf_counter() - started
        processor_seconds = _processor_seconds() - before
        if waves is not None:
            print(look_at_waves(waves))
        results = program_runs(
            config,
            jobs,
            ports,
            np.fromfile(folder / "outputs", np.uint8).reshape(len(jobs), -1),
            np.fromfile(folder / "captures", np.uint8),
            traced(traced_programs, np.fromfile(folder / "trace", "<i8").reshape(-1, TRACE_WORDS))
            if trace
            else (),
        )
        ended = int(status[0, 2])
        _refuse(config, status, jobs, results, len(memory), seed)
        return MachineRun(
            memory=np.fromfile(folder / "memory", np.uint8).reshape(memory.shape),
            programs=tuple(results[:ended]),
            transfers={
                name.removeprefix("memory__"): transfers(record)
                for name, record in zip(STREAMS, status[1:], strict=False)
            },
            stale_words=int(status[FAULT_RECORD, 4]),
            cycles=int(status[0, 0]),
            seconds=seconds,
            processor_seconds=processor_seconds,
            waves=waves,
        )


def _processor_seconds() -> float:
    """The processor's time of all programs that this one has started and seen end."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _check_memory(config: MachineConfig, memory: np.ndarray) -> None:
    most = 1 << config.address_bits
    good = isinstance(memory, np.ndarray) and memory.dtype == np.uint8 and memory.ndim == 2
    if not good or memory.shape[1] != config.word_bytes or not 0 < len(memory) <= most:
        what = f"{memory.dtype} of shape {memory.shape}" if hasattr(memory, "dtype") else memory
        raise ValueError(
            f"memory must be uint8 of shape (words, {config.word_bytes}), up to {most} words, "
            f"not {what}"
        )


def _refuse(
    config: MachineConfig,
    status: np.ndarray,
    jobs: Sequence[Job],
    results: Sequence[ProgramRun],
    words: int,
    seed: int,
) -> None:
    for name, record in zip(STREAMS, status[1:], strict=False):
        refuse_broken(name, record, seed)
    cycles, state, ended = (int(each) for each in status[0, :3])
    if state == _COMPLETE:
        return
    if state == _FAULT:
        kind, address, count, cycle = (int(each) for each in status[FAULT_RECORD, :4])
        what = f"a burst of {count} words from word" if kind == 1 else "a write to word"
        raise MachineFault(
            f"the machine asks for {what} {address:#x}, in cycle {cycle}, and memory has "
            f"{words:#x} words (seed {seed})"
        )
    # Behind the last program there are clocks in which nothing may move.
    index = min(ended, len(jobs) - 1)
    place = f"program {index}, at word {jobs[index].program:#x}"
    if state == _ASLEEP:
        raise MachineFault(f"{place}: the machine must be busy from the clock after its start on")
    if state == _RESTLESS:
        left = {
            "a burst that is not taken": status[1, 3],
            "a word that is not written": status[3, 3],
        }
        what = next((text for text, there in left.items() if there), "words that it asked for")
        raise MachineFault(f"{place}: the machine is no longer busy, and leaves {what}")
    limit = "it is not complete" if state == _LIMIT else f"nothing moves ({_waits(status)})"
    counters = ", ".join(f"{name} {results[index].counters[name]}" for name in COUNTERS)
    raise MachineTimeout(
        f"{place}: after {cycles} cycles {limit}; the machine counts {counters} (seed {seed})"
    )


def _waits(status: np.ndarray) -> str:
    """What the memory's streams wait for."""
    read, words, write = status[1:FAULT_RECORD, 3:5]
    found = []
    if read[0]:
        found.append("a burst waits for the memory")
    if write[0]:
        found.append("a write waits for the memory")
    if words[0]:
        found.append("a word waits for the machine")
    return ", ".join(found) or "no stream has a word"
