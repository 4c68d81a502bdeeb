# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands that take images are told of them."""

import functools
from collections.abc import Callable
from typing import Any

import click

__all__ = ["image_options"]


def _positive(text: str) -> int:
    """A whole number above 0; ``ValueError`` for anything else."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _numbers(
    form: str, separator: str, kind: Callable[[str], float], count: int | None = None
) -> dict[str, Any]:
    """What an option needs that is of ``form``: numbers, with ``separator`` between them."""

    def convert(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
        if value is None:
            return None
        try:
            found = tuple(kind(each) for each in value.split(separator))
        except ValueError:
            found = ()
        if not found or count not in (None, len(found)):
            raise click.BadParameter(f"must be of the form {form}, not {value!r}")
        return found

    return {"metavar": form, "callback": convert}


_CHANNELS = _numbers("NUMBER[,NUMBER...]", ",", float)
_SHAPE = _numbers("CHANNELSxHEIGHTxWIDTH", "x", _positive, 3)

_OPTIONS = (
    click.option("--raw", is_flag=True,
                 help="The bytes of an image are the input, less 128 where that is int8."),
    click.option("--scale", type=float,
                 help="Else a byte means (byte * scale - mean) / std, with 1, 0 and 1 for those "
                      "that are not stated."),
    click.option("--mean", help="One, or one for each channel.", **_CHANNELS),
    click.option("--std", help="One, or one for each channel.", **_CHANNELS),
    click.option("--shape", help="What images are made to for a PyTorch file, which does not say "
                                 "it.", **_SHAPE),
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
