# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files: each is refused by `ModelError`, or still holds a graph that verifies."""

import json

import numpy as np
import pytest
from nn_damage import check, damaged, zeros
from nn_graphs import network_file, streaming_file

from macaw.golden import run
from macaw.nn import ModelError, from_tflite


@pytest.mark.parametrize("make", [network_file, streaming_file])
def test_damaged_small_files(make):
    refused, verified = check(from_tflite, make(), damaged, 3, 600)
    # Both happen, so that both are tried.
    assert refused > 100
    assert verified > 50


def smallest(models):
    files = json.loads((models / "manifest.json").read_text())["models"]
    return sorted((models / model["file"] for model in files), key=lambda p: p.stat().st_size)


def test_damaged_models(models):
    for file in smallest(models)[:4]:
        check(from_tflite, file.read_bytes(), damaged, 5, 60)


@pytest.mark.full
def test_many_damaged_models(models):
    for file in smallest(models):
        check(from_tflite, file.read_bytes(), damaged, 6, 60)


@pytest.mark.full
def test_many_damaged_small_files():
    for seed in range(10, 20):
        check(from_tflite, network_file(), damaged, seed, 2000)
        check(from_tflite, streaming_file(), damaged, seed, 2000)


def test_verified_graphs_run():
    """What is left of a damaged file computes something, and raises nothing unexpected."""
    ran = 0
    for index in range(200):
        file = damaged(network_file(), np.random.default_rng([9, index]))
        try:
            graph = from_tflite(file)
        except ModelError:
            continue
        inputs = zeros(graph)
        if inputs is not None:
            ran += bool(run(graph, inputs) or not graph.outputs)
    assert ran > 20
