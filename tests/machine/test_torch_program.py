# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that MacawQuantizer quantised: equal at every tensor in PyTorch, in the golden model, on
the machine in Python and on the machine's RTL."""

from dataclasses import replace

import numpy as np
import pytest
from torch_models import photographs
from torch_networks import seeded
from torch_programs import all_operators, check, program, small_network

from macaw.arch.machines import machine_preset
from macaw.cli.verify_network import verify_network
from macaw.golden import run
from macaw.sim.memory_model import memory_model


def tensors_of(graph, images):
    inputs = [images.numpy()]
    return dict(zip(graph.inputs, inputs, strict=True)) | run(graph, inputs, all_tensors=True)


def report(graph, tensors, name, **rungs):
    return verify_network(
        graph, tensors, machine_preset(name), model=memory_model("wide"),
        progress=lambda _: None, **rungs,
    )  # fmt: skip


@pytest.fixture(scope="module")
def small(oracle):
    """The graph of a small network, which is PyTorch's at every tensor, and these tensors."""
    torch = oracle("torch")
    images = photographs(torch, 4, 16)
    module = program(torch, small_network(torch), images[:1], *images[1:].split(1))
    graph = check(torch, module, images[3:])
    return graph, tensors_of(graph, images[3:])


def test_a_small_program_whole_on_the_machine(small):
    graph, tensors = small
    found = report(graph, tensors, "tiny", machine=True, rtl=True)
    assert [rung.name for rung in found.rungs][:2] == ["machine", "rtl"]
    for rung in found.rungs:
        assert not rung.differences
    assert [rung.tensors for rung in found.rungs[:2]] == [7, 7]
    assert (found.macs, found.segments) == (graph.macs, 1)
    # What is float32, or moves PyTorch's axes.
    assert len(found.host) == len(graph.operators) - found.operators


def test_a_small_program_with_another_scale_differs(small):
    graph, tensors = small
    name = "conv2d"
    unit = graph.tensors[name].quantization
    changed = replace(unit, scale=(2 * unit.scale[0],))
    other = replace(graph.tensors[name], quantization=changed)
    moved = replace(graph, tensors={**graph.tensors, name: other})
    [rung] = report(moved, tensors, "tiny", machine=True, rtl=False).rungs
    assert next(iter(rung.differences)) == name


@pytest.mark.full
def test_resnet18_whole_on_the_rtl(oracle):
    """At 64x64 pixels, 148 million multiplications; all tensors kept, and as it is meant to run."""
    torch = oracle("torch")
    images = photographs(torch, 4, 64)
    module = program(torch, seeded(torch, "resnet18", images), *images.split(1))
    graph = check(torch, module, images[:1])
    found = report(graph, tensors_of(graph, images[:1]), "ecp5_85f", machine=True, rtl=True)
    assert [len(rung.differences) for rung in found.rungs] == [0, 0, 0]
    assert found.macs == graph.macs > 140_000_000
    assert found.segments == 1
    print(f"\n{found.cycles} cycles, {found.utilisation:.1%} of the peak", end="")


def test_all_operators_on_the_machine_in_python(oracle):
    torch = oracle("torch")
    images = photographs(torch, 3, 36)
    module = program(torch, all_operators(torch), images[:1], *images[1:].split(1))
    graph = check(torch, module, images[2:])
    found = report(graph, tensors_of(graph, images[2:]), "ecp5_85f", machine=True, rtl=False)
    [rung] = found.rungs
    assert not rung.differences
    kinds = {type(operator).__name__ for operator in graph.operators
             if operator.outputs[0] in found.host}  # fmt: skip
    assert kinds == {"Quantize", "Dequantize", "Transpose", "Multiply"}
    assert np.isfinite(found.utilisation)
