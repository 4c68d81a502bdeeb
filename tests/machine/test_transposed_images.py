# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Networks on transposed images: every tensor is the golden model's, in its order, and the compiler
takes the form that needs fewer clocks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, in_python, on_rtl
from random_graphs import FIXED, random_inputs

from benchmarks.networks import NETWORKS, Builder
from macaw.arch.container import Program
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network, network
from macaw.compiler.machine.cost import pass_cost
from macaw.compiler.network import modes
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph, transposed_images
from macaw.nn.graph import DType, Semantics
from macaw.nn.graph import operators as op
from macaw.sim.device import SimDevice
from macaw.sim.memory_model import MEMORY_MODELS

TINY = machine_preset("tiny")


def moved(
    graph: Growing, kind: Any, source: str, result: tuple[int, ...], /, **attributes: Any
) -> str:
    """An operator that leaves values what they are, to a result of this size."""
    name = graph.like(source, result)
    return graph.add(kind(inputs=(source,), outputs=(name,), **attributes))


def added(graph: Growing, first: str, second: str) -> str:
    shape = graph.tensors[first].shape
    result = graph.tensor(shape, DType.INT8, graph.quantization(DType.INT8, 0.1))
    return graph.add(op.Add(inputs=(first, second), outputs=(result,)))


def layers_of_all_kinds(graph: Growing, image: str) -> None:
    """Of 9 x 6 pixels of four channels; nothing is the same for rows and columns."""
    x = layers.convolution(graph, kernel=(3, 2), padding=(0, 2, 1, 0), outputs=6, source=image)
    y = layers.convolution(graph, kernel=(2, 3), dilation=(3, 1), padding=(2, 1, 0, 2), groups=2,
                           outputs=6, source=x)  # fmt: skip
    z = added(graph, x, y)
    layers.convolution(graph, kernel=(4, 1), stride=(1, 2), padding=(1, 3, 0, 0), groups=6,
                       outputs=12, source=z)  # fmt: skip
    layers.convolution(graph, kernel=(3, 5), padding=(1, 0, 3, 2), groups=6, outputs=6, source=z)
    moved(graph, op.MaxPool2d, z, (1, 5, 6, 6), kernel=(3, 2), stride=(2, 1), padding=(1, 2, 0, 1))
    moved(graph, op.AveragePool2d, z, (1, 9, 3, 6), kernel=(2, 3), stride=(1, 2),
          padding=(0, 1, 1, 0))  # fmt: skip
    up = graph.tensor((1, 19, 12, 3), DType.INT8, graph.quantization(DType.INT8, 0.1))
    weights, _ = layers._weights(graph, z, (3, 3, 2, 6))
    graph.add(
        op.ConvTranspose2d(inputs=(z, weights), outputs=(up,), stride=(2, 2), offset=(0, 1),
                           output_size=(19, 12))
    )  # fmt: skip
    mean = graph.tensor((1, 6), DType.INT8, graph.quantization(DType.INT8, 0.05))
    graph.add(op.Mean(inputs=(z,), outputs=(mean,), axes=(1, 2)))


def movements_of_all_kinds(graph: Growing, image: str) -> None:
    """Of 9 x 6 pixels of four channels."""
    tall = moved(graph, op.Pad, image, (1, 12, 7, 4), padding=((0, 0), (1, 2), (1, 0), (0, 0)),
                 value=-5)  # fmt: skip
    low = moved(graph, op.Slice, tall, (1, 5, 7, 3), starts=(0, 1, 0, 1), steps=(1, 2, 1, 1),
                sizes=(1, 5, 7, 3))  # fmt: skip
    names = tuple(graph.like(low, (1, 5, count, 3)) for count in (2, 5))
    graph.add(op.Split(inputs=(low,), outputs=names, axis=2, sizes=(2, 5)))
    for axis, shape in ((1, (1, 10, 7, 3)), (2, (1, 5, 14, 3)), (3, (1, 5, 7, 6))):
        joined = graph.like(low, shape)
        graph.add(op.Concat(inputs=(low, low), outputs=(joined,), axis=axis))
    moved(graph, op.ResizeNearest, low, (1, 10, 21, 3), size=(10, 21))
    channels = graph.rng.integers(-99, 99, (1, 5, 7, 3)).astype(np.int8)
    added(graph, low, graph.tensor(channels.shape, DType.INT8, graph.tensors[low].quantization,
                                   channels))  # fmt: skip
    row = moved(graph, op.Slice, low, (1, 1, 7, 3), starts=(0, 4, 0, 0), steps=(1,) * 4,
                sizes=(1, 1, 7, 3))  # fmt: skip
    moved(graph, op.Reshape, row, (1, 21), shape=(1, 21))


def with_the_host_between(graph: Growing, image: str) -> None:
    """The machine, the host, the machine: of 9 x 6 pixels of four channels."""
    x = layers.convolution(graph, kernel=(1, 3), outputs=5, source=image)
    y = moved(graph, op.ResizeBilinear, x, (1, 7, 3, 5), size=(7, 3))
    layers.convolution(graph, kernel=(2, 1), outputs=4, source=y)


def graph_of(make: Callable[[Growing, str], object], shape=(1, 9, 6, 4), seed=1) -> QuantizedGraph:
    graph = Growing(rng=np.random.default_rng(seed), semantics=Semantics.TFLITE, dtype=DType.INT8)
    make(graph, graph.input(shape))
    return graph.finished("graph")


def compiled(graph: QuantizedGraph, machine=TINY, **options: Any) -> network.Network:
    return compile_network(graph, machine, requantization, evaluate, **options)


def programs(found: network.Network) -> list[Program]:
    return [each.program for each in found.segments if each.program is not None]


def is_equal(graph: QuantizedGraph, how=in_python, config=TINY) -> None:
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    for keep in (True, False):
        findings = Findings()
        check(graph, tensors, config, how, findings, keep=keep, transposed=True)
        assert findings.transposed == 1
        assert findings.values


ALL = (layers_of_all_kinds, movements_of_all_kinds, with_the_host_between)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("machine", FIXED, ids=lambda machine: machine.name)
def test_in_python(make, machine):
    graph = graph_of(make)
    found = compiled(graph, machine, transposed=True)
    assert len(found.refusals) == (make is with_the_host_between)
    assert all(each.transposed for each in found.segments if each.program is not None)
    for program in programs(found):
        for place in (*program.inputs, *program.outputs):
            assert place.transposed == (len(graph.tensors[place.name].shape) == 4)
    is_equal(graph, config=machine)


@pytest.mark.parametrize("make", ALL)
def test_on_the_rtl(make):
    is_equal(graph_of(make), on_rtl(3))


#: Mistakes, by what is made of a function or an attribute.
MUTANTS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "padding stays": (transposed_images, "_sides", lambda _: lambda padding: padding),
    "strides stay": (transposed_images, "_pair", lambda _: lambda pair: pair),
    "padding from behind": (
        transposed_images, "_sides", lambda right: lambda padding: right(padding)[::-1],
    ),
    "weights and constants as they were": (
        transposed_images, "_array",
        lambda right: lambda values: values.reshape(right(values).shape),
    ),
    "places as they were": (
        network, "_tensor_place",
        lambda right: lambda *each: replace(right(*each), transposed=False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_found(name, monkeypatch):
    graph = graph_of(layers_of_all_kinds)
    owner, attribute, mutate = MUTANTS[name]
    monkeypatch.setattr(owner, attribute, mutate(vars(owner)[attribute]))
    with pytest.raises((AssertionError, ValueError)):
        is_equal(graph)


def test_a_reshape_of_an_image_is_no_mere_matter_of_its_shape(monkeypatch):
    """The rival that takes it for one is found."""

    def flat(graph: Growing, image: str) -> None:
        x = layers.convolution(graph, kernel=(1, 3), outputs=5, source=image)
        moved(graph, op.Reshape, x, (1, 9 * 4 * 5), shape=(1, 9 * 4 * 5))

    graph = graph_of(flat)
    assert not any(each.transposed for each in compiled(graph, transposed=True).segments)
    monkeypatch.setattr(transposed_images, "_in_order", lambda shape: True)
    with pytest.raises(AssertionError, match="values of .* differ"):
        is_equal(graph)


def test_images_of_batches_stay():
    graph = graph_of(with_the_host_between, (1, 9, 6, 4))
    assert any(each.transposed for each in compiled(graph, transposed=True).segments)
    graph = graph_of(lambda graph, image: added(graph, image, image), (2, 9, 6, 4))
    assert not any(each.transposed for each in compiled(graph, transposed=True).segments)


def test_what_is_square_stays():
    graph = NETWORKS["resnet8"]()
    for transposed in (None, True, False):
        [segment] = compiled(graph, transposed=transposed).segments
        assert not segment.transposed


def depthwise_layers(height: int, width: int, channels: int = 16) -> QuantizedGraph:
    """Of images of this size."""
    net = Builder("layers", height, width, channels)
    x = net.image
    for _ in range(3):
        x = net.conv(x, 0, 3, depthwise=True)
    return net.graph(x)


@pytest.mark.parametrize(("size", "transposed"), [((40, 6), True), ((6, 40), False)])
def test_the_form_that_needs_fewer_clocks_is_taken(size, transposed):
    """Window mode reads the first columns of each row for nothing: few long rows are better."""
    graph = depthwise_layers(*size)
    machine = machine_preset("ecp5_85f").with_modes(modes(graph, requantization))
    [segment] = compiled(graph, machine).segments
    assert segment.transposed == transposed
    [other] = compiled(graph, machine, transposed=not transposed).segments
    clocks = [
        sum(pass_cost(each, machine).overlapped for each in form.passes)
        for form in (segment, other)
    ]
    assert clocks[0] < 0.9 * clocks[1]


def test_a_pass_between_others_takes_its_work_or_its_words():
    """And so many clocks that there is neither."""
    graph = graph_of(lambda graph, image: added(graph, image, image))
    machine = replace(TINY, elementwise_lanes=8)
    [segment] = compiled(graph, machine).segments
    # Of nine rows of 24 bytes: words of both operands come, one after the other.
    [cost] = [pass_cost(each, machine) for each in segment.passes]
    assert cost.overlapped == 2 * 27 + 25 == cost.work + 25
    graph = depthwise_layers(18, 3, 8)
    [segment] = compiled(graph, TINY, transposed=False).segments
    for each in segment.passes:
        cost = pass_cost(each, TINY)
        assert cost.overlapped == cost.work + 25 < cost.cycles + 25


def test_fewer_clocks_on_the_rtl():
    graph = depthwise_layers(18, 3, 8)
    machine = TINY.with_modes(modes(graph, requantization))
    assert compiled(graph, machine).segments[0].transposed
    image, cycles = random_inputs(graph, 3)[graph.inputs[0]], []
    [expected] = run(graph, [image]).values()
    for transposed in (None, False):
        [program] = programs(compiled(graph, machine, transposed=transposed))
        device = SimDevice(machine, model=MEMORY_MODELS["wide"])
        device.load(program)
        [found] = device.run({graph.inputs[0]: image[0]}).values()
        np.testing.assert_array_equal(found, expected[0])
        cycles.append(device.counters["cycles"])
    print(f"{cycles[0]} cycles on transposed images, {cycles[1]} without")
    assert cycles[0] < 0.95 * cycles[1]
