# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Every component that `macaw.hw` offers becomes Verilog; every other parameter is refused."""

import re

import pytest

import macaw.hw
from macaw.arch import AcceleratorConfig, ArrayConfig, Technology, preset
from macaw.hw.accumulators import Accumulators
from macaw.hw.byte_aligner import ByteAligner
from macaw.hw.conv2d_core import Conv2dCore
from macaw.hw.evaluations import EvaluationIssuer
from macaw.hw.group_walker import GroupWalker
from macaw.hw.narrow.group_loops import GroupLoops
from macaw.hw.narrow.narrow_core import NarrowCore
from macaw.hw.narrow.run_edges import RunEdges
from macaw.hw.padding import Padding
from macaw.hw.parameter_store import ParameterStore
from macaw.hw.ram import BlockRam
from macaw.hw.result_buffer import ResultBuffer
from macaw.hw.result_collector import ResultCollector
from macaw.hw.single_port_ram import SinglePortRam
from macaw.hw.step_expander import StepExpander
from macaw.hw.step_fetcher import StepFetcher
from macaw.hw.weight_address import WeightAddress
from macaw.hw.window_reader import WindowReader
from macaw.hw.window_registers import WindowRegisters
from macaw.hw.zero_point import ZeroPointCorrection
from macaw.sim.verilog import convert

TINY = preset("tiny")
#: How each exported component is made for the configuration ``tiny``.
EXPORTED = {
    "Accumulators": (TINY,),
    "Conv2dCore": (TINY,),
    "LineBuffer": {"lanes": TINY.array.lanes, "words": TINY.memory.activation_words},
    "MacArray": (TINY.array, TINY.technology),
    "Requantizer": (TINY,),
    "SinglePortRam": {"width": 8, "depth": 16},
    "WeightMemory": (TINY.array, TINY.memory.weight_words, TINY.technology),
    "WindowReader": {"config": TINY, "read_latency": 7, "activation_lead": 2},
}
BY_CONFIG = [
    Accumulators, Conv2dCore, EvaluationIssuer, GroupLoops, GroupWalker, NarrowCore, ParameterStore,
    ResultBuffer, ResultCollector, RunEdges, StepExpander, StepFetcher, WeightAddress,
]  # fmt: skip
RAM = {"width": 4, "depth": 16}
PADDING = {"lanes": 8, "offset_bits": 8, "read_latency": 4}


def test_all_exported_components_are_known_here():
    assert set(EXPORTED) == set(macaw.hw.__all__)


@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_component_becomes_verilog(name):
    arguments, make = EXPORTED[name], getattr(macaw.hw, name)
    component = make(**arguments) if isinstance(arguments, dict) else make(*arguments)
    verilog = convert(component)
    expected = {"__".join(map(str, path)) for path, _, _ in component.signature.flatten(component)}
    assert {port.name for port in verilog.ports} == expected


@pytest.mark.parametrize("block", BY_CONFIG)
@pytest.mark.parametrize("config", [None, "tiny", ArrayConfig()])
def test_a_config_of_another_type_is_refused(block, config):
    assert isinstance(TINY, AcceleratorConfig)
    block(TINY)
    message = f"config must be an AcceleratorConfig, not {config!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        block(config)


def test_a_reader_and_registers_of_another_type_are_refused():
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 8$"):
        WindowReader(8, read_latency=7, activation_lead=2)
    with pytest.raises(TypeError, match=r"^array must be an ArrayConfig, not \(8, 4\)$"):
        WindowRegisters((8, 4))


@pytest.mark.parametrize(
    ("block", "arguments", "error", "message"),
    [
        (BlockRam, RAM | {"width": 0}, ValueError, "width must be in 1 ... 4096, not 0"),
        (BlockRam, RAM | {"width": 4.0}, TypeError, "width must be an integer, not 4.0"),
        (BlockRam, RAM | {"depth": 1}, ValueError, "depth must be in 2 ... 65536, not 1"),
        (
            BlockRam,
            RAM | {"depth": 1025, "technology": Technology.ECP5},
            ValueError,
            "depth must be in 2 ... 1024, not 1025",
        ),
        (
            BlockRam,
            RAM | {"technology": "core"},
            ValueError,
            "technology must be one of generic, ecp5, ice40, gowin, not 'core'",
        ),
        (ByteAligner, {"lanes": 4}, ValueError, "lanes must be in 8 ... 32, not 4"),
        (ByteAligner, {"lanes": 24}, ValueError, "lanes must be a power of two, not 24"),
        (ByteAligner, {"lanes": True}, TypeError, "lanes must be an integer, not True"),
        (Padding, PADDING | {"lanes": 64}, ValueError, "lanes must be in 8 ... 32, not 64"),
        (
            Padding,
            PADDING | {"offset_bits": 1},
            ValueError,
            "offset_bits must be in 2 ... 32, not 1",
        ),
        (
            Padding,
            PADDING | {"offset_bits": "8"},
            TypeError,
            "offset_bits must be an integer, not '8'",
        ),
        (
            Padding,
            PADDING | {"read_latency": 3},
            ValueError,
            "read_latency must be in 4 ... 64, not 3",
        ),
        (
            SinglePortRam,
            RAM | {"width": 3},
            ValueError,
            "width must be a multiple of 2 bytes, not 3",
        ),
        (SinglePortRam, RAM | {"width": 0}, ValueError, "width must be in 2 ... 4096, not 0"),
        (SinglePortRam, RAM | {"depth": 1}, ValueError, "depth must be in 2 ... 65536, not 1"),
        (
            SinglePortRam,
            RAM | {"depth": 16385, "technology": Technology.ICE40},
            ValueError,
            "depth must be in 2 ... 16384, not 16385",
        ),
        (
            SinglePortRam,
            RAM | {"technology": "spram"},
            ValueError,
            "technology must be one of generic, ecp5, ice40, gowin, not 'spram'",
        ),
        (ZeroPointCorrection, {"lanes": 1}, ValueError, "lanes must be in 2 ... 256, not 1"),
        (ZeroPointCorrection, {"lanes": 6}, ValueError, "lanes must be a power of two, not 6"),
    ],
)
def test_a_parameter_out_of_range_is_refused(block, arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        block(**arguments)
