# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""All properties, decided one after the other, and shown as a table."""

from collections.abc import Callable, Iterable

from rich.console import Console
from rich.table import Table

from macaw.prove.accelerator import ACCELERATOR
from macaw.prove.credits import CREDITS
from macaw.prove.elementwise import ELEMENTWISE
from macaw.prove.engines import ENGINES
from macaw.prove.functions import FUNCTIONS
from macaw.prove.instructions import INSTRUCTIONS
from macaw.prove.machine import MACHINE
from macaw.prove.narrow import NARROW
from macaw.prove.parameters import PARAMETERS
from macaw.prove.properties import Property, Result, decide
from macaw.prove.result_rows import RESULT_ROWS
from macaw.prove.rings import RINGS
from macaw.prove.self_test import SELF_TEST
from macaw.prove.solver import Verdict
from macaw.prove.storing import STORING
from macaw.prove.streams import STREAMS
from macaw.prove.sums import SUMS

__all__ = ["PROPERTIES", "choose", "prove"]

#: Every property, in the order of the table.
PROPERTIES: tuple[Property, ...] = (
    *STREAMS,
    *ELEMENTWISE,
    *MACHINE,
    *INSTRUCTIONS,
    *ENGINES,
    *STORING,
    *ACCELERATOR,
    *SELF_TEST,
    *CREDITS,
    *PARAMETERS,
    *RESULT_ROWS,
    *RINGS,
    *SUMS,
    *NARROW,
    *FUNCTIONS,
)

_STYLES = {Verdict.HOLDS: "green", Verdict.FAILS: "bold red", Verdict.OPEN: "bold yellow"}


def choose(names: Iterable[str], *, fast: bool = False) -> list[Property]:
    """The properties of the components called ``names``, of all by default; with ``fast`` the
    first one of each. ``ValueError`` with the list of components for another name."""
    known = list(dict.fromkeys(each.component for each in PROPERTIES))
    names = list(names)
    for name in names:
        if name not in known:
            raise ValueError(f"component must be one of {', '.join(known)}, not {name!r}")
    chosen = [each for each in PROPERTIES if not names or each.component in names]
    first = {each.component: each for each in reversed(chosen)}
    return [each for each in chosen if not fast or first[each.component] is each]


def prove(
    properties: Iterable[Property],
    *,
    report: Callable[..., None] | None = None,
    console: Console | None = None,
) -> bool:
    """Decides ``properties`` and prints a table; whether all hold and all mutants are found.

    ``report`` is called for each property with the keywords ``benchmark`` (``"prove"``),
    ``configuration``, ``digest``, ``workload`` (the component), ``metric``, ``value`` and
    ``unit``, three times: for its verdict, in the unit of its method, for its mutant's, and for
    the seconds that both took.

    Raises what `decide` raises.
    """
    console = console or Console()
    table = Table()
    for title in ("component", "property", "size", "method"):
        table.add_column(title, overflow="fold")
    for title in ("result", "seconds", "mutant refuted"):
        table.add_column(title, justify="right")
    results = []
    with console.status("") as status:
        for number, each in enumerate(properties, 1):
            status.update(f"{number}: {each.component}, {each.name}")
            result = decide(each)
            results.append(result)
            _add(table, result)
            if report is not None:
                _report(report, result)
    console.print(table)
    bad = [result.of for result in results if not result.good]
    for each in bad:
        console.print(f"{each.component}, {each.name}: not proved that {each.statement}.")
    console.print(f"{len(results) - len(bad)} of {len(results)} properties proved.")
    return not bad and bool(results)


def _add(table: Table, result: Result) -> None:
    verdict, mutant = result.answer.verdict, result.mutant.verdict
    refuted = mutant is Verdict.FAILS
    table.add_row(
        result.of.component,
        result.of.name,
        result.of.built_for,
        result.of.how,
        f"[{_STYLES[verdict]}]{verdict}[/]",
        f"{result.answer.seconds:.1f}",
        "[green]yes[/]" if refuted else f"[bold red]no: {mutant}[/]",
    )


def _report(report: Callable[..., None], result: Result) -> None:
    each = result.of
    about = {
        "benchmark": "prove",
        "configuration": each.config.name if each.config else "",
        "digest": each.config.digest if each.config else "",
        "workload": each.component,
    }
    seconds = round(result.answer.seconds + result.mutant.seconds, 2)
    report(**about, metric=each.name, value=str(result.answer.verdict), unit=each.how)
    report(**about, metric=f"{each.name}, mutant", value=str(result.mutant.verdict), unit=each.how)
    report(**about, metric=f"{each.name}, seconds", value=seconds, unit="s")
