# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A model over many inputs: accuracy, and equality with its runtime, input by input."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from macaw.arch.machine import MachineConfig
from macaw.cli.classes import is_scores
from macaw.cli.evaluation_report import EvaluationReport, print_evaluation
from macaw.cli.executor import executor
from macaw.cli.images import Pixels
from macaw.cli.inputs import check_form
from macaw.cli.loading import (
    ImageForm,
    image_tensor,
    load_model,
    read_input,
)
from macaw.cli.rungs import Rung
from macaw.cli.runtimes import live_runtime
from macaw.cli.samples import ARRAYS, Samples, read_samples
from macaw.cli.say import model_line, say
from macaw.cli.tally import Tally
from macaw.nn import ExamplesNeeded, ModelError, QuantizedGraph, Semantics
from macaw.nn.graph import Tensor

__all__ = ["evaluate_model"]

#: Inputs that are computed before the bar moves. On the RTL they share a prologue, and the
#: simulator has a bar of its own.
_BATCHES = {Rung.GOLDEN: 8, Rung.MACHINE: 16, Rung.RTL: 512}

#: Computes inputs by their indices: the outputs of each in the graph's order.
_Compute = Callable[[Sequence[int], Sequence[np.ndarray]], list[list[np.ndarray]]]


def evaluate_model(
    path: Path,
    data: Path,
    *,
    rung: Rung,
    machine: MachineConfig,
    memory: str = "wide",
    labels: np.ndarray | None = None,
    classes: Sequence[str] = (),
    arrays: Sequence[str] = ARRAYS,
    form: ImageForm = (None, None),
    limit: int | None = None,
    semantics: str | None = None,
    engine: str | None = None,
    console: Console | None = None,
) -> EvaluationReport:
    """Evaluates a model on ``data``, as `macaw.cli.samples.read_samples` takes it, or on ``limit``
    inputs of it, evenly spread, and prints what was found.

    The golden model's outputs are compared with those that ``data`` expects, or else with the live
    runtime's, and those of a lower ``rung`` with the golden model's.

    Raises `ModelError` for what is refused, and what `macaw.cli.executor.executor` does.
    """
    console = console or Console(soft_wrap=True)
    pixels, shape = form
    samples = read_samples(
        data, labels=labels, classes=classes, arrays=arrays, read=partial(_read, pixels=pixels)
    )
    available = len(samples.labels)
    count = min(available, limit or available)
    # Spread, so that every class has its share where they stand one behind the other.
    chosen = [index * available // count for index in range(count)]
    graph = _graph(path, samples, chosen[0], shape, semantics, engine)
    image = graph.tensors[graph.inputs[0]]
    place, size = _scores(graph, samples)
    found = executor(graph, rung, machine=machine, memory=memory)
    say(console, f"{model_line(graph)}, on {found.where}", indent="")
    columns: dict[str, _Compute] = {}
    missing = _add_reference(columns, path, graph, samples, chosen[0])
    if rung is not Rung.GOLDEN:
        golden = executor(graph, Rung.GOLDEN, machine=machine)
        columns["golden"] = lambda indices, inputs: golden.run([[each] for each in inputs])
    columns[str(rung)] = lambda indices, inputs: found.run([[each] for each in inputs])
    tally = Tally(list(columns), scores=place, classes=size)
    size_of_batch = _BATCHES[rung]
    bars = Console(stderr=True)
    quiet = rung is Rung.RTL or not bars.is_terminal
    with Progress(console=bars, transient=True, disable=quiet) as progress:
        task = progress.add_task(graph.name, total=count)
        for start in range(0, count, size_of_batch):
            batch = chosen[start : start + size_of_batch]
            inputs = [_input(samples, index, image, graph.semantics) for index in batch]
            computed = [compute(batch, inputs) for compute in columns.values()]
            for index, results in zip(batch, zip(*computed, strict=True), strict=True):
                tally.add(samples.names[index], int(samples.labels[index]), results)
            progress.advance(task, len(batch))
    report = EvaluationReport(
        model=graph.name,
        semantics=str(graph.semantics),
        where=found.where,
        count=count,
        available=available,
        comparisons=tuple(tally.comparisons),
        accuracies=tuple(tally.accuracies),
        missing=missing,
        classes=tuple(samples.classes) or tuple(map(str, range(size))),
        confusion=tuple(tuple(map(int, row)) for row in tally.confusion),
        cycles=found.cycles,
        host=found.host,
    )
    print_evaluation(console, report)
    return report


def _read(
    path: Path, tensor: Tensor | None, semantics: Semantics, *, pixels: Pixels | None
) -> np.ndarray:
    return read_input(path, tensor, semantics, pixels)


def _input(samples: Samples, index: int, tensor: Tensor, semantics: Semantics) -> np.ndarray:
    """An input of exactly the tensor's type and shape."""
    array = samples.read(index, tensor, semantics)
    try:
        check_form(tensor, array)
        if array.ndim != len(tensor.shape):
            raise ModelError(
                f"input {tensor.name!r} must have shape {tensor.shape}, not {array.shape}"
            )
    except ModelError as error:
        raise ModelError(f"{samples.names[index]}: {error}") from None
    return array


def _graph(
    path: Path,
    samples: Samples,
    first: int,
    shape: tuple[int, int, int] | None,
    semantics: str | None,
    engine: str | None,
) -> QuantizedGraph:
    """The model's graph, which must take one input and remember nothing."""
    try:
        graph = load_model(path, semantics=semantics, engine=engine)
    except ExamplesNeeded:
        image = None if shape is None else image_tensor(shape)
        example = samples.read(first, image, Semantics.QNNPACK)
        graph = load_model(path, semantics=semantics, engine=engine, examples=[example])
    if graph.states:
        raise ModelError(
            f"{path} remembers from input to input, so it has no accuracy on single ones: macaw "
            "run takes its steps"
        )
    if len(graph.inputs) != 1:
        raise ModelError(f"{path} must have one input to be evaluated, not {len(graph.inputs)}")
    return graph


def _scores(graph: QuantizedGraph, samples: Samples) -> tuple[int, int]:
    """Which output has scores, and of how many classes."""
    places = [i for i, name in enumerate(graph.outputs) if is_scores(graph.tensors[name])]
    if len(places) != 1:
        shapes = ", ".join(f"{name!r} {graph.tensors[name].shape}" for name in graph.outputs)
        raise ModelError(
            f"{graph.name} must have one output of scores, [1, classes], to be evaluated, and has "
            f"{shapes}: macaw run writes its outputs"
        )
    name = graph.outputs[places[0]]
    size = graph.tensors[name].size
    if samples.classes and len(samples.classes) != size:
        raise ModelError(
            f"classes must be {size}, as output {name!r} has scores, not {len(samples.classes)}: "
            "name them in their order with --labels"
        )
    if samples.labels.min() < 0 or samples.labels.max() >= size:
        raise ModelError(
            f"labels must be in 0 ... {size - 1}, as output {name!r} has {size} scores, and are in "
            f"{samples.labels.min()} ... {samples.labels.max()}"
        )
    return places[0], size


def _add_reference(
    columns: dict[str, _Compute], path: Path, graph: QuantizedGraph, samples: Samples, first: int
) -> str:
    """Adds what the outputs must be, from the data or from the live runtime; why there is none."""
    if samples.expected is not None:
        columns[samples.origin] = partial(_expected, graph, samples.expected)
        return ""
    live = live_runtime(path, graph)
    if live is None:
        return (
            "not compared with its runtime, which is not installed: pip install macaw[all], or "
            "give the outputs that are expected in the data, and their name with --arrays"
        )
    who, runtime = live
    try:
        runtime([_input(samples, first, graph.tensors[graph.inputs[0]], graph.semantics)])
    except RuntimeError as error:
        return (
            f"not compared with its runtime, for {who} cannot run the file: {error} Give the "
            "outputs that are expected in the data, and their name with --arrays."
        )
    columns[who] = lambda indices, inputs: [runtime([each]) for each in inputs]
    return ""


def _expected(
    graph: QuantizedGraph,
    expected: np.ndarray,
    indices: Sequence[int],
    inputs: Sequence[np.ndarray],
) -> list[list[np.ndarray]]:
    """The outputs that the data holds."""
    if len(graph.outputs) != 1:
        raise ModelError(
            f"outputs that are expected must be of one output, and {graph.name} has "
            f"{len(graph.outputs)}"
        )
    tensor = graph.tensors[graph.outputs[0]]
    found = expected[list(indices)]
    if found.dtype != np.dtype(tensor.dtype.value) or found[0].size != tensor.size:
        raise ModelError(
            f"outputs that are expected must be {tensor.dtype} of shape {tensor.shape} for each "
            f"input, not {found.dtype} of shape {found.shape[1:]}"
        )
    return [[each.reshape(tensor.shape)] for each in found]
