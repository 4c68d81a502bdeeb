# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``macaw``."""

import os

import click

from macaw.cli.commands.bitstream import bitstream
from macaw.cli.commands.command import ToldGroup
from macaw.cli.commands.doctor import doctor
from macaw.cli.commands.evaluate import evaluate
from macaw.cli.commands.export import export
from macaw.cli.commands.inspect import inspect
from macaw.cli.commands.models import models
from macaw.cli.commands.programs import compile_model, disassemble
from macaw.cli.commands.prove import prove
from macaw.cli.commands.report import report
from macaw.cli.commands.run import run
from macaw.cli.commands.sim import sim
from macaw.cli.commands.verify import verify

__all__ = ["main"]


@click.group(
    cls=ToldGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    examples=(
        "macaw sim                        # the main job, on the RTL",
        "macaw inspect model.tflite       # what a model file holds",
        "macaw run model.tflite           # its outputs",
        "macaw verify model.tflite        # every rung, equal to the bit",
        "macaw eval model.tflite --data photos --raw",
    ),
    statuses={1: "something differs or fails", 3: "there was no runtime to compare with"},
)
@click.version_option(package_name="macaw")
def main() -> None:
    """Bit-exact int8 CNNs on open FPGAs."""
    # On processors with AMX pointwise convolutions of PyTorch's onednn round otherwise
    # (docs/models.md) unless it is told not to, before its first one.
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI")


for _command in (
    bitstream,
    compile_model,
    disassemble,
    doctor,
    evaluate,
    export,
    inspect,
    models,
    prove,
    report,
    run,
    sim,
    verify,
):
    main.add_command(_command)
