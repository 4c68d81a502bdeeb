# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``macaw report``."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from macaw.arch.machines import MACHINES, machine_preset
from macaw.nn.graph import Semantics

__all__ = ["report_command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("report")
@click.argument("model", type=_FILE)
@click.option("--config", "name", type=click.Choice(tuple(MACHINES)), default="ecp5_85f",
              show_default=True, help="The machine.")  # fmt: skip
@click.option("--run", "run_on", type=click.Choice(("machine", "rtl", "none")), default="rtl",
              show_default=True,
              help="What runs the programs: the RTL, which tells the clocks, the machine in "
                   "Python, or nothing.")  # fmt: skip
@click.option("--memory", type=click.Choice(("ideal", "wide", "board")), default="wide",
              show_default=True, help="The memory beside the machine.")  # fmt: skip
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path),
              help="The page's file; by default the model's name with .html.")  # fmt: skip
@click.option("--input", "inputs", multiple=True, type=_FILE,
              help="A .npy file for each input; by default drawn from the seed.")  # fmt: skip
@click.option("--semantics", type=click.Choice((str(Semantics.TFLITE), str(Semantics.LITERT))),
              help="Whose bits a TensorFlow Lite file has; tflite by default.")  # fmt: skip
@click.option("--engine", type=click.Choice(("qnnpack", "fbgemm", "onednn", "x86")),
              help="The engine that a file of PyTorch is for.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True,
              help="Seed of the inputs.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True,
              help="Print the figures as JSON, and write a page only with --output.")  # fmt: skip
def report_command(
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

    The exit status is 1 if a value differs from the golden model's, 2 if the model is refused.
    """
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.inputs import drawn_inputs, read_array, steps_of
    from macaw.cli.report.gathering import gather
    from macaw.cli.report.page import page, require
    from macaw.golden.machine import MachineError
    from macaw.host.device import DeviceError
    from macaw.nn import ModelError, load
    from macaw.sim.errors import SimulationError

    writes = output is not None or not as_json
    console = Console(stderr=True, soft_wrap=True)
    try:
        if writes:
            require()
        given = [read_array(each) for each in inputs]
        graph = load(
            model,
            semantics=Semantics(semantics) if semantics else None,
            example_inputs=tuple(given) or None,
            engine=engine,
        )
        steps = steps_of(graph, given) if given else [drawn_inputs(graph, seed)]
        with console.status("") as status:
            found = gather(
                graph,
                machine_preset(name),
                run_on=run_on,
                memory=memory,
                inputs=steps[0],
                progress=lambda what: status.update(f"{graph.name}: {what}"),
            )
    except ModelError as error:
        click.echo(f"{model}: {error}", err=True)
        sys.exit(2)
    except (ImportError, SimulationError, DeviceError, MachineError) as error:
        raise click.ClickException(str(error)) from error
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
        sys.exit(1)
