# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The machine's CONV against the golden model: compiled layers, and faults in what they are."""

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from conv2d_layers import case_of, paths, random_case, shared_case
from machine_layers import core_of, image_stream, machine_result, result_stream

from macaw.arch import (
    PRESETS,
    AccumulatorConfig,
    ArrayConfig,
    Conv2dShape,
    Mode,
    Overflow,
    RequantizerConfig,
    preset,
)
from macaw.arch.core import layer_fields, parameter_fields, step_fields
from macaw.golden.accumulate import accumulate
from macaw.golden.machine import MachineError
from macaw.golden.machine.conv import Core, conv, conv_use, table_use

TINY = preset("tiny")

#: Every mode that the hardware has.
MODES = replace(
    TINY,
    name="modes",
    requantizer=RequantizerConfig(lanes=2, modes=tuple(Mode)),
    memory=replace(TINY.memory, weight_words=256, result_words=128),
)
WIDE = replace(TINY, name="32x8", array=ArrayConfig(lanes=32, columns=8))

#: What the layers of the presets take together.
PATHS = (
    "plain weights", "split weights", "three parts", "correction", "ring wraps", "image fits",
    "int8 image", "uint8 image", "int8 result", "uint8 result", "dense unpaired", "dense paired",
    "window of four rows", "window of two rows", "window of one row", "sliding window",
    "walking window", "odd width", "even width", "several column groups", "block-diagonal",
    "single groups", "wide groups",
)  # fmt: skip

#: The presets of cores that a machine is built around.
MACHINE_CORES = [config for config in PRESETS.values() if not config.narrow]


def check_seeds(config, seeds):
    counts = Counter()
    for seed in seeds:
        case = random_case(seed, config)
        np.testing.assert_array_equal(machine_result(case), result_stream(case), str(case))
        counts.update(paths(case.program))
    return counts


def test_random_layers_on_every_preset():
    counts = Counter()
    for config in MACHINE_CORES:
        counts += check_seeds(config, range(40))
    missing = [path for path in PATHS if not counts[path]]
    assert not missing, f"no layer took {', '.join(missing)}"


def test_random_layers_of_every_mode():
    counts = check_seeds(MODES, range(4000, 4060))
    assert all(counts[mode] for mode in Mode), counts


def test_random_layers_on_32_lanes():
    check_seeds(WIDE, range(30))


@pytest.mark.full
@pytest.mark.parametrize("config", [*MACHINE_CORES, MODES, WIDE], ids=lambda each: each.name)
def test_many_random_layers(config):
    check_seeds(config, range(1000, 1500))


def altered(field, value):
    """Other values of ``field``: those beside ``value``, and one that is far."""
    others = (value + 1, value - 1, value ^ 1 << max(field.bits - 2, 0))
    return [other for other in others if field.minimum <= other <= field.maximum]


def differs(expected, compute) -> bool:
    """Whether a fault is seen: by a refusal, or by other results."""
    try:
        found = compute()
    except MachineError:
        return True
    return found.shape != expected.shape or bool((found != expected).any())


def fault_differs(case, core, expected) -> bool:
    return differs(expected, lambda: conv(core, case.program.descriptor, image_stream(case)).data)


SEEDS = range(4000, 4040)


def unseen(fields, change):
    """The fields whose change no layer of `SEEDS` sees."""
    names = {field.name for field in fields}
    for seed in SEEDS:
        case = random_case(seed, MODES)
        expected = machine_result(case)
        for field in fields:
            if field.name in names and change(case, field, expected):
                names.discard(field.name)
    return names


def test_a_fault_in_any_field_of_the_descriptor_is_seen():
    fields = layer_fields(MODES)

    def change(case, field, expected):
        values = altered(field, case.program.descriptor[field.name])
        changes = [{field.name: value} for value in values]
        return any(differs(expected, partial(machine_result, case, **each)) for each in changes)

    # When rows come changes nothing of what they hold.
    assert unseen(fields, change) <= {"ahead"}


def test_a_fault_in_any_field_of_the_step_table_is_seen():
    def change(case, field, expected):
        core = core_of(case.program)
        for index in range(len(case.program.table)):
            entry = core.table[index]
            for value in altered(field, entry[field.name]):
                entries = [entry | {field.name: value}]
                table = [*core.table[:index], *entries, *core.table[index + 1 :]]
                if fault_differs(case, replace(core, table=table), expected):
                    return True
        return False

    assert not unseen(step_fields(MODES), change)


def test_a_fault_in_any_parameter_is_seen():
    def change(case, field, expected):
        core = core_of(case.program)
        values = core.parameters[field.name].copy()
        for channel in range(case.program.shape.out_channels):
            values[channel] ^= 1 << (field.bits // 2)
        faulty = replace(core, parameters=core.parameters | {field.name: values})
        return fault_differs(case, faulty, expected)

    assert not unseen(parameter_fields(MODES), change)


def test_every_weight_that_is_used_counts_and_no_other():
    shape = Conv2dShape(
        height=5, width=6, in_channels=3, out_channels=6, kernel_height=3, kernel_width=2
    )
    case = case_of(7, shape, RAW)
    core, descriptor = core_of(case.program), case.program.descriptor
    image = image_stream(case)
    expected = conv(core, descriptor, image).data
    used = set(conv_use(core, descriptor).weights.tolist())
    columns = core.config.array.columns
    seen = set()
    for word in range(len(core.weights)):
        for column in range(columns):
            weights = core.weights.copy()
            weights[word, column, 0] ^= 1
            found = conv(replace(core, weights=weights), descriptor, image).data
            if (found != expected).any():
                seen.add(word * columns + column)
    # Columns take the bytes of a sum in turn, and the lowest byte sees everything.
    assert seen <= used
    assert {beat for beat in used if beat % columns == 0} <= seen


def test_another_place_in_the_memories():
    case = random_case(4003, MODES)
    core, descriptor = core_of(case.program), case.program.descriptor
    moved = Core(
        config=core.config,
        weights=np.roll(core.weights, 5, axis=0),
        parameters={name: np.roll(values, 3) for name, values in core.parameters.items()},
        table=[*core.table[-4:], *core.table[:-4]],
    )
    there = descriptor | {
        "weight_start": 5,
        "parameter_start": 3,
        "table_start": 4,
        "body_start": 4 + descriptor["prologue"],
    }
    image = image_stream(case)
    np.testing.assert_array_equal(conv(moved, there, image).data, result_stream(case))
    use = conv_use(moved, there)
    assert use.weights[0] == 5 * core.config.array.columns
    assert (use.parameters[0], table_use(moved, there)[0]) == (3, 4)
    assert differs(result_stream(case), lambda: conv(moved, descriptor, image).data)


#: Three column groups, of which the last has fewer channels.
SHARED = (
    Conv2dShape(
        height=6, width=5, in_channels=19, out_channels=19, kernel_height=3, kernel_width=2,
        padding=(1, 0, 1, 0), groups=19,
    ),
    Conv2dShape(
        height=4, width=6, in_channels=10, out_channels=10, kernel_height=2, kernel_width=2,
        groups=5,
    ),
)  # fmt: skip


@pytest.mark.parametrize("shape", SHARED, ids=["window", "dense"])
def test_weights_that_all_column_groups_share(shape):
    case = shared_case(5, shape, MODES)
    core, descriptor = core_of(case.program), case.program.descriptor
    image, words = image_stream(case), len(case.program.weights)
    groups = len(list(case.program.walk.groups))
    assert (groups, descriptor["weights_shared"]) == (3, 1)
    own = descriptor | {"weights_shared": 0}
    repeated = np.zeros_like(core.weights)
    repeated[: groups * words] = np.tile(case.program.weights, (groups, 1, 1))
    for weights, fields in (core.weights, descriptor), (repeated, own), (repeated, descriptor):
        found = conv(replace(core, weights=weights), fields, image).data
        np.testing.assert_array_equal(found, result_stream(case))
    assert differs(result_stream(case), lambda: conv(core, own, image).data)
    # Other words behind those of the first group are those of other layers.
    columns = core.config.array.columns
    beats = [conv_use(core, fields).weights for fields in (descriptor, own)]
    assert len(set(beats[0].tolist())) == len(beats[0])
    assert beats[1].max() // columns >= (groups - 1) * words
    assert set((beats[0] // columns).tolist()) == set(range(words))
    assert set(beats[0].tolist()) <= set(beats[1].tolist())
    # Around the end of their memory.
    around = replace(core, weights=np.roll(core.weights, -1, axis=0))
    there = descriptor | {"weight_start": len(core.weights) - 1}
    np.testing.assert_array_equal(conv(around, there, image).data, result_stream(case))
    assert conv_use(around, there).weights.max() // columns == len(core.weights) - 1


def test_shared_weights_of_more_groups_than_their_memory_holds():
    shape = replace(SHARED[0], in_channels=64, out_channels=64, groups=64, kernel_height=7)
    shape = replace(shape, width=2, padding=(1, 0, 0, 0))
    config = replace(TINY, memory=replace(TINY.memory, weight_words=512))
    case = shared_case(5, shape, config)
    words = len(case.program.weights)
    core, descriptor = core_of(case.program), case.program.descriptor
    # A memory that holds a part of what the first compilation had room for.
    core = replace(core, weights=core.weights[:16])
    found = conv(core, descriptor, image_stream(case)).data
    np.testing.assert_array_equal(found, result_stream(case))
    message = f"^weight words of the layer must be at most 16, not {8 * words}$"
    with pytest.raises(MachineError, match=message):
        conv(core, descriptor | {"weights_shared": 0}, image_stream(case))


RAW = replace(MODES, requantizer=RequantizerConfig(lanes=2, modes=(Mode.RAW,)))


def sums_of(accumulator, *, largest=0):
    """The bytes of a layer of one pixel and three channels, its terms by channel and evaluation,
    and its biases."""
    shape = Conv2dShape(
        height=1, width=1, in_channels=40, out_channels=3, kernel_height=1, kernel_width=1
    )
    case = case_of(0, shape, replace(RAW, accumulator=AccumulatorConfig(bits=32)))
    assert "plain weights" in paths(case.program)
    core = replace(core_of(case.program), config=replace(RAW, accumulator=accumulator))
    descriptor = case.program.descriptor | {"largest": largest}
    found = conv(core, descriptor, image_stream(case)).data.reshape(-1)[:12]
    activations = case.image.reshape(5, 8).astype(np.int64)
    activations -= 0 if case.program.input_signed else 128
    words = core.weights[:15].reshape(3, 5, 4, 8)[:, :, 0].astype(np.int64)
    terms = (words * activations).sum(axis=-1)
    return found, terms, core.parameters["bias"][:12:4]


def bytes_of(sums):
    return sums.astype("<i4").view(np.uint8)


@pytest.mark.parametrize("overflow", list(Overflow))
def test_accumulators_that_overflow(overflow):
    bits = 15
    found, terms, bias = sums_of(AccumulatorConfig(bits=bits, overflow=overflow))
    results = {each: accumulate(terms, bits=bits, overflow=each) + bias for each in Overflow}
    np.testing.assert_array_equal(found, bytes_of(results.pop(overflow)))
    [other] = results.values()
    last = np.clip(terms.sum(axis=-1), -1 << (bits - 1), (1 << (bits - 1)) - 1) + bias
    for rival in (other, last, terms.sum(axis=-1) + bias):
        assert (found != bytes_of(rival)).any()


def test_the_maximum_of_the_evaluations():
    accumulator = AccumulatorConfig(bits=32)
    found, terms, bias = sums_of(accumulator, largest=1)
    np.testing.assert_array_equal(found, bytes_of(terms.max(axis=-1) + bias))
    assert (found != sums_of(accumulator)[0]).any()


def test_the_largest_evaluation_wraps():
    """It is kept as it is, in the accumulator's bits, whatever becomes of sums."""
    bits = 13
    accumulator = AccumulatorConfig(bits=bits, overflow=Overflow.SATURATE)
    found, terms, bias = sums_of(accumulator, largest=1)

    def wrap(value):
        return (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))

    kept = wrap(terms[:, 0])
    for term in terms.T[1:]:
        kept = wrap(np.maximum(kept, term))
    np.testing.assert_array_equal(found, bytes_of(kept + bias))
    bounded = np.clip(terms.max(axis=-1), -1 << (bits - 1), (1 << (bits - 1)) - 1)
    assert (found != bytes_of(bounded + bias)).any()
