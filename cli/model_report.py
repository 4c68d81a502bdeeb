# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a verification of a model found, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from macaw.arch import AcceleratorConfig
from macaw.arch.machine import MachineConfig
from macaw.cli.outcome import Outcome
from macaw.cli.say import print_table, report_table, say
from macaw.nn import QuantizedGraph

__all__ = [
    "LayerReport",
    "MachineRung",
    "ModelReport",
    "NetworkReport",
    "print_layers",
    "print_network",
]


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """One operator: where it ran, and what was compared.

    ``macs`` are the operator's multiply-accumulate operations, ``core_macs`` those that the core
    made, in so many ``cycles``. ``where`` is ``rtl``, ``host``, ``refused`` or ``skipped``;
    ``refusal`` says why a layer does not run on the core, ``difference`` what was not equal.
    """

    index: int
    operator: str
    result: str
    macs: int
    where: str
    values: int = 0
    core_macs: int = 0
    cycles: int = 0
    utilisation: float = 0.0
    refusal: str = ""
    difference: str = ""


@dataclass(frozen=True, kw_only=True)
class MachineRung:
    """One run of a network on the machine: how many ``tensors`` of how many ``values`` were
    compared with the golden model's, and by their names what those differ in that differ."""

    name: str
    tensors: int
    values: int
    differences: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class NetworkReport:
    """A whole network on a machine.

    ``operators`` of the graph run there, with ``macs`` multiply-accumulate operations, in so many
    ``segments``, each a program; ``host`` says by the names of their results why others do not.
    ``cycles`` and ``counters`` are those of the RTL, without the prologues.
    """

    configuration: str
    digest: str
    rungs: tuple[MachineRung, ...]
    operators: int
    segments: int
    host: Mapping[str, str]
    macs: int
    cycles: int
    utilisation: float
    counters: Mapping[str, int]

    def outcome(self, graph: QuantizedGraph) -> Outcome:
        """Whether all was equal, and all operators with weights were among it."""
        if any(rung.differences for rung in self.rungs):
            return Outcome.DIFFERENT
        return Outcome.EQUAL if self.macs == graph.macs else Outcome.REFUSED


@dataclass(frozen=True, kw_only=True)
class ModelReport:
    """A model's verification; ``rows`` is how far layers were cropped, and ``None`` where they were
    not."""

    model: str
    semantics: str
    configuration: str
    digest: str
    golden: str
    layers: tuple[LayerReport, ...]
    macs: int
    outcome: Outcome
    network: NetworkReport | None = None
    rows: int | None = None

    @property
    def rtl_macs(self) -> int:
        """Multiply-accumulate operations of the layers that ran on the RTL."""
        if self.network is not None:
            return self.network.macs if self.network.cycles else 0
        return sum(layer.macs for layer in self.layers if layer.where == "rtl")

    def as_dict(self) -> dict[str, Any]:
        """The report in the types of JSON."""
        return asdict(self) | {"outcome": self.outcome.name.lower(), "rtl_macs": self.rtl_macs}


def print_layers(
    console: Console,
    config: AcceleratorConfig,
    reports: Sequence[LayerReport],
    rows: int | None,
) -> None:
    """Print the table of layers, what was refused, and the sum; ``rows`` is how far layers were
    cropped."""
    right = ("", "values", "mismatches", "cycles", "utilisation")
    table = report_table(("", "operator", "where", *right[1:]), right=right)
    for report in reports:
        ran = report.where == "rtl"
        table.add_row(
            str(report.index),
            report.operator,
            report.where,
            f"{report.values:,}" if ran else "",
            ("[bold red]different" if report.difference else "0") if ran else "",
            f"{report.cycles:,}" if ran else "",
            f"{100 * report.utilisation:.1f} %" if ran else "",
        )
    print_table(console, table)
    for report in reports:
        if report.difference:
            where = f"{report.operator} {report.index}, {report.result!r}"
            say(console, f"{where}: {report.difference}", "bold red")
        if report.refusal:
            say(console, f"refused: {report.refusal}", "yellow")
    run = [report for report in reports if report.where == "rtl"]
    left_out = sum(report.where == "skipped" for report in reports)
    cycles = sum(report.cycles for report in run)
    share = sum(report.macs for report in run) / max(sum(report.macs for report in reports), 1)
    done = sum(report.core_macs for report in run)
    say(
        console,
        f"rtl of {config.name} ({config.digest}): {len(run)} layers, "
        f"{sum(report.values for report in run):,} outputs, "
        f"{sum(bool(report.difference) for report in run)} layers with mismatches, "
        f"{100 * share:.2f} % of the multiplications, {cycles:,} cycles"
        + (f", {100 * done / (config.array.multipliers * cycles):.1f} % utilisation" if run else "")
        + (f"; the first {rows} rows of each layer only" if rows else "")
        + (f"; {left_out} layers left out" if left_out else ""),
    )


def print_network(console: Console, config: MachineConfig, report: NetworkReport) -> None:
    """Print what was compared, what differs, what the host does, and the clocks."""
    for rung in report.rungs:
        wrong = len(rung.differences)
        say(
            console,
            f"{rung.name}: {rung.tensors} tensors, {rung.values:,} values, "
            f"{wrong} tensors with mismatches",
            "bold red" if wrong else None,
        )
        for name, sentence in rung.differences.items():
            say(console, f"  {name!r}: {sentence}", "bold red")
    for refusal in report.host.values():
        say(console, f"host: {refusal}", "yellow")
    programs = "one program" if report.segments == 1 else f"{report.segments} programs"
    say(
        console,
        f"machine {config.name} ({report.digest}): {report.operators} operators in {programs}, "
        f"{report.macs:,} multiplications"
        + (
            f", {report.cycles:,} cycles, {100 * report.utilisation:.1f} % utilisation"
            if report.cycles
            else ""
        ),
    )
