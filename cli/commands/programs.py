# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw compile`` and ``macaw disassemble``: programs of the machine."""

import json
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from macaw.arch import Mode
from macaw.arch.container import Program
from macaw.arch.machines import machine_preset
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import (
    FILE,
    engine_option,
    example_option,
    json_option,
    machine_option,
    memory_option,
    model_argument,
    semantics_option,
)

__all__ = ["compile_model", "disassemble"]


@click.command(
    "compile",
    cls=ToldCommand,
    examples=(
        "macaw compile model.tflite",
        "macaw compile model.tflite --config tiny --output model.program",
    ),
    statuses={2: "the model or an option is refused, or the file cannot be written"},
)
@model_argument
@machine_option
@memory_option
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path),
              help="The program's file; by default the model's name with .program.")  # fmt: skip
@semantics_option
@engine_option
@example_option
@json_option
def compile_model(
    model: Path,
    name: str,
    memory: str,
    output: Path | None,
    semantics: str | None,
    engine: str | None,
    inputs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Compile MODEL to a program of the machine, and show its passes.

    What the machine does not do is the host's, between two programs: then there is a file for
    each.
    """
    from macaw.cli.inputs import read_array
    from macaw.cli.loading import load_model
    from macaw.cli.programs import (
        compile_graph,
        network_passes,
        print_network_passes,
        write_programs,
    )

    examples = [read_array(each) for each in inputs]
    graph = load_model(model, semantics=semantics, engine=engine, examples=examples)
    network = compile_graph(graph, machine_preset(name), memory=memory)
    machine = network.config
    paths = write_programs(network, output or Path(f"{model.stem}.program"))
    if as_json:
        report = {
            "model": graph.name,
            "configuration": machine.name,
            "digest": machine.digest,
            "passes": network_passes(network),
            "host": dict(network.refusals),
            "programs": [str(path) for path in paths],
        }
        click.echo(json.dumps(report, indent=2))
        return
    print_network_passes(Console(soft_wrap=True), network)
    for refusal in network.refusals.values():
        click.echo(f"host: {refusal}")
    for path in paths:
        click.echo(f"{path}: for the machine {machine.name} ({machine.digest})")


@click.command(
    cls=ToldCommand,
    examples=(
        "macaw disassemble model.program",
        "macaw disassemble model.program --config tiny --mode float32",
    ),
    statuses={2: "the program is damaged, or for another machine"},
)
@click.argument("program", type=FILE)
@machine_option
@click.option("--mode", "modes", multiple=True, type=click.Choice(tuple(map(str, Mode))),
              help="A mode that the program was compiled for, beside the machine's.")  # fmt: skip
@json_option
def disassemble(program: Path, name: str, modes: tuple[str, ...], as_json: bool) -> None:
    """Show the instructions of PROGRAM."""
    from macaw.cli.programs import disassembled, listing

    machine = machine_preset(name)
    config = replace(machine, core=machine.core.with_modes(Mode(mode) for mode in modes))
    found = Program.load(program)
    if as_json:
        click.echo(json.dumps(listing(found, config), indent=2))
    else:
        click.echo(disassembled(found, config))
