# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of a configuration are changed by their names, and what is no such value is refused."""

import dataclasses
import re

import pytest

from macaw.arch import Mode, Multiplier, Overflow, Technology, preset
from macaw.arch.changes import changed, field_names

TINY = preset("tiny")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("array.lanes", "16", 16),
        ("memory.step_entries", "128", 128),
        ("technology", "ecp5", Technology.ECP5),
        ("accumulator.overflow", "saturate", Overflow.SATURATE),
        ("requantizer.modes", "float32", (Mode.FLOAT32,)),
        ("requantizer.modes", "fixed_double_away,float32", (Mode.FIXED_DOUBLE_AWAY, Mode.FLOAT32)),
        ("requantizer.multiplier", "stepped", Multiplier.STEPPED),
        ("weight_zero_point", "false", False),
    ],
)
def test_one_field_is_changed(name, text, value):
    config = changed(TINY, {name: text})
    owner, _, last = name.rpartition(".")
    if owner:
        expected = dataclasses.replace(
            TINY, **{owner: dataclasses.replace(getattr(TINY, owner), **{last: value})}
        )
    else:
        expected = dataclasses.replace(TINY, **{last: value})
    assert config == dataclasses.replace(expected, name="tiny_changed")
    assert config.digest != TINY.digest


def test_every_field_has_a_name():
    names = field_names(TINY)
    assert len(names) == len(set(names)) == 19
    assert {"array.columns", "accumulator.bits", "memory.result_words"} <= set(names)


def test_several_fields_and_none():
    config = changed(TINY, {"array.lanes": "16", "array.columns": "16"})
    assert (config.array.lanes, config.array.columns) == (16, 16)
    assert changed(TINY, {}) is TINY


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lanes": "8"}, f"field must be one of {', '.join(field_names(TINY))}, not 'lanes'"),
        ({"array.lanes": "8.0"}, "array.lanes must be an integer, not '8.0'"),
        ({"array.lanes": "12"}, "lanes must be a power of two, not 12"),
        (
            {"technology": "ASIC"},
            "technology must be one of generic, ecp5, ice40, gowin, not 'ASIC'",
        ),
        ({"weight_zero_point": "1"}, "weight_zero_point must be one of true, false, not '1'"),
        (
            {"requantizer.modes": "float32,"},
            f"requantizer.modes must be one of {', '.join(Mode)}, not ''",
        ),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        changed(TINY, changes)
