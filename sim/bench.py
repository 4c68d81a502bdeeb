# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Runs cocotb testbenches of single blocks."""

from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from macaw.sim.build import build
from macaw.sim.run import look_at_waves, run, run_folder, waves_arguments
from macaw.sim.verilog import MODULE, convert

__all__ = ["run_bench"]


def run_bench(
    component: wiring.Component,
    module: str,
    parameters: Any = None,
    *,
    seed: int = 1,
    waves: Path | None = None,
    waves_cycles: tuple[int, int] = (0, 100_000),
) -> None:
    """Runs the cocotb tests of the module called ``module`` on ``component``.

    Every port of ``component`` is a handle of the top module, by its Verilog name. Inside,
    ``macaw.sim.run.parameters()`` gives ``parameters``, anything that JSON holds, and
    ``cocotb.RANDOM_SEED`` is ``seed``. ``waves`` writes a waveform of the cycles
    ``waves_cycles`` (of a clock of two steps) there, and prints how to look at it.

    Raises `BenchFailure` with cocotb's messages where a test fails.
    """
    verilog = convert(component)
    names = [port.name for port in verilog.ports]
    names += ["clk"] * verilog.clocked + ["rst"] * verilog.resettable
    simulator = build(
        {"dut.v": verilog.text},
        toplevel=MODULE,
        public=names,
        waves=waves is not None,
        label=type(component).__name__,
    )
    with run_folder() as folder:
        arguments: list[str] = []
        if waves is not None:
            waves = waves.resolve().with_suffix(f".{simulator.waves}")
            arguments = waves_arguments(waves, *waves_cycles)
        run(simulator, module, folder, values=parameters, arguments=arguments, seed=seed)
        if waves is not None:
            print(look_at_waves(waves))
