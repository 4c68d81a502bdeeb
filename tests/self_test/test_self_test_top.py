# SPDX-FileCopyrightText: 2026 The Macaw authors
# SPDX-License-Identifier: Apache-2.0
"""The self-test's top level says pass of the core, and fail of every faulty one; its text is read
from the serial line by a receiver of its own."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from faulty_cores import FAULTS, FaultyTop

from macaw.arch import preset
from macaw.arch.changes import changed
from macaw.arch.self_test import MessageKind
from macaw.hw.boards import BOARDS, board
from macaw.hw.self_test import SelfTestTop
from macaw.hw.self_test.result_checksum import ResultChecksum
from macaw.self_test import make_plan
from macaw.self_test.plan import make_layers
from macaw.sim.bench import run_bench
from macaw.sim.conv2d import run_conv2d
from macaw.sim.errors import BenchFailure

BENCH = "macaw.sim.benches.serial_line"
BIT_CYCLES = 8
CLOCK_HZ = 115_200 * BIT_CYCLES
TIMEOUT = 1 << 16  # clocks, longer than any layer may take
PASSED, FAILED = {"passed": 1, "failed": 0}, {"passed": 0, "failed": 1}


def configuration(name):
    """A preset, or the configuration that is built for a board."""
    if name not in BOARDS:
        return preset(name)
    return changed(preset(BOARDS[name].preset), dict(BOARDS[name].changes))


@cache
def layers(name):
    return make_layers(configuration(name))


@cache
def plan(name="tiny"):
    return make_plan(configuration(name))


def line(
    number, name="tiny", *, verdict="pass", crc=None, words=None, cycles=r"\d+", round_=r"\d+"
):
    """A regular expression for the line of layer ``number``, counted from 1."""
    config, layer = configuration(name), layers(name)[number - 1]
    crc = f"{layer.crc:08x}" if crc is None else crc
    words = len(layer.result_words) if words is None else words
    head = rf"macaw 0\.1\.0 {config.name} {config.digest} layer {number} crc {crc} words {words}"
    return f"{head} {verdict} {cycles} cycles round {round_}"


def listen(top, lines, lamps, *, bit_cycles=BIT_CYCLES, **inputs):
    timeout = TIMEOUT + 3 * 110 * 10 * bit_cycles
    values = {"bit_cycles": bit_cycles, "lines": lines, "lamps": lamps, "inputs": inputs}
    run_bench(top, BENCH, values | {"timeout_cycles": int(timeout)})


def change(index, **values):
    """The plan with other values in its message ``index``."""
    messages = list(plan().messages)
    message = messages[index]
    messages[index] = replace(message, values=message.values | values)
    return replace(plan(), messages=tuple(messages))


@pytest.mark.parametrize("name", ["tiny", "icebreaker"])
def test_core_passes(name):
    """Checksums are golden's, cycles those of the core alone but for the last row, whose words are
    taken part by part, and rounds go on."""
    cycles, parts = [], ResultChecksum(configuration(name)).parts
    assert parts == {"tiny": 4, "icebreaker": 16}[name]
    for layer in layers(name):
        run = run_conv2d(layer.program, layer.image)
        np.testing.assert_array_equal(run.result, layer.result)
        cycles.append(run.cycles + (parts - 1) * layer.program.result_row_words)
    lines = [line(1, name, cycles=cycles[0], round_=1)]
    # While a line is sent, rounds may pass unseen.
    later = r"\d+" if name == "icebreaker" else r"(?!1\b)[1-9]\d*"
    lines += [line(number, name, cycles=cycles[number - 1], round_=later) for number in (2, 1, 2)]
    listen(SelfTestTop(plan(name), clock_hz=CLOCK_HZ), lines, PASSED)


def test_a_wrong_line_would_be_noticed():
    with pytest.raises(BenchFailure, match="line 1 must be .* words 7 pass"):
        listen(SelfTestTop(plan(), clock_hz=CLOCK_HZ), [line(1), line(2, words=7)], PASSED)


OTHER = r"(?!{:08x})[0-9a-f]{{8}}"


#: What is tried each time: no fault, one in the results, one in the second round alone, and a core
#: that ends in nothing.
OFTEN = ("none", "weight", "second_round", "hang")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param(
            name, fault, marks=() if name == "tiny" and fault in OFTEN else pytest.mark.full
        )
        for name in ("tiny", "icebreaker")
        for fault in FAULTS
    ],
)
def test_faulty_core_fails(name, fault):
    """A failure sticks: its line is sent for ever."""
    other = OTHER.format(layers(name)[0].crc)
    words = len(layers(name)[0].result_words)
    nothing = {"crc": "00000000", "words": 0, "cycles": 0}
    failing = {
        "weight": {"crc": other},
        "stall": {"crc": other, "words": 5},
        "deaf": nothing,
        "early": nothing,
        "full": nothing,
        "hang": {},
        "lost": {"crc": other, "words": words - 1},
        "twice": {"crc": other, "words": words + 1},
    }
    if fault == "none":
        lines, lamps = [line(1, name), line(2, name), line(1, name)], PASSED
    elif fault == "second_round":
        crc = OTHER.format(layers(name)[1].crc)
        second = line(2, name, verdict="fail", crc=crc, round_=2)
        lines = [line(1, name, round_=1), f"{line(2, name)}|{second}", second, second]
        lamps = FAILED
    else:
        lines = [line(1, name, verdict="fail", round_=1, **failing[fault])] * 3
        lamps = FAILED
    listen(FaultyTop(plan(name), clock_hz=CLOCK_HZ), lines, lamps, fault=FAULTS.index(fault))


@pytest.mark.parametrize(
    ("what", "difference"),
    [
        ("crc", 1 << 17),
        pytest.param("image_words", 1, marks=pytest.mark.full),
        pytest.param("result_words", 1, marks=pytest.mark.full),
    ],
)
def test_another_expectation_fails(what, difference):
    """A checksum that is another one in a bit; a word of the image that the core does not take;
    a word of the result that it does not give."""
    index = max(
        place for place, each in enumerate(plan().messages) if each.kind is MessageKind.EXPECTATION
    )
    wrong = change(index, **{what: plan().messages[index].values[what] ^ difference})
    lines = [line(1), *[line(2, verdict="fail", round_=1)] * 2]
    listen(SelfTestTop(wrong, clock_hz=CLOCK_HZ), lines, FAILED)


@pytest.mark.full
@pytest.mark.parametrize("name", ["ecp5_25f", "ecp5_85f", "icebreaker"])
def test_other_configurations_pass_at_a_board_s_speed(name):
    """With the clock of a board, received at 115200 baud as they are."""
    clock_hz = board(name if name in BOARDS else "ulx3s_85f").clock_hz
    lines = [line(1, name, round_=1), line(2, name), line(1, name)]
    listen(SelfTestTop(plan(name), clock_hz=clock_hz), lines, PASSED, bit_cycles=clock_hz / 115_200)
