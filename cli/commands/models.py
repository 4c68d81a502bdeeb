# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``macaw models``: public models, and a cache of them."""

import json
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from macaw.cli.commands.command import ToldCommand, ToldGroup
from macaw.cli.commands.options import json_option
from macaw.cli.outcome import Outcome
from macaw.cli.say import say

__all__ = ["models"]

_FROM = "https://models.example"


@click.group(
    cls=ToldGroup,
    invoke_without_command=True,
    examples=("macaw models", "macaw models --json", f"macaw models fetch --all --from {_FROM}"),
)
@json_option
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List public models that are equal at every rung: source, licence, SHA-256, size.

    The files are their projects', under the licences of these, and no part of Macaw.
    """
    if ctx.invoked_subcommand is not None:
        return
    from macaw.cli.public_models import public_models

    found = [model.as_dict() for model in public_models().values()]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    console = Console(soft_wrap=True)
    for model in found:
        version = f" at {model['version'][:12]}" if model["version"] else ", an earlier version"
        console.print(model["name"], style="bold", highlight=False)
        say(console, model["about"])
        say(
            console,
            f"{model['bytes']:,} bytes, {model['macs']:,} multiplications, licence "
            f"{model['licence']}" + (", in the cache" if model["cached"] else ""),
        )
        say(console, f"{model['project']}{version}: {model['path']}")
        say(console, f"sha256 {model['sha256']}")


def _advance(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done)


@models.command(
    cls=ToldCommand,
    examples=(
        f"macaw models fetch d01_mlperf_ic_resnet8 --from {_FROM}",
        f"macaw models fetch --all --from '{_FROM}/{{project}}/{{version}}/{{path}}'",
    ),
    statuses={1: "a model could not be fetched, or is another file than it should be"},
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Fetch all of them.")
@click.option("--from", "source", required=True, envvar="MACAW_MODELS_FROM", show_envvar=True,
              metavar="ADDRESS",
              help="Where the files are: a folder of NAME.tflite, or a pattern with {project}, "
                   "{version}, {path} or {name}.")  # fmt: skip
@json_option
def fetch(names: tuple[str, ...], everything: bool, source: str, as_json: bool) -> None:
    """Fetch the models NAME into the cache, each checked by its SHA-256.

    What is there already is not fetched again. The cache is the folder models of the variable
    MACAW_CACHE, by default .cache/macaw at home. Each command takes NAME of a model in the cache in
    the place of a file.
    """
    from macaw.cli.public_models import FetchError, public_models
    from macaw.cli.public_models import fetch as fetch_model

    known = public_models()
    if everything == bool(names):
        raise click.UsageError("name models, or --all of them")
    for name in names:
        if name not in known:
            raise click.UsageError(f"{name!r} is none of the models: macaw models lists them")
    found = []
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    bars = Console(stderr=True)
    quiet = not bars.is_terminal
    with Progress(*columns, console=bars, transient=True, disable=quiet) as progress:
        for name in known if everything else names:
            task = progress.add_task(name, total=known[name].bytes)
            try:
                path = fetch_model(
                    known[name],
                    source,
                    partial(_advance, progress, task),
                )
                found.append({"name": name, "file": str(path), "error": ""})
                if not as_json:
                    click.echo(path)
            except FetchError as error:
                found.append({"name": name, "file": "", "error": str(error)})
                click.echo(f"Error: {error}", err=True)
            progress.remove_task(task)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    if any(each["error"] for each in found):
        click.get_current_context().exit(Outcome.DIFFERENT)
