# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m benchmarks``: measure, keep the figures under ``build/``, fill the README's tables.

A benchmark is a module of this folder with a function ``run(report)``; it calls ``report`` with
the fields of `benchmarks.report.Row` as keywords.
"""

import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.commands import fill_commands
from benchmarks.report import Report, load, merge, save
from benchmarks.tables import fill
from macaw.arch import PRESETS, Mode, preset
from macaw.cli.commands.options import time_limit_option
from macaw.cli.main import main as macaw

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[1]
_BUILD = _ROOT / "build"
_OTHERS = {"__main__", "commands", "networks", "report", "synth", "tables"}
#: Those of `benchmarks.synth.LANE_DEVICES`, which brings the hardware.
_LANE_DEVICES = ("25k", "up5k", "gw2a-18", "gw1nr-9c")
_ELEMENTWISE = "elementwise"


def _names() -> list[str]:
    """The benchmarks of this folder."""
    found = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    return sorted(found - _OTHERS)


def _finish(report: Report, path: Path) -> None:
    save(path, merge(load(path), report.rows))
    report.show()
    click.echo(f"{len(report.rows)} figures, kept in {path.relative_to(_ROOT)}")


@click.group()
def main() -> None:
    """Measure, keep the figures, and fill the tables of README.md."""


@main.command()
@click.argument("names", nargs=-1)
def run(names: tuple[str, ...]) -> None:
    """Run the benchmarks NAMES, or all of them, into build/bench.json.

    What was measured before one fails is kept.
    """
    known = _names()
    for name in names:
        if name not in known:
            raise click.UsageError(f"NAMES must be of {', '.join(known)}, not {name!r}")
    report = Report()
    try:
        for name in names or known:
            importlib.import_module(f"benchmarks.{name}").run(report)
    finally:
        _finish(report, _BUILD / "bench.json")


@main.command()
@click.option("--seeds", type=click.IntRange(1, 100), default=3, show_default=True,
              help="Runs of place and route; the median and the best are reported.")  # fmt: skip
@click.option("--preset", "names", type=click.Choice(tuple(PRESETS)), multiple=True,
              default=("ecp5_85f",), show_default=True,
              help="Configuration of the core; may be repeated.")  # fmt: skip
@time_limit_option
def synth(seeds: int, names: tuple[str, ...], minutes: float | None) -> None:
    """Synthesise, place and route the core into build/synth.json.

    The figures of other configurations stay there. The exit status is 1 if a core does not fit, or
    if no seed of it finishes in time.
    """
    # Imported here, for it brings Amaranth and the hardware, which figures alone do not need.
    synthesis = importlib.import_module("benchmarks.synth")
    tool_error = importlib.import_module("macaw.flow").ToolError
    failed = []
    for name in names:
        report = Report()
        try:
            synthesis.run(
                report, config=preset(name), seeds=tuple(range(1, seeds + 1)), minutes=minutes
            )
        except tool_error as error:
            click.echo(f"{name}: {error}", err=True)
            failed.append(name)
        else:
            _finish(report, _BUILD / "synth.json")
    if failed:
        raise click.ClickException(f"There are no figures of {', '.join(failed)}.")


@main.command()
@click.argument("components", nargs=-1)
@click.option("--fast", is_flag=True, help="The first property of each only.")
def prove(components: tuple[str, ...], fast: bool) -> None:
    """Prove the properties of COMPONENTS, or of all, into build/prove.json.

    The exit status is 1 if one is not proved, or if its mutant is not refuted.
    """
    # Imported here, for it brings Amaranth and the hardware.
    proofs = importlib.import_module("macaw.prove")
    try:
        chosen = proofs.choose(components, fast=fast)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    report = Report()
    try:
        good = proofs.prove(chosen, report=report)
    except importlib.import_module("macaw.flow").ToolMissingError as error:
        raise click.ClickException(str(error)) from error
    path = _BUILD / "prove.json"
    save(path, merge(load(path), report.rows))
    click.echo(f"kept in {path.relative_to(_ROOT)}")
    if not good:
        sys.exit(1)


@main.command()
@click.option("--preset", "name", type=click.Choice(tuple(PRESETS)), default="ecp5_85f",
              show_default=True, help="Configuration of the core.")  # fmt: skip
@click.option("--costs/--no-costs", default=True, show_default=True,
              help="Synthesise each block for each device; what was done is kept.")  # fmt: skip
def docs(name: str, costs: bool) -> None:
    """Write the reference of the blocks to build/docs/blocks.md.

    The cells of a block are those of its netlist; the clock of the core is of build/synth.json.
    """
    flow = importlib.import_module("macaw.flow")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    if costs:
        try:
            found = importlib.import_module("benchmarks.synth").costs(load(_BUILD / "synth.json"))
        except flow.ToolMissingError as error:
            raise click.ClickException(str(error)) from error
    pages = importlib.import_module("macaw.flow.reference")
    path = _BUILD / "docs" / "blocks.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(pages.reference(preset(name), found))
    click.echo(path.relative_to(_ROOT))


@main.command()
@click.argument("names", nargs=-1)
@click.option("--device", "devices", type=click.Choice(_LANE_DEVICES), multiple=True,
              help="A device; may be repeated; all of them by default.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 100), default=1, show_default=True,
              help="Runs of place and route; the median and the best are reported.")  # fmt: skip
@time_limit_option
def lanes(
    names: tuple[str, ...], devices: tuple[str, ...], seeds: int, minutes: float | None
) -> None:
    """Synthesise, place and route one lane of the requantiser in the modes NAMES, or in each,
    alone, with each kind of multiplier that has the mode, and the pass "elementwise" on an ECP5,
    into build/synth.json."""
    known = (*Mode, _ELEMENTWISE)
    for name in names:
        if name not in known:
            raise click.UsageError(f"NAMES must be of {', '.join(known)}, not {name!r}")
    synthesis = importlib.import_module("benchmarks.synth")
    report = Report()
    chosen = tuple(range(1, seeds + 1))
    for device in devices or _LANE_DEVICES:
        configs = [
            config
            for config in synthesis.lane_configs(synthesis.LANE_DEVICES[device])
            if not names or config.requantizer.modes[0] in names
        ]
        if device == _LANE_DEVICES[0] and (not names or _ELEMENTWISE in names):
            configs += synthesis.elementwise_configs()
        for config in configs:
            synthesis.run_alone(report, config=config, device=device, seeds=chosen, minutes=minutes)
    _finish(report, _BUILD / "synth.json")


@main.command()
def tables() -> None:
    """Fill the tables of README.md and of the pages in docs from build/bench.json and
    build/synth.json, and docs/commands.md from the help of the commands."""
    page = _ROOT / "docs" / "commands.md"
    page.write_text(fill_commands(page.read_text(), macaw))
    click.echo(f"{page.relative_to(_ROOT)} has the help of the commands")
    rows = load(_BUILD / "bench.json") + load(_BUILD / "synth.json")
    if not rows:
        raise click.ClickException("There are no figures yet: run make bench and make synth first.")
    for page in (_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))):
        page.write_text(fill(page.read_text(), rows))
    click.echo(f"the pages show figures of {', '.join(sorted({r.benchmark for r in rows}))}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
