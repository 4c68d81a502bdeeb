# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic steps equal their specification, for every operand.

A step is a pipeline without feedback: its registers are taken for wires, so that operands and
result belong together. Each specification is written from the recipe, with numbers that are wide
enough for everything and shifts by as much as they say; nothing of the hardware is used in it.
"""

from collections.abc import Callable

from amaranth.hdl import Const, Mux, Signal, signed

from macaw.arch.instructions import LOOKUP_FRACTION
from macaw.arch.machine import Rounding
from macaw.arch.requantization import FIXED_MODES, Mode
from macaw.hw.bounded_result import BoundedResult
from macaw.hw.cells import ecp5, generic
from macaw.hw.requantize_fixed import FixedRounder, FixedShifter
from macaw.hw.requantize_float32 import Float32Normalizer, Float32Rounder
from macaw.hw.rounded_sum import RoundedSum
from macaw.prove.harness import Harness
from macaw.prove.properties import Property
from macaw.prove.solver import Method

__all__ = ["FUNCTIONS"]


def _magnitude_of(rounded):
    """The integer, without its sign, that a `RoundedMagnitude` stands for."""
    bits = rounded.whole ^ rounded.negative.replicate(8)
    return bits + (rounded.round_up ^ rounded.negative)


def _bounded_result(mutant: bool) -> Harness:
    harness = Harness(BoundedResult())
    step, m = harness.component, harness.m
    rounded = step.rounded
    if mutant:
        harness.opened.override("high_later", 0, when=step.maximum == 126)
    magnitude = Signal(10)
    m.d.comb += magnitude.eq(Mux(rounded.saturated, 512, _magnitude_of(rounded)))
    total = Mux(rounded.negative, -magnitude, magnitude) + step.zero_point
    low = Mux(total < step.minimum, step.minimum, total)
    bounded = Mux(low > step.maximum, step.maximum, low)
    harness.check(step.result == bounded, when=step.minimum <= step.maximum)
    return harness


def _rounded_sum(rounding: Rounding) -> Callable[[bool], Harness]:
    """The integer whose distance from the sum is at most a half, and at a tie that which the
    rounding names."""

    def harness_of(mutant: bool) -> Harness:
        harness = Harness(RoundedSum())
        step, m = harness.component, harness.m
        if mutant:
            half = 1 << (LOOKUP_FRACTION - 1)
            harness.opened.override("tie", 0, when=step.total == 3 * half)
        rounded, places = step.rounded, LOOKUP_FRACTION
        integer = Signal(signed(10))
        magnitude = _magnitude_of(rounded)
        m.d.comb += integer.eq(Mux(rounded.negative, -magnitude, magnitude))
        # Twice the distance to the integer, in units of the sum.
        twice = 2 * step.total - (integer << (places + 1))
        tie_above, tie_below = twice == 1 << places, twice == -(1 << places)
        match rounding:
            case Rounding.UP:
                wrong = tie_above
            case Rounding.AWAY:
                wrong = Mux(step.total < 0, tie_below, tie_above)
            case Rounding.EVEN:
                wrong = (tie_above | tie_below) & integer[0]
        near = (twice <= 1 << places) & (twice >= -(1 << places)) & ~wrong
        beyond = Mux(step.total < 0, step.total < -(255 << places), step.total >= 255 << places) & (
            rounded.negative == (step.total < 0)
        )
        harness.check(Mux(rounded.saturated, beyond, near), when=step.rounding == rounding)
        return harness

    return harness_of


def _magnitude(value):
    return Mux(value < 0, -value, value)[:32]


def _rounded(value, places: int):
    """``value`` without its low bits, to nearest, ties to even, as a number that is kept."""
    kept, half = value >> places, value[places - 1] if places else Const(0, 1)
    rest = value[: places - 1].any() if places > 1 else Const(0, 1)
    return kept + (half & (rest | kept[0]))


def _float32_normalizer(mutant: bool) -> Harness:
    """``magnitude * 2**(9 - exponent + shift)`` is the sum in float32."""
    harness = Harness(Float32Normalizer())
    step, m = harness.component, harness.m
    if mutant:
        harness.opened.override("round_up_later", 0, when=step.sum == -(1 << 24) - 3)
    magnitude = Signal(32)
    m.d.comb += magnitude.eq(_magnitude(step.sum))
    # Where the leading one stands, and the 24 bits from there on, rounded.
    expected, exponent = Signal(25), Signal(signed(9))
    for top in range(32):
        with m.If(magnitude[top]):
            places = max(0, top - 23)
            m.d.comb += [
                expected.eq(_rounded(magnitude, places) << max(0, 23 - top)),
                exponent.eq(9 + 23 - top + step.shift),
            ]
    # Rounding up to 2**24 is 2**23 with one more.
    carries = expected[24]
    right = (step.magnitude == Mux(carries, 1 << 23, expected)) & (step.negative == (step.sum < 0))
    exponents = (magnitude == 0) | (step.exponent == exponent - carries)
    harness.check(right & exponents)
    return harness


def _float32_rounder(mutant: bool) -> Harness:
    """``RNE(fl(product * 2**(9 - exponent)))``, for products of normalised factors."""
    harness = Harness(Float32Rounder())
    step, m = harness.component, harness.m
    product = step.product
    if mutant:
        harness.opened.override("carry_later", 0, when=product[0])
    # To 24 significant bits: the product has 47 or 48.
    single = Signal(49)
    m.d.comb += single.eq(
        Mux(product[47], _rounded(product, 24) << 24, _rounded(product, 23) << 23)
    )
    # To an integer: shifted left for exponents below 9, right for those above.
    wide = Signal(49 + 9)
    m.d.comb += wide.eq(single << 9)
    moved, lost = Signal(len(wide)), Signal(len(wide))
    m.d.comb += [
        moved.eq(wide >> step.exponent),
        lost.eq(wide & ((Const(1, 1) << step.exponent) - 1)),
    ]
    half = Signal(1 << len(step.exponent))
    m.d.comb += half.eq((Const(1, 1) << step.exponent) >> 1)
    up = (lost > half) | ((lost == half) & moved[0])
    whole = Signal(len(wide) + 1)
    m.d.comb += whole.eq(moved + Mux(step.exponent == 0, 0, up))
    rounded = step.rounded
    same = ~rounded.saturated & (_magnitude_of(rounded) == whole)
    large = rounded.saturated & (whole >= 256)
    possible = (product[46:].any() | (product == 0)) & (step.exponent != 0) & (step.exponent <= 96)
    harness.check((same | large) & (rounded.negative == step.negative), when=possible)
    return harness


def _fixed_shifter(mode: Mode) -> Callable[[bool], Harness]:
    def harness_of(mutant: bool) -> Harness:
        harness = Harness(FixedShifter((mode,)))
        step, m = harness.component, harness.m
        if mutant:
            harness.opened.override("negative_later", 0, when=step.shift == 30)
        left = Mux(step.shift > 0, step.shift, 0)[:5]
        moved = Signal(signed(32))
        if mode is Mode.FIXED_SINGLE:
            m.d.comb += moved.eq(step.sum)
            exponent = 30 - step.shift
        else:
            m.d.comb += moved.eq(step.sum << left)
            exponent = Mux(step.shift < 0, -step.shift, 0)
        possible = (step.shift >= -31) & (step.shift <= 30)
        possible &= step.single == (mode is Mode.FIXED_SINGLE)
        harness.check(
            (step.magnitude == _magnitude(moved))
            & (step.negative == (moved < 0))
            & (step.exponent == exponent),
            when=possible,
        )
        return harness

    return harness_of


def _fixed_rounder(mode: Mode) -> Callable[[bool], Harness]:
    """Of the signed number x: ``(x + 2**exponent) >> (exponent + 1)`` in mode ``fixed_single``,
    otherwise ``h = (x + 2**30) >> 31``, then ``h / 2**exponent``, half away or half up."""

    def harness_of(mutant: bool) -> Harness:
        harness = Harness(FixedRounder((mode,)))
        step, m = harness.component, harness.m
        if mutant:
            register = "round_up_later" if mode is Mode.FIXED_SINGLE else "half_later"
            harness.opened.override(register, 0, when=step.exponent == 31)
        number, high, result = (Signal(signed(bits)) for bits in (66, 33, 66))
        m.d.comb += [
            number.eq(Mux(step.negative, -step.product, step.product)),
            high.eq((number + (1 << 30)) >> 31),
        ]
        half = ((Const(1, 1) << step.exponent) >> 1)[:31]
        if mode is Mode.FIXED_SINGLE:
            total = Signal(signed(66))
            m.d.comb += [
                total.eq(number + (Const(1, 1) << step.exponent)),
                result.eq((total >> 1) >> step.exponent),
            ]
        elif mode is Mode.FIXED_DOUBLE_UP:
            m.d.comb += result.eq((high + half) >> step.exponent)
        else:
            # Away from zero: the magnitude, and half of the unit, shifted.
            magnitude = Signal(33)
            whole = (magnitude + half) >> step.exponent
            m.d.comb += [
                magnitude.eq(Mux(high < 0, -high, high)),
                result.eq(Mux(high < 0, -whole, whole)),
            ]
        rounded = step.rounded
        whole = _magnitude_of(rounded)
        same = ~rounded.saturated & (Mux(rounded.negative, -whole, whole) == result)
        large = rounded.saturated & Mux(rounded.negative, result <= -256, result >= 256)
        possible = step.product < (1 << 62)
        if mode is Mode.FIXED_SINGLE:
            possible &= step.exponent <= 61
        harness.check(same | large, when=possible)
        return harness

    return harness_of


def _generic_pair(mutant: bool) -> Harness:
    harness = Harness(generic.ProductPair())
    pair = harness.component
    if mutant:
        harness.opened.override("low_product", 0, when=(pair.low == 255) & (pair.shared == -128))
    harness.check(
        (pair.low_product == pair.low * pair.shared)
        & (pair.high_product == pair.high * pair.shared)
    )
    return harness


def _ecp5_separates(mutant: bool) -> Harness:
    """``(high * 2**9 + low) * shared`` is ``H * 2**9 + L`` by algebra, with the two products H and
    L; that they are told apart is proved for all numbers of 16 bits."""
    harness = Harness(ecp5.ProductPair())
    pair = harness.component
    multiplier = harness.stand_in("multiplier")
    high, low = (harness.free(signed(16), name) for name in ("high", "low"))
    harness.drive(multiplier.product, ((high << 9) + low) << 10)
    harness.opened.override("residue", high[:7])
    if mutant:
        harness.opened.override("high_residue", 0, when=low == -32640)
    harness.check((pair.low_product == low) & (pair.high_product == high))
    return harness


def _ecp5_residue(mutant: bool) -> Harness:
    harness = Harness(ecp5.ProductPair())
    pair = harness.component
    multiplier = harness.stand_in("multiplier")
    harness.drive(multiplier.product, 0)
    if mutant:
        harness.opened.override("row_6", 0, when=(pair.high == 255) & (pair.shared == -1))
    residue = harness.opened.signal("residue")
    harness.check(residue == (pair.high * pair.shared)[:7])
    return harness


def _ecp5_factors(mutant: bool) -> Harness:
    """What the multiplier is given; the ten lowest bits of one factor are zeros."""
    harness = Harness(ecp5.ProductPair())
    pair = harness.component
    multiplier = harness.stand_in("multiplier")
    harness.drive(multiplier.product, 0)
    if mutant:
        harness.opened.override("a", 0, when=pair.low == 255)
    packed = (pair.high << 9) + pair.low
    harness.check((multiplier.a == packed) & (multiplier.b == pair.shared << 10))
    return harness


def _step(
    component: str, statement: str, harness: Callable[[bool], Harness], name: str = "function"
) -> Property:
    return Property(
        component=component,
        name=name,
        statement=statement,
        harness=harness,
        method=Method.FUNCTION,
    )


_ROUNDINGS = {
    Mode.FIXED_DOUBLE_AWAY: "to units of 2**31, half up, then shifted right, half away from zero",
    Mode.FIXED_DOUBLE_UP: "to units of 2**31, half up, then shifted right, half up",
    Mode.FIXED_SINGLE: "shifted right, half up",
}

_TIES = {
    Rounding.UP: "ties up",
    Rounding.AWAY: "ties away from zero",
    Rounding.EVEN: "ties to the even one",
}

#: Steps of the requantiser, and multiplier cells.
FUNCTIONS = (
    _step(
        "BoundedResult",
        "magnitude with its sign and zero point, not below the minimum nor above the maximum",
        _bounded_result,
    ),
    _step("Float32Normalizer", "an int32 as a float32, ties to even", _float32_normalizer),
    _step(
        "Float32Rounder",
        "a product of normalised factors in float32, then as an integer, ties to even",
        _float32_rounder,
    ),
    *(
        _step(
            "FixedShifter",
            "the magnitude"
            if mode is Mode.FIXED_SINGLE
            else "the shift to the left wraps at int32; then the magnitude",
            _fixed_shifter(mode),
            str(mode),
        )
        for mode in FIXED_MODES
    ),
    *(
        _step(
            "RoundedSum",
            f"the integer next to the sum, {statement}",
            _rounded_sum(each),
            str(each.name.lower()),
        )
        for each, statement in _TIES.items()
    ),
    *(
        _step("FixedRounder", statement, _fixed_rounder(mode), str(mode))
        for mode, statement in _ROUNDINGS.items()
    ),
    _step("generic.ProductPair", "both products are exact", _generic_pair),
    _step("ecp5.ProductPair", "the two products are told apart", _ecp5_separates, "separation"),
    _step("ecp5.ProductPair", "low bits of the high product are exact", _ecp5_residue, "low bits"),
    _step("ecp5.ProductPair", "the multiplier's factors are packed", _ecp5_factors, "factors"),
)
