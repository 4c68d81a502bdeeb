# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of ``macaw``: help with examples and exit statuses, and errors in one sentence."""

import errno
from collections.abc import Mapping, Sequence
from typing import Any

import click

from macaw.cli.outcome import Outcome

__all__ = ["ToldCommand", "ToldGroup"]

_WRONG = "a file, an array or an option is not right"


class _Told(click.Command):
    """What commands and groups have in common."""

    def __init__(
        self,
        *arguments: Any,
        examples: Sequence[str] = (),
        statuses: Mapping[int, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.examples = tuple(examples)
        self.statuses = dict(
            sorted({0: "done", int(Outcome.REFUSED): _WRONG, **(statuses or {})}.items())
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes examples and statuses behind the options."""
        if self.examples:
            with formatter.section("Examples"):
                # Not wrapped, for lines are to be copied.
                for line in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        with formatter.section("Exit status"):
            formatter.write_dl([(str(status), text) for status, text in self.statuses.items()])


class ToldCommand(_Told):
    """A command whose help shows ``examples``, whole lines, and ``statuses``, what each exit status
    means."""


class ToldGroup(_Told, click.Group):
    """Commands that end in one sentence and a status where what they are given is not right; the
    help is that of a `ToldCommand`."""

    command_class = ToldCommand

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; errors that `_outcome` knows are told without a traceback."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            outcome = _outcome(error)
            if outcome is None:
                raise
            click.echo(f"Error: {_sentence(error)}", err=True)
            ctx.exit(outcome)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename} cannot be used: {error.strerror}: name another file or folder"
    return str(error)


def _outcome(error: Exception) -> Outcome | None:
    """What an error of a command means; ``None`` for one that is click's, or a fault of Macaw's."""
    # Imported here, for only an error needs them.
    from macaw.arch.container import ProgramError
    from macaw.golden.machine import MachineError
    from macaw.host.device import DeviceError
    from macaw.nn import ModelError
    from macaw.sim.errors import SimulationError

    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return None
    if isinstance(error, ModelError | ProgramError | OSError):
        return Outcome.REFUSED
    failed = isinstance(error, SimulationError | DeviceError | MachineError)
    return Outcome.DIFFERENT if failed else None
