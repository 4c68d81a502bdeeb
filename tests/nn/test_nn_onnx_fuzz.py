# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged ONNX files: each is refused by `ModelError`, or still holds a graph that verifies."""

import pytest
from nn_damage import check, damaged
from onnx_files import OnnxWriter
from onnx_graphs import integers_file, pairs_file

from macaw.nn import from_onnx


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


@pytest.mark.parametrize("make", [integers_file, pairs_file])
@pytest.mark.parametrize("damage", [damaged, changed])
def test_damaged_files(make, damage):
    refused, verified = check(from_onnx, make(), damage, 3, 400, runs=True)
    # Both happen, so that both are tried.
    assert refused > 100
    assert verified > 20


@pytest.mark.full
@pytest.mark.parametrize("damage", [damaged, changed])
def test_many_damaged_files(damage):
    for seed in range(10, 15):
        check(from_onnx, integers_file(), damage, seed, 2000, runs=True)
        check(from_onnx, pairs_file(), damage, seed, 2000, runs=True)
