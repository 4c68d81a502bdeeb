# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What the compiler refuses: by the layer's name, the limit, the value, and what would work."""

import re
from dataclasses import replace

import numpy as np
import pytest

from macaw.arch import AccumulatorConfig, Conv2dShape, Mode, Requantization, preset
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.layer import Conv2dLayer

TINY = preset("tiny")


def layer(*, mode=Mode.FLOAT32, weight=1, weight_zero_point=0, name="stem", **values):
    shape = Conv2dShape(
        **{"height": 4, "width": 4, "in_channels": 8, "out_channels": 4, "kernel_height": 1,
           "kernel_width": 1, **values}
    )  # fmt: skip
    size = (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    count = shape.out_channels
    multiplier = 1 << 23 if mode is Mode.FLOAT32 else 1 << 30
    return Conv2dLayer(
        name=name,
        shape=shape,
        weights=np.full(size, weight, np.int8),
        weight_zero_point=weight_zero_point,
        requantization=Requantization(
            mode=mode, bias=(0,) * count, multiplier=(multiplier,) * count, shift=(0,) * count,
            zero_point=0, minimum=-128, maximum=127,
        ),
    )  # fmt: skip


def refused(message, config=TINY, **values):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        compile_conv2d(layer(**values), config)


def taken(config=TINY, **values):
    return compile_conv2d(layer(**values), config)


def test_a_mode_that_is_not_built_in():
    refused(
        "stem: mode must be one of float32 on ecp5_85f, not fixed_double_away: "
        "build a configuration with this mode",
        preset("ecp5_85f"),
        mode=Mode.FIXED_DOUBLE_AWAY,
    )
    taken(mode=Mode.FIXED_DOUBLE_AWAY)


def test_sums_beyond_the_accumulators():
    # 8 taps of -128 on activations of -128: 2**17, which needs 19 bits with its sign.
    narrow = replace(TINY, name="narrow", accumulator=AccumulatorConfig(bits=18))
    refused(
        "stem: accumulator bits must be at most 18 on narrow, not 19: "
        "use wider accumulators or smaller weights",
        narrow,
        weight=-128,
    )
    taken(replace(narrow, accumulator=AccumulatorConfig(bits=19)), weight=-128)
    taken(narrow, weight=-127)


@pytest.mark.parametrize(
    ("what", "values"),
    [
        ("padded_height", {"height": 4096, "width": 1, "stride": (8, 1)}),
        ("padded_height", {"padding": (0, 4092, 0, 0), "stride": (9, 1)}),
        ("padded_height", {"padding": (4092, 0, 0, 0), "stride": (9, 1)}),
        ("output_width", {"in_channels": 1, "width": 1, "padding": (0, 0, 0, 4095)}),
    ],
)
def test_more_rows_and_columns_than_counters_hold(what, values):
    refused(f"stem: {what} must be at most 4095 on tiny, not 4096: tile the layer", **values)


def test_more_channels_than_parameters():
    refused(
        "stem: out_channels must be at most 64 on tiny, not 65: split the layer's channels",
        out_channels=65,
    )
    taken(out_channels=64)


def test_an_image_that_overflows_the_line_buffer():
    refused(
        "stem: the 3 image rows that the kernel spans must fit into 256 words on tiny, not 264: "
        "tile the layer or build a larger line buffer",
        width=88, kernel_height=3,
    )  # fmt: skip
    taken(width=85, kernel_height=3)
    # Only one of the image's two rows is ever above the kernel's last one.
    taken(height=2, width=88, kernel_height=3, padding=(1, 1, 0, 0))


def test_more_weights_than_the_memory_holds():
    kernel = {"kernel_height": 3, "kernel_width": 3}

    def weights(channels):
        return np.arange(channels).reshape(-1, 1, 1, 1)

    refused(
        "stem: weight words must be at most 128 on tiny, not 135: split its channels",
        out_channels=60, weight=weights(60), **kernel,
    )  # fmt: skip
    taken(out_channels=56, weight=weights(56), **kernel)
    # Column groups with the same weights share their words.
    taken(out_channels=60, **kernel)


def test_more_steps_than_the_table_holds():
    shape = {"width": 20, "kernel_height": 3, "in_channels": 3, "out_channels": 3, "groups": 3}
    refused(
        "stem: steps of a pixel must be at most 64 on tiny, not 68: use a smaller kernel",
        kernel_width=17, **shape,
    )  # fmt: skip
    taken(kernel_width=16, **shape)


def test_a_result_row_that_overflows_its_buffer():
    refused(
        "stem: words of a result row must be at most 64 on tiny, not 65: tile the layer",
        width=13, out_channels=40,
    )  # fmt: skip
    taken(width=8, out_channels=64)


def test_reads_farther_than_offsets_reach():
    message = (
        "stem: bytes of a padded image row must be at most 2048 on tiny, not 2056: "
        "tile the layer or build a larger line buffer"
    )
    refused(message, padding=(0, 0, 257, 0), stride=(1, 64))
    taken(padding=(0, 0, 256, 0), stride=(1, 64))
    refused(message, padding=(0, 0, 0, 253), stride=(1, 64))
    taken(padding=(0, 0, 0, 252), stride=(1, 51))


@pytest.mark.parametrize(
    ("message", "values"),
    [
        (
            "stem: dilation must be in 0 ... 255, not 256",
            {"height": 300, "width": 1, "in_channels": 1, "kernel_height": 2, "dilation": (256, 1)},
        ),
        (
            "stem: step: row must be in 0 ... 255, not 256",
            {"height": 300, "width": 1, "in_channels": 1, "kernel_height": 3, "dilation": (128, 1)},
        ),
    ],
)
def test_fields_that_do_not_hold_their_value(message, values):
    refused(message, replace(TINY, memory=replace(TINY.memory, activation_words=512)), **values)


@pytest.mark.parametrize(
    ("error", "message", "change"),
    [
        (ValueError, "stem: weights must have shape (4, 1, 1, 8), not (4, 1, 1, 7)",
         {"weights": np.zeros((4, 1, 1, 7), np.int8)}),
        (TypeError, "stem: weights must be int8 or uint8, not int16",
         {"weights": np.zeros((4, 1, 1, 8), np.int16)}),
        (ValueError, "stem: requantization must have 4 channels, not 5",
         {"requantization": layer(out_channels=5).requantization}),
        (ValueError, "stem: input_zero_point must be in -128 ... 127, not 128",
         {"input_zero_point": 128}),
        (ValueError, "stem: input_zero_point must be in 0 ... 255, not -1",
         {"input_zero_point": -1, "input_signed": False}),
        (TypeError, "stem: input_zero_point must be an integer, not 1.0",
         {"input_zero_point": 1.0}),
        (ValueError, "stem: weight_zero_point must be in -128 ... 127, not 128",
         {"weight_zero_point": (0, 0, 128, 0)}),
        (ValueError, "stem: weight_zero_point must have 4 entries, not 3",
         {"weight_zero_point": (0, 0, 0)}),
        (ValueError, "stem: weight_zero_point must be in 0 ... 255, not -1",
         {"weights": np.zeros((4, 1, 1, 8), np.uint8), "weight_zero_point": -1}),
    ],
)  # fmt: skip
def test_a_layer_that_contradicts_itself(error, message, change):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        replace(layer(), **change)
