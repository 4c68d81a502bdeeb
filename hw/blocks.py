# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The blocks by name, each to the measure of a configuration, as core and machine use it."""

from collections.abc import Callable
from typing import Any

from amaranth.lib import data, wiring
from amaranth.utils import exact_log2

from macaw.arch.checks import instance, one_of
from macaw.arch.config import AcceleratorConfig
from macaw.arch.machine import MachineConfig
from macaw.hw.accumulators import Accumulators
from macaw.hw.byte_aligner import ByteAligner
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.credit_queue import CreditQueue
from macaw.hw.elementwise import Elementwise
from macaw.hw.line_buffer import LineBuffer
from macaw.hw.mac_array import MacArray
from macaw.hw.narrow.byte_rows import ByteRows
from macaw.hw.narrow.group_loops import GroupLoops
from macaw.hw.narrow.lane_accumulators import LaneAccumulators
from macaw.hw.narrow.lane_array import LaneArray
from macaw.hw.narrow.loop_address import LoopAddress
from macaw.hw.narrow.row_buffer import RowBuffer
from macaw.hw.narrow.run_edges import RunEdges
from macaw.hw.narrow.run_sequencer import RunSequencer
from macaw.hw.parameter_store import ParameterStore
from macaw.hw.requantizer import Requantizer, RequantizerLane
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.result_collector import ResultCollector
from macaw.hw.single_port_ram import SinglePortRam
from macaw.hw.step_expander import StepExpander
from macaw.hw.step_fetcher import StepFetcher
from macaw.hw.stream import SkidBuffer
from macaw.hw.weight_address import WeightAddress
from macaw.hw.weight_memory import WeightMemory
from macaw.hw.window_reader import WindowReader
from macaw.hw.window_registers import WindowRegisters
from macaw.hw.zero_point import ZeroPointCorrection

__all__ = ["BLOCKS", "NARROW_BLOCKS", "blocks_of", "make_block"]


def _line_buffer(config):
    return LineBuffer(
        lanes=config.array.lanes,
        words=config.memory.activation_words,
        technology=config.technology,
        compact=config.compact,
    )


def _mac_array(config):
    return MacArray(config.array, config.technology, compact=config.compact)


def _window_reader(config):
    return WindowReader(
        config,
        read_latency=_line_buffer(config).latency,
        activation_lead=_mac_array(config).activation_lead,
    )


#: How each block is made for a configuration with the general core, by its name.
BLOCKS = {
    "Accumulators": Accumulators,
    "ByteAligner": lambda config: ByteAligner(
        lanes=config.array.lanes, technology=config.technology, compact=config.compact
    ),
    "Conv2dCore": Conv2dCore,
    "CreditQueue": lambda config: CreditQueue(data.ArrayLayout(8, config.array.lanes)),
    "Elementwise": lambda config: Elementwise(MachineConfig(name=config.name, core=config)),
    "LineBuffer": _line_buffer,
    "MacArray": _mac_array,
    "ParameterStore": ParameterStore,
    "Requantizer": Requantizer,
    "RequantizerLane": RequantizerLane,
    "ResultBuffer": ResultBuffer,
    "ResultCollector": ResultCollector,
    "SinglePortRam": lambda config: SinglePortRam(
        width=config.array.lanes,
        depth=config.memory.activation_words,
        technology=config.technology,
    ),
    "SkidBuffer": lambda config: SkidBuffer(data.ArrayLayout(8, config.array.lanes)),
    "StepExpander": StepExpander,
    "StepFetcher": StepFetcher,
    "WeightAddress": WeightAddress,
    "WeightMemory": lambda config: WeightMemory(
        config.array, config.memory.weight_words, config.technology, compact=config.compact
    ),
    "WindowReader": _window_reader,
    "WindowRegisters": lambda config: WindowRegisters(config.array, compact=config.compact),
    "ZeroPointCorrection": lambda config: ZeroPointCorrection(lanes=config.array.lanes),
}


#: How each block is made for a configuration with the narrow core.
NARROW_BLOCKS = {
    "ByteRows": ByteRows,
    "Conv2dCore": Conv2dCore,
    "GroupLoops": GroupLoops,
    "LaneAccumulators": LaneAccumulators,
    "LaneArray": LaneArray,
    "LoopAddress": lambda config: LoopAddress(exact_log2(config.memory.weight_words)),
    "Requantizer": Requantizer,
    "RequantizerLane": RequantizerLane,
    "RowBuffer": RowBuffer,
    "RunEdges": RunEdges,
    "RunSequencer": RunSequencer,
    "WeightMemory": lambda config: WeightMemory(
        config.array, config.memory.weight_words, config.technology, compact=True, registered=False
    ),
}


def blocks_of(config: AcceleratorConfig) -> dict[str, Callable[[AcceleratorConfig], Any]]:
    """How the blocks of the core of ``config`` are made, by their names; ``TypeError`` for a
    ``config`` of another type."""
    narrow = instance("config", config, AcceleratorConfig).narrow
    return NARROW_BLOCKS if narrow else BLOCKS


def make_block(name: str, config: AcceleratorConfig) -> wiring.Component:
    """The block called ``name`` for ``config``, one of `blocks_of` it.

    Raises ``ValueError`` with the list of names for any other, ``TypeError`` for a ``config`` of
    another type, and what the block refuses.
    """
    blocks = blocks_of(config)
    return blocks[one_of("block", name, tuple(blocks))](config)
