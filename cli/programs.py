# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Model files to programs of the machine, and programs to text."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from macaw.arch.container import Program
from macaw.arch.instructions import decode, disassemble
from macaw.arch.machine import MachineConfig
from macaw.arch.program import CoreProgram
from macaw.cli.say import report_table
from macaw.compiler.machine import Network, compile_network
from macaw.compiler.machine.emit import Home
from macaw.compiler.machine.passes import Pass
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization
from macaw.nn import QuantizedGraph

__all__ = ["compile_graph", "disassembled", "print_network_passes", "write_programs"]


def compile_graph(graph: QuantizedGraph, machine: MachineConfig) -> Network:
    """The graph's programs, for ``machine`` with the modes that the graph needs."""
    machine = machine.with_modes(modes(graph, requantization))
    return compile_network(graph, machine, requantization, evaluate)


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


def print_network_passes(console: Console, network: Network) -> None:
    """Print what the machine does, pass by pass, and what the host does."""
    headings = ("", "result", "pass", "from", "to", "weights", "steps")
    table = report_table(headings, right=("", "weights", "steps"))
    for segment in network.segments:
        if segment.program is None:
            for operator in segment.operators:
                table.add_row("", operator.outputs[0], f"host: {type(operator).__name__}")
            continue
        for index, each in enumerate(segment.passes):
            places = [_place(segment.homes, rows.buffer.name) for rows in each.sources]
            core = each.work if isinstance(each.work, CoreProgram) else None
            table.add_row(
                str(index),
                each.name,
                _work(each),
                " + ".join(places),
                _place(segment.homes, each.target.buffer.name),
                f"{core.weights.size:,}" if core else "",
                str(len(core.table)) if core else "",
            )
    console.print(table)


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


def disassembled(program: Program, config: MachineConfig) -> str:
    """The instructions of a program's prologue and body, one a line, each with its index.

    Raises `macaw.arch.container.ProgramError` for a program of another machine.
    """
    program.check(config)
    lines = []
    for title, start in (("prologue", program.prologue), ("body", program.body)):
        if start is None:
            continue
        lines.append(f"{title}, from word {start:#x}")
        words = program.image[start * config.word_bytes :]
        lines += [
            f"{index:5}  {disassemble(config, instruction)}"
            for index, instruction in enumerate(decode(config, words))
        ]
    return "\n".join(lines)
