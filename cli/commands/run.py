# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw run``: a model's outputs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from macaw.arch.machines import machine_preset
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.image_options import image_options
from macaw.cli.commands.options import (
    FILE,
    engine_option,
    json_option,
    labels_option,
    machine_option,
    memory_option,
    model_argument,
    rung_option,
    seed_option,
    semantics_option,
)
from macaw.cli.rungs import Rung

if TYPE_CHECKING:
    from macaw.cli.loading import ImageForm

__all__ = ["run"]


@click.command(
    cls=ToldCommand,
    examples=(
        "macaw run model.tflite --input photo.jpg --raw --labels classes.txt",
        "macaw run model.tflite --input image.npy --output results --on machine",
        "macaw run model.pt --engine qnnpack --input photo.png --shape 3x32x32 --mean 128 --std 64",
    ),
    statuses={1: "a simulation fails", 2: "the model, an input or an option is refused"},
)
@model_argument
@click.option("--input", "inputs", multiple=True, type=FILE,
              help="For each input a .npy file of its type and shape, or a .png or .jpg file; by "
                   "default drawn from the seed.")  # fmt: skip
@click.option("--output", type=click.Path(file_okay=False, path_type=Path),
              help="A folder for the outputs, as .npy files.")  # fmt: skip
@rung_option
@machine_option
@memory_option
@image_options
@labels_option
@semantics_option
@engine_option
@seed_option()
@json_option
def run(
    model: Path,
    inputs: tuple[Path, ...],
    output: Path | None,
    rung: str,
    name: str,
    memory: str,
    form: "ImageForm",
    labels: Path | None,
    semantics: str | None,
    engine: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compute MODEL's outputs, with the bits of its runtime.

    Arrays have the types and shapes that the runtime has: uint8 [1, height, width, channels] for a
    uint8 file of TensorFlow Lite, float32 [1, channels, height, width] for a PyTorch module with
    stubs. A model that remembers takes one axis more, of steps.

    An image is scaled to cover the input, bilinearly, and cut around its middle. What its bytes
    mean is stated: --raw, or --scale, --mean and --std.
    """
    # Imported here, for it brings the compiler, which the help does not need.
    from macaw.cli.classes import class_names
    from macaw.cli.run_model import run_model

    report = run_model(
        model,
        rung=Rung(rung),
        machine=machine_preset(name),
        memory=memory,
        inputs=inputs,
        form=form,
        semantics=semantics,
        engine=engine,
        seed=seed,
        output=output,
        names=class_names(labels) if labels else (),
        console=Console(soft_wrap=True, stderr=as_json),
    )
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
