# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Shapes: what is derived from them, against the windows counted one by one; what is refused."""

import numpy as np
import pytest
from arch_refusals import refused

from macaw.arch import Conv2dShape

SMALL = {
    "height": 8, "width": 9, "in_channels": 4, "out_channels": 6, "kernel_height": 3,
    "kernel_width": 2,
}  # fmt: skip
SEED = 21


def test_first_layer_of_resnet50():
    shape = Conv2dShape(
        height=224, width=224, in_channels=3, out_channels=64, kernel_height=7, kernel_width=7,
        stride=(2, 2), padding=(3, 3, 3, 3),
    )  # fmt: skip
    assert (shape.padded_height, shape.padded_width) == (230, 230)
    assert (shape.output_height, shape.output_width) == (112, 112)
    assert shape.taps == 147
    assert shape.macs == 118_013_952
    assert not shape.depthwise


def test_axes_and_sides_are_not_confused():
    shape = Conv2dShape(**SMALL, stride=(2, 3), dilation=(3, 4), padding=(1, 2, 4, 8))
    assert (shape.extent_height, shape.extent_width) == (7, 5)
    assert (shape.padded_height, shape.padded_width) == (11, 21)
    assert (shape.output_height, shape.output_width) == (3, 6)
    assert shape.taps == 24
    assert shape.macs == 3 * 6 * 6 * 24


def positions(size, before, after, extent, stride):
    """The kernel's first rows (or columns), one by one."""
    return [first for first in range(0, before + size + after, stride)
            if first + extent <= before + size + after]  # fmt: skip


def test_output_size_counts_the_positions_of_the_kernel():
    rng = np.random.default_rng(SEED)
    for _ in range(500):
        values = {name: rng.integers(1, 5, 2).tolist() for name in ("kernel", "stride", "dilation")}
        size = rng.integers(13, 30, 2).tolist()
        padding = tuple(rng.integers(0, 4, 4).tolist())
        shape = Conv2dShape(
            height=size[0], width=size[1], in_channels=1, out_channels=1,
            kernel_height=values["kernel"][0], kernel_width=values["kernel"][1],
            stride=tuple(values["stride"]), dilation=tuple(values["dilation"]), padding=padding,
        )  # fmt: skip
        where = f"{shape} (seed {SEED})"
        taps = [
            range(0, kernel * dilation, dilation)
            for kernel, dilation in zip(values["kernel"], values["dilation"], strict=True)
        ]
        extents = [steps[-1] + 1 for steps in taps]
        assert [shape.extent_height, shape.extent_width] == extents, where
        counts = [
            len(positions(size[axis], *padding[2 * axis :][:2], extents[axis], stride))
            for axis, stride in enumerate(values["stride"])
        ]
        assert [shape.output_height, shape.output_width] == counts, where


def test_defaults():
    shape = Conv2dShape(**SMALL)
    assert (shape.stride, shape.dilation) == ((1, 1), (1, 1))
    assert (shape.padding, shape.groups) == ((0, 0, 0, 0), 1)
    assert (shape.output_height, shape.output_width) == (6, 8)


def test_groups():
    shape = Conv2dShape(**SMALL, groups=2)
    assert shape.group_in_channels == 2
    assert shape.taps == 12
    assert not shape.depthwise


@pytest.mark.parametrize(
    ("in_channels", "out_channels", "groups", "depthwise"),
    [
        (4, 4, 4, True),
        (4, 8, 4, True),
        (2, 2, 2, True),
        (1, 8, 1, False),
        (4, 4, 2, False),
        (4, 4, 1, False),
    ],
)
def test_depthwise(in_channels, out_channels, groups, depthwise):
    channels = {"in_channels": in_channels, "out_channels": out_channels}
    assert Conv2dShape(**{**SMALL, **channels}, groups=groups).depthwise is depthwise


SIZES = ("height", "width", "in_channels", "out_channels", "kernel_height", "kernel_width")


@pytest.mark.parametrize("what", [*SIZES, "groups"])
def test_sizes(what):
    for value in (0, -1, (1 << 16) + 1):
        with refused(ValueError, f"{what} must be in 1 ... 65536, not {value}"):
            Conv2dShape(**{**SMALL, what: value})
    with refused(TypeError, f"{what} must be an integer, not 3.0"):
        Conv2dShape(**{**SMALL, what: 3.0})


def test_largest_image():
    largest = {**SMALL, "height": 1 << 16, "width": 1 << 16}
    assert Conv2dShape(**largest).output_height == (1 << 16) - 2


TUPLES = [("stride", 2, 1), ("dilation", 2, 1), ("padding", 4, 0)]


@pytest.mark.parametrize(("what", "count", "minimum"), TUPLES)
def test_tuples(what, count, minimum):
    for value in (1, [1] * count, (1,) * (count - 1), (1,) * (count + 1), None):
        with refused(TypeError, f"{what} must be a tuple of {count} integers, not {value!r}"):
            Conv2dShape(**SMALL, **{what: value})
    for place in range(count):
        for value in (minimum - 1, (1 << 16) + 1):
            values = [1] * count
            values[place] = value
            with refused(ValueError, f"{what} must be in {minimum} ... 65536, not {value}"):
                Conv2dShape(**SMALL, **{what: tuple(values)})
        values[place] = 1.0
        with refused(TypeError, f"{what} must be an integer, not 1.0"):
            Conv2dShape(**SMALL, **{what: tuple(values)})


@pytest.mark.parametrize(("groups", "what", "value"), [(3, "in_channels", 4),
                                                      (4, "out_channels", 6)])  # fmt: skip
def test_groups_that_do_not_divide(groups, what, value):
    with refused(ValueError, f"{what} must be a multiple of groups ({groups}), not {value}"):
        Conv2dShape(**SMALL, groups=groups)


def test_kernel_larger_than_the_padded_image():
    assert Conv2dShape(**SMALL, dilation=(4, 9), padding=(0, 1, 0, 1)).output_height == 1
    with refused(ValueError, "kernel must fit into the padded image, not 9x2 into 8x9"):
        Conv2dShape(**SMALL, dilation=(4, 1))
    with refused(ValueError, "kernel must fit into the padded image, not 3x10 into 8x9"):
        Conv2dShape(**SMALL, dilation=(1, 9))
