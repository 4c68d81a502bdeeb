# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""What a requantiser's rounding hands on: a result without its zero point, before the bounds."""

from amaranth.lib import data

__all__ = ["RoundedMagnitude"]


class RoundedMagnitude(data.Struct):
    """The integer ``whole + round_up``, or, if ``saturated``, any integer of 256 or more; with
    ``negative``, less than zero (or zero), and the bits of ``whole`` and ``round_up`` are inverted,
    as the adder behind wants them.

    From 255 on every zero point leads out of int8 or to its end, so larger magnitudes need not
    be told apart.
    """

    whole: 8
    round_up: 1
    saturated: 1
    negative: 1
