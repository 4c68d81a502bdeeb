# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What several commands have: arguments, options, and what is made of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from macaw.arch import PRESETS, AcceleratorConfig, preset
from macaw.arch.changes import changed
from macaw.arch.machine import MachineConfig
from macaw.arch.machines import MACHINES, machine_preset
from macaw.cli.rungs import Rung
from macaw.nn.graph import Semantics

__all__ = [
    "FILE",
    "config_option",
    "configured",
    "engine_option",
    "example_option",
    "json_option",
    "labels_option",
    "machine_configured",
    "machine_option",
    "memory_option",
    "model_argument",
    "preset_option",
    "rung_option",
    "seed_option",
    "semantics_option",
    "set_option",
    "time_limit_option",
]

#: What an option is put on: a function that becomes a command.
_Function = TypeVar("_Function", bound=Callable[..., Any])

#: A file that is there.
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _ModelFile(click.Path):
    """A file that is there, or the name of a public model in the cache."""

    name = "model"

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The file's path."""
        from macaw.cli.public_models import cached, public_models

        model = public_models().get(str(value))
        if Path(value).exists() or (model is None and Path(value).suffix):
            return super().convert(value, param, ctx)
        if model is None:
            self.fail(f"{value!r} is neither a file nor a name that macaw models lists", param, ctx)
        path = cached(model)
        if path is None:
            self.fail(f"{value} is not in the cache: macaw models fetch {value}", param, ctx)
        return path


_SEMANTICS = [str(Semantics.TFLITE), str(Semantics.LITERT)]
_ENGINES = ["qnnpack", "fbgemm", "onednn", "x86"]
_MEMORIES = ["ideal", "wide", "board"]


def model_argument(function: _Function) -> _Function:
    """``MODEL``, a model file or the name of a public model in the cache, as ``model``."""
    return click.argument("model", type=_ModelFile())(function)


def preset_option(
    help_text: str = "Configuration of the core.", *, default: str | None = "ecp5_85f"
) -> Callable[[_Function], _Function]:
    """``--preset``, a configuration of the core, as ``name``."""
    return click.option("--preset", "name", type=click.Choice(tuple(PRESETS)), default=default,
                        show_default=True, help=help_text)  # fmt: skip


def config_option(function: _Function) -> _Function:
    """``--config``, a configuration of the core with or without a machine, as ``name``."""
    return click.option("--config", "name", type=click.Choice(tuple(PRESETS)), default="ecp5_85f",
                        show_default=True, help="Configuration of the core.")(function)  # fmt: skip


def machine_option(function: _Function) -> _Function:
    """``--config``, a machine, as ``name``."""
    return click.option("--config", "name", type=click.Choice(tuple(MACHINES)), default="ecp5_85f",
                        show_default=True, help="The machine.")(function)  # fmt: skip


def set_option(function: _Function) -> _Function:
    """``--set``, fields of the configuration and their values, as ``changes``."""
    return click.option("--set", "changes", multiple=True, metavar="FIELD=VALUE",
                        help="Change a field, for example array.lanes=8; any number of times.",
                        )(function)  # fmt: skip


def memory_option(function: _Function) -> _Function:
    """``--memory``, the model of the memory outside, as ``memory``."""
    return click.option("--memory", type=click.Choice(_MEMORIES), default="wide", show_default=True,
                        help="The memory beside the machine.")(function)  # fmt: skip


def rung_option(function: _Function) -> _Function:
    """``--on``, a `macaw.cli.rungs.Rung`, as ``rung``."""
    return click.option("--on", "rung", type=click.Choice([str(each) for each in Rung]),
                        default=str(Rung.GOLDEN), show_default=True,
                        help="What computes: the golden model, the machine in Python, or the RTL.",
                        )(function)  # fmt: skip


def labels_option(function: _Function) -> _Function:
    """``--labels``, a text file of classes, as ``labels``."""
    return click.option("--labels", type=FILE,
                        help="A text file that names the classes in their order, a line each.",
                        )(function)  # fmt: skip


def semantics_option(function: _Function) -> _Function:
    """``--semantics``, those of a TensorFlow Lite file, as ``semantics``."""
    return click.option("--semantics", type=click.Choice(_SEMANTICS),
                        help="Whose bits a TensorFlow Lite file has; tflite by default.",
                        )(function)  # fmt: skip


def engine_option(function: _Function) -> _Function:
    """``--engine``, that of a PyTorch file, as ``engine``."""
    return click.option("--engine", type=click.Choice(_ENGINES),
                        help="The engine that a file of PyTorch is for.")(function)  # fmt: skip


def example_option(function: _Function) -> _Function:
    """``--input``, arrays by which a PyTorch file is read, as ``inputs``."""
    return click.option("--input", "inputs", multiple=True, type=FILE,
                        help="For a file of PyTorch, which is read by running it: a .npy file for "
                             "each input.")(function)  # fmt: skip


def seed_option(
    help_text: str = "Seed of the inputs.", *, most: int | None = None, default: int | None = 1
) -> Callable[[_Function], _Function]:
    """``--seed``, up to ``most``, as ``seed``."""
    return click.option("--seed", type=click.IntRange(0, most), default=default, show_default=True,
                        help=help_text)  # fmt: skip


def json_option(function: _Function) -> _Function:
    """``--json``, as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")(
        function
    )


def time_limit_option(function: _Function) -> _Function:
    """``--time-limit``, as ``minutes``."""
    return click.option(
        "--time-limit", "minutes", type=click.FloatRange(min=0, min_open=True), metavar="MINUTES",
        help="Processor time of a seed, after which it is given up; by default one for the device.",
    )(function)  # fmt: skip


def configured(name: str, changes: tuple[str, ...]) -> AcceleratorConfig:
    """The preset called ``name`` with the fields of ``--set``; a refusal is one of usage."""
    try:
        return changed(preset(name), _pairs(changes))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def machine_configured(name: str, changes: tuple[str, ...]) -> MachineConfig | None:
    """The machine called ``name`` with the fields of ``--set`` in its core; ``None`` where there
    is no machine of that name. A refusal is one of usage."""
    if name not in MACHINES:
        return None
    machine = machine_preset(name)
    try:
        core = changed(machine.core, _pairs(changes))
        return replace(machine, name=core.name, core=core)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _pairs(changes: tuple[str, ...]) -> dict[str, str]:
    """The fields and values of ``--set``."""
    pairs = {}
    for change in changes:
        field, equals, value = change.partition("=")
        if not equals:
            raise click.UsageError(f"--set must be FIELD=VALUE, not {change!r}")
        pairs[field] = value
    return pairs
