# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The files that tell the simulator which programs a machine runs, and those of its results."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from macaw.arch.checks import instance, integer
from macaw.arch.machine import COUNTERS, Error, MachineConfig
from macaw.sim.machine_trace import TracedInstruction
from macaw.sim.scalars import output_values
from macaw.sim.verilog import Port

__all__ = ["Job", "Patch", "ProgramRun", "job_files", "program_runs"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """``words``, uint8 [words, word bytes], for the memory from word ``address`` on."""

    address: int
    words: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One program of a run: the word of its first instruction, what is written to memory before
    it, and the parts of memory, (first word, words), that are kept when it has ended."""

    program: int
    patches: tuple[Patch, ...] = ()
    captures: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class ProgramRun:
    """How one program ended: ``cycles`` from its start to the first clock in which the machine is
    no longer busy, the instruction ``error_index`` of its ``error``, the machine's ``counters``,
    and the words, uint8 [words, word bytes], of the job's captures; its ``trace`` has an entry for
    each instruction, END included, and is empty where none was asked for."""

    cycles: int
    error: Error
    error_index: int
    counters: dict[str, int]
    captures: tuple[np.ndarray, ...]
    trace: tuple[TracedInstruction, ...] = ()


def job_files(config: MachineConfig, jobs: Sequence[Job], words: int) -> dict[str, np.ndarray]:
    """The files ``jobs``, ``copies``, ``patches`` and ``captures`` of the simulator's
    ``machine_control``, by name, for a memory of ``words`` words.

    Raises ``ValueError`` without jobs, and for places outside of the memory.
    """
    if not jobs:
        raise ValueError("programs must be at least one, not none")
    rows, copies, patches = [], [], [np.zeros((0, config.word_bytes), np.uint8)]
    captured = 0
    for index, job in enumerate(jobs):
        instance(f"program {index}", job, Job)
        integer(f"program {index}", job.program, 0, words - 1)
        rows.append((job.program, len(job.patches), len(job.captures), 0))
        for patch in job.patches:
            shape, dtype = np.shape(patch.words), np.asarray(patch.words).dtype
            if dtype != np.uint8 or len(shape) != 2 or shape[1] != config.word_bytes:
                raise ValueError(
                    f"patches of program {index} must be uint8 of shape "
                    f"(words, {config.word_bytes}), not {dtype} of shape {shape}"
                )
            copies.append(_copy(config, index, "patches", patch.address, shape[0], words))
            patches.append(patch.words)
        for address, count in job.captures:
            copies.append(_copy(config, index, "captures", address, count, words))
            captured += count
    return {
        "jobs": np.array(rows, "<i8"),
        "copies": np.array(copies, "<i8"),
        "patches": np.concatenate(patches),
        "captures": np.zeros((captured, config.word_bytes), np.uint8),
    }


def _copy(
    config: MachineConfig, index: int, what: str, address: int, count: int, words: int
) -> tuple[int, int]:
    if not 0 <= address <= address + count <= words:
        raise ValueError(
            f"{what} of program {index} must lie in the {words} words of the memory, "
            f"not at words {address} ... {address + count - 1}"
        )
    return address * config.word_bytes, count * config.word_bytes


def program_runs(
    config: MachineConfig,
    jobs: Sequence[Job],
    ports: Sequence[Port],
    outputs: np.ndarray,
    captures: np.ndarray,
    traces: Sequence[tuple[TracedInstruction, ...]] = (),
) -> list[ProgramRun]:
    """The results of ``jobs`` from the files ``outputs`` and ``captures``, as bytes; ``ports`` are
    the machine's outputs that belong to no stream, ``traces`` what is known of each job's
    instructions, if anything."""
    words = captures.reshape(-1, config.word_bytes)
    runs = []
    for index, (job, content) in enumerate(zip(jobs, outputs, strict=True)):
        counts = [count for _, count in job.captures]
        kept, words = np.split(words, [sum(counts)])
        values = output_values(ports, content[8:])
        counters = {name: int(values["counters"][name][0]) for name in COUNTERS}
        runs.append(
            ProgramRun(
                cycles=int(content[:8].view("<i8")[0]),
                error=Error(values["error"]),
                error_index=values["error_index"],
                counters=counters,
                captures=tuple(np.split(kept, np.cumsum(counts)[:-1]) if counts else ()),
                trace=traces[index] if traces else (),
            )
        )
    return runs
