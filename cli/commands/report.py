# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw report``: where the clocks and bytes of an inference go."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from macaw.arch.machines import machine_preset
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import (
    FILE,
    engine_option,
    json_option,
    machine_option,
    memory_option,
    model_argument,
    seed_option,
    semantics_option,
)
from macaw.cli.outcome import Outcome

__all__ = ["report"]


@click.command(
    cls=ToldCommand,
    examples=(
        "macaw report model.tflite                   # a page of the RTL's clocks",
        "macaw report model.tflite --run none        # of the compiler's figures, at once",
        "macaw report model.tflite --memory board --output board.html",
        "macaw report model.tflite --json",
    ),
    statuses={
        1: "a value differs from the golden model's, or a simulation fails",
        2: "the model or an input is refused, or the extra 'report' is missing",
    },
)
@model_argument
@machine_option
@click.option("--run", "run_on", type=click.Choice(("machine", "rtl", "none")), default="rtl",
              show_default=True,
              help="What runs the programs: the RTL, which tells the clocks, the machine in "
                   "Python, or nothing.")  # fmt: skip
@memory_option
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path),
              help="The page's file; by default the model's name with .html.")  # fmt: skip
@click.option("--input", "inputs", multiple=True, type=FILE,
              help="A .npy file for each input; by default drawn from the seed.")  # fmt: skip
@semantics_option
@engine_option
@seed_option()
@json_option
def report(
    model: Path,
    name: str,
    run_on: str,
    memory: str,
    output: Path | None,
    inputs: tuple[Path, ...],
    semantics: str | None,
    engine: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Show where the clocks and bytes of one inference of MODEL go, as one page of HTML.

    With --json the figures are printed, and a page is written only with --output.
    """
    # Imported here, for it brings Amaranth and cocotb, which the help does not need.
    from macaw.cli.inputs import given_or_drawn
    from macaw.cli.loading import load_with_inputs
    from macaw.cli.report.gathering import gather
    from macaw.cli.report.page import page, require

    writes = output is not None or not as_json
    console = Console(stderr=True, soft_wrap=True)
    try:
        if writes:
            require()
    except ImportError as error:
        raise click.UsageError(str(error)) from error
    graph, given = load_with_inputs(model, inputs, (None, None), semantics=semantics, engine=engine)
    steps = given_or_drawn(graph, given, seed)
    with console.status("") as status:
        found = gather(
            graph,
            machine_preset(name),
            run_on=run_on,
            memory=memory,
            inputs=steps[0],
            progress=lambda what: status.update(f"{graph.name}: {what}"),
        )
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
    if writes:
        path = output or Path(f"{model.stem}.html")
        text = page(found)
        path.write_text(text, encoding="utf-8")
        click.echo(
            f"{path}: {found.cycles:,} clocks, {100 * found.utilisation:.1f} % utilisation, "
            f"{len(text.encode()) / 1e6:.1f} MB",
            err=as_json,
        )
    if found.equal is False:
        sys.exit(Outcome.DIFFERENT)
