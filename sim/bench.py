# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs cocotb testbenches of single blocks."""

import os
from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from macaw.arch.checks import one_of
from macaw.sim.build import build
from macaw.sim.icarus import build_with_icarus
from macaw.sim.run import look_at_waves, run, run_folder, waves_arguments
from macaw.sim.verilog import MODULE, convert

__all__ = ["SIMULATORS", "run_bench"]

#: The simulators that run benches, the usual one first.
SIMULATORS = ("verilator", "icarus")


def run_bench(
    component: wiring.Component,
    module: str,
    parameters: Any = None,
    *,
    seed: int = 1,
    simulator: str | None = None,
    waves: Path | None = None,
    waves_cycles: tuple[int, int] = (0, 100_000),
) -> None:
    """Runs the cocotb tests of the module called ``module`` on ``component``.

    Every port of ``component`` is a handle of the top module, by its Verilog name. Inside,
    ``macaw.sim.run.parameters()`` gives ``parameters``, anything that JSON holds, and
    ``cocotb.RANDOM_SEED`` is ``seed``. ``simulator`` is one of `SIMULATORS`, by default that which
    the environment variable ``SIM`` names, or ``verilator``. ``waves`` writes a waveform of the
    cycles ``waves_cycles`` (of a clock of two steps) there, and prints how to look at it.

    Raises `BenchFailure` with cocotb's messages where a test fails, `ToolMissing` without the
    simulator, and ``ValueError`` for another one, or for ``waves`` of Icarus.
    """
    chosen = one_of("simulator", simulator or os.environ.get("SIM") or SIMULATORS[0], SIMULATORS)
    if chosen == "icarus" and waves is not None:
        raise ValueError(f"waves must be those of verilator, not of {chosen!r}")
    verilog = convert(component)
    names = [port.name for port in verilog.ports]
    names += ["clk"] * verilog.clocked + ["rst"] * verilog.resettable
    if chosen == "icarus":
        built = build_with_icarus(verilog.text, toplevel=MODULE)
    else:
        built = build(
            {"dut.v": verilog.text},
            toplevel=MODULE,
            public=names,
            waves=waves is not None,
            label=type(component).__name__,
        )
    with run_folder() as folder:
        arguments: list[str] = []
        if waves is not None:
            waves = waves.resolve().with_suffix(f".{built.waves}")
            arguments = waves_arguments(waves, *waves_cycles)
        run(built, module, folder, values=parameters, arguments=arguments, seed=seed)
        if waves is not None:
            print(look_at_waves(waves))
