# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation found, and how it is shown."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console

from macaw.cli.outcome import Outcome
from macaw.cli.say import print_table, report_table, say

__all__ = ["Accuracy", "Comparison", "EvaluationReport", "print_evaluation"]

#: So many classes have a line each; of more, those of which the least are recognised.
_MOST_CLASSES, _WORST = 32, 10


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """For how many inputs ``who`` gives the right class the highest score, and one of the five
    highest."""

    who: str
    top1: int
    top5: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Outputs of ``actual`` beside those of ``expected``: how many ``values`` there are, how many
    of them are ``different``, in how many ``inputs``, and the ``first`` of these, in a sentence."""

    expected: str
    actual: str
    values: int
    different: int
    inputs: int
    first: str


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """An evaluation of a model on ``count`` inputs of ``available``.

    ``accuracies`` begin with the runtime, or what it was expected to give, where there is one.
    ``confusion[label][found]`` counts inputs of the last of them, and ``classes`` names both.
    ``missing`` says why there was no runtime, and is empty where there was. ``cycles`` are the
    clocks of all inputs on the RTL.
    """

    model: str
    semantics: str
    where: str
    count: int
    available: int
    comparisons: tuple[Comparison, ...]
    accuracies: tuple[Accuracy, ...]
    missing: str
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    cycles: int
    host: dict[str, str]

    @property
    def outcome(self) -> Outcome:
        """Whether all outputs were equal, and compared with those of a runtime."""
        if any(each.different for each in self.comparisons):
            return Outcome.DIFFERENT
        return Outcome.INCOMPLETE if self.missing else Outcome.EQUAL

    def as_dict(self) -> dict[str, Any]:
        """The report in the types of JSON."""
        return asdict(self) | {"outcome": self.outcome.name.lower()}


def print_evaluation(console: Console, report: EvaluationReport) -> None:
    """Print what was compared, the accuracy of each, and that of each class."""
    part = "" if report.count == report.available else f" of {report.available:,}"
    say(console, f"{report.count:,}{part} inputs of {len(report.classes)} classes")
    for refusal in report.host.values():
        say(console, f"host: {refusal}", "yellow")
    if report.missing:
        say(console, report.missing, "yellow")
    for each in report.comparisons:
        outputs = f"{each.values:,} outputs, {each.different:,} mismatches"
        text = f"{each.actual} = {each.expected}: {outputs}"
        if each.different:
            text += f", of {each.inputs:,} inputs; {each.first}"
        say(console, text, "bold red" if each.different else None)
    five = len(report.classes) > 5
    for accuracy in report.accuracies:
        text = f"accuracy of {accuracy.who}: {_share(accuracy.top1, report.count)}"
        say(console, text + (f", top 5 {_share(accuracy.top5, report.count)}" if five else ""))
    if report.cycles:
        each_input = report.cycles / report.count
        say(console, f"{report.cycles:,} cycles, {each_input:,.0f} an input")
    _print_classes(console, report)


def _share(right: int, count: int) -> str:
    return f"{100 * right / count:.2f} % ({right:,} of {count:,})"


def _print_classes(console: Console, report: EvaluationReport) -> None:
    confusion = np.array(report.confusion)
    counts, right = confusion.sum(axis=1), confusion.diagonal()
    present = [int(each) for each in np.flatnonzero(counts)]
    if len(present) > _MOST_CLASSES:
        present = sorted(present, key=lambda each: right[each] / counts[each])[:_WORST]
    table = report_table(
        ("class", "inputs", "recognised", "share", "else taken for"),
        right=("inputs", "recognised", "share"),
    )
    for each in present:
        others = confusion[each].copy()
        others[each] = 0
        taken = [index for index in np.argsort(-others, kind="stable")[:3] if others[index]]
        table.add_row(
            report.classes[each],
            f"{counts[each]:,}",
            f"{right[each]:,}",
            f"{100 * right[each] / counts[each]:.1f} %",
            ", ".join(f"{report.classes[index]} ({others[index]:,})" for index in taken),
        )
    print_table(console, table)
