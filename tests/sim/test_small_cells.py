# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The models of iCE40 and Gowin cells do what the data sheets say, against models in Python."""

import itertools

import numpy as np
import pytest
from sim_small_cells import DualMultipliers, GowinMultipliers

from macaw.sim.errors import BenchFailure, BuildFailure
from macaw.sim.vectors import apply

SEED = 20261125
COUNT = 2000


def subsets(names):
    return [chosen for n in range(len(names) + 1) for chosen in itertools.combinations(names, n)]


def factors(generator, bits):
    """Random factors; the first 25 are all pairs of extremes."""
    values = generator.integers(0, 1 << bits, (2, COUNT))
    extremes = [0, 1, (1 << bits - 1) - 1, 1 << bits - 1, (1 << bits) - 1]
    values[:, :25] = np.array(list(itertools.product(extremes, repeat=2))).T
    return values


def number(value, bits, is_signed):
    return value - (is_signed * (value >> bits - 1 & 1) << bits)


def delayed(values, cycles):
    return np.r_[np.zeros(cycles, values.dtype), values][: len(values)]


def dual_inputs(**changes):
    values = dict.fromkeys((*"abcd", *map(str.lower, DualMultipliers.SIGNALS)), 0)
    return values | {"enable": 1, "a": np.arange(4)} | changes


DUAL_REGISTERS = subsets(("A_REG", "B_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"))


@pytest.mark.parametrize(("signed_a", "signed_b"), [*itertools.product((0, 1), repeat=2)])
def test_dual_products_behind_any_registers(signed_a, signed_b):
    generator = np.random.default_rng(SEED)
    top, bottom = factors(generator, 8), generator.permutation(factors(generator, 8), axis=1)
    a, b = top << 8 | bottom
    parameters = [
        {"A_SIGNED": signed_a, "B_SIGNED": signed_b} | dict.fromkeys(chosen, 1)
        for chosen in DUAL_REGISTERS
    ]
    found = apply(DualMultipliers(parameters), dual_inputs(a=a, b=b), latency=0)["o"]
    for index, chosen in enumerate(DUAL_REGISTERS):
        wanted = np.zeros(COUNT, np.int64)
        for place, half, register in ((16, top, "TOP"), (0, bottom, "BOT")):
            behind = f"{register}_8x8_MULT_REG" in chosen
            left = delayed(number(half[0], 8, signed_a), behind + ("A_REG" in chosen))
            right = delayed(number(half[1], 8, signed_b), behind + ("B_REG" in chosen))
            wanted |= (left * right & 0xFFFF) << place
        assert np.array_equal(found[:, index], wanted), f"{chosen}, seed {SEED}"


#: One product of 16 bits a side.
WHOLE = {"MODE_8x8": 0, "TOPOUTPUT_SELECT": 3, "BOTOUTPUT_SELECT": 3}
WHOLE_REGISTERS = subsets(
    ("A_REG", "B_REG", "PIPELINE_16x16_MULT_REG1", "PIPELINE_16x16_MULT_REG2")
)


@pytest.mark.parametrize(("signed_a", "signed_b"), [*itertools.product((0, 1), repeat=2)])
def test_whole_products_behind_any_registers(signed_a, signed_b):
    a, b = factors(np.random.default_rng(SEED), 16)
    parameters = [
        WHOLE
        | {"A_SIGNED": signed_a, "B_SIGNED": signed_b}
        | dict.fromkeys(chosen, 1)
        # The registers behind the partial products are used together.
        | dict.fromkeys(
            ("TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG"), int("PIPELINE_16x16_MULT_REG1" in chosen)
        )
        for chosen in WHOLE_REGISTERS
    ]
    found = apply(DualMultipliers(parameters), dual_inputs(a=a, b=b), latency=0)["o"]
    for index, chosen in enumerate(WHOLE_REGISTERS):
        behind = sum(name.startswith("PIPELINE") for name in chosen)
        left = delayed(number(a, 16, signed_a), behind + ("A_REG" in chosen))
        right = delayed(number(b, 16, signed_b), behind + ("B_REG" in chosen))
        wanted = left * right & 0xFFFFFFFF
        assert np.array_equal(found[:, index], wanted), f"{chosen}, seed {SEED}"


def test_enable_of_the_dual_multiplier_holds_all_registers():
    generator = np.random.default_rng(SEED)
    a, b = factors(generator, 16)
    enable = generator.integers(0, 2, COUNT)
    parameters = dict.fromkeys(DUAL_REGISTERS[-1], 1)
    inputs = dual_inputs(a=a, b=b, enable=enable)
    found = apply(DualMultipliers([parameters]), inputs, latency=0)["o"][:, 0]
    held, product = (0, 0), 0
    for index in range(COUNT):
        assert found[index] == product, f"vector {index}, seed {SEED}"
        if enable[index]:
            left, right = held
            product = (left >> 8) * (right >> 8) << 16 | (left & 255) * (right & 255)
            held = int(a[index]), int(b[index])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"MODE_8x8": 0}, "only products of 8 x 8 or 16 x 16 have a model"),
        ({"TOPOUTPUT_SELECT": 1}, "only products of 8 x 8 or 16 x 16 have a model"),
        ({"BOTOUTPUT_SELECT": 0}, "only products of 8 x 8 or 16 x 16 have a model"),
        (WHOLE | {"BOTOUTPUT_SELECT": 2}, "only products of 8 x 8 or 16 x 16 have a model"),
        (WHOLE | {"TOP_8x8_MULT_REG": 1}, "partial products that part have no model"),
        (WHOLE | {"BOT_8x8_MULT_REG": 1}, "partial products that part have no model"),
        (WHOLE | {"PIPELINE_16x16_MULT_REG1": 1}, "partial products that part have no model"),
        ({"C_REG": 1}, "this mode has no model"),
        ({"NEG_TRIGGER": 1}, "this mode has no model"),
        ({"BOTADDSUB_LOWERINPUT": 1}, "this mode has no model"),
    ],
)
def test_dual_multiplier_refuses_modes_that_it_does_not_have(parameters, message):
    with pytest.raises(BuildFailure, match=f"SB_MAC16: {message}"):
        apply(DualMultipliers([parameters]), dual_inputs(), latency=0)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("irsttop", "irstbot", "orsttop", "orstbot"), "a reset has no model"),
        (("ahold", "bhold", "chold", "dhold", "oholdtop", "oholdbot"), "a hold has no model"),
        (("c", "d", "oloadtop", "addsubbot", "ci", "signextin"), "the adders have no model"),
    ],
)
def test_dual_multiplier_refuses_signals_that_it_does_not_have(names, message):
    apply(DualMultipliers([{}]), dual_inputs(), latency=0)
    for name in names:
        with pytest.raises(BenchFailure, match=f"SB_MAC16: {message}"):
            apply(DualMultipliers([{}]), dual_inputs(**{name: 1}), latency=0)


#: By width the name of the output's register, and the bits below that it does not hold.
GOWIN_OUTPUTS = {9: ("OUT_REG", 0), 18: ("OUT_REG", 0), 36: ("OUT1_REG", 18)}


def gowin_inputs(bits, **changes):
    names = ["b", "signed_a", "signed_b", "reset"] + ["shifted", "select"] * (bits < 36)
    return {"a": np.arange(4), "enable": 1} | dict.fromkeys(names, 0) | changes


def gowin_products(bits, parameters, inputs):
    """The products, of any width, with a row for each of ``parameters``."""
    halves = apply(GowinMultipliers(bits, parameters), inputs, latency=0)["p"].astype(object)
    return (halves[:, :, 0] | halves[:, :, 1] << bits).T


@pytest.mark.parametrize("bits", GOWIN_OUTPUTS)
def test_gowin_products_behind_any_registers(bits):
    generator = np.random.default_rng(SEED)
    a, b = factors(generator, bits)
    output, free = GOWIN_OUTPUTS[bits]
    registers = subsets(("AREG", "BREG", "PIPE_REG", output))
    parameters = [dict.fromkeys(chosen, 1) for chosen in registers]
    for signed_a, signed_b in itertools.product((0, 1), repeat=2):
        inputs = gowin_inputs(bits, a=a, b=b, signed_a=signed_a, signed_b=signed_b)
        found = gowin_products(bits, parameters, inputs)
        for products, chosen in zip(found, registers, strict=True):
            behind = "PIPE_REG" in chosen
            left = delayed(number(a.astype(object), bits, signed_a), behind + ("AREG" in chosen))
            right = delayed(number(b.astype(object), bits, signed_b), behind + ("BREG" in chosen))
            wanted = left * right & ((1 << 2 * bits) - 1)
            wanted = wanted % (1 << free) | delayed(wanted >> free, int(output in chosen)) << free
            assert np.array_equal(products, wanted), f"{chosen}, seed {SEED}"


@pytest.mark.parametrize("bits", GOWIN_OUTPUTS)
def test_enable_of_the_gowin_multiplier_holds_all_registers(bits):
    generator = np.random.default_rng(SEED)
    a, b = factors(generator, bits)
    enable = generator.integers(0, 2, COUNT)
    output, free = GOWIN_OUTPUTS[bits]
    parameters = dict.fromkeys(("AREG", "BREG", "PIPE_REG", output), 1)
    inputs = gowin_inputs(bits, a=a, b=b, enable=enable)
    [found] = gowin_products(bits, [parameters], inputs)
    held = product = upper = 0
    for index in range(COUNT):
        assert found[index] == product % (1 << free) | upper << free, f"vector {index}, seed {SEED}"
        if enable[index]:
            upper, product, held = product >> free, held, int(a[index]) * int(b[index])


@pytest.mark.parametrize(
    ("bits", "parameters"),
    [
        *itertools.product(
            GOWIN_OUTPUTS, [{"ASIGN_REG": 1}, {"BSIGN_REG": 1}, {"MULT_RESET_MODE": "ASYNC"}]
        ),
        (9, {"SOA_REG": 1}),
        (18, {"SOA_REG": 1}),
        (36, {"OUT0_REG": 1}),
    ],
)
def test_gowin_multiplier_refuses_modes_that_it_does_not_have(bits, parameters):
    message = f"MULT{bits}X{bits}: this mode has no model"
    with pytest.raises(BuildFailure, match=message):
        apply(GowinMultipliers(bits, [parameters]), gowin_inputs(bits), latency=0)


@pytest.mark.parametrize(
    ("bits", "name", "message"),
    [
        *((bits, "reset", "RESET has no model") for bits in GOWIN_OUTPUTS),
        *itertools.product((9, 18), ("select", "shifted"), ["shifted operands have no model"]),
    ],
)
def test_gowin_multiplier_refuses_signals_that_it_does_not_have(bits, name, message):
    apply(GowinMultipliers(bits, [{}]), gowin_inputs(bits), latency=0)
    with pytest.raises(BenchFailure, match=f"MULT{bits}X{bits}: {message}"):
        apply(GowinMultipliers(bits, [{}]), gowin_inputs(bits, **{name: 1}), latency=0)
