# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Descriptors, step tables and parameters that the machine in Python refuses."""

import re
from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import case_of
from machine_layers import core_of, image_stream

from macaw.arch import AcceleratorConfig, Conv2dShape, Mode, RequantizerConfig, preset
from macaw.golden.machine import MachineError, Words
from macaw.golden.machine.conv import conv, conv_use, table_use

TINY = preset("tiny")
MODES = replace(
    TINY,
    name="modes",
    requantizer=RequantizerConfig(lanes=2, modes=tuple(Mode)),
)


def with_mode(mode: Mode) -> AcceleratorConfig:
    return replace(TINY, requantizer=RequantizerConfig(lanes=2, modes=(mode,)))


#: Two evaluations, each of a pair of kernel rows.
DENSE = case_of(
    1,
    Conv2dShape(
        height=9, width=9, in_channels=1, out_channels=6, kernel_height=4, kernel_width=3,
        padding=(1, 1, 1, 1),
    ),
    with_mode(Mode.FLOAT32),
)  # fmt: skip
#: Four rows a read, and columns that slide.
WINDOW = case_of(
    1,
    Conv2dShape(
        height=8, width=9, in_channels=8, out_channels=8, kernel_height=4, kernel_width=2,
        padding=(1, 1, 1, 1), groups=8,
    ),
    with_mode(Mode.FLOAT32),
)  # fmt: skip

#: Two blocks of two columns, of which the second one's window is the next pair's first.
SLIDING = case_of(
    1,
    Conv2dShape(
        height=8, width=9, in_channels=8, out_channels=8, kernel_height=3, kernel_width=3,
        padding=(1, 1, 1, 1), groups=8,
    ),
    with_mode(Mode.FLOAT32),
)  # fmt: skip


def refused(case, sentence, *, core=None, **fields):
    descriptor = case.program.descriptor | fields
    with pytest.raises(MachineError, match=f"^{re.escape(sentence)}$"):
        conv(core or core_of(case.program), descriptor, image_stream(case))


def of(case, name):
    return case.program.descriptor[name]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"body": 64}, "steps of the layer must be below 64, not up to 64"),
        ({"body_start": 1}, "body_start must be table_start and prologue, which is 0, not 1"),
        ({"inner_groups": 64, "parameters_stay": 0, "parameter_sets": 7},
         "weight words of the layer must be at most 128, not 130"),
        ({"parameter_start": 59}, "parameter entries of the layer must be below 64, not up to 64"),
        ({"group_channels": 5}, "group_channels must be in 1 ... 4, not 5"),
        ({"final_channels": 0}, "final_channels must be in 1 ... 4, not 0"),
        ({"row_bytes": 17}, "row_bytes must be at most those of row_words (16), not 17"),
        ({"pitch": 1, "ring_words": 64}, "pitch must be at least the words of a row (2), not 1"),
        ({"ring_rows": 3, "ring_words": 6, "row_start": 4, "third_row": 0},
         "ring_rows must hold the 4 rows of a kernel, not 3"),
        ({"ring_rows": 129, "ring_words": 258},
         "ring_words must be ring_rows of a pitch (129 * 2), and at most 256, not 258"),
        ({"ring_rows": 3},
         "ring_words must be ring_rows of a pitch (3 * 2), and at most 256, not 128"),
        ({"row_step": 128}, "row_step must be below ring_words (128), not 128"),
        ({"extent": 2}, "a read of kernel row 2 must be within extent (2)"),
        ({"row_stride": 1300}, "image rows must be below 8192, not up to 9103"),
        ({"row_start": 4}, "image row 0 must be read from word 0 of the ring, not 6"),
        ({"position": 2040}, "byte offsets must be in -2048 ... 2047, not 2048"),
        ({"result_step": 5}, "result_step must be at least the channels of a pixel (6), not 5"),
        ({"result_words": 5}, "result_words must hold the 54 bytes of a row, not 48"),
        ({"mode": 1}, "mode must be in 0 ... 0, not 1"),
        ({"minimum": 4, "maximum": 3}, "minimum must be at most the maximum (3), not 4"),
    ],
)  # fmt: skip
def test_descriptors(fields, sentence):
    assert (of(DENSE, "ring_words"), of(DENSE, "pitch")) == (128, 2)
    refused(DENSE, sentence, **fields)


def test_no_rows():
    descriptor = DENSE.program.descriptor | {"height": 0}
    with pytest.raises(MachineError, match="^height must be at least 1, not 0$"):
        conv(core_of(DENSE.program), descriptor, Words.none(0, 8))


def test_images_of_another_size():
    refused(DENSE, "the image must have 20 words, not 18", height=10)


def test_weights_without_their_zero_point():
    core = core_of(DENSE.program)
    core = replace(core, config=replace(core.config, name="plain", weight_zero_point=False))
    refused(DENSE, "weight_offset must be 0 or 128 on plain, not 127", core=core,
            weight_offset=127)  # fmt: skip
    refused(WINDOW, "weight_offset must be 0 in window mode, not 128", weight_offset=128)


def changed(case, entries):
    """The core with some fields of some steps changed."""
    core = core_of(case.program)
    table = [entry | entries.get(index, {}) for index, entry in enumerate(core.table)]
    return replace(core, table=table)


@pytest.mark.parametrize(
    ("case", "entries", "sentence"),
    [
        (DENSE, {0: {"first": 0}},
         "the first evaluation of a pixel must be the one that is flagged first"),
        (DENSE, {1: {"first": 1}},
         "the first evaluation of a pixel must be the one that is flagged first"),
        (DENSE, {1: {"last": 0}},
         "the last evaluation of a pixel must be the one that is flagged last"),
        (DENSE, {0: {"evaluate": 0}, 1: {"evaluate": 0}},
         "the first evaluation of a pixel must be the one that is flagged first"),
        (WINDOW, {0: {"evaluate": 1}}, "steps of a prologue must evaluate nothing"),
        (WINDOW, {1: {"capture": 0}},
         "a pair must capture its first pixel before it is evaluated"),
        (SLIDING, {0: {"capture": 0}},
         "a pair must capture its first pixel before it is evaluated"),
        (SLIDING, {1: {"capture": 0}, 2: {"capture": 0}},
         "a pair must capture the window of the next one where the prologue does"),
        (SLIDING, {2: {"capture": 0}},
         "a pair must capture the window of the next one where the prologue does"),
        (WINDOW, {0: {"shift": 0}},
         "a window must hold no column of the row before where its weights are not zero"),
        (WINDOW, {0: {"shift": 0}, 1: {"shift": 0}, 2: {"shift": 0}},
         "a pair must shift columns into its windows before it is evaluated"),
        (WINDOW, {0: {"four": 0, "high": 1}}, "a read that is high must follow one that is not"),
        (DENSE, {1: {"row_words": 256}},
         "row_words of a step must be below ring_words (128), not 256"),
        (WINDOW, {1: {"offset": 9}}, "four rows must be read at multiples of 8 bytes"),
    ],
)  # fmt: skip
def test_steps(case, entries, sentence):
    assert of(WINDOW, "prologue") == of(SLIDING, "prologue") == 1
    refused(case, sentence, core=changed(case, entries))


def test_rows_in_the_same_bank():
    """A pitch of three words leads two rows of two words into one bank."""
    fields = {"pitch": 3, "ring_rows": 12, "ring_words": 36, "row_start": 33, "row_step": 3,
              "next_row": 3, "second_row": 6, "third_row": 9}  # fmt: skip
    core = changed(DENSE, {1: {"row_words": 6}})
    refused(DENSE, "the 2 rows of a read must lie in banks of their own", core=core, **fields)


@pytest.mark.parametrize("mode", [Mode.FLOAT32, Mode.FLOAT32_BIAS, Mode.FLOAT32_CHAIN])
def test_multipliers_that_are_not_normal(mode):
    case = case_of(3, DENSE.program.shape, with_mode(mode))
    core = core_of(case.program)
    few = core.parameters["multiplier"] >> 1
    core = replace(core, parameters=core.parameters | {"multiplier": few})
    if mode == Mode.FLOAT32:
        with pytest.raises(MachineError, match="^parameters of mode float32: multiplier must be"):
            conv(core, case.program.descriptor, image_stream(case))
    else:
        least = int(few[:6].min())
        refused(case, f"multiplier must have its top bit of 24 set, not be {least}", core=core)
    if mode == Mode.FLOAT32_CHAIN:
        refused(case, "input_multiplier must have its top bit of 24 set, not be 5",
                input_multiplier=5)  # fmt: skip


def test_what_is_used_is_refused_where_it_is_out_of_range():
    core = core_of(DENSE.program)
    for use, fields, sentence in (
        (table_use, {"body": 64}, "steps of the layer must be below 64"),
        (
            conv_use,
            {"inner_groups": 64, "parameters_stay": 0, "parameter_sets": 7},
            "weight words of the layer must be at most 128",
        ),
    ):
        with pytest.raises(MachineError, match=f"^{sentence}"):
            use(core, DENSE.program.descriptor | fields)


@pytest.mark.parametrize("case", [DENSE, WINDOW], ids=["dense", "window"])
def test_weights_go_around_their_memory(case):
    core, descriptor = core_of(case.program), case.program.descriptor
    expected = conv(core, descriptor, image_stream(case))
    last = len(core.weights) - 1
    around = replace(core, weights=np.roll(core.weights, last, axis=0))
    moved = descriptor | {"weight_start": last}
    found = conv(around, moved, image_stream(case))
    assert np.array_equal(found.data, expected.data)
    beats = conv_use(around, moved).weights
    assert beats.max() // core.config.array.columns == last
    assert beats.min() == 0
    found = conv(around, descriptor, image_stream(case))
    assert not np.array_equal(found.data, expected.data)


def test_a_fixed_bias_counts_in_mode_float32_where_the_lane_has_it():
    """One path serves both modes, as in the hardware."""
    config = with_mode(Mode.FLOAT32)
    both = replace(
        config,
        requantizer=RequantizerConfig(lanes=2, modes=(Mode.FLOAT32, Mode.FLOAT32_BIAS)),
    )
    case = DENSE
    core = core_of(case.program)
    none = np.zeros_like(core.parameters["bias"])
    descriptor, image = case.program.descriptor, image_stream(case)
    expected = conv(core, descriptor, image).data
    for bias, equal in ((none, True), (none + (40 << 40), False)):
        other = replace(core, config=both, parameters=core.parameters | {"fixed_bias": bias})
        assert (conv(other, descriptor, image).data == expected).all() == equal


def test_columns_without_a_channel_are_not_read():
    """Six channels are a group of four and one of two, with two evaluations each; the eight
    channels of a word take turns on half of the columns."""
    core = core_of(DENSE.program)
    beats = conv_use(core, DENSE.program.descriptor).weights
    assert beats.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13]
    beats = conv_use(core_of(WINDOW.program), WINDOW.program.descriptor).weights
    assert beats.tolist() == [0, 1, 4, 5, 8, 9, 12, 13]
    seven = WINDOW.program.descriptor | {"final_channels": 7}
    assert conv_use(core_of(WINDOW.program), seven).weights.tolist() == [0, 1, 4, 5, 8, 9, 12]


def test_weights_without_a_channel_do_not_matter():
    """As they need not be loaded, they may be those of another layer."""
    descriptor = WINDOW.program.descriptor | {"final_channels": 7}
    core = core_of(WINDOW.program)
    other = core.weights.copy()
    other[3, 1] = 77
    for wrong in ({}, {0: {"shift": 0}}):
        faulty = changed(WINDOW, wrong)
        weights = np.zeros_like(core.weights) if wrong else core.weights
        found = conv(replace(faulty, weights=weights), descriptor, image_stream(WINDOW))
        weights = np.zeros_like(core.weights) if wrong else other.copy()
        weights[3, 1] = 77
        again = conv(replace(faulty, weights=weights), descriptor, image_stream(WINDOW))
        np.testing.assert_array_equal(found.data, again.data)
    refused(WINDOW, "a window must hold no column of the row before where its weights are not zero",
            core=replace(changed(WINDOW, {0: {"shift": 0}}), weights=other))  # fmt: skip


def test_bytes_between_pixels_are_not_known():
    descriptor = DENSE.program.descriptor | {"result_step": 7, "result_words": 8}
    found = conv(core_of(DENSE.program), descriptor, image_stream(DENSE))
    known = found.known.reshape(8, -1)[:, :63].reshape(8, 9, 7)
    assert known[..., :6].all()
    assert not known[..., 6].any()
    assert not found.known.reshape(8, -1)[:, 63:].any()
    data = found.data.reshape(8, -1)[:, :63].reshape(8, 9, 7)[..., :6]
    np.testing.assert_array_equal(data, DENSE.expected)


def test_columns_that_only_later_pairs_see():
    """Without weights in the window's newest column, the last read of a pair is first seen by the
    next one."""
    core = changed(WINDOW, {2: {"row_words": 9}})
    weights = core.weights.copy()
    weights.reshape(-1, 4, 4, 2)[..., 1] = 0
    refused(WINDOW, "image row 0 must be read from word 0 of the ring, not 9",
            core=replace(core, weights=weights))  # fmt: skip
