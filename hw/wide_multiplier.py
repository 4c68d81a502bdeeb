# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Products that are wider than one multiplier cell."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.checks import integer, one_of
from macaw.arch.config import Technology
from macaw.hw.cells.ecp5_carry import TwoBitProduct
from macaw.hw.cells.ecp5_multiplier import Multiplier18
from macaw.hw.cells.gowin_multiplier import GowinMultiplier
from macaw.hw.cells.gowin_wide import GowinWideMultiplier
from macaw.hw.delay import delay

__all__ = ["WideMultiplier"]

_CELL_BITS = 18


class WideMultiplier(wiring.Component):
    """The exact product of two unsigned numbers, of ``a_bits`` and ``b_bits`` (1 ... 32 each).

    ``technology`` says what it is made of. ``Technology.GENERIC`` and ``Technology.ICE40`` are a
    ``*`` between registers. ``Technology.GOWIN`` is a `GowinWideMultiplier`, or a MULT18X18 where
    neither operand has more than 18 bits. ``Technology.ECP5`` takes one MULT18X18D for the low 18
    bits of both operands and adds what their upper bits contribute, two bits a row of the carry
    chain: the device's multipliers are scarce. With ``parallel`` the upper bits have multipliers
    too, up to four in all.

    Raises ``TypeError`` or ``ValueError`` for other widths or technologies.

    Members
    -------
    a : In(a_bits)
    b : In(b_bits)
    product : Out(a_bits + b_bits)
        ``a * b``, `latency` clocks later; new operands are taken in each clock.
    """

    def __init__(self, a_bits, b_bits, technology, *, parallel=False):
        a_bits, b_bits = integer("a_bits", a_bits, 1, 32), integer("b_bits", b_bits, 1, 32)
        self._technology = one_of("technology", technology, tuple(Technology))
        self._parallel = bool(parallel)
        self._rows = sum((max(0, bits - _CELL_BITS) + 1) // 2 for bits in (a_bits, b_bits))
        super().__init__({"a": In(a_bits), "b": In(b_bits), "product": Out(a_bits + b_bits)})

    @property
    def latency(self):
        """Clocks from the operands to their product."""
        if self._technology == Technology.GOWIN:
            return GowinWideMultiplier.latency if self._rows else GowinMultiplier.latency
        if self._technology != Technology.ECP5 or not self._rows:
            return 3
        if self._parallel:
            return Multiplier18.latency + 2
        # A clock for the rows, those of their adder tree, one for the last sum.
        return max(Multiplier18.latency, 1 + (self._rows - 1).bit_length()) + 1

    def elaborate(self, platform):
        m = Module()
        if self._technology == Technology.ECP5:
            product = self._product_ecp5(m)
        elif self._technology == Technology.GOWIN:
            if self._rows:
                cell = GowinWideMultiplier(len(self.a), len(self.b))
            else:
                cell = GowinMultiplier(_CELL_BITS)
            m.submodules.cell = cell
            m.d.comb += [cell.a.eq(self.a), cell.b.eq(self.b)]
            product = cell.product
        else:
            # Registers on both sides, so that tools can move them into the device's cells.
            product = delay(m, delay(m, self.a, 1) * delay(m, self.b, 1), 2, name="product")
        m.d.comb += self.product.eq(product)
        return m

    def _product_ecp5(self, m):
        a_low, a_high = self.a[:_CELL_BITS], self.a[_CELL_BITS:]
        b_low, b_high = self.b[:_CELL_BITS], self.b[_CELL_BITS:]
        m.submodules.cell = cell = Multiplier18()
        m.d.comb += [cell.a.eq(a_low), cell.b.eq(b_low)]
        if not self._rows:
            return cell.product
        if self._parallel:
            return self._product_of_cells(m, cell.product)

        # The rest is a_high * b + a_low * b_high. Terms are (place, value), for value << place.
        terms = sorted(
            [*_rows(m, a_high, self.b), *_rows(m, b_high, a_low)], key=lambda term: term[0]
        )
        clocks = 1
        while len(terms) > 1:
            pairs = [terms[first : first + 2] for first in range(0, len(terms), 2)]
            terms = [_sum(m, pair) for pair in pairs]
            clocks += 1
        [(_, rest)] = terms
        target = self.latency - 1
        rest = delay(m, rest, target - clocks, name="rest")
        low = delay(m, cell.product, target - cell.latency)
        return delay(m, Cat(low[:_CELL_BITS], low[_CELL_BITS:] + rest), 1, name="product")

    def _product_of_cells(self, m, low):
        """The product, with a cell for each other pair of the operands' halves."""
        halves = [(value[:_CELL_BITS], value[_CELL_BITS:]) for value in (self.a, self.b)]
        products = {}
        for index in (1, 2, 3):  # the operands of which the upper half is taken
            a, b = (half[index >> which & 1] for which, half in enumerate(halves))
            if len(a) and len(b):
                m.submodules[f"cell_{index}"] = cell = Multiplier18()
                m.d.comb += [cell.a.eq(a), cell.b.eq(b)]
                products[index] = cell.product
        middle = delay(m, products.get(1, 0) + products.get(2, 0), 1, name="middle")
        ends = delay(m, Cat(low, products.get(3, Const(0, 0))), 1, name="ends")
        total = Cat(ends[:_CELL_BITS], ends[_CELL_BITS:] + middle)[: len(self.product)]
        return delay(m, total, 1, name="product")


def _rows(m, bits, value):
    """The terms of ``bits * value``, two of the bits a row, one clock later."""
    for place in range(0, len(bits), 2):
        factor = bits[place : place + 2]
        row = TwoBitProduct(len(value))
        m.submodules += row
        m.d.comb += [row.value.eq(value), row.factor.eq(factor)]
        product = row.product[: len(value) + len(factor)]
        yield place, delay(m, product, 1, name="row")


def _sum(m, terms):
    """One term for one or two of them, the one of the lower place first, one clock later."""
    if len(terms) == 1:
        [(place, value)] = terms
        return place, delay(m, value, 1, name="sum")
    (place, lower), (upper_place, upper) = terms
    passed = upper_place - place
    return place, delay(m, Cat(lower[:passed], lower[passed:] + upper), 1, name="sum")
