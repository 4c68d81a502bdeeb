# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation through float32 with a real bias: the steps before the multiplier.

The recipe is ``fl(fl(sum) + bias)``, then as in mode ``float32``. ``fl(sum)`` is an integer and
the bias has 26 fraction bits, the last of them rounded to odd, so that the sum of both is one
addition of integers.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.arch.parameters import FIXED_BIAS_BITS, FIXED_BIAS_FRACTION
from macaw.hw.delay import delay
from macaw.hw.float32_values import rounded_up

__all__ = ["Float32BiasNormalizer", "Float32Integer", "WideNormalizer"]


class Float32Integer(wiring.Component):
    """An int32 rounded to 24 significant bits, nearest even: float32's value, as an integer.

    Members
    -------
    sum : In(signed(32))
    rounded : Out(signed(33))
        Up to 2**31; `latency` clocks after ``sum``, one in each clock.
    """

    latency = 3

    sum: In(signed(32))
    rounded: Out(signed(33))

    def elaborate(self, platform):
        m = Module()
        # With the sign's copies taken off, the highest bit that is set says how many are dropped:
        # none for bit 23, seven for bit 30. Of -2**n, whose magnitude is a bit longer, no bit is
        # set that either count would drop.
        value = self.sum
        upper = value[24:31] ^ value[31].replicate(7)
        drops = Cat(upper[place] & ~upper[place + 1 :].any() for place in range(7))
        drops, value = delay(m, drops, 1, name="drops"), delay(m, value, 1, name="value")

        # The same in two's complement as for magnitudes, as ties go to even numbers.
        ups, keeps = [], []
        for index, drop in enumerate(drops):
            half, below, last = value[index], value[:index], value[index + 1]
            ups.append(drop & half & (below.any() | last))
            keeps.append(~drops[index:].any())
        kept = Cat(value[:7] & Cat(keeps), value[7:]).as_signed()
        kept, ups = delay(m, kept, 1, name="kept"), delay(m, Cat(Const(0, 1), *ups), 1, name="ups")
        m.d.comb += self.rounded.eq(delay(m, (kept + ups)[:33].as_signed(), 1, name="rounded"))
        return m


class WideNormalizer(wiring.Component):
    """Rounds a wide number to 24 significant bits, nearest even: ``|total| = magnitude *
    2**(width - 25 - zeros)``.

    ``magnitude`` has its top bit set, unless ``total`` is zero, which gives zero.

    Parameters
    ----------
    width : int
        Bits of ``total``, 33 ... 64.

    Members
    -------
    total : In(signed(width))
        Not ``-2**(width - 1)``.
    magnitude : Out(24)
        `latency` clocks after ``total``, one in each clock.
    negative : Out(1)
        With ``magnitude``.
    zeros : Out(6)
        Leading zeros of the magnitude, two clocks before it.
    overflow : Out(1)
        With ``magnitude``: the rounding has led to the next power of two, so that ``zeros`` is one
        too many.
    """

    latency = 9

    def __init__(self, width):
        self._width = width
        super().__init__(
            {
                "total": In(signed(width)),
                "magnitude": Out(24),
                "negative": Out(1),
                "zeros": Out(6),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        # As in `Float32Normalizer`: a negative number is complemented, and the missing one, which
        # stays missing while ones are shifted in, is made good by the adder that rounds.
        negative = self.total[-1]
        bits, zeros = self.total[:-1] ^ negative.replicate(self._width - 1), Const(0, 0)
        # Any of 32 bits takes a clock more.
        groups = Cat(bits[-place - 8 :][:8].any() for place in range(0, 32, 8))
        groups = delay(m, groups, 1, name="upper_groups")
        bits, negative = delay(m, bits, 1, name="bits"), delay(m, negative, 1, name="negative")
        for distances in ((32,), (16,), (8,), (4,), (2, 1)):
            for distance in distances:
                empty = ~(groups if distance == 32 else bits[-distance:]).any()
                moved = Cat(negative.replicate(distance), bits[:-distance])
                bits, zeros = Mux(empty, moved, bits), Cat(empty, zeros)
            bits, zeros = delay(m, bits, 1, name="bits"), delay(m, zeros, 1, name="zeros")
            negative = delay(m, negative, 1, name="negative")

        kept, half = bits[-24:], bits[-25]
        rest = bits[:-25] ^ negative.replicate(self._width - 26)
        # Of a negative number the rest lacks one: it is ``some`` less one.
        groups = Cat(rest[low : low + 8].any() for low in range(0, len(rest), 8))
        groups = delay(m, groups, 1, name="groups")
        kept, half = delay(m, kept, 1, name="kept"), delay(m, half, 1, name="half")
        negative = delay(m, negative, 1, name="negative")
        some = groups.any()
        round_up = Mux(negative, half | (~some & kept[0]), half & (some | kept[0]))
        round_up = delay(m, round_up, 1, name="round_up")

        magnitude, overflow = rounded_up(m, delay(m, kept, 1, name="kept"), round_up)
        m.d.comb += [
            self.magnitude.eq(delay(m, magnitude, 1, name="magnitude")),
            self.negative.eq(delay(m, negative, 2, name="negative")),
            self.zeros.eq(delay(m, zeros, 1, name="zeros")),
            self.overflow.eq(delay(m, overflow, 1, name="overflow")),
        ]
        return m


class Float32BiasNormalizer(wiring.Component):
    """The first two roundings: ``|fl(fl(sum) + fixed_bias * 2**-26)| * 2**-shift = magnitude *
    2**(9 - exponent)``, wherever this is one half or more; below, it stays below.

    ``magnitude`` has its top bit set, unless the sum of both is zero, which gives zero. With a
    bias of zero this is `Float32Normalizer`, and exact everywhere.

    Members
    -------
    sum : In(signed(32))
    shift : In(6)
    fixed_bias : In(signed(58))
        Above ``-2**57``.
    magnitude : Out(24)
        `latency` clocks after ``sum``.
    negative : Out(1)
        With ``magnitude``.
    exponent : Out(7)
        One clock after ``magnitude``. In 0 ... 121; anything for a sum of zero.

    A sum is taken in each clock.
    """

    latency = Float32Integer.latency + 1 + WideNormalizer.latency

    sum: In(signed(32))
    shift: In(6)
    fixed_bias: In(signed(FIXED_BIAS_BITS))
    magnitude: Out(24)
    negative: Out(1)
    exponent: Out(7)

    def elaborate(self, platform):
        m = Module()
        m.submodules.integer = integer = Float32Integer()
        m.submodules.normalizer = normalizer = WideNormalizer(FIXED_BIAS_BITS + 1)
        bias = delay(m, self.fixed_bias, integer.latency)
        fraction, whole = bias[:FIXED_BIAS_FRACTION], bias[FIXED_BIAS_FRACTION:].as_signed()
        total = Cat(fraction, (integer.rounded + whole)[:33])
        m.d.comb += [
            integer.sum.eq(self.sum),
            normalizer.total.eq(delay(m, total, 1, name="total")),
            self.magnitude.eq(normalizer.magnitude),
            self.negative.eq(normalizer.negative),
        ]
        # |total| is magnitude * 2**(34 - zeros), in units of 2**-26.
        shift = delay(m, self.shift, self.latency - 2)
        exponent = delay(m, (shift + normalizer.zeros + 1)[:7], 2, name="exponent")
        exponent = (exponent - normalizer.overflow)[:7]
        m.d.comb += self.exponent.eq(delay(m, exponent, 1, name="exponent"))
        return m
