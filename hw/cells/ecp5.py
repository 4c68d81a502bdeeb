# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Multiplier cells on the MULT18X18D of ECP5."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.cells.ecp5_multiplier import Multiplier18

__all__ = ["ProductPair"]

_FIELD = 9  # bits of the packed product below the high product
_CHECKED = 7  # low bits of the high product that are computed beside the multiplier
_PRODUCT = 25  # bits of the packed product
_SPARE = 10  # zeros below the shared operand, in place of copies of its sign above


class ProductPair(wiring.Component):
    """Two exact products that share an operand, from one 18×18 multiplier; new operands each
    clock.

    The multiplier takes ``P = (high * 2**9 + low) * shared``, that is ``H * 2**9 + L`` with the
    wanted products H and L. L has 16 bits, so its upper 7 overlap H. The low 7 bits r of H are
    cheap (``high * shared`` modulo 128, in lookup tables, beside the multiplier), and they
    separate the two:

    - ``d = (P[15:9] - r) mod 128`` are bits 15 ... 9 of L, since ``P >> 9 = H + (L >> 9)`` and
      ``L >> 9`` fits 7 signed bits; bits 8 ... 0 of L are those of P;
    - ``H = (P >> 9) - sign_extend(d)``: its low bits are r, and its bits 15 ... 7 are
      ``P[24:16] + d[6] - (P[15:9] < r)``.

    As low and high are unsigned, the first factor is a mere concatenation. No operand is
    excluded.

    Members
    -------
    low, high : In(unsigned(8))
    shared : In(signed(8))
    low_product, high_product : Out(signed(16))
        ``low * shared``, `low_latency` clocks later, and ``high * shared``, `latency` clocks
        later.
    """

    # Input, pipeline and output register of the multiplier, and one behind d.
    low_latency = Multiplier18.latency + 1

    # One more behind the high product.
    latency = low_latency + 1

    def __init__(self):
        super().__init__(
            {
                "low": In(8),
                "high": In(8),
                "shared": In(signed(8)),
                "low_product": Out(signed(16)),
                "high_product": Out(signed(16)),
            }
        )

    def elaborate(self, platform):
        m = Module()

        def register(value, name):
            held = Signal(Value.cast(value).shape(), name=name, reset_less=True)
            m.d.sync += held.eq(value)
            return held

        m.submodules.multiplier = multiplier = Multiplier18(signed_operands=True)
        m.d.comb += [
            multiplier.a.eq(Cat(self.low, Const(0, _FIELD - 8), self.high)),
            multiplier.b.eq(Cat(Const(0, _SPARE), self.shared).as_signed()),
        ]
        product = multiplier.product[_SPARE : _SPARE + _PRODUCT]

        # Three clocks beside the multiplier.
        terms = [Mux(self.shared[bit], self.high << bit, 0)[:_CHECKED] for bit in range(_CHECKED)]
        rows = [
            register((terms[bit] + terms[bit + 1])[bit:_CHECKED], f"row_{bit}")
            for bit in range(0, _CHECKED - 1, 2)
        ]
        last = register(terms[-1][-1], "row_6")
        lower = register((rows[0] + (rows[1] << 2))[:_CHECKED], "lower_rows")
        upper = register(rows[2] ^ (last << 2), "upper_rows")
        residue = register((lower + (upper << 4))[:_CHECKED], "residue")

        difference = register((product[_FIELD:16] - residue)[:8], "difference")
        low_bits = register(product[:_FIELD], "low_bits")
        high_bits = register(product[16:], "high_bits")
        residue = register(residue, "high_residue")
        m.d.comb += self.low_product.eq(Cat(low_bits, difference[:_CHECKED]))

        # d[6] - borrow is -1, 0 or 1. One carry chain takes all of them: an operand of all ones
        # takes one off, and its lowest place, doubled, carries one in.
        borrow, negative = difference[7], difference[6]
        up, down = negative & ~borrow, borrow & ~negative
        corrected = (Cat(up, high_bits) + Cat(up, down.replicate(len(high_bits))))[1:]
        high_product = register(Cat(residue, corrected[: len(high_bits)]), "high_result")
        m.d.comb += self.high_product.eq(high_product)
        return m
