# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A difference is named by its coordinates, its values and the seed."""

import re

import numpy as np
import pytest

from macaw.sim.compare import Difference, check_equal, first_difference

SEED = 20261125


def tensor():
    return np.random.default_rng(SEED).integers(-128, 128, (5, 7, 3), dtype=np.int8)


def test_equal_tensors_have_no_difference():
    assert first_difference(tensor(), tensor().astype(np.int64)) is None
    assert check_equal(tensor(), tensor()) == 105


@pytest.mark.parametrize("place", [(0, 0, 0), (4, 6, 2), (2, 3, 1)])
def test_one_flipped_bit_is_found(place):
    actual = tensor()
    actual[place] ^= 1
    mismatch = first_difference(tensor(), actual)
    assert mismatch.coordinates == place
    assert (mismatch.count, mismatch.total) == (1, 105)
    assert (mismatch.expected, mismatch.actual) == (tensor()[place], actual[place])


def test_the_message_has_count_coordinates_values_and_seed():
    expected, actual = np.zeros((4, 5, 6), np.int8), np.zeros((4, 5, 6), np.int8)
    actual[2, 1, 3], actual[3, 0, 0] = -7, 1
    message = (
        "layer: 2 of 120 values differ; the first at y 2, x 1, channel 3: "
        "expected 0, got -7 (seed 9)"
    )
    with pytest.raises(Difference, match=f"^{re.escape(message)}$"):
        check_equal(expected, actual, what="layer", seed=9)


@pytest.mark.parametrize(
    ("expected", "actual", "kind", "message"),
    [
        ([1], [1.0], TypeError, "actual must be integers, not float64"),
        ([1], [1, 2], ValueError, "actual must have the shape (1,), not (2,)"),
        ([1], [1], ValueError, "axes must name 1 axes, not ('y', 'x')"),
    ],
)
def test_refusals(expected, actual, kind, message):
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        first_difference(expected, actual, ("y", "x"))
