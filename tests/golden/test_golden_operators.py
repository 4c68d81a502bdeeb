# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Single operators against LiteRT's reference kernels, live."""

import importlib

import numpy as np
import pytest
from litert_kernels import litert
from operator_cases import CASES

from macaw.golden import elementwise, fixed_point, movement, pool, resize, run, tables
from macaw.golden.kernels import tflite
from macaw.nn import ModelError, Semantics, from_tflite

FILES = 20

#: Before a rival stands in their place.
depth_to_space = movement.depth_to_space
space_to_batch, batch_to_space = movement.space_to_batch, movement.batch_to_space


#: What LiteRT computes otherwise than TensorFlow Lite Micro, and is refused under its semantics.
MICRO = ("SUM int8",)
LITERT = [name for name in CASES if name not in MICRO]
#: What has one kernel, which LiteRT's set of reference kernels leaves out.
RESOLVERS = {"ELU int8": "BUILTIN_WITHOUT_DEFAULT_DELEGATES"}


def litert_reference(interpreter, name, content, inputs):
    """The outputs of LiteRT's reference kernels."""
    resolver = RESOLVERS.get(name, "BUILTIN_REF")
    return litert(interpreter, content, inputs, resolver=resolver)


def tflite_micro(runtime, name, content, inputs):
    """The one output of TensorFlow Lite Micro."""
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=1 << 20)
    for index, values in enumerate(inputs):
        interpreter.set_input(values, index)
    interpreter.invoke()
    return [interpreter.get_output(0)]


def differences(runtime, name, count, semantics=Semantics.LITERT, compute=litert_reference):
    """How many values differ, over some files of one maker."""
    total = 0
    for index in range(count):
        content, inputs = CASES[name](np.random.default_rng([7, index]))
        graph = from_tflite(content, semantics=semantics)
        ours = run(graph, inputs)
        results = compute(runtime, name, content, inputs)
        for expected, result in zip(results, graph.outputs, strict=True):
            assert (ours[result].shape, ours[result].dtype) == (expected.shape, expected.dtype)
            total += np.count_nonzero(ours[result] != expected)
    return total


@pytest.fixture
def interpreter(oracle):
    return importlib.import_module(f"{oracle('tflite').__name__}.interpreter")


@pytest.fixture
def micro(oracle):
    oracle("tflite")
    try:
        return importlib.import_module("tflite_micro").runtime
    except ModuleNotFoundError:
        pytest.skip("optional: TensorFlow Lite Micro has no wheels for this system")


@pytest.mark.parametrize("name", LITERT)
def test_equal_to_litert(interpreter, name):
    assert differences(interpreter, name, FILES) == 0


@pytest.mark.full
@pytest.mark.parametrize("name", LITERT)
def test_equal_to_litert_on_many_files(interpreter, name):
    assert differences(interpreter, name, 200) == 0


@pytest.mark.parametrize(
    "name",
    [
        *MICRO,
        "MEAN int8",
        "REDUCE_MAX int8",
        "REDUCE_MIN int8",
        "SQUARED_DIFFERENCE int8",
    ],
)
def test_equal_to_tensorflow_lite_micro(micro, name):
    assert differences(micro, name, 3 * FILES, Semantics.TFLITE, tflite_micro) == 0


@pytest.mark.parametrize("name", MICRO)
def test_litert_has_other_bits(interpreter, name):
    assert differences(interpreter, name, FILES, Semantics.TFLITE) > 0
    content, _ = CASES[name](np.random.default_rng(0))
    with pytest.raises(ModelError, match="must be of type uint8, not int8: the kernel takes"):
        from_tflite(content, semantics=Semantics.LITERT)


def half_up(values, shift):
    """A rival of `shift_away`."""
    count = np.asarray(shift, np.int64)
    return (np.asarray(values, np.int64) + ((np.int64(1) << count) >> 1)) >> count


def real_softmax(values, *, scale, beta):
    """A rival of `softmax`: the exact function, rounded."""
    powers = np.exp(beta * scale * (values.astype(float) - values.max(axis=-1, keepdims=True)))
    rounded = np.rint(256 * powers / powers.sum(axis=-1, keepdims=True)) - 128
    return np.clip(rounded, -128, 127).astype(np.int8)


def other_order(values, block, *, planar):
    """A rival of `depth_to_space`: the other order of channels."""
    return depth_to_space(values, block, planar=not planar)


def planar_depth(values, block):
    """A rival of `space_to_depth`: the pixels of a channel lie side by side."""
    batch, height, width, channels = values.shape
    rows, columns = height // block, width // block
    parts = values.reshape(batch, rows, block, columns, block, channels)
    return parts.transpose(0, 1, 3, 5, 2, 4).reshape(batch, rows, columns, -1)


def zero_around(values, block, padding, value):
    """A rival of `space_to_batch`: the number 0 around images, and not what means 0."""
    return space_to_batch(values, block, padding, 0)


def images_first(values, block, crops):
    """A rival of `batch_to_space`: the parts of each image lie side by side."""
    parts = values.reshape(-1, np.prod(block), *values.shape[1:])
    return batch_to_space(np.swapaxes(parts, 0, 1).reshape(values.shape), block, crops)


def edge_repeated(values, padding, *, symmetric):
    """A rival of `mirror_pad`: the last value of an axis over and over."""
    return np.pad(values, padding, mode="edge")


def each_repeated(values, multiples):
    """A rival of tiles: copies of each value beside it."""
    for axis, count in enumerate(multiples):
        values = values.repeat(count, axis)
    return values


RIVALS = [
    ("ADD int8", fixed_point, "shift_away", half_up),
    ("MUL int8", fixed_point, "shift_away", half_up),
    ("QUANTIZE int8", fixed_point, "shift_away", half_up),
    ("ABS int8", tables, "rescale", lambda values, factor: np.rint(values * factor)),
    ("ELU int8", np, "expm1", lambda values: np.float32(np.exp(values)) - np.float32(1)),
    ("LEAKY_RELU int8", fixed_point, "shift_away", half_up),
    ("SQUARED_DIFFERENCE int8", fixed_point, "shift_away", half_up),
    ("SQUARED_DIFFERENCE int8", elementwise, "_SQUARED_FRACTION", 6),
    ("PRELU int8", fixed_point, "shift_away", half_up),
    ("PRELU int8", elementwise, "float32", np.float64),
    ("CONV_2D int8", fixed_point, "shift_away", half_up),
    ("MEAN int8", pool, "fixed_multiplier", lambda factor: (round(factor * 2**24), 7)),
    ("SUM uint8", fixed_point, "shift_away", half_up),
    ("SUM uint8", pool, "fixed_multiplier", lambda factor: (round(factor * 2**24), 7)),
    ("SOFTMAX rows", tflite, "softmax", real_softmax),
    ("HARD_SWISH int8", tables, "_high_product16", lambda a, b: (a * b) >> 15),
    ("RESIZE_BILINEAR int8", resize, "_FRACTION", 11),
    ("DEPTH_TO_SPACE int8", movement, "depth_to_space", other_order),
    ("SPACE_TO_DEPTH int8", movement, "space_to_depth", planar_depth),
    ("SPACE_TO_BATCH_ND int8", movement, "space_to_batch", zero_around),
    ("BATCH_TO_SPACE_ND int8", movement, "batch_to_space", images_first),
    ("TILE int8", np, "tile", each_repeated),
    ("BROADCAST_TO int8", np, "broadcast_to", np.resize),
    ("MIRROR_PAD int8", movement, "mirror_pad", edge_repeated),
    ("LOGISTIC int8", tables, "float32", lambda values: np.asarray(values, np.float16)),
]


@pytest.mark.parametrize(("name", "module", "attribute", "rival"), RIVALS)
def test_rival_is_noticed(interpreter, monkeypatch, name, module, attribute, rival):
    monkeypatch.setattr(module, attribute, rival)
    assert differences(interpreter, name, 3 * FILES) > 0


def test_semantics_differ(interpreter):
    assert differences(interpreter, "FULLY_CONNECTED", 30, Semantics.TFLITE) > 0
