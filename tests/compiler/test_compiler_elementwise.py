# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of the elementwise pass give the results of the frameworks' operators, or are refused."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
from elementwise_cases import result_byte

from macaw.arch.instructions import (
    LOOKUP_FRACTION,
    Instruction,
    Opcode,
    elementwise_fields,
    encode,
)
from macaw.arch.machine import MachineConfig, Rounding
from macaw.arch.presets import preset
from macaw.compiler import elementwise as module
from macaw.compiler.elementwise import LookupTables, lookup_tables
from macaw.golden import elementwise, onnxruntime_elementwise, tables, torch_elementwise
from macaw.golden.fixed_point import Affine
from macaw.golden.tflite import activation_bounds
from macaw.golden.torch_numbers import SINGLES, VECTORS
from macaw.nn.graph.operators import Activation

SEED = 20261128
ONE = 1 << LOOKUP_FRACTION
SHAPES = "results must be int8 or uint8, (256,) or (256, 256)"
REFUSED = "results must be rounded sums of two tables of 32 bits"


class Operator(NamedTuple):
    """A golden function of two bytes, and how many of 300 parameters may have no tables: with
    scales at random, and with scales in small whole ratios, where sums lie at ties."""

    function: Callable[..., np.ndarray]
    dtype: Any
    at_random: int = 0
    at_ties: int = 0


def _tflite(function, dtype, activation):
    def compute(first, second, *, operands, result):
        bounds = activation_bounds(
            activation,
            output_scale=result.scale,
            zero_point=result.zero_point,
            signed=dtype is np.int8,
        )
        return function(first, second, operands=operands, result=result, bounds=bounds)

    return compute


OPERATORS = {
    **{
        f"tflite {function.__name__} {dtype.__name__} {activation}": Operator(
            _tflite(function, dtype, activation), dtype, at_ties=60
        )
        for function in (elementwise.add, elementwise.subtract)
        for dtype in (np.int8, np.uint8)
        for activation in (Activation.NONE, Activation.RELU, Activation.RELU6)
    },
    **{
        f"qnnpack add{'_relu' * relu}": Operator(
            partial(torch_elementwise.qnnpack_add, relu=relu), np.uint8
        )
        for relu in (False, True)
    },
    **{
        f"torch add{'_relu' * relu} {dtype.__name__}{' singles' * (way is SINGLES)}": Operator(
            partial(torch_elementwise.add, way, relu=relu), dtype, at_ties=150
        )
        for way, dtype in ((VECTORS, np.uint8), (VECTORS, np.int8), (SINGLES, np.uint8))
        for relu in (False, True)
    },
    **{
        f"onnx add {dtype.__name__}": Operator(onnxruntime_elementwise.add, dtype, at_ties=60)
        for dtype in (np.int8, np.uint8)
    },
}


def every_byte(dtype):
    """All values of a type, in the order of their bytes."""
    return np.arange(256, dtype=np.uint8).view(dtype)


def random_parameters(generator, dtype, *, ties):
    """Operands and result; no scale is more than 16 times another."""
    unit = np.exp(generator.uniform(np.log(0.004), np.log(0.02)))
    at_random = np.exp(generator.uniform(0, np.log(16), 3))
    factors = generator.integers(1, 13, 3) if ties else at_random
    limits = np.iinfo(dtype)
    points = generator.integers(limits.min, limits.max + 1, 3)
    return [
        Affine(float(np.float32(unit * factor)), int(point))
        for factor, point in zip(factors, points, strict=True)
    ]


def results_of(operator, parameters):
    first, second, result = parameters
    values = every_byte(operator.dtype)
    a, b = np.broadcast_arrays(values[:, np.newaxis], values)
    return operator.function(a.copy(), b.copy(), operands=(first, second), result=result)


def without_tables(name, *, ties, count):
    """Parameters for which there are none. All others are compared, pair by pair."""
    operator, refused = OPERATORS[name], []
    generator = np.random.default_rng([SEED, ties])
    for _ in range(count):
        parameters = random_parameters(generator, operator.dtype, ties=ties)
        wanted = results_of(operator, parameters)
        try:
            found = lookup_tables(wanted, zero_point=parameters[2].zero_point)
        except ValueError:
            refused.append(parameters)
            continue
        assert np.array_equal(found.results(), wanted), f"{name}: {parameters}, {SEED=}"
        assert found.results().dtype == operator.dtype
    return refused


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", OPERATORS)
def test_operators_have_tables(name, ties):
    operator = OPERATORS[name]
    most = operator.at_ties if ties else operator.at_random
    refused = without_tables(name, ties=ties, count=5)
    assert len(refused) <= (5 if most else 0), refused


@pytest.mark.full
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", OPERATORS)
def test_three_hundred_parameters_of_each_operator(name, ties):
    operator = OPERATORS[name]
    refused = without_tables(name, ties=ties, count=300)
    print(f"{name}, {'whole ratios' if ties else 'at random'}: {len(refused)} of 300 without")
    assert len(refused) <= (operator.at_ties if ties else operator.at_random), refused


def test_scaled_tables_would_not_do():
    """What a solver seems to be too much for: products with the scales, rounded."""
    operator = OPERATORS["tflite add int8 none"]
    generator = np.random.default_rng([SEED, True])
    wrong = 0
    for _ in range(20):
        first, second, result = parameters = random_parameters(generator, np.int8, ties=True)
        entries = [
            np.rint((every_byte(np.int8) - float(zero)) * (scale / result.scale) * ONE)
            for scale, zero in (first, second)
        ]
        naive = LookupTables(
            **{
                which: table.clip(-(2**31), 2**31 - 1).astype(np.int32)
                for which, table in zip(("first", "second"), entries, strict=True)
            },
            rounding=Rounding.UP,
            zero_point=result.zero_point,
            minimum=-128,
            maximum=127,
            output_unsigned=False,
        )
        wrong += not np.array_equal(naive.results(), results_of(operator, parameters))
    assert wrong >= 5


def pass_at_random(generator, *, halves):
    """The tables and parameters of any operation; with ``halves`` every other sum is a tie."""
    unit = ONE // 2 if halves else 1
    entries = generator.integers(-200 * ONE // unit, 200 * ONE // unit, (2, 256)) * unit
    minimum, maximum = sorted(int(bound) for bound in generator.integers(-128, 128, 2))
    return LookupTables(
        first=entries[0].astype(np.int32),
        second=entries[1].astype(np.int32),
        rounding=Rounding(generator.integers(3)),
        zero_point=int(generator.integers(-128, 128)),
        minimum=minimum,
        maximum=maximum,
        output_unsigned=bool(generator.integers(2)),
    )


@pytest.mark.parametrize("halves", [False, True])
def test_what_has_tables_gets_tables(halves):
    """A solver that gives up too soon, or forgets a rounding, would refuse some of these."""
    generator = np.random.default_rng([SEED, halves])
    for _ in range(25):
        given = pass_at_random(generator, halves=halves)
        wanted = given.results()
        point = given.zero_point + 128 * given.output_unsigned
        found = lookup_tables(wanted, zero_point=point)
        assert np.array_equal(found.results(), wanted), SEED
        if given.rounding == Rounding.EVEN:
            # Whichever zero point it is told: what counts is whether it is even.
            other = lookup_tables(wanted, zero_point=128 * given.output_unsigned)
            assert np.array_equal(other.results(), wanted), SEED


def test_results_are_those_of_whole_numbers():
    """Against sums of fractions, at every kind of tie."""
    generator = np.random.default_rng(SEED)
    for _ in range(40):
        given = pass_at_random(generator, halves=True)
        found = given.results().view(np.uint8)
        for a, b in generator.integers(0, 256, (50, 2)):
            entries = [int(given.first[a]), int(given.second[b])]
            assert result_byte(entries, given.values) == found[a, b]


def test_a_contradiction_is_refused():
    """Two sums and the other two of the same four entries differ by six."""
    given = pass_at_random(np.random.default_rng(SEED), halves=True).results()
    wanted = np.zeros_like(given.view(np.int8))
    lookup_tables(wanted)
    wanted[:2, :2] = [[0, 3], [3, 0]]
    wanted[2, 2:4] = 100, -100
    with pytest.raises(ValueError, match=f"^{re.escape(REFUSED)}, which these are not"):
        lookup_tables(wanted)


def test_products_are_refused():
    values = every_byte(np.int8).astype(np.int64)
    wanted = np.clip((values[:, np.newaxis] * values) >> 6, -128, 127).astype(np.int8)
    with pytest.raises(ValueError, match=f"^{REFUSED}"):
        lookup_tables(wanted)


def test_entries_beyond_32_bits_are_refused():
    """Sums of which each step is 64: the tables would span 16,320."""
    values = every_byte(np.int8).astype(np.int64)
    for factor, fits in ((14, True), (64, False)):
        total = factor * (values[:, np.newaxis] + values)
        wanted = np.clip(total, -128, 127).astype(np.int8)
        wanted[:] = np.clip(total // 2, -128, 127)
        if fits:
            assert np.array_equal(lookup_tables(wanted).results(), wanted)
        else:
            with pytest.raises(ValueError, match=f"^{REFUSED}"):
                lookup_tables(wanted)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_functions_of_one_byte_are_any(dtype):
    generator = np.random.default_rng(SEED)
    functions = [generator.integers(0, 256, 256, np.uint8).view(dtype) for _ in range(20)]
    scales = {"operand": Affine(0.05, 3), "result": Affine(1 / 256, np.iinfo(dtype).min)}
    functions.append(tables.logistic(every_byte(dtype), **scales))
    functions.append(np.full(256, 7, dtype))
    for wanted in functions:
        found = lookup_tables(wanted, zero_point=3)
        assert found.second is None
        assert np.array_equal(found.results(), wanted)
        assert found.results().dtype == dtype


def test_values_are_those_of_the_instruction():
    config = MachineConfig(name="test", core=preset("tiny"))
    wanted = results_of(
        OPERATORS["qnnpack add"], [Affine(0.02, 5), Affine(0.03, 250), Affine(0.04, 100)]
    )
    found = lookup_tables(wanted, zero_point=100)
    assert set(found.values) == {field.name for field in elementwise_fields()}
    values = found.values | {"address": 5, "count": 9}
    assert encode(config, [Instruction(opcode=Opcode.STORE, values=values)])
    assert (found.values["operands"], found.values["output_unsigned"]) == (2, 1)
    assert len(found.entries) == 512
    assert found.entries[256:] == [int(entry) % (1 << 32) for entry in found.second]
    assert len(lookup_tables(wanted[0]).entries) == 256


def test_wrong_tables_do_not_leave(monkeypatch):
    solve = module._differences

    def nearly(low, high):
        first, second = solve(low, high)
        first[100] += ONE // 4
        return first, second

    monkeypatch.setattr(module, "_differences", nearly)
    values = every_byte(np.int8)
    wanted = elementwise.add(
        *np.broadcast_arrays(values[:, np.newaxis], values),
        operands=(Affine(0.1, 0), Affine(0.13, 5)),
        result=Affine(0.17, 3),
    )
    with pytest.raises(AssertionError, match=r"^\d+ results differ$"):
        lookup_tables(wanted)


@pytest.mark.parametrize(
    ("results", "error", "message"),
    [
        ([0] * 256, TypeError, "results must be a ndarray, not [0, 0"),
        (np.zeros(256), ValueError, f"{SHAPES}, not float64 (256,)"),
        (np.zeros((256, 2), np.int8), ValueError, f"{SHAPES}, not int8 (256, 2)"),
    ],
)
def test_other_results_are_refused(results, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        lookup_tables(results)


def test_a_zero_point_of_another_type_is_refused():
    with pytest.raises(ValueError, match=r"^zero_point must be in -128 \.\.\. 127, not 128$"):
        lookup_tables(np.zeros(256, np.int8), zero_point=128)
    with pytest.raises(ValueError, match=r"^zero_point must be in 0 \.\.\. 255, not -1$"):
        lookup_tables(np.zeros(256, np.uint8), zero_point=-1)
