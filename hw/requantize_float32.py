# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Requantisation through float32, in integers: the steps before and after the multiplier.

The recipe is ``RNE(fl(fl(sum) * multiplier * 2**-shift))``, where ``fl`` rounds to 24
significant bits and RNE to an integer, both to nearest, ties to even. The sum is normalised
before it is multiplied, so that the product of two 24-bit numbers with their top bits set has
47 or 48 bits: ``fl`` then cuts it at one of two places, whatever the exponent. Subnormal
numbers cannot matter, as they are far below one half.
"""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from macaw.hw.delay import delay
from macaw.hw.float32_values import rounded_up
from macaw.hw.rounded_magnitude import RoundedMagnitude

__all__ = ["Float32Normalizer", "Float32Rounder"]


class Float32Normalizer(wiring.Component):
    """The first rounding: ``fl(|sum|) * 2**-shift = magnitude * 2**(9 - exponent)``.

    ``magnitude`` has its top bit set, unless ``sum`` is zero, which gives zero.

    Members
    -------
    sum : In(signed(32))
    shift : In(6)
    magnitude : Out(24)
        `latency` clocks after ``sum``.
    negative : Out(1)
        With ``magnitude``.
    exponent : Out(7)
        One clock after ``magnitude``. In 1 ... 96; anything for a sum of zero.

    A sum is taken in each clock.
    """

    latency = 5

    sum: In(signed(32))
    shift: In(6)
    magnitude: Out(24)
    negative: Out(1)
    exponent: Out(7)

    def elaborate(self, platform):
        m = Module()

        # A negative sum is complemented, not negated: |sum| = bits + negative. The missing one
        # stays missing while ones are shifted in from the right, and is made good by the adder
        # that rounds. First clock: which groups of four bits, from the top, hold a one.
        negative = self.sum[-1]
        bits = self.sum[:-1] ^ negative.replicate(31)
        groups = delay(m, Cat(bits[high - 4 : high].any() for high in range(31, 3, -4)), 1)
        bits = delay(m, bits, 1, name="bits")
        shift = delay(m, (self.shift + 2)[:7], 1, name="shift")
        negative = delay(m, negative, 1, name="negative")

        # ``zeros`` counts the leading zeros, upper bits first; those of whole groups are known
        # before anything moves.
        by_16 = ~groups[:4].any()
        by_8 = ~Mux(by_16, groups[4:6], groups[:2]).any()
        by_4 = ~groups.bit_select(Cat(0, by_8, by_16), 1)

        def move(distance, empty, bits):
            return Mux(empty, Cat(negative.replicate(distance), bits[:-distance]), bits)

        # Second and third clock: up by 16 and 8, and by 4 and 2.
        bits = delay(m, move(8, by_8, move(16, by_16, bits)), 1, name="bits")
        zeros = delay(m, Cat(by_4, by_8, by_16), 1, name="zeros")
        negative, shift = delay(m, negative, 1, name="negative"), delay(m, shift, 1, name="shift")

        bits = move(4, zeros[0], bits)
        by_2 = ~bits[-2:].any()
        bits = delay(m, move(2, by_2, bits), 1, name="bits")
        zeros = delay(m, Cat(by_2, zeros), 1, name="zeros")
        negative, shift = delay(m, negative, 1, name="negative"), delay(m, shift, 1, name="shift")

        # Fourth clock: up by 1, and the rounding decided.
        by_1 = ~bits[-1]
        bits, zeros = move(1, by_1, bits), Cat(by_1, zeros)
        kept, dropped = bits[7:], bits[:7]
        round_up = Mux(
            negative,  # then the dropped bits lack one
            dropped[6] | (dropped[:6].all() & kept[0]),
            dropped[6] & (dropped[:6].any() | kept[0]),
        )
        round_up = delay(m, round_up, 1, name="round_up")
        exponent = delay(m, (shift + zeros)[:7], 2, name="exponent")

        magnitude, overflow = rounded_up(m, delay(m, kept, 1, name="kept"), round_up)
        exponent = (exponent - delay(m, overflow, 1, name="overflow"))[:7]
        m.d.comb += [
            self.magnitude.eq(delay(m, magnitude, 1, name="magnitude")),
            self.negative.eq(delay(m, negative, 2, name="negative")),
            self.exponent.eq(delay(m, exponent, 1, name="exponent")),
        ]
        return m


class Float32Rounder(wiring.Component):
    """The second and the third rounding: to 24 significant bits, and to an integer.

    ``product`` is the magnitude of `Float32Normalizer` times a multiplier in
    2**23 ... 2**24 - 1; ``negative`` and ``exponent`` come from there too.

    Members
    -------
    product : In(48)
    negative : In(1)
    exponent : In(7)
    rounded : Out(RoundedMagnitude)

    A product is taken in each clock; its result comes `latency` clocks later.
    """

    latency = 3

    product: In(48)
    negative: In(1)
    exponent: In(7)
    rounded: Out(RoundedMagnitude)

    def elaborate(self, platform):
        m = Module()
        product = self.product

        # The value is product * 2**(9 - exponent). Let position = exponent - 48: the bit that is
        # worth one half is product[38 + position]. Below position 0 the product, which is zero
        # or at least 2**46, is worth 256 or more; from position 10 on it is below one half, and
        # float32 rounds it to one half at most, a tie that becomes zero as well.
        below = (self.exponent < 48) & product[46:].any()
        beyond = self.exponent[6]

        # The window holds the integer and its half; ``some`` and ``ones`` tell whether any and
        # whether all bits are set between them and the last bit that float32 keeps.
        def move(distance, drop, window, some, ones):
            lost = window[:distance]
            moved = Mux(drop, window[distance:], window)[: len(window)]
            return moved, some | (drop & lost.any()), ones & (~drop | lost.all())

        # First clock: down by 8 and 4.
        state = product[38:], product[24:38].any(), product[24:38].all()
        state = move(8, self.exponent[3], *state)
        window, some, ones = move(4, self.exponent[2], *state)
        window = delay(m, Mux(beyond, 0, window), 1, name="window")
        some, ones = delay(m, some, 1, name="some"), delay(m, ones, 1, name="ones")
        below = delay(m, below, 1, name="below")
        position = delay(m, self.exponent[:2], 1, name="position")
        # float32's rounding: a product of 48 bits is cut below bit 24, one of 47 bits below bit
        # 23, and a carry is added to the last bit kept, bit 24 or ``last``, if the ``guard`` and
        # anything else than zeros around it are set.
        long, (bit_22, bit_23, bit_24) = product[47], product[22:25]
        guard = delay(m, Mux(long, bit_23, bit_22), 1, name="guard")
        around = delay(m, Mux(long, bit_22 | bit_24, bit_23), 1, name="around")
        last_set = delay(m, ~long & bit_23, 1, name="last_set")
        last_clear = delay(m, ~long & ~bit_23, 1, name="last_clear")
        groups = Cat(product[low : min(low + 6, 22)].any() for low in range(0, 22, 6))
        around = Cat(around, delay(m, groups, 1, name="groups"))

        # Second clock: down by 2 and 1.
        carry = guard & around.any()
        state = window, some | last_set, ones & ~last_clear
        state = move(2, position[1], *state)
        window, some, ones = move(1, position[0], *state)
        window = delay(m, window, 1, name="window")
        some, ones = delay(m, some, 1, name="some"), delay(m, ones, 1, name="ones")
        carry, below = delay(m, carry, 1, name="carry"), delay(m, below, 1, name="below")

        # Third clock: the carry reaches the half through ones only, and leaves zeros behind. Where
        # it cannot, it still tells that there is something below the half.
        half, whole, odd = window[0], window[1:], window[1]
        round_up = Mux(half, some | carry | odd, ones & carry & odd)
        negative = delay(m, self.negative, self.latency - 1)
        inverted = whole[:8] ^ negative.replicate(8)
        m.d.comb += [
            self.rounded.whole.eq(delay(m, inverted, 1, name="whole")),
            self.rounded.round_up.eq(delay(m, round_up ^ negative, 1, name="round_up")),
            self.rounded.saturated.eq(delay(m, below | whole[8], 1, name="saturated")),
            self.rounded.negative.eq(delay(m, negative, 1, name="negative")),
        ]
        return m
