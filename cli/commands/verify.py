# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw verify``: a model down the ladder."""

import json
from pathlib import Path

import click
from rich.console import Console

from macaw.arch.machines import MACHINES
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import (
    FILE,
    config_option,
    configured,
    engine_option,
    json_option,
    machine_configured,
    memory_option,
    model_argument,
    seed_option,
    semantics_option,
    set_option,
)
from macaw.cli.rungs import Rung
from macaw.nn.graph import Semantics

__all__ = ["verify"]


@click.command(
    cls=ToldCommand,
    examples=(
        "macaw verify model.tflite",
        "macaw verify model.tflite --input image.npy --expected scores.npy",
        "macaw verify model.tflite --crop 4 --layers 10",
        "macaw verify model.pt --engine qnnpack --input image.npy --json",
    ),
    statuses={
        0: "everything that was asked for ran and is equal",
        1: "a value differs, or a simulation fails",
        2: "the model, a layer, an array or an option is refused",
        3: "there was no runtime to compare with",
    },
)
@model_argument
@config_option
@set_option
@click.option("--input", "inputs", multiple=True, type=FILE,
              help="A .npy file for each input; by default drawn from the seed.")  # fmt: skip
@click.option("--expected", multiple=True, type=FILE,
              help="A .npy file for each output; by default the live runtime says.")  # fmt: skip
@click.option("--rungs",
              help="What to compare, by default golden,machine,rtl: golden with the runtime, the "
                   "machine in Python and the RTL with golden.")  # fmt: skip
@click.option("--by-layer", is_flag=True,
              help="Simulate each layer alone, on the core; the default where the configuration "
                   "has no machine, and with --layers and --crop.")  # fmt: skip
@memory_option
@semantics_option
@engine_option
@click.option("--layers", type=click.IntRange(0), help="Simulate so many layers at most.")
@click.option("--crop", type=click.IntRange(1), metavar="ROWS",
              help="Simulate the first rows of each layer only.")  # fmt: skip
@seed_option()
@json_option
def verify(
    model: Path,
    name: str,
    changes: tuple[str, ...],
    inputs: tuple[Path, ...],
    expected: tuple[Path, ...],
    rungs: str | None,
    by_layer: bool,
    memory: str,
    semantics: str | None,
    engine: str | None,
    layers: int | None,
    crop: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compare MODEL's runtime, the golden model and the RTL with each other, bit by bit.

    Whole networks run on the machine; --layers and --crop simulate less, layer by layer, and the
    report says what was left out.
    """
    # Imported here, for it brings Amaranth and cocotb, which the other commands do not need.
    from macaw.cli.verify import verify_model

    config, machine = configured(name, changes), machine_configured(name, changes)
    by_layer = by_layer or machine is None or layers is not None or crop is not None
    usual = [Rung.GOLDEN, Rung.RTL] if machine is None else [*Rung]
    try:
        chosen = [Rung(rung.strip()) for rung in rungs.split(",")] if rungs else usual
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if Rung.MACHINE in chosen and machine is None:
        raise click.UsageError(f"rung machine needs one of {', '.join(MACHINES)}, not {name}")
    report = verify_model(
        model,
        config=config,
        machine=machine,
        by_layer=by_layer,
        memory=memory,
        inputs=inputs,
        expected=expected,
        rungs=chosen,
        semantics=Semantics(semantics) if semantics else None,
        engine=engine,
        layers=layers,
        rows=crop,
        seed=seed,
        console=Console(soft_wrap=True, stderr=as_json),
    )
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
    click.get_current_context().exit(report.outcome)
