# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``synth``: clock and area of the convolution core on its device."""

from benchmarks.report import Report
from macaw.arch import AcceleratorConfig
from macaw.flow import synth
from macaw.hw import Conv2dCore

__all__ = ["run"]


def run(report: Report, *, config: AcceleratorConfig, seeds: tuple[int, ...]) -> None:
    """Place and route the core of ``config`` once a seed; rows as `macaw.flow.synth.run` says."""
    synth.run(config, Conv2dCore(config), seeds=seeds, report=report, workload="core")
