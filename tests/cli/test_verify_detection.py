# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Files that detect boxes, verified: what their runtimes leave in memory is not compared."""

import numpy as np
import pytest
from click.testing import CliRunner
from detection_cases import KIND, attributes, detection_file, flex_map
from tflite_files import FileOperator, FileTensor, constant, write_file

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


def network(rng, *, real):
    """A detector: two convolutions of an image, the one for codes, the other for scores; codes and
    anchors become ``real`` numbers, or stay bytes."""

    def tensor(*shape, scale=0.1, zero_point=128):
        return FileTensor(shape=shape, dtype="uint8", scale=scale, zero_point=zero_point)

    def weights(count):
        values = rng.integers(0, 256, (count, 3, 3, 4))
        bias = constant(rng.integers(-500, 500, count), scale=np.float32(0.1) * np.float32(0.02))
        return [constant(values, "uint8", scale=0.02, zero_point=127), bias]

    anchors = rng.uniform(0.1, 1, (64, 4))
    tensors = [
        tensor(1, 8, 8, 4), *weights(4), tensor(1, 8, 8, 4), tensor(1, 64, 4),
        *weights(3), tensor(1, 8, 8, 3), tensor(1, 64, 3),
        tensor(1, 64, 3, scale=1 / 256, zero_point=0), constant([1, 64, 4]), constant([1, 64, 3]),
        constant(anchors / 0.005, "uint8", scale=0.005),
        *(FileTensor(shape=(), dtype="float32") for _ in range(4)),
    ]  # fmt: skip
    if real:
        tensors += [FileTensor(shape=(1, 64, 4), dtype="float32"),
                    FileTensor(shape=(64, 4), dtype="float32")]  # fmt: skip
    options = flex_map(attributes(num_classes=2, max_detections=60, nms_score_threshold=0.5))
    window = {"padding": 0, "stride_w": 1, "stride_h": 1}
    operators = [
        FileOperator(kind="CONV_2D", inputs=[0, 1, 2], outputs=[3], options=window),
        FileOperator(kind="RESHAPE", inputs=[3, 10], outputs=[4]),
        FileOperator(kind="CONV_2D", inputs=[0, 5, 6], outputs=[7], options=window),
        FileOperator(kind="RESHAPE", inputs=[7, 11], outputs=[8]),
        FileOperator(kind="LOGISTIC", inputs=[8], outputs=[9]),
        *([FileOperator(kind="DEQUANTIZE", inputs=[4], outputs=[17]),
           FileOperator(kind="DEQUANTIZE", inputs=[12], outputs=[18])] if real else []),
        FileOperator(
            kind="CUSTOM", custom=KIND, inputs=[17, 9, 18] if real else [4, 9, 12],
            outputs=[13, 14, 15, 16], options=options,
        ),
    ]  # fmt: skip
    return write_file(tensors, operators, [0], [13, 14, 15, 16])


@pytest.mark.parametrize("real", [False, True])
def test_a_detector(oracle, tmp_path, real):
    """What comes before is on the machine."""
    oracle("tflite")
    path = tmp_path / "detector.tflite"
    path.write_bytes(network(np.random.default_rng(3), real=real))
    words = ["verify", str(path), "--semantics", "litert", "--rungs", "golden,machine"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "golden: 361 outputs, 0 mismatches against LiteRT's reference kernels" in result.output
    assert "5 operators in one program," in result.output
    graph = load(path, semantics=Semantics.LITERT)
    image = np.random.default_rng(4).integers(0, 256, (1, 8, 8, 4)).astype(np.uint8)
    found = run(graph, [image])[graph.outputs[3]]
    assert 5 < found < 60


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
