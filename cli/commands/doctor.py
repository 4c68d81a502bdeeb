# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw doctor``: what the system must have."""

import sys

import click

from macaw.cli import doctor as examination

__all__ = ["doctor"]


@click.command()
def doctor() -> None:
    """Check that the system has what simulations and builds need."""
    sys.exit(examination.main([]))
