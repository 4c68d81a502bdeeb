# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw doctor``: what the system must have."""

import json
import sys

import click

from macaw.cli import doctor as examination
from macaw.cli.commands.command import ToldCommand
from macaw.cli.commands.options import json_option

__all__ = ["doctor"]


@click.command(cls=ToldCommand, examples=("macaw doctor",), statuses={1: "something is missing"})
@json_option
def doctor(as_json: bool) -> None:
    """Check that the system has what simulations and builds need."""
    if not as_json:
        sys.exit(examination.main([]))
    problems = examination.problems()
    found = {"problems": problems, "remarks": examination.optional_remarks()}
    click.echo(json.dumps(found, indent=2))
    sys.exit(1 if problems else 0)
