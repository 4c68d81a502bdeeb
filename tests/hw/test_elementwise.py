# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The elementwise pass gives what its tables say, to the last tie, at its full rate."""

import random
import re
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import pytest
from elementwise_cases import (
    HIGHEST,
    LOWEST,
    ONE,
    expected,
    nearest,
    random_operation,
    random_tables,
    result_byte,
)

from macaw.arch import ArrayConfig, Technology, preset
from macaw.arch.machine import MachineConfig, Rounding
from macaw.hw import elementwise, rounded_sum
from macaw.hw.elementwise import Elementwise
from macaw.hw.lookup_lane import LookupLane, lookup_layout
from macaw.sim.bench import run_bench
from macaw.sim.errors import BenchFailure

SEED = 20261128
BENCH = "macaw.sim.benches.elementwise"


def configuration(word_bytes, lanes, technology=Technology.GENERIC):
    array = ArrayConfig(lanes=word_bytes, columns=4)
    core = replace(preset("tiny"), array=array, technology=technology)
    return MachineConfig(name="test", core=core, elementwise_lanes=lanes)


def writes_of(tables):
    layout = lookup_layout()
    return [
        layout.const({"address": address, "entry": entry}).as_bits()
        for address, entry in enumerate(tables)
    ]


def operations_of(config, counts, *, timed=False, **changes):
    """One operation for each of ``counts``; two of three have tables of their own."""
    generator = random.Random(f"{SEED} {config.digest}")
    beats = config.word_bytes // config.elementwise_lanes
    tables, operations = None, []
    for index, count in enumerate(counts):
        operation = random_operation(generator, config, count=count)
        writes = []
        if index % 3 != 2:
            tables = random_tables(generator)
            writes = writes_of(tables)
        results = expected(operation, tables, config.word_bytes, **changes)
        # The first word is late; all others come at their rate.
        late = Elementwise(config).latency + 8
        most = count * beats * operation["fields"]["operands"] + late
        operations.append(
            operation
            | {"writes": writes, "results": results, "most_cycles": most if timed else None}
        )
    return operations


def check(config, operations, *, idle=0.0, stall=0.0):
    values = {"operations": operations, "idle": idle, "stall": stall}
    run_bench(Elementwise(config), BENCH, values, seed=SEED)


COUNTS = [40, 1, 60, 2, 3, 80, 50, 1, 60]


@pytest.mark.parametrize(("idle", "stall"), [(0.5, 0.0), (0.0, 0.7), (0.3, 0.3)])
def test_every_byte_is_its_sum(idle, stall):
    config = configuration(8, 4)
    check(config, operations_of(config, COUNTS), idle=idle, stall=stall)


@pytest.mark.parametrize(("word_bytes", "lanes"), [(8, 4), (8, 8)])
def test_words_come_at_the_full_rate(word_bytes, lanes):
    config = configuration(word_bytes, lanes)
    check(config, operations_of(config, [200, 1, 200, 300, 200], timed=True))


@pytest.mark.full
@pytest.mark.parametrize(
    ("word_bytes", "lanes", "technology"),
    [
        (8, 1, Technology.ICE40),
        (16, 4, Technology.ECP5),
        (16, 16, Technology.ECP5),
        (32, 8, Technology.GOWIN),
        (32, 32, Technology.GENERIC),
    ],
)
def test_every_width_and_technology(word_bytes, lanes, technology):
    config = configuration(word_bytes, lanes, technology)
    check(config, operations_of(config, [100, 1, 150, 200, 100, 3], timed=True))
    check(config, operations_of(config, COUNTS * 3), idle=0.2, stall=0.4)


def test_an_operation_of_no_words_is_over_at_once():
    config = configuration(8, 4)
    check(config, operations_of(config, [0, 3, 0, 2]))


def _up(value, rounding):
    return nearest(value, Rounding.UP)


def _zero_point_first(entries, fields):
    moved = sum(entries) + fields["zero_point"] * ONE
    return result_byte([moved], fields | {"zero_point": 0})


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {"rounding": Rounding.AWAY}, "nearest": _up},
        {"fields": {"rounding": Rounding.EVEN}, "nearest": _up},
        {"fields": {"rounding": Rounding.UP}, "nearest": lambda value, _: int(value)},
        {
            "fields": {"rounding": Rounding.AWAY},
            "nearest": lambda value, _: nearest(value, Rounding.EVEN),
        },
    ],
)
def test_the_cases_tell_roundings_apart(change):
    """Formulas that are nearly right fail on what the tests above take."""
    config = configuration(8, 4)
    operations = operations_of(config, COUNTS)
    generator = random.Random(SEED)
    differ = 0
    for operation in operations:
        tables = random_tables(generator)
        fields = operation["fields"] | change["fields"]
        given = operation | {"fields": fields}
        right = expected(given, tables, 8)
        differ += right != expected(given, tables, 8, nearest=change["nearest"])
    assert differ >= 2


def test_the_bench_finds_a_wrong_result_and_a_lost_clock():
    config = configuration(8, 4)
    operations = operations_of(config, [40, 40])
    operations[1]["results"][39] ^= 1
    with pytest.raises(BenchFailure, match=r"operation 1 .*word 39 is .*; 1 differ"):
        check(config, operations)
    operations = operations_of(config, [40], timed=True)
    operations[0]["most_cycles"] -= 40
    with pytest.raises(BenchFailure, match=r"operation 0 .* took \d+ cycles"):
        check(config, operations)


def test_the_bench_finds_an_operand_that_is_not_taken():
    config = configuration(8, 4)
    [operation] = operations_of(config, [40])
    operation["first"].append(0)
    with pytest.raises(BenchFailure, match="40 words of the first operand were taken, not 41"):
        check(config, [operation])


@pytest.mark.full
@pytest.mark.parametrize(
    ("owner", "name", "value", "sentence"),
    [
        (elementwise, "_ROUND_TRIP", 4, "took"),
        (LookupLane, "latency", LookupLane.latency + 1, "differ"),
        (rounded_sum, "Rounding", SimpleNamespace(UP=Rounding.AWAY, AWAY=Rounding.UP), "differ"),
    ],
)
def test_faulty_hardware_fails(monkeypatch, owner, name, value, sentence):
    """Places that come back too late, a word taken too late, roundings for one another."""
    config = configuration(8, 4)
    operations = operations_of(config, [200, 100, 200, 100, 300], timed=True)
    monkeypatch.setattr(owner, name, value)
    with pytest.raises(BenchFailure, match=sentence):
        check(config, operations)


def test_the_model():
    fields = {"rounding": Rounding.UP, "zero_point": 5, "minimum": -128, "maximum": 127}
    fields["output_unsigned"] = 0
    ties = [Fraction(n, 2) for n in (-3, -1, 1, 3)]
    assert [nearest(tie, Rounding.UP) for tie in ties] == [-1, 0, 1, 2]
    assert [nearest(tie, Rounding.AWAY) for tie in ties] == [-2, -1, 1, 2]
    assert [nearest(tie, Rounding.EVEN) for tie in ties] == [-2, 0, 0, 2]
    assert result_byte([ONE, ONE // 2], fields) == 7
    assert result_byte([HIGHEST, HIGHEST], fields) == 127
    assert result_byte([LOWEST, LOWEST], fields | {"output_unsigned": 1}) == 0
    even = fields | {"rounding": Rounding.EVEN, "zero_point": 1}
    assert result_byte([ONE // 2], even) != _zero_point_first([ONE // 2], even)


@pytest.mark.parametrize("config", [None, preset("tiny")])
def test_a_config_of_another_type_is_refused(config):
    message = re.escape(f"config must be a MachineConfig, not {config!r}")
    with pytest.raises(TypeError, match=f"^{message}$"):
        Elementwise(config)


def test_a_machine_without_lanes_is_refused():
    with pytest.raises(ValueError, match=r"^elementwise_lanes must be at least 1, not 0$"):
        Elementwise(replace(configuration(8, 4), elementwise_lanes=0))
