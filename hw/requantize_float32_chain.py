# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation by a chain of float32 steps: those before and after the last multiplier.

The recipe is ``fl(fl(fl(fl(sum) * s) * w) + b)``, then ``fl(fl(. * d) + z)`` and the nearest
integer. Numbers travel as 24 bits and an exponent; for the additions they are placed into
integers, whose last bit is rounded to odd. docs/decisions/007-float32-chain.md says why nothing
is lost by that.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.parameters import CHAIN_SHIFT_BITS, FIXED_BIAS_BITS
from macaw.hw.delay import delay
from macaw.hw.float32_values import FixedPlacer, ProductRounder
from macaw.hw.requantize_float32 import Float32Normalizer
from macaw.hw.requantize_float32_bias import WideNormalizer
from macaw.hw.rounded_magnitude import RoundedMagnitude
from macaw.hw.wide_multiplier import WideMultiplier

__all__ = ["Float32ChainNormalizer", "Float32ChainRounder"]

#: The highest place of a product beside the bias: from here on it outweighs every bias, and the
#: result is beyond every bound.
_PRODUCT_TOP = 33

#: The highest place of a number below 256 with 26 fraction bits.
_RESULT_TOP = 10

#: Fraction bits of the result before its zero point is added.
_FRACTION = 26


class Float32ChainNormalizer(wiring.Component):
    """The first four roundings: ``|fl(fl(fl(fl(sum) * s) * w) + b)| = magnitude * 2**(7 -
    exponent)``, in the layer's unit, wherever the result is not below one half.

    ``magnitude`` has its top bit set, unless the sum is zero, which gives zero.

    Parameters
    ----------
    technology : Technology
        What its two multipliers are made of.
    parallel : bool
        They take no LUTs.

    Members
    -------
    sum : In(signed(32))
    input_multiplier : In(24)
        The bits of ``s``, constant while sums are under way.
    multiplier : In(24)
        The bits of ``w``.
    shift : In(7)
        With both, `macaw.arch.Float32Chain.entries` says what they stand for.
    fixed_bias : In(signed(58))
        ``b`` in the layer's unit, below 2**55.
    magnitude : Out(24)
        `latency` clocks after ``sum``.
    negative : Out(1)
        With ``magnitude``.
    exponent : Out(6)
        One clock after ``magnitude``.

    A sum is taken in each clock.
    """

    def __init__(self, technology, *, parallel=False):
        self._multipliers = [
            WideMultiplier(24, 24, technology, parallel=parallel) for _ in range(2)
        ]
        super().__init__(
            {
                "sum": In(signed(32)),
                "input_multiplier": In(24),
                "multiplier": In(24),
                "shift": In(CHAIN_SHIFT_BITS),
                "fixed_bias": In(signed(FIXED_BIAS_BITS)),
                "magnitude": Out(24),
                "negative": Out(1),
                "exponent": Out(6),
            }
        )

    @property
    def _clocks_multiplied(self):
        """Clocks of a multiplication and its rounding."""
        return self._multipliers[0].latency + ProductRounder.latency

    @property
    def _clocks_product(self):
        """Clocks from the sum to the product with both scales."""
        return Float32Normalizer.latency + 2 * self._clocks_multiplied

    @property
    def latency(self):
        """Clocks from a sum to its ``magnitude``."""
        return self._clocks_product + 1 + FixedPlacer.latency + 1 + WideNormalizer.latency

    def elaborate(self, platform):
        m = Module()
        m.submodules.integer = integer = Float32Normalizer()
        m.submodules.placer = placer = FixedPlacer(_PRODUCT_TOP)
        m.submodules.normalizer = normalizer = WideNormalizer(FIXED_BIAS_BITS + 1)
        m.d.comb += integer.sum.eq(self.sum)

        first = Float32Normalizer.latency + self._clocks_multiplied
        factors = self.input_multiplier, delay(m, self.multiplier, first)
        magnitude, extras = integer.magnitude, []
        for index, (multiplier, factor) in enumerate(zip(self._multipliers, factors, strict=True)):
            m.submodules[f"multiplier_{index}"] = multiplier
            m.submodules[f"rounder_{index}"] = rounder = ProductRounder()
            m.d.comb += [
                multiplier.a.eq(magnitude),
                multiplier.b.eq(factor),
                rounder.product.eq(multiplier.product),
            ]
            magnitude = rounder.magnitude
            extras.append(rounder.extra)

        # |sum| is the integer's magnitude * 2**(9 - exponent), and each product has 23 places
        # more, or one or two more than that.
        multiplied = self._clocks_multiplied
        exponent = delay(m, integer.exponent, 2 * multiplied - 1)
        shift = delay(m, self.shift, self._clocks_product)
        position = (55 - shift) - exponent + (delay(m, extras[0], multiplied) + extras[1])
        negative = delay(m, integer.negative, 2 * multiplied + 1)
        m.d.comb += [
            placer.magnitude.eq(delay(m, magnitude, 1, name="product")),
            placer.negative.eq(negative),
            placer.position.eq(delay(m, position[:9].as_signed(), 1, name="position")),
        ]
        bias = delay(m, self.fixed_bias, self._clocks_product + 1 + FixedPlacer.latency)
        total = (placer.value + bias)[: FIXED_BIAS_BITS + 1].as_signed()
        m.d.comb += [
            normalizer.total.eq(delay(m, total, 1, name="total")),
            self.magnitude.eq(normalizer.magnitude),
            self.negative.eq(normalizer.negative),
        ]
        zeros = (delay(m, normalizer.zeros, 2) - normalizer.overflow)[:6]
        m.d.comb += self.exponent.eq(delay(m, zeros, 1, name="exponent"))
        return m


class Float32ChainRounder(wiring.Component):
    """The last three roundings: to the product with ``d``, to its sum with the zero point, and to
    an integer, which is given without the zero point again.

    ``product`` is the magnitude of `Float32ChainNormalizer` times the bits of ``d``; ``negative``
    and ``exponent`` come from there too.

    Members
    -------
    product : In(48)
    negative : In(1)
    exponent : In(6)
    zero_point : In(signed(9))
        The result's, as its type has it; constant while products are under way.
    rounded : Out(RoundedMagnitude)

    A product is taken in each clock; its result comes `latency` clocks later.
    """

    latency = ProductRounder.latency + 1 + FixedPlacer.latency + 4

    product: In(48)
    negative: In(1)
    exponent: In(6)
    zero_point: In(signed(9))
    rounded: Out(RoundedMagnitude)

    def elaborate(self, platform):
        m = Module()
        m.submodules.rounder = rounder = ProductRounder()
        m.submodules.placer = placer = FixedPlacer(_RESULT_TOP)
        # In units of 2**-26 the value is the magnitude times 2**position.
        exponent = delay(m, self.exponent, rounder.latency)
        position = (rounder.extra + 32) - exponent
        m.d.comb += [
            rounder.product.eq(self.product),
            placer.magnitude.eq(delay(m, rounder.magnitude, 1)),
            placer.negative.eq(delay(m, self.negative, rounder.latency + 1)),
            placer.position.eq(delay(m, position[:9].as_signed(), 1, name="position")),
        ]

        # In two's complement: an integer and a fraction that is not negative. The sum with the
        # zero point changes the integer only, whose length says how many bits of the fraction
        # float32 keeps: 24 less the length.
        whole = placer.value[_FRACTION:].as_signed()
        whole_1 = delay(m, whole, 1, name="whole")
        total = delay(m, (whole + self.zero_point)[:11].as_signed(), 1, name="total")
        fraction = delay(m, placer.value[:_FRACTION], 1, name="fraction")

        bits = (total ^ total[-1].replicate(len(total)))[:9]
        lengths = [~bits.any()]
        lengths += [bits[place] & ~bits[place + 1 :].any() for place in range(9)]
        lengths = delay(m, Cat(lengths), 1, name="lengths")
        fraction, odd = delay(m, fraction, 1, name="fraction"), delay(m, total[0], 1, name="odd")

        # Bit 25 is the half. Below it, the last bit kept is bit ``length + 2``.
        half, upper = fraction[25], fraction[12:25]
        some, ones, guard, last, rest = upper.any(), upper.all(), 0, 0, fraction[0]
        for length, mine in enumerate(lengths):
            kept = lengths[: length + 1].any()  # bit ``length + 2`` is
            guard |= mine & fraction[length + 1]
            last |= mine & fraction[length + 2]
            some |= kept & fraction[length + 2]
            ones &= ~kept | fraction[length + 2]
            if length:
                rest |= lengths[length:].any() & fraction[length]
        half, odd = delay(m, half, 1, name="half"), delay(m, odd, 1, name="odd")
        some, ones = delay(m, some, 1, name="some"), delay(m, ones, 1, name="ones")
        carry = delay(m, guard & (rest | last), 1, name="carry")

        # As in `Float32Rounder`: the carry reaches the half through ones only.
        round_up = Mux(half, some | carry | odd, ones & carry & odd)
        whole = delay(m, whole_1, 2, name="whole")
        negative = whole[-1]
        m.d.comb += [
            self.rounded.whole.eq(delay(m, whole[:8], 1, name="magnitude")),
            self.rounded.round_up.eq(delay(m, round_up, 1, name="round_up")),
            self.rounded.negative.eq(delay(m, negative, 1, name="negative")),
            self.rounded.saturated.eq(delay(m, placer.saturated, 4)),
        ]
        return m
