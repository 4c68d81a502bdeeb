# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The interface that every multiplier cell of the array has."""

from amaranth import *
from amaranth.lib.wiring import In, Out

__all__ = ["PRODUCT_PAIR_MEMBERS"]

#: The members of a product pair, of any device: two exact products that share an operand.
PRODUCT_PAIR_MEMBERS = {
    "low": In(8),
    "high": In(8),
    "shared": In(signed(8)),
    "low_product": Out(signed(16)),
    "high_product": Out(signed(16)),
}
