# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A model file, rung by rung: its runtime, the golden model, the RTL, each equal to the bit."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from macaw.arch import AcceleratorConfig, CoreLayer
from macaw.arch.machine import MachineConfig
from macaw.cli.differences import difference
from macaw.cli.execution import run_golden
from macaw.cli.inputs import check_count, given_or_drawn, read_array
from macaw.cli.loading import load_model
from macaw.cli.model_report import (
    LayerReport,
    ModelReport,
    print_layers,
    print_network,
)
from macaw.cli.outcome import Outcome, max_outcome
from macaw.cli.rungs import Rung
from macaw.cli.runtimes import live_runtime
from macaw.cli.say import model_line, say
from macaw.cli.torch_defects import saturation
from macaw.cli.verify_network import verify_network
from macaw.compiler.network import Placement, modes, place
from macaw.golden import requantization
from macaw.nn import QuantizedGraph, Semantics
from macaw.sim.layer import run_layer
from macaw.sim.memory_model import memory_model

__all__ = ["verify_model"]


def verify_model(
    path: Path,
    *,
    config: AcceleratorConfig,
    machine: MachineConfig | None = None,
    by_layer: bool = True,
    memory: str = "wide",
    inputs: Sequence[Path] = (),
    expected: Sequence[Path] = (),
    rungs: Sequence[Rung] = tuple(Rung),
    semantics: Semantics | None = None,
    engine: str | None = None,
    layers: int | None = None,
    rows: int | None = None,
    seed: int = 1,
    console: Console | None = None,
) -> ModelReport:
    """Compares a model's runs with each other and prints what was found.

    ``semantics`` and ``engine`` are those of `macaw.nn.load`. ``inputs`` and ``expected`` are
    ``.npy`` files, one for each input and output of the graph; a model with states takes a leading
    axis of steps. Without inputs, bytes are drawn from ``seed``.
    The golden model is compared with ``expected``, or else with the live runtime. On ``machine``
    whole networks run, in Python and on the RTL, beside a memory of the model called ``memory``.
    The RTL ``by_layer`` is that of a core of ``config``, for each layer with weights that fits it,
    ``layers`` of them at most, and of each the first ``rows`` rows.

    Raises `ModelError` for a file that cannot be read or is not supported, and for arrays that do
    not fit.
    """
    console = console or Console(soft_wrap=True)
    # A module of PyTorch is read by running it.
    given = [read_array(each) for each in inputs]
    graph = load_model(path, semantics=semantics, engine=engine, examples=given)
    macs = graph.macs
    say(console, model_line(graph), indent="")
    steps = given_or_drawn(graph, given, seed)
    state = graph.initial_state()
    # What came into a step, and what each operator made of it.
    tensors = [
        dict(zip(graph.inputs, step, strict=True))
        | {each.read: state[each.name] for each in graph.states}
        | run_golden(graph, step, all_tensors=True, state=state)
        for step in steps
    ]
    golden, outcome = "not asked for", Outcome.EQUAL
    if Rung.GOLDEN in rungs:
        golden, outcome = _golden(path, graph, steps, tensors, expected)
        style = {Outcome.EQUAL: None, Outcome.INCOMPLETE: "yellow"}.get(outcome, "bold red")
        say(console, f"golden: {golden}", style)
    network = None
    if machine is not None and (Rung.MACHINE in rungs or not by_layer):
        machine = machine.with_modes(modes(graph, requantization))
        with console.status("") as status:
            network = verify_network(
                graph,
                tensors[-1],
                machine,
                machine=Rung.MACHINE in rungs,
                rtl=Rung.RTL in rungs and not by_layer,
                model=memory_model(memory),
                progress=lambda what: status.update(f"{graph.name}: {what}"),
            )
        print_network(console, machine, network)
        outcome = max_outcome(outcome, network.outcome(graph))
    reports: tuple[LayerReport, ...] = ()
    if Rung.RTL in rungs and by_layer:
        config = config.with_modes(modes(graph, requantization))
        placements = place(graph, config, requantization, rows=rows)
        reports = _rtl(graph, placements, tensors[-1], config, layers, console)
        print_layers(console, config, reports, rows)
        outcome = _worst(outcome, reports)
    return ModelReport(
        model=graph.name,
        semantics=str(graph.semantics),
        configuration=config.name,
        digest=config.digest,
        golden=golden,
        layers=reports,
        network=network,
        macs=macs,
        outcome=outcome,
        rows=rows,
    )


def _worst(outcome: Outcome, reports: Sequence[LayerReport]) -> Outcome:
    """The outcome with that of each layer."""
    for report in reports:
        if report.difference:
            outcome = max_outcome(outcome, Outcome.DIFFERENT)
        elif report.where == "refused":
            outcome = max_outcome(outcome, Outcome.REFUSED)
    return outcome


def _golden(
    path: Path,
    graph: QuantizedGraph,
    steps: Sequence[Sequence[np.ndarray]],
    tensors: Sequence[Mapping[str, np.ndarray]],
    expected: Sequence[Path],
) -> tuple[str, Outcome]:
    """The golden model against its runtime: a sentence, and what it means."""
    actual = [[found[name] for name in graph.outputs] for found in tensors]
    if expected:
        origin = "the files given"
        check_count("output", expected, len(graph.outputs))
        arrays = [read_array(each) for each in expected]
        wanted = [
            [array[step] if array.ndim > values.ndim else array for array, values in each]
            for step, each in enumerate(zip(arrays, found, strict=True) for found in actual)
        ]
    else:
        live = live_runtime(path, graph)
        if live is None:
            return (
                "not compared, for its runtime is not installed: pip install -e .[all], or give "
                "--expected"
            ), Outcome.INCOMPLETE
        origin, runtime = live
        try:
            wanted = [runtime(step) for step in steps]
        except RuntimeError as error:
            return (
                f"not compared, for {origin} cannot run the file: {error} Give --expected."
            ), Outcome.INCOMPLETE
    count = 0
    for name, expected_values, values in (
        (name, *pair)
        for want, got in zip(wanted, actual, strict=True)
        for name, pair in zip(graph.outputs, zip(want, got, strict=True), strict=True)
    ):
        sentence = difference(expected_values, values)
        if sentence:
            known = [saturation(graph, found) for found in tensors]
            reason = next((f"; {each}" for each in known if each), "")
            return (
                f"output {name!r} is not that of {origin}: {sentence}{reason}"
            ), Outcome.DIFFERENT
        count += values.size
    return f"{count:,} outputs, 0 mismatches against {origin}", Outcome.EQUAL


def _rtl(
    graph: QuantizedGraph,
    placements: Sequence[Placement],
    tensors: Mapping[str, np.ndarray],
    config: AcceleratorConfig,
    most: int | None,
    console: Console,
) -> tuple[LayerReport, ...]:
    """Each layer on the RTL, from what the golden model gives it; as many at a time as there are
    processors."""
    chosen = [i for i, each in enumerate(placements) if each.layer is not None][:most]
    total = sum(_layer(placements[index]).macs for index in chosen)
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    reports = [_unrun(graph, index, each) for index, each in enumerate(placements)]
    with (
        Progress(*columns, console=console, transient=True) as progress,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        task = progress.add_task("rtl", total=total)

        def simulate(index: int) -> LayerReport:
            placement = placements[index]
            layer, operator = _layer(placement), placement.operator
            simulated = run_layer(
                layer,
                tensors[operator.inputs[0]],
                progress=lambda macs: progress.advance(task, macs),
            )
            expected = tensors[operator.outputs[0]].reshape(layer.result_shape)
            # Sums without weights are no multiplications.
            macs = layer.macs if reports[index].macs else 0
            return replace(
                reports[index],
                where="rtl",
                values=int(simulated.result.size),
                core_macs=macs,
                cycles=simulated.cycles,
                utilisation=macs / (config.array.multipliers * simulated.cycles),
                difference=difference(expected[:, : layer.rows], simulated.result),
            )

        for report in pool.map(simulate, chosen):
            reports[report.index] = report
    return tuple(reports)


def _layer(placement: Placement) -> CoreLayer:
    assert placement.layer is not None
    return placement.layer


def _unrun(graph: QuantizedGraph, index: int, placement: Placement) -> LayerReport:
    """An operator as it stands before any run."""
    where = "host" if placement.layer is None else "skipped"
    return LayerReport(
        index=index,
        operator=type(placement.operator).__name__,
        result=placement.operator.outputs[0],
        macs=graph.macs_of(placement.operator),
        where="refused" if placement.refusal else where,
        refusal=placement.refusal,
    )
