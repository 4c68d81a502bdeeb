# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What is made for speed gives the words of the design as it is, at the same clocks."""

import inspect
import re
from functools import partial

import numpy as np
import pytest
from amaranth.back import rtlil
from conv2d_layers import case_of
from sim_quick import Blocks, vectors

import macaw.sim.streams
import macaw.sim.vectors
from benchmarks.networks import NETWORKS, Builder
from macaw.arch import Conv2dShape, preset
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization
from macaw.golden import run as golden_run
from macaw.hw.cells import ecp5, ecp5_carry, ecp5_select
from macaw.sim.conv2d import run_conv2d
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS
from macaw.sim.quick.text import quick_verilog
from macaw.sim.vectors import apply
from macaw.sim.verilog import convert


def small():
    """Every engine, each kind of layer, and what has tables."""
    net = Builder("small", 9, 9, 3)
    x = net.conv(net.image, 12, 3)
    y = net.conv(net.conv(x, 0, 3, depthwise=True), 12, 1, relu=False)
    x = net.max_pool(net.add(x, y), 2, 2)
    return net.graph(net.linear(net.average(x), 5))


def both_ways(graph, name, memory):
    """Everything that can be seen of a run, of the design as it is and of what is quick; the
    outputs are golden's."""
    config = machine_preset(name).with_modes(modes(graph, requantization))
    [segment] = compile_network(graph, config, requantization, evaluate).segments
    shape = graph.tensors[graph.inputs[0]].shape
    image = np.random.default_rng(3).integers(-128, 128, shape).astype(np.int8)
    expected = golden_run(graph, [image])
    found = []
    for quick in (False, True):
        device = SimDevice(config, model=MEMORY_MODELS[memory], quick=quick)
        device.load(segment.program)
        for output, values in device.run({graph.inputs[0]: image[0]}).items():
            assert np.array_equal(values.ravel(), expected[output].ravel())
        run = device.last_run
        found.append(
            (
                run.cycles,
                run.stale_words,
                run.transfers,
                [(each.cycles, each.error, each.counters) for each in run.programs],
                run.memory.tobytes(),
            )
        )
    return found


@pytest.mark.parametrize("memory", ["board", pytest.param("wide", marks=pytest.mark.full)])
def test_a_program_takes_the_same_clocks(memory):
    plain, quick = both_ways(small(), "tiny", memory)
    assert plain == quick


@pytest.mark.full
def test_a_network_takes_the_same_clocks_on_the_cells_of_a_device():
    plain, quick = both_ways(NETWORKS["resnet8"](), "ecp5_85f", "board")
    assert plain == quick


@pytest.mark.parametrize(
    "name", ["tiny", *(pytest.param(name, marks=pytest.mark.full) for name in ("up5k", "gw1nr9"))]
)
def test_a_layer_takes_the_same_clocks(monkeypatch, name):
    shape = Conv2dShape(
        height=12, width=8, in_channels=8, out_channels=12, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1),
    )  # fmt: skip
    case = case_of(1, shape, preset(name))
    quick = run_conv2d(case.program, case.image)

    def as_it_is(component, *, parameters, quick):
        return convert(component, parameters=parameters)

    monkeypatch.setattr(macaw.sim.streams, "convert", as_it_is)
    plain = run_conv2d(case.program, case.image)
    assert np.array_equal(plain.result, quick.result)
    assert plain.streams.transfers == quick.streams.transfers
    assert plain.streams.cycles == quick.streams.cycles


@pytest.fixture
def quickly(monkeypatch):
    """Lets vectors go through what is quick."""
    monkeypatch.setattr(macaw.sim.vectors, "convert", partial(convert, quick=True))


def answers(count=3000):
    return apply(Blocks(), vectors(count), latency=0)


def test_cells_and_arrays_answer_alike(monkeypatch):
    plain = answers()
    monkeypatch.setattr(macaw.sim.vectors, "convert", partial(convert, quick=True))
    quick = answers()
    for name, values in plain.items():
        assert np.array_equal(values, quick[name]), name
        assert len(np.unique(values)) > 100


def test_nothing_is_left_of_the_cells():
    """Otherwise the test above would compare a thing with itself."""
    text = quick_verilog(rtlil.convert(Blocks(), name="dut", emit_src=False), "dut")
    assert not re.search("MULT18X18D|CCU2C|LUT4|PFUMX", text)
    # Those on multipliers, and those in lookup tables.
    assert set(re.findall(r"i < (\d+);", text)) == {"8"}
    assert len(re.findall(r"^module alike_", text, re.MULTILINE)) == 2


def mutant(monkeypatch, module, name, old, new):
    """Replaces ``old`` by ``new`` in the method ``elaborate`` of class ``name``."""
    source = inspect.getsource(module)
    assert source.count(old) == 1
    namespace = dict(vars(module))
    exec(compile(source.replace(old, new), module.__file__, "exec"), namespace)
    monkeypatch.setattr(getattr(module, name), "elaborate", namespace[name].elaborate)


@pytest.mark.parametrize(
    ("module", "name", "old", "new", "port"),
    [
        (ecp5, "ProductPair", "product[_FIELD:16] - residue", "product[_FIELD:16] + residue",
         "array_sums"),
        (ecp5_carry, "TwoBitProduct", "i_B1=self.factor[0]", "i_B1=self.factor[1]",
         "multiplier_product"),
        (ecp5_select, "FourToOne", "i_C0=self.index[1]", "i_C0=self.index[0]", "selector_chosen"),
    ],
)  # fmt: skip
@pytest.mark.full
def test_mistakes_of_the_hardware_are_seen(monkeypatch, quickly, module, name, old, new, port):
    right = answers()
    mutant(monkeypatch, module, name, old, new)
    wrong = answers()
    assert not np.array_equal(right[port], wrong[port])
