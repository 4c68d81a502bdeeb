# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The compute core against the golden model: random layers one after the other, to the bit."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from conv2d_layers import Case, case_of, paths, random_case
from narrow_configs import GW1NR9, NARROW, UP5K, WIDE_LANES

from macaw.arch import (
    AcceleratorConfig,
    ArrayConfig,
    Conv2dShape,
    MemoryConfig,
    Mode,
    RequantizerConfig,
    Technology,
    preset,
)
from macaw.arch.config import STEPPED_MODES
from macaw.compiler.conv2d import compile_conv2d
from macaw.compiler.cost import model_cycles
from macaw.compiler.layer import Conv2dLayer
from macaw.golden.engines import qnnpack_requantization
from macaw.hw import Conv2dCore
from macaw.sim.compare import check_equal
from macaw.sim.conv2d import run_conv2d, run_conv2d_sequence

TINY = preset("tiny")
TWO_MODES = (Mode.FIXED_DOUBLE_AWAY, Mode.FLOAT32)

#: The cells of ECP5, more requantiser lanes than channels of a pair, and small memories.
SMALL = AcceleratorConfig(
    name="small",
    technology=Technology.ECP5,
    array=ArrayConfig(lanes=16, columns=8),
    requantizer=RequantizerConfig(lanes=8, modes=TWO_MODES),
    memory=MemoryConfig(
        activation_words=256,
        weight_words=256,
        parameter_entries=256,
        result_words=64,
        step_entries=64,
    ),
)

#: Every mode that the hardware has.
MODES = replace(
    TINY,
    name="modes",
    requantizer=RequantizerConfig(
        lanes=2,
        modes=(Mode.FIXED_DOUBLE_UP, Mode.FLOAT32_BIAS, Mode.RAW, Mode.FLOAT32,
               Mode.FLOAT32_CHAIN, Mode.FIXED_SINGLE, Mode.FIXED_DOUBLE_AWAY),
    ),
    memory=replace(TINY.memory, weight_words=256, result_words=128),
)  # fmt: skip

#: The same on the cells of ECP5, with as many requantiser lanes as columns.
MODES_SMALL = replace(
    SMALL,
    name="modes on small",
    requantizer=RequantizerConfig(lanes=8, modes=MODES.requantizer.modes),
)

#: Serial lanes: one for four columns, with modes of both families; and two for two columns.
SERIAL = replace(
    TINY,
    name="serial",
    requantizer=RequantizerConfig(lanes=1, modes=TWO_MODES, multiplier="serial"),
)
SERIAL_PAIR = replace(
    TINY,
    name="two serial lanes",
    technology=Technology.ICE40,
    array=ArrayConfig(lanes=8, columns=2),
    requantizer=RequantizerConfig(lanes=2, multiplier="serial"),
    weight_zero_point=False,
    compact=True,
)
#: The narrow core: its presets, and one with every mode that it can have.
NARROW_MODES = replace(
    NARROW,
    name="narrow with every mode",
    requantizer=RequantizerConfig(lanes=1, modes=STEPPED_MODES, multiplier="stepped"),
    memory=replace(NARROW.memory, weight_words=256, result_words=128),
)
#: For small devices, with the cells of ECP5 and some multipliers of lookup tables, and with those
#: of Gowin.
COMPACT = (
    replace(
        TINY,
        name="compact ecp5",
        technology=Technology.ECP5,
        array=ArrayConfig(lanes=8, columns=8, lut_pairs=8),
        requantizer=RequantizerConfig(lanes=4, modes=TWO_MODES),
        compact=True,
    ),
    replace(TINY, name="compact gowin", technology=Technology.GOWIN, compact=True),
)

#: A pair of rows pays for three channels where a word has 16 bytes.
PAIRED = replace(
    TINY,
    name="paired",
    array=ArrayConfig(lanes=16, columns=4),
    requantizer=RequantizerConfig(lanes=2, modes=(Mode.FLOAT32,)),
    memory=replace(TINY.memory, weight_words=256, parameter_entries=256),
)

#: Each layer takes one of the paths of each line.
EVERYWHERE = (
    ("plain weights", "split weights", "three parts", "correction"),
    ("ring wraps", "image fits"),
    ("int8 image", "uint8 image"),
    ("int8 result", "uint8 result"),
    ("dense unpaired", "dense paired", "window of four rows", "window of two rows",
     "window of one row"),
)  # fmt: skip
DENSE = ("several column groups", "block-diagonal", "single groups", "wide groups")
WINDOW = ("sliding window", "walking window", "odd width", "even width",
          "whole words of channels", "a part of a word of channels")  # fmt: skip


def check(cases: list[Case], *, pauses: float = 0.0, seed: int = 1) -> Counter:
    """Runs the cases in one simulation; how many of them took each path."""
    # A row's results may take so long on serial lanes that no stream moves meanwhile.
    longest = max(model_cycles(case.program) for case in cases)
    results = run_conv2d_sequence(
        [case.program for case in cases],
        [case.image for case in cases],
        idle=pauses,
        stall=pauses,
        seed=seed,
        quiet_cycles=20_000 + 2 * longest,
    )
    for case, result in zip(cases, results, strict=True):
        check_equal(case.expected, result, what=str(case), seed=case.seed)
    return Counter(path for case in cases for path in paths(case.program))


def check_seeds(config: AcceleratorConfig, first: int, count: int) -> Counter:
    """Half of the seeds without pauses of the streams, half with many."""
    middle = first + count // 2
    counts = check([random_case(seed, config) for seed in range(first, middle)])
    counts += check(
        [random_case(seed, config) for seed in range(middle, first + count)], pauses=0.3, seed=first
    )
    return counts


def require(counts: Counter, *names: str) -> None:
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    missing = [name for name in names if not counts[name]]
    assert not missing, f"no layer took {', '.join(missing)}"


@pytest.mark.parametrize(
    "config", [TINY, pytest.param(SMALL, marks=pytest.mark.full)], ids=lambda config: config.name
)
def test_random_layers_one_after_the_other(config):
    counts = check_seeds(config, 0, 100)
    names = [name for line in EVERYWHERE for name in line]
    require(counts, *names, *DENSE, *WINDOW, *config.requantizer.modes)


@pytest.mark.full
@pytest.mark.parametrize("config", COMPACT, ids=lambda config: config.name)
def test_random_layers_on_compact_hardware(config):
    counts = check_seeds(config, 0, 40)
    require(counts, *EVERYWHERE[-1], "odd width", "even width", *config.requantizer.modes)


def test_random_layers_of_every_mode():
    counts = check_seeds(MODES, 4000, 60)
    require(counts, "int32 result", *EVERYWHERE[-1][:-1], *MODES.requantizer.modes)


@pytest.mark.parametrize(
    "config",
    [UP5K, GW1NR9, NARROW_MODES, pytest.param(WIDE_LANES, marks=pytest.mark.full)],
    ids=lambda config: config.name,
)
def test_random_layers_on_narrow_cores(config):
    counts = check_seeds(config, 0, 60)
    names = [*DENSE, *EVERYWHERE[2], *EVERYWHERE[3], *config.requantizer.modes]
    # The random images all fit where there is most room.
    names += ["image fits"] if config == GW1NR9 else EVERYWHERE[1]
    require(counts, "plain weights", "split weights", "three parts", "dense unpaired",
            "window of channels", *names)  # fmt: skip
    assert not counts["correction"]


@pytest.mark.parametrize(
    "config",
    [pytest.param(SERIAL, marks=pytest.mark.full), SERIAL_PAIR],
    ids=lambda config: config.name,
)
def test_random_layers_with_serial_lanes(config):
    counts = check_seeds(config, 0, 30)
    require(counts, "dense unpaired", "dense paired", "window of two rows", "odd width",
            *config.requantizer.modes)  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("first", range(1000, 1500, 100))
@pytest.mark.parametrize(
    "config",
    [TINY, SMALL, MODES, MODES_SMALL, SERIAL, SERIAL_PAIR, UP5K, GW1NR9, NARROW_MODES],
    ids=lambda config: config.name,
)
def test_many_random_layers(config, first):
    check_seeds(config, first, 100)


@pytest.mark.full
@pytest.mark.parametrize(
    ("base", "lanes", "columns", "requantizer_lanes"),
    [
        (TINY, 8, 4, 1),
        (TINY, 8, 4, 4),
        (TINY, 8, 8, 2),
        (TINY, 32, 8, 2),
        (SMALL, 16, 8, 2),
        (SMALL, 16, 16, 16),
    ],
)
def test_random_layers_on_arrays_of_other_sizes(base, lanes, columns, requantizer_lanes):
    config = replace(
        base,
        name=f"{lanes}x{columns}",
        array=ArrayConfig(lanes=lanes, columns=columns),
        requantizer=RequantizerConfig(lanes=requantizer_lanes, modes=TWO_MODES),
    )
    require(check_seeds(config, 2000, 200), *EVERYWHERE[-1])


@pytest.mark.full
def test_random_layers_without_the_correction():
    config = replace(SERIAL_PAIR, name="no correction")
    counts = check_seeds(config, 3000, 100)
    require(counts, "plain weights", "split weights", "three parts")
    assert not counts["correction"]


def pytorch_case(seed, shape, *, relu, zero_point, output_scale, weight_scales):
    """A layer as PyTorch holds it (uint8 activations, int8 weights, bias in real units) on
    `PAIRED`."""
    rng = np.random.default_rng(seed)
    size = (shape.out_channels, shape.kernel_height, shape.kernel_width, shape.group_in_channels)
    layer = Conv2dLayer(
        shape=shape,
        weights=rng.integers(-127, 128, size).astype(np.int8),
        requantization=qnnpack_requantization(
            input_scale=0.0186584,
            weight_scales=weight_scales(rng),
            output_scale=output_scale,
            bias=rng.normal(0, 1, shape.out_channels).astype(np.float32),
            zero_point=zero_point,
            relu=relu,
        ),
        input_zero_point=114,
        input_signed=False,
        name="seed B",
    )
    image = rng.integers(0, 256, (shape.height, shape.width, shape.in_channels), np.uint8)
    return Case(seed=seed, program=compile_conv2d(layer, PAIRED), image=image)


def test_seed_b_first_layer_of_resnet50_on_a_crop():
    shape = Conv2dShape(
        height=61, width=24, in_channels=3, out_channels=64, kernel_height=7, kernel_width=7,
        stride=(2, 2), padding=(3, 3, 3, 3),
    )  # fmt: skip
    cases = [
        pytorch_case(
            seed, shape, relu=relu, zero_point=zero_point, output_scale=0.07, weight_scales=scales
        )
        for seed, relu, zero_point, scales in (
            (1, True, 0, lambda rng: rng.uniform(0.0005, 0.003, 64)),
            (2, False, 61, lambda rng: 0.0021),
        )
    ]
    counts = check(cases)
    require(counts, "dense paired", "ring wraps", "uint8 image", "uint8 result")
    assert all(len(np.unique(case.expected)) > 100 for case in cases)


def test_seed_b_depthwise_layer_with_one_side_padded_by_five():
    shape = Conv2dShape(
        height=7, width=6, in_channels=192, out_channels=192, kernel_height=3, kernel_width=3,
        stride=(2, 2), padding=(5, 5, 1, 1), groups=192,
    )  # fmt: skip
    case = pytorch_case(
        3, shape, relu=True, zero_point=0, output_scale=0.06603512912988663,
        weight_scales=lambda rng: rng.uniform(0.005, 0.03, 192),
    )  # fmt: skip
    require(check([case]), "ring wraps", "odd width")
    # The kernel lies wholly in the padding: only the bias is left.
    assert (case.expected[0] == case.expected[0, :1]).all()
    assert len(np.unique(case.expected)) > 100


def test_rows_and_columns_that_no_pixel_needs():
    shapes = [
        Conv2dShape(in_channels=8, out_channels=8, **values)
        for values in (
            {"height": 40, "width": 4, "kernel_height": 1, "kernel_width": 1, "stride": (9, 3)},
            {"height": 60, "width": 4, "kernel_height": 2, "kernel_width": 1, "stride": (59, 1)},
            {"height": 3, "width": 3, "kernel_height": 2, "kernel_width": 2, "stride": (9, 9),
             "padding": (9, 0, 9, 0)},
            {"height": 3, "width": 3, "kernel_height": 2, "kernel_width": 1,
             "padding": (5, 9, 4, 7), "groups": 8},
            {"height": 40, "width": 4, "kernel_height": 3, "kernel_width": 2, "stride": (7, 2),
             "groups": 8},
        )
    ]  # fmt: skip
    check([case_of(seed, shape, TINY) for seed, shape in enumerate(shapes)])


def shapes_at_the_limit(config):
    """Rows that fill the line buffer, and rows padded as far as offsets reach, on either side."""
    lanes, words = config.array.lanes, config.memory.activation_words
    dense, depthwise = {"out_channels": 5}, {"out_channels": lanes, "groups": lanes}
    for kind in dense, depthwise:
        for width, kernel, stride, left, right in (
            (words, 1, 5, 0, 0),
            (words, 4, 28, 0, 0),
            (8, 1, 9, words, 0),
            (8, 1, 51, 0, words - 8),
            (8, 2, 34, words, words - 8),
        ):
            yield Conv2dShape(
                height=2,
                width=width,
                in_channels=lanes,
                kernel_height=1,
                kernel_width=kernel,
                stride=(1, stride),
                padding=(0, 0, left, right),
                **kind,
            )


@pytest.mark.parametrize("config", [TINY, NARROW], ids=lambda config: config.name)
def test_reads_as_far_as_offsets_reach(config):
    shapes = shapes_at_the_limit(config)
    cases = [case_of(seed, shape, config) for seed, shape in enumerate(shapes)]
    check(cases)
    rows = {case.program.descriptor["row_bytes"] for case in cases}
    assert config.memory.activation_words * config.array.lanes in rows


def test_depthwise_layers_of_half_words():
    """Pixels of half a word, also with padding, strides and rows of no whole words."""
    shapes = [
        Conv2dShape(
            height=7, width=width, in_channels=4, out_channels=4, kernel_height=kernel,
            kernel_width=3, stride=stride, padding=(1, 1, 1, 2), groups=4,
        )
        for width, kernel, stride in (
            (8, 3, (1, 1)), (9, 3, (2, 2)), (7, 4, (1, 2)), (5, 5, (1, 1)),
        )
    ]  # fmt: skip
    cases = [case_of(seed, shape, TINY) for seed, shape in enumerate(shapes)]
    assert all(case.program.table[0]["four"] for case in cases)
    check(cases)


def test_a_layer_like_the_one_before():
    cases = [random_case(seed, TINY) for seed in (11, 11, 13, 13)]
    check([cases[0], replace(cases[1], image=cases[1].image[::-1].copy()), *cases[2:]])


def test_one_layer_alone_starts_with_its_image():
    case = random_case(7, TINY)
    run = run_conv2d(case.program, case.image, idle=0.2, stall=0.2, seed=7)
    check_equal(case.expected, run.result, what=str(case), seed=7)
    images, results = run.streams.transfers["image"], run.streams.transfers["result"]
    assert run.cycles == results.last_cycle - images.first_cycle + 1


def test_the_configuration_must_be_one():
    with pytest.raises(TypeError, match=r"^config must be an AcceleratorConfig, not 'tiny'$"):
        Conv2dCore("tiny")
