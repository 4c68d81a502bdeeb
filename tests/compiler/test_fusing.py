# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Results go through the tables on their way to memory, where nothing else wants them as they are,
and what comes out is the golden interpreter's."""

import numpy as np
import pytest
from tflite_files import FileOperator, FileTensor, constant, write_file

from macaw.arch.machines import machine_preset
from macaw.compiler.machine import compile_network, fusing
from macaw.compiler.machine.passes import Copy
from macaw.golden import evaluate, requantization, run
from macaw.golden.machine import run as run_machine
from macaw.nn import QuantizedGraph, from_tflite

TINY = machine_preset("tiny")
CHANNELS = 8
IMAGE = (1, 6, 5, CHANNELS)
ONE = {"stride_h": 1, "stride_w": 1}

#: Kinds of operators.
CONV, ADD, SUB, FUNCTION = "CONV_2D", "ADD", "SUB", "LOGISTIC"


def graph_of(*operators: str, outputs: str, shape=IMAGE) -> QuantizedGraph:
    """A graph of operators such as ``"y = ADD a b"``, of the tensor ``image`` and those that they
    make, all of one shape, each with a scale and a zero point of its own. ``"CONV_2D/1"`` has a
    kernel of one pixel."""
    rng = np.random.default_rng(len(operators))
    channels = shape[-1]
    tensors, places, found = [], {}, []

    def activations(name, scale, zero_point):
        places[name] = len(tensors)
        unit = {"scale": np.float32(scale), "zero_point": zero_point}
        tensors.append(FileTensor(shape=shape, name=name, **unit))

    activations("image", 0.05, 3)
    for operator in operators:
        result, kind, *sources = operator.replace("=", "").split()
        kind, _, size = kind.partition("/")
        inputs = [places[each] for each in sources]
        if kind == FUNCTION:
            activations(result, 1 / 256, -128)
        else:
            activations(result, rng.uniform(0.02, 0.1), int(rng.integers(-40, 40)))
        outs = [len(tensors) - 1]
        options = {}
        if kind == CONV:
            inputs += [len(tensors), len(tensors) + 1]
            scale = 0.004
            kernel = (int(size or 3),) * 2
            weights = rng.integers(-127, 128, (channels, *kernel, channels))
            tensors.append(constant(weights, "int8", scale=scale))
            unit = tensors[inputs[0]].scale * np.float32(scale)
            tensors.append(constant(rng.integers(-2000, 2000, channels), scale=unit))
            options = ONE
        version = {CONV: 3, FUNCTION: 1}.get(kind, 2)
        found.append(
            FileOperator(kind=kind, inputs=inputs, outputs=outs, options=options, version=version)
        )
    results = [places[name] for name in outputs.split()]
    return from_tflite(write_file(tensors, found, [places["image"]], results), name="graph")


def segment_of(graph, **options):
    network = compile_network(graph, TINY, requantization, evaluate, transposed=False, **options)
    assert not network.refusals
    [segment] = network.segments
    return segment


def shown(passes):
    """Each pass: what computes, and with tables the operands of them, ``also`` whose they are."""
    return [
        ("copy" if isinstance(each.work, Copy) else "layer")
        + (f" of {each.tables.values['operands']}: {each.also}" if each.tables else "")
        for each in passes
    ]


def is_equal(graph, segment, seed=5):
    rng = np.random.default_rng(seed)
    image = rng.integers(-128, 128, graph.tensors["image"].shape).astype(np.int8)
    tensors = run(graph, [image], all_tensors=True)
    found = run_machine(TINY, segment.program, [image[0]])
    assert found.keys() >= set(graph.outputs)
    for name, values in found.items():
        assert np.array_equal(values, tensors[name].reshape(values.shape)), name


FUSED = {
    "a sum": ("a = CONV_2D image", "y = ADD a image"),
    "a sum, turned": ("a = CONV_2D image", "y = ADD image a"),
    "a difference, turned": ("a = CONV_2D image", "y = SUB image a"),
    "a sum of two layers": ("a = CONV_2D image", "b = CONV_2D image", "y = ADD a b"),
    "a function": ("a = CONV_2D image", "y = LOGISTIC a"),
    "a function of a function": ("a = LOGISTIC image", "b = CONV_2D a", "y = LOGISTIC b"),
}


@pytest.mark.parametrize("name", FUSED)
def test_what_follows_a_layer_is_no_pass_of_its_own(name):
    graph = graph_of(*FUSED[name], outputs="y")
    segment = segment_of(graph)
    operands = 1 if "function" in name else 2
    expected = ["layer"] * (len(FUSED[name]) - 2) + [f"layer of {operands}: y"]
    if name == "a function of a function":
        expected[0] = "copy of 1: "
    assert shown(segment.passes) == expected
    is_equal(graph, segment)


@pytest.mark.parametrize("name", FUSED)
def test_with_all_tensors_kept_it_is(name):
    graph = graph_of(*FUSED[name], outputs="y")
    segment = segment_of(graph, keep=True)
    assert len(segment.passes) == len(FUSED[name])
    assert not any(each.also for each in segment.passes)
    is_equal(graph, segment)


ALONE = {
    "a result that is read again": (
        ("a = CONV_2D image", "y = ADD a image", "z = CONV_2D a"), "y z",
        ["layer", "copy of 2: ", "layer"],
    ),
    "a result with itself": (
        ("a = CONV_2D image", "y = ADD a a"), "y", ["layer", "copy of 2: "],
    ),
    "an output": (("a = CONV_2D image", "y = ADD a image"), "a y", ["layer", "copy of 2: "]),
    "a second table": (
        ("a = CONV_2D image", "b = LOGISTIC a", "y = LOGISTIC b"), "y",
        ["layer of 1: b", "copy of 1: "],
    ),
    "an operand that is made later": (
        ("a = CONV_2D image", "b = CONV_2D image", "c = ADD a image", "d = ADD b image",
         "y = ADD c d"), "y",
        ["layer of 2: c", "layer of 2: d", "copy of 2: "],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_what_stays_a_pass_of_its_own(name):
    operators, outputs, expected = ALONE[name]
    graph = graph_of(*operators, outputs=outputs)
    segment = segment_of(graph)
    assert shown(segment.passes) == expected
    is_equal(graph, segment)


@pytest.mark.parametrize(("order", "swapped"), [("a image", False), ("image a", True)])
def test_the_layers_result_is_the_first_operand(order, swapped):
    graph = graph_of("a = CONV_2D image", f"y = ADD {order}", outputs="y")
    [fused] = segment_of(graph).passes
    alone = segment_of(graph, keep=True).passes[-1]
    tables = [alone.tables.first, alone.tables.second]
    assert np.array_equal(fused.tables.first, tables[swapped])
    assert np.array_equal(fused.tables.second, tables[1 - swapped])
    assert [rows.buffer.name for rows in fused.sources] == ["image", "image"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 9, 40, 8), ["layer of 2: y"] * 2),
        ((1, 9, 16, 24), ["layer"] * 6 + ["copy of 2: "]),
        ((1, 6, 7, 5), ["layer of 2: y"]),
    ],
    ids=["columns", "half words", "rows that are filled up"],
)
def test_layers_in_parts(shape, expected):
    """Each part takes what stands beside its own result, or all stay as they are where that does
    not stand in words of its own."""
    graph = graph_of("a = CONV_2D image", "y = ADD image a", outputs="y", shape=shape)
    segment = segment_of(graph)
    assert shown(segment.passes) == expected
    is_equal(graph, segment)


def test_a_layer_waits_for_the_other_operand():
    """The layer that is made last is one of parts of columns and channels, beside which the other
    operand cannot be fetched. So the first one is made behind it, and of it the sum."""
    operators = ("a = CONV_2D/1 image", "b = CONV_2D image", "y = ADD a b")
    graph = graph_of(*operators, outputs="y", shape=(1, 2, 36, 24))
    segment = segment_of(graph)
    names = [each.operator for each in segment.passes]
    first = names.index("a")
    assert set(names[:first]) == {"b"}
    assert set(names[first:]) == {"a"}
    assert all((each.also == "y") == (each.operator == "a") for each in segment.passes)
    is_equal(graph, segment)


def test_tables_of_the_other_operand_are_found(monkeypatch):
    monkeypatch.setattr(fusing, "_turned", lambda tables, _: tables)
    for name in ("a sum, turned", "a difference, turned"):
        graph = graph_of(*FUSED[name], outputs="y")
        with pytest.raises(AssertionError, match="y"):
            is_equal(graph, segment_of(graph))
