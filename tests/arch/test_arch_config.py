# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""Configurations: what they refuse, what they derive, and the digest that names them."""

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pytest
from arch_refusals import refused

from macaw.arch import (
    PRESETS,
    AcceleratorConfig,
    AccumulatorConfig,
    ArrayConfig,
    MemoryConfig,
    Mode,
    Multiplier,
    Overflow,
    RequantizerConfig,
    Technology,
    WindowForm,
    preset,
)
from macaw.arch.config import SERIAL_MODES, STEPPED_MODES
from macaw.arch.machines import machine_preset

BASE = AcceleratorConfig(
    name="base",
    array=ArrayConfig(lanes=16, columns=8),
    requantizer=RequantizerConfig(lanes=4),
)

#: What the narrow core can be, but for its window form.
NARROWABLE = replace(
    BASE, requantizer=RequantizerConfig(lanes=1), weight_zero_point=False, compact=True
)

#: The modes that the hardware has.
BUILT = tuple(Mode)

#: For each field of a configuration, by its path: another value than BASE's.
OTHER = {
    "technology": Technology.ECP5,
    "array.lanes": 32,
    "array.columns": 16,
    "array.lut_pairs": 8,
    "array.window": WindowForm.LANES,
    "accumulator.bits": 28,
    "accumulator.overflow": Overflow.SATURATE,
    "requantizer.lanes": 8,
    "requantizer.modes": (Mode.FLOAT32, Mode.FIXED_DOUBLE_AWAY),
    "requantizer.multiplier": Multiplier.SERIAL,
    "memory.activation_words": 2048,
    "memory.weight_words": 2048,
    "memory.parameter_entries": 2048,
    "memory.result_words": 1024,
    "memory.step_entries": 256,
    "memory.lane_parameters": 32,
    "weight_zero_point": False,
    "compact": True,
    "max_pooling": True,
}


def paths(config, prefix=""):
    """The paths of all values in a configuration."""
    for field in fields(config):
        value = getattr(config, field.name)
        if is_dataclass(value):
            yield from paths(value, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name


def changed(path, value):
    first, _, rest = path.partition(".")
    base = NARROWABLE if value == WindowForm.LANES else BASE
    if rest:
        value = replace(getattr(base, first), **{rest: value})
    return replace(base, **{first: value})


def test_every_field_has_another_value_here():
    assert {*OTHER, "name"} == set(paths(BASE))


def test_digest_is_of_everything_but_the_name():
    digests = {path: changed(path, value).digest for path, value in OTHER.items()}
    digests |= {"nothing": BASE.digest, "nothing but what is narrow": NARROWABLE.digest}
    assert len(set(digests.values())) == len(digests), digests
    assert replace(BASE, name="another").digest == BASE.digest


def test_a_single_multiplier_keeps_the_digest_of_configurations_without_the_field():
    assert preset("ecp5_85f").digest == "49e45ccaf604"
    digests = {changed("requantizer.multiplier", kind).digest for kind in Multiplier}
    assert len(digests) == len(Multiplier)


def test_few_parameters_of_a_lane_keep_the_digest_of_configurations_without_the_field():
    assert preset("ecp5_85f").digest == "49e45ccaf604"
    digests = {changed("memory.lane_parameters", count).digest for count in (16, 32, 64)}
    assert len(digests) == 3


def test_a_window_of_pairs_keeps_the_digest_of_configurations_without_the_field():
    digests = {name: preset(name).digest for name in ("ecp5_85f", "ecp5_25f", "gw2a18", "tiny")}
    assert digests == {
        "ecp5_85f": "49e45ccaf604",
        "ecp5_25f": "18499a419fbd",
        "gw2a18": "24118f9f1488",
        "tiny": "20d5602e82e6",
    }


def test_digest_form():
    assert len(BASE.digest) == 12
    assert set(BASE.digest) <= set("0123456789abcdef")


def test_order_of_modes_is_part_of_the_digest():
    one, two = (
        changed("requantizer.modes", modes).digest
        for modes in (
            (Mode.FLOAT32, Mode.FIXED_DOUBLE_AWAY),
            (Mode.FIXED_DOUBLE_AWAY, Mode.FLOAT32),
        )
    )
    assert one != two


def test_equal_configurations_have_equal_digests():
    same = AcceleratorConfig(
        name="base",
        technology="generic",
        array=ArrayConfig(lanes=np.int64(16), columns=np.uint8(8)),
        requantizer=RequantizerConfig(lanes=np.int8(4), modes=("float32",)),
    )
    assert same == BASE
    assert hash(same) == hash(BASE)
    assert same.digest == BASE.digest


def test_configurations_are_frozen():
    for config in (BASE, BASE.array, BASE.accumulator, BASE.requantizer, BASE.memory):
        name = fields(config)[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(config, name, getattr(config, name))


RANGES = [
    (ArrayConfig, "lanes", "lanes", 8, 32, {"columns": 2}),
    (ArrayConfig, "columns", "columns", 2, 32, {"lanes": 32}),
    (RequantizerConfig, "lanes", "requantizer lanes", 1, 32, {}),
    (MemoryConfig, "activation_words", "activation_words", 64, 65536, {}),
    (MemoryConfig, "weight_words", "weight_words", 16, 65536, {}),
    (MemoryConfig, "parameter_entries", "parameter_entries", 16, 65536, {}),
    (MemoryConfig, "result_words", "result_words", 16, 65536, {}),
    (MemoryConfig, "step_entries", "step_entries", 16, 4096, {}),
    (MemoryConfig, "lane_parameters", "lane_parameters", 16, 256, {}),
]


@pytest.mark.parametrize(("kind", "field", "what", "low", "high", "others"), RANGES)
def test_powers_of_two(kind, field, what, low, high, others):
    for value in (low, high):
        assert getattr(kind(**{field: value}, **others), field) == value
    for value in (low // 2, high * 2):
        with refused(ValueError, f"{what} must be in {low} ... {high}, not {value}"):
            kind(**{field: value}, **others)
    with refused(ValueError, f"{what} must be a power of two, not {high - 1}"):
        kind(**{field: high - 1}, **others)
    with refused(TypeError, f"{what} must be an integer, not {float(low)}"):
        kind(**{field: float(low)}, **others)


def test_more_columns_than_lanes():
    assert ArrayConfig(lanes=8, columns=8).multipliers == 64
    with refused(ValueError, "columns must be at most the lanes (8), not 16"):
        ArrayConfig(lanes=8, columns=16)


def test_pairs_of_lookup_tables():
    for pairs in (0, 5, 32):
        assert ArrayConfig(lanes=8, columns=8, lut_pairs=pairs).lut_pairs == pairs
    for pairs in (-1, 33):
        with refused(ValueError, f"lut_pairs must be in 0 ... 32, not {pairs}"):
            ArrayConfig(lanes=8, columns=8, lut_pairs=pairs)
    with refused(TypeError, "lut_pairs must be an integer, not 8.0"):
        ArrayConfig(lanes=8, columns=8, lut_pairs=8.0)


def test_accumulator():
    for bits in (8, 27, 32):
        assert AccumulatorConfig(bits=bits).bits == bits
    for bits in (7, 33):
        with refused(ValueError, f"accumulator bits must be in 8 ... 32, not {bits}"):
            AccumulatorConfig(bits=bits)
    with refused(TypeError, "accumulator bits must be an integer, not '27'"):
        AccumulatorConfig(bits="27")
    with refused(ValueError, "overflow must be one of wrap, saturate, not 'trap'"):
        AccumulatorConfig(overflow="trap")


@pytest.mark.parametrize("modes", [(), (Mode.FLOAT32, Mode.FLOAT32)])
def test_number_of_modes(modes):
    with refused(ValueError, f"modes must name at least one mode, each once, not {modes!r}"):
        RequantizerConfig(modes=modes)


def test_multiplier():
    with refused(
        ValueError, "multiplier must be one of parallel, single, stepped, serial, not 'booth'"
    ):
        RequantizerConfig(multiplier="booth")


def test_modes_of_a_stepped_multiplier():
    for mode in Mode:
        if mode in STEPPED_MODES:
            assert RequantizerConfig(modes=(mode,), multiplier="stepped").interval == 2
            continue
        with refused(
            ValueError,
            f"requantizer mode of a stepped multiplier must be one of {', '.join(STEPPED_MODES)}, "
            f"not {mode!r}",
        ):
            RequantizerConfig(modes=(Mode.FLOAT32, mode), multiplier="stepped")
    assert set(Mode) - set(STEPPED_MODES) == {Mode.FLOAT32_CHAIN}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("requantizer", RequantizerConfig(lanes=2), "requantizer lanes must be 1 {where}, not 2"),
        (
            "requantizer",
            RequantizerConfig(lanes=1, multiplier=Multiplier.SERIAL),
            "multiplier must be parallel or single or stepped {where}, not serial",
        ),
        (
            "technology",
            Technology.ECP5,
            "technology must be generic or ice40 or gowin {where}, not ecp5",
        ),
        ("weight_zero_point", True, "weight_zero_point must be False {where}, not True"),
        ("compact", False, "compact must be True {where}, not False"),
    ],
)
def test_what_the_narrow_core_is_not_built_for(field, value, sentence):
    narrow = changed("array.window", WindowForm.LANES)
    assert narrow.narrow
    assert not NARROWABLE.narrow
    assert not replace(NARROWABLE, **{field: value}).narrow
    with refused(ValueError, sentence.format(where="with array window lanes")):
        replace(narrow, **{field: value})


def test_window_forms():
    with refused(ValueError, "window must be one of pairs, lanes, not 'rows'"):
        ArrayConfig(window="rows")


def test_modes_of_a_serial_multiplier():
    for mode in Mode:
        if mode in SERIAL_MODES:
            assert RequantizerConfig(modes=(mode,), multiplier="serial").interval > 1
            continue
        with refused(
            ValueError,
            "requantizer mode of a serial multiplier must be one of float32, fixed_double_away, "
            f"fixed_double_up, not {mode!r}",
        ):
            RequantizerConfig(modes=(Mode.FLOAT32, mode), multiplier="serial")


def test_the_pace_of_serial_lanes():
    """Clocks that completed sums are apart: those of a lane, once for each of its columns."""
    float32, both = (Mode.FLOAT32,), (Mode.FLOAT32, Mode.FIXED_DOUBLE_AWAY)
    for modes, lanes, beats in ((float32, 8, 15), (float32, 2, 60), (both, 4, 36)):
        requantizer = RequantizerConfig(lanes=lanes, modes=modes, multiplier="serial")
        assert replace(BASE, requantizer=requantizer).beats == beats
        assert replace(BASE, requantizer=requantizer).portions == 8 // lanes


def test_modes_are_a_tuple():
    with refused(TypeError, "modes must be a tuple, not ['float32']"):
        RequantizerConfig(modes=["float32"])


def test_modes_that_can_be_built():
    assert RequantizerConfig(modes=BUILT).modes == BUILT


@pytest.mark.parametrize("mode", [*(mode for mode in Mode if mode not in BUILT), "tflite"])
def test_modes_that_cannot_be_built(mode):
    sentence = f"requantizer mode must be one of {', '.join(BUILT)}, not {mode!r}"
    with refused(ValueError, sentence):
        RequantizerConfig(modes=(Mode.FLOAT32, mode))


@pytest.mark.parametrize(
    ("field", "kind", "value"),
    [
        ("name", "a str", 5),
        ("array", "an ArrayConfig", 16),
        ("accumulator", "an AccumulatorConfig", None),
        ("requantizer", "a RequantizerConfig", ArrayConfig()),
        ("memory", "a MemoryConfig", {}),
        ("weight_zero_point", "a bool", 1),
    ],
)
def test_parts_of_another_type(field, kind, value):
    with refused(TypeError, f"{field} must be {kind}, not {value!r}"):
        replace(BASE, **{field: value})


def test_technology():
    with refused(ValueError, "technology must be one of generic, ecp5, ice40, gowin, not 'asic'"):
        replace(BASE, technology="asic")


def test_more_requantiser_lanes_than_columns():
    assert replace(BASE, requantizer=RequantizerConfig(lanes=8)).beats == 1
    with refused(ValueError, "requantizer lanes must be at most the columns (8), not 16"):
        replace(BASE, requantizer=RequantizerConfig(lanes=16))


def test_derived_values():
    assert BASE.beats == 2
    assert BASE.array.multipliers == 128
    assert BASE.array.pair_channels == 4
    assert BASE.array.phases == 4
    assert BASE.array.window_columns == 4
    assert ArrayConfig(lanes=8, columns=2).phases == 8
    assert ArrayConfig(lanes=32, columns=32).window_columns == 8


def test_presets():
    assert set(PRESETS) == {"ecp5_85f", "ecp5_25f", "gw2a18", "gw1nr9", "up5k", "tiny"}
    assert all(preset(name) is config and config.name == name for name, config in PRESETS.items())
    assert len({config.digest for config in PRESETS.values()}) == len(PRESETS)
    multipliers = {name: config.array.multipliers for name, config in PRESETS.items()}
    assert multipliers == {
        "ecp5_85f": 256,
        "ecp5_25f": 64,
        "gw2a18": 64,
        "gw1nr9": 32,
        "up5k": 16,
        "tiny": 32,
    }
    # What is left of the devices' own multipliers serves the requantiser.
    own = {name: config.array.pairs - config.array.lut_pairs for name, config in PRESETS.items()}
    assert (own["ecp5_25f"], own["up5k"]) == (28 - 4, 8 - 2)
    # On Gowin a DSP block serves four pairs, or one lane.
    assert (own["gw2a18"], own["gw1nr9"]) == (4 * (12 - 4), 4 * (5 - 1))
    # The main job needs weights with zero points and PyTorch's requantisation.
    assert preset("ecp5_85f").weight_zero_point
    assert all(Mode.FLOAT32 in config.requantizer.modes for config in PRESETS.values())


def test_unknown_preset():
    with refused(
        ValueError,
        "preset must be one of ecp5_85f, ecp5_25f, gw2a18, gw1nr9, up5k, tiny, not 'ecp5_12f'",
    ):
        preset("ecp5_12f")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (32, "in 64 ... 65536, not 32"),
        (1000, "a multiple of 64, not 1000"),
        (1 << 17, "in 64 ... 65536, not 131072"),
    ],
)
def test_tensor_memories_of_other_depths_are_refused(words, sentence):
    machine = machine_preset("tiny")
    assert replace(machine, tensor_words=192).tensor_address_bits == 8
    with pytest.raises(ValueError, match=f"^tensor_words must be {sentence}"):
        replace(machine, tensor_words=words)
