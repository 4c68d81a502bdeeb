# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw inspect``: what a model file holds."""

import json
from pathlib import Path

import click
from rich.console import Console

from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import (
    engine_option,
    example_option,
    json_option,
    model_argument,
    semantics_option,
)

__all__ = ["inspect"]


@click.command(
    cls=ToldCommand,
    examples=(
        "macaw inspect model.tflite",
        "macaw inspect model.onnx --json",
        "macaw inspect model.pt --engine qnnpack --input image.npy",
    ),
)
@model_argument
@semantics_option
@engine_option
@example_option
@json_option
def inspect(
    model: Path,
    semantics: str | None,
    engine: str | None,
    inputs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Show what MODEL holds: operators, shapes, scales, multiplications, bytes."""
    from macaw.cli.inputs import read_array
    from macaw.cli.inspection import inspected, print_inspection
    from macaw.cli.loading import load_model

    examples = [read_array(each) for each in inputs]
    graph = load_model(model, semantics=semantics, engine=engine, examples=examples)
    if as_json:
        click.echo(json.dumps(inspected(graph), indent=2))
    else:
        print_inspection(Console(soft_wrap=True), graph)
