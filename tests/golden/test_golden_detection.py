# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The detection of boxes against LiteRT's kernel and TensorFlow Lite Micro's, live."""

import importlib
import math

import numpy as np
import pytest
from detection_cases import DETECTION_CASES, detection_case
from litert_kernels import litert

from macaw.golden import detection, run
from macaw.nn import Semantics, from_tflite

FILES = 30


@pytest.fixture
def interpreter(oracle):
    return importlib.import_module(f"{oracle('tflite').__name__}.interpreter")


def compared(expected, content, inputs, semantics, *, zeros):
    """How many bits of numbers differ, as 32-bit words. Behind the boxes that were found we have
    zeros, and the kernel, unless ``zeros``, what its memory held."""
    graph = from_tflite(content, semantics=semantics)
    ours = run(graph, inputs)
    found, total = int(expected[3][0]), 0
    for name, theirs in zip(graph.outputs, expected, strict=True):
        mine = ours[name]
        assert (mine.shape, mine.dtype) == (theirs.shape, theirs.dtype)
        if mine.ndim > 1:
            assert not mine[:, int(ours[graph.outputs[3]][0]) :].any()
            if not zeros:
                mine, theirs = mine[:, :found], theirs[:, :found]
        total += np.count_nonzero(mine.copy().view(np.int32) != theirs.copy().view(np.int32))
    return total


def differences(interpreter, maker, count, *, by_class):
    total = 0
    for index in range(count):
        content, inputs = maker(np.random.default_rng([7, index]))
        expected = litert(interpreter, content, inputs)
        total += compared(expected, content, inputs, Semantics.LITERT, zeros=by_class)
    return total


@pytest.mark.parametrize("name", DETECTION_CASES)
def test_equal_to_litert(interpreter, name):
    assert differences(interpreter, DETECTION_CASES[name], FILES, by_class="by class" in name) == 0


@pytest.mark.full
@pytest.mark.parametrize("name", DETECTION_CASES)
def test_equal_to_litert_on_many_files(interpreter, name):
    assert differences(interpreter, DETECTION_CASES[name], 2000, by_class="by class" in name) == 0


@pytest.mark.parametrize("by_class", [False, True])
def test_equal_to_tensorflow_lite_micro(interpreter, by_class):
    """Its kernel takes float32 alone, and shapes from the file."""
    micro = pytest.importorskip("tflite_micro", reason="oracle absent: the extra tflite")
    maker = detection_case("float32", by_class=by_class, micro=True)
    for index in range(FILES):
        content, inputs = maker(np.random.default_rng([8, index]))
        runtime = micro.runtime.Interpreter.from_bytes(content, arena_size=1 << 22)
        for place, values in enumerate(inputs):
            runtime.set_input(values, place)
        runtime.invoke()
        expected = [runtime.get_output(place) for place in range(4)]
        assert compared(expected, content, inputs, Semantics.TFLITE, zeros=by_class) == 0


def in_float32(codes, anchors, scales):
    """A rival of `decode_boxes`: one rounding after each step."""
    with np.errstate(all="ignore"):
        code = codes[:, :4] / np.array(scales, np.float32)
        centre = code[:, :2] * anchors[:, 2:] + anchors[:, :2]
        half = np.float32(0.5) * np.exp(code[:, 2:]) * anchors[:, 2:]
        return np.hstack([centre - half, centre + half])


def short_exponential(number):
    """A rival of `_exponential`: that of float32."""
    with np.errstate(all="ignore"):
        return float(np.exp(np.float32(number)))


def last_first(boxes, scores, most, score_threshold, overlap_threshold):
    """A rival of `_chosen`: of equal scores the last comes first."""
    mirrored = boxes[::-1], scores[::-1], most, score_threshold, overlap_threshold
    return len(scores) - 1 - CHOSEN(*mirrored)


def above(boxes, scores, most, score_threshold, overlap_threshold):
    """A rival of `_chosen`: a score that is the threshold is left out."""
    next_one = np.nextafter(np.float32(score_threshold), np.float32(math.inf))
    return CHOSEN(boxes, scores, most, next_one, overlap_threshold)


def of_the_smaller(box, others):
    """A rival of `_overlaps`: the share of the smaller of both."""
    areas = [np.prod(each[..., 2:] - each[..., :2], axis=-1) for each in (box, others)]
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    with np.errstate(all="ignore"):
        return np.prod(np.maximum(sides, 0), axis=1) / np.minimum(*areas)


def at_threshold(box, others):
    """A rival of `_overlaps`: boxes that overlap wholly are left out where 1 is the threshold."""
    return np.nextafter(OVERLAPS(box, others), np.float32(2))


CHOSEN, OVERLAPS = detection._chosen, detection._overlaps
RIVALS = [
    ("float32", "decode_boxes", in_float32),
    ("uint8", "_exponential", short_exponential),
    ("uint8", "_chosen", last_first),
    ("uint8 by class", "_chosen", last_first),
    ("float32", "_chosen", above),
    ("float32", "_overlaps", of_the_smaller),
    ("uint8", "_overlaps", at_threshold),
]


@pytest.mark.parametrize(("name", "attribute", "rival"), RIVALS)
def test_rival_is_noticed(interpreter, monkeypatch, name, attribute, rival):
    monkeypatch.setattr(detection, attribute, rival)
    by_class = "by class" in name
    assert differences(interpreter, DETECTION_CASES[name], 3 * FILES, by_class=by_class) > 0


def test_best_boxes():
    """Two boxes on each other, one beside them; the first of equal scores comes first."""
    boxes = np.float32([[0, 0, 2, 2], [0, 0, 2, 1.5], [4, 4, 5, 5], [4, 4, 4, 4]])
    scores = np.float32([[0.5, 0.5], [0.5, 0.25], [0.75, 0.875], [0.125, 0.0]])
    limits = {"most": 4, "score_threshold": 0.125, "overlap_threshold": 0.5}
    indices, classes, values = detection.best_boxes(boxes, scores, **limits)
    assert indices.tolist() == [2, 0, 3]
    assert classes.tolist() == [1, 0, 0]
    assert values.tolist() == [0.875, 0.5, 0.125]
    indices, classes, _ = detection.best_boxes_by_class(boxes, scores, most_of_class=2, **limits)
    assert list(zip(indices, classes, strict=True)) == [(2, 1), (2, 0), (0, 0), (0, 1)]


def test_what_kernels_do_not_compute_is_refused():
    limits = {"most": 4, "score_threshold": 0.0, "overlap_threshold": 0.5}
    box = np.float32([[0, 0, 1, 1]])
    with pytest.raises(ValueError, match="scores must be numbers"):
        detection.best_boxes(box, np.float32([[np.nan]]), **limits)
    with pytest.raises(ValueError, match="boxes must not end before they begin"):
        detection.best_boxes_by_class(-box, np.float32([[1]]), most_of_class=1, **limits)


def test_what_is_no_number_passes(interpreter):
    """Sizes beyond float32: infinite boxes, whose overlap is no number."""
    infinite = missing = 0
    for index in range(FILES):
        content, (codes, scores) = DETECTION_CASES["float32"](np.random.default_rng([9, index]))
        codes[0, ::3, 2:4] = 5000
        codes[0, 1::5, 0] = 3e38
        expected = litert(interpreter, content, [codes, scores])
        found = expected[0][:, : int(expected[3][0])]
        infinite += np.isinf(found).any()
        missing += np.isnan(found).any()
        inputs = [codes, scores]
        assert compared(expected, content, inputs, Semantics.LITERT, zeros=False) == 0
    assert infinite > 5
    assert missing > 2


def test_scales_are_float32():
    codes, anchors = np.float32([[0.7, 0.7, 0.3, 0.3]]), np.float32([[1, 1, 1e6, 1e6]])
    boxes = detection.decode_boxes(codes, anchors, [0.1] * 4)
    assert np.array_equal(boxes, detection.decode_boxes(codes, anchors, [np.float32(0.1)] * 4))
