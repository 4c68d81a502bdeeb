# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files: each is refused by `ModelError`, or still holds a graph that verifies."""

import json
import time

import numpy as np
import pytest
from nn_graphs import network_file, streaming_file

from macaw.golden import run
from macaw.nn import ModelError, from_tflite, verify

#: Seconds that the import of one small damaged file may take.
SLOWEST = 2.0


def damaged(content, rng):
    """A copy with some bytes, or 32-bit numbers, changed, or cut off, or copied elsewhere."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        place = int(rng.integers(len(data)))
        match int(rng.integers(5)):
            case 0:
                data[place] = int(rng.integers(256))
            case 1:
                data[place] ^= 1 << int(rng.integers(8))
            case 2:
                place -= place % 4
                number = int(rng.choice([0, 1, 2**31 - 1, -1, -(2**31), rng.integers(2**20)]))
                data[place : place + 4] = (number % 2**32).to_bytes(4, "little")
            case 3:
                start, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
                data[place : place + length] = data[start : start + length]
            case 4 if rng.random() < 0.2:
                del data[max(16, place) :]
    return bytes(data)


def imported(file):
    """The graph of a file, or its refusal."""
    try:
        return from_tflite(file)
    except ModelError as error:
        return error


def check(content, seed, count):
    """(refused, verified) of ``count`` damaged copies; anything else is raised."""
    refused = verified = 0
    for index in range(count):
        file = damaged(content, np.random.default_rng([seed, index]))
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
        assert time.process_time() - start < SLOWEST, f"damage {index} of {seed}"
    return refused, verified


@pytest.mark.parametrize("make", [network_file, streaming_file])
def test_damaged_small_files(make):
    refused, verified = check(make(), 3, 600)
    # Both happen, so that both are tried.
    assert refused > 100
    assert verified > 50


def smallest(models):
    files = json.loads((models / "manifest.json").read_text())["models"]
    return sorted((models / model["file"] for model in files), key=lambda p: p.stat().st_size)


def test_damaged_models(models):
    for file in smallest(models)[:4]:
        check(file.read_bytes(), 5, 60)


@pytest.mark.full
def test_many_damaged_models(models):
    for file in smallest(models):
        check(file.read_bytes(), 6, 60)


@pytest.mark.full
def test_many_damaged_small_files():
    for seed in range(10, 20):
        check(network_file(), seed, 2000)
        check(streaming_file(), seed, 2000)


def test_verified_graphs_run():
    """What is left of a damaged file computes something, and raises nothing unexpected."""
    ran = 0
    for index in range(200):
        file = damaged(network_file(), np.random.default_rng([9, index]))
        try:
            graph = from_tflite(file)
        except ModelError:
            continue
        inputs = [np.zeros(graph.tensors[n].shape, graph.tensors[n].dtype) for n in graph.inputs]
        if sum(values.size for values in inputs) < 1 << 16:
            ran += bool(run(graph, inputs) or not graph.outputs)
    assert ran > 20
