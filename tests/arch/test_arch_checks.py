# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The checks take what they say, and refuse the rest in one voice."""

from enum import StrEnum

import numpy as np
import pytest
from arch_refusals import refused

from macaw.arch.checks import instance, integer, one_of, power_of_two


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize("check", [integer, power_of_two])
@pytest.mark.parametrize("value", [1, 4, np.int8(4), np.uint64(64), 64])
def test_integers_are_taken_as_python_integers(check, value):
    taken = check("size", value, 1, 64)
    assert taken == value
    assert type(taken) is int


@pytest.mark.parametrize("check", [integer, power_of_two])
@pytest.mark.parametrize("value", [16.0, "16", None, True, False, [16], np.float32(16), np.True_])
def test_no_integer(check, value):
    with refused(TypeError, f"size must be an integer, not {value!r}"):
        check("size", value, 0, 64)


@pytest.mark.parametrize("check", [integer, power_of_two])
@pytest.mark.parametrize("value", [0, 128, -1, np.int64(128)])
def test_integer_out_of_range(check, value):
    with refused(ValueError, f"size must be in 1 ... 64, not {int(value)}"):
        check("size", value, 1, 64)


@pytest.mark.parametrize("value", [3, 6, 63, np.uint8(12)])
def test_no_power_of_two(value):
    with refused(ValueError, f"size must be a power of two, not {int(value)}"):
        power_of_two("size", value, 1, 64)


def test_one_of():
    assert one_of("colour", Colour.RED, tuple(Colour)) is Colour.RED
    with refused(ValueError, "colour must be one of red, blue, not 'green'"):
        one_of("colour", "green", tuple(Colour))


def test_instance():
    assert instance("colour", Colour.RED, Colour) is Colour.RED
    with refused(TypeError, "colour must be a Colour, not 'red'"):
        instance("colour", "red", Colour)
    with refused(TypeError, "count must be an int, not '5'"):
        instance("count", "5", int)
