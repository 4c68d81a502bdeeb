# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Measuring one component: its area and, over some seeds, its clock."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import median_low

from macaw.flow.families import FAMILIES, Usage, family_of
from macaw.flow.harness import Harness
from macaw.flow.place_and_route import PlaceAndRouteReport, place_and_route
from macaw.flow.processes import end_all, signals_interrupt
from macaw.flow.synthesis import SynthesisReport, synthesize
from macaw.flow.tools import UnfinishedError

__all__ = ["Measurement", "measure"]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One synthesis and the runs of place and route, one a seed, in the order of the seeds;
    ``unfinished`` are the seeds that did not finish in their time.

    ``harness_cells`` are those cells of ``synthesis``, by type, and ``harness_usage`` those
    resources of the ``runs`` that are not the component's own.
    """

    synthesis: SynthesisReport
    harness_cells: dict[str, int]
    harness_usage: dict[str, int]
    runs: tuple[PlaceAndRouteReport, ...]
    unfinished: tuple[int, ...] = ()

    @property
    def median(self) -> PlaceAndRouteReport:
        """The run whose Fmax is the median (of an even number, the lower one)."""
        fmax = median_low(run.fmax for run in self.runs)
        return next(run for run in self.runs if run.fmax == fmax)

    @property
    def best(self) -> PlaceAndRouteReport:
        """The run of the highest Fmax."""
        return max(self.runs, key=lambda run: run.fmax)

    @property
    def cells(self) -> dict[str, int]:
        """The cells of the component alone in yosys' netlist, by type."""
        return {
            cell: count - self.harness_cells.get(cell, 0)
            for cell, count in self.synthesis.cells.items()
        }

    @property
    def usage(self) -> dict[str, Usage]:
        """The cells of the component alone: those of the median run without the harness'.

        A LUT or a register of the harness is one cell of the device, so the difference is exact;
        but where a register takes the place of a LUT, as on iCE40 and Gowin, a register of the
        harness shares the place of a LUT that feeds it alone, and is taken off all the same.
        """
        return {
            name: Usage(
                used=usage.used - self.harness_usage.get(name, 0), available=usage.available
            )
            for name, usage in self.median.usage.items()
        }

    def __str__(self) -> str:
        usage = "\n".join(f"  {name:4s} {usage}" for name, usage in self.usage.items())
        fmax = ", ".join(f"{run.fmax:.1f} (seed {run.seed})" for run in self.runs)
        cells = ", ".join(f"{cell} {count}" for cell, count in sorted(self.cells.items()))
        fmax += "".join(f", none in time (seed {seed})" for seed in self.unfinished)
        median = self.median
        return (
            f"{self.synthesis.digest}: {cells}\n"
            f"on {median.device} {median.package}, speed grade {median.speed}:\n"
            f"{usage}\n"
            f"  Fmax {fmax} MHz at a target of {median.frequency:g} MHz\n"
            f"critical path of seed {median.seed}, in {median.folder}:\n"
            f"{median.critical_path}"
        )


def measure(
    component,
    *,
    device: str = "85k",
    speed: int | str | None = None,
    frequency: float = 200.0,
    seeds: tuple[int, ...] = (1,),
    harness: bool = True,
    reset: bool = False,
    options: tuple[str, ...] | None = None,
    platform=None,
    minutes: float | None = None,
) -> Measurement:
    """Synthesise, place and route ``component``, in a `Harness` unless ``harness`` is false.

    The parameters are those of `Harness`, `synthesize` and `place_and_route`. The seeds run side
    by side, one a processor; those that do not finish in ``minutes`` of its time, by default the
    device's, are no part of ``runs``. The cells of the harness are part of the reports of ``runs``,
    and no part of ``usage``.

    Raises what these three raise, `UnfinishedError` only where no seed finishes, and ``ValueError``
    without a seed.
    """
    if not seeds:
        raise ValueError(f"seeds must name at least one seed, not {seeds!r}")
    name = family_of(device)
    top = Harness(component, reset=reset) if harness else component
    synthesis = synthesize(top, family=name, options=options, platform=platform)
    run = partial(
        place_and_route,
        synthesis,
        device=device,
        speed=speed,
        frequency=frequency,
        minutes=minutes,
    )
    runs, unfinished = [], {}
    workers = min(len(seeds), os.cpu_count() or 1)
    with signals_interrupt(), ThreadPoolExecutor(workers) as pool:
        futures = {seed: pool.submit(run, seed=seed) for seed in seeds}
        try:
            for seed, future in futures.items():
                try:
                    runs.append(future.result())
                except UnfinishedError as error:
                    unfinished[seed] = error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise
    if not runs:
        raise next(iter(unfinished.values()))
    family = FAMILIES[name]
    return Measurement(
        synthesis=synthesis,
        harness_cells=family.harness_cells(top) if harness else {},
        harness_usage=family.harness_usage(top) if harness else {},
        runs=tuple(runs),
        unfinished=tuple(unfinished),
    )
