# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Machines with names: around the presets of the core, with memories that fit the block RAMs of
their devices."""

from dataclasses import replace

from macaw.arch.checks import one_of
from macaw.arch.config import AcceleratorConfig
from macaw.arch.machine import MachineConfig
from macaw.arch.presets import preset

__all__ = ["MACHINES", "machine_preset"]


def _core(name: str, **memory: int) -> AcceleratorConfig:
    """The preset's core as it stands in a machine: with max pooling, and smaller memories of its
    own where tensors have theirs."""
    core = preset(name)
    return replace(core, memory=replace(core.memory, **memory), max_pooling=True)


_ALL = (
    MachineConfig(
        name="ecp5_85f",
        # Of 208 block RAMs 128 hold weights, 16 + 4 rows, 32 tensors, 16 lookup tables.
        core=_core("ecp5_85f", activation_words=2048, result_words=512, lane_parameters=32),
        tensor_words=4096,
        elementwise_lanes=16,
    ),
    MachineConfig(
        name="ecp5_25f",
        # Of 56 block RAMs 32 hold weights, 8 + 4 rows, 6 tensors, 2 + 2 parameters and steps, 2
        # lookup tables: kernels of 8,192 bytes a column, and sums as fast as results.
        core=_core("ecp5_25f", activation_words=2048, weight_words=1024, parameter_entries=512),
        tensor_words=1536,
        elementwise_lanes=2,
    ),
    MachineConfig(
        name="tiny",
        core=_core("tiny"),
        tensor_words=1024,
        elementwise_lanes=2,
    ),
)

#: The machines by name.
MACHINES = {config.name: config for config in _ALL}


def machine_preset(name: str) -> MachineConfig:
    """The machine called ``name``; ``ValueError`` with the list of names for any other."""
    return MACHINES[one_of("machine", name, tuple(MACHINES))]
