# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Graphs of one operator or two whose passes are not plain: the machine gives the golden model's
values, all of them on the machine."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, in_python
from random_graphs import random_inputs

from macaw.arch.machine import MachineConfig
from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network, emit
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Quantization, Semantics
from macaw.nn.graph import operators as op

TINY = machine_preset("tiny")


def graph_of(
    make: Callable[[Growing, str], object], shape, semantics=Semantics.TFLITE, seed=1
) -> QuantizedGraph:
    """A graph of what ``make`` adds to an image of this shape."""
    dtype = DType.UINT8 if semantics == Semantics.QNNPACK else DType.INT8
    graph = Growing(rng=np.random.default_rng(seed), semantics=semantics, dtype=dtype)
    make(graph, graph.input(shape))
    return graph.finished("graph")


def is_equal(graph: QuantizedGraph, config: MachineConfig = TINY) -> None:
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    for keep, transposed in product((True, False), repeat=2):
        findings = Findings()
        refusals = check(
            graph, tensors, config, in_python, findings, keep=keep, transposed=transposed
        )
        assert not refusals
        assert findings.values


def moved(kind, shape, **attributes):
    """What adds an operator that leaves values what they are."""

    def make(graph: Growing, source: str) -> None:
        graph.add(kind(inputs=(source,), outputs=(graph.like(source, shape),), **attributes))

    return make


POOL = {"kernel": (3, 2), "stride": (1, 1), "padding": (1, 1, 0, 0)}
PAD = {"padding": ((0, 0), (1, 2), (3, 0), (0, 0)), "value": -9}


def test_images_of_a_batch_are_apart():
    """The rows of the next image are no neighbours of the last rows of an image."""
    is_equal(graph_of(moved(op.MaxPool2d, (2, 5, 5, 5), **POOL), (2, 5, 6, 5)))
    is_equal(graph_of(moved(op.Pad, (2, 8, 9, 5), **PAD), (2, 5, 6, 5)))


def test_a_batch_as_one_tall_image_is_noticed():
    """The rival has other values at the border of the images, and nowhere else."""
    pooled = []
    for shape in ((2, 5, 6, 5), (1, 10, 6, 5)):
        graph = graph_of(moved(op.MaxPool2d, (*shape[:2], 5, 5), **POOL), shape)
        [image] = random_inputs(graph_of(lambda *_: None, (1, 60, 5, 1)), 7).values()
        pooled.append(run(graph, [image.reshape(shape)])["t1"].reshape(10, 25))
    assert set(np.argwhere(pooled[0] != pooled[1])[:, 0]) == {4, 5}


def test_rows_and_channels_of_a_matrix_are_padded():
    is_equal(graph_of(moved(op.Pad, (6, 9), padding=((1, 2), (4, 0)), value=3), (3, 5)))
    is_equal(graph_of(moved(op.Pad, (6, 5), padding=((1, 2), (0, 0)), value=3), (3, 5)))


def test_the_largest_of_a_single_channel():
    pool = moved(op.MaxPool2d, (1, 6, 5, 1), kernel=(3, 3), stride=(1, 1), padding=(1, 1, 1, 0))
    is_equal(graph_of(pool, (1, 6, 6, 1)))


@pytest.mark.parametrize(
    ("starts", "steps", "sizes"),
    [
        ((0, 0, 2, 0), (1, 1, 1, 1), (2, 6, 4, 12)),
        ((0, 1, 3, 5), (1, 2, 2, 1), (2, 3, 3, 7)),
        ((0, 0, 1, 1), (1, 1, 3, 4), (2, 6, 3, 3)),
        ((0, 5, 8, 11), (1, 1, 1, 1), (2, 1, 1, 1)),
    ],
)
def test_columns_and_channels_are_cut_out(starts, steps, sizes):
    cut = moved(op.Slice, sizes, starts=starts, steps=steps, sizes=sizes)
    is_equal(graph_of(cut, (2, 6, 9, 12)))


def with_memory(**memory: int) -> MachineConfig:
    core = replace(TINY.core, memory=replace(TINY.core.memory, **memory))
    return replace(TINY, name="small", core=core)


@pytest.mark.parametrize("memory", [{"parameter_entries": 16}, {"result_words": 16}], ids=str)
@pytest.mark.parametrize("channels", [20, 24])
def test_parts_take_whole_words(memory, channels):
    """Channels, or columns, that the core picks from whole words: its memories hold no more."""

    def make(graph: Growing, source: str) -> None:
        size = {"kernel": (3, 3), "groups": channels, "outputs": channels}
        first = layers.convolution(graph, **size, padding=(1, 1, 1, 1), source=source)
        layers.convolution(graph, **size, stride=(2, 2), padding=(0, 1, 0, 1), source=first)
        layers.convolution(graph, **size, dilation=(1, 2), source=first)

    graph = graph_of(make, (1, 5, 9, channels))
    config = with_memory(**memory)
    network = compile_network(graph, config, requantization, evaluate, transposed=False)
    assert len(network.segments[0].passes) > 3
    is_equal(graph, config)


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3), (4, 4)])
def test_windows_at_the_border_have_divisors_of_their_own(kernel, stride):
    padding = (1, 1, kernel[1] - 1, 1)
    shape = tuple(
        (size + sum(around) - taps) // step + 1
        for size, around, taps, step in zip(
            (7, 6), (padding[:2], padding[2:]), kernel, stride, strict=True
        )
    )
    pool = {"kernel": kernel, "stride": stride, "padding": padding}
    is_equal(graph_of(moved(op.AveragePool2d, (2, *shape, 5), **pool), (2, 7, 6, 5)))


def constant(graph: Growing, shape) -> str:
    data = graph.rng.integers(-128, 128, shape).astype(np.int8)
    return graph.tensor(shape, DType.INT8, graph.quantization(DType.INT8), data)


@pytest.mark.parametrize("shape", [(), (5,), (3, 1, 1), (1, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("kind", [op.Add, op.Subtract])
def test_constant_operands(kind, shape):
    """They are repeated, and stand among the program's words."""

    def make(graph: Growing, source: str) -> None:
        for inputs in ((source, constant(graph, shape)), (constant(graph, shape), source)):
            result = graph.tensor((1, 3, 4, 5), DType.INT8, graph.quantization(DType.INT8))
            graph.add(kind(inputs=inputs, outputs=(result,)))

    is_equal(graph_of(make, (1, 3, 4, 5)))


def test_any_function_of_a_constant_of_one_value():
    def make(graph: Growing, source: str) -> None:
        result = graph.tensor((1, 3, 4, 5), DType.INT8, graph.quantization(DType.INT8))
        graph.add(op.Multiply(inputs=(source, constant(graph, (1, 1))), outputs=(result,)))
        floor = graph.tensor((), DType.INT8, graph.tensors[source].quantization,
                             np.array(9, np.int8))  # fmt: skip
        result = graph.like(source, (1, 3, 4, 5))
        graph.add(op.Maximum(inputs=(floor, source), outputs=(result,)))

    is_equal(graph_of(make, (1, 3, 4, 5)))


@pytest.mark.parametrize("axis", [0, 1])
def test_rows_of_batches_are_joined(axis):
    def make(graph: Growing, source: str) -> None:
        shape = [2, 3, 4, 5]
        shape[axis] *= 2
        result = graph.like(source, shape)
        graph.add(op.Concat(inputs=(source, source), outputs=(result,), axis=axis))

    is_equal(graph_of(make, (2, 3, 4, 5)))


def test_constants_are_joined():
    def make(graph: Growing, source: str) -> None:
        data = np.arange(24, dtype=np.int8).reshape(1, 3, 4, 2)
        beside = graph.tensor(data.shape, DType.INT8, graph.tensors[source].quantization, data)
        result = graph.like(source, (1, 3, 4, 9))
        graph.add(op.Concat(inputs=(beside, source, beside), outputs=(result,), axis=3))

    is_equal(graph_of(make, (1, 3, 4, 5)))


def test_axes_of_one_value_change_their_places():
    for shape, permutation in (((1, 1, 4, 5), (0, 2, 1, 3)), ((1, 4, 5, 1), (0, 3, 1, 2))):
        turned = tuple(shape[axis] for axis in permutation)
        is_equal(graph_of(moved(op.Transpose, turned, permutation=permutation), shape))


def prelu(shape: tuple[int, ...]) -> Callable[[Growing, str], None]:
    """What adds a PRELU with slopes of this shape."""

    def make(graph: Growing, source: str) -> None:
        unit = Quantization(scale=(0.015625,), zero_point=(-3,))
        data = graph.rng.integers(-128, 128, shape).astype(np.int8)
        slopes = graph.tensor(shape, DType.INT8, unit, data)
        tensor = graph.tensors[source]
        result = graph.tensor(tensor.shape, DType.INT8, replace(unit, scale=(tensor.scale,)))
        graph.add(op.Prelu(inputs=(source, slopes), outputs=(result,)))

    return make


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)])
def test_one_slope_is_a_table(shape):
    is_equal(graph_of(prelu(shape), (2, 3, 4, 5)))


def test_slopes_of_channels_are_refused():
    graph = graph_of(prelu((5,)), (2, 3, 4, 5))
    network = compile_network(graph, TINY, requantization, evaluate)
    assert network.refusals == {"t2": "t2: Prelu must have a constant of one value as an operand"}


def leaky(graph: Growing, source: str) -> None:
    """A function of PyTorch whose ties depend on where a value stands."""
    unit = Quantization(scale=(0.25,), zero_point=(7,))
    tensor = graph.tensors[source]
    graph.tensors[source] = replace(tensor, quantization=replace(unit, scale=(0.125,)))
    result = graph.tensor(tensor.shape, DType.UINT8, unit)
    graph.add(op.LeakyRelu(inputs=(source,), outputs=(result,), alpha=0.5))


@pytest.mark.parametrize("shape", [(1, 3, 3, 5), (1, 4, 4, 8)])
def test_functions_of_vectors_and_of_their_rest(shape):
    is_equal(graph_of(leaky, shape, Semantics.QNNPACK))


def test_functions_of_both_are_refused():
    graph = graph_of(leaky, (1, 5, 5, 5), Semantics.QNNPACK)
    network = compile_network(graph, TINY, requantization, evaluate)
    assert network.refusals == {
        "t1": "t1: the last 61 of 125 values must be rounded as all others: "
        "numbers of values that are multiples of 64 are"
    }


def parts_of(make, shape, config: MachineConfig):
    """What the passes of a graph fetch, and whether all of it is the graph's tensors."""
    graph = graph_of(make, shape)
    is_equal(graph, config)
    network = compile_network(graph, config, requantization, evaluate, transposed=False)
    passes = network.segments[0].passes
    cut = any(", part 1" in each.target.buffer.name for each in passes)
    return [each.sources[0] for each in passes], cut


def test_rows_of_which_the_core_holds_too_few_are_fetched_in_parts():
    """Columns, from a word's beginning on."""

    def make(graph: Growing, source: str) -> None:
        size = {"kernel": (3, 3), "padding": (1, 1, 1, 1)}
        first = layers.convolution(graph, **size, outputs=12, source=source)
        layers.convolution(graph, **size, groups=12, outputs=12, stride=(2, 2), source=first)

    sources, cut = parts_of(make, (2, 3, 24, 8), with_memory(activation_words=64))
    assert not cut
    assert any(each.columns.start for each in sources)
    assert all(len(each.columns) < 24 and len(each.channels) in (8, 12) for each in sources)


def test_channels_that_fill_no_words_are_cut():
    """They are copied beside each other first, where a kernel's columns are too long."""

    def make(graph: Growing, source: str) -> None:
        size = {"kernel": (3, 3), "padding": (1, 1, 1, 1)}
        layers.convolution(graph, **size, groups=100, outputs=100, source=source)

    _, cut = parts_of(make, (1, 3, 3, 100), with_memory(activation_words=64))
    assert cut


@pytest.mark.parametrize("columns", [True, False])
@pytest.mark.parametrize("memory", [{"result_words": 32}, {"activation_words": 128}], ids=str)
def test_parts_of_a_depthwise_layer_are_fetched_by_themselves(memory, columns):
    """So that two rows of the result have room in its buffer, or the image's next ones beside
    those of the kernel: channels in runs of eight words, or else columns."""
    width, channels = (8, 32) if columns else (2, 128)
    result = (1, 4, width // 2, channels)
    largest = moved(op.MaxPool2d, result, **(POOL | {"stride": (2, 2)}))

    def convolution(graph: Growing, source: str) -> None:
        size = {"kernel": (3, 3), "padding": (1, 1, 1, 1)}
        layers.convolution(graph, **size, groups=channels, outputs=channels, source=source)

    make = convolution if "result_words" in memory else largest
    sources, cut = parts_of(make, (1, 7, width, channels), with_memory(**memory))
    assert not cut
    assert len(sources) == 2
    if columns:
        assert all(len(each.columns) < width for each in sources)
    else:
        assert [each.channels for each in sources] == [range(64), range(64, 128)]


@pytest.mark.parametrize("stride", [2, 3])
def test_rows_that_a_kernel_steps_over_are_not_fetched(stride):
    def make(graph: Growing, source: str) -> None:
        layers.convolution(graph, kernel=(1, 1), stride=(stride, 2), outputs=9, source=source)
        layers.convolution(graph, kernel=(1, 3), stride=(stride, 1), outputs=5, source=source)

    sources, _ = parts_of(make, (2, 7, 5, 8), TINY)
    assert {(each.count, each.step) for each in sources} == {(-(-7 // stride), stride)}


def test_programs_of_more_instructions_than_are_counted_are_refused(monkeypatch):
    monkeypatch.setattr(emit, "WAIT_BITS", 2)
    graph = graph_of(moved(op.MaxPool2d, (5, 5, 5, 5), **POOL), (5, 5, 6, 5))
    sentence = (
        "a program must have at most 3 fetch instructions, not 5: "
        "build a machine with larger memories than tiny"
    )
    with pytest.raises(ValueError, match=sentence):
        compile_network(graph, TINY, requantization, evaluate)
