# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The fields of the compute core's streams, and the program that carries them."""

from dataclasses import replace

import pytest
from arch_refusals import refused

import macaw.arch
from macaw.arch import (
    PRESETS,
    Conv2dShape,
    CoreProgram,
    MemoryConfig,
    Mode,
    RequantizerConfig,
    preset,
)
from macaw.arch.core import (
    SIZE_BITS,
    Field,
    check_fields,
    layer_fields,
    parameter_fields,
    step_fields,
)

CONFIGS = list(PRESETS.values())


@pytest.mark.parametrize(
    ("bits", "signed", "minimum", "maximum"),
    [(1, False, 0, 1), (8, False, 0, 255), (8, True, -128, 127), (12, False, 0, 4095),
     (1, True, -1, 0)],
)  # fmt: skip
def test_range_of_a_field(bits, signed, minimum, maximum):
    field = Field(name="size", bits=bits, signed=signed, meaning="a size")
    assert (field.minimum, field.maximum) == (minimum, maximum)


def test_check_fields():
    fields = (
        Field(name="size", bits=4, meaning="a size"),
        Field(name="offset", bits=4, signed=True, meaning="an offset"),
    )
    for size, offset in ((0, -8), (15, 7)):
        check_fields("stem", fields, {"size": size, "offset": offset})
    for size in (-1, 16):
        with refused(ValueError, f"stem: size must be in 0 ... 15, not {size}"):
            check_fields("stem", fields, {"size": size, "offset": 0})
    for offset in (-9, 8):
        with refused(ValueError, f"stem: offset must be in -8 ... 7, not {offset}"):
            check_fields("stem", fields, {"size": 0, "offset": offset})
    with refused(TypeError, "stem: size must be an integer, not 1.0"):
        check_fields("stem", fields, {"size": 1.0, "offset": 0})
    with refused(KeyError, "'offset'"):
        check_fields("stem", fields, {"size": 0})


@pytest.mark.parametrize("fields_of", [layer_fields, step_fields, parameter_fields])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_fields_have_names_and_meanings(config, fields_of):
    fields = fields_of(config)
    names = [field.name for field in fields]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert all(field.meaning and field.bits > 0 for field in fields)


@pytest.mark.parametrize(
    ("modes", "bits"),
    [
        ((Mode.RAW,), {"bias": 32, "shift": 2}),
        ((Mode.FLOAT32, Mode.RAW), {"bias": 32, "multiplier": 24, "shift": 6}),
        ((Mode.FIXED_DOUBLE_UP,), {"bias": 32, "multiplier": 31, "shift": 6}),
        ((Mode.FIXED_SINGLE, Mode.FLOAT32), {"bias": 32, "multiplier": 31, "shift": 7}),
        (
            (Mode.FLOAT32_BIAS, Mode.FLOAT32, Mode.RAW),
            {"bias": 32, "multiplier": 24, "shift": 6, "fixed_bias": 58},
        ),
    ],
)
def test_parameters_widen_with_the_modes_only(modes, bits):
    config = replace(preset("tiny"), requantizer=RequantizerConfig(lanes=2, modes=modes))
    assert {field.name: field.bits for field in parameter_fields(config)} == bits
    [mode] = [field.bits for field in layer_fields(config) if field.name == "mode"]
    assert mode == (2 if len(modes) == 3 else 1)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_flags_have_one_bit(config):
    step = {field.name for field in step_fields(config) if field.bits == 1}
    layer = {field.name for field in layer_fields(config) if field.bits == 1}
    wide = {"paired", "four", "high", "shift", "capture", "evaluate"}
    assert step == {"first", "last"} | (set() if config.narrow else wide)
    # A number of two sets has one bit, too.
    wide = set() if config.narrow else {"odd_width", "parameters_stay", "ahead", "weights_shared"}
    assert layer - {"parameter_sets"} == {
        "input_unsigned", "window", "output_unsigned", "mode",
    } | wide  # fmt: skip


def bits(fields):
    return {field.name: field.bits for field in fields}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_fields_hold_what_the_memories_allow(config):
    """The largest value of each field whose width follows from a memory's depth."""
    memory, lanes = config.memory, config.array.lanes
    row_bytes = memory.activation_words * lanes
    step = {field.name: field for field in step_fields(config)}
    layer = {field.name: field for field in layer_fields(config)}
    assert step["offset"].maximum == row_bytes - 1
    assert step["offset"].minimum == -row_bytes
    assert step["row_words"].maximum == memory.activation_words - 1
    for name in ("row_words", "row_start", "row_step"):
        assert layer[name].maximum == memory.activation_words - 1
    if config.narrow:
        # As many rows as the memories have words.
        assert layer["ring_rows"].maximum >= memory.activation_words
        assert layer["result_rows"].maximum >= memory.result_words
        wide = {"next_row", "second_row", "pitch", "body", "weight_offset", "weights_shared"}
        assert not layer.keys() & wide
    else:
        for name in ("next_row", "second_row", "third_row"):
            assert layer[name].maximum == memory.activation_words - 1
        for name in ("pitch", "ring_words"):
            assert layer[name].maximum >= memory.activation_words
        for name in ("prologue", "body"):
            assert layer[name].maximum >= memory.step_entries
        assert (layer["weight_offset"].minimum, layer["weight_offset"].maximum) == (0, 255)
        assert layer["ring_rows"].bits == SIZE_BITS
        assert "result_rows" not in layer
    assert layer["row_bytes"].maximum >= row_bytes
    for name in ("pixel_step", "group_step"):
        assert layer[name].maximum == row_bytes - 1
    assert (layer["position"].minimum, layer["position"].maximum) == (-row_bytes, row_bytes - 1)
    assert layer["weight_start"].maximum == memory.weight_words - 1
    assert layer["parameter_start"].maximum == memory.parameter_entries - 1
    assert layer["result_words"].maximum == memory.result_words - 1
    assert layer["result_step"].maximum == memory.result_words * lanes - 1
    for name in ("group_channels", "inner_channels", "final_channels"):
        assert layer[name].maximum >= lanes
    for name in ("height", "output_rows", "padding_top", "row_stride", "extent", "pixels"):
        assert layer[name].bits == SIZE_BITS
    for name in ("zero_point", "minimum", "maximum", "input_zero_point"):
        assert (layer[name].minimum, layer[name].maximum) == (-128, 127)


def test_widths_follow_the_memories_and_nothing_else():
    config = preset("ecp5_85f")
    for what in ("activation_words", "weight_words", "parameter_entries", "result_words",
                 "step_entries"):  # fmt: skip
        doubled = {what: 2 * getattr(config.memory, what)}
        larger = replace(config, memory=replace(config.memory, **doubled))
        assert bits(layer_fields(larger)) != bits(layer_fields(config)), what
    assert layer_fields(replace(config, name="other")) == layer_fields(config)
    assert layer_fields(replace(config, weight_zero_point=False)) == layer_fields(config)
    assert step_fields(replace(config, memory=MemoryConfig(result_words=16))) == step_fields(config)


def test_words_of_a_program():
    program = CoreProgram(
        name="stem",
        config=preset("tiny"),
        shape=Conv2dShape(
            height=4, width=4, in_channels=4, out_channels=8, kernel_height=1, kernel_width=1
        ),
        input_signed=True,
        output_signed=True,
        descriptor={"row_words": 1, "result_words": 3},
        table=(),
        weights=None,
        parameters={},
    )
    assert (program.image_row_words, program.result_row_words) == (2, 4)


def test_exports():
    assert sorted(macaw.arch.__all__, key=str.lower) == sorted(
        set(macaw.arch.__all__), key=str.lower
    )
    for name in macaw.arch.__all__:
        assert hasattr(macaw.arch, name), name
    public = {name for name, value in vars(macaw.arch).items()
              if not name.startswith("_") and not hasattr(value, "__path__")
              and type(value).__name__ != "module"}  # fmt: skip
    assert public == set(macaw.arch.__all__)
