# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw eval``: a model's accuracy."""

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
    machine_option,
    memory_option,
    model_argument,
    rung_option,
    semantics_option,
)
from macaw.cli.rungs import Rung

if TYPE_CHECKING:
    from macaw.cli.loading import ImageForm

__all__ = ["evaluate"]


@click.command(
    "eval",
    cls=ToldCommand,
    examples=(
        "macaw eval model.tflite --data photos --labels classes.txt --raw",
        "macaw eval model.onnx --data test.npz --limit 100 --on rtl",
        "macaw eval digits.macaw --data digits_held_back.npz --arrays images,labels,logits",
    ),
    statuses={
        0: "all outputs are equal to the runtime's",
        1: "an output differs, or a simulation fails",
        2: "the model, the data or an option is refused",
        3: "there was no runtime to compare with",
    },
)
@model_argument
@click.option("--data", required=True, type=click.Path(exists=True, path_type=Path),
              help="A folder with one of images or .npy files for each class, or a .npz or .npy "
                   "file of arrays.")  # fmt: skip
@click.option("--labels", type=FILE,
              help="A text file that names the classes in their order, a line each; or a .npy file "
                   "with the class of each input.")  # fmt: skip
@click.option("--arrays", default="x,y,expected", show_default=True, metavar="NAMES",
              help="What a .npz file's arrays of inputs, labels and, if there are any, outputs are "
                   "called; the outputs stand for the live runtime's.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="Take so many inputs, evenly spread.")
@rung_option
@machine_option
@memory_option
@image_options
@semantics_option
@engine_option
@json_option
def evaluate(
    model: Path,
    data: Path,
    labels: Path | None,
    arrays: str,
    limit: int | None,
    rung: str,
    name: str,
    memory: str,
    form: "ImageForm",
    semantics: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Compute MODEL's accuracy, and compare every output with its runtime's.

    The golden model is compared with the live runtime, where that is installed, or with outputs
    that stand in the data; the machine and the RTL with the golden model. Of equal scores the first
    counts. What lies between inputs and outputs macaw verify compares.

    Folders are classes by their names: those of --labels, or whole numbers, or else numbered in
    the order of their names. Inputs are as macaw run takes them.
    """
    # Imported here, for it brings the compiler, which the help does not need.
    from macaw.cli.classes import class_names
    from macaw.cli.evaluation import evaluate_model
    from macaw.cli.inputs import read_array

    numbers = labels is not None and labels.suffix == ".npy"
    report = evaluate_model(
        model,
        data,
        rung=Rung(rung),
        machine=machine_preset(name),
        memory=memory,
        labels=read_array(labels) if labels and numbers else None,
        classes=class_names(labels) if labels and not numbers else (),
        arrays=[each.strip() for each in arrays.split(",")],
        form=form,
        limit=limit,
        semantics=semantics,
        engine=engine,
        console=Console(soft_wrap=True, stderr=as_json),
    )
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
    click.get_current_context().exit(report.outcome)
