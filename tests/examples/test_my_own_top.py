# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The example of a design of one's own equals numpy, and would notice a difference."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_own_top.py"


def test_it_equals_numpy(capsys):
    names = runpy.run_path(str(EXAMPLE))
    assert names["main"]() is True
    assert capsys.readouterr().out.startswith("960 results in ")


@pytest.mark.parametrize("constant", ["EXCESS", pytest.param("RING_ROWS", marks=pytest.mark.full)])
def test_it_notices_what_is_missing(capsys, constant):
    """Without the excess taken off, or with rows given up that are still read, it differs."""
    names = runpy.run_path(str(EXAMPLE))
    main = names["main"]
    main.__globals__[constant] += 1
    assert main() is False
    assert "DIFFERENT" in capsys.readouterr().out


def test_the_image_is_larger_than_queue_and_ring():
    names = runpy.run_path(str(EXAMPLE))
    assert names["HEIGHT"] * names["WIDTH"] > 4 * names["QUEUE"]
    assert names["HEIGHT"] > 4 * names["RING_ROWS"]
