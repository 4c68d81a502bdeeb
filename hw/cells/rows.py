# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""A product as the sum of rows, each the work of two bits of one factor."""

from amaranth import *

from macaw.hw.delay import delay

__all__ = ["product_of_rows"]


def product_of_rows(m, name, bits, value, row, *, top=None, registered=True):
    """``bits * value`` of a number of 8 bits and a signed one of 8 bits, three clocks later, or
    two with ``registered`` false: then the product has no register.

    ``row(m, value, factor)`` gives ``value`` times two unsigned bits, as a signed number of 10
    bits: four rows, a register behind each. Where ``bits`` are signed, ``top`` makes the row of the
    upper two. The low bits of the lower of two rows pass by their adder, and a register stands
    behind each level of adders.
    """
    terms = [
        delay(m, make(m, value, bits[place : place + 2]), 1, name=f"{name}_row_{place}")
        for make, place in zip((row, row, row, top or row), range(0, 8, 2), strict=True)
    ]
    passed = 2
    while len(terms) > 1:
        pairs = list(zip(terms[::2], terms[1::2], strict=True))
        terms = []
        for index, (lower, upper) in enumerate(pairs):
            # The lower row's upper part is the smaller number, so the sum fits the upper row's
            # bits and one for each place that passed.
            width = len(lower) + passed
            rest = (lower[passed:].as_signed() + upper)[: width - passed]
            term = Cat(lower[:passed], rest).as_signed()
            clocks = int(registered or len(pairs) > 1)
            terms.append(delay(m, term, clocks, name=f"{name}_sum_{passed}_{index}"))
        passed *= 2
    return terms[0]
