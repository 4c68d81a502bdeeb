# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files that detect boxes, verified: what their runtimes leave in memory is not compared."""

import numpy as np
import pytest
from click.testing import CliRunner
from detection_cases import attributes, detection_file, flex_map
from tflite_files import FileTensor, constant

from macaw.cli import runtimes
from macaw.cli.main import main
from macaw.golden import run
from macaw.nn import Semantics, load

SHAPES = [(1, 10, 4), (1, 10), (1, 10), (1,)]


def written(folder, **shapes):
    """Six boxes apart from each other; those with scores from 0.5 on are found."""
    places = np.hstack([np.arange(12).reshape(6, 2), np.full((6, 2), 0.5)])
    tensors = [
        FileTensor(shape=(1, 6, 4), dtype="float32"),
        FileTensor(shape=(1, 6, 4), dtype="float32"),
        constant(places, "float32"),
    ]
    options = flex_map(attributes(nms_score_threshold=0.5))
    path = folder / "boxes.tflite"
    path.write_bytes(detection_file(tensors, options, **shapes))
    return path


def differing(path, semantics):
    """Outputs that differ, of a run that finds six boxes and of one behind it that finds two."""
    graph = load(path, semantics=semantics)
    _, runtime = runtimes.live_runtime(path, graph)
    codes, total = np.zeros((1, 6, 4), np.float32), 0
    for count in (6, 2):
        scores = np.zeros((1, 6, 4), np.float32)
        scores[0, :count, 1] = 0.75
        ours = run(graph, [codes, scores])
        assert ours[graph.outputs[3]] == [count]
        for mine, theirs in zip(ours.values(), runtime([codes, scores]), strict=True):
            total += mine.tobytes() != theirs.tobytes()
    return total


@pytest.mark.parametrize("semantics", [Semantics.TFLITE, Semantics.LITERT])
def test_what_was_in_memory_is_not_compared(oracle, tmp_path, monkeypatch, semantics):
    oracle("tflite")
    path = written(tmp_path, shapes=SHAPES)
    assert differing(path, semantics) == 0
    # Boxes and scores of the run before.
    monkeypatch.setattr(runtimes, "_cleared", lambda graph, results: results)
    assert differing(path, semantics) >= 2


def test_commands(oracle, tmp_path):
    oracle("tflite")
    path = str(written(tmp_path))
    result = CliRunner().invoke(main, ["verify", path, "--semantics", "litert"])
    assert result.exit_code == 0, result.output
    assert "golden: 61 outputs, 0 mismatches against LiteRT's reference kernels" in result.output
    assert "t3: BoxDetection must run on the host" in result.output
    result = CliRunner().invoke(main, ["inspect", path])
    assert result.exit_code == 0, result.output
    assert "BoxDetection" in result.output


def test_micro_needs_shapes(oracle, tmp_path):
    """It would write over the ends of its results."""
    oracle("tflite")
    words = ["verify", "--rungs", "golden", "--semantics", "tflite"]
    result = CliRunner().invoke(main, [*words, str(written(tmp_path))])
    assert result.exit_code == 3, result.output
    assert "it needs the shape of 't3' in the file, (1, 10, 4)" in result.output
    result = CliRunner().invoke(main, [*words, str(written(tmp_path, shapes=SHAPES))])
    assert result.exit_code == 0, result.output
    assert "61 outputs, 0 mismatches against TensorFlow Lite Micro" in result.output
