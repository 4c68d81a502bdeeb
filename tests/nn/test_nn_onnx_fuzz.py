# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged ONNX files: each is refused by `ModelError`, or still holds a graph that verifies."""

import time

import numpy as np
import pytest
from onnx_files import OnnxWriter
from onnx_graphs import integers_file, pairs_file
from test_nn_fuzz import damaged

from macaw.golden import run
from macaw.nn import ModelError, from_onnx, verify

#: Seconds that the import of one small damaged file may take.
SLOWEST = 2.0


@pytest.fixture(autouse=True)
def _library(oracle):
    oracle("onnx")


def _number(rng):
    choices = [0, 1, -1, 2, 5, 2**31 - 1, -(2**31), 2**62, -(2**63), int(rng.integers(2**20))]
    return int(choices[int(rng.integers(len(choices)))])


def changed(content, rng):
    """A copy that parses, with one to three things in it changed."""
    model = OnnxWriter().onnx.load_model_from_string(content)
    graph = model.graph
    names = [name for node in graph.node for name in (*node.input, *node.output)] + ["", "gone"]
    for _ in range(int(rng.integers(1, 4))):
        node = graph.node[int(rng.integers(len(graph.node)))]
        match int(rng.integers(8)):
            case 0:
                node.input[int(rng.integers(len(node.input)))] = names[
                    int(rng.integers(len(names)))
                ]
            case 1:
                node.output[0] = str(rng.choice(names))
            case 2:
                node.op_type = graph.node[int(rng.integers(len(graph.node)))].op_type
            case 3 if node.attribute:
                attribute = node.attribute[int(rng.integers(len(node.attribute)))]
                if attribute.ints:
                    attribute.ints[int(rng.integers(len(attribute.ints)))] = _number(rng)
                else:
                    attribute.i = _number(rng)
            case 4 if node.attribute:
                node.attribute[0].type = int(rng.integers(9))
            case 5:
                constant = graph.initializer[int(rng.integers(len(graph.initializer)))]
                data = bytearray(constant.raw_data)
                if data:
                    data[int(rng.integers(len(data)))] = int(rng.integers(256))
                    constant.raw_data = bytes(data)
            case 6:
                constant = graph.initializer[int(rng.integers(len(graph.initializer)))]
                constant.dims[:] = [max(_number(rng), 0) for _ in range(int(rng.integers(4)))]
            case 7:
                del node.input[int(rng.integers(len(node.input))) :]
                if not node.input:
                    node.input.append("x")
    return model.SerializeToString()


def imported(file):
    """The graph of a file, or its refusal."""
    try:
        return from_onnx(file)
    except ModelError as error:
        return error


def check(content, damage, seed, count):
    """(refused, verified) of ``count`` damaged copies; anything else is raised."""
    refused = verified = 0
    for index in range(count):
        file = damage(content, np.random.default_rng([seed, index]))
        start = time.process_time()
        outcome = imported(file)
        if isinstance(outcome, ModelError):
            refused += 1
            sentence = str(outcome)
            assert sentence.isprintable(), f"damage {index} of {seed}: {sentence!r}"
            assert len(sentence) > 10, f"damage {index} of {seed}"
        else:
            verified += 1
            assert verify(outcome) is outcome
            tensors = [outcome.tensors[name] for name in outcome.inputs]
            if sum(tensor.size for tensor in tensors) < 1 << 16:
                run(outcome, [np.zeros(tensor.shape, tensor.dtype) for tensor in tensors])
        assert time.process_time() - start < SLOWEST, f"damage {index} of {seed}"
    return refused, verified


@pytest.mark.parametrize("make", [integers_file, pairs_file])
@pytest.mark.parametrize("damage", [damaged, changed])
def test_damaged_files(make, damage):
    refused, verified = check(make(), damage, 3, 400)
    # Both happen, so that both are tried.
    assert refused > 100
    assert verified > 20


@pytest.mark.full
@pytest.mark.parametrize("damage", [damaged, changed])
def test_many_damaged_files(damage):
    for seed in range(10, 15):
        check(integers_file(), damage, seed, 2000)
        check(pairs_file(), damage, seed, 2000)
