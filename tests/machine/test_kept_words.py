# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Words of an image that all parts of a layer read are fetched once, and stay inside."""

from dataclasses import replace

import growing_graph
import numpy as np
import pytest
import random_layers as layers
from growing_graph import Growing
from machine_fuzz import Findings, check, in_python, on_rtl
from random_graphs import random_inputs

from macaw.arch.instructions import Opcode
from macaw.arch.machine import Space
from macaw.arch.machines import machine_preset
from macaw.cli.report.timing import body_of, traffic
from macaw.compiler.machine import compile_network, graph_passes
from macaw.compiler.machine.cost import read_runs
from macaw.compiler.machine.images import Image
from macaw.compiler.machine.keeping import kept_inside
from macaw.compiler.machine.passes import Buffer, Copy, Pass, Rows, Runs
from macaw.compiler.machine.placing import Placing
from macaw.compiler.machine.shares import share_of
from macaw.golden import evaluate, requantization, run
from macaw.nn import QuantizedGraph
from macaw.nn.graph import DType, Semantics

TINY = replace(machine_preset("tiny"), tensor_words=64)
SLOW = 0.25  # bytes that a memory moves in a clock
#: Images of more than 64 words of 8 bytes, whose layers have several times the weights that fit;
#: outputs, kernel, and bands of columns.
SHAPES = {
    "rows of pixels": ((1, 8, 8, 64), 256, 1, 1),
    "a part of a row": ((1, 2, 9, 64), 96, 1, 1),
    "uneven": ((1, 9, 7, 40), 200, 1, 1),
    "few rows": ((1, 7, 3, 72), 100, 1, 1),
    "two images": ((2, 5, 8, 64), 256, 1, 1),
    "a kernel": ((1, 7, 4, 24), 64, 3, 1),
    "a row of a band": ((1, 6, 12, 16), 64, 3, 3),
    "rows of a band": ((1, 9, 7, 16), 64, 3, 2),
}


def layer_of(name: str, semantics=Semantics.TFLITE) -> QuantizedGraph:
    shape, outputs, kernel, _ = SHAPES[name]
    graph = Growing(rng=np.random.default_rng(3), semantics=semantics, dtype=DType.INT8)
    padding = (kernel // 2,) * 4
    layers.convolution(
        graph, kernel=(kernel, kernel), outputs=outputs, source=graph.input(shape), padding=padding
    )
    return graph.finished("layer")


@pytest.fixture(autouse=True)
def large_graphs(monkeypatch):
    monkeypatch.setattr(growing_graph, "MOST_VALUES", 1 << 20)


@pytest.fixture
def bands(request, monkeypatch):
    """Parts in as many bands as the shape called ``name`` has."""
    _, _, _, count = SHAPES[request.getfixturevalue("name")]

    def in_bands(*given, **named):
        return replace(share_of(*given, **named), bands=count)

    monkeypatch.setattr(graph_passes, "share_of", in_bands)


def segment_of(graph: QuantizedGraph, memory_bytes: float = SLOW):
    [segment] = compile_network(
        graph, TINY, requantization, evaluate, memory_bytes=memory_bytes, transposed=False
    ).segments
    return segment


def kept(segment) -> list[str]:
    return [name for name in segment.lives if " words of rows from " in name]


@pytest.mark.usefixtures("bands")
@pytest.mark.parametrize("how", [in_python, on_rtl(1), on_rtl(4)], ids=["python", "rtl", "slow"])
@pytest.mark.parametrize("name", SHAPES)
def test_kept_words_give_the_same_bits(name, how):
    graph = layer_of(name)
    segment = segment_of(graph)
    assert len(kept(segment)) == 1
    assert segment.homes[kept(segment)[0]].space == Space.TENSOR
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    findings = Findings()
    assert not check(
        graph, tensors, TINY, how, findings, keep=False, transposed=False, memory_bytes=SLOW
    )
    shape, outputs, *_ = SHAPES[name]
    assert findings.values == np.prod(shape[:-1]) * outputs


@pytest.mark.usefixtures("bands")
@pytest.mark.parametrize("name", ["rows of pixels", "rows of a band"])
def test_the_mutant_that_keeps_other_words_is_found(name, monkeypatch):
    def one_behind(*given):
        found = kept_inside(*given)
        return found and tuple(
            replace(each, sources=(_one_behind(each.sources[0]),))
            if isinstance(each.work, Copy) else each
            for each in found
        )  # fmt: skip

    monkeypatch.setattr(graph_passes, "kept_inside", one_behind)
    graph = layer_of(name)
    inputs = random_inputs(graph, 7)
    tensors = inputs | run(graph, inputs, all_tensors=True)
    with pytest.raises(AssertionError, match="values of .* differ"):
        check(
            graph, tensors, TINY, in_python, Findings(), keep=False, transposed=False,
            memory_bytes=SLOW,
        )  # fmt: skip


def _one_behind(rows: Rows) -> Rows:
    words = rows.columns
    return replace(rows, columns=range(words.start + 1, words.stop + 1))


def test_words_come_once_and_stay_on_the_chip():
    """64 of 512 words fill the memory; the other 448 come for each of four parts."""
    graph = layer_of("rows of pixels")
    [image] = graph.inputs
    segment = segment_of(graph)
    [inside] = kept(segment)
    assert inside == f"{image} for {graph.outputs[0]}, 64 words of rows from 0"
    first, *others = segment.passes
    assert isinstance(first.work, Copy)
    assert first.target.buffer.name == inside
    assert [(each.sources[0].count, each.kept.buffer.name) for each in others] == [(64, inside)] * 4
    moved = [traffic(segment, number, TINY) for number in range(5)]
    assert [each.read for each in moved] == [512, *[448 * 8] * 4]
    assert [each.tensor_read for each in moved] == [0, *[512] * 4]
    fetches = [each for each in body_of(segment, TINY) if each.opcode == Opcode.FETCH]
    fields = ("count", "run", "skip", "head", "tail_address")
    tails = segment.homes[image].word + 64
    assert [[each.values[name] for name in fields] for each in fetches] == [
        [64, 64, 0, 0, 0], *[[512, 64, 0, 1, tails]] * 4,
    ]  # fmt: skip


def test_a_fast_memory_fetches_all_words_again():
    graph = layer_of("rows of pixels")
    assert not kept(segment_of(graph, TINY.word_bytes))
    assert kept(segment_of(graph))


def passes_of(*rows: Rows, height: int = 64) -> list[Pass]:
    target = Buffer(name="result", image=Image(height=height, width=8, channels=16))
    placed = Placing(TINY).whole(target)
    return [Pass(name="layer", sources=(each,), work=Copy(), target=placed) for each in rows]


LARGE = Buffer(name="large", image=Image(height=64, width=8, channels=16))
WIDE = Buffer(name="wide", image=Image(height=4, width=40, channels=16))
SMALL = Buffer(name="small", image=Image(height=4, width=8, channels=16))


def test_a_row_that_all_read_is_kept_as_a_whole():
    """Of rows of 16 words there are three; then a word less than three."""
    first, second = (Rows(buffer=LARGE, first=each, count=3) for each in (0, 3))
    once = Rows(buffer=LARGE, first=8, count=4)
    found = kept_inside(passes_of(first, second, once, first, second), TINY)
    assert found is not None
    inside = "large for layer, 48 words of rows from 0"
    other = "large for layer, 16 words of rows from 3"
    names = [each.sources[0].buffer.name for each in found]
    assert names == ["large", inside, "large", "large", "large", inside, "large"]
    copies = [each for each in found if "words of rows" in each.target.buffer.name]
    assert [each.target.buffer.name for each in copies] == [inside, other]
    assert [read_runs(each, TINY) for each in copies] == [
        (Runs(first=0, count=48, run=48, skip=0),),
        (Runs(first=48, count=16, run=16, skip=0),),
    ]
    assert [each.kept and each.kept.buffer.name for each in found] == [
        None, None, None, other, None, None, other,
    ]  # fmt: skip
    runs = Runs(first=64, count=32, run=32, skip=0), Runs(first=0, count=16, run=16, skip=0)
    assert read_runs(found[3], TINY) == read_runs(found[6], TINY) == runs


@pytest.mark.parametrize(("count", "words"), [(1, 16), (2, 16)])
def test_words_are_kept_beside_a_result_that_stays_inside(count, words):
    """Three rows of it leave room for one."""
    passes = passes_of(*[Rows(buffer=LARGE, first=0, count=count)] * 2, height=3)
    found = kept_inside(passes, TINY)
    assert found is not None
    assert read_runs(found[0], TINY) == (Runs(first=0, count=words, run=words, skip=0),)
    assert kept_inside(passes_of(), TINY) is None


def test_of_columns_whole_rows_are_kept():
    """Four rows fit, of which each pass reads its columns: runs as far from each other."""
    bands = [Rows(buffer=LARGE, first=0, count=9, columns=each) for each in (range(5), range(3, 8))]
    found = kept_inside(passes_of(*bands), TINY)
    assert found is not None
    copy, one, other = found
    assert read_runs(copy, TINY) == (Runs(first=0, count=64, run=64, skip=0),)
    assert read_runs(one, TINY) == (
        Runs(first=64, count=50, run=10, skip=6), Runs(first=0, count=40, run=10, skip=6),
    )  # fmt: skip
    assert read_runs(other, TINY) == (
        Runs(first=70, count=50, run=10, skip=6), Runs(first=6, count=40, run=10, skip=6),
    )  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        [Rows(buffer=LARGE, first=0, count=4), Rows(buffer=LARGE, first=4, count=4)],
        [Rows(buffer=LARGE, first=0, count=2, step=2)] * 2,
        [Rows(buffer=LARGE, first=0, count=2, channels=range(8))] * 2,
        [Rows(buffer=SMALL, first=0, count=2)] * 2,
        [Rows(buffer=WIDE, first=0, count=2, columns=range(4))] * 2,
    ],
    ids=["read once", "every other", "channels", "an image inside", "columns of larger rows"],
)
def test_other_words_are_not_kept(rows):
    assert kept_inside(passes_of(*rows), TINY) is None
