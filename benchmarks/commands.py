# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The page of the commands, made from their own help between a pair of markers::

<!-- commands -->
<!-- end of commands -->
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click

__all__ = ["fill_commands", "render_commands"]

_BLOCK = re.compile(r"(?<=^<!-- commands -->\n).*?(?=^<!-- end of commands -->$)", re.M | re.S)


def fill_commands(text: str, main: click.Group) -> str:
    """``text`` with the commands of ``main`` between the markers, if it has them."""
    return _BLOCK.sub(lambda match: render_commands(main), text)


def render_commands(main: click.Group) -> str:
    """A section for each command: what it does, examples, arguments and options, exit statuses."""
    return "\n" + "\n".join(_section(name, each) for name, each in _walk(main)) + "\n"


def _walk(group: click.Group, before: str = "macaw") -> Iterator[tuple[str, Any]]:
    for name, command in sorted(group.commands.items()):
        yield f"{before} {name}", command
        if isinstance(command, click.Group):
            yield from _walk(command, f"{before} {name}")


def _section(name: str, command: Any) -> str:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    options = [each for each in command.params if isinstance(each, click.Option)]
    words = " ".join([name, *map(_argument, arguments)])
    text = f"## {words}\n\n{inspect.cleandoc(command.help)}\n\n"
    text += "```sh\n" + "".join(f"{line}\n" for line in command.examples) + "```\n\n"
    if options:
        text += "| option | meaning |\n| --- | --- |\n" + "".join(map(_option, options)) + "\n"
    statuses = [f"- {status}: {meaning}\n" for status, meaning in command.statuses.items()]
    return f"{text}Exit status:\n\n{''.join(statuses)}"


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required or argument.metavar else f"[{name}]"


def _value(option: click.Option) -> str:
    return f" {option.metavar or option.type.name.split()[0].upper()}"


def _option(option: click.Option) -> str:
    value = "" if option.is_flag or isinstance(option.type, click.Choice) else _value(option)
    names = ", ".join(f"`{name}{value}`" for name in option.opts)
    sentences = [option.help or ""]
    if isinstance(option.type, click.Choice):
        sentences.append(f"One of {', '.join(map(str, option.type.choices))}.")
    if option.show_default and option.default:
        sentences.append(f"By default {option.default}.")
    if option.required:
        sentences.append("Required.")
    if option.envvar:
        sentences.append(f"The variable `{option.envvar}` gives it too.")
    return f"| {names} | {' '.join(sentences)} |\n"
