# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Model files to programs of the machine, and programs to text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from macaw.arch.container import Program
from macaw.arch.instructions import decode, disassemble
from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreProgram
from macaw.cli.say import print_table, report_table
from macaw.compiler.machine import Network, compile_network
from macaw.compiler.machine.emit import Home
from macaw.compiler.machine.passes import Pass
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph
from macaw.sim.memory_model import memory_model

__all__ = [
    "compile_graph",
    "disassembled",
    "listing",
    "network_passes",
    "print_network_passes",
    "write_programs",
]


def compile_graph(
    graph: QuantizedGraph, machine: MachineConfig, *, memory: str = "wide"
) -> Network:
    """The graph's programs, for ``machine`` with the modes that the graph needs, beside a memory of
    the model called ``memory``."""
    return compile_network(
        graph,
        machine.with_modes(modes(graph, requantization)),
        requantization,
        evaluate,
        memory_bytes=memory_model(memory).bytes_per_clock,
    )


def write_programs(network: Network, path: Path) -> list[Path]:
    """Writes each program of a network: one to ``path``, several with their numbers before the
    suffix. Returns the paths."""
    programs = [each.program for each in network.segments if each.program is not None]
    paths = []
    for number, program in enumerate(programs, start=1):
        name = path if len(programs) == 1 else path.with_stem(f"{path.stem}-{number}")
        program.save(name)
        paths.append(name)
    return paths


def network_passes(network: Network) -> list[dict[str, Any]]:
    """What the machine does, pass by pass, and what the host does, in the types of JSON: of an
    operator of the host the ``result`` and the ``work`` alone."""
    found: list[dict[str, Any]] = []
    for number, segment in enumerate(network.segments):
        if segment.program is None:
            found += [
                {"result": operator.outputs[0], "work": f"host: {type(operator).__name__}"}
                for operator in segment.operators
            ]
            continue
        for index, each in enumerate(segment.passes):
            core = each.work if isinstance(each.work, CoreProgram) else None
            found.append(
                {
                    "segment": number,
                    "index": index,
                    "result": each.name,
                    "work": _work(each),
                    "from": [_place(segment.homes, rows.buffer.name) for rows in each.reads],
                    "to": _place(segment.homes, each.target.buffer.name),
                    "weights": int(core.weights.size) if core else 0,
                    "steps": len(core.table) if core else 0,
                }
            )
    return found


def print_network_passes(console: Console, network: Network) -> None:
    """Print what `network_passes` finds, a line each."""
    headings = ("", "pass", "from", "to", "weights", "steps", "result")
    table = report_table(headings, right=("", "weights", "steps"))
    for each in network_passes(network):
        host = "segment" not in each
        table.add_row(
            "" if host else str(each["index"]),
            each["work"],
            "" if host else " + ".join(each["from"]),
            "" if host else each["to"],
            f"{each['weights']:,}" if not host and each["weights"] else "",
            str(each["steps"]) if not host and each["steps"] else "",
            each["result"],
        )
    print_table(console, table)


def _place(homes: Mapping[str, Home], name: str) -> str:
    home = homes[name]
    return f"{home.space.name.lower()} {home.word:#x}"


def _work(each: Pass) -> str:
    if isinstance(each.work, CoreProgram):
        shape = each.work.shape
        mode = "window" if each.work.descriptor["window"] else "dense"
        return (
            f"conv {shape.height}x{shape.width}x{shape.in_channels} to {shape.output_height}x"
            f"{shape.output_width}x{shape.out_channels}, {mode}"
        )
    return type(each.work).__name__.lower().replace("lookuptables", "lookup")


def listing(program: Program, config: MachineConfig) -> list[dict[str, Any]]:
    """The instructions of a program's prologue, if there is one, and of its body, in the types of
    JSON: a ``part``, the word from which it stands, and its ``instructions``.

    Raises `macaw.arch.container.ProgramError` for a program of another machine.
    """
    program.check(config)
    return [
        {
            "part": part,
            "start": start,
            "instructions": [
                disassemble(config, instruction)
                for instruction in decode(config, program.image[start * config.word_bytes :])
            ],
        }
        for part, start in (("prologue", program.prologue), ("body", program.body))
        if start is not None
    ]


def disassembled(program: Program, config: MachineConfig) -> str:
    """The same as text: one instruction a line, each with its index."""
    lines = []
    for each in listing(program, config):
        lines.append(f"{each['part']}, from word {each['start']:#x}")
        lines += [f"{index:5}  {text}" for index, text in enumerate(each["instructions"])]
    return "\n".join(lines)
