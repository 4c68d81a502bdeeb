# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in a simulation, by kind."""

__all__ = [
    "BenchFailure",
    "BuildFailure",
    "MachineFault",
    "MachineTimeout",
    "SimulationError",
    "StreamError",
    "StreamTimeout",
    "ToolMissing",
]


class SimulationError(Exception):
    """A simulation could not be built, could not run, or failed."""


class ToolMissing(SimulationError):
    """A program that every build needs is not installed."""


class BuildFailure(SimulationError):
    """Verilator or the C++ compiler refused a design."""


class BenchFailure(SimulationError):
    """A cocotb bench failed, or the simulator ended before it did."""


class StreamError(SimulationError):
    """A stream carried other than the expected number of words."""


class StreamTimeout(StreamError):
    """Streams stood still, or did not end within the given cycles."""


class MachineFault(SimulationError):
    """A machine asked for memory that there is none of, or broke the rules of its ports."""


class MachineTimeout(MachineFault):
    """A machine hung, or did not end within the given cycles."""
