# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A model, run once: its outputs as files and on the console."""

import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from macaw.arch.machine import MachineConfig
from macaw.cli.classes import is_scores, ranking, real_values
from macaw.cli.executor import executor
from macaw.cli.inputs import given_or_drawn
from macaw.cli.loading import ImageForm, load_with_inputs
from macaw.cli.rungs import Rung
from macaw.cli.say import model_line, say
from macaw.nn import ModelError, QuantizedGraph
from macaw.nn.graph import Tensor

__all__ = ["ClassScore", "OutputReport", "RunReport", "run_model"]

#: Values and classes that are shown of an output.
_FIRST, _TOP = 8, 5


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """A class, its name, which may be empty, and its score in real numbers."""

    index: int
    name: str
    score: float


@dataclass(frozen=True, kw_only=True)
class OutputReport:
    """An output: its first values, and, where it looks like scores, the ``classes`` that stand
    first."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    first: tuple[float, ...]
    classes: tuple[ClassScore, ...]
    file: str


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """A run of a model: what computed, on which inputs, and the outputs; ``steps`` are those of a
    model with states, and ``cycles`` the clocks of all of them on the RTL."""

    model: str
    semantics: str
    where: str
    inputs: str
    steps: int
    cycles: int
    host: dict[str, str]
    outputs: tuple[OutputReport, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report in the types of JSON."""
        return asdict(self)


def run_model(
    path: Path,
    *,
    rung: Rung,
    machine: MachineConfig,
    memory: str = "wide",
    inputs: Sequence[Path] = (),
    form: ImageForm = (None, None),
    semantics: str | None = None,
    engine: str | None = None,
    seed: int = 1,
    output: Path | None = None,
    names: Sequence[str] = (),
    console: Console | None = None,
) -> RunReport:
    """Runs a model on ``rung``, prints what came out, and writes each output as ``.npy`` into the
    folder ``output``, if there is one.

    ``inputs`` are files, as `macaw.cli.loading.read_input` takes them, one for each input; a model
    with states takes a leading axis of steps, and its outputs have one. Without them, values are
    drawn from ``seed``. ``names`` are those of the classes.

    Raises `ModelError` for what is refused, ``OSError`` for a folder that cannot be written, and
    what `macaw.cli.executor.executor` does.
    """
    console = console or Console(soft_wrap=True)
    if output is not None:
        # Before anything is computed for nothing.
        output.mkdir(parents=True, exist_ok=True)
    graph, arrays = load_with_inputs(path, inputs, form, semantics=semantics, engine=engine)
    steps = given_or_drawn(graph, arrays, seed)
    origin = ", ".join(map(str, inputs)) or f"drawn from seed {seed}"
    found = executor(graph, rung, machine=machine, memory=memory)
    # The simulator shows a bar of its own.
    waiting = nullcontext() if rung is Rung.RTL else console.status(f"{graph.name}: {found.where}")
    with waiting:
        results = found.run(steps)
    # One axis more for steps that were given with one.
    stepped = bool(arrays) and arrays[0].ndim > len(graph.tensors[graph.inputs[0]].shape)
    reports = []
    for index, (name, stem) in enumerate(zip(graph.outputs, _stems(graph), strict=True)):
        values = [each[index] for each in results]
        file = None if output is None else output / f"{stem}.npy"
        if file is not None:
            np.save(file, np.stack(values) if stepped else values[0])
        reports.append(_report(graph.tensors[name], values[-1], names, file))
    report = RunReport(
        model=graph.name,
        semantics=str(graph.semantics),
        where=found.where,
        inputs=origin,
        steps=len(steps),
        cycles=found.cycles,
        host=found.host,
        outputs=tuple(reports),
    )
    _print(console, graph, report)
    return report


def _stems(graph: QuantizedGraph) -> list[str]:
    """File names for the outputs, each once."""
    found: list[str] = []
    for index, name in enumerate(graph.outputs):
        stem = re.sub(r"[^\w.-]+", "_", name).strip("._") or "output"
        found.append(f"{stem}-{index}" if stem in found else stem)
    return found


def _report(
    tensor: Tensor, values: np.ndarray, names: Sequence[str], file: Path | None
) -> OutputReport:
    classes: tuple[ClassScore, ...] = ()
    if is_scores(tensor):
        if names and len(names) != tensor.size:
            raise ModelError(
                f"labels must name {tensor.size} classes, as output {tensor.name!r} has scores, "
                f"not {len(names)}"
            )
        scores = real_values(tensor, values).ravel()
        classes = tuple(
            ClassScore(
                index=int(each), name=names[each] if names else "", score=float(scores[each])
            )
            for each in ranking(values)[:_TOP]
        )
    return OutputReport(
        name=tensor.name,
        dtype=str(values.dtype),
        shape=values.shape,
        first=tuple(values.ravel()[:_FIRST].tolist()),
        classes=classes,
        file="" if file is None else str(file),
    )


def _print(console: Console, graph: QuantizedGraph, report: RunReport) -> None:
    say(console, f"{model_line(graph)}, on {report.where}", indent="")
    say(console, f"inputs: {report.inputs}" + (f", {report.steps} steps" if graph.states else ""))
    for refusal in report.host.values():
        say(console, f"host: {refusal}", "yellow")
    for each in report.outputs:
        more = " ..." if np.prod(each.shape) > len(each.first) else ""
        shape = "x".join(map(str, each.shape)) or "one value"
        first = " ".join(f"{value:.6g}" for value in each.first)
        say(console, f"output {each.name!r}: {each.dtype} {shape}: {first}{more}")
        if each.classes:
            top = (f"{one.index} {one.name}".rstrip() + f" ({one.score:.4g})"
                   for one in each.classes)  # fmt: skip
            say(console, f"  first: {', '.join(top)}")
        if each.file:
            say(console, f"  written to {each.file}")
    if report.cycles:
        say(console, f"{report.cycles:,} cycles")
