# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The main job: convolutions of real networks on the RTL, compared bit by bit."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from macaw.arch import AcceleratorConfig, AnyRequantization, Mode
from macaw.cli.say import Record
from macaw.cli.workloads import Workload, first_light_workloads
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.cost import utilisation
from macaw.golden import qnnpack_requantization
from macaw.sim.compare import first_difference
from macaw.sim.conv2d import run_conv2d

__all__ = ["first_light"]

_WAVES = Path("build/waves")


#: The modes of PyTorch's engines.
_TORCH_MODES = (Mode.FLOAT32, Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN)


def _named(record: Record, workload: str, entry: dict[str, Any]) -> None:
    record({"workload": workload} | entry)


def _verdict(
    console: Console, record: Record, what: str, expected: np.ndarray, actual: np.ndarray
) -> bool:
    """Prints and records one comparison; whether all values are equal."""
    mismatch = first_difference(expected, actual)
    difference = "" if mismatch is None else str(mismatch)
    record({"compared": what, "values": expected.size, "difference": difference})
    if mismatch is None:
        console.print(f"  {what}: {expected.size:,} outputs, 0 mismatches", highlight=False)
        return True
    console.print(f"  {what}: {mismatch}", style="bold red", highlight=False)
    return False


def _compare_torch(
    console: Console,
    record: Record,
    workload: Workload,
    config: AcceleratorConfig,
    rtl: np.ndarray,
) -> bool:
    """Compares PyTorch's modules with the RTL; ``rtl`` is its result with qnnpack's arithmetic.

    Engines of the same arithmetic are compared with the same run.
    """
    from macaw.cli.torch_oracle import engine_results

    equal = True
    results: dict[AnyRequantization, np.ndarray] = {
        qnnpack_requantization(**workload.scales()): rtl
    }
    for engine, oracle, requantization in engine_results(workload):
        if oracle is None or isinstance(requantization, str):
            console.print(f"  torch {engine}: {requantization}", highlight=False)
            record({"compared": f"torch {engine}", "refused": requantization})
            continue
        if requantization not in results:
            program = compile_conv2d(workload.layer(requantization), config)
            results[requantization] = run_conv2d(program, workload.image, progress=True).result
        what = f"torch {engine} = RTL, {requantization.mode}"
        equal &= _verdict(console, record, what, oracle, results[requantization])
    return equal


def first_light(
    config: AcceleratorConfig,
    *,
    oracle: str | None = None,
    waves: bool = False,
    size: int = 224,
    console: Console | None = None,
    record: Record = lambda entry: None,
) -> bool:
    """Runs the workloads on the RTL of ``config``, prints what was compared, and says whether
    everything is equal. The first difference ends the job.

    ``oracle="torch"`` compares with PyTorch's own modules as well, engine by engine, on a
    configuration that has their modes too; ``waves`` leaves a waveform
    of each run's first cycles, ``size`` is the photograph's (224 in the networks). ``record`` is
    called with each comparison, and with the cycles of each run.

    Raises ``ValueError`` where a workload does not fit ``config``, and `SimulationError` where
    the simulator fails.
    """
    console = console or Console(soft_wrap=True)
    if oracle == "torch":
        config = config.with_modes(_TORCH_MODES)
    console.print(
        f"Macaw on configuration {config.name} ({config.digest}): "
        f"{config.array.multipliers} multipliers, {config.requantizer.lanes} requantiser lanes",
        highlight=False,
    )
    previous: np.ndarray | None = None
    for make_workload in first_light_workloads(size):
        workload = make_workload(previous)
        console.print(f"[bold]{workload.name}[/]: {workload.description}", highlight=False)
        expected = workload.golden()
        named = partial(_named, record, workload.name)
        program = compile_conv2d(workload.layer(), config)
        run = run_conv2d(
            program,
            workload.image,
            progress=True,
            waves=_WAVES / workload.file_name if waves else None,
        )
        equal = _verdict(console, named, "golden = RTL", expected, run.result)
        if equal and oracle == "torch":
            equal = _compare_torch(console, named, workload, config, run.result)
        if not equal:
            return False
        console.print(
            f"  {run.cycles:,} cycles, {100 * utilisation(program, run.cycles):.1f} % of the "
            f"multipliers' peak, {run.streams.cycles_per_second:,.0f} cycles a second simulated",
            highlight=False,
        )
        named({"cycles": run.cycles, "utilisation": utilisation(program, run.cycles)})
        previous = previous if previous is not None else run.result
    console.print("All outputs are equal.", style="bold green")
    return True
