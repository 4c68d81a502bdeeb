# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of an image that all parts of a pointwise layer read are fetched once, and stay inside."""

from dataclasses import replace

import growing_graph
import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, in_python, on_rtl
from random_graphs import random_inputs

from macaw.arch.machine import Space
from macaw.arch.machines import machine_preset
from macaw.compiler.lower import lower
from macaw.compiler.machine import compile_network, graph_passes
from macaw.compiler.machine.cost import rows_bytes
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.keeping import kept_inside
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows
from macaw.compiler.machine.placing import Placing
from macaw.compiler.parts import Share, in_bands, whole
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics

TINY = replace(machine_preset("tiny"), tensor_words=64)
SLOW = 0.25  # bytes that a memory moves in a clock
#: Images of more than 64 words of 8 bytes, whose layers have several times the weights that fit.
SHAPES = {
    "rows of pixels": ((1, 8, 8, 64), 256),
    "uneven": ((1, 9, 7, 40), 200),
    "few rows": ((1, 7, 3, 72), 100),
    "two images": ((2, 5, 8, 64), 256),
}


def pointwise(name: str, semantics=Semantics.TFLITE) -> QuantizedGraph:
    shape, outputs = SHAPES[name]
    graph = Growing(rng=np.random.default_rng(3), semantics=semantics, dtype=DType.INT8)
    layers.convolution(graph, kernel=(1, 1), outputs=outputs, source=graph.input(shape))
    return graph.finished("pointwise")


@pytest.fixture(autouse=True)
def large_graphs(monkeypatch):
    monkeypatch.setattr(growing_graph, "MOST_VALUES", 1 << 20)


def segment_of(graph: QuantizedGraph, memory_bytes: float = SLOW):
    [segment] = compile_network(
        graph, TINY, requantization, evaluate, memory_bytes=memory_bytes, transposed=False
    ).segments
    return segment


def kept(segment) -> list[str]:
    return [name for name in segment.lives if " rows from " in name]


@pytest.mark.parametrize("how", [in_python, on_rtl(1), on_rtl(4)], ids=["python", "rtl", "slow"])
@pytest.mark.parametrize("name", SHAPES)
def test_kept_rows_give_the_same_bits(name, how):
    graph = pointwise(name)
    assert len(kept(segment_of(graph))) == 1
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    findings = Findings()
    assert not check(
        graph, tensors, TINY, how, findings, keep=False, transposed=False, memory_bytes=SLOW
    )
    shape, outputs = SHAPES[name]
    assert findings.values == np.prod(shape[:-1]) * outputs


def test_the_mutant_that_keeps_other_rows_is_found(monkeypatch):
    def one_behind(*given):
        found = kept_inside(*given)
        return found and tuple(
            replace(each, sources=(replace(each.sources[0], first=1),))
            if isinstance(each.work, Copy) else each
            for each in found
        )  # fmt: skip

    monkeypatch.setattr(graph_passes, "kept_inside", one_behind)
    graph = pointwise("rows of pixels")
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    with pytest.raises(AssertionError, match="values of .* differ"):
        check(
            graph, tensors, TINY, in_python, Findings(), keep=False, transposed=False,
            memory_bytes=SLOW,
        )  # fmt: skip


def test_rows_come_once_and_stay_on_the_chip():
    """Eight rows of eight words fill the memory; the other 56 come for each of four parts."""
    graph = pointwise("rows of pixels")
    [image] = graph.inputs
    segment = segment_of(graph)
    [inside] = kept(segment)
    assert inside == f"{image} for {graph.outputs[0]}, 8 rows from 0"
    assert segment.homes[inside].space == Space.TENSOR
    order = [(each.sources[0].buffer.name, each.sources[0].count) for each in segment.passes]
    assert order == [(image, 8), *[(inside, 8), (image, 56)] * 4]
    assert isinstance(segment.passes[0].work, Copy)
    fetched = [
        rows_bytes(each.sources[0], TINY)
        for each in segment.passes
        if segment.homes[each.sources[0].buffer.name].space == Space.OUTER
    ]
    assert sum(fetched) == 64 * (8 + 4 * 56)


def test_a_fast_memory_fetches_all_rows_again():
    graph = pointwise("rows of pixels")
    assert not kept(segment_of(graph, TINY.word_bytes))
    assert kept(segment_of(graph))


def passes_of(*rows: Rows, height: int = 64) -> list[Pass]:
    target = Buffer(name="result", image=Image(height=height, width=8, channels=16))
    placed = Placing(TINY).whole(target)
    return [Pass(name="layer", sources=(each,), work=Copy(), target=placed) for each in rows]


LARGE = Buffer(name="large", image=Image(height=64, width=8, channels=16))
SMALL = Buffer(name="small", image=Image(height=4, width=8, channels=16))


def test_rows_are_kept_as_far_as_there_is_room():
    """Of rows of 16 words there are three and two: four fit."""
    first, second = (Rows(buffer=LARGE, first=each, count=3 - each // 3) for each in (0, 3))
    once = Rows(buffer=LARGE, first=8, count=4)
    found = kept_inside(passes_of(first, second, once, first, second), TINY)
    assert found is not None
    inside = "large for layer, 3 rows from 0"
    names = [each.sources[0].buffer.name for each in found]
    assert names == ["large", inside, "large", "large", inside, "large"]
    assert found[0].target == Placing(TINY).whole(found[1].sources[0].buffer)
    assert [each.sources[0] for each in found if each.sources[0].buffer == LARGE] == [
        first, second, once, second,
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "found"), [(1, True), (2, False)])
def test_rows_are_kept_beside_a_result_that_stays_inside(count, found):
    """Three rows of it leave room for one."""
    passes = passes_of(*[Rows(buffer=LARGE, first=0, count=count)] * 2, height=3)
    assert (kept_inside(passes, TINY) is not None) == found
    assert kept_inside(passes_of(), TINY) is None


@pytest.mark.parametrize(
    "rows",
    [
        [Rows(buffer=LARGE, first=0, count=4), Rows(buffer=LARGE, first=4, count=4)],
        [Rows(buffer=LARGE, first=0, count=5)] * 2,
        [Rows(buffer=LARGE, first=0, count=2, step=2)] * 2,
        [Rows(buffer=LARGE, first=0, count=2, columns=range(4))] * 2,
        [Rows(buffer=LARGE, first=0, count=2, channels=range(8))] * 2,
        [Rows(buffer=SMALL, first=0, count=2)] * 2,
    ],
    ids=["read once", "too many", "every other", "columns", "channels", "an image inside"],
)
def test_other_rows_are_not_kept(rows):
    assert kept_inside(passes_of(*rows), TINY) is None


@pytest.mark.parametrize(
    ("rows", "bands"),
    [
        (0, [(0, 9)]), (4, [(0, 4), (4, 9)]), (9, [(0, 9)]), (12, [(0, 9)]),
    ],
)  # fmt: skip
def test_bands_of_rows(rows, bands):
    graph = pointwise("uneven")
    [operator] = graph.operators
    [part] = lower(graph, operator, requantization(graph, operator)).parts
    found = [band.result[0] for band in in_bands(whole(part.layer), Share(rows=rows))]
    assert found == [slice(*each) for each in bands]
