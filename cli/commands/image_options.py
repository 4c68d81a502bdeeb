# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands that take images are told of them."""

import functools
from collections.abc import Callable
from typing import Any

import click

__all__ = ["image_options"]


class _Numbers(click.ParamType[Any]):
    """Numbers with ``separator`` between them."""

    def __init__(self, name: str, separator: str, kind: type, count: int | None = None) -> None:
        self.name = name
        self._separator, self._kind, self._count = separator, kind, count

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """The numbers; a wrong usage for anything else."""
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(self._kind(each) for each in value.split(self._separator))
            if self._count not in (None, len(found)) or (self._kind is int and min(found) < 1):
                raise ValueError
        except ValueError:
            self.fail(f"must be of the form {self.name}, not {value!r}", param, ctx)
        return found


_CHANNELS = _Numbers("NUMBER[,NUMBER...]", ",", float)
_SHAPE = _Numbers("CHANNELSxHEIGHTxWIDTH", "x", int, 3)

_OPTIONS = (
    click.option("--raw", is_flag=True,
                 help="The bytes of an image are the input, less 128 where that is int8."),
    click.option("--scale", type=float,
                 help="Else a byte means (byte * scale - mean) / std, with 1, 0 and 1 for those "
                      "that are not stated."),
    click.option("--mean", type=_CHANNELS, help="One, or one for each channel."),
    click.option("--std", type=_CHANNELS, help="One, or one for each channel."),
    click.option("--shape", type=_SHAPE, metavar=_SHAPE.name,
                 help="What images are made to for a PyTorch file, which does not say it."),
)  # fmt: skip


def image_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--raw``, ``--scale``, ``--mean``, ``--std`` and ``--shape``, together as ``form``, a
    `macaw.cli.loading.ImageForm`; a contradiction is one of usage."""

    @functools.wraps(function)
    def wrapped(
        *arguments: Any,
        raw: bool,
        scale: float | None,
        mean: tuple[float, ...] | None,
        std: tuple[float, ...] | None,
        shape: tuple[int, int, int] | None,
        **options: Any,
    ) -> Any:
        from macaw.cli.images import Pixels

        stated = {"--scale": scale, "--mean": mean, "--std": std}
        given = [option for option, value in stated.items() if value is not None]
        if raw and given:
            raise click.UsageError(f"--raw takes bytes as they are: leave out {given[0]}")
        pixels = None
        try:
            if raw or given:
                pixels = Pixels(
                    raw=raw,
                    scale=1.0 if scale is None else scale,
                    mean=mean or (0.0,),
                    std=std or (1.0,),
                )
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        return function(*arguments, form=(pixels, shape), **options)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped
