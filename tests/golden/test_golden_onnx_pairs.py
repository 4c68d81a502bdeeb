# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Public TensorFlow Lite networks, written as pairs for ONNX Runtime, against the runtime."""

from dataclasses import replace

import numpy as np
import pytest
from golden_models import entries
from onnx_files import runtime_kinds, runtime_results
from onnx_pairs import pairs_of

from macaw.golden import run
from macaw.nn import Semantics, from_onnx, from_tflite


def image_for(graph, seed):
    """An image that takes all values of the network's own, in float32."""
    tensor = graph.tensors[graph.inputs[0]]
    batch, height, width, channels = tensor.shape
    values = np.random.default_rng(seed).integers(-128, 128, (batch, channels, height, width))
    return np.float32((values - tensor.zero_point) * np.float64(tensor.scale))


@pytest.mark.parametrize("name", ["d01", "d02", "d03"])
def test_pairs_of_a_public_network(oracle, models, tmp_path, name):
    runtime = oracle("onnx")
    [entry] = [each for each in entries(models) if each["id"].startswith(name)]
    original = from_tflite((models / entry["file"]).read_bytes())
    content = pairs_of(original)
    # The runtime takes all of them for operators of integers.
    kinds = set(runtime_kinds(runtime, content, tmp_path))
    assert "QLinearConv" in kinds
    assert not kinds & {"Conv", "Gemm", "Add", "AveragePool"}
    graph = from_onnx(content)
    assert graph.semantics == Semantics.ONNXRUNTIME
    assert graph.macs == original.macs
    for seed in range(2):
        image = image_for(original, seed)
        ours, compared = run(graph, [image]), 0
        for tensor, expected in runtime_results(runtime, content, [image]).items():
            assert np.array_equal(ours[tensor], expected), tensor
            compared += expected.size
        assert compared > 10_000
        # TensorFlow Lite rounds twice where ONNX Runtime rounds once, in float32.
        theirs = run(replace(graph, semantics=Semantics.TFLITE), [image])
        assert any(not np.array_equal(ours[tensor], theirs[tensor]) for tensor in graph.outputs)
