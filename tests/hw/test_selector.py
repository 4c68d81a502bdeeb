# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The selector gives the value that its index names, on every technology."""

import numpy as np
import pytest

from macaw.arch.config import Technology
from macaw.hw.cells.ecp5_select import FourToOne
from macaw.hw.selector import Selector
from macaw.sim.vectors import apply

SEED = 20261125
COUNT = 1_000


def test_the_cell_is_exhausted():
    codes = np.arange(64)
    values, index = codes % 16, codes >> 4
    chosen = apply(FourToOne(), {"values": values, "index": index}, latency=0)["chosen"]
    np.testing.assert_array_equal(chosen, values >> index & 1)


@pytest.mark.parametrize("technology", Technology)
@pytest.mark.parametrize("ways", [2, 4])
def test_the_value_of_the_index_is_chosen(technology, ways):
    generator = np.random.default_rng([SEED, ways])
    values = generator.integers(0, 1 << 5, (COUNT, ways))
    index = generator.integers(0, ways, COUNT)
    selector = Selector(width=5, ways=ways, technology=technology)
    chosen = apply(selector, {"values": values, "index": index}, latency=0)["chosen"]
    np.testing.assert_array_equal(chosen, values[np.arange(COUNT), index], f"{SEED=}")


def test_refusals():
    with pytest.raises(ValueError, match=r"^ways must be one of 2, 4, not 3$"):
        Selector(width=8, ways=3)
    with pytest.raises(ValueError, match=r"^width must be in 1 \.\.\. 65536, not 0$"):
        Selector(width=0, ways=2)
