# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``synth``: clock and area of the convolution core on its device, and of the
requantiser in each of its modes, with each kind of multiplier."""

from benchmarks.report import Report
from macaw.arch import AcceleratorConfig, Mode, Multiplier, RequantizerConfig, Technology
from macaw.flow import synth
from macaw.hw import Conv2dCore, Requantizer

__all__ = ["run", "run_requantizer"]


def run(report: Report, *, config: AcceleratorConfig, seeds: tuple[int, ...]) -> None:
    """Place and route the core of ``config`` once a seed; rows as `macaw.flow.synth.run` says."""
    synth.run(config, Conv2dCore(config), seeds=seeds, report=report, workload="core")


def run_requantizer(
    report: Report, *, mode: Mode, multiplier: Multiplier, lanes: int, seeds: tuple[int, ...]
) -> None:
    """Place and route ``lanes`` lanes of ``mode`` alone, with multipliers of one kind, on an
    ECP5-25k, once a seed; rows as `macaw.flow.synth.run` says, of the workload
    ``requantizer``."""
    config = AcceleratorConfig(
        name=f"{lanes} {multiplier} lanes of {mode}",
        technology=Technology.ECP5,
        requantizer=RequantizerConfig(lanes=lanes, modes=(mode,), multiplier=multiplier),
    )
    synth.run(
        config,
        Requantizer(config),
        seeds=seeds,
        report=report,
        workload="requantizer",
        device="25k",
    )
