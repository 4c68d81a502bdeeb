# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The custom operator that detects boxes, and the FlexBuffers in which it has its attributes."""

from dataclasses import replace

import numpy as np
import pytest
from detection_cases import DETECTION_CASES, attributes, detection_file, flex_map
from nn_damage import check, damaged
from tflite_files import FileTensor, constant

from macaw.nn import ModelError, from_tflite, verify
from macaw.nn.store import from_macaw, to_macaw
from macaw.nn.tflite.flexbuffer import read_map
from macaw.nn.tflite.schema import OPERATOR


def file(options=None, codes=(1, 6, 4), scores=(1, 6, 5), dtype="float32", anchors=None, **extra):
    """A file with six boxes and four classes behind the background."""
    scale = {} if dtype == "float32" else {"scale": 0.5}
    if anchors is None:
        anchors = constant(np.ones((6, 4)), dtype, **scale)
    tensors = [
        FileTensor(shape=codes, dtype=dtype, **scale),
        FileTensor(shape=scores, dtype=dtype, **scale),
        anchors,
    ]
    if not isinstance(options, bytes):
        options = flex_map(attributes() if options is None else options)
    return detection_file(tensors, options, **extra)


def test_what_is_read():
    graph = from_tflite(file())
    (operator,) = graph.operators
    assert (operator.detections, operator.classes) == (10, 4)
    assert operator.scales == (10.0, 10.0, 5.0, 5.0)
    assert (operator.score_threshold, operator.overlap_threshold) == (0.0, 0.5)
    assert (operator.by_class, operator.detections_per_class) == (False, 100)
    shapes = [graph.tensors[name].shape for name in graph.outputs]
    assert shapes == [(1, 10, 4), (1, 10), (1, 10), (1,)]
    assert from_macaw(to_macaw(graph)).operators == graph.operators
    computed = file(anchors=FileTensor(shape=(6, 4), dtype="float32"))
    assert from_tflite(computed).inputs == ("t0", "t1", "t2")
    options = attributes(use_regular_nms=True, detections_per_class=7, y_scale=0.1, x_scale=3)
    (operator,) = from_tflite(file(options)).operators
    assert (operator.by_class, operator.detections_per_class) == (True, 7)
    assert operator.scales == (float(np.float32(0.1)), 3.0, 5.0, 5.0)


FULL = attributes()
REFUSED = [
    ({"options": attributes(max_classes_per_detection=2)}, "max_classes_per_detection must be 1"),
    ({"options": attributes(num_classes=None)}, "'num_classes' must be there"),
    ({"options": attributes(threads=1)}, "the attribute 'threads' is not supported"),
    ({"options": attributes(num_classes=4.0)}, "num_classes must be an integer, not 4.0"),
    ({"options": attributes(num_classes="4")}, "'num_classes' must be a number, not of kind 5"),
    ({"options": attributes(max_detections=0)}, "detections must be 1 integers in 1 ... 65536"),
    ({"options": attributes(max_detections=-1)}, "detections must be 1 integers in 1 ... 65536"),
    ({"options": attributes(detections_per_class=0)}, "detections_per_class must be 1 integers"),
    ({"options": attributes(num_classes=3)}, r"scores must have shape \[1, 6, 3 or one more\]"),
    ({"options": attributes(num_classes=6)}, r"scores must have shape \[1, 6, 6 or one more\]"),
    ({"options": attributes(w_scale=0.0)}, "scales must be positive and finite"),
    ({"options": attributes(h_scale=float("nan"))}, "scales must be positive and finite"),
    ({"options": attributes(nms_score_threshold=float("nan"))}, "score_threshold must be finite"),
    ({"options": attributes(nms_iou_threshold=0.0)}, "overlap_threshold must be above 0 and"),
    ({"options": attributes(nms_iou_threshold=1.5)}, "overlap_threshold must be above 0 and"),
    ({"codes": (1, 5, 4)}, r"codes must have shape \[1, 6, 4 or more\], not \(1, 5, 4\)"),
    ({"codes": (1, 6, 3)}, r"codes must have shape \[1, 6, 4 or more\], not \(1, 6, 3\)"),
    ({"codes": (2, 6, 4)}, r"codes must have shape \[1, 6, 4 or more\], not \(2, 6, 4\)"),
    ({"dtype": "int8"}, "must be of type uint8 or float32, not int8"),
    ({"anchors": constant(np.ones((6, 4)), "uint8", scale=0.5)}, "must be of type float32"),
    ({"anchors": constant(-np.ones((6, 4)), "float32")}, "must have sizes of 0 or more"),
    ({"anchors": constant(np.full((6, 4), np.nan), "float32")}, "must have sizes of 0 or more"),
    ({"anchors": constant(np.full((6, 4), np.inf), "float32")}, "must have sizes of 0 or more"),
    ({"anchors": constant(np.ones((6, 3)), "float32")}, r"anchors must have shape \[boxes, 4\]"),
    ({"options": b""}, "custom_options: the file must hold what it refers to"),
    ({"options": flex_map(attributes(nms_iou_threshold=1e300), 8)}, "at most 1, not inf"),
    ({"custom": "TFLite_Detection"}, "the custom operator 'TFLite_Detection' is not supported"),
    ({"version": 2}, "TFLite_Detection_PostProcess: version must be in 1 ... 1, not 2"),
    ({"extra": {OPERATOR["custom_options_format"]: ("b", 1)}}, "format must be FLEXBUFFERS"),
    ({"extra": {OPERATOR["builtin_options"]: {}}}, "builtin_options is not supported"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED)
def test_refused(changes, sentence):
    with pytest.raises(ModelError, match=sentence):
        from_tflite(file(**changes))


@pytest.mark.parametrize(
    "result",
    [constant(np.zeros(1), "float32"), FileTensor(shape=(1,), dtype="uint8", scale=0.5)],
)
def test_results_are_computed_and_float32(result):
    with pytest.raises(ModelError, match="result 't6' must be float32, and no constant"):
        from_tflite(file(last=result))


def test_a_format_that_is_named_is_read():
    content = file(extra={OPERATOR["custom_options_format"]: ("b", 0)})
    assert from_tflite(content).operators == from_tflite(file()).operators


def test_a_graph_by_hand_is_verified():
    graph = from_tflite(file())
    wrong = replace(graph.operators[0], inputs=graph.operators[0].inputs[:2])
    with pytest.raises(ModelError, match="inputs must be 3 ... 3 tensors, not 2"):
        verify(replace(graph, operators=(wrong,)))


@pytest.mark.parametrize("width", [4, 8])
def test_maps(width):
    values = {"a": 1, "b": -70000, "c": 0.5, "d": True, "_e": "text", "f": 2**31 - 1}
    expected = {key: value for key, value in values.items() if key != "_e"}
    assert read_map(flex_map(values, width)) == expected
    assert [type(each) for each in read_map(flex_map(values, width)).values()] == [
        type(each) for each in expected.values()
    ]


def test_maps_as_the_library_writes_them(oracle):
    """Widths of 1 and 2 as well, and unsigned numbers."""
    oracle("tflite")
    flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
    for values in ({"x": 1, "a": -1, "yes": True}, {"x": 300}, FULL, {"big": 2**40, "y": 0.1}):
        builder = flexbuffers.Builder()
        with builder.Map():
            for key, value in values.items():
                if isinstance(value, float):
                    builder.Float(key, value)
                else:
                    (builder.Bool if isinstance(value, bool) else builder.Int)(key, value)
            builder.UInt("u", 200)
        known = {key: each for key, each in values.items() if not key.startswith("_")}
        assert read_map(bytes(builder.Finish())) == known | {"u": 200}


#: A map from ``a`` to 1.0, in a float of two bytes.
HALF = b"a\0" + bytes([1, 0, 4, 0, 2, 0, 2, 0, 1, 0, 0, 0x3C, 0x0D, 3, 0x25, 1])


def test_wrong_maps():
    for content, sentence in [
        (b"", "the file must hold what it refers to"),
        (b"\x05\x04\x01", "attributes must be a map, not of kind 1"),
        (b"\x00\x24\x03", "widths must be 1, 2, 4 or 8 bytes, not 3"),
        (flex_map({f"k{n}": n for n in range(300)}), "attributes must be at most 256, not 300"),
        (flex_map({"k" * 256: 1}), "keys must end within 256 bytes"),
        (flex_map({"b": 1, "a": 2}, ordered=False), "must be in ascending order, not b'a' after"),
        (HALF, "'a' must be a number, not of kind 3 in 2 bytes"),
        (flex_map({"a": "text"}), "'a' must be a number, not of kind 5 in 4 bytes"),
    ]:
        with pytest.raises(ModelError, match=sentence):
            read_map(content)


def test_every_damaged_bit():
    """Of each bit that is turned, and each length: refused, or a map of numbers."""
    refused = read = 0
    for width in (4, 8):
        content = flex_map(FULL, width)
        copies = [content[:count] for count in range(len(content))]
        for bit in range(8 * len(content)):
            copy = bytearray(content)
            copy[bit // 8] ^= 1 << bit % 8
            copies.append(bytes(copy))
        for copy in copies:
            try:
                found = read_map(copy)
            except ModelError:
                refused += 1
            else:
                read += 1
                assert all(type(each) in (int, float, bool) for each in found.values())
    assert refused > 500
    assert read > 500


@pytest.mark.parametrize("name", DETECTION_CASES)
def test_damaged_files(name):
    """What is left of a damaged file is refused, or computes something."""
    content, _ = DETECTION_CASES[name](np.random.default_rng(5))
    refused, verified = check(from_tflite, content, damaged, 4, 300, runs=True)
    assert refused > 50
    assert verified > 50


def test_damaged_attributes():
    refused = verified = 0
    for index in range(1000):
        copy = damaged(flex_map(FULL), np.random.default_rng([6, index]))
        try:
            graph = from_tflite(file(copy))
        except ModelError:
            refused += 1
        else:
            verified += 1
            assert verify(graph) is graph
    assert refused > 100
    assert verified > 100
