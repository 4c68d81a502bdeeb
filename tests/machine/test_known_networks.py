# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Known networks, whole on the machine: every tensor as the golden model has it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.networks import NETWORKS
from macaw.arch.instructions import decode, encode
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization
from macaw.golden import run as golden_run
from macaw.golden.machine import run as run_machine
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS

QUICK = ("resnet8", "kws", "vww", "unet")


def machine_for(graph, name):
    return machine_preset(name).with_modes(modes(graph, requantization))


def image_for(graph, seed=1):
    shape = graph.tensors[graph.inputs[0]].shape
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


def check(expected, found):
    for name, values in found.items():
        assert np.array_equal(values.ravel(), expected[name].ravel()), name


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.full)
             for name in NETWORKS]
)  # fmt: skip
def test_every_tensor_in_python(name):
    graph = NETWORKS[name]()
    config = machine_for(graph, "ecp5_85f")
    network = compile_network(graph, config, requantization, evaluate, keep=True)
    [segment] = network.segments
    assert not network.refusals
    image = image_for(graph)
    expected = golden_run(graph, [image], all_tensors=True)
    found = run_machine(config, segment.program, [image])
    check(expected, found)
    assert len(found) == len(graph.operators)
    # Neither zeros nor bounds: the weights let signals through.
    last = expected[graph.operators[-1].inputs[0]]
    assert len(np.unique(last)) > 16


@pytest.mark.parametrize("name", ["kws", pytest.param("unet", marks=pytest.mark.full)])
def test_whole_on_the_rtl_of_a_small_machine(name):
    """A network far larger than the machine's memories: its layers come in parts."""
    graph = NETWORKS[name]()
    config = machine_for(graph, "tiny")
    network = compile_network(graph, config, requantization, evaluate)
    [segment] = network.segments
    images = [image_for(graph, seed) for seed in (1, 2)]
    device = SimDevice(config, model=MEMORY_MODELS["wide"])
    device.load(segment.program)
    inputs = [{graph.inputs[0]: image[0]} for image in images]
    for image, found in zip(images, device.run_all(inputs), strict=True):
        check(golden_run(graph, [image]), found)
        check(golden_run(graph, [image]), run_machine(config, segment.program, [image]))
    assert len(segment.passes) > len(graph.operators)


def altered(config, program, **fields):
    """The program with other fields in the instructions of its body that have them."""
    start = program.body * config.word_bytes
    body = list(decode(config, program.image[start:]))
    changed = [
        replace(
            each,
            values={name: fields.get(name, value) for name, value in each.values.items()},
        )
        for each in body
    ]
    assert changed != body
    words = encode(config, changed)
    image = program.image[:start] + words + program.image[start + len(words) :]
    return replace(program, image=image)


def test_images_that_come_ahead_save_clocks_and_nothing_else():
    graph = NETWORKS["kws"]()
    config = machine_for(graph, "tiny")
    network = compile_network(graph, config, requantization, evaluate)
    [segment] = network.segments
    image, cycles = image_for(graph), []
    for program in (segment.program, altered(config, segment.program, ahead=0)):
        device = SimDevice(config, model=MEMORY_MODELS["wide"])
        device.load(program)
        check(golden_run(graph, [image]), device.run({graph.inputs[0]: image[0]}))
        cycles.append(device.counters["cycles"])
    print(f"{cycles[0]} cycles, without images ahead {cycles[1]}")
    assert cycles[0] < cycles[1]
